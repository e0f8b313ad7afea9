/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum { LINE = 512, FRAME = 128 };

/* One write for a whole line: a reader that follows the file never sees half of one. */
__attribute__((format(printf, 3, 4))) static void write_line(struct record *record, uint64_t at_us, const char *format, ...)
{
    char line[LINE];
    int length = snprintf(line, sizeof line, "{\"t_us\":%" PRIu64 ",", at_us);
    va_list arguments;
    if (!record->booted)
        return;
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
    va_end(arguments);
    length += snprintf(line + length, sizeof line - (size_t)length, "}\n");
    if (write(record->file, line, (size_t)length) != length)
        perror("cuelight-native: the record cannot be written");
}

static void hex(char *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static const char *state_name(uint8_t state)
{
    static const char *const names[] = {"boot", "safe", "link", "session", "active"};
    return state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static const char *fault_name(uint8_t fault)
{
    static const char *const names[] = {
        "none",        "bad_mac",   "malformed", "wrong_type", "stale",    "auth_timeout", "idle_timeout",
        "unknown_key", "wrong_gen", "expired",   "link_loss",  "watchdog", "brown_out",    "store",
    };
    return fault < sizeof names / sizeof names[0] ? names[fault] : "unknown";
}

bool record_open(struct record *record, const char *path)
{
    memset(record, 0, sizeof *record);
    record->safe = true;
    record->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return record->file >= 0;
}

static void write_state(struct record *record)
{
    write_line(record, clock_us(), "\"what\":\"state\",\"state\":\"%s\",\"fault\":\"%s\"", state_name(record->state),
               fault_name(record->fault));
}

static void write_safe(struct record *record, uint8_t fault)
{
    write_line(record, clock_us(), "\"what\":\"safe\",\"safe\":%s,\"fault\":\"%s\"", record->safe ? "true" : "false",
               fault_name(fault));
}

void record_boot(struct record *record, const char *version, const uint8_t dev_id[8], const uint8_t inst_id[4])
{
    char dev[17], inst[9];
    hex(dev, dev_id, 8);
    hex(inst, inst_id, 4);
    record->booted = true;
    write_line(record, clock_us(),
               "\"what\":\"boot\",\"board\":\"native\",\"version\":\"%s\",\"dev_id\":\"%s\",\"inst_id\":\"%s\"", version,
               dev, inst);
    write_state(record);
    write_safe(record, record->fault);
}

void record_hello(struct record *record, uint8_t link, uint64_t at_us)
{
    write_line(record, at_us, "\"what\":\"hello\",\"link\":%u", link);
}

void record_display(void *ctx, const uint8_t *frame)
{
    struct record *record = ctx;
    char pixels[2 * FRAME + 1];
    if (record->lit == (frame != NULL) && (!frame || memcmp(record->frame, frame, FRAME) == 0))
        return;
    record->lit = frame != NULL;
    if (!frame) {
        write_line(record, clock_us(), "\"what\":\"display\",\"frame\":null");
        return;
    }
    memcpy(record->frame, frame, FRAME);
    hex(pixels, frame, FRAME);
    write_line(record, clock_us(), "\"what\":\"display\",\"frame\":\"%s\"", pixels);
}

void record_light(void *ctx, uint8_t r, uint8_t g, uint8_t b)
{
    struct record *record = ctx;
    const uint8_t rgb[3] = {r, g, b};
    if (memcmp(record->rgb, rgb, sizeof rgb) == 0)
        return;
    memcpy(record->rgb, rgb, sizeof rgb);
    write_line(record, clock_us(), "\"what\":\"light\",\"rgb\":[%u,%u,%u]", r, g, b);
}

void record_servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    struct record *record = ctx;
    bool same_angle = record->servos[channel].decidegrees == decidegrees;
    if (record->servos[channel].enabled == enabled && (same_angle || !enabled))
        return;
    record->servos[channel].decidegrees = decidegrees;
    record->servos[channel].enabled = enabled;
    write_line(record, clock_us(), "\"what\":\"servo\",\"channel\":%u,\"decidegrees\":%u,\"enabled\":%s", channel,
               decidegrees, enabled ? "true" : "false");
}

void record_safe(void *ctx, bool safe, uint8_t fault)
{
    struct record *record = ctx;
    if (record->safe == safe)
        return;
    record->safe = safe;
    write_safe(record, fault);
}

void record_state(void *ctx, uint8_t state, uint8_t fault)
{
    struct record *record = ctx;
    if (record->state == state && record->fault == fault)
        return;
    record->state = state;
    record->fault = fault;
    write_state(record);
}

void record_timeline(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms)
{
    static const char *const events[] = {"start", "cue", "end"};
    struct record *record = ctx;
    if (what >= sizeof events / sizeof events[0])
        return;
    write_line(record, clock_us(),
               "\"what\":\"timeline\",\"timeline\":%u,\"event\":\"%s\",\"index\":%u,\"planned_ms\":%" PRIu32
               ",\"clock_ms\":%" PRIu32,
               timeline, events[what], index, planned_ms, now_ms);
}
