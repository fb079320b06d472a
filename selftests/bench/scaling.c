// SPDX-License-Identifier: GPL-2.0
/*
 * scaling.c - exits of several vCPUs of one VM at once, each on a CPU of its own.
 *
 * Reached from main.c, for `bench --scaling`. Where all CPUs need as long for their exits as one CPU
 * alone does, no exit waits for another CPU, for a lock or a cache line. (An emulator has no cache
 * lines: it shows the locks.)
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "bench.h"

#define MOST_CPUS	8
#define EXITS		2000
#define REPETITIONS	3	/* a CPU that was idle may take a while to come back */

/* R8 exits of the kind that ends in the kernel. */
GUEST_CODE(exits, 64, "1: xor %eax, %eax\n\t cpuid\n\t dec %r8d\n\t jnz 1b\n\t out %al, $0x99");
/* R8 exits to userspace. */
GUEST_CODE(user_exits, 64, "1: out %al, $0x10\n\t dec %r8d\n\t jnz 1b\n\t out %al, $0x99");

struct runner {
	struct vm vm;			/* of all, but for vcpu and run */
	pthread_t thread;
	pthread_barrier_t *start;
	int cpu, result;
	__u64 begin, end;
};

static int add_vcpu(struct runner *runner, const struct vm *vm, int id)
{
	struct minivmx_regs regs;
	int ret;

	runner->vm = *vm;
	runner->vm.vcpu = vm_ioctl(vm->fd, MINIVMX_CREATE_VCPU, id);
	if (runner->vm.vcpu < 0)
		return runner->vm.vcpu;
	runner->vm.run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, runner->vm.vcpu, 0);
	if (runner->vm.run == MAP_FAILED)
		return -errno;
	ret = vm_set_supported_cpuid(&runner->vm);
	ret = ret ?: VM_START(&runner->vm, VM_LONG, exits);
	ret = ret ?: vm_get_regs(&runner->vm, &regs);
	regs.r8 = 10;
	ret = ret ?: vm_set_regs(&runner->vm, &regs);
	return ret ?: bench_run(&runner->vm);
}

static void *run(void *argument)
{
	struct runner *runner = argument;

	vm_pin_to_cpu(runner->cpu);
	pthread_barrier_wait(runner->start);
	runner->begin = __rdtsc();
	runner->result = bench_run(&runner->vm);
	runner->end = __rdtsc();
	return NULL;
}

/* Ticks until the last of @count vCPUs has had its exits. */
static int measure_once(struct runner *runners, int count, const __u8 *start, const __u8 *end, __u64 *ticks)
{
	struct minivmx_regs regs;
	pthread_barrier_t barrier;
	__u64 first = ~0ULL, last = 0;
	int ret = 0;

	pthread_barrier_init(&barrier, NULL, count);
	for (int i = 0; i < count; i++) {
		runners[i].start = &barrier;
		runners[i].cpu = i;
		ret = ret ?: vm_start(&runners[i].vm, VM_LONG, start, end);
		ret = ret ?: vm_get_regs(&runners[i].vm, &regs);
		regs.r8 = EXITS;
		ret = ret ?: vm_set_regs(&runners[i].vm, &regs);
	}
	for (int i = 0; !ret && i < count; i++)
		ret = -pthread_create(&runners[i].thread, NULL, run, &runners[i]);
	for (int i = 0; !ret && i < count; i++) {
		pthread_join(runners[i].thread, NULL);
		ret = ret ?: runners[i].result;
		first = runners[i].begin < first ? runners[i].begin : first;
		last = runners[i].end > last ? runners[i].end : last;
	}
	pthread_barrier_destroy(&barrier);
	*ticks = last - first;
	return ret;
}

static double measure(const struct bench *bench, struct runner *runners, int count, const __u8 *start,
		      const __u8 *end)
{
	__u64 ticks, least = ~0ULL;

	for (int i = 0; i < REPETITIONS; i++) {
		bench_check(bench, "scaling", measure_once(runners, count, start, end, &ticks));
		least = ticks < least ? ticks : least;
	}
	return (double)least / EXITS;
}

void bench_scaling(const struct bench *bench)
{
	int cpus = vm_count_cpus() < MOST_CPUS ? vm_count_cpus() : MOST_CPUS;
	struct runner runners[MOST_CPUS];
	struct vm vm;

	bench_check(bench, "scaling", vm_create(&vm, bench->device));
	for (int i = 0; i < cpus; i++)
		bench_check(bench, "scaling", add_vcpu(&runners[i], &vm, i + 1));
	for (int count = 1; count <= cpus; count++)
		printf("scaling\t%s\t%d\t%.1f\t%.1f\n", bench->kvm ? "kvm" : "minivmx", count,
		       measure(bench, runners, count, exits_start, exits_end),
		       measure(bench, runners, count, user_exits_start, user_exits_end));
	vm_destroy(&vm);
}
