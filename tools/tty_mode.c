// SPDX-License-Identifier: GPL-2.0
/*
 * tty_mode.c - makes the terminal raw and restores it on every way out but SIGKILL.
 *
 * Reached from terminal.c; the handlers from wherever a signal comes, on any thread. They call
 * only what signal-safety(7) lists. The modes are POSIX' "General Terminal Interface" (XBD 11).
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "tty_mode.h"

#define TTY STDIN_FILENO

static struct termios before, raw;
static volatile sig_atomic_t wanted;	/* between make_raw and restore */

/* In the background the terminal belongs to somebody else, and changing it would stop us. */
static bool in_foreground(void)
{
	pid_t group = tcgetpgrp(TTY);

	return group < 0 || group == getpgrp();
}

static void set_mode(const struct termios *mode)
{
	int error = errno;

	if (wanted && in_foreground())
		tcsetattr(TTY, TCSANOW, mode);
	errno = error;
}

void tty_restore(void)
{
	set_mode(&before);
	wanted = false;
}

bool tty_is_raw(void)
{
	return wanted;
}

/* SA_RESETHAND has set the default action, which is what the second signal gets. */
static void on_fatal_signal(int signal)
{
	tty_restore();
	raise(signal);
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, old;

	if (!sigaction(signal, NULL, &old) && !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_DFL)
		sigaction(signal, &action, NULL);
}

static void on_stop(int signal)
{
	int error = errno;

	set_mode(&before);
	raise(signal);
	/* Here it goes on, or the kernel did not stop it: nobody could have continued it. */
	set_mode(&raw);
	handle(signal, on_stop, SA_RESETHAND | SA_NODEFER | SA_RESTART);
	errno = error;
}

static void on_continue(int signal)
{
	(void)signal;
	set_mode(&raw);
}

int tty_make_raw(void)
{
	static const int fatal[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV,
				     SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ };
	static bool registered;

	if (tcgetattr(TTY, &before) < 0)
		return -errno;
	raw = before;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (!registered && atexit(tty_restore))
		return -ENOMEM;
	registered = true;
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		handle(fatal[i], on_fatal_signal, SA_RESETHAND | SA_NODEFER);
	handle(SIGTSTP, on_stop, SA_RESETHAND | SA_NODEFER | SA_RESTART);
	handle(SIGCONT, on_continue, SA_RESTART);
	wanted = true;
	set_mode(&raw);
	return 0;
}
