// SPDX-License-Identifier: GPL-2.0
/*
 * signals.c - RUN ends for signals and immediate_exit, and the guest loses nothing by it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
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

/* ------------------------------------------------------------------ SET_SIGNAL_MASK */

static int set_mask(struct vm *vm, __u32 len, const sigset_t *set)
{
	struct {
		struct minivmx_signal_mask head;
		__u8 sigset[8];
	} __attribute__((packed)) args = { .head.len = len };

	memcpy(args.sigset, set, sizeof(args.sigset));
	return vm_ioctl(vm->vcpu, MINIVMX_SET_SIGNAL_MASK, (unsigned long)&args);
}

static bool is_pending(int sig)
{
	sigset_t set;

	return !sigpending(&set) && sigismember(&set, sig) == 1;
}

static bool is_blocked(int sig)
{
	sigset_t set;

	return !sigprocmask(SIG_BLOCK, NULL, &set) && sigismember(&set, sig) == 1;
}

static volatile int handled;

static void count_signal(int sig)
{
	(void)sig;
	handled++;
}

static void block(int sig)
{
	struct sigaction action = { .sa_handler = count_signal };
	sigset_t set;

	sigaction(sig, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Blocked outside, not inside: RUN ends, no handler has run, the signal still waits. */
TEST_F(signals, mask_lets_a_signal_in)
{
	struct minivmx_regs regs;
	sigset_t none;

	sigemptyset(&none);
	block(SIGUSR1);
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, halt));
	ASSERT_EQ(0, set_mask(&self->vm, 8, &none));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	raise(SIGUSR1);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-EINTR, vm_run(&self->vm));
		EXPECT_EQ(MINIVMX_EXIT_INTR, self->vm.run->exit_reason);
		EXPECT_TRUE(is_pending(SIGUSR1));
		EXPECT_TRUE(is_blocked(SIGUSR1));
	}
	EXPECT_EQ(0, handled);
	/* Without a mask the thread's own counts again. */
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_SIGNAL_MASK, 0));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_TRUE(is_pending(SIGUSR1));
}

TEST_F(signals, mask_ends_a_spinning_guest)
{
	sigset_t none;

	sigemptyset(&none);
	block(SIGALRM);
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, spin_pause));
	ASSERT_EQ(0, set_mask(&self->vm, 8, &none));
	/* Its empty handler stands in for count_signal(). */
	vm_arm_alarm(300);
	EXPECT_EQ(-EINTR, vm_run(&self->vm));
	vm_arm_alarm(0);
	EXPECT_TRUE(is_pending(SIGALRM));
	EXPECT_TRUE(is_blocked(SIGALRM));
}

/* Blocked inside, not outside: it waits until RUN has returned. */
TEST_F(signals, mask_holds_a_signal_back)
{
	struct sigaction action = { .sa_handler = count_signal };
	sigset_t usr1;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, spin_pause));
	ASSERT_EQ(0, set_mask(&self->vm, 8, &usr1));
	if (!fork()) {
		usleep(200000);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	vm_arm_alarm(1000);
	EXPECT_EQ(-EINTR, vm_run(&self->vm));
	vm_arm_alarm(0);
	/* The alarm ended RUN, and both were handled on its return. */
	EXPECT_EQ(1, handled);
	EXPECT_FALSE(is_blocked(SIGUSR1));
	wait(NULL);
}

/* SIGKILL can't be blocked, in RUN or elsewhere. */
TEST_F(signals, mask_does_not_hold_sigkill_back)
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		sigset_t all;
		struct vm vm;

		sigfillset(&all);
		if (vm_create(&vm, variant->device) || VM_START(&vm, VM_PROTECTED, spin_pause) ||
		    set_mask(&vm, 8, &all))
			_exit(2);
		vm_run(&vm);
		_exit(3);
	}
	usleep(400000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGTERM);
	usleep(200000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* What is refused changes nothing. */
TEST_F(signals, mask_errors)
{
	sigset_t none;

	sigemptyset(&none);
	block(SIGUSR1);
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, halt));
	ASSERT_EQ(0, set_mask(&self->vm, 8, &none));
	raise(SIGUSR1);
	EXPECT_EQ(-EINVAL, set_mask(&self->vm, 0, &none));
	EXPECT_EQ(-EINVAL, set_mask(&self->vm, 4, &none));
	EXPECT_EQ(-EINVAL, set_mask(&self->vm, 16, &none));
	EXPECT_EQ(-EINVAL, set_mask(&self->vm, 128, &none));
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.vcpu, MINIVMX_SET_SIGNAL_MASK, 0x10));
	EXPECT_EQ(-EINTR, vm_run(&self->vm));
	EXPECT_TRUE(is_pending(SIGUSR1));
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
