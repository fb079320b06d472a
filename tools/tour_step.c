// SPDX-License-Identifier: GPL-2.0
/*
 * tour_step.c - what the tour's steps do with their guest: make it, run it, look at it, compare.
 *
 * Reached from the stops; continues in vm.c, snapshot_take.c and recorder.c. See tour.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "snapshot_take.h"
#include "tour.h"
#include "vmcs_print.h"

#define STATS_SIZE	8192	/* more than a vCPU's take */

static bool check(struct tour *tour, int status)
{
	tour->failed |= status;
	return !tour->failed;
}

bool tour_expect(struct tour *tour, bool claim, const char *format, ...)
{
	char text[256];
	va_list args;

	if (claim || tour->failed)
		return claim;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	complain("tour: %s: %s", tour->stop->name, text);
	tour->wrong++;
	return false;
}

static void print_guest(const struct tour_guest *guest)
{
	tour_heading("The guest");
	for (const char *line = guest->text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		printf("  %.*s\n", (int)strcspn(line, "\n"), line);
}

void tour_begin(struct tour *tour, const struct tour_guest *guest)
{
	struct image image = { .mode = guest->mode, .entry = guest->mode == MODE_REAL ? REAL_IMAGE : FLAT_IMAGE };

	print_guest(guest);
	tour->exits = 0;
	if (!check(tour, vm_open(&tour->vm, tour->device, TOUR_RAM, 1)))
		return;
	memcpy(tour->vm.ram + image.entry, guest->begin, guest->end - guest->begin);
	check(tour, mode_enter(&tour->vm, &image));
}

void tour_end(struct tour *tour)
{
	vm_close(&tour->vm);
}

static bool call(struct tour *tour, unsigned long request, void *argument, const char *name)
{
	if (tour->failed)
		return false;
	if (ioctl(tour->vm.vcpu[0].fd, request, argument) < 0)
		check(tour, vm_call_failed(&tour->vm, name));
	return !tour->failed;
}

bool tour_get_regs(struct tour *tour, struct minivmx_regs *regs)
{
	*regs = (struct minivmx_regs){ 0 };
	return call(tour, MINIVMX_GET_REGS, regs, "GET_REGS");
}

bool tour_set_regs(struct tour *tour, const struct minivmx_regs *regs)
{
	return call(tour, MINIVMX_SET_REGS, (void *)regs, "SET_REGS");
}

bool tour_interrupt(struct tour *tour, uint32_t vector)
{
	struct minivmx_interrupt interrupt = { .irq = vector };

	return call(tour, MINIVMX_INTERRUPT, &interrupt, "INTERRUPT");
}

bool tour_take(struct tour *tour, struct snapshot *snapshot)
{
	return !tour->failed && check(tour, snapshot_take(snapshot, &tour->vm.vcpu[0]));
}

bool tour_run_unseen(struct tour *tour, uint32_t exit_reason)
{
	const struct minivmx_run *run = tour->vm.vcpu[0].run;

	if (!call(tour, MINIVMX_RUN, NULL, "RUN"))
		return false;
	if (!tour_expect(tour, run->exit_reason == exit_reason, "RUN ended with exit %u of uapi/minivmx.h, not %u",
			 run->exit_reason, exit_reason))
		tour->failed = true;
	return !tour->failed;
}

bool tour_run(struct tour *tour, uint32_t exit_reason)
{
	return tour_take(tour, &tour->before) && tour_run_unseen(tour, exit_reason) &&
	       tour_take(tour, &tour->after);
}

uint64_t tour_stat(struct tour *tour, const char *name)
{
	_Alignas(8) char data[STATS_SIZE];
	const struct minivmx_stats_header *header = (void *)data;
	const struct minivmx_stats_desc *desc;
	ssize_t size;
	int fd;

	if (tour->failed)
		return 0;
	fd = ioctl(tour->vm.vcpu[0].fd, MINIVMX_GET_STATS_FD, 0);
	size = fd < 0 ? -1 : read(fd, data, sizeof(data));
	if (fd >= 0)
		close(fd);
	for (uint32_t i = 0; size > (ssize_t)sizeof(*header) && i < header->num_desc; i++) {
		desc = (void *)(data + header->desc_offset + i * (sizeof(*desc) + header->name_size));
		if (!strcmp(desc->name, name))
			return *(uint64_t *)(data + header->data_offset + desc->offset);
	}
	tour_expect(tour, false, "the vCPU has no statistic %s", name);
	return 0;
}

uint64_t tour_field(const struct snapshot *snapshot, uint32_t encoding)
{
	uint64_t value;

	snapshot_field(snapshot, encoding, &value);
	return value;
}

/* What the host's kernel writes there for itself is no business of the guest's. */
void tour_print_changes(const struct tour *tour)
{
	if (tour->failed)
		return;
	tour_heading("What this has changed in the VMCS (- before, + after)");
	for (enum vmcs_area area = 0; area < VMCS_AREAS; area++)
		if (area != VMCS_AREA_HOST)
			vmcs_print_changed_fields(&tour->before, &tour->after, area);
}

static void print_exit(const struct minivmx_exit_record *record)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	recorder_print_record(out, record, 1);
	fclose(out);
	/* The report of a crash indents it by four. */
	tour_say("%s", text + 2);
	free(text);
}

size_t tour_print_exits(struct tour *tour, struct minivmx_exit_record record[RECORDER_MAX])
{
	uint32_t tsc_khz;
	size_t count, fresh;

	if (tour->failed)
		return 0;
	count = recorder_read(&tour->vm.vcpu[0], record, &tsc_khz);
	fresh = tour_stat(tour, "exits") + tour_stat(tour, "entry_failures") - tour->exits;
	if (!tour_expect(tour, fresh <= count, "the flight recorder has lost exits"))
		fresh = count;
	tour->exits += fresh;
	memmove(record, record + (count - fresh), fresh * sizeof(record[0]));
	tour_heading("The flight recorder: handled by whom, why; ticks in [guest kernel userspace]");
	for (size_t i = 0; i < fresh; i++)
		print_exit(&record[i]);
	return fresh;
}
