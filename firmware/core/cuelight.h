/* SPDX-License-Identifier: Apache-2.0
 *
 * The device core of Cuelight: CLP/1, safety, outputs, timeline, button. No I/O, no heap, no globals: everything lives
 * in one `struct cuelight`, everything the outside world does is a call below, everything the core wants done is a
 * callback of `struct cuelight_hal`.
 *
 * Rules for the caller
 * - One task only: the functions are not re-entrant, and callbacks must not call back into the core.
 * - Times are monotonic microseconds and never go backwards from one call to the next.
 * - Call cuelight_poll() after every other call, and no later than the time it returned.
 * - Feed the watchdog only after cuelight_poll() has returned.
 */
#ifndef CUELIGHT_H
#define CUELIGHT_H

#include "device.h"             /* the members of struct cuelight: for its size only, not for the caller */
#include "hal.h"

/* Starts the core: state SAFE, every output at rest (each output callback is called once), records loaded. */
void cuelight_init(struct cuelight *device, const struct cuelight_hal *hal, const struct cuelight_identity *identity,
                   uint64_t now_us);

/* A central connected, or the connection ended for whatever reason. A link that has not subscribed, or has lost its
 * session, for 30 s is disconnected by the core. */
void cuelight_link_up(struct cuelight *device, uint8_t link, uint64_t now_us);
void cuelight_link_down(struct cuelight *device, uint8_t link, uint64_t now_us);

/* The CCCD of TX was written. Every write that turns notifications on, also when they were on, starts a handshake. */
void cuelight_subscribed(struct cuelight *device, uint8_t link, bool on, uint64_t now_us);

/* One whole write to RX. */
void cuelight_received(struct cuelight *device, uint8_t link, const uint8_t *data, size_t len, uint64_t now_us);

/* A raw contact edge; the core debounces. */
void cuelight_button(struct cuelight *device, uint8_t button, bool down, uint64_t now_us);

/* The board has put its outputs to rest by itself: whatever lease there still is, is over. */
void cuelight_cut(struct cuelight *device, uint64_t now_us);

/* Runs everything due and returns when it next wants to run, absolute, or CUELIGHT_NEVER. */
uint64_t cuelight_poll(struct cuelight *device, uint64_t now_us);

/* For the advertisement. */
#define CUELIGHT_FLAG_PAIRING 0x10u     /* the pairing window is open */
#define CUELIGHT_FLAG_PRESS 0x20u       /* a press waits for a session */
uint8_t cuelight_flags(const struct cuelight *device);
const uint8_t *cuelight_inst_id(const struct cuelight *device);     /* 4 bytes */

#endif
