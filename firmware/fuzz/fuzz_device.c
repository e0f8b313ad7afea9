/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole device under hostile links: raw frames, well signed nonsense, time, presses, losses. Whatever comes, an error
 * leaves the outputs safe and the session erased.
 *
 * An input is a row of steps; the top bit of a step's kind says that it is for the other link.
 */
#include "fuzz.h"
#include "rig.h"

enum step_kind {
    RAW, SIGNED, SIGNED_WITH_TICK, PASS, SUBSCRIBE, OPEN, DOWN, PRESS, NO_CREDIT, RESTART, HOLD, PAIR, STEPS, OTHER = 0x80,
};

static struct rig rig;

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
    CHECK_EQUAL(rig.lease_us, state == CUELIGHT_ACTIVE ? device->safety.lease_end_us : CUELIGHT_NEVER);
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
    if (before > CUELIGHT_SAFE && !(rig.device.pairing.attempt && rig.device.pairing.link == link))
        CHECK_EQUAL(rig.device.safety.link[link], CUELIGHT_SAFE);
}

/* A host's next step as far as its bytes say so, or one that is right but for chance; the press of a contact between them. */
static void pair(uint8_t link, const uint8_t *data, size_t len)
{
    const struct pairing *pairing = &rig.device.pairing;
    static const uint8_t lengths[] = {2, 34, 2, 18, 2, 10};
    uint8_t frame[64] = {0x68, pairing->expected};

    memcpy(frame + 2, data, len < 32 ? len : 32);
    if (pairing->expected == PAIRING_HOST_TAG && len == 0)
        pairing_tag(pairing->key, "CLP1 paired host", frame + 2);
    cuelight_received(&rig.device, link, frame, lengths[pairing->expected], rig.now_us);
    if (!pairing->attempt)
        CHECK(pairing->key[0] == 0 && memcmp(pairing->key, pairing->key + 1, sizeof pairing->key - 1) == 0);
}

static void send_signed(uint8_t link, const uint8_t *data, size_t len, bool with_tick)
{
    uint8_t frame[300];
    int64_t tick = with_tick ? (int64_t)(rig_clock_ms(&rig, link) / 250) : -1;

    struct command command;

    if (rig.device.safety.link[link] < CUELIGHT_SESSION)
        return;
    cuelight_received(&rig.device, link, frame, rig_seal(&rig, link, data, len, tick, frame), rig.now_us);
    if (command_decode(data, len, &command) == COMMAND_MALFORMED)
        CHECK_EQUAL(rig.device.safety.link[link], CUELIGHT_SAFE);
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
    case RESTART:
        rig_restart(&rig, first % 14);
        break;
    case HOLD:
        cuelight_button(&rig.device, 0, true, rig.now_us);
        rig_pass_ms(&rig, 20 + first * 45u);
        cuelight_button(&rig.device, 0, false, rig.now_us);
        rig_pass_ms(&rig, 20);
        break;
    default:
        pair(link, data, len);
        break;
    }
    rig_pass_ms(&rig, 0);
    check_safety();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_step step;

    rig_init(&rig);
    while (fuzz_next_step(&data, &len, &step))
        take_step(step.kind, step.bytes, step.len);
    rig_pass_ms(&rig, 100000);
    check_safety();
    CHECK(rig_at_rest(&rig) && rig.safe);
    return 0;
}

static const struct fuzz_known conversation[] = {
    FUZZ_STEP(SIGNED_WITH_TICK, 0x84, 1, 0, 0, 0x18, 0x28),  /* play */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x84, 1, 8, 0x19, 9, 9, 0x18, 0x28),  /* play for a time */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x84, 1, 0x19, 2, 0x34, 0x19, 0xea, 0x60, 0x18, 0x28),  /* play an uploaded one */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x86, 2, 2, 0x43, 1, 0xc8, 3, 0x18, 0xc8, 0x19, 1, 1, 0x18, 0x28),  /* light */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x86, 2, 6, 0x43, 0xff, 0xff, 0xff, 0x18, 0xff, 0, 0x18, 0x28),  /* light */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x85, 3, 1, 0x19, 7, 8, 0x18, 0x5a, 0x18, 0x28),  /* servo */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x85, 3, 0, 0, 0, 4),  /* servo */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x87, 0x0e, 0x19, 1, 2, 7, 0x18, 0xc8, 0x18, 0x63, 0x19, 4, 4, 0x18, 0x28),  /* puppet */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x87, 0x0e, 0x19, 2, 0x35, 9, 0x18, 0xff, 0x19, 1, 0xf4, 0, 0x18, 0x28),
    FUZZ_STEP(SIGNED_WITH_TICK, 0x84, 5, 0, 0, 0x18, 0x28),  /* run */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x84, 5, 1, 0x19, 9, 9, 0x18, 0x28),  /* run later */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x82, 7, 4),  /* renew */
    FUZZ_STEP(SIGNED_WITH_TICK, 0x82, 7, 0),  /* give up */
    FUZZ_STEP(SIGNED, 0x86, 4, 0, 0, 0x84, 0, 1, 7, 0, 0x86, 0x18, 0x64, 2, 3, 0x43, 9, 9, 9, 0x18, 0x63, 0, 0x85, 5, 3,
              0, 0, 0x14),  /* cues */
    FUZZ_STEP(SIGNED, 0x85, 4, 1, 0, 0x87, 0, 0x0e, 0x19, 1, 0, 1, 0x18, 0xff, 0x19, 1, 0x2c, 0x19, 3, 0x84, 0x85, 0x18,
              0x3c, 3, 2, 0x19, 3, 0x84, 0),  /* cues */
    FUZZ_STEP(SIGNED, 0x84, 4, 0, 3, 0x84, 5, 1, 7, 0),  /* more cues */
    FUZZ_STEP(SIGNED, 0x81, 6),  /* stop */
    FUZZ_STEP(SIGNED, 0x84, 8, 0x19, 2, 0x35, 7, 0x58, 0x20, 0x8e, 0xa1, 0xe8, 0x2a, 0x25, 0x40, 0x99, 0x3d, 0x35, 0x74,
              0x33, 0xb5, 0x55, 0x6a, 0x1e, 0x5d, 0xb6, 0xe8, 0xb7, 0x2d, 0xdf, 0x1f, 0xb8, 0x68, 0x12, 0x3c, 0xcd, 0x33,
              0xb0, 0x24, 0xdd, 0xa8),  /* asset */
    FUZZ_STEP(SIGNED, 0x84, 9, 0x19, 2, 0x35, 0, 0x47, 1, 0x20, 0x80, 0x20, 0, 4, 0),  /* chunk */
    FUZZ_STEP(SIGNED, 0x82, 0x0a, 0x19, 2, 0x35),  /* commit */
    FUZZ_STEP(SIGNED, 0x84, 8, 0x19, 2, 0x34, 0x0c, 0x58, 0x20, 0xef, 0x14, 0x83, 0x35, 0x4e, 0xc4, 0xf9, 0x14, 0xe6,
              0xad, 0x24, 0x27, 0x69, 0x9c, 0x65, 0xdd, 0xa7, 0x36, 0xdd, 0x8b, 0xe3, 0xa4, 0xab, 0xe4, 0x2f, 0x4b, 0xe0,
              0x1b, 0xe4, 0x4a, 0xad, 0xd1),  /* asset */
    FUZZ_STEP(SIGNED, 0x84, 9, 0x19, 2, 0x34, 0, 0x45, 0, 0x20, 8, 0, 2),  /* chunk */
    FUZZ_STEP(SIGNED, 0x84, 9, 0x19, 2, 0x34, 5, 0x47, 2, 0x80, 0x20, 0, 4, 0, 0),  /* chunk */
    FUZZ_STEP(SIGNED, 0x82, 0x0a, 0x19, 2, 0x34),  /* commit */
    FUZZ_STEP(SIGNED, 0x81, 0x0b),  /* query */
    FUZZ_STEP(SIGNED, 0x84, 0x0c, 1, 1, 0x58, 0x20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
              0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f),  /* rekey */
    FUZZ_STEP(SIGNED, 0x82, 0x0d, 0x19, 2, 3),  /* identify */
    FUZZ_STEP(SIGNED, 0x82, 0x0d, 0),  /* identify */
    FUZZ_STEP(SIGNED, 0x82, 0x0f, 1),  /* forget */
    FUZZ_STEP(SIGNED, 0x83, 0x10, 2, 0x18, 0x28),  /* set */
    FUZZ_STEP(SIGNED, 0x83, 0x10, 4, 0x1a, 0, 1, 4, 0),  /* set */
    FUZZ_STEP(SIGNED, 0x82, 0x11, 1),  /* get */
    FUZZ_STEP(SIGNED, 0x82, 0x12, 0x82, 1, 0x41, 2),  /* unknown */
    FUZZ_STEP(SUBSCRIBE, 1),
    FUZZ_STEP(RAW, 0x48, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0),
    FUZZ_STEP(RAW, 0x50, 1, 0x81, 6, 0, 0, 0, 0, 0, 0, 0, 0),
    FUZZ_STEP(RAW, 0x56, 0, 1, 0, 0x82, 7, 4, 0, 0, 0, 0, 0, 0, 0, 0),
    FUZZ_STEP(PASS, 3),
    FUZZ_STEP(PASS, 30),
    FUZZ_STEP(PASS, 180),
    FUZZ_STEP(OPEN, 0),
    FUZZ_STEP(OPEN, 0),
    FUZZ_STEP(OPEN | OTHER, 0),
    FUZZ_STEP(DOWN, 0),
    FUZZ_STEP(PRESS, 9),
    FUZZ_STEP(PRESS, 1),
    FUZZ_STEP(NO_CREDIT, 9),
    FUZZ_STEP(RESTART, 11),
    FUZZ_STEP(HOLD, 3),    /* a press */
    FUZZ_STEP(HOLD, 112),  /* opens the window */
    FUZZ_STEP(HOLD, 224),  /* resets */
    FUZZ_STEP(PAIR, 9, 8, 7, 6, 5, 4, 3, 2, 1),
    FUZZ_STEP(PAIR, 0),
    FUZZ_STEP(PAIR),
    FUZZ_STEP(PAIR | OTHER),
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t capacity, unsigned seed)
{
    return fuzz_mutate_steps(data, len, capacity, seed, conversation, sizeof conversation / sizeof conversation[0]);
}
