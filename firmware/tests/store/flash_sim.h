/* SPDX-License-Identifier: Apache-2.0
 *
 * Flash that is as unkind as the real one: a double word is programmed once between erases, and the power can go during
 * any program or erase, in each of the ways that leave something behind.
 */
#ifndef FLASH_SIM_H
#define FLASH_SIM_H

#include "store.h"

enum { SIM_PAGE = 1024, SIM_PAGES = 8, SIM_SIZE = SIM_PAGE * SIM_PAGES, SIM_UNITS = SIM_SIZE / 8 };

/* What the interrupted operation leaves. */
enum cut {
    CUT_NOTHING, /* as before */
    CUT_HALF,    /* the first half done */
    CUT_NOISE,   /* any bits of it done */
    CUT_ECC,     /* what cannot be read */
    CUT_FAINT,   /* what reads as erased but cannot be programmed */
    CUT_DONE,    /* all of it, but nobody was told */
    CUT_KINDS,
};

struct flash_sim {
    uint8_t bytes[SIM_SIZE];
    bool unreadable[SIM_UNITS];
    bool faint[SIM_UNITS];
    long steps;     /* program and erase operations so far */
    long cut_at;    /* the step that the power goes at; negative: never */
    enum cut cut;
    bool stays_on;  /* the step fails as a cut would have it, but the power does not go */
    bool off;
    bool tampered;  /* by the test: what should be erased may not be */
    uint32_t noise;
};

void flash_sim_new(struct flash_sim *sim);
struct store_flash flash_sim_table(struct flash_sim *sim);

/* Power back on, and stable. */
void flash_sim_power_on(struct flash_sim *sim);

#endif
