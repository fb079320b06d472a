// SPDX-License-Identifier: GPL-2.0
/*
 * explain_text.c - broken rules of VM entry as text: the rule, the values, the cause, the remedy.
 *
 * Reached from explain.c and report.c; the rules come from rules.c, the fields' names from
 * vmcs_fields.c and vmcs_decode.c.
 */
#include <inttypes.h>
#include <string.h>

#include "decode.h"
#include "explain.h"
#include "rules.h"

#define FAILED_ENTRY	(1u << 31)
#define LONGEST_TEXT	72	/* of a value; a control word has too many names to be of use */

static void print_value(FILE *out, const char *name, uint64_t value, const struct snapshot *snapshot,
			uint32_t encoding)
{
	char text[VMCS_TEXT_SIZE];

	vmcs_field_text(text, snapshot, encoding);
	fprintf(out, "    %-47s 0x%0*" PRIx64, name, (int)vmcs_field_bits(encoding) / 4, value);
	if (text[0] && strlen(text) <= LONGEST_TEXT)
		fprintf(out, "  %s", text);
	fputc('\n', out);
}

static void print_fields(FILE *out, const struct rule *rule, const struct snapshot *snapshot)
{
	uint64_t value, wrong = rule_wrong_bits(rule, snapshot);

	for (size_t i = 0; i < rule->field_count; i++) {
		uint32_t encoding = rule->fields[i];

		if (snapshot_field(snapshot, encoding, &value))
			print_value(out, vmcs_field_find(encoding)->title, value, snapshot, encoding);
	}
	if (wrong) {
		/* Wrong bits have the names that they have in a value. */
		struct snapshot names = *snapshot;

		snapshot_set_field(&names, rule->fields[0], wrong);
		print_value(out, "  bits that are wrong", wrong, &names, rule->fields[0]);
	}
}

static const char *control_name(enum control control)
{
	const struct vmx_control_word *word = &vmx_control_words[(control >> 8) - 1];

	for (size_t i = 0; i < word->count; i++)
		if (word->controls[i].bit == (control & 0xff))
			return word->controls[i].name;
	return "?";
}

static void print_head(FILE *out, const struct rule *rule)
{
	fprintf(out, "%s\n  SDM 3C \"%s\"; broken: %s", rule->id, rule->section, stage_name(rule->stage));
	if (rule->qualification != QUALIFICATION_OTHER)
		fprintf(out, ", exit qualification %d", rule->qualification);
	fprintf(out, "%s\n  %s\n", rule->may_pass ? "; some CPUs or states let it pass" : "", rule->sentence);
}

static void print_advice(FILE *out, const struct rule *rule)
{
	fprintf(out, "  Usual cause: %s\n  Remedy: %s\n", rule->cause, rule->remedy);
}

void explain_rule(FILE *out, const struct rule *rule)
{
	print_head(out, rule);
	if (rule->when != ALWAYS)
		fprintf(out, "  Judged only where \"%s\" is 1.\n", control_name(rule->when));
	fputs("  Fields:", out);
	for (size_t i = 0; i < rule->field_count; i++)
		fprintf(out, "%s %s", i ? "," : "", vmcs_field_find(rule->fields[i])->title);
	fputc('\n', out);
	print_advice(out, rule);
}

static void print_finding(FILE *out, const struct finding *finding, const struct snapshot *snapshot)
{
	print_head(out, finding->rule);
	print_fields(out, finding->rule, snapshot);
	if (finding->entry) {
		const struct snapshot_pair *entry = &snapshot->entry_msr[finding->entry - 1];

		fprintf(out, "      entry %2u of the area: MSR 0x%-18" PRIx32 " 0x%016" PRIx64 "\n", finding->entry,
			entry->number, entry->value);
	}
	print_advice(out, finding->rule);
}

void explain_failure(FILE *out, const struct snapshot *snapshot)
{
	uint64_t reason = snapshot->failure_reason;

	if (!snapshot->failed)
		return;
	if (reason & FAILED_ENTRY)
		fprintf(out, "The CPU failed the entry: exit reason %" PRIu64 " \"%s\", exit qualification %" PRIu64 ".\n",
			bits(reason, 15, 0), exit_reason_name(bits(reason, 15, 0)), snapshot->failure_qualification);
	else
		fprintf(out, "The CPU failed the entry: VM-instruction error %" PRIu64 " \"%s\".\n", reason,
			vm_instruction_error_name(reason));
}

static void print_verdict(FILE *out, const struct snapshot *snapshot, const struct finding *findings,
			  size_t count)
{
	const struct finding *first = rules_first(findings, count);

	switch (rules_verdict(snapshot, findings, count)) {
	case VERDICT_NO_FAILURE:
		if (first)
			fprintf(out, "An entry %s fail with %s, by %s.\n", first->rule->may_pass ? "may" : "will",
				stage_name(first->rule->stage), first->rule->id);
		break;
	case VERDICT_AGREE:
		fputs("The rules say so, too.\n", out);
		break;
	case VERDICT_NO_RULE:
		fputs("No rule is about such a failure: it does not come from what the fields hold.\n", out);
		break;
	case VERDICT_DISAGREE:
		if (first)
			fprintf(out, "The rules say otherwise: %s, by %s.\n", stage_name(first->rule->stage), first->rule->id);
		else
			fputs("The rules say otherwise; but memory that the fields point to is not in a snapshot.\n", out);
		fputs("Or the snapshot is of another time than the failure, or the CPU has a rule of its own.\n", out);
		break;
	}
}

size_t explain_snapshot(FILE *out, const struct snapshot *snapshot)
{
	struct finding findings[FINDINGS_MAX];
	size_t count = rules_check(snapshot, findings);

	if (snapshot->host_hidden)
		fputs("The host-state area is hidden, and not judged: taking it along needs CAP_SYS_ADMIN.\n", out);
	if (!count)
		fprintf(out, "None of %zu rules of VM entry is violated.\n", rules_count());
	else
		fprintf(out, "%zu %s violated.\n", count, count == 1 ? "rule of VM entry is" : "rules of VM entry are");
	print_verdict(out, snapshot, findings, count);
	for (size_t i = 0; i < count; i++) {
		fputc('\n', out);
		print_finding(out, &findings[i], snapshot);
	}
	return count;
}
