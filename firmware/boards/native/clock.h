/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NATIVE_CLOCK_H
#define NATIVE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds: the time base of the device and of its record. */
uint64_t clock_us(void);

#endif
