/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings by command: what can be read, what can be set, and that it holds at once and through a restart.
 */
#include "settings.h"

#include "rig.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
}

static void set(uint32_t key, uint32_t value, uint8_t code)
{
    rig_command(&rig, 0, false, 3, OP_SET, key, value);
    rig_expect_ack(&rig, 0, code);
}

static uint32_t get(uint32_t key)
{
    uint32_t items[8];

    rig_command(&rig, 0, false, 2, OP_GET, key);
    CHECK_EQUAL(rig_event(&rig, 0, items), 3);
    CHECK_EQUAL(items[0], OP_VALUE);
    CHECK_EQUAL(items[1], key);
    CHECK(!rig_has_event(&rig, 0));
    return items[2];
}

static void a_new_device_has_the_defaults(void)
{
    setup();
    CHECK_EQUAL(get(SETTING_STORE_FREE), 4321);
    CHECK_EQUAL(get(SETTING_KEY_SLOTS), 1);
    CHECK_EQUAL(get(SETTING_LIGHT_CAP), 255);
    CHECK_EQUAL(get(SETTING_SERVO_SPEED), 6000);
    for (uint32_t channel = 0; channel < CUELIGHT_SERVOS; channel++)
        CHECK_EQUAL(get(SETTING_SERVO_LIMITS + channel), 1800);
}

static void what_is_set_is_read_and_survives_a_restart(void)
{
    setup();
    set(SETTING_LIGHT_CAP, 1, ACK_OK);
    set(SETTING_LIGHT_CAP, 40, ACK_OK);
    set(SETTING_SERVO_SPEED, 65535, ACK_OK);
    set(SETTING_SERVO_LIMITS + 3, 1800u << 16 | 1800, ACK_OK);
    set(SETTING_SERVO_LIMITS, 300u << 16 | 1500, ACK_OK);
    rig_restart(&rig, CUELIGHT_OK);
    rig_open(&rig, 0);
    CHECK_EQUAL(get(SETTING_LIGHT_CAP), 40);
    CHECK_EQUAL(get(SETTING_SERVO_SPEED), 65535);
    CHECK_EQUAL(get(SETTING_SERVO_LIMITS), 300u << 16 | 1500);
    CHECK_EQUAL(get(SETTING_SERVO_LIMITS + 1), 1800);
    CHECK_EQUAL(get(SETTING_SERVO_LIMITS + 3), 1800u << 16 | 1800);
}

static void a_light_that_is_on_obeys_a_new_cap_at_once(void)
{
    setup();
    rig_light(&rig, 0, 255, 0, 0, 255, 0, 60);
    CHECK_EQUAL(rig.rgb[0], 255);
    set(SETTING_LIGHT_CAP, 128, ACK_OK);
    CHECK(rig.rgb[0] > 0 && rig.rgb[0] < 128);
}

static void a_servo_obeys_new_limits_at_once(void)
{
    setup();
    set(SETTING_SERVO_LIMITS + 1, 600u << 16 | 1200, ACK_OK);
    rig_command(&rig, 0, true, 5, OP_SERVO, 1, 599, 0, 60);
    rig_expect_ack(&rig, 0, ACK_OUT_OF_RANGE);
    rig_command(&rig, 0, true, 5, OP_SERVO, 1, 1201, 0, 60);
    rig_expect_ack(&rig, 0, ACK_OUT_OF_RANGE);
    rig_servo(&rig, 1, 1200, 0, 60);
    rig_servo(&rig, 0, 0, 0, 60);
}

static void what_cannot_be_is_refused_and_changes_nothing(void)
{
    setup();
    unsigned writes = rig.writes;

    set(SETTING_STORE_FREE, 1, ACK_DENIED);
    set(SETTING_KEY_SLOTS, 1, ACK_DENIED);
    set(SETTING_LIGHT_CAP, 0, ACK_OUT_OF_RANGE);
    set(SETTING_LIGHT_CAP, 256, ACK_OUT_OF_RANGE);
    set(SETTING_LIGHT_CAP, 0xFFFFFFFFu, ACK_OUT_OF_RANGE);
    set(SETTING_SERVO_SPEED, 0, ACK_OUT_OF_RANGE);
    set(SETTING_SERVO_SPEED, 65536, ACK_OUT_OF_RANGE);
    set(SETTING_SERVO_LIMITS, 900u << 16 | 899, ACK_OUT_OF_RANGE);
    set(SETTING_SERVO_LIMITS + 3, 1801, ACK_OUT_OF_RANGE);
    set(SETTING_SERVO_LIMITS, 0xFFFFFFFFu, ACK_OUT_OF_RANGE);
    set(SETTING_END, 1, ACK_UNSUPPORTED);
    set(255, 1, ACK_UNSUPPORTED);
    CHECK_EQUAL(rig.writes, writes);
    CHECK_EQUAL(get(SETTING_LIGHT_CAP), 255);
    CHECK_EQUAL(get(SETTING_SERVO_SPEED), 6000);
    CHECK_EQUAL(get(SETTING_SERVO_LIMITS), 1800);
}

static void an_unknown_setting_is_no_value_but_an_ack(void)
{
    setup();
    rig_command(&rig, 0, false, 2, OP_GET, SETTING_END);
    rig_expect_ack(&rig, 0, ACK_UNSUPPORTED);
    rig_command(&rig, 0, false, 2, OP_GET, 255);
    rig_expect_ack(&rig, 0, ACK_UNSUPPORTED);
}

static void a_store_that_fails_keeps_the_old_setting(void)
{
    setup();
    rig.fail_save_after = 0;
    set(SETTING_LIGHT_CAP, 40, ACK_STORE_FULL);
    CHECK_EQUAL(get(SETTING_LIGHT_CAP), 255);
}

static void setting_needs_no_authority_and_gives_none(void)
{
    setup();
    set(SETTING_LIGHT_CAP, 40, ACK_OK);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
    CHECK(rig.safe);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_new_device_has_the_defaults),
        TEST(what_is_set_is_read_and_survives_a_restart),
        TEST(a_light_that_is_on_obeys_a_new_cap_at_once),
        TEST(a_servo_obeys_new_limits_at_once),
        TEST(what_cannot_be_is_refused_and_changes_nothing),
        TEST(an_unknown_setting_is_no_value_but_an_ack),
        TEST(a_store_that_fails_keeps_the_old_setting),
        TEST(setting_needs_no_authority_and_gives_none),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
