/* SPDX-License-Identifier: Apache-2.0
 *
 * The display: an SSD1306 with 128x64 pixels on I2C1 (PB8, PB9), address 0x3C. The picture is shown twice as large in the
 * middle. Transfers run by interrupt; the latest picture wins. A display that is not there is tried again with the next.
 */
#ifndef OLED_H
#define OLED_H

#include <stdbool.h>
#include <stdint.h>

void oled_start(void);

/* 32x32 pixels, 1 bit each; NULL: off. */
void oled_show(const uint8_t *frame);

/* The bus's clock must run. */
bool oled_busy(void);

void oled_handler(void);

#endif
