/* SPDX-License-Identifier: Apache-2.0 */
#include "latch.h"

#include <stdbool.h>

#include "hal.h"
#include "stm32.h"

#define MAGIC 0x434C4654u

static struct {
    uint32_t magic;
    uint32_t not_magic; /* RAM comes up with anything */
    uint32_t fault;
    uint32_t crashed;
    uint32_t pc, cfsr; /* for a debugger */
} latch __attribute__((section(".noinit")));

static bool kept(void)
{
    return latch.magic == MAGIC && latch.not_magic == ~MAGIC && latch.fault <= UINT8_MAX;
}

/* A supply that dips below the brown-out level and comes back leaves the RAM as it was; switching on does not. */
uint8_t latch_start(uint32_t reset_causes)
{
    bool warm = kept();
    uint32_t fault = warm ? latch.fault : CUELIGHT_OK;
    bool crashed = warm && latch.crashed;
    latch.magic = MAGIC;
    latch.not_magic = ~MAGIC;
    latch.crashed = false;
    if (crashed || (reset_causes & (RCC_CSR_IWDGRSTF | RCC_CSR_WWDGRSTF)) != 0)
        fault = CUELIGHT_WATCHDOG;
    else if (warm && (reset_causes & RCC_CSR_BORRSTF) != 0)
        fault = CUELIGHT_BROWN_OUT;
    latch.fault = fault;
    return (uint8_t)fault;
}

void latch_fault(uint8_t fault)
{
    latch.fault = fault;
}

void latch_crash(uint32_t pc, uint32_t cfsr)
{
    latch.crashed = true;
    latch.pc = pc;
    latch.cfsr = cfsr;
}
