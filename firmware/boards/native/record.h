/* SPDX-License-Identifier: Apache-2.0
 *
 * The timestamped record of what the device does, as JSON lines. Only changes are written, each at once.
 */
#ifndef NATIVE_RECORD_H
#define NATIVE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct record {
    int file;
    bool booted; /* nothing is written before the boot line */
    bool lit;
    uint8_t frame[128];
    uint8_t rgb[3];
    struct {
        uint16_t decidegrees;
        bool enabled;
    } servos[4];
    bool safe;
    uint8_t state;
    uint8_t fault;
};

/* Appends to the file at `path`. False: errno says why. */
bool record_open(struct record *record, const char *path);

void record_boot(struct record *record, const char *version, const uint8_t dev_id[8], const uint8_t inst_id[4]);
void record_hello(struct record *record, uint8_t link, uint64_t at_us);

/* The output callbacks of struct app_board; `ctx` is the record. */
void record_display(void *ctx, const uint8_t *frame);
void record_light(void *ctx, uint8_t r, uint8_t g, uint8_t b);
void record_servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled);
void record_safe(void *ctx, bool safe, uint8_t fault);
void record_state(void *ctx, uint8_t state, uint8_t fault);
void record_timeline(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms);

#endif
