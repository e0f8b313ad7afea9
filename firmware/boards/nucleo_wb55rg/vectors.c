/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include "chip.h"
#include "clock.h"
#include "mailbox.h"
#include "oled.h"
#include "startup.h"

enum { EXCEPTIONS = 16, IRQS = 63 }; /* RM0434 table 56 */

extern const vector vectors[EXCEPTIONS + IRQS];

/* An interrupt that nobody enabled is a fault. Time comes from LPTIM1, not from SysTick. */
__attribute__((section(".vectors"), used)) const vector vectors[EXCEPTIONS + IRQS] = {
    CORTEX_VECTORS(fault_handler),
    [EXCEPTIONS ... EXCEPTIONS + IRQ_EXTI0 - 1] = fault_handler,
    [EXCEPTIONS + IRQ_EXTI0] = button_handler,
    [EXCEPTIONS + IRQ_EXTI1] = button_handler,
    [EXCEPTIONS + IRQ_EXTI1 + 1 ... EXCEPTIONS + IRQ_EXTI4 - 1] = fault_handler,
    [EXCEPTIONS + IRQ_EXTI4] = button_handler,
    [EXCEPTIONS + IRQ_EXTI4 + 1 ... EXCEPTIONS + IRQ_I2C1_EV - 1] = fault_handler,
    [EXCEPTIONS + IRQ_I2C1_EV] = oled_handler,
    [EXCEPTIONS + IRQ_I2C1_ER] = oled_handler,
    [EXCEPTIONS + IRQ_I2C1_ER + 1 ... EXCEPTIONS + IRQ_IPCC_C1_RX - 1] = fault_handler,
    [EXCEPTIONS + IRQ_IPCC_C1_RX] = mailbox_rx_handler,
    [EXCEPTIONS + IRQ_IPCC_C1_TX] = mailbox_tx_handler,
    [EXCEPTIONS + IRQ_IPCC_C1_TX + 1] = fault_handler,
    [EXCEPTIONS + IRQ_LPTIM1] = clock_handler,
    [EXCEPTIONS + IRQ_LPTIM1 + 1 ... EXCEPTIONS + IRQS - 1] = fault_handler,
};
