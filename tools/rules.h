/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules.h - the checks of VM entry as data: one rule for each condition that the CPU wants to hold,
 * with what to say when it does not.
 *
 * Reached from explain.c and from whoever wants to know which rules a snapshot breaks. The tables stand
 * in rules_controls.c, rules_entry.c, rules_host.c, rules_guest_registers.c, rules_guest_segments.c,
 * rules_guest_state.c and rules_msrs.c, in the order of SDM 3C "VM Entries"; facts.h is what their
 * predicates read, rules.c applies them. No device, no output.
 *
 * A snapshot has no memory and no CPUID: not judged are TPR threshold against the virtual-APIC page,
 * the revision of the VMCS that the link pointer names, and counters that a CPU may lack.
 */
#ifndef MINIVMX_TOOLS_RULES_H
#define MINIVMX_TOOLS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts.h"

/* In the CPU's order: a later stage is reached only where the one before has passed. */
enum stage {
	STAGE_CONTROL,		/* VMfail, VM-instruction error 7 */
	STAGE_HOST,		/* VMfail, VM-instruction error 8; the CPU may test it before the controls */
	STAGE_GUEST,		/* exit reason 33 */
	STAGE_MSR_LOAD,		/* exit reason 34, the qualification is the entry's number from 1 on */
	STAGE_COUNT
};

/* Exit qualifications of reason 33. SDM 3C "VM-Entry Failures During or After Loading Guest State". */
enum entry_qualification {
	QUALIFICATION_OTHER	= 0,
	QUALIFICATION_PDPTE	= 2,
	QUALIFICATION_NMI	= 3,
	QUALIFICATION_LINK	= 4,
};

struct rule {
	const char *id;			/* stable: area.field.condition */
	const char *section;		/* title in SDM 3C */
	enum stage stage;
	enum control when;		/* judged only where this control is 1 */
	const uint32_t *fields;		/* what it looks at. A CPU without the first has no such rule */
	size_t field_count;
	uint32_t which;			/* the field, control or segment that a shared predicate is about */
	/*
	 * One of the three: a claim; which bits of the first field are wrong; a claim about an entry of the
	 * VM-entry MSR-load area.
	 */
	bool (*violated)(const struct facts *facts, uint32_t which);
	uint64_t (*wrong_bits)(const struct facts *facts, uint32_t which);
	bool (*entry_violated)(const struct facts *facts, const struct snapshot_pair *entry);
	enum entry_qualification qualification;
	bool may_pass;			/* some CPUs don't mind, or it depends on what no snapshot holds */
	const char *sentence, *cause, *remedy;
};

struct rule_table {
	const struct rule *rules;
	size_t count;
};

extern const struct rule_table control_rules, entry_rules, host_rules;
extern const struct rule_table guest_register_rules, guest_segment_rules, guest_state_rules, msr_rules;

#define RULE_TABLE(array)	{ array, sizeof(array) / sizeof(array[0]) }

/* A row of a table; the fields come last. */
#define RULE(...)	RULE_OF(violated, __VA_ARGS__)
#define BITS_RULE(...)	RULE_OF(wrong_bits, __VA_ARGS__)

#define RULE_OF(kind_, stage_, section_, id_, when_, predicate_, which_, sentence_, cause_, remedy_, ...)	\
	{												\
		.id = id_, .section = section_, .stage = stage_, .when = when_, .kind_ = predicate_,	\
		.which = which_, .sentence = sentence_, .cause = cause_, .remedy = remedy_,		\
		.fields = (const uint32_t[]){ __VA_ARGS__ },						\
		.field_count = sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t),		\
	}

/* A predicate: facts is called f, and which is what the rule's row says. */
#define PREDICATE(name, condition)						\
static bool name(const struct facts *f, uint32_t which)				\
{										\
	(void)which;								\
	return condition;							\
}

#define WRONG_BITS(name, mask)							\
static uint64_t name(const struct facts *f, uint32_t which)			\
{										\
	(void)which;								\
	return mask;								\
}

/* All rules, by number and by id; NULL where there is no such rule. */
size_t rules_count(void);
const struct rule *rule_at(size_t number);
const struct rule *rule_by_id(const char *id);

const char *stage_name(enum stage stage);

struct finding {
	const struct rule *rule;
	unsigned int entry;	/* STAGE_MSR_LOAD: which of the area, from 1 on; else 0 */
};

/* More than any snapshot can break. */
#define FINDINGS_MAX	1024

/* Of the rule's first field; 0 where it is the value as a whole. */
uint64_t rule_wrong_bits(const struct rule *rule, const struct snapshot *snapshot);

/* Every violated rule, by stage and in the tables' order; returns how many. */
size_t rules_check(const struct snapshot *snapshot, struct finding findings[FINDINGS_MAX]);

/* What the CPU did, against what the rules say of the same snapshot. */
enum verdict {
	VERDICT_NO_FAILURE,	/* none is recorded */
	VERDICT_AGREE,
	VERDICT_DISAGREE,
	VERDICT_NO_RULE,	/* a failure that no rule is about: a machine check, VMLAUNCH of a launched VMCS */
};

enum verdict rules_verdict(const struct snapshot *snapshot, const struct finding *findings, size_t count);

/* The finding that the CPU reports if it tests in the SDM's order; NULL where the entry succeeds. */
const struct finding *rules_first(const struct finding *findings, size_t count);

#endif /* MINIVMX_TOOLS_RULES_H */
