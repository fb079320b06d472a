// SPDX-License-Identifier: GPL-2.0
/*
 * signals.c - RUN ends for signals and immediate_exit, and the guest loses nothing by it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

GUEST_CODE(spin, 32, "sti\n\t 1: jmp 1b");
GUEST_CODE(spin_pause, 32, "sti\n\t 1: pause\n\t jmp 1b");
GUEST_CODE(spin_no_interrupts, 32, "cli\n\t 1: jmp 1b");
/* The count leaves the loop in a register, one more for each turn. */
GUEST_CODE(count, 32, "sti\n\t 1: inc %eax\n\t mov %eax, (%ebx)\n\t jmp 1b");
GUEST_CODE(halt, 32, "1: hlt\n\t jmp 1b");

VM_FIXTURE(signals)
{
	VM_SETUP(self, variant);
}

static void spin_until_alarm(struct __test_metadata *_metadata, struct vm *vm,
			     const __u8 *code, const __u8 *end)
{
	double start, elapsed;

	ASSERT_EQ(0, vm_start(vm, VM_PROTECTED, code, end));
	start = vm_seconds();
	vm_arm_alarm(500);
	EXPECT_EQ(-EINTR, vm_run(vm));
	vm_arm_alarm(0);
	elapsed = vm_seconds() - start;
	EXPECT_EQ(MINIVMX_EXIT_INTR, vm->run->exit_reason);
	/* The host's clock went on, and the signal did not wait for long. */
	EXPECT_LE(0.45, elapsed);
	EXPECT_GE(5.0, elapsed);
}

TEST_F(signals, end_a_spinning_guest)
{
	spin_until_alarm(_metadata, &self->vm, spin_start, spin_end);
}

TEST_F(signals, end_a_pausing_guest)
{
	spin_until_alarm(_metadata, &self->vm, spin_pause_start, spin_pause_end);
}

/*
 * On silicon the host's interrupts end this guest too. An emulated CPU may mask them by the guest's
 * flag: then only the VMX-preemption timer ends it, which KVM does not run; see run-tests --if0.
 */
TEST_F(signals, end_a_guest_with_interrupts_disabled)
{
	if (variant->kvm && !getenv("MINIVMX_TEST_IF0"))
		SKIP(return, "may hang an emulated CPU: run-tests --if0");
	spin_until_alarm(_metadata, &self->vm, spin_no_interrupts_start, spin_no_interrupts_end);
}

/* A signal that the thread blocks is no reason to end RUN. */
TEST_F(signals, blocked_signal_is_ignored)
{
	sigset_t set, pending;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, halt));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, raise(SIGUSR1));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, sigpending(&pending));
	EXPECT_EQ(1, sigismember(&pending, SIGUSR1));
}

TEST_F(signals, guest_goes_on_where_it_was)
{
	struct minivmx_regs regs;
	__u32 last = 0;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, count));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rbx = VM_DATA;
	regs.rdi = 0x1234567;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	for (int i = 0; i < 5; i++) {
		vm_arm_alarm(50);
		EXPECT_EQ(-EINTR, vm_run(&self->vm));
		vm_arm_alarm(0);
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(0x1234567, regs.rdi);
		EXPECT_LT(last, (__u32)regs.rax);
		/* The store is at most one turn behind. */
		EXPECT_GE(1U, (__u32)regs.rax - *(__u32 *)(self->vm.mem + VM_DATA));
		last = regs.rax;
	}
}

TEST_F(signals, immediate_exit)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, halt));
	self->vm.run->immediate_exit = 1;
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-EINTR, vm_run(&self->vm));
	}
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(VM_CODE, regs.rip);
	self->vm.run->immediate_exit = 0;
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
}

/* A guest that never exits leaves half of the CPU to another process on it. */
TEST_F(signals, spinning_guest_shares_its_cpu)
{
	unsigned long turns = 0;
	double end;
	pid_t pid;

	ASSERT_EQ(0, vm_pin_to_cpu(0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct vm vm;

		if (vm_create(&vm, variant->device) || VM_START(&vm, VM_PROTECTED, spin))
			_exit(2);
		vm_run(&vm);
		_exit(3);
	}
	usleep(300000);
	end = vm_seconds() + 1;
	while (vm_seconds() < end) {
		turns++;
		sched_yield();
	}
	EXPECT_LT(10, turns);
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

TEST_HARNESS_MAIN
