/* SPDX-License-Identifier: Apache-2.0
 *
 * Light patterns in integer arithmetic. The duty of a colour is the square of colour x pattern x brightness x cap:
 * equal steps of the number are then about equal steps to the eye.
 */
#ifndef CUELIGHT_LIGHT_H
#define CUELIGHT_LIGHT_H

#include <stdbool.h>
#include <stdint.h>

enum light_pattern {
    LIGHT_SOLID = 0,
    LIGHT_BLINK = 1,            /* on for the first half of the period */
    LIGHT_BREATHE = 2,          /* a raised cosine from dark to dark */
    LIGHT_PULSE = 3,            /* full, then fading */
    LIGHT_HEARTBEAT = 4,        /* two beats, the second weaker, then a pause */
    LIGHT_RAINBOW = 5,          /* round the colour circle; the colour given is not used */
    LIGHT_SPARKLE = 6,          /* sixteen random levels a period */
    LIGHT_PATTERNS,
};

#define LIGHT_STEP_MS 20u

struct light {
    uint8_t pattern;
    uint8_t rgb[3];
    uint8_t brightness;
    uint16_t period_ms;         /* 0 = 1000 */
};

/* The duties, 0 to 255, at a time since the start. */
void light_at(const struct light *light, uint8_t cap, uint32_t t_ms, uint8_t duty[3]);

/* True when light_at() depends on the time. */
bool light_moves(const struct light *light);

#endif
