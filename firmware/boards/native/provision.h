/* SPDX-License-Identifier: Apache-2.0
 *
 * The identity a development board is given at flashing.
 */
#ifndef NATIVE_PROVISION_H
#define NATIVE_PROVISION_H

#include <stdint.h>

#include "store.h"

struct provision {
    uint8_t dev_id[8];
    uint8_t label_key[32];
};

/* Reads the identity from the store, or writes the one given in hexadecimal digits into a store without one.
 * NULL: done; else why not, as the rest of a sentence about the flash. */
const char *provision(struct provision *out, struct store *store, const char *dev_id, const char *key);

#endif
