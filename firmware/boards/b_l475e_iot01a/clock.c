/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include "board.h"
#include "cortex.h"
#include "stm32.h"

#define RCC_CR_HSION (1u << 8)
#define RCC_CR_HSIRDY (1u << 10)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_CFGR_SW_PLL 3u
#define RCC_CFGR_SWS_PLL (3u << 2)
#define RCC_CCIPR_CLK48SEL_PLLQ (2u << 26)
#define FLASH_ACR_LATENCY_4WS 4u /* 3.3.3: 80 MHz in range 1 */

/* HSI16 / 2 * 20 = 160 MHz; / 2 for the system (R), / 4 for the random number generator (Q). */
#define PLL (2u | (2u - 1) << 4 | 20u << 8 | 1u << 20 | 1u << 21 | 1u << 24)

enum { CYCLES_PER_US = CPU_HZ / 1000000, CYCLES_PER_TICK = CYCLES_PER_US * TICK_US, LOWEST_PRIORITY = 15 };

static volatile uint64_t ticks;

void clock_start(void)
{
    FLASH->ACR = FLASH_ACR_LATENCY_4WS | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    RCC->CR |= RCC_CR_HSION;
    while ((RCC->CR & RCC_CR_HSIRDY) == 0)
        ;
    RCC->PLLCFGR = PLL;
    RCC->CR |= RCC_CR_PLLON;
    while ((RCC->CR & RCC_CR_PLLRDY) == 0)
        ;
    RCC->CFGR = RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS_PLL) != RCC_CFGR_SWS_PLL)
        ;
    RCC->CCIPR = RCC_CCIPR_CLK48SEL_PLLQ;

    exception_priority(EXCEPTION_SYSTICK, LOWEST_PRIORITY);
    SYSTICK->RVR = CYCLES_PER_TICK - 1;
    SYSTICK->CVR = 0;
    SYSTICK->CSR = SYSTICK_CSR_RUN;
}

void clock_tick_handler(void)
{
    ticks++;
    tick_handler();
}

/* The counter runs from CYCLES_PER_TICK - 1 down; the tick comes as it reaches 0, which so belongs to the next one. */
uint64_t clock_us(void)
{
    uint32_t mask = irq_lock();
    uint32_t left = SYSTICK->CVR;
    uint64_t now = ticks;
    if ((SCB->ICSR & SCB_ICSR_PENDSTSET) != 0) {
        left = SYSTICK->CVR;
        now++;
    }
    irq_unlock(mask);
    uint32_t passed = left == 0 ? 0 : CYCLES_PER_TICK - left;
    return now * TICK_US + passed / CYCLES_PER_US;
}
