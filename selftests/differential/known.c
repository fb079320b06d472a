// SPDX-License-Identifier: GPL-2.0
/*
 * known.c - where minivmx and KVM differ, and why it stays so.
 *
 * A row excuses a difference in one program. A program with a row that shows no difference fails:
 * then the row is out of date.
 */
#include <string.h>

#include "differential.h"

#define INS_FIRST								\
	"INS: KVM reads the device, then finds that the memory faults, and the data is lost; "	\
	"here the memory is checked first, as the CPU does it"
#define HIDDEN									\
	"RDMSR, WRMSR: KVM has MSRs whose features the guest's CPUID does not show; "	\
	"here they are #GP"

static const struct {
	const char *program;	/* in all its modes */
	const char *argument;
} known[] = {
	{ "cr8_high",
	  "MOV to CR8: KVM looks at bits 7:0 alone; a set bit above 3 is #GP (SDM 2B "
	  "\"MOV-Move to/from Control Registers\")" },
	{ "msr_fmask_high",
	  "IA32_FMASK: KVM takes any value; bits 63:32 are reserved (SDM 4)" },
	{ "msr_mtrr_64", HIDDEN },
	{ "msr_machine_check_64", HIDDEN },
	{ "msr_platform_64", HIDDEN },
	{ "msr_counters_64", HIDDEN },
	{ "msr_tsc_adjust", HIDDEN },
	{ "port_ins_faults_32", INS_FIRST },
	{ "port_ins_faults_64", INS_FIRST },
	{ "port_ins_limits", INS_FIRST },
	{ "port_string_no_count",
	  "REP INS with 32-bit addresses and ECX 0: KVM clears RCX, which some CPUs do "
	  "for MOVS and STOS; here nothing changes" },
	{ "mmio_compare_fault_16",
	  "REPNE CMPS on MMIO that faults half-way: KVM leaves the flags from before the "
	  "instruction; here those of the last element, as each is executed alone" },
	{ "mmio_move_fault_16",
	  "MOVS from MMIO to memory that faults: KVM reads the device first; here the "
	  "destination is checked first, so that no read is lost" },
	{ "port_ins_mmio",
	  "REP INS to MMIO: KVM reads many elements, then writes them 8 bytes at a time; "
	  "here each element is read and written" },
	{ "single_step_repeated",
	  "REP with TF: KVM's emulator needs one more step, which moves nothing, and "
	  "traps after it too; here the last trap is behind the instruction, as on a CPU" },
	{ "hypercall_kick",
	  "VMCALL: KVM answers its own calls even where CPUID has no KVM leaf; here none "
	  "exists, and each gets the answer of an unknown one" },
};

const char *known_difference(const struct program *program)
{
	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(program->name, known[i].program))
			return known[i].argument;
	return NULL;
}
