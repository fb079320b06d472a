// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_side_by_side.c - a KVM guest and a minivmx guest at the same time on the same CPUs.
 *
 * Two processes, one guest each; a guest checks its registers and a page of memory in every
 * round. MINIVMX_SECONDS says for how long (10). CR4.VMXE, VMXON and the current VMCS change
 * hands thousands of times; neither may notice.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define PORT_ROUND	0x10
#define PORT_BROKEN	0x11

/* R8: the pattern; R9: rounds; R12 to R15 and XMM5 follow from R8. */
GUEST_CODE(check_rounds, 64,
	"mov $0x10000, %ebx\n\t"
	"lea 1(%r8), %r12\n\t lea 2(%r8), %r13\n\t lea 3(%r8), %r14\n\t lea 4(%r8), %r15\n\t"
	"movq %r8, %xmm5\n\t"
	"sti\n\t"
	"1: mov $512, %ecx\n\t mov %r8, %rax\n\t mov %rbx, %rdi\n\t"
	"2: mov %rax, (%rdi)\n\t add $8, %rdi\n\t inc %rax\n\t dec %ecx\n\t jnz 2b\n\t"
	"mov $512, %ecx\n\t mov %r8, %rax\n\t mov %rbx, %rdi\n\t"
	"3: cmp %rax, (%rdi)\n\t jne 9f\n\t"
	"add $8, %rdi\n\t inc %rax\n\t dec %ecx\n\t jnz 3b\n\t"
	"lea 1(%r8), %rax\n\t cmp %rax, %r12\n\t jne 9f\n\t"
	"lea 2(%r8), %rax\n\t cmp %rax, %r13\n\t jne 9f\n\t"
	"lea 3(%r8), %rax\n\t cmp %rax, %r14\n\t jne 9f\n\t"
	"lea 4(%r8), %rax\n\t cmp %rax, %r15\n\t jne 9f\n\t"
	"movq %xmm5, %rax\n\t cmp %r8, %rax\n\t jne 9f\n\t"
	"inc %r9\n\t out %al, $0x10\n\t jmp 1b\n\t"
	"9: out %al, $0x11");

FIXTURE(side_by_side) { double seconds; };

FIXTURE_SETUP(side_by_side)
{
	const char *seconds = getenv("MINIVMX_SECONDS");

	VM_REQUIRE(MINIVMX_DEVICE);
	VM_REQUIRE(KVM_DEVICE);
	self->seconds = seconds ? atof(seconds) : 10;
	ASSERT_LT(0, self->seconds);
}

FIXTURE_TEARDOWN(side_by_side)
{
}

static int start_guest(struct vm *vm, const char *device, __u64 pattern)
{
	struct minivmx_regs regs;
	int ret = vm_create(vm, device);

	if (!ret)
		ret = VM_START(vm, VM_LONG, check_rounds);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.r8 = pattern;
	regs.r9 = 0;
	return ret ? ret : vm_set_regs(vm, &regs);
}

/* Rounds done, or -errno; -EBADMSG if the guest or the host found a wrong value. */
static long run_guest(const char *device, __u64 pattern, double seconds, bool migrate)
{
	double end = vm_seconds() + seconds;
	int cpus = vm_count_cpus();
	struct minivmx_regs regs;
	long rounds = 0;
	struct vm vm;
	int ret = start_guest(&vm, device, pattern);

	while (!ret && vm_seconds() < end) {
		if (migrate && rounds % 50 == 0)
			vm_pin_to_cpu(rounds / 50 % cpus);
		ret = vm_run(&vm);
		if (ret)
			break;
		if (vm.run->exit_reason != MINIVMX_EXIT_IO || vm.run->io.port != PORT_ROUND) {
			vm_print_exit(&vm);
			ret = -EBADMSG;
			break;
		}
		rounds++;
		ret = vm_get_regs(&vm, &regs);
		if (!ret && (regs.r8 != pattern || regs.r9 != (__u64)rounds))
			ret = -EBADMSG;
	}
	vm_destroy(&vm);
	return ret ? ret : rounds;
}

struct side {
	pid_t pid;
	int result;	/* pipe that the number of rounds comes through */
};

static bool start_side(struct side *side, const char *device, __u64 pattern, double seconds,
		       bool migrate)
{
	int ends[2];
	long rounds;

	if (pipe(ends))
		return false;
	side->result = ends[0];
	side->pid = fork();
	if (side->pid < 0)
		return false;
	if (side->pid) {
		close(ends[1]);
		return true;
	}
	vm_pin_to_cpu(0);
	rounds = run_guest(device, pattern, seconds, migrate);
	_exit(write(ends[1], &rounds, sizeof(rounds)) != sizeof(rounds));
}

static long finish_side(struct side *side)
{
	long rounds = -EPIPE;

	if (read(side->result, &rounds, sizeof(rounds)) != sizeof(rounds))
		rounds = -EPIPE;
	waitpid(side->pid, NULL, 0);
	close(side->result);
	return rounds;
}

static void run_both(struct __test_metadata *_metadata, double seconds, bool migrate)
{
	struct side ours, kvms;
	long rounds;

	ASSERT_TRUE(start_side(&ours, MINIVMX_DEVICE, 0x0123456700000000, seconds, migrate));
	ASSERT_TRUE(start_side(&kvms, KVM_DEVICE, 0x7654321000000000, seconds, migrate));
	rounds = finish_side(&ours);
	EXPECT_LT(0, rounds);
	TH_LOG("minivmx: %ld rounds", rounds);
	rounds = finish_side(&kvms);
	EXPECT_LT(0, rounds);
	TH_LOG("KVM: %ld rounds", rounds);
	/* KVM on its own, afterwards: a new VM means VMXON on CPUs that both have used. */
	EXPECT_LT(0, run_guest(KVM_DEVICE, 0x1111, 0.2, true));
	EXPECT_LT(0, run_guest(MINIVMX_DEVICE, 0x2222, 0.2, true));
}

TEST_F_TIMEOUT(side_by_side, on_one_cpu, 600)
{
	run_both(_metadata, self->seconds, false);
}

TEST_F_TIMEOUT(side_by_side, migrating, 600)
{
	if (vm_count_cpus() < 2)
		SKIP(return, "one CPU");
	run_both(_metadata, self->seconds, true);
}

/* One process with a vCPU of each: the switch happens on every call. */
TEST_F(side_by_side, in_turns)
{
	struct vm ours, kvms;

	ASSERT_EQ(0, start_guest(&ours, MINIVMX_DEVICE, 0x3333));
	ASSERT_EQ(0, start_guest(&kvms, KVM_DEVICE, 0x4444));
	for (int i = 0; i < 200; i++) {
		if (i % 20 == 0)
			vm_pin_to_cpu(i / 20 % vm_count_cpus());
		ASSERT_EXIT(&ours, MINIVMX_EXIT_IO);
		ASSERT_EQ(PORT_ROUND, ours.run->io.port);
		ASSERT_EXIT(&kvms, MINIVMX_EXIT_IO);
		ASSERT_EQ(PORT_ROUND, kvms.run->io.port);
	}
	vm_destroy(&kvms);
	/* KVM may have left VMX operation with its last VM; ours goes on. */
	ASSERT_EXIT(&ours, MINIVMX_EXIT_IO);
	ASSERT_EQ(PORT_ROUND, ours.run->io.port);
	vm_destroy(&ours);
}

/* KVM enters VMX operation with its first VM and leaves it with the last, on all CPUs. */
TEST_F_TIMEOUT(side_by_side, while_kvm_comes_and_goes, 120)
{
	struct side ours;
	double end = vm_seconds() + self->seconds / 2;
	long kvm_rounds = 0;
	int vms = 0;

	ASSERT_TRUE(start_side(&ours, MINIVMX_DEVICE, 0x5555, self->seconds / 2, true));
	while (vm_seconds() < end) {
		/* Making the VM may take all of the time: no round is no error. */
		long rounds = run_guest(KVM_DEVICE, 0x6666, 0.05, true);

		ASSERT_LE(0, rounds);
		kvm_rounds += rounds;
		vms++;
	}
	EXPECT_LT(0, finish_side(&ours));
	/* Where the two share one CPU, making the VMs may take all of the time. */
	if (vm_count_cpus() > 1)
		EXPECT_LT(0, kvm_rounds);
	EXPECT_LT(1, vms);
}

TEST_HARNESS_MAIN
