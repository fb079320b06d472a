// SPDX-License-Identifier: GPL-2.0
/*
 * recording.c - from the first event to the last, while a command runs, or until somebody says stop.
 *
 * Reached from stat.c and trace.c; see recording.h. Signals are read, not caught: so every way out goes
 * past the end of the recording, which removes what it has made in tracefs.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <minivmx.h>

#include "command.h"
#include "event_stream.h"
#include "recording.h"

#define DEVICE "/dev/minivmx"
#define ROUND_MS 50

struct child {
	pid_t process;			/* 0: it has ended, or there is none */
	int go;				/* a byte here lets it begin */
	int status;			/* an exit status */
};

/* ------------------------------------------------------------------------- options */

static unsigned int parse_number(const char *option, const char *text, unsigned int max,
				 struct argp_state *state)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || number < 1 || number > max)
		argp_error(state, "--%s takes a number from 1 to %u, not \"%s\"", option, max, text);
	return number;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct recording *recording = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		recording->buffer_kib = 16384;
		break;
	case 'p':
		recording->process = parse_number("pid", arg, 1 << 22, state);
		break;
	case 's':
		recording->seconds = parse_number("seconds", arg, 1000000, state);
		break;
	case 'b':
		recording->buffer_kib = parse_number("buffer", arg, 1 << 22, state);
		break;
	case ARGP_KEY_ARGS:
		recording->command = state->argv + state->next;
		break;
	case ARGP_KEY_END:
		if (recording->command && recording->process)
			argp_error(state, "either --pid or a COMMAND");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{ .name = "pid", .key = 'p', .arg = "PID", .doc = "watch this process's vCPUs; default: everybody's" },
	{ .name = "seconds", .key = 's', .arg = "N", .doc = "stop so late; default: Ctrl-C, or COMMAND's end" },
	{ .name = "buffer", .key = 'b', .arg = "KIB", .doc = "for the events of a CPU, until read (16384)" },
	{ 0 }
};

const struct argp recording_argp = { .options = options, .parser = parse_option };

/* ---------------------------------------------------------------------- preparation */

/* What a tick is, from a vCPU. False: it has said why not. */
static bool read_tsc_khz(uint32_t *tsc_khz)
{
	int device = open(DEVICE, O_RDWR | O_CLOEXEC), vm = -1, vcpu = -1, khz = -1;

	if (device >= 0)
		vm = ioctl(device, MINIVMX_CREATE_VM, 0);
	if (vm >= 0)
		vcpu = ioctl(vm, MINIVMX_CREATE_VCPU, 0);
	if (vcpu >= 0)
		khz = ioctl(vcpu, MINIVMX_GET_TSC_KHZ, 0);
	if (khz <= 0)
		complain("asking %s for the frequency of the TSC: %s; `minivmx doctor` may know why", DEVICE,
			 strerror(errno));
	close(vcpu);
	close(vm);
	close(device);
	*tsc_khz = khz;
	return khz > 0;
}

/* The threads of a process, as "1 2 3"; NULL: it has said why not. */
static char *threads_of(pid_t process)
{
	char *text = NULL, path[64];
	struct dirent *entry;
	size_t size;
	FILE *out;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
	dir = opendir(path);
	if (!dir) {
		complain("there is no process %d", (int)process);
		return NULL;
	}
	out = open_memstream(&text, &size);
	while (out && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			fprintf(out, "%s ", entry->d_name);
	closedir(dir);
	if (out)
		fclose(out);
	return text;
}

static void run_command(char **command, int go, const sigset_t *signals)
{
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(STATUS_HOST_ERROR);
	sigprocmask(SIG_SETMASK, signals, NULL);
	execvp(command[0], command);
	complain("%s: %s", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Started, but it waits until the events are on. */
static bool child_start(struct child *child, char **command, const sigset_t *signals)
{
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC)) {
		complain("pipe: %s", strerror(errno));
		return false;
	}
	child->process = fork();
	if (!child->process) {
		close(pipes[1]);
		run_command(command, pipes[0], signals);
	}
	close(pipes[0]);
	child->go = pipes[1];
	if (child->process > 0)
		return true;
	complain("fork: %s", strerror(errno));
	child->process = 0;
	return false;
}

/* --------------------------------------------------------------------- the recording */

static void reap(struct child *child)
{
	int status;

	if (!child->process || waitpid(child->process, &status, WNOHANG) != child->process)
		return;
	child->process = 0;
	child->status = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A command hears of the terminal's signals itself, and then decides. */
static bool stopped_by_signal(int signals, struct child *child)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(child);
		else if (!child->process)
			stop = true;
		else if (info.ssi_code != SI_KERNEL)
			kill(child->process, info.ssi_signo);
	}
	return stop;
}

static void wait_for_signal(int signals, int timeout_ms)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };

	poll(&fd, 1, timeout_ms);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static void take(void *context, const struct event *event)
{
	lanes_take(context, event);
}

static bool watch(const struct recording *recording, struct event_stream *stream, struct lanes *lanes,
		  int signals, struct child *child)
{
	uint64_t begin = now_ms(), second = begin;
	bool good = true;

	while (good) {
		wait_for_signal(signals, ROUND_MS);
		if (stopped_by_signal(signals, child) || (recording->command && !child->process))
			break;
		good = event_stream_read(stream, false, take, lanes);
		if (recording->seconds && now_ms() - begin >= recording->seconds * 1000ull)
			break;
		if (recording->process && kill(recording->process, 0) && errno == ESRCH)
			break;
		if (recording->each_second && now_ms() - second >= 1000) {
			second = now_ms();
			recording->each_second(recording->context);
		}
	}
	return event_stream_read(stream, true, take, lanes) && good;
}

static bool record(struct recording *recording, int signals, struct child *child, bool *started)
{
	struct event_stream_options options = { .buffer_kib = recording->buffer_kib,
						.lanes_only = recording->lanes_only };
	struct lanes lanes = { .watcher = &recording->watcher };
	struct event_stream *stream;
	char *threads = NULL;
	bool good;

	if (recording->process || child->process) {
		threads = threads_of(recording->process ? recording->process : child->process);
		if (!threads)
			return false;
	}
	options.threads = threads;
	stream = event_stream_open(&options);
	free(threads);
	if (!stream)
		return false;
	*started = true;
	if (child->process && write(child->go, "", 1) != 1)
		complain("starting %s: %s", recording->command[0], strerror(errno));
	good = watch(recording, stream, &lanes, signals, child);
	recording->lost = event_stream_lost(stream);
	lanes_end(&lanes);
	recording->gaps = lanes.gaps;
	event_stream_close(stream);
	return good;
}

int recording_run(struct recording *recording, bool *started)
{
	sigset_t mask, old;
	struct child child = { .go = -1 };
	bool good = false;
	int signals;

	*started = false;
	if (!event_stream_possible() || !read_tsc_khz(recording->tsc_khz))
		return STATUS_HOST_ERROR;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	/* The table's reader may have gone; that is an error like others. */
	sigaddset(&mask, SIGPIPE);
	sigprocmask(SIG_BLOCK, &mask, &old);
	if (signals < 0)
		complain("signalfd: %s", strerror(errno));
	else if (!recording->command || child_start(&child, recording->command, &old))
		good = record(recording, signals, &child, started);
	/* One that was not started ends now, any other when it likes. */
	close(child.go);
	while (child.process) {
		wait_for_signal(signals, -1);
		stopped_by_signal(signals, &child);
	}
	close(signals);
	if (recording->lost)
		complain("%" PRIu64 " events were lost, and with them %" PRIu64 " stretches of a vCPU's "
			 "time: a larger --buffer (now %u KiB for each CPU) may hold them",
			 recording->lost, recording->gaps, recording->buffer_kib);
	return good ? child.status : STATUS_HOST_ERROR;
}
