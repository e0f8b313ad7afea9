/* SPDX-License-Identifier: Apache-2.0
 *
 * L2CAP: reassembly however the controller fragments, fragments and credits on the way out.
 */
#include "bytes.h"
#include "check.h"
#include "controller.h"

enum { LINK = 0x0001, WRITE_PDU = 4 + 3 + 20 };

/* A write command of 20 bytes to RX, with its L2CAP header. */
static const uint8_t write_pdu[WRITE_PDU] = {23, 0, 4, 0, 0x52, H_RX, 0, 1,  2,  3,  4,  5,  6, 7,
                                             8,  9, 10, 11, 12, 13,  14, 15, 16, 17, 18, 19, 20};

static void fragment(uint16_t handle, uint8_t boundary, const uint8_t *data, size_t length)
{
    uint8_t packet[5 + 1024] = {2};
    CHECK(length <= 1024);
    put_u16(packet + 1, (uint16_t)(handle | boundary << 12));
    put_u16(packet + 3, (uint16_t)length);
    memcpy(packet + 5, data, length);
    hci(packet, 5 + length);
    settle();
}

static void linked(void)
{
    world_up();
    connect(LINK);
    forget();
}

static void check_heard(int times)
{
    CHECK_EQUAL(world.written[0], times);
    CHECK_EQUAL(world.written_length, 20);
    CHECK(memcmp(world.written_bytes, write_pdu + 7, 20) == 0);
}

static void a_pdu_is_put_together_from_any_two_or_three_fragments(void)
{
    for (size_t first = 0; first <= WRITE_PDU; first++) {
        for (size_t second = first; second <= WRITE_PDU; second++) {
            linked();
            fragment(LINK, 2, write_pdu, first);
            fragment(LINK, 1, write_pdu + first, second - first);
            fragment(LINK, 1, write_pdu + second, WRITE_PDU - second);
            check_heard(1);
        }
    }
}

static void a_pdu_is_put_together_from_single_bytes(void)
{
    linked();
    fragment(LINK, 0, write_pdu, 1); /* either flag of a first fragment is understood */
    for (size_t i = 1; i < WRITE_PDU; i++)
        fragment(LINK, 1, write_pdu + i, 1);
    check_heard(1);
}

static void fragments_of_two_links_do_not_mix(void)
{
    linked();
    connect(LINK + 1);
    for (size_t i = 0; i < WRITE_PDU; i++) {
        fragment(LINK, i == 0 ? 2 : 1, write_pdu + i, 1);
        fragment(LINK + 1, i == 0 ? 2 : 1, write_pdu + i, 1);
    }
    check_heard(1);
    CHECK_EQUAL(world.written[1], 1);
}

static void a_continuation_of_nothing_is_ignored(void)
{
    linked();
    fragment(LINK, 1, write_pdu, WRITE_PDU);
    CHECK_EQUAL(world.written[0], 0);
    fragment(LINK, 2, write_pdu, WRITE_PDU);
    fragment(LINK, 1, write_pdu, WRITE_PDU);
    check_heard(1);
}

static void a_pdu_that_starts_ends_one_that_never_did(void)
{
    linked();
    fragment(LINK, 2, write_pdu, 9);
    fragment(LINK, 2, write_pdu, WRITE_PDU);
    check_heard(1);
}

static void an_unknown_boundary_drops_the_pdu(void)
{
    linked();
    fragment(LINK, 2, write_pdu, 9);
    fragment(LINK, 3, write_pdu + 9, WRITE_PDU - 9);
    fragment(LINK, 1, write_pdu + 9, WRITE_PDU - 9);
    CHECK_EQUAL(world.written[0], 0);
}

static void a_pdu_with_bytes_beyond_its_length_is_dropped(void)
{
    uint8_t longer[WRITE_PDU + 1] = {0};
    memcpy(longer, write_pdu, WRITE_PDU);
    linked();
    fragment(LINK, 2, longer, sizeof longer);
    fragment(LINK, 2, longer, 9);
    fragment(LINK, 1, longer + 9, sizeof longer - 9);
    CHECK_EQUAL(world.written[0], 0);
    fragment(LINK, 2, write_pdu, WRITE_PDU);
    check_heard(1);
}

static void a_pdu_beyond_the_mtu_is_dropped_whole(void)
{
    uint8_t large[1000] = {0xE4, 3, 4, 0, 0x12, H_RX, 0}; /* 996 bytes */
    put_u16(large, 996);
    linked();
    fragment(LINK, 2, large, 1000);
    for (size_t at = 0; at < 1000; at += 25)
        fragment(LINK, at == 0 ? 2 : 1, large + at, 25);
    CHECK_EQUAL(world.written[0], 0);
    EXPECT_NONE(LINK);
    fragment(LINK, 2, write_pdu, WRITE_PDU);
    check_heard(1);
}

static void the_largest_pdu_is_heard_and_one_byte_more_is_not(void)
{
    uint8_t pdu[4 + 248] = {0, 0, 4, 0, 0x0E};
    linked();
    put_u16(pdu, 247);
    fragment(LINK, 2, pdu, 4 + 247);
    EXPECT(LINK, 1, 0x0E, 0, 0, 6);
    put_u16(pdu, 248);
    fragment(LINK, 2, pdu, 4 + 248);
    EXPECT_NONE(LINK);
}

static void data_for_no_link_is_ignored(void)
{
    linked();
    fragment(LINK + 7, 2, write_pdu, WRITE_PDU);
    CHECK_EQUAL(world.written[0], 0);
    disconnected(LINK, 8);
    fragment(LINK, 2, write_pdu, WRITE_PDU);
    CHECK_EQUAL(world.written[0], 0);
}

static void a_link_lost_in_the_middle_of_a_packet_hears_nothing_of_its_rest(void)
{
    linked();
    HCI(2, LINK, 0x20, WRITE_PDU, 0, 23, 0, 4);
    HCI(0); /* one byte of the packet, in a read of its own */
    ble_disconnect(&world.ble, 0);
    hci(write_pdu + 4, WRITE_PDU - 4);
    settle();
    CHECK_EQUAL(world.written[0], 0);
}

static void unknown_channels_are_ignored(void)
{
    linked();
    for (uint16_t channel = 0; channel < 0x60; channel++)
        if (channel < 4 || channel > 6)
            l2cap_in(LINK, channel, write_pdu + 4, WRITE_PDU - 4);
    settle();
    CHECK_EQUAL(world.written[0], 0);
    EXPECT_NONE(LINK);
}

static void check_out(uint16_t channel, const uint8_t *wanted, size_t length)
{
    uint8_t out[1024];
    uint16_t on = 0;
    settle();
    CHECK_EQUAL(l2cap_out(LINK, &on, out), length);
    CHECK(length == 0 || (on == channel && memcmp(out, wanted, length) == 0));
}

static void signalling_requests_are_not_understood(void)
{
    static const uint8_t requests[] = {0x06, 0x12, 0x14, 0x17, 0x19};
    linked();
    for (size_t i = 0; i < sizeof requests; i++) {
        const uint8_t request[] = {requests[i], 0x77, 2, 0, 1, 2};
        const uint8_t reject[] = {1, 0x77, 2, 0, 0, 0};
        l2cap_in(LINK, 5, request, sizeof request);
        check_out(5, reject, sizeof reject);
        l2cap_in(LINK, 5, request, 4);
        check_out(5, reject, sizeof reject);
    }
}

static void signalling_responses_get_no_answer(void)
{
    static const uint8_t responses[] = {0x01, 0x07, 0x13, 0x15, 0x18, 0x1A};
    linked();
    for (size_t i = 0; i < sizeof responses; i++) {
        const uint8_t response[] = {responses[i], 0x77, 2, 0, 1, 2};
        l2cap_in(LINK, 5, response, sizeof response);
    }
    l2cap_in(LINK, 5, (const uint8_t[]){0x12, 1, 0}, 3);
    check_out(5, NULL, 0);
}

static void pairing_is_refused(void)
{
    linked();
    l2cap_in(LINK, 6, (const uint8_t[]){1, 3, 0, 1, 16, 0, 0}, 7);
    check_out(6, (const uint8_t[]){5, 5}, 2);
    l2cap_in(LINK, 6, (const uint8_t[]){5, 8}, 2);
    l2cap_in(LINK, 6, (const uint8_t *)"", 0);
    check_out(6, NULL, 0);
}

static void a_request_while_an_answer_waits_for_credit_gets_none(void)
{
    static const uint8_t request[8] = {0x12, 3, 4, 0};
    const uint8_t reject[6] = {0x01, 3, 2, 0, 0, 0};
    linked();
    world.completes = false;
    for (int i = 0; i < CREDITS + 2; i++)
        l2cap_in(LINK, 5, request, sizeof request);
    settle();
    CHECK_EQUAL(world.acl_count, CREDITS);
    complete(LINK, CREDITS);
    settle();
    CHECK_EQUAL(world.acl_count, CREDITS + 1);
    for (int i = 0; i < CREDITS + 1; i++)
        check_out(5, reject, sizeof reject);
}

static void subscribed_with_mtu(uint8_t mtu)
{
    world_up();
    connect(LINK);
    ATT(LINK, 2, mtu, 0);
    ATT(LINK, 0x12, H_TX_CCCD, 0, 1, 0);
    forget();
}

static enum ble_result notify(size_t length)
{
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    return ble_notify(&world.ble, 0, H_TX, data, length);
}

static void what_goes_out_is_cut_to_the_controllers_size(void)
{
    uint8_t out[1024];
    uint16_t channel;
    for (uint16_t payload = 1; payload <= 251; payload++) {
        world_new();
        world.le_payload = payload;
        const struct ble_advertising advertising = {{0}, 0, {0}, 0, 96};
        ble_advertise(&world.ble, &advertising);
        settle();
        connect(LINK);
        ATT(LINK, 2, 247, 0);
        ATT(LINK, 0x12, H_TX_CCCD, 0, 1, 0);
        forget();
        CHECK_EQUAL(notify(244), BLE_OK);
        settle();
        size_t count = world.acl_count;
        CHECK_EQUAL(count, (251U + payload - 1) / payload);
        for (size_t i = 0; i < count; i++)
            CHECK(world.acl[i].length <= 5U + payload);
        CHECK_EQUAL(l2cap_out(LINK, &channel, out), 247);
        for (size_t i = 0; i < 244; i++)
            CHECK_EQUAL(out[3 + i], i & 0xFF);
    }
}

static void notifications_wait_for_credits(void)
{
    subscribed_with_mtu(247);
    world.completes = false;
    for (int i = 0; i < CREDITS; i++)
        CHECK_EQUAL(notify(3), BLE_OK);
    CHECK_EQUAL(notify(3), BLE_OK); /* kept */
    CHECK_EQUAL(notify(3), BLE_BUSY);
    CHECK_EQUAL(world.acl_count, CREDITS);
    complete(LINK, 1);
    CHECK_EQUAL(world.acl_count, CREDITS + 1);
    CHECK_EQUAL(notify(3), BLE_OK);
    CHECK_EQUAL(notify(3), BLE_BUSY);
}

static void a_notification_has_to_fit_the_mtu(void)
{
    subscribed_with_mtu(23);
    CHECK_EQUAL(notify(20), BLE_OK);
    settle();
    CHECK_EQUAL(notify(21), BLE_TOO_LONG);
    subscribed_with_mtu(247);
    CHECK_EQUAL(notify(245), BLE_TOO_LONG);
    CHECK_EQUAL(notify(244), BLE_OK);
}

static void only_a_value_with_subscribers_is_notified(void)
{
    subscribed_with_mtu(247);
    CHECK_EQUAL(ble_notify(&world.ble, BLE_LINKS, H_TX, (const uint8_t *)"x", 1), BLE_NOT_SUBSCRIBED);
    CHECK_EQUAL(ble_notify(&world.ble, 1, H_TX, (const uint8_t *)"x", 1), BLE_NOT_SUBSCRIBED);
    CHECK_EQUAL(ble_notify(&world.ble, 0, H_RX, (const uint8_t *)"x", 1), BLE_NOT_SUBSCRIBED);
    CHECK_EQUAL(ble_notify(&world.ble, 0, H_LAST, (const uint8_t *)"x", 1), BLE_NOT_SUBSCRIBED);
    ble_disconnect(&world.ble, 0);
    CHECK_EQUAL(notify(1), BLE_NOT_SUBSCRIBED);
}

static void a_response_goes_first_but_never_into_the_middle(void)
{
    uint8_t out[1024];
    uint16_t channel;
    subscribed_with_mtu(247);
    world.ble.acl_payload = 20;
    world.completes = false;
    CHECK_EQUAL(notify(200), BLE_OK); /* 207 bytes: 11 fragments, 8 credits */
    CHECK_EQUAL(world.acl_count, CREDITS);
    ATT(LINK, 0x0A, H_NAME, 0);
    world.completes = true;
    settle();
    CHECK_EQUAL(l2cap_out(LINK, &channel, out), 203);
    CHECK_EQUAL(out[0], 0x1B);
    EXPECT(LINK, 0x0B, 'n', 'a', 'm', 'e');
    world.completes = false;
    for (int i = 0; i < CREDITS; i++)
        CHECK_EQUAL(notify(1), BLE_OK);
    CHECK_EQUAL(notify(2), BLE_OK); /* waits */
    ATT(LINK, 0x0A, H_NAME, 0);     /* overtakes it */
    for (int i = 0; i < CREDITS; i++)
        EXPECT(LINK, 0x1B, H_TX, 0, 0);
    world.completes = true;
    settle();
    EXPECT(LINK, 0x0B, 'n', 'a', 'm', 'e');
    EXPECT(LINK, 0x1B, H_TX, 0, 0, 1);
}

static void the_credits_of_a_lost_link_come_back(void)
{
    subscribed_with_mtu(247);
    connect(LINK + 1);
    world.completes = false;
    for (int i = 0; i < CREDITS + 1; i++)
        CHECK_EQUAL(notify(3), BLE_OK);
    ATT(LINK + 1, 0x0A, H_NAME, 0);
    EXPECT_NONE(LINK + 1);
    disconnected(LINK, 8);
    EXPECT(LINK + 1, 0x0B, 'n', 'a', 'm', 'e');
    complete(LINK, 8); /* too late: they are back already */
    CHECK_EQUAL(world.ble.acl_credits, CREDITS - 1);
}

static void more_credits_than_were_taken_are_not_believed(void)
{
    subscribed_with_mtu(247);
    complete(LINK, 0xFFFF);
    CHECK_EQUAL(world.ble.acl_credits, CREDITS);
    world.completes = false;
    CHECK_EQUAL(notify(3), BLE_OK);
    complete(LINK, 0xFFFF);
    complete(LINK, 1);
    CHECK_EQUAL(world.ble.acl_credits, CREDITS);
    CHECK_EQUAL(notify(3), BLE_OK);
    HCI(4, 0x13, 9, 2, 9, 0, 1, 0, LINK, 0, 0, 0);
    HCI(4, 0x13, 5, 2, 9, 0, 1, 0); /* says two entries, has one; the other would be of the event before */
    CHECK_EQUAL(world.ble.acl_credits, CREDITS - 1);
}

static void two_links_take_turns(void)
{
    static const uint8_t data[200];
    subscribed_with_mtu(247);
    connect(LINK + 1);
    ATT(LINK + 1, 2, 247, 0);
    ATT(LINK + 1, 0x12, H_TX_CCCD, 0, 1, 0);
    world.ble.acl_payload = 27;
    world.ble.acl_credits = 0;
    forget();
    world.completes = false;
    CHECK_EQUAL(ble_notify(&world.ble, 0, H_TX, data, sizeof data), BLE_OK);
    CHECK_EQUAL(ble_notify(&world.ble, 1, H_TX, data, sizeof data), BLE_OK);
    world.ble.acl_credits = 8;
    settle();
    CHECK_EQUAL(world.acl_count, 8);
    for (size_t i = 1; i < 8; i++)
        CHECK(world.acl[i].bytes[1] != world.acl[i - 1].bytes[1]);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_pdu_is_put_together_from_any_two_or_three_fragments),
        TEST(a_pdu_is_put_together_from_single_bytes),
        TEST(fragments_of_two_links_do_not_mix),
        TEST(a_continuation_of_nothing_is_ignored),
        TEST(a_pdu_that_starts_ends_one_that_never_did),
        TEST(an_unknown_boundary_drops_the_pdu),
        TEST(a_pdu_with_bytes_beyond_its_length_is_dropped),
        TEST(a_pdu_beyond_the_mtu_is_dropped_whole),
        TEST(the_largest_pdu_is_heard_and_one_byte_more_is_not),
        TEST(data_for_no_link_is_ignored),
        TEST(a_link_lost_in_the_middle_of_a_packet_hears_nothing_of_its_rest),
        TEST(unknown_channels_are_ignored),
        TEST(signalling_requests_are_not_understood),
        TEST(signalling_responses_get_no_answer),
        TEST(pairing_is_refused),
        TEST(a_request_while_an_answer_waits_for_credit_gets_none),
        TEST(what_goes_out_is_cut_to_the_controllers_size),
        TEST(notifications_wait_for_credits),
        TEST(a_notification_has_to_fit_the_mtu),
        TEST(only_a_value_with_subscribers_is_notified),
        TEST(a_response_goes_first_but_never_into_the_middle),
        TEST(the_credits_of_a_lost_link_come_back),
        TEST(more_credits_than_were_taken_are_not_believed),
        TEST(two_links_take_turns),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
