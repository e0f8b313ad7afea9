/* SPDX-License-Identifier: Apache-2.0
 *
 * STM32WB55, as CPU1 sees it. Sections are those of RM0434. Addresses and bits agree with ST's device header
 * stm32wb55xx.h; none of it has run on silicon yet.
 */
#ifndef CHIP_H
#define CHIP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CPU_HZ = 32000000, /* HSE; every bus runs at it */
    /* table 56 */
    IRQ_EXTI0 = 6,
    IRQ_EXTI1 = 7,
    IRQ_EXTI4 = 10,
    IRQ_I2C1_EV = 30,
    IRQ_I2C1_ER = 31,
    IRQ_IPCC_C1_RX = 44,
    IRQ_IPCC_C1_TX = 45,
    IRQ_LPTIM1 = 47,
};

#define FLASH ((struct flash *)0x58004000u)
#define FLASH_SR_BUSY (1u << 16 | 1u << 18 | 1u << 19) /* BSY CFGBSY PESD: CPU2 keeps radio events clear of us */
#define RNG ((struct rng *)0x58001000u)
#define TIM1 ((struct timer *)0x40012C00u)
#define TIM2 ((struct timer *)0x40000000u)

/* 8.4 */
struct rcc {
    volatile uint32_t CR, ICSCR, CFGR, PLLCFGR, PLLSAI1CFGR, RESERVED0, CIER, CIFR, CICR, SMPSCR, AHB1RSTR, AHB2RSTR,
        AHB3RSTR, RESERVED1, APB1RSTR1, APB1RSTR2, APB2RSTR, APB3RSTR, AHB1ENR, AHB2ENR, AHB3ENR, RESERVED2, APB1ENR1,
        APB1ENR2, APB2ENR, RESERVED3, AHB1SMENR, AHB2SMENR, AHB3SMENR, RESERVED4, APB1SMENR1, APB1SMENR2, APB2SMENR,
        RESERVED5, CCIPR, RESERVED6, BDCR, CSR, CRRCR, HSECR, RESERVED7[26], EXTCFGR, RESERVED8[15], C2AHB1ENR, C2AHB2ENR,
        C2AHB3ENR;
};
#define RCC ((struct rcc *)0x58000000u)

/* 6.6 */
struct pwr {
    volatile uint32_t CR1, CR2, CR3, CR4, SR1, SR2, SCR, CR5, PUCRA, PDCRA, RESERVED[22], C2CR1, C2CR3, EXTSCR;
};
#define PWR ((struct pwr *)0x58000400u)
#define PWR_CR1_LPMS 7u
#define PWR_CR1_LPMS_STOP2 2u
#define PWR_CR1_LPMS_SHUTDOWN 4u
#define PWR_CR1_DBP (1u << 8)
#define PWR_CR4_C2BOOT (1u << 15)
#define PWR_EXTSCR_C1CSSF (1u << 0)
#define PWR_EXTSCR_C2DS (1u << 15) /* CPU2 is in deep sleep */

/* 14.6. Lines 16 and up that are wake-ups of peripherals have no edge to choose. */
struct exti {
    volatile uint32_t RTSR1, FTSR1, SWIER1, PR1, RESERVED0[4], RTSR2, FTSR2, SWIER2, PR2, RESERVED1[20], IMR1, EMR1,
        RESERVED2[2], IMR2, EMR2, RESERVED3[10], C2IMR1, C2EMR1, RESERVED4[2], C2IMR2, C2EMR2;
};
#define EXTI ((struct exti *)0x58000800u)
#define EXTI_LPTIM1 (1u << 29)      /* in IMR1 */
#define EXTI_IPCC_C1 (1u << 36 % 32) /* in IMR2 */
#define EXTI_C1SEV (1u << 41 % 32)

/* 10.2 */
struct syscfg {
    volatile uint32_t MEMRMP, CFGR1, EXTICR[4];
};
#define SYSCFG ((struct syscfg *)0x40010000u)

/* 37.4: channel n is bit n - 1 for what is occupied or to be cleared, 16 higher for what is free or to be set. */
struct ipcc {
    volatile uint32_t C1CR, C1MR, C1SCR, C1TOC2SR, C2CR, C2MR, C2SCR, C2TOC1SR;
};
#define IPCC ((struct ipcc *)0x58000C00u)
#define IPCC_CR_RXOIE (1u << 0)
#define IPCC_CR_TXFIE (1u << 16)

/* 38.4: reading RLR takes the semaphore in one step. */
struct hsem {
    volatile uint32_t R[32], RLR[32];
};
#define HSEM ((struct hsem *)0x58001400u)

/* 30.7 */
struct lptim {
    volatile uint32_t ISR, ICR, IER, CFGR, CR, CMP, ARR, CNT;
};
#define LPTIM1 ((struct lptim *)0x40007C00u)

/* 32.7 */
struct i2c {
    volatile uint32_t CR1, CR2, OAR1, OAR2, TIMINGR, TIMEOUTR, ISR, ICR, PECR, RXDR, TXDR;
};
#define I2C1 ((struct i2c *)0x40005400u)

/* 16.6 */
struct adc {
    volatile uint32_t ISR, IER, CR, CFGR, CFGR2, SMPR1, SMPR2, RESERVED0, TR[3], RESERVED1, SQR1, SQR2, SQR3, SQR4, DR;
};
#define ADC1 ((struct adc *)0x50040000u)
#define ADC_COMMON_CCR (*(volatile uint32_t *)0x50040308u)

/* Flash and random number generator are CPU2's too: see semaphore.c and clock.c. */
bool chip_flash_begin(void);
void chip_flash_end(void);
void chip_rng_begin(void);
void chip_rng_end(void);

#endif
