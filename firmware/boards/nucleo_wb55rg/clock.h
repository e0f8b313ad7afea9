/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Runs CPU1 from HSE, starts LSE, which times the radio and LPTIM1, and LPTIM1 itself. */
void clock_start(void);

/* An interrupt comes at this time, if it is within 2 s; later ones come by the timer's own turning over. */
void clock_wake_at(uint64_t at_us);

/* After Stop, the CPU runs from HSI16 until this puts it back to HSE. */
void clock_after_stop(void);

/* Before Stop: HSE may go off if CPU2 sleeps too. */
void clock_before_stop(void);

void clock_handler(void);
void clock_alarm(void); /* the board's: called at clock_wake_at()'s time, from the interrupt */

#endif
