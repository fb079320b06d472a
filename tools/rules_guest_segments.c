// SPDX-License-Identifier: GPL-2.0
/*
 * rules_guest_segments.c - the rules of VM entry about the guest's segment registers, TR and LDTR.
 *
 * Reached from rules.c. Whoever breaks one fails the entry with exit reason 33. SDM 3C "Checks on Guest
 * Segment Registers". In virtual-8086 mode a segment has just one form; elsewhere CS is always judged,
 * the others where they are usable.
 */
#include "rules.h"

#define CS(f)	((f)->segment[SEGMENT_CS])
#define SS(f)	((f)->segment[SEGMENT_SS])
#define TR(f)	((f)->segment[SEGMENT_TR])

/* which: the segment; S is that one */
#define S	(f->segment[which])

#define TYPE_DATA_READ_WRITE	3	/* accessed */
#define TYPE_LDT		2
#define TYPE_BUSY_TSS_16	3
#define TYPE_BUSY_TSS		11

static bool judged(const struct facts *f, uint32_t which)
{
	switch (which) {
	case SEGMENT_TR:
		return true;
	case SEGMENT_LDTR:
		return S.usable;
	case SEGMENT_CS:
		return !f->v8086;
	default:
		return !f->v8086 && S.usable;
	}
}

PREDICATE(ti_set, judged(f, which) && S.ti)
PREDICATE(ss_rpl_differs, !f->v8086 && !f->unrestricted && S.rpl != CS(f).rpl)
PREDICATE(v8086_base, f->v8086 && S.base != (uint64_t)S.selector << 4)
PREDICATE(v8086_limit, f->v8086 && S.limit != 0xffff)
PREDICATE(v8086_rights, f->v8086 && S.access_rights != 0xf3)
/* FS and GS, usable or not, and TR: their bases have 64 bits. */
PREDICATE(base_not_canonical, (which != SEGMENT_LDTR || S.usable) && !canonical(f, S.base))
PREDICATE(base_above_4g, (which == SEGMENT_CS || S.usable) && S.base >> 32)

PREDICATE(cs_type, judged(f, which) && !(S.type >= 9 && S.type & 1) &&
	  !(f->unrestricted && S.type == TYPE_DATA_READ_WRITE))
PREDICATE(ss_type, judged(f, which) && S.type != 3 && S.type != 7)
PREDICATE(not_accessed, judged(f, which) && !(S.type & 1))
PREDICATE(code_not_readable, judged(f, which) && S.type & 8 && !(S.type & 2))
PREDICATE(is_system, judged(f, which) && !S.s)
PREDICATE(data_code_dpl, judged(f, which) && f->unrestricted && S.type == TYPE_DATA_READ_WRITE && S.dpl)
PREDICATE(code_dpl, judged(f, which) && (S.type == 9 || S.type == 11) && S.dpl != SS(f).dpl)
PREDICATE(conforming_dpl, judged(f, which) && (S.type == 13 || S.type == 15) && S.dpl > SS(f).dpl)
PREDICATE(ss_dpl_rpl, !f->v8086 && !f->unrestricted && S.dpl != S.rpl)
PREDICATE(ss_dpl_not_0, !f->v8086 && (CS(f).type == TYPE_DATA_READ_WRITE || !(f->cr0 & CR0_PE)) && S.dpl)
PREDICATE(dpl_below_rpl, judged(f, which) && !f->unrestricted && S.type <= 11 && S.dpl < S.rpl)
PREDICATE(not_present, judged(f, which) && !S.present)
PREDICATE(reserved_rights, judged(f, which) && S.access_rights & 0xfffe0f00)
PREDICATE(long_and_default, judged(f, which) && f->ia32e && S.l && S.db)
PREDICATE(bytes_in_pages, judged(f, which) && S.granular && (S.limit & 0xfff) != 0xfff)
PREDICATE(pages_in_bytes, judged(f, which) && !S.granular && S.limit >> 20)

PREDICATE(tr_type, S.type != TYPE_BUSY_TSS && (f->ia32e || S.type != TYPE_BUSY_TSS_16))
PREDICATE(unusable, !S.usable)
PREDICATE(ldtr_type, judged(f, which) && S.type != TYPE_LDT)
PREDICATE(not_system, judged(f, which) && S.s)

#define SEGMENT_RULE(id, predicate, name, ...)						\
	RULE(STAGE_GUEST, "Checks on Guest Segment Registers", "guest." id, ALWAYS, predicate, SEGMENT_##name, __VA_ARGS__)

#define SELECTOR(name)	VMCS_GUEST_##name##_SELECTOR
#define BASE(name)	VMCS_GUEST_##name##_BASE
#define LIMIT(name)	VMCS_GUEST_##name##_LIMIT
#define RIGHTS(name)	VMCS_GUEST_##name##_ACCESS_RIGHTS

#define V8086(id, name)									\
	SEGMENT_RULE(id ".v8086-base", v8086_base, name,				\
		"In virtual-8086 mode the guest's " #name " base is not its selector times 16.", \
		"RFLAGS.VM was set alone: the segments are still those of protected mode.", \
		"Set all six segments along with RFLAGS.VM.",				\
		BASE(name), SELECTOR(name), VMCS_GUEST_RFLAGS),				\
	SEGMENT_RULE(id ".v8086-limit", v8086_limit, name,				\
		"In virtual-8086 mode the guest's " #name " limit is not 0xffff.",	\
		"RFLAGS.VM was set alone: the segments are still those of protected mode.", \
		"Set all six segments along with RFLAGS.VM.", LIMIT(name), VMCS_GUEST_RFLAGS), \
	SEGMENT_RULE(id ".v8086-rights", v8086_rights, name,				\
		"In virtual-8086 mode the guest's " #name " access rights are not 0xf3.",	\
		"RFLAGS.VM was set alone: the segments are still those of protected mode.", \
		"Set all six segments along with RFLAGS.VM; 0xf3 is accessed data of privilege 3.", \
		RIGHTS(name), VMCS_GUEST_RFLAGS)

#define BASE_64(id, name)								\
	SEGMENT_RULE(id ".base-canonical", base_not_canonical, name,			\
		"The guest's " #name " base is not canonical.",				\
		"A value of the user's was taken without a test.",			\
		"Refuse it, as WRMSR does for FS and GS.", BASE(name))

#define BASE_32(id, name)								\
	SEGMENT_RULE(id ".base-high", base_above_4g, name,				\
		"Bits 63:32 of the guest's " #name " base are not 0.",			\
		"The base was sign-extended, or is one that only FS and GS can have.",	\
		"Cut it to 32 bits.", BASE(name), RIGHTS(name))

#define GRANULARITY(id, name)								\
	SEGMENT_RULE(id ".granularity-low", bytes_in_pages, name,			\
		"The guest's " #name " has G = 1, and bits 11:0 of its limit are not all 1.", \
		"The limit was taken from a descriptor, in pages; the VMCS has it in bytes.", \
		"Write limit << 12 | 0xfff where G is 1.", LIMIT(name), RIGHTS(name)),	\
	SEGMENT_RULE(id ".granularity-high", pages_in_bytes, name,			\
		"The guest's " #name " has G = 0, and its limit is above 1 MiB.",	\
		"The access rights were written without bit 15.",			\
		"Set G where the limit is above 0xfffff.", LIMIT(name), RIGHTS(name))

#define PRESENT_RESERVED(id, name)							\
	SEGMENT_RULE(id ".present", not_present, name,					\
		"The guest's " #name " is not marked as present (access rights, bit 7).", \
		"The field was never written, or a segment without a descriptor was not marked as unusable.", \
		"Set bit 7, or bit 16 (unusable) where the register may hold a null selector.", RIGHTS(name)), \
	SEGMENT_RULE(id ".reserved", reserved_rights, name,				\
		"The guest's " #name " has reserved bits (11:8 or 31:17) in its access rights.", \
		"The upper half of a descriptor was copied, whose bits 11:8 and on mean other things.", \
		"Keep its bits 23:20 and 15:8, as bits 15:12 and 7:0.", RIGHTS(name))

/* What is wanted of CS, and of the other five where they are usable. */
#define CODE_OR_DATA(id, name)								\
	SEGMENT_RULE(id ".system", is_system, name,					\
		"The guest's " #name " is a system segment (access rights, bit 4, is 0).", \
		"The field was never written, or a segment that is not in use was not marked as unusable.", \
		"Set bit 4: it holds code or data.", RIGHTS(name)),			\
	PRESENT_RESERVED(id, name), GRANULARITY(id, name)

#define DATA(id, name)									\
	SEGMENT_RULE(id ".not-accessed", not_accessed, name,				\
		"The guest's " #name " is usable and its type has the accessed flag (bit 0) clear.", \
		"The type was copied from a descriptor that no CPU has loaded yet.",	\
		"Set bit 0: loading the register would have set it.", RIGHTS(name)),	\
	SEGMENT_RULE(id ".not-readable", code_not_readable, name,			\
		"The guest's " #name " holds a code segment that can't be read.",	\
		"A code segment's type was copied.",					\
		"Set bit 1 of the type, or use a data segment.", RIGHTS(name)),		\
	CODE_OR_DATA(id, name),								\
	SEGMENT_RULE(id ".dpl", dpl_below_rpl, name,					\
		"The guest's " #name " has a DPL below its selector's RPL.",		\
		"Selector and access rights are of different segments.",		\
		"Write both from one descriptor; only an unrestricted guest may differ.", \
		RIGHTS(name), SELECTOR(name), VMCS_SECONDARY_CONTROLS)

static const struct rule rules[] = {
	SEGMENT_RULE("tr.ti", ti_set, TR,
		"The guest's TR selector refers to the LDT.",
		"A value of the user's was taken without a test.",
		"Clear bit 2: a TSS descriptor is in the GDT.", SELECTOR(TR)),
	SEGMENT_RULE("ldtr.ti", ti_set, LDTR,
		"The guest's LDTR selector refers to the LDT itself.",
		"A value of the user's was taken without a test.",
		"Clear bit 2, or mark LDTR as unusable.", SELECTOR(LDTR), RIGHTS(LDTR)),
	SEGMENT_RULE("ss.rpl", ss_rpl_differs, SS,
		"The RPLs of the guest's SS and CS selectors differ.",
		"One of the two was changed alone.",
		"Change both: the RPL of either is the privilege level; only an unrestricted guest may "
		"differ.",
		SELECTOR(SS), SELECTOR(CS), VMCS_SECONDARY_CONTROLS),
	V8086("cs", CS), V8086("ss", SS), V8086("ds", DS), V8086("es", ES), V8086("fs", FS), V8086("gs", GS),
	BASE_64("tr", TR), BASE_64("fs", FS), BASE_64("gs", GS), BASE_64("ldtr", LDTR),
	BASE_32("cs", CS), BASE_32("ss", SS), BASE_32("ds", DS), BASE_32("es", ES),

	SEGMENT_RULE("cs.type", cs_type, CS,
		"The guest's CS is not accessed code (types 9, 11, 13, 15); accessed data (3) is for "
		"unrestricted guests.",
		"A data segment was copied for real mode, or the accessed flag is missing.",
		"Write type 11, unless the guest loaded another.", RIGHTS(CS), VMCS_SECONDARY_CONTROLS),
	CODE_OR_DATA("cs", CS),
	SEGMENT_RULE("cs.dpl-data", data_code_dpl, CS,
		"The guest's CS is a data segment, as in real mode, and its DPL is not 0.",
		"The DPL stayed from before the change to real mode.",
		"Write DPL 0.", RIGHTS(CS)),
	SEGMENT_RULE("cs.dpl", code_dpl, CS,
		"The guest's CS is non-conforming code, and its DPL is not that of SS.",
		"One of the two was changed alone; the privilege level is in both.",
		"Give CS and SS one DPL.", RIGHTS(CS), RIGHTS(SS)),
	SEGMENT_RULE("cs.dpl-conforming", conforming_dpl, CS,
		"The guest's CS is conforming code, and its DPL is above that of SS.",
		"One of the two was changed alone.",
		"The DPL of conforming code is at most the privilege level, which SS has.",
		RIGHTS(CS), RIGHTS(SS)),
	SEGMENT_RULE("cs.long-and-default", long_and_default, CS,
		"The guest's CS has both L and D/B set in IA-32e mode; together they are reserved.",
		"A 32-bit code segment was given L, and D/B was not taken away.",
		"64-bit code has L = 1 and D/B = 0.", RIGHTS(CS), VMCS_ENTRY_CONTROLS),
	SEGMENT_RULE("ss.type", ss_type, SS,
		"The guest's SS is usable and no accessed, writable data segment (types 3 and 7).",
		"The type was copied from a descriptor that no CPU has loaded yet.",
		"Write type 3.", RIGHTS(SS)),
	CODE_OR_DATA("ss", SS),
	SEGMENT_RULE("ss.dpl-rpl", ss_dpl_rpl, SS,
		"The DPL of the guest's SS is not its selector's RPL.",
		"Selector and access rights are of different segments.",
		"Make them equal; only an unrestricted guest may differ.",
		RIGHTS(SS), SELECTOR(SS), VMCS_SECONDARY_CONTROLS),
	SEGMENT_RULE("ss.dpl-real-mode", ss_dpl_not_0, SS,
		"The DPL of the guest's SS is not 0 in real mode, or with a data segment in CS.",
		"The DPL stayed from before the change to real mode.",
		"Write DPL 0: real mode is privileged.", RIGHTS(SS), RIGHTS(CS), VMCS_GUEST_CR0),
	DATA("ds", DS), DATA("es", ES), DATA("fs", FS), DATA("gs", GS),

	SEGMENT_RULE("tr.type", tr_type, TR,
		"The guest's TR is no busy TSS (type 11; type 3, a 16-bit one, outside of IA-32e mode).",
		"The type is that of an available TSS (9), as in a descriptor before LTR.",
		"Write type 11: LTR makes a TSS busy.", RIGHTS(TR), VMCS_ENTRY_CONTROLS),
	SEGMENT_RULE("tr.system", not_system, TR,
		"The guest's TR is no system segment (access rights, bit 4, is 1).",
		"A data segment was copied.",
		"Clear bit 4.", RIGHTS(TR)),
	PRESENT_RESERVED("tr", TR), GRANULARITY("tr", TR),
	SEGMENT_RULE("tr.unusable", unusable, TR,
		"The guest's TR is marked as unusable; a CPU always has a task register.",
		"A guest that never loads TR was given none.",
		"Write a busy TSS, as after reset: type 11, limit 0xffff, base 0.", RIGHTS(TR)),
	SEGMENT_RULE("ldtr.type", ldtr_type, LDTR,
		"The guest's LDTR is usable and not of type 2, LDT.",
		"The field was never written.",
		"Write type 2, or mark LDTR as unusable.", RIGHTS(LDTR)),
	SEGMENT_RULE("ldtr.system", not_system, LDTR,
		"The guest's LDTR is no system segment (access rights, bit 4, is 1).",
		"A data segment was copied.",
		"Clear bit 4, or mark LDTR as unusable.", RIGHTS(LDTR)),
	PRESENT_RESERVED("ldtr", LDTR), GRANULARITY("ldtr", LDTR),
};

const struct rule_table guest_segment_rules = RULE_TABLE(rules);
