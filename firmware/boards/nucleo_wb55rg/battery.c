/* SPDX-License-Identifier: Apache-2.0 */
#include "battery.h"

#include "board.h"
#include "stm32.h"

#define RCC_AHB2ENR_ADCEN (1u << 13)
#define ADC_ISR_ADRDY (1u << 0)
#define ADC_ISR_EOC (1u << 2)
#define ADC_CR_ADEN (1u << 0)
#define ADC_CR_ADDIS (1u << 1)
#define ADC_CR_ADSTART (1u << 2)
#define ADC_CR_ADVREGEN (1u << 28)
#define ADC_CR_DEEPPWD (1u << 29)
#define ADC_CR_ADCAL (1u << 31)
#define ADC_CCR_CKMODE_HCLK (1u << 16)
#define ADC_CCR_VREFEN (1u << 22)

/* What the reference reads at 3.6 V, measured at production (DS11929 table 12). */
#define VREFINT_CAL (*(const volatile uint16_t *)0x1FFF75AAu)
enum { VREFINT_CAL_MV = 3600, SAMPLE_640_CYCLES = 7, SETTLE_US = 20, EVERY_US = 60000000 };

static void pause(uint64_t us)
{
    uint64_t until = clock_us() + us + 31; /* the clock's own step */
    while (clock_us() < until)
        ;
}

/* 16.4.6 to 16.4.9; the reference is channel 0. */
static void switch_on(void)
{
    RCC->AHB2ENR |= RCC_AHB2ENR_ADCEN;
    ADC_COMMON_CCR = ADC_CCR_CKMODE_HCLK | ADC_CCR_VREFEN;
    ADC1->CR = ADC_CR_ADVREGEN;
    pause(SETTLE_US);
    ADC1->CR = ADC_CR_ADVREGEN | ADC_CR_ADCAL;
    while ((ADC1->CR & ADC_CR_ADCAL) != 0)
        ;
    ADC1->ISR = ADC_ISR_ADRDY;
    ADC1->CR = ADC_CR_ADVREGEN | ADC_CR_ADEN;
    while ((ADC1->ISR & ADC_ISR_ADRDY) == 0)
        ;
}

static void switch_off(void)
{
    ADC1->CR = ADC_CR_ADVREGEN | ADC_CR_ADDIS;
    while ((ADC1->CR & ADC_CR_ADEN) != 0)
        ;
    ADC1->CR = ADC_CR_DEEPPWD;
    ADC_COMMON_CCR = 0;
    RCC->AHB2ENR &= ~RCC_AHB2ENR_ADCEN;
}

static uint16_t measure(void)
{
    switch_on();
    ADC1->SMPR1 = SAMPLE_640_CYCLES;
    ADC1->SQR1 = 0;
    ADC1->CR = ADC_CR_ADVREGEN | ADC_CR_ADEN | ADC_CR_ADSTART;
    while ((ADC1->ISR & ADC_ISR_EOC) == 0)
        ;
    uint32_t reading = ADC1->DR;
    switch_off();
    return (uint16_t)(reading == 0 ? 0 : (uint32_t)VREFINT_CAL * VREFINT_CAL_MV / reading);
}

uint16_t battery_millivolts(void)
{
    static uint64_t due_us;
    static uint16_t latest;
    if (clock_us() >= due_us) {
        latest = measure();
        due_us = clock_us() + EVERY_US;
    }
    return latest;
}
