// SPDX-License-Identifier: GPL-2.0
/*
 * host_state.c - what the CPU does not switch: the process's state after thousands of exits.
 *
 * A VM exit restores only part of the host: tables' limits, LDTR, debug registers, FPU, GS
 * base under a guest's SWAPGS and more are the hypervisor's business. The process sets such
 * state, runs a guest that spoils it, and looks. host_fpu.c does the same for the FPU.
 * SDM 3C "Loading Host State".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define EXITS	2000

/* Spoils what it can without help from the hypervisor, then exits. */
GUEST_CODE(spoil, 64,
	"1: swapgs\n\t"
	"movabs $0xffff888812345000, %rax\n\t mov %rax, %cr2\n\t"
	"lgdt 0x10000\n\t lidt 0x10010\n\t"
	"xor %eax, %eax\n\t lldt %ax\n\t mov %eax, %fs\n\t mov %eax, %gs\n\t"
	"std\n\t"
	"out %al, $0x10\n\t"
	"jmp 1b");

/* Reports CR2, then whatever else it does is up to the host. */
GUEST_CODE(show_cr2, 64, "1: mov %cr2, %rax\n\t out %eax, $0x10\n\t jmp 1b");

/* EFER.SCE is set, STAR and LSTAR are what they are at reset: it goes to address 0. */
GUEST_CODE(call_system, 64, "syscall\n\t ud2");

VM_FIXTURE(host_state)
{
	__u16 *table;

	VM_SETUP(self, variant);
	ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, spoil));
	table = (__u16 *)(self->vm.mem + 0x10000);
	table[0] = 0x37;
	*(__u64 *)(table + 1) = VM_GDT;
	table[8] = 0x10;
	*(__u64 *)(table + 9) = 0x4000;
}

static int spoil_host(struct vm *vm, int exits)
{
	for (int i = 0; i < exits; i++) {
		int ret = vm_run(vm);

		if (ret)
			return ret;
		if (vm->run->exit_reason != MINIVMX_EXIT_IO)
			return -EPROTO;
	}
	return 0;
}

#define SPOIL(exits)					\
	ASSERT_EQ(0, spoil_host(&self->vm, exits)) {	\
		vm_print_exit(&self->vm);		\
	}

/* While the kernel runs, the process's GS base is in KERNEL_GS_BASE: SWAPGS exchanges it. */
TEST_F(host_state, fs_and_gs_base)
{
	static unsigned long anchor = 0x6511;
	unsigned long fs_before, fs_after, gs, read;

	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_before));
	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_SET_GS, &anchor));
	SPOIL(EXITS);
	asm volatile("mov %%gs:0, %0" : "=r" (read));
	EXPECT_EQ(0x6511, read);
	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_GS, &gs));
	EXPECT_EQ((unsigned long)&anchor, gs);
	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_after));
	EXPECT_EQ(fs_before, fs_after);
}

/* The base must also survive an exit followed by a context switch and a migration. */
TEST_F(host_state, gs_base_across_cpus)
{
	static unsigned long anchor = 0x6512;
	unsigned long read;

	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_SET_GS, &anchor));
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, vm_pin_to_cpu(i % vm_count_cpus()));
		SPOIL(7);
		sched_yield();
		asm volatile("mov %%gs:0, %0" : "=r" (read));
		ASSERT_EQ(0x6512, read);
	}
}

static int install_ldt_entry(unsigned int number, unsigned long base)
{
	struct user_desc desc = {
		.entry_number = number, .base_addr = base, .limit = 0xfff,
		.seg_32bit = 1, .contents = 0, .useable = 1,
	};

	return syscall(SYS_modify_ldt, 1, &desc, sizeof(desc));
}

/* A VM exit loads LDTR with zero, and FS, GS with what the host fields can hold: no LDT. */
TEST_F(host_state, ldt_and_segment_registers)
{
	unsigned int *page = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	unsigned short selector = 0 << 3 | 7, ds, es, gs;
	unsigned int read;

	ASSERT_NE(MAP_FAILED, page);
	*page = 0x1d7;
	ASSERT_EQ(0, install_ldt_entry(0, (unsigned long)page));
	asm volatile("mov %0, %%gs\n\t mov %0, %%es\n\t mov %1, %%ds"
		     : : "r" (selector), "r" (0x2b));
	SPOIL(EXITS);
	asm volatile("mov %%ds, %0\n\t mov %%es, %1\n\t mov %%gs, %2"
		     : "=r" (ds), "=r" (es), "=r" (gs));
	EXPECT_EQ(0x2b, ds);
	EXPECT_EQ(selector, es);
	EXPECT_EQ(selector, gs);
	asm volatile("movl %%gs:0, %0" : "=r" (read));
	EXPECT_EQ(0x1d7, read);
	/* The table itself is still loaded: a fresh load of the selector works. */
	asm volatile("mov %1, %%gs\n\t movl %%gs:0, %0" : "=r" (read) : "r" (selector));
	EXPECT_EQ(0x1d7, read);
	asm volatile("mov %0, %%gs\n\t mov %0, %%es\n\t mov %0, %%ds" : : "r" (0));
}

struct table {
	__u16 limit;
	__u64 base;
} __attribute__((packed));

/* A VM exit sets both limits to 0xffff. KVM puts back the GDT's alone. */
TEST_F(host_state, descriptor_table_limits)
{
	struct table gdt_before, gdt, idt_before, idt;

	ASSERT_EQ(0, vm_pin_to_cpu(0));
	asm volatile("sgdt %0\n\t sidt %1" : "=m" (gdt_before), "=m" (idt_before));
	SPOIL(100);
	asm volatile("sgdt %0\n\t sidt %1" : "=m" (gdt), "=m" (idt));
	EXPECT_EQ(gdt_before.base, gdt.base);
	EXPECT_EQ(gdt_before.limit, gdt.limit);
	/* An exit of an earlier test may have left it before this one began. */
	EXPECT_GT(0xffff, gdt.limit);
	EXPECT_EQ(idt_before.base, idt.base);
}

static void segv(int sig)
{
	(void)sig;
	_exit(42);
}

/* A VM exit gives TR the limit 0x67: without care the I/O bitmap is cut off. */
TEST_F(host_state, io_permission_bitmap)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, ioperm(0x80, 1, 1));
	for (int i = 0; i < 50; i++) {
		SPOIL(20);
		outb(i, 0x80);
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		signal(SIGSEGV, segv);
		outb(0, 0x81);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(42, WEXITSTATUS(status));
}

/* A VM exit sets DR7 to 0x400: without care, breakpoints of the host's debuggers are lost. */
TEST_F(host_state, hardware_breakpoint)
{
	static volatile unsigned long watched;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_W, .bp_addr = (unsigned long)&watched,
		.bp_len = HW_BREAKPOINT_LEN_8, .exclude_kernel = 1,
	};
	const struct minivmx_debugregs debug = {
		.db = { 0x5000, 0x5008, 0x5010, 0x5018 }, .dr6 = 0xffff0ff0, .dr7 = 0x4ff,
	};
	unsigned long hits = 0;
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	if (fd < 0)
		SKIP(return, "no hardware breakpoints: %s", strerror(errno));
	watched = 1;
	ASSERT_EQ(8, read(fd, &hits, 8));
	if (hits != 1)
		SKIP(return, "hardware breakpoints do not count here");
	for (int i = 0; i < 100; i++) {
		SPOIL(5);
		watched = i;
	}
	ASSERT_EQ(8, read(fd, &hits, 8));
	EXPECT_EQ(101, hits);
	/* Now the guest uses all four address registers. */
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_DEBUGREGS, (unsigned long)&debug));
	for (int i = 0; i < 100; i++) {
		SPOIL(5);
		watched = i;
	}
	ASSERT_EQ(8, read(fd, &hits, 8));
	EXPECT_EQ(201, hits);
	close(fd);
}

/* CR2 is nobody's but software's. Two guests and the process's own faults alternate. */
TEST_F(host_state, cr2)
{
	enum { ROUNDS = 50 };
	__u8 *fresh = mmap(NULL, ROUNDS * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vm *vm = &self->vm, other;
	struct vm *vms[] = { vm, &other };
	struct minivmx_sregs sregs;

	ASSERT_NE(MAP_FAILED, fresh);
	ASSERT_EQ(0, vm_create(&other, variant->device));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, VM_START(vms[i], VM_LONG, show_cr2));
		ASSERT_EQ(0, vm_get_sregs(vms[i], &sregs));
		sregs.cr2 = 0xc2000 + i;
		ASSERT_EQ(0, vm_set_sregs(vms[i], &sregs));
	}
	for (int i = 0; i < ROUNDS; i++) {
		fresh[i * 4096] = 1;
		ASSERT_EXIT(vms[i & 1], MINIVMX_EXIT_IO);
		EXPECT_EQ(0xc2000 + (i & 1), *(__u32 *)vm_io_data(vms[i & 1]));
	}
	ASSERT_EQ(0, vm_get_sregs(vm, &sregs));
	EXPECT_EQ(0xc2000, sregs.cr2);
	vm_destroy(&other);
}

static volatile unsigned long fault_address;

static void note_address(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	fault_address = (unsigned long)info->si_addr;
	mprotect(info->si_addr, 4096, PROT_READ | PROT_WRITE);
}

/* The guest leaves a kernel address in CR2; the process's next fault reports its own. */
TEST_F(host_state, page_fault_address)
{
	volatile __u8 *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sigaction action = { .sa_sigaction = note_address, .sa_flags = SA_SIGINFO };

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, sigaction(SIGSEGV, &action, NULL));
	SPOIL(100);
	*page = 1;
	EXPECT_EQ((unsigned long)page, fault_address);
}

/* RDTSCP reads TSC_AUX, where the kernel keeps the CPU's number. */
TEST_F(host_state, tsc_aux)
{
	unsigned int low, high, aux;

	if (access("/sys/devices/system/cpu/cpu1", F_OK))
		SKIP(return, "one CPU");
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, vm_pin_to_cpu(i & 1));
		SPOIL(20);
		asm volatile("rdtscp" : "=a" (low), "=d" (high), "=c" (aux));
		EXPECT_EQ(i & 1, aux & 0xfff);
		EXPECT_EQ(i & 1, sched_getcpu());
	}
}

/* The direction flag is clear whenever C code runs; the guest sets its own. */
TEST_F(host_state, direction_flag_and_alignment)
{
	unsigned long flags;

	SPOIL(100);
	asm volatile("pushfq\n\t popq %0" : "=r" (flags));
	EXPECT_EQ(0, flags & (1 << 10 | 1 << 18));
}

/*
 * SYSCALL goes where the guest's own MSRs say, not into the host's kernel, whose address it must
 * not learn; and the host's system calls, of which each RUN is one, go on working.
 */
TEST_F(host_state, syscall_msrs)
{
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;

	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, VM_START(&self->vm, VM_LONG, call_system));
		self->vm.mem[0] = 0xf4;	/* HLT */
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		sregs.efer |= 1;	/* SCE */
		ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(1, regs.rip);
		/* RCX holds the return address. SDM 2B "SYSCALL". */
		EXPECT_EQ(VM_CODE + 2, regs.rcx);
	}
}

TEST_HARNESS_MAIN
