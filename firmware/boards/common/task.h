/* SPDX-License-Identifier: Apache-2.0
 *
 * The control task of a board without an operating system: the application, its store, its record, and the watchdog.
 */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>

#include "hal.h"

/* Runs the smart button for ever. The clock, the outputs and the controller are ready. */
_Noreturn void task_run(const struct cuelight_identity *identity);

/* Called from the timer's interrupt, by the time it returned last: puts the outputs to rest at the lease's end, whatever the
 * control task is doing. Returns the lease's end while there is one, or CUELIGHT_NEVER. */
uint64_t task_guard(void);

#endif
