/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRACE_H
#define TRACE_H

/* Writes a line to the debugger: to port 0 of the instrumentation trace (SWO) when one listens there, else to nobody. */
void trace_write(const char *line);

#endif
