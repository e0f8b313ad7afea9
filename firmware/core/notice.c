/* SPDX-License-Identifier: Apache-2.0 */
#include "notice.h"

#include <string.h>

enum {
    GLYPH_SIDE = 8,
    BLOCK = 4,                          /* pixels to a dot of a glyph: exact where a display shows one for 4x4 */
    DIGIT_WIDTH = 5,
    DIGIT_HEIGHT = 7,
    PER_ROW = 3,
    CELL_WIDTH = 11,
    CELL_HEIGHT = 16,
};

#define DIGIT_US 1200000u               /* of each digit; */
#define BLANK_US 200000u                /* dark for the last of it, so that two of the same are two */
#define PAUSE_US 2000000u               /* after the sixth */
#define CYCLE_US (NOTICE_DIGITS * DIGIT_US + PAUSE_US)
#define RESET_US 2000000u

static const uint8_t key_glyph[GLYPH_SIDE] = {0x00, 0x70, 0x88, 0x8F, 0x8D, 0x75, 0x00, 0x00};
static const uint8_t arrow_glyph[GLYPH_SIDE] = {0x3A, 0x46, 0x8E, 0x80, 0x81, 0x42, 0x3C, 0x00};

static const uint8_t numerals[10][DIGIT_HEIGHT] = {
    {0x0E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E}, {0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E},
    {0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F}, {0x0E, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0E},
    {0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02}, {0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E},
    {0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E}, {0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},
    {0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E}, {0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C},
};

static void fill(uint8_t picture[PICTURE_BYTES], unsigned x, unsigned y, unsigned width, unsigned height)
{
    for (unsigned row = y; row < y + height; row++)
        for (unsigned column = x; column < x + width; column++)
            picture[row * (PICTURE_SIDE / 8) + column / 8] |= (uint8_t)(0x80u >> column % 8);
}

static void draw_glyph(const uint8_t glyph[GLYPH_SIDE], uint8_t picture[PICTURE_BYTES])
{
    for (unsigned row = 0; row < GLYPH_SIDE; row++)
        for (unsigned column = 0; column < GLYPH_SIDE; column++)
            if ((glyph[row] << column & 0x80) != 0)
                fill(picture, column * BLOCK, row * BLOCK, BLOCK, BLOCK);
}

/* One digit, and at the right edge as many dots as it is in its row. */
static void draw_large(const uint8_t *digits, unsigned place, uint8_t picture[PICTURE_BYTES])
{
    uint8_t glyph[GLYPH_SIDE] = {0};

    for (unsigned row = 0; row < DIGIT_HEIGHT; row++)
        glyph[row] = (uint8_t)(numerals[digits[place]][row] << 2 | (row <= place ? 1 : 0));
    draw_glyph(glyph, picture);
}

/* All of them in two rows, doubled; the middle column is not, for a gap of two between them. */
static void draw_all(const uint8_t *digits, uint8_t picture[PICTURE_BYTES])
{
    for (unsigned place = 0; place < NOTICE_DIGITS; place++)
        for (unsigned row = 0; row < DIGIT_HEIGHT; row++)
            for (unsigned column = 0; column < DIGIT_WIDTH; column++)
                if ((numerals[digits[place]][row] << column & 0x10) != 0)
                    fill(picture, place % PER_ROW * CELL_WIDTH + 2 * column - (column > 2 ? 1 : 0),
                         place / PER_ROW * CELL_HEIGHT + 1 + 2 * row, column == 2 ? 1 : 2, 2);
}

void notice_show(struct notice *notice, enum notice_kind kind, uint64_t now_us)
{
    notice->kind = (uint8_t)kind;
    notice->since_us = now_us;
    notice->drawn = 0;
}

void notice_code(struct notice *notice, uint32_t code, uint64_t now_us)
{
    for (unsigned place = NOTICE_DIGITS; place-- > 0; code /= 10)
        notice->digits[place] = (uint8_t)(code % 10);
    notice_show(notice, NOTICE_CODE, now_us);
}

/* Which picture of the code is to be seen on a small display: a digit's place, or NOTICE_DIGITS for none; and until when. */
static unsigned place_at(uint32_t shown_us, uint64_t *until_us)
{
    uint32_t began = shown_us - shown_us % CYCLE_US;
    unsigned place = (shown_us - began) / DIGIT_US;
    uint32_t end = began + (place + 1) * DIGIT_US;

    if (place >= NOTICE_DIGITS)
        end = began + CYCLE_US;
    else if (shown_us >= end - BLANK_US)
        place = NOTICE_DIGITS;
    else
        end -= BLANK_US;
    *until_us = end;
    return place;
}

static void draw(const struct notice *notice, unsigned place, struct display *display)
{
    uint8_t picture[PICTURE_BYTES] = {0};

    if (notice->kind == NOTICE_PAIRING)
        draw_glyph(key_glyph, picture);
    else if (notice->kind == NOTICE_RESET)
        draw_glyph(arrow_glyph, picture);
    else if (!notice->small_display)
        draw_all(notice->digits, picture);
    else if (place < NOTICE_DIGITS)
        draw_large(notice->digits, place, picture);
    display_notice(display, notice->kind == NOTICE_NONE ? NULL : picture);
}

uint64_t notice_step(struct notice *notice, struct display *display, uint64_t now_us)
{
    uint64_t shown_us = now_us - notice->since_us, until_us = CUELIGHT_NEVER;
    unsigned place = 0;

    if (notice->kind == NOTICE_RESET) {
        if (shown_us < RESET_US)
            until_us = RESET_US;
        else
            notice_show(notice, NOTICE_NONE, now_us);
    } else if (notice->kind == NOTICE_CODE && notice->small_display) {
        place = place_at((uint32_t)shown_us, &until_us);     /* a window lasts a minute */
    }
    if (notice->drawn != place + 1) {
        notice->drawn = (uint8_t)(place + 1);
        draw(notice, place, display);
    }
    return until_us == CUELIGHT_NEVER ? CUELIGHT_NEVER : notice->since_us + until_us;
}
