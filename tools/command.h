/* SPDX-License-Identifier: GPL-2.0 */
/*
 * command.h - what the subcommands of `minivmx` share: their table row, their exit
 * statuses and the way errors are said.
 *
 * Reached from main.c; continues in run.c, vmcs.c, stat.c, trace.c and the others, one file per subcommand.
 */
#ifndef MINIVMX_TOOLS_COMMAND_H
#define MINIVMX_TOOLS_COMMAND_H

/*
 * Exit statuses. A guest that writes to port 0xf4 chooses its own, and wins; 124 and 128 + signal are
 * what timeout(1) and shells use.
 */
enum command_status {
	STATUS_OK		= 0,
	STATUS_HOST_ERROR	= 1,	/* device, memory, an ioctl; doctor and caps: not fit */
	STATUS_USAGE		= 2,
	STATUS_TRIPLE_FAULT	= 3,
	STATUS_UNHANDLED_EXIT	= 4,
	STATUS_ENTRY_FAILED	= 5,
	STATUS_BAD_IMAGE	= 6,
	STATUS_GUEST_PANIC	= 7,	/* as the guest says itself */
	STATUS_RESET		= 8,	/* the guest resets the machine */
	STATUS_TIMEOUT		= 124,
	STATUS_SIGNAL		= 128,	/* plus the signal's number */
};

/* argv[0] is "minivmx NAME"; the return value is an exit status. */
int command_run(int argc, char **argv);
int command_vmcs(int argc, char **argv);
int command_step(int argc, char **argv);
int command_walk(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_prove(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_caps(int argc, char **argv);
int command_tour(int argc, char **argv);
int command_lab(int argc, char **argv);
int command_stat(int argc, char **argv);
int command_trace(int argc, char **argv);

/* Prints "minivmx: ..." and a newline on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* MINIVMX_TOOLS_COMMAND_H */
