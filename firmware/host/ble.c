/* SPDX-License-Identifier: Apache-2.0 */
#include "ble.h"

#include <string.h>

#include "att.h"
#include "h4.h"
#include "hci.h"
#include "l2cap.h"

enum { ATT_NOTIFICATION = 0x1B, NOTIFICATION_HEADER = 3 };

void ble_init(struct ble *ble, const struct ble_config *config, const struct ble_callbacks *callbacks)
{
    memset(ble, 0, sizeof *ble);
    ble->attributes = config->attributes;
    ble->attribute_count = config->attribute_count;
    memcpy(ble->address, config->address, sizeof ble->address);
    ble->callbacks = *callbacks;
    h4_init(&ble->h4);
    hci_init(ble);
}

static void run(struct ble *ble)
{
    l2cap_send(ble);
    hci_run(ble);
}

void ble_received(struct ble *ble, const uint8_t *data, size_t length, uint64_t now_us)
{
    ble->now_us = now_us;
    h4_received(ble, data, length);
    run(ble);
}

uint64_t ble_poll(struct ble *ble, uint64_t now_us)
{
    ble->now_us = now_us;
    run(ble);
    return hci_due(ble);
}

void ble_advertise(struct ble *ble, const struct ble_advertising *advertising)
{
    const struct ble_advertising *old = &ble->advertising;
    ble->parameters_due |= advertising->interval != old->interval;
    ble->data_due |= advertising->length != old->length || memcmp(advertising->data, old->data, old->length) != 0;
    ble->scan_response_due |= advertising->scan_response_length != old->scan_response_length ||
                              memcmp(advertising->scan_response, old->scan_response, old->scan_response_length) != 0;
    ble->advertising = *advertising;
    ble->advertising_wanted = true;
}

/* The CCCD follows its value in the table. */
static bool subscribed(const struct ble *ble, const struct ble_link *link, uint16_t handle)
{
    return handle < ble->attribute_count && ble->attributes[handle].kind == BLE_CCCD &&
           (link->subscriptions >> handle & 1) != 0;
}

enum ble_result ble_notify(struct ble *ble, uint8_t index, uint16_t handle, const uint8_t *data, size_t length)
{
    if (index >= BLE_LINKS)
        return BLE_NOT_SUBSCRIBED;
    struct ble_link *link = &ble->links[index];
    if (!link->up || link->closing || !subscribed(ble, link, handle))
        return BLE_NOT_SUBSCRIBED;
    if (length > (size_t)(link->mtu - NOTIFICATION_HEADER))
        return BLE_TOO_LONG;
    if (link->notification.length != 0)
        return BLE_BUSY;
    uint8_t *pdu = link->notification.bytes + L2CAP_HEADER;
    pdu[0] = ATT_NOTIFICATION;
    pdu[1] = (uint8_t)(handle & 0xFF);
    pdu[2] = (uint8_t)(handle >> 8);
    memcpy(pdu + NOTIFICATION_HEADER, data, length);
    l2cap_fill(&link->notification, L2CAP_ATT, (uint16_t)(NOTIFICATION_HEADER + length));
    l2cap_send(ble);
    return BLE_OK;
}

void ble_disconnect(struct ble *ble, uint8_t index)
{
    if (index >= BLE_LINKS || !ble->links[index].up || ble->links[index].closing)
        return;
    hci_disconnect(ble, index);
}
