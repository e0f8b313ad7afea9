/* SPDX-License-Identifier: Apache-2.0 */
#include "flash_sim.h"

#include <string.h>

#include "check.h"

static uint32_t noise(struct flash_sim *sim)
{
    sim->noise = sim->noise * 1664525u + 1013904223u;
    return sim->noise >> 8;
}

static bool read_sim(void *ctx, uint32_t offset, uint8_t *out, size_t length)
{
    struct flash_sim *sim = ctx;
    CHECK(offset + length <= SIM_SIZE);
    for (size_t i = 0; i < length; i++)
        if (sim->unreadable[(offset + i) / 8])
            return false;
    memcpy(out, sim->bytes + offset, length);
    return true;
}

static bool erased(const struct flash_sim *sim, uint32_t offset)
{
    for (uint32_t i = 0; i < 8; i++)
        if (sim->bytes[offset + i] != 0xFF)
            return false;
    return !sim->unreadable[offset / 8];
}

/* Whether the power goes at this step. */
static bool cut_now(struct flash_sim *sim)
{
    bool hit = sim->steps == sim->cut_at;
    sim->steps++;
    sim->off |= hit && !sim->stays_on;
    return hit || sim->off;
}

static void cut_program(struct flash_sim *sim, uint32_t offset, const uint8_t *data)
{
    uint8_t *at = sim->bytes + offset;
    switch (sim->cut) {
    case CUT_HALF:
        memcpy(at, data, 4);
        break;
    case CUT_NOISE:
        for (int i = 0; i < 8; i++)
            at[i] = (uint8_t)(data[i] | noise(sim));
        break;
    case CUT_ECC:
        sim->unreadable[offset / 8] = true;
        break;
    case CUT_FAINT:
        sim->faint[offset / 8] = true;
        break;
    case CUT_DONE:
        memcpy(at, data, 8);
        break;
    default:
        break;
    }
}

static bool program_unit(struct flash_sim *sim, uint32_t offset, const uint8_t *data)
{
    if (sim->off)
        return false;
    if (!erased(sim, offset)) {
        CHECK(sim->tampered); /* otherwise a store that programs twice is wrong, not unlucky */
        return false;
    }
    if (cut_now(sim)) {
        cut_program(sim, offset, data);
        return false;
    }
    if (sim->faint[offset / 8])
        return false;
    memcpy(sim->bytes + offset, data, 8);
    return true;
}

static bool program_sim(void *ctx, uint32_t offset, const uint8_t *data, size_t length)
{
    struct flash_sim *sim = ctx;
    CHECK(offset % 8 == 0 && length % 8 == 0 && offset + length <= SIM_SIZE);
    for (uint32_t done = 0; done < length; done += 8)
        if (!program_unit(sim, offset + done, data + done))
            return false;
    return true;
}

static void erase_units(struct flash_sim *sim, uint32_t page, uint32_t bytes)
{
    memset(sim->bytes + page * SIM_PAGE, 0xFF, bytes);
    memset(sim->unreadable + page * SIM_PAGE / 8, 0, bytes / 8);
    memset(sim->faint + page * SIM_PAGE / 8, 0, bytes / 8);
}

static void cut_erase(struct flash_sim *sim, uint32_t page)
{
    uint8_t *at = sim->bytes + page * SIM_PAGE;
    switch (sim->cut) {
    case CUT_HALF:
        erase_units(sim, page, SIM_PAGE / 2);
        break;
    case CUT_NOISE:
        for (int i = 0; i < SIM_PAGE; i++)
            at[i] = (uint8_t)(at[i] | noise(sim));
        break;
    case CUT_ECC:
        memset(sim->unreadable + page * SIM_PAGE / 8, true, SIM_PAGE / 8);
        break;
    case CUT_FAINT:
        erase_units(sim, page, SIM_PAGE);
        memset(sim->faint + page * SIM_PAGE / 8, true, SIM_PAGE / 8);
        break;
    case CUT_DONE:
        erase_units(sim, page, SIM_PAGE);
        break;
    default:
        break;
    }
}

static bool erase_sim(void *ctx, uint32_t page)
{
    struct flash_sim *sim = ctx;
    CHECK(page < SIM_PAGES);
    if (sim->off)
        return false;
    if (cut_now(sim)) {
        cut_erase(sim, page);
        return false;
    }
    erase_units(sim, page, SIM_PAGE);
    return true;
}

void flash_sim_new(struct flash_sim *sim)
{
    memset(sim, 0, sizeof *sim);
    memset(sim->bytes, 0xFF, sizeof sim->bytes);
    sim->cut_at = -1;
    sim->noise = 1;
}

struct store_flash flash_sim_table(struct flash_sim *sim)
{
    return (struct store_flash){
        .ctx = sim,
        .base = sim->bytes,
        .page_size = SIM_PAGE,
        .pages = SIM_PAGES,
        .read = read_sim,
        .program = program_sim,
        .erase = erase_sim,
    };
}

void flash_sim_power_on(struct flash_sim *sim)
{
    sim->off = false;
    sim->stays_on = false;
    sim->cut_at = -1;
}
