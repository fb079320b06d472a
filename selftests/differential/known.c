// SPDX-License-Identifier: GPL-2.0
/*
 * known.c - where minivmx and KVM differ, and why it stays so.
 *
 * A row excuses a difference in one program. A program with a row that shows no difference fails:
 * then the row is out of date. But some CPUs hide some differences.
 */
#include <string.h>

#include "differential.h"

#define INS_FIRST								\
	"INS: KVM reads the device, then finds that the memory faults, and the data is lost; "	\
	"here the memory is checked first, as the CPU does it"
#define STEP_LOST								\
	"TF: KVM raises no trap behind an instruction that userspace completes; here each has "	\
	"its trap, as on a CPU. Bochs 2.7 hides it: it traps before the next instruction"
#define HIDDEN									\
	"RDMSR, WRMSR: KVM has MSRs whose features the guest's CPUID does not show; "	\
	"here they are #GP"

static const struct known_difference known[] = {
	{ .program = "cr8_high",
	  .argument = "MOV to CR8: KVM looks at bits 7:0 alone; a set bit above 3 is #GP (SDM 2B "
	  "\"MOV-Move to/from Control Registers\")" },
	{ .program = "msr_fmask_high",
	  .argument = "IA32_FMASK: KVM takes any value; bits 63:32 are reserved (SDM 4)" },
	{ .program = "msr_mtrr_64", .argument = HIDDEN },
	{ .program = "msr_machine_check_64", .argument = HIDDEN },
	{ .program = "msr_platform_64", .argument = HIDDEN },
	{ .program = "msr_counters_64", .argument = HIDDEN },
	{ .program = "msr_tsc_adjust", .argument = HIDDEN },
	{ .program = "port_ins_faults_32", .argument = INS_FIRST },
	{ .program = "port_ins_faults_64", .argument = INS_FIRST },
	{ .program = "port_ins_limits", .argument = INS_FIRST },
	{ .program = "port_string_no_count",
	  .argument = "REP INS with 32-bit addresses and ECX 0: KVM clears RCX, which some CPUs do "
	  "for MOVS and STOS; here nothing changes" },
	{ .program = "mmio_compare_fault_16",
	  .argument = "REPNE CMPS on MMIO that faults half-way: KVM leaves the flags from before the "
	  "instruction; here those of the last element, as each is executed alone" },
	{ .program = "mmio_move_fault_16",
	  .argument = "MOVS from MMIO to memory that faults: KVM reads the device first; here the "
	  "destination is checked first, so that no read is lost" },
	{ .program = "port_ins_mmio",
	  .argument = "REP INS to MMIO: KVM reads many elements, then writes them 8 bytes at a time; "
	  "here each element is read and written" },
	{ .program = "single_step_repeated",
	  .argument = "REP with TF: KVM's emulator needs one more step, which moves nothing, and "
	  "traps after it too; here the last trap is behind the instruction, as on a CPU" },
	{ .program = "single_step_mmio_16", .argument = STEP_LOST, .may_hide = true },
	{ .program = "single_step_mmio_32", .argument = STEP_LOST, .may_hide = true },
	{ .program = "single_step_mmio_64", .argument = STEP_LOST, .may_hide = true },
	{ .program = "single_step_ports_16", .argument = STEP_LOST, .may_hide = true },
	{ .program = "single_step_ports_32", .argument = STEP_LOST, .may_hide = true },
	{ .program = "single_step_ports_64", .argument = STEP_LOST, .may_hide = true },
	{ .program = "hypercall_kick",
	  .argument = "VMCALL: KVM answers its own calls even where CPUID has no KVM leaf; here none "
	  "exists, and each gets the answer of an unknown one" },
};

const struct known_difference *known_difference(const struct program *program)
{
	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(program->name, known[i].program))
			return &known[i];
	return NULL;
}
