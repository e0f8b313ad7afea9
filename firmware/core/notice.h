/* SPDX-License-Identifier: Apache-2.0
 *
 * What the display shows of the device's own accord, over whatever else goes on: that it can be paired, the digits to
 * compare, that it was reset.
 */
#ifndef CUELIGHT_NOTICE_H
#define CUELIGHT_NOTICE_H

#include "display.h"

#define NOTICE_DIGITS 6u

enum notice_kind { NOTICE_NONE, NOTICE_PAIRING, NOTICE_CODE, NOTICE_RESET };

struct notice {
    bool small_display;                 /* one digit after another, in blocks of 4x4 pixels */
    uint8_t kind;
    uint8_t drawn;                      /* as the display was last told: which of the pictures of this kind, + 1 */
    uint8_t digits[NOTICE_DIGITS];
    uint64_t since_us;
};

/* Shows a notice until another takes its place; the one of a reset ends by itself. notice_step() makes it visible. */
void notice_show(struct notice *notice, enum notice_kind kind, uint64_t now_us);
void notice_code(struct notice *notice, uint32_t code, uint64_t now_us);

/* Draws what is due; returns when the next picture is, or CUELIGHT_NEVER. */
uint64_t notice_step(struct notice *notice, struct display *display, uint64_t now_us);

#endif
