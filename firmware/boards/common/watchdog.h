/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

/* The independent watchdog, on its own clock. Once started it cannot be stopped. `seconds`: 1 to 32. */
void watchdog_start(unsigned seconds);

/* Only the control task calls this, after the state machine has been polled. */
void watchdog_feed(void);

#endif
