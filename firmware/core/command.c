/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <string.h>

enum { CUES_MAX = 16, ARGUMENTS_MAX = 5 };

/* The kinds of arguments in the schema. */
enum kind { END = 0, U8, U16, U32, CHANNEL, DECIDEGREES, BYTES3, BYTES32, BYTES220, LEASE };

static const uint32_t uint_max[] = {
    [U8] = UINT8_MAX, [U16] = UINT16_MAX, [U32] = UINT32_MAX, [CHANNEL] = 3, [DECIDEGREES] = 1800,
};

struct schema {
    uint8_t op;
    uint8_t kinds[ARGUMENTS_MAX + 2];   /* ended by END */
};

static const struct schema schemas[] = {
    {OP_PLAY, {U16, U16, LEASE}},
    {OP_LIGHT, {U8, BYTES3, U8, U16, LEASE}},
    {OP_SERVO, {CHANNEL, DECIDEGREES, U16, LEASE}},
    {OP_RUN, {U8, U32, LEASE}},
    {OP_STOP, {END}},
    {OP_RENEW, {LEASE}},
    {OP_ASSET, {U16, U32, BYTES32}},
    {OP_CHUNK, {U16, U32, BYTES220}},
    {OP_COMMIT, {U16}},
    {OP_QUERY, {END}},
    {OP_REKEY, {U8, U8, BYTES32}},
    {OP_IDENTIFY, {U16}},
    {OP_PUPPET, {U16, U8, U8, U16, U16, LEASE}},
    {OP_FORGET, {U8}},
    {OP_SET, {U8, U32}},
    {OP_GET, {U8}},
};

static const struct schema *find_schema(uint32_t op)
{
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++)
        if (schemas[i].op == op)
            return &schemas[i];
    return NULL;
}

struct arguments {
    uint32_t number[ARGUMENTS_MAX];     /* without the lease */
    const uint8_t *bytes;
    size_t bytes_len;
    bool has_lease;
    uint32_t lease;
};

static bool read_bytes(struct cbor_reader *reader, enum kind kind, struct arguments *arguments)
{
    size_t min = kind == BYTES3 ? 3 : kind == BYTES32 ? 32 : 1;
    size_t max = kind == BYTES220 ? 220 : min;

    return cbor_read_bytes(reader, min, max, &arguments->bytes, &arguments->bytes_len);
}

/* Reads `count` items by the schema; `leased` says whether a lease belongs to it (in a cue it does not). */
static bool read_arguments(struct cbor_reader *reader, const struct schema *schema, size_t count, bool leased,
                           struct arguments *arguments)
{
    size_t numbers = 0;

    *arguments = (struct arguments){.bytes = reader->at};
    for (const uint8_t *kind = schema->kinds; *kind != END; kind++) {
        if (*kind == LEASE && !leased)
            break;
        if (count-- == 0)
            return false;
        if (*kind == LEASE) {
            arguments->has_lease = true;
            if (!cbor_read_uint(reader, UINT8_MAX, &arguments->lease))
                return false;
        } else if (*kind >= BYTES3) {
            if (!read_bytes(reader, *kind, arguments))
                return false;
        } else if (!cbor_read_uint(reader, uint_max[*kind], &arguments->number[numbers++])) {
            return false;
        }
    }
    return count == 0;
}

static void make_action(uint8_t op, const struct arguments *arguments, struct action *action)
{
    const uint32_t *number = arguments->number;

    action->op = op;
    switch (op) {
    case OP_PLAY:
        action->play.asset = (uint16_t)number[0];
        action->play.duration_ms = (uint16_t)number[1];
        break;
    case OP_LIGHT:
        action->light.pattern = (uint8_t)number[0];
        memcpy(action->light.rgb, arguments->bytes, sizeof action->light.rgb);
        action->light.brightness = (uint8_t)number[1];
        action->light.period_ms = (uint16_t)number[2];
        break;
    case OP_SERVO:
        action->servo.channel = (uint8_t)number[0];
        action->servo.decidegrees = (uint16_t)number[1];
        action->servo.ramp_ms = (uint16_t)number[2];
        break;
    default:
        action->puppet.sprite = (uint16_t)number[0];
        action->puppet.motion = (uint8_t)number[1];
        action->puppet.amplitude = (uint8_t)number[2];
        action->puppet.period_ms = (uint16_t)number[3];
        action->puppet.duration_ms = (uint16_t)number[4];
        break;
    }
}

static bool is_output(uint32_t op)
{
    return op == OP_PLAY || op == OP_LIGHT || op == OP_SERVO || op == OP_PUPPET;
}

bool command_next_cue(struct cbor_reader *reader, struct cue *cue)
{
    struct arguments arguments;
    uint32_t dt, op;
    size_t count;

    if (!cbor_read_array(reader, &count) || count < 2 || !cbor_read_uint(reader, UINT16_MAX, &dt) ||
        !cbor_read_uint(reader, UINT8_MAX, &op) || !is_output(op) ||
        !read_arguments(reader, find_schema(op), count - 2, false, &arguments))
        return false;
    cue->dt_ms = (uint16_t)dt;
    make_action((uint8_t)op, &arguments, &cue->action);
    return true;
}

static bool decode_cues(struct cbor_reader *reader, size_t count, struct command *command)
{
    struct cue cue;

    if (count < 3 || count > 2 + CUES_MAX || !cbor_read_uint(reader, UINT8_MAX, &command->number[0]) ||
        !cbor_read_uint(reader, UINT8_MAX, &command->number[1]))
        return false;
    command->cues = *reader;
    command->cue_count = (uint8_t)(count - 2);
    for (size_t i = 0; i < command->cue_count; i++)
        if (!command_next_cue(reader, &cue))
            return false;
    return true;
}

static bool decode_plain(struct cbor_reader *reader, const struct schema *schema, size_t count, struct command *command)
{
    struct arguments arguments;

    if (!read_arguments(reader, schema, count, true, &arguments))
        return false;
    command->has_lease = arguments.has_lease;
    command->lease = (uint8_t)arguments.lease;
    command->bytes = arguments.bytes;
    command->bytes_len = arguments.bytes_len;
    memcpy(command->number, arguments.number, sizeof command->number);
    if (is_output(command->op))
        make_action(command->op, &arguments, &command->action);
    return true;
}

enum command_result command_decode(const uint8_t *payload, size_t len, struct command *command)
{
    struct cbor_reader reader = {payload, payload + len};
    size_t count;
    uint32_t op;

    memset(command, 0, sizeof *command);
    if (!cbor_read_array(&reader, &count) || count == 0 || !cbor_read_uint(&reader, UINT32_MAX, &op))
        return COMMAND_MALFORMED;
    count--;

    const struct schema *schema = find_schema(op);
    enum command_result result = COMMAND_GOOD;
    bool good;

    command->op = (uint8_t)op;
    if (op == OP_CUES) {
        good = decode_cues(&reader, count, command);
    } else if (schema != NULL) {
        good = decode_plain(&reader, schema, count, command);
    } else {
        result = COMMAND_UNKNOWN;
        good = cbor_skip(&reader, count);
    }
    return good && reader.at == reader.end ? result : COMMAND_MALFORMED;
}
