/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <stdarg.h>

#include "cbor.h"

const uint8_t rig_label_key[32] = "the label key of a test device.";

/* ---- the board ---- */

static bool on_send(void *ctx, uint8_t link, const uint8_t *frame, size_t len)
{
    struct rig *rig = ctx;
    struct host *host = &rig->host[link];

    if (rig->no_credit > 0) {
        rig->no_credit--;
        return false;
    }
    CHECK(len <= sizeof host->sent[0].data);
    CHECK(host->sent_count < RIG_FRAMES);
    host->sent[host->sent_count].len = len;
    memcpy(host->sent[host->sent_count++].data, frame, len);
    if (frame[0] == 0x40) {
        host->hello_us = rig->now_us;
        memcpy(host->hello, frame, len);
    }
    return true;
}

static void on_disconnect(void *ctx, uint8_t link)
{
    ((struct rig *)ctx)->host[link].disconnected = true;
}

static void check_order(struct rig *rig, bool on)
{
    if (on && rig->safe && rig->device.outputs.identifying == false && rig->device.notice.kind == NOTICE_NONE)
        rig->callback_order_wrong = true;
}

static void on_display(void *ctx, const uint8_t *frame)
{
    struct rig *rig = ctx;

    rig->lit = frame != NULL;
    rig->frames++;
    if (frame != NULL)
        memcpy(rig->frame, frame, sizeof rig->frame);
    check_order(rig, rig->lit);
}

static void on_light(void *ctx, uint8_t r, uint8_t g, uint8_t b)
{
    struct rig *rig = ctx;

    rig->rgb[0] = r;
    rig->rgb[1] = g;
    rig->rgb[2] = b;
    check_order(rig, r + g + b > 0);
}

static void on_servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    struct rig *rig = ctx;

    rig->servo[channel].angle = decidegrees;
    rig->servo[channel].enabled = enabled;
    check_order(rig, enabled);
}

static void on_safe(void *ctx, bool safe, uint8_t fault)
{
    struct rig *rig = ctx;

    rig->safe = safe;
    rig->safe_fault = fault;
    if (safe)
        CHECK(rig_at_rest(rig) || rig->device.outputs.identifying);
}

static void on_lease(void *ctx, uint64_t end_us)
{
    struct rig *rig = ctx;

    CHECK(rig->safe || (rig->lease_us != CUELIGHT_NEVER && end_us != CUELIGHT_NEVER));     /* it comes first, goes last */
    rig->lease_us = end_us;
}

static void on_state(void *ctx, uint8_t state, uint8_t fault)
{
    struct rig *rig = ctx;

    rig->state = state;
    rig->fault = fault;
}

static void on_timeline(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms)
{
    struct rig *rig = ctx;

    CHECK(rig->note_count < sizeof rig->notes / sizeof rig->notes[0]);
    rig->notes[rig->note_count++] = (struct timeline_note){timeline, what, index, planned_ms, now_ms};
}

static uint16_t on_millivolts(void *ctx)
{
    (void)ctx;
    return 2987;
}

static bool on_random(void *ctx, uint8_t *out, size_t len)
{
    struct rig *rig = ctx;
    static uint8_t next;

    if (!rig->has_random)
        return false;
    for (size_t i = 0; i < len; i++)
        out[i] = ++next;
    return true;
}

static struct record *find_record(struct rig *rig, uint16_t key)
{
    for (unsigned i = 0; i < RIG_RECORDS; i++)
        if (rig->records[i].key == key)
            return &rig->records[i];
    return NULL;
}

static size_t on_load(void *ctx, uint16_t key, uint8_t *out, size_t cap)
{
    const struct record *record = find_record(ctx, key);

    if (record == NULL || record->len > cap)
        return 0;
    memcpy(out, record->data, record->len);
    return record->len;
}

static bool on_save(void *ctx, uint16_t key, const uint8_t *data, size_t len)
{
    struct rig *rig = ctx;
    struct record *record = find_record(rig, key);

    if (rig->fail_save_after == 0)
        return false;
    if (rig->fail_save_after > 0)
        rig->fail_save_after--;
    rig->writes++;
    if (record == NULL)
        record = find_record(rig, 0);
    CHECK(record != NULL && len <= sizeof record->data);
    record->key = len > 0 ? key : 0;
    record->len = len;
    if (len > 0)
        memcpy(record->data, data, len);
    return true;
}

static uint32_t on_free_bytes(void *ctx)
{
    (void)ctx;
    return 4321;
}

static bool on_reset(void *ctx)
{
    struct rig *rig = ctx;

    if (rig->fail_save_after == 0)
        return false;
    if (rig->fail_save_after > 0)
        rig->fail_save_after--;
    rig->writes++;
    for (unsigned i = 0; i < RIG_RECORDS; i++)
        if (rig->records[i].key != CUELIGHT_RECORD_BOOTS)
            rig->records[i] = (struct record){0};
    rig->asset_id = 0;
    return true;
}

static const uint8_t *on_asset(void *ctx, uint16_t id, size_t *len)
{
    struct rig *rig = ctx;

    if (rig->asset_id != id || id == 0)
        return NULL;
    *len = rig->asset_len;
    return rig->asset;
}

static bool on_asset_begin(void *ctx, uint16_t id, uint32_t len)
{
    struct rig *rig = ctx;

    if (len > RIG_ASSET_MAX)
        return false;
    rig->staged_id = id;
    rig->staged_len = len;
    return true;
}

static bool on_asset_write(void *ctx, uint32_t offset, const uint8_t *data, size_t len)
{
    struct rig *rig = ctx;

    if (rig->asset_fails)
        return false;
    CHECK(offset + len <= rig->staged_len);
    memcpy(rig->staged + offset, data, len);
    return true;
}

static const uint8_t *on_asset_staged(void *ctx)
{
    return ((struct rig *)ctx)->staged;
}

static bool on_asset_commit(void *ctx)
{
    struct rig *rig = ctx;

    if (rig->asset_fails)
        return false;
    memcpy(rig->asset, rig->staged, rig->staged_len);
    rig->asset_len = rig->staged_len;
    rig->asset_id = rig->staged_id;
    return true;
}

static void start(struct rig *rig)
{
    cuelight_init(&rig->device, &rig->hal, &rig->identity, rig->now_us);
    rig->due_us = cuelight_poll(&rig->device, rig->now_us);
}

void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    rig->hal = (struct cuelight_hal){
        .ctx = rig,
        .send = on_send,
        .disconnect = on_disconnect,
        .display = on_display,
        .light = on_light,
        .servo = on_servo,
        .safe = on_safe,
        .lease = on_lease,
        .state = on_state,
        .timeline = on_timeline,
        .millivolts = on_millivolts,
        .random = on_random,
        .load = on_load,
        .save = on_save,
        .free_bytes = on_free_bytes,
        .reset = on_reset,
        .asset = on_asset,
        .asset_begin = on_asset_begin,
        .asset_write = on_asset_write,
        .asset_staged = on_asset_staged,
        .asset_commit = on_asset_commit,
    };
    rig->identity = (struct cuelight_identity){.dev_id = {1, 2, 3, 4, 5, 6, 7, 8}, .label_key = rig_label_key};
    rig->has_random = true;
    rig->fail_save_after = -1;
    rig->now_us = 1234567;
    start(rig);
}

void rig_restart(struct rig *rig, uint8_t reset_fault)
{
    rig->identity.reset_fault = reset_fault;
    memset(rig->host, 0, sizeof rig->host);
    rig->now_us = 77;
    start(rig);
}

static void poll(struct rig *rig)
{
    rig->due_us = cuelight_poll(&rig->device, rig->now_us);
    CHECK(rig->due_us > rig->now_us);
}

void rig_pass_ms(struct rig *rig, uint32_t ms)
{
    uint64_t until = rig->now_us + (uint64_t)ms * MS;

    poll(rig);
    while (rig->due_us <= until) {
        rig->now_us = rig->due_us;
        poll(rig);
    }
    rig->now_us = until;
    poll(rig);
}

uint32_t rig_clock_ms(const struct rig *rig, uint8_t link)
{
    return (uint32_t)((rig->now_us - rig->host[link].hello_us) / MS);
}

bool rig_at_rest(const struct rig *rig)
{
    bool servos = false;

    for (unsigned channel = 0; channel < CUELIGHT_SERVOS; channel++)
        servos = servos || rig->servo[channel].enabled;
    bool lit = rig->lit && rig->device.notice.kind == NOTICE_NONE;

    return !lit && rig->rgb[0] == 0 && rig->rgb[1] == 0 && rig->rgb[2] == 0 && !servos;
}

/* ---- the host ---- */

const struct frame *rig_frame(struct rig *rig, uint8_t link)
{
    struct host *host = &rig->host[link];

    CHECK(host->read < host->sent_count);
    const struct frame *frame = &host->sent[host->read++];

    if (host->read == host->sent_count)
        host->read = host->sent_count = 0;
    return frame;
}

void rig_subscribe(struct rig *rig, uint8_t link)
{
    struct host *host = &rig->host[link];

    cuelight_link_down(&rig->device, link, rig->now_us);
    memset(host, 0, sizeof *host);
    cuelight_link_up(&rig->device, link, rig->now_us);
    cuelight_subscribed(&rig->device, link, true, rig->now_us);
    poll(rig);
    CHECK_EQUAL(rig_frame(rig, link)->len, 14);
    CHECK_EQUAL(host->hello[0], 0x40);
}

static void head(struct hmac *hmac, uint8_t type, size_t len)
{
    uint8_t bytes[2] = {(uint8_t)(type | len), (uint8_t)len};

    if (len >= 24)
        bytes[0] = type | 24;
    hmac_update(hmac, bytes, len < 24 ? 1 : 2);
}

/* COSE_Mac0 tag, written apart from the device's. */
static void tag(const struct hmac_key *key, uint32_t counter, const uint8_t *aad, size_t aad_len, const uint8_t *payload,
                size_t payload_len, uint8_t out[8])
{
    uint8_t piv[3] = {(uint8_t)(counter >> 16), (uint8_t)(counter >> 8), (uint8_t)counter};
    size_t piv_len = counter > 0xffff ? 3 : counter > 0xff ? 2 : 1;
    uint8_t digest[32];
    struct hmac hmac;

    hmac_init(&hmac, key);
    hmac_update(&hmac, "\x84\x64MAC0", 6);
    head(&hmac, 0x40, 5 + piv_len);
    hmac_update(&hmac, "\xa2\x01\x04\x06", 4);
    head(&hmac, 0x40, piv_len);
    hmac_update(&hmac, piv + 3 - piv_len, piv_len);
    head(&hmac, 0x40, aad_len);
    hmac_update(&hmac, aad, aad_len);
    head(&hmac, 0x40, payload_len);
    hmac_update(&hmac, payload, payload_len);
    hmac_final(&hmac, digest);
    memcpy(out, digest, 8);
}

void rig_auth(struct rig *rig, uint8_t link, uint8_t kid, uint8_t gen, const uint8_t psk[32])
{
    struct host *host = &rig->host[link];
    uint8_t salt[16], context[14], aad[25], key[32];

    memcpy(host->auth, (uint8_t[]){0x48, kid, gen, 9, 8, 7, 6, 5, 4, 3, 2}, 11);
    memcpy(salt, host->hello + 6, 8);
    memcpy(salt + 8, host->auth + 3, 8);
    memcpy(context, rig->identity.dev_id, 8);
    memcpy(context + 8, host->hello + 2, 4);
    context[12] = kid;
    context[13] = gen;
    hkdf_extract(salt, 16, psk, 32, key);
    hmac_key_init(&host->prk, key, 32);
    hkdf_expand(&host->prk, "CLP1 h2d", context, 14, key);
    hmac_key_init(&host->h2d, key, 32);
    hkdf_expand(&host->prk, "CLP1 d2h", context, 14, key);
    hmac_key_init(&host->d2h, key, 32);
    memcpy(aad, host->hello, 14);
    memcpy(aad + 14, host->auth, 11);
    tag(&host->h2d, 0, aad, 25, NULL, 0, host->auth + 11);
    host->counter = 0;
    host->events = 0;
    cuelight_received(&rig->device, link, host->auth, 19, rig->now_us);
    poll(rig);
}

void rig_open(struct rig *rig, uint8_t link)
{
    uint32_t status[8];

    rig_subscribe(rig, link);
    rig_auth(rig, link, 0, 0, rig_label_key);
    CHECK_EQUAL(rig_event(rig, link, status), 7);
    CHECK_EQUAL(status[0], OP_STATUS);
}

size_t rig_seal(struct rig *rig, uint8_t link, const uint8_t *payload, size_t len, int64_t tick, uint8_t *frame)
{
    struct host *host = &rig->host[link];
    uint32_t counter = ++host->counter, full = tick >= 0 ? (uint32_t)tick : 0;
    size_t at = 0;
    uint8_t aad[5];

    frame[at++] = (uint8_t)(0x50 | (tick >= 0 ? 2 : 0));
    frame[at++] = (uint8_t)counter;
    if (tick >= 0)
        frame[at++] = (uint8_t)tick;
    memcpy(frame + at, payload, len);
    at += len;
    memcpy(aad, (uint8_t[]){frame[0], (uint8_t)(full >> 24), (uint8_t)(full >> 16), (uint8_t)(full >> 8), (uint8_t)full}, 5);
    tag(&host->h2d, counter, aad, 5, payload, len, frame + at);
    return at + 8;
}

void rig_send(struct rig *rig, uint8_t link, const uint8_t *payload, size_t len, bool with_tick)
{
    uint8_t frame[300];
    size_t frame_len = rig_seal(rig, link, payload, len, with_tick ? (int64_t)(rig_clock_ms(rig, link) / 250) : -1, frame);

    cuelight_received(&rig->device, link, frame, frame_len, rig->now_us);
    poll(rig);
}

void rig_command(struct rig *rig, uint8_t link, bool with_tick, unsigned count, ...)
{
    uint8_t payload[64];
    struct cbor_writer writer = {payload, payload + sizeof payload};
    va_list items;

    va_start(items, count);
    cbor_write_array(&writer, count);
    for (unsigned i = 0; i < count; i++)
        cbor_write_uint(&writer, va_arg(items, unsigned));
    va_end(items);
    rig_send(rig, link, payload, (size_t)(writer.at - payload), with_tick);
}

bool rig_has_event(const struct rig *rig, uint8_t link)
{
    return rig->host[link].read < rig->host[link].sent_count;
}

unsigned rig_event(struct rig *rig, uint8_t link, uint32_t items[8])
{
    struct host *host = &rig->host[link];
    const struct frame *frame = rig_frame(rig, link);
    size_t payload_len = frame->len - 11;
    uint8_t expected[8], aad[5] = {0x5c};
    struct cbor_reader reader = {frame->data + 3, frame->data + 3 + payload_len};
    size_t count;

    CHECK_EQUAL(frame->data[0], 0x5c);
    CHECK_EQUAL(frame->data[1] << 8 | frame->data[2], host->events & 0xffff);
    tag(&host->d2h, host->events++, aad, 5, frame->data + 3, payload_len, expected);
    CHECK(memcmp(expected, frame->data + 3 + payload_len, 8) == 0);
    CHECK(cbor_read_array(&reader, &count) && count <= 8);
    for (size_t i = 0; i < count; i++)
        CHECK(cbor_read_uint(&reader, UINT32_MAX, &items[i]));
    CHECK(reader.at == reader.end);
    return (unsigned)count;
}

void rig_expect_ack(struct rig *rig, uint8_t link, uint8_t code)
{
    uint32_t items[8];

    CHECK_EQUAL(rig_event(rig, link, items), 3);
    CHECK_EQUAL(items[0], OP_ACK);
    CHECK_EQUAL(items[1], rig->host[link].counter);
    CHECK_EQUAL(items[2], code);
}

uint8_t rig_expect_error(struct rig *rig, uint8_t link, uint8_t code)
{
    const struct frame *frame = rig_frame(rig, link);

    CHECK_EQUAL(frame->len, 3);
    CHECK_EQUAL(frame->data[0], 0x60);
    CHECK_EQUAL(frame->data[1], code);
    return frame->data[2];
}

void rig_play(struct rig *rig, uint16_t asset, uint16_t duration_ms, uint8_t lease)
{
    rig_command(rig, 0, true, 4, OP_PLAY, asset, duration_ms, lease);
    rig_expect_ack(rig, 0, ACK_OK);
}

void rig_servo(struct rig *rig, uint8_t channel, uint16_t decidegrees, uint16_t ramp_ms, uint8_t lease)
{
    rig_command(rig, 0, true, 5, OP_SERVO, channel, decidegrees, ramp_ms, lease);
    rig_expect_ack(rig, 0, ACK_OK);
}

void rig_renew(struct rig *rig, uint8_t lease)
{
    rig_command(rig, 0, true, 2, OP_RENEW, lease);
    rig_expect_ack(rig, 0, ACK_OK);
}

size_t rig_light_payload(uint8_t *out, uint8_t pattern, const uint8_t rgb[3], uint8_t brightness, uint16_t period_ms,
                         uint8_t lease)
{
    struct cbor_writer writer = {out, out + 32};

    cbor_write_array(&writer, 6);
    cbor_write_uint(&writer, OP_LIGHT);
    cbor_write_uint(&writer, pattern);
    cbor_write_bytes_head(&writer, 3);
    memcpy(writer.at, rgb, 3);
    writer.at += 3;
    cbor_write_uint(&writer, brightness);
    cbor_write_uint(&writer, period_ms);
    cbor_write_uint(&writer, lease);
    return (size_t)(writer.at - out);
}

void rig_light(struct rig *rig, uint8_t pattern, uint8_t r, uint8_t g, uint8_t b, uint8_t brightness, uint16_t period_ms,
               uint8_t lease)
{
    uint8_t payload[32];
    const uint8_t rgb[3] = {r, g, b};

    rig_send(rig, 0, payload, rig_light_payload(payload, pattern, rgb, brightness, period_ms, lease), true);
    rig_expect_ack(rig, 0, ACK_OK);
}

size_t rig_bytes_payload(uint8_t *out, const uint32_t *items, unsigned count, const uint8_t *bytes, size_t len)
{
    struct cbor_writer writer = {out, out + 24};

    cbor_write_array(&writer, count + 1);
    for (unsigned i = 0; i < count; i++)
        cbor_write_uint(&writer, items[i]);
    cbor_write_bytes_head(&writer, (uint32_t)len);
    memcpy(writer.at, bytes, len);
    return (size_t)(writer.at - out) + len;
}
