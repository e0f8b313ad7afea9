/* SPDX-License-Identifier: Apache-2.0 */
#include "assets.h"

#include <string.h>

#include "art.h"
#include "command.h"

const uint8_t *asset_find(const struct cuelight_hal *hal, uint16_t id, enum asset_kind kind, size_t *len)
{
    const uint8_t *data = NULL;

    if (id >= ASSET_FIRST_UPLOADED)
        data = hal->asset(hal->ctx, id, len);
    else if (id >= ASSET_FIRST_SPRITE)
        data = art_find(art_sprites, ART_SPRITES, id - ASSET_FIRST_SPRITE, len);
    else
        data = art_find(art_animations, ART_ANIMATIONS, id, len);
    return data != NULL && *len > 0 && data[0] == kind ? data : NULL;
}

static bool digest_is(const uint8_t *data, size_t len, const uint8_t sha256[SHA256_BYTES])
{
    struct sha256 hash;
    uint8_t digest[SHA256_BYTES];

    sha256_init(&hash);
    sha256_update(&hash, data, len);
    sha256_final(&hash, digest);
    return memcmp(digest, sha256, SHA256_BYTES) == 0;
}

uint8_t upload_begin(struct upload *upload, const struct cuelight_hal *hal, uint8_t link, uint16_t id, uint32_t length,
                     const uint8_t sha256[SHA256_BYTES])
{
    size_t stored_len = 0;

    if (id < ASSET_FIRST_UPLOADED)
        return ACK_DENIED;
    if (length == 0)
        return ACK_OUT_OF_RANGE;

    const uint8_t *stored = hal->asset(hal->ctx, id, &stored_len);

    if (stored != NULL && stored_len == length && digest_is(stored, stored_len, sha256))
        return ACK_ALREADY_PRESENT;
    upload->open = hal->asset_begin(hal->ctx, id, length);
    if (!upload->open)
        return ACK_STORE_FULL;
    upload->link = link;
    upload->id = id;
    upload->length = length;
    upload->written = 0;
    memcpy(upload->sha256, sha256, SHA256_BYTES);
    return ACK_OK;
}

static bool is_ours(const struct upload *upload, uint8_t link, uint16_t id)
{
    return upload->open && upload->link == link && upload->id == id;
}

uint8_t upload_chunk(struct upload *upload, const struct cuelight_hal *hal, uint8_t link, uint16_t id, uint32_t offset,
                     const uint8_t *data, size_t len)
{
    if (!is_ours(upload, link, id) || offset != upload->written)
        return ACK_OUT_OF_ORDER;
    if (len > upload->length - upload->written)
        return ACK_OUT_OF_RANGE;
    if (!hal->asset_write(hal->ctx, offset, data, len)) {
        upload->open = false;
        return ACK_STORE_FULL;
    }
    upload->written += (uint32_t)len;
    return ACK_OK;
}

uint8_t upload_commit(struct upload *upload, const struct cuelight_hal *hal, uint8_t link, uint16_t id)
{
    if (!is_ours(upload, link, id) || upload->written != upload->length)
        return ACK_OUT_OF_ORDER;
    upload->open = false;

    const uint8_t *staged = hal->asset_staged(hal->ctx);

    if (staged == NULL)
        return ACK_STORE_FULL;
    if (!digest_is(staged, upload->length, upload->sha256))
        return ACK_BAD_DIGEST;
    if (!asset_is_good(staged, upload->length))
        return ACK_OUT_OF_RANGE;
    return hal->asset_commit(hal->ctx) ? ACK_OK : ACK_STORE_FULL;
}

void upload_forget(struct upload *upload, uint8_t link)
{
    if (upload->link == link)
        upload->open = false;
}
