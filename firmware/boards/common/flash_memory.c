/* SPDX-License-Identifier: Apache-2.0 */
#include "flash_memory.h"

#include <string.h>

enum { UNIT = 8 };

static bool read_memory(void *ctx, uint32_t offset, uint8_t *out, size_t length)
{
    const uint8_t *bytes = ctx;
    memcpy(out, bytes + offset, length);
    return true;
}

static bool erased(const uint8_t *unit)
{
    for (int i = 0; i < UNIT; i++)
        if (unit[i] != 0xFF)
            return false;
    return true;
}

/* Refuses what the real flash refuses: a double word that is not erased. */
static bool program_memory(void *ctx, uint32_t offset, const uint8_t *data, size_t length)
{
    uint8_t *bytes = ctx;
    for (size_t done = 0; done < length; done += UNIT) {
        if (!erased(bytes + offset + done))
            return false;
        memcpy(bytes + offset + done, data + done, UNIT);
    }
    return true;
}

static bool erase_memory(void *ctx, uint32_t page)
{
    uint8_t *bytes = ctx;
    memset(bytes + (size_t)page * FLASH_MEMORY_PAGE, 0xFF, FLASH_MEMORY_PAGE);
    return true;
}

struct store_flash flash_memory(uint8_t *bytes, uint32_t pages)
{
    return (struct store_flash){
        .ctx = bytes,
        .base = bytes,
        .page_size = FLASH_MEMORY_PAGE,
        .pages = pages,
        .read = read_memory,
        .program = program_memory,
        .erase = erase_memory,
    };
}
