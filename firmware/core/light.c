/* SPDX-License-Identifier: Apache-2.0 */
#include "light.h"

#include <string.h>

#include "motion.h"

enum { FULL = 255, DEFAULT_PERIOD_MS = 1000 };

static uint32_t scale(uint32_t value, uint32_t by)
{
    return (value * by + FULL / 2) / FULL;
}

/* Half a wave of `length` starting at `from`: 0 outside, FULL in its middle. */
static uint32_t beat(uint32_t p, uint32_t from, uint32_t length)
{
    if (p < from || p >= from + length)
        return 0;
    return (uint32_t)sine((int32_t)((p - from) * 128 / length)) * FULL >> 14;
}

/* A number that looks random and depends on `n` alone. */
static uint32_t scramble(uint32_t n)
{
    n = (n + 1) * 0x9e3779b1u;
    n = (n ^ n >> 15) * 0x85ebca77u;
    return n ^ n >> 13;
}

static uint32_t level_at(const struct light *light, uint32_t t_ms, uint32_t period, uint32_t p)
{
    switch (light->pattern) {
    case LIGHT_BLINK:
        return p < 32768 ? FULL : 0;
    case LIGHT_BREATHE:
        return (uint32_t)(16384 - sine((int32_t)(p >> 8) + 64)) * FULL >> 15;
    case LIGHT_PULSE:
        return scale(FULL - (p >> 8), FULL - (p >> 8));
    case LIGHT_HEARTBEAT:
        return beat(p, 0, 10240) + scale(beat(p, 12288, 10240), 153);
    case LIGHT_SPARKLE:
        return scramble(t_ms / period * 16 + (p >> 12)) & FULL;
    default:
        return FULL;
    }
}

/* The colour circle: red at 0, green at a third, blue at two thirds. */
static void rainbow(uint32_t p, uint8_t rgb[3])
{
    for (unsigned colour = 0; colour < 3; colour++) {
        uint32_t from = (p + 65536 - colour * 65536 / 3) % 65536;
        uint32_t away = from < 32768 ? from : 65536 - from;         /* up to 32768, opposite */
        uint32_t value = away <= 10923 ? 2 * 10923 : away >= 21845 ? 0 : 2 * (21845 - away);

        rgb[colour] = (uint8_t)(value >= 2 * 10922 ? FULL : value * FULL / (2 * 10923));
    }
}

void light_at(const struct light *light, uint8_t cap, uint32_t t_ms, uint8_t duty[3])
{
    uint32_t period = light->period_ms != 0 ? light->period_ms : DEFAULT_PERIOD_MS;
    uint32_t p = t_ms % period * 65536u / period;
    uint32_t level = scale(scale(level_at(light, t_ms, period, p), light->brightness), cap);
    uint8_t rgb[3];

    memcpy(rgb, light->rgb, sizeof rgb);
    if (light->pattern == LIGHT_RAINBOW)
        rainbow(p, rgb);
    for (unsigned colour = 0; colour < 3; colour++) {
        uint32_t value = scale(rgb[colour], level);

        duty[colour] = (uint8_t)((value * value + FULL - 1) / FULL);
    }
}

bool light_moves(const struct light *light)
{
    return light->pattern != LIGHT_SOLID;
}
