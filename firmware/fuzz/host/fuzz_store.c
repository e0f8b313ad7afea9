/* SPDX-License-Identifier: Apache-2.0
 *
 * Flash images: mutated from one that was written. Whatever lies there, mounting it reads within bounds and leaves a
 * store that takes and keeps what is saved.
 */
#include "check.h"
#include "flash_sim.h"
#include "fuzz.h"

enum { KEYS = 6 };

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
    for (uint16_t id = 0x200; id < 0x203; id++) {
        CHECK(store_upload_begin(&store, id, 150));
        CHECK(store_upload_write(&store, 0, bytes, 150) && store_upload_commit(&store));
    }
    written = sim;
}

static void damage(void)
{
    /* Most of the damage goes where it is read: the start of either half. */
    for (uint32_t spots = 1 + fuzz_random(30); spots > 0; spots--) {
        uint32_t base = fuzz_random(2) * SIM_SIZE / 2;
        uint32_t at = base + (fuzz_random(2) ? fuzz_random(64) : fuzz_random(SIM_SIZE / 2 - 64));
        (void)fuzz_mutate(sim.bytes + at, 64, 64);
        if (fuzz_random(8) == 0)
            sim.unreadable[at / 8] = true;
    }
}

static void read_everything(void)
{
    uint8_t out[255];
    size_t length;
    for (uint16_t key = 0; key < KEYS; key++)
        CHECK(store_load(&store, key, out, sizeof out) <= sizeof out);
    for (uint16_t id = 0x200; id < 0x204; id++) {
        const uint8_t *asset = store_asset(&store, id, &length);
        CHECK(!asset || (asset >= sim.bytes && asset + length <= sim.bytes + SIM_SIZE));
    }
}

static void once(void)
{
    static const uint8_t value[32] = "new";
    uint8_t out[32];
    if (!written.bytes[0])
        write_image();
    sim = written;
    sim.tampered = true;
    damage();
    mount();
    read_everything();
    if (fuzz_random(2) && store_upload_begin(&store, 0x203, 200))
        (void)store_upload_write(&store, 0, value, sizeof value);
    CHECK(store_save(&store, 0x55, value, sizeof value));
    mount();
    CHECK_EQUAL(store_load(&store, 0x55, out, sizeof out), sizeof value);
    CHECK(memcmp(out, value, sizeof value) == 0);
    read_everything();
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, 10000, once);
}
