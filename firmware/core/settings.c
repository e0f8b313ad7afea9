/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

enum { VERSION = 1, LENGTH = 20, LIMITS_AT = 4, ANGLE_MAX = 1800, DEFAULT_SPEED = 6000 };

static uint16_t get_u16(const uint8_t *from)
{
    return (uint16_t)(from[0] << 8 | from[1]);
}

static bool parse(const uint8_t record[LENGTH], struct settings *settings)
{
    settings->light_cap = record[1];
    settings->servo_speed = get_u16(record + 2);
    if (record[0] != VERSION || settings->servo_speed == 0)
        return false;
    for (unsigned channel = 0; channel < CUELIGHT_SERVOS; channel++) {
        settings->servo[channel].lower = get_u16(record + LIMITS_AT + 4 * channel);
        settings->servo[channel].upper = get_u16(record + LIMITS_AT + 4 * channel + 2);
        if (settings->servo[channel].lower > settings->servo[channel].upper ||
            settings->servo[channel].upper > ANGLE_MAX)
            return false;
    }
    return true;
}

void settings_load(struct settings *settings, const struct cuelight_hal *hal)
{
    uint8_t record[LENGTH];

    if (hal->load(hal->ctx, CUELIGHT_RECORD_SETTINGS, record, sizeof record) == LENGTH && parse(record, settings))
        return;
    settings->light_cap = UINT8_MAX;
    settings->servo_speed = DEFAULT_SPEED;
    for (unsigned channel = 0; channel < CUELIGHT_SERVOS; channel++) {
        settings->servo[channel].lower = 0;
        settings->servo[channel].upper = ANGLE_MAX;
    }
}
