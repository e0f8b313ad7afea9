/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairing: for a minute after a hold, one host may come by a key of its own. Both sides send fresh X25519 keys; the device
 * commits to its nonce before it learns the host's; both show six digits that a person compares, agrees to at the host and
 * confirms by a press. docs/link.md has the frames.
 */
#ifndef CUELIGHT_PAIRING_H
#define CUELIGHT_PAIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session.h"
#include "x25519.h"

#define PAIRING_WINDOW_US 60000000u
#define PAIRING_NONCE 16u
#define PAIRING_COMMITMENT 16u
#define PAIRING_FRAME_MAX 51u
#define PAIRING_CONTEXT 13u             /* dev_id, inst_id, slot */

enum pairing_step {
    PAIRING_HOST_KEY = 1,
    PAIRING_DEVICE_KEY = 2,
    PAIRING_HOST_NONCE = 3,
    PAIRING_DEVICE_NONCE = 4,
    PAIRING_HOST_TAG = 5,
    PAIRING_DEVICE_TAG = 6,
};

/* What both sides have seen, in the order in which it is hashed. */
struct pairing_transcript {
    uint8_t device_key[X25519_BYTES];
    uint8_t host_key[X25519_BYTES];
    uint8_t device_nonce[PAIRING_NONCE];
    uint8_t host_nonce[PAIRING_NONCE];
    uint8_t context[PAIRING_CONTEXT];
};

struct pairing {
    bool open;                          /* the window */
    bool attempt;                       /* a host has sent its key */
    uint8_t link;                       /* its link; also of the frame that waits */
    uint8_t expected;                   /* the host's next step; 0: none */
    uint8_t answer;                     /* the device's step that waits for a product; 0: none */
    bool agreed, pressed, shown;
    enum { PAIRING_NO_WORK, PAIRING_PUBLIC, PAIRING_SHARED } work;
    bool has_product;                   /* the last work is done */
    bool is_secret;                     /* and the point had a good order */
    uint64_t end_us;                    /* of the window */
    uint64_t shown_us;                  /* since when the digits are */
    struct x25519 product;
    struct pairing_transcript seen;
    uint8_t secret[X25519_BYTES];
    uint8_t key[SESSION_KEY];           /* the shared secret, then what it gives */
    uint8_t out_len;                    /* of the frame that waits for a credit; 0: none */
    uint8_t out[PAIRING_FRAME_MAX];
};

struct cuelight;

/* Opens the window, anew if it was; every session ends. */
void pairing_open(struct cuelight *device, uint64_t now_us);

/* Closes it and leaves no secret behind. */
void pairing_close(struct pairing *pairing);

/* True when a frame on a link in the state LINK was pairing's, good or not. */
bool pairing_received(struct cuelight *device, uint8_t link, const uint8_t *data, size_t len, uint64_t now_us);

/* The link has left the state LINK. */
void pairing_link_over(struct pairing *pairing, uint8_t link);

/* Contact 0 was pressed at that time. True: that confirmed a pairing. */
bool pairing_pressed(struct cuelight *device, uint64_t at_us);

/* Does some of the arithmetic that is due, a millisecond's worth. */
void pairing_work(struct pairing *pairing);

/* Answers, shows and ends what is due; returns when it next wants to, or CUELIGHT_NEVER. */
uint64_t pairing_poll(struct cuelight *device, uint64_t now_us);

/* The key schedule, for itself. */
void pairing_commit(const struct pairing_transcript *seen, uint8_t commitment[PAIRING_COMMITMENT]);
uint32_t pairing_code(const struct pairing_transcript *seen);
void pairing_key(const struct pairing_transcript *seen, const uint8_t secret[X25519_BYTES], uint8_t key[SESSION_KEY]);
void pairing_tag(const uint8_t key[SESSION_KEY], const char *label, uint8_t tag[SESSION_TAG]);

#endif
