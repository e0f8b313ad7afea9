/* SPDX-License-Identifier: Apache-2.0 */
#include "gatt.h"

#include "cuelight.h"

/* 8f4b1e00-52c6-4f0a-9d3b-6375656c6967 and its siblings, which differ in the fourth byte. */
#define CUELIGHT_UUID_BYTES(n) \
    0x67, 0x69, 0x6C, 0x65, 0x75, 0x63, 0x3B, 0x9D, 0x0A, 0x4F, 0xC6, 0x52, (n), 0x1E, 0x4B, 0x8F
#define CUELIGHT_UUID(n) \
    { 16, { CUELIGHT_UUID_BYTES(n) } }

const uint8_t gatt_service_uuid[16] = {CUELIGHT_UUID_BYTES(0)};

/* NOLINTBEGIN(bugprone-macro-parentheses): an id is an initialiser */
#define SERVICE(id) \
    { .kind = BLE_SERVICE, .uuid = id }
#define CHARACTERISTIC(id, how) \
    { .kind = BLE_CHARACTERISTIC, .uuid = id, .properties = (how) }
/* NOLINTEND(bugprone-macro-parentheses) */
#define VALUE \
    { .kind = BLE_VALUE }
#define WRITTEN_VALUE(most) \
    { .kind = BLE_VALUE, .limit = (most) }
#define CCCD \
    { .kind = BLE_CCCD }

const struct ble_attribute gatt_attributes[GATT_COUNT] = {
    SERVICE(BLE_UUID16(0x1800)), /* Generic Access */
    CHARACTERISTIC(BLE_UUID16(0x2A00), BLE_READ),
    [GATT_DEVICE_NAME - 1] = VALUE,
    CHARACTERISTIC(BLE_UUID16(0x2A01), BLE_READ),
    [GATT_APPEARANCE - 1] = VALUE,

    SERVICE(CUELIGHT_UUID(0)),
    CHARACTERISTIC(CUELIGHT_UUID(1), BLE_WRITE | BLE_WRITE_WITHOUT_RESPONSE),
    [GATT_RX - 1] = WRITTEN_VALUE(CUELIGHT_RX_MAX),
    CHARACTERISTIC(CUELIGHT_UUID(2), BLE_NOTIFY),
    [GATT_TX - 1] = VALUE,
    CCCD,

    SERVICE(BLE_UUID16(0x180A)), /* Device Information */
    CHARACTERISTIC(BLE_UUID16(0x2A29), BLE_READ),
    [GATT_MANUFACTURER - 1] = VALUE,
    CHARACTERISTIC(BLE_UUID16(0x2A24), BLE_READ),
    [GATT_MODEL - 1] = VALUE,
    CHARACTERISTIC(BLE_UUID16(0x2A26), BLE_READ),
    [GATT_FIRMWARE_REVISION - 1] = VALUE,

    SERVICE(BLE_UUID16(0x180F)), /* Battery */
    CHARACTERISTIC(BLE_UUID16(0x2A19), BLE_READ | BLE_NOTIFY),
    [GATT_BATTERY_LEVEL - 1] = VALUE,
    CCCD,
};
