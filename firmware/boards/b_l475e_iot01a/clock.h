/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Runs the CPU and every bus at CPU_HZ, the random number generator at 40 MHz, and starts the time. */
void clock_start(void);

/* Has tick_handler() called at this time, or after CLOCK_LONGEST_US if that is sooner. The time asked for last counts. Each
 * interrupt costs QEMU's clock some 60 us, so there are no more of them than needed. */
void clock_wake_at(uint64_t at_us);

enum { CLOCK_LONGEST_US = 50000 };

void clock_handler(void);
void tick_handler(void); /* the board's, with the lowest priority */

#endif
