/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <string.h>

#define RECORD_BYTES (1u + SESSION_KEY)
#define TRNG_BYTES 16u

static bool load(const struct keys *keys, unsigned key, uint8_t *out, size_t len)
{
    return keys->hal->load(keys->hal->ctx, (uint16_t)key, out, len) == len;
}

static bool save(const struct keys *keys, unsigned key, const uint8_t *data, size_t len)
{
    return keys->hal->save(keys->hal->ctx, (uint16_t)key, data, len);
}

static bool load_key(const struct keys *keys, unsigned record, uint8_t slot, uint8_t *gen, uint8_t psk[SESSION_KEY])
{
    uint8_t bytes[RECORD_BYTES];
    bool found = slot < KEY_SLOTS && load(keys, record + slot, bytes, sizeof bytes);

    if (found) {
        *gen = bytes[0];
        memcpy(psk, bytes + 1, SESSION_KEY);
    }
    wipe(bytes, sizeof bytes);
    return found;
}

static bool save_key(const struct keys *keys, unsigned record, uint8_t slot, uint8_t gen, const uint8_t psk[SESSION_KEY])
{
    uint8_t bytes[RECORD_BYTES];
    bool saved;

    bytes[0] = gen;
    memcpy(bytes + 1, psk, SESSION_KEY);
    saved = save(keys, record + slot, bytes, sizeof bytes);
    wipe(bytes, sizeof bytes);
    return saved;
}

static void put_u32(uint8_t out[4], uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static bool count_boot(struct keys *keys)
{
    uint8_t count[4] = {0};

    if (load(keys, CUELIGHT_RECORD_BOOTS, count, sizeof count))
        keys->boots = (uint32_t)count[0] << 24 | (uint32_t)count[1] << 16 | (uint32_t)count[2] << 8 | count[3];
    keys->boots++;
    put_u32(count, keys->boots);
    return save(keys, CUELIGHT_RECORD_BOOTS, count, sizeof count);
}

/* HMAC under `key` of a label, the boot count, one more number, and the TRNG where there is one. Says whether there is. */
static bool derive(const struct keys *keys, const uint8_t key[SESSION_KEY], const char *label, uint32_t number,
                   uint8_t out[SHA256_BYTES])
{
    uint8_t counts[8], noise[TRNG_BYTES];
    bool random = keys->hal->random(keys->hal->ctx, noise, sizeof noise);
    struct hmac_key ready;
    struct hmac hmac;

    put_u32(counts, keys->boots);
    put_u32(counts + 4, number);
    hmac_key_init(&ready, key, SESSION_KEY);
    hmac_init(&hmac, &ready);
    hmac_update_text(&hmac, label);
    hmac_update(&hmac, counts, sizeof counts);
    if (random)
        hmac_update(&hmac, noise, sizeof noise);
    hmac_final(&hmac, out);
    wipe(&ready, sizeof ready);
    wipe(noise, sizeof noise);
    return random;
}

/* A device without TRNG owes its secrecy to the label key, which nobody else knows. */
static bool make_rng_key(struct keys *keys, uint8_t key[SESSION_KEY])
{
    uint8_t seed[SESSION_KEY] = {0};

    if (keys->label_key != NULL)
        memcpy(seed, keys->label_key, sizeof seed);
    derive(keys, seed, "CLP1 rng", keys->draws++, key);
    wipe(seed, sizeof seed);
    return save(keys, CUELIGHT_RECORD_RANDOM, key, SESSION_KEY);
}

static bool make_instance(struct keys *keys, const uint8_t rng_key[SESSION_KEY])
{
    uint8_t bytes[SHA256_BYTES];

    derive(keys, rng_key, "CLP1 inst", 0, bytes);
    memcpy(keys->inst_id, bytes, sizeof keys->inst_id);
    return save(keys, CUELIGHT_RECORD_INSTANCE, keys->inst_id, sizeof keys->inst_id);
}

static bool make_what_is_missing(struct keys *keys)
{
    uint8_t rng_key[SESSION_KEY];
    bool good = true;

    if (!load(keys, CUELIGHT_RECORD_RANDOM, rng_key, sizeof rng_key))
        good = make_rng_key(keys, rng_key);
    if (!load(keys, CUELIGHT_RECORD_INSTANCE, keys->inst_id, sizeof keys->inst_id))
        good = make_instance(keys, rng_key) && good;
    if (keys->label_key != NULL && keys_slots(keys) == 0)
        good = save_key(keys, CUELIGHT_RECORD_KEY, KEY_LABEL_SLOT, 0, keys->label_key) && good;
    wipe(rng_key, sizeof rng_key);
    return good;
}

bool keys_init(struct keys *keys, const struct cuelight_hal *hal, const struct cuelight_identity *identity)
{
    *keys = (struct keys){.hal = hal, .label_key = identity->label_key};
    keys->boots_saved = count_boot(keys);
    return make_what_is_missing(keys) && keys->boots_saved;
}

bool keys_reset(struct keys *keys)
{
    return keys->hal->reset(keys->hal->ctx) && make_what_is_missing(keys);
}

uint8_t keys_slots(const struct keys *keys)
{
    uint8_t psk[SESSION_KEY], gen, slots = 0;

    for (uint8_t slot = 0; slot < KEY_SLOTS; slot++)
        if (load_key(keys, CUELIGHT_RECORD_KEY, slot, &gen, psk) || load_key(keys, CUELIGHT_RECORD_PENDING, slot, &gen, psk))
            slots |= (uint8_t)(1u << slot);
    wipe(psk, sizeof psk);
    return slots;
}

uint8_t keys_count(const struct keys *keys)
{
    uint8_t count = 0;

    for (unsigned slots = keys_slots(keys); slots != 0; slots &= slots - 1)
        count++;
    return count;
}

uint8_t keys_find(const struct keys *keys, uint8_t slot, uint8_t *gen, uint8_t psk[SESSION_KEY], bool *pending)
{
    uint8_t asked = *gen, there = 0, waiting = 0;
    bool used = load_key(keys, CUELIGHT_RECORD_KEY, slot, &there, psk);

    *pending = false;
    if (used && there == asked)
        return CUELIGHT_OK;
    *pending = load_key(keys, CUELIGHT_RECORD_PENDING, slot, &waiting, psk);
    if (*pending && waiting == asked)
        return CUELIGHT_OK;
    wipe(psk, SESSION_KEY);
    *gen = used ? there : waiting;
    return used || *pending ? CUELIGHT_WRONG_GEN : CUELIGHT_UNKNOWN_KEY;
}

bool keys_promote(const struct keys *keys, uint8_t slot, uint8_t gen, const uint8_t psk[SESSION_KEY])
{
    /* A cut between the two writes leaves a pending key equal to the slot's, which keys_find() never gets to. */
    return keys_set(keys, slot, gen, psk) && save(keys, (unsigned)CUELIGHT_RECORD_PENDING + slot, NULL, 0);
}

bool keys_may_set(uint8_t kid, uint8_t slot)
{
    return kid == KEY_LABEL_SLOT || kid == slot;
}

bool keys_is_new(const struct keys *keys, uint8_t slot, uint8_t gen)
{
    uint8_t psk[SESSION_KEY], there;
    bool used = load_key(keys, CUELIGHT_RECORD_KEY, slot, &there, psk);

    wipe(psk, sizeof psk);
    return !used || there != gen;
}

bool keys_set_pending(const struct keys *keys, uint8_t slot, uint8_t gen, const uint8_t psk[SESSION_KEY])
{
    return save_key(keys, CUELIGHT_RECORD_PENDING, slot, gen, psk);
}

bool keys_set(const struct keys *keys, uint8_t slot, uint8_t gen, const uint8_t psk[SESSION_KEY])
{
    return save_key(keys, CUELIGHT_RECORD_KEY, slot, gen, psk);
}

bool keys_forget(const struct keys *keys, uint8_t slot)
{
    /* The pending key first: it must not be all that a cut between the two leaves. */
    return save(keys, (unsigned)CUELIGHT_RECORD_PENDING + slot, NULL, 0) &&
           save(keys, (unsigned)CUELIGHT_RECORD_KEY + slot, NULL, 0);
}

bool keys_draw(struct keys *keys, const char *label, uint8_t out[SHA256_BYTES])
{
    uint8_t rng_key[SESSION_KEY];
    bool secret = load(keys, CUELIGHT_RECORD_RANDOM, rng_key, sizeof rng_key);
    bool random;

    if (!secret)
        memset(rng_key, 0, sizeof rng_key);
    random = derive(keys, rng_key, label, ++keys->draws, out);
    wipe(rng_key, sizeof rng_key);
    return random || (secret && keys->boots_saved);
}

bool keys_nonce(struct keys *keys, uint8_t nonce[SESSION_NONCE])
{
    uint8_t bytes[SHA256_BYTES];
    bool fresh = keys_draw(keys, "", bytes);

    memcpy(nonce, bytes, SESSION_NONCE);
    return fresh;
}
