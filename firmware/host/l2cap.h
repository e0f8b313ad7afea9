/* SPDX-License-Identifier: Apache-2.0
 *
 * Reassembly and fragmentation of L2CAP PDUs, and the fixed channels (Vol 3, Part A).
 */
#ifndef BLE_L2CAP_H
#define BLE_L2CAP_H

#include "ble.h"

enum { L2CAP_HEADER = 4, L2CAP_ATT = 4, L2CAP_SIGNALLING = 5, L2CAP_SECURITY = 6 };

/* A fragment of an inbound PDU: its boundary flag, its bytes in any number of pieces, its end. */
void l2cap_fragment_begin(struct ble_link *link, uint8_t boundary);
void l2cap_fragment_bytes(struct ble_link *link, const uint8_t *data, size_t length);
void l2cap_fragment_end(struct ble *ble, uint8_t link);

/* Completes the header of a PDU whose payload is in place, so that l2cap_send takes it up. */
void l2cap_fill(struct ble_pdu *pdu, uint16_t channel, uint16_t payload);

/* Hands fragments to the controller as far as its credits go. */
void l2cap_send(struct ble *ble);

#endif
