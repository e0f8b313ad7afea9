/* SPDX-License-Identifier: Apache-2.0
 *
 * The ATT server (Vol 3, Part F) over the GATT table of `struct ble_config` (Vol 3, Part G).
 */
#ifndef BLE_ATT_H
#define BLE_ATT_H

#include "ble.h"

void att_received(struct ble *ble, uint8_t link, const uint8_t *data, uint16_t length);

#endif
