/* SPDX-License-Identifier: Apache-2.0 */
#include "chip.h"
#include "clock.h"
#include "startup.h"
#include "usart.h"
#include "vectors.h"

enum { EXCEPTIONS = 16, IRQS = 82 }; /* RM0351 table 58 */

extern const vector vectors[EXCEPTIONS + IRQS];

/* An interrupt that nobody enabled is a fault. */
__attribute__((section(".vectors"), used)) const vector vectors[EXCEPTIONS + IRQS] = {
    CORTEX_VECTORS(clock_handler),
    [EXCEPTIONS ... EXCEPTIONS + IRQ_USART1 - 1] = fault_handler,
    [EXCEPTIONS + IRQ_USART1] = usart_handler,
    [EXCEPTIONS + IRQ_USART1 + 1 ... EXCEPTIONS + IRQ_EXTI15_10 - 1] = fault_handler,
    [EXCEPTIONS + IRQ_EXTI15_10] = button_handler,
    [EXCEPTIONS + IRQ_EXTI15_10 + 1 ... EXCEPTIONS + IRQS - 1] = fault_handler,
};
