/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of what the device does: JSON lines as the native board writes them, only changes, each at once. `t_us` is
 * the board's own clock; whoever receives the lines knows when they arrived.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct record {
    void (*write)(const char *line); /* a whole line, newline and all */
    uint64_t (*clock_us)(void);
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

void record_init(struct record *record, void (*write)(const char *line), uint64_t (*clock_us)(void));

void record_boot(struct record *record, const char *board, const uint8_t dev_id[8], const uint8_t inst_id[4]);
void record_hello(struct record *record, uint8_t link);
void record_display(struct record *record, const uint8_t *frame);
void record_light(struct record *record, uint8_t r, uint8_t g, uint8_t b);
void record_servo(struct record *record, uint8_t channel, uint16_t decidegrees, bool enabled);
void record_safe(struct record *record, bool safe, uint8_t fault);
void record_state(struct record *record, uint8_t state, uint8_t fault);
void record_timeline(struct record *record, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms,
                     uint32_t now_ms);

#endif
