/* SPDX-License-Identifier: Apache-2.0
 *
 * The identity a board is given at flashing: 48 bytes at the start of the flash page that link.ld keeps for it,
 *     "CLID" | dev_id 8 | label key 32 | crc32 (zlib's) u32 little-endian of those 44 bytes
 * made by script/identity.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "hal.h"

/* Fills in dev_id and label_key. False: the board was given none. */
bool identity_read(struct cuelight_identity *out);

#endif
