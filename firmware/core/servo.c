/* SPDX-License-Identifier: Apache-2.0 */
#include "servo.h"

#include "hal.h"

/* Minimum jerk, 10 t^3 - 15 t^4 + 6 t^5, from 0..32768 to 0..32768. Its steepest slope is 15/8. */
static uint32_t minimum_jerk(uint32_t t)
{
    uint32_t t2 = t * t >> 15;
    uint64_t t3 = t2 * t >> 15;

    return (uint32_t)(t3 * ((10u << 15) - 15 * t + 6 * t2) >> 15);
}

void servo_move(struct servo *servo, uint16_t decidegrees, uint16_t ramp_ms, uint16_t speed, uint64_t at_us)
{
    uint32_t distance = (uint32_t)(decidegrees > servo->now ? decidegrees - servo->now : servo->now - decidegrees);
    uint32_t fastest_ms = (distance * 1875u + speed - 1) / speed;

    servo->start_us = at_us;
    servo->ramp_us = 1000u * (ramp_ms > fastest_ms ? ramp_ms : fastest_ms);
    servo->from = servo->now;
    servo->to = decidegrees;
    servo->enabled = true;
}

void servo_step(struct servo *servo, uint64_t now_us)
{
    if (!servo->enabled)
        return;

    uint64_t gone = now_us > servo->start_us ? now_us - servo->start_us : 0;

    if (gone >= servo->ramp_us) {
        servo->now = servo->to;
        servo->enabled = gone < (uint64_t)servo->ramp_us + SERVO_SETTLE_US;
        return;
    }

    int32_t part = (int32_t)minimum_jerk((uint32_t)((gone << 15) / servo->ramp_us));

    servo->now = (uint16_t)(servo->from + ((servo->to - servo->from) * part + (1 << 14)) / (1 << 15));
}

uint64_t servo_arrival(const struct servo *servo)
{
    return servo->start_us + servo->ramp_us;
}

uint64_t servo_due(const struct servo *servo, uint64_t now_us)
{
    if (!servo->enabled)
        return CUELIGHT_NEVER;
    if (now_us >= servo_arrival(servo))
        return servo_arrival(servo) + SERVO_SETTLE_US;

    uint64_t next = now_us + SERVO_STEP_US;

    return next < servo_arrival(servo) ? next : servo_arrival(servo);
}
