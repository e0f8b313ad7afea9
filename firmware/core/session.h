/* SPDX-License-Identifier: Apache-2.0
 *
 * One CLP/1 session as the device sees it: handshake, key schedule, counters, ticks and tags. Knows nothing of time
 * beyond the session clock it is handed, nothing of commands, and nothing of the radio.
 */
#ifndef CUELIGHT_SESSION_H
#define CUELIGHT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sha256.h"

#define SESSION_KEY 32u
#define SESSION_TAG 8u
#define SESSION_NONCE 8u
#define SESSION_HELLO 14u
#define SESSION_AUTH 19u
#define SESSION_ERR 3u
#define SESSION_CONTEXT 14u             /* dev_id, inst_id, kid, gen */
#define SESSION_EVENT_OVERHEAD 11u      /* b0, counter 2, tag 8 */
#define SESSION_COUNTER_END (1ul << 24)
#define SESSION_TICK_MS 250u

struct session {
    uint8_t hello[SESSION_HELLO];
    uint8_t context[SESSION_CONTEXT];
    struct hmac_key prk;
    struct hmac_key h2d;
    struct hmac_key d2h;
    uint32_t last_counter;              /* of the last command accepted; AUTH has counter 0 */
    uint32_t next_event;                /* counter of the next EVT */
};

/* What a CMD frame says once its tag is good. `payload` points into the frame. */
struct session_command {
    uint32_t counter;
    uint32_t tick;
    bool has_tick;
    const uint8_t *payload;
    size_t payload_len;
};

/* Starts a handshake: builds the HELLO frame in session->hello. */
void session_hello(struct session *session, const uint8_t dev_id[8], const uint8_t inst_id[4], uint8_t slots,
                   const uint8_t nonce_d[SESSION_NONCE]);

/* The shape of an AUTH frame, so that the caller can look the key up. 0 or an enum cuelight_fault. */
uint8_t session_auth_parse(const uint8_t *frame, size_t len, uint8_t *kid, uint8_t *gen);

/* Derives the keys and checks the tag of an AUTH frame that parsed. 0 or CUELIGHT_BAD_MAC. */
uint8_t session_authenticate(struct session *session, const uint8_t frame[SESSION_AUTH], const uint8_t psk[SESSION_KEY]);

/* The slot whose key the session uses, and the key's generation. */
uint8_t session_kid(const struct session *session);
uint8_t session_gen(const struct session *session);

/* Checks a CMD frame that arrives at `now_ms` of the session clock. 0 with `command` filled and the counter taken, or an
 * enum cuelight_fault with the session unchanged. */
uint8_t session_open(struct session *session, const uint8_t *frame, size_t len, uint32_t now_ms,
                     struct session_command *command);

/* Builds the EVT frame with this counter; `frame` has room for payload_len + SESSION_EVENT_OVERHEAD. The length. */
size_t session_seal(const struct session *session, uint32_t counter, const uint8_t *payload, size_t payload_len,
                    uint8_t *frame);

/* The key inside a rekey command that came with `counter`. */
void session_unwrap(const struct session *session, uint8_t slot, uint8_t gen, uint32_t counter,
                    const uint8_t wrapped[SESSION_KEY], uint8_t psk[SESSION_KEY]);

/* The generation after `gen` of a key, by the ratchet. */
void session_ratchet(uint8_t kid, uint8_t gen, const uint8_t psk[SESSION_KEY], uint8_t next[SESSION_KEY]);

/* Builds an ERR frame. */
void session_error(uint8_t code, uint8_t gen, uint8_t frame[SESSION_ERR]);

/* Leaves no key behind. */
void session_erase(struct session *session);

#endif
