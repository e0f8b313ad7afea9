/* SPDX-License-Identifier: Apache-2.0 */
#include "button.h"

#include "rig.h"

static struct rig rig;

/* Kinds of the button events so far, in order: p press, r release, s single, d double, l long. */
static const char *kinds(void)
{
    static char text[32];
    unsigned count = 0;
    uint32_t items[8];

    while (rig_has_event(&rig, 0)) {
        CHECK_EQUAL(rig_event(&rig, 0, items), 4);
        CHECK_EQUAL(items[0], OP_BUTTON);
        CHECK_EQUAL(items[1], 2);
        text[count++] = "prsdl"[items[2]];
    }
    text[count] = '\0';
    return text;
}

static void contact(bool down, uint32_t then_ms)
{
    cuelight_button(&rig.device, 2, down, rig.now_us);
    rig_pass_ms(&rig, then_ms);
}

static void setup(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
}

static void a_short_press_is_single_once_no_second_follows(void)
{
    setup();
    contact(true, 100);
    CHECK(strcmp(kinds(), "p") == 0);
    contact(false, 299);
    CHECK(strcmp(kinds(), "r") == 0);
    rig_pass_ms(&rig, 1);
    CHECK(strcmp(kinds(), "s") == 0);
    rig_pass_ms(&rig, 5000);
    CHECK(strcmp(kinds(), "") == 0);
}

static void two_presses_are_double_and_no_single(void)
{
    setup();
    contact(true, 80);
    contact(false, 200);
    contact(true, 80);
    CHECK(strcmp(kinds(), "prpd") == 0);
    contact(false, 2000);
    CHECK(strcmp(kinds(), "r") == 0);
}

static void a_second_press_too_late_is_another_single(void)
{
    setup();
    contact(true, 80);
    contact(false, 301);
    contact(true, 80);
    contact(false, 400);
    CHECK(strcmp(kinds(), "prsprs") == 0);
}

static void a_second_press_in_time_counts_though_it_still_bounces(void)
{
    setup();
    contact(true, 80);
    contact(false, 295);
    contact(true, 80);
    CHECK(strcmp(kinds(), "prpd") == 0);
}

static void holding_is_long_while_still_held_and_no_single(void)
{
    setup();
    contact(true, 799);
    CHECK(strcmp(kinds(), "p") == 0);
    rig_pass_ms(&rig, 1);
    CHECK(strcmp(kinds(), "l") == 0);
    rig_pass_ms(&rig, 10000);
    contact(false, 1000);
    CHECK(strcmp(kinds(), "r") == 0);
}

static void bouncing_counts_once(void)
{
    setup();
    for (unsigned i = 0; i < 10; i++)
        contact(i % 2 == 0, 3);
    contact(true, 50);
    for (unsigned i = 0; i < 10; i++)
        contact(i % 2 == 1, 3);
    contact(false, 400);
    CHECK(strcmp(kinds(), "prs") == 0);
}

static void an_edge_reported_again_is_the_same_edge(void)
{
    setup();
    contact(true, 10);
    contact(true, 5);
    CHECK(strcmp(kinds(), "p") == 0);
}

static void a_glitch_is_no_press(void)
{
    setup();
    contact(true, 10);
    contact(false, 1000);
    CHECK(strcmp(kinds(), "") == 0);
}

static void the_time_is_that_of_the_edge_on_the_session_clock(void)
{
    uint32_t items[8];

    setup();
    rig_pass_ms(&rig, 1000);
    contact(true, 500);
    rig_event(&rig, 0, items);
    CHECK_EQUAL(items[3], 1000);
}

static void a_press_before_the_session_began_has_time_0(void)
{
    uint32_t items[8];

    rig_init(&rig);
    cuelight_button(&rig.device, 2, true, rig.now_us);
    rig.now_us += 5000;
    rig_open(&rig, 0);
    rig_pass_ms(&rig, 100);
    rig_event(&rig, 0, items);
    CHECK_EQUAL(items[2], BUTTON_PRESS);
    CHECK_EQUAL(items[3], 0);
}

static void every_session_hears_of_a_press_and_nobody_else(void)
{
    setup();
    rig_open(&rig, 1);
    contact(true, 100);
    CHECK(rig_has_event(&rig, 0) && rig_has_event(&rig, 1));
    rig_subscribe(&rig, 1);
    contact(false, 1000);
    CHECK(!rig_has_event(&rig, 1));
}

/* ---- without a session ---- */

static void a_press_is_kept_for_the_next_session(void)
{
    rig_init(&rig);
    contact(true, 100);
    CHECK_EQUAL(cuelight_flags(&rig.device), CUELIGHT_FLAG_PRESS);
    contact(false, 1000);
    rig_open(&rig, 0);
    uint32_t items[8];

    rig_event(&rig, 0, items);
    CHECK_EQUAL(items[2], BUTTON_PRESS);
    CHECK_EQUAL(items[3], 0);
    rig_event(&rig, 0, items);
    CHECK_EQUAL(items[2], BUTTON_SINGLE);
    CHECK_EQUAL(items[3], 0);
    CHECK(!rig_has_event(&rig, 0));
    CHECK_EQUAL(cuelight_flags(&rig.device), 0);
    rig_open(&rig, 1);
    CHECK(!rig_has_event(&rig, 1));
}

static void a_long_press_is_kept_without_its_release(void)
{
    rig_init(&rig);
    contact(true, 900);
    contact(false, 400);
    rig_open(&rig, 0);
    CHECK(strcmp(kinds(), "pl") == 0);
}

static void the_newest_four_are_kept(void)
{
    rig_init(&rig);
    contact(true, 900);
    contact(false, 400);
    contact(true, 100);
    contact(false, 100);
    contact(true, 100);
    contact(false, 1000);
    rig_open(&rig, 0);
    CHECK(strcmp(kinds(), "lppd") == 0);
}

static void what_is_older_than_ten_seconds_is_told_to_nobody(void)
{
    rig_init(&rig);
    contact(true, 100);
    contact(false, 9000);
    CHECK_EQUAL(cuelight_flags(&rig.device), CUELIGHT_FLAG_PRESS);
    rig_pass_ms(&rig, 900);
    rig_open(&rig, 0);
    CHECK(strcmp(kinds(), "s") == 0);
    cuelight_link_down(&rig.device, 0, rig.now_us);
    contact(true, 100);
    contact(false, 9900);
    rig_pass_ms(&rig, 400);
    CHECK_EQUAL(cuelight_flags(&rig.device), 0);
    rig_open(&rig, 0);
    CHECK(strcmp(kinds(), "") == 0);
}

static void a_refused_host_hears_of_no_press(void)
{
    static const uint8_t wrong[32] = {9};

    rig_init(&rig);
    contact(true, 100);
    rig_subscribe(&rig, 0);
    rig_auth(&rig, 0, 0, 0, wrong);
    CHECK_EQUAL(rig_expect_error(&rig, 0, CUELIGHT_BAD_MAC), 0);
    CHECK(!rig_has_event(&rig, 0));
    CHECK_EQUAL(cuelight_flags(&rig.device), CUELIGHT_FLAG_PRESS);
}

static void holds_are_no_events_and_the_press_of_one_is_not_kept(void)
{
    setup();
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 5100);
    while (rig_has_event(&rig, 0) && rig_frame(&rig, 0)->data[0] == 0x5c)
        ;
    cuelight_button(&rig.device, 0, false, rig.now_us);
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(cuelight_flags(&rig.device), CUELIGHT_FLAG_PAIRING);
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 100);
    cuelight_button(&rig.device, 0, false, rig.now_us);
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(cuelight_flags(&rig.device), CUELIGHT_FLAG_PAIRING);
}

static void holding_another_contact_is_only_long(void)
{
    setup();
    contact(true, 20000);
    CHECK(strcmp(kinds(), "pl") == 0);
    contact(false, 1000);
    CHECK(strcmp(kinds(), "r") == 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_short_press_is_single_once_no_second_follows),
        TEST(two_presses_are_double_and_no_single),
        TEST(a_second_press_too_late_is_another_single),
        TEST(a_second_press_in_time_counts_though_it_still_bounces),
        TEST(holding_is_long_while_still_held_and_no_single),
        TEST(bouncing_counts_once),
        TEST(an_edge_reported_again_is_the_same_edge),
        TEST(a_glitch_is_no_press),
        TEST(the_time_is_that_of_the_edge_on_the_session_clock),
        TEST(a_press_before_the_session_began_has_time_0),
        TEST(every_session_hears_of_a_press_and_nobody_else),
        TEST(a_press_is_kept_for_the_next_session),
        TEST(a_long_press_is_kept_without_its_release),
        TEST(the_newest_four_are_kept),
        TEST(what_is_older_than_ten_seconds_is_told_to_nobody),
        TEST(a_refused_host_hears_of_no_press),
        TEST(holds_are_no_events_and_the_press_of_one_is_not_kept),
        TEST(holding_another_contact_is_only_long),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
