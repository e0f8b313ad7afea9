/* SPDX-License-Identifier: Apache-2.0
 *
 * The device: what comes in, what is due, and the links' handshakes and time-outs.
 */
#include "cuelight.h"

#include <string.h>

#define MS 1000u
#define AUTH_TIMEOUT 5000000u           /* these in microseconds */
#define IDLE_TIMEOUT 30000000u          /* also of a connection that is in no session */
#define GOODBYE_TIME 100000u            /* for an ERR frame to leave before the connection ends */
#define SESSION_LIFE_MS (24u * 3600u * 1000u)
#define LEASE_UNIT 250000u
#define CREDIT_RETRY 20000u

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

static bool in_session(const struct cuelight *device, uint8_t link)
{
    return device->safety.link[link] >= CUELIGHT_SESSION;
}

static void erase_session(struct cuelight *device, uint8_t number)
{
    struct link *link = &device->link[number];

    session_erase(&link->session);
    pairing_link_over(&device->pairing, number);
    link->hello_waiting = false;
    link->event_count = 0;
    upload_forget(&device->upload, number);
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
            erase_session(device, number);
    tell_board(device);
}

/* ---- what goes out ---- */

void link_error(struct cuelight *device, uint8_t number, uint8_t code)
{
    device->link[number].error_waiting = code;
    device->link[number].error_gen = session_gen(&device->link[number].session);
}

void link_event(struct cuelight *device, uint8_t number, const uint32_t *items, uint32_t count)
{
    struct link *link = &device->link[number];

    if (!in_session(device, number) || link->event_count == EVENT_QUEUE)
        return;

    struct event *event = &link->events[(link->first_event + link->event_count++) % EVENT_QUEUE];
    struct cbor_writer writer = {event->payload, event->payload + EVENT_MAX};

    cbor_write_array(&writer, count);
    for (uint32_t i = 0; i < count; i++)
        cbor_write_uint(&writer, items[i]);
    event->len = (uint8_t)(writer.at - event->payload);
}

void link_ack(struct cuelight *device, uint8_t link, uint32_t counter, uint8_t code)
{
    const uint32_t items[] = {OP_ACK, counter, code};

    link_event(device, link, items, 3);
}

void link_done(struct cuelight *device, uint8_t link, uint8_t timeline, uint8_t code)
{
    const uint32_t items[] = {OP_DONE, timeline, code};

    link_event(device, link, items, 3);
}

/* Session clock of a link; 0 for what was before it. */
static uint32_t clock_ms(const struct link *link, uint64_t at_us)
{
    return at_us > link->zero_us ? (uint32_t)((at_us - link->zero_us) / MS) : 0;
}

void link_button(struct cuelight *device, uint8_t link, uint8_t button, uint8_t kind, uint64_t at_us)
{
    const uint32_t items[] = {OP_BUTTON, button, kind, clock_ms(&device->link[link], at_us)};

    link_event(device, link, items, 4);
}

/* In units of 250 ms, rounded up, 255 for more. */
static uint32_t lease_left(const struct safety *safety, uint64_t now_us)
{
    if (safety_state(safety) != CUELIGHT_ACTIVE)
        return 0;

    uint64_t left_us = safety->lease_end_us - now_us;

    return left_us < UINT8_MAX * LEASE_UNIT ? ((uint32_t)left_us + LEASE_UNIT - 1) / LEASE_UNIT : UINT8_MAX;
}

void link_status(struct cuelight *device, uint8_t link, uint64_t now_us)
{
    const struct cuelight_hal *hal = &device->hal;
    const struct safety *safety = &device->safety;
    const uint32_t items[] = {
        OP_STATUS,
        safety_state(safety),
        clock_ms(&device->link[link], now_us),
        lease_left(safety, now_us),
        hal->millivolts(hal->ctx),
        safety->fault,
        device->link[link].session.last_counter,
    };

    link_event(device, link, items, 7);
}

static bool send_hello(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    const struct cuelight_hal *hal = &device->hal;
    struct link *link = &device->link[number];

    if (!hal->send(hal->ctx, number, link->session.hello, SESSION_HELLO))
        return false;
    link->hello_waiting = false;
    link->zero_us = now_us;
    link->deadline_us = now_us + AUTH_TIMEOUT;
    return true;
}

static bool send_error(struct cuelight *device, uint8_t number)
{
    const struct cuelight_hal *hal = &device->hal;
    struct link *link = &device->link[number];
    uint8_t frame[SESSION_ERR];

    session_error(link->error_waiting, link->error_gen, frame);
    if (!hal->send(hal->ctx, number, frame, sizeof frame))
        return false;
    link->error_waiting = 0;
    return true;
}

static bool send_event(struct cuelight *device, uint8_t number)
{
    const struct cuelight_hal *hal = &device->hal;
    struct link *link = &device->link[number];
    const struct event *event = &link->events[link->first_event];
    uint8_t frame[EVENT_MAX + SESSION_EVENT_OVERHEAD];
    size_t len = session_seal(&link->session, link->session.next_event, event->payload, event->len, frame);

    if (!hal->send(hal->ctx, number, frame, len))
        return false;
    link->session.next_event++;
    link->first_event = (uint8_t)((link->first_event + 1) % EVENT_QUEUE);
    link->event_count--;
    return true;
}

/* Sends what waits. False: something still does, for a credit. */
static bool flush(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    struct link *link = &device->link[number];

    if (!link->up)
        return true;
    if (link->hello_waiting && !send_hello(device, number, now_us))
        return false;
    if (link->error_waiting != 0 && !send_error(device, number))
        return false;
    while (link->event_count > 0)
        if (!send_event(device, number))
            return false;
    return true;
}

/* ---- what ends a session ---- */

static void disconnect(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    const struct cuelight_hal *hal = &device->hal;

    device->link[number].deadline_us = now_us + IDLE_TIMEOUT;
    hal->disconnect(hal->ctx, number);
}

/* Something went wrong on a link. If it owned the lease, the other link's session ends too; its host learns it by the
 * connection ending. */
void link_fail(struct cuelight *device, uint8_t number, uint8_t fault, uint64_t now_us)
{
    uint8_t other = (uint8_t)(1 - number);
    bool other_alive = device->safety.link[other] >= CUELIGHT_LINK;

    if (fault < CUELIGHT_LINK_LOSS || fault >= CUELIGHT_PAIRING)
        link_error(device, number, fault);
    safety_fault(&device->safety, number, fault);
    device->link[number].deadline_us = now_us + IDLE_TIMEOUT;
    device_settle(device, now_us);
    if (other_alive && device->safety.link[other] == CUELIGHT_SAFE)
        disconnect(device, other, now_us);
}

void link_end(struct cuelight *device, uint8_t number, uint8_t fault, uint64_t now_us)
{
    link_fail(device, number, fault, now_us);
    device->link[number].deadline_us = now_us + GOODBYE_TIME;
}

void link_drop(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    if (!device->link[number].up)
        return;
    safety_unsubscribed(&device->safety, number);
    device_settle(device, now_us);
    disconnect(device, number, now_us);
}

static uint64_t session_end(const struct link *link)
{
    return link->zero_us + (uint64_t)SESSION_LIFE_MS * MS;
}

static void check_deadlines(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    const struct link *link = &device->link[number];

    if (!link->up)
        return;
    if (in_session(device, number) &&
        (now_us > session_end(link) || link->session.next_event >= SESSION_COUNTER_END))
        link_end(device, number, CUELIGHT_EXPIRED, now_us);
    else if (now_us < link->deadline_us)
        return;
    else if (in_session(device, number))
        link_end(device, number, CUELIGHT_IDLE_TIMEOUT, now_us);
    else if (device->safety.link[number] == CUELIGHT_LINK)
        link_end(device, number, CUELIGHT_AUTH_TIMEOUT, now_us);
    else
        disconnect(device, number, now_us);
}

/* ---- what is due ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t link_due(const struct cuelight *device, uint8_t number)
{
    const struct link *link = &device->link[number];

    if (!link->up)
        return CUELIGHT_NEVER;
    return in_session(device, number) ? earlier(link->deadline_us, session_end(link) + 1) : link->deadline_us;
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

static uint64_t run_due(struct cuelight *device, uint64_t now_us)
{
    safety_poll(&device->safety, now_us);
    device_settle(device, now_us);
    for (uint8_t number = 0; number < CUELIGHT_LINKS; number++)
        check_deadlines(device, number, now_us);
    presses_report(device, now_us);

    uint64_t due = earlier(perform(device, now_us), pairing_poll(device, now_us));

    due = earlier(due, notice_step(&device->notice, &device->outputs.display, now_us));
    due = earlier(due, presses_due(&device->presses));

    if (safety_state(&device->safety) == CUELIGHT_ACTIVE)
        due = earlier(due, device->safety.lease_end_us);
    for (uint8_t number = 0; number < CUELIGHT_LINKS; number++) {
        if (!flush(device, number, now_us))
            due = earlier(due, now_us + CREDIT_RETRY);
        due = earlier(due, link_due(device, number));
    }
    return due;
}

uint64_t cuelight_poll(struct cuelight *device, uint64_t now_us)
{
    pairing_work(&device->pairing);

    uint64_t due = run_due(device, now_us);

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
    run_due(device, now_us);
}

void cuelight_link_up(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    if (number >= CUELIGHT_LINKS)
        return;
    cuelight_link_down(device, number, now_us);
    device->link[number].up = true;
    device->link[number].deadline_us = now_us + IDLE_TIMEOUT;
}

void cuelight_link_down(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    if (number >= CUELIGHT_LINKS)
        return;
    run_due(device, now_us);
    if (device->safety.link[number] >= CUELIGHT_LINK)
        link_fail(device, number, CUELIGHT_LINK_LOSS, now_us);
    device->link[number].up = false;
    device->link[number].error_waiting = 0;
}

/* Starts a handshake, unless no fresh nonce can be had. */
static void start_handshake(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    struct link *link = &device->link[number];
    uint8_t nonce[SESSION_NONCE];

    if (!keys_nonce(&device->keys, nonce)) {
        link_fail(device, number, CUELIGHT_STORE, now_us);
        return;
    }
    session_hello(&link->session, device->dev_id, device->keys.inst_id, keys_count(&device->keys), nonce);
    link->hello_waiting = true;
    link->error_waiting = 0;
    link->deadline_us = now_us + AUTH_TIMEOUT;
    safety_subscribed(&device->safety, number);
}

void cuelight_subscribed(struct cuelight *device, uint8_t number, bool on, uint64_t now_us)
{
    if (number >= CUELIGHT_LINKS || !device->link[number].up)
        return;
    run_due(device, now_us);
    safety_unsubscribed(&device->safety, number);
    device->link[number].deadline_us = now_us + IDLE_TIMEOUT;
    device_settle(device, now_us);
    if (on)
        start_handshake(device, number, now_us);
    run_due(device, now_us);
}

/* The session key an AUTH frame asks for, tried against its tag. `gen` becomes the device's where they differ. */
static uint8_t try_auth(struct cuelight *device, uint8_t number, const uint8_t *data, size_t len, uint8_t *gen)
{
    uint8_t psk[SESSION_KEY], kid;
    bool pending;
    uint8_t fault = session_auth_parse(data, len, &kid, gen);

    if (fault == CUELIGHT_OK)
        fault = device->pairing.open ? CUELIGHT_PAIRING : keys_find(&device->keys, kid, gen, psk, &pending);
    if (fault != CUELIGHT_OK)
        return fault;
    fault = session_authenticate(&device->link[number].session, data, psk);
    if (fault == CUELIGHT_OK && pending && !keys_promote(&device->keys, kid, *gen, psk))
        device->safety.fault = CUELIGHT_STORE;
    wipe(psk, sizeof psk);
    return fault;
}

static void receive_auth(struct cuelight *device, uint8_t number, const uint8_t *data, size_t len, uint64_t now_us)
{
    uint8_t gen = 0;
    uint8_t fault = try_auth(device, number, data, len, &gen);

    if (fault != CUELIGHT_OK) {
        link_fail(device, number, fault, now_us);
        device->link[number].error_gen = gen;
        return;
    }
    device->link[number].deadline_us = now_us + IDLE_TIMEOUT;
    safety_authenticated(&device->safety, number);
    link_status(device, number, now_us);
    presses_tell(device, number);
    device->safety.fault = CUELIGHT_OK;
}

static void receive_command(struct cuelight *device, uint8_t number, const uint8_t *data, size_t len, uint64_t now_us)
{
    struct link *link = &device->link[number];
    struct session_command command;
    uint8_t fault = session_open(&link->session, data, len, clock_ms(link, now_us), &command);

    if (fault == CUELIGHT_OK) {
        link->deadline_us = now_us + IDLE_TIMEOUT;
        if (!execute(device, number, &command, now_us))
            fault = CUELIGHT_MALFORMED;
    }
    if (fault != CUELIGHT_OK)
        link_fail(device, number, fault, now_us);
}

void cuelight_received(struct cuelight *device, uint8_t number, const uint8_t *data, size_t len, uint64_t now_us)
{
    if (number >= CUELIGHT_LINKS || !device->link[number].up)
        return;
    run_due(device, now_us);
    if (in_session(device, number))
        receive_command(device, number, data, len, now_us);
    else if (device->safety.link[number] == CUELIGHT_LINK && !pairing_received(device, number, data, len, now_us))
        receive_auth(device, number, data, len, now_us);
    run_due(device, now_us);
}

void cuelight_button(struct cuelight *device, uint8_t button, bool down, uint64_t now_us)
{
    if (button >= CUELIGHT_BUTTONS)
        return;
    run_due(device, now_us);
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
    run_due(device, now_us);
}

const uint8_t *cuelight_inst_id(const struct cuelight *device)
{
    return device->keys.inst_id;
}
