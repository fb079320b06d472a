// SPDX-License-Identifier: GPL-2.0
/*
 * doctor.c - `minivmx doctor`: is this machine fit for minivmx, and if not, why?
 *
 * Reached from main.c. The checks are in doctor_cpu.c and doctor_host.c; they read, and
 * change nothing. CR4.VMXE and the current VMCS can't be seen from userspace, so who owns
 * VMX operation is told by which modules are loaded.
 */
#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "doctor.h"
#include "json.h"

static const char * const verdict_names[] = {
	[VERDICT_OK] = "ok", [VERDICT_NOTE] = "note", [VERDICT_UNKNOWN] = "unknown", [VERDICT_BAD] = "BAD",
};

void doctor_add(struct doctor *doctor, const char *id, enum verdict verdict, const char *remedy,
		const char *text, ...)
{
	struct check *check = &doctor->checks[doctor->count];
	va_list args;

	if (doctor->count == CHECKS_MAX)
		return;
	doctor->count++;
	check->id = id;
	check->verdict = verdict;
	va_start(args, text);
	vsnprintf(check->text, sizeof(check->text), text, args);
	va_end(args);
	snprintf(check->remedy, sizeof(check->remedy), "%s", remedy ? remedy : "");
}

bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool read = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (read)
		line[strcspn(line, "\n")] = '\0';
	return read;
}

bool cpuinfo_has(const char *title, const char *word)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	size_t size = 0, length = strlen(title);
	bool found = false, seen = false;
	char *line = NULL;

	/* The first CPU's line stands for all: the kernel itself requires CPUs to be alike. */
	while (file && !seen && getline(&line, &size, file) > 0) {
		seen = !strncmp(line, title, length) && strchr("\t :", line[length]);
		for (char *next = strtok(line, " \t:\n"); seen && next && !found; next = strtok(NULL, " \t:\n"))
			found = !strcmp(next, word);
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

static size_t count_verdicts(const struct doctor *doctor, enum verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < doctor->count; i++)
		count += doctor->checks[i].verdict == verdict;
	return count;
}

static void print_text(const struct doctor *doctor)
{
	size_t bad = count_verdicts(doctor, VERDICT_BAD), unknown = count_verdicts(doctor, VERDICT_UNKNOWN);

	for (size_t i = 0; i < doctor->count; i++) {
		const struct check *check = &doctor->checks[i];

		printf("%-8s%-13s%s\n", verdict_names[check->verdict], check->id, check->text);
		if (check->remedy[0])
			printf("%21s-> %s\n", "", check->remedy);
	}
	if (bad)
		printf("\nNot fit: %zu check%s failed.\n", bad, bad == 1 ? "" : "s");
	else if (unknown)
		printf("\nFit, as far as could be read: %zu check%s could not be made.\n", unknown, unknown == 1 ? "" : "s");
	else
		printf("\nFit.\n");
}

static void print_json(const struct doctor *doctor)
{
	struct json json = { .out = stdout };

	json_object_begin(&json, NULL);
	json_bool(&json, "fit", !count_verdicts(doctor, VERDICT_BAD));
	json_number(&json, "unknown", count_verdicts(doctor, VERDICT_UNKNOWN));
	json_array_begin(&json, "checks");
	for (size_t i = 0; i < doctor->count; i++) {
		const struct check *check = &doctor->checks[i];

		json_object_begin(&json, NULL);
		json_string(&json, "id", check->id);
		json_string(&json, "verdict", check->verdict == VERDICT_BAD ? "bad" : verdict_names[check->verdict]);
		json_string(&json, "text", check->text);
		json_string(&json, "remedy", check->remedy[0] ? check->remedy : NULL);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
}

int command_doctor(int argc, char **argv)
{
	static const struct argp_option option_table[] = {
		{ .name = "json", .key = 'j', .doc = "print JSON" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = option_table, .parser = parse_json_option,
		.doc = "Checks whether this machine can run minivmx; each line that fails says what to do.\v"
		       "It changes nothing, and works without root and without the module; what it then "
		       "cannot read it says.\nExit status: 0 fit, 1 not fit, 2 usage.",
	};
	struct doctor doctor = { 0 };
	bool json = false;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	check_cpu(&doctor);
	check_host(&doctor);
	if (json)
		print_json(&doctor);
	else
		print_text(&doctor);
	return count_verdicts(&doctor, VERDICT_BAD) ? STATUS_HOST_ERROR : STATUS_OK;
}
