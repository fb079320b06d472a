// SPDX-License-Identifier: GPL-2.0
/*
 * host_rows.c - what the ioctls cost that a program calls while its guest runs.
 *
 * Reached from main.c. The program takes the time, around the call; the C library's part of it is
 * in there, for both devices alike.
 */
#include <string.h>

#include "bench.h"

#define COUNT		100
#define WARM_UP		4
#define VECTOR		0x40
#define HANDLER		0x2000UL

/* Its exits are the OUT; between two of them it takes the interrupt. */
GUEST_CODE(take_interrupts, 64, "sti\n\t 1: out %al, $0x10\n\t jmp 1b");
GUEST_CODE(handler, 64, "iretq");

struct call {
	const char *name;
	unsigned long request;
};

static void measure_call(const struct bench *bench, struct vm *vm, const struct call *call,
			 void *argument)
{
	int count = bench->trace ? BENCH_TRACED : COUNT, ret;
	__u64 samples[COUNT], begin, end;

	bench_announce(bench, call->name, BENCH_MARKED, 1);
	for (int i = -WARM_UP; i < count; i++) {
		bool mark = bench->trace && i >= count - BENCH_MARKED;

		bench_mark(mark);
		begin = __rdtsc();
		ret = vm_ioctl(vm->vcpu, call->request, (unsigned long)argument);
		end = __rdtsc();
		bench_mark(mark);
		bench_check(bench, call->name, ret);
		if (i >= 0)
			samples[i] = end - begin;
	}
	bench_row(bench, call->name, samples, count, 1);
}

/* An interrupt gate for VECTOR, and the stack that the delivery uses. */
static int prepare_interrupts(struct vm *vm)
{
	__u64 *gate = (__u64 *)(vm->mem + VM_IDT + 16 * VECTOR);
	struct minivmx_sregs sregs;
	int ret = VM_START(vm, VM_LONG, take_interrupts);

	memcpy(vm->mem + HANDLER, handler_start, handler_end - handler_start);
	gate[0] = HANDLER | (__u64)VM_SEL_CODE << 16 | 0x8eULL << 40;
	gate[1] = 0;
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	sregs.idt.limit = 16 * (VECTOR + 1) - 1;
	return ret ? ret : vm_set_sregs(vm, &sregs);
}

/* The ioctl that gives the interrupt, and the RUN in which the guest takes it. */
static void measure_interrupts(const struct bench *bench, struct vm *vm)
{
	__u64 calls[COUNT], runs[COUNT], both[COUNT], begin, given, end;
	struct minivmx_interrupt irq = { .irq = VECTOR };
	int count = bench->trace ? BENCH_TRACED : COUNT, ret;

	bench_check(bench, "inject", prepare_interrupts(vm));
	bench_check(bench, "inject", vm_run(vm));
	bench_announce(bench, "inject", BENCH_MARKED, 1);
	for (int i = -WARM_UP; i < count; i++) {
		bool mark = bench->trace && i >= count - BENCH_MARKED;

		bench_mark(mark);
		begin = __rdtsc();
		ret = vm_ioctl(vm->vcpu, MINIVMX_INTERRUPT, (unsigned long)&irq);
		given = __rdtsc();
		if (!ret)
			ret = vm_run(vm);
		end = __rdtsc();
		bench_mark(mark);
		bench_check(bench, "inject", ret);
		if (i < 0)
			continue;
		calls[i] = given - begin;
		runs[i] = end - given;
		both[i] = end - begin;
	}
	bench_row(bench, "interrupt_call", calls, count, 1);
	bench_row(bench, "interrupt_run", runs, count, 1);
	bench_row(bench, "inject", both, count, 1);
}

void bench_host_rows(const struct bench *bench)
{
	static const struct call nothing = { "ioctl_nothing", MINIVMX_GET_TSC_KHZ };
	static const struct call regs_calls[] = {
		{ "get_regs", MINIVMX_GET_REGS }, { "set_regs", MINIVMX_SET_REGS },
	};
	static const struct call sregs_calls[] = {
		{ "get_sregs", MINIVMX_GET_SREGS }, { "set_sregs", MINIVMX_SET_SREGS },
	};
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	struct vm vm;

	bench_check(bench, "ioctls", vm_create(&vm, bench->device));
	bench_check(bench, "ioctls", VM_START(&vm, VM_LONG, take_interrupts));
	measure_call(bench, &vm, &nothing, NULL);
	for (int i = 0; i < 2; i++)
		measure_call(bench, &vm, &regs_calls[i], &regs);
	for (int i = 0; i < 2; i++)
		measure_call(bench, &vm, &sregs_calls[i], &sregs);
	measure_interrupts(bench, &vm);
	vm_destroy(&vm);
}
