/* SPDX-License-Identifier: Apache-2.0 */
#include "press.h"

#include "device.h"
#include "factory.h"

static void drop_oldest(struct presses *presses)
{
    presses->first = (uint8_t)((presses->first + 1u) % PRESSES_KEPT);
    presses->count--;
}

/* When what was kept longest is too old, or CUELIGHT_NEVER. */
static uint64_t kept_until(const struct presses *presses)
{
    return presses->count > 0 ? presses->kept[presses->first].at_us + PRESS_KEPT_US : CUELIGHT_NEVER;
}

static void keep(struct presses *presses, uint8_t button, uint8_t kind, uint64_t at_us)
{
    if (presses->count == PRESSES_KEPT)
        drop_oldest(presses);

    unsigned place = (presses->first + presses->count++) % PRESSES_KEPT;

    presses->kept[place].at_us = at_us;
    presses->kept[place].button = button;
    presses->kept[place].kind = kind;
}

/* To every session. False: there is none. */
static bool tell_sessions(struct cuelight *device, uint8_t button, uint8_t kind, uint64_t at_us)
{
    for (uint8_t link = 0; link < CUELIGHT_LINKS; link++)
        link_button(device, link, button, kind, at_us);
    return safety_state(&device->safety) >= CUELIGHT_SESSION;
}

static void report(struct cuelight *device, uint8_t button, uint8_t kind, uint64_t at_us, uint64_t now_us)
{
    struct presses *presses = &device->presses;

    if (kind >= BUTTON_HOLD) {
        if (button == 0 && kind == BUTTON_HOLD)
            pairing_open(device, now_us);
        else if (button == 0)
            factory_reset(device, now_us);
        return;
    }
    if (tell_sessions(device, button, kind, at_us) || kind == BUTTON_RELEASE)
        return;
    if (button == 0 && kind == BUTTON_PRESS && pairing_pressed(device, at_us))
        presses->button[0].settled = true;      /* it meant this, and nothing else */
    else if (!device->pairing.open)
        keep(presses, button, kind, at_us);
}

void presses_report(struct cuelight *device, uint64_t now_us)
{
    struct presses *presses = &device->presses;
    uint8_t kind;
    uint64_t at_us;

    for (uint8_t button = 0; button < CUELIGHT_BUTTONS; button++)
        while (button_next(&presses->button[button], now_us, &kind, &at_us))
            report(device, button, kind, at_us, now_us);
    while (now_us >= kept_until(presses))
        drop_oldest(presses);
}

uint64_t presses_due(const struct presses *presses)
{
    uint64_t due = kept_until(presses);

    for (unsigned button = 0; button < CUELIGHT_BUTTONS; button++)
        if (button_due(&presses->button[button]) < due)
            due = button_due(&presses->button[button]);
    return due;
}

void presses_tell(struct cuelight *device, uint8_t link)
{
    struct presses *presses = &device->presses;

    for (; presses->count > 0; drop_oldest(presses))
        link_button(device, link, presses->kept[presses->first].button, presses->kept[presses->first].kind, 0);
}
