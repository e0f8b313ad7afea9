/* SPDX-License-Identifier: Apache-2.0
 *
 * HCI over the mailbox: packets wait in a queue for the one buffer that CPU2 has for each kind.
 */
#include <string.h>

#include "ble.h"
#include "board.h"
#include "mailbox.h"

enum { PACKET_HEADER = 2, QUEUE = BLE_SEND_BOUND + 16 * PACKET_HEADER, LONGEST = 5 + BLE_ACL_PAYLOAD };

static struct {
    uint8_t bytes[QUEUE]; /* packets, each after its length */
    size_t length;
} queue;
static const uint8_t *incoming;
static size_t incoming_length, incoming_taken;
static bool lost;

static size_t first_length(void)
{
    return queue.bytes[0] + (size_t)queue.bytes[1] * 256;
}

static bool can_send(void)
{
    return queue.length > 0 && mailbox_can_send(queue.bytes + PACKET_HEADER);
}

/* The answer to a command lies in the command's buffer: nothing is sent until it has been taken. */
static void send_waiting(void)
{
    while (!incoming && can_send()) {
        size_t taken = PACKET_HEADER + first_length();
        mailbox_send(queue.bytes + PACKET_HEADER, first_length());
        queue.length -= taken;
        memmove(queue.bytes, queue.bytes + taken, queue.length);
    }
}

void board_hci_send(const uint8_t *packet, size_t length)
{
    if (length > LONGEST || queue.length + PACKET_HEADER + length > QUEUE) {
        lost = true;
        return;
    }
    queue.bytes[queue.length] = (uint8_t)length;
    queue.bytes[queue.length + 1] = (uint8_t)(length >> 8);
    memcpy(queue.bytes + queue.length + PACKET_HEADER, packet, length);
    queue.length += PACKET_HEADER + length;
    send_waiting();
}

size_t board_hci_receive(uint8_t *out, size_t capacity)
{
    mailbox_poll();
    send_waiting();
    if (!incoming) {
        incoming = mailbox_receive(&incoming_length);
        incoming_taken = 0;
    }
    if (!incoming)
        return 0;
    size_t length = incoming_length - incoming_taken < capacity ? incoming_length - incoming_taken : capacity;
    memcpy(out, incoming + incoming_taken, length);
    incoming_taken += length;
    if (incoming_taken == incoming_length) {
        mailbox_release();
        incoming = NULL;
    }
    return length;
}

bool board_hci_waiting(void)
{
    return incoming || mailbox_waiting() || can_send() || lost;
}

bool board_hci_lost(void)
{
    return lost;
}
