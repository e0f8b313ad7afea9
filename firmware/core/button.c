/* SPDX-License-Identifier: Apache-2.0 */
#include "button.h"

#include "hal.h"

void button_edge(struct button *button, bool down, uint64_t now_us)
{
    if (button->raw != down) {
        button->raw = down;
        button->edge_us = now_us;
    }
}

static bool report(uint8_t what, uint64_t when, uint8_t *kind, uint64_t *at_us)
{
    *kind = what;
    *at_us = when;
    return true;
}

/* The edge that counts, or CUELIGHT_NEVER. */
static uint64_t edge_due(const struct button *button)
{
    return button->raw != button->down ? button->edge_us + BUTTON_BOUNCE_US : CUELIGHT_NEVER;
}

/* What the person meant becomes clear, or CUELIGHT_NEVER. A second press that is still bouncing is waited for. */
static uint64_t meaning_due(const struct button *button)
{
    static const uint32_t held_us[] = {BUTTON_HOLD_US, BUTTON_HOLD_ON_US};

    if (button->down && button->settled)
        return button->holds < 2 ? button->since_us + held_us[button->holds] : CUELIGHT_NEVER;
    if (button->down)
        return button->waiting ? button->since_us : button->since_us + BUTTON_LONG_US;
    if (!button->waiting)
        return CUELIGHT_NEVER;

    uint64_t over = button->since_us + BUTTON_DOUBLE_US;

    return button->raw && button->edge_us < over ? CUELIGHT_NEVER : over;
}

static bool take_meaning(struct button *button, uint8_t *kind, uint64_t *at_us)
{
    if (!button->down) {
        button->waiting = false;
        return report(BUTTON_SINGLE, button->since_us, kind, at_us);
    }
    if (button->settled) {
        uint64_t due = meaning_due(button);

        return report((uint8_t)(BUTTON_HOLD + button->holds++), due, kind, at_us);
    }
    button->settled = true;
    if (button->waiting) {
        button->waiting = false;
        return report(BUTTON_DOUBLE, button->since_us, kind, at_us);
    }
    return report(BUTTON_LONG, button->since_us + BUTTON_LONG_US, kind, at_us);
}

static bool take_edge(struct button *button, uint8_t *kind, uint64_t *at_us)
{
    button->down = button->raw;
    button->since_us = button->edge_us;
    if (button->down) {
        button->settled = false;
        button->holds = 0;
    } else {
        button->waiting = !button->settled;
    }
    return report(button->down ? BUTTON_PRESS : BUTTON_RELEASE, button->since_us, kind, at_us);
}

bool button_next(struct button *button, uint64_t now_us, uint8_t *kind, uint64_t *at_us)
{
    uint64_t edge = edge_due(button), meaning = meaning_due(button);

    if (meaning <= now_us && meaning <= edge)
        return take_meaning(button, kind, at_us);
    if (edge <= now_us)
        return take_edge(button, kind, at_us);
    return false;
}

uint64_t button_due(const struct button *button)
{
    uint64_t edge = edge_due(button), meaning = meaning_due(button);

    return edge < meaning ? edge : meaning;
}
