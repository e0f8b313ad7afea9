/* SPDX-License-Identifier: Apache-2.0 */
#include "pairing.h"

#include <string.h>

#include "device.h"

#define B0_PAIR 0x68u
#define HEAD 2u                         /* of a frame: its first byte and its step */
#define KEYS_AND_CONTEXT (2 * X25519_BYTES + PAIRING_CONTEXT)
#define CODES 1000000u
#define CREDIT_RETRY_US 20000u
#define AFTER_US 5000000u               /* for the host to subscribe anew */

/* ---- the key schedule ---- */

static void join(const struct pairing_transcript *seen, uint8_t joined[KEYS_AND_CONTEXT])
{
    memcpy(joined, seen, 2 * X25519_BYTES);
    memcpy(joined + 2 * X25519_BYTES, seen->context, PAIRING_CONTEXT);
}

static void mac(const uint8_t *key, size_t key_len, const char *label, const uint8_t *data, size_t len,
                uint8_t digest[SHA256_BYTES])
{
    struct hmac_key ready;
    struct hmac hmac;

    hmac_key_init(&ready, key, key_len);
    hmac_init(&hmac, &ready);
    hmac_update_text(&hmac, label);
    hmac_update(&hmac, data, len);
    hmac_final(&hmac, digest);
    wipe(&ready, sizeof ready);
}

void pairing_commit(const struct pairing_transcript *seen, uint8_t commitment[PAIRING_COMMITMENT])
{
    uint8_t joined[KEYS_AND_CONTEXT], digest[SHA256_BYTES];

    join(seen, joined);
    mac(seen->device_nonce, PAIRING_NONCE, "CLP1 commit", joined, sizeof joined, digest);
    memcpy(commitment, digest, PAIRING_COMMITMENT);
}

uint32_t pairing_code(const struct pairing_transcript *seen)
{
    uint8_t digest[SHA256_BYTES];
    struct sha256 hash;

    sha256_init(&hash);
    sha256_update(&hash, "CLP1 code", 9);
    sha256_update(&hash, seen, sizeof *seen);
    sha256_final(&hash, digest);
    return ((uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3]) % CODES;
}

void pairing_key(const struct pairing_transcript *seen, const uint8_t secret[X25519_BYTES], uint8_t key[SESSION_KEY])
{
    uint8_t joined[KEYS_AND_CONTEXT], prk[SHA256_BYTES];
    struct hmac_key ready;

    hkdf_extract((const uint8_t *)seen + offsetof(struct pairing_transcript, device_nonce), 2 * PAIRING_NONCE, secret,
                 X25519_BYTES, prk);
    hmac_key_init(&ready, prk, sizeof prk);
    join(seen, joined);
    hkdf_expand(&ready, "CLP1 pair", joined, sizeof joined, key);
    wipe(&ready, sizeof ready);
    wipe(prk, sizeof prk);
}

void pairing_tag(const uint8_t key[SESSION_KEY], const char *label, uint8_t tag[SESSION_TAG])
{
    uint8_t digest[SHA256_BYTES];

    mac(key, SESSION_KEY, label, NULL, 0, digest);
    memcpy(tag, digest, SESSION_TAG);
}

/* ---- the window ---- */

void pairing_close(struct pairing *pairing)
{
    wipe(pairing, sizeof *pairing);
}

static void fail(struct cuelight *device, uint8_t link, uint8_t code, uint64_t now_us)
{
    if (code != CUELIGHT_PAIRING_CLOSED)
        pairing_close(&device->pairing);
    link_fail(device, link, code, now_us);
}

static void start_work(struct pairing *pairing, const uint8_t *point)
{
    x25519_start(&pairing->product, pairing->secret, point);
    pairing->work = point == NULL ? PAIRING_PUBLIC : PAIRING_SHARED;
    pairing->has_product = false;
}

void pairing_open(struct cuelight *device, uint64_t now_us)
{
    struct pairing *pairing = &device->pairing;
    uint8_t nonce[SHA256_BYTES];

    if (pairing->attempt)
        fail(device, pairing->link, CUELIGHT_PAIRING_FAILED, now_us);
    for (uint8_t link = 0; link < CUELIGHT_LINKS; link++)
        if (device->safety.link[link] >= CUELIGHT_SESSION)
            link_end(device, link, CUELIGHT_PAIRING, now_us);
    pairing_close(pairing);
    device->presses.count = 0;
    if (!keys_draw(&device->keys, "CLP1 pair", pairing->secret) || !keys_draw(&device->keys, "CLP1 pair", nonce)) {
        pairing_close(pairing);
        device->safety.fault = CUELIGHT_STORE;
        return;
    }
    memcpy(pairing->seen.device_nonce, nonce, PAIRING_NONCE);
    memcpy(pairing->seen.context, device->dev_id, 8);
    memcpy(pairing->seen.context + 8, device->keys.inst_id, 4);
    pairing->open = true;
    pairing->expected = PAIRING_HOST_KEY;
    pairing->end_us = now_us + PAIRING_WINDOW_US;
    start_work(pairing, NULL);
}

/* ---- what the host sends ---- */

/* A key for the slot that is free, if one is. 0, or the code of an ERR frame. */
static uint8_t begin(struct cuelight *device, uint8_t link, const uint8_t *host_key)
{
    struct pairing *pairing = &device->pairing;
    uint8_t slots = keys_slots(&device->keys), slot = 1;

    while ((slots >> slot & 1) != 0)
        slot++;
    if (slot >= KEY_SLOTS)
        return CUELIGHT_SLOTS_FULL;
    pairing->attempt = true;
    pairing->link = link;
    pairing->seen.context[PAIRING_CONTEXT - 1] = slot;
    memcpy(pairing->seen.host_key, host_key, X25519_BYTES);
    pairing->expected = PAIRING_HOST_NONCE;
    pairing->answer = PAIRING_DEVICE_KEY;
    device->link[link].deadline_us = CUELIGHT_NEVER;    /* the window's end is what counts now */
    return CUELIGHT_OK;
}

static uint8_t take_tag(struct pairing *pairing, const uint8_t *tag)
{
    uint8_t wanted[SESSION_TAG];

    pairing_tag(pairing->key, "CLP1 paired host", wanted);
    if (!equal_constant_time(tag, wanted, SESSION_TAG))
        return CUELIGHT_PAIRING_FAILED;
    pairing->agreed = true;
    pairing->expected = 0;
    return CUELIGHT_OK;
}

/* One frame of the host, which must be the step that is expected and nothing before its time. */
static uint8_t step(struct cuelight *device, uint8_t link, const uint8_t *data, size_t len)
{
    struct pairing *pairing = &device->pairing;

    if (len < HEAD || data[0] != B0_PAIR || data[1] != pairing->expected || pairing->answer != 0 || pairing->out_len != 0)
        return CUELIGHT_PAIRING_FAILED;
    if (pairing->expected == PAIRING_HOST_KEY && len == HEAD + X25519_BYTES)
        return begin(device, link, data + HEAD);
    if (pairing->expected == PAIRING_HOST_NONCE && len == HEAD + PAIRING_NONCE) {
        memcpy(pairing->seen.host_nonce, data + HEAD, PAIRING_NONCE);
        pairing->expected = PAIRING_HOST_TAG;
        pairing->answer = PAIRING_DEVICE_NONCE;
        return CUELIGHT_OK;
    }
    if (pairing->expected == PAIRING_HOST_TAG && len == HEAD + SESSION_TAG)
        return take_tag(pairing, data + HEAD);
    return CUELIGHT_PAIRING_FAILED;
}

bool pairing_received(struct cuelight *device, uint8_t link, const uint8_t *data, size_t len, uint64_t now_us)
{
    const struct pairing *pairing = &device->pairing;
    bool ours = pairing->attempt && pairing->link == link;
    uint8_t code = CUELIGHT_PAIRING_CLOSED;

    if (!ours && (len == 0 || data[0] != B0_PAIR))
        return false;
    if (pairing->open && (ours || !pairing->attempt))
        code = step(device, link, data, len);
    if (code != CUELIGHT_OK)
        fail(device, link, code, now_us);
    return true;
}

void pairing_link_over(struct pairing *pairing, uint8_t link)
{
    if (pairing->link != link)
        return;
    if (pairing->attempt)
        pairing_close(pairing);
    pairing->out_len = 0;
}

bool pairing_pressed(struct cuelight *device, uint64_t at_us)
{
    struct pairing *pairing = &device->pairing;

    if (!pairing->shown || at_us <= pairing->shown_us)
        return false;
    pairing->pressed = true;
    return true;
}

/* ---- what is due ---- */

void pairing_work(struct pairing *pairing)
{
    if (pairing->work == PAIRING_NO_WORK || !x25519_run(&pairing->product))
        return;
    pairing->is_secret =
        x25519_result(&pairing->product, pairing->work == PAIRING_PUBLIC ? pairing->seen.device_key : pairing->key);
    pairing->has_product = true;
    pairing->work = PAIRING_NO_WORK;
    wipe(&pairing->product, sizeof pairing->product);
}

static uint8_t *put_head(struct pairing *pairing, enum pairing_step step, size_t body)
{
    pairing->out[0] = B0_PAIR;
    pairing->out[1] = (uint8_t)step;
    pairing->out_len = (uint8_t)(HEAD + body);
    return pairing->out + HEAD;
}

static void answer_key(struct pairing *pairing)
{
    uint8_t *body = put_head(pairing, PAIRING_DEVICE_KEY, 1 + X25519_BYTES + PAIRING_COMMITMENT);

    body[0] = pairing->seen.context[PAIRING_CONTEXT - 1];
    memcpy(body + 1, pairing->seen.device_key, X25519_BYTES);
    pairing_commit(&pairing->seen, body + 1 + X25519_BYTES);
    start_work(pairing, pairing->seen.host_key);
}

static void answer_nonce(struct cuelight *device, uint64_t now_us)
{
    struct pairing *pairing = &device->pairing;
    uint8_t *body = put_head(pairing, PAIRING_DEVICE_NONCE, PAIRING_NONCE);

    memcpy(body, pairing->seen.device_nonce, PAIRING_NONCE);
    pairing_key(&pairing->seen, pairing->key, pairing->key);
    wipe(pairing->secret, sizeof pairing->secret);
    pairing->shown = true;
    pairing->shown_us = now_us;
    notice_code(&device->notice, pairing_code(&pairing->seen), now_us);
}

/* Both have agreed: stores the key, then says so. */
static void finish(struct cuelight *device, uint64_t now_us)
{
    struct pairing *pairing = &device->pairing;
    uint8_t link = pairing->link, tag[SESSION_TAG];

    if (!keys_set(&device->keys, pairing->seen.context[PAIRING_CONTEXT - 1], 0, pairing->key)) {
        fail(device, link, CUELIGHT_PAIRING_FAILED, now_us);
        device->safety.fault = CUELIGHT_STORE;
        return;
    }
    pairing_tag(pairing->key, "CLP1 paired device", tag);
    pairing_close(pairing);
    pairing->link = link;
    memcpy(put_head(pairing, PAIRING_DEVICE_TAG, SESSION_TAG), tag, SESSION_TAG);
    device->link[link].deadline_us = now_us + AFTER_US;
}

static void proceed(struct cuelight *device, uint64_t now_us)
{
    struct pairing *pairing = &device->pairing;

    if (now_us >= pairing->end_us) {
        uint8_t link = pairing->link;
        bool attempt = pairing->attempt;

        pairing_close(pairing);
        if (attempt)
            link_drop(device, link, now_us);
    } else if (pairing->answer == PAIRING_DEVICE_KEY && pairing->has_product) {
        pairing->answer = 0;
        answer_key(pairing);
    } else if (pairing->answer == PAIRING_DEVICE_NONCE && pairing->has_product) {
        pairing->answer = 0;
        if (pairing->is_secret)
            answer_nonce(device, now_us);
        else
            fail(device, pairing->link, CUELIGHT_PAIRING_FAILED, now_us);
    } else if (pairing->agreed && pairing->pressed) {
        finish(device, now_us);
    }
}

/* Follows the state of the window on the display. */
static void show(struct cuelight *device, uint64_t now_us)
{
    struct notice *notice = &device->notice;
    bool shows = notice->kind == NOTICE_PAIRING || notice->kind == NOTICE_CODE;

    if (device->pairing.open && (!shows || (notice->kind == NOTICE_CODE) != device->pairing.shown))
        notice_show(notice, NOTICE_PAIRING, now_us);
    else if (!device->pairing.open && shows)
        notice_show(notice, NOTICE_NONE, now_us);
}

uint64_t pairing_poll(struct cuelight *device, uint64_t now_us)
{
    const struct cuelight_hal *hal = &device->hal;
    struct pairing *pairing = &device->pairing;

    if (pairing->open)
        proceed(device, now_us);
    show(device, now_us);
    if (pairing->out_len > 0 && hal->send(hal->ctx, pairing->link, pairing->out, pairing->out_len))
        pairing->out_len = 0;
    if (pairing->out_len > 0)
        return now_us + CREDIT_RETRY_US;
    return pairing->open ? pairing->end_us : CUELIGHT_NEVER;
}
