/* SPDX-License-Identifier: GPL-2.0 */
/*
 * facts.h - a snapshot decoded: what the rules of VM entry read.
 *
 * Reached from rules.c, which makes the facts, and from the predicates of rules_*.c; continues in
 * facts.c. SDM 3C "Virtual-Machine Control Structures", SDM 3D "VMX Capability Reporting Facility".
 */
#ifndef MINIVMX_TOOLS_FACTS_H
#define MINIVMX_TOOLS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "decode.h"
#include "snapshot.h"
#include "vmcs_fields.h"
#include "vmx_controls.h"

/* The controls that rules ask for: word and bit, as in vmx_controls.c, which has their names. */
#define CONTROL(word, bit)	(((word) + 1) << 8 | (bit))

enum control {
	ALWAYS				= 0,

	EXTERNAL_INTERRUPT_EXITING	= CONTROL(WORD_PIN, 0),
	NMI_EXITING			= CONTROL(WORD_PIN, 3),
	VIRTUAL_NMIS			= CONTROL(WORD_PIN, 5),
	PREEMPTION_TIMER		= CONTROL(WORD_PIN, 6),
	POSTED_INTERRUPTS		= CONTROL(WORD_PIN, 7),

	TERTIARY_CONTROLS		= CONTROL(WORD_PRIMARY, 17),
	TPR_SHADOW			= CONTROL(WORD_PRIMARY, 21),
	NMI_WINDOW_EXITING		= CONTROL(WORD_PRIMARY, 22),
	IO_BITMAPS			= CONTROL(WORD_PRIMARY, 25),
	MONITOR_TRAP_FLAG		= CONTROL(WORD_PRIMARY, 27),
	MSR_BITMAPS			= CONTROL(WORD_PRIMARY, 28),
	SECONDARY_CONTROLS		= CONTROL(WORD_PRIMARY, 31),

	APIC_ACCESSES			= CONTROL(WORD_SECONDARY, 0),
	EPT				= CONTROL(WORD_SECONDARY, 1),
	X2APIC_MODE			= CONTROL(WORD_SECONDARY, 4),
	VPID				= CONTROL(WORD_SECONDARY, 5),
	UNRESTRICTED_GUEST		= CONTROL(WORD_SECONDARY, 7),
	APIC_REGISTERS			= CONTROL(WORD_SECONDARY, 8),
	INTERRUPT_DELIVERY		= CONTROL(WORD_SECONDARY, 9),
	VM_FUNCTIONS			= CONTROL(WORD_SECONDARY, 13),
	VMCS_SHADOWING			= CONTROL(WORD_SECONDARY, 14),
	PML				= CONTROL(WORD_SECONDARY, 17),
	EPT_VIOLATION_VE		= CONTROL(WORD_SECONDARY, 18),
	PASID_TRANSLATION		= CONTROL(WORD_SECONDARY, 21),
	MODE_BASED_EXECUTE		= CONTROL(WORD_SECONDARY, 22),
	SUB_PAGE_PERMISSIONS		= CONTROL(WORD_SECONDARY, 23),
	PT_GUEST_ADDRESSES		= CONTROL(WORD_SECONDARY, 24),
	TSC_SCALING			= CONTROL(WORD_SECONDARY, 25),

	HLAT				= CONTROL(WORD_TERTIARY, 1),
	EPT_PAGING_WRITE		= CONTROL(WORD_TERTIARY, 2),
	GUEST_PAGING_VERIFICATION	= CONTROL(WORD_TERTIARY, 3),
	IPI_VIRTUALIZATION		= CONTROL(WORD_TERTIARY, 4),

	HOST_64_BIT			= CONTROL(WORD_EXIT, 9),
	EXIT_LOAD_PERF_GLOBAL_CTRL	= CONTROL(WORD_EXIT, 12),
	ACKNOWLEDGE_INTERRUPT		= CONTROL(WORD_EXIT, 15),
	EXIT_LOAD_PAT			= CONTROL(WORD_EXIT, 19),
	EXIT_LOAD_EFER			= CONTROL(WORD_EXIT, 21),
	SAVE_PREEMPTION_TIMER		= CONTROL(WORD_EXIT, 22),
	EXIT_CLEAR_RTIT_CTL		= CONTROL(WORD_EXIT, 25),
	EXIT_LOAD_CET			= CONTROL(WORD_EXIT, 28),
	EXIT_LOAD_PKRS			= CONTROL(WORD_EXIT, 29),
	SECONDARY_EXIT_CONTROLS		= CONTROL(WORD_EXIT, 31),

	LOAD_DEBUG_CONTROLS		= CONTROL(WORD_ENTRY, 2),
	GUEST_IA32E			= CONTROL(WORD_ENTRY, 9),
	ENTRY_TO_SMM			= CONTROL(WORD_ENTRY, 10),
	DEACTIVATE_DUAL_MONITOR		= CONTROL(WORD_ENTRY, 11),
	ENTRY_LOAD_PERF_GLOBAL_CTRL	= CONTROL(WORD_ENTRY, 13),
	ENTRY_LOAD_PAT			= CONTROL(WORD_ENTRY, 14),
	ENTRY_LOAD_EFER			= CONTROL(WORD_ENTRY, 15),
	ENTRY_LOAD_BNDCFGS		= CONTROL(WORD_ENTRY, 16),
	ENTRY_LOAD_RTIT_CTL		= CONTROL(WORD_ENTRY, 18),
	ENTRY_LOAD_UINV			= CONTROL(WORD_ENTRY, 19),
	ENTRY_LOAD_CET			= CONTROL(WORD_ENTRY, 20),
	ENTRY_LOAD_LBR_CTL		= CONTROL(WORD_ENTRY, 21),
	ENTRY_LOAD_PKRS			= CONTROL(WORD_ENTRY, 22),
};

/* By name, in the order of the field encodings. */
enum segment_number {
	SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS, SEGMENT_LDTR, SEGMENT_TR,
	SEGMENT_COUNT
};

struct segment {
	uint64_t base;
	uint32_t limit, access_rights;
	uint16_t selector;
	uint8_t type, dpl, rpl;
	bool usable, s, present, l, db, granular, ti;
};

/* VM-entry interruption information. SDM 3C "VM-Entry Controls for Event Injection". */
enum event_type {
	EVENT_EXTERNAL_INTERRUPT, EVENT_RESERVED, EVENT_NMI, EVENT_HARDWARE_EXCEPTION, EVENT_SOFTWARE_INTERRUPT,
	EVENT_PRIVILEGED_EXCEPTION, EVENT_SOFTWARE_EXCEPTION, EVENT_OTHER,
	EVENT_NONE	/* the valid bit is 0 */
};

struct facts {
	const struct snapshot *snapshot;
	uint64_t controls[WORD_COUNT];	/* 0 where they are not activated */
	uint64_t must_be_1[WORD_COUNT], may_be_1[WORD_COUNT];
	uint64_t basic, misc, ept_vpid;
	uint64_t host_cr0, host_cr4, host_efer, cr0, cr4, efer, rflags, pending_debug;
	uint32_t interruptibility, activity;
	enum event_type event;
	uint8_t event_vector;
	bool event_error_code;
	bool unrestricted, ia32e, v8086;
	struct segment segment[SEGMENT_COUNT];
	unsigned int physical_bits, linear_bits;
};

#define CR0_PE		(1ull << 0)
#define CR0_WP		(1ull << 16)
#define CR0_PG		(1ull << 31)
#define CR4_PAE		(1ull << 5)
#define CR4_PCIDE	(1ull << 17)
#define CR4_CET		(1ull << 23)
#define EFER_LME	(1ull << 8)
#define EFER_LMA	(1ull << 10)
#define EFER_DEFINED	(0xd01ull)	/* SCE, LME, LMA, NXE */
#define RFLAGS_TF	(1ull << 8)
#define RFLAGS_IF	(1ull << 9)
#define RFLAGS_VM	(1ull << 17)
#define ACCESS_UNUSABLE	(1u << 16)

/* SDM 3C "Guest Non-Register State" */
#define BLOCKED_BY_STI		(1u << 0)
#define BLOCKED_BY_MOV_SS	(1u << 1)
#define BLOCKED_BY_SMI		(1u << 2)
#define BLOCKED_BY_NMI		(1u << 3)
#define IN_ENCLAVE		(1u << 4)
#define PENDING_BS		(1ull << 14)
#define PENDING_RTM		(1ull << 16)

enum activity { ACTIVITY_ACTIVE, ACTIVITY_HLT, ACTIVITY_SHUTDOWN, ACTIVITY_WAIT_FOR_SIPI };

void facts_from_snapshot(struct facts *facts, const struct snapshot *snapshot);

/* 0 where the CPU has no such field. */
uint64_t field(const struct facts *facts, uint32_t encoding);
/* A capability MSR that the snapshot lacks wants and forbids nothing. */
uint64_t must_be_1(const struct facts *facts, uint32_t msr);
uint64_t may_be_1(const struct facts *facts, uint32_t msr);

static inline bool on(const struct facts *facts, enum control control)
{
	return control == ALWAYS || facts->controls[(control >> 8) - 1] >> (control & 0xff) & 1;
}

/* Bits 63 to the highest bit of a linear address are alike. SDM 1 "Canonical Addressing". */
bool canonical(const struct facts *facts, uint64_t address);
/* Nothing at or above the physical-address width. */
bool physical(const struct facts *facts, uint64_t address);
/* Each of the eight entries is a memory type that PAT can hold. SDM 3A "IA32_PAT MSR". */
bool pat_valid(uint64_t pat);

#endif /* MINIVMX_TOOLS_FACTS_H */
