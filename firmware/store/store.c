/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <string.h>

enum {
    UNIT = 8,
    HALF_HEADER = 2 * UNIT,
    RECORD = 'R',
    ASSET = 'A',
    RECORD_MAX = 255,
    RECORD_SPACE = 256,
    /* Room that assets leave to records, so that an upload can never keep a key from being saved. */
    RECORD_ROOM = 2048,
    CHUNK = 64,
};

#define LENGTH_MAX 0xFFFFFFu

struct entry {
    uint8_t kind;
    uint16_t key;
    uint32_t length;
    uint8_t header[UNIT];
};

/* ---- Bytes ---- */

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get32(const uint8_t *bytes)
{
    return get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

static void put32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

/* CRC-32/ISO-HDLC without its final inversion, so that it can be continued. Starts at ~0. */
static uint32_t crc32_more(uint32_t crc, const uint8_t *data, size_t length)
{
    static const uint32_t nibble[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    for (size_t i = 0; i < length; i++) {
        crc = crc >> 4 ^ nibble[(crc ^ data[i]) & 15];
        crc = crc >> 4 ^ nibble[(crc ^ (uint32_t)data[i] >> 4) & 15];
    }
    return crc;
}

/* CRC-16/CCITT-FALSE */
static uint16_t crc16(const uint8_t *data, size_t length)
{
    uint32_t crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= (uint32_t)data[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
    }
    return (uint16_t)(crc & 0xFFFF);
}

static void seal(uint8_t *unit, uint32_t crc)
{
    put32(unit, crc);
    put32(unit + 4, ~crc);
}

static bool sealed(const uint8_t *unit)
{
    return get32(unit) == ~get32(unit + 4);
}

static bool erased(const uint8_t *unit)
{
    for (int i = 0; i < UNIT; i++)
        if (unit[i] != 0xFF)
            return false;
    return true;
}

static uint32_t padded(uint32_t length)
{
    return (length + UNIT - 1) / UNIT * UNIT;
}

static uint32_t entry_size(uint32_t length)
{
    return UNIT + padded(length) + UNIT;
}

/* ---- Entries ---- */

static bool read_at(const struct store *store, uint32_t at, uint8_t *out, size_t length)
{
    return store->flash.read(store->flash.ctx, store->half + at, out, length);
}

static bool program_at(const struct store *store, uint32_t at, const uint8_t *data, size_t length)
{
    return store->flash.program(store->flash.ctx, store->half + at, data, length);
}

enum found { ENTRY, JUNK, END };

static enum found parse(const struct store *store, uint32_t at, struct entry *entry)
{
    if (at + 2 * UNIT > store->half_size)
        return END;
    if (!read_at(store, at, entry->header, UNIT))
        return JUNK;
    if (erased(entry->header))
        return END;
    if (crc16(entry->header, 6) != get16(entry->header + 6))
        return JUNK;
    entry->kind = entry->header[0];
    entry->key = get16(entry->header + 1);
    entry->length = get16(entry->header + 3) | (uint32_t)entry->header[5] << 16;
    return at + entry_size(entry->length) <= store->half_size ? ENTRY : JUNK;
}

/* Steps from `at` to the first entry at or after it. False: the log ends there, and `at` says where. */
static bool seek(const struct store *store, uint32_t *at, struct entry *entry)
{
    for (;;) {
        enum found found = parse(store, *at, entry);
        if (found != JUNK)
            return found == ENTRY;
        *at += UNIT;
    }
}

static uint32_t after(uint32_t at, const struct entry *entry)
{
    return at + entry_size(entry->length);
}

/* The seal is programmed after the data has been; it alone says that the entry counts. */
static bool committed(const struct store *store, uint32_t at, const struct entry *entry, uint32_t *crc)
{
    uint8_t unit[UNIT];
    if (!read_at(store, at + UNIT + padded(entry->length), unit, UNIT) || !sealed(unit))
        return false;
    *crc = get32(unit);
    return true;
}

static bool intact(const struct store *store, uint32_t at, const struct entry *entry)
{
    uint8_t chunk[CHUNK];
    uint32_t wanted;
    if (!committed(store, at, entry, &wanted))
        return false;
    uint32_t crc = crc32_more(~0u, entry->header, UNIT);
    for (uint32_t done = 0; done < entry->length;) {
        uint32_t length = entry->length - done < CHUNK ? entry->length - done : CHUNK;
        if (!read_at(store, at + UNIT + done, chunk, length))
            return false;
        crc = crc32_more(crc, chunk, length);
        done += length;
    }
    return crc == wanted;
}

/* Where the entry that counts for `key` lies, from `at` on; 0: there is none. */
static uint32_t find(const struct store *store, uint32_t at, uint8_t kind, uint16_t key, struct entry *entry)
{
    uint32_t result = 0;
    struct entry candidate;
    for (; seek(store, &at, &candidate); at = after(at, &candidate)) {
        if (candidate.kind != kind || candidate.key != key || !intact(store, at, &candidate))
            continue;
        *entry = candidate;
        result = at;
    }
    return result;
}

static bool superseded(const struct store *store, uint32_t at, const struct entry *entry)
{
    struct entry later;
    for (uint32_t next = after(at, entry); seek(store, &next, &later); next = after(next, &later))
        if (later.kind == entry->kind && later.key == entry->key && intact(store, next, &later))
            return true;
    return false;
}

static bool live(const struct store *store, uint32_t at, const struct entry *entry)
{
    return (entry->kind == ASSET || entry->length > 0) && intact(store, at, entry) && !superseded(store, at, entry);
}

/* ---- Halves ---- */

static bool read_half(const struct store *store, uint32_t half, uint32_t *sequence)
{
    uint8_t header[HALF_HEADER];
    if (!store->flash.read(store->flash.ctx, half, header, sizeof header))
        return false;
    *sequence = get32(header + 4);
    return memcmp(header, "CLS1", 4) == 0 && sealed(header + UNIT) &&
           get32(header + UNIT) == crc32_more(~0u, header, UNIT);
}

static bool write_half(struct store *store, uint32_t half, uint32_t sequence)
{
    uint8_t header[HALF_HEADER] = {'C', 'L', 'S', '1'};
    put32(header + 4, sequence);
    seal(header + UNIT, crc32_more(~0u, header, UNIT));
    return store->flash.program(store->flash.ctx, half, header, sizeof header);
}

static bool erase_half(struct store *store, uint32_t half)
{
    uint32_t first = half / store->flash.page_size;
    for (uint32_t page = 0; page < store->flash.pages / 2; page++)
        if (!store->flash.erase(store->flash.ctx, first + page))
            return false;
    return true;
}

static bool copy(struct store *store, uint32_t at, uint32_t size, uint32_t target)
{
    uint8_t chunk[CHUNK];
    for (uint32_t done = 0; done < size;) {
        uint32_t length = size - done < CHUNK ? size - done : CHUNK;
        if (!read_at(store, at + done, chunk, length) ||
            !store->flash.program(store->flash.ctx, target + done, chunk, length))
            return false;
        done += length;
    }
    return true;
}

/* Of the entries of a kind, or 0 for all. */
static uint32_t live_size(const struct store *store, uint8_t kind)
{
    struct entry entry;
    uint32_t size = 0;
    for (uint32_t at = HALF_HEADER; seek(store, &at, &entry); at = after(at, &entry))
        if ((kind == 0 || entry.kind == kind) && live(store, at, &entry))
            size += entry_size(entry.length);
    return size;
}

/* What a compaction leaves out of what lives. */
struct leave_out {
    uint32_t asset_bytes; /* at least as many, of the oldest assets */
    bool reset;           /* everything but the two below */
    uint16_t kept, first_kept;
};

static bool leaves_out(struct leave_out *out, const struct entry *entry)
{
    if (out->reset)
        return entry->kind == ASSET || (entry->key != out->kept && entry->key < out->first_kept);
    if (entry->kind != ASSET || out->asset_bytes == 0)
        return false;
    uint32_t size = entry_size(entry->length);
    out->asset_bytes = out->asset_bytes > size ? out->asset_bytes - size : 0;
    return true;
}

/* Fills the other half with what lives, less what is left out, and takes it into use. The half header is written last:
 * until then a power cut leaves this half in use. */
static bool compact(struct store *store, struct leave_out *out)
{
    uint32_t half = store->half == 0 ? store->half_size : 0;
    uint32_t tail = HALF_HEADER;
    struct entry entry;
    store->upload.at = 0;
    if (!erase_half(store, half))
        return false;
    for (uint32_t at = HALF_HEADER; seek(store, &at, &entry); at = after(at, &entry)) {
        uint32_t size = entry_size(entry.length);
        if (!live(store, at, &entry) || leaves_out(out, &entry))
            continue;
        if (!copy(store, at, size, half + tail))
            return false;
        tail += size;
    }
    /* What the next mount will find decides, whatever the flash says of its success. */
    uint32_t sequence;
    (void)write_half(store, half, store->sequence + 1);
    if (!read_half(store, half, &sequence))
        return false;
    store->half = half;
    store->sequence++;
    store->tail = tail;
    store->live = tail - HALF_HEADER;
    return true;
}

static bool compact_all(struct store *store)
{
    struct leave_out nothing = {0};
    return compact(store, &nothing);
}

static bool room(const struct store *store, uint32_t size)
{
    return size <= store->half_size - store->tail;
}

/* The end of the log from `at` on, exactly as the next mount will find it. */
static void find_tail(struct store *store, uint32_t at)
{
    struct entry entry;
    while (seek(store, &at, &entry))
        at = after(at, &entry);
    store->tail = at;
}

static bool format(struct store *store, uint32_t half)
{
    store->half = half;
    store->sequence = 1;
    store->tail = HALF_HEADER;
    return erase_half(store, half) && write_half(store, half, store->sequence);
}

bool store_mount(struct store *store, const struct store_flash *flash)
{
    memset(store, 0, sizeof *store);
    store->flash = *flash;
    store->half_size = flash->page_size * (flash->pages / 2);
    uint32_t first, second;
    bool has_first = read_half(store, 0, &first);
    bool has_second = read_half(store, store->half_size, &second);
    if (!has_first && !has_second)
        return format(store, 0) || format(store, store->half_size);
    bool use_second = has_second && (!has_first || second - first < 0x80000000u);
    store->half = use_second ? store->half_size : 0;
    store->sequence = use_second ? second : first;
    find_tail(store, HALF_HEADER);
    store->live = live_size(store, 0);
    /* Erasing stalls the CPU: at start, with every output at rest, it is done in good time. A failure shows later. */
    if (!room(store, store->half_size / 8))
        (void)compact_all(store);
    return true;
}

/* ---- Records ---- */

size_t store_load(const struct store *store, uint16_t key, uint8_t *out, size_t capacity)
{
    struct entry entry;
    uint32_t at = find(store, HALF_HEADER, RECORD, key, &entry);
    if (at == 0 || entry.length > capacity || !read_at(store, at + UNIT, out, entry.length))
        return 0;
    return entry.length;
}

/* What an entry of this length adds to the ones that count; nothing, where it says that there is none. */
static uint32_t live_room(size_t length)
{
    return length > 0 ? entry_size((uint32_t)length) : 0;
}

static bool unchanged(const struct store *store, uint16_t key, const uint8_t *data, size_t length, uint32_t *old_room)
{
    uint8_t old[RECORD_MAX];
    size_t old_length = store_load(store, key, old, sizeof old);
    *old_room = live_room(old_length);
    return old_length == length && (length == 0 || memcmp(old, data, length) == 0);
}

static void make_header(uint8_t *unit, uint8_t kind, uint16_t key, uint32_t length)
{
    const uint8_t header[6] = {kind,
                               (uint8_t)(key & 0xFF),
                               (uint8_t)(key >> 8),
                               (uint8_t)(length & 0xFF),
                               (uint8_t)(length >> 8 & 0xFF),
                               (uint8_t)(length >> 16 & 0xFF)};
    memcpy(unit, header, sizeof header);
    uint16_t crc = crc16(header, sizeof header);
    unit[6] = (uint8_t)(crc & 0xFF);
    unit[7] = (uint8_t)(crc >> 8);
}

static bool append(struct store *store, const uint8_t *bytes, uint32_t size)
{
    uint32_t at = store->tail;
    uint32_t body = size - UNIT;
    if (!room(store, size))
        return false;
    if (program_at(store, at, bytes, body) && program_at(store, at + body, bytes + body, UNIT)) {
        store->tail = at + size;
        return true;
    }
    find_tail(store, at);
    return false;
}

bool store_save(struct store *store, uint16_t key, const uint8_t *data, size_t length)
{
    uint8_t bytes[UNIT + RECORD_SPACE + UNIT];
    if (length > RECORD_MAX)
        return false;
    uint32_t old_room;
    if (unchanged(store, key, data, length, &old_room))
        return true;
    uint32_t size = entry_size((uint32_t)length);
    memset(bytes, 0xFF, sizeof bytes);
    make_header(bytes, RECORD, key, (uint32_t)length);
    if (length > 0)
        memcpy(bytes + UNIT, data, length);
    seal(bytes + size - UNIT, crc32_more(~0u, bytes, UNIT + length));
    /* Full, or worn where the log ends: the other half has room and was erased just now. */
    if (!append(store, bytes, size) && !(compact_all(store) && append(store, bytes, size)))
        return false;
    store->live += live_room(length) - old_room;
    return true;
}

/* ---- Assets ---- */

const uint8_t *store_asset(const struct store *store, uint16_t id, size_t *length)
{
    struct entry entry;
    uint32_t at = find(store, HALF_HEADER, ASSET, id, &entry);
    if (at == 0)
        return NULL;
    *length = entry.length;
    return store->flash.base + store->half + at + UNIT;
}

static bool make_room(struct store *store, uint32_t size)
{
    uint32_t capacity = store->half_size - HALF_HEADER;
    uint32_t assets = live_size(store, ASSET);
    uint32_t wanted = store->live - assets + size + RECORD_ROOM;
    if (size > capacity || wanted > capacity)
        return false;
    struct leave_out out = {.asset_bytes = assets > capacity - wanted ? assets - (capacity - wanted) : 0};
    return compact(store, &out);
}

/* Programs the header, so that the log steps over the upload whether it is finished or not. */
static bool reserve(struct store *store, uint16_t id, uint32_t length)
{
    uint8_t header[UNIT];
    uint32_t at = store->tail;
    make_header(header, ASSET, id, length);
    if (!room(store, entry_size(length) + RECORD_ROOM))
        return false;
    if (!program_at(store, at, header, UNIT)) {
        find_tail(store, at);
        return false;
    }
    store->tail += entry_size(length);
    store->upload.at = at;
    store->upload.length = length;
    store->upload.written = 0;
    store->upload.crc = crc32_more(~0u, header, UNIT);
    return true;
}

bool store_upload_begin(struct store *store, uint16_t id, uint32_t length)
{
    store->upload.at = 0;
    if (length == 0 || length > LENGTH_MAX)
        return false;
    return reserve(store, id, length) || (make_room(store, entry_size(length)) && reserve(store, id, length));
}

/* Programs the double words that `unit` and `data` fill; at the end of the asset, also the last one, padded. */
static bool program_upload(struct store *store, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint32_t at = store->upload.written;
        store->upload.unit[at % UNIT] = data[i];
        store->upload.written++;
        if (store->upload.written % UNIT != 0 && store->upload.written != store->upload.length)
            continue;
        memset(store->upload.unit + at % UNIT + 1, 0xFF, UNIT - 1 - at % UNIT);
        if (!program_at(store, store->upload.at + UNIT + at / UNIT * UNIT, store->upload.unit, UNIT))
            return false;
    }
    store->upload.crc = crc32_more(store->upload.crc, data, length);
    return true;
}

bool store_upload_write(struct store *store, uint32_t offset, const uint8_t *data, size_t length)
{
    if (store->upload.at == 0 || offset != store->upload.written || length > store->upload.length - offset)
        return false;
    if (program_upload(store, data, length))
        return true;
    store->upload.at = 0;
    return false;
}

const uint8_t *store_upload_bytes(const struct store *store)
{
    if (store->upload.at == 0 || store->upload.written != store->upload.length)
        return NULL;
    return store->flash.base + store->half + store->upload.at + UNIT;
}

bool store_upload_commit(struct store *store)
{
    uint8_t end[UNIT];
    if (!store_upload_bytes(store))
        return false;
    uint32_t at = store->upload.at + UNIT + padded(store->upload.length);
    struct entry entry;
    size_t old_length = 0;
    (void)parse(store, store->upload.at, &entry);
    (void)store_asset(store, entry.key, &old_length);
    store->upload.at = 0;
    seal(end, store->upload.crc);
    if (!program_at(store, at, end, UNIT))
        return false;
    store->live += entry_size(store->upload.length) - live_room(old_length);
    return true;
}

uint32_t store_free(const struct store *store)
{
    return store->half_size - HALF_HEADER - store->live;
}

static uint32_t other_half(const struct store *store)
{
    return store->half == 0 ? store->half_size : 0;
}

bool store_reset(struct store *store, uint16_t kept, uint16_t first_kept)
{
    struct leave_out out = {.reset = true, .kept = kept, .first_kept = first_kept};
    if (!compact(store, &out))
        return false;
    /* Where this fails, the header that is still there has the lower sequence, and the next compaction erases it. */
    (void)erase_half(store, other_half(store));
    return true;
}

bool store_scrub(struct store *store)
{
    return compact_all(store) && erase_half(store, other_half(store));
}
