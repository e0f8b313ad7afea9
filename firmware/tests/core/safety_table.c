/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints where every event leads from every state, one line each: STATE EVENT STATE. Found out by bringing one of two links
 * into the state and letting the event happen; safety_diagram.py compares it with the diagram in the documents.
 */
#include "check.h"
#include "safety.h"

enum { NOW = 1000, LATER = 2000 };

static const char *const states[] = {"BOOT", "SAFE", "LINK", "SESSION", "ACTIVE"};
static const char *const events[SAFETY_EVENTS] = {
    "started", "subscribed", "unsubscribed", "authenticated", "leased", "lease_over", "stopped", "fault",
};

/* By the events of a life without mishaps. */
static void reach(struct safety *safety, uint8_t state)
{
    memset(safety, 0, sizeof *safety);
    if (state >= CUELIGHT_SAFE)
        safety_init(safety, CUELIGHT_OK);
    if (state >= CUELIGHT_LINK)
        safety_subscribed(safety, 0);
    if (state >= CUELIGHT_SESSION)
        safety_authenticated(safety, 0);
    if (state >= CUELIGHT_ACTIVE)
        safety_leased(safety, 0, LATER, NOW);
    CHECK_EQUAL(safety->link[0], state);
    CHECK_EQUAL(safety_state(safety), state);
}

/* False: only safety_next() can tell, for this happens once, in safety_init(). */
static bool happen(struct safety *safety, enum safety_event event)
{
    switch (event) {
    case SAFETY_SUBSCRIBED:
        safety_subscribed(safety, 0);
        return true;
    case SAFETY_UNSUBSCRIBED:
        safety_unsubscribed(safety, 0);
        return true;
    case SAFETY_AUTHENTICATED:
        safety_authenticated(safety, 0);
        return true;
    case SAFETY_LEASED:
        safety_leased(safety, 0, LATER, NOW);
        return true;
    case SAFETY_LEASE_OVER:
        safety_poll(safety, LATER);
        return true;
    case SAFETY_STOPPED:
        safety_stopped(safety);
        return true;
    case SAFETY_FAULT:
        safety_fault(safety, 0, CUELIGHT_BAD_MAC);
        return true;
    default:
        return false;
    }
}

int main(void)
{
    struct safety safety;

    for (uint8_t state = CUELIGHT_BOOT; state <= CUELIGHT_ACTIVE; state++)
        for (int event = 0; event < SAFETY_EVENTS; event++) {
            uint8_t after = safety_next(state, (enum safety_event)event);

            reach(&safety, state);
            if (happen(&safety, (enum safety_event)event))
                CHECK_EQUAL(safety.link[0], after);
            printf("%s %s %s\n", states[state], events[event], states[after]);
        }
    return 0;
}
