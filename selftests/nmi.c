// SPDX-License-Identifier: GPL-2.0
/*
 * nmi.c - an NMI that ends the guest reaches the host's own handler, and the next one does too.
 *
 * The kernel's "backtrace of all CPUs" (SysRq l) sends an NMI to each other CPU, whose handler prints
 * where it was interrupted: in the module, since that is where the guest's NMI exit is handed on.
 * A lost NMI prints nothing; NMIs left blocked show in the second round.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define ROUNDS	5

GUEST_CODE(spin, 32, "sti\n\t 1: jmp 1b");

static void *run_on_cpu_1(void *arg)
{
	vm_pin_to_cpu(1);
	return (void *)(long)vm_run(arg);
}

static void wake(int sig)
{
	(void)sig;
}

/* Reads the kernel's log on until a line with the text comes; false after the given time. */
static bool log_shows(int kmsg, const char *text, int milliseconds)
{
	char record[2048];

	for (int i = 0; i < milliseconds / 10; i++) {
		ssize_t size = read(kmsg, record, sizeof(record) - 1);

		if (size <= 0) {
			usleep(10000);
			continue;
		}
		record[size] = '\0';
		if (strstr(record, text))
			return true;
	}
	return false;
}

TEST(reaches_the_host_each_time)
{
	struct sigaction action = { .sa_handler = wake };
	pthread_t guest;
	struct vm vm;
	int kmsg, sysrq, in_module = 0;
	void *result;

	if (!vm_present(MINIVMX_DEVICE))
		SKIP(return, "/dev/minivmx is absent");
	if (vm_count_cpus() < 2)
		SKIP(return, "one CPU sends itself no NMI");
	sysrq = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	if (sysrq < 0)
		SKIP(return, "no /proc/sysrq-trigger");
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, kmsg);
	ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, vm_create(&vm, MINIVMX_DEVICE));
	ASSERT_EQ(0, VM_START(&vm, VM_PROTECTED, spin));
	ASSERT_EQ(0, vm_pin_to_cpu(0));
	ASSERT_EQ(0, pthread_create(&guest, NULL, run_on_cpu_1, &vm));
	usleep(300000);
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(1, write(sysrq, "l", 1));
		EXPECT_TRUE(log_shows(kmsg, "NMI backtrace for cpu 1", 5000)) {
			TH_LOG("round %d", i);
		}
		in_module += log_shows(kmsg, "[minivmx]", 1000);
	}
	/* Another task may have had the CPU now and then, but not always. */
	EXPECT_LT(0, in_module);
	ASSERT_EQ(0, pthread_kill(guest, SIGUSR1));
	ASSERT_EQ(0, pthread_join(guest, &result));
	EXPECT_EQ(-EINTR, (long)result);
	vm_destroy(&vm);
	close(kmsg);
	close(sysrq);
}

TEST_HARNESS_MAIN
