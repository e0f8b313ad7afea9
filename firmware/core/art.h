/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in animations and sprites, compiled from art/ by art/compile.py.
 */
#ifndef CUELIGHT_ART_H
#define CUELIGHT_ART_H

#include <stddef.h>
#include <stdint.h>

#define ART_ANIMATIONS 10u
#define ART_SPRITES 32u

struct art {
    const uint8_t *data;
    size_t len;
};

extern const struct art art_animations[ART_ANIMATIONS];
extern const struct art art_sprites[ART_SPRITES];

/* The bytes of one of `count`, or NULL. */
static inline const uint8_t *art_find(const struct art *art, unsigned count, unsigned number, size_t *len)
{
    if (number >= count)
        return NULL;
    *len = art[number].len;
    return art[number].data;
}

#endif
