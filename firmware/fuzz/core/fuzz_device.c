/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole device under hostile links: raw frames, well signed nonsense, time, presses, losses. Whatever comes, an error
 * leaves the outputs safe and the session erased.
 *
 * An input is a row of steps: kind u8 (its top bit: on the other link), length u8, bytes. LLVMFuzzerTestOneInput takes it from
 * libFuzzer; without it, this program makes inputs out of the conversation below: fuzz_device [SEED [COUNT]].
 */
#include "fuzz.h"
#include "rig.h"

enum step { RAW, SIGNED, SIGNED_WITH_TICK, PASS, SUBSCRIBE, OPEN, DOWN, PRESS, NO_CREDIT, RESTART, STEPS, OTHER = 0x80 };

static struct rig rig;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool is_erased(const struct link *link)
{
    static const struct session zero;

    return memcmp(&link->session, &zero, sizeof zero) == 0 && link->event_count == 0 && !link->hello_waiting;
}

/* What must hold after every step, whatever it was. */
static void check_safety(void)
{
    const struct cuelight *device = &rig.device;
    uint8_t state = safety_state(&device->safety);
    bool servos = false;

    for (uint8_t link = 0; link < CUELIGHT_LINKS; link++)
        if (device->safety.link[link] == CUELIGHT_SAFE)
            CHECK(is_erased(&device->link[link]));
    CHECK_EQUAL(rig.state, state);
    CHECK_EQUAL(rig.safe, state != CUELIGHT_ACTIVE);
    for (unsigned channel = 0; channel < CUELIGHT_SERVOS; channel++)
        servos = servos || rig.servo[channel].enabled;
    if (state != CUELIGHT_ACTIVE) {
        CHECK(!servos && !device->timelines.running);
        CHECK(rig_at_rest(&rig) || device->outputs.identifying);
    }
    if (state < CUELIGHT_SESSION)
        CHECK(rig_at_rest(&rig) && !device->upload.open);
    for (uint8_t link = 0; link < CUELIGHT_LINKS; link++)
        rig.host[link].read = rig.host[link].sent_count = 0;
    rig.note_count = 0;
}

/* A frame nobody signed: it may be ignored or end the session, never be obeyed. */
static void send_raw(uint8_t link, const uint8_t *data, size_t len)
{
    uint8_t before = rig.device.safety.link[link];

    cuelight_received(&rig.device, link, data, len, rig.now_us);
    if (before > CUELIGHT_SAFE)
        CHECK_EQUAL(rig.device.safety.link[link], CUELIGHT_SAFE);
}

static void send_signed(uint8_t link, const uint8_t *data, size_t len, bool with_tick)
{
    uint8_t frame[300];
    int64_t tick = with_tick ? (int64_t)(rig_clock_ms(&rig, link) / 250) : -1;

    if (rig.device.safety.link[link] >= CUELIGHT_SESSION)
        cuelight_received(&rig.device, link, frame, rig_seal(&rig, link, data, len, tick, frame), rig.now_us);
}

static void open_link(uint8_t link)
{
    rig.no_credit = 0;
    rig_subscribe(&rig, link);
    rig_auth(&rig, link, 0, 0, rig_label_key);
}

static void take_step(uint8_t kind, const uint8_t *data, size_t len)
{
    uint8_t link = (kind & OTHER) != 0;
    uint8_t first = len > 0 ? data[0] : 0;

    switch ((kind & ~OTHER) % STEPS) {
    case RAW:
        send_raw(link, data, len);
        break;
    case SIGNED:
        send_signed(link, data, len, false);
        break;
    case SIGNED_WITH_TICK:
        send_signed(link, data, len, true);
        break;
    case PASS:
        rig_pass_ms(&rig, first * first);
        break;
    case SUBSCRIBE:
        cuelight_subscribed(&rig.device, link, first % 4 != 0, rig.now_us);
        break;
    case OPEN:
        open_link(link);
        break;
    case DOWN:
        cuelight_link_down(&rig.device, link, rig.now_us);
        break;
    case PRESS:
        cuelight_button(&rig.device, first % 8, (first & 8) != 0, rig.now_us);
        break;
    case NO_CREDIT:
        rig.no_credit = first;
        break;
    default:
        rig_restart(&rig, first % 14);
        break;
    }
    rig_pass_ms(&rig, 0);
    check_safety();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    rig_init(&rig);
    while (len >= 2) {
        size_t size = data[1] < len - 2 ? data[1] : len - 2;

        take_step(data[0], data + 2, size);
        data += 2 + size;
        len -= 2 + size;
    }
    rig_pass_ms(&rig, 100000);
    check_safety();
    CHECK(rig_at_rest(&rig) && rig.safe);
    return 0;
}

#ifndef LIBFUZZER
#define STEP(kind, ...) {kind, sizeof((const uint8_t[]){__VA_ARGS__}), {__VA_ARGS__}}

static const struct { uint8_t kind, len, bytes[56]; } conversation[] = {
    STEP(SIGNED_WITH_TICK, 0x84, 1, 0, 0, 0x18, 0x28),  /* play */
    STEP(SIGNED_WITH_TICK, 0x84, 1, 8, 0x19, 9, 9, 0x18, 0x28),  /* play for a time */
    STEP(SIGNED_WITH_TICK, 0x84, 1, 0x19, 2, 0x34, 0x19, 0xea, 0x60, 0x18, 0x28),  /* play an uploaded one */
    STEP(SIGNED_WITH_TICK, 0x86, 2, 2, 0x43, 1, 0xc8, 3, 0x18, 0xc8, 0x19, 1, 1, 0x18, 0x28),  /* light */
    STEP(SIGNED_WITH_TICK, 0x86, 2, 6, 0x43, 0xff, 0xff, 0xff, 0x18, 0xff, 0, 0x18, 0x28),  /* light */
    STEP(SIGNED_WITH_TICK, 0x85, 3, 1, 0x19, 7, 8, 0x18, 0x5a, 0x18, 0x28),  /* servo */
    STEP(SIGNED_WITH_TICK, 0x85, 3, 0, 0, 0, 4),  /* servo */
    STEP(SIGNED_WITH_TICK, 0x87, 0x0e, 0x19, 1, 2, 7, 0x18, 0xc8, 0x18, 0x63, 0x19, 4, 4, 0x18, 0x28),  /* puppet */
    STEP(SIGNED_WITH_TICK, 0x87, 0x0e, 0x19, 2, 0x35, 9, 0x18, 0xff, 0x19, 1, 0xf4, 0, 0x18, 0x28),
    STEP(SIGNED_WITH_TICK, 0x84, 5, 0, 0, 0x18, 0x28),  /* run */
    STEP(SIGNED_WITH_TICK, 0x84, 5, 1, 0x19, 9, 9, 0x18, 0x28),  /* run later */
    STEP(SIGNED_WITH_TICK, 0x82, 7, 4),  /* renew */
    STEP(SIGNED_WITH_TICK, 0x82, 7, 0),  /* give up */
    STEP(SIGNED, 0x86, 4, 0, 0, 0x84, 0, 1, 7, 0, 0x86, 0x18, 0x64, 2, 3, 0x43, 9, 9, 9, 0x18, 0x63, 0, 0x85, 5, 3,
         0, 0, 0x14),  /* cues */
    STEP(SIGNED, 0x85, 4, 1, 0, 0x87, 0, 0x0e, 0x19, 1, 0, 1, 0x18, 0xff, 0x19, 1, 0x2c, 0x19, 3, 0x84, 0x85, 0x18,
         0x3c, 3, 2, 0x19, 3, 0x84, 0),  /* cues */
    STEP(SIGNED, 0x84, 4, 0, 3, 0x84, 5, 1, 7, 0),  /* more cues */
    STEP(SIGNED, 0x81, 6),  /* stop */
    STEP(SIGNED, 0x84, 8, 0x19, 2, 0x35, 7, 0x58, 0x20, 0x8e, 0xa1, 0xe8, 0x2a, 0x25, 0x40, 0x99, 0x3d, 0x35, 0x74,
         0x33, 0xb5, 0x55, 0x6a, 0x1e, 0x5d, 0xb6, 0xe8, 0xb7, 0x2d, 0xdf, 0x1f, 0xb8, 0x68, 0x12, 0x3c, 0xcd, 0x33,
         0xb0, 0x24, 0xdd, 0xa8),  /* asset */
    STEP(SIGNED, 0x84, 9, 0x19, 2, 0x35, 0, 0x47, 1, 0x20, 0x80, 0x20, 0, 4, 0),  /* chunk */
    STEP(SIGNED, 0x82, 0x0a, 0x19, 2, 0x35),  /* commit */
    STEP(SIGNED, 0x84, 8, 0x19, 2, 0x34, 0x0c, 0x58, 0x20, 0xef, 0x14, 0x83, 0x35, 0x4e, 0xc4, 0xf9, 0x14, 0xe6,
         0xad, 0x24, 0x27, 0x69, 0x9c, 0x65, 0xdd, 0xa7, 0x36, 0xdd, 0x8b, 0xe3, 0xa4, 0xab, 0xe4, 0x2f, 0x4b, 0xe0,
         0x1b, 0xe4, 0x4a, 0xad, 0xd1),  /* asset */
    STEP(SIGNED, 0x84, 9, 0x19, 2, 0x34, 0, 0x45, 0, 0x20, 8, 0, 2),  /* chunk */
    STEP(SIGNED, 0x84, 9, 0x19, 2, 0x34, 5, 0x47, 2, 0x80, 0x20, 0, 4, 0, 0),  /* chunk */
    STEP(SIGNED, 0x82, 0x0a, 0x19, 2, 0x34),  /* commit */
    STEP(SIGNED, 0x81, 0x0b),  /* query */
    STEP(SIGNED, 0x84, 0x0c, 1, 1, 0x58, 0x20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
         0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f),  /* rekey */
    STEP(SIGNED, 0x82, 0x0d, 0x19, 2, 3),  /* identify */
    STEP(SIGNED, 0x82, 0x0d, 0),  /* identify */
    STEP(SIGNED, 0x82, 0x0f, 0x82, 1, 0x41, 2),  /* unknown */
    STEP(SUBSCRIBE, 1),
    STEP(RAW, 0x48, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0),
    STEP(RAW, 0x50, 1, 0x81, 6, 0, 0, 0, 0, 0, 0, 0, 0),
    STEP(RAW, 0x56, 0, 1, 0, 0x82, 7, 4, 0, 0, 0, 0, 0, 0, 0, 0),
    STEP(PASS, 3),
    STEP(PASS, 30),
    STEP(PASS, 180),
    STEP(OPEN, 0),
    STEP(OPEN, 0),
    STEP(OPEN | OTHER, 0),
    STEP(DOWN, 0),
    STEP(PRESS, 9),
    STEP(PRESS, 1),
    STEP(NO_CREDIT, 9),
    STEP(RESTART, 11),
};

enum { STEP_MAX = 80, INPUT_MAX = 2048 };

static size_t add_step(uint8_t *input, size_t which)
{
    uint8_t bytes[STEP_MAX];
    size_t len = conversation[which].len;

    memcpy(bytes, conversation[which].bytes, len);
    if (fuzz_random(5) == 0)
        len = fuzz_mutate(bytes, len, sizeof bytes);
    input[0] = (uint8_t)(conversation[which].kind ^ (fuzz_random(4) == 0 ? OTHER : 0));
    input[1] = (uint8_t)len;
    memcpy(input + 2, bytes, len);
    return len + 2;
}

/* Often the step that makes sense after the last one, so that uploads and runs come about. */
static size_t step_after(size_t last)
{
    size_t next = fuzz_random(3) > 0 ? last + 1 : fuzz_random(UINT16_MAX);

    return next % (sizeof conversation / sizeof conversation[0]);
}

static void once(void)
{
    uint8_t input[INPUT_MAX] = {OPEN, 0};
    size_t len = 2, which = fuzz_random(UINT16_MAX);
    uint32_t steps = 1 + fuzz_random(24);

    while (steps-- > 0) {
        which = step_after(which);
        len += add_step(input + len, which);
    }
    LLVMFuzzerTestOneInput(input, len);
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, 10000, once);
}
#endif
