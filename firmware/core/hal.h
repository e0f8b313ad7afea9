/* SPDX-License-Identifier: Apache-2.0
 *
 * What the core asks of a board, and the numbers both know.
 */
#ifndef CUELIGHT_HAL_H
#define CUELIGHT_HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUELIGHT_LINKS 2u       /* links are numbered 0 and 1 */
#define CUELIGHT_BUTTONS 4u     /* contacts are numbered 0 to 3 */
#define CUELIGHT_SERVOS 4u      /* channels are numbered 0 to 3 */
#define CUELIGHT_RX_MAX 244u    /* longest write the RX characteristic takes */
#define CUELIGHT_DISPLAY_BYTES 128u
#define CUELIGHT_NEVER UINT64_MAX

/* Numbers on the wire; firmware/link.cddl names the same ones. */
enum cuelight_state {
    CUELIGHT_BOOT = 0,
    CUELIGHT_SAFE = 1,
    CUELIGHT_LINK = 2,
    CUELIGHT_SESSION = 3,
    CUELIGHT_ACTIVE = 4,
};

/* Why the device went safe. The first nine and the last four are also the codes of an ERR frame. */
enum cuelight_fault {
    CUELIGHT_OK = 0,
    CUELIGHT_BAD_MAC = 1,
    CUELIGHT_MALFORMED = 2,
    CUELIGHT_WRONG_TYPE = 3,
    CUELIGHT_STALE = 4,         /* ERR only: a stale command is refused and the session goes on */
    CUELIGHT_AUTH_TIMEOUT = 5,
    CUELIGHT_IDLE_TIMEOUT = 6,
    CUELIGHT_UNKNOWN_KEY = 7,
    CUELIGHT_WRONG_GEN = 8,
    CUELIGHT_EXPIRED = 9,
    CUELIGHT_LINK_LOSS = 10,
    CUELIGHT_WATCHDOG = 11,
    CUELIGHT_BROWN_OUT = 12,
    CUELIGHT_STORE = 13,
    /* Of ERR frames again */
    CUELIGHT_PAIRING = 14,      /* the pairing window is open: sessions wait */
    CUELIGHT_PAIRING_CLOSED = 15,
    CUELIGHT_PAIRING_FAILED = 16,
    CUELIGHT_SLOTS_FULL = 17,
};

/* What the timeline() callback reports. */
enum cuelight_timeline_event { CUELIGHT_TIMELINE_START = 0, CUELIGHT_TIMELINE_CUE = 1, CUELIGHT_TIMELINE_END = 2 };

/* Keys of the small records the core keeps with load() and save(): 0x0000 to 0x00FF. The rest is the board's. */
enum cuelight_record {
    CUELIGHT_RECORD_INSTANCE = 0x0001,   /* inst_id, 4 bytes */
    CUELIGHT_RECORD_BOOTS = 0x0002,      /* boot count, 4 bytes big-endian; kept through a factory reset */
    CUELIGHT_RECORD_RANDOM = 0x0003,     /* K_rng, 32 bytes */
    CUELIGHT_RECORD_SETTINGS = 0x0004,   /* see settings.h */
    CUELIGHT_RECORD_KEY = 0x0010,        /* + slot: gen u8, PSK 32 bytes */
    CUELIGHT_RECORD_PENDING = 0x0014,    /* + slot: the same, until the first AUTH with it */
};

/* Everything the core asks of a board. Every callback must be set. `ctx` is handed back as it is. */
struct cuelight_hal {
    void *ctx;

    /* Notifies `frame` (at most 64 bytes) on TX of the link. False: no credit now; the core keeps the frame and tries
     * again at the next poll, so poll when credit comes back. A frame whose first byte is 0x40 is HELLO: when this
     * returns true for it, the session clock of the link is zero. */
    bool (*send)(void *ctx, uint8_t link, const uint8_t *frame, size_t len);
    /* Ends the connection; cuelight_link_down() follows when it is down. Frames already sent should still go out. */
    void (*disconnect)(void *ctx, uint8_t link);

    /* 32x32 pixels, 1 bit each, rows from the top, most significant bit left; NULL: display off. Called on change only;
     * the frame is only valid during the call. */
    void (*display)(void *ctx, const uint8_t *frame);
    /* Duty of each colour, 0 to 255, after gamma, brightness and cap; 0, 0, 0 is off. Called on change only. */
    void (*light)(void *ctx, uint8_t r, uint8_t g, uint8_t b);
    /* Angle of a channel, 0 to 1800; not enabled: stop the pulses, the angle says where it was left. On change only. */
    void (*servo)(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled);
    /* The safe line. True: motor driver enable low, everything at its resting level; the outputs above were put to rest
     * just before. It is true in every state but ACTIVE, also while identify flashes light and display in a session.
     * `fault` is the latched reason (enum cuelight_fault) and 0 when there is none; a board with retained memory may
     * keep it there and give it back as reset_fault. */
    void (*safe)(void *ctx, bool safe, uint8_t fault);
    /* When the lease ends, as it changes: absolute, or CUELIGHT_NEVER when there is none. Told before the safe line goes
     * down, and after it is up again. A board with a timer puts its outputs to rest at that time by itself, should the
     * caller of the core hang, and tells cuelight_cut(). */
    void (*lease)(void *ctx, uint64_t end_us);
    /* The state of the device (enum cuelight_state) and the latched fault. On change of either. */
    void (*state)(void *ctx, uint8_t state, uint8_t fault);
    /* For the record: what a running timeline does. `index` is the cue's (0 for start; number of cues acted for end).
     * Both times are on the session clock of the link that ran it. */
    void (*timeline)(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms);

    uint16_t (*millivolts)(void *ctx);                          /* of the battery */
    bool (*random)(void *ctx, uint8_t *out, size_t len);        /* false: this board has no TRNG, or it failed */

    /* Small records that survive a restart. load() gives the length of the record, 0 when there is none or when it
     * is longer than `cap`. save() replaces it in one step (after a power cut the old or the new value); len 0 erases. */
    size_t (*load)(void *ctx, uint16_t key, uint8_t *out, size_t cap);
    bool (*save)(void *ctx, uint16_t key, const uint8_t *data, size_t len);
    uint32_t (*free_bytes)(void *ctx);                          /* for more of records and assets */
    /* Factory reset: erases every asset and every record of the core but CUELIGHT_RECORD_BOOTS, in one step: after a
     * power cut all of them are there or none. False: they are all there. */
    bool (*reset)(void *ctx);

    /* Uploaded assets, ids from 0x0200. asset() gives the bytes where they lie, or NULL; they stay put until the
     * next asset_begin() or asset_commit(). */
    const uint8_t *(*asset)(void *ctx, uint16_t id, size_t *len);
    bool (*asset_begin)(void *ctx, uint16_t id, uint32_t len);  /* stages an upload, dropping an unfinished one; false: full */
    bool (*asset_write)(void *ctx, uint32_t offset, const uint8_t *data, size_t len);  /* in order; within begin's len */
    const uint8_t *(*asset_staged)(void *ctx);                  /* the staged bytes where they lie, all written; or NULL */
    bool (*asset_commit)(void *ctx);                            /* the staged bytes become the asset, in one step */
};

/* Who the board is and how it came up. */
struct cuelight_identity {
    uint8_t dev_id[8];
    const uint8_t *label_key;   /* 32 bytes written to slot 0 (gen 0) when no slot holds a key; or NULL. They stay put */
    bool small_display;         /* it shows one point for 4x4 of its 32x32 pixels */
    uint8_t reset_fault;        /* 0, or why the last run ended: watchdog, brown-out, or the fault kept through reset */
};

#endif
