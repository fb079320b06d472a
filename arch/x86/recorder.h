/* SPDX-License-Identifier: GPL-2.0 */
/*
 * recorder.h - the flight recorder: the last exits of a vCPU, for whoever wants to know afterwards.
 *
 * Reached from run.c at every VM entry and exit, in the slice, and from recorder.c around each RUN.
 * It costs some forty instructions an exit. struct minivmx_recorder is the layout, and how another
 * thread reads it meanwhile.
 */
#ifndef _MINIVMX_ARCH_RECORDER_H
#define _MINIVMX_ARCH_RECORDER_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include <uapi/minivmx.h>

#include "arch/x86/exit.h"
#include "arch/x86/vcpu.h"

/* @shared: @size zero bytes. */
void recorder_init(struct recorder *recorder, struct minivmx_recorder *shared, size_t size);

static inline void recorder_entry(struct recorder *recorder)
{
	struct minivmx_exit_record *last = recorder->last;

	recorder->entry_tsc = rdtsc();
	last->kernel_ticks = recorder->entry_tsc - last->tsc - last->user_ticks;
}

static inline void recorder_exit(struct recorder *recorder, const struct exit_info *exit, u64 tsc)
{
	struct minivmx_exit_record *record = recorder->last + 1;

	if (record == recorder->end)
		record = recorder->shared->records;
	/* Not as one assignment: for that compilers clear it all first. */
	record->reason		= exit->reason;
	record->handled_by	= MINIVMX_HANDLED_FAST;
	record->qualification	= exit->qualification;
	record->rip		= exit->rip;
	record->guest_physical	= exit->guest_physical;
	record->intr_info	= exit->intr_info;
	record->idt_vectoring	= exit->idt_vectoring;
	record->tsc		= tsc;
	record->guest_ticks	= tsc - recorder->entry_tsc;
	record->user_ticks	= 0;
	recorder->last = record;
	/* Who sees the new count sees the record, and none of the next before it sees this count. */
	smp_wmb();
	recorder->shared->count++;
	smp_wmb();
}

static inline void recorder_handled(struct recorder *recorder, enum exit_action action)
{
	if (likely(action < EXIT_TO_SLOW))
		return;
	recorder->last->handled_by = action <= EXIT_TO_EMULATION ? MINIVMX_HANDLED_SLOW :
								   MINIVMX_HANDLED_USER;
}

#endif /* _MINIVMX_ARCH_RECORDER_H */
