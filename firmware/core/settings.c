/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "command.h"

enum { VERSION = 1, LENGTH = 20, LIMITS_AT = 4, ANGLE_MAX = 1800, DEFAULT_SPEED = 6000 };

static uint16_t get_u16(const uint8_t *from)
{
    return (uint16_t)(from[0] << 8 | from[1]);
}

static void put_u16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
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

static bool save(const struct settings *settings, const struct cuelight_hal *hal)
{
    uint8_t record[LENGTH] = {VERSION, settings->light_cap};

    put_u16(record + 2, settings->servo_speed);
    for (unsigned channel = 0; channel < CUELIGHT_SERVOS; channel++) {
        put_u16(record + LIMITS_AT + 4 * channel, settings->servo[channel].lower);
        put_u16(record + LIMITS_AT + 4 * channel + 2, settings->servo[channel].upper);
    }
    return hal->save(hal->ctx, CUELIGHT_RECORD_SETTINGS, record, sizeof record);
}

uint32_t settings_get(const struct settings *settings, uint32_t key)
{
    if (key == SETTING_LIGHT_CAP)
        return settings->light_cap;
    if (key == SETTING_SERVO_SPEED)
        return settings->servo_speed;
    key -= SETTING_SERVO_LIMITS;
    return (uint32_t)settings->servo[key].lower << 16 | settings->servo[key].upper;
}

/* False: no such value. */
static bool change(struct settings *settings, uint32_t key, uint32_t value)
{
    uint16_t lower = (uint16_t)(value >> 16), upper = (uint16_t)value;

    if (key >= SETTING_SERVO_LIMITS) {
        settings->servo[key - SETTING_SERVO_LIMITS].lower = lower;
        settings->servo[key - SETTING_SERVO_LIMITS].upper = upper;
        return lower <= upper && upper <= ANGLE_MAX;
    }
    if (key == SETTING_LIGHT_CAP)
        settings->light_cap = (uint8_t)value;
    else
        settings->servo_speed = upper;
    return value != 0 && value <= (key == SETTING_LIGHT_CAP ? UINT8_MAX : UINT16_MAX);
}

uint8_t settings_set(struct settings *settings, const struct cuelight_hal *hal, uint32_t key, uint32_t value)
{
    struct settings changed = *settings;

    if (key >= SETTING_END)
        return ACK_UNSUPPORTED;
    if (key < SETTING_LIGHT_CAP)
        return ACK_DENIED;
    if (!change(&changed, key, value))
        return ACK_OUT_OF_RANGE;
    if (!save(&changed, hal))
        return ACK_STORE_FULL;
    *settings = changed;
    return ACK_OK;
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
