// SPDX-License-Identifier: GPL-2.0
/*
 * tour_entry.c - the tour's steps into VMX operation and into a guest, and out of them: VMXON, the VMCS,
 * VMLAUNCH, borrowing from KVM, VMXOFF.
 *
 * Reached from tour_stops.c; tour_step.c has what they are made of.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "facts.h"
#include "rules.h"
#include "tour_steps.h"
#include "vmcs_print.h"

#define CR4_VMXE	(1u << 13)
#define KVM_DEVICE	"/dev/kvm"
#define PRICE_EXITS	16

static bool kvm_is_loaded(void)
{
	return !access("/sys/module/kvm_intel", F_OK);
}

TOUR_GUEST(guest_hlt, 64, MODE_LONG, "hlt\n");

void step_vmxon(struct tour *tour)
{
	uint64_t basic, cr4;
	bool borrowed;

	tour_begin(tour, &guest_hlt);
	if (!tour_run(tour, MINIVMX_EXIT_HLT))
		return;
	snapshot_msr(&tour->after, MSR_VMX_BASIC, &basic);
	tour_heading("What has happened");
	tour_say("IA32_VMX_BASIC is 0x%016" PRIx64 ": VMCS revision 0x%" PRIx64 ", regions of %" PRIu64 " bytes.", basic,
		 bits(basic, 30, 0), bits(basic, 44, 32));
	tour_expect(tour, bits(basic, 30, 0) && bits(basic, 44, 32) <= 4096, "IA32_VMX_BASIC makes no sense");
	if (snapshot_field(&tour->after, VMCS_HOST_CR4, &cr4)) {
		tour_say("The host's CR4 in the VMCS is 0x%" PRIx64 ", taken in the slice: VMXE, 0x2000, is set in it.", cr4);
		tour_expect(tour, cr4 & CR4_VMXE, "CR4.VMXE is 0 in a slice");
	} else {
		tour_say("The host's CR4 is shown to CAP_SYS_ADMIN only.");
	}
	borrowed = tour_stat(tour, "borrowed_slices");
	tour_say("RUN took %" PRIu64 " slices up to the guest's HLT: the first, and one more wherever the kernel needed "
		 "interrupts on meanwhile. %s", tour_stat(tour, "slices"),
		 borrowed ? "The CPU was in VMX operation already, KVM's: it was borrowed, without a VMXON. See the stop "
			    "borrow." : "VMX was off before each of them, and is off again now.");
	tour_expect(tour, tour_stat(tour, "slices"), "a guest has run without a slice");
	tour_expect(tour, !borrowed || kvm_is_loaded(), "borrowed, and there is no KVM");
}

static void print_areas(const struct snapshot *snapshot)
{
	for (enum vmcs_area area = 0; area < VMCS_AREAS; area++) {
		unsigned int count = 0;

		for (unsigned int i = 0; i < snapshot->fields; i++)
			count += vmcs_field_area(snapshot->field[i].number) == area;
		printf("  %3u fields  %s%s\n", count, vmcs_area_title(area),
		       area == VMCS_AREA_HOST && snapshot->host_hidden ? " (shown to CAP_SYS_ADMIN only)" : "");
	}
}

void step_vmcs(struct tour *tour)
{
	struct finding findings[FINDINGS_MAX];
	struct minivmx_regs regs;
	size_t broken;

	tour_begin(tour, &guest_hlt);
	if (!tour_take(tour, &tour->before) || !tour_get_regs(tour, &regs))
		return;
	tour_heading("The VMCS of a guest that has not run yet");
	print_areas(&tour->before);
	broken = rules_check(&tour->before, findings);
	tour_say("Of the %zu rules of VM entry that this tool knows it breaks %zu.", rules_count(), broken);
	tour_expect(tour, !broken, "a VMCS that nobody has spoiled breaks %s", broken ? findings[0].rule->id : "");
	tour_say("Now the guest gets another stack and TF, by SET_REGS: two fields, and nothing else.");
	regs.rsp = 0x70000;
	regs.rflags |= RFLAGS_TF;
	if (!tour_set_regs(tour, &regs) || !tour_take(tour, &tour->after))
		return;
	tour_print_changes(tour);
	tour_expect(tour, tour_field(&tour->after, VMCS_GUEST_RSP) == 0x70000, "RSP in the VMCS is another");
	tour_expect(tour, tour_field(&tour->after, VMCS_GUEST_RFLAGS) & RFLAGS_TF, "TF is not in the VMCS");
	tour_expect(tour, tour_field(&tour->after, VMCS_GUEST_RIP) == tour_field(&tour->before, VMCS_GUEST_RIP),
		    "RIP has changed");
}

TOUR_GUEST(guest_launch, 64, MODE_LONG,
	   "inc  %rax         # 41 before\n"
	   "hlt               # exits\n");

void step_launch(struct tour *tour)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	struct minivmx_regs regs;
	uint64_t begin;

	tour_begin(tour, &guest_launch);
	if (!tour_get_regs(tour, &regs))
		return;
	begin = regs.rip;
	regs.rax = 41;
	if (!tour_set_regs(tour, &regs) || !tour_run(tour, MINIVMX_EXIT_HLT) || !tour_get_regs(tour, &regs))
		return;
	tour_print_exits(tour, record);
	tour_print_changes(tour);
	tour_heading("What has happened");
	tour_say("RAX is %" PRIu64 " now: the guest's INC has been executed by the CPU itself, not emulated. RIP went from "
		 "0x%" PRIx64 " to 0x%" PRIx64 ", behind the HLT, whose exit told that the guest wants to wait. No field above "
		 "is RAX. (The EPT violations before the HLT are pages of the guest that were not there yet: see the stop "
		 "ept.)", (uint64_t)regs.rax, begin, (uint64_t)regs.rip);
	tour_expect(tour, regs.rax == 42, "RAX is %" PRIu64 ", not 42", (uint64_t)regs.rax);
	tour_expect(tour, regs.rip == begin + (guest_launch.end - guest_launch.begin), "RIP is not behind the HLT");
}

/* ---------------------------------------------------------------------- beside KVM */

/* A guest under KVM: KVM is then in VMX operation, and its VMCS is the CPU's current one. */
static bool run_on_kvm(struct vm *kvm)
{
	struct image image = { .mode = MODE_LONG, .entry = FLAT_IMAGE };

	if (!kvm->vcpus) {
		if (vm_open(kvm, KVM_DEVICE, TOUR_RAM, 1))
			return false;
		memcpy(kvm->ram + FLAT_IMAGE, guest_hlt.begin, guest_hlt.end - guest_hlt.begin);
	}
	return !mode_enter(kvm, &image) && ioctl(kvm->vcpu[0].fd, MINIVMX_RUN, 0) == 0 &&
	       kvm->vcpu[0].run->exit_reason == MINIVMX_EXIT_HLT;
}

static void borrow_from_kvm(struct tour *tour, struct vm *kvm)
{
	uint64_t slices, borrowed;

	tour_heading("What has happened");
	if (!tour_expect(tour, run_on_kvm(kvm), "a guest does not run under KVM") ||
	    !tour_run(tour, MINIVMX_EXIT_HLT))
		return;
	slices = tour_stat(tour, "slices");
	borrowed = tour_stat(tour, "borrowed_slices");
	tour_say("KVM is loaded, and has run the same guest on this CPU. Then RUN took %" PRIu64 " slices here, %" PRIu64
		 " of them borrowed.", slices, borrowed);
	tour_expect(tour, borrowed == slices, "%" PRIu64 " slices, %" PRIu64 " borrowed", slices, borrowed);
	if (tour_expect(tour, run_on_kvm(kvm), "KVM's guest does not run any more"))
		tour_say("After that KVM's guest has run once more, with its VMCS current again. Neither has noticed the other.");
}

static void on_our_own(struct tour *tour)
{
	if (!tour_run(tour, MINIVMX_EXIT_HLT))
		return;
	tour_heading("What has happened");
	tour_say("KVM for Intel's CPUs is not loaded here (there is no /sys/module/kvm_intel), so nothing was borrowed: of "
		 "%" PRIu64 " slices %" PRIu64 ". With `modprobe kvm_intel` this step runs a guest under each of the two.",
		 tour_stat(tour, "slices"), tour_stat(tour, "borrowed_slices"));
	tour_expect(tour, !tour_stat(tour, "borrowed_slices"), "borrowed, and there is no KVM");
}

void step_borrow(struct tour *tour)
{
	static struct vm kvm;
	cpu_set_t before, one;

	tour_begin(tour, &guest_hlt);
	if (tour->failed)
		return;
	if (!kvm_is_loaded()) {
		on_our_own(tour);
		return;
	}
	/* On one CPU, so that there is a VMCS of KVM's to put back. */
	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	kvm = (struct vm){ .device = -1, .fd = -1 };
	borrow_from_kvm(tour, &kvm);
	vm_close(&kvm);
	sched_setaffinity(0, sizeof(before), &before);
}

/* ------------------------------------------------------------------------ the price */

TOUR_GUEST(guest_price, 64, MODE_LONG,
	   "mov  $16, %esi\n"
	   "1:   mov  $1, %eax\n"
	   "     cpuid                 # fast: 16 times\n"
	   "     dec  %esi\n"
	   "     jnz  1b\n"
	   "     mov  $16, %esi\n"
	   "2:   out  %al, $0xe9       # to userspace: 16 times\n"
	   "     dec  %esi\n"
	   "     jnz  2b\n"
	   "     hlt\n");

/* The middle one of the ticks in kernel and userspace of the exits for this reason. */
static uint64_t median_ticks(const struct minivmx_exit_record *record, size_t count, uint32_t reason)
{
	uint64_t ticks[RECORDER_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t value = record[i].kernel_ticks + record[i].user_ticks;
		size_t at = n;

		if (record[i].reason != reason)
			continue;
		for (; at && ticks[at - 1] > value; at--)
			ticks[at] = ticks[at - 1];
		ticks[at] = value;
		n++;
	}
	return n ? ticks[n / 2] : 0;
}

void step_off(struct tour *tour)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	uint32_t tsc_khz;
	uint64_t fast, user, slices;
	size_t count;

	tour_begin(tour, &guest_price);
	for (unsigned int i = 0; i < PRICE_EXITS; i++)
		if (!tour_run_unseen(tour, MINIVMX_EXIT_IO))
			return;
	if (!tour_run_unseen(tour, MINIVMX_EXIT_HLT))
		return;
	count = recorder_read(&tour->vm.vcpu[0], record, &tsc_khz);
	fast = median_ticks(record, count, REASON_CPUID);
	user = median_ticks(record, count, REASON_IO);
	slices = tour_stat(tour, "slices");
	tour_heading("What has happened");
	tour_say("An exit for CPUID took %" PRIu64 " ticks until the guest went on, an exit for OUT %" PRIu64 ": the way to "
		 "userspace and back, a VMCLEAR, a VMPTRLD, and a VMXOFF and a VMXON where nobody else is in VMX operation. "
		 "A tick is one of %" PRIu32 " kHz.",
		 fast, user, tsc_khz);
	tour_say("RUN was called %d times, and took %" PRIu64 " slices: one for each, and one more wherever an exit in between "
		 "needed interrupts on.", PRICE_EXITS + 1, slices);
	tour_expect(tour, fast && user > fast, "an exit to userspace took no longer than one that stays in its slice");
	tour_expect(tour, slices > PRICE_EXITS, "%" PRIu64 " slices for %d RUNs", slices, PRICE_EXITS + 1);
	tour_say("This is the end of the tour. `minivmx lab` breaks a VMCS for you to find out how; `minivmx vmcs` and "
		 "`minivmx run --trace` look at guests of your own; the README's \"One RUN, file by file\" is the way through "
		 "the source.");
}
