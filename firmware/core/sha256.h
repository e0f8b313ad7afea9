/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869) with SHA-256.
 */
#ifndef CUELIGHT_SHA256_H
#define CUELIGHT_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32u

struct sha256 {
    uint32_t state[8];
    uint32_t length;                    /* bytes so far; messages here are far shorter than 512 MB */
    uint8_t block[64];
};

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *data, size_t len);
void sha256_final(struct sha256 *hash, uint8_t out[SHA256_BYTES]);

/* A key made ready: the hash states after its two pads. Half the work of a short MAC is done once for all. */
struct hmac_key {
    uint32_t inner[8];
    uint32_t outer[8];
};

struct hmac {
    struct sha256 hash;
    const struct hmac_key *key;
};

void hmac_key_init(struct hmac_key *key, const uint8_t *bytes, size_t len);

/* `key` must stay until the end. */
void hmac_init(struct hmac *hmac, const struct hmac_key *key);
void hmac_update(struct hmac *hmac, const void *data, size_t len);
void hmac_update_text(struct hmac *hmac, const char *text);
void hmac_final(struct hmac *hmac, uint8_t out[SHA256_BYTES]);

/* HKDF-Extract: the pseudorandom key of `ikm`. */
void hkdf_extract(const uint8_t *salt, size_t salt_len, const uint8_t *ikm, size_t ikm_len, uint8_t prk[SHA256_BYTES]);

/* The one block of HKDF-Expand(prk, label || info, 32) that CLP/1 ever needs. */
void hkdf_expand(const struct hmac_key *prk, const char *label, const uint8_t *info, size_t info_len,
                 uint8_t out[SHA256_BYTES]);

/* Overwrites memory in a way the compiler may not leave out. */
void wipe(void *memory, size_t len);

/* True when the bytes are equal; takes the same time wherever they differ. */
bool equal_constant_time(const uint8_t *a, const uint8_t *b, size_t len);

#endif
