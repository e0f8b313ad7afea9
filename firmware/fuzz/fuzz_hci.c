/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes from the controller: HCI events, ACL data, L2CAP and ATT. Whatever comes, the application hears only about live
 * links, in order, what goes out is well formed, and a reset brings the host back on the air.
 *
 * An input is a byte that says how the controller answers, and a row of steps.
 */
#include "bytes.h"
#include "check.h"
#include "controller.h"
#include "fuzz.h"

enum step_kind { BYTES, SINGLE_BYTES, NOTIFY, DISCONNECT_LINK, PASS, STEPS };
enum { LINK = 0x40, SILENT = 1, KEEPS_CREDITS = 2 };

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


static void take_step(uint8_t kind, const uint8_t *bytes, size_t len)
{
    uint8_t first = len > 0 ? bytes[0] : 0;
    switch (kind % STEPS) {
    case BYTES:
        hci(bytes, len);
        break;
    case SINGLE_BYTES:
        for (size_t i = 0; i < len; i++)
            hci(bytes + i, 1);
        break;
    case NOTIFY:
        (void)ble_notify(&world.ble, first % BLE_LINKS, H_TX, long_value, len > 1 ? bytes[1] + 10U : 0);
        break;
    case DISCONNECT_LINK:
        ble_disconnect(&world.ble, first % BLE_LINKS);
        break;
    default:
        pass(world.now_us + (uint64_t)first * first * 1000);
        break;
    }
    settle();
    check_sane();
    if (world.command_count > KEPT / 2 || world.acl_count > KEPT / 2)
        forget();
}

static const struct fuzz_known conversation[] = {
    FUZZ_STEP(BYTES, 4, 0x3E, 19, 1, 0, LINK, 0, 1, 0, 1, 2, 3, 4, 5, 6, 6, 0, 0, 0, 72, 0, 0),
    FUZZ_STEP(BYTES, 4, 0x3E, 19, 1, 0, LINK + 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 6, 0, 0, 0, 72, 0, 0),
    FUZZ_STEP(BYTES, 4, 0x3E, 31, 10, 0, LINK, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    FUZZ_STEP(BYTES, 4, 5, 4, 0, LINK, 0, 8),
    FUZZ_STEP(BYTES, 4, 0x0E, 4, 1, 0x0A, 0x20, 0),
    FUZZ_STEP(BYTES, 4, 0x0E, 4, 1, 0x03, 0x0C, 0),
    FUZZ_STEP(BYTES, 4, 0x0F, 4, 0, 1, 0x06, 0x04),
    FUZZ_STEP(BYTES, 4, 0x13, 5, 1, LINK, 0, 1, 0),
    FUZZ_STEP(BYTES, 4, 0x13, 9, 2, LINK, 0, 2, 0, LINK + 1, 0, 1, 0),
    FUZZ_STEP(BYTES, 4, 0x3E, 13, 5, LINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    FUZZ_STEP(BYTES, 4, 0x10, 1, 0),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 7, 0, 3, 0, 4, 0, 2, 247, 0),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 11, 0, 7, 0, 4, 0, 0x10, 1, 0, 0xFF, 0xFF, 0, 0x28),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 11, 0, 7, 0, 4, 0, 0x08, 1, 0, 0xFF, 0xFF, 3, 0x28),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 9, 0, 5, 0, 4, 0, 0x04, 1, 0, 0xFF, 0xFF),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 13, 0, 9, 0, 4, 0, 0x06, 1, 0, 0xFF, 0xFF, 0, 0x28, 0x0F, 0x18),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 7, 0, 3, 0, 4, 0, 0x0A, H_LONG, 0),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 9, 0, 5, 0, 4, 0, 0x0C, H_LONG, 0, 40, 1),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 9, 0, 5, 0, 4, 0, 0x12, H_TX_CCCD, 0, 1, 0),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 11, 0, 7, 0, 4, 0, 0x52, H_RX, 0, 1, 2, 3, 4),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 4, 0, 7, 0, 4, 0),
    FUZZ_STEP(BYTES, 2, LINK, 0x10, 7, 0, 0x12, H_RX, 0, 1, 2, 3, 4),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 10, 0, 6, 0, 5, 0, 0x12, 1, 2, 0, 0, 0),
    FUZZ_STEP(BYTES, 2, LINK, 0x20, 11, 0, 7, 0, 6, 0, 1, 3, 0, 1, 16, 0, 0),
    FUZZ_STEP(SINGLE_BYTES, 4, 5, 4, 0, LINK, 0, 8),
    FUZZ_STEP(NOTIFY, 0, 20),
    FUZZ_STEP(NOTIFY, 1, 250),
    FUZZ_STEP(DISCONNECT_LINK, 0),
    FUZZ_STEP(PASS, 50),
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t capacity, unsigned seed)
{
    if (len == 0)
        data[len++] = (uint8_t)(seed & (SILENT | KEEPS_CREDITS));
    return 1 + fuzz_mutate_steps(data + 1, len - 1, capacity - 1, seed, conversation,
                                 sizeof conversation / sizeof conversation[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_step step;
    if (len == 0)
        return 0;
    world_up();
    world.notify_on_subscribe = false;
    world.answers = (data[0] & SILENT) == 0;
    world.completes = (data[0] & KEEPS_CREDITS) == 0;
    data++;
    len--;
    connect(LINK);
    while (fuzz_next_step(&data, &len, &step))
        take_step(step.kind, step.bytes, step.len);
    check_back_on_the_air();
    return 0;
}
