/* SPDX-License-Identifier: Apache-2.0
 *
 * The controller: bring-up, commands, events, advertising, links.
 */
#ifndef BLE_HCI_H
#define BLE_HCI_H

#include "ble.h"

void hci_init(struct ble *ble);

/* Sends the one command that is due next, if the controller takes one. */
void hci_run(struct ble *ble);

/* When hci_run wants to run again without anything received. */
uint64_t hci_due(const struct ble *ble);

void hci_event(struct ble *ble, uint8_t code, const uint8_t *parameters, uint8_t length);

/* The stream lost its packet boundaries (Vol 4, Part A, 4): every link is given up and the controller reset. */
void hci_lost(struct ble *ble);

/* The answer to the reset that ends such a loss, found in the stream. */
void hci_found(struct ble *ble);

/* Ends a link once what is queued on it has gone out, or after half a second. */
void hci_disconnect(struct ble *ble, uint8_t link);

/* Index of the link with this connection handle, or BLE_LINKS. */
uint8_t hci_link(const struct ble *ble, uint16_t handle);

#endif
