/* SPDX-License-Identifier: Apache-2.0 */
#include "startup.h"

#include <string.h>

#include "cortex.h"
#include "latch.h"

enum { STACK_PAINT = 0xA5 };

/* From the linker; a size is the "address" of its symbol. */
extern char data_start[], data_load[], data_size[], bss_start[], bss_size[];

/* Enables the floating-point unit (CPACR: CP10, CP11), for which the compiler may use registers. */
static void enable_fpu(void)
{
    volatile uint32_t *cpacr = (volatile uint32_t *)0xE000ED88u;
    *cpacr |= 15u << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

/* The stack below this frame is painted, so that a debugger can see how deep it went. */
static void paint_stack(void)
{
    char *here = __builtin_frame_address(0);
    for (char *at = stack_bottom; at < here - 64; at++)
        *(volatile char *)at = (char)STACK_PAINT;
}

_Noreturn void start(void);

_Noreturn void start(void)
{
    enable_fpu();
    paint_stack();
    memcpy(data_start, data_load, (size_t)data_size);
    memset(bss_start, 0, (size_t)bss_size);
    main();
    system_reset();
}

/* A debugger or a loader may jump here with any stack. */
__attribute__((naked)) void reset_handler(void)
{
    __asm__ volatile("cpsie i\n\tldr r0, =stack_top\n\tmov sp, r0\n\tb start");
}

_Noreturn void crash(const uint32_t *frame);

/* `frame` is what the exception stacked: r0-r3, r12, lr, pc, psr. It is out of RAM when the stack was. */
_Noreturn void crash(const uint32_t *frame)
{
    const char *at = (const char *)frame;
    latch_crash(at >= stack_bottom && at + 32 <= stack_top ? frame[6] : 0, SCB->CFSR);
    system_reset();
}

/* Every fault ends here: the control task is dead, so the board starts over, at rest. */
__attribute__((naked)) void fault_handler(void)
{
    __asm__ volatile("cpsid i\n\tmov r0, sp\n\tldr r1, =stack_top\n\tmov sp, r1\n\tb crash");
}
