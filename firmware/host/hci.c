/* SPDX-License-Identifier: Apache-2.0 */
#include "hci.h"

#include <string.h>

#include "bytes.h"
#include "h4.h"
#include "l2cap.h"

enum {
    COMMAND_TIMEOUT_US = 2000000,
    RETRY_DELAY_US = 1000000,
    DRAIN_US = 500000,
};

enum opcode {
    OP_DISCONNECT = 0x0406,
    OP_SET_EVENT_MASK = 0x0C01,
    OP_RESET = 0x0C03,
    OP_READ_BUFFER_SIZE = 0x1005,
    OP_LE_SET_EVENT_MASK = 0x2001,
    OP_LE_READ_BUFFER_SIZE = 0x2002,
    OP_LE_SET_RANDOM_ADDRESS = 0x2005,
    OP_LE_SET_ADVERTISING_PARAMETERS = 0x2006,
    OP_LE_SET_ADVERTISING_DATA = 0x2008,
    OP_LE_SET_SCAN_RESPONSE_DATA = 0x2009,
    OP_LE_SET_ADVERTISING_ENABLE = 0x200A,
    OP_LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY = 0x201B,
};

enum event {
    EVENT_DISCONNECTION_COMPLETE = 0x05,
    EVENT_COMMAND_COMPLETE = 0x0E,
    EVENT_COMMAND_STATUS = 0x0F,
    EVENT_HARDWARE_ERROR = 0x10,
    EVENT_NUMBER_OF_COMPLETED_PACKETS = 0x13,
    EVENT_LE_META = 0x3E,
};

enum le_event {
    LE_CONNECTION_COMPLETE = 0x01,
    LE_LONG_TERM_KEY_REQUEST = 0x05,
    LE_ENHANCED_CONNECTION_COMPLETE = 0x0A,
};

enum status {
    SUCCESS = 0x00,
    UNKNOWN_CONNECTION = 0x02,
    COMMAND_DISALLOWED = 0x0C,
    REMOTE_USER_TERMINATED = 0x13,
    LOCAL_HOST_TERMINATED = 0x16,
};

void hci_init(struct ble *ble)
{
    ble->step = BLE_RESET;
    ble->command_allowed = true;
    ble->radio = BLE_RADIO_OFF;
}

uint8_t hci_link(const struct ble *ble, uint16_t handle)
{
    for (uint8_t i = 0; i < BLE_LINKS; i++)
        if (ble->links[i].up && ble->links[i].handle == handle)
            return i;
    return BLE_LINKS;
}

/* ---- Commands ---- */

static void command(struct ble *ble, uint16_t opcode, const uint8_t *parameters, uint8_t length)
{
    uint8_t packet[BLE_COMMAND_SIZE];
    packet[0] = H4_COMMAND;
    put_u16(packet + 1, opcode);
    packet[3] = length;
    if (length > 0)
        memcpy(packet + 4, parameters, length);
    ble->command = opcode;
    ble->command_at_us = ble->now_us;
    ble->callbacks.send(ble->callbacks.ctx, packet, (size_t)(4 + length));
}

static void link_down(struct ble *ble, uint8_t index, uint8_t reason)
{
    struct ble_link *link = &ble->links[index];
    ble->acl_credits = (uint8_t)(ble->acl_credits + link->outstanding);
    memset(link, 0, sizeof *link); /* the rest of a packet on its way finds no PDU started */
    ble->advertising_retry_at_us = 0;
    ble->callbacks.disconnected(ble->callbacks.ctx, index, reason);
}

static void all_links_down(struct ble *ble)
{
    for (uint8_t i = 0; i < BLE_LINKS; i++)
        if (ble->links[i].up)
            link_down(ble, i, LOCAL_HOST_TERMINATED);
}

/* A controller that fails is reset, and what it knew is told again. */
static void start_over(struct ble *ble, uint64_t at_us)
{
    all_links_down(ble);
    ble->step = BLE_RESET;
    ble->command = 0;
    ble->command_allowed = true;
    ble->retry_at_us = at_us;
    ble->radio = BLE_RADIO_OFF;
    ble->surplus = false;
}

static void run_step(struct ble *ble)
{
    /* Disconnection complete, hardware error, LE meta; complete, status and credits cannot be masked. */
    static const uint8_t events[8] = {0x10, 0x80, 0, 0, 0, 0, 0, 0x20};
    /* Connection complete, long term key request, enhanced connection complete. */
    static const uint8_t le_events[8] = {0x11, 0x02, 0, 0, 0, 0, 0, 0};
    switch (ble->step) {
    case BLE_RESET:
        command(ble, OP_RESET, NULL, 0);
        break;
    case BLE_READ_LE_BUFFERS:
        command(ble, OP_LE_READ_BUFFER_SIZE, NULL, 0);
        break;
    case BLE_READ_BUFFERS:
        command(ble, OP_READ_BUFFER_SIZE, NULL, 0);
        break;
    case BLE_EVENT_MASK:
        command(ble, OP_SET_EVENT_MASK, events, sizeof events);
        break;
    case BLE_LE_EVENT_MASK:
        command(ble, OP_LE_SET_EVENT_MASK, le_events, sizeof le_events);
        break;
    case BLE_RANDOM_ADDRESS:
        command(ble, OP_LE_SET_RANDOM_ADDRESS, ble->address, sizeof ble->address);
        break;
    case BLE_READY:
        break;
    }
}

static void disconnect(struct ble *ble, uint16_t handle)
{
    uint8_t parameters[3] = {0, 0, REMOTE_USER_TERMINATED};
    put_u16(parameters, handle);
    command(ble, OP_DISCONNECT, parameters, sizeof parameters);
}

/* What was sent before the disconnection should still arrive; a peer that has gone cannot hold the link for that. */
static bool drained(const struct ble *ble, const struct ble_link *link)
{
    bool empty = link->outstanding == 0 && link->response.length == 0 && link->notification.length == 0;
    return empty || ble->now_us >= link->drain_until_us;
}

static bool run_link(struct ble *ble, uint8_t index)
{
    struct ble_link *link = &ble->links[index];
    ble->command_link = index;
    if (link->disconnect_due && drained(ble, link)) {
        link->disconnect_due = false;
        disconnect(ble, link->handle);
        return true;
    }
    if (link->key_refusal_due) {
        uint8_t handle[2];
        link->key_refusal_due = false;
        put_u16(handle, link->handle);
        command(ble, OP_LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY, handle, sizeof handle);
        return true;
    }
    return false;
}

static bool run_links(struct ble *ble)
{
    for (uint8_t i = 0; i < BLE_LINKS; i++)
        if (run_link(ble, i))
            return true;
    if (!ble->surplus)
        return false;
    ble->surplus = false;
    ble->command_link = BLE_LINKS;
    disconnect(ble, ble->surplus_handle);
    return true;
}

static void send_parameters(struct ble *ble)
{
    enum { CONNECTABLE_UNDIRECTED = 0, OWN_ADDRESS_RANDOM = 1, ALL_CHANNELS = 7 };
    uint8_t parameters[15] = {0};
    put_u16(parameters, ble->advertising.interval);
    put_u16(parameters + 2, ble->advertising.interval);
    parameters[4] = CONNECTABLE_UNDIRECTED;
    parameters[5] = OWN_ADDRESS_RANDOM;
    parameters[13] = ALL_CHANNELS;
    ble->parameters_due = false;
    command(ble, OP_LE_SET_ADVERTISING_PARAMETERS, parameters, sizeof parameters);
}

static void send_data(struct ble *ble, uint16_t opcode, const uint8_t *data, uint8_t length)
{
    uint8_t parameters[1 + BLE_ADVERTISING_SIZE] = {0};
    parameters[0] = length;
    memcpy(parameters + 1, data, length);
    command(ble, opcode, parameters, sizeof parameters);
}

static void send_enable(struct ble *ble, uint8_t on)
{
    command(ble, OP_LE_SET_ADVERTISING_ENABLE, &on, 1);
}

static bool link_free(const struct ble *ble)
{
    for (uint8_t i = 0; i < BLE_LINKS; i++)
        if (!ble->links[i].up)
            return true;
    return false;
}

/* One step from what the radio does towards what it should do. Parameters may only change while it is off. */
static void run_advertising(struct ble *ble)
{
    if (!ble->advertising_wanted || ble->now_us < ble->advertising_retry_at_us)
        return;
    if (ble->radio == BLE_RADIO_UNKNOWN || (ble->radio == BLE_RADIO_ON && ble->parameters_due)) {
        ble->radio = BLE_RADIO_OFF;
        send_enable(ble, 0);
    } else if (ble->parameters_due) {
        send_parameters(ble);
    } else if (ble->data_due) {
        ble->data_due = false;
        send_data(ble, OP_LE_SET_ADVERTISING_DATA, ble->advertising.data, ble->advertising.length);
    } else if (ble->scan_response_due) {
        ble->scan_response_due = false;
        send_data(ble, OP_LE_SET_SCAN_RESPONSE_DATA, ble->advertising.scan_response,
                  ble->advertising.scan_response_length);
    } else if (ble->radio == BLE_RADIO_OFF && link_free(ble)) {
        ble->radio = BLE_RADIO_ON;
        send_enable(ble, 1);
    }
}

/* An answer is outstanding, or the one that came allows no further command. */
static bool waiting(const struct ble *ble)
{
    return ble->command != 0 || !ble->command_allowed;
}

void hci_run(struct ble *ble)
{
    if (waiting(ble) && ble->now_us - ble->command_at_us >= COMMAND_TIMEOUT_US)
        start_over(ble, ble->now_us);
    if (waiting(ble) || ble->now_us < ble->retry_at_us)
        return;
    if (ble->step != BLE_READY)
        run_step(ble);
    else if (!run_links(ble))
        run_advertising(ble);
}

static uint64_t sooner(uint64_t due, uint64_t at, uint64_t now)
{
    return at > now && at < due ? at : due;
}

uint64_t hci_due(const struct ble *ble)
{
    if (waiting(ble))
        return ble->command_at_us + COMMAND_TIMEOUT_US;
    uint64_t due = sooner(UINT64_MAX, ble->retry_at_us, ble->now_us);
    due = sooner(due, ble->advertising_retry_at_us, ble->now_us);
    for (uint8_t i = 0; i < BLE_LINKS; i++)
        if (ble->links[i].disconnect_due)
            due = sooner(due, ble->links[i].drain_until_us, ble->now_us);
    return due;
}

void hci_disconnect(struct ble *ble, uint8_t index)
{
    struct ble_link *link = &ble->links[index];
    link->closing = true;
    link->disconnect_due = true;
    link->drain_until_us = ble->now_us + DRAIN_US;
}

/* ---- Answers ---- */

static void take_buffers(struct ble *ble, uint16_t payload, uint16_t packets)
{
    enum { LEAST_PAYLOAD = 27 }; /* Vol 4, Part E, 7.8.2 */
    ble->acl_payload = payload < BLE_ACL_PAYLOAD ? payload : BLE_ACL_PAYLOAD;
    unsigned fitting = BLE_ACL_BYTES / (5U + (payload < LEAST_PAYLOAD ? LEAST_PAYLOAD : ble->acl_payload));
    ble->acl_credits = (uint8_t)(packets < fitting ? packets : fitting);
}

/* False when the answer cannot be used and the bring-up has to start over. */
static bool end_buffers_step(struct ble *ble, const uint8_t *result, uint8_t length)
{
    bool le = ble->step == BLE_READ_LE_BUFFERS;
    if (length < (le ? 4 : 8))
        return false;
    uint16_t payload = get_u16(result + 1);
    uint16_t packets = le ? result[3] : get_u16(result + 4);
    if (payload != 0 && packets != 0) {
        take_buffers(ble, payload, packets);
        ble->step = BLE_EVENT_MASK;
        return true;
    }
    /* No buffers of their own: LE shares those of BR/EDR (Vol 4, Part E, 7.8.2). */
    ble->step = BLE_READ_BUFFERS;
    return le;
}

static bool end_step(struct ble *ble, const uint8_t *result, uint8_t length)
{
    if (length < 1 || result[0] != SUCCESS)
        return false;
    if (ble->step == BLE_READ_LE_BUFFERS || ble->step == BLE_READ_BUFFERS)
        return end_buffers_step(ble, result, length);
    ble->step++;
    if (ble->step == BLE_READY) {
        ble->radio = BLE_RADIO_OFF;
        ble->parameters_due = true;
        ble->data_due = true;
        ble->scan_response_due = true;
        ble->advertising_retry_at_us = 0;
    }
    return true;
}

/* Advertising that the controller refuses is tried again, from a known state, after a pause or a freed link. */
static void advertising_refused(struct ble *ble)
{
    ble->radio = BLE_RADIO_UNKNOWN;
    ble->parameters_due = true;
    ble->data_due = true;
    ble->scan_response_due = true;
    ble->advertising_retry_at_us = ble->now_us + RETRY_DELAY_US;
}

static void end_disconnect(struct ble *ble, uint8_t status)
{
    uint8_t index = ble->command_link;
    if (status == SUCCESS)
        return;
    if (status != UNKNOWN_CONNECTION)
        start_over(ble, ble->now_us); /* a reset ends the link for certain */
    else if (index < BLE_LINKS && ble->links[index].up && ble->links[index].closing)
        link_down(ble, index, LOCAL_HOST_TERMINATED);
}

static void answered(struct ble *ble, uint16_t opcode, const uint8_t *result, uint8_t length)
{
    if (opcode == 0 || opcode != ble->command)
        return;
    uint8_t status = length > 0 ? result[0] : COMMAND_DISALLOWED;
    ble->command = 0;
    if (ble->step != BLE_READY) {
        if (!end_step(ble, result, length))
            start_over(ble, ble->now_us + RETRY_DELAY_US);
    } else if (opcode == OP_DISCONNECT) {
        end_disconnect(ble, status);
    } else if (opcode == OP_LE_SET_ADVERTISING_ENABLE && status == COMMAND_DISALLOWED && ble->radio == BLE_RADIO_OFF) {
        return; /* it was off already */
    } else if (opcode != OP_LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY && status != SUCCESS) {
        advertising_refused(ble);
    }
}

/* ---- Links ---- */

static void link_up(struct ble *ble, uint16_t handle)
{
    uint8_t index = 0;
    while (index < BLE_LINKS && ble->links[index].up)
        index++;
    if (index == BLE_LINKS) {
        ble->surplus = true;
        ble->surplus_handle = handle;
        return;
    }
    struct ble_link *link = &ble->links[index];
    memset(link, 0, sizeof *link);
    link->up = true;
    link->handle = handle;
    link->mtu = 23;
    ble->callbacks.connected(ble->callbacks.ctx, index);
}

static void connection_complete(struct ble *ble, const uint8_t *parameters, uint8_t length)
{
    enum { PERIPHERAL = 1 };
    if (length < 5)
        return;
    /* The controller stopped advertising; an enable still on its way may have crossed with that. */
    ble->radio = ble->command == OP_LE_SET_ADVERTISING_ENABLE ? BLE_RADIO_UNKNOWN : BLE_RADIO_OFF;
    uint16_t handle = get_u16(parameters + 2) & 0x0FFF;
    if (parameters[1] != SUCCESS || parameters[4] != PERIPHERAL)
        return;
    uint8_t known = hci_link(ble, handle);
    if (known < BLE_LINKS)
        link_down(ble, known, LOCAL_HOST_TERMINATED);
    link_up(ble, handle);
}

static void disconnection_complete(struct ble *ble, const uint8_t *parameters, uint8_t length)
{
    if (length < 4 || parameters[0] != SUCCESS)
        return;
    uint8_t index = hci_link(ble, get_u16(parameters + 1) & 0x0FFF);
    if (index < BLE_LINKS)
        link_down(ble, index, parameters[3]);
}

static void completed_packets(struct ble *ble, const uint8_t *parameters, uint8_t length)
{
    if (length < 1 || length < 1 + 4 * parameters[0])
        return;
    for (uint8_t i = 0; i < parameters[0]; i++) {
        const uint8_t *entry = parameters + 1 + 4 * i;
        uint8_t index = hci_link(ble, get_u16(entry) & 0x0FFF);
        if (index == BLE_LINKS)
            continue;
        struct ble_link *link = &ble->links[index];
        uint16_t count = get_u16(entry + 2);
        uint8_t completed = count < link->outstanding ? (uint8_t)count : link->outstanding;
        link->outstanding = (uint8_t)(link->outstanding - completed);
        ble->acl_credits = (uint8_t)(ble->acl_credits + completed);
    }
}

static void le_event(struct ble *ble, const uint8_t *parameters, uint8_t length)
{
    if (length < 3)
        return;
    if (parameters[0] == LE_CONNECTION_COMPLETE || parameters[0] == LE_ENHANCED_CONNECTION_COMPLETE) {
        connection_complete(ble, parameters, length);
    } else if (parameters[0] == LE_LONG_TERM_KEY_REQUEST) {
        uint8_t index = hci_link(ble, get_u16(parameters + 1) & 0x0FFF);
        if (index < BLE_LINKS)
            ble->links[index].key_refusal_due = true;
    }
}

static void command_complete(struct ble *ble, const uint8_t *parameters, uint8_t length)
{
    if (length < 3)
        return;
    ble->command_allowed = parameters[0] > 0;
    answered(ble, get_u16(parameters + 1), parameters + 3, (uint8_t)(length - 3));
}

static void command_status(struct ble *ble, const uint8_t *parameters, uint8_t length)
{
    if (length < 4)
        return;
    ble->command_allowed = parameters[1] > 0;
    answered(ble, get_u16(parameters + 2), parameters, 1);
}

void hci_event(struct ble *ble, uint8_t code, const uint8_t *parameters, uint8_t length)
{
    /* During the bring-up an event about links can only speak of what the reset ended. */
    if (ble->step != BLE_READY && code != EVENT_COMMAND_COMPLETE && code != EVENT_COMMAND_STATUS)
        return;
    switch (code) {
    case EVENT_DISCONNECTION_COMPLETE:
        disconnection_complete(ble, parameters, length);
        break;
    case EVENT_COMMAND_COMPLETE:
        command_complete(ble, parameters, length);
        break;
    case EVENT_COMMAND_STATUS:
        command_status(ble, parameters, length);
        break;
    case EVENT_HARDWARE_ERROR:
        start_over(ble, ble->now_us);
        break;
    case EVENT_NUMBER_OF_COMPLETED_PACKETS:
        completed_packets(ble, parameters, length);
        break;
    case EVENT_LE_META:
        le_event(ble, parameters, length);
        break;
    default:
        break;
    }
}

void hci_lost(struct ble *ble)
{
    start_over(ble, ble->now_us);
}

void hci_found(struct ble *ble)
{
    static const uint8_t success[1] = {SUCCESS};
    ble->command_allowed = true;
    answered(ble, OP_RESET, success, sizeof success);
}
