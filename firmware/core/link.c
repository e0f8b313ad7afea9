/* SPDX-License-Identifier: Apache-2.0
 *
 * The links: handshakes, commands in, events and errors out, and the time each of these has.
 */
#include "link.h"

#include "cuelight.h"

#define MS 1000u
#define AUTH_TIMEOUT 5000000u           /* these in microseconds */
#define IDLE_TIMEOUT 30000000u          /* also of a connection that is in no session */
#define GOODBYE_TIME 100000u            /* for an ERR frame to leave before the connection ends */
#define SESSION_LIFE_MS (24u * 3600u * 1000u)
#define LEASE_UNIT 250000u
#define CREDIT_RETRY 20000u

static bool in_session(const struct cuelight *device, uint8_t link)
{
    return device->safety.link[link] >= CUELIGHT_SESSION;
}

void link_forget(struct cuelight *device, uint8_t number)
{
    struct link *link = &device->link[number];

    session_erase(&link->session);
    pairing_link_over(&device->pairing, number);
    link->hello_waiting = false;
    link->event_count = 0;
    upload_forget(&device->upload, number);
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

void link_flush(struct cuelight *device, uint8_t number, uint64_t now_us)
{
    struct link *link = &device->link[number];

    if (!link->up || (link->hello_waiting && !send_hello(device, number, now_us)) ||
        (link->error_waiting != 0 && !send_error(device, number)))
        return;
    while (link->event_count > 0)
        if (!send_event(device, number))
            return;
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

void link_check_deadlines(struct cuelight *device, uint8_t number, uint64_t now_us)
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

uint64_t link_due(const struct cuelight *device, uint8_t number, uint64_t now_us)
{
    const struct link *link = &device->link[number];
    uint64_t due = link->deadline_us;

    if (!link->up)
        return CUELIGHT_NEVER;
    if (in_session(device, number) && session_end(link) < due)
        due = session_end(link) + 1;
    if ((link->hello_waiting || link->error_waiting != 0 || link->event_count > 0) && now_us + CREDIT_RETRY < due)
        due = now_us + CREDIT_RETRY;
    return due;
}

/* ---- what comes in ---- */

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
    device_run_due(device, now_us);
    if (device->safety.link[number] >= CUELIGHT_LINK)
        link_fail(device, number, CUELIGHT_LINK_LOSS, now_us);
    device->link[number].up = false;
    device->link[number].error_waiting = 0;
}

void cuelight_subscribed(struct cuelight *device, uint8_t number, bool on, uint64_t now_us)
{
    if (number >= CUELIGHT_LINKS || !device->link[number].up)
        return;
    device_run_due(device, now_us);
    safety_unsubscribed(&device->safety, number);
    device->link[number].deadline_us = now_us + IDLE_TIMEOUT;
    device_settle(device, now_us);
    if (on)
        start_handshake(device, number, now_us);
    device_run_due(device, now_us);
}

void cuelight_received(struct cuelight *device, uint8_t number, const uint8_t *data, size_t len, uint64_t now_us)
{
    if (number >= CUELIGHT_LINKS || !device->link[number].up)
        return;
    device_run_due(device, now_us);
    if (in_session(device, number))
        receive_command(device, number, data, len, now_us);
    else if (device->safety.link[number] == CUELIGHT_LINK && !pairing_received(device, number, data, len, now_us))
        receive_auth(device, number, data, len, now_us);
    device_run_due(device, now_us);
}
