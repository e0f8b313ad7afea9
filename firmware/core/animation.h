/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoder of animations and sprites: 1-bit pictures, rows from the top, most significant bit left.
 *
 *   animation = 00 | side u8 (16 or 32) | fps u8 (1..30) | frames u16 (1..) | frame*
 *   sprite    = 01 | side u8 (32) | runs
 *   frame     = kind u8 | body
 *     0 same:  no body
 *     1 raw:   side * side / 8 bytes
 *     2 intra: runs
 *     3 xor:   runs, of the difference from the frame before
 *     4 tiles: a bit for each 8x8 tile, rows from the top (side 32: 2 bytes; side 16: the top 4 bits of 1 byte), then
 *              the 8 rows of each tile whose bit is set
 *   runs = bits, most significant first: the value of the first run, then the lengths of runs of alternating value in
 *          Elias gamma (floor(log2 n) zeros, then n in binary) until every pixel is covered exactly; then zeros up to
 *          the byte
 * The first frame stands alone: its kind is 1 or 2.
 */
#ifndef CUELIGHT_ANIMATION_H
#define CUELIGHT_ANIMATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURE_SIDE 32u
#define PICTURE_BYTES 128u

enum asset_kind { ASSET_ANIMATION = 0, ASSET_SPRITE = 1 };

struct animation {
    const uint8_t *data;
    size_t len;
    size_t at;                          /* of the next frame */
    uint16_t frames;
    uint16_t next;                      /* number of the next frame */
    uint8_t side;
    uint8_t fps;
};

/* Reads the head. False when it is not an animation's. */
bool animation_open(struct animation *animation, const uint8_t *data, size_t len);

/* Decodes the next frame over the last one, in place; after the last comes the first. `picture` has side * side / 8
 * bytes in use. False, with the picture spoilt, when the data are bad. */
bool animation_next(struct animation *animation, uint8_t picture[PICTURE_BYTES]);

/* Decodes a sprite. False when the data are bad. */
bool sprite_decode(const uint8_t *data, size_t len, uint8_t picture[PICTURE_BYTES]);

/* True when the bytes are an animation whose every frame decodes, or a sprite, with nothing left over. */
bool asset_is_good(const uint8_t *data, size_t len);

/* Doubles a 16x16 picture to 32x32. */
void picture_double(const uint8_t small[PICTURE_BYTES / 4], uint8_t picture[PICTURE_BYTES]);

#endif
