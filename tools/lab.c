// SPDX-License-Identifier: GPL-2.0
/*
 * lab.c - `minivmx lab`: a fault is in a good VMCS; who finds the rule that it breaks?
 *
 * Reached from main.c; the faults are those of lab_faults.c, lab_check.c puts them in. It needs no device,
 * but for who wants to see what the CPU says: trial.c.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <minivmx.h>

#include "choose.h"
#include "command.h"
#include "explain.h"
#include "json.h"
#include "lab.h"
#include "tour_print.h"
#include "trial.h"
#include "vmcs_print.h"

#define CHOICES		(1 + LAB_OTHERS)
#define HINTS		3
#define POINTS		10
#define HINT_COST	2
#define TRY_COST	3
#define LEAST		1	/* for who finds it at all */
#define LINE		128

struct lab_options {
	const char *device, *fault;
	bool list, json, check_all;
};

struct exercise {
	const struct fault *fault;
	const struct rule *choice[CHOICES];
	struct finding answer;
	struct snapshot snapshot;
	unsigned int hints, wrong;
};

enum outcome { SOLVED, GIVEN_UP, QUIT };

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct lab_options *options = state->input;

	switch (key) {
	case 'd':
		options->device = arg;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'l':
		options->list = true;
		return 0;
	case 'c':
		options->check_all = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->fault)
			argp_error(state, "one fault at a time; \"%s\" is one too many", arg);
		options->fault = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *fault_name(unsigned int index)
{
	return lab_faults[index].name;
}

/* ------------------------------------------------------------------------- what is shown */

static bool is_looked_at(const struct exercise *exercise, uint32_t encoding)
{
	for (unsigned int i = 0; i < CHOICES; i++)
		for (size_t j = 0; j < exercise->choice[i]->field_count; j++)
			if (exercise->choice[i]->fields[j] == encoding)
				return true;
	return false;
}

/* Of each area what one of the choices is about. */
static void print_fields(const struct exercise *exercise)
{
	const struct snapshot *snapshot = &exercise->snapshot;

	tour_heading("What the VMCS says (\"vmcs\" shows all of it)");
	for (enum vmcs_area area = 0; area < VMCS_AREAS; area++) {
		const char *title = vmcs_area_title(area);

		for (unsigned int i = 0; i < snapshot->fields; i++) {
			const struct snapshot_pair *field = &snapshot->field[i];

			if (vmcs_field_area(field->number) != area || !is_looked_at(exercise, field->number))
				continue;
			if (title)
				printf("%s\n", title);
			title = NULL;
			vmcs_print_field(snapshot, field->number, field->value);
		}
	}
	vmcs_print_entry_msrs(snapshot);
}

static void print_exercise(const struct exercise *exercise, unsigned int number)
{
	tour_heading("==== Fault %u of %u: %s ====", number + 1, lab_fault_count, exercise->fault->name);
	tour_say("%s", exercise->fault->story);
	tour_explain(&exercise->snapshot, explain_failure);
	print_fields(exercise);
	tour_heading("Which rule is broken?");
	for (unsigned int i = 0; i < CHOICES; i++)
		tour_say("  %c  %s: %s", 'a' + i, exercise->choice[i]->id, exercise->choice[i]->sentence);
}

static void print_hint(struct exercise *exercise)
{
	const struct rule *rule = exercise->answer.rule;
	uint64_t value, wrong_bits = rule_wrong_bits(rule, &exercise->snapshot);

	if (exercise->hints == HINTS) {
		printf("There are no more hints.\n");
		return;
	}
	switch (exercise->hints++) {
	case 0:
		printf("Read SDM 3C \"%s\".\n", rule->section);
		return;
	case 1:
		printf("Look at");
		for (size_t i = 0; i < rule->field_count; i++)
			printf("%s %s", i ? "," : "", vmcs_field_find(rule->fields[i])->title);
		printf(".\n");
		return;
	}
	for (size_t i = 0; i < rule->field_count; i++)
		if (snapshot_field(&exercise->snapshot, rule->fields[i], &value))
			vmcs_print_field(&exercise->snapshot, rule->fields[i], value);
	if (wrong_bits)
		printf("  of the first, these bits are wrong: 0x%" PRIx64 "\n", wrong_bits);
	if (exercise->answer.entry)
		printf("  the entry that fails is number %u\n", exercise->answer.entry);
}

/* The same fault in a VMCS of this CPU's. What can't be done is said, and the exercise goes on. */
static void try_on_cpu(const struct exercise *exercise, const char *device)
{
	const struct rule *rule = exercise->answer.rule;
	static struct trial_guest guest;
	struct trial trial = { 0 };

	if (!trial_guest_open(&guest, device, breach_of(rule->id)->mode) && !trial_of_rule(&trial, &guest, rule)) {
		if (trial.result == TRIAL_UNTESTED)
			tour_say("It has not been tried: %s.", trial.why);
		else
			tour_say("This CPU, with the same fault in a VMCS of its own: %s.%s", trial.cpu,
				 trial.result == TRIAL_DISAGREES ? " The SDM has it otherwise: an emulator checks less." : "");
	}
	trial_guest_close(&guest);
}

/* --------------------------------------------------------------------------- the dialogue */

/* The right answer is now here, now there. */
static void begin(struct exercise *exercise, unsigned int number)
{
	const struct fault *fault = &lab_faults[number];
	unsigned int place = number * 7 % 11 % CHOICES;

	*exercise = (struct exercise){ .fault = fault };
	exercise->answer = lab_break(&exercise->snapshot, fault);
	for (unsigned int i = 0, other = 0; i < CHOICES; i++)
		exercise->choice[i] = i == place ? exercise->answer.rule : rule_by_id(fault->others[other++]);
}

static unsigned int points(const struct exercise *exercise)
{
	unsigned int cost = exercise->hints * HINT_COST + exercise->wrong * TRY_COST;

	return cost + LEAST > POINTS ? LEAST : POINTS - cost;
}

/* NULL: the line is neither a choice nor a rule. */
static const struct rule *answered(const struct exercise *exercise, const char *line)
{
	if (line[0] >= 'a' && line[0] < 'a' + CHOICES && !line[1])
		return exercise->choice[line[0] - 'a'];
	return rule_by_id(line);
}

static void explain_answer(const struct exercise *exercise)
{
	const struct rule *rule = exercise->answer.rule;

	tour_say("%s, in SDM 3C \"%s\". %s", rule->id, rule->section, rule->sentence);
	tour_say("Usual cause: %s\nRemedy: %s", rule->cause, rule->remedy);
}

/* A line without its blanks; false at the end of the input. */
static bool read_line(char line[LINE])
{
	size_t length;

	printf("\na to d, a rule's id, hint, vmcs, try, skip, quit> ");
	fflush(stdout);
	if (!fgets(line, LINE, stdin)) {
		putchar('\n');
		return false;
	}
	/* The rest of one that is too long is no answer either. */
	if (!strchr(line, '\n'))
		for (int c = getchar(); c != EOF && c != '\n'; c = getchar())
			;
	length = strspn(line, " \t");
	memmove(line, line + length, strlen(line + length) + 1);
	line[strcspn(line, " \t\r\n")] = 0;
	return true;
}

static enum outcome ask(struct exercise *exercise, const char *device)
{
	char line[LINE];

	while (read_line(line)) {
		const struct rule *rule = answered(exercise, line);

		if (!strcmp(line, "quit") || !strcmp(line, "q"))
			return QUIT;
		if (!strcmp(line, "skip"))
			return GIVEN_UP;
		if (!strcmp(line, "hint"))
			print_hint(exercise);
		else if (!strcmp(line, "vmcs"))
			vmcs_print(&exercise->snapshot);
		else if (!strcmp(line, "try"))
			try_on_cpu(exercise, device);
		else if (rule == exercise->answer.rule)
			return SOLVED;
		else if (!rule)
			printf("\"%s\" is no answer: it is neither of a to d nor a rule (`minivmx explain --list`).\n", line);
		else {
			printf("No: %s holds here.\n", rule->id);
			exercise->wrong++;
		}
	}
	return QUIT;
}

static int go(unsigned int first, unsigned int end, const char *device)
{
	unsigned int total = 0, tried = 0;
	static struct exercise exercise;

	for (unsigned int i = first; i < end; i++) {
		enum outcome outcome;

		begin(&exercise, i);
		print_exercise(&exercise, i);
		outcome = ask(&exercise, device);
		if (outcome == QUIT)
			break;
		tried++;
		if (outcome == SOLVED)
			total += points(&exercise);
		printf(outcome == SOLVED ? "Right: %u of %u points.\n" : "No points. It is:\n", points(&exercise), POINTS);
		explain_answer(&exercise);
	}
	printf("Total: %u of %u points for %u fault%s.\n", total, POINTS * tried, tried, tried == 1 ? "" : "s");
	return STATUS_OK;
}

static int list(void)
{
	for (unsigned int i = 0; i < lab_fault_count; i++)
		printf("%2u  %-17s  %s\n", i + 1, lab_faults[i].name, stage_name(rule_by_id(lab_faults[i].rule)->stage));
	return STATUS_OK;
}

static int list_json(void)
{
	struct json json = { .out = stdout };

	json_array_begin(&json, NULL);
	for (unsigned int i = 0; i < lab_fault_count; i++) {
		json_object_begin(&json, NULL);
		json_number(&json, "number", i + 1);
		json_string(&json, "name", lab_faults[i].name);
		json_string(&json, "outcome", stage_name(rule_by_id(lab_faults[i].rule)->stage));
		json_object_end(&json);
	}
	json_array_end(&json);
	return STATUS_OK;
}

static int check_all(void)
{
	if (lab_check_all())
		return STATUS_HOST_ERROR;
	printf("%u faults, and each breaks the rule that is its answer, and that alone\n", lab_fault_count);
	return STATUS_OK;
}

int command_lab(int argc, char **argv)
{
	static const struct argp_option option_table[] = {
		{ .name = "device", .key = 'd', .arg = "PATH", .doc = "what \"try\" tries the fault on (/dev/minivmx)" },
		{ .name = "list", .key = 'l', .doc = "list the faults, and what the CPU says to each" },
		{ .name = "json", .key = 'j', .doc = "the list as JSON" },
		{ .name = "check-all", .key = 'c', .doc = "check that each fault breaks its rule, and no other" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "[FAULT]",
		.doc = "A good VMCS has got a fault, and its entry fails. You see what a hypervisor's author sees, and say which "
		       "rule of VM entry is broken. FAULT is a number or a name; without it all come, one by one.\v"
		       "A fault found at once is worth 10 points, a hint costs 2, a wrong answer 3. The first hint names the section "
		       "of the SDM, the second the fields, the third their values. Nothing is saved. No device is needed, but \"try\" asks "
		       "this CPU, if the module is in study mode (see `minivmx prove --help`).",
	};
	struct lab_options options = { .device = MINIVMX_DEVICE };
	unsigned int fault;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.json)
		return list_json();
	if (options.list)
		return list();
	if (options.check_all)
		return check_all();
	if (!options.fault)
		return go(0, lab_fault_count, options.device);
	fault = choose(options.fault, lab_fault_count, fault_name);
	if (fault == lab_fault_count) {
		complain("no fault \"%s\"; `minivmx lab --list` lists all %u", options.fault, lab_fault_count);
		return STATUS_USAGE;
	}
	return go(fault, fault + 1, options.device);
}
