/* SPDX-License-Identifier: Apache-2.0 */
#include "servos.h"

#include "servo_pulse.h"
#include "stm32.h"

#define RCC_APB1ENR1_TIM3_4_5 (7u << 1)

enum { AF = 2 }; /* DS10969 table 17: TIM3, TIM4 and TIM5 alike */

static const struct channel {
    struct timer *timer;
    uint8_t output; /* 0 to 3 */
    struct gpio *port;
    uint8_t pin;
} channels[] = {
    {TIM3, 0, GPIOB, 4},
    {TIM4, 2, GPIOD, 14},
    {TIM5, 1, GPIOA, 1},
    {TIM5, 0, GPIOA, 0},
};
enum { CHANNELS = sizeof channels / sizeof channels[0] };

static void start(const struct channel *channel)
{
    struct timer *timer = channel->timer;
    timer->PSC = CPU_HZ / 1000000 - 1;
    timer->ARR = SERVO_PERIOD_US - 1;
    timer->CCR[channel->output] = 0;
    timer->CCMR[channel->output / 2] |= TIMER_CCMR_PWM << 8 * (channel->output % 2);
    timer->CCER |= 1u << 4 * channel->output;
    timer->EGR = TIMER_EGR_UG;
    timer->CR1 = TIMER_CR1_CEN | TIMER_CR1_ARPE;
    gpio_alternate(channel->port, channel->pin, AF);
}

void servos_start(void)
{
    RCC->APB1ENR1 |= RCC_APB1ENR1_TIM3_4_5;
    for (int i = 0; i < CHANNELS; i++)
        start(&channels[i]);
}

/* A compare value of 0 makes no pulse; a change takes effect with the next period, never in the middle of a pulse. */
void servos_set(uint8_t channel, uint16_t decidegrees, bool enabled)
{
    if (channel < CHANNELS)
        channels[channel].timer->CCR[channels[channel].output] = enabled ? servo_pulse_us(decidegrees) : 0;
}

void servos_off(void)
{
    for (int i = 0; i < CHANNELS; i++)
        channels[i].timer->CCR[channels[i].output] = 0;
}
