// SPDX-License-Identifier: GPL-2.0
/*
 * step_commands.c - the commands of `minivmx step`, from a script, a pipe or a terminal.
 *
 * Reached from stepper.c while the guest is stopped. Continues in walk_take.c, walk_print.c and
 * walk_json.c (w), vmcs_print.c (v), show_state.c (r), gdb_target.c (b), linear_memory.c (x).
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "linear_memory.h"
#include "show_state.h"
#include "stepper.h"
#include "vmcs_print.h"
#include "walk_print.h"
#include "walk_take.h"

#define LINE_SIZE	256
#define DUMP_LINES	4
#define DUMP_WIDTH	16

/* What a command does, given the text behind its letter. */
enum then { THEN_ASK, THEN_RUN };

static bool parse_number(const char *text, int base, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, base);
	return isxdigit((unsigned char)text[0]) && end != text && !*end && !errno;
}

static bool parse_address(const char *text, uint64_t *address)
{
	if (parse_number(text, 16, address))
		return true;
	printf("an address in hexadecimal is missing; \"%s\" is none\n", text);
	return false;
}

static enum then run(struct stepper *stepper, const char *argument, enum stepper_goal goal)
{
	uint64_t count = 1;

	if (stepper->ended) {
		printf("the guest has ended: it can be looked at, but does not run\n");
		return THEN_ASK;
	}
	if (*argument && (!parse_number(argument, 10, &count) || !count)) {
		printf("how often? \"%s\" is no number from 1 on\n", argument);
		return THEN_ASK;
	}
	stepper->goal = goal;
	stepper->left = count;
	return THEN_RUN;
}

static enum then step(struct stepper *stepper, const char *argument)
{
	return run(stepper, argument, GOAL_INSTRUCTION);
}

static enum then next_exit(struct stepper *stepper, const char *argument)
{
	return run(stepper, argument, GOAL_EXIT);
}

static enum then go_on(struct stepper *stepper, const char *argument)
{
	(void)argument;
	return run(stepper, "", GOAL_BREAKPOINT);
}

static enum then registers(struct stepper *stepper, const char *argument)
{
	(void)argument;
	print_regs(stdout, &stepper->regs, stepper->stops > 1 ? &stepper->regs_before : NULL);
	print_sregs(stdout, &stepper->sregs);
	return THEN_ASK;
}

static enum then vmcs(struct stepper *stepper, const char *argument)
{
	(void)argument;
	if (stepper->has_snapshot)
		vmcs_print(&stepper->snapshot);
	else
		printf("%s does not show a VMCS; /dev/minivmx does\n", stepper->vcpu->vm->device_path);
	return THEN_ASK;
}

static enum then memory(struct stepper *stepper, const char *argument)
{
	uint8_t bytes[DUMP_LINES * DUMP_WIDTH];
	uint64_t address;
	size_t count;

	if (!parse_address(argument, &address))
		return THEN_ASK;
	count = linear_read(stepper->vcpu, address, bytes, sizeof(bytes));
	if (!count)
		printf("no memory at 0x%" PRIx64 "; w %" PRIx64 " says why\n", address, address);
	for (size_t i = 0; i < count; i++) {
		if (i % DUMP_WIDTH == 0)
			printf("  %016" PRIx64 " ", address + i);
		printf(" %02x", bytes[i]);
		if (i % DUMP_WIDTH < DUMP_WIDTH - 1 && i < count - 1)
			continue;
		printf("%*s  ", (int)(3 * (DUMP_WIDTH - 1 - i % DUMP_WIDTH)), "");
		for (size_t j = i - i % DUMP_WIDTH; j <= i; j++)
			putchar(isprint(bytes[j]) ? bytes[j] : '.');
		putchar('\n');
	}
	return THEN_ASK;
}

static enum then walk(struct stepper *stepper, const char *argument)
{
	struct nested_walk walk;
	uint64_t address;

	if (!parse_address(argument, &address))
		return THEN_ASK;
	stepper->status = walk_take(&walk, stepper->vcpu, stepper->has_snapshot ? &stepper->snapshot : NULL,
				    address);
	if (stepper->status)
		stepper->quits = true;
	else if (stepper->json)
		walk_print_json(&walk);
	else
		walk_print(&walk, stepper->vcpu->vm->ram, stepper->vcpu->vm->ram_size);
	return THEN_ASK;
}

/* Sets a breakpoint, or takes away the one that is there. */
static enum then breakpoint(struct stepper *stepper, const char *argument)
{
	struct target *target = &stepper->target;
	uint64_t address;

	if (!parse_address(argument, &address))
		return THEN_ASK;
	for (unsigned int i = 0; i < TARGET_HW_BREAKPOINTS; i++)
		if (target->hw[i].used && target->hw[i].address == address) {
			target_remove(target, BREAK_HARDWARE, address, 1);
			if (!stepper->quiet)
				printf("no breakpoint at 0x%" PRIx64 " any more\n", address);
			return THEN_ASK;
		}
	if (target_insert(target, BREAK_HARDWARE, address, 1))
		printf("the CPU has four breakpoints, and all are in use\n");
	else if (!stepper->quiet)
		printf("breakpoint at linear address 0x%" PRIx64 "\n", address);
	return THEN_ASK;
}

static enum then quit(struct stepper *stepper, const char *argument)
{
	(void)argument;
	stepper->quits = true;
	return THEN_ASK;
}

static enum then help(struct stepper *stepper, const char *argument);

static const struct command_row {
	char letter;
	enum then (*act)(struct stepper *stepper, const char *argument);
	const char *usage, *meaning;
} commands[] = {
	{ 's', step,       "s [N]",  "step: one instruction, or N (Enter: one)" },
	{ 'e', next_exit,  "e [N]",  "exit: run to the next exit to userspace, or the Nth" },
	{ 'c', go_on,      "c",      "continue to a breakpoint, or to the end" },
	{ 'r', registers,  "r",      "registers; a star marks what has changed since the last stop" },
	{ 'v', vmcs,       "v",      "VMCS: all fields" },
	{ 'x', memory,     "x ADDR", "64 bytes of memory at a linear address" },
	{ 'w', walk,       "w ADDR", "walk: the guest's page tables times EPT" },
	{ 'b', breakpoint, "b ADDR", "breakpoint at a linear address; once more takes it away" },
	{ 'q', quit,       "q",      "quit" },
	{ 'h', help,       "h",      "this help; addresses are hexadecimal, N is decimal" },
};

static enum then help(struct stepper *stepper, const char *argument)
{
	(void)stepper;
	(void)argument;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-7s %s\n", commands[i].usage, commands[i].meaning);
	return THEN_ASK;
}

static enum then obey(struct stepper *stepper, char *line)
{
	size_t length;

	line += strspn(line, " \t");
	length = strlen(line);
	while (length && isspace((unsigned char)line[length - 1]))
		line[--length] = '\0';
	if (!length)
		return step(stepper, "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (line[0] == commands[i].letter && (!line[1] || isspace((unsigned char)line[1])))
			return commands[i].act(stepper, line + 1 + strspn(line + 1, " \t"));
	printf("there is no command \"%s\"; h lists them\n", line);
	return THEN_ASK;
}

static bool take_from_script(struct stepper *stepper, char line[LINE_SIZE])
{
	size_t length = strcspn(stepper->commands, ";");

	if (!*stepper->commands)
		return false;
	snprintf(line, LINE_SIZE, "%.*s", (int)length, stepper->commands);
	stepper->commands += length + (stepper->commands[length] == ';');
	return true;
}

/* A kick interrupts the read: is it the end? */
static bool read_line(struct stepper *stepper, char line[LINE_SIZE])
{
	while (!fgets(line, LINE_SIZE, stdin)) {
		if (!ferror(stdin) || errno != EINTR || *stepper->stopping)
			return false;
		clearerr(stdin);
	}
	return true;
}

/* False: there are no more. */
static bool take_command(struct stepper *stepper, char line[LINE_SIZE])
{
	bool script = stepper->commands, found;

	if (!stepper->quiet) {
		printf("step> ");
		fflush(stdout);
	}
	stepper->waiting = !script;
	found = script ? take_from_script(stepper, line) : read_line(stepper, line);
	stepper->waiting = false;
	/* A terminal shows what is typed. */
	if (!stepper->quiet && (script || !isatty(STDIN_FILENO)))
		printf("%.*s\n", found ? (int)strcspn(line, "\n") : 0, line);
	return found;
}

void stepper_ask(struct stepper *stepper)
{
	char line[LINE_SIZE];
	enum then then = THEN_ASK;

	while (then == THEN_ASK && !stepper->quits) {
		if (!take_command(stepper, line))
			stepper->quits = true;
		else
			then = obey(stepper, line);
	}
	fflush(stdout);
}
