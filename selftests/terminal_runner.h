/* SPDX-License-Identifier: GPL-2.0 */
/*
 * terminal_runner.h - a process with a terminal and no VM: it prints each byte it is given in
 * brackets, in hex, and obeys some of them:
 *
 *   A abort()        D is deaf from then on      P prints FLOOD times "x"
 *   C counts bytes   E exit(5)                   Q quits, as Ctrl-A x does
 *   up to a full     S crashes on a thread of    T is deaf for a while, then prints "hears"
 *   stop             its own
 */
#ifndef SELFTESTS_TERMINAL_RUNNER_H
#define SELFTESTS_TERMINAL_RUNNER_H

#include <stddef.h>

#define FLOOD		200000
#define STATUS_QUIT	42

/* The guest takes so many bytes at a time. Returns the exit status. */
int terminal_runner(size_t limit);

#endif /* SELFTESTS_TERMINAL_RUNNER_H */
