// SPDX-License-Identifier: GPL-2.0
/*
 * recorder.c - the flight recorder's birth, and the ticks that are userspace's.
 *
 * Reached from vcpu.c, and from module/vcpu.c at both ends of each RUN, interrupts on. What is done
 * at every VM entry and exit is in recorder.h.
 */
#include <linux/compiler.h>

#include "arch/x86/recorder.h"
#include "arch/x86/trace.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmx.h"

void recorder_init(struct recorder *recorder, struct minivmx_recorder *shared, size_t size)
{
	unsigned int capacity = (size - sizeof(*shared)) / sizeof(shared->records[0]);

	shared->version = MINIVMX_RECORDER_VERSION;
	shared->capacity = capacity;
	shared->record_size = sizeof(shared->records[0]);
	shared->tsc_khz = tsc_khz;
	recorder->shared = shared;
	recorder->end = shared->records + capacity;
	/* The ticks before the first exit go where nobody looks until the ring is full. */
	recorder->last = recorder->end - 1;
	recorder->last->tsc = recorder->run_end_tsc = rdtsc();
}

void vmx_recorder_run_begins(struct vmx_vcpu *vmx)
{
	u64 tsc = rdtsc();

	vmx->recorder.last->user_ticks += tsc - vmx->recorder.run_end_tsc;
	trace_minivmx_userspace_entry(vmx->id, tsc);
}

void vmx_recorder_run_ends(struct vmx_vcpu *vmx, long result)
{
	struct minivmx_exit_record *last = vmx->recorder.last;

	vmx->recorder.run_end_tsc = rdtsc();
	last->kernel_ticks = vmx->recorder.run_end_tsc - last->tsc - last->user_ticks;
	trace_minivmx_userspace_exit(vmx->id, READ_ONCE(vmx->run->exit_reason), result, last,
				     vmx->recorder.run_end_tsc);
}
