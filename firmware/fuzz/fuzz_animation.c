/* SPDX-License-Identifier: Apache-2.0
 *
 * The animation decoder on anything: it refuses or it decodes, and what it found good it can play round and round.
 */
#include "animation.h"
#include "check.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct animation animation;
    uint8_t first[PICTURE_BYTES] = {0}, picture[PICTURE_BYTES] = {0};

    if (!asset_is_good(data, len))
        return 0;
    if (data[0] == ASSET_SPRITE) {
        CHECK(sprite_decode(data, len, picture));
        return 0;
    }
    CHECK(animation_open(&animation, data, len));
    CHECK(animation_next(&animation, first));
    memcpy(picture, first, sizeof picture);
    for (unsigned frame = 1; frame <= animation.frames; frame++)
        CHECK(animation_next(&animation, picture));
    CHECK(memcmp(picture, first, sizeof picture) == 0);
    return 0;
}
