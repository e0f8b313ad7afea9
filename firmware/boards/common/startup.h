/* SPDX-License-Identifier: Apache-2.0
 *
 * From reset to main(), and what happens when the program goes wrong.
 */
#ifndef STARTUP_H
#define STARTUP_H

typedef void (*vector)(void);

/* The first 16 words of a vector table; the board's interrupts follow. The NMI is that of a flash ECC error. */
#define CORTEX_VECTORS(tick)                                                                                       \
    (vector)(void *)stack_top, reset_handler, flash_nmi_handler, fault_handler, fault_handler, fault_handler,      \
        fault_handler, 0, 0, 0, 0, fault_handler, fault_handler, 0, fault_handler, tick

extern char stack_bottom[], stack_top[];

void reset_handler(void);
void fault_handler(void);
void flash_nmi_handler(void);

int main(void);

#endif
