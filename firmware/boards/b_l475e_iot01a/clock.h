/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Runs the CPU and every bus at CPU_HZ, the random number generator at 40 MHz, and starts the time. */
void clock_start(void);

/* Has tick_handler() called at this time, or after CLOCK_LONGEST_US if that is sooner. The time asked for last counts.
 * There are no more interrupts than needed: each makes QEMU's clock lose what the host takes to notice that it sleeps. */
void clock_wake_at(uint64_t at_us);

enum { CLOCK_LONGEST_US = 200000 }; /* what 24 bits can count */

void clock_handler(void);
void tick_handler(void); /* the board's, with the lowest priority */

#endif
