/* SPDX-License-Identifier: Apache-2.0
 *
 * What was there is not there any more, or not whole.
 */
#include "animation.h"
#include "art.h"
#include "rig.h"

enum { UPLOADED = 0x200, RAW = 1, HEAD = 5, SMALL_BYTES = 32 };

static struct rig rig;

static void an_animation_is_refused_wherever_it_is_cut(void)
{
    for (unsigned which = 0; which < ART_ANIMATIONS; which++) {
        const struct art *art = &art_animations[which];

        CHECK(asset_is_good(art->data, art->len));
        for (size_t len = 0; len < art->len; len++)
            CHECK(!asset_is_good(art->data, len));
    }
}

static void a_raw_frame_is_refused_wherever_it_is_cut(void)
{
    uint8_t animation[HEAD + 1 + SMALL_BYTES] = {ASSET_ANIMATION, 16, 8, 0, 1, RAW};

    CHECK(asset_is_good(animation, sizeof animation));
    for (size_t len = 0; len < sizeof animation; len++)
        CHECK(!asset_is_good(animation, len));
}

static void a_cue_whose_animation_is_gone_by_then_shows_nothing(void)
{
    static const uint8_t cues[] = {0x85, OP_CUES, 0, 0, 0x84, 0, OP_PLAY, 0, 0,
                                   0x84, 0x19, 0x03, 0xe8, OP_PLAY, 0x19, 0x02, 0x00, 0};
    const struct art *art = &art_animations[0];

    rig_init(&rig);
    rig.asset_id = UPLOADED;
    rig.asset_len = art->len;
    memcpy(rig.asset, art->data, art->len);
    rig_open(&rig, 0);
    rig_send(&rig, 0, cues, sizeof cues, false);
    rig_expect_ack(&rig, 0, ACK_OK);
    rig_command(&rig, 0, true, 4, OP_RUN, 0, 0, 40);
    rig_expect_ack(&rig, 0, ACK_OK);
    rig_pass_ms(&rig, 900);
    CHECK(rig.lit);
    rig.asset_id = 0;
    rig_pass_ms(&rig, 150);
    CHECK(!rig.lit);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_animation_is_refused_wherever_it_is_cut),
        TEST(a_raw_frame_is_refused_wherever_it_is_cut),
        TEST(a_cue_whose_animation_is_gone_by_then_shows_nothing),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
