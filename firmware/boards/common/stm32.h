/* SPDX-License-Identifier: Apache-2.0
 *
 * Peripherals that STM32L475 (RM0351) and STM32WB55 (RM0434) have in the same form. Where they differ in address, the
 * board's chip.h says so. Register and bit names are those of the manuals.
 */
#ifndef STM32_H
#define STM32_H

#include <stdint.h>

#include "chip.h"

/* GPIO: RM0351 8.5, RM0434 11.4 */
struct gpio {
    volatile uint32_t MODER, OTYPER, OSPEEDR, PUPDR, IDR, ODR, BSRR, LCKR, AFR[2], BRR;
};
#define GPIOA ((struct gpio *)0x48000000u)
#define GPIOB ((struct gpio *)0x48000400u)
#define GPIOC ((struct gpio *)0x48000800u)
#define GPIOD ((struct gpio *)0x48000C00u)
#define GPIOE ((struct gpio *)0x48001000u)

enum gpio_mode { GPIO_INPUT, GPIO_OUTPUT, GPIO_ALTERNATE, GPIO_ANALOG };
enum gpio_pull { GPIO_FLOAT, GPIO_PULL_UP, GPIO_PULL_DOWN };

static inline void gpio_mode(struct gpio *port, unsigned pin, enum gpio_mode mode)
{
    port->MODER = (port->MODER & ~(3u << 2 * pin)) | (uint32_t)mode << 2 * pin;
}

static inline void gpio_pull(struct gpio *port, unsigned pin, enum gpio_pull pull)
{
    port->PUPDR = (port->PUPDR & ~(3u << 2 * pin)) | (uint32_t)pull << 2 * pin;
}

static inline void gpio_alternate(struct gpio *port, unsigned pin, uint32_t function)
{
    volatile uint32_t *half = &port->AFR[pin / 8];
    *half = (*half & ~(15u << 4 * (pin % 8))) | function << 4 * (pin % 8);
    gpio_mode(port, pin, GPIO_ALTERNATE);
}

static inline void gpio_set(struct gpio *port, unsigned pin, _Bool high)
{
    port->BSRR = 1u << (high ? pin : pin + 16);
}

static inline _Bool gpio_get(const struct gpio *port, unsigned pin)
{
    return (port->IDR >> pin & 1) != 0;
}

/* General-purpose and advanced timers: RM0351 30.4 and 31.4, RM0434 27.4 to 29.5 */
struct timer {
    volatile uint32_t CR1, CR2, SMCR, DIER, SR, EGR, CCMR[2], CCER, CNT, PSC, ARR, RCR, CCR[4], BDTR;
};
#define TIMER_CR1_CEN (1u << 0)
#define TIMER_CR1_ARPE (1u << 7)
#define TIMER_EGR_UG (1u << 0)
#define TIMER_CCMR_PWM 0x68u /* OCxM: PWM mode 1, OCxPE; of the lower of the two channels */
#define TIMER_BDTR_MOE (1u << 15)

/* Flash: RM0351 3.7, RM0434 3.10 */
struct flash {
    volatile uint32_t ACR, PDKEYR, KEYR, OPTKEYR, SR, CR, ECCR, RESERVED, OPTR;
};
#define FLASH_ACR_ICEN (1u << 9)
#define FLASH_ACR_DCEN (1u << 10)
#define FLASH_ACR_DCRST (1u << 12)
#define FLASH_SR_ERRORS 0xC3FAu /* OPERR PROGERR WRPERR PGAERR SIZERR PGSERR MISERR FASTERR RDERR OPTVERR */
#define FLASH_CR_PG (1u << 0)
#define FLASH_CR_PER (1u << 1)
#define FLASH_CR_PNB(page) ((uint32_t)(page) << 3)
#define FLASH_CR_STRT (1u << 16)
#define FLASH_CR_LOCK (1u << 31)
#define FLASH_ECCR_ECCC (1u << 30)
#define FLASH_ECCR_ECCD (1u << 31)

/* Independent watchdog: RM0351 36.4, RM0434 33.4 */
struct iwdg {
    volatile uint32_t KR, PR, RLR, SR, WINR;
};
#define IWDG ((struct iwdg *)0x40003000u)

/* True random number generator: RM0351 27.8, RM0434 20.7 */
struct rng {
    volatile uint32_t CR, SR, DR;
};
#define RNG_CR_RNGEN (1u << 2)
#define RNG_SR_DRDY (1u << 0)
#define RNG_SR_ERRORS (1u << 1 | 1u << 2 | 1u << 5 | 1u << 6) /* CECS SECS CEIS SEIS */

/* Reset causes in RCC_CSR: RM0351 6.4.29, RM0434 8.4.32 */
#define RCC_CSR_RMVF (1u << 23)
#define RCC_CSR_BORRSTF (1u << 27)
#define RCC_CSR_SFTRSTF (1u << 28)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)

/* Device and revision: RM0351 48.6.1, RM0434 41.4.8. QEMU has no such register and reads 0. */
#define DBGMCU_IDCODE (*(volatile const uint32_t *)0xE0042000u)

#endif
