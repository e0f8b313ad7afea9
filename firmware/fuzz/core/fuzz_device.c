/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole device under hostile links: raw frames, well signed nonsense, time, presses, losses. Whatever comes, an error
 * leaves the outputs safe and the session erased.
 *
 * An input is a row of steps: kind u8 (its top bit: which link), length u8, bytes. LLVMFuzzerTestOneInput takes it from
 * libFuzzer; without it, this program makes inputs out of the conversation below: fuzz_device [SEED [COUNT]].
 */
#include "fuzz.h"
#include "rig.h"

enum step { RAW, SIGNED, SIGNED_WITH_TICK, PASS, SUBSCRIBE, OPEN, DOWN, PRESS, NO_CREDIT, RESTART, STEPS };

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
    bool in_session = rig.device.safety.link[link] >= CUELIGHT_SESSION;

    cuelight_received(&rig.device, link, data, len, rig.now_us);
    if (in_session)
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
    uint8_t link = kind >> 7;
    uint8_t first = len > 0 ? data[0] : 0;

    switch ((kind & 0x7f) % STEPS) {
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
static const struct { uint8_t kind, len, bytes[48]; } conversation[] = {
    {OPEN, 0, {0}},
    {OPEN | 0x80, 0, {0}},
    {SIGNED_WITH_TICK, 5, {0x84, 1, 0, 0, 40}},
    {SIGNED_WITH_TICK, 7, {0x84, 1, 8, 0x19, 9, 9, 40}},
    {SIGNED_WITH_TICK, 13, {0x86, 2, 2, 0x43, 1, 200, 3, 0x18, 200, 0x19, 1, 0, 40}},
    {SIGNED_WITH_TICK, 9, {0x85, 3, 1, 0x19, 7, 8, 0x18, 90, 40}},
    {SIGNED, 28, {0x87, 4, 0, 0, 0x84, 0, 1, 7, 0, 0x86, 0x18, 100, 2, 3, 0x43, 9, 9, 9, 0x18, 99, 0, 0x85, 5, 3, 0, 0, 20, 0x80}},
    {SIGNED, 21, {0x86, 4, 1, 0, 0x84, 0, 1, 7, 0, 0x85, 0x18, 60, 3, 0, 0, 0, 0x83, 0, 6, 0, 0}},
    {SIGNED, 9, {0x84, 4, 0, 0, 0x84, 5, 1, 7, 0}},
    {SIGNED_WITH_TICK, 5, {0x84, 5, 0, 0, 40}},
    {SIGNED_WITH_TICK, 7, {0x84, 5, 0, 0x19, 9, 9, 40}},
    {SIGNED, 2, {0x81, 6}},
    {SIGNED_WITH_TICK, 3, {0x82, 7, 4}},
    {SIGNED, 42, {0x84, 8, 0x19, 2, 0, 10, 0x58, 32, 1, 2, 3}},
    {SIGNED, 17, {0x84, 9, 0x19, 2, 0, 0, 0x4a, 1, 32, 0x80, 0x20, 0, 4, 0, 0, 0, 0}},
    {SIGNED, 5, {0x82, 10, 0x19, 2, 0}},
    {SIGNED, 2, {0x81, 11}},
    {SIGNED, 38, {0x84, 12, 1, 1, 0x58, 32}},
    {SIGNED, 5, {0x82, 13, 0x19, 2, 0}},
    {SIGNED_WITH_TICK, 13, {0x87, 14, 0x19, 1, 2, 1, 0x18, 200, 0x18, 99, 0x19, 4, 4, }},
    {SIGNED_WITH_TICK, 15, {0x87, 14, 0x19, 1, 2, 7, 0x18, 200, 0x18, 99, 0x19, 4, 4, 0x18, 200}},
    {RAW, 19, {0x48, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}},
    {RAW, 12, {0x50, 1, 0x81, 6}},
    {RAW, 14, {0x56, 0, 1, 0, 0x82, 7, 4}},
    {PASS, 1, {3}},
    {PASS, 1, {30}},
    {PASS, 1, {180}},
    {SUBSCRIBE, 1, {1}},
    {DOWN, 0, {0}},
    {PRESS, 1, {9}},
    {PRESS, 1, {1}},
    {NO_CREDIT, 1, {9}},
    {RESTART, 1, {11}},
};

enum { STEP_MAX = 80, INPUT_MAX = 2048 };

static size_t add_step(uint8_t *input, size_t which)
{
    uint8_t bytes[STEP_MAX];
    size_t len = conversation[which].len;

    memcpy(bytes, conversation[which].bytes, len);
    if (fuzz_random(3) == 0)
        len = fuzz_mutate(bytes, len, sizeof bytes);
    input[0] = (uint8_t)(conversation[which].kind ^ (fuzz_random(4) == 0 ? 0x80 : 0));
    input[1] = (uint8_t)len;
    memcpy(input + 2, bytes, len);
    return len + 2;
}

static void once(void)
{
    uint8_t input[INPUT_MAX];
    size_t len = add_step(input, fuzz_random(2));
    uint32_t steps = 1 + fuzz_random(20);

    while (steps-- > 0)
        len += add_step(input + len, fuzz_random(sizeof conversation / sizeof conversation[0]));
    LLVMFuzzerTestOneInput(input, len);
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, 10000, once);
}
#endif
