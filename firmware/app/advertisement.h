/* SPDX-License-Identifier: Apache-2.0
 *
 * What the smart button says of itself before anyone connects.
 */
#ifndef APP_ADVERTISEMENT_H
#define APP_ADVERTISEMENT_H

#include "ble.h"

#define ADVERTISEMENT_NAME "Cuelight"

/* Advertising data, exactly 31 bytes: flags, manufacturer data (version and the core's flags, dev_id, inst_id, battery),
 * complete name. Scan response: the service's UUID. */
void advertisement_make(struct ble_advertising *out, const uint8_t dev_id[8], const uint8_t inst_id[4], uint8_t flags,
                        uint8_t battery, bool fast);

#endif
