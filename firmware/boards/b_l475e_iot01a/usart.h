/* SPDX-License-Identifier: Apache-2.0
 *
 * HCI H4 on USART1 (PB6, PB7: the virtual COM port of the kit's ST-LINK), 8N1, no flow control.
 */
#ifndef USART_H
#define USART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { USART_BAUD = 1000000 };

void usart_start(void);

/* Takes up to `capacity` bytes that arrived. */
size_t usart_receive(uint8_t *out, size_t capacity);
bool usart_waiting(void);

/* Takes a whole packet without blocking; what BLE_SEND_BOUND allows always fits. */
void usart_send(const uint8_t *data, size_t length);

/* A byte was lost, either way: H4 cannot find its packets again without a reset (Vol 4, Part A, 2). */
bool usart_lost(void);

void usart_handler(void);

#endif
