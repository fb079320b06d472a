// SPDX-License-Identifier: GPL-2.0
/*
 * tour_print.c - the tour's and the lab's text on stdout: headings, and paragraphs with their lines broken.
 *
 * Reached from tour.c, the stops, and lab.c.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tour_print.h"

#define COLUMNS	92
#define INDENT	6

void tour_heading(const char *format, ...)
{
	bool colour = isatty(STDOUT_FILENO);
	va_list args;

	printf(colour ? "\n\033[1m" : "\n");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(colour ? "\033[0m\n" : "\n");
}

/* Lines after the first begin in that column. Spaces stay as they are, but where a line is broken. */
static void print_paragraph(const char *text, size_t length, int indent)
{
	int column = 0;

	while (length) {
		size_t gap = strspn(text, " "), word = strcspn(text + gap, " \n");

		if (gap + word > length)
			word = length - gap;
		if (column && column + (int)(gap + word) > COLUMNS) {
			column = printf("\n%*s", indent, "") - 1;
			text += gap;
			length -= gap;
			gap = 0;
		}
		column += printf("%.*s", (int)(gap + word), text);
		text += gap + word;
		length -= gap + word;
	}
	putchar('\n');
}

void tour_say(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	for (const char *at = text; at && *at; at += strspn(at, "\n")) {
		size_t length = strcspn(at, "\n");

		print_paragraph(at, length, length > 0 && *at == ' ' ? INDENT : 0);
		at += length;
	}
	free(text);
}

void tour_explain(const struct snapshot *snapshot, void (*explain)(FILE *out, const struct snapshot *snapshot))
{
	char *text = NULL, *next;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	explain(out, snapshot);
	fclose(out);
	for (char *line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		if (!strncmp(line, "    ", 4))
			puts(line);
		else
			tour_say("%s", line);
	}
	free(text);
}
