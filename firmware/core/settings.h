/* SPDX-License-Identifier: Apache-2.0
 *
 * What the person who built the button may set: the record CUELIGHT_RECORD_SETTINGS.
 *
 *   01 | light cap u8 | servo top speed u16, decidegrees a second | 4 x (lower u16, upper u16), decidegrees      20 bytes
 */
#ifndef CUELIGHT_SETTINGS_H
#define CUELIGHT_SETTINGS_H

#include "hal.h"

struct settings {
    uint8_t light_cap;                          /* scales every light, 255 = not at all */
    uint16_t servo_speed;
    struct { uint16_t lower, upper; } servo[CUELIGHT_SERVOS];   /* soft limits: what lies outside is refused */
};

/* The stored settings, or the defaults where there are none or they make no sense. */
void settings_load(struct settings *settings, const struct cuelight_hal *hal);

#endif
