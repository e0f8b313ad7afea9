/* SPDX-License-Identifier: Apache-2.0 */
#include "flash_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the STM32L475 has it: pages of 2 KiB, double words of 8 bytes. */
enum { PAGE = 2048, PAGES = 64, SIZE = PAGE * PAGES, UNIT = 8 };

static bool read_flash(void *ctx, uint32_t offset, uint8_t *out, size_t length)
{
    const uint8_t *bytes = ctx;
    memcpy(out, bytes + offset, length);
    return true;
}

static bool erased(const uint8_t *unit)
{
    for (int i = 0; i < UNIT; i++)
        if (unit[i] != 0xFF)
            return false;
    return true;
}

/* Refuses what the real flash refuses: a double word that is not erased. */
static bool program_flash(void *ctx, uint32_t offset, const uint8_t *data, size_t length)
{
    uint8_t *bytes = ctx;
    for (size_t done = 0; done < length; done += UNIT) {
        if (!erased(bytes + offset + done))
            return false;
        memcpy(bytes + offset + done, data + done, UNIT);
    }
    return true;
}

static bool erase_flash(void *ctx, uint32_t page)
{
    uint8_t *bytes = ctx;
    memset(bytes + (size_t)page * PAGE, 0xFF, PAGE);
    return true;
}

static bool fill_new(int file)
{
    uint8_t page[PAGE];
    memset(page, 0xFF, sizeof page);
    for (int i = 0; i < PAGES; i++)
        if (write(file, page, sizeof page) != (ssize_t)sizeof page)
            return false;
    return true;
}

const char *flash_file_open(struct store_flash *flash, const char *path)
{
    struct stat status;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return "cannot be opened";
    if (flock(file, LOCK_EX | LOCK_NB) != 0)
        return "is in use by another process";
    if (fstat(file, &status) != 0 || (status.st_size == 0 && !fill_new(file)))
        return "cannot be written";
    if (status.st_size != 0 && status.st_size != SIZE)
        return "is no flash image of this board";
    uint8_t *bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED)
        return "cannot be mapped";
    *flash = (struct store_flash){
        .ctx = bytes,
        .base = bytes,
        .page_size = PAGE,
        .pages = PAGES,
        .read = read_flash,
        .program = program_flash,
        .erase = erase_flash,
    };
    return NULL;
}
