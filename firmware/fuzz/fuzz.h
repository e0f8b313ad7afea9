/* SPDX-License-Identifier: Apache-2.0
 *
 * A target is LLVMFuzzerTestOneInput() over bytes, and a way to change bytes that keeps some sense. The same source is
 * driven by libFuzzer (script/fuzz) and, where there is none and in the unit tests, by fuzz.c:
 *   TARGET FILE|FOLDER…                  replays inputs
 *   TARGET --runs COUNT [--seed SEED] FILE|FOLDER…   and makes COUNT new ones out of them
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FUZZ_INPUT_MAX = 4096, FUZZ_STEP_BYTES = 56 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Optional: changes an input in place; returns its new length. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t capacity, unsigned seed);

/* The driver's own way to change bytes. Returns the new length, at most `capacity`. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t capacity);

/* Many inputs are a row of steps: kind u8, length u8, bytes. */
struct fuzz_step {
    uint8_t kind;
    size_t len;
    const uint8_t *bytes;
};

/* The next step of an input; false at its end. A last step that is cut short has the bytes that are left. */
bool fuzz_next_step(const uint8_t **data, size_t *len, struct fuzz_step *step);

/* A step that makes sense, and is best followed by the next one of its table. */
struct fuzz_known {
    uint8_t kind, len, bytes[FUZZ_STEP_BYTES];
};

#define FUZZ_STEP(kind, ...) {kind, sizeof((const uint8_t[]){__VA_ARGS__}), {__VA_ARGS__}}

/* A custom mutator for rows of steps: brings in known ones, drops, repeats and changes what is there. */
size_t fuzz_mutate_steps(uint8_t *data, size_t len, size_t capacity, unsigned seed, const struct fuzz_known *known,
                         size_t known_count);

#endif
