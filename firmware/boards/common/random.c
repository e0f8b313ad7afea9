/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include "stm32.h"

/* A word takes 40 periods of the 48 MHz clock, and the first one a few hundred. */
enum { PATIENCE = 10000 };

static bool draw_word(uint32_t *out)
{
    for (int i = 0; i < PATIENCE; i++) {
        uint32_t status = RNG->SR;
        if ((status & RNG_SR_ERRORS) != 0)
            return false;
        if ((status & RNG_SR_DRDY) != 0) {
            *out = RNG->DR;
            return *out != 0; /* 0 is read when an error came between */
        }
    }
    return false;
}

bool random_draw(uint8_t *out, size_t length)
{
    bool good = true;
    chip_rng_begin();
    RNG->CR = RNG_CR_RNGEN;
    for (size_t i = 0; good && i < length; i++) {
        uint32_t word = 0;
        if (i % 4 == 0)
            good = draw_word(&word);
        out[i] = (uint8_t)(word >> 8 * (i % 4));
    }
    RNG->CR = 0; /* clears a seed error, and saves power */
    RNG->SR = 0;
    chip_rng_end();
    return good;
}
