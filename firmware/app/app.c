/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <string.h>

#include "sha256.h"
#include "advertisement.h"
#include "gatt.h"

enum {
    FAST_US = 30000000, /* after boot or a button press */
    HELLO_BYTE = 0x40,
    APPEARANCE_LENGTH = 2,
    BOARD_RECORDS = 0x0100, /* and above */
};

/* ---- What the core asks for ---- */

static bool send_frame(void *ctx, uint8_t link, const uint8_t *frame, size_t length)
{
    struct app *app = ctx;
    if (ble_notify(&app->ble, link, GATT_TX, frame, length) == BLE_BUSY)
        return false;
    /* A frame that can never go out (no subscription, MTU too small) counts as sent: its peer runs into a timeout. */
    if (frame[0] == HELLO_BYTE)
        app->board.hello(app->board.ctx, link, app->now_us);
    return true;
}

static void disconnect(void *ctx, uint8_t link)
{
    struct app *app = ctx;
    ble_disconnect(&app->ble, link);
}

static void display(void *ctx, const uint8_t *frame)
{
    struct app *app = ctx;
    app->board.display(app->board.ctx, frame);
}

static void light(void *ctx, uint8_t r, uint8_t g, uint8_t b)
{
    struct app *app = ctx;
    app->board.light(app->board.ctx, r, g, b);
}

static void servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    struct app *app = ctx;
    app->board.servo(app->board.ctx, channel, decidegrees, enabled);
}

static void safe(void *ctx, bool is_safe, uint8_t fault)
{
    struct app *app = ctx;
    app->board.safe(app->board.ctx, is_safe, fault);
}

static void lease(void *ctx, uint64_t end_us)
{
    struct app *app = ctx;
    app->board.lease(app->board.ctx, end_us);
}

static void state(void *ctx, uint8_t state, uint8_t fault)
{
    struct app *app = ctx;
    app->board.state(app->board.ctx, state, fault);
}

static void timeline(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms)
{
    struct app *app = ctx;
    app->board.timeline(app->board.ctx, timeline, what, index, planned_ms, now_ms);
}

static uint16_t millivolts(void *ctx)
{
    struct app *app = ctx;
    return app->board.millivolts(app->board.ctx);
}

static bool draw_random(void *ctx, uint8_t *out, size_t length)
{
    struct app *app = ctx;
    return app->board.random(app->board.ctx, out, length);
}

static size_t load(void *ctx, uint16_t key, uint8_t *out, size_t capacity)
{
    struct app *app = ctx;
    return store_load(app->store, key, out, capacity);
}

static bool save(void *ctx, uint16_t key, const uint8_t *data, size_t length)
{
    struct app *app = ctx;
    app->scrub_due |= length == 0;
    return store_save(app->store, key, data, length);
}

static uint32_t free_bytes(void *ctx)
{
    struct app *app = ctx;
    return store_free(app->store);
}

static bool reset(void *ctx)
{
    struct app *app = ctx;
    return store_reset(app->store, CUELIGHT_RECORD_BOOTS, BOARD_RECORDS);
}

static const uint8_t *asset(void *ctx, uint16_t id, size_t *length)
{
    struct app *app = ctx;
    return store_asset(app->store, id, length);
}

static bool asset_begin(void *ctx, uint16_t id, uint32_t length)
{
    struct app *app = ctx;
    return store_upload_begin(app->store, id, length);
}

static bool asset_write(void *ctx, uint32_t offset, const uint8_t *data, size_t length)
{
    struct app *app = ctx;
    return store_upload_write(app->store, offset, data, length);
}

static const uint8_t *asset_staged(void *ctx)
{
    struct app *app = ctx;
    return store_upload_bytes(app->store);
}

static bool asset_commit(void *ctx)
{
    struct app *app = ctx;
    return store_upload_commit(app->store);
}

static struct cuelight_hal make_hal(struct app *app)
{
    return (struct cuelight_hal){
        .ctx = app,
        .send = send_frame,
        .disconnect = disconnect,
        .display = display,
        .light = light,
        .servo = servo,
        .safe = safe,
        .lease = lease,
        .state = state,
        .timeline = timeline,
        .millivolts = millivolts,
        .random = draw_random,
        .load = load,
        .save = save,
        .free_bytes = free_bytes,
        .reset = reset,
        .asset = asset,
        .asset_begin = asset_begin,
        .asset_write = asset_write,
        .asset_staged = asset_staged,
        .asset_commit = asset_commit,
    };
}

/* ---- What the host reports ---- */

static void hci_send(void *ctx, const uint8_t *packet, size_t length)
{
    struct app *app = ctx;
    app->board.hci_send(app->board.ctx, packet, length);
}

static void connected(void *ctx, uint8_t link)
{
    struct app *app = ctx;
    app->links++;
    cuelight_link_up(&app->core, link, app->now_us);
}

static void disconnected(void *ctx, uint8_t link, uint8_t reason)
{
    struct app *app = ctx;
    (void)reason;
    app->links--;
    cuelight_link_down(&app->core, link, app->now_us);
}

static void subscribed(void *ctx, uint8_t link, uint16_t handle, bool on)
{
    struct app *app = ctx;
    if (handle == GATT_TX)
        cuelight_subscribed(&app->core, link, on, app->now_us);
}

static void written(void *ctx, uint8_t link, uint16_t handle, const uint8_t *data, size_t length)
{
    struct app *app = ctx;
    if (handle == GATT_RX)
        cuelight_received(&app->core, link, data, length, app->now_us);
}

static const uint8_t *text(const char *value, size_t *length)
{
    for (*length = 0; value[*length] != '\0';)
        ++*length;
    return (const uint8_t *)value;
}

static const uint8_t *value(void *ctx, uint16_t handle, size_t *length)
{
    static const uint8_t appearance_unknown[APPEARANCE_LENGTH] = {0, 0};
    struct app *app = ctx;
    switch (handle) {
    case GATT_DEVICE_NAME:
        return text(ADVERTISEMENT_NAME, length);
    case GATT_MANUFACTURER:
        return text("Cuelight", length);
    case GATT_MODEL:
        return text(app->board.model, length);
    case GATT_FIRMWARE_REVISION:
        return text(app->board.version, length);
    case GATT_BATTERY_LEVEL:
        *length = 1;
        return &app->battery;
    default:
        *length = APPEARANCE_LENGTH;
        return appearance_unknown;
    }
}

static struct ble_callbacks make_callbacks(struct app *app)
{
    return (struct ble_callbacks){
        .ctx = app,
        .send = hci_send,
        .connected = connected,
        .disconnected = disconnected,
        .subscribed = subscribed,
        .written = written,
        .value = value,
    };
}

/* ---- Advertising and battery ---- */

static void measure_battery(struct app *app)
{
    uint32_t empty = app->board.battery_empty_mv;
    uint32_t full = app->board.battery_full_mv;
    uint32_t now = app->board.millivolts(app->board.ctx);
    uint32_t held = now < empty ? empty : now > full ? full : now;
    uint8_t percent = (uint8_t)((held - empty) * 100 / (full - empty));
    if (percent != app->battery)
        app->battery_due = (1 << BLE_LINKS) - 1;
    app->battery = percent;
}

static void tell_battery(struct app *app)
{
    for (uint8_t link = 0; link < BLE_LINKS; link++)
        if ((app->battery_due >> link & 1) != 0 &&
            ble_notify(&app->ble, link, GATT_BATTERY_LEVEL, &app->battery, 1) != BLE_BUSY)
            app->battery_due &= (uint8_t) ~(1u << link);
}

static void advertise(struct app *app)
{
    struct ble_advertising advertising;
    uint8_t flags = cuelight_flags(&app->core);
    bool fast = flags != 0 || app->now_us < app->fast_until_us;
    advertisement_make(&advertising, app->dev_id, cuelight_inst_id(&app->core), flags, app->battery, fast);
    ble_advertise(&app->ble, &advertising);
}

/* ---- The board's calls ---- */

static void make_address(const uint8_t *dev_id, uint8_t *address)
{
    struct sha256 hash;
    uint8_t digest[SHA256_BYTES];
    sha256_init(&hash);
    sha256_update(&hash, dev_id, 8);
    sha256_final(&hash, digest);
    for (int i = 0; i < 6; i++)
        address[i] = digest[31 - i];
    address[5] |= 0xC0; /* static random: Vol 6, Part B, 1.3.2.1 */
}

void app_init(struct app *app, const struct app_board *board, struct store *store,
              const struct cuelight_identity *identity, uint64_t now_us)
{
    memset(app, 0, sizeof *app);
    app->board = *board;
    app->store = store;
    app->now_us = now_us;
    app->fast_until_us = now_us + FAST_US;
    memcpy(app->dev_id, identity->dev_id, sizeof app->dev_id);
    struct cuelight_hal hal = make_hal(app);
    struct ble_callbacks callbacks = make_callbacks(app);
    struct ble_config config = {.attributes = gatt_attributes, .attribute_count = GATT_COUNT};
    make_address(app->dev_id, config.address);
    ble_init(&app->ble, &config, &callbacks);
    cuelight_init(&app->core, &hal, identity, now_us);
}

void app_hci_received(struct app *app, const uint8_t *data, size_t length, uint64_t now_us)
{
    app->now_us = now_us;
    ble_received(&app->ble, data, length, now_us);
}

void app_button(struct app *app, uint8_t button, bool down, uint64_t now_us)
{
    app->now_us = now_us;
    if (down)
        app->fast_until_us = now_us + FAST_US;
    cuelight_button(&app->core, button, down, now_us);
}

void app_cut(struct app *app, uint64_t now_us)
{
    app->now_us = now_us;
    cuelight_cut(&app->core, now_us);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What was erased, a key above all, leaves the flash for good. That takes a second or two of stalled CPU, so it waits for
 * a time without links, when every output is at rest. Should the power go before, the next compaction does it. */
static void scrub(struct app *app)
{
    if (!app->scrub_due || app->links > 0)
        return;
    app->scrub_due = false;
    (void)store_scrub(app->store);
}

uint64_t app_poll(struct app *app, uint64_t now_us)
{
    app->now_us = now_us;
    uint64_t due = cuelight_poll(&app->core, now_us);
    scrub(app);
    measure_battery(app);
    tell_battery(app);
    advertise(app);
    due = sooner(due, ble_poll(&app->ble, now_us));
    return now_us < app->fast_until_us ? sooner(due, app->fast_until_us) : due;
}

void app_stop(struct app *app, uint64_t now_us)
{
    for (uint8_t link = 0; link < CUELIGHT_LINKS; link++)
        cuelight_link_down(&app->core, link, now_us);
    cuelight_poll(&app->core, now_us);
}
