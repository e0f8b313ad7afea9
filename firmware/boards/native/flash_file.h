/* SPDX-License-Identifier: Apache-2.0
 *
 * Flash in a file, mapped into memory: what is programmed survives the process, however it ends.
 */
#ifndef NATIVE_FLASH_FILE_H
#define NATIVE_FLASH_FILE_H

#include <stdbool.h>

#include "store.h"

/* Opens or creates the file, for this process alone. NULL: done; else why not, as the rest of a sentence. */
const char *flash_file_open(struct store_flash *flash, const char *path);

#endif
