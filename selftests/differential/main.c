// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the differential test: options, the list of programs, and the count.
 *
 * Prints TAP, and as its last line `N programs, N differences`.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

static const struct program_list * const lists[] = {
	&programs_basic, &programs_faults, &programs_io, &programs_mmio,
	&programs_modes, &programs_system, &programs_events, &programs_fpu,
};

#define LISTS	(sizeof(lists) / sizeof(lists[0]))

static struct {
	const char *only;
	bool verbose, list, random_only, oracle;
	__u64 count, seed, first;	/* of random programs */
	int mode;			/* -1: all */
} options = { .count = 500, .seed = 1, .mode = -1 };

static const char usage[] =
	"differential [--only NAME,...] [--random COUNT] [--seed S] [--first N] [--mode MODE]\n"
	"             [--random-only] [--verbose] [--list] [--oracle]\n"
	"  --only NAME     programs whose names contain one of these, and no random ones\n"
	"  --random COUNT  after the programs, COUNT random ones (500), from number N on\n"
	"  --verbose       what each program did, KVM left, minivmx right\n"
	"  --oracle        on KVM alone: does each program come to its end?\n";

static struct machine kvm, minivmx;
static unsigned int programs, differences;

/* Did the program come to its end? */
static bool ended(const struct outcome *outcome)
{
	const struct event *last = &outcome->event[outcome->events - 1];

	return outcome->events && last->kind == EVENT_OUT && last->address == PORT_END;
}

static bool compare(const struct program *program)
{
	int ret = machine_run(&kvm, program), ret2 = machine_run(&minivmx, program);
	bool equal = !ret && !ret2 && outcomes_equal(&kvm, &minivmx);
	const struct known_difference *known = known_difference(program);

	if (ret || ret2)
		printf("#   set-up: %s, %s\n", strerror(-ret), strerror(-ret2));
	if (options.verbose)
		print_outcomes(&kvm, &minivmx);
	if (!known)
		return equal;
	if (equal && known->may_hide)
		return true;
	printf("# %s: %s\n", equal ? "no more a difference" : "known", known->argument);
	/* Whatever the difference: no row excuses that a program does not end. */
	return !equal && !ret && !ret2 && ended(&kvm.outcome) && ended(&minivmx.outcome);
}

/* On KVM alone. */
static bool check(const struct program *program)
{
	int ret = machine_run(&kvm, program);

	if (options.verbose)
		print_outcomes(&kvm, &minivmx);
	return !ret && ended(&kvm.outcome);
}

static bool judge(const struct program *program)
{
	bool good = options.oracle ? check(program) : compare(program);

	programs++;
	differences += !good;
	return good;
}

static void run_program(const struct program *program)
{
	bool equal = judge(program);

	printf("%s %u - %s: %s\n", equal ? "ok" : "not ok", programs, mode_names[program->mode],
	       program->name);
	fflush(stdout);
}

/* Is one of the comma-separated parts in the name? */
static bool names_contain(const char *parts, const char *name)
{
	char part[64];

	for (int size; *parts; parts += size + (parts[size] == ',')) {
		size = strcspn(parts, ",");
		snprintf(part, sizeof(part), "%.*s", size, parts);
		if (strstr(name, part))
			return true;
	}
	return false;
}

static bool wanted(const struct program *program)
{
	return !options.only || names_contain(options.only, program->name);
}

static unsigned int for_each_program(void (*work)(const struct program *program))
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < LISTS; i++) {
		for (unsigned int n = 0; n < lists[i]->count; n++) {
			if (!wanted(&lists[i]->programs[n]))
				continue;
			count++;
			if (work)
				work(&lists[i]->programs[n]);
		}
	}
	return count;
}

#define RANDOM_BATCH	500

/* Thousands of them: a line for each batch, and for each program that differs. */
static void run_random(void)
{
	unsigned int test = programs, before = differences;
	double start = vm_seconds();

	for (__u64 i = 0; i < options.count; i++) {
		const struct program *program =
			random_program(options.seed, options.first + i, options.mode);

		if (!judge(program))
			printf("# differs: %s: %s\n", mode_names[program->mode], program->name);
		if ((i + 1) % RANDOM_BATCH && i + 1 < options.count)
			continue;
		printf("%s %u - random programs to %llu, seed %llu, %.0f s\n",
		       differences == before ? "ok" : "not ok", ++test,
		       (unsigned long long)(options.first + i), (unsigned long long)options.seed,
		       vm_seconds() - start);
		before = differences;
		fflush(stdout);
	}
}

static void list_program(const struct program *program)
{
	printf("%s: %s\n", mode_names[program->mode], program->name);
}

static int create(struct machine *machine, const char *device)
{
	int ret = machine_create(machine, device);

	if (ret)
		printf("Bail out! %s: %s\n", device, strerror(-ret));
	return ret;
}

static int mode_by_name(const char *name)
{
	for (int mode = 0; mode < MODES; mode++)
		if (!strcmp(name, mode_names[mode]))
			return mode;
	fprintf(stderr, "no such mode: %s\n", name);
	exit(2);
}

static void read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "list", no_argument, NULL, 'l' },
		{ "random", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "mode", required_argument, NULL, 'm' },
		{ "random-only", no_argument, NULL, 'R' },
		{ "oracle", no_argument, NULL, 'O' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 'o': options.only = optarg; options.count = 0; break;
		case 'v': options.verbose = true; break;
		case 'l': options.list = true; break;
		case 'r': options.count = strtoull(optarg, NULL, 0); break;
		case 's': options.seed = strtoull(optarg, NULL, 0); break;
		case 'f': options.first = strtoull(optarg, NULL, 0); break;
		case 'm': options.mode = mode_by_name(optarg); break;
		case 'R': options.random_only = true; break;
		case 'O': options.oracle = true; break;
		default:
			fprintf(stderr, "%s", usage);
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned int batches;

	read_options(argc, argv);
	if (options.list) {
		for_each_program(list_program);
		return 0;
	}
	if (!vm_present(KVM_DEVICE) || (!options.oracle && !vm_present(MINIVMX_DEVICE))) {
		printf("1..0 # SKIP it takes " KVM_DEVICE " and " MINIVMX_DEVICE "\n");
		return 0;
	}
	if (create(&kvm, KVM_DEVICE))
		return 1;
	if (!options.oracle &&
	    (create(&minivmx, MINIVMX_DEVICE) || machine_share_cpuid(&minivmx, &kvm)))
		return 1;
	batches = (options.count + RANDOM_BATCH - 1) / RANDOM_BATCH;
	printf("1..%u\n", batches + (options.random_only ? 0 : for_each_program(NULL)));
	if (!options.random_only)
		for_each_program(run_program);
	run_random();
	vm_destroy(&kvm.vm);
	vm_destroy(&minivmx.vm);
	printf("%u programs, %u differences\n", programs, differences);
	return differences != 0;
}
