/* SPDX-License-Identifier: Apache-2.0 */
#include "controller.h"

#include "bytes.h"
#include "check.h"

#define U(n) {0x67, 0x69, 0x6C, 0x65, 0x75, 0x63, 0x3B, 0x9D, 0x0A, 0x4F, 0xC6, 0x52, n, 0x1E, 0x4B, 0x8F}

const uint8_t uuid_u[3][16] = {U(0), U(1), U(2)};
const uint8_t long_value[300] = {[0] = 1, [22] = 2, [150] = 3, [245] = 4, [246] = 5, [299] = 6};

static const struct ble_attribute table[H_LAST] = {
    {.kind = BLE_SERVICE, .uuid = BLE_UUID16(0x1800)},
    {.kind = BLE_CHARACTERISTIC, .uuid = BLE_UUID16(0x2A00), .properties = BLE_READ},
    {.kind = BLE_VALUE},
    {.kind = BLE_SERVICE, .uuid = {16, U(0)}},
    {.kind = BLE_CHARACTERISTIC, .uuid = {16, U(1)}, .properties = BLE_WRITE | BLE_WRITE_WITHOUT_RESPONSE},
    {.kind = BLE_VALUE, .limit = 100},
    {.kind = BLE_CHARACTERISTIC, .uuid = {16, U(2)}, .properties = BLE_NOTIFY},
    {.kind = BLE_VALUE},
    {.kind = BLE_CCCD},
    {.kind = BLE_SERVICE, .uuid = BLE_UUID16(0x180F)},
    {.kind = BLE_CHARACTERISTIC, .uuid = BLE_UUID16(0x2A19), .properties = BLE_READ | BLE_NOTIFY},
    {.kind = BLE_VALUE},
    {.kind = BLE_CCCD},
    {.kind = BLE_CHARACTERISTIC, .uuid = BLE_UUID16(0x2A20), .properties = BLE_WRITE},
    {.kind = BLE_VALUE, .limit = 4},
};

struct world world;

/* Not every application reads what it is told; the strict part is that it is told in order and only about live links. */
static bool up[BLE_LINKS];

static void on_connected(void *ctx, uint8_t link)
{
    (void)ctx;
    CHECK(link < BLE_LINKS && !up[link]);
    up[link] = true;
    world.connected[link]++;
}

static void on_disconnected(void *ctx, uint8_t link, uint8_t reason)
{
    (void)ctx;
    CHECK(link < BLE_LINKS && up[link]);
    up[link] = false;
    world.disconnected[link]++;
    world.reason = reason;
}

static void on_subscribed(void *ctx, uint8_t link, uint16_t handle, bool on)
{
    static const uint8_t hello[3] = {7, 8, 9};
    (void)ctx;
    CHECK(link < BLE_LINKS && up[link]);
    world.handle = handle;
    if (on)
        world.subscribed[link]++;
    else
        world.unsubscribed[link]++;
    if (on && world.notify_on_subscribe)
        CHECK_EQUAL(ble_notify(&world.ble, link, handle, hello, sizeof hello), BLE_OK);
}

static void on_written(void *ctx, uint8_t link, uint16_t handle, const uint8_t *data, size_t length)
{
    (void)ctx;
    CHECK(link < BLE_LINKS && up[link] && length <= sizeof world.written_bytes);
    world.written[link]++;
    world.handle = handle;
    world.written_length = length;
    memcpy(world.written_bytes, data, length);
}

static const uint8_t *on_value(void *ctx, uint16_t handle, size_t *length)
{
    (void)ctx;
    CHECK(handle == H_NAME || handle == H_LONG);
    *length = handle == H_NAME ? 4 : sizeof long_value;
    return handle == H_NAME ? (const uint8_t *)"name" : long_value;
}

static void on_send(void *ctx, const uint8_t *packet, size_t length)
{
    (void)ctx;
    CHECK(length >= 4);
    bool is_command = packet[0] == 1;
    CHECK(is_command ? length == 4U + packet[3] : packet[0] == 2 && length == 5U + get_u16(packet + 3));
    size_t *count = is_command ? &world.command_count : &world.acl_count;
    struct packet *kept = is_command ? &world.commands[*count] : &world.acl[*count];
    CHECK(*count < KEPT && length <= sizeof kept->bytes);
    memcpy(kept->bytes, packet, length);
    kept->length = length;
    (*count)++;
}

void world_new(void)
{
    const struct ble_config config = {table, H_LAST, {1, 2, 3, 4, 5, 0xC6}};
    const struct ble_callbacks callbacks = {
        .send = on_send,
        .connected = on_connected,
        .disconnected = on_disconnected,
        .subscribed = on_subscribed,
        .written = on_written,
        .value = on_value,
    };
    memset(&world, 0, sizeof world);
    memset(up, 0, sizeof up);
    world.now_us = 1000000;
    world.answers = true;
    world.completes = true;
    world.le_payload = 251;
    world.le_packets = CREDITS;
    ble_init(&world.ble, &config, &callbacks);
}

void world_up(void)
{
    const struct ble_advertising advertising = {{2, 1, 6}, 3, {2, 10, 0}, 3, 96};
    world_new();
    ble_advertise(&world.ble, &advertising);
    settle();
    CHECK_EQUAL(last_command(), SET_ADVERTISING_ENABLE);
    forget();
}

void forget(void)
{
    world.command_count = 0;
    world.answered = 0;
    world.acl_count = 0;
    world.completed = 0;
}

uint16_t command_opcode(size_t index)
{
    CHECK(index < world.command_count);
    return get_u16(world.commands[index].bytes + 1);
}

uint16_t last_command(void)
{
    return world.command_count > 0 ? command_opcode(world.command_count - 1) : 0;
}

void hci(const uint8_t *bytes, size_t length)
{
    ble_received(&world.ble, bytes, length, world.now_us);
}

static void answer(uint16_t opcode)
{
    uint8_t event[16] = {4, 0x0E, 4, 1};
    put_u16(event + 4, opcode);
    if (opcode == world.refuse && world.refusals > 0) {
        world.refusals--;
        event[6] = world.refusal;
    }
    if (opcode == LE_READ_BUFFER_SIZE) {
        event[2] = 7;
        put_u16(event + 7, world.le_payload);
        event[9] = world.le_packets;
    } else if (opcode == READ_BUFFER_SIZE) {
        event[2] = 11;
        put_u16(event + 7, world.payload);
        put_u16(event + 10, world.packets);
    }
    if (opcode == DISCONNECT) {
        const uint8_t status[7] = {4, 0x0F, 4, event[6], 1, event[4], event[5]};
        hci(status, sizeof status);
        return;
    }
    hci(event, 3U + event[2]);
}

void complete(uint16_t handle, uint16_t count)
{
    HCI(4, 0x13, 5, 1, (uint8_t)(handle & 0xFF), (uint8_t)(handle >> 8), (uint8_t)(count & 0xFF), (uint8_t)(count >> 8));
}

static bool talk(void)
{
    if (world.answers && world.answered < world.command_count && command_opcode(world.answered) != world.silent) {
        answer(command_opcode(world.answered++));
        return true;
    }
    if (world.completes && world.completed < world.acl_count) {
        complete(get_u16(world.acl[world.completed++].bytes + 1) & 0x0FFF, 1);
        return true;
    }
    return false;
}

void settle(void)
{
    do
        ble_poll(&world.ble, world.now_us);
    while (talk());
}

void pass(uint64_t at_us)
{
    while (world.now_us < at_us) {
        uint64_t due = ble_poll(&world.ble, world.now_us);
        CHECK(due > world.now_us);
        world.now_us = due < at_us ? due : at_us;
        settle();
    }
}

void connect(uint16_t handle)
{
    HCI(4, 0x3E, 19, 1, 0, (uint8_t)(handle & 0xFF), (uint8_t)(handle >> 8), 1, 0, 1, 2, 3, 4, 5, 6, 6, 0, 0, 0, 72, 0, 0);
    settle();
}

void disconnected(uint16_t handle, uint8_t reason)
{
    HCI(4, 5, 4, 0, (uint8_t)(handle & 0xFF), (uint8_t)(handle >> 8), reason);
    settle();
}

void l2cap_in(uint16_t handle, uint16_t channel, const uint8_t *payload, size_t length)
{
    uint8_t packet[9 + 1024] = {2};
    CHECK(length <= 1024);
    put_u16(packet + 1, (uint16_t)(handle | 0x2000));
    put_u16(packet + 3, (uint16_t)(length + 4));
    put_u16(packet + 5, (uint16_t)length);
    put_u16(packet + 7, channel);
    memcpy(packet + 9, payload, length);
    hci(packet, 9 + length);
}

void att(uint16_t handle, const uint8_t *pdu, size_t length)
{
    l2cap_in(handle, 4, pdu, length);
    settle();
}

size_t l2cap_out(uint16_t handle, uint16_t *channel, uint8_t *out)
{
    uint8_t pdu[1024];
    size_t have = 0;
    for (size_t i = 0; i < world.acl_count; i++) {
        struct packet *packet = &world.acl[i];
        uint16_t head = get_u16(packet->bytes + 1);
        if (packet->length == 0 || (head & 0x0FFF) != handle)
            continue;
        CHECK_EQUAL(head >> 12, have == 0 ? 0 : 1);
        memcpy(pdu + have, packet->bytes + 5, packet->length - 5);
        have += packet->length - 5;
        packet->length = 0; /* read */
        if (have < 4 || have < 4U + get_u16(pdu))
            continue;
        CHECK_EQUAL(have, 4U + get_u16(pdu));
        *channel = get_u16(pdu + 2);
        memcpy(out, pdu + 4, have - 4);
        return have - 4;
    }
    CHECK_EQUAL(have, 0);
    return 0;
}

void expect(int line, uint16_t handle, const uint8_t *pdu, size_t length)
{
    uint8_t out[1024];
    uint16_t channel = 0;
    size_t got = l2cap_out(handle, &channel, out);
    if (got == length && (got == 0 || (channel == 4 && memcmp(out, pdu, length) == 0)))
        return;
    fprintf(stderr, "line %d: channel %d, %zu bytes:", line, channel, got);
    for (size_t i = 0; i < got; i++)
        fprintf(stderr, " %02X", out[i]);
    fprintf(stderr, "; expected %zu bytes\n", length);
    exit(1);
}
