/* SPDX-License-Identifier: Apache-2.0
 *
 * Little-endian fields of Bluetooth packets.
 */
#ifndef BLE_BYTES_H
#define BLE_BYTES_H

#include <stdint.h>

static inline uint16_t get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline void put_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value & 0xFF);
    bytes[1] = (uint8_t)(value >> 8);
}

#endif
