/* SPDX-License-Identifier: Apache-2.0
 *
 * The board `b_l475e_iot01a`: the smart button on ST's discovery kit, and the same image in QEMU.
 */
#include "board.h"
#include "chip.h"
#include "clock.h"
#include "cortex.h"
#include "emulation.h"
#include "flash.h"
#include "identity.h"
#include "latch.h"
#include "matrix.h"
#include "servos.h"
#include "startup.h"
#include "stm32.h"
#include "task.h"
#include "trace.h"
#include "usart.h"
#include "vectors.h"

#define RCC_AHB2ENR_GPIO_A_TO_D 15u
#define RCC_AHB2ENR_RNGEN (1u << 18)
#define RCC_APB2ENR_SYSCFGEN 1u

enum {
    BUTTON_PIN = 13,  /* PC13, the blue button, pressed: low (UM2153 7.14) */
    LED_PIN = 14,     /* PB14, LD2 */
    DRIVER_PIN = 9,   /* PB9, D14: enables the motor driver; a resistor pulls it down */
    SUPPLY_MV = 3300, /* the kit is fed from USB */
    ROW_US = 2000,    /* 62 pictures a second */
    PICTURE_US_EMULATED = 100000, /* QEMU's matrix has no flicker, and pays for every pin and every wake-up */
};

/* 64 pages at the end of bank 2 (RM0351 3.3.1). */
static const struct flash_area store_area = {
    .base = (uint8_t *)0x080E0000u,
    .page_size = 2048,
    .pages = 64,
    .bank = FLASH_CR_BKER,
    .first = 192,
};

const char board_model[] = "b_l475e_iot01a";
const uint16_t board_battery_empty_mv = SUPPLY_MV - 1, board_battery_full_mv = SUPPLY_MV;
const uint8_t board_buttons = 1;

/* ---- What the control task asks for ---- */

void board_hci_send(const uint8_t *packet, size_t length)
{
    usart_send(packet, length);
}

size_t board_hci_receive(uint8_t *out, size_t capacity)
{
    return usart_receive(out, capacity);
}

bool board_hci_waiting(void)
{
    return usart_waiting() || usart_lost();
}

bool board_hci_lost(void)
{
    return usart_lost();
}

void board_display(const uint8_t *frame)
{
    matrix_picture(frame);
}

void board_light(uint8_t r, uint8_t g, uint8_t b)
{
    matrix_light(r, g, b);
}

void board_servo(uint8_t channel, uint16_t decidegrees, bool enabled)
{
    servos_set(channel, decidegrees, enabled);
}

void board_safe(bool safe)
{
    gpio_set(GPIOB, DRIVER_PIN, !safe);
    gpio_set(GPIOB, LED_PIN, !safe);
}

void board_rest(void)
{
    board_safe(true);
    servos_off();
    matrix_off();
}

uint16_t board_millivolts(void)
{
    return SUPPLY_MV;
}

bool board_button_down(uint8_t button)
{
    (void)button;
    return !gpio_get(GPIOC, BUTTON_PIN);
}

struct store_flash board_flash(void)
{
    return emulated() ? emulation_flash() : flash_open(&store_area);
}

void board_write(const char *line)
{
    emulated() ? emulation_write(line) : trace_write(line);
}

void board_guard_at(uint64_t at_us)
{
    clock_wake_at(at_us < matrix_due() ? at_us : matrix_due());
}

void board_sleep(uint64_t due_us)
{
    clock_wake_at(due_us < matrix_due() ? due_us : matrix_due());
    wait_for_interrupt();
}

/* ---- Interrupts ---- */

void button_handler(void)
{
    EXTI->PR1 = 1u << BUTTON_PIN; /* the wake-up is all; the control task reads the pin */
}

void tick_handler(void)
{
    uint64_t now_us = clock_us();
    uint64_t guard_us = task_guard();
    uint64_t row_us = emulated() ? matrix_scan(now_us, PICTURE_US_EMULATED, MATRIX_ROWS) : matrix_scan(now_us, ROW_US, 1);
    clock_wake_at(guard_us < row_us ? guard_us : row_us);
}

/* ---- Start ---- */

static void start_pins(void)
{
    RCC->AHB2ENR |= RCC_AHB2ENR_GPIO_A_TO_D | RCC_AHB2ENR_RNGEN;
    gpio_set(GPIOB, DRIVER_PIN, false);
    gpio_mode(GPIOB, DRIVER_PIN, GPIO_OUTPUT);
    gpio_set(GPIOB, LED_PIN, false);
    gpio_mode(GPIOB, LED_PIN, GPIO_OUTPUT);
    gpio_pull(GPIOC, BUTTON_PIN, GPIO_PULL_UP);
    gpio_mode(GPIOC, BUTTON_PIN, GPIO_INPUT);
    matrix_start();
    servos_start();
}

static void start_button(void)
{
    const uint32_t line = 1u << BUTTON_PIN;
    const uint32_t port_c = 2;
    RCC->APB2ENR |= RCC_APB2ENR_SYSCFGEN;
    SYSCFG->EXTICR[BUTTON_PIN / 4] = port_c << 4 * (BUTTON_PIN % 4);
    EXTI->RTSR1 |= line;
    EXTI->FTSR1 |= line;
    EXTI->IMR1 |= line;
    irq_enable(IRQ_EXTI15_10, 4);
}

/* QEMU's reset causes never change: it always came up from a brown-out. */
static uint8_t reset_fault(void)
{
    uint8_t fault = latch_start(emulated() ? 0 : RCC->CSR);
    RCC->CSR |= RCC_CSR_RMVF;
    return fault;
}

/* Without an identity there is nothing to pair with: LD2 blinks and the radio stays off. */
_Noreturn static void wait_for_identity(void)
{
    board_write("{\"what\":\"refused\",\"why\":\"no identity was flashed\"}\n");
    for (;;) {
        gpio_set(GPIOB, LED_PIN, clock_us() / 250000 % 2 == 0);
        wait_for_interrupt();
    }
}

int main(void)
{
    struct cuelight_identity identity = {.small_display = true, .reset_fault = reset_fault()};
    clock_start();
    start_pins();
    if (!identity_read(&identity))
        wait_for_identity();
    start_button();
    usart_start();
    task_run(&identity);
}
