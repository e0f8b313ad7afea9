# SPDX-License-Identifier: Apache-2.0
#
# What the boards without an operating system share: the options of every object, and how an image is linked.

# The same sources give the same bytes wherever the checkout lies; a function that nobody calls takes no room; the
# compiler tells each function's stack and calls for the check of the image.
add_compile_options(
    -ffunction-sections -fdata-sections -fno-common -fstack-usage -fcallgraph-info=su
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=firmware -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)

# bare_metal_image(NAME SOURCE…): the executable NAME and NAME.bin beside it, linked by the board's link.ld.
function(bare_metal_image name)
  set(common ${CMAKE_SOURCE_DIR}/boards/common)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  add_executable(${name} ${ARGN} ${common}/startup.c ${common}/flash.c ${common}/identity.c ${common}/latch.c
                         ${common}/random.c ${common}/record.c ${common}/task.c ${common}/trace.c ${common}/watchdog.c)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${common})
  target_compile_definitions(${name} PRIVATE CUELIGHT_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE cuelight_app)
  # newlib-nano for memcpy and its like; none of its start files. Nothing here provides _sbrk, so that a heap does not link.
  target_link_options(${name} PRIVATE --specs=nano.specs -nostartfiles -static -Wl,--gc-sections -Wl,--fatal-warnings
                      -Wl,--build-id=none -Wl,-Map=${CMAKE_BINARY_DIR}/${name}.map -L${common}
                      -T${CMAKE_CURRENT_SOURCE_DIR}/link.ld)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
                                           LINK_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/link.ld;${common}/sections.ld")
  add_custom_command(TARGET ${name} POST_BUILD VERBATIM
                     COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:${name}> $<TARGET_FILE:${name}>.bin)
endfunction()
