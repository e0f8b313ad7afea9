/* SPDX-License-Identifier: Apache-2.0
 *
 * The device: what comes in, what is due, and what the board is told.
 */
#include "cuelight.h"

#include <string.h>

/* ---- what the board is told ---- */

static void tell_lease(struct cuelight *device, uint64_t end_us)
{
    if (end_us != device->told_lease_us)
        device->hal.lease(device->hal.ctx, end_us);
    device->told_lease_us = end_us;
}

static void tell_board(struct cuelight *device)
{
    const struct cuelight_hal *hal = &device->hal;
    uint8_t state = safety_state(&device->safety), fault = device->safety.fault;
    bool safe = state != CUELIGHT_ACTIVE;

    if (!safe)
        tell_lease(device, device->safety.lease_end_us);
    if (safe != (device->told_state != CUELIGHT_ACTIVE) || fault != device->told_fault)
        hal->safe(hal->ctx, safe, fault);
    if (safe)
        tell_lease(device, CUELIGHT_NEVER);
    if (state != device->told_state || fault != device->told_fault)
        hal->state(hal->ctx, state, fault);
    device->told_state = state;
    device->told_fault = fault;
}

void device_end_timeline(struct cuelight *device, uint8_t code, uint64_t now_us)
{
    struct timelines *timelines = &device->timelines;

    if (!timelines->running)
        return;
    timeline_end(timelines, &device->outputs, now_us);
    link_done(device, timelines->link, timelines->timeline, code);
}

void device_settle(struct cuelight *device, uint64_t now_us)
{
    uint8_t state = safety_state(&device->safety);

    if (state != CUELIGHT_ACTIVE && device->told_state == CUELIGHT_ACTIVE) {
        device_end_timeline(device, DONE_LEASE_ENDED, now_us);
        outputs_rest(&device->outputs);
    }
    if (state < CUELIGHT_SESSION)
        outputs_rest(&device->outputs);
    for (uint8_t number = 0; number < CUELIGHT_LINKS; number++)
        if (device->safety.link[number] == CUELIGHT_SAFE)
            link_forget(device, number);
    tell_board(device);
}

/* ---- what is due ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Runs timeline and outputs; returns when they next want to. A finished run still shows its last moment. */
static uint64_t perform(struct cuelight *device, uint64_t now_us)
{
    bool over = timeline_step(&device->timelines, &device->outputs, now_us);
    uint64_t due = outputs_step(&device->outputs, now_us);

    if (over) {
        device_end_timeline(device, DONE_COMPLETED, now_us);
        outputs_rest(&device->outputs);
        return CUELIGHT_NEVER;
    }
    return earlier(due, timeline_due(&device->timelines, &device->outputs));
}

uint64_t device_run_due(struct cuelight *device, uint64_t now_us)
{
    safety_poll(&device->safety, now_us);
    device_settle(device, now_us);
    for (uint8_t number = 0; number < CUELIGHT_LINKS; number++)
        link_check_deadlines(device, number, now_us);
    presses_report(device, now_us);

    uint64_t due = earlier(perform(device, now_us), pairing_poll(device, now_us));

    due = earlier(due, notice_step(&device->notice, &device->outputs.display, now_us));
    due = earlier(due, presses_due(&device->presses));

    if (safety_state(&device->safety) == CUELIGHT_ACTIVE)
        due = earlier(due, device->safety.lease_end_us);
    for (uint8_t number = 0; number < CUELIGHT_LINKS; number++) {
        link_flush(device, number, now_us);
        due = earlier(due, link_due(device, number, now_us));
    }
    return due;
}

uint64_t cuelight_poll(struct cuelight *device, uint64_t now_us)
{
    pairing_work(&device->pairing);

    uint64_t due = device_run_due(device, now_us);

    return device->pairing.work == PAIRING_NO_WORK ? due : now_us + 1;
}

/* ---- what comes in ---- */

void cuelight_init(struct cuelight *device, const struct cuelight_hal *hal, const struct cuelight_identity *identity,
                   uint64_t now_us)
{
    memset(device, 0, sizeof *device);
    device->hal = *hal;
    memcpy(device->dev_id, identity->dev_id, sizeof device->dev_id);
    device->notice.small_display = identity->small_display;
    outputs_init(&device->outputs, &device->hal);
    safety_init(&device->safety, identity->reset_fault);
    if (!keys_init(&device->keys, &device->hal, identity))
        device->safety.fault = CUELIGHT_STORE;
    hal->safe(hal->ctx, true, device->safety.fault);
    device->told_fault = device->safety.fault;
    tell_board(device);
    device_run_due(device, now_us);
}

void cuelight_button(struct cuelight *device, uint8_t button, bool down, uint64_t now_us)
{
    if (button >= CUELIGHT_BUTTONS)
        return;
    device_run_due(device, now_us);
    button_edge(&device->presses.button[button], down, now_us);
}

uint8_t cuelight_flags(const struct cuelight *device)
{
    return (uint8_t)((device->pairing.open ? CUELIGHT_FLAG_PAIRING : 0u) |
                     (device->presses.count > 0 ? CUELIGHT_FLAG_PRESS : 0u));
}

void cuelight_cut(struct cuelight *device, uint64_t now_us)
{
    safety_leased(&device->safety, 0, now_us, now_us);
    device_run_due(device, now_us);
}

const uint8_t *cuelight_inst_id(const struct cuelight *device)
{
    return device->keys.inst_id;
}
