/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of struct cuelight. Only the core looks at them.
 */
#ifndef CUELIGHT_DEVICE_H
#define CUELIGHT_DEVICE_H

#include "assets.h"
#include "command.h"
#include "hal.h"
#include "keys.h"
#include "notice.h"
#include "outputs.h"
#include "pairing.h"
#include "press.h"
#include "safety.h"
#include "session.h"
#include "timeline.h"

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

struct cuelight {
    struct cuelight_hal hal;
    uint8_t dev_id[8];
    struct safety safety;
    struct keys keys;
    struct link link[CUELIGHT_LINKS];
    struct outputs outputs;
    struct timelines timelines;
    struct upload upload;
    struct presses presses;
    struct pairing pairing;
    struct notice notice;
    uint8_t told_state, told_fault;     /* as the board was last told */
    uint64_t told_lease_us;
};

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

/* Makes the world follow the safety state machine: outputs, keys, timelines, the board. */
void device_settle(struct cuelight *device, uint64_t now_us);

/* Ends the running timeline and tells the link that ran it. */
void device_end_timeline(struct cuelight *device, uint8_t code, uint64_t now_us);

/* Does what a verified command says and queues its answer. False: it breaks the schema. */
bool execute(struct cuelight *device, uint8_t link, const struct session_command *command, uint64_t now_us);

#endif
