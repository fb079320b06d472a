// SPDX-License-Identifier: GPL-2.0
/*
 * vm_rows.c - what making and ending a VM costs, what memory it takes, and many of them alive.
 *
 * Reached from main.c. All VMs are given the same memory, which is there already: what the process
 * spends on its own pages is not the hypervisor's.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define LIVES		16
#define MANY		64

GUEST_CODE(finish, 64, "out %al, $0x99");

enum part { CREATE_VM, SET_MEMORY, CREATE_VCPU, SET_REGISTERS, FIRST_RUN, TO_FIRST_EXIT, TEARDOWN, PARTS };

static const char *const part_names[PARTS] = {
	"create_vm", "set_memory", "create_vcpu", "set_registers", "first_run", "create_to_exit", "teardown",
};

static int share_memory(struct vm *vm, __u8 *mem)
{
	vm->mem = mem;
	vm->mem_size = VM_MEM_SIZE;
	return vm_set_slot(vm, 0, 0, 0, VM_MEM_SIZE, mem);
}

/* All but the memory, which is not the VM's own. */
static void end_vm(struct vm *vm)
{
	vm->mem = NULL;
	vm_destroy(vm);
}

static __u64 ticks_since(__u64 *begin)
{
	__u64 now = __rdtsc(), ticks = now - *begin;

	*begin = now;
	return ticks;
}

static int live(const struct bench *bench, __u8 *mem, __u64 ticks[PARTS])
{
	__u64 begin = __rdtsc(), start = begin;
	struct vm vm;
	int ret = vm_open(&vm, bench->device);

	ticks[CREATE_VM] = ticks_since(&begin);
	ret = ret ?: share_memory(&vm, mem);
	ticks[SET_MEMORY] = ticks_since(&begin);
	ret = ret ?: vm_add_vcpu(&vm);
	ticks[CREATE_VCPU] = ticks_since(&begin);
	ret = ret ?: vm_set_supported_cpuid(&vm);
	ret = ret ?: VM_START(&vm, VM_LONG, finish);
	ticks[SET_REGISTERS] = ticks_since(&begin);
	ret = ret ?: bench_run(&vm);
	ticks[FIRST_RUN] = ticks_since(&begin);
	ticks[TO_FIRST_EXIT] = begin - start;
	begin = __rdtsc();
	end_vm(&vm);
	ticks[TEARDOWN] = ticks_since(&begin);
	/* What is left to kernel threads happens here, and is in no row. */
	usleep(2000);
	return ret;
}

static void measure_lives(const struct bench *bench, __u8 *mem)
{
	__u64 samples[PARTS][LIVES], ticks[PARTS];

	/* The first one may find caches of the kernel empty. */
	for (int i = -1; i < LIVES; i++) {
		bench_check(bench, "create_vm", live(bench, mem, ticks));
		for (int part = 0; i >= 0 && part < PARTS; part++)
			samples[part][i] = ticks[part];
	}
	for (int part = 0; part < PARTS; part++)
		bench_row(bench, part_names[part], samples[part], LIVES, 1);
}

static int make_running(const struct bench *bench, __u8 *mem, struct vm *vm)
{
	int ret = vm_open(vm, bench->device);

	ret = ret ?: share_memory(vm, mem);
	ret = ret ?: vm_add_vcpu(vm);
	ret = ret ?: vm_set_supported_cpuid(vm);
	ret = ret ?: VM_START(vm, VM_LONG, finish);
	return ret ?: bench_run(vm);
}

static void measure_many(const struct bench *bench, __u8 *mem)
{
	static struct vm vms[MANY];
	long before = vm_meminfo_kib("MemFree");
	__u64 bytes;

	for (int i = 0; i < MANY; i++)
		bench_check(bench, "vm_memory", make_running(bench, mem, &vms[i]));
	bytes = (before - vm_meminfo_kib("MemFree")) * 1024 / MANY;
	bench_row(bench, "vm_memory", &bytes, 1, 1);
	bench_cpuid(bench, &vms[0], "cpuid_64_vms");
	for (int i = 0; i < MANY; i++)
		end_vm(&vms[i]);
}

void bench_vm_rows(const struct bench *bench)
{
	__u8 *mem = mmap(NULL, VM_MEM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	bench_check(bench, "memory", mem == MAP_FAILED ? -errno : 0);
	memset(mem, 0, VM_MEM_SIZE);
	measure_lives(bench, mem);
	if (!bench->beside)
		measure_many(bench, mem);
	munmap(mem, VM_MEM_SIZE);
}
