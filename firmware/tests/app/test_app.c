/* SPDX-License-Identifier: Apache-2.0
 *
 * The application between a scripted controller and a board that only listens; core, host and store are the real ones.
 */
#include "app.h"
#include "check.h"
#include "flash_sim.h"
#include "gatt.h"

enum {
    SECOND = 1000000,
    SET_PARAMETERS = 0x2006,
    SET_DATA = 0x2008,
    SET_ENABLE = 0x200A,
    DISCONNECT = 0x0406,
    FAST = 96,
    SLOW = 668,
    TX_CCCD = 11,
    BATTERY_CCCD = 22,
    RX = 8,
};

static struct flash_sim sim;
static struct store store;
static struct app app;
static uint64_t now_us;
static uint16_t battery_mv;
static uint16_t interval;     /* as the controller was last told */
static uint8_t advertised[31];
static bool on_air;
static uint8_t pdus[32][64];  /* what went to the central, from the ATT opcode on */
static size_t pdu_count;
static int hellos;
static bool is_safe;
static uint64_t lease_us;
static bool lit;
static uint8_t rgb[3];
static struct { uint8_t channel; uint16_t decidegrees; bool enabled; } moved;
static struct { uint8_t timeline, what, index; uint32_t planned_ms, now_ms; } noted;
static uint16_t disconnected; /* handle that the host asked the controller to end */
static uint8_t waiting[16][64]; /* commands to be answered */
static size_t waiting_count;

static void on_command(const uint8_t *packet)
{
    uint16_t opcode = (uint16_t)(packet[1] | packet[2] << 8);
    if (opcode == SET_PARAMETERS)
        interval = (uint16_t)(packet[4] | packet[5] << 8);
    else if (opcode == SET_DATA)
        memcpy(advertised, packet + 5, sizeof advertised);
    else if (opcode == SET_ENABLE)
        on_air = packet[4] == 1;
    else if (opcode == DISCONNECT)
        disconnected = (uint16_t)(packet[4] | packet[5] << 8);
}

static void hci_send(void *ctx, const uint8_t *packet, size_t length)
{
    (void)ctx;
    CHECK(waiting_count < 16 && length <= 64);
    if (packet[0] == 1)
        on_command(packet);
    else
        memcpy(pdus[pdu_count++], packet + 9, length - 9);
    memcpy(waiting[waiting_count++], packet, length);
}

static void hello(void *ctx, uint8_t link, uint64_t at_us)
{
    (void)ctx;
    (void)link;
    CHECK_EQUAL(at_us, now_us);
    hellos++;
}

static void display(void *ctx, const uint8_t *frame)
{
    (void)ctx;
    lit = frame != NULL;
}

static void light(void *ctx, uint8_t r, uint8_t g, uint8_t b)
{
    (void)ctx;
    rgb[0] = r;
    rgb[1] = g;
    rgb[2] = b;
}

static void servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    (void)ctx;
    moved.channel = channel;
    moved.decidegrees = decidegrees;
    moved.enabled = enabled;
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
    noted.timeline = number;
    noted.what = what;
    noted.index = index;
    noted.planned_ms = planned_ms;
    noted.now_ms = clock_ms;
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

static void receive(const uint8_t *bytes, size_t length)
{
    app_hci_received(&app, bytes, length, now_us);
}
#define RECEIVE(...) receive((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void answer(const uint8_t *packet)
{
    if (packet[0] == 2)
        RECEIVE(4, 0x13, 5, 1, packet[1], packet[2] & 0x0F, 1, 0);
    else
        RECEIVE(4, 0x0E, 7, 1, packet[1], packet[2], 0, 251, 0, 8);
}

static void settle(void)
{
    do {
        (void)app_poll(&app, now_us);
        size_t count = waiting_count;
        uint8_t answered[16][64];
        memcpy(answered, waiting, sizeof answered);
        waiting_count = 0;
        for (size_t i = 0; i < count; i++)
            answer(answered[i]);
    } while (waiting_count > 0);
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
        .model = "test",
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
    CHECK(store_mount(&store, &flash));
    app_init(&app, &board, &store, &identity, now_us);
    settle();
}

static void fresh(void)
{
    flash_sim_new(&sim);
    now_us = 5 * SECOND;
    battery_mv = 3600;
    pdu_count = waiting_count = 0;
    disconnected = 0;
    hellos = 0;
    boot();
}

static void connect(uint8_t handle)
{
    RECEIVE(4, 0x3E, 19, 1, 0, handle, 0, 1, 0, 1, 2, 3, 4, 5, 6, 6, 0, 0, 0, 72, 0, 0);
    settle();
}

static void subscribe(uint8_t handle, uint8_t cccd)
{
    RECEIVE(2, handle, 0x20, 9, 0, 5, 0, 4, 0, 0x12, cccd, 0, 1, 0);
    settle();
}

static void advertising_is_fast_for_half_a_minute(void)
{
    fresh();
    CHECK(on_air);
    CHECK_EQUAL(interval, FAST);
    pass(30 * SECOND - 1);
    CHECK_EQUAL(interval, FAST);
    pass(1);
    CHECK_EQUAL(interval, SLOW);
    CHECK(on_air);
}

static void a_button_press_makes_it_fast_again(void)
{
    fresh();
    pass(60 * SECOND);
    app_button(&app, 0, true, now_us);
    settle();
    CHECK_EQUAL(interval, FAST);
    pass(29 * SECOND);
    app_button(&app, 0, false, now_us); /* letting go is no press */
    pass(SECOND);
    CHECK_EQUAL(interval, SLOW);
}

static void what_is_advertised_is_what_the_board_is(void)
{
    static const uint8_t head[] = {2, 1, 6, 17, 0xFF, 0xFF, 0xFF, 1, 1, 2, 3, 4, 5, 6, 7, 8};
    fresh();
    CHECK(memcmp(advertised, head, sizeof head) == 0);
    CHECK(memcmp(advertised + 16, cuelight_inst_id(&app.core), 4) == 0);
    CHECK_EQUAL(advertised[20], 50);
    CHECK(memcmp(advertised + 21, "\x09\x09""Cuelight", 10) == 0);
}

static void the_battery_is_kept_within_its_ends(void)
{
    static const uint16_t levels[][2] = {{0, 0}, {2999, 0}, {3000, 0}, {3012, 1}, {4199, 99}, {4200, 100}, {65535, 100}};
    fresh();
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        battery_mv = levels[i][0];
        settle();
        CHECK_EQUAL(advertised[20], levels[i][1]);
    }
}

static void a_change_of_the_battery_is_told_to_who_listens(void)
{
    fresh();
    connect(1);
    subscribe(1, BATTERY_CCCD);
    pdu_count = 0;
    battery_mv = 3300;
    settle();
    CHECK_EQUAL(pdu_count, 1);
    CHECK(memcmp(pdus[0], "\x1B\x15\x00\x19", 4) == 0);
    settle();
    CHECK_EQUAL(pdu_count, 1);
    CHECK_EQUAL(hellos, 0); /* only TX starts a handshake */
}

static void hello_follows_the_answer_to_the_subscription(void)
{
    fresh();
    connect(1);
    subscribe(1, TX_CCCD);
    CHECK_EQUAL(pdu_count, 2);
    CHECK_EQUAL(pdus[0][0], 0x13);
    CHECK_EQUAL(pdus[1][0], 0x1B);
    CHECK_EQUAL(pdus[1][3], 0x40);
    CHECK_EQUAL(hellos, 1);
}

static void a_write_reaches_the_core_and_its_error_the_central(void)
{
    fresh();
    connect(1);
    subscribe(1, TX_CCCD);
    RECEIVE(2, 1, 0x20, 9, 0, 5, 0, 4, 0, 0x52, RX, 0, 0xFF, 0xFF);
    settle();
    CHECK_EQUAL(pdu_count, 3);
    CHECK_EQUAL(pdus[2][3], 0x60);
}

static bool on_flash(const char *text)
{
    for (size_t i = 0; i + strlen(text) < SIM_SIZE; i++)
        if (memcmp(sim.bytes + i, text, strlen(text)) == 0)
            return true;
    return false;
}

static void erased_records_leave_the_flash_when_no_link_is_up(void)
{
    const struct cuelight_hal *hal = &app.core.hal;
    fresh();
    connect(1);
    CHECK(hal->save(hal->ctx, 0x13, (const uint8_t *)"a secret", 8));
    CHECK(hal->save(hal->ctx, 0x13, NULL, 0));
    settle();
    CHECK(on_flash("a secret"));
    RECEIVE(4, 5, 4, 0, 1, 0, 0x13);
    settle();
    CHECK(!on_flash("a secret"));
    long steps = sim.steps;
    settle();
    CHECK_EQUAL(sim.steps, steps);
}

static void a_board_that_stops_is_safe(void)
{
    fresh();
    connect(1);
    subscribe(1, TX_CCCD);
    app_stop(&app, now_us);
    CHECK(is_safe);
}

static void reads(uint8_t handle, const char *value, size_t length)
{
    pdu_count = 0;
    RECEIVE(2, 1, 0x20, 7, 0, 3, 0, 4, 0, 0x0A, handle, 0);
    settle();
    CHECK_EQUAL(pdu_count, 1);
    CHECK_EQUAL(pdus[0][0], 0x0B);
    CHECK(memcmp(pdus[0] + 1, value, length) == 0);
}

static void what_is_read_is_what_the_board_is(void)
{
    fresh();
    connect(1);
    reads(GATT_DEVICE_NAME, "Cuelight", 8);
    reads(GATT_APPEARANCE, "\0\0", 2);
    reads(GATT_MANUFACTURER, "Cuelight", 8);
    reads(GATT_MODEL, "test", 4);
    reads(GATT_FIRMWARE_REVISION, "1", 1);
    reads(GATT_BATTERY_LEVEL, "\x32", 1);
}

static void what_the_core_asks_reaches_the_board(void)
{
    static const uint8_t frame[CUELIGHT_DISPLAY_BYTES] = {1};
    const struct cuelight_hal *hal = &app.core.hal;
    uint8_t bytes[4] = {0};
    fresh();
    hal->display(hal->ctx, frame);
    CHECK(lit);
    hal->display(hal->ctx, NULL);
    CHECK(!lit);
    hal->light(hal->ctx, 1, 2, 3);
    CHECK(memcmp(rgb, "\1\2\3", 3) == 0);
    hal->servo(hal->ctx, 2, 900, true);
    CHECK(moved.channel == 2 && moved.decidegrees == 900 && moved.enabled);
    hal->timeline(hal->ctx, 7, CUELIGHT_TIMELINE_CUE, 3, 250, 260);
    CHECK(noted.timeline == 7 && noted.what == CUELIGHT_TIMELINE_CUE && noted.index == 3);
    CHECK(noted.planned_ms == 250 && noted.now_ms == 260);
    CHECK_EQUAL(hal->millivolts(hal->ctx), 3600);
    CHECK(hal->random(hal->ctx, bytes, sizeof bytes));
    CHECK(memcmp(bytes, "BBBB", 4) == 0);
}

static void an_upload_is_an_asset_once_it_is_whole(void)
{
    const struct cuelight_hal *hal = &app.core.hal;
    size_t length = 0;
    fresh();
    CHECK(hal->asset_begin(hal->ctx, 0x200, 9));
    CHECK(hal->asset_write(hal->ctx, 0, (const uint8_t *)"nine ", 5));
    CHECK(hal->asset_staged(hal->ctx) == NULL);
    CHECK(hal->asset_write(hal->ctx, 5, (const uint8_t *)"here", 4));
    CHECK(memcmp(hal->asset_staged(hal->ctx), "nine here", 9) == 0);
    CHECK(hal->asset(hal->ctx, 0x200, &length) == NULL);
    CHECK(hal->asset_commit(hal->ctx));
    boot();
    CHECK(memcmp(hal->asset(hal->ctx, 0x200, &length), "nine here", 9) == 0);
    CHECK_EQUAL(length, 9);
}

static void a_link_is_ended_when_the_core_asks(void)
{
    fresh();
    connect(1);
    app.core.hal.disconnect(app.core.hal.ctx, 0);
    pass(SECOND);
    CHECK_EQUAL(disconnected, 1);
}

static void the_board_is_told_the_lease_and_may_end_it(void)
{
    const struct cuelight_hal *hal = &app.core.hal;
    fresh();
    CHECK_EQUAL(lease_us, CUELIGHT_NEVER);
    hal->lease(hal->ctx, 7 * SECOND);
    CHECK_EQUAL(lease_us, 7 * SECOND);
    connect(1);
    subscribe(1, TX_CCCD);
    safety_authenticated(&app.core.safety, 0);
    safety_leased(&app.core.safety, 0, now_us + SECOND, now_us);
    settle();
    CHECK(!is_safe);
    CHECK_EQUAL(lease_us, now_us + SECOND);
    app_cut(&app, now_us);
    CHECK(is_safe);
    CHECK_EQUAL(lease_us, CUELIGHT_NEVER);
}

static void a_frame_waits_for_credit(void)
{
    const struct cuelight_hal *hal = &app.core.hal;
    static const uint8_t frame[20] = {0x58};
    fresh();
    connect(1);
    subscribe(1, TX_CCCD);
    unsigned taken = 0;
    while (taken < 16 && hal->send(hal->ctx, 0, frame, sizeof frame))
        taken++;
    CHECK(taken > 0 && taken < 16);
    settle();
    CHECK(hal->send(hal->ctx, 0, frame, sizeof frame));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(advertising_is_fast_for_half_a_minute),
        TEST(a_button_press_makes_it_fast_again),
        TEST(what_is_advertised_is_what_the_board_is),
        TEST(the_battery_is_kept_within_its_ends),
        TEST(a_change_of_the_battery_is_told_to_who_listens),
        TEST(hello_follows_the_answer_to_the_subscription),
        TEST(a_write_reaches_the_core_and_its_error_the_central),
        TEST(erased_records_leave_the_flash_when_no_link_is_up),
        TEST(a_board_that_stops_is_safe),
        TEST(what_is_read_is_what_the_board_is),
        TEST(what_the_core_asks_reaches_the_board),
        TEST(an_upload_is_an_asset_once_it_is_whole),
        TEST(a_link_is_ended_when_the_core_asks),
        TEST(a_frame_waits_for_credit),
        TEST(the_board_is_told_the_lease_and_may_end_it),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
