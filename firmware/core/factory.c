/* SPDX-License-Identifier: Apache-2.0 */
#include "factory.h"

#include <string.h>

#include "device.h"

void factory_reset(struct cuelight *device, uint64_t now_us)
{
    pairing_close(&device->pairing);
    for (uint8_t link = 0; link < CUELIGHT_LINKS; link++)
        link_drop(device, link, now_us);
    device->presses.count = 0;
    notice_show(&device->notice, NOTICE_RESET, now_us);
    notice_step(&device->notice, &device->outputs.display, now_us);
    if (!keys_reset(&device->keys)) {
        device->safety.fault = CUELIGHT_STORE;
        notice_show(&device->notice, NOTICE_NONE, now_us);
        return;
    }
    device->safety.fault = CUELIGHT_OK;
    settings_load(&device->outputs.settings, &device->hal);
    memset(&device->timelines, 0, sizeof device->timelines);
}
