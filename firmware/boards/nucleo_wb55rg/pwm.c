/* SPDX-License-Identifier: Apache-2.0 */
#include "pwm.h"

#include "board.h"
#include "servo_pulse.h"
#include "stm32.h"

#define RCC_APB1ENR1_TIM2EN (1u << 0)
#define RCC_APB2ENR_TIM1EN (1u << 11)

enum {
    AF = 1, /* DS11929 table 17: TIM1 and TIM2 alike */
    SERVOS = 4,
    COLOURS = 3,
    FIRST_SERVO_PIN = 8,
    LIGHT_TOP = 255, /* counts of a period: a duty of 255 is on throughout */
    LIGHT_HZ = 1000,
    SETTLE_US = SERVO_PERIOD_US + 1000, /* a changed duty takes effect with the next period */
};

static uint64_t settled_us;

static void start(struct timer *timer, uint32_t prescaler, uint32_t counts, unsigned outputs)
{
    timer->PSC = prescaler - 1;
    timer->ARR = counts - 1;
    for (unsigned i = 0; i < outputs; i++) {
        timer->CCR[i] = 0;
        timer->CCMR[i / 2] |= TIMER_CCMR_PWM << 8 * (i % 2);
        timer->CCER |= 1u << 4 * i;
    }
    timer->EGR = TIMER_EGR_UG;
    timer->CR1 = TIMER_CR1_CEN | TIMER_CR1_ARPE;
}

void pwm_start(void)
{
    RCC->APB1ENR1 |= RCC_APB1ENR1_TIM2EN;
    RCC->APB2ENR |= RCC_APB2ENR_TIM1EN;
    start(TIM1, CPU_HZ / 1000000, SERVO_PERIOD_US, SERVOS);
    start(TIM2, CPU_HZ / (LIGHT_TOP * LIGHT_HZ), LIGHT_TOP, COLOURS);
    TIM1->BDTR = TIMER_BDTR_MOE;
    for (unsigned i = 0; i < SERVOS; i++)
        gpio_alternate(GPIOA, FIRST_SERVO_PIN + i, AF);
    for (unsigned i = 0; i < COLOURS; i++)
        gpio_alternate(GPIOA, i, AF);
}

static void note_change(void)
{
    settled_us = clock_us() + SETTLE_US;
}

void pwm_servo(uint8_t channel, uint16_t decidegrees, bool enabled)
{
    TIM1->CCR[channel] = enabled ? servo_pulse_us(decidegrees) : 0;
    note_change();
}

void pwm_light(uint8_t r, uint8_t g, uint8_t b)
{
    TIM2->CCR[0] = r;
    TIM2->CCR[1] = g;
    TIM2->CCR[2] = b;
    note_change();
}

void pwm_off(void)
{
    for (unsigned i = 0; i < SERVOS; i++)
        TIM1->CCR[i] = 0;
    for (unsigned i = 0; i < COLOURS; i++)
        TIM2->CCR[i] = 0;
    TIM1->EGR = TIMER_EGR_UG;
    TIM2->EGR = TIMER_EGR_UG;
}

bool pwm_busy(void)
{
    uint32_t driven = 0;
    for (unsigned i = 0; i < SERVOS; i++)
        driven |= TIM1->CCR[i];
    for (unsigned i = 0; i < COLOURS; i++)
        driven |= TIM2->CCR[i];
    return driven != 0 || clock_us() < settled_us;
}
