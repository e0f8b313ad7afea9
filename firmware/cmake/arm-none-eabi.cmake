# SPDX-License-Identifier: Apache-2.0
#
# Cross-compiles for the Cortex-M4 of both ARM boards, with the compiler on PATH or the one script/toolchain unpacked.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m4)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(ARM_TOOLS ${CMAKE_CURRENT_LIST_DIR}/../../.tools/arm/usr/bin)
find_program(CMAKE_C_COMPILER arm-none-eabi-gcc HINTS ${ARM_TOOLS})
if(NOT CMAKE_C_COMPILER)
  message(FATAL_ERROR "arm-none-eabi-gcc is missing; run script/toolchain.")
endif()
find_program(CMAKE_OBJCOPY arm-none-eabi-objcopy HINTS ${ARM_TOOLS})

set(CMAKE_ASM_COMPILER ${CMAKE_C_COMPILER})
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16")
# Not the _INIT form: CMake would add its own -O2 after it.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-Os -g" CACHE STRING "Options of an optimised build")
