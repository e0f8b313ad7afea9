/* SPDX-License-Identifier: Apache-2.0
 *
 * The mailbox to ST's wireless firmware on CPU2: tables and buffers in shared memory, IPCC channels to tell of them
 * (AN5289, mailbox interface; RM0434 37).
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Boots CPU2. */
void mailbox_start(void);

/* Moves what can move: takes system events, starts the link layer when CPU2 is ready, gives buffers back. */
void mailbox_poll(void);

/* The link layer runs: HCI packets may go. */
bool mailbox_ready(void);

/* CPU2 runs its upgrade service instead of a wireless firmware, or refused to start the link layer. */
bool mailbox_failed(void);

/* Whether the channel of such a packet is free. If not, an interrupt tells when it is. */
bool mailbox_can_send(const uint8_t *packet);

/* Sends a whole H4 packet, for which mailbox_can_send(). */
void mailbox_send(const uint8_t *packet, size_t length);

/* The next H4 packet from CPU2, valid until mailbox_release(); NULL: none. */
const uint8_t *mailbox_receive(size_t *length);
void mailbox_release(void);

/* Whether mailbox_poll() or mailbox_receive() has something to do. */
bool mailbox_waiting(void);

/* Announces that the flash will be or is no longer written. */
void mailbox_flash_activity(bool on);

void mailbox_rx_handler(void);
void mailbox_tx_handler(void);

#endif
