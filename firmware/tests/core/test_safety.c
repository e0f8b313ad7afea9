/* SPDX-License-Identifier: Apache-2.0 */
#include "safety.h"

#include "check.h"

enum { BOOT = CUELIGHT_BOOT, SAFE = CUELIGHT_SAFE, LINK = CUELIGHT_LINK, SESSION = CUELIGHT_SESSION, ACTIVE = CUELIGHT_ACTIVE };

/* The diagram of the protocol, written as what is allowed; everything else must stay where it is or go to SAFE. */
static void only_the_transitions_of_the_diagram_exist(void)
{
    static const struct { uint8_t from, event, to; } diagram[] = {
        {BOOT, SAFETY_STARTED, SAFE},
        {SAFE, SAFETY_SUBSCRIBED, LINK},
        {LINK, SAFETY_AUTHENTICATED, SESSION},
        {SESSION, SAFETY_LEASED, ACTIVE},
        {ACTIVE, SAFETY_LEASE_OVER, SESSION},
        {ACTIVE, SAFETY_STOPPED, SESSION},
        {SESSION, SAFETY_SUBSCRIBED, LINK},
        {ACTIVE, SAFETY_SUBSCRIBED, LINK},
        {LINK, SAFETY_UNSUBSCRIBED, SAFE},
        {SESSION, SAFETY_UNSUBSCRIBED, SAFE},
        {ACTIVE, SAFETY_UNSUBSCRIBED, SAFE},
        {BOOT, SAFETY_FAULT, SAFE},
        {LINK, SAFETY_FAULT, SAFE},
        {SESSION, SAFETY_FAULT, SAFE},
        {ACTIVE, SAFETY_FAULT, SAFE},
    };

    for (uint8_t from = BOOT; from <= ACTIVE; from++) {
        for (uint8_t event = 0; event < SAFETY_EVENTS; event++) {
            uint8_t to = from;

            for (size_t i = 0; i < sizeof diagram / sizeof diagram[0]; i++)
                if (diagram[i].from == from && diagram[i].event == event)
                    to = diagram[i].to;
            CHECK_EQUAL(safety_next(from, event), to);
        }
    }
}

static struct safety in_state(uint8_t state)
{
    struct safety safety;

    safety_init(&safety, CUELIGHT_OK);
    if (state >= LINK)
        safety_subscribed(&safety, 0);
    if (state >= SESSION)
        safety_authenticated(&safety, 0);
    if (state >= ACTIVE)
        safety_leased(&safety, 0, 1000, 0);
    CHECK_EQUAL(safety_state(&safety), state);
    return safety;
}

static void a_reset_ends_in_safe_with_its_reason(void)
{
    struct safety safety;

    safety_init(&safety, CUELIGHT_WATCHDOG);
    CHECK_EQUAL(safety_state(&safety), SAFE);
    CHECK_EQUAL(safety.fault, CUELIGHT_WATCHDOG);
}

static void any_fault_in_any_state_leads_to_safe(void)
{
    for (uint8_t state = SAFE; state <= ACTIVE; state++) {
        for (uint8_t fault = CUELIGHT_BAD_MAC; fault <= CUELIGHT_STORE; fault++) {
            struct safety safety = in_state(state);

            safety_fault(&safety, 0, fault);
            CHECK_EQUAL(safety_state(&safety), SAFE);
            CHECK_EQUAL(safety.fault, fault);
        }
    }
}

static void the_lease_ends_at_its_end_and_not_before(void)
{
    struct safety safety = in_state(ACTIVE);

    safety_poll(&safety, 999);
    CHECK_EQUAL(safety_state(&safety), ACTIVE);
    safety_poll(&safety, 1000);
    CHECK_EQUAL(safety_state(&safety), SESSION);
}

static void the_latest_lease_decides_also_when_shorter(void)
{
    struct safety safety = in_state(ACTIVE);

    safety_leased(&safety, 0, 500, 100);
    safety_poll(&safety, 500);
    CHECK_EQUAL(safety_state(&safety), SESSION);
}

static void a_lease_that_is_over_ends_authority_at_once(void)
{
    struct safety safety = in_state(ACTIVE);

    safety_leased(&safety, 0, 100, 100);
    CHECK_EQUAL(safety_state(&safety), SESSION);
}

static void no_lease_without_a_session(void)
{
    for (uint8_t state = SAFE; state <= LINK; state++) {
        struct safety safety = in_state(state);

        safety_leased(&safety, 0, 1000, 0);
        CHECK_EQUAL(safety_state(&safety), state);
    }
}

static void the_lease_goes_to_the_link_that_spoke_last(void)
{
    struct safety safety = in_state(ACTIVE);

    safety_subscribed(&safety, 1);
    safety_authenticated(&safety, 1);
    CHECK_EQUAL(safety.link[0], ACTIVE);
    safety_leased(&safety, 1, 2000, 0);
    CHECK_EQUAL(safety.link[0], SESSION);
    CHECK_EQUAL(safety.link[1], ACTIVE);
}

static void a_fault_ends_its_own_link_only(void)
{
    struct safety safety = in_state(ACTIVE);

    safety_subscribed(&safety, 1);
    safety_authenticated(&safety, 1);
    safety_fault(&safety, 1, CUELIGHT_BAD_MAC);
    CHECK_EQUAL(safety.link[0], ACTIVE);
    CHECK_EQUAL(safety.link[1], SAFE);
}

static void a_fault_of_the_lease_owner_ends_every_link(void)
{
    struct safety safety = in_state(ACTIVE);

    safety_subscribed(&safety, 1);
    safety_authenticated(&safety, 1);
    safety_fault(&safety, 0, CUELIGHT_LINK_LOSS);
    CHECK_EQUAL(safety.link[0], SAFE);
    CHECK_EQUAL(safety.link[1], SAFE);
}

static void stop_from_either_link_ends_activity(void)
{
    struct safety safety = in_state(ACTIVE);

    safety_subscribed(&safety, 1);
    safety_authenticated(&safety, 1);
    safety_stopped(&safety);
    CHECK_EQUAL(safety.link[0], SESSION);
    CHECK_EQUAL(safety.link[1], SESSION);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(only_the_transitions_of_the_diagram_exist),
        TEST(a_reset_ends_in_safe_with_its_reason),
        TEST(any_fault_in_any_state_leads_to_safe),
        TEST(the_lease_ends_at_its_end_and_not_before),
        TEST(the_latest_lease_decides_also_when_shorter),
        TEST(a_lease_that_is_over_ends_authority_at_once),
        TEST(no_lease_without_a_session),
        TEST(the_lease_goes_to_the_link_that_spoke_last),
        TEST(a_fault_ends_its_own_link_only),
        TEST(a_fault_of_the_lease_owner_ends_every_link),
        TEST(stop_from_either_link_ends_activity),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
