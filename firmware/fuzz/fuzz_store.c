/* SPDX-License-Identifier: Apache-2.0
 *
 * Flash images: one that was written, and damaged. Whatever lies there, mounting it reads within bounds and leaves a
 * store that takes and keeps what is saved, also when the power goes on the way.
 *
 * An input is a row of steps.
 */
#include "check.h"
#include "flash_sim.h"
#include "fuzz.h"

enum step_kind { WRITE, ENTRY, HALF, UNREADABLE, SAVE, UPLOAD, SCRUB, CUT, RESTART, STEPS };
enum { KEYS = 6, UNIT = 8, UNITS = SIM_SIZE / UNIT, FIRST_ASSET = 0x200, ASSETS = 4 };

static struct flash_sim sim, written;
static struct store store;

static void mount(void)
{
    struct store_flash flash = flash_sim_table(&sim);
    CHECK(store_mount(&store, &flash));
}

static void write_image(void)
{
    uint8_t bytes[255];
    memset(bytes, 0x5A, sizeof bytes);
    flash_sim_new(&sim);
    mount();
    for (uint32_t rounds = 0; rounds < 40; rounds++)
        for (uint16_t key = 0; key < KEYS; key++) {
            bytes[0] = (uint8_t)rounds;
            CHECK(store_save(&store, key, bytes, key * 7U));
        }
    for (uint16_t id = FIRST_ASSET; id < FIRST_ASSET + 3; id++) {
        CHECK(store_upload_begin(&store, id, 150));
        CHECK(store_upload_write(&store, 0, bytes, 150) && store_upload_commit(&store));
    }
    written = sim;
}

/* ---- What the checksums of the store cannot tell from its own ---- */

static uint32_t crc32(const uint8_t *data, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

static uint16_t crc16(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xFFFF;
    for (size_t i = 0; i < len; i++) {
        crc ^= (uint32_t)data[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
    }
    return (uint16_t)(crc & 0xFFFF);
}

static void put32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static void put_seal(uint8_t *unit, uint32_t crc)
{
    put32(unit, crc);
    put32(unit + 4, ~crc);
}

/* A header, and its seal where that still lies in the flash. */
static void put_entry(size_t unit, const uint8_t *header)
{
    uint8_t *at = sim.bytes + unit * UNIT;
    memcpy(at, header, 6);
    uint16_t crc = crc16(at, 6);
    at[6] = (uint8_t)(crc & 0xFF);
    at[7] = (uint8_t)(crc >> 8);
    size_t len = (size_t)(at[3] | at[4] << 8 | at[5] << 16), units = 1 + (len + UNIT - 1) / UNIT;
    if (units < UNITS - unit)
        put_seal(at + units * UNIT, crc32(at, UNIT + len));
}

static void put_half(size_t half, uint32_t sequence)
{
    uint8_t *at = sim.bytes + half * SIM_SIZE / 2;
    memcpy(at, "CLS1", 4);
    put32(at + 4, sequence);
    put_seal(at + UNIT, crc32(at, UNIT));
}

/* ---- Steps ---- */

static void read_everything(void)
{
    uint8_t out[255];
    size_t length;
    for (uint16_t key = 0; key < KEYS; key++)
        CHECK(store_load(&store, key, out, sizeof out) <= sizeof out);
    for (uint16_t id = FIRST_ASSET; id < FIRST_ASSET + ASSETS; id++) {
        const uint8_t *asset = store_asset(&store, id, &length);
        CHECK(!asset || (asset >= sim.bytes && asset + length <= sim.bytes + SIM_SIZE));
    }
}


static void restart(void)
{
    flash_sim_power_on(&sim);
    mount();
    read_everything();
}

static void take_step(uint8_t kind, const uint8_t *bytes, size_t len)
{
    static const uint8_t zero[255];
    size_t unit = len >= 2 ? (size_t)(bytes[0] | bytes[1] << 8) % UNITS : 0, room = SIM_SIZE - unit * UNIT;
    if (len < 2)
        return;
    switch (kind % STEPS) {
    case WRITE:
        memcpy(sim.bytes + unit * UNIT, bytes + 2, len - 2 < room ? len - 2 : room);
        break;
    case ENTRY:
        if (len >= 8)
            put_entry(unit, bytes + 2);
        break;
    case HALF:
        if (len >= 6)
            put_half(unit % 2, (uint32_t)bytes[2] | (uint32_t)bytes[3] << 8 | (uint32_t)bytes[4] << 16 | (uint32_t)bytes[5] << 24);
        break;
    case UNREADABLE:
        sim.unreadable[unit] = true;
        break;
    case SAVE:
        (void)store_save(&store, bytes[0] % KEYS, zero, bytes[1]);
        break;
    case UPLOAD:
        if (store_upload_begin(&store, FIRST_ASSET + bytes[0] % ASSETS, bytes[1]) &&
            store_upload_write(&store, 0, zero, bytes[1] / 2) &&
            store_upload_write(&store, bytes[1] / 2, zero, bytes[1] - bytes[1] / 2))
            (void)store_upload_commit(&store);
        break;
    case SCRUB:
        (void)store_scrub(&store);
        break;
    case CUT:
        sim.cut_at = sim.steps + bytes[0];
        sim.cut = (enum cut)(bytes[1] % CUT_KINDS);
        break;
    default:
        restart();
        break;
    }
}

static const struct fuzz_known conversation[] = {
    FUZZ_STEP(ENTRY, 2, 0, 'R', 1, 0, 5, 0, 0),
    FUZZ_STEP(ENTRY, 2, 2, 'A', 0, 2, 0xFF, 0x0F, 0),
    FUZZ_STEP(ENTRY, 4, 0, 'R', 2, 0, 0xFF, 0xFF, 0xFF),
    FUZZ_STEP(RESTART, 0, 0),
    FUZZ_STEP(HALF, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF),
    FUZZ_STEP(HALF, 1, 0, 0, 0, 0, 0),
    FUZZ_STEP(HALF, 1, 0, 0xFF, 0xFF, 0xFF, 0x7F),
    FUZZ_STEP(RESTART, 0, 0),
    FUZZ_STEP(WRITE, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF),
    FUZZ_STEP(WRITE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    FUZZ_STEP(WRITE, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0),
    FUZZ_STEP(UNREADABLE, 2, 0),
    FUZZ_STEP(UNREADABLE, 0, 2),
    FUZZ_STEP(RESTART, 0, 0),
    FUZZ_STEP(SAVE, 1, 200),
    FUZZ_STEP(SAVE, 1, 0),
    FUZZ_STEP(SAVE, 2, 30),
    FUZZ_STEP(UPLOAD, 0, 150),
    FUZZ_STEP(UPLOAD, 3, 255),
    FUZZ_STEP(SCRUB, 0, 0),
    FUZZ_STEP(CUT, 3, 2),
    FUZZ_STEP(SCRUB, 0, 0),
    FUZZ_STEP(RESTART, 0, 0),
    FUZZ_STEP(CUT, 1, 3),
    FUZZ_STEP(SAVE, 3, 60),
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t capacity, unsigned seed)
{
    return fuzz_mutate_steps(data, len, capacity, seed, conversation, sizeof conversation / sizeof conversation[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t value[32] = "new";
    struct fuzz_step step;
    uint8_t out[32];
    if (!written.bytes[0])
        write_image();
    sim = written;
    sim.tampered = true;
    mount();
    while (fuzz_next_step(&data, &len, &step))
        take_step(step.kind, step.bytes, step.len);
    restart();
    CHECK(store_save(&store, 0x55, value, sizeof value));
    restart();
    CHECK_EQUAL(store_load(&store, 0x55, out, sizeof out), sizeof value);
    CHECK(memcmp(out, value, sizeof value) == 0);
    return 0;
}
