/* SPDX-License-Identifier: Apache-2.0
 *
 * The smart button: wires the device core to the Bluetooth host and the flash store. A board is wiring only.
 */
#ifndef APP_H
#define APP_H

#include "cuelight.h"
#include "ble.h"
#include "store.h"

/* What a board does. Every callback must be set; `ctx` is handed back as it is. */
struct app_board {
    void *ctx;
    const char *model;    /* Device Information */
    const char *version;
    uint16_t battery_empty_mv;
    uint16_t battery_full_mv;
    void (*hci_send)(void *ctx, const uint8_t *packet, size_t length); /* see BLE_SEND_BOUND */
    void (*hello)(void *ctx, uint8_t link, uint64_t now_us);           /* HELLO went out: session clock zero */
    /* As in struct cuelight_hal. */
    void (*display)(void *ctx, const uint8_t *frame);
    void (*light)(void *ctx, uint8_t r, uint8_t g, uint8_t b);
    void (*servo)(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled);
    void (*safe)(void *ctx, bool safe, uint8_t fault);
    void (*lease)(void *ctx, uint64_t end_us);
    void (*state)(void *ctx, uint8_t state, uint8_t fault);
    void (*timeline)(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms);
    uint16_t (*millivolts)(void *ctx);
    bool (*random)(void *ctx, uint8_t *out, size_t length);
};

struct app {
    struct cuelight core;
    struct ble ble;
    struct store *store;
    struct app_board board;
    uint8_t dev_id[8];
    uint64_t now_us;
    uint64_t fast_until_us; /* advertising */
    uint8_t battery;        /* percent */
    uint8_t battery_due;    /* bit for each link that has not been told of it */
    uint8_t links;          /* that are up */
    bool scrub_due;         /* a record was erased */
};

/* `store` is mounted. Records of the board in it have keys from 0x0100. */
void app_init(struct app *app, const struct app_board *board, struct store *store,
              const struct cuelight_identity *identity, uint64_t now_us);

void app_hci_received(struct app *app, const uint8_t *data, size_t length, uint64_t now_us);
void app_button(struct app *app, uint8_t button, bool down, uint64_t now_us);

/* The board has put its outputs to rest by itself. */
void app_cut(struct app *app, uint64_t now_us);

/* Runs everything due; returns when it next wants to run, absolute microseconds. */
uint64_t app_poll(struct app *app, uint64_t now_us);

/* The controller is gone or the board stops: every link is down, every output at rest. */
void app_stop(struct app *app, uint64_t now_us);

#endif
