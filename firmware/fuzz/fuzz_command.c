/* SPDX-License-Identifier: Apache-2.0
 *
 * The decoder of payloads on anything: what it does not call malformed is one array in deterministic CBOR, judged by a
 * reader written apart from the device's, and neither less nor more of it would do.
 */
#include "check.h"
#include "command.h"
#include "fuzz.h"

enum { DEPTH = 8 };

/* The length of the item at the start, or 0 when it is not deterministic, not whole, or of a kind that CLP/1 lacks. */
static size_t item(const uint8_t *data, size_t len, int depth)
{
    uint64_t argument = 0;
    size_t head = 1;

    if (len == 0 || depth == DEPTH)
        return 0;
    uint8_t major = data[0] >> 5, low = data[0] & 31;
    if (low >= 28)
        return 0;
    if (low >= 24) {
        size_t bytes = (size_t)1 << (low - 24);
        if (len < 1 + bytes)
            return 0;
        for (size_t i = 0; i < bytes; i++)
            argument = argument << 8 | data[1 + i];
        if (argument < (bytes == 1 ? 24 : UINT64_C(1) << 4 * bytes))
            return 0;
        head += bytes;
    } else {
        argument = low;
    }
    if (major <= 1)
        return head;
    if (major <= 3)
        return argument <= len - head ? head + (size_t)argument : 0;
    if (major == 7)
        return low >= 20 && low <= 22 ? 1 : 0;
    if (major != 4)
        return 0;
    for (; argument > 0; argument--) {
        size_t size = item(data + head, len - head, depth + 1);
        if (size == 0)
            return 0;
        head += size;
    }
    return head;
}

static enum command_result decode(const uint8_t *data, size_t len)
{
    struct command command;
    return command_decode(data, len, &command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t longer[FUZZ_INPUT_MAX + 1];
    struct command command;
    struct cue cue;
    enum command_result result = command_decode(data, len, &command);

    if (result == COMMAND_MALFORMED)
        return 0;
    CHECK(data[0] >> 5 == 4 && item(data, len, 0) == len);
    CHECK_EQUAL(decode(data, len - 1), COMMAND_MALFORMED);
    memcpy(longer, data, len);
    longer[len] = 0;
    CHECK_EQUAL(decode(longer, len + 1), COMMAND_MALFORMED);
    if (result == COMMAND_UNKNOWN)
        return 0;
    for (uint8_t i = 0; i < command.cue_count; i++)
        CHECK(command_next_cue(&command.cues, &cue));
    CHECK(command.cue_count == 0 || command.cues.at == data + len);
    CHECK(command.bytes_len == 0 || (command.bytes >= data && command.bytes + command.bytes_len <= data + len));
    return 0;
}
