/* SPDX-License-Identifier: Apache-2.0
 *
 * What the motions look like. That every bit is right is the business of motion_reference.py, which drives this program
 * as `test_core_motion draw`: a sprite, then lines of motion amplitude period duration t; a frame for each.
 */
#include "motion.h"

#include "check.h"

struct box { int left, top, right, bottom, pixels; };

static uint8_t sprite[PICTURE_BYTES];

/* A block with a notch, so that left and right, up and down differ. */
static void make_block(void)
{
    memset(sprite, 0, sizeof sprite);
    for (unsigned y = 16; y < 32; y++)
        for (unsigned x = 8; x < (y < 20 ? 16u : 24u); x++)
            sprite[y * 4 + x / 8] |= (uint8_t)(0x80u >> x % 8);
}

static struct box draw(uint8_t motion, uint8_t amplitude, uint16_t phase, uint8_t frame[PICTURE_BYTES])
{
    struct box box = {32, 32, -1, -1, 0};

    make_block();
    motion_draw(sprite, motion, amplitude, phase, frame);
    for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 32; x++) {
            if ((frame[y * 4 + x / 8] & (0x80 >> x % 8)) == 0)
                continue;
            box.left = x < box.left ? x : box.left;
            box.right = x > box.right ? x : box.right;
            box.top = y < box.top ? y : box.top;
            box.bottom = y > box.bottom ? y : box.bottom;
            box.pixels++;
        }
    }
    return box;
}

static void still_is_the_sprite_itself(void)
{
    uint8_t frame[PICTURE_BYTES];

    draw(MOTION_STILL, 255, 12345, frame);
    CHECK(memcmp(frame, sprite, sizeof frame) == 0);
    draw(200, 255, 12345, frame);
    CHECK(memcmp(frame, sprite, sizeof frame) == 0);
}

static void amplitude_0_moves_nothing(void)
{
    uint8_t frame[PICTURE_BYTES];

    for (uint8_t motion = MOTION_STILL; motion < MOTIONS; motion++) {
        for (unsigned phase = 0; phase < 65536; phase += 4096) {
            draw(motion, 0, (uint16_t)phase, frame);
            CHECK(memcmp(frame, sprite, sizeof frame) == 0);
        }
    }
}

static void jump_leaves_the_ground_and_comes_back(void)
{
    uint8_t frame[PICTURE_BYTES];

    CHECK_EQUAL(draw(MOTION_JUMP, 255, 0, frame).bottom, 31);
    CHECK(draw(MOTION_JUMP, 255, 4096, frame).top > 18);        /* crouches */
    CHECK_EQUAL(draw(MOTION_JUMP, 255, 32768, frame).bottom, 19);
    CHECK_EQUAL(draw(MOTION_JUMP, 255, 65535, frame).bottom, 31);
}

static void turn_mirrors_and_turns_back(void)
{
    uint8_t frame[PICTURE_BYTES];

    CHECK_EQUAL(draw(MOTION_TURN, 255, 0, frame).pixels, draw(MOTION_TURN, 255, 20000, frame).pixels);
    CHECK((frame[17 * 4 + 1] & 0xff) == 0 && (frame[17 * 4 + 2] & 0xff) == 0xff);
    CHECK(draw(MOTION_TURN, 255, 8192, frame).right - draw(MOTION_TURN, 255, 8192, frame).left < 4);
    draw(MOTION_TURN, 255, 60000, frame);
    CHECK(memcmp(frame, sprite, sizeof frame) == 0);
}

static void approach_grows_and_retreat_shrinks(void)
{
    uint8_t frame[PICTURE_BYTES];
    int last = 0;

    for (unsigned phase = 0; phase < 65536; phase += 8192) {
        int pixels = draw(MOTION_APPROACH, 255, (uint16_t)phase, frame).pixels;

        CHECK(pixels > last);
        last = pixels;
        CHECK_EQUAL(draw(MOTION_RETREAT, 255, (uint16_t)(65535 - phase), frame).pixels, pixels);
    }
}

static void fall_comes_from_above_and_ends_on_the_ground(void)
{
    uint8_t frame[PICTURE_BYTES];

    CHECK(draw(MOTION_FALL, 255, 0, frame).bottom < 9);
    CHECK_EQUAL(draw(MOTION_FALL, 255, 49152, frame).bottom, 31);
    CHECK(draw(MOTION_FALL, 255, 57344, frame).bottom < 31);    /* bounces */
    CHECK_EQUAL(draw(MOTION_FALL, 255, 65535, frame).bottom, 31);
}

static void shake_goes_to_both_sides(void)
{
    uint8_t frame[PICTURE_BYTES];

    CHECK_EQUAL(draw(MOTION_SHAKE, 255, 16384, frame).left, 16);
    CHECK_EQUAL(draw(MOTION_SHAKE, 255, 49152, frame).left, 0);
}

static void spin_is_upside_down_half_way(void)
{
    uint8_t frame[PICTURE_BYTES];

    CHECK_EQUAL(draw(MOTION_SPIN, 255, 32768, frame).top, 0);
    CHECK_EQUAL(draw(MOTION_SPIN, 255, 32768, frame).bottom, 15);
}

static void appear_goes_from_nothing_to_all_and_disappear_back(void)
{
    uint8_t frame[PICTURE_BYTES];

    CHECK_EQUAL(draw(MOTION_APPEAR, 255, 0, frame).pixels, 0);
    CHECK(draw(MOTION_APPEAR, 255, 24576, frame).pixels > 60);
    draw(MOTION_APPEAR, 255, 65535, frame);
    CHECK(memcmp(frame, sprite, sizeof frame) == 0);
    CHECK_EQUAL(draw(MOTION_DISAPPEAR, 255, 65535, frame).pixels, 0);
}

static void walk_and_wobble_stay_on_the_ground(void)
{
    uint8_t frame[PICTURE_BYTES];
    bool moved[2] = {false, false};

    for (unsigned phase = 0; phase < 65536; phase += 2048) {
        for (unsigned i = 0; i < 2; i++) {
            CHECK(draw(i == 0 ? MOTION_WALK : MOTION_WOBBLE, 255, (uint16_t)phase, frame).bottom >= 26);
            moved[i] = moved[i] || memcmp(frame, sprite, sizeof frame) != 0;
        }
    }
    CHECK(moved[0] && moved[1]);
}

static void a_period_or_duration_of_0_has_a_default(void)
{
    CHECK_EQUAL(motion_length_ms(0, 0), 1000);
    CHECK_EQUAL(motion_length_ms(700, 0), 700);
    CHECK_EQUAL(motion_length_ms(700, 90), 90);
    CHECK_EQUAL(motion_phase(0, 0, 500), 32768);
}

static void the_last_phase_is_the_one_before_the_end(void)
{
    CHECK_EQUAL(motion_phase(1000, 2000, 2000), 999u * 65536 / 1000);
    CHECK_EQUAL(motion_phase(1000, 2000, 99999), 999u * 65536 / 1000);
}

static int draw_for_reference(void)
{
    char hex[2 * PICTURE_BYTES + 1];
    unsigned motion, amplitude, period, duration, t, byte;
    uint8_t frame[PICTURE_BYTES];

    CHECK(scanf("%256s", hex) == 1);
    for (unsigned i = 0; i < PICTURE_BYTES; i++) {
        CHECK(sscanf(hex + 2 * i, "%2x", &byte) == 1);
        sprite[i] = (uint8_t)byte;
    }
    while (scanf("%u %u %u %u %u", &motion, &amplitude, &period, &duration, &t) == 5) {
        motion_draw(sprite, (uint8_t)motion, (uint8_t)amplitude, motion_phase((uint16_t)period, (uint16_t)duration, t),
                    frame);
        for (unsigned i = 0; i < PICTURE_BYTES; i++)
            printf("%02x", frame[i]);
        putchar('\n');
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(still_is_the_sprite_itself),
        TEST(amplitude_0_moves_nothing),
        TEST(jump_leaves_the_ground_and_comes_back),
        TEST(turn_mirrors_and_turns_back),
        TEST(approach_grows_and_retreat_shrinks),
        TEST(fall_comes_from_above_and_ends_on_the_ground),
        TEST(shake_goes_to_both_sides),
        TEST(spin_is_upside_down_half_way),
        TEST(appear_goes_from_nothing_to_all_and_disappear_back),
        TEST(walk_and_wobble_stay_on_the_ground),
        TEST(a_period_or_duration_of_0_has_a_default),
        TEST(the_last_phase_is_the_one_before_the_end),
    };

    if (argc > 1 && strcmp(argv[1], "draw") == 0)
        return draw_for_reference();
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
