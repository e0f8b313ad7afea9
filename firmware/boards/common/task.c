/* SPDX-License-Identifier: Apache-2.0 */
#include "task.h"

#include "app.h"
#include "board.h"
#include "cortex.h"
#include "latch.h"
#include "random.h"
#include "record.h"
#include "watchdog.h"

enum {
    WATCHDOG_S = 4,
    POLL_US = 1000000, /* the longest sleep */
};

static struct {
    struct app app;
    struct store store;
    struct record record;
    bool down[CUELIGHT_BUTTONS];
    uint64_t due_us; /* when the task wants to run again */
} task;

/* Shared with the timer's interrupt. */
static struct {
    volatile uint64_t lease_us; /* when it takes the outputs: read and written with interrupts masked */
    volatile bool cut;          /* it took them, and the core does not know yet */
} guard = {.lease_us = CUELIGHT_NEVER};

/* ---- The application's callbacks ---- */

static void hci_send(void *ctx, const uint8_t *packet, size_t length)
{
    (void)ctx;
    board_hci_send(packet, length);
}

static void hello(void *ctx, uint8_t link, uint64_t now_us)
{
    (void)ctx;
    (void)now_us;
    record_hello(&task.record, link);
}

static void display(void *ctx, const uint8_t *frame)
{
    (void)ctx;
    board_display(frame);
    record_display(&task.record, frame);
}

static void light(void *ctx, uint8_t r, uint8_t g, uint8_t b)
{
    (void)ctx;
    board_light(r, g, b);
    record_light(&task.record, r, g, b);
}

static void servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    (void)ctx;
    board_servo(channel, decidegrees, enabled);
    record_servo(&task.record, channel, decidegrees, enabled);
}

static void safe(void *ctx, bool is_safe, uint8_t fault)
{
    uint32_t mask = irq_lock();
    (void)ctx;
    board_safe(is_safe || guard.cut);
    irq_unlock(mask);
    record_safe(&task.record, is_safe, fault);
}

static void lease(void *ctx, uint64_t end_us)
{
    uint32_t mask = irq_lock();
    (void)ctx;
    guard.lease_us = end_us;
    if (end_us == CUELIGHT_NEVER)
        guard.cut = false;
    irq_unlock(mask);
    if (end_us != CUELIGHT_NEVER)
        board_guard_at(end_us);
}

static void state(void *ctx, uint8_t state, uint8_t fault)
{
    (void)ctx;
    latch_fault(fault);
    record_state(&task.record, state, fault);
}

static void timeline(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms)
{
    (void)ctx;
    record_timeline(&task.record, timeline, what, index, planned_ms, now_ms);
}

static uint16_t millivolts(void *ctx)
{
    (void)ctx;
    return board_millivolts();
}

static bool draw_random(void *ctx, uint8_t *out, size_t length)
{
    (void)ctx;
    return random_draw(out, length);
}

static void start(const struct cuelight_identity *identity)
{
    const struct app_board wiring = {
        .ctx = &task,
        .model = board_model,
        .version = CUELIGHT_VERSION,
        .battery_empty_mv = board_battery_empty_mv,
        .battery_full_mv = board_battery_full_mv,
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
    struct store_flash flash = board_flash();
    record_init(&task.record, board_write, clock_us);
    (void)store_mount(&task.store, &flash); /* what fails shows as the fault "store" */
    app_init(&task.app, &wiring, &task.store, identity, clock_us());
    record_boot(&task.record, board_model, identity->dev_id, cuelight_inst_id(&task.app.core));
}

/* ---- The loop ---- */

static void receive(void)
{
    uint8_t bytes[128];
    size_t length = board_hci_receive(bytes, sizeof bytes);
    if (length > 0)
        app_hci_received(&task.app, bytes, length, clock_us());
}

static bool button_moved(void)
{
    for (uint8_t i = 0; i < board_buttons; i++)
        if (board_button_down(i) != task.down[i])
            return true;
    return false;
}

static void read_buttons(void)
{
    for (uint8_t i = 0; i < board_buttons; i++) {
        bool down = board_button_down(i);
        if (down != task.down[i])
            app_button(&task.app, i, down, clock_us());
        task.down[i] = down;
    }
}

/* A lease that was prolonged while the guard ended it is over too, and the core has to know. */
static void follow_guard(void)
{
    if (guard.cut)
        app_cut(&task.app, clock_us());
}

static void note_due(uint64_t due_us)
{
    uint64_t latest_us = clock_us() + POLL_US;
    task.due_us = due_us < latest_us ? due_us : latest_us;
}

static void restart_if_lost(void)
{
    if (!board_hci_lost())
        return;
    app_stop(&task.app, clock_us());
    system_reset();
}

static void sleep_until_due(void)
{
    for (;;) {
        uint32_t mask = irq_lock();
        bool go_on = board_hci_waiting() || button_moved() || guard.cut || clock_us() >= task.due_us;
        if (!go_on)
            board_sleep(task.due_us);
        irq_unlock(mask);
        if (go_on)
            return;
    }
}

/* The state machine is polled on every turn, however much arrives. */
_Noreturn void task_run(const struct cuelight_identity *identity)
{
    start(identity);
    watchdog_start(WATCHDOG_S);
    for (;;) {
        receive();
        restart_if_lost();
        read_buttons();
        follow_guard();
        note_due(app_poll(&task.app, clock_us()));
        watchdog_feed();
        sleep_until_due();
    }
}

uint64_t task_guard(void)
{
    uint32_t mask = irq_lock();
    bool over = clock_us() >= guard.lease_us;
    if (over) {
        guard.lease_us = CUELIGHT_NEVER;
        guard.cut = true;
    }
    uint64_t next_us = guard.lease_us;
    irq_unlock(mask);
    if (over)
        board_rest();
    return next_us;
}
