/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "command.h"

enum { VERSION = 1, LENGTH = 2 * SETTINGS_VALUES, ANGLE_MAX = 1800 };

static const struct settings defaults = {
    .light_cap = UINT8_MAX,
    .servo_speed = 6000,
    .servo = {{0, ANGLE_MAX}, {0, ANGLE_MAX}, {0, ANGLE_MAX}, {0, ANGLE_MAX}},
};

static bool make_sense(const struct settings *settings)
{
    bool good = settings->light_cap != 0 && settings->light_cap <= UINT8_MAX && settings->servo_speed != 0;

    for (unsigned channel = 0; channel < CUELIGHT_SERVOS; channel++)
        good = good && settings->servo[channel].lower <= settings->servo[channel].upper &&
               settings->servo[channel].upper <= ANGLE_MAX;
    return good;
}

static bool save(const struct settings *settings, const struct cuelight_hal *hal)
{
    uint8_t record[LENGTH];

    for (unsigned i = 0; i < SETTINGS_VALUES; i++) {
        record[2 * i] = (uint8_t)(settings->value[i] >> 8);
        record[2 * i + 1] = (uint8_t)settings->value[i];
    }
    record[0] = VERSION;                /* the cap beside it is below 256 */
    return hal->save(hal->ctx, CUELIGHT_RECORD_SETTINGS, record, sizeof record);
}

uint32_t settings_get(const struct settings *settings, uint32_t key)
{
    if (key < SETTING_SERVO_LIMITS)
        return settings->value[key - SETTING_LIGHT_CAP];
    key -= SETTING_SERVO_LIMITS;
    return (uint32_t)settings->servo[key].lower << 16 | settings->servo[key].upper;
}

uint8_t settings_set(struct settings *settings, const struct cuelight_hal *hal, uint32_t key, uint32_t value)
{
    struct settings changed = *settings;
    uint16_t high = (uint16_t)(value >> 16), low = (uint16_t)value;

    if (key >= SETTING_END)
        return ACK_UNSUPPORTED;
    if (key < SETTING_LIGHT_CAP)
        return ACK_DENIED;
    if (key < SETTING_SERVO_LIMITS) {
        changed.value[key - SETTING_LIGHT_CAP] = high == 0 ? low : 0;   /* 0 is none that it can be */
    } else {
        changed.servo[key - SETTING_SERVO_LIMITS].lower = high;
        changed.servo[key - SETTING_SERVO_LIMITS].upper = low;
    }
    if (!make_sense(&changed))
        return ACK_OUT_OF_RANGE;
    if (!save(&changed, hal))
        return ACK_STORE_FULL;
    *settings = changed;
    return ACK_OK;
}

void settings_load(struct settings *settings, const struct cuelight_hal *hal)
{
    uint8_t record[LENGTH] = {0};
    bool good = hal->load(hal->ctx, CUELIGHT_RECORD_SETTINGS, record, sizeof record) == LENGTH && record[0] == VERSION;

    record[0] = 0;
    for (unsigned i = 0; i < SETTINGS_VALUES; i++)
        settings->value[i] = (uint16_t)(record[2 * i] << 8 | record[2 * i + 1]);
    if (!good || !make_sense(settings))
        *settings = defaults;
}
