/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BATTERY_H
#define BATTERY_H

#include <stdint.h>

/* The supply, measured anew once a minute. */
uint16_t battery_millivolts(void);

#endif
