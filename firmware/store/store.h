/* SPDX-License-Identifier: Apache-2.0
 *
 * A log-structured store in raw flash: small records by key, and assets that lie in one piece.
 *
 * Made for flash that is programmed once per 8-byte double word between erases (STM32L4, STM32WB: ECC per double word).
 * Every change is one step: after a power cut at any program or erase, the old or the new value is read, never a mix.
 *
 * On flash, little-endian. The area is two halves of whole pages; one is in use, the other takes the live entries when
 * the first is full.
 *   half  = "CLS1" | sequence u32 | crc32 of those u32 | ~crc32 u32 | entry*       (written last when a half is filled)
 *   entry = kind u8 | key u16 | length u24 | crc16 of those u16 | data, padded with 0xFF to 8 | crc32 u32 | ~crc32 u32
 * An entry counts when its last double word is there: crc32 is over the first double word and the data, unpadded. Of two
 * entries with one kind and key the later one counts; a record of length 0 says that there is none. What does not look
 * like an entry is skipped by double words; the log ends at the first erased one.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole porting layer. Offsets are from the start of the area. */
struct store_flash {
    void *ctx;
    const uint8_t *base; /* the area as the CPU reads it */
    uint32_t page_size;  /* a multiple of 8 */
    uint32_t pages;      /* even */
    /* False: the bytes cannot be read (a double ECC error). */
    bool (*read)(void *ctx, uint32_t offset, uint8_t *out, size_t length);
    /* Whole, erased double words, in order. False: stopped at one that could not be programmed. */
    bool (*program)(void *ctx, uint32_t offset, const uint8_t *data, size_t length);
    bool (*erase)(void *ctx, uint32_t page);
};

struct store {
    struct store_flash flash;
    uint32_t half_size;
    uint32_t half; /* offset of the half in use */
    uint32_t sequence;
    uint32_t tail; /* where the next entry goes, within the half */
    uint32_t live; /* bytes of the entries that count */
    struct {
        uint32_t at; /* 0: no upload */
        uint32_t length;
        uint32_t written;
        uint32_t crc;
        uint8_t unit[8]; /* bytes that do not fill a double word yet */
    } upload;
};

/* Finds the half in use, or makes an empty store. False: the flash cannot be written. */
bool store_mount(struct store *store, const struct store_flash *flash);

/* Length of the record; 0 when there is none or it is longer than `capacity`. */
size_t store_load(const struct store *store, uint16_t key, uint8_t *out, size_t capacity);

/* Length 0 erases; `data` may be NULL then. False: the old value stands. */
bool store_save(struct store *store, uint16_t key, const uint8_t *data, size_t length);

/* The bytes of a committed asset where they lie, or NULL. They stay there until the second compaction from now. */
const uint8_t *store_asset(const struct store *store, uint16_t id, size_t *length);

/* An upload, written in order. Beginning one drops an unfinished one and, when room is short, the oldest assets. */
bool store_upload_begin(struct store *store, uint16_t id, uint32_t length);
bool store_upload_write(struct store *store, uint32_t offset, const uint8_t *data, size_t length);
const uint8_t *store_upload_bytes(const struct store *store);
bool store_upload_commit(struct store *store);

/* Bytes left for more, once what was erased or replaced has made room. */
uint32_t store_free(const struct store *store);

/* Erases everything but the record `kept` and the records from `first_kept` on, in one step; nothing of it can be read
 * out afterwards. False: everything stands. */
bool store_reset(struct store *store, uint16_t kept, uint16_t first_kept);

/* Copies the live entries to the other half and erases this one, so that nothing erased or replaced can be read out. */
bool store_scrub(struct store *store);

#endif
