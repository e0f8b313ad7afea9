/* SPDX-License-Identifier: Apache-2.0
 *
 * The ATT server: what it answers to every request, well formed or not.
 */
#include "bytes.h"
#include "check.h"
#include "controller.h"

enum { LINK = 0x0040 };

static void linked(void)
{
    world_up();
    connect(LINK);
    forget();
}

static void with_mtu(uint16_t mtu)
{
    linked();
    ATT(LINK, 2, (uint8_t)(mtu & 0xFF), (uint8_t)(mtu >> 8));
    EXPECT(LINK, 3, 247, 0);
}

static void mtu_is_the_smaller_of_both(void)
{
    with_mtu(100);
    CHECK_EQUAL(world.ble.links[0].mtu, 100);
    with_mtu(517);
    CHECK_EQUAL(world.ble.links[0].mtu, 247);
    with_mtu(23);
    CHECK_EQUAL(world.ble.links[0].mtu, 23);
}

static void mtu_below_the_default_is_refused(void)
{
    linked();
    ATT(LINK, 2, 22, 0);
    EXPECT(LINK, 1, 2, 0, 0, 4);
    CHECK_EQUAL(world.ble.links[0].mtu, 23);
}

static void mtu_belongs_to_its_link(void)
{
    with_mtu(247);
    connect(LINK + 1);
    CHECK_EQUAL(world.ble.links[1].mtu, 23);
    disconnected(LINK, 0x13);
    connect(LINK + 2);
    CHECK_EQUAL(world.ble.links[0].mtu, 23);
}

static void services_are_found_by_group_type(void)
{
    with_mtu(247);
    ATT(LINK, 0x10, 1, 0, 0xFF, 0xFF, 0x00, 0x28);
    EXPECT(LINK, 0x11, 6, 1, 0, 3, 0, 0x00, 0x18);
    ATT(LINK, 0x10, 4, 0, 0xFF, 0xFF, 0x00, 0x28);
    EXPECT(LINK, 0x11, 20, 4, 0, 9, 0, 0x67, 0x69, 0x6C, 0x65, 0x75, 0x63, 0x3B, 0x9D, 0x0A, 0x4F, 0xC6, 0x52, 0, 0x1E,
           0x4B, 0x8F);
    ATT(LINK, 0x10, 10, 0, 0xFF, 0xFF, 0x00, 0x28);
    EXPECT(LINK, 0x11, 6, 10, 0, 15, 0, 0x0F, 0x18);
    ATT(LINK, 0x10, 10, 0, 10, 0, 0x00, 0x28);
    EXPECT(LINK, 0x11, 6, 10, 0, 15, 0, 0x0F, 0x18);
    ATT(LINK, 0x10, 11, 0, 0xFF, 0xFF, 0x00, 0x28);
    EXPECT(LINK, 1, 0x10, 11, 0, 0x0A);
}

static void a_type_may_be_given_in_its_128_bit_form(void)
{
    linked();
    ATT(LINK, 0x10, 1, 0, 3, 0, 0xFB, 0x34, 0x9B, 0x5F, 0x80, 0, 0, 0x80, 0, 0x10, 0, 0, 0x00, 0x28, 0, 0);
    EXPECT(LINK, 0x11, 6, 1, 0, 3, 0, 0x00, 0x18);
    /* one bit off the base UUID is another type */
    ATT(LINK, 0x10, 1, 0, 3, 0, 0xFB, 0x34, 0x9B, 0x5F, 0x81, 0, 0, 0x80, 0, 0x10, 0, 0, 0x00, 0x28, 0, 0);
    EXPECT(LINK, 1, 0x10, 1, 0, 0x10);
    ATT(LINK, 0x10, 1, 0, 3, 0, 0xFB, 0x34, 0x9B, 0x5F, 0x80, 0, 0, 0x80, 0, 0x10, 0, 0, 0x00, 0x28, 0, 1);
    EXPECT(LINK, 1, 0x10, 1, 0, 0x10);
}

static void only_services_are_groups(void)
{
    linked();
    ATT(LINK, 0x10, 1, 0, 0xFF, 0xFF, 0x03, 0x28);
    EXPECT(LINK, 1, 0x10, 1, 0, 0x10);
    ATT(LINK, 0x10, 1, 0, 0xFF, 0xFF, 0x01, 0x28); /* secondary services are groups, but there are none */
    EXPECT(LINK, 1, 0x10, 1, 0, 0x0A);
}

static void every_range_has_to_be_one(void)
{
    static const uint8_t opcodes[] = {0x04, 0x06, 0x08, 0x10};
    static const uint8_t lengths[] = {5, 7, 7, 7};
    linked();
    for (size_t i = 0; i < sizeof opcodes; i++) {
        uint8_t backwards[7] = {opcodes[i], 5, 0, 4, 0, 0x00, 0x28};
        uint8_t zero[7] = {opcodes[i], 0, 0, 4, 0, 0x00, 0x28};
        uint8_t beyond[7] = {opcodes[i], H_LAST + 1, 0, 0xFF, 0xFF, 0x00, 0x28};
        att(LINK, backwards, lengths[i]);
        EXPECT(LINK, 1, opcodes[i], 5, 0, 1);
        att(LINK, zero, lengths[i]);
        EXPECT(LINK, 1, opcodes[i], 0, 0, 1);
        att(LINK, beyond, lengths[i]);
        EXPECT(LINK, 1, opcodes[i], H_LAST + 1, 0, 0x0A);
    }
}

static void a_service_is_found_by_its_value(void)
{
    linked();
    ATT(LINK, 6, 1, 0, 0xFF, 0xFF, 0x00, 0x28, 0x0F, 0x18);
    EXPECT(LINK, 7, 10, 0, 15, 0);
    ATT(LINK, 6, 1, 0, 0xFF, 0xFF, 0x00, 0x28, 0x67, 0x69, 0x6C, 0x65, 0x75, 0x63, 0x3B, 0x9D, 0x0A, 0x4F, 0xC6, 0x52, 0,
        0x1E, 0x4B, 0x8F);
    EXPECT(LINK, 7, 4, 0, 9, 0);
    ATT(LINK, 6, 10, 0, 10, 0, 0x00, 0x28, 0x0F, 0x18);
    EXPECT(LINK, 7, 10, 0, 15, 0);
    ATT(LINK, 6, 1, 0, 9, 0, 0x00, 0x28, 0x0F, 0x18);
    EXPECT(LINK, 1, 6, 1, 0, 0x0A);
    ATT(LINK, 6, 1, 0, 0xFF, 0xFF, 0x00, 0x28);
    EXPECT(LINK, 1, 6, 1, 0, 0x0A);
}

static void a_value_is_found_by_its_value_but_not_one_that_cannot_be_read(void)
{
    linked();
    ATT(LINK, 6, 1, 0, 0xFF, 0xFF, 0x00, 0x2A, 'n', 'a', 'm', 'e');
    EXPECT(LINK, 7, 3, 0, 3, 0);
    ATT(LINK, 6, 1, 0, 0xFF, 0xFF, 0x20, 0x2A, 'n', 'a', 'm', 'e');
    EXPECT(LINK, 1, 6, 1, 0, 0x0A);
}

static void characteristics_are_found_by_type_in_lists_of_one_length(void)
{
    with_mtu(247);
    ATT(LINK, 8, 1, 0, 3, 0, 0x03, 0x28);
    EXPECT(LINK, 9, 7, 2, 0, 2, 3, 0, 0x00, 0x2A);
    ATT(LINK, 8, 1, 0, 0xFF, 0xFF, 0x03, 0x28);
    EXPECT(LINK, 9, 7, 2, 0, 2, 3, 0, 0x00, 0x2A); /* the next one has a longer UUID */
    ATT(LINK, 8, 4, 0, 9, 0, 0x03, 0x28);
    EXPECT(LINK, 9, 21, 5, 0, 0x0C, 6, 0, 0x67, 0x69, 0x6C, 0x65, 0x75, 0x63, 0x3B, 0x9D, 0x0A, 0x4F, 0xC6, 0x52, 1, 0x1E,
           0x4B, 0x8F, 7, 0, 0x10, 8, 0, 0x67, 0x69, 0x6C, 0x65, 0x75, 0x63, 0x3B, 0x9D, 0x0A, 0x4F, 0xC6, 0x52, 2, 0x1E,
           0x4B, 0x8F);
    ATT(LINK, 8, 10, 0, 0xFF, 0xFF, 0x03, 0x28);
    EXPECT(LINK, 9, 7, 11, 0, 0x12, 12, 0, 0x19, 0x2A, 14, 0, 8, 15, 0, 0x20, 0x2A);
}

static void a_list_ends_where_the_mtu_does(void)
{
    linked(); /* 23 bytes: one entry of 21 */
    ATT(LINK, 8, 4, 0, 9, 0, 0x03, 0x28);
    EXPECT(LINK, 9, 21, 5, 0, 0x0C, 6, 0, 0x67, 0x69, 0x6C, 0x65, 0x75, 0x63, 0x3B, 0x9D, 0x0A, 0x4F, 0xC6, 0x52, 1, 0x1E,
           0x4B, 0x8F);
    ATT(LINK, 4, 1, 0, 0xFF, 0xFF); /* 2 + 5 * 4 = 22 bytes; the characteristic at 6 has a long type anyway */
    EXPECT(LINK, 5, 1, 1, 0, 0x00, 0x28, 2, 0, 0x03, 0x28, 3, 0, 0x00, 0x2A, 4, 0, 0x00, 0x28, 5, 0, 0x03, 0x28);
}

static void reading_by_type_gives_as_much_as_fits(void)
{
    uint8_t wanted[247] = {9, 247 - 2, 12, 0};
    with_mtu(247);
    memcpy(wanted + 4, long_value, 243);
    ATT(LINK, 8, 1, 0, 0xFF, 0xFF, 0x19, 0x2A);
    expect(__LINE__, LINK, wanted, sizeof wanted);
}

static void reading_by_type_tells_what_may_not_be_read(void)
{
    uint8_t request[21] = {8, 1, 0, 0xFF, 0xFF};
    linked();
    memcpy(request + 5, uuid_u[2], 16);
    att(LINK, request, sizeof request);
    EXPECT(LINK, 1, 8, H_TX, 0, 2);
    ATT(LINK, 8, 1, 0, 0xFF, 0xFF, 0x77, 0x77);
    EXPECT(LINK, 1, 8, 1, 0, 0x0A);
}

static void information_is_given_in_both_forms(void)
{
    with_mtu(247);
    ATT(LINK, 4, H_RX, 0, H_RX, 0);
    EXPECT(LINK, 5, 2, 6, 0, 0x67, 0x69, 0x6C, 0x65, 0x75, 0x63, 0x3B, 0x9D, 0x0A, 0x4F, 0xC6, 0x52, 1, 0x1E, 0x4B, 0x8F);
    ATT(LINK, 4, H_TX_CCCD, 0, H_TX_CCCD, 0);
    EXPECT(LINK, 5, 1, 9, 0, 0x02, 0x29);
    ATT(LINK, 4, H_LONG, 0, 0xFF, 0xFF);
    EXPECT(LINK, 5, 1, 12, 0, 0x19, 0x2A, 13, 0, 0x02, 0x29, 14, 0, 0x03, 0x28, 15, 0, 0x20, 0x2A);
}

static void every_kind_of_attribute_is_read(void)
{
    linked();
    ATT(LINK, 0x0A, H_FIRST, 0);
    EXPECT(LINK, 0x0B, 0x00, 0x18);
    ATT(LINK, 0x0A, H_NAME_DECL, 0);
    EXPECT(LINK, 0x0B, 2, 3, 0, 0x00, 0x2A);
    ATT(LINK, 0x0A, H_NAME, 0);
    EXPECT(LINK, 0x0B, 'n', 'a', 'm', 'e');
    ATT(LINK, 0x0A, H_TX_CCCD, 0);
    EXPECT(LINK, 0x0B, 0, 0);
}

static void a_long_value_is_read_in_pieces(void)
{
    uint8_t wanted[23] = {0x0B};
    linked();
    memcpy(wanted + 1, long_value, 22);
    ATT(LINK, 0x0A, H_LONG, 0);
    expect(__LINE__, LINK, wanted, sizeof wanted);
    wanted[0] = 0x0D;
    memcpy(wanted + 1, long_value + 140, 22);
    ATT(LINK, 0x0C, H_LONG, 0, 140, 0);
    expect(__LINE__, LINK, wanted, sizeof wanted);
    ATT(LINK, 0x0C, H_LONG, 0, 299 & 0xFF, 1);
    EXPECT(LINK, 0x0D, 6);
    ATT(LINK, 0x0C, H_LONG, 0, 300 & 0xFF, 1);
    EXPECT(LINK, 0x0D);
    ATT(LINK, 0x0C, H_LONG, 0, 301 & 0xFF, 1);
    EXPECT(LINK, 1, 0x0C, H_LONG, 0, 7);
}

static void reads_that_cannot_be_are_refused(void)
{
    static const uint8_t opcodes[] = {0x0A, 0x0C};
    static const uint8_t lengths[] = {3, 5};
    linked();
    for (size_t i = 0; i < 2; i++) {
        att(LINK, (const uint8_t[]){opcodes[i], 0, 0, 0, 0}, lengths[i]);
        EXPECT(LINK, 1, opcodes[i], 0, 0, 1);
        att(LINK, (const uint8_t[]){opcodes[i], H_LAST + 1, 0, 0, 0}, lengths[i]);
        EXPECT(LINK, 1, opcodes[i], H_LAST + 1, 0, 1);
        att(LINK, (const uint8_t[]){opcodes[i], 0xFF, 0xFF, 0, 0}, lengths[i]);
        EXPECT(LINK, 1, opcodes[i], 0xFF, 0xFF, 1);
        att(LINK, (const uint8_t[]){opcodes[i], H_RX, 0, 0, 0}, lengths[i]);
        EXPECT(LINK, 1, opcodes[i], H_RX, 0, 2);
        att(LINK, (const uint8_t[]){opcodes[i], H_TX, 0, 0, 0}, lengths[i]);
        EXPECT(LINK, 1, opcodes[i], H_TX, 0, 2);
    }
}

static void a_write_request_is_answered_and_heard(void)
{
    linked();
    ATT(LINK, 0x12, H_RX, 0, 1, 2, 3);
    EXPECT(LINK, 0x13);
    CHECK_EQUAL(world.written[0], 1);
    CHECK_EQUAL(world.handle, H_RX);
    CHECK_EQUAL(world.written_length, 3);
    CHECK(memcmp(world.written_bytes, "\1\2\3", 3) == 0);
    ATT(LINK, 0x12, H_RX, 0);
    EXPECT(LINK, 0x13);
    CHECK_EQUAL(world.written_length, 0);
}

static void a_write_command_is_heard_and_not_answered(void)
{
    linked();
    ATT(LINK, 0x52, H_RX, 0, 1, 2, 3);
    EXPECT_NONE(LINK);
    CHECK_EQUAL(world.written[0], 1);
    CHECK_EQUAL(world.written_length, 3);
}

static void writes_that_cannot_be_are_refused(void)
{
    uint8_t longest[3 + 101] = {0x12, H_RX};
    with_mtu(247);
    ATT(LINK, 0x12, 0, 0, 1);
    EXPECT(LINK, 1, 0x12, 0, 0, 1);
    ATT(LINK, 0x12, H_LAST + 1, 0, 1);
    EXPECT(LINK, 1, 0x12, H_LAST + 1, 0, 1);
    ATT(LINK, 0x12, H_FIRST, 0, 1);
    EXPECT(LINK, 1, 0x12, H_FIRST, 0, 3);
    ATT(LINK, 0x12, H_RX_DECL, 0, 1);
    EXPECT(LINK, 1, 0x12, H_RX_DECL, 0, 3);
    ATT(LINK, 0x12, H_NAME, 0, 1);
    EXPECT(LINK, 1, 0x12, H_NAME, 0, 3);
    ATT(LINK, 0x12, H_TX, 0, 1);
    EXPECT(LINK, 1, 0x12, H_TX, 0, 3);
    att(LINK, longest, 3 + 101);
    EXPECT(LINK, 1, 0x12, H_RX, 0, 0x0D);
    CHECK_EQUAL(world.written[0], 0);
    att(LINK, longest, 3 + 100);
    EXPECT(LINK, 0x13);
    CHECK_EQUAL(world.written[0], 1);
}

static void write_commands_that_cannot_be_are_dropped(void)
{
    uint8_t longest[3 + 101] = {0x52, H_RX};
    with_mtu(247);
    ATT(LINK, 0x52, 0, 0, 1);
    ATT(LINK, 0x52, H_LAST + 1, 0, 1);
    ATT(LINK, 0x52, H_ONLY, 0, 1);
    ATT(LINK, 0x52, H_TX_CCCD, 0, 1, 0);
    ATT(LINK, 0x52, H_RX);
    ATT(LINK, 0x52);
    att(LINK, longest, sizeof longest);
    EXPECT_NONE(LINK);
    CHECK_EQUAL(world.written[0], 0);
    CHECK_EQUAL(world.subscribed[0], 0);
}

static void subscriptions_belong_to_their_link(void)
{
    linked();
    connect(LINK + 1);
    ATT(LINK + 1, 0x12, H_TX_CCCD, 0, 1, 0);
    EXPECT(LINK + 1, 0x13);
    CHECK_EQUAL(world.subscribed[1], 1);
    CHECK_EQUAL(world.subscribed[0], 0);
    CHECK_EQUAL(world.handle, H_TX);
    ATT(LINK + 1, 0x0A, H_TX_CCCD, 0);
    EXPECT(LINK + 1, 0x0B, 1, 0);
    ATT(LINK + 1, 0x0A, H_LONG_CCCD, 0);
    EXPECT(LINK + 1, 0x0B, 0, 0);
    ATT(LINK, 0x0A, H_TX_CCCD, 0);
    EXPECT(LINK, 0x0B, 0, 0);
    CHECK_EQUAL(ble_notify(&world.ble, 0, H_TX, (const uint8_t *)"x", 1), BLE_NOT_SUBSCRIBED);
    CHECK_EQUAL(ble_notify(&world.ble, 1, H_LONG, (const uint8_t *)"x", 1), BLE_NOT_SUBSCRIBED);
    CHECK_EQUAL(ble_notify(&world.ble, 1, H_TX, (const uint8_t *)"x", 1), BLE_OK);
    settle();
    EXPECT(LINK + 1, 0x1B, H_TX, 0, 'x');
}

static void a_subscription_ends_with_its_link(void)
{
    linked();
    ATT(LINK, 0x12, H_TX_CCCD, 0, 1, 0);
    EXPECT(LINK, 0x13);
    disconnected(LINK, 8);
    connect(LINK);
    ATT(LINK, 0x0A, H_TX_CCCD, 0);
    EXPECT(LINK, 0x0B, 0, 0);
    CHECK_EQUAL(ble_notify(&world.ble, 0, H_TX, (const uint8_t *)"x", 1), BLE_NOT_SUBSCRIBED);
}

static void a_subscription_is_told_each_time_it_is_written(void)
{
    linked();
    ATT(LINK, 0x12, H_TX_CCCD, 0, 1, 0);
    ATT(LINK, 0x12, H_TX_CCCD, 0, 1, 0);
    CHECK_EQUAL(world.subscribed[0], 2);
    ATT(LINK, 0x12, H_TX_CCCD, 0, 0, 0);
    CHECK_EQUAL(world.unsubscribed[0], 1);
    CHECK_EQUAL(ble_notify(&world.ble, 0, H_TX, (const uint8_t *)"x", 1), BLE_NOT_SUBSCRIBED);
}

static void the_write_response_goes_out_before_what_the_subscription_causes(void)
{
    linked();
    world.notify_on_subscribe = true;
    ATT(LINK, 0x12, H_TX_CCCD, 0, 1, 0);
    EXPECT(LINK, 0x13);
    EXPECT(LINK, 0x1B, H_TX, 0, 7, 8, 9);
}

static void a_subscription_has_to_be_one(void)
{
    linked();
    ATT(LINK, 0x12, H_TX_CCCD, 0, 2, 0); /* indications */
    EXPECT(LINK, 1, 0x12, H_TX_CCCD, 0, 0xFD);
    ATT(LINK, 0x12, H_TX_CCCD, 0, 3, 0);
    EXPECT(LINK, 1, 0x12, H_TX_CCCD, 0, 0xFD);
    ATT(LINK, 0x12, H_TX_CCCD, 0, 1, 0x80);
    EXPECT(LINK, 1, 0x12, H_TX_CCCD, 0, 0xFD);
    ATT(LINK, 0x12, H_TX_CCCD, 0, 1);
    EXPECT(LINK, 1, 0x12, H_TX_CCCD, 0, 0x0D);
    ATT(LINK, 0x12, H_TX_CCCD, 0, 1, 0, 0);
    EXPECT(LINK, 1, 0x12, H_TX_CCCD, 0, 0x0D);
    CHECK_EQUAL(world.subscribed[0], 0);
}

static void prepared_and_other_unknown_requests_are_not_supported(void)
{
    linked();
    ATT(LINK, 0x16, H_RX, 0, 0, 0, 1, 2, 3);
    EXPECT(LINK, 1, 0x16, 0, 0, 6);
    ATT(LINK, 0x18, 1);
    EXPECT(LINK, 1, 0x18, 0, 0, 6);
    ATT(LINK, 0x18, 0);
    EXPECT(LINK, 1, 0x18, 0, 0, 6);
    ATT(LINK, 0x0E, H_NAME, 0, H_LONG, 0);
    EXPECT(LINK, 1, 0x0E, 0, 0, 6);
    ATT(LINK, 0x20, H_NAME, 0, H_LONG, 0);
    EXPECT(LINK, 1, 0x20, 0, 0, 6);
    ATT(LINK, 0x3C);
    EXPECT(LINK, 1, 0x3C, 0, 0, 6);
    CHECK_EQUAL(world.written[0], 0);
}

static void what_needs_no_answer_gets_none(void)
{
    linked();
    ATT(LINK, 0xD2, H_RX, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13); /* signed write command */
    ATT(LINK, 0x7F);                                                     /* unknown command */
    ATT(LINK, 0x1E);                                                     /* confirmation */
    for (uint8_t opcode = 1; opcode <= 0x23; opcode = (uint8_t)(opcode + 2))
        ATT(LINK, opcode, 1, 0, 0); /* what only servers send */
    l2cap_in(LINK, 4, (const uint8_t *)"", 0);
    settle();
    EXPECT_NONE(LINK);
    CHECK_EQUAL(world.written[0], 0);
}

static void requests_of_a_wrong_length_are_invalid(void)
{
    static const struct {
        uint8_t opcode;
        size_t least, most, odd;
    } requests[] = {
        {0x02, 3, 3, 0}, {0x04, 5, 5, 0}, {0x06, 7, 247, 0},  {0x08, 7, 21, 8},
        {0x0A, 3, 3, 0}, {0x0C, 5, 5, 0}, {0x10, 7, 21, 20}, {0x12, 3, 247, 0},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        uint8_t pdu[247] = {requests[i].opcode, 1};
        with_mtu(247);
        for (size_t length = 1; length <= 24; length++) {
            if (length >= requests[i].least && length <= requests[i].most && length != requests[i].odd)
                continue;
            att(LINK, pdu, length);
            EXPECT(LINK, 1, requests[i].opcode, 0, 0, 4);
        }
    }
}

static void a_second_request_before_the_answer_is_not_heard(void)
{
    linked();
    world.completes = false;
    connect(LINK + 1);
    for (int i = 0; i < CREDITS; i++) {
        ATT(LINK, 0x0A, H_NAME, 0);
        EXPECT(LINK, 0x0B, 'n', 'a', 'm', 'e');
    }
    ATT(LINK, 0x0A, H_NAME, 0); /* no credit left for its answer */
    EXPECT_NONE(LINK);
    ATT(LINK, 0x0A, H_FIRST, 0);
    complete(LINK, 3);
    settle();
    EXPECT(LINK, 0x0B, 'n', 'a', 'm', 'e');
    EXPECT_NONE(LINK);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(mtu_is_the_smaller_of_both),
        TEST(mtu_below_the_default_is_refused),
        TEST(mtu_belongs_to_its_link),
        TEST(services_are_found_by_group_type),
        TEST(a_type_may_be_given_in_its_128_bit_form),
        TEST(only_services_are_groups),
        TEST(every_range_has_to_be_one),
        TEST(a_service_is_found_by_its_value),
        TEST(a_value_is_found_by_its_value_but_not_one_that_cannot_be_read),
        TEST(characteristics_are_found_by_type_in_lists_of_one_length),
        TEST(a_list_ends_where_the_mtu_does),
        TEST(reading_by_type_gives_as_much_as_fits),
        TEST(reading_by_type_tells_what_may_not_be_read),
        TEST(information_is_given_in_both_forms),
        TEST(every_kind_of_attribute_is_read),
        TEST(a_long_value_is_read_in_pieces),
        TEST(reads_that_cannot_be_are_refused),
        TEST(a_write_request_is_answered_and_heard),
        TEST(a_write_command_is_heard_and_not_answered),
        TEST(writes_that_cannot_be_are_refused),
        TEST(write_commands_that_cannot_be_are_dropped),
        TEST(subscriptions_belong_to_their_link),
        TEST(a_subscription_ends_with_its_link),
        TEST(a_subscription_is_told_each_time_it_is_written),
        TEST(the_write_response_goes_out_before_what_the_subscription_causes),
        TEST(a_subscription_has_to_be_one),
        TEST(prepared_and_other_unknown_requests_are_not_supported),
        TEST(what_needs_no_answer_gets_none),
        TEST(requests_of_a_wrong_length_are_invalid),
        TEST(a_second_request_before_the_answer_is_not_heard),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
