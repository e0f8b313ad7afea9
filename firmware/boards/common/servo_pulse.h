/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVO_PULSE_H
#define SERVO_PULSE_H

#include <stdint.h>

enum { SERVO_PERIOD_US = 20000, SERVO_SHORTEST_US = 500, SERVO_LONGEST_US = 2500 };

/* Length of the pulse that tells a hobby servo its angle, 0 to 1800 decidegrees. */
static inline uint32_t servo_pulse_us(uint16_t decidegrees)
{
    return SERVO_SHORTEST_US + decidegrees * (uint32_t)(SERVO_LONGEST_US - SERVO_SHORTEST_US) / 1800;
}

#endif
