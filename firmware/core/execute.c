/* SPDX-License-Identifier: Apache-2.0
 *
 * What each command does. A command is first checked, then its lease is taken, then it acts: a refused one changes
 * nothing.
 */
#include "device.h"

#define LEASE_UNIT_US 250000u
#define TICK_US ((uint64_t)SESSION_TICK_MS * 1000u)
#define COMMAND_AGE_MAX_US 2000000
#define RUN_START_MAX_MS (24u * 3600u * 1000u)

static bool is_stale(const struct link *link, uint32_t tick, uint64_t now_us)
{
    int64_t age_us = (int64_t)(now_us - link->zero_us) - (int64_t)(tick * TICK_US);

    return age_us > COMMAND_AGE_MAX_US;
}

/* Takes the lease. True when there is authority to act. */
static bool take_lease(struct cuelight *device, uint8_t number, uint32_t tick, uint8_t lease, uint64_t now_us)
{
    uint64_t end_us = device->link[number].zero_us + tick * TICK_US + (uint64_t)lease * LEASE_UNIT_US;

    safety_leased(&device->safety, number, end_us, now_us);
    device_settle(device, now_us);
    return safety_state(&device->safety) == CUELIGHT_ACTIVE;
}

static uint8_t check(const struct cuelight *device, const struct command *command)
{
    switch (command->op) {
    case OP_PLAY:
    case OP_LIGHT:
    case OP_SERVO:
    case OP_PUPPET:
        return outputs_check(&device->outputs, &command->action);
    case OP_RUN:
        if (command->number[1] > RUN_START_MAX_MS)
            return ACK_OUT_OF_RANGE;
        return timeline_check(&device->timelines, command->number[0]);
    default:
        return ACK_OK;
    }
}

static void run(struct cuelight *device, uint8_t number, const struct command *command, uint64_t now_us)
{
    uint64_t zero_us = device->link[number].zero_us;
    uint64_t start_us = zero_us + (uint64_t)command->number[1] * 1000u;

    device_end_timeline(device, DONE_REPLACED, now_us);
    timeline_run(&device->timelines, (uint8_t)command->number[0], number, zero_us,
                 start_us > now_us ? start_us : now_us);
}

static uint8_t take_cues(struct cuelight *device, const struct command *command, uint64_t now_us)
{
    struct timelines *timelines = &device->timelines;
    bool replaces = timelines->running && timelines->timeline == command->number[0] && command->number[1] == 0;
    uint8_t code = timeline_check_cues(timelines, &device->outputs, command);

    if (code != ACK_OK)
        return code;
    if (replaces) {
        device_end_timeline(device, DONE_REPLACED, now_us);
        outputs_rest(&device->outputs);
    }
    timeline_add(timelines, command);
    return ACK_OK;
}

static uint8_t rekey(struct cuelight *device, uint8_t number, const struct command *command, uint32_t counter)
{
    const struct session *session = &device->link[number].session;
    uint8_t slot = (uint8_t)command->number[0], gen = (uint8_t)command->number[1];
    uint8_t psk[SESSION_KEY];
    bool saved;

    if (slot >= KEY_SLOTS)
        return ACK_OUT_OF_RANGE;
    if (!keys_may_set(session_kid(session), slot))
        return ACK_DENIED;
    if (!keys_is_new(&device->keys, slot, gen))
        return ACK_OUT_OF_RANGE;
    session_unwrap(session, slot, gen, counter, command->bytes, psk);
    saved = keys_set_pending(&device->keys, slot, gen, psk);
    wipe(psk, sizeof psk);
    return saved ? ACK_OK : ACK_STORE_FULL;
}

static void identify(struct cuelight *device, uint32_t duration_ms, uint64_t now_us)
{
    if (duration_ms == 0)
        outputs_identify_end(&device->outputs);
    else
        outputs_identify(&device->outputs, duration_ms, now_us);
}

static uint8_t forget(struct cuelight *device, uint8_t number, uint32_t slot)
{
    const struct session *session = &device->link[number].session;

    if (slot == KEY_LABEL_SLOT || slot >= KEY_SLOTS || !keys_may_set(session_kid(session), (uint8_t)slot))
        return ACK_DENIED;
    return keys_forget(&device->keys, (uint8_t)slot) ? ACK_OK : ACK_STORE_FULL;
}

/* Answers with the value. False: there is no such setting. */
static bool get(struct cuelight *device, uint8_t number, uint32_t key)
{
    const struct cuelight_hal *hal = &device->hal;
    uint32_t items[] = {OP_VALUE, key, 0};

    if (key >= SETTING_END)
        return false;
    if (key == SETTING_STORE_FREE)
        items[2] = hal->free_bytes(hal->ctx);
    else if (key == SETTING_KEY_SLOTS)
        items[2] = keys_slots(&device->keys);
    else
        items[2] = settings_get(&device->outputs.settings, key);
    link_event(device, number, items, 3);
    return true;
}

/* The commands that need no authority. */
static uint8_t serve(struct cuelight *device, uint8_t number, const struct command *command, uint32_t counter,
                     uint64_t now_us)
{
    uint16_t id = (uint16_t)command->number[0];
    uint8_t code = ACK_OK;

    switch (command->op) {
    case OP_STOP:
        safety_stopped(&device->safety);
        device_end_timeline(device, DONE_STOPPED, now_us);
        outputs_rest(&device->outputs);
        break;
    case OP_CUES:
        return take_cues(device, command, now_us);
    case OP_ASSET:
        code = upload_begin(&device->upload, &device->hal, number, id, command->number[1], command->bytes);
        display_assets_moved(&device->outputs.display, 0);
        break;
    case OP_CHUNK:
        return upload_chunk(&device->upload, &device->hal, number, id, command->number[1], command->bytes,
                            command->bytes_len);
    case OP_COMMIT:
        code = upload_commit(&device->upload, &device->hal, number, id);
        display_assets_moved(&device->outputs.display, code == ACK_OK ? id : 0);
        break;
    case OP_REKEY:
        return rekey(device, number, command, counter);
    case OP_FORGET:
        return forget(device, number, command->number[0]);
    case OP_SET:
        return settings_set(&device->outputs.settings, &device->hal, command->number[0], command->number[1]);
    default:
        identify(device, command->number[0], now_us);
        break;
    }
    return code;
}

static uint8_t act(struct cuelight *device, uint8_t number, const struct command *command, uint32_t tick,
                   uint64_t now_us)
{
    uint8_t code = check(device, command);

    if (code != ACK_OK || !take_lease(device, number, tick, command->lease, now_us))
        return code;
    if (command->op == OP_RUN)
        run(device, number, command, now_us);
    else if (command->op != OP_RENEW)
        outputs_act(&device->outputs, &command->action, now_us);
    return ACK_OK;
}

bool execute(struct cuelight *device, uint8_t link, const struct session_command *frame, uint64_t now_us)
{
    struct command command;
    enum command_result result = command_decode(frame->payload, frame->payload_len, &command);
    uint8_t code;

    if (result == COMMAND_MALFORMED || (command.has_lease && !frame->has_tick))
        return false;
    if (result == COMMAND_GOOD && command.op == OP_GET && get(device, link, command.number[0]))
        return true;
    if (result == COMMAND_UNKNOWN || command.op == OP_GET) {
        code = ACK_UNSUPPORTED;
    } else if (command.op == OP_QUERY) {
        link_status(device, link, now_us);
        return true;
    } else if (!command.has_lease) {
        code = serve(device, link, &command, frame->counter, now_us);
    } else if (is_stale(&device->link[link], frame->tick, now_us)) {
        link_error(device, link, CUELIGHT_STALE);
        code = ACK_STALE;
    } else {
        code = act(device, link, &command, frame->tick, now_us);
    }
    link_ack(device, link, frame->counter, code);
    return true;
}
