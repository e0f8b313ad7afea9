/* SPDX-License-Identifier: Apache-2.0
 *
 * The board `b_l475e_iot01a`: the smart button on ST's discovery kit, and the same image in QEMU.
 */
#include "app.h"
#include "chip.h"
#include "clock.h"
#include "cortex.h"
#include "emulation.h"
#include "flash.h"
#include "identity.h"
#include "latch.h"
#include "matrix.h"
#include "random.h"
#include "record.h"
#include "servos.h"
#include "startup.h"
#include "stm32.h"
#include "trace.h"
#include "usart.h"
#include "vectors.h"
#include "watchdog.h"

#define MODEL "b_l475e_iot01a"
#define RCC_AHB2ENR_GPIO_A_TO_D 15u
#define RCC_AHB2ENR_RNGEN (1u << 18)
#define RCC_APB2ENR_SYSCFGEN 1u

enum {
    BUTTON_PIN = 13,  /* PC13, the blue button, pressed: low (UM2153 7.14) */
    LED_PIN = 14,     /* PB14, LD2 */
    DRIVER_PIN = 9,   /* PB9, D14: enables the motor driver; a resistor pulls it down */
    SUPPLY_MV = 3300, /* the kit is fed from USB */
    WATCHDOG_S = 4,
    POLL_US = 1000000,  /* the longest sleep of the control task */
    GUARD_US = 50000,   /* how late it may be before the outputs are taken from it */
    ROW_TICKS = 2,      /* 62 pictures a second */
    ROW_TICKS_EMULATED = 16, /* every pin change costs QEMU a microsecond, and its matrix has no flicker */
};

/* 64 pages at the end of bank 2 (RM0351 3.3.1). */
static const struct flash_area store_area = {
    .base = (uint8_t *)0x080E0000u,
    .page_size = 2048,
    .pages = 64,
    .bank = FLASH_CR_BKER,
    .first = 192,
};

static struct board {
    struct app app;
    struct store store;
    struct record record;
    bool button_down;
    uint8_t row_ticks;
    uint8_t ticks;
    volatile bool guarded;   /* the guard may look at due_us */
    volatile uint64_t due_us; /* when the control task wanted to run again */
} board;

/* ---- The board's callbacks ---- */

static void hci_send(void *ctx, const uint8_t *packet, size_t length)
{
    (void)ctx;
    usart_send(packet, length);
}

static void hello(void *ctx, uint8_t link, uint64_t now_us)
{
    struct board *self = ctx;
    (void)now_us;
    record_hello(&self->record, link);
}

static void display(void *ctx, const uint8_t *frame)
{
    struct board *self = ctx;
    matrix_picture(frame);
    record_display(&self->record, frame);
}

static void light(void *ctx, uint8_t r, uint8_t g, uint8_t b)
{
    struct board *self = ctx;
    matrix_light(r, g, b);
    record_light(&self->record, r, g, b);
}

static void servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    struct board *self = ctx;
    servos_set(channel, decidegrees, enabled);
    record_servo(&self->record, channel, decidegrees, enabled);
}

static void safe(void *ctx, bool is_safe, uint8_t fault)
{
    struct board *self = ctx;
    gpio_set(GPIOB, DRIVER_PIN, !is_safe);
    gpio_set(GPIOB, LED_PIN, !is_safe);
    record_safe(&self->record, is_safe, fault);
}

static void state(void *ctx, uint8_t state, uint8_t fault)
{
    struct board *self = ctx;
    latch_fault(fault);
    record_state(&self->record, state, fault);
}

static void timeline(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms)
{
    struct board *self = ctx;
    record_timeline(&self->record, timeline, what, index, planned_ms, now_ms);
}

static uint16_t millivolts(void *ctx)
{
    (void)ctx;
    return SUPPLY_MV;
}

static bool draw_random(void *ctx, uint8_t *out, size_t length)
{
    (void)ctx;
    return random_draw(out, length);
}

/* ---- Interrupts ---- */

void button_handler(void)
{
    EXTI->PR1 = 1u << BUTTON_PIN; /* the wake-up is all; the control task reads the pin */
}

/* A control task that is late may be holding outputs whose lease is over: they are put to rest without it. If it does not
 * come back, the watchdog follows. */
static void guard(void)
{
    if (!board.guarded || clock_us() < board.due_us + GUARD_US)
        return;
    gpio_set(GPIOB, DRIVER_PIN, false);
    gpio_set(GPIOB, LED_PIN, false);
    servos_off();
    matrix_off();
}

void tick_handler(void)
{
    guard();
    if (++board.ticks < board.row_ticks)
        return;
    board.ticks = 0;
    matrix_scan();
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

static void start_app(const struct cuelight_identity *identity)
{
    const struct app_board wiring = {
        .ctx = &board,
        .model = MODEL,
        .version = CUELIGHT_VERSION,
        .battery_empty_mv = SUPPLY_MV - 1,
        .battery_full_mv = SUPPLY_MV,
        .hci_send = hci_send,
        .hello = hello,
        .display = display,
        .light = light,
        .servo = servo,
        .safe = safe,
        .state = state,
        .timeline = timeline,
        .millivolts = millivolts,
        .random = draw_random,
    };
    struct store_flash flash = emulated() ? emulation_flash() : flash_open(&store_area);
    record_init(&board.record, emulated() ? emulation_write : trace_write, clock_us);
    (void)store_mount(&board.store, &flash); /* what fails shows as the fault "store" */
    app_init(&board.app, &wiring, &board.store, identity, clock_us());
    record_boot(&board.record, MODEL, identity->dev_id, cuelight_inst_id(&board.app.core));
}

/* Without an identity there is nothing to pair with: LD2 blinks and the radio stays off. */
_Noreturn static void wait_for_identity(void)
{
    static const char sentence[] = "{\"what\":\"refused\",\"why\":\"no identity was flashed\"}\n";
    emulated() ? emulation_write(sentence) : trace_write(sentence);
    for (;;) {
        gpio_set(GPIOB, LED_PIN, clock_us() / 250000 % 2 == 0);
        wait_for_interrupt();
    }
}

/* ---- The control task ---- */

static bool button_down(void)
{
    return !gpio_get(GPIOC, BUTTON_PIN);
}

static void receive(void)
{
    uint8_t bytes[64];
    for (size_t length = usart_receive(bytes, sizeof bytes); length > 0; length = usart_receive(bytes, sizeof bytes))
        app_hci_received(&board.app, bytes, length, clock_us());
}

static void read_button(void)
{
    bool down = button_down();
    if (down != board.button_down)
        app_button(&board.app, 0, down, clock_us());
    board.button_down = down;
}

static void sleep_until(uint64_t due_us)
{
    for (;;) {
        uint32_t mask = irq_lock();
        bool go_on = usart_waiting() || usart_lost() || button_down() != board.button_down || clock_us() >= due_us;
        if (!go_on)
            wait_for_interrupt();
        irq_unlock(mask);
        if (go_on)
            return;
    }
}

static void note_due(uint64_t due_us)
{
    board.guarded = false; /* the tick must not see half of due_us */
    board.due_us = due_us;
    board.guarded = true;
}

_Noreturn static void run(void)
{
    for (;;) {
        receive();
        read_button();
        uint64_t due_us = app_poll(&board.app, clock_us());
        watchdog_feed();
        uint64_t latest_us = clock_us() + POLL_US;
        note_due(due_us < latest_us ? due_us : latest_us);
        if (usart_lost()) {
            app_stop(&board.app, clock_us());
            system_reset();
        }
        sleep_until(board.due_us);
    }
}

int main(void)
{
    struct cuelight_identity identity = {.reset_fault = reset_fault()};
    clock_start();
    start_pins();
    board.row_ticks = emulated() ? ROW_TICKS_EMULATED : ROW_TICKS;
    if (!identity_read(&identity))
        wait_for_identity();
    start_button();
    usart_start();
    start_app(&identity);
    watchdog_start(WATCHDOG_S);
    run();
}
