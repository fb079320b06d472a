// SPDX-License-Identifier: GPL-2.0
/*
 * hotplug.c - CPUs go and come while guests run: nothing of a VM stays behind in a CPU.
 *
 * Needs a second CPU that can be taken offline.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

GUEST_CODE(count, 32, "1: incl 0x10000\n\t pause\n\t jmp 1b");
GUEST_CODE(once, 32, "mov $0x600d, %eax\n\t hlt");

VM_FIXTURE(hotplug)
{
	VM_SETUP(self, variant);
}

static void *run_until_signal(void *arg)
{
	return (void *)(long)vm_run(arg);
}

static void wake(int signal)
{
	(void)signal;
}

/* The guest is on the CPU that goes; its thread is moved, and comes back when it may. */
TEST_F(hotplug, under_a_running_guest)
{
	volatile __u32 *counter;
	pthread_t thread;
	void *result;
	cpu_set_t all;

	if (!vm_set_cpu1_online(true))
		SKIP(return, "no second CPU, or it can't go offline");
	ASSERT_EQ(0, sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = wake }, NULL));
	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, count));
	counter = (__u32 *)(self->vm.mem + VM_DATA);
	/* Interrupts on: an emulated CPU may hold the host's back by the guest's flag. */
	ASSERT_EQ(0, vm_set_regs(&self->vm, &(struct minivmx_regs){ .rip = VM_CODE, .rsp = VM_STACK,
								    .rflags = 0x202 }));
	ASSERT_EQ(0, vm_pin_to_cpu(1));
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_until_signal, &self->vm));
	ASSERT_EQ(0, vm_pin_to_cpu(0));
	CPU_ZERO(&all);
	CPU_SET(0, &all);
	CPU_SET(1, &all);
	ASSERT_EQ(0, pthread_setaffinity_np(thread, sizeof(all), &all));
	for (int i = 0; i < 3; i++) {
		__u32 before = *counter;

		ASSERT_TRUE(vm_set_cpu1_online(false));
		for (int wait = 0; wait < 500 && *counter == before; wait++)
			usleep(10000);
		EXPECT_NE(before, *counter);
		ASSERT_TRUE(vm_set_cpu1_online(true));
	}
	ASSERT_EQ(0, pthread_kill(thread, SIGUSR1));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(-EINTR, (long)result);
}

/* A vCPU that ran on the CPU before it went runs there again. */
TEST_F(hotplug, between_two_runs)
{
	struct minivmx_regs regs;

	if (!vm_set_cpu1_online(true))
		SKIP(return, "no second CPU, or it can't go offline");
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, once));
		ASSERT_EQ(0, vm_pin_to_cpu(1));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(0x600d, regs.rax);
		ASSERT_EQ(0, vm_pin_to_cpu(0));
		ASSERT_TRUE(vm_set_cpu1_online(false));
		ASSERT_TRUE(vm_set_cpu1_online(true));
	}
}

TEST_HARNESS_MAIN
