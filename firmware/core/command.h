/* SPDX-License-Identifier: Apache-2.0
 *
 * Command payloads, exactly as firmware/link.cddl has them.
 */
#ifndef CUELIGHT_COMMAND_H
#define CUELIGHT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbor.h"

enum command_op {
    OP_PLAY = 1,
    OP_LIGHT = 2,
    OP_SERVO = 3,
    OP_CUES = 4,
    OP_RUN = 5,
    OP_STOP = 6,
    OP_RENEW = 7,
    OP_ASSET = 8,
    OP_CHUNK = 9,
    OP_COMMIT = 10,
    OP_QUERY = 11,
    OP_REKEY = 12,
    OP_IDENTIFY = 13,
    OP_PUPPET = 14,
    OP_FORGET = 15,
    OP_SET = 16,
    OP_GET = 17,
    OP_BUTTON = 32,
    OP_STATUS = 33,
    OP_ACK = 34,
    OP_DONE = 35,
    OP_VALUE = 36,
};

enum ack_code {
    ACK_OK = 0,
    ACK_UNSUPPORTED = 1,
    ACK_OUT_OF_RANGE = 2,
    ACK_UNKNOWN_ASSET = 3,
    ACK_STORE_FULL = 4,
    ACK_BAD_DIGEST = 5,
    ACK_OUT_OF_ORDER = 6,
    ACK_ALREADY_PRESENT = 7,
    ACK_STALE = 8,
    ACK_DENIED = 9,
};

enum done_code { DONE_COMPLETED = 0, DONE_STOPPED = 1, DONE_LEASE_ENDED = 2, DONE_REPLACED = 3 };

/* What an output is asked to do: a play, light, servo or puppet command without its lease; also one cue. */
struct action {
    uint8_t op;
    union {
        struct { uint16_t asset, duration_ms; } play;
        struct { uint8_t pattern, rgb[3], brightness; uint16_t period_ms; } light;
        struct { uint8_t channel; uint16_t decidegrees, ramp_ms; } servo;
        struct { uint16_t sprite; uint8_t motion, amplitude; uint16_t period_ms, duration_ms; } puppet;
    };
};

struct cue {
    uint16_t dt_ms;
    struct action action;
};

/* A decoded command. `action` is filled for the four output operations. `bytes` points into the payload. */
struct command {
    uint8_t op;
    bool has_lease;
    uint8_t lease;
    uint32_t number[3];                 /* the integers of the other operations, in the order of the schema */
    const uint8_t *bytes;
    size_t bytes_len;
    struct action action;
    struct cbor_reader cues;            /* at the first cue; they are known to be good */
    uint8_t cue_count;
};

enum command_result { COMMAND_GOOD, COMMAND_UNKNOWN, COMMAND_MALFORMED };

/* Decodes a whole payload. Unknown: deterministic CBOR with an operation this device does not have. */
enum command_result command_decode(const uint8_t *payload, size_t len, struct command *command);

/* The next cue of a decoded cues command. */
bool command_next_cue(struct cbor_reader *reader, struct cue *cue);

#endif
