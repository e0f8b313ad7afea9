/* SPDX-License-Identifier: Apache-2.0
 *
 * What the person who built the button may set: the record CUELIGHT_RECORD_SETTINGS.
 *
 *   01 | light cap u8 | servo top speed u16, decidegrees a second | 4 x (lower u16, upper u16), decidegrees      20 bytes
 */
#ifndef CUELIGHT_SETTINGS_H
#define CUELIGHT_SETTINGS_H

#include "hal.h"

#define SETTINGS_VALUES (2 + 2 * CUELIGHT_SERVOS)

struct settings {
    union {
        uint16_t value[SETTINGS_VALUES];
        struct {
            uint16_t light_cap;                 /* 1 to 255; scales every light, 255 = not at all */
            uint16_t servo_speed;
            struct { uint16_t lower, upper; } servo[CUELIGHT_SERVOS];   /* soft limits: what lies outside is refused */
        };
    };
};

/* By these a session reads and sets them; firmware/link.cddl has the values. */
enum setting_key {
    SETTING_STORE_FREE = 0,
    SETTING_KEY_SLOTS = 1,
    SETTING_LIGHT_CAP = 2,
    SETTING_SERVO_SPEED = 3,
    SETTING_SERVO_LIMITS = 4,                   /* + channel */
    SETTING_END = SETTING_SERVO_LIMITS + CUELIGHT_SERVOS,
};

/* One of the keys from SETTING_LIGHT_CAP on. */
uint32_t settings_get(const struct settings *settings, uint32_t key);

/* Sets and stores one. An enum ack_code; where that is not ACK_OK nothing has changed. */
uint8_t settings_set(struct settings *settings, const struct cuelight_hal *hal, uint32_t key, uint32_t value);

/* The stored settings, or the defaults where there are none or they make no sense. */
void settings_load(struct settings *settings, const struct cuelight_hal *hal);

#endif
