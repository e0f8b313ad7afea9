/* SPDX-License-Identifier: Apache-2.0
 *
 * The factory reset: controllers' keys, settings and assets go, the label's key is what it was, and the device is another
 * instance. Its identity and its boot count stay.
 */
#ifndef CUELIGHT_FACTORY_H
#define CUELIGHT_FACTORY_H

#include <stdint.h>

struct cuelight;

/* Ends every connection and resets. Where the store fails, everything stays as it was and the fault is latched. */
void factory_reset(struct cuelight *device, uint64_t now_us);

#endif
