/* SPDX-License-Identifier: Apache-2.0
 *
 * The display: an animation or a puppet, each frame at its time. What has run its time stays on its last frame.
 */
#ifndef CUELIGHT_DISPLAY_H
#define CUELIGHT_DISPLAY_H

#include "animation.h"
#include "hal.h"

enum showing { SHOWING_NOTHING, SHOWING_ANIMATION, SHOWING_PUPPET };

struct puppet {
    uint8_t motion, amplitude;
    uint16_t period_ms, duration_ms;
};

struct display {
    const struct cuelight_hal *hal;
    enum showing showing;
    uint64_t start_us;
    uint64_t end_us;                    /* 0 when nothing is shown */
    uint32_t frame;                     /* number of the next one to draw, counted through loops */
    uint32_t frames;                    /* to draw in all */
    uint16_t asset;                     /* of the animation */
    struct animation animation;
    struct puppet puppet;
    uint8_t picture[PICTURE_BYTES];     /* the last frame decoded, or the puppet's sprite */
    /* As the board was last told */
    bool lit, inverted;
    bool noticed;                       /* a notice covers all of this */
    uint8_t frame_shown[PICTURE_BYTES];
};

/* Tells the board that the display is off. */
void display_init(struct display *display, const struct cuelight_hal *hal);

/* Loops the animation for the duration, or plays it once when 0. Blank if it cannot be decoded. */
void display_play(struct display *display, uint16_t asset, uint16_t duration_ms, uint64_t at_us);

/* Moves the sprite for the duration, or for one period when 0. Blank if it cannot be decoded. */
void display_puppet(struct display *display, uint16_t sprite, const struct puppet *puppet, uint64_t at_us);

/* Draws what is due; returns when the next frame is, or CUELIGHT_NEVER. */
uint64_t display_step(struct display *display, uint64_t now_us);

/* Shows the negative of whatever is shown. */
void display_invert(struct display *display, bool inverted);

void display_off(struct display *display);

/* Shows a picture over whatever goes on; NULL lets that be seen again. */
void display_notice(struct display *display, const uint8_t *picture);

/* Uploaded assets may lie elsewhere now, and `replaced` is not what it was. */
void display_assets_moved(struct display *display, uint16_t replaced);

#endif
