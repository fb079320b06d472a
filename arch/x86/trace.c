// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - makes the tracepoints that trace.h defines.
 */
#define CREATE_TRACE_POINTS
#include "arch/x86/trace.h"
