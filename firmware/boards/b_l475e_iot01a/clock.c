/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include "board.h"
#include "cortex.h"
#include "stm32.h"

#define RCC_CR_MSIPLLEN (1u << 2)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_CFGR_SW_PLL 3u
#define RCC_CFGR_SWS_PLL (3u << 2)
#define RCC_CCIPR_CLK48SEL_PLLQ (2u << 26)
#define FLASH_ACR_LATENCY_4WS 4u /* 3.3.3: 80 MHz in range 1 */

#define RCC_BDCR_LSEON (1u << 0)
#define RCC_BDCR_LSERDY (1u << 1)
#define RCC_APB1ENR1_PWREN (1u << 28)
#define PWR_CR1 (*(volatile uint32_t *)0x40007000u)
#define PWR_CR1_DBP (1u << 8)

/* MSI, 4 MHz after reset, * 40 = 160 MHz; / 2 for the system (R), / 4 for the random number generator (Q). */
#define PLL (1u | 40u << 8 | 1u << 20 | 1u << 21 | 1u << 24)

enum { LSE_PATIENCE = 2000000 }; /* a few seconds at 4 MHz */
enum { CYCLES_PER_US = CPU_HZ / 1000000, SHORTEST = 16 * CYCLES_PER_US, LONGEST = CLOCK_LONGEST_US * CYCLES_PER_US };
enum { LOWEST_PRIORITY = 15 };

static volatile uint64_t base; /* cycles until this period began */
static volatile uint32_t period;

/* Writing the counter makes it start over from the new period, without an interrupt (DDI 0403E B3.3). */
static void begin(uint64_t now, uint32_t cycles)
{
    base = now;
    period = cycles;
    SYSTICK->RVR = cycles - 1;
    SYSTICK->CVR = 0;
}

/* The 32 kHz crystal keeps MSI at its frequency (RM0351 6.2.3). Without it, MSI is within 1 %: enough for the UART. */
static void trim_msi(void)
{
    RCC->APB1ENR1 |= RCC_APB1ENR1_PWREN;
    PWR_CR1 |= PWR_CR1_DBP;
    RCC->BDCR |= RCC_BDCR_LSEON;
    for (int i = 0; i < LSE_PATIENCE && (RCC->BDCR & RCC_BDCR_LSERDY) == 0; i++)
        ;
    if ((RCC->BDCR & RCC_BDCR_LSERDY) != 0)
        RCC->CR |= RCC_CR_MSIPLLEN;
}

void clock_start(void)
{
    FLASH->ACR = FLASH_ACR_LATENCY_4WS | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    trim_msi();
    RCC->PLLCFGR = PLL;
    RCC->CR |= RCC_CR_PLLON;
    while ((RCC->CR & RCC_CR_PLLRDY) == 0)
        ;
    RCC->CFGR = RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS_PLL) != RCC_CFGR_SWS_PLL)
        ;
    RCC->CCIPR = RCC_CCIPR_CLK48SEL_PLLQ;

    exception_priority(EXCEPTION_SYSTICK, LOWEST_PRIORITY);
    begin(0, LONGEST);
    SYSTICK->CSR = SYSTICK_CSR_RUN;
}

static bool over(void)
{
    return (SCB->ICSR & SCB_ICSR_PENDSTSET) != 0;
}

/* The counter runs from period - 1 down; the interrupt comes as it reaches 0, which so belongs to the next period. Called
 * with interrupts masked. */
static uint64_t cycles(void)
{
    uint32_t left = SYSTICK->CVR;
    uint64_t began = base;
    if (over()) {
        left = SYSTICK->CVR;
        began += period;
    }
    return began + (left == 0 ? 0 : period - left);
}

uint64_t clock_us(void)
{
    uint32_t mask = irq_lock();
    uint64_t now = cycles();
    irq_unlock(mask);
    return now / CYCLES_PER_US;
}

/* An interrupt that waits to be taken has to count its period first; it asks for the next one. */
void clock_wake_at(uint64_t at_us)
{
    uint32_t mask = irq_lock();
    uint64_t now = cycles();
    uint64_t at = at_us < now / CYCLES_PER_US + CLOCK_LONGEST_US ? at_us * CYCLES_PER_US : now + LONGEST;
    if (!over())
        begin(now, at < now + SHORTEST ? SHORTEST : (uint32_t)(at - now));
    irq_unlock(mask);
}

void clock_handler(void)
{
    base += period;
    tick_handler();
}
