// SPDX-License-Identifier: GPL-2.0
/*
 * step_show.c - what is printed when a guest has stopped: the VM exits since the last stop, with the source
 * that handled them, the registers and VMCS fields that have changed, the code around RIP.
 *
 * Reached from stepper.c. Continues in recorder.c (the exits), exit_source.c, vmcs_print.c and show_state.c.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "exit_source.h"
#include "recorder.h"
#include "show_state.h"
#include "snapshot_take.h"
#include "stepper.h"
#include "vmcs_print.h"

#define EXITS_SHOWN	8

static void print_exit(const struct minivmx_exit_record *record)
{
	struct exit_source source = exit_source(record);

	recorder_print_record(stdout, record, 1);
	printf("        %s", source.fast);
	if (source.slow)
		printf(", %s", source.slow);
	if (source.user)
		printf(", %s", source.user);
	if (source.policy)
		printf("\n        %s", source.policy);
	putchar('\n');
}

/* The exits that have come since the last stop; the recorder keeps so many. */
static void print_exits(struct stepper *stepper)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	uint32_t tsc_khz;
	size_t count = recorder_read(stepper->vcpu, record, &tsc_khz), first = count;

	while (first && record[first - 1].tsc > stepper->last_exit_tsc)
		first--;
	if (first == count)
		return;
	stepper->last_exit_tsc = record[count - 1].tsc;
	if (stepper->quiet)
		return;
	printf("  VM exits since the last stop%s: %zu; ticks of %u kHz in [guest kernel userspace]\n",
	       first || stepper->stops < 3 ? "" : ", as far as the recorder has them", count - first,
	       tsc_khz);
	if (count - first > EXITS_SHOWN)
		printf("    the last %u:\n", EXITS_SHOWN);
	for (size_t i = count - first > EXITS_SHOWN ? count - EXITS_SHOWN : first; i < count; i++)
		print_exit(&record[i]);
}

/* Says once that there is none. */
static void take_snapshot(struct stepper *stepper)
{
	stepper->snapshot_before = stepper->snapshot;
	if (stepper->stops == 1 || stepper->has_snapshot)
		stepper->has_snapshot = snapshot_take(&stepper->snapshot, stepper->vcpu) == 0;
}

static int take_registers(struct stepper *stepper)
{
	stepper->regs_before = stepper->regs;
	if (ioctl(stepper->vcpu->fd, MINIVMX_GET_REGS, &stepper->regs) < 0 ||
	    ioctl(stepper->vcpu->fd, MINIVMX_GET_SREGS, &stepper->sregs) < 0)
		return vm_call_failed(stepper->vcpu->vm, "reading the guest's registers");
	return 0;
}

static void print_changes(const struct stepper *stepper)
{
	if (stepper->stops == 1) {
		print_regs(stdout, &stepper->regs, NULL);
		return;
	}
	print_changed_regs(stdout, &stepper->regs, &stepper->regs_before);
	if (stepper->has_snapshot)
		vmcs_print_changes(&stepper->snapshot_before, &stepper->snapshot);
}

void stepper_show(struct stepper *stepper)
{
	bool bold = isatty(STDOUT_FILENO);

	stepper->status = take_registers(stepper);
	if (stepper->status) {
		stepper->quits = true;
		return;
	}
	take_snapshot(stepper);
	if (!stepper->quiet)
		printf("%s--- stop %lu, %s%s\n", bold ? "\033[1m" : "", stepper->stops, stepper->why,
		       bold ? "\033[0m" : "");
	print_exits(stepper);
	if (stepper->quiet)
		return;
	print_changes(stepper);
	print_code(stdout, stepper->vcpu, &stepper->regs, &stepper->sregs);
	fflush(stdout);
}
