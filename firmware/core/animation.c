/* SPDX-License-Identifier: Apache-2.0 */
#include "animation.h"

#include <string.h>

enum frame_kind { SAME = 0, RAW = 1, INTRA = 2, XOR = 3, TILES = 4 };
enum { HEAD = 5, SPRITE_HEAD = 2, SMALL_SIDE = 16, FPS_MAX = 30, GAMMA_ZEROS_MAX = 10, TILE = 8 };

struct bits {
    const uint8_t *data;
    size_t len;                         /* in bytes */
    size_t at;                          /* in bits */
};

/* The next bit, or -1 at the end. */
static int next_bit(struct bits *bits)
{
    if (bits->at / 8 >= bits->len)
        return -1;

    int bit = bits->data[bits->at / 8] >> (7 - bits->at % 8) & 1;

    bits->at++;
    return bit;
}

/* The next Elias-gamma number; 0 when there is none. */
static unsigned next_gamma(struct bits *bits)
{
    unsigned zeros = 0, value = 1;
    int bit;

    while ((bit = next_bit(bits)) == 0)
        if (++zeros > GAMMA_ZEROS_MAX)
            return 0;
    if (bit < 0)
        return 0;
    while (zeros-- > 0) {
        bit = next_bit(bits);
        if (bit < 0)
            return 0;
        value = value << 1 | (unsigned)bit;
    }
    return value;
}

static void invert(uint8_t *picture, unsigned from, unsigned count)
{
    for (unsigned pixel = from; pixel < from + count; pixel++)
        picture[pixel / 8] ^= (uint8_t)(0x80u >> pixel % 8);
}

/* Inverts the pixels of each run of ones. The bytes used, 0 when the runs are bad. */
static size_t apply_runs(const uint8_t *data, size_t len, uint8_t *picture, unsigned pixels)
{
    struct bits bits = {data, len, 0};
    int value = next_bit(&bits);
    unsigned covered = 0;

    if (value < 0)
        return 0;
    while (covered < pixels) {
        unsigned run = next_gamma(&bits);

        if (run == 0 || run > pixels - covered)
            return 0;
        if (value == 1)
            invert(picture, covered, run);
        covered += run;
        value ^= 1;
    }
    while (bits.at % 8 != 0)
        if (next_bit(&bits) != 0)
            return 0;
    return bits.at / 8;
}

static void put_tile(uint8_t *picture, unsigned side, unsigned tile, const uint8_t rows[TILE])
{
    unsigned across = side / TILE;
    uint8_t *top = picture + tile / across * TILE * across + tile % across;

    for (unsigned row = 0; row < TILE; row++)
        top[row * across] = rows[row];
}

/* The bytes used, 0 when they are bad. */
static size_t apply_tiles(const uint8_t *data, size_t len, uint8_t *picture, unsigned side)
{
    unsigned tiles = side * side / (TILE * TILE);
    size_t at = (tiles + 7) / 8;

    if (len < at || (tiles < 8 && (data[0] & (0xffu >> tiles)) != 0))
        return 0;
    for (unsigned tile = 0; tile < tiles; tile++) {
        if ((data[tile / 8] & (0x80u >> tile % 8)) == 0)
            continue;
        if (len - at < TILE)
            return 0;
        put_tile(picture, side, tile, data + at);
        at += TILE;
    }
    return at;
}

static size_t apply_raw(const uint8_t *data, size_t len, uint8_t *picture, size_t bytes)
{
    if (len < bytes)
        return 0;
    memcpy(picture, data, bytes);
    return bytes;
}

bool animation_open(struct animation *animation, const uint8_t *data, size_t len)
{
    if (len < HEAD || data[0] != ASSET_ANIMATION)
        return false;
    *animation = (struct animation){
        .data = data,
        .len = len,
        .at = HEAD,
        .side = data[1],
        .fps = data[2],
        .frames = (uint16_t)(data[3] << 8 | data[4]),
    };
    return (animation->side == SMALL_SIDE || animation->side == PICTURE_SIDE) && animation->fps >= 1 &&
           animation->fps <= FPS_MAX && animation->frames >= 1;
}

bool animation_next(struct animation *animation, uint8_t picture[PICTURE_BYTES])
{
    unsigned pixels = (unsigned)animation->side * animation->side;

    if (animation->next == animation->frames) {
        animation->next = 0;
        animation->at = HEAD;
    }
    if (animation->at >= animation->len)
        return false;

    const uint8_t *body = animation->data + animation->at + 1;
    size_t left = animation->len - animation->at - 1;
    uint8_t kind = body[-1];
    size_t used;

    if (animation->next == 0 && kind != RAW && kind != INTRA)
        return false;
    switch (kind) {
    case SAME:
        used = 0;
        break;
    case RAW:
        used = apply_raw(body, left, picture, pixels / 8);
        break;
    case INTRA:
        memset(picture, 0, pixels / 8);
        used = apply_runs(body, left, picture, pixels);
        break;
    case XOR:
        used = apply_runs(body, left, picture, pixels);
        break;
    case TILES:
        used = apply_tiles(body, left, picture, animation->side);
        break;
    default:
        return false;
    }
    if (used == 0 && kind != SAME)
        return false;
    animation->at += 1 + used;
    animation->next++;
    return true;
}

bool sprite_decode(const uint8_t *data, size_t len, uint8_t picture[PICTURE_BYTES])
{
    if (len < SPRITE_HEAD || data[0] != ASSET_SPRITE || data[1] != PICTURE_SIDE)
        return false;
    memset(picture, 0, PICTURE_BYTES);

    size_t used = apply_runs(data + SPRITE_HEAD, len - SPRITE_HEAD, picture, PICTURE_SIDE * PICTURE_SIDE);

    return used != 0 && used == len - SPRITE_HEAD;
}

bool asset_is_good(const uint8_t *data, size_t len)
{
    uint8_t picture[PICTURE_BYTES];
    struct animation animation;

    if (sprite_decode(data, len, picture))
        return true;
    if (!animation_open(&animation, data, len))
        return false;
    for (unsigned frame = 0; frame < animation.frames; frame++)
        if (!animation_next(&animation, picture))
            return false;
    return animation.at == animation.len;
}

void picture_double(const uint8_t small[PICTURE_BYTES / 4], uint8_t picture[PICTURE_BYTES])
{
    memset(picture, 0, PICTURE_BYTES);
    for (unsigned y = 0; y < PICTURE_SIDE; y++)
        for (unsigned x = 0; x < PICTURE_SIDE; x++)
            if (small[y / 2 * 2 + x / 16] & (0x80u >> x / 2 % 8))
                picture[y * 4 + x / 8] |= (uint8_t)(0x80u >> x % 8);
}
