/* SPDX-License-Identifier: Apache-2.0 */
#include "semaphore.h"

#include "mailbox.h"
#include "stm32.h"

#define CPU1 (4u << 8) /* COREID: 38.3.4 */
#define LOCK (1u << 31)

enum { PATIENCE = 3200000 }; /* about a second */

bool semaphore_try(enum semaphore semaphore)
{
    return HSEM->RLR[semaphore] == (LOCK | CPU1);
}

void semaphore_take(enum semaphore semaphore)
{
    while (!semaphore_try(semaphore))
        ;
}

void semaphore_give(enum semaphore semaphore)
{
    HSEM->R[semaphore] = CPU1;
}

/* Erasing stalls CPU2 as well, unless it is told to keep its radio events clear of it (AN5289, flash management). */
bool chip_flash_begin(void)
{
    for (int i = 0; i < PATIENCE; i++)
        if (semaphore_try(SEMAPHORE_FLASH)) {
            mailbox_flash_activity(true);
            return true;
        }
    return false;
}

void chip_flash_end(void)
{
    mailbox_flash_activity(false);
    semaphore_give(SEMAPHORE_FLASH);
}
