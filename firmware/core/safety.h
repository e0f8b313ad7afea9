/* SPDX-License-Identifier: Apache-2.0
 *
 * The safety state machine. Outputs may move in ACTIVE only; how to get there and how to leave is all in safety.c.
 */
#ifndef CUELIGHT_SAFETY_H
#define CUELIGHT_SAFETY_H

#include <stdbool.h>
#include <stdint.h>

#include "hal.h"

/* What can happen to a link. */
enum safety_event {
    SAFETY_STARTED,             /* reset is over */
    SAFETY_SUBSCRIBED,          /* notifications were turned on: a handshake starts */
    SAFETY_UNSUBSCRIBED,        /* notifications were turned off */
    SAFETY_AUTHENTICATED,       /* a good AUTH */
    SAFETY_LEASED,              /* a command with a lease that is still to end */
    SAFETY_LEASE_OVER,          /* the lease ended, was given up, or went to another link */
    SAFETY_STOPPED,             /* stop, from any session */
    SAFETY_FAULT,               /* link loss, bad frame, time-out */
    SAFETY_EVENTS,
};

struct safety {
    uint8_t link[CUELIGHT_LINKS];       /* enum cuelight_state of each link; at most one is ACTIVE: it owns the lease */
    uint64_t lease_end_us;              /* while one is */
    uint8_t fault;                      /* the latest reason for SAFE, until it was reported */
};

/* Where `event` leads from `state`. */
uint8_t safety_next(uint8_t state, enum safety_event event);

void safety_init(struct safety *safety, uint8_t reset_fault);

/* The device's state: that of its furthest link. */
uint8_t safety_state(const struct safety *safety);

void safety_subscribed(struct safety *safety, uint8_t link);
void safety_unsubscribed(struct safety *safety, uint8_t link);
void safety_authenticated(struct safety *safety, uint8_t link);

/* A lease until `end_us` was granted to the link; if that is not later than now, authority ends now. */
void safety_leased(struct safety *safety, uint8_t link, uint64_t end_us, uint64_t now_us);

/* Ends the lease if its time has come. */
void safety_poll(struct safety *safety, uint64_t now_us);

void safety_stopped(struct safety *safety);

/* Something went wrong on a link. Ends that link's session only, or every session if the link owns the lease. */
void safety_fault(struct safety *safety, uint8_t link, uint8_t fault);

#endif
