/* SPDX-License-Identifier: Apache-2.0
 *
 *     BOOT -> SAFE -(subscribed)-> LINK -(authenticated)-> SESSION -(leased)-> ACTIVE -(lease over, stopped)-> SESSION
 *     any  -(fault, unsubscribed)-> SAFE          any but BOOT -(subscribed)-> LINK
 *
 * Every link walks this diagram by itself; the device is in the state of its furthest link. The caller makes the world
 * follow after each call: outputs at rest unless the device is ACTIVE, keys erased unless the link is in a session.
 */
#include "safety.h"

#include <string.h>

enum { BOOT = CUELIGHT_BOOT, SAFE = CUELIGHT_SAFE, LINK = CUELIGHT_LINK, SESSION = CUELIGHT_SESSION, ACTIVE = CUELIGHT_ACTIVE };

static const uint8_t next[][SAFETY_EVENTS] = {
    /*            started  subscribed  unsubscribed  authenticated  leased   lease over  stopped  fault */
    [BOOT] =    { SAFE,    BOOT,       BOOT,         BOOT,          BOOT,    BOOT,       BOOT,    SAFE },
    [SAFE] =    { SAFE,    LINK,       SAFE,         SAFE,          SAFE,    SAFE,       SAFE,    SAFE },
    [LINK] =    { LINK,    LINK,       SAFE,         SESSION,       LINK,    LINK,       LINK,    SAFE },
    [SESSION] = { SESSION, LINK,       SAFE,         SESSION,       ACTIVE,  SESSION,    SESSION, SAFE },
    [ACTIVE] =  { ACTIVE,  LINK,       SAFE,         ACTIVE,        ACTIVE,  SESSION,    SESSION, SAFE },
};

uint8_t safety_next(uint8_t state, enum safety_event event)
{
    return next[state][event];
}

static void step(struct safety *safety, uint8_t link, enum safety_event event)
{
    safety->link[link] = safety_next(safety->link[link], event);
}

static void step_all(struct safety *safety, enum safety_event event)
{
    for (uint8_t link = 0; link < CUELIGHT_LINKS; link++)
        step(safety, link, event);
}

void safety_init(struct safety *safety, uint8_t reset_fault)
{
    memset(safety, 0, sizeof *safety);
    safety->fault = reset_fault;
    step_all(safety, SAFETY_STARTED);
}

uint8_t safety_state(const struct safety *safety)
{
    uint8_t furthest = BOOT;

    for (uint8_t link = 0; link < CUELIGHT_LINKS; link++)
        if (safety->link[link] > furthest)
            furthest = safety->link[link];
    return furthest;
}

void safety_subscribed(struct safety *safety, uint8_t link)
{
    step(safety, link, SAFETY_SUBSCRIBED);
}

void safety_unsubscribed(struct safety *safety, uint8_t link)
{
    step(safety, link, SAFETY_UNSUBSCRIBED);
}

void safety_authenticated(struct safety *safety, uint8_t link)
{
    step(safety, link, SAFETY_AUTHENTICATED);
}

void safety_leased(struct safety *safety, uint8_t link, uint64_t end_us, uint64_t now_us)
{
    step_all(safety, SAFETY_LEASE_OVER);        /* the latest lease decides, whoever had one before */
    if (end_us > now_us) {
        safety->lease_end_us = end_us;
        step(safety, link, SAFETY_LEASED);
    }
}

void safety_poll(struct safety *safety, uint64_t now_us)
{
    if (safety_state(safety) == ACTIVE && now_us >= safety->lease_end_us)
        step_all(safety, SAFETY_LEASE_OVER);
}

void safety_stopped(struct safety *safety)
{
    step_all(safety, SAFETY_STOPPED);
}

void safety_fault(struct safety *safety, uint8_t link, uint8_t fault)
{
    safety->fault = fault;
    if (safety->link[link] == ACTIVE)
        step_all(safety, SAFETY_FAULT);
    else
        step(safety, link, SAFETY_FAULT);
}
