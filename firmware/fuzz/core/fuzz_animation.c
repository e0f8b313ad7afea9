/* SPDX-License-Identifier: Apache-2.0
 *
 * The animation decoder on anything: it refuses or it decodes, and what it found good it can play round and round.
 * LLVMFuzzerTestOneInput is for libFuzzer; without it: fuzz_animation [SEED [COUNT]] mutates the built-in pictures.
 */
#include "animation.h"
#include "art.h"
#include "check.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct animation animation;
    uint8_t first[PICTURE_BYTES] = {0}, picture[PICTURE_BYTES] = {0};

    if (!asset_is_good(data, len) || data[0] != ASSET_ANIMATION)
        return 0;
    CHECK(animation_open(&animation, data, len));
    CHECK(animation_next(&animation, first));
    memcpy(picture, first, sizeof picture);
    for (unsigned frame = 1; frame <= animation.frames; frame++)
        CHECK(animation_next(&animation, picture));
    CHECK(memcmp(picture, first, sizeof picture) == 0);
    return 0;
}

#ifndef LIBFUZZER
enum { INPUT_MAX = 4096 };

static void once(void)
{
    static uint8_t input[INPUT_MAX];
    uint32_t which = fuzz_random(ART_ANIMATIONS + ART_SPRITES);
    const struct art *art = which < ART_ANIMATIONS ? &art_animations[which] : &art_sprites[which - ART_ANIMATIONS];
    size_t len = art->len;

    memcpy(input, art->data, len);
    for (uint32_t changes = 1 + fuzz_random(4); changes > 0; changes--)
        len = fuzz_mutate(input, len, sizeof input);

    uint8_t *exact = malloc(len + 1);           /* so that the sanitizer sees a read behind the end */

    CHECK(exact != NULL);
    memcpy(exact + 1, input, len);
    LLVMFuzzerTestOneInput(exact + 1, len);
    free(exact);
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, 20000, once);
}
#endif
