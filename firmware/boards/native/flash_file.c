/* SPDX-License-Identifier: Apache-2.0 */
#include "flash_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flash_memory.h"

enum { PAGES = 64, SIZE = FLASH_MEMORY_PAGE * PAGES };

static bool fill_new(int file)
{
    uint8_t page[FLASH_MEMORY_PAGE];
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
    *flash = flash_memory(bytes, PAGES);
    return NULL;
}
