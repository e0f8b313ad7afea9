/* SPDX-License-Identifier: Apache-2.0
 *
 * The receive rules of CLP/1, one by one. The rig's host seals the frames with code of its own.
 */
#include "session.h"

#include "rig.h"

static struct rig rig;

/* A session of the rig whose device half is used directly. */
static struct session *fresh(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
    return &rig.device.link[0].session;
}

static const uint8_t query[] = {0x81, OP_QUERY};

static size_t seal(uint32_t counter, int64_t tick, uint8_t *frame)
{
    rig.host[0].counter = counter - 1;
    return rig_seal(&rig, 0, query, sizeof query, tick, frame);
}

static uint8_t open(struct session *session, uint32_t counter, int64_t tick, uint32_t now_ms)
{
    uint8_t frame[64];
    size_t len = seal(counter, tick, frame);
    struct session_command command;
    uint8_t fault = session_open(session, frame, len, now_ms, &command);

    if (fault == CUELIGHT_OK) {
        CHECK_EQUAL(command.counter, counter);
        CHECK_EQUAL(command.tick, tick >= 0 ? tick : 0);
        CHECK_EQUAL(command.has_tick, tick >= 0);
        CHECK(command.payload_len == 2 && memcmp(command.payload, query, 2) == 0);
    }
    return fault;
}

static void counters_may_skip_up_to_255(void)
{
    struct session *session = fresh();

    CHECK_EQUAL(open(session, 1, -1, 0), CUELIGHT_OK);
    CHECK_EQUAL(open(session, 257, -1, 0), CUELIGHT_OK);
    CHECK_EQUAL(session->last_counter, 257);
    CHECK_EQUAL(open(session, 257 + 256, -1, 0), CUELIGHT_OK);
    CHECK_EQUAL(open(session, 257 + 256 + 257, -1, 0), CUELIGHT_BAD_MAC);
    CHECK_EQUAL(session->last_counter, 257 + 256);
}

static void a_replay_fails_its_mac(void)
{
    struct session *session = fresh();
    uint8_t frame[64];
    size_t len = seal(7, -1, frame);
    struct session_command command;

    CHECK_EQUAL(session_open(session, frame, len, 0, &command), CUELIGHT_OK);
    CHECK_EQUAL(session_open(session, frame, len, 0, &command), CUELIGHT_BAD_MAC);
}

static void a_counter_of_zero_is_past(void)
{
    CHECK_EQUAL(open(fresh(), 0, -1, 0), CUELIGHT_BAD_MAC);
}

static void counter_2_to_the_24_ends_the_session(void)
{
    struct session *session = fresh();

    session->last_counter = SESSION_COUNTER_END - 2;
    CHECK_EQUAL(open(session, SESSION_COUNTER_END - 1, -1, 0), CUELIGHT_OK);
    CHECK_EQUAL(open(session, SESSION_COUNTER_END, -1, 0), CUELIGHT_EXPIRED);
}

static void counters_are_signed_in_their_shortest_form(void)
{
    static const uint32_t counters[] = {0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffff, 0x800000, 0xfffffe};

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        struct session *session = fresh();

        session->last_counter = counters[i] - 1;
        CHECK_EQUAL(open(session, counters[i], -1, 0), CUELIGHT_OK);
    }
}

static void ticks_are_completed_from_the_session_clock(void)
{
    static const struct { uint32_t tick, now_ms; } good[] = {
        {0, 0}, {2, 0}, {255, 255 * 250}, {256, 256 * 250}, {256, 300 * 250}, {258, 256 * 250}, {345600, 86400000},
        {1000, 1255 * 250 - 500},
    };
    static const struct { uint32_t tick, now_ms; } bad[] = {
        {3, 0}, {3, 249}, {255, 0}, {259, 256 * 250}, {1000, 1256 * 250},
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK_EQUAL(open(fresh(), 1, good[i].tick, good[i].now_ms), CUELIGHT_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_EQUAL(open(fresh(), 1, bad[i].tick, bad[i].now_ms), CUELIGHT_BAD_MAC);
}

static void every_flipped_bit_of_a_command_is_refused(void)
{
    struct session *session = fresh();
    struct session before = *session;
    struct session_command command;
    uint8_t frame[64];
    size_t len = seal(1, 40, frame);

    for (size_t bit = 0; bit < 8 * len; bit++) {
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(session_open(session, frame, len, 10000, &command) != CUELIGHT_OK);
        CHECK(memcmp(session, &before, sizeof before) == 0);
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_EQUAL(session_open(session, frame, len, 10000, &command), CUELIGHT_OK);
}

static void every_flipped_bit_of_auth_is_refused(void)
{
    static const uint8_t nonce[8] = {1};
    struct session session;
    uint8_t kid, gen, frame[19];

    rig_init(&rig);
    rig_open(&rig, 0);
    memcpy(frame, rig.host[0].auth, sizeof frame);
    session_hello(&session, rig.identity.dev_id, rig.host[0].hello + 2, rig.host[0].hello[1], rig.host[0].hello + 6);
    CHECK_EQUAL(session_auth_parse(frame, 19, &kid, &gen), CUELIGHT_OK);
    CHECK_EQUAL(session_authenticate(&session, frame, rig_label_key), CUELIGHT_OK);
    for (size_t bit = 0; bit < 8 * sizeof frame; bit++) {
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(session_auth_parse(frame, 19, &kid, &gen) != CUELIGHT_OK ||
              session_authenticate(&session, frame, rig_label_key) == CUELIGHT_BAD_MAC);
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    session_hello(&session, rig.identity.dev_id, rig.host[0].hello + 2, 1, nonce);
    CHECK_EQUAL(session_authenticate(&session, frame, rig_label_key), CUELIGHT_BAD_MAC);
}

static void frames_of_the_wrong_shape_are_malformed(void)
{
    struct session *session = fresh();
    struct session_command command;
    uint8_t frame[CUELIGHT_RX_MAX + 1] = {0};

    CHECK_EQUAL(session_open(session, frame, 0, 0, &command), CUELIGHT_MALFORMED);
    for (unsigned b0 = 0; b0 < 256; b0++) {
        uint8_t expected = (b0 & 0xc1) != 0x40 || b0 >= 0x70    ? CUELIGHT_MALFORMED
                           : (b0 >> 3 & 7) != 2                 ? CUELIGHT_WRONG_TYPE
                                                                : CUELIGHT_BAD_MAC;

        frame[0] = (uint8_t)b0;
        CHECK_EQUAL(session_open(session, frame, 40, 0, &command), expected);
    }
    for (size_t len = 1; len <= 13; len++) {
        frame[0] = 0x50;
        CHECK_EQUAL(session_open(session, frame, len, 0, &command), len > 10 ? CUELIGHT_BAD_MAC : CUELIGHT_MALFORMED);
        frame[0] = 0x56;
        CHECK_EQUAL(session_open(session, frame, len, 0, &command), len > 12 ? CUELIGHT_BAD_MAC : CUELIGHT_MALFORMED);
    }
    frame[0] = 0x50;
    CHECK_EQUAL(session_open(session, frame, CUELIGHT_RX_MAX, 0, &command), CUELIGHT_BAD_MAC);
    CHECK_EQUAL(session_open(session, frame, CUELIGHT_RX_MAX + 1, 0, &command), CUELIGHT_MALFORMED);
}

static void auth_of_the_wrong_shape_is_refused(void)
{
    uint8_t frame[20] = {0x48}, kid, gen;

    CHECK_EQUAL(session_auth_parse(frame, 19, &kid, &gen), CUELIGHT_OK);
    CHECK_EQUAL(session_auth_parse(frame, 0, &kid, &gen), CUELIGHT_MALFORMED);
    CHECK_EQUAL(session_auth_parse(frame, 18, &kid, &gen), CUELIGHT_MALFORMED);
    CHECK_EQUAL(session_auth_parse(frame, 20, &kid, &gen), CUELIGHT_MALFORMED);
    for (uint8_t flags = 1; flags < 8; flags++) {
        frame[0] = 0x48 | flags;
        CHECK_EQUAL(session_auth_parse(frame, 19, &kid, &gen), CUELIGHT_MALFORMED);
    }
    frame[0] = 0x50;
    CHECK_EQUAL(session_auth_parse(frame, 19, &kid, &gen), CUELIGHT_WRONG_TYPE);
    frame[0] = 0x40;
    CHECK_EQUAL(session_auth_parse(frame, 19, &kid, &gen), CUELIGHT_WRONG_TYPE);
}

static void a_frame_from_the_device_is_not_taken_back(void)
{
    struct session *session = fresh();
    struct session_command command;
    uint8_t frame[64];
    size_t len = session_seal(session, 1, query, sizeof query, frame);

    CHECK_EQUAL(session_open(session, frame, len, 0, &command), CUELIGHT_WRONG_TYPE);
    frame[0] = 0x54;                    /* reflected as a command: the keys differ by direction */
    CHECK_EQUAL(session_open(session, frame, len, 0, &command), CUELIGHT_BAD_MAC);
}

static void an_erased_session_holds_nothing(void)
{
    struct session *session = fresh();
    static const struct session zero;

    session_erase(session);
    CHECK(memcmp(session, &zero, sizeof zero) == 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(counters_may_skip_up_to_255),
        TEST(a_replay_fails_its_mac),
        TEST(a_counter_of_zero_is_past),
        TEST(counter_2_to_the_24_ends_the_session),
        TEST(counters_are_signed_in_their_shortest_form),
        TEST(ticks_are_completed_from_the_session_clock),
        TEST(every_flipped_bit_of_a_command_is_refused),
        TEST(every_flipped_bit_of_auth_is_refused),
        TEST(frames_of_the_wrong_shape_are_malformed),
        TEST(auth_of_the_wrong_shape_is_refused),
        TEST(a_frame_from_the_device_is_not_taken_back),
        TEST(an_erased_session_holds_nothing),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
