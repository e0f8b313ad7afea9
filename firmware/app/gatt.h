/* SPDX-License-Identifier: Apache-2.0
 *
 * The attributes of the smart button.
 */
#ifndef APP_GATT_H
#define APP_GATT_H

#include "ble.h"

enum gatt_handle {
    GATT_DEVICE_NAME = 3,
    GATT_APPEARANCE = 5,
    GATT_RX = 8,
    GATT_TX = 10,
    GATT_MANUFACTURER = 14,
    GATT_MODEL = 16,
    GATT_FIRMWARE_REVISION = 18,
    GATT_BATTERY_LEVEL = 21,
    GATT_COUNT = 22,
};

extern const struct ble_attribute gatt_attributes[GATT_COUNT];

/* 8f4b1e00-52c6-4f0a-9d3b-6375656c6967, least significant byte first. */
extern const uint8_t gatt_service_uuid[16];

#endif
