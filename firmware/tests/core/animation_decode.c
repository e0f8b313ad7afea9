/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads an animation or a sprite on standard input and writes its pictures, side * side / 8 bytes each, on standard
 * output; 1, and nothing written, when the device would refuse it. The Python tests compare it with their encoder.
 */
#include "animation.h"

#include <stdio.h>

enum { CAPACITY = 1u << 20, GOOD = 0, REFUSED = 1, TOO_LONG = 2 };

static uint8_t data[CAPACITY];

static void write_animation(struct animation *animation)
{
    uint8_t picture[PICTURE_BYTES];

    for (unsigned frame = 0; frame < animation->frames; frame++) {
        animation_next(animation, picture);
        fwrite(picture, 1, (size_t)animation->side * animation->side / 8, stdout);
    }
}

int main(void)
{
    size_t len = fread(data, 1, sizeof data, stdin);
    struct animation animation;
    uint8_t picture[PICTURE_BYTES];

    if (!feof(stdin))
        return TOO_LONG;
    if (!asset_is_good(data, len))
        return REFUSED;
    if (animation_open(&animation, data, len))
        write_animation(&animation);
    else if (sprite_decode(data, len, picture))
        fwrite(picture, 1, sizeof picture, stdout);
    return GOOD;
}
