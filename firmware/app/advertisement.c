/* SPDX-License-Identifier: Apache-2.0 */
#include "advertisement.h"

#include <string.h>

#include "gatt.h"

enum {
    FLAGS = 0x01,
    COMPLETE_128_BIT_SERVICES = 0x07,
    COMPLETE_NAME = 0x09,
    MANUFACTURER_DATA = 0xFF,
    GENERAL_DISCOVERABLE_NO_BR_EDR = 0x06,
    VERSION = 1,
    FAST_INTERVAL = 96,  /* 60 ms */
    SLOW_INTERVAL = 668, /* 417.5 ms */
};

static void append(uint8_t *data, uint8_t *length, uint8_t type, const void *value, uint8_t value_length)
{
    data[*length] = (uint8_t)(1 + value_length);
    data[*length + 1] = type;
    memcpy(data + *length + 2, value, value_length);
    *length = (uint8_t)(*length + 2 + value_length);
}

void advertisement_make(struct ble_advertising *out, const uint8_t dev_id[8], const uint8_t inst_id[4], uint8_t flags,
                        uint8_t battery, bool fast)
{
    const uint8_t discoverable = GENERAL_DISCOVERABLE_NO_BR_EDR;
    /* 0xFFFF is the company identifier for use before one is assigned. */
    uint8_t maker[16] = {0xFF, 0xFF, (uint8_t)(VERSION | flags)};
    memcpy(maker + 3, dev_id, 8);
    memcpy(maker + 11, inst_id, 4);
    maker[15] = battery;
    memset(out, 0, sizeof *out);
    append(out->data, &out->length, FLAGS, &discoverable, sizeof discoverable);
    append(out->data, &out->length, MANUFACTURER_DATA, maker, sizeof maker);
    append(out->data, &out->length, COMPLETE_NAME, ADVERTISEMENT_NAME, sizeof ADVERTISEMENT_NAME - 1);
    append(out->scan_response, &out->scan_response_length, COMPLETE_128_BIT_SERVICES, gatt_service_uuid, 16);
    out->interval = fast ? FAST_INTERVAL : SLOW_INTERVAL;
}
