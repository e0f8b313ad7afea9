/* SPDX-License-Identifier: Apache-2.0
 *
 * What a board without an operating system gives to the control task in task.c. Everything is called from that task,
 * except board_rest().
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal.h"
#include "store.h"

extern const char board_model[];
extern const uint16_t board_battery_empty_mv, board_battery_full_mv;
extern const uint8_t board_buttons; /* at most CUELIGHT_BUTTONS */

/* Monotonic microseconds. Also called from interrupts. */
uint64_t clock_us(void);

/* The controller: whole HCI packets out, bytes of HCI in, H4 both. */
void board_hci_send(const uint8_t *packet, size_t length); /* see BLE_SEND_BOUND */
size_t board_hci_receive(uint8_t *out, size_t capacity);
bool board_hci_waiting(void); /* something to receive, or news that it is lost */
bool board_hci_lost(void);    /* bytes were lost: only a new start helps */

/* The outputs, as in struct cuelight_hal. */
void board_display(const uint8_t *frame);
void board_light(uint8_t r, uint8_t g, uint8_t b);
void board_servo(uint8_t channel, uint16_t decidegrees, bool enabled);
void board_safe(bool safe);

/* Everything to rest at once, whatever it was doing. Called from the timer's interrupt at the lease's end. */
void board_rest(void);

uint16_t board_millivolts(void);
bool board_button_down(uint8_t button);
struct store_flash board_flash(void);

/* Takes a line of the record. */
void board_write(const char *line);

/* The timer's interrupt comes at this time, or sooner, and then when task_guard() wants it. */
void board_guard_at(uint64_t at_us);

/* Sleeps, as deeply as it may, until an interrupt. Interrupts are masked, and one that is pending ends the sleep. By
 * `due_us` an interrupt comes at the latest. */
void board_sleep(uint64_t due_us);

#endif
