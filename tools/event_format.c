// SPDX-License-Identifier: GPL-2.0
/*
 * event_format.c - the tracepoints of arch/x86/trace.h and their fields, by name.
 *
 * Reached from event_stream.c, which reads them, and timeline.c, which writes them; see event_stream.h.
 */
#include "event_stream.h"

const struct event_format event_formats[EVENT_KINDS] = {
	[EVENT_USERSPACE_ENTRY]	= { "userspace_entry", { "tsc" } },
	[EVENT_SLICE_BEGIN]	= { "slice_begin", { "borrowed" } },
	[EVENT_EXIT]		= { "exit", { "reason", "rip", "qualification", "guest_physical", "intr_info",
					      "idt_vectoring", "tsc", "guest_ticks" } },
	[EVENT_SLICE_END]	= { "slice_end", { "handled_by" } },
	[EVENT_USERSPACE_EXIT]	= { "userspace_exit", { "tsc", "handled_by", "reason", "result" } },
	[EVENT_INJECT]		= { "inject", { "info", "error_code" } },
	[EVENT_PIO]		= { "pio", { "in", "string", "port", "size" } },
	[EVENT_MMIO]		= { "mmio", { "is_write", "gpa", "size", "data" } },
	[EVENT_MSR]		= { "msr", { "is_write", "number", "value", "fault" } },
	[EVENT_CR]		= { "cr", { "is_write", "cr", "value" } },
	[EVENT_EPT_FILL]	= { "ept_fill", { "gpa", "is_write", "fetch", "leaf", "size" } },
	[EVENT_EPT_INVALIDATE]	= { "ept_invalidate", { "start", "end" } },
};
