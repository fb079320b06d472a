// SPDX-License-Identifier: GPL-2.0
/*
 * explain.c - `minivmx explain`: which rules of VM entry a saved VMCS breaks, why, and what to do.
 *
 * Reached from main.c; continues in explain_text.c and, for what is judged, rules.c. It needs neither a
 * device nor the CPU that the VMCS is from.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "explain.h"
#include "json.h"
#include "rules.h"
#include "snapshot_file.h"

enum explain_status { NONE_VIOLATED = STATUS_OK, SOME_VIOLATED = STATUS_HOST_ERROR };

struct explain_options {
	bool json, list;
	const char *what;
};

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "the same as JSON", 0 },
	{ "list", 'l', NULL, 0, "every rule: id, SDM section, sentence", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct explain_options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 'l':
		options->list = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->what)
			argp_error(state, "one file or rule at a time; \"%s\" is one too many", arg);
		options->what = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->what == !options->list)
			argp_error(state, "give a file that holds a VMCS, a rule's id, or --list");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "FILE\nRULE-ID\n--list",
	.doc = "Lists every rule of VM entry that a saved VMCS breaks: the fields, the usual cause, the remedy."
	       "\vExit status: 0 no rule is violated, 1 some are, 2 usage, 6 the file can't be read, or is no saved VMCS.",
};

static void json_rule(struct json *json, const struct rule *rule)
{
	json_string(json, "id", rule->id);
	json_string(json, "section", rule->section);
	json_string(json, "outcome", stage_name(rule->stage));
	json_bool(json, "may_pass", rule->may_pass);
	json_string(json, "sentence", rule->sentence);
	json_string(json, "cause", rule->cause);
	json_string(json, "remedy", rule->remedy);
}

static void json_fields(struct json *json, const struct rule *rule, const struct snapshot *snapshot)
{
	json_array_begin(json, "fields");
	for (size_t i = 0; i < rule->field_count; i++) {
		uint64_t value;

		if (snapshot && !snapshot_field(snapshot, rule->fields[i], &value))
			continue;
		json_object_begin(json, NULL);
		json_hex(json, "encoding", rule->fields[i]);
		json_string(json, "name", vmcs_field_find(rule->fields[i])->title);
		if (snapshot)
			json_hex(json, "value", value);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_finding(struct json *json, const struct finding *finding, const struct snapshot *snapshot)
{
	uint64_t wrong = rule_wrong_bits(finding->rule, snapshot);

	json_object_begin(json, NULL);
	json_rule(json, finding->rule);
	json_fields(json, finding->rule, snapshot);
	if (wrong)
		json_hex(json, "wrong_bits", wrong);
	if (finding->entry) {
		json_number(json, "entry", finding->entry);
		json_hex(json, "msr", snapshot->entry_msr[finding->entry - 1].number);
		json_hex(json, "value", snapshot->entry_msr[finding->entry - 1].value);
	}
	json_object_end(json);
}

static size_t json_snapshot(const struct snapshot *snapshot)
{
	static const char * const verdicts[] = {
		[VERDICT_NO_FAILURE] = "no failure is recorded", [VERDICT_AGREE] = "agrees",
		[VERDICT_DISAGREE] = "disagrees", [VERDICT_NO_RULE] = "not a rule's",
	};
	struct finding findings[FINDINGS_MAX];
	size_t count = rules_check(snapshot, findings);
	const struct finding *first = rules_first(findings, count);
	struct json json = { .out = stdout };

	json_object_begin(&json, NULL);
	json_bool(&json, "failed", snapshot->failed);
	if (snapshot->failed) {
		json_hex(&json, "reason", snapshot->failure_reason);
		json_hex(&json, "qualification", snapshot->failure_qualification);
	}
	json_string(&json, "cpu", verdicts[rules_verdict(snapshot, findings, count)]);
	json_bool(&json, "host_hidden", snapshot->host_hidden);
	json_string(&json, "first", first ? first->rule->id : NULL);
	json_array_begin(&json, "violated");
	for (size_t i = 0; i < count; i++)
		json_finding(&json, &findings[i], snapshot);
	json_array_end(&json);
	json_object_end(&json);
	return count;
}

/* One rule, or all of them. */
static int json_rules(const struct rule *only)
{
	struct json json = { .out = stdout };
	const struct rule *rule;

	json_array_begin(&json, NULL);
	for (size_t i = 0; (rule = rule_at(i)); i++) {
		if (only && rule != only)
			continue;
		json_object_begin(&json, NULL);
		json_rule(&json, rule);
		json_fields(&json, rule, NULL);
		json_object_end(&json);
	}
	json_array_end(&json);
	return STATUS_OK;
}

static int list_rules(void)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++)
		printf("%-44s  %s\n%46s%s\n", rule->id, rule->section, "", rule->sentence);
	return STATUS_OK;
}

int command_explain(int argc, char **argv)
{
	struct explain_options options = { 0 };
	struct snapshot snapshot;
	const struct rule *rule;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.list)
		return options.json ? json_rules(NULL) : list_rules();
	rule = rule_by_id(options.what);
	if (rule && options.json)
		return json_rules(rule);
	if (rule) {
		explain_rule(stdout, rule);
		return STATUS_OK;
	}
	if (access(options.what, F_OK)) {
		complain("\"%s\" is neither a file nor a rule; `minivmx explain --list` lists the rules", options.what);
		return STATUS_USAGE;
	}
	/* 1 is for rules that are broken. */
	if (snapshot_read_file(&snapshot, options.what))
		return STATUS_BAD_IMAGE;
	if (options.json)
		return json_snapshot(&snapshot) ? SOME_VIOLATED : NONE_VIOLATED;
	explain_failure(stdout, &snapshot);
	return explain_snapshot(stdout, &snapshot) ? SOME_VIOLATED : NONE_VIOLATED;
}
