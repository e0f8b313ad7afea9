/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of struct cuelight. Only the core looks at them.
 */
#ifndef CUELIGHT_DEVICE_H
#define CUELIGHT_DEVICE_H

#include "assets.h"
#include "command.h"
#include "hal.h"
#include "keys.h"
#include "link.h"
#include "notice.h"
#include "outputs.h"
#include "pairing.h"
#include "press.h"
#include "safety.h"
#include "timeline.h"

struct cuelight {
    struct cuelight_hal hal;
    uint8_t dev_id[8];
    struct safety safety;
    struct keys keys;
    struct link link[CUELIGHT_LINKS];
    struct outputs outputs;
    struct timelines timelines;
    struct upload upload;
    struct presses presses;
    struct pairing pairing;
    struct notice notice;
    uint8_t told_state, told_fault;     /* as the board was last told */
    uint64_t told_lease_us;
};

/* Makes the world follow the safety state machine: outputs, keys, timelines, the board. */
void device_settle(struct cuelight *device, uint64_t now_us);

/* Runs everything due; returns when it next wants to run. */
uint64_t device_run_due(struct cuelight *device, uint64_t now_us);

/* Ends the running timeline and tells the link that ran it. */
void device_end_timeline(struct cuelight *device, uint8_t code, uint64_t now_us);

/* Does what a verified command says and queues its answer. False: it breaks the schema. */
bool execute(struct cuelight *device, uint8_t link, const struct session_command *command, uint64_t now_us);

#endif
