/* SPDX-License-Identifier: Apache-2.0
 *
 * Servos on TIM1 (PA8 to PA11) at 50 Hz, the RGB light on TIM2 (PA0 to PA2) at 1 kHz.
 */
#ifndef PWM_H
#define PWM_H

#include <stdbool.h>
#include <stdint.h>

void pwm_start(void);
void pwm_servo(uint8_t channel, uint16_t decidegrees, bool enabled);
void pwm_light(uint8_t r, uint8_t g, uint8_t b);

/* Every line low at once. */
void pwm_off(void);

/* A timer drives a line, or has not yet brought it down: its clock must run. */
bool pwm_busy(void);

#endif
