/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairing from the hold to the key, everything that must end it, and what is left when the power goes on the way.
 */
#include "pairing.h"

#include "rig.h"

static struct rig rig;
static struct pairing_transcript host;  /* what the host has seen */
static uint8_t key[32];                 /* what it makes of that */
static const uint8_t host_secret[32] = "the ephemeral key of a test host";

static void multiply(const uint8_t secret[32], const uint8_t *point, uint8_t out[32])
{
    struct x25519 work;

    x25519_start(&work, secret, point);
    while (!x25519_run(&work))
        ;
    CHECK(x25519_result(&work, out));
}

static void hold(uint32_t ms)
{
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, ms);
    cuelight_button(&rig.device, 0, false, rig.now_us);
    rig_pass_ms(&rig, 400);
}

static void press(void)
{
    hold(100);
}

static void setup(void)
{
    rig_init(&rig);
    hold(5100);
    rig_subscribe(&rig, 0);
}

static void send(uint8_t link, uint8_t step, const uint8_t *body, size_t len)
{
    uint8_t frame[64] = {0x68, step};

    memcpy(frame + 2, body, len);
    cuelight_received(&rig.device, link, frame, 2 + len, rig.now_us);
    rig_pass_ms(&rig, 1);
}

static const uint8_t *expect(uint8_t link, uint8_t step, size_t len)
{
    const struct frame *frame = rig_frame(&rig, link);

    CHECK_EQUAL(frame->data[0], 0x68);
    CHECK_EQUAL(frame->data[1], step);
    CHECK_EQUAL(frame->len, 2 + len);
    return frame->data + 2;
}

static void send_key(void)
{
    multiply(host_secret, NULL, host.host_key);
    send(0, 1, host.host_key, 32);
}

static uint8_t commitment[16];

static void take_key(void)
{
    const uint8_t *body = expect(0, 2, 49);

    memcpy(host.context, rig.identity.dev_id, 8);
    memcpy(host.context + 8, rig.host[0].hello + 2, 4);
    host.context[12] = body[0];
    memcpy(host.device_key, body + 1, 32);
    memcpy(commitment, body + 33, 16);
}

static void send_nonce(void)
{
    memcpy(host.host_nonce, "nonce of a host.", 16);
    send(0, 3, host.host_nonce, 16);
}

static void take_nonce(void)
{
    uint8_t wanted[16];

    memcpy(host.device_nonce, expect(0, 4, 16), 16);
    pairing_commit(&host, wanted);
    CHECK(memcmp(wanted, commitment, 16) == 0);
    multiply(host_secret, host.device_key, key);
    pairing_key(&host, key, key);
}

static void compare(void)
{
    send_key();
    take_key();
    send_nonce();
    take_nonce();
}

static void agree(void)
{
    uint8_t tag[8];

    pairing_tag(key, "CLP1 paired host", tag);
    send(0, 5, tag, 8);
}

static void take_tag(void)
{
    uint8_t tag[8];

    pairing_tag(key, "CLP1 paired device", tag);
    CHECK(memcmp(expect(0, 6, 8), tag, 8) == 0);
}

static bool opens(uint8_t kid, const uint8_t psk[32])
{
    rig_subscribe(&rig, 1);
    rig_auth(&rig, 1, kid, 0, psk);
    return rig.device.safety.link[1] == CUELIGHT_SESSION;
}

static bool no_secret_is_left(void)
{
    static const uint8_t zero[32];
    const struct pairing *pairing = &rig.device.pairing;

    return memcmp(pairing->secret, zero, 32) == 0 && memcmp(pairing->key, zero, 32) == 0 &&
           memcmp(pairing->product.scalar, zero, 32) == 0;
}

/* The attempt has ended for nothing: no key, no window, no secret, nothing on the display. */
static void expect_nothing(void)
{
    CHECK(!rig.device.pairing.open && !rig.device.pairing.attempt);
    CHECK(no_secret_is_left());
    CHECK(!rig.lit);
    CHECK_EQUAL(cuelight_flags(&rig.device) & CUELIGHT_FLAG_PAIRING, 0);
    press();
    CHECK_EQUAL(keys_slots(&rig.device.keys), 1);
    CHECK(opens(0, rig_label_key));
}

static void expect_refusal(uint8_t code)
{
    rig_expect_error(&rig, 0, code);
    CHECK_EQUAL(rig.device.safety.link[0], CUELIGHT_SAFE);
    expect_nothing();
}

static void the_key_schedule_is_that_of_the_host(void)
{
    static const char wanted_key[] = "\x3b\xb1\xa3\x07\x98\x49\xb4\x82\x26\xfb\x96\xa2\x54\x4b\x35\x1f"
                                     "\xc1\xc7\x9c\xb1\x6f\xe0\xb9\x92\x29\x61\xdc\xc3\x2e\x8f\xcb\xb8";
    struct pairing_transcript seen;
    uint8_t made[32], secret[32];

    for (unsigned i = 0; i < 32; i++) {
        seen.host_key[i] = (uint8_t)i;
        seen.device_key[i] = (uint8_t)(32 + i);
    }
    for (unsigned i = 0; i < 16; i++) {
        seen.host_nonce[i] = (uint8_t)(64 + i);
        seen.device_nonce[i] = (uint8_t)(80 + i);
    }
    memcpy(seen.context, "\1\2\3\4\5\6\7\10inst\2", 13);
    for (unsigned i = 0; i < 32; i++)
        secret[i] = (uint8_t)(100 + i);
    pairing_commit(&seen, made);
    CHECK(memcmp(made, "\x44\xa2\x83\xf3\x23\xdc\xb1\xa3\x82\x0a\xb5\x82\xc7\xf0\x87\xe6", 16) == 0);
    CHECK_EQUAL(pairing_code(&seen), 882016);
    pairing_key(&seen, secret, made);
    CHECK(memcmp(made, wanted_key, 32) == 0);
    pairing_tag((const uint8_t *)wanted_key, "CLP1 paired host", made);
    CHECK(memcmp(made, "\x4f\x55\xbf\xed\x74\x19\x84\xc0", 8) == 0);
    pairing_tag((const uint8_t *)wanted_key, "CLP1 paired device", made);
    CHECK(memcmp(made, "\x0f\xd7\xdd\x3d\x88\xa0\xf1\xed", 8) == 0);
}

static void a_hold_opens_the_window_for_a_minute(void)
{
    rig_init(&rig);
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 4999);
    CHECK(!rig.device.pairing.open && !rig.lit);
    rig_pass_ms(&rig, 1);
    CHECK(rig.device.pairing.open && rig.lit);
    CHECK_EQUAL(cuelight_flags(&rig.device), CUELIGHT_FLAG_PAIRING);
    cuelight_button(&rig.device, 0, false, rig.now_us);
    rig_pass_ms(&rig, 59999);
    CHECK(rig.device.pairing.open);
    rig_pass_ms(&rig, 1);
    expect_nothing();
}

static void other_contacts_open_nothing(void)
{
    rig_init(&rig);
    for (uint8_t button = 1; button < CUELIGHT_BUTTONS; button++)
        cuelight_button(&rig.device, button, true, rig.now_us);
    rig_pass_ms(&rig, 20000);
    CHECK(!rig.device.pairing.open && !rig.lit);
    CHECK(opens(0, rig_label_key));
}

static void a_pairing_ends_in_a_key_that_opens(void)
{
    setup();
    compare();
    agree();
    CHECK(!rig_has_event(&rig, 0));
    CHECK_EQUAL(keys_slots(&rig.device.keys), 1);
    press();
    take_tag();
    CHECK(!rig.device.pairing.open && no_secret_is_left() && !rig.lit);
    CHECK_EQUAL(keys_slots(&rig.device.keys), 3);
    CHECK(opens(1, key));
    CHECK(opens(0, rig_label_key));
    rig_restart(&rig, CUELIGHT_OK);
    CHECK(opens(1, key));
}

static void the_press_may_come_first(void)
{
    setup();
    compare();
    press();
    CHECK_EQUAL(keys_slots(&rig.device.keys), 1);
    agree();
    take_tag();
    CHECK(opens(1, key));
}

static void a_press_from_before_the_digits_does_not_count(void)
{
    setup();
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 100);
    compare();
    agree();
    rig_pass_ms(&rig, 1000);
    cuelight_button(&rig.device, 0, false, rig.now_us);
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(keys_slots(&rig.device.keys), 1);
    press();
    take_tag();
}

static void a_press_that_still_bounces_when_the_digits_come_does_not_count(void)
{
    setup();
    cuelight_button(&rig.device, 0, true, rig.now_us);
    compare();
    agree();
    rig_pass_ms(&rig, 1000);
    cuelight_button(&rig.device, 0, false, rig.now_us);
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(keys_slots(&rig.device.keys), 1);
    press();
    take_tag();
}

static void another_contact_confirms_nothing(void)
{
    setup();
    compare();
    agree();
    cuelight_button(&rig.device, 1, true, rig.now_us);
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(keys_slots(&rig.device.keys), 1);
}

static void the_press_that_confirmed_is_told_to_nobody(void)
{
    setup();
    compare();
    agree();
    press();
    rig_pass_ms(&rig, 1000);
    CHECK_EQUAL(cuelight_flags(&rig.device), 0);
}

static void the_lowest_free_slot_is_given_and_a_fourth_controller_refused(void)
{
    rig_init(&rig);
    for (uint8_t slot = 1; slot < 4; slot++) {
        hold(5100);
        rig_subscribe(&rig, 0);
        compare();
        CHECK_EQUAL(host.context[12], slot);
        agree();
        press();
        take_tag();
        CHECK(opens(slot, key));
        cuelight_link_down(&rig.device, 1, rig.now_us);
    }
    hold(5100);
    rig_subscribe(&rig, 0);
    send_key();
    rig_expect_error(&rig, 0, CUELIGHT_SLOTS_FULL);
    CHECK(!rig.device.pairing.open);
    CHECK_EQUAL(keys_slots(&rig.device.keys), 15);
}

static void without_a_hold_nobody_pairs(void)
{
    rig_init(&rig);
    rig_subscribe(&rig, 0);
    send_key();
    expect_refusal(CUELIGHT_PAIRING_CLOSED);
}

static void sessions_end_and_wait_while_the_window_is_open(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
    rig_servo(&rig, 0, 900, 0, 200);
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 5000);
    CHECK(rig.safe && rig_at_rest(&rig));
    CHECK_EQUAL(rig.state, CUELIGHT_SAFE);
    rig_pass_ms(&rig, 200);
    CHECK(rig.host[0].disconnected);
    rig_subscribe(&rig, 1);
    rig_auth(&rig, 1, 0, 0, rig_label_key);
    rig_expect_error(&rig, 1, CUELIGHT_PAIRING);
    CHECK(rig.device.pairing.open);
    rig_pass_ms(&rig, 60000);
    CHECK(opens(0, rig_label_key));
}

/* Brings a pairing to just before the host's step 1, 3 or 5; returns that frame. */
static size_t reach(uint8_t step, uint8_t frame[64])
{
    setup();
    frame[0] = 0x68;
    frame[1] = step;
    if (step == 1) {
        multiply(host_secret, NULL, frame + 2);
        return 34;
    }
    send_key();
    take_key();
    if (step == 3) {
        memcpy(frame + 2, "nonce of a host.", 16);
        return 18;
    }
    send_nonce();
    take_nonce();
    pairing_tag(key, "CLP1 paired host", frame + 2);
    return 10;
}

static void give(const uint8_t *frame, size_t len)
{
    cuelight_received(&rig.device, 0, frame, len, rig.now_us);
    rig_pass_ms(&rig, 1);
}

static void every_wrong_step_and_length_ends_it(void)
{
    for (uint8_t step = 1; step < 6; step += 2) {
        uint8_t frame[64];
        size_t len = reach(step, frame);

        for (size_t wrong = step == 1 ? 1 : 0; wrong < 60; wrong++)
            if (wrong != len) {
                reach(step, frame);
                give(frame, wrong);
                expect_refusal(CUELIGHT_PAIRING_FAILED);
            }
        for (unsigned wrong = 0; wrong < 256; wrong += wrong < 8 ? 1 : 31)
            if (wrong != step) {
                reach(step, frame);
                frame[1] = (uint8_t)wrong;
                give(frame, len);
                expect_refusal(CUELIGHT_PAIRING_FAILED);
            }
    }
}

static void every_wrong_tag_ends_it_even_after_the_press(void)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        uint8_t frame[64];
        size_t len = reach(5, frame);

        if (bit % 2 == 0)
            press();
        frame[2 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        give(frame, len);
        expect_refusal(CUELIGHT_PAIRING_FAILED);
    }
}

static void a_frame_that_comes_twice_ends_it(void)
{
    for (uint8_t step = 1; step < 6; step += 2) {
        uint8_t frame[64];
        size_t len = reach(step, frame);

        give(frame, len);
        rig.host[0].read = rig.host[0].sent_count = 0;
        give(frame, len);
        expect_refusal(CUELIGHT_PAIRING_FAILED);
    }
}

static void any_other_frame_on_the_link_that_pairs_ends_it(void)
{
    static const uint8_t others[] = {0x00, 0x40, 0x48, 0x50, 0x5c, 0x60, 0x69, 0x6a, 0x70, 0xff};

    for (unsigned i = 0; i < sizeof others; i++) {
        uint8_t frame[64];

        reach(5, frame);
        memset(frame, others[i], 19);
        give(frame, 19);
        expect_refusal(CUELIGHT_PAIRING_FAILED);
    }
}

static void a_host_that_goes_ahead_of_an_answer_ends_it(void)
{
    uint8_t frame[64];
    size_t len = reach(3, frame);

    setup();
    multiply(host_secret, NULL, host.host_key);
    rig.no_credit = 1000;
    send(0, 1, host.host_key, 32);
    give(frame, len);
    rig.no_credit = 0;
    rig_pass_ms(&rig, 30);
    expect_refusal(CUELIGHT_PAIRING_FAILED);
}

static void answers_wait_for_credits(void)
{
    setup();
    rig.no_credit = 3;
    send_key();
    rig_pass_ms(&rig, 100);
    take_key();
    rig.no_credit = 3;
    send_nonce();
    rig_pass_ms(&rig, 100);
    take_nonce();
    agree();
    rig.no_credit = 3;
    press();
    take_tag();
}

static void a_host_in_a_hurry_waits_for_the_arithmetic(void)
{
    uint8_t frame[34] = {0x68, 1};

    rig_init(&rig);
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 4000);
    rig_subscribe(&rig, 0);
    multiply(host_secret, NULL, host.host_key);
    memcpy(frame + 2, host.host_key, 32);
    rig_pass_ms(&rig, 999);
    rig.now_us += MS;
    cuelight_received(&rig.device, 0, frame, sizeof frame, rig.now_us);   /* the window opens in this very call */
    CHECK(rig.device.pairing.open && rig.device.pairing.attempt);
    CHECK(!rig_has_event(&rig, 0));
    rig_pass_ms(&rig, 1);
    take_key();
    send_nonce();
    take_nonce();
}

static void no_turn_takes_more_than_a_piece_of_the_arithmetic(void)
{
    unsigned turns = 1;

    rig_init(&rig);
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 4999);
    rig.now_us += MS;
    while (cuelight_poll(&rig.device, rig.now_us) == rig.now_us + 1)
        turns++;
    CHECK(rig.device.pairing.has_product);
    CHECK(turns >= 43 + 9);
}

static void points_of_small_order_are_refused(void)
{
    static const uint8_t zero[32], one[32] = {1};

    for (unsigned i = 0; i < 2; i++) {
        setup();
        send(0, 1, i == 0 ? zero : one, 32);
        take_key();
        send_nonce();
        expect_refusal(CUELIGHT_PAIRING_FAILED);
    }
}

static void a_link_that_is_lost_ends_it_without_a_word(void)
{
    setup();
    compare();
    cuelight_link_down(&rig.device, 0, rig.now_us);
    rig_pass_ms(&rig, 1);
    expect_nothing();
}

static void a_new_subscription_ends_it(void)
{
    setup();
    compare();
    agree();
    cuelight_subscribed(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 1);
    expect_nothing();
}

static void the_end_of_the_window_ends_it_and_the_connection(void)
{
    setup();
    compare();
    agree();
    rig_pass_ms(&rig, 60000);
    CHECK(!rig_has_event(&rig, 0));
    CHECK(rig.host[0].disconnected);
    expect_nothing();
}

static void a_pairing_has_as_long_as_the_window_and_no_authentication_is_due(void)
{
    setup();
    compare();
    rig_pass_ms(&rig, 50000);
    agree();
    press();
    take_tag();
    CHECK(opens(1, key));
}

static void a_host_that_sends_nothing_is_disconnected_in_time(void)
{
    setup();
    rig_pass_ms(&rig, 5200);
    rig_expect_error(&rig, 0, CUELIGHT_AUTH_TIMEOUT);
    CHECK(rig.host[0].disconnected);
    CHECK(rig.device.pairing.open);
}

static void another_link_cannot_disturb_it(void)
{
    setup();
    compare();
    rig_subscribe(&rig, 1);
    send(1, 1, host.host_key, 32);
    rig_expect_error(&rig, 1, CUELIGHT_PAIRING_CLOSED);
    rig_subscribe(&rig, 1);
    rig_auth(&rig, 1, 0, 0, rig_label_key);
    rig_expect_error(&rig, 1, CUELIGHT_PAIRING);
    cuelight_link_down(&rig.device, 1, rig.now_us);
    agree();
    press();
    take_tag();
}

static void another_hold_ends_it_and_opens_the_window_anew(void)
{
    setup();
    compare();
    hold(5100);
    rig_expect_error(&rig, 0, CUELIGHT_PAIRING_FAILED);
    CHECK(rig.device.pairing.open && !rig.device.pairing.attempt);
    rig_subscribe(&rig, 0);
    compare();
    agree();
    press();
    take_tag();
}

static void the_window_is_used_up_by_one_attempt(void)
{
    uint8_t frame[64];

    reach(3, frame);
    give(frame, 3);
    rig_expect_error(&rig, 0, CUELIGHT_PAIRING_FAILED);
    rig_subscribe(&rig, 0);
    send_key();
    expect_refusal(CUELIGHT_PAIRING_CLOSED);
}

static void every_window_has_fresh_keys_and_nonces(void)
{
    uint8_t keys[8][32], nonces[8][16];

    for (unsigned i = 0; i < 8; i++) {
        if (i % 4 == 0) {
            rig_init(&rig);
            rig.has_random = i == 0;
        }
        hold(5100);
        memcpy(keys[i], rig.device.pairing.seen.device_key, 32);
        memcpy(nonces[i], rig.device.pairing.seen.device_nonce, 16);
        for (unsigned j = 0; j < i; j++)
            CHECK(memcmp(keys[i], keys[j], 32) != 0 && memcmp(nonces[i], nonces[j], 16) != 0);
    }
}

static void without_anything_random_the_window_stays_shut(void)
{
    rig_init(&rig);
    rig.has_random = false;
    rig.fail_save_after = 0;
    memset(rig.records, 0, sizeof rig.records);
    rig_restart(&rig, CUELIGHT_OK);
    hold(5100);
    CHECK(!rig.device.pairing.open && !rig.lit);
    CHECK_EQUAL(rig.fault, CUELIGHT_STORE);
}

static void a_store_that_fails_gives_no_key_and_says_so(void)
{
    setup();
    compare();
    agree();
    rig.fail_save_after = 0;
    press();
    rig_expect_error(&rig, 0, CUELIGHT_PAIRING_FAILED);
    rig.fail_save_after = -1;
    expect_nothing();
}

static void in_a_session_a_pairing_frame_is_the_wrong_type(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
    send_key();
    rig_expect_error(&rig, 0, CUELIGHT_WRONG_TYPE);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_key_schedule_is_that_of_the_host),
        TEST(a_hold_opens_the_window_for_a_minute),
        TEST(other_contacts_open_nothing),
        TEST(a_pairing_ends_in_a_key_that_opens),
        TEST(the_press_may_come_first),
        TEST(a_press_from_before_the_digits_does_not_count),
        TEST(a_press_that_still_bounces_when_the_digits_come_does_not_count),
        TEST(another_contact_confirms_nothing),
        TEST(the_press_that_confirmed_is_told_to_nobody),
        TEST(the_lowest_free_slot_is_given_and_a_fourth_controller_refused),
        TEST(without_a_hold_nobody_pairs),
        TEST(sessions_end_and_wait_while_the_window_is_open),
        TEST(every_wrong_step_and_length_ends_it),
        TEST(every_wrong_tag_ends_it_even_after_the_press),
        TEST(a_frame_that_comes_twice_ends_it),
        TEST(any_other_frame_on_the_link_that_pairs_ends_it),
        TEST(a_host_that_goes_ahead_of_an_answer_ends_it),
        TEST(answers_wait_for_credits),
        TEST(a_host_in_a_hurry_waits_for_the_arithmetic),
        TEST(no_turn_takes_more_than_a_piece_of_the_arithmetic),
        TEST(points_of_small_order_are_refused),
        TEST(a_link_that_is_lost_ends_it_without_a_word),
        TEST(a_new_subscription_ends_it),
        TEST(the_end_of_the_window_ends_it_and_the_connection),
        TEST(a_pairing_has_as_long_as_the_window_and_no_authentication_is_due),
        TEST(a_host_that_sends_nothing_is_disconnected_in_time),
        TEST(another_link_cannot_disturb_it),
        TEST(another_hold_ends_it_and_opens_the_window_anew),
        TEST(the_window_is_used_up_by_one_attempt),
        TEST(every_window_has_fresh_keys_and_nonces),
        TEST(without_anything_random_the_window_stays_shut),
        TEST(a_store_that_fails_gives_no_key_and_says_so),
        TEST(in_a_session_a_pairing_frame_is_the_wrong_type),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
