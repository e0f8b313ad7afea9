/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers modulo p = 2^255 - 19 in eight words, kept below 2^256 by 2^256 = 38 (mod p).
 */
#include "x25519.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are copied as they lie");

enum {
    WORDS = 8,
    LADDER_TOP = 254,
    INVERSION_TOP = 253,                /* the highest bit of p - 2 but one */
    INVERSION_END = -1 - INVERSION_TOP,
    LADDER_STEPS = 6,                   /* in one run */
    INVERSION_STEPS = 30,
    FOLD = 38,
};

#define PLUS 0u
#define MINUS UINT32_MAX

/* Adds what went over, `carry` times 2^256. That may go over once more, and then never again. */
static void fold(x25519_field out, uint32_t carry)
{
    for (int round = 0; round < 2; round++) {
        uint64_t sum = (uint64_t)carry * FOLD;

        for (int i = 0; i < WORDS; i++) {
            sum += out[i];
            out[i] = (uint32_t)sum;
            sum >>= 32;
        }
        carry = (uint32_t)sum;
    }
}

/* a + b; or, with all bits of `minus` set, a - b + 4p, which is a + ~b + 2^256 - 75. */
static void add(x25519_field out, const x25519_field a, const x25519_field b, uint32_t minus)
{
    uint64_t sum = (uint64_t)0 - (minus & 74);

    for (int i = 0; i < WORDS; i++) {
        sum += (uint64_t)a[i] + (b[i] ^ minus) + minus;
        out[i] = (uint32_t)sum;
        sum >>= 32;
    }
    fold(out, (uint32_t)sum);
}

static void multiply(x25519_field out, const x25519_field a, const x25519_field b)
{
    uint32_t product[2 * WORDS] = {0};
    uint64_t sum = 0;

    for (int i = 0; i < WORDS; i++) {
        uint32_t carry = 0;

        for (int j = 0; j < WORDS; j++) {
            uint64_t part = (uint64_t)a[i] * b[j] + product[i + j] + carry;     /* at most 2^64 - 1 */

            product[i + j] = (uint32_t)part;
            carry = (uint32_t)(part >> 32);
        }
        product[i + WORDS] = carry;
    }
    for (int i = 0; i < WORDS; i++) {
        sum += (uint64_t)product[i + WORDS] * FOLD + product[i];
        out[i] = (uint32_t)sum;
        sum >>= 32;
    }
    fold(out, (uint32_t)sum);
}

/* Swaps when `bit` is 1, and touches the same memory when it is 0. */
static void swap(x25519_field a, x25519_field b, uint32_t bit)
{
    for (int i = 0; i < WORDS; i++) {
        uint32_t difference = (a[i] ^ b[i]) & (0u - bit);

        a[i] ^= difference;
        b[i] ^= difference;
    }
}

/* One bit of the Montgomery ladder (RFC 7748, section 5). */
static void ladder_step(struct x25519 *work, uint32_t bit)
{
    static const x25519_field a24 = {121665};
    x25519_field a, b, c, d;

    swap(work->x2, work->x3, bit);
    swap(work->z2, work->z3, bit);
    add(a, work->x2, work->z2, PLUS);
    add(b, work->x2, work->z2, MINUS);
    add(c, work->x3, work->z3, PLUS);
    add(d, work->x3, work->z3, MINUS);
    multiply(d, d, a);                          /* DA */
    multiply(c, c, b);                          /* CB */
    add(work->x3, d, c, PLUS);
    multiply(work->x3, work->x3, work->x3);
    add(work->z3, d, c, MINUS);
    multiply(work->z3, work->z3, work->z3);
    multiply(work->z3, work->z3, work->point);
    multiply(a, a, a);                          /* AA */
    multiply(b, b, b);                          /* BB */
    multiply(work->x2, a, b);
    add(b, a, b, MINUS);                        /* E */
    multiply(c, b, a24);
    add(c, c, a, PLUS);
    multiply(work->z2, b, c);
    swap(work->x2, work->x3, bit);
    swap(work->z2, work->z3, bit);
}

/* One bit of z2 ^ (p - 2), gathered in z3. All bits of p - 2 are 1 but two. */
static void invert_step(struct x25519 *work, int bit)
{
    multiply(work->z3, work->z3, work->z3);
    if (bit != 2 && bit != 4)
        multiply(work->z3, work->z3, work->z2);
}

void x25519_start(struct x25519 *work, const uint8_t secret[X25519_BYTES], const uint8_t *point)
{
    memset(work, 0, sizeof *work);
    memcpy(work->scalar, secret, X25519_BYTES);
    work->scalar[0] &= 248;
    work->scalar[31] = (uint8_t)((work->scalar[31] & 127) | 64);
    work->point[0] = 9;
    if (point != NULL)
        memcpy(work->point, point, sizeof work->point);
    work->point[WORDS - 1] &= 0x7fffffff;
    work->x2[0] = 1;
    memcpy(work->x3, work->point, sizeof work->x3);
    work->z3[0] = 1;
    work->bit = LADDER_TOP;
}

bool x25519_run(struct x25519 *work)
{
    if (work->bit >= 0) {
        for (int i = 0; i < LADDER_STEPS && work->bit >= 0; i++, work->bit--)
            ladder_step(work, (uint32_t)work->scalar[work->bit / 8] >> (work->bit % 8) & 1);
        if (work->bit < 0)
            memcpy(work->z3, work->z2, sizeof work->z3);
        return false;
    }
    for (int i = 0; i < INVERSION_STEPS && work->bit >= INVERSION_END; i++, work->bit--)
        invert_step(work, work->bit - INVERSION_END);
    return work->bit < INVERSION_END;
}

/* The one representative below p. */
static void reduce(x25519_field a)
{
    x25519_field less;

    for (int round = 0; round < 2; round++) {
        uint32_t top = a[WORDS - 1] >> 31;      /* 2^255 = 19 */
        uint64_t sum = (uint64_t)top * 19;

        a[WORDS - 1] &= 0x7fffffff;
        for (int i = 0; i < WORDS; i++) {
            sum += a[i];
            a[i] = (uint32_t)sum;
            sum >>= 32;
        }
    }
    /* Now below 2^255: with 19 more, bit 255 says whether it was p or above. */
    uint64_t sum = 19;

    for (int i = 0; i < WORDS; i++) {
        sum += a[i];
        less[i] = (uint32_t)sum;
        sum >>= 32;
    }

    uint32_t over = less[WORDS - 1] >> 31;

    less[WORDS - 1] &= 0x7fffffff;
    swap(a, less, over);
}

bool x25519_result(const struct x25519 *work, uint8_t out[X25519_BYTES])
{
    x25519_field product;
    uint32_t any = 0;

    multiply(product, work->x2, work->z3);
    reduce(product);
    for (unsigned i = 0; i < WORDS; i++)
        any |= product[i];
    memcpy(out, product, X25519_BYTES);
    return any != 0;
}
