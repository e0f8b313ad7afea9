/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <string.h>

enum { LINE = 320, FRAME = 128 };

/* A line as it grows. What does not fit is cut; no line of this record comes near. */
struct line {
    char text[LINE];
    size_t length;
};

static void put_text(struct line *line, const char *text)
{
    while (*text && line->length < LINE - 1)
        line->text[line->length++] = *text++;
    line->text[line->length] = '\0';
}

static void put_number(struct line *line, uint64_t number)
{
    char digits[21];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    put_text(line, at);
}

static void put_hex(struct line *line, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++)
        put_text(line, (const char[]){digits[bytes[i] >> 4], digits[bytes[i] & 15], '\0'});
}

/* ,"name":number */
static void put_field(struct line *line, const char *name, uint64_t number)
{
    put_text(line, ",\"");
    put_text(line, name);
    put_text(line, "\":");
    put_number(line, number);
}

/* ,"name":"text" */
static void put_string(struct line *line, const char *name, const char *text)
{
    put_text(line, ",\"");
    put_text(line, name);
    put_text(line, "\":\"");
    put_text(line, text);
    put_text(line, "\"");
}

static void begin(const struct record *record, struct line *line, const char *what)
{
    line->length = 0;
    put_text(line, "{\"t_us\":");
    put_number(line, record->clock_us());
    put_string(line, "what", what);
}

static void end(const struct record *record, struct line *line)
{
    put_text(line, "}\n");
    if (record->booted)
        record->write(line->text);
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

void record_init(struct record *record, void (*write)(const char *line), uint64_t (*clock_us)(void))
{
    memset(record, 0, sizeof *record);
    record->write = write;
    record->clock_us = clock_us;
    record->safe = true;
}

static void write_state(const struct record *record)
{
    struct line line;
    begin(record, &line, "state");
    put_string(&line, "state", state_name(record->state));
    put_string(&line, "fault", fault_name(record->fault));
    end(record, &line);
}

static void write_safe(const struct record *record, uint8_t fault)
{
    struct line line;
    begin(record, &line, "safe");
    put_text(&line, record->safe ? ",\"safe\":true" : ",\"safe\":false");
    put_string(&line, "fault", fault_name(fault));
    end(record, &line);
}

void record_boot(struct record *record, const char *board, const uint8_t dev_id[8], const uint8_t inst_id[4])
{
    struct line line;
    record->booted = true;
    begin(record, &line, "boot");
    put_string(&line, "board", board);
    put_string(&line, "version", CUELIGHT_VERSION);
    put_text(&line, ",\"dev_id\":\"");
    put_hex(&line, dev_id, 8);
    put_text(&line, "\",\"inst_id\":\"");
    put_hex(&line, inst_id, 4);
    put_text(&line, "\"");
    end(record, &line);
    write_state(record);
    write_safe(record, record->fault);
}

void record_hello(struct record *record, uint8_t link)
{
    struct line line;
    begin(record, &line, "hello");
    put_field(&line, "link", link);
    end(record, &line);
}

void record_display(struct record *record, const uint8_t *frame)
{
    struct line line;
    if (record->lit == (frame != NULL) && (!frame || memcmp(record->frame, frame, FRAME) == 0))
        return;
    record->lit = frame != NULL;
    begin(record, &line, "display");
    put_text(&line, ",\"frame\":");
    if (frame) {
        memcpy(record->frame, frame, FRAME);
        put_text(&line, "\"");
        put_hex(&line, frame, FRAME);
        put_text(&line, "\"");
    } else {
        put_text(&line, "null");
    }
    end(record, &line);
}

void record_light(struct record *record, uint8_t r, uint8_t g, uint8_t b)
{
    struct line line;
    const uint8_t rgb[3] = {r, g, b};
    if (memcmp(record->rgb, rgb, sizeof rgb) == 0)
        return;
    memcpy(record->rgb, rgb, sizeof rgb);
    begin(record, &line, "light");
    put_text(&line, ",\"rgb\":[");
    put_number(&line, r);
    put_text(&line, ",");
    put_number(&line, g);
    put_text(&line, ",");
    put_number(&line, b);
    put_text(&line, "]");
    end(record, &line);
}

void record_servo(struct record *record, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    struct line line;
    bool same_angle = record->servos[channel].decidegrees == decidegrees;
    if (record->servos[channel].enabled == enabled && (same_angle || !enabled))
        return;
    record->servos[channel].decidegrees = decidegrees;
    record->servos[channel].enabled = enabled;
    begin(record, &line, "servo");
    put_field(&line, "channel", channel);
    put_field(&line, "decidegrees", decidegrees);
    put_text(&line, enabled ? ",\"enabled\":true" : ",\"enabled\":false");
    end(record, &line);
}

void record_safe(struct record *record, bool safe, uint8_t fault)
{
    if (record->safe == safe)
        return;
    record->safe = safe;
    write_safe(record, fault);
}

void record_state(struct record *record, uint8_t state, uint8_t fault)
{
    if (record->state == state && record->fault == fault)
        return;
    record->state = state;
    record->fault = fault;
    write_state(record);
}

void record_timeline(struct record *record, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms,
                     uint32_t now_ms)
{
    static const char *const events[] = {"start", "cue", "end"};
    struct line line;
    if (what >= sizeof events / sizeof events[0])
        return;
    begin(record, &line, "timeline");
    put_field(&line, "timeline", timeline);
    put_string(&line, "event", events[what]);
    put_field(&line, "index", index);
    put_field(&line, "planned_ms", planned_ms);
    put_field(&line, "clock_ms", now_ms);
    end(record, &line);
}
