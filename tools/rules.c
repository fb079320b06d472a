// SPDX-License-Identifier: GPL-2.0
/*
 * rules.c - applies the rules of VM entry to a snapshot.
 *
 * Reached from explain.c; see rules.h. SDM 3C "VM Entries".
 */
#include <string.h>

#include "rules.h"

#define FAILED_ENTRY	(1u << 31)	/* SDM 3C "Exit reason": VM-entry failure */

/* In the order of the SDM's sections, and so by stage. */
static const struct rule_table * const tables[] = {
	&control_rules, &entry_rules, &host_rules,
	&guest_register_rules, &guest_segment_rules, &guest_state_rules, &msr_rules,
};

#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

const struct rule *rule_at(size_t number)
{
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (number < tables[i]->count)
			return &tables[i]->rules[number];
		number -= tables[i]->count;
	}
	return NULL;
}

size_t rules_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < TABLE_COUNT; i++)
		count += tables[i]->count;
	return count;
}

const struct rule *rule_by_id(const char *id)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++)
		if (!strcmp(rule->id, id))
			return rule;
	return NULL;
}

const char *stage_name(enum stage stage)
{
	static const char * const names[STAGE_COUNT] = {
		[STAGE_CONTROL]	 = "VM-instruction error 7",
		[STAGE_HOST]	 = "VM-instruction error 8",
		[STAGE_GUEST]	 = "exit reason 33",
		[STAGE_MSR_LOAD] = "exit reason 34",
	};

	return names[stage];
}

static bool applies(const struct rule *rule, const struct facts *facts)
{
	uint64_t value;

	return on(facts, rule->when) && snapshot_field(facts->snapshot, rule->fields[0], &value);
}

static size_t add(struct finding *findings, size_t count, const struct rule *rule, unsigned int entry)
{
	if (count == FINDINGS_MAX)
		return count;
	findings[count] = (struct finding){ .rule = rule, .entry = entry };
	return count + 1;
}

size_t rules_check(const struct snapshot *snapshot, struct finding findings[FINDINGS_MAX])
{
	struct facts facts;
	const struct rule *rule;
	size_t count = 0;

	facts_from_snapshot(&facts, snapshot);
	for (size_t i = 0; (rule = rule_at(i)); i++) {
		if (!applies(rule, &facts))
			continue;
		if ((rule->violated && rule->violated(&facts, rule->which)) ||
		    (rule->wrong_bits && rule->wrong_bits(&facts, rule->which)))
			count = add(findings, count, rule, 0);
		for (unsigned int n = 0; rule->entry_violated && n < snapshot->entry_msrs; n++)
			if (rule->entry_violated(&facts, &snapshot->entry_msr[n]))
				count = add(findings, count, rule, n + 1);
	}
	return count;
}

uint64_t rule_wrong_bits(const struct rule *rule, const struct snapshot *snapshot)
{
	struct facts facts;

	facts_from_snapshot(&facts, snapshot);
	return rule->wrong_bits && applies(rule, &facts) ? rule->wrong_bits(&facts, rule->which) : 0;
}

/* By stage, and in the MSR-load area by entry; a rule that may pass only where no other fails. */
static bool comes_before(const struct finding *a, const struct finding *b)
{
	if (a->rule->may_pass != b->rule->may_pass)
		return !a->rule->may_pass;
	if (a->rule->stage != b->rule->stage)
		return a->rule->stage < b->rule->stage;
	return a->entry < b->entry;
}

const struct finding *rules_first(const struct finding *findings, size_t count)
{
	const struct finding *first = NULL;

	for (size_t i = 0; i < count; i++)
		if (!first || comes_before(&findings[i], first))
			first = &findings[i];
	return first;
}

static bool stage_of_failure(const struct snapshot *snapshot, enum stage *stage)
{
	switch (snapshot->failure_reason) {
	case 7:
		*stage = STAGE_CONTROL;
		return true;
	case 8:
		*stage = STAGE_HOST;
		return true;
	case FAILED_ENTRY | 33:
		*stage = STAGE_GUEST;
		return true;
	case FAILED_ENTRY | 34:
		*stage = STAGE_MSR_LOAD;
		return snapshot->failure_qualification <= snapshot->entry_msrs;
	default:
		return false;
	}
}

/* Not every CPU tells more than "other" of a guest's state. */
static bool explains(const struct finding *finding, enum stage stage, uint64_t qualification)
{
	if (finding->rule->stage != stage)
		return false;
	if (stage == STAGE_GUEST)
		return qualification == QUALIFICATION_OTHER || qualification == finding->rule->qualification;
	return stage != STAGE_MSR_LOAD || qualification == finding->entry;
}

/* Would the CPU have stopped there before it came to this stage, or to this entry of the area? */
static bool precedes(const struct finding *finding, enum stage stage, uint64_t qualification)
{
	if (finding->rule->may_pass)
		return false;
	/* Controls and host state are tested in any order. SDM 3C "Checks on VMX Controls and Host-State Area". */
	if (finding->rule->stage <= STAGE_HOST)
		return stage >= STAGE_GUEST;
	return finding->rule->stage < stage || (stage == STAGE_MSR_LOAD && finding->entry < qualification);
}

enum verdict rules_verdict(const struct snapshot *snapshot, const struct finding *findings, size_t count)
{
	uint64_t qualification = snapshot->failure_qualification;
	bool explained = false;
	enum stage stage;

	if (!snapshot->failed)
		return VERDICT_NO_FAILURE;
	if (!stage_of_failure(snapshot, &stage))
		return VERDICT_NO_RULE;
	for (size_t i = 0; i < count; i++) {
		if (precedes(&findings[i], stage, qualification))
			return VERDICT_DISAGREE;
		explained |= explains(&findings[i], stage, qualification);
	}
	return explained ? VERDICT_AGREE : VERDICT_DISAGREE;
}
