/* SPDX-License-Identifier: Apache-2.0
 *
 * The links: handshakes, commands in, events and errors out, and the time each of these has.
 */
#ifndef CUELIGHT_LINK_H
#define CUELIGHT_LINK_H

#include "session.h"

#define EVENT_MAX 24u                   /* the longest event payload is a status, 20 bytes */
#define EVENT_QUEUE 16u

struct event {
    uint8_t len;
    uint8_t payload[EVENT_MAX];
};

/* One connection. Its state is device->safety.link[number]. */
struct link {
    bool up;
    bool hello_waiting;                 /* for a credit */
    uint8_t error_waiting;              /* code of an ERR frame that waits for a credit, or 0 */
    uint8_t error_gen;
    uint64_t zero_us;                   /* session clock 0 */
    uint64_t deadline_us;               /* of AUTH, of the next valid frame, or of the connection */
    struct session session;
    struct event events[EVENT_QUEUE];
    uint8_t first_event, event_count;
};

struct cuelight;

/* Queues an event for a link in a session. When the queue is full the event is dropped. */
void link_event(struct cuelight *device, uint8_t link, const uint32_t *items, uint32_t count);
void link_ack(struct cuelight *device, uint8_t link, uint32_t counter, uint8_t code);
void link_status(struct cuelight *device, uint8_t link, uint64_t now_us);
void link_done(struct cuelight *device, uint8_t link, uint8_t timeline, uint8_t code);
void link_error(struct cuelight *device, uint8_t link, uint8_t code);
void link_button(struct cuelight *device, uint8_t link, uint8_t button, uint8_t kind, uint64_t at_us);

/* Something went wrong on a link: tells its host, where it is the host's doing, and goes safe. link_end() disconnects, too,
 * once that has been told; link_drop() does at once and tells nothing. */
void link_fail(struct cuelight *device, uint8_t link, uint8_t fault, uint64_t now_us);
void link_end(struct cuelight *device, uint8_t link, uint8_t fault, uint64_t now_us);
void link_drop(struct cuelight *device, uint8_t link, uint64_t now_us);

/* No session on it any more, and nothing of one. */
void link_forget(struct cuelight *device, uint8_t link);

/* Ends what has had its time. */
void link_check_deadlines(struct cuelight *device, uint8_t link, uint64_t now_us);

/* Sends what waits, as far as credits go. */
void link_flush(struct cuelight *device, uint8_t link, uint64_t now_us);

/* When the link next wants to be looked at, or CUELIGHT_NEVER. */
uint64_t link_due(const struct cuelight *device, uint8_t link, uint64_t now_us);

#endif
