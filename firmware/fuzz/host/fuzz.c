/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static unsigned long current;
static int running;

/* splitmix64 */
static uint64_t next(void)
{
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

uint32_t fuzz_random(uint32_t bound)
{
    return (uint32_t)(next() >> 32) % bound;
}

static uint8_t interesting(void)
{
    static const uint8_t values[] = {0, 1, 2, 3, 4, 0x0E, 0x0F, 0x10, 0x13, 0x1B, 0x20, 0x3E, 0x40, 0x52, 0x7F, 0x80, 0xFE, 0xFF};
    return values[fuzz_random(sizeof values)];
}

static size_t insert(uint8_t *bytes, size_t length, size_t capacity, uint32_t at)
{
    if (length == capacity)
        return length;
    memmove(bytes + at + 1, bytes + at, length - at);
    bytes[at] = interesting();
    return length + 1;
}

static size_t repeat(uint8_t *bytes, size_t length, size_t capacity, uint32_t at)
{
    size_t size = 1 + fuzz_random((uint32_t)(length - at));
    size_t copied = size < capacity - length ? size : capacity - length;
    memmove(bytes + length, bytes + at, copied);
    return length + copied;
}

size_t fuzz_mutate(uint8_t *bytes, size_t length, size_t capacity)
{
    if (length == 0)
        return 0;
    uint32_t at = fuzz_random((uint32_t)length);
    switch (fuzz_random(7)) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << fuzz_random(8));
        return length;
    case 1:
        bytes[at] = (uint8_t)fuzz_random(256);
        return length;
    case 2:
        bytes[at] = interesting();
        return length;
    case 3:
        return at; /* cut short */
    case 4:
        memmove(bytes + at, bytes + at + 1, length - at - 1);
        return length - 1;
    case 5:
        return insert(bytes, length, capacity, at);
    default:
        return repeat(bytes, length, capacity, at);
    }
}

static void report(void)
{
    if (running)
        fprintf(stderr, "found with seed %lu\n", current);
}

int fuzz_main(int argc, char **argv, unsigned long count, void (*once)(void))
{
    unsigned long first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    if (argc > 2)
        count = strtoul(argv[2], NULL, 10);
    atexit(report);
    running = 1;
    for (current = first; current - first < count; current++) {
        state = current;
        once();
    }
    running = 0;
    printf("%lu executions from seed %lu\n", count, first);
    return 0;
}
