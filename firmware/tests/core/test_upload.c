/* SPDX-License-Identifier: Apache-2.0 */
#include "art.h"
#include "rig.h"

static struct rig rig;

#define ID 0x0234u

static void setup(void)
{
    rig_init(&rig);
    rig_open(&rig, 0);
}

static void digest(const uint8_t *data, size_t len, uint8_t out[32])
{
    struct sha256 hash;

    sha256_init(&hash);
    sha256_update(&hash, data, len);
    sha256_final(&hash, out);
}

static void offer(uint8_t link, uint16_t id, uint32_t length, const uint8_t sha256[32], uint8_t code)
{
    const uint32_t items[] = {OP_ASSET, id, length};
    uint8_t payload[64];

    rig_send(&rig, link, payload, rig_bytes_payload(payload, items, 3, sha256, 32), false);
    rig_expect_ack(&rig, link, code);
}

static void chunk(uint8_t link, uint16_t id, uint32_t offset, const uint8_t *data, size_t len, uint8_t code)
{
    const uint32_t items[] = {OP_CHUNK, id, offset};
    uint8_t payload[256];

    rig_send(&rig, link, payload, rig_bytes_payload(payload, items, 3, data, len), false);
    rig_expect_ack(&rig, link, code);
}

static void commit(uint8_t link, uint16_t id, uint8_t code)
{
    rig_command(&rig, link, false, 2, OP_COMMIT, id);
    rig_expect_ack(&rig, link, code);
}

/* Uploads all of it; `code` is what the commit answers. */
static void upload(const uint8_t *data, size_t len, uint8_t code)
{
    uint8_t sha256[32];

    digest(data, len, sha256);
    offer(0, ID, (uint32_t)len, sha256, ACK_OK);
    for (size_t at = 0; at < len; at += 100)
        chunk(0, ID, (uint32_t)at, data + at, len - at < 100 ? len - at : 100, ACK_OK);
    commit(0, ID, code);
}

static void an_uploaded_animation_plays(void)
{
    setup();
    upload(art_animations[7].data, art_animations[7].len, ACK_OK);
    rig_play(&rig, 7, 0, 100);
    uint8_t built_in[128];

    memcpy(built_in, rig.frame, 128);
    rig_play(&rig, 1, 0, 100);
    CHECK(memcmp(built_in, rig.frame, 128) != 0);
    rig_play(&rig, ID, 0, 100);
    CHECK(memcmp(built_in, rig.frame, 128) == 0);
}

static void an_uploaded_sprite_moves(void)
{
    setup();
    upload(art_sprites[3].data, art_sprites[3].len, ACK_OK);
    rig_command(&rig, 0, true, 7, OP_PUPPET, ID, 6, 99, 500, 0, 100);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(rig.lit);
    rig_command(&rig, 0, true, 4, OP_PLAY, ID, 0, 100);
    rig_expect_ack(&rig, 0, ACK_UNKNOWN_ASSET);
}

static void a_small_animation_plays_doubled(void)
{
    static const uint8_t data[] = {0, 16, 8, 0, 1, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    setup();
    upload(data, sizeof data, ACK_OK);
    rig_play(&rig, ID, 0, 100);
    CHECK(rig.frame[0] == 0xc0 && rig.frame[4] == 0xc0 && rig.frame[123] == 3 && rig.frame[127] == 3);
}

static void what_is_stored_need_not_be_sent_again(void)
{
    uint8_t sha256[32];

    setup();
    upload(art_animations[7].data, art_animations[7].len, ACK_OK);
    digest(art_animations[7].data, art_animations[7].len, sha256);
    offer(0, ID, (uint32_t)art_animations[7].len, sha256, ACK_ALREADY_PRESENT);
    offer(0, ID + 1, (uint32_t)art_animations[7].len, sha256, ACK_OK);
    sha256[0] ^= 1;
    offer(0, ID, (uint32_t)art_animations[7].len, sha256, ACK_OK);
}

static void a_wrong_digest_is_refused_and_the_old_asset_stays(void)
{
    uint8_t sha256[32] = {0};

    setup();
    upload(art_animations[7].data, art_animations[7].len, ACK_OK);
    offer(0, ID, 5, sha256, ACK_OK);
    chunk(0, ID, 0, (const uint8_t *)"hello", 5, ACK_OK);
    commit(0, ID, ACK_BAD_DIGEST);
    commit(0, ID, ACK_OUT_OF_ORDER);
    rig_play(&rig, ID, 0, 100);
}

static void bytes_that_are_no_asset_are_refused(void)
{
    static const uint8_t bad[] = {0, 32, 8, 0, 1, 3, 0x80, 0x10, 0x00};

    setup();
    upload(bad, sizeof bad, ACK_OUT_OF_RANGE);
    rig_command(&rig, 0, true, 4, OP_PLAY, ID, 0, 100);
    rig_expect_ack(&rig, 0, ACK_UNKNOWN_ASSET);
}

static void chunks_come_in_order_and_within_the_length(void)
{
    uint8_t sha256[32] = {0}, data[220] = {0};

    setup();
    chunk(0, ID, 0, data, 10, ACK_OUT_OF_ORDER);
    commit(0, ID, ACK_OUT_OF_ORDER);
    offer(0, ID, 300, sha256, ACK_OK);
    chunk(0, ID, 1, data, 10, ACK_OUT_OF_ORDER);
    chunk(0, ID + 1, 0, data, 10, ACK_OUT_OF_ORDER);
    chunk(0, ID, 0, data, 220, ACK_OK);
    chunk(0, ID, 0, data, 80, ACK_OUT_OF_ORDER);
    chunk(0, ID, 220, data, 81, ACK_OUT_OF_RANGE);
    commit(0, ID, ACK_OUT_OF_ORDER);
    chunk(0, ID, 220, data, 80, ACK_OK);
    commit(0, ID + 1, ACK_OUT_OF_ORDER);
    commit(0, ID, ACK_BAD_DIGEST);
}

static void built_in_ids_and_impossible_lengths_are_refused(void)
{
    static const uint8_t sha256[32];

    setup();
    offer(0, 0x0000, 10, sha256, ACK_DENIED);
    offer(0, 0x01ff, 10, sha256, ACK_DENIED);
    offer(0, ID, 0, sha256, ACK_OUT_OF_RANGE);
    offer(0, ID, RIG_ASSET_MAX + 1, sha256, ACK_STORE_FULL);
    offer(0, ID, UINT32_MAX, sha256, ACK_STORE_FULL);
    chunk(0, ID, 0, sha256, 10, ACK_OUT_OF_ORDER);
}

static void a_failing_store_is_told(void)
{
    uint8_t sha256[32];

    setup();
    digest((const uint8_t *)"hello", 5, sha256);
    offer(0, ID, 5, sha256, ACK_OK);
    rig.asset_fails = true;
    chunk(0, ID, 0, (const uint8_t *)"hello", 5, ACK_STORE_FULL);
    chunk(0, ID, 0, (const uint8_t *)"hello", 5, ACK_OUT_OF_ORDER);
    rig.asset_fails = false;
    digest(art_sprites[0].data, art_sprites[0].len, sha256);
    offer(0, ID, (uint32_t)art_sprites[0].len, sha256, ACK_OK);
    chunk(0, ID, 0, art_sprites[0].data, art_sprites[0].len, ACK_OK);
    rig.asset_fails = true;
    commit(0, ID, ACK_STORE_FULL);
}

static void an_upload_belongs_to_its_link_and_session(void)
{
    static const uint8_t sha256[32], data[10];

    setup();
    rig_open(&rig, 1);
    offer(0, ID, 20, sha256, ACK_OK);
    chunk(1, ID, 0, data, 10, ACK_OUT_OF_ORDER);
    chunk(0, ID, 0, data, 10, ACK_OK);
    rig_open(&rig, 0);
    chunk(0, ID, 10, data, 10, ACK_OUT_OF_ORDER);
}

static void replacing_what_plays_blanks_the_display(void)
{
    uint8_t other[2048];

    setup();
    memcpy(other, art_animations[7].data, art_animations[7].len);
    other[2]++;                                 /* faster, else the same */
    upload(art_animations[7].data, art_animations[7].len, ACK_OK);
    rig_play(&rig, ID, 60000, 200);
    upload(other, art_animations[7].len, ACK_OK);
    CHECK(!rig.lit);
    rig_pass_ms(&rig, 1000);
    CHECK(!rig.lit);
}

static void uploading_something_else_lets_it_play_on(void)
{
    static const uint8_t sha256[32];

    setup();
    upload(art_animations[7].data, art_animations[7].len, ACK_OK);
    rig_play(&rig, ID, 60000, 200);
    offer(0, ID + 1, 20, sha256, ACK_OK);
    rig_pass_ms(&rig, 1000);
    CHECK(rig.lit);
    rig.asset_id = 0;                           /* the store lost it */
    offer(0, ID + 1, 21, sha256, ACK_OK);
    CHECK(!rig.lit);
}

/* A store whose bytes go bad under a playing animation must not take the device with it. */
static void an_animation_that_goes_bad_blanks_the_display(void)
{
    setup();
    upload(art_animations[7].data, art_animations[7].len, ACK_OK);
    rig_play(&rig, ID, 60000, 200);
    memset(rig.asset + 5, 0xff, rig.asset_len - 5);
    rig_pass_ms(&rig, 1000);
    CHECK(!rig.lit);
    CHECK_EQUAL(rig.state, CUELIGHT_ACTIVE);
    rig_command(&rig, 0, true, 4, OP_PLAY, ID, 0, 200);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(!rig.lit);
    rig.asset[0] = 1;
    rig_command(&rig, 0, true, 7, OP_PUPPET, ID, 0, 0, 0, 0, 200);
    rig_expect_ack(&rig, 0, ACK_OK);
    CHECK(!rig.lit);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_uploaded_animation_plays),
        TEST(an_uploaded_sprite_moves),
        TEST(a_small_animation_plays_doubled),
        TEST(what_is_stored_need_not_be_sent_again),
        TEST(a_wrong_digest_is_refused_and_the_old_asset_stays),
        TEST(bytes_that_are_no_asset_are_refused),
        TEST(chunks_come_in_order_and_within_the_length),
        TEST(built_in_ids_and_impossible_lengths_are_refused),
        TEST(a_failing_store_is_told),
        TEST(an_upload_belongs_to_its_link_and_session),
        TEST(replacing_what_plays_blanks_the_display),
        TEST(uploading_something_else_lets_it_play_on),
        TEST(an_animation_that_goes_bad_blanks_the_display),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
