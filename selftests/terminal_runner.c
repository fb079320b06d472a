// SPDX-License-Identifier: GPL-2.0
/*
 * terminal_runner.c - plays the runner's part in the test of the terminal; see terminal_runner.h.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "terminal.h"
#include "terminal_runner.h"

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(STDERR_FILENO, format, args);
	va_end(args);
}

struct runner {
	struct terminal_user user;
	struct terminal terminal;
	struct event_loop loop;
	struct timer timer;
	size_t given;		/* without echo: all that came */
	bool deaf, counts;
	size_t limit;		/* bytes at a time */
	int status;
};

static void print(struct runner *runner, const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c; c++)
		runner->terminal.output.write(&runner->terminal.output, (const uint8_t *)c, 1);
}

static size_t runner_room(struct terminal_user *user)
{
	struct runner *runner = container_of(user, struct runner, user);

	return runner->deaf ? 0 : runner->limit;
}

static void *crash(void *nowhere)
{
	*(volatile char *)nowhere = 0;
	return NULL;
}

static void obey(struct runner *runner, uint8_t byte)
{
	pthread_t thread;

	switch (byte) {
	case 'A':
		abort();
	case 'C':	/* counts instead of echoing */
		runner->counts = true;
		break;
	case 'D':
		runner->deaf = true;
		break;
	case 'E':
		exit(5);
	case 'P':	/* more than a pipe holds */
		for (int i = 0; i < FLOOD; i++)
			print(runner, "x");
		break;
	case 'Q':
		runner->user.quit(&runner->user);
		break;
	case 'S':	/* on another thread than the terminal's */
		pthread_create(&thread, NULL, crash, NULL);
		pthread_join(thread, NULL);
		break;
	case 'T':	/* deaf for a while */
		runner->deaf = true;
		timer_arm(&runner->timer, timers_now(&runner->loop.timers) + 50000000);
		break;
	}
}

static void runner_input(struct terminal_user *user, const uint8_t *bytes, size_t count)
{
	struct runner *runner = container_of(user, struct runner, user);

	if (count > runner->limit || runner->deaf)
		print(runner, "too much");
	for (size_t i = 0; i < count; i++) {
		runner->given++;
		if (runner->counts) {
			if (bytes[i] == '.')
				print(runner, "%zu bytes\n", runner->given);
			continue;
		}
		print(runner, "[%02x]", bytes[i]);
		obey(runner, bytes[i]);
	}
}

static void runner_quit(struct terminal_user *user)
{
	struct runner *runner = container_of(user, struct runner, user);

	runner->status = STATUS_QUIT;
	event_loop_stop(&runner->loop);
}

static void runner_resized(struct terminal_user *user)
{
	struct runner *runner = container_of(user, struct runner, user);
	uint16_t columns = 0, rows = 0;

	terminal_size(&columns, &rows);
	print(runner, "[%ux%u]", columns, rows);
}

static void runner_statistics(struct terminal_user *user)
{
	print(container_of(user, struct runner, user), "statistics");
}

static void hear_again(struct timer *timer)
{
	struct runner *runner = container_of(timer, struct runner, timer);

	runner->deaf = false;
	print(runner, "hears");
	terminal_room(&runner->terminal);
}

int terminal_runner(size_t limit)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct runner runner;

	runner = (struct runner){
		.user = { runner_room, runner_input, runner_quit, runner_resized, runner_statistics },
		.limit = limit,
	};
	pthread_mutex_lock(&lock);
	if (event_loop_open(&runner.loop, &lock))
		return 1;
	timer_init(&runner.timer, &runner.loop.timers, hear_again);
	if (terminal_open(&runner.terminal, &runner.loop, &runner.user))
		return 1;
	/* A regular file is not in the loop: who has room says so. */
	terminal_room(&runner.terminal);
	print(&runner, "begin");
	event_loop_run(&runner.loop);
	print(&runner, "end");
	terminal_close(&runner.terminal);
	terminal_finish(&runner.terminal, false);
	event_loop_close(&runner.loop);
	return runner.status;
}
