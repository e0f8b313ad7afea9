/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

enum { HEAD = 2, STEPS_MAX = 256, STEP_MAX = HEAD + UINT8_MAX };

static uint32_t state;

static uint32_t below(size_t bound)
{
    state = state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)state * bound) >> 32);
}

bool fuzz_next_step(const uint8_t **data, size_t *len, struct fuzz_step *step)
{
    if (*len < HEAD)
        return false;
    step->kind = (*data)[0];
    step->len = (*data)[1] < *len - HEAD ? (*data)[1] : *len - HEAD;
    step->bytes = *data + HEAD;
    *data += HEAD + step->len;
    *len -= HEAD + step->len;
    return true;
}

/* Where each step begins, and where the last one ends. */
static size_t find_steps(const uint8_t *data, size_t len, size_t *begin)
{
    const uint8_t *at = data;
    struct fuzz_step step;
    size_t count = 0;

    begin[0] = 0;
    while (count < STEPS_MAX && fuzz_next_step(&at, &len, &step))
        begin[++count] = (size_t)(at - data);
    return count;
}

/* Puts `added` in the place of `removed` bytes. */
static size_t replace(uint8_t *data, size_t len, size_t capacity, size_t at, size_t removed, const uint8_t *bytes,
                      size_t added)
{
    if (len - removed + added > capacity)
        return len;
    memmove(data + at + added, data + at + removed, len - at - removed);
    memcpy(data + at, bytes, added);
    return len - removed + added;
}

/* Often the one that makes sense after the step before it. */
static const struct fuzz_known *choose(const uint8_t *before, size_t before_len, const struct fuzz_known *known,
                                       size_t count)
{
    for (size_t i = 0; i + 1 < count && before_len >= HEAD && below(3) > 0; i++)
        if (known[i].len == before_len - HEAD && memcmp(known[i].bytes, before + HEAD, known[i].len) == 0)
            return &known[i + 1];
    return &known[below(count)];
}

size_t fuzz_mutate_steps(uint8_t *data, size_t len, size_t capacity, unsigned seed, const struct fuzz_known *known,
                         size_t known_count)
{
    size_t begin[STEPS_MAX + 1], count = find_steps(data, len, begin);
    uint8_t step[STEP_MAX];

    state = seed;
    for (unsigned i = 0; i < 4; i++)
        (void)below(2);
    if (count == 0 || below(3) == 0) {
        size_t at = below(count + 1);
        const struct fuzz_known *chosen =
            choose(data + begin[at > 0 ? at - 1 : 0], at > 0 ? begin[at] - begin[at - 1] : 0, known, known_count);

        step[0] = chosen->kind;
        step[1] = chosen->len;
        memcpy(step + HEAD, chosen->bytes, chosen->len);
        return replace(data, len, capacity, begin[at], 0, step, HEAD + (size_t)chosen->len);
    }

    size_t which = below(count), at = begin[which], size = begin[which + 1] - at;

    memcpy(step, data + at, size);
    switch (below(6)) {
    case 0:
        return replace(data, len, capacity, at, size, step, 0);
    case 1:
        return replace(data, len, capacity, begin[below(count + 1)], 0, step, size);
    case 2:
    case 3:
        size = HEAD + LLVMFuzzerMutate(step + HEAD, size - HEAD, UINT8_MAX);
        step[1] = (uint8_t)(size - HEAD);
        return replace(data, len, capacity, at, begin[which + 1] - at, step, size);
    default:
        return LLVMFuzzerMutate(data, len, capacity);
    }
}
