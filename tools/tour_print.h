/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tour_print.h - text for a person who learns: headings, and paragraphs with their lines broken.
 *
 * Reached from tour.c and its stops, and from lab.c; continues in tour_print.c.
 */
#ifndef MINIVMX_TOOLS_TOUR_PRINT_H
#define MINIVMX_TOOLS_TOUR_PRINT_H

#include <stdio.h>

struct snapshot;

/* Stands out on a terminal. */
void tour_heading(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each line of the text is a paragraph; one that begins with a space has the rest of it indented. */
void tour_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the function writes, which is made for wider screens; its lines with values stay as they are. */
void tour_explain(const struct snapshot *snapshot, void (*explain)(FILE *out, const struct snapshot *snapshot));

#endif /* MINIVMX_TOOLS_TOUR_PRINT_H */
