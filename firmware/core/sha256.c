/* SPDX-License-Identifier: Apache-2.0 */
#include "sha256.h"

#include <string.h>

#define BLOCK 64u

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return (x >> n) | (x << (32u - n));
}

static void expand(const uint8_t block[BLOCK], uint32_t w[64])
{
    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (unsigned i = 16; i < 64; i++) {
        uint32_t w15 = w[i - 15], w2 = w[i - 2];

        w[i] = w[i - 16] + (rotate(w15, 7) ^ rotate(w15, 18) ^ w15 >> 3) + w[i - 7] +
               (rotate(w2, 17) ^ rotate(w2, 19) ^ w2 >> 10);
    }
}

static void compress(uint32_t state[8], const uint8_t block[BLOCK])
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    uint32_t w[64];

    expand(block, w);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (g ^ (e & (f ^ g))) +
                      round_constant[i] + w[i];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));

        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

void sha256_init(struct sha256 *hash)
{
    static const uint32_t start[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };

    memcpy(hash->state, start, sizeof start);
    hash->length = 0;
}

void sha256_update(struct sha256 *hash, const void *data, size_t len)
{
    const uint8_t *from = data;

    while (len > 0) {
        size_t used = hash->length % BLOCK;
        size_t part = BLOCK - used < len ? BLOCK - used : len;

        memcpy(hash->block + used, from, part);
        hash->length += (uint32_t)part;
        from += part;
        len -= part;
        if (used + part == BLOCK)
            compress(hash->state, hash->block);
    }
}

void sha256_final(struct sha256 *hash, uint8_t out[SHA256_BYTES])
{
    uint64_t bits = (uint64_t)hash->length * 8u;
    size_t used = hash->length % BLOCK;

    hash->block[used++] = 0x80;
    if (used > BLOCK - 8) {
        memset(hash->block + used, 0, BLOCK - used);
        compress(hash->state, hash->block);
        used = 0;
    }
    memset(hash->block + used, 0, BLOCK - used);
    for (unsigned i = 0; i < 8; i++)
        hash->block[BLOCK - 1 - i] = (uint8_t)(bits >> (8 * i));
    compress(hash->state, hash->block);
    for (unsigned i = 0; i < SHA256_BYTES; i++)
        out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    wipe(hash, sizeof *hash);
}

static void pad(uint32_t state[8], const uint8_t key[BLOCK], uint8_t with)
{
    struct sha256 hash;

    sha256_init(&hash);
    for (unsigned i = 0; i < BLOCK; i++)
        hash.block[i] = key[i] ^ with;
    compress(hash.state, hash.block);
    memcpy(state, hash.state, sizeof hash.state);
    wipe(&hash, sizeof hash);
}

void hmac_key_init(struct hmac_key *key, const uint8_t *bytes, size_t len)
{
    uint8_t padded[BLOCK] = {0};
    struct sha256 hash;

    if (len > BLOCK) {
        sha256_init(&hash);
        sha256_update(&hash, bytes, len);
        sha256_final(&hash, padded);
    } else if (len > 0) {
        memcpy(padded, bytes, len);
    }
    pad(key->inner, padded, 0x36);
    pad(key->outer, padded, 0x5c);
    wipe(padded, sizeof padded);
}

static void resume(struct sha256 *hash, const uint32_t state[8])
{
    memcpy(hash->state, state, sizeof hash->state);
    hash->length = BLOCK;
}

void hmac_init(struct hmac *hmac, const struct hmac_key *key)
{
    hmac->key = key;
    resume(&hmac->hash, key->inner);
}

void hmac_update(struct hmac *hmac, const void *data, size_t len)
{
    sha256_update(&hmac->hash, data, len);
}

void hmac_update_text(struct hmac *hmac, const char *text)
{
    for (; *text != '\0'; text++)
        hmac_update(hmac, text, 1);
}

void hmac_final(struct hmac *hmac, uint8_t out[SHA256_BYTES])
{
    uint8_t digest[SHA256_BYTES];

    sha256_final(&hmac->hash, digest);
    resume(&hmac->hash, hmac->key->outer);
    sha256_update(&hmac->hash, digest, sizeof digest);
    sha256_final(&hmac->hash, out);
    wipe(digest, sizeof digest);
}

void hkdf_extract(const uint8_t *salt, size_t salt_len, const uint8_t *ikm, size_t ikm_len, uint8_t prk[SHA256_BYTES])
{
    struct hmac_key key;
    struct hmac hmac;

    hmac_key_init(&key, salt, salt_len);
    hmac_init(&hmac, &key);
    hmac_update(&hmac, ikm, ikm_len);
    hmac_final(&hmac, prk);
    wipe(&key, sizeof key);
}

void hkdf_expand(const struct hmac_key *prk, const char *label, const uint8_t *info, size_t info_len,
                 uint8_t out[SHA256_BYTES])
{
    static const uint8_t first_block = 1;
    struct hmac hmac;

    hmac_init(&hmac, prk);
    hmac_update_text(&hmac, label);
    hmac_update(&hmac, info, info_len);
    hmac_update(&hmac, &first_block, 1);
    hmac_final(&hmac, out);
}

void wipe(void *memory, size_t len)
{
    volatile uint8_t *byte = memory;

    while (len-- > 0)
        *byte++ = 0;
}

bool equal_constant_time(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < len; i++)
        difference = (uint8_t)(difference | (a[i] ^ b[i]));
    return difference == 0;
}
