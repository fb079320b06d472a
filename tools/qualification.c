// SPDX-License-Identifier: GPL-2.0
/*
 * qualification.c - the exit qualification in words, one function for each layout.
 *
 * Reached from report.c through qualification_text(), which stands last. The layouts are
 * those of SDM 3C "Exit Qualification", Tables "Exit Qualification for ...".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decode.h"

static const char * const registers[16] = {
	"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
	"R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
};

static void exception_text(char *text, uint64_t q)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} causes[] = {
		{ 0, "B0" }, { 1, "B1" }, { 2, "B2" }, { 3, "B3" }, { 13, "BD (access to debug registers)" },
		{ 14, "BS (single step)" },
	};
	int length = 0;

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (bits(q, causes[i].bit, causes[i].bit))
			length += snprintf(text + length, TEXT_SIZE - length, "%s %s", length ? "" : "if #DB, DR6 gains:",
					   causes[i].name);
	snprintf(text + length, TEXT_SIZE - length, "%sif #PF, the address is 0x%" PRIx64, length ? "; " : "", q);
}

static void task_switch_text(char *text, uint64_t q)
{
	static const char * const sources[] = { "CALL", "IRET", "JMP", "a task gate in the IDT" };

	snprintf(text, TEXT_SIZE, "to TSS selector 0x%" PRIx64 " by %s", bits(q, 15, 0), sources[bits(q, 31, 30)]);
}

static void cr_access_text(char *text, uint64_t q)
{
	const char *reg = registers[bits(q, 11, 8)];
	unsigned int cr = bits(q, 3, 0);

	switch (bits(q, 5, 4)) {
	case 0:
		snprintf(text, TEXT_SIZE, "MOV to CR%u from %s", cr, reg);
		break;
	case 1:
		snprintf(text, TEXT_SIZE, "MOV from CR%u to %s", cr, reg);
		break;
	case 2:
		strcpy(text, "CLTS");
		break;
	default:
		snprintf(text, TEXT_SIZE, "LMSW from %s, value 0x%" PRIx64, bits(q, 6, 6) ? "memory" : "a register",
			 bits(q, 31, 16));
	}
}

static void dr_access_text(char *text, uint64_t q)
{
	const char *reg = registers[bits(q, 11, 8)];
	unsigned int dr = bits(q, 2, 0);

	if (bits(q, 4, 4))
		snprintf(text, TEXT_SIZE, "MOV from DR%u to %s", dr, reg);
	else
		snprintf(text, TEXT_SIZE, "MOV to DR%u from %s", dr, reg);
}

static void io_text(char *text, uint64_t q)
{
	unsigned int size = bits(q, 2, 0) + 1;

	snprintf(text, TEXT_SIZE, "%s%s%s port 0x%" PRIx64 " (%s), %u byte%s", bits(q, 5, 5) ? "REP " : "",
		 bits(q, 3, 3) ? "IN" : "OUT", bits(q, 4, 4) ? "S" : "", bits(q, 31, 16),
		 bits(q, 6, 6) ? "immediate" : "DX", size, size == 1 ? "" : "s");
}

static void invalid_state_text(char *text, uint64_t q)
{
	switch (q) {
	case 0:
		strcpy(text, "no finer cause given: a guest-state field breaks a rule");
		break;
	case 2:
		strcpy(text, "loading the page-directory-pointer-table entries (PDPTEs) failed");
		break;
	case 3:
		strcpy(text, "an NMI was to be injected while STI or MOV SS blocks events");
		break;
	case 4:
		strcpy(text, "the VMCS link pointer is bad");
		break;
	default:
		strcpy(text, "not a cause that the SDM lists");
	}
}

static void apic_access_text(char *text, uint64_t q)
{
	static const char * const types[16] = {
		[0] = "read", [1] = "write", [2] = "instruction fetch", [3] = "read or write during event delivery",
		[10] = "guest-physical access during event delivery", [15] = "guest-physical access by an instruction",
	};
	const char *type = types[bits(q, 15, 12)];

	snprintf(text, TEXT_SIZE, "%s at offset 0x%" PRIx64 " of the APIC page", type ? type : "unknown access",
		 bits(q, 11, 0));
}

/* Bits 2:0 say what was tried, bits 6:3 what the EPT entries allow (6: user fetches, with mode-based execute). */
static void ept_violation_text(char *text, uint64_t q)
{
	const char *when = "";

	if (bits(q, 7, 7))
		when = bits(q, 8, 8) ? ", in the access itself" : ", in the walk of the guest's page tables";
	snprintf(text, TEXT_SIZE, "%s%s%stried; EPT allows %s%s%s%s%s%s",
		 bits(q, 0, 0) ? "read " : "", bits(q, 1, 1) ? "write " : "", bits(q, 2, 2) ? "fetch " : "",
		 bits(q, 3, 3) ? "r" : "-", bits(q, 4, 4) ? "w" : "-", bits(q, 5, 5) ? "x" : "-",
		 bits(q, 5, 3) ? "" : " (not present)", when,
		 bits(q, 12, 12) ? ", NMI unblocking due to IRET" : "");
}

/* The reasons whose qualification is one plain number. */
static void number_text(char *text, const char *what, uint64_t q)
{
	snprintf(text, TEXT_SIZE, "%s 0x%" PRIx64, what, q);
}

void qualification_text(char text[TEXT_SIZE], uint32_t reason, uint64_t q)
{
	text[0] = '\0';
	switch (reason) {
	case 0:		/* exception or NMI */
		exception_text(text, q);
		break;
	case 4:		/* start-up IPI */
		number_text(text, "vector", bits(q, 7, 0));
		break;
	case 9:		/* task switch */
		task_switch_text(text, q);
		break;
	case 14:	/* INVLPG */
		number_text(text, "linear address", q);
		break;
	case 19: case 21: case 22: case 23: case 25: case 27:	/* VMX instructions with a memory operand */
	case 46: case 47: case 50: case 53: case 58:		/* LGDT and friends, INVEPT, INVVPID, INVPCID */
	case 63: case 64:					/* XSAVES, XRSTORS */
		number_text(text, "displacement of the memory operand", q);
		break;
	case 28:	/* control-register access */
		cr_access_text(text, q);
		break;
	case 29:	/* MOV DR */
		dr_access_text(text, q);
		break;
	case 30:	/* I/O instruction */
		io_text(text, q);
		break;
	case 33:	/* VM-entry failure: invalid guest state */
		invalid_state_text(text, q);
		break;
	case 34:	/* VM-entry failure: MSR loading */
		number_text(text, "first bad entry of the VM-entry MSR-load area, counted from 1:", q);
		break;
	case 36:	/* MWAIT */
		strcpy(text, q & 1 ? "address-range monitoring was armed" : "address-range monitoring was not armed");
		break;
	case 44:	/* APIC access */
		apic_access_text(text, q);
		break;
	case 45:	/* virtualized EOI */
		number_text(text, "vector", bits(q, 7, 0));
		break;
	case 48:	/* EPT violation */
		ept_violation_text(text, q);
		break;
	case 56:	/* APIC write */
		number_text(text, "offset in the APIC page", bits(q, 11, 0));
		break;
	case 66:	/* SPP-related event */
		strcpy(text, bits(q, 11, 11) ? "a sub-page table misses an entry" : "a sub-page table has a bad entry");
		break;
	case 75:	/* instruction timeout */
		strcpy(text, bits(q, 0, 0) ? "the guest's state is lost" : "the guest can go on");
		break;
	case 84: case 85:	/* RDMSR, WRMSRNS with immediate */
		number_text(text, "MSR", bits(q, 31, 0));
		break;
	}
}
