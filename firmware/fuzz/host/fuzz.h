/* SPDX-License-Identifier: Apache-2.0
 *
 * Seeded mutations, so that every finding can be run again: DRIVER [SEED [COUNT]].
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* A number below `bound`. */
uint32_t fuzz_random(uint32_t bound);

/* Changes the bytes in one of the ways inputs go wrong; returns the new length, at most `capacity`. */
size_t fuzz_mutate(uint8_t *bytes, size_t length, size_t capacity);

/* Runs `once` COUNT times, each from its own seed; says which when it does not return. */
int fuzz_main(int argc, char **argv, unsigned long count, void (*once)(void));

#endif
