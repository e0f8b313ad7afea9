/* SPDX-License-Identifier: Apache-2.0
 *
 * What the button shows and moves: display, light and servos. Each holds what it was last asked until it is asked
 * something else or everything is put to rest.
 */
#ifndef CUELIGHT_OUTPUTS_H
#define CUELIGHT_OUTPUTS_H

#include "command.h"
#include "display.h"
#include "hal.h"
#include "light.h"
#include "servo.h"
#include "settings.h"

struct outputs {
    const struct cuelight_hal *hal;
    struct settings settings;
    struct display display;
    struct light light;
    bool light_on;
    uint64_t light_start_us;
    struct servo servo[CUELIGHT_SERVOS];
    bool identifying;
    uint64_t identify_start_us, identify_end_us;
    /* As the board was last told */
    uint8_t duty[3];
    struct { uint16_t angle; bool enabled; } told[CUELIGHT_SERVOS];
};

/* Loads the settings and tells the board that everything is at rest. */
void outputs_init(struct outputs *outputs, const struct cuelight_hal *hal);

/* Whether the device can do this: an enum ack_code. */
uint8_t outputs_check(const struct outputs *outputs, const struct action *action);

/* Does what outputs_check() found good, as of `at_us`. outputs_step() makes it visible. */
void outputs_act(struct outputs *outputs, const struct action *action, uint64_t at_us);

/* Shows where the button is: white flashes on light and display, over whatever goes on, no servo. */
void outputs_identify(struct outputs *outputs, uint32_t duration_ms, uint64_t now_us);
void outputs_identify_end(struct outputs *outputs);

/* Draws everything due; returns when it next wants to, or CUELIGHT_NEVER. */
uint64_t outputs_step(struct outputs *outputs, uint64_t now_us);

/* Everything off and detached. */
void outputs_rest(struct outputs *outputs);

/* When the last thing that takes a time is over: animation, puppet, ramps. 0 when nothing is going on. */
uint64_t outputs_end(const struct outputs *outputs);

#endif
