/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"

enum major { UINT = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, SIMPLE = 7 };
enum simple { SIMPLE_FALSE = 20, SIMPLE_NULL = 22 };
enum { ONE_BYTE_FOLLOWS = 24, EIGHT_BYTES_FOLLOW = 27, SKIP_DEPTH = 4 };

static size_t left(const struct cbor_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* The head of an item: its major type and argument, the latter in its shortest form only. */
static bool read_head(struct cbor_reader *reader, uint8_t *major, uint64_t *argument)
{
    if (left(reader) == 0)
        return false;

    uint8_t first = *reader->at++;
    uint8_t info = first & 31u;

    *major = first >> 5;
    *argument = info;
    if (info < ONE_BYTE_FOLLOWS)
        return true;
    if (info > EIGHT_BYTES_FOLLOW)
        return false;

    size_t bytes = (size_t)1 << (info - ONE_BYTE_FOLLOWS);

    if (left(reader) < bytes)
        return false;
    *argument = 0;
    for (size_t i = 0; i < bytes; i++)
        *argument = *argument << 8 | *reader->at++;
    return bytes == 1 ? *argument >= ONE_BYTE_FOLLOWS : *argument >> (4 * bytes) != 0;
}

bool cbor_read_uint(struct cbor_reader *reader, uint32_t max, uint32_t *value)
{
    uint8_t major;
    uint64_t argument;

    if (!read_head(reader, &major, &argument) || major != UINT || argument > max)
        return false;
    *value = (uint32_t)argument;
    return true;
}

bool cbor_read_bytes(struct cbor_reader *reader, size_t min, size_t max, const uint8_t **bytes, size_t *len)
{
    uint8_t major;
    uint64_t argument;

    if (!read_head(reader, &major, &argument) || major != BYTES)
        return false;
    if (argument < min || argument > max || argument > left(reader))
        return false;
    *bytes = reader->at;
    *len = (size_t)argument;
    reader->at += argument;
    return true;
}

bool cbor_read_array(struct cbor_reader *reader, size_t *count)
{
    uint8_t major;
    uint64_t argument;

    if (!read_head(reader, &major, &argument) || major != ARRAY || argument > left(reader))
        return false;
    *count = (size_t)argument;
    return true;
}

bool cbor_skip(struct cbor_reader *reader, size_t count)
{
    size_t open[SKIP_DEPTH + 1] = {count};      /* items still to come, by depth */
    unsigned depth = 0;

    for (;;) {
        uint8_t major;
        uint64_t argument;

        while (open[depth] == 0) {
            if (depth == 0)
                return true;
            depth--;
        }
        open[depth]--;
        if (!read_head(reader, &major, &argument))
            return false;
        switch (major) {
        case UINT:
        case NEGATIVE:
            break;
        case BYTES:
        case TEXT:
            if (argument > left(reader))
                return false;
            reader->at += argument;
            break;
        case ARRAY:
            if (argument > left(reader) || depth == SKIP_DEPTH)
                return false;
            open[++depth] = (size_t)argument;
            break;
        case SIMPLE:
            if (argument < SIMPLE_FALSE || argument > SIMPLE_NULL)
                return false;
            break;
        default:
            return false;
        }
    }
}

static void write_byte(struct cbor_writer *writer, uint8_t byte)
{
    if (writer->at < writer->end)
        *writer->at++ = byte;
}

static void write_head(struct cbor_writer *writer, enum major major, uint32_t argument)
{
    uint8_t type = (uint8_t)((unsigned)major << 5);
    unsigned bytes = argument < ONE_BYTE_FOLLOWS ? 0 : argument < 0x100 ? 1 : argument < 0x10000 ? 2 : 4;

    if (bytes == 0) {
        write_byte(writer, (uint8_t)(type | argument));
        return;
    }
    write_byte(writer, (uint8_t)(type | (ONE_BYTE_FOLLOWS + bytes / 2)));
    while (bytes-- > 0)
        write_byte(writer, (uint8_t)(argument >> (8 * bytes)));
}

void cbor_write_uint(struct cbor_writer *writer, uint32_t value)
{
    write_head(writer, UINT, value);
}

void cbor_write_array(struct cbor_writer *writer, uint32_t count)
{
    write_head(writer, ARRAY, count);
}

void cbor_write_bytes_head(struct cbor_writer *writer, uint32_t len)
{
    write_head(writer, BYTES, len);
}
