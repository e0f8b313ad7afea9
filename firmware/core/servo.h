/* SPDX-License-Identifier: Apache-2.0
 *
 * One servo channel: minimum-jerk ramps in integer arithmetic, detached a moment after it arrives.
 */
#ifndef CUELIGHT_SERVO_H
#define CUELIGHT_SERVO_H

#include <stdbool.h>
#include <stdint.h>

#define SERVO_STEP_US 20000u            /* one pulse of an ordinary servo */
#define SERVO_SETTLE_US 300000u         /* from arrival to detaching */
#define SERVO_MIDDLE 900u

struct servo {
    uint64_t start_us;
    uint32_t ramp_us;
    uint16_t from, to;
    uint16_t now;                       /* where it is, or was left */
    bool enabled;
};

/* Starts a ramp; it takes as long as the top speed (decidegrees a second) makes it take if that is longer. */
void servo_move(struct servo *servo, uint16_t decidegrees, uint16_t ramp_ms, uint16_t speed, uint64_t at_us);

/* Brings `now` and `enabled` up to the time. */
void servo_step(struct servo *servo, uint64_t now_us);

/* When the ramp has arrived. */
uint64_t servo_arrival(const struct servo *servo);

/* When it next wants servo_step(), or CUELIGHT_NEVER. */
uint64_t servo_due(const struct servo *servo, uint64_t now_us);

#endif
