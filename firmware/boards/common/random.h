/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From the true random number generator. False: there is none, or it reports a fault. */
bool random_draw(uint8_t *out, size_t length);

#endif
