/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs.h"

#include <string.h>

#include "assets.h"
#include "motion.h"

#define FLASH_US 250000u

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void tell_light(struct outputs *outputs, const uint8_t duty[3])
{
    const struct cuelight_hal *hal = outputs->hal;

    if (memcmp(outputs->duty, duty, sizeof outputs->duty) == 0)
        return;
    memcpy(outputs->duty, duty, sizeof outputs->duty);
    hal->light(hal->ctx, duty[0], duty[1], duty[2]);
}

static void tell_servo(struct outputs *outputs, uint8_t channel)
{
    const struct cuelight_hal *hal = outputs->hal;
    const struct servo *servo = &outputs->servo[channel];

    if (outputs->told[channel].angle == servo->now && outputs->told[channel].enabled == servo->enabled)
        return;
    outputs->told[channel].angle = servo->now;
    outputs->told[channel].enabled = servo->enabled;
    hal->servo(hal->ctx, channel, servo->now, servo->enabled);
}

static uint64_t step_light(struct outputs *outputs, uint64_t now_us)
{
    uint8_t duty[3] = {0};
    uint64_t due = CUELIGHT_NEVER;

    if (outputs->light_on) {
        uint32_t t_ms = (uint32_t)((now_us - outputs->light_start_us) / 1000) / LIGHT_STEP_MS * LIGHT_STEP_MS;

        light_at(&outputs->light, (uint8_t)outputs->settings.light_cap, t_ms, duty);
        if (light_moves(&outputs->light))
            due = outputs->light_start_us + (uint64_t)(t_ms + LIGHT_STEP_MS) * 1000u;
    }
    tell_light(outputs, duty);
    return due;
}

static uint64_t step_servos(struct outputs *outputs, uint64_t now_us)
{
    uint64_t due = CUELIGHT_NEVER;

    for (uint8_t channel = 0; channel < CUELIGHT_SERVOS; channel++) {
        servo_step(&outputs->servo[channel], now_us);
        tell_servo(outputs, channel);
        due = earlier(due, servo_due(&outputs->servo[channel], now_us));
    }
    return due;
}

static uint64_t step_identify(struct outputs *outputs, uint64_t now_us)
{
    uint64_t flash = (now_us - outputs->identify_start_us) / FLASH_US;
    bool on = flash % 2 == 0;
    const struct light light = {
        .pattern = LIGHT_SOLID,
        .rgb = {UINT8_MAX, UINT8_MAX, UINT8_MAX},
        .brightness = on ? UINT8_MAX : 0,
    };
    uint8_t duty[3];

    light_at(&light, (uint8_t)outputs->settings.light_cap, 0, duty);
    tell_light(outputs, duty);
    display_invert(&outputs->display, on);
    return earlier(outputs->identify_start_us + (flash + 1) * FLASH_US, outputs->identify_end_us);
}

void outputs_init(struct outputs *outputs, const struct cuelight_hal *hal)
{
    memset(outputs, 0, sizeof *outputs);
    outputs->hal = hal;
    settings_load(&outputs->settings, hal);
    display_init(&outputs->display, hal);
    hal->light(hal->ctx, 0, 0, 0);
    for (uint8_t channel = 0; channel < CUELIGHT_SERVOS; channel++) {
        outputs->servo[channel].now = SERVO_MIDDLE;
        tell_servo(outputs, channel);
    }
}

static uint8_t check_servo(const struct settings *settings, uint8_t channel, uint16_t decidegrees)
{
    bool within = decidegrees >= settings->servo[channel].lower && decidegrees <= settings->servo[channel].upper;

    return within ? ACK_OK : ACK_OUT_OF_RANGE;
}

static uint8_t check_asset(const struct cuelight_hal *hal, uint16_t id, enum asset_kind kind)
{
    size_t len = 0;

    return asset_find(hal, id, kind, &len) != NULL ? ACK_OK : ACK_UNKNOWN_ASSET;
}

uint8_t outputs_check(const struct outputs *outputs, const struct action *action)
{
    switch (action->op) {
    case OP_PLAY:
        return check_asset(outputs->hal, action->play.asset, ASSET_ANIMATION);
    case OP_LIGHT:
        return action->light.pattern < LIGHT_PATTERNS ? ACK_OK : ACK_UNSUPPORTED;
    case OP_SERVO:
        return check_servo(&outputs->settings, action->servo.channel, action->servo.decidegrees);
    default:
        if (action->puppet.motion >= MOTIONS)
            return ACK_UNSUPPORTED;
        return check_asset(outputs->hal, action->puppet.sprite, ASSET_SPRITE);
    }
}

static void set_light(struct outputs *outputs, const struct action *action, uint64_t at_us)
{
    outputs->light.pattern = action->light.pattern;
    memcpy(outputs->light.rgb, action->light.rgb, sizeof outputs->light.rgb);
    outputs->light.brightness = action->light.brightness;
    outputs->light.period_ms = action->light.period_ms;
    outputs->light_on = true;
    outputs->light_start_us = at_us;
}

static void set_servo(struct outputs *outputs, const struct action *action, uint64_t at_us)
{
    struct servo *servo = &outputs->servo[action->servo.channel];

    servo_step(servo, at_us);
    servo_move(servo, action->servo.decidegrees, action->servo.ramp_ms, outputs->settings.servo_speed, at_us);
}

void outputs_act(struct outputs *outputs, const struct action *action, uint64_t at_us)
{
    const struct puppet puppet = {
        .motion = action->puppet.motion,
        .amplitude = action->puppet.amplitude,
        .period_ms = action->puppet.period_ms,
        .duration_ms = action->puppet.duration_ms,
    };

    switch (action->op) {
    case OP_PLAY:
        display_play(&outputs->display, action->play.asset, action->play.duration_ms, at_us);
        break;
    case OP_LIGHT:
        set_light(outputs, action, at_us);
        break;
    case OP_SERVO:
        set_servo(outputs, action, at_us);
        break;
    default:
        display_puppet(&outputs->display, action->puppet.sprite, &puppet, at_us);
        break;
    }
}

void outputs_identify(struct outputs *outputs, uint32_t duration_ms, uint64_t now_us)
{
    outputs->identifying = true;
    outputs->identify_start_us = now_us;
    outputs->identify_end_us = now_us + (uint64_t)duration_ms * 1000u;
}

void outputs_identify_end(struct outputs *outputs)
{
    if (!outputs->identifying)
        return;
    outputs->identifying = false;
    display_invert(&outputs->display, false);
}

uint64_t outputs_step(struct outputs *outputs, uint64_t now_us)
{
    if (outputs->identifying && now_us >= outputs->identify_end_us)
        outputs_identify_end(outputs);

    uint64_t due = earlier(display_step(&outputs->display, now_us), step_servos(outputs, now_us));

    return earlier(due, outputs->identifying ? step_identify(outputs, now_us) : step_light(outputs, now_us));
}

void outputs_rest(struct outputs *outputs)
{
    static const uint8_t off[3] = {0};

    for (uint8_t channel = 0; channel < CUELIGHT_SERVOS; channel++) {
        outputs->servo[channel].enabled = false;
        tell_servo(outputs, channel);
    }
    outputs->identifying = false;
    outputs->light_on = false;
    tell_light(outputs, off);
    display_off(&outputs->display);
}

uint64_t outputs_end(const struct outputs *outputs)
{
    uint64_t end = outputs->display.end_us;

    for (unsigned channel = 0; channel < CUELIGHT_SERVOS; channel++) {
        const struct servo *servo = &outputs->servo[channel];

        if (servo->enabled && servo_arrival(servo) > end)
            end = servo_arrival(servo);
    }
    return end;
}
