/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered through a reset, in RAM that start-up leaves alone: the latched fault and the place of a crash.
 */
#ifndef LATCH_H
#define LATCH_H

#include <stdint.h>

/* Why the board came up, for cuelight_init(), from the reset causes in RCC_CSR and the memory of the last run. Clears the
 * crash. Call once. */
uint8_t latch_start(uint32_t reset_causes);

/* Keeps the fault through the next reset; 0: none. */
void latch_fault(uint8_t fault);

/* The program went wrong at `pc`. */
void latch_crash(uint32_t pc, uint32_t cfsr);

#endif
