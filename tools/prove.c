// SPDX-License-Identifier: GPL-2.0
/*
 * prove.c - `minivmx prove`: the rules of VM entry against the CPU.
 *
 * Reached from main.c; continues in trial.c. For each rule a good VMCS is made bad, and VMLAUNCH really
 * tried; what breaks no rule must enter. The module has to be in study mode.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <minivmx.h>

#include "command.h"
#include "json.h"
#include "rules.h"
#include "trial.h"

#define SKIP_MAX	16

enum prove_status { ALL_AGREE = STATUS_OK, SOME_DISAGREE = STATUS_HOST_ERROR };

struct prove_options {
	const char *device;
	bool json;
	char **ids;		/* of rules; none: all */
	unsigned int count;
	const char *skip[SKIP_MAX];
	unsigned int skips;
};

struct prove {
	const struct prove_options *options;
	struct json json;
	struct trial_guest guest[SNAPSHOT_MODES];
	unsigned int rules[TRIAL_UNTESTED + 1], right[TRIAL_UNTESTED + 1];	/* by result */
};

static const char *known_rule(const char *id, struct argp_state *state)
{
	if (!rule_by_id(id))
		argp_error(state, "there is no rule \"%s\"; `minivmx explain --list` lists them", id);
	return id;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct prove_options *options = state->input;

	switch (key) {
	case 'd':
		options->device = arg;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 's':
		if (options->skips == SKIP_MAX)
			argp_error(state, "at most %d rules can be left out", SKIP_MAX);
		options->skip[options->skips++] = known_rule(arg, state);
		return 0;
	case ARGP_KEY_ARGS:
		options->ids = state->argv + state->next;
		options->count = state->argc - state->next;
		for (unsigned int i = 0; i < options->count; i++)
			known_rule(options->ids[i], state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *result_name(enum trial_result result)
{
	static const char * const names[] = {
		[TRIAL_PROVED] = "proved", [TRIAL_DISAGREES] = "disagrees", [TRIAL_UNTESTED] = "untested",
	};

	return names[result];
}

static void json_trial(struct json *json, const char *key, const char *name, const char *section,
		       const struct trial *trial)
{
	json_object_begin(json, NULL);
	json_string(json, key, name);
	if (section)
		json_string(json, "section", section);
	json_string(json, "result", result_name(trial->result));
	json_string(json, "changes", trial->changes);
	json_string(json, "predicted", trial->predicted);
	json_string(json, "cpu", trial->cpu[0] ? trial->cpu : NULL);
	json_string(json, "why", trial->why[0] ? trial->why : NULL);
	json_object_end(json);
}

/* A rule that was asked for by name is shown, whatever came of it. */
static void print_trial(const struct trial *trial, const char *name, bool all)
{
	if (trial->result == TRIAL_DISAGREES || (all && trial->result == TRIAL_PROVED))
		printf("%-10s %s\n           %s\n           predicted: %s; the CPU: %s\n", result_name(trial->result), name,
		       trial->changes[0] ? trial->changes : "nothing changed", trial->predicted, trial->cpu);
	else if (trial->result == TRIAL_UNTESTED)
		printf("%-10s %s\n           %s\n", result_name(trial->result), name, trial->why);
	/* What has been tried is to be known, should the machine not survive the next attempt. */
	fflush(stdout);
}

static bool is_skipped(const struct prove_options *options, const struct rule *rule)
{
	for (unsigned int i = 0; i < options->skips; i++)
		if (rule_by_id(options->skip[i]) == rule)
			return true;
	return false;
}

static int prove_rule(struct prove *prove, const struct rule *rule)
{
	const struct breach *breach = breach_of(rule->id);
	struct trial trial = { .result = TRIAL_UNTESTED, .why = "left out by --skip" };
	int status = 0;

	if (!is_skipped(prove->options, rule))
		status = trial_of_rule(&trial, &prove->guest[breach->mode], rule);
	if (status)
		return status;
	prove->rules[trial.result]++;
	if (prove->options->json)
		json_trial(&prove->json, "id", rule->id, rule->section, &trial);
	else
		print_trial(&trial, rule->id, prove->options->count);
	return 0;
}

static int prove_right_value(struct prove *prove, enum snapshot_mode mode, const struct near_miss *near_miss)
{
	const char *name = trial_mode_name(mode);
	struct trial trial;
	int status = trial_of_near_miss(&trial, &prove->guest[mode], near_miss);

	if (status)
		return status;
	prove->right[trial.result]++;
	if (prove->options->json)
		json_trial(&prove->json, "mode", name, NULL, &trial);
	else if (trial.result == TRIAL_DISAGREES)
		print_trial(&trial, name, false);
	return 0;
}

static int prove_rules(struct prove *prove)
{
	const struct prove_options *options = prove->options;
	const struct rule *rule;
	int status = 0;

	json_array_begin(&prove->json, "rules");
	for (unsigned int i = 0; !status && i < options->count; i++)
		status = prove_rule(prove, rule_by_id(options->ids[i]));
	for (size_t i = 0; !status && !options->count && (rule = rule_at(i)); i++)
		status = prove_rule(prove, rule);
	json_array_end(&prove->json);
	return status;
}

/* The good VMCSs as they are, and with what comes near to breaking a rule. */
static int prove_right_values(struct prove *prove)
{
	int status = 0;

	json_array_begin(&prove->json, "right_values");
	for (enum snapshot_mode mode = 0; !status && mode < SNAPSHOT_MODES; mode++)
		status = prove_right_value(prove, mode, NULL);
	for (size_t i = 0; !status && i < near_miss_count; i++)
		status = prove_right_value(prove, near_misses[i].mode, &near_misses[i]);
	json_array_end(&prove->json);
	return status;
}

static int prove_all(struct prove *prove)
{
	bool json = prove->options->json;
	int status;

	/* Without --json what is written as JSON goes nowhere. */
	prove->json.out = json ? stdout : fopen("/dev/null", "w");
	if (!prove->json.out) {
		complain("/dev/null can't be opened");
		return STATUS_HOST_ERROR;
	}
	json_object_begin(&prove->json, NULL);
	json_string(&prove->json, "cpu", prove->guest[0].base.cpu);
	status = prove_right_values(prove);
	if (!status)
		status = prove_rules(prove);
	json_object_end(&prove->json);
	if (status || json)
		return status;
	printf("%s\n%u right values entered, %u disagree, %u not tried\n"
	       "%u rules proved, %u disagree, %u not tested\n", prove->guest[0].base.cpu,
	       prove->right[TRIAL_PROVED], prove->right[TRIAL_DISAGREES], prove->right[TRIAL_UNTESTED],
	       prove->rules[TRIAL_PROVED], prove->rules[TRIAL_DISAGREES], prove->rules[TRIAL_UNTESTED]);
	return 0;
}

int command_prove(int argc, char **argv)
{
	static const struct argp_option option_table[] = {
		{ .name = "device", .key = 'd', .arg = "PATH", .doc = "the module's device (/dev/minivmx)" },
		{ .name = "json", .key = 'j', .doc = "every rule and right value as JSON" },
		{ .name = "skip", .key = 's', .arg = "RULE-ID", .doc = "leave this rule out, of which an emulator dies" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "[RULE-ID...]",
		.doc = "Breaks the rules of VM entry one by one in a good VMCS, predicts how the entry fails, tries it, "
		       "and compares; and tries what comes near to breaking one, which must enter. No guest runs.\v"
		       "Prints the rules where CPU and prediction disagree and those that can't be tested here, and why. "
		       "Needs the module's study mode (insmod minivmx.ko study=1), which taints the kernel: where a CPU "
		       "accepts what it should refuse, the host may be lost. Try it on a machine that nobody needs.\n"
		       "Exit status: 0 all that was tested agrees, 1 it does not or can't be tried, 2 usage.",
	};
	struct prove_options options = { .device = MINIVMX_DEVICE };
	struct prove *prove = calloc(1, sizeof(*prove));
	enum snapshot_mode modes = 0;
	int status = prove ? 0 : STATUS_HOST_ERROR;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (!prove) {
		complain("no memory");
		return status;
	}
	prove->options = &options;
	for (; !status && modes < SNAPSHOT_MODES; modes++)
		status = trial_guest_open(&prove->guest[modes], options.device, modes);
	if (!status)
		status = prove_all(prove);
	if (!status && (prove->rules[TRIAL_DISAGREES] || prove->right[TRIAL_DISAGREES]))
		status = SOME_DISAGREE;
	while (modes)
		trial_guest_close(&prove->guest[--modes]);
	free(prove);
	return status;
}
