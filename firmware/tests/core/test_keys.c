/* SPDX-License-Identifier: Apache-2.0
 *
 * Key slots, rotation in two phases, and what survives a restart or a cut.
 */
#include "keys.h"

#include "rig.h"

static struct rig rig;
static const uint8_t new_key[32] = "a new key for the test device...";

static void setup(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
}

/* Wraps a key as the host does and sends it in a rekey. */
static void rekey(uint8_t slot, uint8_t gen, const uint8_t psk[32])
{
    const struct host *host = &rig.host[0];
    uint32_t counter = host->counter + 1;
    uint8_t info[20], wrapped[32], payload[64];
    const uint32_t items[] = {OP_REKEY, slot, gen};

    memcpy(info, rig.identity.dev_id, 8);
    memcpy(info + 8, host->hello + 2, 4);
    memcpy(info + 12, host->auth + 1, 2);
    memcpy(info + 14, (uint8_t[]){slot, gen, 0, 0, (uint8_t)(counter >> 8), (uint8_t)counter}, 6);
    hkdf_expand(&host->prk, "CLP1 key", info, sizeof info, wrapped);
    for (unsigned i = 0; i < 32; i++)
        wrapped[i] ^= psk[i];
    rig_send(&rig, 0, payload, rig_bytes_payload(payload, items, 3, wrapped, 32), false);
}

static bool opens(uint8_t kid, uint8_t gen, const uint8_t psk[32])
{
    rig_subscribe(&rig, 0);
    rig_auth(&rig, 0, kid, gen, psk);
    rig.host[0].read = rig.host[0].sent_count = 0;
    rig.host[0].events = 1;
    return rig.device.safety.link[0] == CUELIGHT_SESSION;
}

static void a_new_device_takes_its_label_key_once(void)
{
    static const uint8_t other[32] = {7};

    rig_init(&rig);
    CHECK(opens(0, 0, rig_label_key));
    rig.identity.label_key = other;
    rig_restart(&rig, CUELIGHT_OK);
    CHECK(opens(0, 0, rig_label_key));
    CHECK(!opens(0, 0, other));
}

static void a_device_without_any_key_opens_to_nobody(void)
{
    static const uint8_t zero[32];

    rig_init(&rig);
    memset(rig.records, 0, sizeof rig.records);
    rig.identity.label_key = NULL;
    rig_restart(&rig, CUELIGHT_OK);
    CHECK(!opens(0, 0, zero));
    CHECK_EQUAL(rig.host[0].hello[1], 0);
}

static void the_instance_survives_a_restart_and_not_a_new_store(void)
{
    uint8_t instance[4];

    rig_init(&rig);
    memcpy(instance, cuelight_inst_id(&rig.device), 4);
    rig_restart(&rig, CUELIGHT_OK);
    CHECK(memcmp(instance, cuelight_inst_id(&rig.device), 4) == 0);
    memset(rig.records, 0, sizeof rig.records);
    rig_restart(&rig, CUELIGHT_OK);
    CHECK(memcmp(instance, cuelight_inst_id(&rig.device), 4) != 0);
}

static void both_keys_open_until_the_new_one_is_used(void)
{
    setup();
    rekey(0, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    rig_restart(&rig, CUELIGHT_OK);
    CHECK(opens(0, 0, rig_label_key));
    CHECK(opens(0, 1, new_key));
    CHECK(opens(0, 1, new_key));
    CHECK(!opens(0, 0, rig_label_key));
}

static void the_old_generation_is_hinted_the_new_one(void)
{
    setup();
    rekey(0, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(opens(0, 1, new_key));
    rig_subscribe(&rig, 0);
    rig_auth(&rig, 0, 0, 0, rig_label_key);
    CHECK_EQUAL(rig_expect_error(&rig, 0, CUELIGHT_WRONG_GEN), 1);
}

static void a_wrong_tag_with_the_new_generation_retires_nothing(void)
{
    static const uint8_t wrong[32] = {9};

    setup();
    rekey(0, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(!opens(0, 1, wrong));
    CHECK(opens(0, 0, rig_label_key));
}

static void a_controller_gets_a_slot_and_opens_with_it(void)
{
    setup();
    rekey(2, 17, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(opens(2, 17, new_key));
    CHECK_EQUAL(rig.host[0].hello[1], 2);
    CHECK(opens(0, 0, rig_label_key));
}

static void a_controller_may_set_its_own_slot_only(void)
{
    setup();
    rekey(2, 17, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(opens(2, 17, new_key));
    rekey(0, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_DENIED);
    rekey(1, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_DENIED);
    rekey(2, 18, rig_label_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(opens(2, 18, rig_label_key));
}

static void slots_and_generations_must_make_sense(void)
{
    setup();
    rekey(4, 0, new_key);
    rig_expect_ack(&rig, 0, ACK_OUT_OF_RANGE);
    rekey(0, 0, new_key);
    rig_expect_ack(&rig, 0, ACK_OUT_OF_RANGE);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
}

static void a_second_rekey_replaces_the_first(void)
{
    setup();
    rekey(0, 1, rig_label_key + 0);
    rig_expect_ack(&rig, 0, ACK_OK);
    rekey(0, 2, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(!opens(0, 1, rig_label_key));
    CHECK(opens(0, 2, new_key));
}

static void the_ratchet_gives_the_key_of_the_next_generation(void)
{
    uint8_t next[32];

    session_ratchet(0, 0, rig_label_key, next);
    setup();
    rekey(0, 1, next);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(opens(0, 1, next));
}

static void a_full_store_refuses_the_key_and_keeps_the_old(void)
{
    setup();
    rig.fail_save_after = 0;
    rekey(0, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_STORE_FULL);
    CHECK(opens(0, 0, rig_label_key));
    CHECK(!opens(0, 1, new_key));
}

/* Cuts the power after each write of a rotation, first its rekey, then the AUTH that completes it. */
static void a_rotation_cut_anywhere_leaves_a_key_that_opens(void)
{
    for (int writes = 0; writes < 4; writes++) {
        setup();
        rig.fail_save_after = writes;
        rekey(0, 1, new_key);
        opens(0, 1, new_key);
        rig.fail_save_after = -1;
        rig_restart(&rig, CUELIGHT_OK);

        bool with_new = opens(0, 1, new_key);

        CHECK_EQUAL(with_new, writes >= 1);
        CHECK_EQUAL(opens(0, 0, rig_label_key), writes == 0);
    }
}

static void a_store_that_fails_at_the_switch_is_reported_and_the_session_works(void)
{
    setup();
    rekey(0, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    rig.fail_save_after = 0;
    rig_subscribe(&rig, 0);
    rig_auth(&rig, 0, 0, 1, new_key);

    uint32_t status[8];

    rig_event(&rig, 0, status);
    CHECK_EQUAL(status[5], CUELIGHT_STORE);
    CHECK_EQUAL(rig.state, CUELIGHT_SESSION);
}

/* Every boot counts, so that nonces differ; nothing else is ever written by using the device. */
static void using_the_device_wears_no_flash(void)
{
    setup();
    unsigned writes = rig.writes;

    for (unsigned i = 0; i < 20; i++) {
        rig_open(&rig, 0);
        rig_play(&rig, 0, 0, 10);
        cuelight_link_down(&rig.device, 0, rig.now_us);
    }
    CHECK_EQUAL(rig.writes, writes);
    rig_restart(&rig, CUELIGHT_OK);
    CHECK_EQUAL(rig.writes, writes + 1);
}

static void forget(uint8_t slot, uint8_t code)
{
    rig_command(&rig, 0, false, 2, OP_FORGET, slot);
    rig_expect_ack(&rig, 0, code);
}

static void the_label_forgets_any_controller_and_never_itself(void)
{
    setup();
    rekey(1, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    rekey(3, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(opens(3, 1, new_key));
    CHECK(opens(0, 0, rig_label_key));
    forget(1, ACK_OK);
    forget(3, ACK_OK);
    forget(2, ACK_OK);
    forget(0, ACK_DENIED);
    forget(4, ACK_DENIED);
    forget(255, ACK_DENIED);
    CHECK(!opens(1, 1, new_key));
    CHECK(!opens(3, 1, new_key));
    CHECK_EQUAL(rig.host[0].hello[1], 1);
    rig_restart(&rig, CUELIGHT_OK);
    CHECK(!opens(3, 1, new_key));
    CHECK(opens(0, 0, rig_label_key));
}

static void a_controller_forgets_itself_alone_and_its_session_goes_on(void)
{
    setup();
    rekey(2, 1, new_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(opens(2, 1, new_key));
    rekey(2, 2, rig_label_key);
    rig_expect_ack(&rig, 0, ACK_OK);
    forget(1, ACK_DENIED);
    forget(0, ACK_DENIED);
    forget(2, ACK_OK);
    forget(2, ACK_OK);
    rig_play(&rig, 0, 0, 10);
    CHECK(!opens(2, 1, new_key));
    CHECK(!opens(2, 2, rig_label_key));
}

static void a_key_that_is_being_forgotten_when_the_power_goes_is_there_or_not(void)
{
    for (int writes = 0; writes < 3; writes++) {
        setup();
        rekey(2, 1, new_key);
        rig_expect_ack(&rig, 0, ACK_OK);
        CHECK(opens(2, 1, new_key));
        rekey(2, 2, rig_label_key);
        rig_expect_ack(&rig, 0, ACK_OK);
        rig.fail_save_after = writes;
        forget(2, writes < 2 ? ACK_STORE_FULL : ACK_OK);
        rig.fail_save_after = -1;
        rig_restart(&rig, CUELIGHT_OK);
        CHECK_EQUAL(opens(2, 1, new_key), writes < 2);
        rig_restart(&rig, CUELIGHT_OK);
        CHECK_EQUAL(opens(2, 2, rig_label_key), writes == 0);
        CHECK(opens(0, 0, rig_label_key));
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_new_device_takes_its_label_key_once),
        TEST(a_device_without_any_key_opens_to_nobody),
        TEST(the_instance_survives_a_restart_and_not_a_new_store),
        TEST(both_keys_open_until_the_new_one_is_used),
        TEST(the_old_generation_is_hinted_the_new_one),
        TEST(a_wrong_tag_with_the_new_generation_retires_nothing),
        TEST(a_controller_gets_a_slot_and_opens_with_it),
        TEST(a_controller_may_set_its_own_slot_only),
        TEST(slots_and_generations_must_make_sense),
        TEST(a_second_rekey_replaces_the_first),
        TEST(the_ratchet_gives_the_key_of_the_next_generation),
        TEST(a_full_store_refuses_the_key_and_keeps_the_old),
        TEST(a_rotation_cut_anywhere_leaves_a_key_that_opens),
        TEST(a_store_that_fails_at_the_switch_is_reported_and_the_session_works),
        TEST(using_the_device_wears_no_flash),
        TEST(the_label_forgets_any_controller_and_never_itself),
        TEST(a_controller_forgets_itself_alone_and_its_session_goes_on),
        TEST(a_key_that_is_being_forgotten_when_the_power_goes_is_there_or_not),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
