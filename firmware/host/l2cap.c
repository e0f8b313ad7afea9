/* SPDX-License-Identifier: Apache-2.0 */
#include "l2cap.h"

#include <string.h>

#include "att.h"
#include "bytes.h"
#include "h4.h"

enum { ACL_CONTINUES = 1, ACL_FIRST_NON_FLUSHABLE = 0, ACL_FIRST = 2, ACL_HEADER = 4 };

void l2cap_fragment_begin(struct ble_link *link, uint8_t boundary)
{
    if (boundary == ACL_FIRST || boundary == ACL_FIRST_NON_FLUSHABLE) {
        link->in_started = true;
        link->in_length = 0;
    } else if (boundary != ACL_CONTINUES) {
        link->in_started = false;
    }
}

void l2cap_fragment_bytes(struct ble_link *link, const uint8_t *data, size_t length)
{
    if (!link->in_started)
        return;
    if (link->in_length < BLE_PDU_SIZE) {
        size_t room = BLE_PDU_SIZE - link->in_length;
        memcpy(link->in + link->in_length, data, length < room ? length : room);
    }
    link->in_length += (uint32_t)length;
}

void l2cap_fill(struct ble_pdu *pdu, uint16_t channel, uint16_t payload)
{
    put_u16(pdu->bytes, payload);
    put_u16(pdu->bytes + 2, channel);
    pdu->sent = 0;
    pdu->length = (uint16_t)(L2CAP_HEADER + payload);
}

/* Answers on a fixed channel share the slot of the ATT response; a peer with one outstanding waits for it anyway. */
static void answer(struct ble_link *link, uint16_t channel, const uint8_t *payload, uint16_t length)
{
    if (link->response.length != 0)
        return;
    memcpy(link->response.bytes + L2CAP_HEADER, payload, length);
    l2cap_fill(&link->response, channel, length);
}

/* Every signalling request is refused as not understood (Vol 3, Part A, 4.1); responses and rejects are ignored. */
static void signalling_received(struct ble_link *link, const uint8_t *data, uint16_t length)
{
    enum { REJECT = 0x01, PARAMETER_UPDATE = 0x12, CREDIT_CONNECTION = 0x14, DISCONNECTION = 0x06 };
    if (length < 4)
        return;
    if (data[0] != PARAMETER_UPDATE && data[0] != CREDIT_CONNECTION && data[0] != DISCONNECTION && data[0] != 0x17 &&
        data[0] != 0x19)
        return;
    const uint8_t reject[6] = {REJECT, data[1], 2, 0, 0, 0};
    answer(link, L2CAP_SIGNALLING, reject, sizeof reject);
}

/* The link is authenticated above GATT; a peer that wants to pair is told so (Vol 3, Part H, 3.5.5). */
static void security_received(struct ble_link *link, const uint8_t *data, uint16_t length)
{
    enum { PAIRING_REQUEST = 0x01 };
    static const uint8_t pairing_failed_not_supported[2] = {0x05, 0x05};
    if (length > 0 && data[0] == PAIRING_REQUEST)
        answer(link, L2CAP_SECURITY, pairing_failed_not_supported, sizeof pairing_failed_not_supported);
}

void l2cap_fragment_end(struct ble *ble, uint8_t index)
{
    struct ble_link *link = &ble->links[index];
    if (!link->in_started || link->in_length < L2CAP_HEADER)
        return;
    uint16_t payload = get_u16(link->in);
    if (link->in_length < (uint32_t)(L2CAP_HEADER + payload))
        return;
    link->in_started = false;
    if (link->in_length != (uint32_t)(L2CAP_HEADER + payload) || link->in_length > BLE_PDU_SIZE || link->closing)
        return;
    const uint8_t *data = link->in + L2CAP_HEADER;
    switch (get_u16(link->in + 2)) {
    case L2CAP_ATT:
        att_received(ble, index, data, payload);
        break;
    case L2CAP_SIGNALLING:
        signalling_received(link, data, payload);
        break;
    case L2CAP_SECURITY:
        security_received(link, data, payload);
        break;
    default:
        break;
    }
}

static struct ble_pdu *next_pdu(struct ble_link *link)
{
    if (!link->sending && link->response.length != 0)
        link->sending = &link->response;
    if (!link->sending && link->notification.length != 0)
        link->sending = &link->notification;
    return link->sending;
}

static bool send_fragment(struct ble *ble, struct ble_link *link)
{
    struct ble_pdu *pdu = link->up ? next_pdu(link) : NULL;
    if (!pdu)
        return false;
    uint8_t packet[1 + ACL_HEADER + BLE_ACL_PAYLOAD];
    uint16_t rest = (uint16_t)(pdu->length - pdu->sent);
    uint16_t length = rest < ble->acl_payload ? rest : ble->acl_payload;
    uint16_t boundary = pdu->sent == 0 ? ACL_FIRST_NON_FLUSHABLE : ACL_CONTINUES;
    packet[0] = H4_ACL;
    put_u16(packet + 1, (uint16_t)(link->handle | boundary << 12));
    put_u16(packet + 3, length);
    memcpy(packet + 5, pdu->bytes + pdu->sent, length);
    pdu->sent = (uint16_t)(pdu->sent + length);
    if (pdu->sent == pdu->length) {
        pdu->length = 0;
        link->sending = NULL;
    }
    ble->acl_credits--;
    link->outstanding++;
    ble->callbacks.send(ble->callbacks.ctx, packet, (size_t)(1 + ACL_HEADER + length));
    return true;
}

/* The links take turns, a fragment each, so that neither starves the other. */
void l2cap_send(struct ble *ble)
{
    uint8_t idle = 0;
    while (ble->acl_credits > 0 && idle < BLE_LINKS) {
        idle = send_fragment(ble, &ble->links[ble->turn]) ? 0 : (uint8_t)(idle + 1);
        ble->turn = (uint8_t)((ble->turn + 1) % BLE_LINKS);
    }
}
