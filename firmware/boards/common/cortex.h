/* SPDX-License-Identifier: Apache-2.0
 *
 * The Cortex-M4 itself: Armv7-M Architecture Reference Manual (DDI 0403E), B3.2 to B3.4.
 */
#ifndef CORTEX_H
#define CORTEX_H

#include <stdbool.h>
#include <stdint.h>

struct scb {
    volatile const uint32_t CPUID;
    volatile uint32_t ICSR, VTOR, AIRCR, SCR, CCR;
    volatile uint8_t SHPR[12]; /* of the exceptions 4 to 15 */
    volatile uint32_t SHCSR, CFSR, HFSR, DFSR, MMFAR, BFAR;
};
#define SCB ((struct scb *)0xE000ED00u)
#define SCB_ICSR_PENDSTSET (1u << 26)
#define SCB_AIRCR_RESET (0x05FAu << 16 | 1u << 2) /* VECTKEY, SYSRESETREQ */
#define SCB_SCR_SLEEPDEEP (1u << 2)

struct systick {
    volatile uint32_t CSR, RVR, CVR;
};
#define SYSTICK ((struct systick *)0xE000E010u)
#define SYSTICK_CSR_RUN 7u /* ENABLE, TICKINT, CLKSOURCE: processor clock */

#define NVIC_ISER ((volatile uint32_t *)0xE000E100u)
#define NVIC_IPR ((volatile uint8_t *)0xE000E400u)

enum { EXCEPTION_SYSTICK = 15 };

/* 0 is the most urgent of 16; STM32 implements the upper four bits. */
static inline void exception_priority(unsigned exception, uint8_t priority)
{
    SCB->SHPR[exception - 4] = (uint8_t)(priority << 4);
}

static inline void irq_enable(unsigned irq, uint8_t priority)
{
    NVIC_IPR[irq] = (uint8_t)(priority << 4);
    NVIC_ISER[irq / 32] = 1u << irq % 32;
}

/* Masks interrupts; returns what irq_unlock() needs. */
static inline uint32_t irq_lock(void)
{
    uint32_t mask;
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(mask)::"memory");
    return mask;
}

static inline void irq_unlock(uint32_t mask)
{
    __asm__ volatile("msr primask, %0" ::"r"(mask) : "memory");
}

/* Sleeps until an interrupt is pending, also one that is masked: no wake-up is lost between a check and the sleep. */
static inline void wait_for_interrupt(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

_Noreturn static inline void system_reset(void)
{
    __asm__ volatile("dsb" ::: "memory");
    SCB->AIRCR = SCB_AIRCR_RESET;
    for (;;)
        ;
}

#endif
