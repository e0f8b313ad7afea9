/* SPDX-License-Identifier: Apache-2.0 */
#include "emulation.h"

#include "flash_memory.h"
#include "stm32.h"

#define SRAM1 ((uint8_t *)0x20000000u)

enum { PAGES = 48 };

bool emulated(void)
{
    return DBGMCU_IDCODE == 0;
}

struct store_flash emulation_flash(void)
{
    return flash_memory(SRAM1, PAGES);
}

void emulation_write(const char *line)
{
    register uint32_t operation __asm__("r0") = 4;
    register const char *argument __asm__("r1") = line;
    __asm__ volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
}
