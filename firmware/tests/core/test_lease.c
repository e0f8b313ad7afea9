/* SPDX-License-Identifier: Apache-2.0
 *
 * The lease's end as the board is told it, for its timer, and what follows when that timer acted first.
 */
#include "rig.h"

static struct rig rig;

static uint64_t told(void)
{
    return rig.lease_us;
}

static void open_session(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
}

static void there_is_none_until_one_is_granted(void)
{
    rig_init(&rig);
    CHECK_EQUAL(told(), CUELIGHT_NEVER);
    rig_open(&rig, 0);
    CHECK_EQUAL(told(), CUELIGHT_NEVER);
    rig_servo(&rig, 1, 900, 0, 8);
    CHECK_EQUAL(told(), rig.device.safety.lease_end_us);
    CHECK(told() > rig.now_us && told() <= rig.now_us + 2 * SECONDS);
}

static void a_renewal_moves_its_end(void)
{
    open_session();
    rig_servo(&rig, 1, 900, 0, 8);
    uint64_t before = told();
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(told(), before);
    rig_renew(&rig, 8);
    CHECK_EQUAL(told(), before + SECONDS);
}

static void it_is_gone_when_it_ends_is_given_up_or_stopped(void)
{
    open_session();
    rig_servo(&rig, 1, 900, 0, 8);
    rig_pass_ms(&rig, 2000);
    CHECK_EQUAL(told(), CUELIGHT_NEVER);
    rig_servo(&rig, 1, 800, 0, 8);
    rig_renew(&rig, 0);
    CHECK_EQUAL(told(), CUELIGHT_NEVER);
    rig_servo(&rig, 1, 700, 0, 8);
    rig_command(&rig, 0, false, 1, OP_STOP);
    CHECK_EQUAL(told(), CUELIGHT_NEVER);
    rig_expect_ack(&rig, 0, ACK_OK);
    rig_servo(&rig, 1, 600, 0, 8);
    cuelight_link_down(&rig.device, 0, rig.now_us);
    CHECK_EQUAL(told(), CUELIGHT_NEVER);
}

static void what_the_timer_cut_is_over_and_the_session_goes_on(void)
{
    open_session();
    rig_servo(&rig, 1, 900, 500, 8);
    rig_play(&rig, 0, 0, 8);
    cuelight_cut(&rig.device, rig.now_us);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
    CHECK_EQUAL(rig.fault, CUELIGHT_OK);
    CHECK(rig.safe && rig_at_rest(&rig));
    CHECK_EQUAL(told(), CUELIGHT_NEVER);
    rig_servo(&rig, 1, 100, 0, 8);
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
    CHECK(rig.servo[1].enabled);
}

static void a_cut_without_a_lease_changes_nothing(void)
{
    open_session();
    cuelight_cut(&rig.device, rig.now_us);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
    rig_init(&rig);
    cuelight_cut(&rig.device, rig.now_us);
    CHECK_EQUAL(rig.state, CUELIGHT_SAFE);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(there_is_none_until_one_is_granted),
        TEST(a_renewal_moves_its_end),
        TEST(it_is_gone_when_it_ends_is_given_up_or_stopped),
        TEST(what_the_timer_cut_is_over_and_the_session_goes_on),
        TEST(a_cut_without_a_lease_changes_nothing),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
