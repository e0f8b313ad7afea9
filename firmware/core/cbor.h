/* SPDX-License-Identifier: Apache-2.0
 *
 * Deterministic CBOR (RFC 8949, section 4.2.1), the part CLP/1 speaks: integers, strings, arrays and simple values.
 * The reader refuses every other spelling: long integers, indefinite lengths, maps, tags, floats.
 */
#ifndef CUELIGHT_CBOR_H
#define CUELIGHT_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cbor_reader {
    const uint8_t *at;
    const uint8_t *end;
};

/* Each reads one item and moves on; false, with the position lost, when the next item is not that or not in range. */
bool cbor_read_uint(struct cbor_reader *reader, uint32_t max, uint32_t *value);
bool cbor_read_bytes(struct cbor_reader *reader, size_t min, size_t max, const uint8_t **bytes, size_t *len);
bool cbor_read_array(struct cbor_reader *reader, size_t *count);

/* Passes over `count` items of any kind, arrays up to four deep. */
bool cbor_skip(struct cbor_reader *reader, size_t count);

struct cbor_writer {
    uint8_t *at;
    uint8_t *end;
};

/* Each appends one head or item; what does not fit is a mistake of the caller and is left out. */
void cbor_write_uint(struct cbor_writer *writer, uint32_t value);
void cbor_write_array(struct cbor_writer *writer, uint32_t count);
void cbor_write_bytes_head(struct cbor_writer *writer, uint32_t len);

#endif
