/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include "board.h"
#include "cortex.h"
#include "semaphore.h"
#include "stm32.h"

#define RCC_CR_HSION (1u << 8)
#define RCC_CR_HSIRDY (1u << 10)
#define RCC_CR_HSEON (1u << 16)
#define RCC_CR_HSERDY (1u << 17)
#define RCC_CFGR_SW 3u
#define RCC_CFGR_SW_HSI 1u
#define RCC_CFGR_SW_HSE 2u
#define RCC_CFGR_SWS (3u << 2)
#define RCC_CFGR_STOPWUCK_HSI (1u << 15)
#define RCC_BDCR_LSEON (1u << 0)
#define RCC_BDCR_LSERDY (1u << 1)
#define RCC_CSR_RFWKPSEL (3u << 14)
#define RCC_CSR_RFWKPSEL_LSE (1u << 14)
#define RCC_CCIPR_LPTIM1SEL_LSE (3u << 18)
#define RCC_CRRCR_HSI48ON (1u << 0)
#define RCC_CRRCR_HSI48RDY (1u << 1)
#define RCC_APB1ENR1_LPTIM1EN (1u << 31)
#define RCC_AHB3ENR_RNGEN (1u << 18)
#define RCC_AHB3ENR_HSEMEN (1u << 19)

#define HSECR_KEY 0xCAFECAFEu
#define HSECR_HSETUNE_SHIFT 8

#define LPTIM_CMPM (1u << 0)
#define LPTIM_ARRM (1u << 1)
#define LPTIM_CMPOK (1u << 3)
#define LPTIM_ARROK (1u << 4)
#define LPTIM_CR_ENABLE (1u << 0)
#define LPTIM_CR_CNTSTRT (1u << 2)

enum { LSE_HZ = 32768, SOON = 4, LPTIM_PRIORITY = 4 };

static volatile uint64_t turns; /* of the 16-bit counter */

/* ---- The oscillators ---- */

/* The crystal's load as ST trimmed it for each board: the last record in OTP with id 0 (UM2819, OTP area). A bare chip has
 * none, and the default stays. */
static void trim_hse(void)
{
    struct otp {
        uint8_t address[6], hse_tuning, id;
    };
    const struct otp *first = (const struct otp *)0x1FFF7000u;
    for (const struct otp *at = first + 127; at >= first; at--)
        if (at->id == 0) {
            RCC->HSECR = HSECR_KEY;
            RCC->HSECR = (uint32_t)at->hse_tuning << HSECR_HSETUNE_SHIFT;
            return;
        }
}

static void run_from(uint32_t source)
{
    RCC->CFGR = (RCC->CFGR & ~RCC_CFGR_SW) | source;
    while ((RCC->CFGR & RCC_CFGR_SWS) != source << 2)
        ;
}

static void start_hse(void)
{
    RCC->CR |= RCC_CR_HSEON;
    while ((RCC->CR & RCC_CR_HSERDY) == 0)
        ;
    run_from(RCC_CFGR_SW_HSE);
}

static void start_lse(void)
{
    PWR->CR1 |= PWR_CR1_DBP;
    RCC->BDCR |= RCC_BDCR_LSEON;
    while ((RCC->BDCR & RCC_BDCR_LSERDY) == 0)
        ;
    RCC->CSR = (RCC->CSR & ~RCC_CSR_RFWKPSEL) | RCC_CSR_RFWKPSEL_LSE;
}

static void start_timer(void)
{
    RCC->CCIPR |= RCC_CCIPR_LPTIM1SEL_LSE;
    RCC->APB1ENR1 |= RCC_APB1ENR1_LPTIM1EN;
    LPTIM1->IER = LPTIM_CMPM | LPTIM_ARRM; /* while it is off: 30.7.3 */
    LPTIM1->CR = LPTIM_CR_ENABLE;
    LPTIM1->ARR = UINT16_MAX;
    while ((LPTIM1->ISR & LPTIM_ARROK) == 0)
        ;
    LPTIM1->CMP = UINT16_MAX - 1;
    while ((LPTIM1->ISR & LPTIM_CMPOK) == 0)
        ;
    LPTIM1->CR |= LPTIM_CR_CNTSTRT;
    EXTI->IMR1 |= EXTI_LPTIM1;
    irq_enable(IRQ_LPTIM1, LPTIM_PRIORITY);
}

void clock_start(void)
{
    RCC->AHB3ENR |= RCC_AHB3ENR_HSEMEN;
    FLASH->ACR |= 1 | FLASH_ACR_ICEN | FLASH_ACR_DCEN; /* 3.3.3: one wait state up to 36 MHz in range 1 */
    trim_hse();
    start_hse();
    start_lse();
    RCC->CFGR |= RCC_CFGR_STOPWUCK_HSI;
    start_timer();
}

/* The generator runs from HSI48 / 3, the choice after reset, and CPU2 draws from it as well. */
void chip_rng_begin(void)
{
    semaphore_take(SEMAPHORE_RNG);
    semaphore_take(SEMAPHORE_CLK48);
    RCC->AHB3ENR |= RCC_AHB3ENR_RNGEN;
    RCC->CRRCR |= RCC_CRRCR_HSI48ON;
    while ((RCC->CRRCR & RCC_CRRCR_HSI48RDY) == 0)
        ;
}

void chip_rng_end(void)
{
    semaphore_give(SEMAPHORE_CLK48);
    semaphore_give(SEMAPHORE_RNG);
}

/* Stop stops the clocks for both cores: whoever enters it last must not leave HSE as the source, which is off on wake-up
 * (AN5289, low-power management; 8.3.15). */
void clock_before_stop(void)
{
    semaphore_take(SEMAPHORE_CLOCKS);
    bool other_awake = semaphore_try(SEMAPHORE_STOP) && (PWR->EXTSCR & PWR_EXTSCR_C2DS) == 0;
    if (!other_awake) {
        RCC->CR |= RCC_CR_HSION;
        while ((RCC->CR & RCC_CR_HSIRDY) == 0)
            ;
        run_from(RCC_CFGR_SW_HSI);
    }
    semaphore_give(SEMAPHORE_CLOCKS);
}

void clock_after_stop(void)
{
    semaphore_give(SEMAPHORE_STOP);
    semaphore_take(SEMAPHORE_CLOCKS);
    if ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SW_HSE << 2)
        start_hse();
    semaphore_give(SEMAPHORE_CLOCKS);
}

/* ---- Time ---- */

/* The counter's clock is not the bus's: only two equal readings are one (30.4.14). */
static uint16_t counter(void)
{
    uint32_t once, twice = LPTIM1->CNT;
    do {
        once = twice;
        twice = LPTIM1->CNT;
    } while (once != twice);
    return (uint16_t)once;
}

/* ARRM is set as the counter reaches its end, 65535: one count before it turns over. */
static uint64_t counts(void)
{
    uint32_t mask = irq_lock();
    uint16_t now = counter();
    uint64_t base = turns;
    bool ended = (LPTIM1->ISR & LPTIM_ARRM) != 0;
    if (ended)
        now = counter();
    irq_unlock(mask);
    return ((base + (ended && now != UINT16_MAX)) << 16) + now;
}

uint64_t clock_us(void)
{
    return counts() * (1000000 / 64) / (LSE_HZ / 64);
}

static void set_alarm(uint64_t at)
{
    uint16_t compare = (uint16_t)at;
    if (compare == UINT16_MAX)
        return; /* the turn itself interrupts then */
    LPTIM1->ICR = LPTIM_CMPOK;
    LPTIM1->CMP = compare;
    while ((LPTIM1->ISR & LPTIM_CMPOK) == 0)
        ;
}

/* What is due by the time that setting the alarm takes comes a little later. */
void clock_wake_at(uint64_t at_us)
{
    uint64_t at = (at_us * (LSE_HZ / 64) + (1000000 / 64) - 1) / (1000000 / 64);
    uint32_t mask = irq_lock();
    uint64_t now = counts();
    if (at < now + SOON)
        set_alarm(now + SOON);
    else if (at - now <= UINT16_MAX)
        set_alarm(at);
    irq_unlock(mask);
}

/* The flag of the turn is cleared only when the turn is over, so that it is counted once. */
void clock_handler(void)
{
    uint32_t status = LPTIM1->ISR;
    if ((status & LPTIM_ARRM) != 0) {
        while (counter() == UINT16_MAX)
            ;
        LPTIM1->ICR = LPTIM_ARRM;
        turns++;
    }
    if ((status & LPTIM_CMPM) != 0) {
        LPTIM1->ICR = LPTIM_CMPM;
        clock_alarm();
    }
}
