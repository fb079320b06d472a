/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - the tracepoints minivmx:minivmx_*, for ftrace, perf and BPF: what a vCPU does, as it does it.
 *
 * Reached from where it happens; trace.c makes the tracepoints of these definitions. Off, each is a
 * jump that is not taken. Those of the slice run with interrupts off, and with CR2 saved, so that a
 * program that hangs on one may take a page fault.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM minivmx

#if !defined(_MINIVMX_ARCH_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MINIVMX_ARCH_TRACE_H

#include <linux/kvm_types.h>
#include <linux/tracepoint.h>
#include <linux/types.h>
#include <asm/vmx.h>

#include <uapi/exit_reasons.h>
#include <uapi/minivmx.h>

#include "arch/x86/vcpu.h"

#define TRACE_EXIT_REASON(number, symbol, name)	{ number, name },
#define TRACE_EXIT_REASONS	MINIVMX_EXIT_REASONS(TRACE_EXIT_REASON) \
				{ MINIVMX_EXIT_REASON_COUNT, "none" }

#define TRACE_HANDLERS						\
	{ MINIVMX_HANDLED_FAST,		"fast" },		\
	{ MINIVMX_HANDLED_SLOW,		"slow" },		\
	{ MINIVMX_HANDLED_USER,		"user" }

#define TRACE_USERSPACE_EXITS					\
	{ MINIVMX_EXIT_UNKNOWN,		"none" },		\
	{ MINIVMX_EXIT_IO,		"I/O" },		\
	{ MINIVMX_EXIT_DEBUG,		"debug" },		\
	{ MINIVMX_EXIT_HLT,		"HLT" },		\
	{ MINIVMX_EXIT_MMIO,		"MMIO" },		\
	{ MINIVMX_EXIT_IRQ_WINDOW_OPEN,	"interrupt window" },	\
	{ MINIVMX_EXIT_SHUTDOWN,	"triple fault" },	\
	{ MINIVMX_EXIT_FAIL_ENTRY,	"VM entry failed" },	\
	{ MINIVMX_EXIT_INTR,		"signal" },		\
	{ MINIVMX_EXIT_SET_TPR,		"lower CR8" },		\
	{ MINIVMX_EXIT_INTERNAL_ERROR,	"internal error" }

/* SDM 3C "Format of the VM-Entry Interruption-Information Field" */
#define TRACE_EVENT_TYPES					\
	{ INTR_TYPE_EXT_INTR,		"external interrupt" },	\
	{ INTR_TYPE_NMI_INTR,		"NMI" },		\
	{ INTR_TYPE_HARD_EXCEPTION,	"hardware exception" },	\
	{ INTR_TYPE_SOFT_INTR,		"software interrupt" },	\
	{ 5 << 8,			"privileged software exception" }, \
	{ INTR_TYPE_SOFT_EXCEPTION,	"software exception" }

/* -------------------------------------------------------------------- around a guest */

TRACE_EVENT(minivmx_slice_begin,
	TP_PROTO(unsigned int vcpu, bool borrowed),
	TP_ARGS(vcpu, borrowed),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(bool,		borrowed)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->borrowed = borrowed;
	),
	TP_printk("vcpu %u%s", __entry->vcpu, __entry->borrowed ? " borrowed" : "")
);

/* @last: the flight recorder's record of the last exit. */
TRACE_EVENT(minivmx_slice_end,
	TP_PROTO(unsigned int vcpu, const struct minivmx_exit_record *last),
	TP_ARGS(vcpu, last),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(u32,		handled_by)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->handled_by = last->handled_by;
	),
	TP_printk("vcpu %u last exit %s", __entry->vcpu,
		  __print_symbolic(__entry->handled_by, TRACE_HANDLERS))
);

TRACE_EVENT(minivmx_entry,
	TP_PROTO(unsigned int vcpu, u64 rip),
	TP_ARGS(vcpu, rip),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(u64,		rip)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->rip = rip;
	),
	TP_printk("vcpu %u rip 0x%llx", __entry->vcpu, __entry->rip)
);

/* The ticks are the flight recorder's: what tracing costs is not in the guest's. */
TRACE_EVENT(minivmx_exit,
	TP_PROTO(unsigned int vcpu, const struct exit_info *exit, const struct minivmx_exit_record *last),
	TP_ARGS(vcpu, exit, last),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(u32,		reason)
		__field(u64,		rip)
		__field(u64,		qualification)
		__field(u64,		guest_physical)
		__field(u32,		intr_info)
		__field(u32,		idt_vectoring)
		__field(u64,		tsc)
		__field(u64,		guest_ticks)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->reason = exit->reason;
		__entry->rip = exit->rip;
		__entry->qualification = exit->qualification;
		__entry->guest_physical = exit->guest_physical;
		__entry->intr_info = exit->intr_info;
		__entry->idt_vectoring = exit->idt_vectoring;
		__entry->tsc = last->tsc;
		__entry->guest_ticks = last->guest_ticks;
	),
	TP_printk("vcpu %u reason %u (%s)%s rip 0x%llx qualification 0x%llx intr_info 0x%x idt_vectoring 0x%x guest_ticks %llu",
		  __entry->vcpu, __entry->reason & 0xffff,
		  __print_symbolic(__entry->reason & 0xffff, TRACE_EXIT_REASONS),
		  __entry->reason & MINIVMX_EXIT_REASON_FAILED_ENTRY ? " entry failed" : "",
		  __entry->rip, __entry->qualification, __entry->intr_info, __entry->idt_vectoring,
		  __entry->guest_ticks)
);

/* RUN begins; @tsc: when. */
TRACE_EVENT(minivmx_userspace_entry,
	TP_PROTO(unsigned int vcpu, u64 tsc),
	TP_ARGS(vcpu, tsc),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(u64,		tsc)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->tsc = tsc;
	),
	TP_printk("vcpu %u", __entry->vcpu)
);

/* RUN ends: 0 and what it is for, or an error, of which EINTR is the usual one; @tsc: when. */
TRACE_EVENT(minivmx_userspace_exit,
	TP_PROTO(unsigned int vcpu, u32 reason, long result, const struct minivmx_exit_record *last, u64 tsc),
	TP_ARGS(vcpu, reason, result, last, tsc),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(u32,		reason)
		__field(long,		result)
		__field(u32,		handled_by)
		__field(u64,		tsc)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->reason = reason;
		__entry->result = result;
		__entry->handled_by = last->handled_by;
		__entry->tsc = tsc;
	),
	TP_printk("vcpu %u reason %u (%s) result %ld", __entry->vcpu, __entry->reason,
		  __print_symbolic(__entry->reason, TRACE_USERSPACE_EXITS), __entry->result)
);

/* An event that the next VM entry delivers. */
TRACE_EVENT(minivmx_inject,
	TP_PROTO(unsigned int vcpu, u32 info, u32 error_code),
	TP_ARGS(vcpu, info, error_code),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(u32,		info)
		__field(u32,		error_code)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->info = info;
		__entry->error_code = info & INTR_INFO_DELIVER_CODE_MASK ? error_code : 0;
	),
	TP_printk("vcpu %u %s vector %u error_code 0x%x", __entry->vcpu,
		  __print_symbolic(__entry->info & 0x700, TRACE_EVENT_TYPES),
		  __entry->info & 0xff, __entry->error_code)
);

/* ---------------------------------------------------------------- what the guest does */

/* An IN or OUT, or INS or OUTS, whose data is in memory. */
TRACE_EVENT(minivmx_pio,
	TP_PROTO(unsigned int vcpu, bool in, bool string, u16 port, unsigned int size),
	TP_ARGS(vcpu, in, string, port, size),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(bool,		in)
		__field(bool,		string)
		__field(u16,		port)
		__field(unsigned int,	size)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->in = in;
		__entry->string = string;
		__entry->port = port;
		__entry->size = size;
	),
	TP_printk("vcpu %u %s%s port 0x%x size %u", __entry->vcpu, __entry->in ? "in" : "out",
		  __entry->string ? "s" : "", __entry->port, __entry->size)
);

/* Of one access where no memory is, all or the part in one page. */
TRACE_EVENT(minivmx_mmio,
	TP_PROTO(unsigned int vcpu, bool is_write, u64 gpa, unsigned int size, u64 data),
	TP_ARGS(vcpu, is_write, gpa, size, data),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(bool,		is_write)
		__field(u64,		gpa)
		__field(unsigned int,	size)
		__field(u64,		data)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->is_write = is_write;
		__entry->gpa = gpa;
		__entry->size = size;
		__entry->data = size < 8 ? data & ((1ULL << (8 * size)) - 1) : data;
	),
	TP_printk("vcpu %u %s gpa 0x%llx size %u data 0x%llx", __entry->vcpu,
		  __entry->is_write ? "write" : "read", __entry->gpa, __entry->size, __entry->data)
);

TRACE_EVENT(minivmx_msr,
	TP_PROTO(unsigned int vcpu, bool is_write, u32 number, u64 value, bool fault),
	TP_ARGS(vcpu, is_write, number, value, fault),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(bool,		is_write)
		__field(bool,		fault)
		__field(u32,		number)
		__field(u64,		value)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->is_write = is_write;
		__entry->fault = fault;
		__entry->number = number;
		__entry->value = value;
	),
	TP_printk("vcpu %u %s 0x%x value 0x%llx%s", __entry->vcpu,
		  __entry->is_write ? "write" : "read", __entry->number, __entry->value,
		  __entry->fault ? " #GP" : "")
);

TRACE_EVENT(minivmx_cr,
	TP_PROTO(unsigned int vcpu, bool is_write, unsigned int cr, u64 value),
	TP_ARGS(vcpu, is_write, cr, value),
	TP_STRUCT__entry(
		__field(unsigned int,	vcpu)
		__field(bool,		is_write)
		__field(unsigned int,	cr)
		__field(u64,		value)
	),
	TP_fast_assign(
		__entry->vcpu = vcpu;
		__entry->is_write = is_write;
		__entry->cr = cr;
		__entry->value = value;
	),
	TP_printk("vcpu %u %s cr%u value 0x%llx", __entry->vcpu,
		  __entry->is_write ? "write" : "read", __entry->cr, __entry->value)
);

/* -------------------------------------------------------------- second-level paging */

TRACE_EVENT(minivmx_ept_fill,
	TP_PROTO(const struct vmx_memory_fault *fault, u64 leaf, u64 size),
	TP_ARGS(fault, leaf, size),
	TP_STRUCT__entry(
		__field(u64,	gpa)
		__field(bool,	is_write)
		__field(bool,	fetch)
		__field(u64,	leaf)
		__field(u64,	size)
	),
	TP_fast_assign(
		__entry->gpa = fault->gpa;
		__entry->is_write = fault->write;
		__entry->fetch = fault->fetch;
		__entry->leaf = leaf;
		__entry->size = size;
	),
	TP_printk("gpa 0x%llx %s leaf 0x%llx size 0x%llx", __entry->gpa,
		  __entry->is_write ? "write" : __entry->fetch ? "fetch" : "read",
		  __entry->leaf, __entry->size)
);

TRACE_EVENT(minivmx_ept_invalidate,
	TP_PROTO(u64 start, u64 end),
	TP_ARGS(start, end),
	TP_STRUCT__entry(
		__field(u64,	start)
		__field(u64,	end)
	),
	TP_fast_assign(
		__entry->start = start;
		__entry->end = end;
	),
	TP_printk("gpa 0x%llx to 0x%llx", __entry->start, __entry->end)
);

#endif /* _MINIVMX_ARCH_TRACE_H */

/* Where <trace/define_trace.h> finds this file again: from the include path. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH arch/x86
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
