/* SPDX-License-Identifier: Apache-2.0
 *
 * STM32L475: what is not common to all boards. Sections are those of RM0351.
 */
#ifndef CHIP_H
#define CHIP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CPU_HZ = 80000000,
    IRQ_USART1 = 37, /* table 58 */
    IRQ_EXTI15_10 = 40,
};

#define FLASH ((struct flash *)0x40022000u)
#define FLASH_SR_BUSY (1u << 16) /* BSY */
#define FLASH_CR_BKER (1u << 11)
#define RNG ((struct rng *)0x50060800u)
#define TIM3 ((struct timer *)0x40000400u)
#define TIM4 ((struct timer *)0x40000800u)
#define TIM5 ((struct timer *)0x40000C00u)

/* 6.4 */
struct rcc {
    volatile uint32_t CR, ICSCR, CFGR, PLLCFGR, PLLSAI1CFGR, PLLSAI2CFGR, CIER, CIFR, CICR, RESERVED0, AHB1RSTR,
        AHB2RSTR, AHB3RSTR, RESERVED1, APB1RSTR1, APB1RSTR2, APB2RSTR, RESERVED2, AHB1ENR, AHB2ENR, AHB3ENR, RESERVED3,
        APB1ENR1, APB1ENR2, APB2ENR, RESERVED4, AHB1SMENR, AHB2SMENR, AHB3SMENR, RESERVED5, APB1SMENR1, APB1SMENR2,
        APB2SMENR, RESERVED6, CCIPR, RESERVED7, BDCR, CSR;
};
#define RCC ((struct rcc *)0x40021000u)

/* 9.2 */
struct syscfg {
    volatile uint32_t MEMRMP, CFGR1, EXTICR[4];
};
#define SYSCFG ((struct syscfg *)0x40010000u)

/* 14.5 */
struct exti {
    volatile uint32_t IMR1, EMR1, RTSR1, FTSR1, SWIER1, PR1;
};
#define EXTI ((struct exti *)0x40010400u)

/* 40.8 */
struct usart {
    volatile uint32_t CR1, CR2, CR3, BRR, GTPR, RTOR, RQR, ISR, ICR, RDR, TDR;
};
#define USART1 ((struct usart *)0x40013800u)

/* Nobody else uses the flash or the random number generator. */
static inline bool chip_flash_begin(void)
{
    return true;
}

static inline void chip_flash_end(void)
{
}

static inline void chip_rng_begin(void)
{
}

static inline void chip_rng_end(void)
{
}

#endif
