// SPDX-License-Identifier: GPL-2.0
/*
 * terminal.c - passes what the user types to the guest, and what the guest prints to the user.
 *
 * Reached from the event loop (stdin, the window's size), from the guest's console device
 * (output, and room for more input); continues in tty_mode.c. What the guest does not take
 * waits in a buffer, so that Ctrl-A x works with a guest that reads nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "terminal.h"
#include "tty_mode.h"

#define CTRL_A		1
#define STALLED_S	1		/* stdout takes nothing any more */
#define FLUSH_NS	2000000		/* what is no full line is printed after that */

/* What the handler of SIGWINCH writes to. */
static volatile sig_atomic_t resizes_fd = -1;

static const char help[] =
	"\r\n"
	"Ctrl-A x       quit: end the guest at once\r\n"
	"Ctrl-A Ctrl-A  send Ctrl-A to the guest\r\n"
	"Ctrl-A h       this help\r\n";
static const char statistics_help[] =
	"Ctrl-A s       statistics\r\n";

static void flush(struct terminal *terminal)
{
	stdout_writer_put(&terminal->writer, terminal->printed, terminal->printed_count);
	terminal->printed_count = 0;
}

static void flush_expires(struct timer *timer)
{
	flush(container_of(timer, struct terminal, flush));
}

/*
 * A UART prints byte by byte; a call of the kernel for each line is enough. The timer is left to
 * expire when a line has been printed: the next byte needs it again.
 */
static void print(struct output *output, const uint8_t *bytes, size_t count)
{
	struct terminal *terminal = container_of(output, struct terminal, output);

	if (!count)
		return;
	if (terminal->printed_count + count > sizeof(terminal->printed))
		flush(terminal);
	if (count > sizeof(terminal->printed)) {
		stdout_writer_put(&terminal->writer, bytes, count);
		return;
	}
	memcpy(terminal->printed + terminal->printed_count, bytes, count);
	terminal->printed_count += count;
	if (bytes[count - 1] == '\n')
		flush(terminal);
	else if (!terminal->flush.armed)
		timer_arm(&terminal->flush, timers_now(terminal->flush.timers) + FLUSH_NS);
}

static size_t output_room(struct output *output)
{
	struct terminal *terminal = container_of(output, struct terminal, output);
	size_t room = stdout_writer_room(&terminal->writer);

	return room > terminal->printed_count ? room - terminal->printed_count : 0;
}

static void say(struct terminal *terminal, const char *text)
{
	print(&terminal->output, (const uint8_t *)text, strlen(text));
	flush(terminal);
}

static void do_command(struct terminal *terminal, uint8_t key)
{
	struct terminal_user *user = terminal->user;

	if (key == 'x') {
		user->quit(user);
	} else if (key == 's' && user->statistics) {
		user->statistics(user);
	} else {
		say(terminal, help);
		if (user->statistics)
			say(terminal, statistics_help);
	}
}

/* Takes out what belongs to our commands, in place; returns how many bytes are left. */
static size_t take_commands(struct terminal *terminal, uint8_t *bytes, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		uint8_t key = bytes[i];

		if (!terminal->command && key == CTRL_A) {
			terminal->command = true;
			continue;
		}
		if (terminal->command && key != CTRL_A)
			do_command(terminal, key);
		else
			bytes[kept++] = key;
		terminal->command = false;
	}
	return kept;
}

/* Behind what waits already, as much as there is room for in one piece. */
static void read_input(struct terminal *terminal)
{
	uint8_t *end = terminal->typed + terminal->typed_first + terminal->typed_count;
	ssize_t count = read(terminal->input.fd, end, terminal->typed + sizeof(terminal->typed) - end);

	if (count > 0)
		terminal->typed_count += terminal->keys ? take_commands(terminal, end, count) : (size_t)count;
	else if (!count || (errno != EAGAIN && errno != EINTR))
		terminal->ended = true;
}

static void give_input(struct terminal *terminal)
{
	struct terminal_user *user = terminal->user;
	size_t room;

	while (terminal->typed_count && (room = user->room(user))) {
		const uint8_t *bytes = terminal->typed + terminal->typed_first;
		size_t count = room < terminal->typed_count ? room : terminal->typed_count;

		terminal->typed_first += count;
		terminal->typed_count -= count;
		user->input(user, bytes, count);
	}
	if (!terminal->typed_count)
		terminal->typed_first = 0;
}

/* Whether stdin is watched follows from whether there is room for what it says. */
static void watch_input(struct terminal *terminal)
{
	bool full = terminal->typed_first + terminal->typed_count == sizeof(terminal->typed);
	bool watch = !terminal->is_file && !terminal->ended && !full;
	int error;

	if (watch == terminal->watching)
		return;
	terminal->watching = watch;
	if (!watch) {
		event_loop_unwatch(terminal->loop, &terminal->input);
		return;
	}
	error = event_loop_watch(terminal->loop, &terminal->input, EPOLLIN);
	if (!error)
		return;
	terminal->watching = false;
	terminal->is_file = error == -EPERM;
	terminal->ended = !terminal->is_file;
}

void terminal_room(struct terminal *terminal)
{
	give_input(terminal);
	while (terminal->is_file && !terminal->ended && !terminal->typed_count &&
	       terminal->user->room(terminal->user)) {
		read_input(terminal);
		give_input(terminal);
	}
	watch_input(terminal);
}

static void input_ready(struct event_source *source, uint32_t events)
{
	struct terminal *terminal = container_of(source, struct terminal, input);

	(void)events;
	/* A CPU's thread has closed it since the event: a terminal that is not raw would make read() wait. */
	if (!terminal->watching)
		return;
	read_input(terminal);
	terminal_room(terminal);
}

static void on_resize(int signal)
{
	uint64_t one = 1;
	int error = errno;

	(void)signal;
	if (write(resizes_fd, &one, sizeof(one)) < 0)
		errno = error;		/* it tells already */
}

static void resizes_ready(struct event_source *source, uint32_t events)
{
	struct terminal *terminal = container_of(source, struct terminal, resizes);
	uint64_t count;

	(void)events;
	if (read(source->fd, &count, sizeof(count)) > 0)
		terminal->user->resized(terminal->user);
}

bool terminal_size(uint16_t *columns, uint16_t *rows)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return false;
	*columns = size.ws_col;
	*rows = size.ws_row;
	return true;
}

static int watch_size(struct terminal *terminal)
{
	struct sigaction action = { .sa_handler = on_resize, .sa_flags = SA_RESTART };
	int error;

	terminal->resizes = (struct event_source){
		.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .ready = resizes_ready };
	error = terminal->resizes.fd < 0 ? -errno :
		event_loop_watch(terminal->loop, &terminal->resizes, EPOLLIN);
	if (error) {
		complain("cannot watch the size of the terminal's window: %s", strerror(-error));
		return STATUS_HOST_ERROR;
	}
	resizes_fd = terminal->resizes.fd;
	sigaction(SIGWINCH, &action, NULL);
	return 0;
}

int terminal_open(struct terminal *terminal, struct event_loop *loop, struct terminal_user *user)
{
	int status = 0, error;

	memset(terminal, 0, sizeof(*terminal));
	terminal->output = (struct output){ .write = print, .room = output_room };
	terminal->user = user;
	terminal->loop = loop;
	terminal->input = (struct event_source){ .fd = STDIN_FILENO, .ready = input_ready };
	terminal->resizes.fd = -1;
	timer_init(&terminal->flush, &loop->timers, flush_expires);
	error = stdout_writer_start(&terminal->writer);
	if (error) {
		complain("cannot start a thread for the terminal: %s", strerror(error));
		return STATUS_HOST_ERROR;
	}
	terminal->is_open = true;
	terminal->keys = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (user->resized && isatty(STDOUT_FILENO))
		status = watch_size(terminal);
	if (!status && terminal->keys) {
		error = tty_make_raw();
		if (error) {
			complain("cannot make the terminal raw: %s", strerror(-error));
			status = STATUS_HOST_ERROR;
		}
	}
	if (status) {
		terminal_close(terminal);
		return status;
	}
	watch_input(terminal);
	/* Ctrl-C does not help anybody who does not know it. */
	if (terminal->keys)
		say(terminal, "Ctrl-A x quits, Ctrl-A h shows what else there is\r\n");
	return 0;
}

void terminal_close(struct terminal *terminal)
{
	if (!terminal->is_open)
		return;
	flush(terminal);
	stdout_writer_wait(&terminal->writer, STALLED_S);
	timer_cancel(&terminal->flush);
	terminal->ended = true;
	watch_input(terminal);
	tty_restore();
	if (terminal->resizes.fd < 0)
		return;
	signal(SIGWINCH, SIG_DFL);
	resizes_fd = -1;
	event_loop_unwatch(terminal->loop, &terminal->resizes);
	close(terminal->resizes.fd);
	terminal->resizes.fd = -1;
}

void terminal_finish(struct terminal *terminal, bool patient)
{
	uint64_t lost;

	if (!terminal->is_open)
		return;
	terminal_close(terminal);
	if (patient)
		stdout_writer_wait(&terminal->writer, -1);
	lost = stdout_writer_lost(&terminal->writer);
	/* A terminal that stalls would take that no more than the rest. */
	if (lost && poll(&(struct pollfd){ .fd = STDERR_FILENO, .events = POLLOUT }, 1, 0) == 1)
		complain("%" PRIu64 " bytes that the guest printed are lost: stdout took none for too long", lost);
}
