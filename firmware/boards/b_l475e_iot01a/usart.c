/* SPDX-License-Identifier: Apache-2.0 */
#include "usart.h"

#include "ble.h"
#include "cortex.h"
#include "stm32.h"

#define CR1_RUN (1u << 0 | 1u << 2 | 1u << 3 | 1u << 5) /* UE RE TE RXNEIE */
#define CR1_TXEIE (1u << 7)
#define ISR_FE (1u << 1)
#define ISR_NF (1u << 2)
#define ISR_ORE (1u << 3)
#define ISR_RXNE (1u << 5)
#define ISR_TXE (1u << 7)
#define RCC_APB2ENR_USART1EN (1u << 14)

/* In: what can arrive while a page of flash is erased, 22 ms (DS10969 table 52), at the speed of a Bluetooth link. */
enum { IN = 2048, OUT = BLE_SEND_BOUND + 1, PB6_PB7_AF = 7, HIGHEST_PRIORITY = 0 };

/* One side writes `head`, the other `tail`; equal: empty. */
struct ring {
    volatile uint16_t head, tail;
};

static struct ring in, out;
static uint8_t in_bytes[IN], out_bytes[OUT];
static volatile bool lost;

static uint16_t next(uint16_t at, uint16_t size)
{
    return (uint16_t)(at + 1 == size ? 0 : at + 1);
}

void usart_start(void)
{
    gpio_pull(GPIOB, 7, GPIO_PULL_UP);
    gpio_alternate(GPIOB, 6, PB6_PB7_AF);
    gpio_alternate(GPIOB, 7, PB6_PB7_AF);
    RCC->APB2ENR |= RCC_APB2ENR_USART1EN;
    USART1->BRR = CPU_HZ / USART_BAUD;
    USART1->CR1 = CR1_RUN;
    irq_enable(IRQ_USART1, HIGHEST_PRIORITY);
}

static void take(uint8_t byte)
{
    uint16_t after = next(in.head, IN);
    if (after == in.tail) {
        lost = true;
        return;
    }
    in_bytes[in.head] = byte;
    in.head = after;
}

void usart_handler(void)
{
    uint32_t status = USART1->ISR;
    if ((status & (ISR_ORE | ISR_FE | ISR_NF)) != 0) {
        USART1->ICR = ISR_ORE | ISR_FE | ISR_NF;
        lost = true;
    }
    if ((status & ISR_RXNE) != 0)
        take((uint8_t)USART1->RDR);
    if ((status & ISR_TXE) == 0 || (USART1->CR1 & CR1_TXEIE) == 0)
        return;
    if (out.tail == out.head) {
        USART1->CR1 = CR1_RUN;
    } else {
        USART1->TDR = out_bytes[out.tail];
        out.tail = next(out.tail, OUT);
    }
}

bool usart_waiting(void)
{
    return in.tail != in.head;
}

size_t usart_receive(uint8_t *bytes, size_t capacity)
{
    size_t count = 0;
    while (count < capacity && usart_waiting()) {
        bytes[count++] = in_bytes[in.tail];
        in.tail = next(in.tail, IN);
    }
    return count;
}

void usart_send(const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint16_t after = next(out.head, OUT);
        if (after == out.tail) {
            lost = true;
            break;
        }
        out_bytes[out.head] = data[i];
        out.head = after;
    }
    uint32_t mask = irq_lock();
    USART1->CR1 = CR1_RUN | CR1_TXEIE;
    irq_unlock(mask);
}

bool usart_lost(void)
{
    return lost;
}
