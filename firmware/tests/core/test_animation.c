/* SPDX-License-Identifier: Apache-2.0 */
#include "animation.h"

#include "art.h"
#include "check.h"

/* Half of the picture lit: one run of 512 ones, one of 512 zeros. 512 is 9 zeros, 1, 9 zeros. */
#define HALF 0x80, 0x20, 0x00, 0x04, 0x00

static bool good(const uint8_t *data, size_t len)
{
    return asset_is_good(data, len);
}

#define GOOD(...) good((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void a_sprite_of_two_runs_is_read(void)
{
    static const uint8_t data[] = {1, 32, HALF};
    uint8_t picture[PICTURE_BYTES];

    CHECK(sprite_decode(data, sizeof data, picture));
    for (unsigned i = 0; i < PICTURE_BYTES; i++)
        CHECK_EQUAL(picture[i], i < 64 ? 0xff : 0);
}

static void one_run_may_cover_all(void)
{
    static const uint8_t data[] = {1, 32, 0x80, 0x10, 0x00};    /* 1024: 10 zeros, 1, 10 zeros */
    uint8_t picture[PICTURE_BYTES];

    CHECK(sprite_decode(data, sizeof data, picture));
    CHECK_EQUAL(picture[127], 0xff);
}

static void bad_sprites_are_refused(void)
{
    CHECK(GOOD(1, 32, HALF));
    CHECK(!GOOD(1, 16, HALF));                              /* only 32 */
    CHECK(!GOOD(2, 32, HALF));                              /* kind */
    CHECK(!GOOD(1, 32));                                    /* no runs */
    CHECK(!GOOD(1));
    CHECK(!good(NULL, 0));
    CHECK(!GOOD(1, 32, 0x80, 0x20, 0x00, 0x04));            /* truncated */
    CHECK(!GOOD(1, 32, HALF, 0));                           /* trailing byte */
    CHECK(!GOOD(1, 32, 0x80, 0x20, 0x00, 0x04, 0x01));      /* padding */
    CHECK(!GOOD(1, 32, 0x80, 0x20, 0x00, 0x04, 0x10));      /* a run past the end */
    CHECK(!GOOD(1, 32, 0x80, 0x10, 0x04));                  /* 1025 pixels */
    CHECK(!GOOD(1, 32, 0x80, 0x08, 0x00, 0x00));            /* eleven zeros */
}

static void bad_heads_are_refused(void)
{
    CHECK(GOOD(0, 32, 8, 0, 1, 2, HALF));
    CHECK(!GOOD(0, 31, 8, 0, 1, 2, HALF));
    CHECK(!GOOD(0, 64, 8, 0, 1, 2, HALF));
    CHECK(!GOOD(0, 32, 0, 0, 1, 2, HALF));
    CHECK(!GOOD(0, 32, 31, 0, 1, 2, HALF));
    CHECK(!GOOD(0, 32, 8, 0, 0));
    CHECK(!GOOD(0, 32, 8, 0, 0, 2, HALF));
    CHECK(!GOOD(0, 32, 8, 0));
    CHECK(!GOOD(0, 32, 8, 0, 1));
    CHECK(!GOOD(0, 32, 8, 0, 2, 2, HALF));                  /* a frame short */
    CHECK(!GOOD(0, 32, 8, 0, 1, 2, HALF, 0));               /* a frame too many */
    CHECK(!GOOD(0, 32, 8, 0, 2, 2, HALF, 5));               /* no such kind */
}

static void the_first_frame_must_stand_alone(void)
{
    CHECK(!GOOD(0, 32, 8, 0, 1, 0));
    CHECK(!GOOD(0, 32, 8, 0, 1, 3, HALF));
    CHECK(!GOOD(0, 32, 8, 0, 1, 4, 0, 0));
    CHECK(GOOD(0, 32, 8, 0, 4, 2, HALF, 0, 3, HALF, 4, 0, 0));
}

static void every_kind_of_frame_is_drawn_over_the_last(void)
{
    static const uint8_t data[] = {
        0, 16, 10, 0, 6,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        0,
        4, 0x40, 2, 2, 2, 2, 2, 2, 2, 2,            /* the upper right tile */
        3, 0x80, 0x80, 0x01, 0x00,                  /* 128 ones, 128 zeros */
        2, 0x00, 0x40, 0x00,                        /* 256 zeros */
        2, 0x80, 0x40, 0x00,                        /* 256 ones */
    };
    struct animation animation;
    uint8_t picture[PICTURE_BYTES];

    CHECK(good(data, sizeof data));
    CHECK(animation_open(&animation, data, sizeof data));
    for (unsigned loop = 0; loop < 2; loop++) {
        CHECK(animation_next(&animation, picture) && picture[0] == 1 && picture[31] == 1);
        CHECK(animation_next(&animation, picture) && picture[0] == 1 && picture[31] == 1);
        CHECK(animation_next(&animation, picture));
        CHECK(picture[0] == 1 && picture[1] == 2 && picture[15] == 2 && picture[17] == 1);
        CHECK(animation_next(&animation, picture));
        CHECK(picture[0] == 0xfe && picture[1] == 0xfd && picture[17] == 1);
        CHECK(animation_next(&animation, picture) && picture[0] == 0 && picture[31] == 0);
        CHECK(animation_next(&animation, picture) && picture[0] == 0xff && picture[31] == 0xff);
    }
}

static void bad_tiles_are_refused(void)
{
    CHECK(GOOD(0, 32, 8, 0, 2, 2, HALF, 4, 0x00, 0x01, 1, 2, 3, 4, 5, 6, 7, 8));
    CHECK(!GOOD(0, 32, 8, 0, 2, 2, HALF, 4, 0x00, 0x01, 1, 2, 3, 4, 5, 6, 7));
    CHECK(!GOOD(0, 32, 8, 0, 2, 2, HALF, 4, 0x00));
    CHECK(GOOD(0, 16, 8, 0, 2, 2, 0x80, 0x40, 0x00, 4, 0x10, 1, 2, 3, 4, 5, 6, 7, 8));
    CHECK(!GOOD(0, 16, 8, 0, 2, 2, 0x80, 0x40, 0x00, 4, 0x18, 1, 2, 3, 4, 5, 6, 7, 8));
    CHECK(!GOOD(0, 16, 8, 0, 2, 2, 0x80, 0x40, 0x00, 4));
}

static void a_small_picture_doubles(void)
{
    uint8_t small[PICTURE_BYTES / 4] = {0}, picture[PICTURE_BYTES];

    small[0] = 0x80;
    small[31] = 0x01;
    picture_double(small, picture);
    CHECK(picture[0] == 0xc0 && picture[4] == 0xc0 && picture[8] == 0);
    CHECK(picture[123] == 0x03 && picture[127] == 0x03 && picture[119] == 0);
}

static void every_built_in_picture_is_good(void)
{
    for (unsigned i = 0; i < ART_ANIMATIONS; i++)
        CHECK(good(art_animations[i].data, art_animations[i].len) && art_animations[i].data[0] == ASSET_ANIMATION);
    for (unsigned i = 0; i < ART_SPRITES; i++)
        CHECK(good(art_sprites[i].data, art_sprites[i].len) && art_sprites[i].data[0] == ASSET_SPRITE);
}

static void no_truncation_of_a_built_in_picture_is_good(void)
{
    for (unsigned i = 0; i < ART_ANIMATIONS; i++)
        for (size_t len = 0; len < art_animations[i].len; len++)
            CHECK(!good(art_animations[i].data, len));
    for (unsigned i = 0; i < ART_SPRITES; i++)
        for (size_t len = 0; len < art_sprites[i].len; len++)
            CHECK(!good(art_sprites[i].data, len));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_sprite_of_two_runs_is_read),
        TEST(one_run_may_cover_all),
        TEST(bad_sprites_are_refused),
        TEST(bad_heads_are_refused),
        TEST(the_first_frame_must_stand_alone),
        TEST(every_kind_of_frame_is_drawn_over_the_last),
        TEST(bad_tiles_are_refused),
        TEST(a_small_picture_doubles),
        TEST(every_built_in_picture_is_good),
        TEST(no_truncation_of_a_built_in_picture_is_good),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
