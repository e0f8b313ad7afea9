/* SPDX-License-Identifier: Apache-2.0 */
#include "display.h"

#include <string.h>

#include "assets.h"
#include "motion.h"

#define SECOND_US 1000000u

static void tell(const struct display *display)
{
    const struct cuelight_hal *hal = display->hal;
    uint8_t negative[PICTURE_BYTES];

    if (display->noticed)
        return;
    if (!display->inverted) {
        hal->display(hal->ctx, display->lit ? display->frame_shown : NULL);
        return;
    }
    for (unsigned i = 0; i < PICTURE_BYTES; i++)
        negative[i] = (uint8_t)~display->frame_shown[i];
    hal->display(hal->ctx, negative);
}

void display_init(struct display *display, const struct cuelight_hal *hal)
{
    memset(display, 0, sizeof *display);
    display->hal = hal;
    tell(display);
}

static void show(struct display *display, const uint8_t frame[PICTURE_BYTES])
{
    if (display->lit && memcmp(display->frame_shown, frame, PICTURE_BYTES) == 0)
        return;
    display->lit = true;
    memcpy(display->frame_shown, frame, PICTURE_BYTES);
    tell(display);
}

void display_off(struct display *display)
{
    bool was_on = display->lit || display->inverted;

    display->showing = SHOWING_NOTHING;
    display->end_us = 0;
    display->lit = false;
    display->inverted = false;
    memset(display->frame_shown, 0, PICTURE_BYTES);
    if (was_on)
        tell(display);
}

void display_notice(struct display *display, const uint8_t *picture)
{
    const struct cuelight_hal *hal = display->hal;
    bool was_noticed = display->noticed;

    display->noticed = picture != NULL;
    if (picture != NULL)
        hal->display(hal->ctx, picture);
    else if (was_noticed)
        tell(display);
}

void display_invert(struct display *display, bool inverted)
{
    if (display->inverted == inverted)
        return;
    display->inverted = inverted;
    tell(display);
}

void display_play(struct display *display, uint16_t asset, uint16_t duration_ms, uint64_t at_us)
{
    size_t len = 0;
    const uint8_t *data = asset_find(display->hal, asset, ASSET_ANIMATION, &len);

    if (data == NULL || !animation_open(&display->animation, data, len)) {
        display_off(display);
        return;
    }

    uint32_t fps = display->animation.fps;
    uint32_t frames = display->animation.frames;

    display->showing = SHOWING_ANIMATION;
    display->asset = asset;
    display->start_us = at_us;
    display->frame = 0;
    display->frames = duration_ms == 0 ? frames : (duration_ms * fps + 999) / 1000;
    display->end_us = at_us + (duration_ms == 0 ? (uint64_t)frames * SECOND_US / fps : (uint64_t)duration_ms * 1000u);
}

void display_puppet(struct display *display, uint16_t sprite, const struct puppet *puppet, uint64_t at_us)
{
    size_t len = 0;
    const uint8_t *data = asset_find(display->hal, sprite, ASSET_SPRITE, &len);

    if (data == NULL || !sprite_decode(data, len, display->picture)) {
        display_off(display);
        return;
    }

    uint32_t length_ms = motion_length_ms(puppet->period_ms, puppet->duration_ms);

    display->showing = SHOWING_PUPPET;
    display->puppet = *puppet;
    display->start_us = at_us;
    display->frame = 0;
    display->frames = (length_ms + MOTION_STEP_MS - 1) / MOTION_STEP_MS + 1;
    display->end_us = at_us + (uint64_t)length_ms * 1000u;
}

/* When frame number display->frame is to be drawn. */
static uint64_t frame_time(const struct display *display)
{
    if (display->frame >= display->frames)
        return CUELIGHT_NEVER;
    if (display->showing == SHOWING_PUPPET) {
        uint64_t at = display->start_us + (uint64_t)display->frame * MOTION_STEP_MS * 1000u;

        return at < display->end_us ? at : display->end_us;
    }
    return display->start_us + (uint64_t)display->frame * SECOND_US / display->animation.fps;
}

static void draw_animation(struct display *display)
{
    if (display->animation.side == PICTURE_SIDE) {
        show(display, display->picture);
    } else {
        uint8_t frame[PICTURE_BYTES];

        picture_double(display->picture, frame);
        show(display, frame);
    }
}

static void draw_puppet(struct display *display, uint64_t now_us)
{
    const struct puppet *puppet = &display->puppet;
    uint32_t t_ms = (uint32_t)((now_us - display->start_us) / 1000);
    uint8_t frame[PICTURE_BYTES];

    if (now_us < display->end_us)
        t_ms -= t_ms % MOTION_STEP_MS;
    motion_draw(display->picture, puppet->motion, puppet->amplitude,
                motion_phase(puppet->period_ms, puppet->duration_ms, t_ms), frame);
    show(display, frame);
}

uint64_t display_step(struct display *display, uint64_t now_us)
{
    bool draw = false;

    if (display->showing == SHOWING_NOTHING)
        return CUELIGHT_NEVER;
    while (frame_time(display) <= now_us) {
        display->frame++;
        draw = true;
        if (display->showing == SHOWING_ANIMATION && !animation_next(&display->animation, display->picture)) {
            display_off(display);
            return CUELIGHT_NEVER;
        }
    }
    if (draw && display->showing == SHOWING_ANIMATION)
        draw_animation(display);
    else if (draw)
        draw_puppet(display, now_us);
    return frame_time(display);
}

void display_assets_moved(struct display *display, uint16_t replaced)
{
    size_t len = 0;

    if (display->showing != SHOWING_ANIMATION || display->asset < ASSET_FIRST_UPLOADED)
        return;

    const uint8_t *data = asset_find(display->hal, display->asset, ASSET_ANIMATION, &len);

    if (data == NULL || display->asset == replaced || len != display->animation.len)
        display_off(display);
    else
        display->animation.data = data;
}
