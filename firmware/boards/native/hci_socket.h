/* SPDX-License-Identifier: Apache-2.0
 *
 * The controller at the other end of a unix socket.
 */
#ifndef NATIVE_HCI_SOCKET_H
#define NATIVE_HCI_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hci_socket {
    int file;
    bool broken;
    size_t waiting; /* bytes the socket has not taken yet */
    uint8_t out[8192];
};

/* Tries for five seconds: the server may still be starting. False: errno says why. */
bool hci_socket_connect(struct hci_socket *socket, const char *path);

/* The hci_send callback of struct app_board; `ctx` is the socket. */
void hci_socket_send(void *ctx, const uint8_t *packet, size_t length);

/* Sends what waits. */
void hci_socket_flush(struct hci_socket *socket);

/* Bytes received, 0 when there are none now. Sets `broken` when the other end has closed. */
size_t hci_socket_receive(struct hci_socket *socket, uint8_t *out, size_t capacity);

#endif
