/* SPDX-License-Identifier: Apache-2.0 */
#include "provision.h"

#include <string.h>

enum { RECORD_IDENTITY = 0x0100, DEV_ID = 8, KEY = 32 };

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool from_hex(const char *text, uint8_t *out, size_t length)
{
    if (strlen(text) != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

const char *provision(struct provision *out, struct store *store, const char *dev_id, const char *key)
{
    uint8_t stored[DEV_ID + KEY], given[DEV_ID + KEY];
    bool has_stored = store_load(store, RECORD_IDENTITY, stored, sizeof stored) == sizeof stored;
    if (!dev_id != !key)
        return "can only be provisioned with --dev-id and --key together";
    if (!dev_id && !has_stored)
        return "holds no identity; give --dev-id and --key";
    if (dev_id && (!from_hex(dev_id, given, DEV_ID) || !from_hex(key, given + DEV_ID, KEY)))
        return "cannot be provisioned: --dev-id takes 16 hexadecimal digits, --key takes 64";
    if (dev_id && has_stored && memcmp(given, stored, sizeof given) != 0)
        return "belongs to another device; give another --flash or leave --dev-id and --key out";
    if (dev_id && !has_stored && !store_save(store, RECORD_IDENTITY, given, sizeof given))
        return "cannot be written";
    const uint8_t *identity = has_stored ? stored : given;
    memcpy(out->dev_id, identity, DEV_ID);
    memcpy(out->label_key, identity + DEV_ID, KEY);
    return NULL;
}
