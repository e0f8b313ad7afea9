/* SPDX-License-Identifier: Apache-2.0
 *
 * Light, servo and display as the board sees them.
 */
#include "art.h"
#include "motion.h"
#include "rig.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
}

/* Passes time under a lease that does not end. */
static void pass(uint32_t ms)
{
    while (ms > 0) {
        uint32_t part = ms < 10000 ? ms : 10000;

        rig_renew(&rig, 255);
        rig_pass_ms(&rig, part);
        ms -= part;
    }
}

/* ---- light ---- */

static void a_solid_light_is_squared_for_the_eye(void)
{
    setup();
    rig_light(&rig, LIGHT_SOLID, 255, 128, 0, 255, 0, 200);
    CHECK(rig.rgb[0] == 255 && rig.rgb[1] == 65 && rig.rgb[2] == 0);
    rig_light(&rig, LIGHT_SOLID, 255, 128, 1, 128, 0, 200);
    CHECK(rig.rgb[0] == 65 && rig.rgb[1] == 17 && rig.rgb[2] == 1);
    rig_light(&rig, LIGHT_SOLID, 255, 255, 255, 0, 0, 200);
    CHECK(rig.rgb[0] == 0 && rig.rgb[1] == 0 && rig.rgb[2] == 0);
}

static void blink_is_on_for_half_the_period(void)
{
    setup();
    rig_light(&rig, LIGHT_BLINK, 255, 255, 255, 255, 400, 200);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL(rig.rgb[0], 255);
        rig_pass_ms(&rig, 200);
        CHECK_EQUAL(rig.rgb[0], 0);
        rig_pass_ms(&rig, 200);
    }
}

static uint8_t level(uint8_t pattern, uint16_t period_ms, uint32_t t_ms)
{
    const struct light light = {.pattern = pattern, .rgb = {255, 255, 255}, .brightness = 255, .period_ms = period_ms};
    uint8_t duty[3];

    light_at(&light, 255, t_ms, duty);
    return duty[0];
}

static void breathe_rises_and_falls_smoothly(void)
{
    CHECK_EQUAL(level(LIGHT_BREATHE, 2000, 0), 0);
    CHECK_EQUAL(level(LIGHT_BREATHE, 2000, 1000), 255);
    for (uint32_t t = 20; t <= 1000; t += 20) {
        CHECK(level(LIGHT_BREATHE, 2000, t) >= level(LIGHT_BREATHE, 2000, t - 20));
        CHECK(level(LIGHT_BREATHE, 2000, 2000 - t) >= level(LIGHT_BREATHE, 2000, 2020 - t) || t == 20);
    }
}

static void pulse_starts_full_and_fades(void)
{
    CHECK_EQUAL(level(LIGHT_PULSE, 1000, 0), 255);
    for (uint32_t t = 20; t < 1000; t += 20)
        CHECK(level(LIGHT_PULSE, 1000, t) <= level(LIGHT_PULSE, 1000, t - 20));
    CHECK_EQUAL(level(LIGHT_PULSE, 1000, 999), 0);
}

static void heartbeat_beats_twice_and_pauses(void)
{
    uint8_t first = level(LIGHT_HEARTBEAT, 1000, 78), second = level(LIGHT_HEARTBEAT, 1000, 266);

    CHECK(first > 250);
    CHECK(second > 50 && second < 150);
    CHECK_EQUAL(level(LIGHT_HEARTBEAT, 1000, 172), 0);
    CHECK_EQUAL(level(LIGHT_HEARTBEAT, 1000, 700), 0);
}

static void rainbow_passes_red_green_and_blue(void)
{
    const struct light light = {.pattern = LIGHT_RAINBOW, .brightness = 255, .period_ms = 3000};
    uint8_t duty[3];

    for (unsigned colour = 0; colour < 3; colour++) {
        light_at(&light, 255, colour * 1000, duty);
        CHECK_EQUAL(duty[colour], 255);
        CHECK(duty[(colour + 1) % 3] <= 1 && duty[(colour + 2) % 3] <= 1);
    }
    for (uint32_t t = 0; t < 3000; t += 20) {
        light_at(&light, 255, t, duty);
        CHECK(duty[0] > 50 || duty[1] > 50 || duty[2] > 50);
    }
}

static void sparkle_changes_and_is_the_same_every_time(void)
{
    unsigned changes = 0;

    for (uint32_t t = 0; t < 10000; t += 100) {
        changes += level(LIGHT_SPARKLE, 1600, t) != level(LIGHT_SPARKLE, 1600, t + 100);
        CHECK_EQUAL(level(LIGHT_SPARKLE, 1600, t), level(LIGHT_SPARKLE, 1600, t));
    }
    CHECK(changes > 90);
}

static void a_period_of_0_is_a_second(void)
{
    CHECK_EQUAL(level(LIGHT_BLINK, 0, 499), 255);
    CHECK_EQUAL(level(LIGHT_BLINK, 0, 500), 0);
}

static void no_pattern_exceeds_cap_and_brightness(void)
{
    for (uint8_t pattern = 0; pattern < LIGHT_PATTERNS; pattern++) {
        const struct light light = {.pattern = pattern, .rgb = {255, 255, 255}, .brightness = 200, .period_ms = 700};

        for (uint32_t t = 0; t < 1400; t++) {
            uint8_t duty[3];

            light_at(&light, 100, t, duty);
            for (unsigned colour = 0; colour < 3; colour++)
                CHECK(duty[colour] <= 79u * 79 / 255 + 1);
        }
    }
}

static void an_unknown_pattern_is_unsupported(void)
{
    const uint8_t rgb[3] = {255, 0, 0};
    uint8_t payload[32];

    setup();
    rig_send(&rig, 0, payload, rig_light_payload(payload, LIGHT_PATTERNS, rgb, 255, 0, 100), true);
    rig_expect_ack(&rig, 0, ACK_UNSUPPORTED);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
}

/* ---- servo ---- */

static void a_ramp_is_smooth_and_arrives_on_time(void)
{
    int last = 900, step, last_step = 0, largest = 0;

    setup();
    rig_servo(&rig, 1, 1700, 2000, 200);
    CHECK(rig.servo[1].enabled);
    CHECK_EQUAL(rig.servo[1].angle, 900);
    for (unsigned t = 20; t <= 2000; t += 20) {
        rig_pass_ms(&rig, 20);
        step = rig.servo[1].angle - last;
        CHECK(step >= 0 && abs(step - last_step) <= 2);     /* no jerk */
        largest = step > largest ? step : largest;
        last = rig.servo[1].angle;
        last_step = step;
        if (t == 1000)
            CHECK_EQUAL(last, 1300);
    }
    CHECK_EQUAL(last, 1700);
    CHECK(largest == 15 || largest == 16);                  /* 15/8 of the mean, 8 */
}

static void a_servo_at_rest_is_detached_and_keeps_its_angle(void)
{
    setup();
    rig_servo(&rig, 0, 1000, 500, 200);
    rig_pass_ms(&rig, 799);
    CHECK(rig.servo[0].enabled);
    rig_pass_ms(&rig, 1);
    CHECK(!rig.servo[0].enabled);
    CHECK_EQUAL(rig.servo[0].angle, 1000);
}

static void the_top_speed_makes_a_short_ramp_longer(void)
{
    setup();
    rig_servo(&rig, 0, 1800, 0, 200);           /* 90 degrees at 600 degrees a second, 15/8 at the peak: 282 ms */
    rig_pass_ms(&rig, 141);
    CHECK_EQUAL(rig.servo[0].angle, 1350);
    rig_pass_ms(&rig, 141);
    CHECK_EQUAL(rig.servo[0].angle, 1800);
    rig_pass_ms(&rig, 299);
    CHECK(rig.servo[0].enabled);                /* it settles for 300 ms from its arrival */
    rig_pass_ms(&rig, 1);
    CHECK(!rig.servo[0].enabled);
}

static void a_new_angle_starts_from_where_the_servo_is(void)
{
    setup();
    rig_servo(&rig, 0, 1800, 2000, 200);
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(rig.servo[0].angle, 1350);
    rig_servo(&rig, 0, 0, 2000, 200);
    CHECK_EQUAL(rig.servo[0].angle, 1350);
    rig_pass_ms(&rig, 40);
    CHECK(rig.servo[0].angle <= 1350 && rig.servo[0].angle > 1340);
    pass(2000);
    CHECK_EQUAL(rig.servo[0].angle, 0);
}

static void the_lease_end_detaches_in_the_middle(void)
{
    setup();
    rig_servo(&rig, 3, 1800, 10000, 4);
    rig_pass_ms(&rig, 1000);
    CHECK(!rig.servo[3].enabled);
    CHECK(rig.servo[3].angle < 1000);
}

static void soft_limits_refuse_what_lies_outside(void)
{
    static const uint8_t settings[20] = {1, 255, 0x17, 0x70, 0, 100, 2, 0, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 7, 8};

    rig_init(&rig);
    rig.hal.save(&rig, CUELIGHT_RECORD_SETTINGS, settings, sizeof settings);
    rig_restart(&rig, CUELIGHT_OK);
    rig_open(&rig, 0);
    rig_servo(&rig, 0, 100, 0, 200);
    rig_servo(&rig, 0, 512, 0, 200);
    rig_command(&rig, 0, true, 5, OP_SERVO, 0, 99, 0, 200);
    rig_expect_ack(&rig, 0, ACK_OUT_OF_RANGE);
    rig_command(&rig, 0, true, 5, OP_SERVO, 0, 513, 0, 200);
    rig_expect_ack(&rig, 0, ACK_OUT_OF_RANGE);
    rig_servo(&rig, 1, 1800, 0, 200);
}

static void settings_that_make_no_sense_are_the_defaults(void)
{
    static const uint8_t bad[][20] = {
        {2, 9, 0x17, 0x70, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 7, 8},     /* version */
        {1, 9, 0, 0, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 7, 8},           /* speed 0 */
        {1, 9, 0x17, 0x70, 0, 0, 7, 9, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 7, 8},     /* beyond 180 degrees */
        {1, 9, 0x17, 0x70, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 7, 8, 0, 2, 0, 1},     /* upside down */
    };

    for (unsigned i = 0; i < 5; i++) {
        rig_init(&rig);
        rig.hal.save(&rig, CUELIGHT_RECORD_SETTINGS, i < 4 ? bad[i] : bad[0], i < 4 ? 20 : 19);
        rig_restart(&rig, CUELIGHT_OK);
        CHECK_EQUAL(rig.device.outputs.settings.light_cap, 255);
        CHECK_EQUAL(rig.device.outputs.settings.servo_speed, 6000);
        CHECK_EQUAL(rig.device.outputs.settings.servo[3].upper, 1800);
    }
}

/* ---- display ---- */

static void an_animation_plays_at_its_rate_and_holds_its_last_frame(void)
{
    uint8_t picture[PICTURE_BYTES];
    struct animation animation;

    setup();
    CHECK(animation_open(&animation, art_animations[1].data, art_animations[1].len));
    CHECK_EQUAL(animation.fps, 12);
    rig_play(&rig, 1, 0, 200);
    for (unsigned frame = 0; frame < animation.frames; frame++) {
        CHECK(animation_next(&animation, picture));
        CHECK(memcmp(rig.frame, picture, PICTURE_BYTES) == 0);
        rig_pass_ms(&rig, frame % 3 == 2 ? 84 : 83);
        rig.now_us += frame % 3 == 2 ? 0 : 500;
        rig_pass_ms(&rig, 0);
    }
    rig_pass_ms(&rig, 3000);
    CHECK(rig.lit && memcmp(rig.frame, picture, PICTURE_BYTES) == 0);
}

static void a_duration_loops_the_animation(void)
{
    setup();
    rig_play(&rig, 8, 2250, 200);               /* 4 frames at 4 fps; two of each picture */
    uint8_t first[PICTURE_BYTES];

    memcpy(first, rig.frame, sizeof first);
    rig_pass_ms(&rig, 500);
    CHECK(memcmp(rig.frame, first, sizeof first) != 0);
    rig_pass_ms(&rig, 500);
    CHECK(memcmp(rig.frame, first, sizeof first) == 0);
    rig_pass_ms(&rig, 500);
    CHECK(memcmp(rig.frame, first, sizeof first) != 0);
    rig_pass_ms(&rig, 500);
    CHECK(memcmp(rig.frame, first, sizeof first) == 0);
    rig_pass_ms(&rig, 5000);
    CHECK(memcmp(rig.frame, first, sizeof first) == 0);
}

static void a_late_poll_catches_up_with_the_frames(void)
{
    uint8_t picture[PICTURE_BYTES];
    struct animation animation;

    setup();
    rig_play(&rig, 1, 0, 200);
    rig.now_us += 450000;
    rig_pass_ms(&rig, 0);
    CHECK(animation_open(&animation, art_animations[1].data, art_animations[1].len));
    for (unsigned i = 0; i <= 5; i++)
        CHECK(animation_next(&animation, picture));
    CHECK(memcmp(rig.frame, picture, PICTURE_BYTES) == 0);
}

static void the_display_is_told_of_changes_only(void)
{
    setup();
    unsigned before = rig.frames;

    rig_play(&rig, 0, 0, 100);                  /* 12 frames, 5 changes of picture */
    rig_pass_ms(&rig, 3000);
    CHECK_EQUAL(rig.frames - before, 6);
}

static void what_is_no_animation_cannot_be_played(void)
{
    static const uint16_t bad[] = {10, 255, 0x100, 0x120, 0x200, 0xffff};

    setup();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_command(&rig, 0, true, 4, OP_PLAY, bad[i], 0, 100);
        rig_expect_ack(&rig, 0, ACK_UNKNOWN_ASSET);
    }
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
    CHECK(!rig.lit);
}

static void a_puppet_moves_every_40_ms_and_ends_on_its_last_phase(void)
{
    uint8_t sprite[PICTURE_BYTES], expected[PICTURE_BYTES];

    setup();
    CHECK(sprite_decode(art_sprites[7].data, art_sprites[7].len, sprite));
    rig_command(&rig, 0, true, 7, OP_PUPPET, 0x107, MOTION_SHAKE, 200, 500, 990, 100);
    rig_expect_ack(&rig, 0, ACK_OK);
    for (uint32_t t = 0; t < 1500; t += 20) {
        motion_draw(sprite, MOTION_SHAKE, 200, motion_phase(500, 990, t < 990 ? t / 40 * 40 : 990), expected);
        CHECK(memcmp(rig.frame, expected, PICTURE_BYTES) == 0);
        rig_pass_ms(&rig, 20);
    }
}

static void an_impossible_puppet_is_refused(void)
{
    setup();
    rig_command(&rig, 0, true, 7, OP_PUPPET, 0x100, MOTIONS, 1, 1, 1, 100);
    rig_expect_ack(&rig, 0, ACK_UNSUPPORTED);
    rig_command(&rig, 0, true, 7, OP_PUPPET, 0x120, 1, 1, 1, 1, 100);
    rig_expect_ack(&rig, 0, ACK_UNKNOWN_ASSET);
    rig_command(&rig, 0, true, 7, OP_PUPPET, 0, 1, 1, 1, 1, 100);
    rig_expect_ack(&rig, 0, ACK_UNKNOWN_ASSET);
    CHECK(!rig.lit);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_solid_light_is_squared_for_the_eye),
        TEST(blink_is_on_for_half_the_period),
        TEST(breathe_rises_and_falls_smoothly),
        TEST(pulse_starts_full_and_fades),
        TEST(heartbeat_beats_twice_and_pauses),
        TEST(rainbow_passes_red_green_and_blue),
        TEST(sparkle_changes_and_is_the_same_every_time),
        TEST(a_period_of_0_is_a_second),
        TEST(no_pattern_exceeds_cap_and_brightness),
        TEST(an_unknown_pattern_is_unsupported),
        TEST(a_ramp_is_smooth_and_arrives_on_time),
        TEST(a_servo_at_rest_is_detached_and_keeps_its_angle),
        TEST(the_top_speed_makes_a_short_ramp_longer),
        TEST(a_new_angle_starts_from_where_the_servo_is),
        TEST(the_lease_end_detaches_in_the_middle),
        TEST(soft_limits_refuse_what_lies_outside),
        TEST(settings_that_make_no_sense_are_the_defaults),
        TEST(an_animation_plays_at_its_rate_and_holds_its_last_frame),
        TEST(a_duration_loops_the_animation),
        TEST(a_late_poll_catches_up_with_the_frames),
        TEST(the_display_is_told_of_changes_only),
        TEST(what_is_no_animation_cannot_be_played),
        TEST(a_puppet_moves_every_40_ms_and_ends_on_its_last_phase),
        TEST(an_impossible_puppet_is_refused),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
