// SPDX-License-Identifier: GPL-2.0
/*
 * tour_events.c - the tour's steps with events: an interrupt is injected, and once where it must not be.
 *
 * Reached from tour_stops.c; tour_step.c has what they are made of, explain_text.c the words for a failure.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "facts.h"
#include "rules.h"
#include "tour_steps.h"

#define VECTOR		0x20
#define HANDLER		0x10		/* bytes from the guest's first */
#define BROKEN_RULE	"guest.rflags.if-with-extint"

TOUR_GUEST(guest_interrupted, 16, MODE_REAL,
	   "sti               # RFLAGS.IF = 1\n"
	   "hlt               # waits for an interrupt\n"
	   "hlt\n"
	   ".org guest_interrupted_begin + 0x10   # the handler of vector 0x20\n"
	   "mov  $0x21, %al\n"
	   "out  %al, $0xe9\n"
	   "iret\n");

/* Real mode's table: offset and segment of each vector's handler. */
static void set_handler(struct tour *tour)
{
	const uint16_t entry[2] = { REAL_IMAGE + HANDLER, 0 };

	memcpy(tour->vm.ram + VECTOR * sizeof(entry), entry, sizeof(entry));
}

void step_inject(struct tour *tour)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	uint64_t due, rip, flags;

	tour_begin(tour, &guest_interrupted);
	if (tour->failed)
		return;
	set_handler(tour);
	if (!tour_run(tour, MINIVMX_EXIT_HLT) || !tour_interrupt(tour, VECTOR) || !tour_run(tour, MINIVMX_EXIT_IO))
		return;
	tour_print_exits(tour, record);
	tour_print_changes(tour);
	due = tour_field(&tour->before, VMCS_ENTRY_INTERRUPTION_INFORMATION);
	rip = tour_field(&tour->after, VMCS_GUEST_RIP);
	flags = tour_field(&tour->after, VMCS_GUEST_RFLAGS);
	tour_heading("What has happened");
	tour_say("The guest has waited in HLT, with RFLAGS.IF set. The ioctl INTERRUPT has put 0x%08" PRIx64 " into the field: "
		 "valid, external interrupt, vector 0x%x. The entry has pushed FLAGS, CS and IP, cleared IF, and gone to "
		 "0000:%04x, which real mode's table at 0x%x names. The guest's first instruction was the handler's, and "
		 "its OUT is where the guest stands: RIP is 0x%" PRIx64 ".", due, VECTOR, REAL_IMAGE + HANDLER,
		 VECTOR * 4, rip);
	tour_expect(tour, due == (1u << 31 | VECTOR), "the field was 0x%" PRIx64, due);
	tour_expect(tour, !bits(tour_field(&tour->after, VMCS_ENTRY_INTERRUPTION_INFORMATION), 31, 31),
		    "the CPU has not cleared the field's bit 31");
	tour_expect(tour, rip == REAL_IMAGE + HANDLER + 2, "RIP is not the handler's OUT");
	tour_expect(tour, !(flags & RFLAGS_IF), "IF is set in the handler");
}

static void explain_all(FILE *out, const struct snapshot *snapshot)
{
	explain_failure(out, snapshot);
	explain_snapshot(out, snapshot);
}

void step_failed(struct tour *tour)
{
	struct finding findings[FINDINGS_MAX];
	struct minivmx_exit_record record[RECORDER_MAX];
	struct minivmx_regs regs;
	size_t count;

	tour_begin(tour, &guest_interrupted);
	if (tour->failed)
		return;
	set_handler(tour);
	if (!tour_interrupt(tour, VECTOR) || !tour_run(tour, MINIVMX_EXIT_FAIL_ENTRY))
		return;
	tour_print_exits(tour, record);
	tour_print_changes(tour);
	tour_heading("`minivmx explain` has this to say");
	tour_explain(&tour->after, explain_all);
	count = rules_check(&tour->after, findings);
	tour_expect(tour, count == 1 && !strcmp(findings[0].rule->id, BROKEN_RULE),
		    "%zu rules are broken, the first is %s", count, count ? findings[0].rule->id : "none");
	tour_expect(tour, rules_verdict(&tour->after, findings, count) == VERDICT_AGREE, "CPU and rules disagree");
	if (!tour_get_regs(tour, &regs))
		return;
	regs.rflags |= RFLAGS_IF;
	if (!tour_set_regs(tour, &regs) || !tour_run(tour, MINIVMX_EXIT_IO))
		return;
	tour_heading("What has happened");
	tour_say("The guest has not executed anything, and its state is as it was: its IF was 0, as after reset. The interrupt went on waiting. After the "
		 "tool had set IF, by SET_REGS, the next entry succeeded and delivered it: the guest stands at its handler's "
		 "OUT. A hypervisor can't set IF like that; it asks for an exit as soon as the guest takes interrupts "
		 "(\"interrupt-window exiting\").");
}
