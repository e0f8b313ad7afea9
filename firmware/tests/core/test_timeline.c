/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
}

/* The batch of cues being written. */
static uint8_t payload[256];
static struct cbor_writer writer;

static void begin_cues(uint32_t timeline, uint32_t first, uint32_t count)
{
    writer = (struct cbor_writer){payload, payload + sizeof payload};
    cbor_write_array(&writer, 3 + count);
    cbor_write_uint(&writer, OP_CUES);
    cbor_write_uint(&writer, timeline);
    cbor_write_uint(&writer, first);
}

static void servo_cue(uint32_t dt, uint32_t channel, uint32_t angle, uint32_t ramp)
{
    const uint32_t items[] = {dt, OP_SERVO, channel, angle, ramp};

    cbor_write_array(&writer, 5);
    for (unsigned i = 0; i < 5; i++)
        cbor_write_uint(&writer, items[i]);
}

static void play_cue(uint32_t dt, uint32_t asset, uint32_t duration)
{
    const uint32_t items[] = {dt, OP_PLAY, asset, duration};

    cbor_write_array(&writer, 4);
    for (unsigned i = 0; i < 4; i++)
        cbor_write_uint(&writer, items[i]);
}

static void puppet_cue(uint32_t dt, uint32_t sprite, uint32_t motion, uint32_t duration)
{
    const uint32_t items[] = {dt, OP_PUPPET, sprite, motion, 200, 500, duration};

    cbor_write_array(&writer, 7);
    for (unsigned i = 0; i < 7; i++)
        cbor_write_uint(&writer, items[i]);
}

static void light_cue(uint32_t dt, uint32_t pattern, uint8_t red)
{
    cbor_write_array(&writer, 6);
    cbor_write_uint(&writer, dt);
    cbor_write_uint(&writer, OP_LIGHT);
    cbor_write_uint(&writer, pattern);
    cbor_write_bytes_head(&writer, 3);
    *writer.at++ = red;
    *writer.at++ = 0;
    *writer.at++ = 0;
    cbor_write_uint(&writer, 255);
    cbor_write_uint(&writer, 0);
}

static void send_cues(uint8_t code)
{
    rig_send(&rig, 0, payload, (size_t)(writer.at - payload), false);
    rig_expect_ack(&rig, 0, code);
}

static void run(uint32_t timeline, uint32_t start_ms, uint32_t lease, uint8_t code)
{
    rig_command(&rig, 0, true, 4, OP_RUN, timeline, start_ms, lease);
    rig_expect_ack(&rig, 0, code);
}

static void expect_done(uint8_t timeline, uint8_t code)
{
    uint32_t items[8];

    CHECK_EQUAL(rig_event(&rig, 0, items), 3);
    CHECK_EQUAL(items[0], OP_DONE);
    CHECK_EQUAL(items[1], timeline);
    CHECK_EQUAL(items[2], code);
}

static void expect_note(unsigned i, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms)
{
    CHECK(i < rig.note_count);
    CHECK_EQUAL(rig.notes[i].timeline, timeline);
    CHECK_EQUAL(rig.notes[i].what, what);
    CHECK_EQUAL(rig.notes[i].index, index);
    CHECK_EQUAL(rig.notes[i].planned_ms, planned_ms);
    CHECK_EQUAL(rig.notes[i].now_ms, now_ms);
}

/* Red at 100 ms, darker at 350 ms, dark at 1350 ms. */
static void send_lights(uint32_t timeline)
{
    begin_cues(timeline, 0, 3);
    light_cue(100, 0, 255);
    light_cue(250, 0, 128);
    light_cue(1000, 0, 0);
    send_cues(ACK_OK);
}

static void cues_act_to_the_millisecond_on_the_session_clock(void)
{
    setup();
    rig_pass_ms(&rig, 40);
    send_lights(1);
    run(1, 2000, 60, ACK_OK);
    rig_pass_ms(&rig, 1960 + 99);
    CHECK_EQUAL(rig.rgb[0], 0);
    rig_pass_ms(&rig, 1);
    CHECK_EQUAL(rig.rgb[0], 255);
    rig_pass_ms(&rig, 249);
    CHECK_EQUAL(rig.rgb[0], 255);
    rig_pass_ms(&rig, 1);
    CHECK_EQUAL(rig.rgb[0], 65);
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(rig.rgb[0], 0);
    expect_done(1, DONE_COMPLETED);
    expect_note(0, 1, CUELIGHT_TIMELINE_START, 0, 2000, 2000);
    expect_note(1, 1, CUELIGHT_TIMELINE_CUE, 0, 2100, 2100);
    expect_note(2, 1, CUELIGHT_TIMELINE_CUE, 1, 2350, 2350);
    expect_note(3, 1, CUELIGHT_TIMELINE_CUE, 2, 3350, 3350);
    expect_note(4, 1, CUELIGHT_TIMELINE_END, 3, 3350, 3350);
    CHECK_EQUAL(rig.note_count, 5);
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
    CHECK(rig_at_rest(&rig));
}

static void start_0_and_a_start_in_the_past_are_now(void)
{
    for (uint32_t start = 0; start < 2; start++) {
        setup();
        send_lights(0);
        rig_pass_ms(&rig, 1000);
        run(0, start, 60, ACK_OK);
        rig_pass_ms(&rig, 100);
        CHECK_EQUAL(rig.rgb[0], 255);
        expect_note(0, 0, CUELIGHT_TIMELINE_START, 0, 1000, 1000);
    }
}

static void a_late_poll_acts_on_every_cue_in_order(void)
{
    setup();
    send_lights(0);
    run(0, 0, 60, ACK_OK);
    rig.now_us += 400 * MS;
    rig_pass_ms(&rig, 0);
    CHECK_EQUAL(rig.rgb[0], 65);
    expect_note(1, 0, CUELIGHT_TIMELINE_CUE, 0, 100, 400);
    expect_note(2, 0, CUELIGHT_TIMELINE_CUE, 1, 350, 400);
}

static void a_run_lasts_until_what_it_started_is_over(void)
{
    setup();
    begin_cues(0, 0, 2);
    servo_cue(0, 2, 0, 900);
    play_cue(200, 8, 1500);
    send_cues(ACK_OK);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 1699);
    CHECK(rig.lit);
    CHECK(!rig_has_event(&rig, 0));
    rig_pass_ms(&rig, 1);
    expect_done(0, DONE_COMPLETED);
    CHECK(rig_at_rest(&rig));
    CHECK_EQUAL(rig.servo[2].angle, 0);
}

static void cues_may_be_everything_an_output_can_do(void)
{
    setup();
    begin_cues(0, 0, 4);
    play_cue(0, 0, 0);
    light_cue(0, 5, 1);
    servo_cue(0, 0, 1000, 100);
    puppet_cue(500, 0x109, 7, 1000);
    send_cues(ACK_OK);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 60);
    CHECK(rig.lit && rig.servo[0].enabled && rig.rgb[0] > 0);
    rig_pass_ms(&rig, 1440);
    expect_done(0, DONE_COMPLETED);
}

static void sixty_four_cues_go_up_in_batches_and_no_more(void)
{
    setup();
    for (uint32_t first = 0; first < 64; first += 16) {
        begin_cues(0, first, 16);
        for (unsigned i = 0; i < 16; i++)
            servo_cue(1, 0, 900 + first + i, 0);
        send_cues(ACK_OK);
    }
    begin_cues(0, 64, 1);
    servo_cue(1, 0, 900, 0);
    send_cues(ACK_OUT_OF_RANGE);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 5000);
    CHECK_EQUAL(rig.note_count, 66);
    CHECK_EQUAL(rig.servo[0].angle, 963);
}

static void batches_must_follow_each_other(void)
{
    setup();
    begin_cues(0, 1, 1);
    servo_cue(0, 0, 900, 0);
    send_cues(ACK_OUT_OF_ORDER);
    send_lights(0);
    for (uint32_t first = 1; first < 6; first++) {
        begin_cues(0, first, 1);
        servo_cue(0, 0, 900, 0);
        send_cues(first >= 3 ? ACK_OK : ACK_OUT_OF_ORDER);
    }
}

static void a_bad_cue_spoils_its_batch_only(void)
{
    setup();
    send_lights(0);
    begin_cues(0, 0, 2);
    light_cue(0, 0, 9);
    light_cue(0, 99, 9);
    send_cues(ACK_UNSUPPORTED);
    begin_cues(0, 0, 1);
    play_cue(0, 0x222, 0);
    send_cues(ACK_UNKNOWN_ASSET);
    begin_cues(0, 0, 1);
    puppet_cue(0, 0x100, 99, 0);
    send_cues(ACK_UNSUPPORTED);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 100);
    CHECK_EQUAL(rig.rgb[0], 255);
}

static void timelines_the_device_has_not_are_unsupported(void)
{
    setup();
    begin_cues(2, 0, 1);
    servo_cue(0, 0, 900, 0);
    send_cues(ACK_UNSUPPORTED);
    run(2, 0, 60, ACK_UNSUPPORTED);
    run(255, 0, 60, ACK_UNSUPPORTED);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
}

static void an_empty_timeline_or_a_start_after_a_day_cannot_run(void)
{
    setup();
    run(0, 0, 60, ACK_OUT_OF_ORDER);
    send_lights(0);
    run(0, 86400001, 60, ACK_OUT_OF_RANGE);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
}

static void stop_ends_a_run(void)
{
    setup();
    send_lights(0);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 200);
    rig_command(&rig, 0, false, 1, OP_STOP);
    expect_done(0, DONE_STOPPED);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(rig_at_rest(&rig));
    rig_pass_ms(&rig, 2000);
    CHECK(rig_at_rest(&rig));
    expect_note(2, 0, CUELIGHT_TIMELINE_END, 1, 200, 200);
}

static void the_lease_end_ends_a_run(void)
{
    setup();
    send_lights(0);
    run(0, 0, 1, ACK_OK);
    rig_pass_ms(&rig, 250);
    expect_done(0, DONE_LEASE_ENDED);
    CHECK(rig_at_rest(&rig) && rig.safe);
    rig_pass_ms(&rig, 2000);
    CHECK(rig_at_rest(&rig));
}

static void a_run_waiting_for_its_start_ends_with_the_lease_too(void)
{
    setup();
    send_lights(0);
    run(0, 5000, 8, ACK_OK);
    rig_pass_ms(&rig, 2000);
    expect_done(0, DONE_LEASE_ENDED);
    rig_pass_ms(&rig, 5000);
    CHECK(rig_at_rest(&rig));
    CHECK_EQUAL(rig.note_count, 0);
}

static void renewing_carries_a_run_through(void)
{
    setup();
    send_lights(0);
    run(0, 0, 2, ACK_OK);
    for (unsigned i = 0; i < 6; i++) {
        rig_pass_ms(&rig, 250);
        if (i == 5)
            expect_done(0, DONE_COMPLETED);
        rig_renew(&rig, 4);
    }
}

static void another_run_replaces_the_first(void)
{
    setup();
    send_lights(0);
    send_lights(1);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 150);
    rig_command(&rig, 0, true, 4, OP_RUN, 1, 0, 60);
    expect_done(0, DONE_REPLACED);
    rig_expect_ack(&rig, 0, ACK_OK);
    rig_pass_ms(&rig, 2000);
    expect_done(1, DONE_COMPLETED);
}

static void a_refused_run_leaves_the_first_alone(void)
{
    setup();
    send_lights(0);
    run(0, 0, 60, ACK_OK);
    run(1, 0, 60, ACK_OUT_OF_ORDER);
    rig_pass_ms(&rig, 1350);
    expect_done(0, DONE_COMPLETED);
}

static void replacing_a_running_timeline_ends_its_run(void)
{
    setup();
    send_lights(0);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 150);
    begin_cues(0, 0, 1);
    light_cue(0, 0, 1);
    rig_send(&rig, 0, payload, (size_t)(writer.at - payload), false);
    expect_done(0, DONE_REPLACED);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(rig_at_rest(&rig));
}

static void cues_added_to_a_running_timeline_are_acted_on(void)
{
    setup();
    send_lights(0);
    begin_cues(0, 3, 1);
    servo_cue(10, 0, 1000, 1000);
    send_cues(ACK_OK);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 1500);                    /* the last cue has acted; its ramp goes on */
    begin_cues(0, 4, 1);
    light_cue(500, 0, 255);
    send_cues(ACK_OK);
    rig_pass_ms(&rig, 359);
    CHECK_EQUAL(rig.rgb[0], 0);
    rig_pass_ms(&rig, 1);
    CHECK_EQUAL(rig.rgb[0], 255);
}

static void a_lost_link_ends_a_run_safely(void)
{
    setup();
    send_lights(0);
    run(0, 0, 200, ACK_OK);
    rig_pass_ms(&rig, 150);
    cuelight_link_down(&rig.device, 0, rig.now_us);
    CHECK(rig_at_rest(&rig) && rig.safe);
    CHECK_EQUAL(rig.fault, CUELIGHT_LINK_LOSS);
    rig_pass_ms(&rig, 5000);
    CHECK(rig_at_rest(&rig));
}

static void timelines_stay_for_the_next_session(void)
{
    setup();
    send_lights(0);
    rig_open(&rig, 0);
    run(0, 0, 60, ACK_OK);
    rig_pass_ms(&rig, 100);
    CHECK_EQUAL(rig.rgb[0], 255);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(cues_act_to_the_millisecond_on_the_session_clock),
        TEST(start_0_and_a_start_in_the_past_are_now),
        TEST(a_late_poll_acts_on_every_cue_in_order),
        TEST(a_run_lasts_until_what_it_started_is_over),
        TEST(cues_may_be_everything_an_output_can_do),
        TEST(sixty_four_cues_go_up_in_batches_and_no_more),
        TEST(batches_must_follow_each_other),
        TEST(a_bad_cue_spoils_its_batch_only),
        TEST(timelines_the_device_has_not_are_unsupported),
        TEST(an_empty_timeline_or_a_start_after_a_day_cannot_run),
        TEST(stop_ends_a_run),
        TEST(the_lease_end_ends_a_run),
        TEST(a_run_waiting_for_its_start_ends_with_the_lease_too),
        TEST(renewing_carries_a_run_through),
        TEST(another_run_replaces_the_first),
        TEST(a_refused_run_leaves_the_first_alone),
        TEST(replacing_a_running_timeline_ends_its_run),
        TEST(cues_added_to_a_running_timeline_are_acted_on),
        TEST(a_lost_link_ends_a_run_safely),
        TEST(timelines_stay_for_the_next_session),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
