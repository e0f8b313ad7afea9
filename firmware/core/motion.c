/* SPDX-License-Identifier: Apache-2.0 */
#include "motion.h"

#include <string.h>

#define PHASE_ONE 65536
#define FLOOR 4096                      /* lower edge of the picture, 1/256 pixel below its middle */
#define LIFE_SIZE 256

/* cppcheck-suppress shiftNegativeLHS */
_Static_assert(-1 >> 1 == -1, "shifts of negative numbers must be arithmetic");

enum { DEFAULT_PERIOD_MS = 1000, HIDDEN_ALL = 64, SIDE = PICTURE_SIDE };

struct pose {
    int32_t tx, ty;
    int32_t angle;
    int32_t ax, ay;
    int32_t py;
    int32_t hidden;
};

int32_t sine(int32_t i)
{
    static const int16_t quarter[65] = {
        0, 402, 804, 1205, 1606, 2006, 2404, 2801, 3196, 3590, 3981, 4370, 4756,
        5139, 5520, 5897, 6270, 6639, 7005, 7366, 7723, 8076, 8423, 8765, 9102, 9434,
        9760, 10080, 10394, 10702, 11003, 11297, 11585, 11866, 12140, 12406, 12665, 12916, 13160,
        13395, 13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978, 15137, 15286, 15426, 15557,
        15679, 15791, 15893, 15986, 16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379, 16384,
    };
    int32_t half = i & 127;
    int32_t value = quarter[half <= 64 ? half : 128 - half];

    return (i & 128) == 0 ? value : -value;
}

static int32_t cosine(int32_t i)
{
    return sine(i + 64);
}

static int32_t magnitude(int32_t value)
{
    return value < 0 ? -value : value;
}

/* A parabola over the phase: 0 at both ends, 65536 in the middle. */
static int32_t arc(int32_t p)
{
    return (int32_t)((uint32_t)p * (uint32_t)(PHASE_ONE - p) >> 14);
}

static void jump(struct pose *pose, int32_t amplitude, int32_t p)
{
    if (p < 8192 || p >= 57344) {
        int32_t bend = 4096 - magnitude(p % 8192 - 4096);

        pose->py = FLOOR;
        pose->ay = LIFE_SIZE + (amplitude * bend >> 14);
        pose->ax = LIFE_SIZE - (amplitude * bend >> 15);
    } else {
        pose->ty = -(12 * amplitude * arc((p - 8192) * 4 / 3) >> 16);
    }
}

static void turn(struct pose *pose, int32_t amplitude, int32_t p)
{
    int32_t k = p % 16384;
    const int32_t turned[4] = {k, 16384, 16384 - k, 0};
    int32_t c = cosine(amplitude * turned[p / 16384] >> 15);
    int32_t width = magnitude(c) > 1024 ? magnitude(c) : 1024;

    pose->ax = c < 0 ? -(4194304 / width) : 4194304 / width;
}

static void approach(struct pose *pose, int32_t amplitude, int32_t p)
{
    int32_t scale = LIFE_SIZE - (3 * amplitude * (PHASE_ONE - p) >> 18);

    pose->ax = pose->ay = LIFE_SIZE * LIFE_SIZE / scale;
    pose->py = FLOOR;
}

static void fall(struct pose *pose, int32_t amplitude, int32_t p)
{
    if (p < 49152) {
        int32_t g = p * 4 / 3 >> 8;

        pose->ty = -(24 * amplitude * (PHASE_ONE - g * g) >> 16);
    } else {
        pose->ty = -(3 * amplitude * arc((p - 49152) * 4) >> 16);
    }
}

static void appear(struct pose *pose, int32_t amplitude, int32_t p)
{
    int32_t shown = p / 768 < HIDDEN_ALL ? p / 768 : HIDDEN_ALL;

    pose->hidden = amplitude * (HIDDEN_ALL - shown) / UINT8_MAX;
}

static void walk(struct pose *pose, int32_t amplitude, int32_t p)
{
    int32_t wave = sine(p >> 8);

    pose->tx = amplitude * wave >> 13;
    pose->ty = -(amplitude * magnitude(wave) >> 12);
    pose->angle = amplitude * cosine(p >> 8) >> 19;
    pose->py = FLOOR;
}

static struct pose make_pose(uint8_t motion, int32_t amplitude, int32_t p)
{
    struct pose pose = {.ax = LIFE_SIZE, .ay = LIFE_SIZE};

    switch (motion) {
    case MOTION_JUMP:
        jump(&pose, amplitude, p);
        break;
    case MOTION_TURN:
        turn(&pose, amplitude, p);
        break;
    case MOTION_APPROACH:
        approach(&pose, amplitude, p);
        break;
    case MOTION_RETREAT:
        approach(&pose, amplitude, PHASE_ONE - 1 - p);
        break;
    case MOTION_FALL:
        fall(&pose, amplitude, p);
        break;
    case MOTION_SHAKE:
        pose.tx = amplitude * sine(p >> 8) >> 11;
        break;
    case MOTION_SPIN:
        pose.angle = p * (amplitude + 1) >> 16;
        break;
    case MOTION_APPEAR:
        appear(&pose, amplitude, p);
        break;
    case MOTION_DISAPPEAR:
        appear(&pose, amplitude, PHASE_ONE - 1 - p);
        break;
    case MOTION_WALK:
        walk(&pose, amplitude, p);
        break;
    case MOTION_WOBBLE:
        pose.angle = amplitude * sine(p >> 8) >> 18;
        pose.py = FLOOR;
        break;
    default:
        break;
    }
    return pose;
}

static int32_t bayer(int32_t x, int32_t y)
{
    int32_t value = 0;

    for (unsigned bit = 0; bit < 3; bit++)
        value = value << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1);
    return value;
}

static bool pixel(const uint8_t picture[PICTURE_BYTES], int32_t x, int32_t y)
{
    return x >= 0 && x < SIDE && y >= 0 && y < SIDE && (picture[y * 4 + x / 8] & (0x80 >> x % 8)) != 0;
}

uint32_t motion_length_ms(uint16_t period_ms, uint16_t duration_ms)
{
    if (duration_ms != 0)
        return duration_ms;
    return period_ms != 0 ? period_ms : DEFAULT_PERIOD_MS;
}

uint16_t motion_phase(uint16_t period_ms, uint16_t duration_ms, uint32_t t_ms)
{
    uint32_t period = period_ms != 0 ? period_ms : DEFAULT_PERIOD_MS;
    uint32_t last = motion_length_ms(period_ms, duration_ms) - 1;
    uint32_t t = t_ms < last ? t_ms : last;

    return (uint16_t)(t % period * PHASE_ONE / period);
}

void motion_draw(const uint8_t sprite[PICTURE_BYTES], uint8_t motion, uint8_t amplitude, uint16_t phase,
                 uint8_t frame[PICTURE_BYTES])
{
    struct pose pose = make_pose(motion, amplitude, phase);
    int32_t c = cosine(pose.angle), s = sine(pose.angle);

    memset(frame, 0, PICTURE_BYTES);
    for (int32_t y = 0; y < SIDE; y++) {
        for (int32_t x = 0; x < SIDE; x++) {
            int32_t from_x = 256 * x - 3968 - pose.tx;
            int32_t from_y = 256 * y - 3968 - pose.ty - pose.py;
            int32_t u = ((from_x * c + from_y * s) >> 14) * pose.ax >> 8;
            int32_t v = ((from_y * c - from_x * s) >> 14) * pose.ay >> 8;

            if (bayer(x, y) >= pose.hidden && pixel(sprite, (u + FLOOR) >> 8, (v + pose.py + FLOOR) >> 8))
                frame[y * 4 + x / 8] |= (uint8_t)(0x80 >> x % 8);
        }
    }
}
