// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_client.c - a debugger of our own; see gdb_client.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tools/gdb_packet.h"
#include "gdb_client.h"
#include "vm.h"

#define PATIENCE	10.0	/* seconds */

static int write_guest(const char *path, const __u8 *start, const __u8 *end)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t written = fd < 0 ? -1 : write(fd, start, end - start);

	if (fd >= 0)
		close(fd);
	return written == end - start ? 0 : -EIO;
}

static void exec_runner(struct gdb_client *client, const char *device, const char *mode, const char *guest)
{
	char output[96];
	int fd;

	snprintf(output, sizeof(output), "%s/output", client->dir);
	fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	execl(GDB_RUNNER, "minivmx", "run", "--device", device, "--mode", mode, "--timeout", "60",
	      "--gdb", client->address, guest, NULL);
	_exit(127);
}

const char *gdb_output(struct gdb_client *client)
{
	static char text[65536];
	char path[96];
	ssize_t got = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/output", client->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[got > 0 ? got : 0] = '\0';
	return text;
}

/* The address that the runner says it listens at. */
static int open_connection(struct gdb_client *client)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_un local;
	} address = { .local = { .sun_family = AF_UNIX } };
	const char *said = strstr(gdb_output(client), "\"target remote ");
	char where[108];
	unsigned int port;
	int fd;

	if (!said || sscanf(said, "\"target remote %107[^\"]\"", where) != 1)
		return -1;
	if (where[0] == '/') {
		strcpy(address.local.sun_path, where);
	} else {
		if (sscanf(where, "127.0.0.1:%u", &port) != 1)
			return -1;
		address.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
						   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	}
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, &address.any, where[0] == '/' ? sizeof(address.local) : sizeof(address.v4)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int gdb_connect(struct gdb_client *client)
{
	double end = vm_seconds() + PATIENCE;

	while (client->fd < 0 && vm_seconds() < end) {
		/* Ended already, without the end being taken. */
		siginfo_t info = { 0 };

		if (waitid(P_PID, client->runner, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid)
			return strstr(gdb_output(client), "--gdb needs it") ? -ENOTTY : -ECHILD;
		client->fd = open_connection(client);
		if (client->fd < 0)
			usleep(10000);
	}
	return client->fd < 0 ? -ETIMEDOUT : 0;
}

int gdb_start(struct gdb_client *client, const char *device, const char *mode, const char *address,
	      const __u8 *start, const __u8 *end)
{
	char guest[96];

	*client = (struct gdb_client){ .fd = -1, .dir = "/tmp/gdb-test.XXXXXX" };
	if (!mkdtemp(client->dir))
		return -errno;
	snprintf(guest, sizeof(guest), "%s/guest", client->dir);
	if (address)
		snprintf(client->address, sizeof(client->address), "%s", address);
	else
		snprintf(client->address, sizeof(client->address), "unix:%s/socket", client->dir);
	if (write_guest(guest, start, end))
		return -EIO;
	client->runner = fork();
	if (!client->runner)
		exec_runner(client, device, mode, guest);
	return client->runner < 0 ? -errno : gdb_connect(client);
}

void gdb_drop(struct gdb_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	client->received = client->used = 0;
	client->description[0] = '\0';
}

int gdb_send_raw(struct gdb_client *client, const void *bytes, size_t size)
{
	return send(client->fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -EIO;
}

int gdb_send(struct gdb_client *client, const char *text)
{
	static struct packet packet;
	static char frame[FRAME_MAX];

	packet = (struct packet){ 0 };
	packet_bytes(&packet, text, strlen(text));
	return gdb_send_raw(client, frame, packet_frame(&packet, frame));
}

int gdb_next_byte(struct gdb_client *client)
{
	struct pollfd readable = { .fd = client->fd, .events = POLLIN };
	ssize_t got;

	if (client->used == client->received) {
		if (poll(&readable, 1, PATIENCE * 1000) != 1)
			return -1;
		got = recv(client->fd, client->input, sizeof(client->input), 0);
		if (got <= 0)
			return -1;
		client->received = got;
		client->used = 0;
	}
	return client->input[client->used++];
}

const char *gdb_receive(struct gdb_client *client)
{
	static struct packet_reader reader;

	reader = (struct packet_reader){ 0 };
	for (;;) {
		int byte = gdb_next_byte(client);
		enum packet_event event;

		if (byte < 0)
			return GDB_NONE;
		event = packet_feed(&reader, byte);
		if (event == PACKET_DAMAGED || event == PACKET_TOO_LONG)
			return GDB_NONE;
		if (event == PACKET_READY)
			break;
	}
	memcpy(client->reply, reader.data, reader.length + 1);
	gdb_send_raw(client, "+", 1);
	return client->reply;
}

const char *gdb_ask(struct gdb_client *client, const char *format, ...)
{
	char text[PACKET_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return gdb_send(client, text) ? GDB_NONE : gdb_receive(client);
}

const char *gdb_description(struct gdb_client *client)
{
	char *text = client->description;
	size_t length = 0;

	if (*text)
		return text;
	do {
		const char *reply = gdb_ask(client, "qXfer:features:read:target.xml:%zx,7ff", length);

		if ((*reply != 'm' && *reply != 'l') || length + strlen(reply) > sizeof(client->description))
			return "";
		strcpy(text + length, reply + 1);
		length += strlen(reply + 1);
	} while (*client->reply == 'm');
	return text;
}

int gdb_register_number(struct gdb_client *client, const char *name)
{
	const char *text = gdb_description(client);
	char wanted[32];
	int number = 0;

	snprintf(wanted, sizeof(wanted), "<reg name='%s'", name);
	for (; (text = strstr(text, "<reg ")); text++, number++)
		if (!strncmp(text, wanted, strlen(wanted)))
			return number;
	return -1;
}

__u64 gdb_register(struct gdb_client *client, const char *name)
{
	const char *reply = gdb_ask(client, "p%x", gdb_register_number(client, name));
	__u64 value = 0;

	if (strlen(reply) > 16 || !parse_hex_bytes(reply, &value, strlen(reply) / 2))
		return ~0ull;
	return value;
}

const char *gdb_step(struct gdb_client *client)
{
	__u64 from = gdb_register(client, "rip");

	for (int i = 0; i < 20; i++)
		if (strcmp(gdb_ask(client, "s"), "T05thread:1;") || gdb_register(client, "rip") != from)
			break;
	/* For the reply itself. */
	return gdb_ask(client, "?");
}

int gdb_wait_for_end(struct gdb_client *client)
{
	double end = vm_seconds() + PATIENCE;
	int status;

	while (client->runner && vm_seconds() < end) {
		if (waitpid(client->runner, &status, WNOHANG) == client->runner) {
			client->runner = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		usleep(5000);
	}
	return -1;
}

void gdb_cleanup(struct gdb_client *client)
{
	static const char * const names[] = { "guest", "output", "socket" };
	char path[96];

	gdb_drop(client);
	if (client->runner > 0) {
		kill(client->runner, SIGKILL);
		waitpid(client->runner, NULL, 0);
	}
	for (unsigned int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", client->dir, names[i]);
		unlink(path);
	}
	rmdir(client->dir);
}
