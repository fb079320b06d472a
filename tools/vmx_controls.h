/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmx_controls.h - every VMX control bit by name, and what minivmx needs it for.
 *
 * The tables are const and stand in vmx_controls.c in the SDM's order. Reached from caps.c
 * (prints all) and doctor.c (what is missing); vmx_masks() is what the module must agree with.
 */
#ifndef MINIVMX_TOOLS_VMX_CONTROLS_H
#define MINIVMX_TOOLS_VMX_CONTROLS_H

#include <stddef.h>
#include <stdint.h>

/* VMX capability MSRs. SDM 3D "VMX Capability Reporting Facility". */
enum vmx_msr {
	MSR_VMX_BASIC		= 0x480,
	MSR_VMX_PIN		= 0x481,
	MSR_VMX_PRIMARY		= 0x482,
	MSR_VMX_EXIT		= 0x483,
	MSR_VMX_ENTRY		= 0x484,
	MSR_VMX_MISC		= 0x485,
	MSR_VMX_CR0_FIXED0	= 0x486,
	MSR_VMX_CR0_FIXED1	= 0x487,
	MSR_VMX_CR4_FIXED0	= 0x488,
	MSR_VMX_CR4_FIXED1	= 0x489,
	MSR_VMX_VMCS_ENUM	= 0x48a,
	MSR_VMX_SECONDARY	= 0x48b,
	MSR_VMX_EPT_VPID	= 0x48c,
	MSR_VMX_TRUE_PIN	= 0x48d,
	MSR_VMX_TRUE_PRIMARY	= 0x48e,
	MSR_VMX_TRUE_EXIT	= 0x48f,
	MSR_VMX_TRUE_ENTRY	= 0x490,
	MSR_VMX_VMFUNC		= 0x491,
	MSR_VMX_TERTIARY	= 0x492,
	MSR_VMX_EXIT2		= 0x493,
	MSR_VMX_END
};

enum vmx_need {
	NOT_USED,
	OPTIONAL,	/* used where the CPU has it */
	REQUIRED,	/* must be allowed to be 1 */
	REQUIRED_OFF,	/* must be allowed to be 0 */
};

struct vmx_control {
	unsigned int bit;
	const char *name;
	enum vmx_need need;
	const char *why;	/* what it serves or, for OPTIONAL, what is lost without it */
};

struct vmx_control_word {
	const char *id;
	const char *title;
	enum vmx_msr msr;
	enum vmx_msr true_msr;	/* 0: has none. Holds the truth about default-1 bits */
	int allowed1_only;	/* the MSR is 64 bits of allowed-1 settings; every bit may be 0 */
	const struct vmx_control *controls;
	size_t count;
};

/* A single bit of a capability MSR that is not a control word. */
struct vmx_flag {
	unsigned int bit;
	const char *name;
	enum vmx_need need;
	const char *why;
};

enum vmx_word { WORD_PIN, WORD_PRIMARY, WORD_SECONDARY, WORD_TERTIARY, WORD_EXIT, WORD_EXIT2, WORD_ENTRY, WORD_COUNT };

extern const struct vmx_control_word vmx_control_words[WORD_COUNT];

extern const struct vmx_flag vmx_basic_flags[];		/* these three end with a NULL name */
extern const struct vmx_flag vmx_misc_flags[];
extern const struct vmx_flag vmx_ept_vpid_flags[];

/* The bits of a word that need to be allowed-1, and those that are used where allowed. */
void vmx_masks(enum vmx_word word, uint64_t *required, uint64_t *optional);

#endif /* MINIVMX_TOOLS_VMX_CONTROLS_H */
