/* SPDX-License-Identifier: Apache-2.0
 *
 * X25519 (RFC 7748), in pieces: a multiplication takes tens of milliseconds, and a control task has others to serve.
 * Time and memory accesses depend on nothing secret, on CPUs whose 32-bit multiplication takes constant time (Cortex-M4).
 */
#ifndef CUELIGHT_X25519_H
#define CUELIGHT_X25519_H

#include <stdbool.h>
#include <stdint.h>

#define X25519_BYTES 32u

typedef uint32_t x25519_field[8];       /* little-endian, below 2^256: not always reduced */

struct x25519 {
    uint8_t scalar[X25519_BYTES];
    x25519_field point, x2, z2, x3, z3;
    int16_t bit;                        /* the next of the ladder; below 0, of the inversion that follows */
};

/* Begins to multiply the point by the secret. `point` NULL is the base point: the result is the secret's public key. */
void x25519_start(struct x25519 *work, const uint8_t secret[X25519_BYTES], const uint8_t *point);

/* Takes a bounded number of steps, some 80,000 instructions. True: all are done. */
bool x25519_run(struct x25519 *work);

/* The product, once all steps are done. False: it is all zero, for the point is of small order: there is no secret in it
 * (RFC 7748, section 6.1). */
bool x25519_result(const struct x25519 *work, uint8_t out[X25519_BYTES]);

#endif
