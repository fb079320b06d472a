// SPDX-License-Identifier: GPL-2.0
/*
 * vcpus.c - several vCPUs of one VM, on threads of their own, on all CPUs there are.
 *
 * The guests meet in memory; the threads are moved, kicked and killed under them. Those that spin
 * do it with interrupts enabled (see run-tests --if0). lifecycle.c has what concerns one vCPU.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define MAX_THREADS	4
#define SHARED		VM_DATA		/* what the guests share */
#define STOP		(VM_DATA + 64)	/* not 0: halt */
#define OWN(id)		(VM_DATA + 0x1000 + (id) * 64)

/* ECX turns of locked counting at (EBX). */
GUEST_CODE(count_locked, 32,
	"sti\n\t"
	"1: lock incl (%ebx)\n\t"
	"mov $3, %eax\n\t"
	"lock xadd %eax, 4(%ebx)\n\t"
	"lock btcl $7, 8(%ebx)\n\t"
	"2: mov 12(%ebx), %eax\n\t"
	"lea 1(%eax), %edx\n\t"
	"lock cmpxchg %edx, 12(%ebx)\n\t"
	"jne 2b\n\t"
	"dec %ecx\n\t"
	"jnz 1b\n\t"
	"hlt");
/* ECX times: waits until (EBX) is ESI, and makes it EDI. */
GUEST_CODE(take_turns, 32,
	"sti\n\t"
	"1: pause\n\t"
	"cmp %esi, (%ebx)\n\t"
	"jne 1b\n\t"
	"mov %edi, (%ebx)\n\t"
	"dec %ecx\n\t"
	"jnz 1b\n\t"
	"hlt");
/* Counts at (EDI) until told to stop, and that nothing of its own changes; else OUT. */
GUEST_CODE(spin, 32,
	"sti\n\t"
	"xor %eax, %eax\n\t"
	"mov %edi, %esi\n\t"
	"1: pause\n\t"
	"inc %eax\n\t"
	"mov %eax, (%edi)\n\t"
	"cmp %esi, %edi\n\t"
	"jne 2f\n\t"
	"cmp %eax, (%esi)\n\t"
	"jne 2f\n\t"
	"cmpl $0, 0x10040\n\t"
	"je 1b\n\t"
	"hlt\n\t"
	"2: out %al, $0x10");

/* A vCPU and the thread that runs it. */
struct runner {
	struct vm vm;		/* .mem and .dev are the fixture's */
	pthread_t thread;
	volatile pid_t tid;
	volatile bool finished;
	int result;
	int cpu;		/* to be on, from 1; 0: on any */
};

FIXTURE(vcpus) { struct vm vm; struct runner runners[MAX_THREADS]; int count; };
FIXTURE_VARIANT(vcpus) { const char *device; bool kvm; };
FIXTURE_VARIANT_ADD(vcpus, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(vcpus, kvm) { .device = KVM_DEVICE, .kvm = true };

/* A view of the VM with another vCPU. */
static int add_vcpu(const struct vm *vm, struct vm *view, int id)
{
	*view = *vm;
	view->vcpu = vm_ioctl(vm->fd, MINIVMX_CREATE_VCPU, id);
	if (view->vcpu < 0)
		return view->vcpu;
	view->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, view->vcpu, 0);
	return view->run == MAP_FAILED ? -errno : vm_set_supported_cpuid(view);
}

FIXTURE_SETUP(vcpus)
{
	VM_SETUP(self, variant);
	self->runners[0].vm = self->vm;
	for (int i = 1; i < MAX_THREADS; i++)
		ASSERT_EQ(0, add_vcpu(&self->vm, &self->runners[i].vm, i));
}

FIXTURE_TEARDOWN(vcpus)
{
	for (int i = 1; i < MAX_THREADS; i++) {
		munmap(self->runners[i].vm.run, self->vm.run_size);
		close(self->runners[i].vm.vcpu);
	}
	vm_destroy(&self->vm);
}

static void *run_once(void *arg)
{
	struct runner *runner = arg;

	runner->tid = syscall(SYS_gettid);
	if (runner->cpu)
		vm_pin_to_cpu(runner->cpu - 1);
	runner->result = vm_run(&runner->vm);
	runner->finished = true;
	return NULL;
}

/* Threads are joined by looking now and then: see lifecycle.c on Bochs 2.7 with two CPUs. */
static bool wait_for(volatile bool *condition)
{
	for (int i = 0; i < 2000 && !*condition; i++)
		usleep(10000);
	return *condition;
}

#define START_GUEST(runner, name, ...)	start_guest(runner, name##_start, name##_end,	\
						    (struct minivmx_regs){ __VA_ARGS__ })

static int start_guest(struct runner *runner, const __u8 *code, const __u8 *end,
		       struct minivmx_regs regs)
{
	int ret = vm_start(&runner->vm, VM_PROTECTED, code, end);

	regs.rip = VM_CODE;
	regs.rflags = 2;
	if (!ret)
		ret = vm_set_regs(&runner->vm, &regs);
	runner->finished = false;
	return ret ? ret : -pthread_create(&runner->thread, NULL, run_once, runner);
}

static void wait_for_hlt(struct __test_metadata *_metadata, struct runner *runner)
{
	ASSERT_TRUE(wait_for(&runner->finished));
	ASSERT_EQ(0, pthread_join(runner->thread, NULL));
	EXPECT_EQ(0, runner->result);
	EXPECT_EQ(MINIVMX_EXIT_HLT, runner->vm.run->exit_reason) {
		vm_print_exit(&runner->vm);
	}
}

static volatile __u32 *shared(struct vm *vm, __u64 gpa)
{
	return (volatile __u32 *)(vm->mem + gpa);
}

static void wake(int sig)
{
	(void)sig;
}

static void catch_signal(int sig)
{
	struct sigaction action = { .sa_handler = wake };

	sigaction(sig, &action, NULL);
}

/* No update is lost, whichever locked instruction makes it. */
TEST_F(vcpus, locked_counters)
{
	enum { TURNS = 5000 };
	volatile __u32 *counters = shared(&self->vm, SHARED);

	for (int i = 0; i < MAX_THREADS; i++)
		ASSERT_EQ(0, START_GUEST(&self->runners[i], count_locked, .rbx = SHARED, .rcx = TURNS));
	for (int i = 0; i < MAX_THREADS; i++)
		wait_for_hlt(_metadata, &self->runners[i]);
	EXPECT_EQ(MAX_THREADS * TURNS, counters[0]);
	EXPECT_EQ(3 * MAX_THREADS * TURNS, counters[1]);
	EXPECT_EQ(0, counters[2]);
	EXPECT_EQ(MAX_THREADS * TURNS, counters[3]);
}

/* What one writes the other sees, without any exit. Two on one CPU take turns with its clock. */
TEST_F(vcpus, handshake)
{
	int cpus = vm_count_cpus(), rounds = cpus > 1 ? 500 : 10;

	for (int i = 0; i < 2; i++) {
		self->runners[i].cpu = 1 + i % cpus;
		ASSERT_EQ(0, START_GUEST(&self->runners[i], take_turns, .rbx = SHARED, .rsi = i,
					 .rdi = !i, .rcx = rounds));
	}
	for (int i = 0; i < 2; i++)
		wait_for_hlt(_metadata, &self->runners[i]);
	EXPECT_EQ(0, *shared(&self->vm, SHARED));
}

static int start_spinners(struct runner *runners, int count)
{
	for (int i = 0; i < count; i++) {
		int ret = START_GUEST(&runners[i], spin, .rbx = STOP, .rdi = OWN(i));

		if (ret)
			return ret;
	}
	return 0;
}

static bool all_advance(struct vm *vm, int count)
{
	__u32 before[MAX_THREADS];
	int advanced = 0;

	for (int i = 0; i < count; i++)
		before[i] = *shared(vm, OWN(i));
	for (int tries = 0; tries < 500 && advanced < count; tries++) {
		usleep(10000);
		advanced = 0;
		for (int i = 0; i < count; i++)
			advanced += *shared(vm, OWN(i)) != before[i];
	}
	return advanced == count;
}

/* More vCPUs than CPUs, pushed from one to the other while they run. */
TEST_F(vcpus, move_between_cpus)
{
	int cpus = vm_count_cpus();

	ASSERT_EQ(0, start_spinners(self->runners, 3));
	EXPECT_TRUE(all_advance(&self->vm, 3));
	for (int turn = 0; turn < 100; turn++) {
		struct runner *runner = &self->runners[turn % 3];
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(turn / 3 % cpus, &set);
		ASSERT_EQ(0, sched_setaffinity(runner->tid, sizeof(set), &set));
		usleep(3000);
	}
	EXPECT_TRUE(all_advance(&self->vm, 3));
	*shared(&self->vm, STOP) = 1;
	for (int i = 0; i < 3; i++)
		wait_for_hlt(_metadata, &self->runners[i]);
}

TEST_F(vcpus, signals_kick_each)
{
	catch_signal(SIGUSR1);
	ASSERT_EQ(0, start_spinners(self->runners, 2));
	EXPECT_TRUE(all_advance(&self->vm, 2));
	for (int i = 0; i < 2; i++) {
		struct runner *runner = &self->runners[i];

		ASSERT_EQ(0, pthread_kill(runner->thread, SIGUSR1));
		ASSERT_TRUE(wait_for(&runner->finished));
		ASSERT_EQ(0, pthread_join(runner->thread, NULL));
		EXPECT_EQ(-EINTR, runner->result);
		EXPECT_EQ(MINIVMX_EXIT_INTR, runner->vm.run->exit_reason);
		/* The other goes on. */
		if (!i)
			EXPECT_FALSE(self->runners[1].finished);
	}
}

/*
 * immediate_exit, then a signal: RUN ends whether the signal comes before it, in it or after. Each
 * round begins at another time, and none may hang.
 */
TEST_F(vcpus, immediate_exit_kicks_without_a_race)
{
	struct runner *runner = &self->runners[0];

	catch_signal(SIGUSR1);
	for (int round = 0; round < 60; round++) {
		runner->tid = 0;
		runner->vm.run->immediate_exit = 0;
		ASSERT_EQ(0, start_spinners(runner, 1));
		while (!runner->tid)
			sched_yield();
		usleep(round * 20);
		*(volatile __u8 *)&runner->vm.run->immediate_exit = 1;
		ASSERT_EQ(0, pthread_kill(runner->thread, SIGUSR1));
		ASSERT_TRUE(wait_for(&runner->finished));
		ASSERT_EQ(0, pthread_join(runner->thread, NULL));
		ASSERT_EQ(-EINTR, runner->result);
	}
}

/* The descriptors may go while the vCPUs run: each RUN holds its own, and with it the VM. */
TEST_F(vcpus, descriptors_closed_under_them)
{
	struct runner *runners = self->runners;

	ASSERT_EQ(0, start_spinners(runners, 2));
	EXPECT_TRUE(all_advance(&self->vm, 2));
	close(self->vm.fd);
	close(self->vm.dev);
	close(runners[0].vm.vcpu);
	close(runners[1].vm.vcpu);
	self->vm.fd = self->vm.dev = self->vm.vcpu = runners[1].vm.vcpu = -1;
	EXPECT_TRUE(all_advance(&self->vm, 2));
	*shared(&self->vm, STOP) = 1;
	for (int i = 0; i < 2; i++)
		wait_for_hlt(_metadata, &runners[i]);
}

/* Every number gets a vCPU of its own, which runs. */
TEST_F(vcpus, as_many_as_there_can_be)
{
	struct minivmx_regs regs;
	struct vm view;

	EXPECT_EQ(-EINVAL, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU,
				    vm_ioctl(self->vm.dev, MINIVMX_CHECK_EXTENSION,
					     MINIVMX_CAP_MAX_VCPU_ID)));
	*shared(&self->vm, STOP) = 1;
	for (int id = MAX_THREADS; id < MINIVMX_MAX_VCPUS; id++) {
		ASSERT_EQ(0, add_vcpu(&self->vm, &view, id));
		ASSERT_EQ(0, VM_START(&view, VM_PROTECTED, spin));
		ASSERT_EQ(0, vm_get_regs(&view, &regs));
		regs.rdi = OWN(id);
		ASSERT_EQ(0, vm_set_regs(&view, &regs));
		ASSERT_EXIT(&view, MINIVMX_EXIT_HLT);
		EXPECT_EQ(1, *shared(&self->vm, OWN(id)));
		munmap(view.run, view.run_size);
		close(view.vcpu);
		EXPECT_EQ(-EEXIST, vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, id));
	}
}

/* The calls of a VM and of a vCPU, each with an argument that would do. */
static int all_fail_with_eio(struct vm *vm)
{
	static const unsigned long vm_calls[] = {
		MINIVMX_CREATE_VCPU, MINIVMX_CHECK_EXTENSION, MINIVMX_SET_USER_MEMORY_REGION,
		MINIVMX_GET_DIRTY_LOG, MINIVMX_SET_TSS_ADDR, MINIVMX_SET_IDENTITY_MAP_ADDR,
		MINIVMX_IOEVENTFD, MINIVMX_REGISTER_COALESCED_MMIO,
		MINIVMX_UNREGISTER_COALESCED_MMIO, MINIVMX_GET_STATS_FD,
	}, vcpu_calls[] = {
		MINIVMX_RUN, MINIVMX_GET_REGS, MINIVMX_SET_REGS, MINIVMX_GET_SREGS,
		MINIVMX_SET_SREGS, MINIVMX_INTERRUPT, MINIVMX_SET_SIGNAL_MASK, MINIVMX_GET_MSRS,
		MINIVMX_SET_MSRS, MINIVMX_SET_CPUID2, MINIVMX_GET_CPUID2, MINIVMX_GET_MP_STATE,
		MINIVMX_SET_MP_STATE, MINIVMX_NMI, MINIVMX_SET_GUEST_DEBUG, MINIVMX_GET_VCPU_EVENTS,
		MINIVMX_SET_VCPU_EVENTS, MINIVMX_GET_DEBUGREGS, MINIVMX_SET_DEBUGREGS,
		MINIVMX_GET_FPU, MINIVMX_SET_FPU, MINIVMX_TRANSLATE, MINIVMX_GET_STATS_FD,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(vm_calls); i++)
		if (vm_ioctl(vm->fd, vm_calls[i], 0) != -EIO)
			return 1 + i;
	for (unsigned int i = 0; i < ARRAY_SIZE(vcpu_calls); i++)
		if (vm_ioctl(vm->vcpu, vcpu_calls[i], 0) != -EIO)
			return 100 + i;
	return 0;
}

TEST_F(vcpus, another_process_can_do_nothing)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, start_spinners(self->runners, 1));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(all_fail_with_eio(&self->vm));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_TRUE(all_advance(&self->vm, 1));
	*shared(&self->vm, STOP) = 1;
	wait_for_hlt(_metadata, &self->runners[0]);
}

enum ending { BY_KILL, BY_EXEC, BY_EXIT };

/* A process with two vCPUs that run, until it ends; it says so on the pipe. */
static void run_until_the_end(const char *device, enum ending ending, int pipe_end)
{
	static struct runner runners[2];

	if (vm_create(&runners[0].vm, device) || add_vcpu(&runners[0].vm, &runners[1].vm, 1) ||
	    start_spinners(runners, 2) || !all_advance(&runners[0].vm, 2) ||
	    write(pipe_end, "r", 1) != 1)
		_exit(2);
	if (ending == BY_EXEC)
		execl("/bin/sh", "sh", "-c", "exit 7", NULL);
	else if (ending == BY_EXIT)
		_exit(7);
	for (;;)
		pause();
}

static void check_ending(struct __test_metadata *_metadata, const char *device, bool kvm,
			 enum ending ending)
{
	const char *path = vm_refcnt_path(kvm);
	long before = vm_read_number(path);
	int status, gate[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(gate));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		run_until_the_end(device, ending, gate[1]);
	close(gate[1]);
	ASSERT_EQ(1, read(gate[0], &byte, 1));
	if (ending == BY_KILL)
		kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(ending == BY_KILL ? SIGKILL : 7 << 8, status);
	close(gate[0]);
	if (before >= 0)
		EXPECT_TRUE(vm_refcnt_returns_to(path, before));
}

TEST_F(vcpus, killed_while_they_run)
{
	check_ending(_metadata, variant->device, variant->kvm, BY_KILL);
}

TEST_F(vcpus, exec_while_they_run)
{
	check_ending(_metadata, variant->device, variant->kvm, BY_EXEC);
}

TEST_F(vcpus, exit_while_they_run)
{
	check_ending(_metadata, variant->device, variant->kvm, BY_EXIT);
}

TEST_HARNESS_MAIN
