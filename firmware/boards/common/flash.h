/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's flash: pages of the chip's own.
 */
#ifndef BOARD_FLASH_H
#define BOARD_FLASH_H

#include "store.h"

/* `pages` pages from `base`, which is page `first` of the bank that `bank` selects in FLASH_CR. */
struct flash_area {
    uint8_t *base;
    uint32_t page_size, pages;
    uint32_t bank, first;
};

/* `area` stays where it is. */
struct store_flash flash_open(const struct flash_area *area);

#endif
