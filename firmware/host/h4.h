/* SPDX-License-Identifier: Apache-2.0
 *
 * H4: the byte stream of a controller, packet type byte first (Vol 4, Part A).
 */
#ifndef BLE_H4_H
#define BLE_H4_H

#include "ble.h"

enum { H4_COMMAND = 1, H4_ACL = 2, H4_EVENT = 4 };

void h4_init(struct ble_h4 *h4);
void h4_received(struct ble *ble, const uint8_t *data, size_t length);

#endif
