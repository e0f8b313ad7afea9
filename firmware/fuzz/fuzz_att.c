/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole application under a central that knows no key: ATT and L2CAP of any shape, connections, and HCI events. Two
 * steps act as if the key had been known, so that there is something to lose; after the next thing that is wrong the outputs are
 * at rest and the session is erased.
 *
 * An input is a row of steps; the top bit of a step's kind says that it is for the other link.
 */
#include "app.h"
#include "bytes.h"
#include "check.h"
#include "flash_sim.h"
#include "fuzz.h"
#include "gatt.h"

enum step_kind { ATT, L2CAP, EVENT, CONNECT, DOWN, GRANT, PASS, BATTERY, PRESS, STEPS, OTHER = 0x80 };
enum { HANDLE = 0x40, SENT_MAX = 64, CREDITS = 8, ATT_CHANNEL = 4 };

static struct flash_sim sim;
static struct store store;
static struct app app;
static uint64_t now_us, lease_us;
static uint16_t battery_mv;
static bool is_safe, moving[CUELIGHT_SERVOS], lit;
static uint8_t sent[SENT_MAX][3]; /* the start of each packet that waits for its answer */
static size_t sent_count;

/* ---- The board ---- */

static void hci_send(void *ctx, const uint8_t *packet, size_t length)
{
    (void)ctx;
    CHECK(length >= 4 && sent_count < SENT_MAX);
    CHECK(packet[0] == 1 ? length == 4U + packet[3] : packet[0] == 2 && length == 5U + get_u16(packet + 3));
    memcpy(sent[sent_count++], packet, 3);
}

static void hello(void *ctx, uint8_t link, uint64_t at_us)
{
    (void)ctx;
    (void)link;
    CHECK_EQUAL(at_us, now_us);
}

static void display(void *ctx, const uint8_t *frame)
{
    (void)ctx;
    lit = frame != NULL;
}

static void light(void *ctx, uint8_t r, uint8_t g, uint8_t b)
{
    (void)ctx;
    (void)r;
    (void)g;
    (void)b;
}

static void servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    (void)ctx;
    (void)decidegrees;
    moving[channel] = enabled;
}

static void safe(void *ctx, bool safe_now, uint8_t fault)
{
    (void)ctx;
    (void)fault;
    is_safe = safe_now;
}

static void lease(void *ctx, uint64_t end_us)
{
    (void)ctx;
    lease_us = end_us;
}

static void state(void *ctx, uint8_t state_now, uint8_t fault)
{
    (void)ctx;
    (void)state_now;
    (void)fault;
}

static void timeline(void *ctx, uint8_t number, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t clock_ms)
{
    (void)ctx;
    (void)number;
    (void)what;
    (void)index;
    (void)planned_ms;
    (void)clock_ms;
}

static uint16_t millivolts(void *ctx)
{
    (void)ctx;
    return battery_mv;
}

static bool draw_random(void *ctx, uint8_t *out, size_t length)
{
    (void)ctx;
    memset(out, 0x42, length);
    return true;
}

/* ---- The controller ---- */

static void receive(const uint8_t *bytes, size_t length)
{
    app_hci_received(&app, bytes, length, now_us);
}
#define RECEIVE(...) receive((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void settle(void)
{
    (void)app_poll(&app, now_us);
    while (sent_count > 0) {
        const uint8_t *packet = sent[--sent_count];
        if (packet[0] == 2)
            RECEIVE(4, 0x13, 5, 1, packet[1], packet[2] & 0x0F, 1, 0);
        else
            RECEIVE(4, 0x0E, 7, 1, packet[1], packet[2], 0, 251, 0, CREDITS);
        (void)app_poll(&app, now_us);
    }
}

static void pass(uint64_t length_us)
{
    uint64_t until = now_us + length_us;
    while (now_us < until) {
        uint64_t due = app_poll(&app, now_us);
        CHECK(due > now_us);
        now_us = due < until ? due : until;
        settle();
    }
}

static void boot(void)
{
    static const uint8_t key[32] = {1};
    const struct store_flash flash = flash_sim_table(&sim);
    const struct app_board board = {
        .model = "fuzz",
        .version = "1",
        .battery_empty_mv = 3000,
        .battery_full_mv = 4200,
        .hci_send = hci_send,
        .hello = hello,
        .display = display,
        .light = light,
        .servo = servo,
        .safe = safe,
        .lease = lease,
        .state = state,
        .timeline = timeline,
        .millivolts = millivolts,
        .random = draw_random,
    };
    const struct cuelight_identity identity = {.dev_id = {1, 2, 3, 4, 5, 6, 7, 8}, .label_key = key};
    flash_sim_new(&sim);
    now_us = 5000000;
    battery_mv = 3600;
    sent_count = 0;
    CHECK(store_mount(&store, &flash));
    app_init(&app, &board, &store, &identity, now_us);
    settle();
}

/* ---- What must hold ---- */

static bool is_erased(const struct link *link)
{
    static const struct session zero;
    return memcmp(&link->session, &zero, sizeof zero) == 0 && link->event_count == 0 && !link->hello_waiting;
}

static void check_safety(void)
{
    const struct cuelight *core = &app.core;
    bool active = safety_state(&core->safety) == CUELIGHT_ACTIVE;
    CHECK_EQUAL(is_safe, !active);
    CHECK_EQUAL(lease_us, active ? core->safety.lease_end_us : CUELIGHT_NEVER);
    for (unsigned channel = 0; channel < CUELIGHT_SERVOS; channel++)
        CHECK(active || !moving[channel]);
    CHECK(active || !lit || core->notice.kind != NOTICE_NONE);
    for (unsigned link = 0; link < CUELIGHT_LINKS; link++) {
        CHECK_EQUAL(core->link[link].up, app.ble.links[link].up);
        CHECK(core->link[link].up || core->safety.link[link] == CUELIGHT_SAFE);
        CHECK(core->safety.link[link] != CUELIGHT_SAFE || is_erased(&core->link[link]));
    }
}

/* ---- Steps ---- */

static void acl(uint8_t link, uint8_t flags, const uint8_t *payload, size_t len)
{
    uint8_t packet[5 + 255];
    packet[0] = 2;
    put_u16(packet + 1, (uint16_t)(HANDLE + link) | (uint16_t)(flags << 12));
    put_u16(packet + 3, (uint16_t)len);
    memcpy(packet + 5, payload, len);
    receive(packet, 5 + len);
}

/* Whatever is written to RX now cannot be signed. */
static void att(uint8_t link, const uint8_t *pdu, size_t len)
{
    uint8_t payload[4 + 255], number = app.ble.links[0].up && app.ble.links[0].handle == HANDLE + link ? 0 : 1;
    bool to_rx = len >= 3 && (pdu[0] == 0x52 || pdu[0] == 0x12) && get_u16(pdu + 1) == GATT_RX && len <= 247;
    bool hears = app.ble.links[number].up && app.ble.links[number].handle == HANDLE + link &&
                 !app.ble.links[number].closing && len <= app.ble.links[number].mtu;

    len = len <= 251 ? len : 251;
    put_u16(payload, (uint16_t)len);
    put_u16(payload + 2, ATT_CHANNEL);
    memcpy(payload + 4, pdu, len);
    acl(link, 2, payload, 4 + len);
    if (to_rx && hears)
        CHECK(app.core.safety.link[number] <= CUELIGHT_LINK);
}

/* As if a session had been opened on the link, and a lease granted for a servo. */
static void grant(uint8_t link)
{
    const struct action action = {.op = OP_SERVO, .servo = {1, 900, 0}};
    struct cuelight *core = &app.core;
    if (core->safety.link[link] < CUELIGHT_LINK)
        return;
    safety_authenticated(&core->safety, link);
    core->link[link].deadline_us = now_us + 30000000;
    safety_leased(&core->safety, link, now_us + 2000000, now_us);
    device_settle(core, now_us);
    outputs_act(&core->outputs, &action, now_us);
}

static void take_step(uint8_t kind, const uint8_t *bytes, size_t len)
{
    uint8_t link = (kind & OTHER) != 0, first = len > 0 ? bytes[0] : 0;
    switch ((kind & ~OTHER) % STEPS) {
    case ATT:
        att(link, bytes, len);
        break;
    case L2CAP: /* its first byte: whether it starts a PDU or goes on with one */
        acl(link, first & 3, bytes + (len > 0), len - (len > 0));
        break;
    case EVENT:
        RECEIVE(4, first, (uint8_t)(len > 0 ? len - 1 : 0));
        receive(bytes + (len > 0), len - (len > 0));
        break;
    case CONNECT:
        RECEIVE(4, 0x3E, 19, 1, 0, HANDLE + link, 0, 1, 0, 1, 2, 3, 4, 5, 6, 6, 0, 0, 0, 72, 0, 0);
        break;
    case DOWN:
        RECEIVE(4, 5, 4, 0, HANDLE + link, 0, 8);
        break;
    case GRANT:
        grant(link);
        break;
    case PASS:
        pass((uint64_t)first * first * 1000);
        break;
    case BATTERY:
        battery_mv = (uint16_t)(3000 + 5 * first);
        break;
    default: /* a long one opens the pairing window, a longer one is a factory reset */
        app_button(&app, first % CUELIGHT_BUTTONS, (first & 8) != 0, now_us);
        break;
    }
    settle();
    check_safety();
}

static const struct fuzz_known conversation[] = {
    FUZZ_STEP(CONNECT, 0),
    FUZZ_STEP(ATT, 2, 247, 0), /* MTU */
    FUZZ_STEP(ATT, 0x10, 1, 0, 0xFF, 0xFF, 0, 0x28),
    FUZZ_STEP(ATT, 8, 1, 0, 0xFF, 0xFF, 3, 0x28),
    FUZZ_STEP(ATT, 4, 1, 0, 0xFF, 0xFF),
    FUZZ_STEP(ATT, 6, 1, 0, 0xFF, 0xFF, 0, 0x28, 0x0F, 0x18),
    FUZZ_STEP(ATT, 0x0A, GATT_DEVICE_NAME, 0),
    FUZZ_STEP(ATT, 0x0C, GATT_MODEL, 0, 2, 0),
    FUZZ_STEP(ATT, 0x0E, 3, 0, 5, 0),
    FUZZ_STEP(ATT, 0x12, GATT_TX + 1, 0, 1, 0), /* subscribe: HELLO */
    FUZZ_STEP(GRANT, 0),
    FUZZ_STEP(ATT, 0x52, GATT_RX, 0, 0x50, 1, 0x81, 6, 1, 2, 3, 4, 5, 6, 7, 8),
    FUZZ_STEP(ATT, 0x12, GATT_TX + 1, 0, 1, 0),
    FUZZ_STEP(GRANT, 0),
    FUZZ_STEP(ATT, 0x12, GATT_TX + 1, 0, 0, 0),
    FUZZ_STEP(ATT, 0x12, GATT_TX + 1, 0, 1, 0),
    FUZZ_STEP(GRANT, 0),
    FUZZ_STEP(DOWN, 0),
    FUZZ_STEP(ATT, 0x12, GATT_BATTERY_LEVEL + 1, 0, 1, 0),
    FUZZ_STEP(BATTERY, 7),
    FUZZ_STEP(ATT, 0x16, GATT_RX, 0, 0, 0, 1, 2, 3), /* prepare, execute */
    FUZZ_STEP(ATT, 0x18, 1),
    FUZZ_STEP(L2CAP, 2, 7, 0, ATT_CHANNEL, 0, 0x12, GATT_RX, 0, 1, 2),
    FUZZ_STEP(L2CAP, 1, 3, 4),
    FUZZ_STEP(L2CAP, 2, 6, 0, 5, 0, 0x12, 1, 2, 0, 0, 0),
    FUZZ_STEP(L2CAP, 2, 11, 0, 6, 0, 1, 3, 0, 1, 16, 0, 0),
    FUZZ_STEP(EVENT, 5, 0, HANDLE, 0, 8),
    FUZZ_STEP(EVENT, 0x3E, 10, 0, HANDLE + 1, 0, 1, 0, 1, 2, 3, 4, 5, 6),
    FUZZ_STEP(EVENT, 0x13, 2, HANDLE, 0, 2, 0, HANDLE + 1, 0, 1, 0),
    FUZZ_STEP(EVENT, 0x0E, 1, 3, 0x0C, 0),
    FUZZ_STEP(EVENT, 0x10, 1),
    FUZZ_STEP(PASS, 40),
    FUZZ_STEP(PRESS, 8),
    FUZZ_STEP(PASS, 71),
    FUZZ_STEP(PRESS, 0),
    FUZZ_STEP(PRESS, 8),
    FUZZ_STEP(PASS, 101),
    FUZZ_STEP(PASS, 200),
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t capacity, unsigned seed)
{
    return fuzz_mutate_steps(data, len, capacity, seed, conversation, sizeof conversation / sizeof conversation[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_step step;
    boot();
    while (fuzz_next_step(&data, &len, &step))
        take_step(step.kind, step.bytes, step.len);
    pass(100000000);
    CHECK(is_safe && !lit && !moving[1]);
    return 0;
}
