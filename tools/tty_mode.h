/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tty_mode.h - raw mode of the terminal at stdin, and the way back, however the process ends.
 *
 * Reached from terminal.c.
 */
#ifndef MINIVMX_TOOLS_TTY_MODE_H
#define MINIVMX_TOOLS_TTY_MODE_H

#include <stdbool.h>

/*
 * 0 or -errno. From then on exit(), a fatal signal and a stop (SIGTSTP) restore the terminal first,
 * and SIGCONT makes it raw again. Signals that the process handles or ignores are left alone.
 */
int tty_make_raw(void);

/* As it was before; can be called from a signal handler, and more than once. */
void tty_restore(void);

/* A new line does not begin at the left then: lines end with "\r\n". */
bool tty_is_raw(void);

#endif /* MINIVMX_TOOLS_TTY_MODE_H */
