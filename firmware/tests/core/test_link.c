/* SPDX-License-Identifier: Apache-2.0
 *
 * Handshake, time-outs, errors and leases of the whole device, as a host and a board see them.
 */
#include "rig.h"

static struct rig rig;

enum { STATUS_STATE = 1, STATUS_CLOCK, STATUS_LEASE, STATUS_MILLIVOLTS, STATUS_FAULT, STATUS_COUNTER };

static void query(uint8_t link, uint32_t status[8])
{
    rig_command(&rig, link, false, 1, OP_QUERY);
    CHECK_EQUAL(rig_event(&rig, link, status), 7);
    CHECK_EQUAL(status[0], OP_STATUS);
}

static bool keys_are_erased(uint8_t link)
{
    static const struct session zero;

    return memcmp(&rig.device.link[link].session, &zero, sizeof zero) == 0;
}

/* SAFE in every sense: outputs, safe line, session, and the reason. */
static void expect_safe(uint8_t link, uint8_t fault)
{
    CHECK(rig_at_rest(&rig));
    CHECK(rig.safe);
    CHECK(keys_are_erased(link));
    CHECK_EQUAL(rig.state, CUELIGHT_SAFE);
    CHECK_EQUAL(rig.fault, fault);
    CHECK_EQUAL(rig.safe_fault, fault);
}

/* A session with every output on under a long lease. */
static void make_active(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
    rig_play(&rig, 0, 60000, 200);
    rig_light(&rig, 0, 255, 128, 1, 255, 0, 200);
    rig_servo(&rig, 0, 1800, 60000, 200);
    rig_pass_ms(&rig, 300);
    CHECK(rig.lit && rig.rgb[0] == 255 && rig.servo[0].enabled);
    CHECK(!rig.safe);
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
}

/* ---- start and handshake ---- */

static void a_started_device_is_safe_and_at_rest(void)
{
    rig_init(&rig);
    CHECK(rig.safe && rig_at_rest(&rig));
    CHECK_EQUAL(rig.state, CUELIGHT_SAFE);
    CHECK_EQUAL(rig.fault, CUELIGHT_OK);
    CHECK_EQUAL(rig.due_us, CUELIGHT_NEVER);
}

static void hello_names_slots_instance_and_a_nonce(void)
{
    rig_init(&rig);
    rig_subscribe(&rig, 0);
    CHECK_EQUAL(rig.host[0].hello[1], 1);
    CHECK(memcmp(rig.host[0].hello + 2, cuelight_inst_id(&rig.device), 4) == 0);
    CHECK_EQUAL(rig.state, CUELIGHT_LINK);
}

static void a_good_auth_is_answered_by_a_status_with_counter_0(void)
{
    uint32_t status[8];

    rig_init(&rig);
    rig_subscribe(&rig, 0);
    rig_pass_ms(&rig, 700);
    rig_auth(&rig, 0, 0, 0, rig_label_key);
    CHECK_EQUAL(rig_event(&rig, 0, status), 7);
    CHECK_EQUAL(status[STATUS_STATE], CUELIGHT_SESSION);
    CHECK_EQUAL(status[STATUS_CLOCK], 700);
    CHECK_EQUAL(status[STATUS_LEASE], 0);
    CHECK_EQUAL(status[STATUS_MILLIVOLTS], 2987);
    CHECK_EQUAL(status[STATUS_COUNTER], 0);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
    CHECK(rig.safe);
}

static void every_handshake_has_a_fresh_nonce(void)
{
    uint8_t seen[8][8];

    for (unsigned trng = 0; trng < 2; trng++) {
        rig_init(&rig);
        rig.has_random = trng == 1;
        for (unsigned i = 0; i < 8; i++) {
            if (i == 4)
                rig_restart(&rig, CUELIGHT_OK);
            rig_subscribe(&rig, 0);
            memcpy(seen[i], rig.host[0].hello + 6, 8);
            for (unsigned j = 0; j < i; j++)
                CHECK(memcmp(seen[i], seen[j], 8) != 0);
        }
    }
}

static void without_trng_the_nonce_comes_from_boot_and_connection_count(void)
{
    static const uint8_t counts[8] = {0, 0, 0, 2, 0, 0, 0, 3};
    uint8_t key[32], expected[32];
    struct hmac_key ready;
    struct hmac hmac;

    rig_init(&rig);
    rig.has_random = false;
    rig_restart(&rig, CUELIGHT_OK);
    for (unsigned i = 0; i < 3; i++)
        rig_subscribe(&rig, 0);
    CHECK_EQUAL(rig.hal.load(&rig, CUELIGHT_RECORD_RANDOM, key, 32), 32);
    hmac_key_init(&ready, key, 32);
    hmac_init(&hmac, &ready);
    hmac_update(&hmac, counts, 8);
    hmac_final(&hmac, expected);
    CHECK(memcmp(rig.host[0].hello + 6, expected, 8) == 0);
}

static void without_trng_and_store_no_handshake_starts(void)
{
    rig_init(&rig);
    rig.has_random = false;
    rig.fail_save_after = 0;
    rig_restart(&rig, CUELIGHT_OK);
    CHECK_EQUAL(rig.fault, CUELIGHT_STORE);
    cuelight_link_up(&rig.device, 0, rig.now_us);
    cuelight_subscribed(&rig.device, 0, true, rig.now_us);
    CHECK_EQUAL(rig.host[0].sent_count, 0);
    expect_safe(0, CUELIGHT_STORE);
}

static void rewriting_the_cccd_forgets_the_session(void)
{
    uint8_t old[14];

    make_active();
    memcpy(old, rig.host[0].hello, 14);
    rig.host[0].read = rig.host[0].sent_count = 0;
    cuelight_subscribed(&rig.device, 0, true, rig.now_us);
    CHECK(rig_at_rest(&rig) && rig.safe);
    CHECK_EQUAL(rig.state, CUELIGHT_LINK);
    CHECK(memcmp(old, rig.host[0].hello, 14) != 0);
    rig.host[0].read = 1;
    rig_auth(&rig, 0, 0, 0, rig_label_key);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
}

static void turning_notifications_off_goes_safe(void)
{
    make_active();
    cuelight_subscribed(&rig.device, 0, false, rig.now_us);
    expect_safe(0, CUELIGHT_OK);
}

/* ---- bad AUTH ---- */

static void a_wrong_key_is_refused(void)
{
    static const uint8_t wrong[32] = {1};

    rig_init(&rig);
    rig_subscribe(&rig, 0);
    rig_auth(&rig, 0, 0, 0, wrong);
    rig_expect_error(&rig, 0, CUELIGHT_BAD_MAC);
    expect_safe(0, CUELIGHT_BAD_MAC);
}

static void one_guess_per_handshake(void)
{
    static const uint8_t wrong[32] = {1};

    rig_init(&rig);
    rig_subscribe(&rig, 0);
    rig_auth(&rig, 0, 0, 0, wrong);
    rig_expect_error(&rig, 0, CUELIGHT_BAD_MAC);
    rig_auth(&rig, 0, 0, 0, rig_label_key);
    CHECK(!rig_has_event(&rig, 0));
    expect_safe(0, CUELIGHT_BAD_MAC);
}

static void an_empty_or_impossible_slot_is_unknown(void)
{
    for (uint8_t kid = 1; kid < 8; kid++) {
        rig_init(&rig);
        rig_subscribe(&rig, 0);
        rig_auth(&rig, 0, kid, 0, rig_label_key);
        CHECK_EQUAL(rig_expect_error(&rig, 0, CUELIGHT_UNKNOWN_KEY), 0);
        expect_safe(0, CUELIGHT_UNKNOWN_KEY);
    }
}

static void a_wrong_generation_is_hinted(void)
{
    static const uint8_t record[33] = {41, 'k'};

    rig_init(&rig);
    rig.hal.save(&rig, CUELIGHT_RECORD_KEY + 2, record, sizeof record);
    rig_subscribe(&rig, 0);
    CHECK_EQUAL(rig.host[0].hello[1], 2);
    rig_auth(&rig, 0, 2, 40, record + 1);
    CHECK_EQUAL(rig_expect_error(&rig, 0, CUELIGHT_WRONG_GEN), 41);
    expect_safe(0, CUELIGHT_WRONG_GEN);
}

static void a_command_before_auth_is_the_wrong_type(void)
{
    rig_init(&rig);
    rig_subscribe(&rig, 0);
    rig_command(&rig, 0, false, 1, OP_QUERY);
    rig_expect_error(&rig, 0, CUELIGHT_WRONG_TYPE);
    expect_safe(0, CUELIGHT_WRONG_TYPE);
}

static void a_replayed_auth_is_refused(void)
{
    uint8_t auth[19];

    rig_init(&rig);
    rig_open(&rig, 0);
    memcpy(auth, rig.host[0].auth, sizeof auth);
    rig_subscribe(&rig, 0);
    cuelight_received(&rig.device, 0, auth, sizeof auth, rig.now_us);
    rig_expect_error(&rig, 0, CUELIGHT_BAD_MAC);
    expect_safe(0, CUELIGHT_BAD_MAC);
}

static void nothing_is_answered_without_a_handshake(void)
{
    uint8_t noise[20] = {0x50};

    rig_init(&rig);
    cuelight_link_up(&rig.device, 0, rig.now_us);
    cuelight_received(&rig.device, 0, noise, sizeof noise, rig.now_us);
    cuelight_received(&rig.device, 1, noise, sizeof noise, rig.now_us);
    cuelight_received(&rig.device, 9, noise, sizeof noise, rig.now_us);
    CHECK_EQUAL(rig.host[0].sent_count, 0);
    expect_safe(0, CUELIGHT_OK);
}

/* ---- bad frames in a session ---- */

static void a_bad_frame_makes_an_active_device_safe(void)
{
    static const struct { uint8_t b0; size_t len; uint8_t fault; } bad[] = {
        {0x50, 20, CUELIGHT_BAD_MAC},   {0x50, 5, CUELIGHT_MALFORMED},  {0x51, 20, CUELIGHT_MALFORMED},
        {0x90, 20, CUELIGHT_MALFORMED}, {0x48, 19, CUELIGHT_WRONG_TYPE}, {0x5c, 20, CUELIGHT_WRONG_TYPE},
        {0x40, 14, CUELIGHT_WRONG_TYPE}, {0x60, 3, CUELIGHT_WRONG_TYPE}, {0x50, 0, CUELIGHT_MALFORMED},
    };
    uint8_t frame[20] = {0};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_active();
        frame[0] = bad[i].b0;
        cuelight_received(&rig.device, 0, frame, bad[i].len, rig.now_us);
        rig_expect_error(&rig, 0, bad[i].fault);
        expect_safe(0, bad[i].fault);
    }
}

static void a_good_tag_does_not_excuse_a_bad_payload(void)
{
    static const struct { uint8_t bytes[8]; size_t len; } bad[] = {
        {{0x81, 0x18, 0x06}, 3},            /* long integer */
        {{0x82, 0x06, 0x00}, 3},            /* too many arguments */
        {{0x81, 0x06, 0x00}, 3},            /* trailing byte */
        {{0x85, 3, 4, 0, 0, 4}, 6},         /* channel 4 */
        {{0xff}, 1},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_active();
        rig_send(&rig, 0, bad[i].bytes, bad[i].len, true);
        rig_expect_error(&rig, 0, CUELIGHT_MALFORMED);
        expect_safe(0, CUELIGHT_MALFORMED);
    }
}

static void a_lease_without_a_tick_is_malformed(void)
{
    make_active();
    rig_command(&rig, 0, false, 2, OP_RENEW, 8);
    rig_expect_error(&rig, 0, CUELIGHT_MALFORMED);
    expect_safe(0, CUELIGHT_MALFORMED);
}

static void an_unknown_operation_is_unsupported_and_changes_nothing(void)
{
    make_active();
    rig_command(&rig, 0, true, 3, 18, 1, 2);
    rig_expect_ack(&rig, 0, ACK_UNSUPPORTED);
    rig_command(&rig, 0, true, 3, OP_ACK, 1, 2);
    rig_expect_ack(&rig, 0, ACK_UNSUPPORTED);
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
    CHECK(rig.lit);
}

static void the_fault_is_reported_once_after_the_next_auth(void)
{
    uint32_t status[8];

    make_active();
    cuelight_link_down(&rig.device, 0, rig.now_us);
    expect_safe(0, CUELIGHT_LINK_LOSS);
    rig_subscribe(&rig, 0);
    CHECK_EQUAL(rig.fault, CUELIGHT_LINK_LOSS);
    rig_auth(&rig, 0, 0, 0, rig_label_key);
    rig_event(&rig, 0, status);
    CHECK_EQUAL(status[STATUS_FAULT], CUELIGHT_LINK_LOSS);
    CHECK_EQUAL(rig.fault, CUELIGHT_OK);
    query(0, status);
    CHECK_EQUAL(status[STATUS_FAULT], CUELIGHT_OK);
    CHECK_EQUAL(status[STATUS_COUNTER], 1);
}

static void the_reason_of_a_reset_is_reported(void)
{
    uint32_t status[8];

    rig_init(&rig);
    rig_restart(&rig, CUELIGHT_BROWN_OUT);
    CHECK_EQUAL(rig.fault, CUELIGHT_BROWN_OUT);
    rig_subscribe(&rig, 0);
    rig_auth(&rig, 0, 0, 0, rig_label_key);
    rig_event(&rig, 0, status);
    CHECK_EQUAL(status[STATUS_FAULT], CUELIGHT_BROWN_OUT);
}

static void a_connection_that_never_subscribed_is_no_fault_when_lost(void)
{
    rig_init(&rig);
    cuelight_link_up(&rig.device, 0, rig.now_us);
    cuelight_link_down(&rig.device, 0, rig.now_us);
    CHECK_EQUAL(rig.fault, CUELIGHT_OK);
}

/* ---- time-outs ---- */

static void auth_must_come_within_5_seconds(void)
{
    rig_init(&rig);
    rig_subscribe(&rig, 0);
    rig_pass_ms(&rig, 4999);
    CHECK_EQUAL(rig.state, CUELIGHT_LINK);
    rig_pass_ms(&rig, 1);
    rig_expect_error(&rig, 0, CUELIGHT_AUTH_TIMEOUT);
    expect_safe(0, CUELIGHT_AUTH_TIMEOUT);
    CHECK(!rig.host[0].disconnected);
    rig_pass_ms(&rig, 100);
    CHECK(rig.host[0].disconnected);
}

static void a_session_without_a_valid_frame_ends_after_30_seconds(void)
{
    uint32_t status[8];

    rig_init(&rig);
    rig_open(&rig, 0);
    rig_pass_ms(&rig, 29999);
    query(0, status);
    rig_pass_ms(&rig, 29999);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
    rig_pass_ms(&rig, 1);
    rig_expect_error(&rig, 0, CUELIGHT_IDLE_TIMEOUT);
    expect_safe(0, CUELIGHT_IDLE_TIMEOUT);
    rig_pass_ms(&rig, 100);
    CHECK(rig.host[0].disconnected);
}

static void a_connection_in_no_session_is_ended_after_30_seconds(void)
{
    rig_init(&rig);
    cuelight_link_up(&rig.device, 1, rig.now_us);
    rig_pass_ms(&rig, 29999);
    CHECK(!rig.host[1].disconnected);
    rig_pass_ms(&rig, 1);
    CHECK(rig.host[1].disconnected);
    CHECK_EQUAL(rig.fault, CUELIGHT_OK);
}

static void a_session_ends_after_24_hours(void)
{
    uint32_t status[8];

    rig_init(&rig);
    rig_open(&rig, 0);
    for (unsigned i = 0; i < 24 * 3600 / 20; i++) {
        rig_pass_ms(&rig, 20000);
        query(0, status);
    }
    CHECK_EQUAL(status[STATUS_CLOCK], 86400000);
    rig_pass_ms(&rig, 1);
    rig_expect_error(&rig, 0, CUELIGHT_EXPIRED);
    expect_safe(0, CUELIGHT_EXPIRED);
}

static void a_session_ends_when_its_events_run_out_of_counters(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
    rig.device.link[0].session.next_event = rig.host[0].events = (1u << 24) - 1;
    rig_command(&rig, 0, false, 1, OP_STOP);
    rig_expect_ack(&rig, 0, ACK_OK);
    rig_pass_ms(&rig, 0);
    rig_expect_error(&rig, 0, CUELIGHT_EXPIRED);
}

/* ---- leases ---- */

static void outputs_rest_when_the_lease_ends(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
    rig_pass_ms(&rig, 1000);
    rig_light(&rig, 0, 255, 255, 255, 255, 0, 4);
    rig_pass_ms(&rig, 999);
    CHECK_EQUAL(rig.rgb[0], 255);
    rig_pass_ms(&rig, 1);
    CHECK(rig_at_rest(&rig) && rig.safe);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
    CHECK_EQUAL(rig.fault, CUELIGHT_OK);
}

static void the_lease_counts_from_the_senders_tick(void)
{
    uint8_t payload[32], frame[64];
    const uint8_t rgb[3] = {255, 255, 255};

    rig_init(&rig);
    rig_open(&rig, 0);
    rig_pass_ms(&rig, 3500);
    size_t len = rig_light_payload(payload, 0, rgb, 255, 0, 8);

    len = rig_seal(&rig, 0, payload, len, 6, frame);        /* said at 1.5 s, held back for 2 s */
    cuelight_received(&rig.device, 0, frame, len, rig.now_us);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(rig_at_rest(&rig));                               /* its 2 s are over */
    len = rig_seal(&rig, 0, payload, rig_light_payload(payload, 0, rgb, 255, 0, 9), 6, frame);
    cuelight_received(&rig.device, 0, frame, len, rig.now_us);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
    rig_pass_ms(&rig, 250);
    CHECK(rig_at_rest(&rig));
}

static void a_command_older_than_2_seconds_is_stale_and_the_session_goes_on(void)
{
    uint8_t payload[32], frame[64];
    const uint8_t rgb[3] = {255, 255, 255};
    uint32_t status[8];

    rig_init(&rig);
    rig_open(&rig, 0);
    rig_pass_ms(&rig, 3501);
    size_t len = rig_light_payload(payload, 0, rgb, 255, 0, 200);

    len = rig_seal(&rig, 0, payload, len, 6, frame);
    cuelight_received(&rig.device, 0, frame, len, rig.now_us);
    rig_expect_error(&rig, 0, CUELIGHT_STALE);
    rig_expect_ack(&rig, 0, ACK_STALE);
    CHECK(rig_at_rest(&rig));
    query(0, status);
    CHECK_EQUAL(status[STATUS_STATE], CUELIGHT_SESSION);
    CHECK_EQUAL(status[STATUS_FAULT], CUELIGHT_OK);
    CHECK_EQUAL(status[STATUS_COUNTER], 2);
}

static void stop_is_honoured_at_any_age(void)
{
    static const uint8_t stop[] = {0x81, OP_STOP};
    uint8_t frame[64];

    make_active();
    rig_pass_ms(&rig, 20000);

    size_t len = rig_seal(&rig, 0, stop, sizeof stop, 1, frame);

    cuelight_received(&rig.device, 0, frame, len, rig.now_us);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(rig_at_rest(&rig) && rig.safe);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
}

static void renew_keeps_outputs_on_and_the_latest_lease_decides(void)
{
    uint32_t status[8];

    rig_init(&rig);
    rig_open(&rig, 0);
    rig_light(&rig, 0, 9, 9, 9, 255, 0, 4);
    rig_pass_ms(&rig, 750);
    rig_renew(&rig, 8);
    rig_pass_ms(&rig, 1999);
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
    query(0, status);
    CHECK_EQUAL(status[STATUS_LEASE], 1);
    rig_renew(&rig, 100);
    query(0, status);
    CHECK_EQUAL(status[STATUS_LEASE], 100);
    rig_renew(&rig, 2);
    rig_pass_ms(&rig, 500);
    CHECK(rig_at_rest(&rig));
}

static void lease_0_ends_authority_now(void)
{
    make_active();
    rig_renew(&rig, 0);
    CHECK(rig_at_rest(&rig) && rig.safe);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
    rig_play(&rig, 1, 0, 0);
    CHECK(rig_at_rest(&rig));
}

static void the_safe_line_rises_before_outputs_and_falls_after_them(void)
{
    make_active();
    rig_renew(&rig, 0);
    rig_play(&rig, 1, 0, 40);
    CHECK(!rig.callback_order_wrong);
}

static void a_late_poll_still_ends_the_lease_before_the_next_frame(void)
{
    make_active();
    rig.now_us += 120u * SECONDS;               /* the control task was stuck */
    cuelight_received(&rig.device, 0, rig.host[0].auth, 19, rig.now_us);
    CHECK(rig_at_rest(&rig) && rig.safe);
}

/* ---- two links ---- */

static void a_bad_frame_on_one_link_leaves_the_other_alone(void)
{
    uint8_t noise[20] = {0x50};
    uint32_t status[8];

    make_active();
    rig_open(&rig, 1);
    cuelight_received(&rig.device, 1, noise, sizeof noise, rig.now_us);
    rig_expect_error(&rig, 1, CUELIGHT_BAD_MAC);
    CHECK(keys_are_erased(1));
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
    CHECK(rig.lit && !rig.safe);
    query(0, status);
    CHECK_EQUAL(status[STATUS_FAULT], CUELIGHT_BAD_MAC);
}

static void a_bad_frame_of_the_lease_owner_ends_both(void)
{
    uint8_t noise[20] = {0x50};

    make_active();
    rig_open(&rig, 1);
    cuelight_received(&rig.device, 0, noise, sizeof noise, rig.now_us);
    rig_expect_error(&rig, 0, CUELIGHT_BAD_MAC);
    expect_safe(0, CUELIGHT_BAD_MAC);
    CHECK(keys_are_erased(1));
    CHECK(rig.host[1].disconnected && !rig.host[0].disconnected);
}

static void a_second_link_may_take_the_lease_and_either_may_stop(void)
{
    make_active();
    rig_open(&rig, 1);
    rig_command(&rig, 1, true, 2, OP_RENEW, 100);
    rig_expect_ack(&rig, 1, ACK_OK);
    CHECK_EQUAL(rig.device.safety.link[1], CUELIGHT_ACTIVE);
    CHECK(rig.lit);
    cuelight_link_down(&rig.device, 0, rig.now_us);
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
    rig_open(&rig, 0);
    rig_command(&rig, 0, false, 1, OP_STOP);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(rig_at_rest(&rig));
}

static void each_link_has_its_own_clock_and_counters(void)
{
    uint32_t status[8];

    rig_init(&rig);
    rig_open(&rig, 0);
    rig_pass_ms(&rig, 5000);
    rig_open(&rig, 1);
    rig_pass_ms(&rig, 10);
    query(0, status);
    CHECK_EQUAL(status[STATUS_CLOCK], 5010);
    query(1, status);
    CHECK_EQUAL(status[STATUS_CLOCK], 10);
    CHECK_EQUAL(status[STATUS_COUNTER], 1);
}

/* ---- notifications without credit ---- */

static void hello_waits_for_a_credit_and_the_clock_starts_with_it(void)
{
    rig_init(&rig);
    rig.no_credit = 3;
    cuelight_link_up(&rig.device, 0, rig.now_us);
    cuelight_subscribed(&rig.device, 0, true, rig.now_us);
    CHECK_EQUAL(rig.host[0].sent_count, 0);
    rig_pass_ms(&rig, 300);
    CHECK_EQUAL(rig.host[0].sent_count, 1);
    CHECK_EQUAL(rig.device.link[0].zero_us, rig.host[0].hello_us);
}

static void an_error_of_the_last_session_is_not_sent_into_the_next(void)
{
    uint8_t noise[20] = {0x50};

    rig_init(&rig);
    rig_open(&rig, 0);
    rig.no_credit = 100;
    cuelight_received(&rig.device, 0, noise, sizeof noise, rig.now_us);
    cuelight_subscribed(&rig.device, 0, true, rig.now_us);
    rig.no_credit = 0;
    rig_pass_ms(&rig, 20);
    CHECK_EQUAL(rig.host[0].sent_count, 1);
    CHECK_EQUAL(rig.host[0].sent[0].data[0], 0x40);
}

static void events_wait_for_credit_and_keep_their_order(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
    rig.no_credit = 12;
    for (unsigned i = 0; i < 3; i++)
        rig_command(&rig, 0, false, 1, OP_STOP);
    CHECK(!rig_has_event(&rig, 0));
    rig_pass_ms(&rig, 200);
    for (unsigned i = 1; i <= 3; i++) {
        rig.host[0].counter = i;
        rig_expect_ack(&rig, 0, ACK_OK);
    }
}

static void events_beyond_the_queue_are_dropped(void)
{
    uint32_t items[8];
    unsigned count = 0;

    rig_init(&rig);
    rig_open(&rig, 0);
    rig.no_credit = 1000;
    for (unsigned i = 0; i < EVENT_QUEUE + 5; i++)
        rig_command(&rig, 0, false, 1, OP_STOP);
    rig.no_credit = 0;
    rig_pass_ms(&rig, 20);
    while (rig_has_event(&rig, 0)) {
        rig_event(&rig, 0, items);
        count++;
    }
    CHECK_EQUAL(count, EVENT_QUEUE);
}

static void nothing_of_an_erased_session_is_sent_later(void)
{
    uint8_t noise[20] = {0x50};

    rig_init(&rig);
    rig_open(&rig, 0);
    rig.no_credit = 100;
    rig_command(&rig, 0, false, 1, OP_STOP);
    cuelight_received(&rig.device, 0, noise, sizeof noise, rig.now_us);
    rig.no_credit = 0;
    rig_pass_ms(&rig, 100);
    rig_expect_error(&rig, 0, CUELIGHT_BAD_MAC);
    CHECK(!rig_has_event(&rig, 0));
}

/* ---- identify and inputs out of range ---- */

static void identify_flashes_without_a_lease_and_ends_by_itself(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
    rig_command(&rig, 0, false, 2, OP_IDENTIFY, 1100);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(rig.lit && rig.rgb[0] == 255 && rig.frame[0] == 0xff);
    CHECK(rig.safe);
    rig_pass_ms(&rig, 250);
    CHECK(!rig.lit && rig.rgb[0] == 0);
    rig_pass_ms(&rig, 250);
    CHECK(rig.lit && rig.rgb[0] == 255);
    rig_pass_ms(&rig, 599);
    CHECK(rig.rgb[0] == 255);
    rig_pass_ms(&rig, 1);
    CHECK(rig_at_rest(&rig));
}

static void identify_ends_by_zero_stop_or_the_end_of_the_session(void)
{
    for (unsigned how = 0; how < 3; how++) {
        rig_init(&rig);
        rig_open(&rig, 0);
        rig_command(&rig, 0, false, 2, OP_IDENTIFY, 60000);
        rig_expect_ack(&rig, 0, ACK_OK);
        CHECK(!rig_at_rest(&rig));
        if (how == 0)
            rig_command(&rig, 0, false, 2, OP_IDENTIFY, 0);
        else if (how == 1)
            rig_command(&rig, 0, false, 1, OP_STOP);
        else
            cuelight_link_down(&rig.device, 0, rig.now_us);
        CHECK(rig_at_rest(&rig));
    }
}

static void identify_shows_over_what_goes_on_and_gives_it_back(void)
{
    make_active();
    uint8_t before[128];

    rig_command(&rig, 0, true, 4, OP_PUPPET + 100, 0, 0, 0);
    rig_expect_ack(&rig, 0, ACK_UNSUPPORTED);
    rig_command(&rig, 0, true, 7, OP_PUPPET, 0x100, 0, 0, 1000, 60000, 200);
    rig_expect_ack(&rig, 0, ACK_OK);
    memcpy(before, rig.frame, 128);
    rig_command(&rig, 0, false, 2, OP_IDENTIFY, 1000);
    rig_expect_ack(&rig, 0, ACK_OK);
    for (unsigned i = 0; i < 128; i++)
        CHECK_EQUAL(rig.frame[i], (uint8_t)~before[i]);
    rig_pass_ms(&rig, 1000);
    CHECK(memcmp(rig.frame, before, 128) == 0);
    CHECK(rig.rgb[0] == 255 && rig.rgb[2] < 255);
}

static void inputs_out_of_range_are_ignored(void)
{
    rig_init(&rig);
    cuelight_link_up(&rig.device, CUELIGHT_LINKS, rig.now_us);
    cuelight_link_down(&rig.device, CUELIGHT_LINKS, rig.now_us);
    cuelight_subscribed(&rig.device, CUELIGHT_LINKS, true, rig.now_us);
    cuelight_subscribed(&rig.device, 1, true, rig.now_us);      /* not connected */
    cuelight_button(&rig.device, CUELIGHT_BUTTONS, true, rig.now_us);
    CHECK_EQUAL(rig.state, CUELIGHT_SAFE);
    CHECK_EQUAL(rig.host[1].sent_count, 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_started_device_is_safe_and_at_rest),
        TEST(hello_names_slots_instance_and_a_nonce),
        TEST(a_good_auth_is_answered_by_a_status_with_counter_0),
        TEST(every_handshake_has_a_fresh_nonce),
        TEST(without_trng_the_nonce_comes_from_boot_and_connection_count),
        TEST(without_trng_and_store_no_handshake_starts),
        TEST(rewriting_the_cccd_forgets_the_session),
        TEST(turning_notifications_off_goes_safe),
        TEST(a_wrong_key_is_refused),
        TEST(one_guess_per_handshake),
        TEST(an_empty_or_impossible_slot_is_unknown),
        TEST(a_wrong_generation_is_hinted),
        TEST(a_command_before_auth_is_the_wrong_type),
        TEST(a_replayed_auth_is_refused),
        TEST(nothing_is_answered_without_a_handshake),
        TEST(a_bad_frame_makes_an_active_device_safe),
        TEST(a_good_tag_does_not_excuse_a_bad_payload),
        TEST(a_lease_without_a_tick_is_malformed),
        TEST(an_unknown_operation_is_unsupported_and_changes_nothing),
        TEST(the_fault_is_reported_once_after_the_next_auth),
        TEST(the_reason_of_a_reset_is_reported),
        TEST(a_connection_that_never_subscribed_is_no_fault_when_lost),
        TEST(auth_must_come_within_5_seconds),
        TEST(a_session_without_a_valid_frame_ends_after_30_seconds),
        TEST(a_connection_in_no_session_is_ended_after_30_seconds),
        TEST(a_session_ends_after_24_hours),
        TEST(a_session_ends_when_its_events_run_out_of_counters),
        TEST(outputs_rest_when_the_lease_ends),
        TEST(the_lease_counts_from_the_senders_tick),
        TEST(a_command_older_than_2_seconds_is_stale_and_the_session_goes_on),
        TEST(stop_is_honoured_at_any_age),
        TEST(renew_keeps_outputs_on_and_the_latest_lease_decides),
        TEST(lease_0_ends_authority_now),
        TEST(the_safe_line_rises_before_outputs_and_falls_after_them),
        TEST(a_late_poll_still_ends_the_lease_before_the_next_frame),
        TEST(a_bad_frame_on_one_link_leaves_the_other_alone),
        TEST(a_bad_frame_of_the_lease_owner_ends_both),
        TEST(a_second_link_may_take_the_lease_and_either_may_stop),
        TEST(each_link_has_its_own_clock_and_counters),
        TEST(hello_waits_for_a_credit_and_the_clock_starts_with_it),
        TEST(an_error_of_the_last_session_is_not_sent_into_the_next),
        TEST(events_wait_for_credit_and_keep_their_order),
        TEST(events_beyond_the_queue_are_dropped),
        TEST(nothing_of_an_erased_session_is_sent_later),
        TEST(identify_flashes_without_a_lease_and_ends_by_itself),
        TEST(identify_ends_by_zero_stop_or_the_end_of_the_session),
        TEST(identify_shows_over_what_goes_on_and_gives_it_back),
        TEST(inputs_out_of_range_are_ignored),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
