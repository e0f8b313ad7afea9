/* SPDX-License-Identifier: Apache-2.0
 *
 * Two timelines of 64 cues, one of which may run. A run is over when its last cue has acted and what the cues started
 * has taken its time (animations, puppets, ramps); then everything rests.
 */
#ifndef CUELIGHT_TIMELINE_H
#define CUELIGHT_TIMELINE_H

#include "command.h"
#include "hal.h"
#include "outputs.h"

#define TIMELINES 2u
#define TIMELINE_CUES 64u

struct timelines {
    struct cue cues[TIMELINES][TIMELINE_CUES];
    uint8_t count[TIMELINES];
    bool running, started;
    uint8_t timeline;                   /* that runs, and whose link and clock */
    uint8_t link;
    uint64_t zero_us;
    uint64_t start_us;
    uint64_t last_us;                   /* planned time of the last cue that acted, or the start */
    uint8_t next;                       /* number of the next cue */
};

/* Whether the timeline can run, whether the batch of cues can be added: each an enum ack_code. */
uint8_t timeline_check(const struct timelines *timelines, uint32_t timeline);
uint8_t timeline_check_cues(const struct timelines *timelines, const struct outputs *outputs,
                            const struct command *cues);

/* Adds a batch that was found good; cue 0 replaces the timeline. */
void timeline_add(struct timelines *timelines, const struct command *cues);

/* Runs a timeline from `start_us`, on the session clock that began at `zero_us`. */
void timeline_run(struct timelines *timelines, uint8_t timeline, uint8_t link, uint64_t zero_us, uint64_t start_us);

/* Acts on the cues due. True when the run is over by itself. */
bool timeline_step(struct timelines *timelines, struct outputs *outputs, uint64_t now_us);

/* When timeline_step() next has something to do, or CUELIGHT_NEVER. */
uint64_t timeline_due(const struct timelines *timelines, const struct outputs *outputs);

/* Ends the run for whatever reason. */
void timeline_end(struct timelines *timelines, const struct outputs *outputs, uint64_t now_us);

#endif
