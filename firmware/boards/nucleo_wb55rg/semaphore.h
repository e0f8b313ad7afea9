/* SPDX-License-Identifier: Apache-2.0
 *
 * The hardware semaphores that CPU1 and ST's firmware on CPU2 share (AN5289, table of semaphores).
 */
#ifndef SEMAPHORE_H
#define SEMAPHORE_H

#include <stdbool.h>

enum semaphore {
    SEMAPHORE_RNG = 0,
    SEMAPHORE_FLASH = 2,
    SEMAPHORE_CLOCKS = 3, /* RCC */
    SEMAPHORE_STOP = 4,   /* who enters Stop last turns the clocks off */
    SEMAPHORE_CLK48 = 5,
};

bool semaphore_try(enum semaphore semaphore);

/* CPU2 holds one for a moment only. */
void semaphore_take(enum semaphore semaphore);
void semaphore_give(enum semaphore semaphore);

#endif
