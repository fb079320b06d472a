// SPDX-License-Identifier: GPL-2.0
/*
 * lab_check.c - puts a fault of `minivmx lab` into a good VMCS, and checks all faults: each breaks the rule
 * that is its answer, and nothing else.
 *
 * Reached from lab.c; the good VMCS is good_snapshot.c's, the changes are those of breaches.c.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "good_snapshot.h"
#include "lab.h"

/* What VM entry says to a broken rule of each stage. SDM 3C "VM Entries". */
static const uint64_t reasons[STAGE_COUNT] = { 7, 8, 1u << 31 | 33, 1u << 31 | 34 };

struct finding lab_break(struct snapshot *snapshot, const struct fault *fault)
{
	const struct breach *breach = breach_of(fault->rule);
	struct finding findings[FINDINGS_MAX], none = { 0 };

	if (!breach)
		return none;
	snapshot_break(snapshot, breach);
	if (rules_check(snapshot, findings) != 1)
		return none;
	snapshot->failed = true;
	snapshot->failure_reason = reasons[findings[0].rule->stage];
	snapshot->failure_qualification = findings[0].rule->qualification + findings[0].entry;
	return findings[0];
}

static const char *wrong_choice(const struct fault *fault, const struct rule *answer)
{
	for (unsigned int i = 0; i < LAB_OTHERS; i++) {
		const struct rule *other = rule_by_id(fault->others[i]);

		if (!other)
			return "offers a rule that there is not";
		if (other == answer)
			return "offers its answer twice";
		if (other->stage != answer->stage)
			return "offers a rule that the symptom excludes";
		/* Some rules have a qualification of their own: then that is what gives them away. */
		if (other->qualification != QUALIFICATION_OTHER && answer->qualification == QUALIFICATION_OTHER)
			return "offers a rule that the qualification excludes";
	}
	return NULL;
}

/* NULL: all is as it should be. */
static const char *wrong(unsigned int number)
{
	const struct fault *fault = &lab_faults[number];
	struct finding finding;
	struct snapshot snapshot;

	for (unsigned int i = 0; i < number; i++)
		if (!strcmp(lab_faults[i].name, fault->name) || !strcmp(lab_faults[i].rule, fault->rule))
			return "is there twice";
	finding = lab_break(&snapshot, fault);
	if (!finding.rule)
		return "does not break one rule";
	if (strcmp(finding.rule->id, fault->rule))
		return "breaks another rule than its answer";
	if (finding.rule->may_pass)
		return "may pass on some CPUs";
	if (rules_verdict(&snapshot, &finding, 1) != VERDICT_AGREE)
		return "has a symptom that is not its rule's";
	return wrong_choice(fault, finding.rule);
}

unsigned int lab_check_all(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < lab_fault_count; i++) {
		const char *why = wrong(i);

		if (why)
			complain("lab: fault %u, %s, %s", i + 1, lab_faults[i].name, why);
		count += !!why;
	}
	return count;
}
