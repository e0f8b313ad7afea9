/* SPDX-License-Identifier: Apache-2.0
 *
 * What the contacts do: told to the sessions there are, kept for the next one where there is none. A hold of contact 0
 * opens the pairing window; held on, it resets the device to what it was when it left the factory.
 */
#ifndef CUELIGHT_PRESS_H
#define CUELIGHT_PRESS_H

#include "button.h"
#include "hal.h"

#define PRESSES_KEPT 4u
#define PRESS_KEPT_US 10000000u

struct presses {
    struct button button[CUELIGHT_BUTTONS];
    struct { uint64_t at_us; uint8_t button, kind; } kept[PRESSES_KEPT];   /* a ring */
    uint8_t first, count;
};

struct cuelight;

/* Reports what the contacts have done by now, and drops what was kept for too long. */
void presses_report(struct cuelight *device, uint64_t now_us);

/* When presses_report() may next have something to do, or CUELIGHT_NEVER. */
uint64_t presses_due(const struct presses *presses);

/* Tells a link that has just come into a session what was kept. */
void presses_tell(struct cuelight *device, uint8_t link);

#endif
