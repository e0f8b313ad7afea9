/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's secrets in its store: four key slots with two-phase replacement, the instance, and nonces that never
 * repeat. Keys are read when needed and wiped after.
 */
#ifndef CUELIGHT_KEYS_H
#define CUELIGHT_KEYS_H

#include "hal.h"
#include "session.h"

#define KEY_SLOTS 4u
#define KEY_LABEL_SLOT 0u

struct keys {
    const struct cuelight_hal *hal;
    const uint8_t *label_key;
    uint8_t inst_id[4];
    uint32_t boots;
    uint32_t draws;                     /* since boot: nonces above all */
    bool boots_saved;                   /* or nonces may repeat where there is no TRNG */
};

/* Counts the boot and makes what a new device lacks: label key, K_rng, inst_id. False: the store failed. */
bool keys_init(struct keys *keys, const struct cuelight_hal *hal, const struct cuelight_identity *identity);

/* Erases everything but the boot count, and makes it anew as keys_init() does. False: the store failed. Until the erasing
 * is done, nothing has changed; from then on the next keys_init() makes what is still missing. */
bool keys_reset(struct keys *keys);

/* Slots that hold a key, in use or pending: a bit for each. */
uint8_t keys_slots(const struct keys *keys);
uint8_t keys_count(const struct keys *keys);

/* The key of generation `gen` in a slot. 0, CUELIGHT_UNKNOWN_KEY, or CUELIGHT_WRONG_GEN with `gen` set to the one that
 * is there. `pending`: it is the key that waits to replace the slot's. */
uint8_t keys_find(const struct keys *keys, uint8_t slot, uint8_t *gen, uint8_t psk[SESSION_KEY], bool *pending);

/* The pending key was used for the first time: it takes the slot. False: the store failed, and it stays pending. */
bool keys_promote(const struct keys *keys, uint8_t slot, uint8_t gen, const uint8_t psk[SESSION_KEY]);

/* True when a session that used slot `kid` may set the key of `slot`: its own, or any with the label key. */
bool keys_may_set(uint8_t kid, uint8_t slot);

/* True when `gen` names a key other than the one in the slot. */
bool keys_is_new(const struct keys *keys, uint8_t slot, uint8_t gen);

bool keys_set_pending(const struct keys *keys, uint8_t slot, uint8_t gen, const uint8_t psk[SESSION_KEY]);

/* Puts a key into a free slot. */
bool keys_set(const struct keys *keys, uint8_t slot, uint8_t gen, const uint8_t psk[SESSION_KEY]);

/* Erases a slot's key and the pending one. False: the store failed; the slot may be as it was. */
bool keys_forget(const struct keys *keys, uint8_t slot);

/* HMAC(K_rng, label || boot count || number of the draw [|| TRNG]). False: nothing can promise that it is fresh. */
bool keys_draw(struct keys *keys, const char *label, uint8_t out[SHA256_BYTES]);

/* A draw without a label, [0:8]. */
bool keys_nonce(struct keys *keys, uint8_t nonce[SESSION_NONCE]);

#endif
