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

/* Called from a timer's interrupt. A task that is late may be holding outputs whose lease is over: they are put to rest
 * without it. If it does not come back, the watchdog follows. */
void task_guard(void);

#endif
