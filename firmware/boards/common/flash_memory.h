/* SPDX-License-Identifier: Apache-2.0
 *
 * Flash that is memory: as the STM32L475 has it, pages of 2 KiB and double words of 8 bytes that are programmed once.
 */
#ifndef FLASH_MEMORY_H
#define FLASH_MEMORY_H

#include "store.h"

enum { FLASH_MEMORY_PAGE = 2048 };

/* A store's flash in `pages` pages of memory, which someone keeps. */
struct store_flash flash_memory(uint8_t *bytes, uint32_t pages);

#endif
