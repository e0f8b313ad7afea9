/* SPDX-License-Identifier: Apache-2.0
 *
 * Animations and sprites by id, and their upload: 0x0000 built-in animations, 0x0100 built-in sprites, from 0x0200
 * uploaded ones.
 */
#ifndef CUELIGHT_ASSETS_H
#define CUELIGHT_ASSETS_H

#include "animation.h"
#include "hal.h"
#include "sha256.h"

#define ASSET_FIRST_SPRITE 0x0100u
#define ASSET_FIRST_UPLOADED 0x0200u

/* An upload under way. Its bytes are with the board; they are checked where they lie before they become an asset. */
struct upload {
    bool open;
    uint8_t link;
    uint16_t id;
    uint32_t length;
    uint32_t written;
    uint8_t sha256[SHA256_BYTES];
};

/* The bytes of an asset of that kind, or NULL. */
const uint8_t *asset_find(const struct cuelight_hal *hal, uint16_t id, enum asset_kind kind, size_t *len);

/* Each returns an enum ack_code. */
uint8_t upload_begin(struct upload *upload, const struct cuelight_hal *hal, uint8_t link, uint16_t id, uint32_t length,
                     const uint8_t sha256[SHA256_BYTES]);
uint8_t upload_chunk(struct upload *upload, const struct cuelight_hal *hal, uint8_t link, uint16_t id, uint32_t offset,
                     const uint8_t *data, size_t len);
uint8_t upload_commit(struct upload *upload, const struct cuelight_hal *hal, uint8_t link, uint16_t id);

/* The session behind the upload ended. */
void upload_forget(struct upload *upload, uint8_t link);

#endif
