/* SPDX-License-Identifier: Apache-2.0
 *
 * The factory reset, and a device on a real store whose power goes at any write of a pairing or a reset: afterwards the
 * old or the new is there, whole, and the device works.
 */
#include "factory.h"

#include "flash_sim.h"
#include "rig.h"
#include "settings.h"

enum { BOARDS = 0x0100, ASSET = 0x0200 };

static struct rig rig;
static struct flash_sim sim, prepared;
static struct store store;
static const uint8_t old_key[32] = "an earlier controller's own key.";
static const uint8_t new_label[32] = "a label key that was rotated....";

static void hold(uint32_t ms)
{
    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, ms);
    cuelight_button(&rig.device, 0, false, rig.now_us);
    rig_pass_ms(&rig, 400);
}

static bool opens(uint8_t kid, uint8_t gen, const uint8_t psk[32])
{
    bool good;

    rig_subscribe(&rig, 1);
    rig_auth(&rig, 1, kid, gen, psk);
    good = rig.device.safety.link[1] == CUELIGHT_SESSION;
    cuelight_link_down(&rig.device, 1, rig.now_us);
    return good;
}

static void use_device(void)
{
    const struct keys *keys = &rig.device.keys;

    CHECK(keys_set(keys, 0, 7, new_label));
    CHECK(keys_set(keys, 3, 0, old_key) && keys_set_pending(keys, 3, 1, new_label));
    CHECK_EQUAL(settings_set(&rig.device.outputs.settings, &rig.device.hal, SETTING_LIGHT_CAP, 40), ACK_OK);
}

static void a_hold_of_ten_seconds_makes_another_instance_with_the_labels_key(void)
{
    uint8_t instance[4];

    rig_init(&rig);
    memcpy(instance, cuelight_inst_id(&rig.device), 4);
    use_device();
    rig.asset_id = ASSET;
    CHECK(opens(3, 0, old_key));
    rig_subscribe(&rig, 0);
    rig_auth(&rig, 0, 0, 7, new_label);
    uint32_t boots = rig.device.keys.boots;

    cuelight_button(&rig.device, 0, true, rig.now_us);
    rig_pass_ms(&rig, 9999);
    CHECK(memcmp(instance, cuelight_inst_id(&rig.device), 4) == 0);
    rig_subscribe(&rig, 0);
    rig_pass_ms(&rig, 1);
    CHECK(memcmp(instance, cuelight_inst_id(&rig.device), 4) != 0);
    CHECK(rig.host[0].disconnected);
    CHECK(!rig.device.pairing.open);
    CHECK_EQUAL(rig.state, CUELIGHT_SAFE);
    CHECK_EQUAL(rig.fault, CUELIGHT_OK);
    CHECK_EQUAL(cuelight_flags(&rig.device), 0);
    CHECK(rig.lit);
    cuelight_button(&rig.device, 0, false, rig.now_us);
    rig_pass_ms(&rig, 1999);
    CHECK(rig.lit);
    rig_pass_ms(&rig, 1);
    CHECK(!rig.lit);
    CHECK_EQUAL(cuelight_flags(&rig.device), 0);
    CHECK_EQUAL(rig.asset_id, 0);
    CHECK_EQUAL(rig.device.outputs.settings.light_cap, 255);
    CHECK(!opens(3, 0, old_key) && !opens(0, 7, new_label) && opens(0, 0, rig_label_key));
    CHECK_EQUAL(keys_slots(&rig.device.keys), 1);
    memcpy(instance, cuelight_inst_id(&rig.device), 4);
    rig_restart(&rig, CUELIGHT_OK);
    CHECK_EQUAL(rig.device.keys.boots, boots + 1);
    CHECK(memcmp(instance, cuelight_inst_id(&rig.device), 4) == 0);
    CHECK(opens(0, 0, rig_label_key));
}

static void every_reset_makes_a_new_instance_and_new_nonces_without_trng_too(void)
{
    uint8_t instances[6][4], nonces[6][8];

    for (unsigned random = 0; random < 2; random++) {
        rig_init(&rig);
        rig.has_random = random;
        for (unsigned i = 0; i < 6; i++) {
            hold(10100);
            rig_subscribe(&rig, 0);
            memcpy(instances[i], cuelight_inst_id(&rig.device), 4);
            memcpy(nonces[i], rig.host[0].hello + 6, 8);
            for (unsigned j = 0; j < i; j++)
                CHECK(memcmp(instances[i], instances[j], 4) != 0 && memcmp(nonces[i], nonces[j], 8) != 0);
            if (i == 2)
                rig_restart(&rig, CUELIGHT_OK);
        }
    }
}

static void a_store_that_fails_keeps_everything_and_tells(void)
{
    uint8_t instance[4];

    rig_init(&rig);
    memcpy(instance, cuelight_inst_id(&rig.device), 4);
    use_device();
    rig.fail_save_after = 0;
    hold(10100);
    CHECK(memcmp(instance, cuelight_inst_id(&rig.device), 4) == 0);
    CHECK_EQUAL(rig.fault, CUELIGHT_STORE);
    CHECK(!rig.lit);
    rig.fail_save_after = -1;
    CHECK(opens(3, 0, old_key) && opens(0, 7, new_label));
}

/* ---- on a real store ---- */

static size_t load(void *ctx, uint16_t key, uint8_t *out, size_t cap)
{
    (void)ctx;
    return store_load(&store, key, out, cap);
}

static bool save(void *ctx, uint16_t key, const uint8_t *data, size_t len)
{
    (void)ctx;
    return store_save(&store, key, data, len);
}

static bool reset(void *ctx)
{
    (void)ctx;
    return store_reset(&store, CUELIGHT_RECORD_BOOTS, BOARDS);
}

static bool boot(void)
{
    struct store_flash flash = flash_sim_table(&sim);

    if (!store_mount(&store, &flash))
        return false;
    rig_restart(&rig, CUELIGHT_OK);
    return true;
}

static bool upload(void)
{
    static const uint8_t data[100] = {3, 1, 4};

    return store_upload_begin(&store, ASSET, sizeof data) && store_upload_write(&store, 0, data, sizeof data) &&
           store_upload_commit(&store);
}

static void prepare(bool full)
{
    flash_sim_new(&sim);
    rig_init(&rig);
    rig.hal.load = load;
    rig.hal.save = save;
    rig.hal.reset = reset;
    CHECK(boot());
    CHECK(store_save(&store, BOARDS, (const uint8_t *)"the board's own record", 22));
    CHECK(upload());
    use_device();
    for (uint8_t i = 0; full && store.tail + 60 <= store.half_size; i++)
        CHECK(store_save(&store, 0x0107, &i, 1));
    prepared = sim;
}

static uint32_t boots(void)
{
    uint8_t count[4] = {0};

    store_load(&store, CUELIGHT_RECORD_BOOTS, count, 4);
    return (uint32_t)count[2] << 8 | count[3];
}

/* Boots and pairs as far as it goes. Gives the key where the host got that far. */
static bool pair(uint8_t key[32])
{
    static const uint8_t secret[32] = "the ephemeral key of a test host";
    static struct x25519 public;
    struct pairing_transcript seen = {.context = {1, 2, 3, 4, 5, 6, 7, 8}};
    struct x25519 work;
    uint8_t frame[64] = {0x68, 1};

    if (!boot())
        return false;
    hold(5100);
    if (!rig.device.pairing.open)
        return false;
    rig_subscribe(&rig, 0);
    if (public.bit == 0)
        x25519_start(&public, secret, NULL);
    while (!x25519_run(&public))
        ;
    x25519_result(&public, seen.host_key);
    memcpy(frame + 2, seen.host_key, 32);
    cuelight_received(&rig.device, 0, frame, 34, rig.now_us);
    rig_pass_ms(&rig, 1);
    memcpy(seen.context + 8, cuelight_inst_id(&rig.device), 4);
    memcpy(frame, rig_frame(&rig, 0)->data, 51);
    seen.context[12] = frame[2];
    memcpy(seen.device_key, frame + 3, 32);
    memcpy(frame, "\x68\3", 2);
    memcpy(frame + 2, seen.host_nonce, 16);
    cuelight_received(&rig.device, 0, frame, 18, rig.now_us);
    rig_pass_ms(&rig, 1);
    memcpy(seen.device_nonce, rig_frame(&rig, 0)->data + 2, 16);
    x25519_start(&work, secret, seen.device_key);
    while (!x25519_run(&work))
        ;
    x25519_result(&work, key);
    pairing_key(&seen, key, key);
    memcpy(frame, "\x68\5", 2);
    pairing_tag(key, "CLP1 paired host", frame + 2);
    cuelight_received(&rig.device, 0, frame, 10, rig.now_us);
    hold(100);
    return true;
}

static long count_steps(bool resets)
{
    uint8_t key[32];

    sim = prepared;
    sim.steps = 0;
    if (resets) {
        CHECK(boot());
        hold(10100);
    } else {
        CHECK(pair(key));
        CHECK(opens(1, 0, key));
    }
    return sim.steps;
}

static void check_others(void)
{
    uint8_t text[22];

    CHECK_EQUAL(store_load(&store, BOARDS, text, sizeof text), 22);
    CHECK(opens(0, 7, new_label) && opens(3, 0, old_key));
    CHECK_EQUAL(rig.device.outputs.settings.light_cap, 40);
}

static void a_pairing_cut_anywhere_leaves_the_key_or_none_and_all_else(void)
{
    for (unsigned full = 0; full < 2; full++) {
        prepare(full);

        long steps = count_steps(false), with = 0, without = 0;

        for (long at = 0; at < steps; at++)
            for (int how = CUT_NOTHING; how < CUT_KINDS; how++) {
                uint8_t key[32] = {0};

                sim = prepared;
                sim.steps = 0;
                sim.cut_at = at;
                sim.cut = (enum cut)how;
                sim.noise = (uint32_t)at;

                bool known = pair(key);

                flash_sim_power_on(&sim);
                CHECK(boot());
                if ((keys_slots(&rig.device.keys) & 2) != 0) {
                    CHECK(known && opens(1, 0, key));
                    with++;
                } else {
                    without++;
                }
                check_others();
                if (how == CUT_NOTHING) {
                    CHECK(pair(key));
                    CHECK_EQUAL(keys_slots(&rig.device.keys) & 2, 2);
                }
            }
        printf("pairing: %ld steps; the key was there %ld times, and not %ld times\n", steps, with, without);
        CHECK(with > 0 && without > 0);
    }
}

static void a_reset_cut_anywhere_leaves_all_or_nothing(void)
{
    for (unsigned full = 0; full < 2; full++) {
        prepare(full);

        long steps = count_steps(true), before = 0, after = 0;
        uint8_t instance[4];
        uint32_t count;

        sim = prepared;
        CHECK(boot());
        memcpy(instance, cuelight_inst_id(&rig.device), 4);
        count = boots() - 1;
        for (long at = 0; at < steps; at++)
            for (int how = CUT_NOTHING; how < CUT_KINDS; how++) {
                size_t len = 0;

                sim = prepared;
                sim.steps = 0;
                sim.cut_at = at;
                sim.cut = (enum cut)how;
                sim.noise = (uint32_t)at;
                if (boot())
                    hold(10100);
                flash_sim_power_on(&sim);
                CHECK(boot());
                CHECK(boots() > count);
                if (memcmp(instance, cuelight_inst_id(&rig.device), 4) == 0) {
                    check_others();
                    CHECK(store_asset(&store, ASSET, &len) != NULL);
                    before++;
                } else {
                    CHECK_EQUAL(keys_slots(&rig.device.keys), 1);
                    CHECK(opens(0, 0, rig_label_key) && !opens(0, 7, new_label) && !opens(3, 0, old_key));
                    CHECK_EQUAL(rig.device.outputs.settings.light_cap, 255);
                    CHECK(store_asset(&store, ASSET, &len) == NULL);
                    CHECK_EQUAL(store_load(&store, BOARDS, (uint8_t[64]){0}, 64), 22);
                    after++;
                }
                if (how == CUT_NOTHING) {
                    hold(10100);
                    CHECK(memcmp(instance, cuelight_inst_id(&rig.device), 4) != 0);
                    CHECK(opens(0, 0, rig_label_key));
                }
            }
        printf("reset: %ld steps; before it %ld times, after it %ld times\n", steps, before, after);
        CHECK(before > 0 && after > 0);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_hold_of_ten_seconds_makes_another_instance_with_the_labels_key),
        TEST(every_reset_makes_a_new_instance_and_new_nonces_without_trng_too),
        TEST(a_store_that_fails_keeps_everything_and_tells),
        TEST(a_pairing_cut_anywhere_leaves_the_key_or_none_and_all_else),
        TEST(a_reset_cut_anywhere_leaves_all_or_nothing),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
