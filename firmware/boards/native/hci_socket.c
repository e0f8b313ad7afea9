/* SPDX-License-Identifier: Apache-2.0 */
#include "hci_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ble.h"
#include "clock.h"

enum { CONNECT_US = 5000000, PAUSE_NS = 20000000 };

_Static_assert(sizeof((struct hci_socket *)0)->out >= BLE_SEND_BOUND, "the host's worst case must fit");

static int connect_once(const struct sockaddr_un *address)
{
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    if (file < 0)
        return -1;
    if (connect(file, (const struct sockaddr *)address, sizeof *address) == 0)
        return file;
    int error = errno;
    close(file);
    errno = error;
    return -1;
}

bool hci_socket_connect(struct hci_socket *socket, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    uint64_t until = clock_us() + CONNECT_US;
    memset(socket, 0, sizeof *socket);
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(address.sun_path, path);
    while ((socket->file = connect_once(&address)) < 0) {
        if (clock_us() >= until)
            return false;
        nanosleep(&pause, NULL);
    }
    fcntl(socket->file, F_SETFD, FD_CLOEXEC);
    return fcntl(socket->file, F_SETFL, O_NONBLOCK) == 0;
}

void hci_socket_flush(struct hci_socket *socket)
{
    while (socket->waiting > 0 && !socket->broken) {
        ssize_t sent = write(socket->file, socket->out, socket->waiting);
        if (sent < 0) {
            socket->broken = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
            return;
        }
        socket->waiting -= (size_t)sent;
        memmove(socket->out, socket->out + sent, socket->waiting);
    }
}

void hci_socket_send(void *ctx, const uint8_t *packet, size_t length)
{
    struct hci_socket *socket = ctx;
    if (length > sizeof socket->out - socket->waiting) {
        socket->broken = true; /* a controller that reads nothing for so long is none */
        return;
    }
    memcpy(socket->out + socket->waiting, packet, length);
    socket->waiting += length;
    hci_socket_flush(socket);
}

size_t hci_socket_receive(struct hci_socket *socket, uint8_t *out, size_t capacity)
{
    ssize_t got = read(socket->file, out, capacity);
    if (got > 0)
        return (size_t)got;
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        socket->broken = true;
    return 0;
}
