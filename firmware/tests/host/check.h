/* SPDX-License-Identifier: Apache-2.0
 *
 * The little that the unit tests need: a check that names its line, and a table of tests.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(function) {#function, function}

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                            \
        }                                                                       \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                                            \
    do {                                                                                                         \
        long long is_ = (long long)(actual);                                                                     \
        long long should_ = (long long)(expected);                                                               \
        if (is_ != should_) {                                                                                    \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, is_, should_);         \
            exit(1);                                                                                             \
        }                                                                                                        \
    } while (0)

/* Runs the test named on the command line, or all of them. */
static inline int run_tests(const struct test *tests, size_t count, int argc, char **argv)
{
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && strcmp(argv[1], tests[i].name) != 0)
            continue;
        printf("%s\n", tests[i].name);
        fflush(stdout);
        tests[i].run();
    }
    return 0;
}

#endif
