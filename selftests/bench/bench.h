/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.h - what an operation costs, on /dev/kvm and on /dev/minivmx, by the same program.
 *
 * main.c runs all groups of rows on both devices, in both orders; guest_rows.c has what a guest
 * causes, host_rows.c the ioctls, vm_rows.c making and ending VMs, and many of them; scaling.c uses
 * all CPUs. Times are in ticks of the TSC: in an emulated PC a tick is an instruction, so they repeat.
 * Each row is a line on stdout, which selftests/bench/run reads: see bench_row().
 */
#ifndef SELFTESTS_BENCH_H
#define SELFTESTS_BENCH_H

#include <stdbool.h>
#include <x86intrin.h>
#include <linux/types.h>

#include "vm.h"

#define BENCH_SAMPLES	512	/* at most, of a row */
#define BENCH_TRACED	3	/* operations of a row with --trace, after warming up */
#define BENCH_MARKED	2	/* the last of them: a timer interrupt may hit one */
#define PORT_END	0x99	/* the guest has come to its end */

struct bench {
	const char *device;
	bool kvm;		/* device is /dev/kvm */
	const char *order;	/* "first" or "second": of the two devices */
	bool beside;		/* a KVM VM is alive, so KVM holds VMX operation */
	bool trace;		/* each row's last operations stand between marks */
	char **only;		/* NULL, or the names of the guest's rows that are wanted, and no others */
};

/*
 * Prints order, device, whether KVM is there, name, count, min, median, 90th percentile, max; of
 * samples of @operations each.
 */
void bench_row(const struct bench *bench, const char *name, __u64 *samples, unsigned int count,
	       unsigned int operations);

/* Says what went wrong with which row, and ends the program if it is negative. */
void bench_check(const struct bench *bench, const char *name, int error);

/* Runs the VM until PORT_END; every other exit is for nothing. 0 or -errno. */
int bench_run(struct vm *vm);

/* Says which row the next pairs of marks are of, and how many operations stand between two. */
void bench_announce(const struct bench *bench, const char *name, unsigned int pairs,
		    unsigned int operations);

/*
 * The emulator's debugger stops here, to switch its trace on or off (testbed --trace); for the CPU
 * it is an instruction that does nothing.
 */
#define BENCH_MARK	"xchg %bx, %bx"

static inline void bench_mark(bool wanted)
{
	if (wanted)
		asm volatile("xchg %%bx, %%bx" ::: "memory");
}

/* Ticks of CPUID in the VM, whose vCPU must be ready for long mode. */
void bench_cpuid(const struct bench *bench, struct vm *vm, const char *name);

void bench_guest_rows(const struct bench *bench);
void bench_host_rows(const struct bench *bench);
void bench_vm_rows(const struct bench *bench);
/* Prints device, number of CPUs, ticks for each CPUID exit and for each to userspace. */
void bench_scaling(const struct bench *bench);

#endif /* SELFTESTS_BENCH_H */
