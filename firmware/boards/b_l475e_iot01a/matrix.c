/* SPDX-License-Identifier: Apache-2.0 */
#include "matrix.h"

#include <stdbool.h>
#include <string.h>

#include "stm32.h"

enum { SIDE = MATRIX_ROWS, CELL = 4, LIT_MAX = CELL * CELL, FRAME_STRIDE = 4, BANK_0_BITS = SIDE * 3 * 6, BEHIND_PICTURE = 4 };

struct pin {
    struct gpio *port;
    uint8_t number;
};

/* UM2153 table 13 gives the Arduino connector; the shield's plan the rest. */
static const struct pin rows[SIDE] = {
    {GPIOB, 2}, {GPIOA, 15}, {GPIOA, 2}, {GPIOA, 7}, {GPIOA, 6}, {GPIOA, 5}, {GPIOB, 0}, {GPIOA, 3},
};
static const struct pin data = {GPIOA, 4}, clock = {GPIOB, 1}, reset = {GPIOC, 3}, latch = {GPIOC, 4}, bank = {GPIOC, 5};

static uint8_t lit[SIDE][SIDE]; /* pixels of the picture, 0 to LIT_MAX */
static uint8_t light[3];
static bool picture;
static volatile bool shown; /* anything at all */
static uint8_t row;
static volatile uint64_t row_due_us; /* written by the tick alone */

static void set(const struct pin *pin, bool high)
{
    gpio_set(pin->port, pin->number, high);
}

static void make_output(const struct pin *pin)
{
    set(pin, false);
    gpio_mode(pin->port, pin->number, GPIO_OUTPUT);
}

/* The DM163 takes a bit on the rising edge; 15 ns is the shortest pulse (datasheet, switching characteristics). */
static void shift(bool bit)
{
    set(&data, bit);
    set(&clock, true);
    __asm__ volatile("nop\n\tnop");
    set(&clock, false);
}

static void shift_byte(uint8_t byte)
{
    for (int i = 7; i >= 0; i--)
        shift((byte >> i & 1) != 0);
}

void matrix_start(void)
{
    for (int i = 0; i < SIDE; i++)
        make_output(&rows[i]);
    make_output(&data);
    make_output(&clock);
    make_output(&reset);
    make_output(&latch);
    make_output(&bank);
    set(&latch, true);
    for (int i = 0; i < BANK_0_BITS; i++) /* bank 0, the correction of each line: all at full */
        shift(true);
    set(&bank, true);
}

/* Each point's share of a quarter of the frame's row, in one pass over its 4x4 pixels. */
static uint8_t count_lit(const uint8_t *frame, int y, int x)
{
    unsigned count = 0;
    for (int line = 0; line < CELL; line++) {
        unsigned byte = frame[(y * CELL + line) * FRAME_STRIDE + x / 2];
        for (unsigned cell = x % 2 ? byte & 15 : byte >> 4; cell != 0; cell >>= 1)
            count += cell & 1;
    }
    return (uint8_t)count;
}

static void note_shown(void)
{
    shown = picture || (light[0] | light[1] | light[2]) != 0;
    if (!shown)
        matrix_off();
}

void matrix_picture(const uint8_t *frame)
{
    picture = frame != NULL;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            lit[y][x] = picture ? count_lit(frame, y, x) : 0;
    note_shown();
}

void matrix_light(uint8_t r, uint8_t g, uint8_t b)
{
    light[0] = r;
    light[1] = g;
    light[2] = b;
    note_shown();
}

static uint8_t shade(int x, int colour)
{
    unsigned ink = lit[row][x];
    unsigned background = picture ? light[colour] / BEHIND_PICTURE : light[colour];
    return (uint8_t)((255 * ink + background * (LIT_MAX - ink)) / LIT_MAX);
}

void matrix_off(void)
{
    shown = false;
    set(&reset, false);
    for (int i = 0; i < SIDE; i++)
        set(&rows[i], false);
}

static void show_next_row(void)
{
    set(&rows[row], false);
    row = (uint8_t)((row + 1) % SIDE);
    for (int x = SIDE - 1; x >= 0; x--)
        for (int colour = 2; colour >= 0; colour--)
            shift_byte(shade(x, colour));
    set(&latch, false);
    set(&latch, true);
    set(&reset, true);
    set(&rows[row], true);
}

uint64_t matrix_due(void)
{
    return shown ? row_due_us : UINT64_MAX;
}

uint64_t matrix_scan(uint64_t now_us, uint32_t period_us, int count)
{
    if (now_us >= matrix_due()) {
        for (int i = 0; i < count; i++)
            show_next_row();
        row_due_us = now_us + period_us;
    }
    return matrix_due();
}
