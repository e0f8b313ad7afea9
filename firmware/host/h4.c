/* SPDX-License-Identifier: Apache-2.0 */
#include "h4.h"

#include <string.h>

#include "bytes.h"
#include "hci.h"
#include "l2cap.h"

enum { EVENT_HEADER = 2, ACL_HEADER = 4, RESET_ANSWER = 7 };

void h4_init(struct ble_h4 *h4)
{
    h4->state = BLE_H4_TYPE;
    h4->have = 0;
    h4->link = BLE_LINKS;
}

static void lose(struct ble *ble)
{
    ble->h4.state = BLE_H4_LOST;
    ble->h4.have = 0;
    hci_lost(ble);
}

static void take_type(struct ble *ble, uint8_t type)
{
    struct ble_h4 *h4 = &ble->h4;
    if (type != H4_EVENT && type != H4_ACL) {
        lose(ble);
        return;
    }
    h4->type = type;
    h4->state = BLE_H4_HEADER;
    h4->have = 0;
    h4->need = type == H4_EVENT ? EVENT_HEADER : ACL_HEADER;
}

static void end_packet(struct ble *ble)
{
    struct ble_h4 *h4 = &ble->h4;
    enum ble_h4_state body = h4->state;
    h4->state = BLE_H4_TYPE;
    if (body == BLE_H4_EVENT)
        hci_event(ble, h4->bytes[0], h4->bytes + EVENT_HEADER, h4->bytes[1]);
    else if (h4->link < BLE_LINKS)
        l2cap_fragment_end(ble, h4->link);
    /* An answer may allow the next command, a credit the next fragment: both before more is received. */
    l2cap_send(ble);
    hci_run(ble);
}

static void take_header(struct ble *ble)
{
    struct ble_h4 *h4 = &ble->h4;
    if (h4->type == H4_EVENT) {
        h4->state = BLE_H4_EVENT;
        h4->need = (uint16_t)(EVENT_HEADER + h4->bytes[1]);
    } else {
        uint16_t handle = get_u16(h4->bytes);
        h4->state = BLE_H4_ACL;
        h4->have = 0;
        h4->need = get_u16(h4->bytes + 2);
        h4->link = hci_link(ble, handle & 0x0FFF);
        if (h4->link < BLE_LINKS)
            l2cap_fragment_begin(&ble->links[h4->link], (handle >> 12) & 3);
    }
    if (h4->have == h4->need)
        end_packet(ble);
}

/* ACL payload goes straight to its link: a packet may be longer than any buffer here. */
static size_t take_bytes(struct ble *ble, const uint8_t *data, size_t length)
{
    struct ble_h4 *h4 = &ble->h4;
    size_t wanted = (size_t)(h4->need - h4->have);
    size_t taken = length < wanted ? length : wanted;
    if (h4->state != BLE_H4_ACL)
        memcpy(h4->bytes + h4->have, data, taken);
    else if (h4->link < BLE_LINKS)
        l2cap_fragment_bytes(&ble->links[h4->link], data, taken);
    h4->have = (uint16_t)(h4->have + taken);
    if (h4->have < h4->need)
        return taken;
    if (h4->state == BLE_H4_HEADER)
        take_header(ble);
    else
        end_packet(ble);
    return taken;
}

/* Looks for the Command Complete event of HCI_Reset, whatever its number of allowed commands. */
static void seek(struct ble *ble, uint8_t byte)
{
    static const uint8_t answer[RESET_ANSWER] = {H4_EVENT, 0x0E, 4, 0, 0x03, 0x0C, 0};
    struct ble_h4 *h4 = &ble->h4;
    if (h4->have == RESET_ANSWER) {
        uint8_t rest[RESET_ANSWER - 1];
        memcpy(rest, h4->bytes + 1, sizeof rest);
        memcpy(h4->bytes, rest, sizeof rest);
        h4->have--;
    }
    h4->bytes[h4->have++] = byte;
    if (h4->have < RESET_ANSWER || memcmp(h4->bytes, answer, 3) != 0 || memcmp(h4->bytes + 4, answer + 4, 3) != 0)
        return;
    h4_init(h4);
    hci_found(ble);
}

void h4_received(struct ble *ble, const uint8_t *data, size_t length)
{
    size_t at = 0;
    while (at < length) {
        if (ble->h4.state == BLE_H4_LOST)
            seek(ble, data[at++]);
        else if (ble->h4.state == BLE_H4_TYPE)
            take_type(ble, data[at++]);
        else
            at += take_bytes(ble, data + at, length - at);
    }
}
