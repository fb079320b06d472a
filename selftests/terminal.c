// SPDX-License-Identifier: GPL-2.0
/*
 * terminal.c - the user's terminal (tools/terminal.c, tty_mode.c) on a pseudoterminal, without a VM.
 *
 * The runner's part is played by terminal_runner.c. Between it and the test a shell's part is played:
 * it leads the session, says what becomes of the runner, and continues it in the foreground when told.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "terminal_runner.h"

#define PATIENCE_MS	10000

/* What the shell reports: a status of wait(2). What it is told: any byte, to continue the runner. */
static void shell(int reports, int orders, pid_t runner)
{
	int status;
	char order;

	signal(SIGTTOU, SIG_IGN);
	while (waitpid(runner, &status, WUNTRACED) == runner) {
		if (write(reports, &status, sizeof(status)) < 0 || !WIFSTOPPED(status))
			break;
		if (read(orders, &order, 1) != 1)
			break;
		tcsetpgrp(STDIN_FILENO, runner);
		kill(runner, SIGCONT);
	}
	_exit(0);
}

FIXTURE(terminal)
{
	int master, tty;	/* the pseudoterminal's two ends */
	int in, out;		/* what the runner gets; its own are closed here */
	int reports, orders;
	pid_t shell, runner;
	size_t limit;
	struct termios before;
	char text[1 << 16];	/* what the runner printed, and is not yet looked for */
	size_t length;
};

FIXTURE_SETUP(terminal)
{
	struct winsize size = { .ws_col = 80, .ws_row = 25 };

	self->shell = 0;
	self->length = 0;
	self->limit = 16;
	ASSERT_EQ(0, openpty(&self->master, &self->tty, NULL, NULL, &size));
	self->in = self->out = self->tty;
	ASSERT_EQ(0, tcgetattr(self->tty, &self->before));
}

FIXTURE_TEARDOWN(terminal)
{
	if (self->shell) {
		kill(self->runner, SIGKILL);
		kill(self->shell, SIGKILL);
		waitpid(self->shell, NULL, 0);
	}
}

static void start(struct __test_metadata *_metadata, FIXTURE_DATA(terminal) *self)
{
	int reports[2], orders[2], started[2];
	char byte;

	ASSERT_EQ(0, pipe2(reports, O_CLOEXEC) | pipe2(orders, O_CLOEXEC) | pipe2(started, O_CLOEXEC));
	self->reports = reports[0];
	self->orders = orders[1];
	self->shell = fork();
	if (!self->shell) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		ioctl(self->tty, TIOCSCTTY, 0);
		dup2(self->in, STDIN_FILENO);
		dup2(self->out, STDOUT_FILENO);
		dup2(self->tty, STDERR_FILENO);
		close(self->orders);
		self->runner = fork();
		if (!self->runner) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			/* A job in the background, which this test may be, ignores them, and so would its children. */
			signal(SIGINT, SIG_DFL);
			signal(SIGQUIT, SIG_DFL);
			if (read(started[0], &byte, 1) != 1)
				_exit(1);
			close_range(3, ~0u, 0);
			exit(terminal_runner(self->limit));
		}
		setpgid(self->runner, self->runner);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(self->tty, self->runner);
		if (write(reports[1], &self->runner, sizeof(int)) > 0 && write(started[1], "", 1) == 1)
			shell(reports[1], orders[0], self->runner);
		_exit(1);
	}
	close(reports[1]);
	close(orders[0]);
	ASSERT_EQ(sizeof(int), read(self->reports, &self->runner, sizeof(int)));
}

static void type(struct __test_metadata *_metadata, FIXTURE_DATA(terminal) *self, const char *keys)
{
	ASSERT_EQ((ssize_t)strlen(keys), write(self->master, keys, strlen(keys)));
}

/* Reads on until the text comes, and forgets what came up to it. */
static bool reads(FIXTURE_DATA(terminal) *self, int fd, const char *wanted)
{
	for (;;) {
		char *found = self->length ? memmem(self->text, self->length, wanted, strlen(wanted)) : NULL;
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };
		ssize_t count;

		if (found) {
			found += strlen(wanted);
			self->length -= found - self->text;
			memmove(self->text, found, self->length);
			return true;
		}
		if (poll(&pollfd, 1, PATIENCE_MS) != 1)
			break;
		count = read(fd, self->text + self->length, sizeof(self->text) - self->length);
		if (count <= 0)
			break;
		self->length += count;
	}
	printf("# \"%s\" did not come, but \"%.*s\"\n", wanted, (int)self->length, self->text);
	return false;
}

/* The next status of wait(2), or -1. */
static int report(FIXTURE_DATA(terminal) *self)
{
	struct pollfd pollfd = { .fd = self->reports, .events = POLLIN };
	int status;

	if (poll(&pollfd, 1, PATIENCE_MS) != 1 || read(self->reports, &status, sizeof(status)) != sizeof(status))
		return -1;
	return status;
}

static bool is_raw(FIXTURE_DATA(terminal) *self)
{
	struct termios now;

	tcgetattr(self->tty, &now);
	return !(now.c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) && !(now.c_iflag & (ICRNL | IXON)) &&
	       !(now.c_oflag & OPOST);
}

static bool is_as_before(FIXTURE_DATA(terminal) *self)
{
	struct termios now;

	tcgetattr(self->tty, &now);
	return now.c_iflag == self->before.c_iflag && now.c_oflag == self->before.c_oflag &&
	       now.c_cflag == self->before.c_cflag && now.c_lflag == self->before.c_lflag &&
	       !memcmp(now.c_cc, self->before.c_cc, sizeof(now.c_cc));
}

static void start_raw(struct __test_metadata *_metadata, FIXTURE_DATA(terminal) *self)
{
	start(_metadata, self);
	ASSERT_TRUE(reads(self, self->master, "Ctrl-A x quits"));
	ASSERT_TRUE(reads(self, self->master, "begin"));
	ASSERT_TRUE(is_raw(self));
}

TEST_F(terminal, keys_go_to_the_guest)
{
	start_raw(_metadata, self);
	/* Ctrl-C, Ctrl-Z, Ctrl-backslash, Ctrl-S, Enter, Ctrl-D: none is the terminal's. */
	type(_metadata, self, "a\x03\x1a\x1c\x13\r\x04");
	EXPECT_TRUE(reads(self, self->master, "[61][03][1a][1c][13][0d][04]"));
}

TEST_F(terminal, quit)
{
	start_raw(_metadata, self);
	type(_metadata, self, "\1x");
	EXPECT_TRUE(reads(self, self->master, "end"));
	EXPECT_EQ(STATUS_QUIT << 8, report(self));
	EXPECT_TRUE(is_as_before(self));
}

TEST_F(terminal, help_and_statistics)
{
	start_raw(_metadata, self);
	type(_metadata, self, "\1h");
	EXPECT_TRUE(reads(self, self->master, "Ctrl-A x"));
	type(_metadata, self, "\1s");
	EXPECT_TRUE(reads(self, self->master, "statistics"));
	EXPECT_TRUE(reads(self, self->master, "statistics"));
	type(_metadata, self, "\1?a");
	EXPECT_TRUE(reads(self, self->master, "Ctrl-A x"));
	EXPECT_TRUE(reads(self, self->master, "[61]"));
}

TEST_F(terminal, ctrl_a_twice_is_the_guests)
{
	start_raw(_metadata, self);
	type(_metadata, self, "a\1\1x\1\1\1");
	EXPECT_TRUE(reads(self, self->master, "[61][01][78][01]"));
	type(_metadata, self, "x");
	EXPECT_EQ(STATUS_QUIT << 8, report(self));
}

TEST_F(terminal, quits_although_the_guest_reads_nothing)
{
	start_raw(_metadata, self);
	type(_metadata, self, "D0123456789");
	EXPECT_TRUE(reads(self, self->master, "[44]"));
	for (int i = 0; i < 100; i++)
		type(_metadata, self, "0123456789");
	type(_metadata, self, "\1x");
	EXPECT_EQ(STATUS_QUIT << 8, report(self));
	EXPECT_TRUE(is_as_before(self));
}

TEST_F(terminal, waits_for_room)
{
	self->limit = 1;
	start_raw(_metadata, self);
	type(_metadata, self, "Tabc");
	EXPECT_TRUE(reads(self, self->master, "[54]hears[61][62][63]"));
}

TEST_F(terminal, window_size)
{
	struct winsize size = { .ws_col = 132, .ws_row = 43 };

	start_raw(_metadata, self);
	ASSERT_EQ(0, ioctl(self->master, TIOCSWINSZ, &size));
	EXPECT_TRUE(reads(self, self->master, "[132x43]"));
	size.ws_col = 100;
	ASSERT_EQ(0, ioctl(self->master, TIOCSWINSZ, &size));
	EXPECT_TRUE(reads(self, self->master, "[100x43]"));
}

TEST_F(terminal, restored_after_exit)
{
	start_raw(_metadata, self);
	type(_metadata, self, "E");
	EXPECT_EQ(5 << 8, report(self));
	EXPECT_TRUE(is_as_before(self));
}

TEST_F(terminal, restored_after_abort)
{
	start_raw(_metadata, self);
	type(_metadata, self, "A");
	EXPECT_EQ(SIGABRT, WTERMSIG(report(self)));
	EXPECT_TRUE(is_as_before(self));
}

TEST_F(terminal, restored_after_a_threads_crash)
{
	start_raw(_metadata, self);
	type(_metadata, self, "S");
	EXPECT_EQ(SIGSEGV, WTERMSIG(report(self)));
	EXPECT_TRUE(is_as_before(self));
}


TEST_F(terminal, restored_after_signals)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGALRM };

	for (int i = 0; i < 5; i++) {
		start_raw(_metadata, self);
		kill(self->runner, signals[i]);
		EXPECT_EQ(signals[i], WTERMSIG(report(self)));
		EXPECT_TRUE(is_as_before(self));
		waitpid(self->shell, NULL, 0);
		self->shell = 0;
		close(self->reports);
		close(self->orders);
		ASSERT_EQ(0, openpty(&self->master, &self->tty, NULL, NULL, NULL));
		self->in = self->out = self->tty;
		ASSERT_EQ(0, tcgetattr(self->tty, &self->before));
	}
}

TEST_F(terminal, stop_and_continue)
{
	start_raw(_metadata, self);
	for (int i = 0; i < 3; i++) {
		kill(self->runner, SIGTSTP);
		ASSERT_EQ(SIGTSTP, WSTOPSIG(report(self)));
		EXPECT_TRUE(is_as_before(self));
		ASSERT_EQ(1, write(self->orders, "", 1));
		type(_metadata, self, "a");
		EXPECT_TRUE(reads(self, self->master, "[61]"));
		EXPECT_TRUE(is_raw(self));
	}
	/* Nobody can restore it for SIGSTOP but the shell; it is raw again afterwards. */
	kill(self->runner, SIGSTOP);
	ASSERT_EQ(SIGSTOP, WSTOPSIG(report(self)));
	ASSERT_EQ(0, tcsetattr(self->tty, TCSANOW, &self->before));
	ASSERT_EQ(1, write(self->orders, "", 1));
	for (int i = 0; i < 1000 && !is_raw(self); i++)
		usleep(PATIENCE_MS);
	EXPECT_TRUE(is_raw(self));
	type(_metadata, self, "\1x");
	EXPECT_EQ(STATUS_QUIT << 8, report(self));
	EXPECT_TRUE(is_as_before(self));
}

/* Both ends of a pipe; the runner gets one of them. */
static void make_pipe(struct __test_metadata *_metadata, int *reading, int *writing)
{
	int ends[2];

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	*reading = ends[0];
	*writing = ends[1];
}

TEST_F(terminal, pipes_work_as_they_are)
{
	int input, output;

	make_pipe(_metadata, &self->in, &input);
	make_pipe(_metadata, &output, &self->out);
	start(_metadata, self);
	close(self->in);
	EXPECT_TRUE(reads(self, output, "begin"));
	EXPECT_TRUE(is_as_before(self));
	ASSERT_EQ(5, write(input, "\1x\n\3a", 5));
	EXPECT_TRUE(reads(self, output, "[01][78][0a][03][61]"));
	/* The end of the input is not the end of the run. */
	ASSERT_EQ(1, write(input, "T", 1));
	close(input);
	EXPECT_TRUE(reads(self, output, "hears"));
	kill(self->runner, SIGTERM);
	EXPECT_EQ(SIGTERM, WTERMSIG(report(self)));
}

TEST_F(terminal, input_alone_a_terminal)
{
	int output;

	make_pipe(_metadata, &output, &self->out);
	start(_metadata, self);
	EXPECT_TRUE(reads(self, output, "begin"));
	EXPECT_TRUE(is_as_before(self));
	/* By lines, as a terminal gives them, which keeps Ctrl-C for itself. */
	type(_metadata, self, "a\1\n");
	EXPECT_TRUE(reads(self, output, "[61][01][0a]"));
	type(_metadata, self, "\3");
	EXPECT_EQ(SIGINT, WTERMSIG(report(self)));
}

TEST_F(terminal, a_regular_file_is_read_to_its_end)
{
	char block[1024] = "C";
	int output;

	self->in = memfd_create("input", MFD_CLOEXEC);
	make_pipe(_metadata, &output, &self->out);
	for (int i = 0; i < 300; i++) {
		block[1023] = i == 299 ? '.' : 0;
		ASSERT_EQ(1024, write(self->in, block, 1024));
	}
	ASSERT_EQ(0, lseek(self->in, 0, SEEK_SET));
	start(_metadata, self);
	EXPECT_TRUE(reads(self, output, "307200 bytes"));
	EXPECT_TRUE(reads(self, output, "begin"));
}

TEST_F(terminal, a_pipe_waits_for_a_slow_guest)
{
	static char zeros[300000];
	int input, output;

	make_pipe(_metadata, &self->in, &input);
	make_pipe(_metadata, &output, &self->out);
	start(_metadata, self);
	close(self->in);
	EXPECT_TRUE(reads(self, output, "begin"));
	ASSERT_EQ(2, write(input, "TC", 2));
	/* More than the pipe and the terminal hold; and it hears again only after a while. */
	ASSERT_EQ(sizeof(zeros), write(input, zeros, sizeof(zeros)));
	ASSERT_EQ(1, write(input, ".", 1));
	EXPECT_TRUE(reads(self, output, "300003 bytes"));
}

TEST_F(terminal, output_to_a_full_nonblocking_pipe)
{
	size_t count = 0;
	int input, output;

	make_pipe(_metadata, &self->in, &input);
	make_pipe(_metadata, &output, &self->out);
	fcntl(self->out, F_SETFL, O_NONBLOCK);
	start(_metadata, self);
	close(self->out);
	ASSERT_EQ(2, write(input, "PQ", 2));
	usleep(100000);
	for (ssize_t n; (n = read(output, self->text, sizeof(self->text))) > 0;)
		for (ssize_t i = 0; i < n; i++)
			count += self->text[i] == 'x';
	EXPECT_EQ(FLOOD, count);
	EXPECT_EQ(STATUS_QUIT << 8, report(self));
}

/* Nobody reads what it prints. */
TEST_F(terminal, quits_although_stdout_stalls)
{
	start_raw(_metadata, self);
	type(_metadata, self, "PPa");
	usleep(100000);
	type(_metadata, self, "\1x");
	EXPECT_EQ(STATUS_QUIT << 8, report(self));
	EXPECT_TRUE(is_as_before(self));
}

TEST_F(terminal, says_what_a_stalled_stdout_loses)
{
	char text[64];
	int input, output, lost;
	size_t count = 0;

	make_pipe(_metadata, &self->in, &input);
	make_pipe(_metadata, &output, &self->out);
	start(_metadata, self);
	close(self->out);
	ASSERT_EQ(11, write(input, "PPPPPPPPPPQ", 11));
	ASSERT_EQ(STATUS_QUIT << 8, report(self));
	for (ssize_t n; (n = read(output, self->text, sizeof(self->text))) > 0;)
		for (ssize_t i = 0; i < n; i++)
			count++;
	ASSERT_GT(read(self->master, text, sizeof(text) - 1), 0);
	lost = atoi(text);
	/* All but what the pipe took: the bytes, their echo, "begin" and "end". */
	EXPECT_EQ(10 * FLOOD + 11 * 4 + 8, count + lost);
}

TEST_HARNESS_MAIN
