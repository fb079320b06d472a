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

#include "differential.h"

static const struct program_list * const lists[] = {
	&programs_basic, &programs_faults, &programs_io,
};

#define LISTS	(sizeof(lists) / sizeof(lists[0]))

static struct {
	const char *only;
	bool verbose, list, all;
} options;

static struct machine kvm, minivmx;
static unsigned int programs, differences;

static void run_program(const struct program *program)
{
	int ret = machine_run(&kvm, program), ret2 = machine_run(&minivmx, program);
	bool equal = !ret && !ret2 && outcomes_equal(program, &kvm, &minivmx);

	if (ret || ret2)
		printf("#   set-up: %s, %s\n", strerror(-ret), strerror(-ret2));
	if (options.verbose)
		print_outcomes(&kvm, &minivmx);
	programs++;
	differences += !equal;
	printf("%s %u - %s: %s\n", equal ? "ok" : "not ok", programs, mode_names[program->mode],
	       program->name);
	fflush(stdout);
}

/* What minivmx does not do yet. */
static bool pending(const struct program *program)
{
	static const char * const names[] = { "limits", "privileged" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(program->name, names[i]))
			return true;
	return program->mode == PAE;
}

static bool wanted(const struct program *program)
{
	if (!options.all && pending(program))
		return false;
	return !options.only || strstr(program->name, options.only);
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

static void read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "list", no_argument, NULL, 'l' },
		{ "all", no_argument, NULL, 'a' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 'o': options.only = optarg; break;
		case 'v': options.verbose = true; break;
		case 'l': options.list = true; break;
		case 'a': options.all = true; break;
		default:
			fprintf(stderr, "differential [--only NAME] [--verbose] [--list] [--all]\n");
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	if (options.list) {
		for_each_program(list_program);
		return 0;
	}
	if (!vm_present(KVM_DEVICE) || !vm_present(MINIVMX_DEVICE)) {
		printf("1..0 # SKIP it takes " KVM_DEVICE " and " MINIVMX_DEVICE "\n");
		return 0;
	}
	if (create(&kvm, KVM_DEVICE) || create(&minivmx, MINIVMX_DEVICE) ||
	    machine_share_cpuid(&minivmx, &kvm))
		return 1;
	printf("1..%u\n", for_each_program(NULL));
	for_each_program(run_program);
	vm_destroy(&kvm.vm);
	vm_destroy(&minivmx.vm);
	printf("%u programs, %u differences\n", programs, differences);
	return differences != 0;
}
