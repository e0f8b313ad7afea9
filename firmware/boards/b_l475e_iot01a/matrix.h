/* SPDX-License-Identifier: Apache-2.0
 *
 * The 8x8 RGB matrix of the IM120417002 shield on the Arduino connector: a DM163 drives the 24 lines of one row's colours,
 * eight pins choose the row.
 *
 * Display and light share it. A point stands for 4x4 pixels of the picture, as bright in white as pixels of it are lit;
 * what the picture leaves dark shows the light's colour, at a quarter while there is a picture.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include <stdint.h>

void matrix_start(void);

/* 32x32 pixels, 1 bit each; NULL: no picture. */
void matrix_picture(const uint8_t *frame);
void matrix_light(uint8_t r, uint8_t g, uint8_t b);

/* Dark at once, whatever was shown. For the guard, in an interrupt. */
void matrix_off(void);

enum { MATRIX_ROWS = 8 };

/* Shows the next `count` rows, one after the other, if their time has come; returns when that of those after them comes,
 * `period_us` later, or never while all is dark. */
uint64_t matrix_scan(uint64_t now_us, uint32_t period_us, int count);

/* When the next row's time comes. */
uint64_t matrix_due(void);

#endif
