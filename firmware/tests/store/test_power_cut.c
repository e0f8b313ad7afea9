/* SPDX-License-Identifier: Apache-2.0
 *
 * The power goes at every program and every erase of every operation, in every way that flash is left by it: after the
 * restart each value is the old or the new one, nothing else has changed, and the store can be written. The same when
 * the power stays and only that step fails: then what was reported as done is there at once.
 */
#include "check.h"
#include "flash_sim.h"

enum { KEPT = 2, BOARDS = 0x100, KEY = 0x10, OTHER = 0x11, ASSET = 0x200, OTHER_ASSET = 0x201, MAX = 1200 };

struct value {
    size_t length; /* 0: none */
    uint8_t seed;
};

struct operation {
    const char *name;
    void (*prepare)(void); /* from a fresh store */
    bool (*run)(void);
    struct value record_before, record_after, asset_before, asset_after;
    bool drops_other_asset;
};

static struct flash_sim sim, prepared;
static struct store store;

static bool mount(void)
{
    struct store_flash flash = flash_sim_table(&sim);
    return store_mount(&store, &flash);
}

static void fill_bytes(uint8_t *out, size_t length, uint8_t seed)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(seed + i * 13);
}

static bool save_value(uint16_t key, size_t length, uint8_t seed)
{
    uint8_t bytes[255] = {0};
    fill_bytes(bytes, length, seed);
    return store_save(&store, key, bytes, length);
}

static bool upload(uint16_t id, size_t length, uint8_t seed)
{
    uint8_t bytes[MAX] = {0};
    fill_bytes(bytes, length, seed);
    bool good = store_upload_begin(&store, id, (uint32_t)length);
    for (size_t at = 0; good && at < length; at += 37)
        good = store_upload_write(&store, (uint32_t)at, bytes + at, length - at < 37 ? length - at : 37);
    return good && store_upload_bytes(&store) && store_upload_commit(&store);
}

static void common(void)
{
    CHECK(mount());
    CHECK(save_value(OTHER, 33, 4));
    CHECK(upload(OTHER_ASSET, 300, 5));
}

static void with_old(void)
{
    common();
    CHECK(save_value(KEY, 33, 1));
    CHECK(upload(ASSET, 100, 1));
}

/* The next record does not fit. */
static void with_old_and_full(void)
{
    with_old();
    for (uint8_t i = 0; store.tail + 40 <= store.half_size; i++)
        CHECK(save_value(0x77, 20, i));
}

static void nearly_full(void)
{
    with_old();
    for (uint8_t i = 0; store.tail + 300 <= store.half_size; i++)
        CHECK(save_value(0x77, 20, i));
}

/* An upload into this drops the oldest asset, OTHER_ASSET. */
static void full_of_assets(void)
{
    with_old();
    CHECK(upload(0x202, 1000, 6));
}

static bool run_nothing(void)
{
    return true;
}

static bool run_save(void)
{
    return save_value(KEY, 33, 2);
}

static bool run_erase(void)
{
    return save_value(KEY, 0, 0);
}

static bool run_upload(void)
{
    return upload(ASSET, 120, 2);
}

static bool run_large_upload(void)
{
    return upload(ASSET, 900, 2);
}

static bool run_scrub(void)
{
    return store_scrub(&store);
}

static const struct operation operations[] = {
    {"format", NULL, run_nothing, {0}, {0}, {0}, {0}, false},
    {"first save", common, run_save, {0}, {33, 2}, {0}, {0}, false},
    {"save", with_old, run_save, {33, 1}, {33, 2}, {100, 1}, {100, 1}, false},
    {"erase", with_old, run_erase, {33, 1}, {0}, {100, 1}, {100, 1}, false},
    {"save into a full half", with_old_and_full, run_save, {33, 1}, {33, 2}, {100, 1}, {100, 1}, false},
    {"restart with a nearly full half", nearly_full, run_nothing, {33, 1}, {33, 1}, {100, 1}, {100, 1}, false},
    {"first upload", common, run_upload, {0}, {0}, {0}, {120, 2}, false},
    {"upload", with_old, run_upload, {33, 1}, {33, 1}, {100, 1}, {120, 2}, false},
    {"upload that drops an asset", full_of_assets, run_large_upload, {33, 1}, {33, 1}, {100, 1}, {900, 2}, true},
    {"scrub", with_old, run_scrub, {33, 1}, {33, 1}, {100, 1}, {100, 1}, false},
};

static bool record_is(uint16_t key, struct value value)
{
    uint8_t out[255], wanted[255];
    size_t length = store_load(&store, key, out, sizeof out);
    fill_bytes(wanted, value.length, value.seed);
    return length == value.length && memcmp(out, wanted, length) == 0;
}

static bool asset_is(uint16_t id, struct value value)
{
    uint8_t wanted[MAX];
    size_t length = 0;
    const uint8_t *found = store_asset(&store, id, &length);
    fill_bytes(wanted, value.length, value.seed);
    return found ? length == value.length && memcmp(found, wanted, length) == 0 : value.length == 0;
}

static void check_whole(const struct operation *operation)
{
    CHECK(record_is(KEY, operation->record_before) || record_is(KEY, operation->record_after));
    CHECK(asset_is(ASSET, operation->asset_before) || asset_is(ASSET, operation->asset_after) ||
          (operation->drops_other_asset && asset_is(ASSET, (struct value){0})));
    if (!operation->prepare)
        return;
    CHECK(record_is(OTHER, (struct value){33, 4}));
    CHECK(asset_is(OTHER_ASSET, (struct value){300, 5}) ||
          (operation->drops_other_asset && asset_is(OTHER_ASSET, (struct value){0})));
}

static void check_alive(const struct operation *operation)
{
    CHECK(save_value(KEY, 50, 9));
    CHECK(upload(0x300, 64, 9));
    CHECK(mount());
    CHECK(record_is(KEY, (struct value){50, 9}));
    CHECK(asset_is(0x300, (struct value){64, 9}));
    /* What is free is counted as it changes, and anew at each start. */
    uint32_t free_bytes = store_free(&store);
    CHECK(save_value(KEY, 60, 3) && save_value(0x78, 7, 3) && upload(0x300, 80, 4));
    CHECK_EQUAL(store_free(&store), free_bytes - 8 - 24 - 16);
    CHECK(save_value(0x78, 0, 0) && store_scrub(&store));
    CHECK_EQUAL(store_free(&store), free_bytes - 8 - 16);
    free_bytes = store_free(&store);
    CHECK(mount());
    CHECK_EQUAL(store_free(&store), free_bytes);
    CHECK(save_value(KEY, 50, 9));
    if (operation->prepare)
        CHECK(record_is(OTHER, (struct value){33, 4}));
}

static void begin(void)
{
    sim = prepared;
    sim.steps = 0;
}

static bool run_reset(void)
{
    return store_reset(&store, KEPT, BOARDS);
}

/* All of what a reset erases is there, or none; what it keeps is there in any case. */
static void check_reset(void)
{
    bool all = record_is(KEY, (struct value){33, 1}) && asset_is(ASSET, (struct value){100, 1});
    bool none = record_is(KEY, (struct value){0}) && asset_is(ASSET, (struct value){0}) &&
                record_is(OTHER, (struct value){0}) && asset_is(OTHER_ASSET, (struct value){0});
    CHECK(all != none);
    CHECK(record_is(KEPT, (struct value){4, 8}));
    CHECK(record_is(BOARDS, (struct value){40, 9}));
}

/* Whether the bytes of a value lie anywhere in the flash. */
static bool lies_in_flash(struct value value)
{
    uint8_t wanted[MAX];
    fill_bytes(wanted, value.length, value.seed);
    for (size_t at = 0; at + value.length <= SIM_SIZE; at++)
        if (memcmp(sim.bytes + at, wanted, value.length) == 0)
            return true;
    return false;
}

static void cut_resets(void)
{
    long steps, cuts = 0;
    flash_sim_new(&sim);
    with_old();
    CHECK(save_value(KEPT, 4, 7) && save_value(KEPT, 4, 8) && save_value(BOARDS, 40, 9));
    prepared = sim;
    begin();
    CHECK(mount() && run_reset());
    steps = sim.steps;
    check_reset();
    CHECK(record_is(KEY, (struct value){0}));
    CHECK(!lies_in_flash((struct value){33, 1}) && lies_in_flash((struct value){40, 9}));
    CHECK_EQUAL(store_free(&store), store.half_size - 16 - 24 - 56);
    for (long at = 0; at < steps; at++) {
        for (int how = CUT_NOTHING; how < CUT_KINDS; how++, cuts++) {
            begin();
            sim.cut_at = at;
            sim.cut = how;
            if (mount())
                (void)run_reset();
            flash_sim_power_on(&sim);
            CHECK(mount());
            check_reset();
            CHECK(run_reset());
            CHECK(mount());
            check_reset();
            CHECK(record_is(KEY, (struct value){0}));
            CHECK(save_value(KEY, 50, 9) && upload(0x300, 64, 9));
        }
    }
    printf("reset: %ld steps, %ld cuts\n", steps, cuts);
}

/* The steps of the operation: its restart and its run. */
static long count_steps(const struct operation *operation)
{
    flash_sim_new(&sim);
    if (operation->prepare)
        operation->prepare();
    prepared = sim;
    begin();
    CHECK(mount() && operation->run());
    CHECK(record_is(KEY, operation->record_after));
    CHECK(asset_is(ASSET, operation->asset_after));
    return sim.steps;
}

/* A second cut, `again` steps into the restart and the write that follow the first; negative: none. */
static void cut(const struct operation *operation, long at, enum cut how, long again)
{
    begin();
    sim.cut_at = at;
    sim.cut = how;
    sim.noise = (uint32_t)(at * 31 + again + 7);
    if (mount())
        (void)operation->run();
    CHECK(sim.off);
    flash_sim_power_on(&sim);
    if (again >= 0) {
        sim.cut_at = sim.steps + again;
        if (mount())
            (void)operation->run();
        flash_sim_power_on(&sim);
    }
    CHECK(mount());
    check_whole(operation);
    check_alive(operation);
}

static void fail_once(const struct operation *operation, long at, enum cut how)
{
    begin();
    sim.cut_at = at;
    sim.cut = how;
    sim.stays_on = true;
    CHECK(mount());
    if (operation->run()) {
        CHECK(record_is(KEY, operation->record_after));
        CHECK(asset_is(ASSET, operation->asset_after));
    }
    check_whole(operation);
    check_alive(operation);
}

int main(void)
{
    long cuts = 0;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        const struct operation *operation = &operations[i];
        long steps = count_steps(operation);
        printf("%s: %ld steps\n", operation->name, steps);
        for (long at = 0; at < steps; at++) {
            for (int how = CUT_NOTHING; how < CUT_KINDS; how++) {
                fail_once(operation, at, (enum cut)how);
                cut(operation, at, (enum cut)how, -1);
                for (long again = 0; again < 12; again++)
                    cut(operation, at, (enum cut)how, again);
                cuts += 14;
            }
        }
    }
    cut_resets();
    printf("%ld cuts\n", cuts);
    return 0;
}
