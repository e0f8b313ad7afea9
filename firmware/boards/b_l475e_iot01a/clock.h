/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Runs the CPU and every bus at CPU_HZ, the random number generator at 40 MHz, and starts the tick: tick_handler() is
 * called every TICK_US, with the lowest priority. */
void clock_start(void);

enum { TICK_US = 1000 };

void clock_tick_handler(void);
void tick_handler(void); /* the board's */

#endif
