/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NATIVE_CLOCK_H
#define NATIVE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds, and what was skipped: the time base of the device and of its record. */
uint64_t clock_us(void);

/* Lets time pass at once, for a test that would have to wait for it. */
void clock_skip(uint64_t us);

#endif
