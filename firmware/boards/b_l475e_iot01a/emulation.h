/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs when the same image runs in QEMU, which has no flash controller and no trace port. Chosen at run time, so
 * that the bytes tested are the bytes flashed.
 */
#ifndef EMULATION_H
#define EMULATION_H

#include <stdbool.h>

#include "store.h"

/* DBGMCU_IDCODE reads 0 in QEMU and nowhere else. */
bool emulated(void);

/* A store in SRAM1, which the program does not use. Whoever runs QEMU keeps its bytes from one run to the next. */
struct store_flash emulation_flash(void);

/* Writes a line to QEMU's console by semihosting (Arm DUI 0471, SYS_WRITE0). */
void emulation_write(const char *line);

#endif
