/* SPDX-License-Identifier: Apache-2.0
 *
 * The puppet's motion engine: a 32x32 sprite moved by integer arithmetic. Every frame is a function of the sprite, the
 * motion, the amplitude and the phase alone; tests/core/motion_reference.py is the same function in Python.
 *
 * All divisions round down, `>>` shifts arithmetically, `//` is used on numbers >= 0 only.
 *
 * Phase. period = period_ms, or 1000 when 0; length = duration_ms, or period when 0.
 *     t = min(time since the start in ms, length - 1);  p = (t % period) * 65536 // period          0 <= p < 65536
 *     A puppet is drawn at t = 0, 40, 80, ... and a last time at t = length; then it stays.
 * Waves. sine(i) = round(16384 * sin(2 pi i / 256)), cosine(i) = sine(i + 64), i modulo 256.
 * A pose moves the sprite: shift (tx, ty) in 1/256 pixel, turn by `angle` 1/256 of a circle clockwise about the pivot
 * (0, py), and inverse scales (ax, ay), 256 = life size, about the same pivot, mirrored when ax < 0; `hidden` of 64
 * pixels are left out. At rest: tx = ty = angle = py = hidden = 0, ax = ay = 256. FLOOR = 4096, the lower edge.
 * Each pixel (x, y) of the frame shows a pixel (u, v) of the sprite, or nothing when that is outside 0..31:
 *     X = 256 x - 3968 - tx;  Y = 256 y - 3968 - ty - py
 *     u = ((((X cosine(angle) + Y sine(angle)) >> 14) * ax >> 8) + 4096) >> 8
 *     v = ((((Y cosine(angle) - X sine(angle)) >> 14) * ay >> 8) + py + 4096) >> 8
 *     and shows nothing when bayer(x, y) < hidden, where, from the most significant bit down,
 *     bayer = x0^y0, y0, x1^y1, y1, x2^y2, y2  (xk: bit k of x)
 * Motions, with amplitude A 0..255 (255: all the way), phase p:
 *     still       at rest
 *     jump        p < 8192 or p >= 57344: crouch by b = 4096 - |(p mod 8192) - 4096|;  py = FLOOR,
 *                 ay = 256 + (A b >> 14), ax = 256 - (A b >> 15)
 *                 else g = (p - 8192) * 4 // 3;  ty = -(12 A (g (65536 - g) >> 14) >> 16)
 *     turn        k = p mod 16384;  in the four quarters of p: K = k, 16384, 16384 - k, 0 (turn, stay, turn back, stay)
 *                 c = cosine(A K >> 15);  ax = 4194304 // max(|c|, 1024), negative when c < 0
 *     approach    s = 256 - (3 A (65536 - p) >> 18);  ax = ay = 65536 // s;  py = FLOOR
 *     retreat     approach with p' = 65535 - p
 *     fall        p < 49152: g = p * 4 // 3;  ty = -(24 A (65536 - (g >> 8)^2) >> 16)
 *                 else g = (p - 49152) * 4;  ty = -(3 A (g (65536 - g) >> 14) >> 16)
 *     shake       tx = A sine(p >> 8) >> 11
 *     spin        angle = p (A + 1) >> 16
 *     appear      hidden = A (64 - min(64, p // 768)) // 255
 *     disappear   appear with p' = 65535 - p
 *     walk        tx = A sine(p >> 8) >> 13;  ty = -(A |sine(p >> 8)| >> 12);  angle = A cosine(p >> 8) >> 19;  py = FLOOR
 *     wobble      angle = A sine(p >> 8) >> 18;  py = FLOOR
 */
#ifndef CUELIGHT_MOTION_H
#define CUELIGHT_MOTION_H

#include <stdbool.h>
#include <stdint.h>

#include "animation.h"

enum motion {
    MOTION_STILL = 0,
    MOTION_JUMP = 1,
    MOTION_TURN = 2,
    MOTION_APPROACH = 3,
    MOTION_RETREAT = 4,
    MOTION_FALL = 5,
    MOTION_SHAKE = 6,
    MOTION_SPIN = 7,
    MOTION_APPEAR = 8,
    MOTION_DISAPPEAR = 9,
    MOTION_WALK = 10,
    MOTION_WOBBLE = 11,
    MOTIONS,
};

#define MOTION_STEP_MS 40u

/* How long a puppet moves. */
uint32_t motion_length_ms(uint16_t period_ms, uint16_t duration_ms);

/* The phase at a time since the start. */
uint16_t motion_phase(uint16_t period_ms, uint16_t duration_ms, uint32_t t_ms);

/* Draws the sprite into `frame`. A motion this device has not is drawn still. */
void motion_draw(const uint8_t sprite[PICTURE_BYTES], uint8_t motion, uint8_t amplitude, uint16_t phase,
                 uint8_t frame[PICTURE_BYTES]);

/* round(16384 * sin(2 pi i / 256)), any i. */
int32_t sine(int32_t i);

#endif
