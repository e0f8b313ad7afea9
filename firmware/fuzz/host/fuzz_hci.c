/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes from the controller: HCI events, ACL data, L2CAP and ATT, mutated from a conversation that makes sense. Whatever
 * comes, the application hears only about live links, in order, what goes out is well formed, and a reset brings the
 * host back on the air.
 */
#include "bytes.h"
#include "check.h"
#include "controller.h"
#include "fuzz.h"

enum { PACKET = 40, STREAM = 1024, LINK = 0x40 };

static const struct {
    uint8_t length;
    uint8_t bytes[PACKET];
} conversation[] = {
    {22, {4, 0x3E, 19, 1, 0, LINK, 0, 1, 0, 1, 2, 3, 4, 5, 6, 6, 0, 0, 0, 72, 0, 0}},
    {22, {4, 0x3E, 19, 1, 0, LINK + 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 6, 0, 0, 0, 72, 0, 0}},
    {34, {4, 0x3E, 31, 10, 0, LINK, 0, 1, 0, 1, 2, 3, 4, 5, 6}},
    {7, {4, 5, 4, 0, LINK, 0, 8}},
    {7, {4, 0x0E, 4, 1, 0x0A, 0x20, 0}},
    {7, {4, 0x0E, 4, 1, 0x03, 0x0C, 0}},
    {7, {4, 0x0F, 4, 0, 1, 0x06, 0x04}},
    {8, {4, 0x13, 5, 1, LINK, 0, 1, 0}},
    {12, {4, 0x13, 9, 2, LINK, 0, 2, 0, LINK + 1, 0, 1, 0}},
    {16, {4, 0x3E, 13, 5, LINK, 0}},
    {4, {4, 0x10, 1, 0}},
    {12, {2, LINK, 0x20, 7, 0, 3, 0, 4, 0, 2, 247, 0}},
    {16, {2, LINK, 0x20, 11, 0, 7, 0, 4, 0, 0x10, 1, 0, 0xFF, 0xFF, 0, 0x28}},
    {16, {2, LINK, 0x20, 11, 0, 7, 0, 4, 0, 0x08, 1, 0, 0xFF, 0xFF, 3, 0x28}},
    {14, {2, LINK, 0x20, 9, 0, 5, 0, 4, 0, 0x04, 1, 0, 0xFF, 0xFF}},
    {18, {2, LINK, 0x20, 13, 0, 9, 0, 4, 0, 0x06, 1, 0, 0xFF, 0xFF, 0, 0x28, 0x0F, 0x18}},
    {12, {2, LINK, 0x20, 7, 0, 3, 0, 4, 0, 0x0A, H_LONG, 0}},
    {14, {2, LINK, 0x20, 9, 0, 5, 0, 4, 0, 0x0C, H_LONG, 0, 40, 1}},
    {14, {2, LINK, 0x20, 9, 0, 5, 0, 4, 0, 0x12, H_TX_CCCD, 0, 1, 0}},
    {16, {2, LINK, 0x20, 11, 0, 7, 0, 4, 0, 0x52, H_RX, 0, 1, 2, 3, 4}},
    {9, {2, LINK, 0x20, 4, 0, 7, 0, 4, 0}},
    {12, {2, LINK, 0x10, 7, 0, 0x12, H_RX, 0, 1, 2, 3, 4}},
    {15, {2, LINK, 0x20, 10, 0, 6, 0, 5, 0, 0x12, 1, 2, 0, 0, 0}},
    {16, {2, LINK, 0x20, 11, 0, 7, 0, 6, 0, 1, 3, 0, 1, 16, 0, 0}},
};

static size_t make_stream(uint8_t *stream)
{
    size_t length = 0;
    for (uint32_t packets = 1 + fuzz_random(12); packets > 0; packets--) {
        size_t which = fuzz_random(sizeof conversation / sizeof conversation[0]);
        uint8_t packet[2 * PACKET];
        size_t size = conversation[which].length;
        memcpy(packet, conversation[which].bytes, size);
        for (uint32_t changes = fuzz_random(4); changes > 0; changes--)
            size = fuzz_mutate(packet, size, sizeof packet);
        memcpy(stream + length, packet, size);
        length += size;
    }
    return length;
}

static void check_sane(void)
{
    unsigned outstanding = world.ble.acl_credits;
    for (uint8_t i = 0; i < BLE_LINKS; i++) {
        outstanding += world.ble.links[i].outstanding;
        CHECK_EQUAL(world.ble.links[i].up, world.connected[i] > world.disconnected[i]);
        CHECK(!world.ble.links[i].up || (world.ble.links[i].mtu >= 23 && world.ble.links[i].mtu <= 247));
    }
    CHECK(outstanding <= CREDITS);
}

/* The controller comes to its senses: whatever packet was going on ends, the stream is lost, the reset answered. */
static void check_back_on_the_air(void)
{
    static const uint8_t zeros[65536];
    if (world.ble.h4.state != BLE_H4_LOST && world.ble.h4.state != BLE_H4_TYPE)
        hci(zeros, (size_t)(world.ble.h4.need - world.ble.h4.have));
    hci(zeros, 300);
    world.answers = true;
    world.completes = true;
    forget();
    pass(world.now_us + 4000000);
    check_sane();
    CHECK_EQUAL(world.ble.step, BLE_READY);
    CHECK_EQUAL(world.ble.radio, BLE_RADIO_ON);
    connect(LINK);
    ATT(LINK, 0x12, H_RX, 0, 1);
    CHECK(world.ble.links[0].up && world.written_length == 1);
}

static void once(void)
{
    uint8_t stream[STREAM];
    world_up();
    world.notify_on_subscribe = false;
    world.answers = fuzz_random(4) > 0;
    world.completes = fuzz_random(2) > 0;
    connect(LINK);
    size_t length = make_stream(stream);
    for (size_t at = 0; at < length;) {
        size_t piece = 1 + fuzz_random(64);
        piece = piece < length - at ? piece : length - at;
        hci(stream + at, piece);
        if (fuzz_random(4) == 0)
            (void)ble_notify(&world.ble, (uint8_t)fuzz_random(BLE_LINKS), H_TX, stream, fuzz_random(260));
        if (fuzz_random(16) == 0)
            ble_disconnect(&world.ble, (uint8_t)fuzz_random(BLE_LINKS));
        check_sane();
        at += piece;
    }
    check_back_on_the_air();
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, 20000, once);
}
