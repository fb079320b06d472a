/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tour.h - what the stops of `minivmx tour` are made of: a stop's data, and the steps that they share.
 *
 * Reached from tour.c, which goes from stop to stop; continues in tour_stops.c (the stops),
 * tour_step.c (a small guest: make it, run it, show what that has changed) and tour_source.c
 * (the module's own source).
 */
#ifndef MINIVMX_TOOLS_TOUR_H
#define MINIVMX_TOOLS_TOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "recorder.h"
#include "snapshot.h"
#include "tour_print.h"
#include "vm.h"

#define TOUR_RAM	(4ull << 20)

/* A guest of a few instructions. The text is what has been assembled. */
struct tour_guest {
	const uint8_t *begin, *end;
	enum guest_mode mode;
	const char *text;
};

#define TOUR_GUEST(name, bits, mode_, code)						\
	asm(".pushsection .rodata\n\t.code" #bits "\n" #name "_begin:\n" code		\
	    "\n" #name "_end:\n\t.code64\n\t.popsection");				\
	extern const uint8_t name##_begin[], name##_end[];				\
	static const struct tour_guest name = { name##_begin, name##_end, mode_, code }

/* A part of the source: a function, or in it the lines from the one with `from` to the one with `to`. */
struct excerpt {
	const char *path, *function, *from, *to;
};

#define TOUR_EXCERPTS	2
#define TOUR_TITLES	4

struct tour;

struct stop {
	const char *name, *title;
	const char *text;			/* what the step is about, before it is done; paragraphs */
	struct excerpt source[TOUR_EXCERPTS];	/* what does it */
	void (*step)(struct tour *tour);	/* does it, and says what has come of it */
	const char *sdm[TOUR_TITLES];		/* where to read on */
};

extern const struct stop tour_stops[];
extern const unsigned int tour_stop_count;

struct tour {
	const char *device;
	const struct stop *stop;
	unsigned int wrong;		/* what did not come as told */
	bool failed;			/* this step can't go on, and has said why */
	struct vm vm;			/* the stop's guest */
	struct snapshot before, after;	/* of the last entry */
	uint64_t exits;			/* shown so far */
};

/* ---------------------------------------------------------------------- tour_source.c */

/* False: there is no such part. */
bool tour_print_excerpt(const struct excerpt *excerpt);
/* Lines of the file; false as above. */
bool tour_find_excerpt(const struct excerpt *excerpt, unsigned int *first, unsigned int *last);

/* ------------------------------------------------------------------------ tour_step.c */

/*
 * After the first that fails the others of a step do nothing: tour->failed. What can't be done (a
 * device, an ioctl) and what comes otherwise than told is said on stderr, and ends the step.
 */
void tour_begin(struct tour *tour, const struct tour_guest *guest);
void tour_end(struct tour *tour);

bool tour_get_regs(struct tour *tour, struct minivmx_regs *regs);
bool tour_set_regs(struct tour *tour, const struct minivmx_regs *regs);
bool tour_interrupt(struct tour *tour, uint32_t vector);
bool tour_take(struct tour *tour, struct snapshot *snapshot);
/* RUN has to end with this MINIVMX_EXIT_*. */
bool tour_run_unseen(struct tour *tour, uint32_t exit_reason);
/* The same between two looks at the VMCS. */
bool tour_run(struct tour *tour, uint32_t exit_reason);
uint64_t tour_stat(struct tour *tour, const char *name);

/* What is told has to be true; says the rest, and counts it, if not. */
bool tour_expect(struct tour *tour, bool claim, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The fields that the last tour_run() has changed, without the host-state area. */
void tour_print_changes(const struct tour *tour);
/* The exits since the last call, from the flight recorder; returns how many, the last ones in record[]. */
size_t tour_print_exits(struct tour *tour, struct minivmx_exit_record record[RECORDER_MAX]);

uint64_t tour_field(const struct snapshot *snapshot, uint32_t encoding);

#endif /* MINIVMX_TOOLS_TOUR_H */
