/* SPDX-License-Identifier: Apache-2.0
 *
 * A board that only remembers, with a host at the other end of each link that speaks CLP/1.
 */
#ifndef RIG_H
#define RIG_H

#include "check.h"
#include "cuelight.h"

#define RIG_RECORDS 32u
#define RIG_FRAMES 64u
#define RIG_ASSET_MAX 4096u
#define MS 1000u
#define SECONDS 1000000u

struct record { uint16_t key; size_t len; uint8_t data[64]; };
struct frame { size_t len; uint8_t data[64]; };
struct timeline_note { uint8_t timeline, what, index; uint32_t planned_ms, now_ms; };

/* The host's half of a session. */
struct host {
    struct frame sent[RIG_FRAMES];      /* by the device */
    unsigned sent_count, read;
    bool disconnected;
    uint8_t hello[14];
    uint8_t auth[19];
    struct hmac_key prk, h2d, d2h;
    uint32_t counter;                   /* of the last command */
    uint32_t events;                    /* counter the next event must have */
    uint64_t hello_us;
};

struct rig {
    struct cuelight device;
    struct cuelight_hal hal;
    struct cuelight_identity identity;
    uint64_t now_us, due_us;
    struct host host[CUELIGHT_LINKS];

    struct record records[RIG_RECORDS];
    unsigned writes;
    int fail_save_after;                /* writes that still succeed; -1: all */
    bool has_random;
    unsigned no_credit;                 /* sends to refuse */

    uint8_t asset[RIG_ASSET_MAX], staged[RIG_ASSET_MAX];
    size_t asset_len, staged_len;
    uint16_t asset_id, staged_id;       /* one asset is enough here */
    bool asset_fails;

    bool lit;
    uint8_t frame[128];
    unsigned frames;                    /* display() calls */
    uint8_t rgb[3];
    struct { uint16_t angle; bool enabled; } servo[CUELIGHT_SERVOS];
    bool safe;
    uint64_t lease_us;                  /* its end, as the board was told */
    uint8_t state, fault, safe_fault;
    struct timeline_note notes[256];
    unsigned note_count;
    bool callback_order_wrong;          /* something was on while the safe line was down */
};

extern const uint8_t rig_label_key[32];

/* A fresh board with an empty store, TRNG, and the label key. */
void rig_init(struct rig *rig);

/* The same store after a reset. */
void rig_restart(struct rig *rig, uint8_t reset_fault);

/* Lets time pass; the device is polled exactly when it asked to be. */
void rig_pass_ms(struct rig *rig, uint32_t ms);

/* Milliseconds on the session clock of a link. */
uint32_t rig_clock_ms(const struct rig *rig, uint8_t link);

/* Every output is off; a notice on the display does not count. */
bool rig_at_rest(const struct rig *rig);

/* Connects and subscribes; the host has read HELLO. */
void rig_subscribe(struct rig *rig, uint8_t link);

/* Builds AUTH into host->auth, sends it. */
void rig_auth(struct rig *rig, uint8_t link, uint8_t kid, uint8_t gen, const uint8_t psk[32]);

/* rig_subscribe, rig_auth with slot 0 gen 0, and the status read. */
void rig_open(struct rig *rig, uint8_t link);

/* Seals a payload with the next counter; with a tick when `tick` >= 0. The length of the frame. */
size_t rig_seal(struct rig *rig, uint8_t link, const uint8_t *payload, size_t len, int64_t tick, uint8_t *frame);

/* Sends a payload with the tick of now (or without); lets the device work. */
void rig_send(struct rig *rig, uint8_t link, const uint8_t *payload, size_t len, bool with_tick);

/* Sends an array of `count` integers, given as unsigned. */
void rig_command(struct rig *rig, uint8_t link, bool with_tick, unsigned count, ...);

/* The next frame from the device, whatever it is. Fails the test when there is none. */
const struct frame *rig_frame(struct rig *rig, uint8_t link);

/* The next event from the device, its tag and counter checked, as integers. Fails the test when there is none. */
unsigned rig_event(struct rig *rig, uint8_t link, uint32_t items[8]);
bool rig_has_event(const struct rig *rig, uint8_t link);

/* The next event must be an ack of the last command with this code. */
void rig_expect_ack(struct rig *rig, uint8_t link, uint8_t code);

/* The next frame must be ERR with this code. The gen hinted. */
uint8_t rig_expect_error(struct rig *rig, uint8_t link, uint8_t code);

/* Common commands, with the ack checked. Leases in units of 250 ms. */
void rig_play(struct rig *rig, uint16_t asset, uint16_t duration_ms, uint8_t lease);
void rig_light(struct rig *rig, uint8_t pattern, uint8_t r, uint8_t g, uint8_t b, uint8_t brightness, uint16_t period_ms,
               uint8_t lease);
void rig_servo(struct rig *rig, uint8_t channel, uint16_t decidegrees, uint16_t ramp_ms, uint8_t lease);
void rig_renew(struct rig *rig, uint8_t lease);

/* Payloads with byte strings. */
size_t rig_light_payload(uint8_t *out, uint8_t pattern, const uint8_t rgb[3], uint8_t brightness, uint16_t period_ms,
                         uint8_t lease);
size_t rig_bytes_payload(uint8_t *out, const uint32_t *items, unsigned count, const uint8_t *bytes, size_t len);

#endif
