/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CORPUS_MAX = 4096, PATH_SIZE = 1024 };

struct input {
    size_t len;
    uint8_t *bytes;
};

static struct input corpus[CORPUS_MAX];
static size_t corpus_count;
static uint64_t state;
static struct input current; /* runs now */
static const char *target;

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t capacity, unsigned seed) __attribute__((weak));

/* ---- Changing bytes ---- */

/* splitmix64 */
static uint32_t below(size_t bound)
{
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (uint32_t)(((z >> 32) * bound) >> 32);
}

static uint8_t interesting(void)
{
    static const uint8_t values[] = {0, 1, 2, 3, 4, 0x0E, 0x0F, 0x10, 0x13, 0x1B, 0x20, 0x3E, 0x40, 0x52, 0x7F, 0x80, 0xFE, 0xFF};
    return values[below(sizeof values)];
}

static size_t insert(uint8_t *data, size_t len, size_t capacity, size_t at)
{
    if (len == capacity)
        return len;
    memmove(data + at + 1, data + at, len - at);
    data[at] = interesting();
    return len + 1;
}

static size_t repeat(uint8_t *data, size_t len, size_t capacity, size_t at)
{
    size_t size = 1 + below(len - at);
    size_t copied = size < capacity - len ? size : capacity - len;
    memmove(data + len, data + at, copied);
    return len + copied;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t capacity)
{
    if (len == 0)
        return insert(data, len, capacity, 0);
    size_t at = below(len);
    switch (below(7)) {
    case 0:
        data[at] ^= (uint8_t)(1u << below(8));
        return len;
    case 1:
        data[at] = (uint8_t)below(256);
        return len;
    case 2:
        data[at] = interesting();
        return len;
    case 3:
        return at; /* cut short */
    case 4:
        memmove(data + at, data + at + 1, len - at - 1);
        return len - 1;
    case 5:
        return insert(data, len, capacity, at);
    default:
        return repeat(data, len, capacity, at);
    }
}

static size_t mutate(uint8_t *data, size_t len)
{
    if (LLVMFuzzerCustomMutator)
        return LLVMFuzzerCustomMutator(data, len, FUZZ_INPUT_MAX, below(UINT32_MAX));
    return LLVMFuzzerMutate(data, len, FUZZ_INPUT_MAX);
}

/* ---- Running ---- */

static void keep_finding(void)
{
    char path[PATH_SIZE];
    if (!current.bytes)
        return;
    snprintf(path, sizeof path, "%s.finding", target);
    FILE *file = fopen(path, "wb");
    if (!file)
        return;
    fwrite(current.bytes, 1, current.len, file);
    fclose(file);
    fprintf(stderr, "The input is kept in %s; run `%s %s` to see it again.\n", path, target, path);
}

/* From memory of its exact size, so that the sanitizer sees a read behind the end. */
static void run(const uint8_t *data, size_t len)
{
    uint8_t *exact = malloc(len + 1);
    if (!exact)
        abort();
    memcpy(exact + 1, data, len);
    current = (struct input){len, exact + 1};
    LLVMFuzzerTestOneInput(exact + 1, len);
    current.bytes = NULL;
    free(exact);
}

static void make_inputs(unsigned long count)
{
    static uint8_t data[FUZZ_INPUT_MAX];
    for (; count > 0; count--) {
        const struct input *start = corpus_count > 0 ? &corpus[below(corpus_count)] : &(struct input){0, NULL};
        size_t len = start->len;
        if (len > 0)
            memcpy(data, start->bytes, len);
        for (uint32_t changes = 1 + below(16); changes > 0; changes--)
            len = mutate(data, len);
        run(data, len);
    }
}

/* ---- The corpus ---- */

static void load_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct input input = {0, malloc(FUZZ_INPUT_MAX)};
    if (!file || !input.bytes || corpus_count == CORPUS_MAX) {
        fprintf(stderr, "%s cannot be read.\n", path);
        exit(2);
    }
    input.len = fread(input.bytes, 1, FUZZ_INPUT_MAX, file);
    fclose(file);
    corpus[corpus_count++] = input;
}

/* In the order of their names, so that a seed means the same everywhere. */
static void load(const char *path)
{
    struct dirent **entries;
    char file[PATH_SIZE];
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        load_file(path);
        return;
    }
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            load_file(file);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    unsigned long runs = 0;
    target = argv[0];
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            state = strtoul(argv[++i], NULL, 10);
        else
            load(argv[i]);
    atexit(keep_finding);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(keep_finding);
    for (size_t i = 0; i < corpus_count; i++)
        run(corpus[i].bytes, corpus[i].len);
    make_inputs(runs);
    printf("%zu inputs replayed, %lu made\n", corpus_count, runs);
    for (size_t i = 0; i < corpus_count; i++)
        free(corpus[i].bytes);
    return 0;
}
