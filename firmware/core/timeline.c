/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline.h"

uint8_t timeline_check(const struct timelines *timelines, uint32_t timeline)
{
    if (timeline >= TIMELINES)
        return ACK_UNSUPPORTED;
    return timelines->count[timeline] > 0 ? ACK_OK : ACK_OUT_OF_ORDER;
}

uint8_t timeline_check_cues(const struct timelines *timelines, const struct outputs *outputs,
                            const struct command *cues)
{
    uint32_t timeline = cues->number[0], first = cues->number[1];
    struct cbor_reader reader = cues->cues;
    struct cue cue;

    if (timeline >= TIMELINES)
        return ACK_UNSUPPORTED;
    if (first != 0 && first != timelines->count[timeline])
        return ACK_OUT_OF_ORDER;
    if (first + cues->cue_count > TIMELINE_CUES)
        return ACK_OUT_OF_RANGE;
    for (unsigned i = 0; i < cues->cue_count; i++) {
        command_next_cue(&reader, &cue);

        uint8_t code = outputs_check(outputs, &cue.action);

        if (code != ACK_OK)
            return code;
    }
    return ACK_OK;
}

void timeline_add(struct timelines *timelines, const struct command *cues)
{
    struct cbor_reader reader = cues->cues;
    uint8_t timeline = (uint8_t)cues->number[0], first = (uint8_t)cues->number[1];

    for (unsigned i = 0; i < cues->cue_count; i++)
        command_next_cue(&reader, &timelines->cues[timeline][first + i]);
    timelines->count[timeline] = (uint8_t)(first + cues->cue_count);
}

static uint32_t clock_ms(const struct timelines *timelines, uint64_t at_us)
{
    return (uint32_t)((at_us - timelines->zero_us) / 1000);
}

static void record(const struct timelines *timelines, const struct outputs *outputs, uint8_t what, uint64_t planned_us,
                   uint64_t now_us)
{
    const struct cuelight_hal *hal = outputs->hal;

    hal->timeline(hal->ctx, timelines->timeline, what, timelines->next, clock_ms(timelines, planned_us),
                  clock_ms(timelines, now_us));
}

static const struct cue *next_cue(const struct timelines *timelines)
{
    if (timelines->next >= timelines->count[timelines->timeline])
        return NULL;
    return &timelines->cues[timelines->timeline][timelines->next];
}

static uint64_t cue_due(const struct timelines *timelines, const struct cue *cue)
{
    return timelines->last_us + (uint64_t)cue->dt_ms * 1000u;
}

void timeline_run(struct timelines *timelines, uint8_t timeline, uint8_t link, uint64_t zero_us, uint64_t start_us)
{
    timelines->running = true;
    timelines->started = false;
    timelines->timeline = timeline;
    timelines->link = link;
    timelines->zero_us = zero_us;
    timelines->start_us = timelines->last_us = start_us;
    timelines->next = 0;
}

uint64_t timeline_due(const struct timelines *timelines, const struct outputs *outputs)
{
    if (!timelines->running)
        return CUELIGHT_NEVER;
    if (!timelines->started)
        return timelines->start_us;

    const struct cue *cue = next_cue(timelines);
    uint64_t end = outputs_end(outputs);

    if (cue != NULL)
        return cue_due(timelines, cue);
    return end > timelines->last_us ? end : timelines->last_us;
}

bool timeline_step(struct timelines *timelines, struct outputs *outputs, uint64_t now_us)
{
    const struct cue *cue;

    if (!timelines->running || now_us < timelines->start_us)
        return false;
    if (!timelines->started) {
        timelines->started = true;
        record(timelines, outputs, CUELIGHT_TIMELINE_START, timelines->start_us, now_us);
    }
    while ((cue = next_cue(timelines)) != NULL && now_us >= cue_due(timelines, cue)) {
        timelines->last_us = cue_due(timelines, cue);
        record(timelines, outputs, CUELIGHT_TIMELINE_CUE, timelines->last_us, now_us);
        outputs_act(outputs, &cue->action, timelines->last_us);
        timelines->next++;
    }
    return cue == NULL && now_us >= timeline_due(timelines, outputs);
}

void timeline_end(struct timelines *timelines, const struct outputs *outputs, uint64_t now_us)
{
    uint64_t planned = timeline_due(timelines, outputs);

    timelines->running = false;
    if (timelines->started)
        record(timelines, outputs, CUELIGHT_TIMELINE_END, planned < now_us ? planned : now_us, now_us);
}
