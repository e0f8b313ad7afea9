/* SPDX-License-Identifier: Apache-2.0 */
#include "oled.h"

#include <string.h>

#include "cortex.h"
#include "stm32.h"

#define RCC_APB1ENR1_I2C1EN (1u << 21)

#define CR1_RUN (1u << 0 | 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7) /* PE TXIE NACKIE STOPIE TCIE ERRIE */
#define CR2_START (1u << 13)
#define CR2_RELOAD (1u << 24)
#define CR2_AUTOEND (1u << 25)
#define ISR_TXIS (1u << 1)
#define ISR_NACKF (1u << 4)
#define ISR_STOPF (1u << 5)
#define ISR_TCR (1u << 7)
#define ISR_BERR (1u << 8)
#define ISR_ARLO (1u << 9)
#define ISR_FAILED (ISR_NACKF | ISR_BERR | ISR_ARLO)

/* 400 kHz from 32 MHz (32.4.10): low 1.4 us, high 0.9 us, data set up 0.4 us before the clock. */
#define TIMING (12u << 20 | 2u << 16 | 27u << 8 | 43u)

enum {
    ADDRESS = 0x3C << 1,
    AF = 4, /* DS11929 table 17 */
    SCL_PIN = 8,
    SDA_PIN = 9,
    IRQ_PRIORITY = 6,
    FRAME = 128,
    SIDE = 64, /* of the picture as shown */
    PAGES = SIDE / 8,
    BLOCK = 255, /* bytes that NBYTES counts */
    COMMANDS = 0x00, /* control byte: commands follow (SSD1306 datasheet 8.1.5.2) */
    DATA = 0x40,
    DISPLAY_OFF = 0xAE,
    DISPLAY_ON = 0xAF,
};

/* SSD1306 datasheet, table 9: oscillator, 64 rows, no offset, charge pump, horizontal addressing, mirrored both ways as the
 * usual modules are mounted, contrast, and the window in the middle, after whose last byte the first comes again. */
static const uint8_t setup[] = {
    COMMANDS, DISPLAY_OFF, 0xD5, 0x80, 0xA8, 0x3F, 0xD3, 0x00, 0x40, 0x8D, 0x14, 0x20, 0x00, 0xA1, 0xC8, 0xDA,
    0x12, 0x81, 0x8F, 0xD9, 0xF1, 0xDB, 0x40, 0xA4, 0xA6, 0x21, 32, 32 + SIDE - 1, 0x22, 0, PAGES - 1,
};

static uint8_t frame[FRAME];   /* to be shown next */
static volatile bool lit;      /* it is a picture */
static volatile bool changed;
static bool set_up, on;        /* as far as the display is known to be */
static enum { IDLE, SETTING_UP, DRAWING, SWITCHING } volatile phase;
static uint8_t bytes[1 + SIDE * PAGES];
static const uint8_t *next;
static uint32_t left;

static uint32_t block(void)
{
    uint32_t size = left > BLOCK ? BLOCK : left;
    return size << 16 | (left > BLOCK ? CR2_RELOAD : CR2_AUTOEND);
}

static void send(const uint8_t *data, uint32_t length)
{
    next = data;
    left = length;
    I2C1->CR2 = ADDRESS | block() | CR2_START;
}

/* Eight rows of the display are a byte, the uppermost in the lowest bit. */
static uint8_t column(unsigned page, unsigned x)
{
    uint8_t out = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned row = (page * 8 + i) / 2;
        unsigned lit_pixel = frame[row * 4 + x / 16] >> (7 - x / 2 % 8) & 1;
        out = (uint8_t)(out | lit_pixel << i);
    }
    return out;
}

static void draw(void)
{
    bytes[0] = DATA;
    for (unsigned page = 0; page < PAGES; page++)
        for (unsigned x = 0; x < SIDE; x++)
            bytes[1 + page * SIDE + x] = column(page, x);
    send(bytes, sizeof bytes);
}

static void switch_on(bool wanted)
{
    bytes[0] = COMMANDS;
    bytes[1] = wanted ? DISPLAY_ON : DISPLAY_OFF;
    on = wanted;
    send(bytes, 2);
}

/* What comes next: the display is set up, drawn, and only then switched on. Interrupts are masked, or this is one. */
static void go_on(void)
{
    if (!set_up && lit) {
        phase = SETTING_UP;
        set_up = true;
        on = false;
        send(setup, sizeof setup);
    } else if (changed && lit) {
        phase = DRAWING;
        changed = false;
        draw();
    } else if (set_up && on != lit) {
        phase = SWITCHING;
        switch_on(lit);
    } else {
        phase = IDLE;
    }
}

void oled_start(void)
{
    RCC->APB1ENR1 |= RCC_APB1ENR1_I2C1EN;
    GPIOB->OTYPER |= 1u << SCL_PIN | 1u << SDA_PIN;
    gpio_alternate(GPIOB, SCL_PIN, AF);
    gpio_alternate(GPIOB, SDA_PIN, AF);
    I2C1->TIMINGR = TIMING;
    I2C1->CR1 = CR1_RUN;
    irq_enable(IRQ_I2C1_EV, IRQ_PRIORITY);
    irq_enable(IRQ_I2C1_ER, IRQ_PRIORITY);
}

void oled_show(const uint8_t *picture)
{
    uint32_t mask = irq_lock();
    lit = picture != NULL;
    changed = true;
    if (picture)
        memcpy(frame, picture, FRAME);
    if (phase == IDLE)
        go_on();
    irq_unlock(mask);
}

bool oled_busy(void)
{
    return phase != IDLE;
}

/* Nothing answers, or the bus is disturbed: what the display shows is unknown, so it is set up anew with the next picture. */
static void fail(void)
{
    I2C1->CR1 = 0; /* lets go of the bus (32.4.6) */
    (void)I2C1->CR1;
    I2C1->ICR = ISR_FAILED | ISR_STOPF;
    I2C1->CR1 = CR1_RUN;
    set_up = false;
    on = false;
    phase = IDLE;
}

void oled_handler(void)
{
    uint32_t status = I2C1->ISR;
    if ((status & ISR_FAILED) != 0) {
        fail();
    } else if ((status & ISR_TXIS) != 0) {
        I2C1->TXDR = *next++;
        left--;
    } else if ((status & ISR_TCR) != 0) {
        I2C1->CR2 = ADDRESS | block();
    } else if ((status & ISR_STOPF) != 0) {
        I2C1->ICR = ISR_STOPF;
        go_on();
    }
}
