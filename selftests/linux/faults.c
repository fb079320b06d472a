// SPDX-License-Identifier: GPL-2.0
/*
 * faults.c - accesses that may fault, and what the kernel says of those that do.
 *
 * Reached from workload.c.
 */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

#include "faults.h"

static sigjmp_buf fault_return;
static siginfo_t fault;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	fault = *info;
	siglongjmp(fault_return, signal);
}

int touch(volatile uint8_t *address, bool write)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	if (sigsetjmp(fault_return, 1))
		return fault.si_addr == address ? fault.si_code : -1;
	if (write)
		*address = 1;
	else
		(void)*address;
	return 0;
}
