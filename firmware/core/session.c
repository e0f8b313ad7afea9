/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <string.h>

#include "cbor.h"
#include "hal.h"

enum frame_type { HELLO = 0, AUTH = 1, CMD = 2, EVT = 3, ERR = 4, PAIR = 5 };

/* b0 = 01 TTT C K 0 */
#define B0(type) (uint8_t)(0x40u | (unsigned)(type) << 3)
#define B0_FIXED_MASK 0xc1u
#define B0_FIXED 0x40u
#define B0_COUNTER16 0x04u
#define B0_TICK 0x02u

#define KID_AT 12u                      /* in the context */
#define GEN_AT 13u
#define AUTH_NONCE_AT 3u
#define AUTH_TAG_AT (SESSION_AUTH - SESSION_TAG)
#define CLOCK_TOLERANCE_MS 500u         /* a host's tick may run ahead of the session clock by this much */

static void put_u32(uint8_t out[4], uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* The tag of a COSE_Mac0 (RFC 9052, section 6.3), HMAC 256/64, over the MAC_structure
 * ["MAC0", << {1: 4, 6: PIV} >>, aad, payload]; the aad comes in two pieces. */
static void mac0(const struct hmac_key *key, uint32_t counter, const uint8_t *aad, size_t aad_len,
                 const uint8_t *more_aad, size_t more_aad_len, const uint8_t *payload, size_t payload_len,
                 uint8_t tag[SESSION_TAG])
{
    static const uint8_t context[] = {0x84, 0x64, 'M', 'A', 'C', '0'};
    static const uint8_t protected_head[] = {0xa2, 0x01, 0x04, 0x06};
    uint32_t piv_len = counter < 0x100 ? 1 : counter < 0x10000 ? 2 : 3;
    uint8_t piv[4], head[8], digest[SHA256_BYTES];
    struct cbor_writer writer = {head, head + sizeof head};
    struct hmac hmac;

    hmac_init(&hmac, key);
    hmac_update(&hmac, context, sizeof context);
    cbor_write_bytes_head(&writer, (uint32_t)sizeof protected_head + 1 + piv_len);
    hmac_update(&hmac, head, (size_t)(writer.at - head));
    hmac_update(&hmac, protected_head, sizeof protected_head);
    writer.at = head;
    cbor_write_bytes_head(&writer, piv_len);
    hmac_update(&hmac, head, (size_t)(writer.at - head));
    put_u32(piv, counter);
    hmac_update(&hmac, piv + 4 - piv_len, piv_len);
    writer.at = head;
    cbor_write_bytes_head(&writer, (uint32_t)(aad_len + more_aad_len));
    hmac_update(&hmac, head, (size_t)(writer.at - head));
    hmac_update(&hmac, aad, aad_len);
    hmac_update(&hmac, more_aad, more_aad_len);
    writer.at = head;
    cbor_write_bytes_head(&writer, (uint32_t)payload_len);
    hmac_update(&hmac, head, (size_t)(writer.at - head));
    hmac_update(&hmac, payload, payload_len);
    hmac_final(&hmac, digest);
    memcpy(tag, digest, SESSION_TAG);
}

static void frame_mac(const struct hmac_key *key, uint32_t counter, uint8_t b0, uint32_t tick,
                      const uint8_t *payload, size_t payload_len, uint8_t tag[SESSION_TAG])
{
    uint8_t tick_bytes[4];

    put_u32(tick_bytes, tick);
    mac0(key, counter, &b0, 1, tick_bytes, sizeof tick_bytes, payload, payload_len, tag);
}

/* What the first byte alone says against a frame of `type` being expected. */
static uint8_t check_type(const uint8_t *frame, size_t len, enum frame_type type)
{
    if (len == 0 || (frame[0] & B0_FIXED_MASK) != B0_FIXED || frame[0] >= B0(PAIR + 1))
        return CUELIGHT_MALFORMED;
    return (frame[0] >> 3 & 7u) == type ? CUELIGHT_OK : CUELIGHT_WRONG_TYPE;
}

void session_hello(struct session *session, const uint8_t dev_id[8], const uint8_t inst_id[4], uint8_t slots,
                   const uint8_t nonce_d[SESSION_NONCE])
{
    session_erase(session);
    session->hello[0] = B0(HELLO);
    session->hello[1] = slots;
    memcpy(session->hello + 2, inst_id, 4);
    memcpy(session->hello + 6, nonce_d, SESSION_NONCE);
    memcpy(session->context, dev_id, 8);
    memcpy(session->context + 8, inst_id, 4);
}

uint8_t session_auth_parse(const uint8_t *frame, size_t len, uint8_t *kid, uint8_t *gen)
{
    uint8_t fault = check_type(frame, len, AUTH);

    if (fault != CUELIGHT_OK)
        return fault;
    if (len != SESSION_AUTH || frame[0] != B0(AUTH))
        return CUELIGHT_MALFORMED;
    *kid = frame[1];
    *gen = frame[2];
    return CUELIGHT_OK;
}

uint8_t session_authenticate(struct session *session, const uint8_t frame[SESSION_AUTH], const uint8_t psk[SESSION_KEY])
{
    uint8_t salt[2 * SESSION_NONCE], key[SESSION_KEY], tag[SESSION_TAG];

    memcpy(salt, session->hello + SESSION_HELLO - SESSION_NONCE, SESSION_NONCE);
    memcpy(salt + SESSION_NONCE, frame + AUTH_NONCE_AT, SESSION_NONCE);
    session->context[KID_AT] = frame[1];
    session->context[GEN_AT] = frame[2];
    hkdf_extract(salt, sizeof salt, psk, SESSION_KEY, key);
    hmac_key_init(&session->prk, key, SESSION_KEY);
    hkdf_expand(&session->prk, "CLP1 h2d", session->context, SESSION_CONTEXT, key);
    hmac_key_init(&session->h2d, key, SESSION_KEY);
    hkdf_expand(&session->prk, "CLP1 d2h", session->context, SESSION_CONTEXT, key);
    hmac_key_init(&session->d2h, key, SESSION_KEY);
    wipe(key, sizeof key);
    mac0(&session->h2d, 0, session->hello, SESSION_HELLO, frame, AUTH_TAG_AT, NULL, 0, tag);
    return equal_constant_time(tag, frame + AUTH_TAG_AT, SESSION_TAG) ? CUELIGHT_OK : CUELIGHT_BAD_MAC;
}

uint8_t session_kid(const struct session *session)
{
    return session->context[KID_AT];
}

uint8_t session_gen(const struct session *session)
{
    return session->context[GEN_AT];
}

/* The smallest counter above the last one accepted that has these low bits. */
static uint32_t full_counter(uint32_t last, uint32_t low, uint32_t span)
{
    uint32_t counter = (last & ~(span - 1)) | low;

    return counter > last ? counter : counter + span;
}

/* The largest tick no later than the session clock, plus tolerance, that has this low byte. */
static bool full_tick(uint32_t now_ms, uint8_t low, uint32_t *tick)
{
    uint32_t limit = (now_ms + CLOCK_TOLERANCE_MS) / SESSION_TICK_MS;

    *tick = (limit & ~UINT32_C(0xff)) | low;
    if (*tick <= limit)
        return true;
    *tick -= 0x100;
    return limit >= 0x100;
}

uint8_t session_open(struct session *session, const uint8_t *frame, size_t len, uint32_t now_ms,
                     struct session_command *command)
{
    uint8_t fault = check_type(frame, len, CMD);
    uint8_t tag[SESSION_TAG];
    size_t at = 1;

    if (fault != CUELIGHT_OK)
        return fault;

    bool wide = (frame[0] & B0_COUNTER16) != 0;
    size_t head = 1u + (wide ? 2u : 1u) + ((frame[0] & B0_TICK) != 0 ? 1u : 0u);

    if (len <= head + SESSION_TAG || len > CUELIGHT_RX_MAX)
        return CUELIGHT_MALFORMED;

    uint32_t low = frame[at++];

    if (wide)
        low = low << 8 | frame[at++];
    command->counter = full_counter(session->last_counter, low, wide ? 0x10000 : 0x100);
    if (command->counter >= SESSION_COUNTER_END)
        return CUELIGHT_EXPIRED;
    command->has_tick = (frame[0] & B0_TICK) != 0;
    command->tick = 0;
    if (command->has_tick && !full_tick(now_ms, frame[at++], &command->tick))
        return CUELIGHT_BAD_MAC;
    command->payload = frame + at;
    command->payload_len = len - at - SESSION_TAG;
    frame_mac(&session->h2d, command->counter, frame[0], command->tick, command->payload, command->payload_len, tag);
    if (!equal_constant_time(tag, frame + len - SESSION_TAG, SESSION_TAG))
        return CUELIGHT_BAD_MAC;
    session->last_counter = command->counter;
    return CUELIGHT_OK;
}

size_t session_seal(const struct session *session, uint32_t counter, const uint8_t *payload, size_t payload_len,
                    uint8_t *frame)
{
    frame[0] = B0(EVT) | B0_COUNTER16;
    frame[1] = (uint8_t)(counter >> 8);
    frame[2] = (uint8_t)counter;
    memcpy(frame + 3, payload, payload_len);
    frame_mac(&session->d2h, counter, frame[0], 0, payload, payload_len, frame + 3 + payload_len);
    return payload_len + SESSION_EVENT_OVERHEAD;
}

void session_unwrap(const struct session *session, uint8_t slot, uint8_t gen, uint32_t counter,
                    const uint8_t wrapped[SESSION_KEY], uint8_t psk[SESSION_KEY])
{
    uint8_t info[SESSION_CONTEXT + 6];

    memcpy(info, session->context, SESSION_CONTEXT);
    info[SESSION_CONTEXT] = slot;
    info[SESSION_CONTEXT + 1] = gen;
    put_u32(info + SESSION_CONTEXT + 2, counter);
    hkdf_expand(&session->prk, "CLP1 key", info, sizeof info, psk);
    for (unsigned i = 0; i < SESSION_KEY; i++)
        psk[i] ^= wrapped[i];
}

void session_ratchet(uint8_t kid, uint8_t gen, const uint8_t psk[SESSION_KEY], uint8_t next[SESSION_KEY])
{
    static const char label[] = "CLP1 ratchet";
    struct hmac_key key;
    struct hmac hmac;

    hmac_key_init(&key, psk, SESSION_KEY);
    hmac_init(&hmac, &key);
    hmac_update(&hmac, label, sizeof label - 1);
    hmac_update(&hmac, &kid, 1);
    hmac_update(&hmac, &gen, 1);
    hmac_final(&hmac, next);
    wipe(&key, sizeof key);
}

void session_error(uint8_t code, uint8_t gen, uint8_t frame[SESSION_ERR])
{
    frame[0] = B0(ERR);
    frame[1] = code;
    frame[2] = gen;
}

void session_erase(struct session *session)
{
    wipe(session, sizeof *session);
}
