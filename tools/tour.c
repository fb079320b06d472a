// SPDX-License-Identifier: GPL-2.0
/*
 * tour.c - `minivmx tour`: VMX step by step, each done on this CPU, with the source that does it.
 *
 * Reached from main.c; goes from stop to stop of tour_stops.c and waits for a key between them.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "choose.h"
#include "command.h"
#include "json.h"
#include "tour.h"
#include "tty_mode.h"

#define CTRL_C	3
#define CTRL_D	4

struct tour_options {
	const char *device, *stop;
	bool automatic, list, json;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct tour_options *options = state->input;

	switch (key) {
	case 'd':
		options->device = arg;
		return 0;
	case 'a':
		options->automatic = true;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'l':
		options->list = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->stop)
			argp_error(state, "one stop at a time; \"%s\" is one too many", arg);
		options->stop = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *stop_name(unsigned int index)
{
	return tour_stops[index].name;
}

static int list_stops(void)
{
	bool found = true;

	for (unsigned int i = 0; i < tour_stop_count; i++) {
		const struct stop *stop = &tour_stops[i];

		printf("%2u  %-9s  %s\n", i + 1, stop->name, stop->title);
		for (unsigned int j = 0; j < TOUR_EXCERPTS && stop->source[j].path; j++) {
			const struct excerpt *excerpt = &stop->source[j];
			unsigned int first, last;

			if (!tour_find_excerpt(excerpt, &first, &last)) {
				complain("tour: %s: %s has no such part of %s()", stop->name, excerpt->path,
					 excerpt->function);
				found = false;
				continue;
			}
			printf("               %s: %s(), lines %u to %u\n", excerpt->path, excerpt->function, first, last);
		}
	}
	return found ? STATUS_OK : STATUS_HOST_ERROR;
}

static int list_stops_json(void)
{
	struct json json = { .out = stdout };

	json_array_begin(&json, NULL);
	for (unsigned int i = 0; i < tour_stop_count; i++) {
		const struct stop *stop = &tour_stops[i];

		json_object_begin(&json, NULL);
		json_number(&json, "number", i + 1);
		json_string(&json, "name", stop->name);
		json_string(&json, "title", stop->title);
		json_array_begin(&json, "source");
		for (unsigned int j = 0; j < TOUR_EXCERPTS && stop->source[j].path; j++) {
			json_object_begin(&json, NULL);
			json_string(&json, "path", stop->source[j].path);
			json_string(&json, "function", stop->source[j].function);
			json_object_end(&json);
		}
		json_array_end(&json);
		json_object_end(&json);
	}
	json_array_end(&json);
	return STATUS_OK;
}

static void print_source(struct tour *tour, const struct excerpt *excerpt)
{
	unsigned int first, last;

	if (!excerpt->path)
		return;
	if (!tour_expect(tour, tour_find_excerpt(excerpt, &first, &last), "%s has no such part of %s()",
			 excerpt->path, excerpt->function))
		return;
	tour_heading("%s: %s()", excerpt->path, excerpt->function);
	tour_print_excerpt(excerpt);
}

/* False: the reader has had enough. */
static bool wait_for_key(const char *next)
{
	bool terminal = isatty(STDIN_FILENO);
	char key = 'q';

	printf("\n[any key: %s; q: the end] ", next);
	fflush(stdout);
	if (terminal && tty_make_raw() < 0)
		terminal = false;
	if (read(STDIN_FILENO, &key, 1) < 1)
		key = 'q';
	if (terminal)
		tty_restore();
	putchar('\n');
	return key != 'q' && key != 'Q' && key != CTRL_C && key != CTRL_D;
}

/* False as above. */
static bool visit(struct tour *tour, const struct stop *stop, bool waits)
{
	tour->stop = stop;
	tour->failed = false;
	tour->vm = (struct vm){ .device = -1, .fd = -1 };
	tour_heading("==== %zu of %u: %s ====", stop - tour_stops + 1, tour_stop_count, stop->title);
	tour_say("%s", stop->text);
	for (unsigned int i = 0; i < TOUR_EXCERPTS; i++)
		print_source(tour, &stop->source[i]);
	if (waits && !wait_for_key("do it"))
		return false;
	stop->step(tour);
	tour_end(tour);
	tour->wrong += tour->failed;
	tour_heading("Read on in the SDM");
	for (unsigned int i = 0; i < TOUR_TITLES && stop->sdm[i]; i++)
		printf("  %s\n", stop->sdm[i]);
	/* Without a device the others would fail like this one. */
	return !tour->failed;
}

static int go(const struct tour_options *options)
{
	unsigned int first = 0, end = tour_stop_count;
	bool waits = !options->stop && !options->automatic;
	static struct tour tour;

	if (options->stop) {
		first = choose(options->stop, tour_stop_count, stop_name);
		end = first + 1;
	}
	if (first == tour_stop_count) {
		complain("no stop \"%s\"; `minivmx tour --list` lists them", options->stop);
		return STATUS_USAGE;
	}
	tour.device = options->device;
	for (unsigned int i = first; i < end; i++) {
		if (!visit(&tour, &tour_stops[i], waits))
			break;
		if (waits && i + 1 < end && !wait_for_key("the next stop"))
			break;
	}
	return tour.wrong ? STATUS_HOST_ERROR : STATUS_OK;
}

int command_tour(int argc, char **argv)
{
	static const struct argp_option option_table[] = {
		{ .name = "auto", .key = 'a', .doc = "do not wait for keys" },
		{ .name = "list", .key = 'l', .doc = "list the stops, and the source that each shows" },
		{ .name = "json", .key = 'j', .doc = "the list as JSON" },
		{ .name = "device", .key = 'd', .arg = "PATH", .doc = "the module's device (/dev/minivmx)" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = option_table, .parser = parse_option, .args_doc = "[STOP]",
		.doc = "A tour of VMX in twelve stops, from VMXON to VMXOFF. Each does its step on this CPU with a guest of a "
		       "few instructions, and shows the module's source for it, the VMCS fields that have changed, the "
		       "exits, and where the SDM describes it. STOP, a name or a number: that one alone.\v"
		       "Every step checks that what it tells has happened. Exit status: 0, or 1 where it has not, or the "
		       "device can't be used.",
	};
	struct tour_options options = { .device = MINIVMX_DEVICE };

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.json)
		return list_stops_json();
	return options.list ? list_stops() : go(&options);
}
