/* SPDX-License-Identifier: Apache-2.0
 *
 * The board `nucleo_wb55rg`: the smart button that a user builds, with the radio on CPU2.
 */
#include "battery.h"
#include "board.h"
#include "chip.h"
#include "clock.h"
#include "cortex.h"
#include "flash.h"
#include "identity.h"
#include "latch.h"
#include "mailbox.h"
#include "oled.h"
#include "pwm.h"
#include "startup.h"
#include "stm32.h"
#include "task.h"
#include "trace.h"
#include "vectors.h"

#define RCC_AHB2ENR_GPIO_A_TO_D 15u

enum {
    DRIVER_PIN = 10,  /* PC10, D4: enables the motor driver; a resistor pulls it down */
    GREEN_PIN = 0,    /* PB0, LD2: active */
    RED_PIN = 1,      /* PB1, LD3: no identity, or no radio */
    GUARD_AGAIN_US = 1000000, /* the timer counts to two seconds */
    RADIO_START_US = 5000000,
    BUTTON_PRIORITY = 8,
    BUTTON_LINES = 1u << 4 | 1u << 0 | 1u << 1,
};

/* 32 pages of 4 KiB, far below what CPU2's firmware takes (RM0434 3.3.1). */
static const struct flash_area store_area = {
    .base = (uint8_t *)0x08040000u,
    .page_size = 4096,
    .pages = 32,
    .bank = 0,
    .first = 64,
};

/* SW1 to SW3, pressed: low (UM2435 6.7). */
static const struct {
    struct gpio *port;
    uint8_t pin;
} buttons[] = {{GPIOC, 4}, {GPIOD, 0}, {GPIOD, 1}};

const char board_model[] = "nucleo_wb55rg";
const uint16_t board_battery_empty_mv = 2000, board_battery_full_mv = 3000; /* a CR2032, or two AA cells */
const uint8_t board_buttons = sizeof buttons / sizeof buttons[0];

/* ---- What the control task asks for ---- */

void board_display(const uint8_t *frame)
{
    oled_show(frame);
}

void board_light(uint8_t r, uint8_t g, uint8_t b)
{
    pwm_light(r, g, b);
}

void board_servo(uint8_t channel, uint16_t decidegrees, bool enabled)
{
    pwm_servo(channel, decidegrees, enabled);
}

void board_safe(bool safe)
{
    gpio_set(GPIOC, DRIVER_PIN, !safe);
    gpio_set(GPIOB, GREEN_PIN, !safe);
}

void board_rest(void)
{
    board_safe(true);
    pwm_off();
    oled_show(NULL);
}

uint16_t board_millivolts(void)
{
    return battery_millivolts();
}

bool board_button_down(uint8_t button)
{
    return !gpio_get(buttons[button].port, buttons[button].pin);
}

struct store_flash board_flash(void)
{
    return flash_open(&store_area);
}

void board_write(const char *line)
{
    trace_write(line);
}

/* Stop 2 keeps RAM and pins; IPCC, LPTIM1 and the buttons end it. CPU2 decides on its own sleep (RM0434 6.4.8). */
static void stop(void)
{
    PWR->EXTSCR = PWR_EXTSCR_C1CSSF;
    PWR->CR1 = (PWR->CR1 & ~PWR_CR1_LPMS) | PWR_CR1_LPMS_STOP2;
    clock_before_stop();
    SCB->SCR |= SCB_SCR_SLEEPDEEP;
    wait_for_interrupt();
    SCB->SCR &= ~SCB_SCR_SLEEPDEEP;
    clock_after_stop();
}

void board_guard_at(uint64_t at_us)
{
    uint64_t again_us = clock_us() + GUARD_AGAIN_US;
    clock_wake_at(at_us < again_us ? at_us : again_us);
}

void board_sleep(uint64_t due_us)
{
    clock_wake_at(due_us);
    if (pwm_busy() || oled_busy())
        wait_for_interrupt();
    else
        stop();
}

/* ---- Interrupts ---- */

void button_handler(void)
{
    EXTI->PR1 = BUTTON_LINES; /* the wake-up is all; the control task reads the pins */
}

/* The control task is awake by now and will set the next alarm. Should it hang, this comes again until the lease is over. */
void clock_alarm(void)
{
    uint64_t again_us = clock_us() + GUARD_AGAIN_US, guard_us = task_guard();
    clock_wake_at(guard_us < again_us ? guard_us : again_us);
}

/* ---- Start ---- */

static void start_output(struct gpio *port, unsigned pin)
{
    gpio_set(port, pin, false);
    gpio_mode(port, pin, GPIO_OUTPUT);
}

static void start_buttons(void)
{
    const uint32_t port_c = 2, port_d = 3;
    for (uint8_t i = 0; i < board_buttons; i++) {
        gpio_pull(buttons[i].port, buttons[i].pin, GPIO_PULL_UP);
        gpio_mode(buttons[i].port, buttons[i].pin, GPIO_INPUT);
    }
    SYSCFG->EXTICR[0] = port_d | port_d << 4;
    SYSCFG->EXTICR[1] = port_c;
    EXTI->RTSR1 |= BUTTON_LINES;
    EXTI->FTSR1 |= BUTTON_LINES;
    EXTI->IMR1 |= BUTTON_LINES;
    irq_enable(IRQ_EXTI0, BUTTON_PRIORITY);
    irq_enable(IRQ_EXTI1, BUTTON_PRIORITY);
    irq_enable(IRQ_EXTI4, BUTTON_PRIORITY);
}

static void start_pins(void)
{
    RCC->AHB2ENR |= RCC_AHB2ENR_GPIO_A_TO_D;
    start_output(GPIOC, DRIVER_PIN);
    start_output(GPIOB, GREEN_PIN);
    start_output(GPIOB, RED_PIN);
    pwm_start();
    oled_start();
    start_buttons();
}

static uint8_t reset_fault(void)
{
    uint8_t fault = latch_start(RCC->CSR);
    RCC->CSR |= RCC_CSR_RMVF;
    return fault;
}

/* Nothing can be done without the missing part: the red light blinks, everything else rests. */
_Noreturn static void give_up(const char *line)
{
    board_write(line);
    for (;;) {
        gpio_set(GPIOB, RED_PIN, clock_us() / 250000 % 2 == 0);
        clock_wake_at(clock_us() + 250000);
        wait_for_interrupt();
    }
}

static bool radio_started(void)
{
    uint64_t until_us = clock_us() + RADIO_START_US;
    mailbox_start();
    while (!mailbox_ready() && !mailbox_failed() && clock_us() < until_us)
        mailbox_poll();
    return mailbox_ready();
}

int main(void)
{
    struct cuelight_identity identity = {.reset_fault = reset_fault()};
    clock_start();
    start_pins();
    if (!identity_read(&identity))
        give_up("{\"what\":\"refused\",\"why\":\"no identity was flashed\"}\n");
    if (!radio_started())
        give_up("{\"what\":\"refused\",\"why\":\"the wireless firmware on CPU2 did not start\"}\n");
    task_run(&identity);
}
