// SPDX-License-Identifier: GPL-2.0
/*
 * tour_source.c - the module's source inside the tool: finds a function in it, and prints it.
 *
 * Reached from tour.c. The files are put in when the tool is built, so that what is shown is what stands
 * in the tree. Functions are found by the kernel's style: a definition begins in column 0, and so does
 * the brace that ends it.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tour.h"

#define TAB	4

/* The Makefile reads this list, too. */
#define SOURCES(EMBED)					\
	EMBED(enter,		"arch/x86/enter.S")	\
	EMBED(exit,		"arch/x86/exit.c")	\
	EMBED(exit_cpuid,	"arch/x86/exit_cpuid.c")	\
	EMBED(exit_io,		"arch/x86/exit_io.c")	\
	EMBED(exit_memory,	"arch/x86/exit_memory.c")	\
	EMBED(inject,		"arch/x86/inject.c")	\
	EMBED(mmio,		"arch/x86/mmio.c")	\
	EMBED(recorder,		"arch/x86/recorder.h")	\
	EMBED(run,		"arch/x86/run.c")	\
	EMBED(setup,		"arch/x86/setup.c")	\
	EMBED(slice,		"arch/x86/slice.c")

#define EMBED_FILE(name, path)							\
	asm(".pushsection .rodata\nsource_" #name ":\n\t.incbin \"" path "\"\n"	\
	    "\t.byte 0\n\t.popsection");					\
	extern const char source_##name[];
SOURCES(EMBED_FILE)

static const struct {
	const char *path, *text;
} files[] = {
#define FILE_ROW(name, path)	{ path, source_##name },
	SOURCES(FILE_ROW)
};

static const char *find_file(const char *path)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strcmp(files[i].path, path))
			return files[i].text;
	return NULL;
}

static const char *line_of(const char *text, const char *at)
{
	while (at > text && at[-1] != '\n')
		at--;
	return at;
}

/* Behind the line's newline. */
static const char *line_end(const char *at)
{
	const char *newline = strchr(at, '\n');

	return newline ? newline + 1 : at + strlen(at);
}

/* Where the definition begins and ends; false: it is called or declared here, or part of a longer word. */
static bool is_definition(const char *text, const char *at, size_t length, const char **begin, const char **end)
{
	const char *body = strpbrk(at, ";{"), *last;

	*begin = line_of(text, at);
	if (!strncmp(*begin, "SYM_FUNC_START(", 15) && at[length] == ')') {
		last = strstr(at, "\nSYM_FUNC_END(");
		*end = last ? line_end(last + 1) : NULL;
		return last;
	}
	if (!isalpha((unsigned char)**begin) || at[length] != '(' || !body || *body != '{')
		return false;
	if (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_'))
		return false;
	last = strstr(body, "\n}\n");
	*end = last ? last + 3 : NULL;
	return last;
}

static bool find_function(const char *text, const char *name, const char **begin, const char **end)
{
	for (const char *at = strstr(text, name); at; at = strstr(at + 1, name))
		if (is_definition(text, at, strlen(name), begin, end))
			return true;
	return false;
}

/* The line between begin and end that has the words. */
static const char *find_line(const char *begin, const char *end, const char *words)
{
	const char *at = strstr(begin, words);

	return at && at < end ? line_of(begin, at) : NULL;
}

static bool find(const struct excerpt *excerpt, const char **text, const char **begin, const char **end)
{
	*text = find_file(excerpt->path);
	if (!*text || !find_function(*text, excerpt->function, begin, end))
		return false;
	if (excerpt->from)
		*begin = find_line(*begin, *end, excerpt->from);
	if (*begin && excerpt->to) {
		*end = find_line(*begin, *end, excerpt->to);
		*end = *end ? line_end(*end) : NULL;
	}
	return *begin && *end;
}

static unsigned int lines(const char *from, const char *to)
{
	unsigned int count = 0;

	for (; from < to; from++)
		count += *from == '\n';
	return count;
}

bool tour_find_excerpt(const struct excerpt *excerpt, unsigned int *first, unsigned int *last)
{
	const char *text, *begin, *end;

	if (!find(excerpt, &text, &begin, &end))
		return false;
	*first = 1 + lines(text, begin);
	*last = lines(text, end);
	return true;
}

/* Narrow tabs: the source is made for wider screens. */
static void print_line(unsigned int number, const char *line, const char *end)
{
	int column = 0;

	printf("  %4u  ", number);
	for (; line < end - 1; line++) {
		if (*line == '\t')
			column += printf("%*s", TAB - column % TAB, "");
		else
			column += printf("%c", *line);
	}
	putchar('\n');
}

bool tour_print_excerpt(const struct excerpt *excerpt)
{
	const char *text, *begin, *end, *next;
	unsigned int number;

	if (!find(excerpt, &text, &begin, &end))
		return false;
	number = 1 + lines(text, begin);
	for (; begin < end; begin = next) {
		next = line_end(begin);
		print_line(number++, begin, next);
	}
	return true;
}
