/* SPDX-License-Identifier: Apache-2.0
 *
 * The store while the power stays on.
 */
#include "check.h"
#include "flash_sim.h"

static struct flash_sim sim;
static struct store store;

static void mount(void)
{
    struct store_flash flash = flash_sim_table(&sim);
    CHECK(store_mount(&store, &flash));
}

static void fresh(void)
{
    flash_sim_new(&sim);
    mount();
}

static void save_text(uint16_t key, const char *text)
{
    CHECK(store_save(&store, key, (const uint8_t *)text, strlen(text)));
}

static bool holds(uint16_t key, const char *text)
{
    uint8_t out[255];
    size_t length = store_load(&store, key, out, sizeof out);
    return length == strlen(text) && memcmp(out, text, length) == 0;
}

static void fill_bytes(uint8_t *out, size_t length, uint8_t seed)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(seed + i * 7);
}

/* In pieces of `piece` bytes. */
static void upload(uint16_t id, size_t length, uint8_t seed, size_t piece)
{
    uint8_t bytes[4096];
    fill_bytes(bytes, length, seed);
    CHECK(store_upload_begin(&store, id, (uint32_t)length));
    for (size_t at = 0; at < length; at += piece) {
        CHECK(store_upload_bytes(&store) == NULL);
        CHECK(store_upload_write(&store, (uint32_t)at, bytes + at, length - at < piece ? length - at : piece));
    }
    CHECK(memcmp(store_upload_bytes(&store), bytes, length) == 0);
    CHECK(store_upload_commit(&store));
}

static bool has_asset(uint16_t id, size_t wanted, uint8_t seed)
{
    uint8_t bytes[4096];
    size_t length = 0;
    const uint8_t *found = store_asset(&store, id, &length);
    fill_bytes(bytes, wanted, seed);
    return found && length == wanted && memcmp(found, bytes, wanted) == 0;
}

static void a_fresh_store_holds_nothing(void)
{
    size_t length;
    uint8_t out[4];
    fresh();
    CHECK_EQUAL(store_load(&store, 1, out, sizeof out), 0);
    CHECK(store_asset(&store, 0x200, &length) == NULL);
}

/* As store.h describes it, put together by other means. */
static void the_flash_holds_what_the_format_says(void)
{
    static const uint8_t image[] = {
        0x43, 0x4C, 0x53, 0x31, 0x01, 0x00, 0x00, 0x00, 0x9F, 0x76, 0x83, 0x10, 0x60, 0x89, 0x7C, 0xEF,
        0x52, 0x10, 0x01, 0x03, 0x00, 0x00, 0x7A, 0xDE, 0x6F, 0x6E, 0x65, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0x99, 0xD1, 0x34, 0xFA, 0x66, 0x2E, 0xCB, 0x05, 0x41, 0x00, 0x02, 0x09, 0x00, 0x00, 0x59, 0x52,
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0x5C, 0x0C, 0xDA, 0x0E, 0xA3, 0xF3, 0x25, 0xF1,
    };
    static const uint8_t asset[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    fresh();
    save_text(0x0110, "one");
    CHECK(store_upload_begin(&store, 0x0200, sizeof asset));
    CHECK(store_upload_write(&store, 0, asset, sizeof asset) && store_upload_commit(&store));
    CHECK(memcmp(sim.bytes, image, sizeof image) == 0);
    CHECK_EQUAL(store.tail, sizeof image);
}

static void records_survive_a_restart(void)
{
    fresh();
    save_text(1, "one");
    save_text(2, "two");
    save_text(1, "uno");
    mount();
    CHECK(holds(1, "uno") && holds(2, "two") && holds(3, ""));
}

static void records_of_every_length_are_kept(void)
{
    uint8_t data[255], out[255];
    for (size_t length = 0; length <= sizeof data; length++) {
        fresh();
        fill_bytes(data, length, (uint8_t)length);
        CHECK(store_save(&store, 7, data, length));
        mount();
        CHECK_EQUAL(store_load(&store, 7, out, sizeof out), length);
        CHECK(memcmp(data, out, length) == 0);
        if (length > 0)
            CHECK_EQUAL(store_load(&store, 7, out, length - 1), 0); /* no room for it */
    }
}

static void a_record_that_is_too_long_is_refused(void)
{
    static const uint8_t data[256];
    fresh();
    CHECK(!store_save(&store, 1, data, sizeof data));
}

static void an_erased_record_is_gone(void)
{
    fresh();
    CHECK(store_save(&store, 1, NULL, 0));
    save_text(1, "one");
    CHECK(store_save(&store, 1, NULL, 0));
    mount();
    CHECK(holds(1, ""));
}

static void saving_what_is_there_writes_nothing(void)
{
    fresh();
    save_text(1, "one");
    long steps = sim.steps;
    save_text(1, "one");
    save_text(2, "");
    CHECK_EQUAL(sim.steps, steps);
}

static void a_full_half_is_compacted_and_nothing_is_lost(void)
{
    fresh();
    save_text(1, "stays");
    upload(0x200, 500, 3, 220);
    for (int i = 0; i < 2000; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        save_text(2, text);
        CHECK(holds(2, text));
    }
    CHECK(store.sequence > 5);
    CHECK(holds(1, "stays"));
    CHECK(has_asset(0x200, 500, 3));
    mount();
    CHECK(holds(1, "stays") && holds(2, "1999") && has_asset(0x200, 500, 3));
}

static void records_that_live_can_fill_the_store_and_then_no_more(void)
{
    uint8_t data[200];
    uint16_t key = 0;
    fresh();
    fill_bytes(data, sizeof data, 9);
    while (store_save(&store, key, data, sizeof data))
        key++;
    CHECK_EQUAL(key, (SIM_SIZE / 2 - 16) / 216);
    for (uint16_t i = 0; i < key; i++) {
        uint8_t out[200];
        CHECK_EQUAL(store_load(&store, i, out, sizeof out), 200);
    }
    CHECK(store_save(&store, 0, data, 0)); /* there is room to erase, and then to write */
    CHECK(store_save(&store, 100, data, sizeof data));
}

static void an_almost_full_half_is_compacted_at_start(void)
{
    fresh();
    uint32_t sequence = store.sequence;
    for (int i = 0; store.tail < SIM_SIZE / 2 - 300; i++) {
        uint8_t data[20];
        fill_bytes(data, sizeof data, (uint8_t)i);
        CHECK(store_save(&store, 1, data, sizeof data));
    }
    CHECK_EQUAL(store.sequence, sequence);
    mount();
    CHECK_EQUAL(store.sequence, sequence + 1);
    CHECK(store.tail < 100);
}

static void assets_are_kept_whatever_the_pieces(void)
{
    for (size_t piece = 1; piece <= 24; piece++) {
        for (size_t length = 1; length <= 25; length++) {
            fresh();
            upload(0x200, length, (uint8_t)piece, piece);
            mount();
            CHECK(has_asset(0x200, length, (uint8_t)piece));
        }
    }
}

static void an_asset_replaces_the_one_before(void)
{
    fresh();
    upload(0x200, 100, 1, 50);
    upload(0x201, 100, 2, 50);
    upload(0x200, 120, 3, 50);
    mount();
    CHECK(has_asset(0x200, 120, 3) && has_asset(0x201, 100, 2));
}

static void an_unfinished_upload_changes_nothing(void)
{
    uint8_t bytes[100] = {0};
    fresh();
    upload(0x200, 100, 1, 50);
    CHECK(store_upload_begin(&store, 0x200, 100));
    CHECK(store_upload_write(&store, 0, bytes, 99));
    CHECK(store_upload_bytes(&store) == NULL);
    CHECK(!store_upload_commit(&store));
    CHECK(has_asset(0x200, 100, 1));
    mount();
    CHECK(has_asset(0x200, 100, 1));
    CHECK(!store_upload_write(&store, 99, bytes, 1));
    save_text(1, "behind it");
    mount();
    CHECK(holds(1, "behind it"));
}

static void an_upload_is_written_in_order_and_within_its_length(void)
{
    static const uint8_t bytes[16];
    fresh();
    CHECK(!store_upload_write(&store, 0, bytes, 1));
    CHECK(store_upload_begin(&store, 0x200, 10));
    CHECK(!store_upload_write(&store, 1, bytes, 1));
    CHECK(!store_upload_write(&store, 0, bytes, 11));
    CHECK(store_upload_write(&store, 0, bytes, 10));
    CHECK(!store_upload_write(&store, 10, bytes, 1));
    CHECK(store_upload_commit(&store));
    CHECK(!store_upload_commit(&store));
}

static void records_are_saved_in_the_middle_of_an_upload(void)
{
    uint8_t bytes[100];
    fresh();
    fill_bytes(bytes, sizeof bytes, 5);
    CHECK(store_upload_begin(&store, 0x200, 100));
    CHECK(store_upload_write(&store, 0, bytes, 33));
    save_text(1, "between");
    CHECK(store_upload_write(&store, 33, bytes + 33, 67));
    CHECK(store_upload_commit(&store));
    mount();
    CHECK(holds(1, "between") && has_asset(0x200, 100, 5));
}

static void a_compaction_drops_an_unfinished_upload(void)
{
    uint8_t bytes[20];
    fresh();
    CHECK(store_upload_begin(&store, 0x200, 100));
    for (int i = 0; store.upload.at != 0; i++) {
        fill_bytes(bytes, sizeof bytes, (uint8_t)i);
        CHECK(store_save(&store, 1, bytes, sizeof bytes));
    }
    CHECK(!store_upload_write(&store, 0, bytes, 1));
    CHECK(!store_upload_commit(&store));
}

static void the_oldest_assets_make_room_for_a_new_one(void)
{
    fresh();
    save_text(1, "a key");
    for (uint16_t i = 0; i < 10; i++) {
        upload((uint16_t)(0x200 + i), 600, (uint8_t)i, 200);
        CHECK(has_asset((uint16_t)(0x200 + i), 600, (uint8_t)i));
        if (i > 0)
            CHECK(has_asset((uint16_t)(0x200 + i - 1), 600, (uint8_t)(i - 1)));
    }
    size_t length;
    CHECK(store_asset(&store, 0x200, &length) == NULL);
    CHECK(holds(1, "a key"));
}

static void an_asset_that_can_never_fit_is_refused_and_drops_nothing(void)
{
    fresh();
    upload(0x200, 600, 1, 200);
    CHECK(!store_upload_begin(&store, 0x201, SIM_SIZE / 2));
    CHECK(!store_upload_begin(&store, 0x201, 0xFFFFFF));
    CHECK(!store_upload_begin(&store, 0x201, 0xFFFFFFFF));
    CHECK(!store_upload_begin(&store, 0x201, 0));
    CHECK(has_asset(0x200, 600, 1));
}

static void assets_leave_room_for_records(void)
{
    uint8_t data[200];
    fresh();
    while (store_upload_begin(&store, 0x200, 300) && store.sequence == 1)
        ;
    fill_bytes(data, sizeof data, 1);
    for (uint16_t key = 0; key < 8; key++)
        CHECK(store_save(&store, key, data, sizeof data));
}

static void scrubbing_leaves_no_trace_of_what_was_erased(void)
{
    fresh();
    save_text(1, "a secret of old");
    save_text(2, "stays");
    save_text(1, "");
    CHECK(store_scrub(&store));
    for (size_t i = 0; i + 6 < SIM_SIZE; i++)
        CHECK(memcmp(sim.bytes + i, "secret", 6) != 0);
    CHECK(holds(2, "stays"));
    mount();
    CHECK(holds(1, "") && holds(2, "stays"));
}

static void an_unreadable_value_gives_way_to_the_one_before(void)
{
    char text[200];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    fresh();
    save_text(1, "before");
    uint32_t at = store.tail;
    save_text(1, text);
    for (uint32_t unit = at / 8; unit < store.tail / 8; unit++) {
        sim.unreadable[unit] = true;
        CHECK(holds(1, "before"));
        mount();
        CHECK(holds(1, "before"));
        sim.unreadable[unit] = false;
    }
    CHECK(holds(1, text));
}

static void a_flipped_bit_anywhere_in_a_value_gives_way_to_the_one_before(void)
{
    fresh();
    save_text(1, "before");
    uint32_t at = store.tail;
    save_text(1, "after");
    for (uint32_t bit = at * 8; bit < store.tail * 8; bit++) {
        bool padding = bit / 8 >= at + 8 + 5 && bit / 8 < at + 16;
        sim.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(holds(1, padding ? "after" : "before"));
        sim.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(holds(1, "after"));
}

static void erased_records_take_no_room_for_long(void)
{
    fresh();
    for (uint16_t key = 0; key < 1000; key++) {
        save_text(key, "x");
        save_text(key, "");
    }
    CHECK(store_scrub(&store));
    CHECK_EQUAL(store.tail, 16);
}

static void worn_flash_where_the_log_ends_stops_nothing(void)
{
    fresh();
    save_text(1, "one");
    upload(0x200, 100, 1, 50);
    for (int round = 0; round < 4; round++) {
        sim.faint[(store.half + store.tail) / 8] = true;
        save_text(2, round % 2 ? "two" : "zwei");
        sim.faint[(store.half + store.tail) / 8] = true;
        upload(0x201, 100, (uint8_t)round, 50);
        mount();
        CHECK(holds(1, "one") && holds(2, round % 2 ? "two" : "zwei"));
        CHECK(has_asset(0x200, 100, 1) && has_asset(0x201, 100, (uint8_t)round));
    }
}

/* Whatever lies in the flash: no crash, and a store that can be written. */
static void any_image_is_mounted_and_written(void)
{
    uint32_t noise = 7;
    for (int round = 0; round < 300; round++) {
        fresh();
        save_text(1, "one");
        upload(0x200, 200, 1, 100);
        save_text(2, "two");
        for (int flips = 0; flips <= round; flips++) {
            noise = noise * 1664525u + 1013904223u;
            uint32_t at = round % 3 == 0 ? (noise >> 8) % SIM_SIZE : (noise >> 8) % 400;
            sim.bytes[at] = (uint8_t)(round % 2 ? noise >> 24 : sim.bytes[at] & noise >> 24);
        }
        sim.tampered = true;
        mount();
        size_t length;
        (void)store_asset(&store, 0x200, &length);
        save_text(3, "three");
        mount();
        CHECK(holds(3, "three"));
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_fresh_store_holds_nothing),
        TEST(the_flash_holds_what_the_format_says),
        TEST(records_survive_a_restart),
        TEST(records_of_every_length_are_kept),
        TEST(a_record_that_is_too_long_is_refused),
        TEST(an_erased_record_is_gone),
        TEST(saving_what_is_there_writes_nothing),
        TEST(a_full_half_is_compacted_and_nothing_is_lost),
        TEST(records_that_live_can_fill_the_store_and_then_no_more),
        TEST(an_almost_full_half_is_compacted_at_start),
        TEST(assets_are_kept_whatever_the_pieces),
        TEST(an_asset_replaces_the_one_before),
        TEST(an_unfinished_upload_changes_nothing),
        TEST(an_upload_is_written_in_order_and_within_its_length),
        TEST(records_are_saved_in_the_middle_of_an_upload),
        TEST(a_compaction_drops_an_unfinished_upload),
        TEST(the_oldest_assets_make_room_for_a_new_one),
        TEST(an_asset_that_can_never_fit_is_refused_and_drops_nothing),
        TEST(assets_leave_room_for_records),
        TEST(scrubbing_leaves_no_trace_of_what_was_erased),
        TEST(an_unreadable_value_gives_way_to_the_one_before),
        TEST(a_flipped_bit_anywhere_in_a_value_gives_way_to_the_one_before),
        TEST(erased_records_take_no_room_for_long),
        TEST(worn_flash_where_the_log_ends_stops_nothing),
        TEST(any_image_is_mounted_and_written),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
