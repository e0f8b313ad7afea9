/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <string.h>

enum { MAGIC = 4, DEV_ID = 8, KEY = 32, COVERED = MAGIC + DEV_ID + KEY };

extern const uint8_t identity_page[];

static uint32_t crc32(const uint8_t *data, size_t length)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

bool identity_read(struct cuelight_identity *out)
{
    uint32_t stored;
    memcpy(&stored, identity_page + COVERED, sizeof stored);
    if (memcmp(identity_page, "CLID", MAGIC) != 0 || stored != crc32(identity_page, COVERED))
        return false;
    memcpy(out->dev_id, identity_page + MAGIC, DEV_ID);
    out->label_key = identity_page + MAGIC + DEV_ID;
    return true;
}
