/* SPDX-License-Identifier: Apache-2.0
 *
 * Hobby servos on the Arduino connector: channel 0 D5 (PB4, TIM3_CH1), 1 D2 (PD14, TIM4_CH3), 2 D0 (PA1, TIM5_CH2),
 * 3 D1 (PA0, TIM5_CH1).
 */
#ifndef SERVOS_H
#define SERVOS_H

#include <stdbool.h>
#include <stdint.h>

void servos_start(void);

/* Not enabled: the line rests low. */
void servos_set(uint8_t channel, uint16_t decidegrees, bool enabled);

/* Every line low, for the guard, in an interrupt. */
void servos_off(void);

#endif
