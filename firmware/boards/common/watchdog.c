/* SPDX-License-Identifier: Apache-2.0 */
#include "watchdog.h"

#include "stm32.h"

enum {
    KEY_RELOAD = 0xAAAA,
    KEY_ACCESS = 0x5555,
    KEY_START = 0xCCCC,
    DIVIDE_BY_256 = 6,
    COUNTS_PER_SECOND = 125, /* LSI, nominally 32 kHz, by 256 */
};

void watchdog_start(unsigned seconds)
{
    IWDG->KR = KEY_START;
    IWDG->KR = KEY_ACCESS;
    IWDG->PR = DIVIDE_BY_256;
    IWDG->RLR = seconds * COUNTS_PER_SECOND - 1;
    while (IWDG->SR != 0)
        ;
    IWDG->KR = KEY_RELOAD;
}

void watchdog_feed(void)
{
    IWDG->KR = KEY_RELOAD;
}
