// SPDX-License-Identifier: GPL-2.0
/*
 * explain.c - the rules of VM entry (tools/rules*.c, facts.c, explain_text.c), without a VM: a good
 * snapshot breaks none, and for each rule there is a change that breaks it alone.
 *
 * tools/good_snapshot.c has the good ones, tools/breaches.c the changes.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "good_snapshot.h"
#include "kselftest_harness.h"
#include "rules.h"

#define FAILED_ENTRY	(1u << 31)

static struct snapshot snapshot;
static struct finding findings[FINDINGS_MAX];

static bool is_among(const char *id, const struct breach *breach)
{
	if (!strcmp(id, breach->rule))
		return true;
	for (size_t i = 0; i < 2; i++)
		if (breach->followers[i] && !strcmp(id, breach->followers[i]))
			return true;
	return false;
}

TEST(good_snapshots_break_no_rule)
{
	for (enum snapshot_cpu cpu = 0; cpu < CPU_COUNT; cpu++)
		for (enum snapshot_mode mode = 0; mode < SNAPSHOT_MODES; mode++) {
			size_t count;

			snapshot_build(&snapshot, cpu, mode);
			count = rules_check(&snapshot, findings);
			EXPECT_EQ(0, count)
				TH_LOG("CPU %d, mode %d: %s", cpu, mode, findings[0].rule->id);
		}
}

TEST(each_rule_has_words_and_an_id_of_its_own)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++) {
		EXPECT_EQ(rule, rule_by_id(rule->id)) TH_LOG("two rules are called %s", rule->id);
		EXPECT_TRUE(rule->section && rule->sentence && rule->cause && rule->remedy) TH_LOG("%s", rule->id);
		EXPECT_TRUE(rule->field_count) TH_LOG("%s", rule->id);
		EXPECT_EQ(1, !!rule->violated + !!rule->wrong_bits + !!rule->entry_violated) TH_LOG("%s", rule->id);
		EXPECT_EQ(rule->stage == STAGE_MSR_LOAD, !!rule->entry_violated) TH_LOG("%s", rule->id);
		for (size_t j = 0; j < rule->field_count; j++) {
			EXPECT_NE(NULL, vmcs_field_find(rule->fields[j])) TH_LOG("%s", rule->id);
		}
		/* The tables are by stage. */
		EXPECT_LE(rule_at(i ? i - 1 : 0)->stage, rule->stage) TH_LOG("%s", rule->id);
	}
	EXPECT_EQ(rules_count(), breach_count);
	EXPECT_EQ(NULL, rule_by_id("guest.no-such-rule"));
}

TEST(each_rule_is_broken_by_a_row)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++) {
		size_t rows = 0;

		for (size_t j = 0; j < breach_count; j++)
			rows += !strcmp(breaches[j].rule, rule->id);
		EXPECT_EQ(1, rows) TH_LOG("%s has %zu rows", rule->id, rows);
	}
}

TEST(each_row_breaks_its_rule_and_followers_alone)
{
	for (size_t i = 0; i < breach_count; i++) {
		const struct breach *breach = &breaches[i];
		size_t count, wanted = 1 + !!breach->followers[0] + !!breach->followers[1];

		snapshot_break(&snapshot, breach);
		count = rules_check(&snapshot, findings);
		EXPECT_EQ(wanted, count) TH_LOG("%s", breach->rule);
		for (size_t j = 0; j < count; j++) {
			EXPECT_TRUE(is_among(findings[j].rule->id, breach))
				TH_LOG("%s also breaks %s", breach->rule, findings[j].rule->id);
		}
	}
}

TEST(a_failure_agrees_with_the_rule_of_its_stage)
{
	static const uint64_t reasons[STAGE_COUNT] = { 7, 8, FAILED_ENTRY | 33, FAILED_ENTRY | 34 };

	for (size_t i = 0; i < breach_count; i++) {
		const struct rule *rule = rule_by_id(breaches[i].rule);

		snapshot_break(&snapshot, &breaches[i]);
		snapshot.failed = true;
		for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
			size_t count = rules_check(&snapshot, findings);
			enum verdict verdict;

			snapshot.failure_reason = reasons[stage];
			snapshot.failure_qualification = stage == STAGE_MSR_LOAD;
			if (stage == STAGE_GUEST)
				snapshot.failure_qualification = rule->qualification;
			verdict = rules_verdict(&snapshot, findings, count);
			if (!breaches[i].followers[0]) {
				EXPECT_EQ(stage == rule->stage, verdict == VERDICT_AGREE)
					TH_LOG("%s, stage %d", rule->id, stage);
			}
		}
	}
}

/* #CP has come with an error code, and with a capability bit, after CPUs had VMX. */
TEST(error_code_of_a_control_protection_exception)
{
	static const struct change no_code = { CHANGE_SET, VMCS_ENTRY_INTERRUPTION_INFORMATION, 0x80000315 };
	static const struct change code = { CHANGE_SET, VMCS_ENTRY_INTERRUPTION_INFORMATION, 0x80000b15 };

	snapshot_build(&snapshot, CPU_BROADWELL, SNAPSHOT_LONG);
	snapshot_change(&snapshot, &no_code);
	EXPECT_EQ(0, rules_check(&snapshot, findings));
	snapshot_change(&snapshot, &code);
	ASSERT_EQ(1, rules_check(&snapshot, findings));
	EXPECT_STREQ("control.event.error-code-vector", findings[0].rule->id);

	snapshot_build(&snapshot, CPU_EVERYTHING, SNAPSHOT_LONG);
	snapshot_change(&snapshot, &code);
	EXPECT_EQ(0, rules_check(&snapshot, findings));
	snapshot_change(&snapshot, &no_code);
	ASSERT_EQ(1, rules_check(&snapshot, findings));
	EXPECT_STREQ("control.event.error-code-missing", findings[0].rule->id);
}

TEST(what_comes_near_to_breaking_a_rule_is_good)
{
	for (size_t i = 0; i < near_miss_count; i++) {
		snapshot_build(&snapshot, CPU_EVERYTHING, near_misses[i].mode);
		snapshot_change_all(&snapshot, near_misses[i].changes);
		EXPECT_EQ(0, rules_check(&snapshot, findings)) TH_LOG("row %zu: %s", i, findings[0].rule->id);
	}
}

struct verdict_row {
	const char *rule;
	uint64_t reason, qualification;
	enum verdict verdict;
};

TEST(verdicts)
{
	static const struct verdict_row rows[] = {
		{ "guest.pdpte0.reserved",	FAILED_ENTRY | 33, 2, VERDICT_AGREE },
		{ "guest.pdpte0.reserved",	FAILED_ENTRY | 33, 4, VERDICT_DISAGREE },
		{ "guest.pdpte0.reserved",	FAILED_ENTRY | 33, 0, VERDICT_AGREE },
		{ "guest.link-pointer.address",	FAILED_ENTRY | 33, 4, VERDICT_AGREE },
		{ "guest.rflags.bit-1",		FAILED_ENTRY | 33, 4, VERDICT_DISAGREE },
		{ "guest.rflags.bit-1",		FAILED_ENTRY | 34, 1, VERDICT_NO_RULE },
		{ "msr-load.pat-type",		FAILED_ENTRY | 34, 1, VERDICT_AGREE },
		{ "msr-load.pat-type",		FAILED_ENTRY | 34, 2, VERDICT_NO_RULE },
		{ "msr-load.pat-type",		FAILED_ENTRY | 33, 0, VERDICT_DISAGREE },
		/* The host state may be tested before the controls. */
		{ "host.cs.null",		7, 0, VERDICT_DISAGREE },
		/* A machine check, VMLAUNCH of what is not clear, and no current VMCS. */
		{ "guest.rflags.bit-1",		FAILED_ENTRY | 41, 0, VERDICT_NO_RULE },
		{ "guest.rflags.bit-1",		4, 0, VERDICT_NO_RULE },
		{ "guest.rflags.bit-1",		0, 0, VERDICT_NO_RULE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snapshot_break(&snapshot, breach_of(rows[i].rule));
		EXPECT_EQ(VERDICT_NO_FAILURE, rules_verdict(&snapshot, findings, rules_check(&snapshot, findings)));
		snapshot.failed = true;
		snapshot.failure_reason = rows[i].reason;
		snapshot.failure_qualification = rows[i].qualification;
		EXPECT_EQ(rows[i].verdict, rules_verdict(&snapshot, findings, rules_check(&snapshot, findings)))
			TH_LOG("row %zu: %s", i, rows[i].rule);
	}
}

TEST(the_first_is_of_the_earliest_stage)
{
	static const char * const ids[] = { "msr-load.pat-type", "guest.link-pointer.vmcs", "guest.rflags.bit-1",
					    "host.cs.null", "control.vpid.zero" };
	const struct finding *first;

	snapshot_build(&snapshot, CPU_EVERYTHING, SNAPSHOT_LONG);
	EXPECT_EQ(NULL, rules_first(findings, rules_check(&snapshot, findings)));
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snapshot_change_all(&snapshot, breach_of(ids[i])->changes);
		first = rules_first(findings, rules_check(&snapshot, findings));
		ASSERT_NE(NULL, first);
		/* One that a CPU may not mind comes behind those that it does. */
		EXPECT_STREQ(i == 1 ? ids[0] : ids[i], first->rule->id);
	}
}

TEST(the_entry_of_the_msr_area_is_told)
{
	static const struct change loads[] = {
		{ CHANGE_LOAD, 0x277, 0x0007040600070406 }, { CHANGE_LOAD, 0x10, 5 }, { CHANGE_LOAD, 0x277, 2 },
		{ CHANGE_LOAD, 0xc0000100, 0 },
	};

	snapshot_build(&snapshot, CPU_BROADWELL, SNAPSHOT_LONG);
	for (size_t i = 0; i < 4; i++)
		snapshot_change(&snapshot, &loads[i]);
	ASSERT_EQ(2, rules_check(&snapshot, findings));
	EXPECT_EQ(4, findings[0].entry);
	EXPECT_STREQ("msr-load.segment-base", findings[0].rule->id);
	EXPECT_EQ(3, findings[1].entry);
	EXPECT_EQ(&findings[1], rules_first(findings, 2));
	snapshot.failed = true;
	snapshot.failure_reason = FAILED_ENTRY | 34;
	snapshot.failure_qualification = 4;
	EXPECT_EQ(VERDICT_DISAGREE, rules_verdict(&snapshot, findings, 2));
	snapshot.failure_qualification = 3;
	EXPECT_EQ(VERDICT_AGREE, rules_verdict(&snapshot, findings, 2));
}

/* Without EPT the CPU reads PDPTEs from memory, which a snapshot may or may not have. */
TEST(pdptes_in_memory)
{
	snapshot_build(&snapshot, CPU_BROADWELL, SNAPSHOT_PAE);
	snapshot_change(&snapshot, &(struct change){ CHANGE_CLEAR, VMCS_SECONDARY_CONTROLS, 0x82 });
	snapshot_set_field(&snapshot, VMCS_GUEST_PDPTE0, ~0ull);
	snapshot.pdpte[2] = 0x2003;
	EXPECT_EQ(0, rules_check(&snapshot, findings));
	snapshot.has_pdptes = true;
	ASSERT_EQ(1, rules_check(&snapshot, findings));
	EXPECT_STREQ("guest.pdpte2.reserved", findings[0].rule->id);
	snapshot.pdpte[2] = 0x2002;
	EXPECT_EQ(0, rules_check(&snapshot, findings));
}

/* A field that the CPU does not have is no rule's; a capability MSR that is not told forbids nothing. */
TEST(absent_fields_and_msrs)
{
	struct snapshot without;

	snapshot_break(&snapshot, breach_of("guest.s-cet.canonical"));
	without = snapshot;
	without.fields = 0;
	for (unsigned int i = 0; i < snapshot.fields; i++)
		if (snapshot.field[i].number != VMCS_GUEST_IA32_S_CET)
			without.field[without.fields++] = snapshot.field[i];
	EXPECT_EQ(0, rules_check(&without, findings));

	snapshot_break(&snapshot, breach_of("control.primary.allowed-1"));
	snapshot.msrs = 0;
	EXPECT_EQ(0, rules_check(&snapshot, findings));

	memset(&snapshot, 0, sizeof(snapshot));
	EXPECT_EQ(0, rules_check(&snapshot, findings));
}

static char *explained(void)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	explain_failure(out, &snapshot);
	explain_snapshot(out, &snapshot);
	fclose(out);
	return text;
}

TEST(words_for_a_person)
{
	static const struct {
		const char *rule;
		uint64_t reason;
		const char *said[4];
	} rows[] = {
		{ "guest.cr0.fixed-0", FAILED_ENTRY | 33,
		  { "exit reason 33", "The rules say so, too.\n", "Guest CR0  ", "bits that are wrong" } },
		{ "control.pin.allowed-1", 7, { "VM-instruction error 7", "reserved bits 0x100\n", "Remedy: ", "broken: VM-" } },
		{ "control.vpid.zero", 8, { "The rules say otherwise: VM-instruction error 7, by control.vpid.zero" } },
		{ "guest.rip.width", FAILED_ENTRY | 41, { "No rule is about such a failure" } },
		{ "msr-load.pat-type", 0, { "will fail with exit reason 34", "entry  1 of the area: MSR 0x277 ", "0x0000000000000002" } },
		{ "guest.pdpte3.reserved", 0, { "exit qualification 2\n", "Guest PDPTE3  " } },
		{ "guest.interruptibility.nmi-in-sti", 0, { "may fail with exit reason 33", "NMI, vector 2" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text;

		snapshot_break(&snapshot, breach_of(rows[i].rule));
		snapshot.failed = rows[i].reason;
		snapshot.failure_reason = rows[i].reason;
		text = explained();
		EXPECT_TRUE(strstr(text, rows[i].rule));
		for (size_t j = 0; j < 4 && rows[i].said[j]; j++) {
			EXPECT_TRUE(strstr(text, rows[i].said[j])) TH_LOG("no \"%s\" in:\n%s", rows[i].said[j], text);
		}
		free(text);
	}
}

/* xorshift64 */
static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Few bits, many bits, extremes: what a file may hold. */
static uint64_t wild(void)
{
	static const uint64_t extremes[] = { 0, ~0ull, 1ull << 63, 0x7fffffffffffffff, 0xffffffff, 0x80000000 };

	switch (next() % 4) {
	case 0:
		return next();
	case 1:
		return 1ull << next() % 64;
	case 2:
		return extremes[next() % 6];
	default:
		return next() & next() & next();
	}
}

static void make_wild(void)
{
	snapshot_build(&snapshot, next() % CPU_COUNT, next() % SNAPSHOT_MODES);
	for (unsigned int i = next() % 40; i; i--)
		snapshot.field[next() % snapshot.fields].value = wild();
	for (unsigned int i = next() % 4; i; i--)
		snapshot.msr[next() % snapshot.msrs].value = wild();
	if (next() % 8 == 0)
		for (unsigned int i = 0; i < snapshot.fields; i++)
			snapshot.field[i].value = wild();
	snapshot.physical_address_bits = next() % 8 ? 46 : wild();
	snapshot.linear_address_bits = next() % 8 ? 48 : wild();
	snapshot.has_pdptes = next() & 1;
	snapshot.entry_msrs = next() % 4 ? 0 : next() % (SNAPSHOT_AREA_ENTRIES + 1);
	for (unsigned int i = 0; i < snapshot.entry_msrs; i++)
		snapshot.entry_msr[i] = (struct snapshot_pair){ next() & 1 ? 0xc0000080 + next() % 4 : wild(), wild() };
	snapshot.failed = next() & 1;
	snapshot.failure_reason = next() & 1 ? wild() : 7 + next() % 2;
	snapshot.failure_qualification = next() & 1 ? wild() : next() % 5;
}

TEST(fuzz)
{
	static struct finding again[FINDINGS_MAX];

	for (unsigned int round = 0; round < 20000; round++) {
		size_t count;
		enum verdict verdict;

		make_wild();
		count = rules_check(&snapshot, findings);
		ASSERT_LT(count, FINDINGS_MAX);
		verdict = rules_verdict(&snapshot, findings, count);
		free(explained());
		ASSERT_EQ(count, rules_check(&snapshot, again));
		ASSERT_EQ(0, memcmp(findings, again, count * sizeof(findings[0])));
		ASSERT_EQ(verdict, rules_verdict(&snapshot, again, count));
		ASSERT_EQ(!count, !rules_first(findings, count));
		ASSERT_EQ(!snapshot.failed, verdict == VERDICT_NO_FAILURE);
		for (size_t i = 0; i < count; i++) {
			ASSERT_LE(findings[i].entry, snapshot.entry_msrs);
			ASSERT_EQ(!findings[i].entry, findings[i].rule->stage != STAGE_MSR_LOAD);
		}
	}
}

TEST_HARNESS_MAIN
