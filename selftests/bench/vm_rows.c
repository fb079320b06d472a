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

/* The next RUN finishes the OUT if RIP has not changed: other code will begin where this does. */
GUEST_CODE(finish, 64, "nop\n\t out %al, $0x99");

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

/* One part of a VM's life, in a loop over them. */
struct life {
	const struct bench *bench;
	bool mark;
	__u64 begin, ticks[PARTS];
};

/* KVM waits for other threads in these, and a trace has everything that goes on meanwhile. */
static bool marked(const struct life *life, enum part part)
{
	return life->mark && !(life->bench->kvm && (part == CREATE_VM || part == TEARDOWN));
}

static void begin_part(struct life *life, enum part part)
{
	if (marked(life, part))
		bench_announce(life->bench, part_names[part], 1, 1);
	bench_mark(marked(life, part));
	life->begin = __rdtsc();
}

static void end_part(struct life *life, enum part part)
{
	life->ticks[part] = __rdtsc() - life->begin;
	bench_mark(marked(life, part));
	if (part < TO_FIRST_EXIT)
		life->ticks[TO_FIRST_EXIT] += life->ticks[part];
}

static int live(struct life *life, __u8 *mem)
{
	struct vm vm;
	int ret = 0;

	life->ticks[TO_FIRST_EXIT] = 0;
	begin_part(life, CREATE_VM);
	ret = vm_open(&vm, life->bench->device);
	end_part(life, CREATE_VM);
	begin_part(life, SET_MEMORY);
	ret = ret ?: share_memory(&vm, mem);
	end_part(life, SET_MEMORY);
	begin_part(life, CREATE_VCPU);
	ret = ret ?: vm_add_vcpu(&vm);
	end_part(life, CREATE_VCPU);
	begin_part(life, SET_REGISTERS);
	ret = ret ?: vm_set_supported_cpuid(&vm);
	ret = ret ?: VM_START(&vm, VM_LONG, finish);
	end_part(life, SET_REGISTERS);
	begin_part(life, FIRST_RUN);
	ret = ret ?: bench_run(&vm);
	end_part(life, FIRST_RUN);
	begin_part(life, TEARDOWN);
	end_vm(&vm);
	end_part(life, TEARDOWN);
	/* What is left to kernel threads happens here, and is in no row. */
	usleep(2000);
	return ret;
}

static void measure_lives(const struct bench *bench, __u8 *mem)
{
	int count = bench->trace ? BENCH_TRACED : LIVES;
	struct life life = { .bench = bench };
	__u64 samples[PARTS][LIVES];

	/* The first one may find caches of the kernel empty. */
	for (int i = -1; i < count; i++) {
		life.mark = bench->trace && i >= count - BENCH_MARKED;
		bench_check(bench, "create_vm", live(&life, mem));
		for (int part = 0; i >= 0 && part < PARTS; part++)
			samples[part][i] = life.ticks[part];
	}
	for (int part = 0; part < PARTS; part++)
		bench_row(bench, part_names[part], samples[part], count, 1);
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
	if (!bench->beside && !bench->trace)
		measure_many(bench, mem);
	munmap(mem, VM_MEM_SIZE);
}
