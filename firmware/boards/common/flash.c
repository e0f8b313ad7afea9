/* SPDX-License-Identifier: Apache-2.0 */
#include "flash.h"

#include <string.h>

#include "cortex.h"
#include "startup.h"
#include "stm32.h"

enum { UNIT = 8 };

#define KEY_1 0x45670123u
#define KEY_2 0xCDEF89ABu

static volatile bool ecc_failed;

/* A double ECC error, left by a power cut while a double word was written, raises NMI (RM0351 3.3.3, RM0434 3.3.4). The
 * load that met it goes on with whatever it read. Any other NMI is a fault. */
void flash_nmi_handler(void)
{
    if ((FLASH->ECCR & FLASH_ECCR_ECCD) == 0)
        fault_handler();
    FLASH->ECCR = FLASH_ECCR_ECCD;
    ecc_failed = true;
}

static bool read_flash(void *ctx, uint32_t offset, uint8_t *out, size_t length)
{
    const struct flash_area *area = ctx;
    ecc_failed = false;
    memcpy(out, area->base + offset, length);
    __asm__ volatile("dsb" ::: "memory");
    return !ecc_failed;
}

static bool begin(void)
{
    if (!chip_flash_begin())
        return false;
    while ((FLASH->SR & FLASH_SR_BUSY) != 0)
        ;
    FLASH->SR = FLASH_SR_ERRORS;
    if ((FLASH->CR & FLASH_CR_LOCK) != 0) {
        FLASH->KEYR = KEY_1;
        FLASH->KEYR = KEY_2;
    }
    return true;
}

static bool finish(void)
{
    while ((FLASH->SR & FLASH_SR_BUSY) != 0)
        ;
    return (FLASH->SR & FLASH_SR_ERRORS) == 0;
}

static void end(void)
{
    FLASH->CR = FLASH_CR_LOCK;
    /* The data cache does not follow programming and erasing (RM0351 3.3.4, RM0434 3.3.5). */
    FLASH->ACR &= ~FLASH_ACR_DCEN;
    FLASH->ACR |= FLASH_ACR_DCRST;
    FLASH->ACR &= ~FLASH_ACR_DCRST;
    FLASH->ACR |= FLASH_ACR_DCEN;
    chip_flash_end();
}

/* Two words in a row, with nothing between that could touch the flash interface in their place. */
static bool program_unit(volatile uint32_t *target, const uint8_t *unit)
{
    uint32_t words[2];
    memcpy(words, unit, sizeof words);
    FLASH->CR = FLASH_CR_PG;
    uint32_t mask = irq_lock();
    target[0] = words[0];
    __asm__ volatile("isb" ::: "memory");
    target[1] = words[1];
    irq_unlock(mask);
    return finish();
}

static bool program_flash(void *ctx, uint32_t offset, const uint8_t *data, size_t length)
{
    const struct flash_area *area = ctx;
    bool good = begin();
    for (size_t done = 0; good && done < length; done += UNIT)
        good = program_unit((volatile uint32_t *)(void *)(area->base + offset + done), data + done);
    end();
    return good && memcmp(area->base + offset, data, length) == 0;
}

static bool erase_flash(void *ctx, uint32_t page)
{
    const struct flash_area *area = ctx;
    bool good = begin();
    if (good) {
        FLASH->CR = FLASH_CR_PER | FLASH_CR_PNB(area->first + page) | area->bank;
        FLASH->CR |= FLASH_CR_STRT;
        good = finish();
    }
    end();
    return good;
}

struct store_flash flash_open(const struct flash_area *area)
{
    return (struct store_flash){
        .ctx = (void *)(uintptr_t)area,
        .base = area->base,
        .page_size = area->page_size,
        .pages = area->pages,
        .read = read_flash,
        .program = program_flash,
        .erase = erase_flash,
    };
}
