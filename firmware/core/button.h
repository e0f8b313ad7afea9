/* SPDX-License-Identifier: Apache-2.0
 *
 * One button contact: debouncing, and what the person meant.
 */
#ifndef CUELIGHT_BUTTON_H
#define CUELIGHT_BUTTON_H

#include <stdbool.h>
#include <stdint.h>

#define BUTTON_BOUNCE_US 15000u         /* a contact counts when it has been still for this long */
#define BUTTON_LONG_US 800000u
#define BUTTON_HOLD_US 5000000u         /* opens the pairing window */
#define BUTTON_HOLD_ON_US 10000000u     /* the factory reset */
#define BUTTON_DOUBLE_US 300000u        /* from the release to the second press */

/* The first five are also the kinds on the wire. */
enum button_kind {
    BUTTON_PRESS = 0,
    BUTTON_RELEASE = 1,
    BUTTON_SINGLE = 2,
    BUTTON_DOUBLE = 3,
    BUTTON_LONG = 4,
    BUTTON_HOLD = 5,
    BUTTON_HOLD_ON = 6,
};

struct button {
    uint64_t edge_us;                   /* of the last raw edge */
    uint64_t since_us;                  /* of the last edge that counted */
    bool raw, down;
    bool waiting;                       /* released once; a second press may follow */
    bool settled;                       /* this press has already been a double or a long */
    uint8_t holds;                      /* told of this press: 1 for hold, 2 for hold on */
};

/* A raw edge of the contact. */
void button_edge(struct button *button, bool down, uint64_t now_us);

/* The next thing that has happened by now and since when; call until false. press and release come as they are; single
 * when no second press follows, double at the second press, long, hold and hold on while still held. */
bool button_next(struct button *button, uint64_t now_us, uint8_t *kind, uint64_t *at_us);

/* When button_next() may next have something, or CUELIGHT_NEVER. */
uint64_t button_due(const struct button *button);

#endif
