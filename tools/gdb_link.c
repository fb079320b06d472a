// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_link.c - sockets under gdb's remote protocol, acknowledgements, waiting.
 *
 * Reached from gdb.c and gdb_commands.c; continues in gdb_packet.c. Sockets raise SIGIO when
 * something comes: machine.c then makes a RUN in progress return, so that nobody has to look while
 * the guest runs.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"
#include "gdb.h"
#include "gdb_link.h"

#define DEFAULT_HOST	"127.0.0.1"
#define LINGER_MS	1000
#define SEND_TIMEOUT_S	5	/* who reads nothing for so long is gone */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

/* Fills in the address; 0 for one that is none. */
static socklen_t parse_tcp(const char *text, union address *address)
{
	const char *colon = strrchr(text, ':');
	char host[64], *end;
	unsigned long port;

	if (!colon || colon - text >= (long)sizeof(host) || colon[1] < '0' || colon[1] > '9')
		return 0;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > 0xffff)
		return 0;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (!host[0] || !strcmp(host, "localhost"))
		strcpy(host, DEFAULT_HOST);
	if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(port);
		return sizeof(address->v4);
	}
	/* [::1]:1234 */
	if (host[0] != '[' || host[strlen(host) - 1] != ']')
		return 0;
	host[strlen(host) - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) != 1)
		return 0;
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(port);
	return sizeof(address->v6);
}

static socklen_t parse_address(const char *text, union address *address)
{
	const char *path = text + strlen("unix:");

	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:", strlen("unix:")))
		return parse_tcp(text, address);
	if (!*path || strlen(path) >= sizeof(address->local.sun_path))
		return 0;
	address->local.sun_family = AF_UNIX;
	strcpy(address->local.sun_path, path);
	return sizeof(address->local);
}

bool gdb_address_is_valid(const char *text)
{
	union address address;

	return parse_address(text, &address) > 0;
}

static void say_where(struct link *link)
{
	static const char then[] = "the guest starts when it says \"continue\"";
	union address address;
	socklen_t size = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "";

	getsockname(link->listener, &address.any, &size);
	if (link->socket_path[0]) {
		complain("waiting for gdb: \"target remote %s\"; %s", link->socket_path, then);
	} else if (address.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof(host));
		complain("waiting for gdb: \"target remote %s:%u\"; %s", host, ntohs(address.v4.sin_port), then);
	} else {
		inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof(host));
		complain("waiting for gdb: \"target remote [%s]:%u\"; %s", host, ntohs(address.v6.sin6_port), then);
	}
}

/* Never waits, and raises SIGIO. */
static int make_asynchronous(int fd)
{
	if (fcntl(fd, F_SETOWN, getpid()) < 0)
		return -1;
	return fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
}

int link_listen(struct link *link, const char *text)
{
	static const int on = 1;
	union address address;
	socklen_t size;

	link->connection = -1;
	size = parse_address(text, &address);
	link->listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->listener < 0)
		goto failed;
	if (address.any.sa_family != AF_UNIX)
		setsockopt(link->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(link->listener, &address.any, size) < 0)
		goto failed;
	if (address.any.sa_family == AF_UNIX)
		strcpy(link->socket_path, address.local.sun_path);
	if (listen(link->listener, 1) < 0 || make_asynchronous(link->listener) < 0)
		goto failed;
	say_where(link);
	return 0;

failed:
	complain("cannot listen for gdb at %s: %s%s", text, strerror(errno),
		 errno == EADDRINUSE && address.any.sa_family == AF_UNIX ?
		 "; remove the file if nobody listens there" : "");
	link_close(link);
	return STATUS_HOST_ERROR;
}

static enum link_event lose(struct link *link)
{
	close(link->connection);
	link->connection = -1;
	return LINK_LOST;
}

static void send_bytes(struct link *link, const char *bytes, size_t size)
{
	struct pollfd writable = { .fd = link->connection, .events = POLLOUT };

	while (size && link->connection >= 0) {
		ssize_t sent = send(link->connection, bytes, size, MSG_NOSIGNAL);

		if (sent >= 0) {
			bytes += sent;
			size -= sent;
		} else if (errno == EAGAIN && poll(&writable, 1, SEND_TIMEOUT_S * 1000) != 0) {
			/* Writable, or a kick: the end of the run must end even this. */
			if (*link->stopping)
				return;
		} else if (errno != EINTR) {
			/* What was lost shows at the next receive. */
			shutdown(link->connection, SHUT_RDWR);
			return;
		}
	}
}

void link_send(struct link *link, const struct packet *packet)
{
	link->frame_length = packet_frame(packet, link->frame);
	send_bytes(link, link->frame, link->frame_length);
}

/* Waits for a descriptor, or the end of the run, which kicks. */
static void wait_readable(struct link *link, int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	sigset_t ending, before;

	sigemptyset(&ending);
	sigaddset(&ending, CPU_KICK_SIGNAL);
	/* Blocked between the look at stopping and the wait, so that none is slept through. */
	pthread_sigmask(SIG_BLOCK, &ending, &before);
	if (!*link->stopping)
		ppoll(&readable, 1, NULL, &before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static enum link_event connect_next(struct link *link)
{
	static const int on = 1;

	link->connection = accept4(link->listener, NULL, NULL, SOCK_CLOEXEC);
	if (link->connection < 0)
		return LINK_NOTHING;
	/* Small packets both ways: waiting to fill one costs a fifth of a second each. Unix sockets refuse. */
	setsockopt(link->connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (make_asynchronous(link->connection) < 0) {
		lose(link);
		return LINK_NOTHING;
	}
	link->no_acks = false;
	link->reader = (struct packet_reader){ 0 };
	link->received = link->used = link->frame_length = 0;
	return LINK_CONNECTED;
}

/* One event of those bytes that have come. */
static enum link_event digest(struct link *link)
{
	while (link->used < link->received) {
		switch (packet_feed(&link->reader, link->input[link->used++])) {
		case PACKET_READY:
		case PACKET_TOO_LONG:
			if (!link->no_acks)
				send_bytes(link, "+", 1);
			return link->reader.too_long ? LINK_TOO_LONG : LINK_PACKET;
		case PACKET_DAMAGED:
			/* Without acknowledgements there is no way to ask again: gdb will time out. */
			if (!link->no_acks)
				send_bytes(link, "-", 1);
			break;
		case PACKET_NAK:
			if (!link->no_acks)
				send_bytes(link, link->frame, link->frame_length);
			break;
		case PACKET_INTERRUPT:
			return LINK_INTERRUPT;
		case PACKET_NONE:
			break;
		}
	}
	return LINK_NOTHING;
}

/* What has come already; LINK_NOTHING only when there is no byte left to read. */
static enum link_event next_without_waiting(struct link *link)
{
	enum link_event event;
	ssize_t got;

	if (link->connection < 0)
		return connect_next(link);
	while ((event = digest(link)) == LINK_NOTHING) {
		got = recv(link->connection, link->input, sizeof(link->input), 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return LINK_NOTHING;
		if (got <= 0)
			return lose(link);
		link->received = got;
		link->used = 0;
	}
	return event;
}

enum link_event link_next(struct link *link, bool wait)
{
	enum link_event event;

	while ((event = next_without_waiting(link)) == LINK_NOTHING && wait && !*link->stopping)
		wait_readable(link, link->connection < 0 ? link->listener : link->connection);
	return event;
}

void link_hang_up(struct link *link)
{
	struct pollfd readable = { .fd = link->connection, .events = POLLIN };

	if (link->connection < 0)
		return;
	/* A close with unread bytes would reset the connection, and take the last packet with it. */
	shutdown(link->connection, SHUT_WR);
	while (poll(&readable, 1, LINGER_MS) > 0 &&
	       recv(link->connection, link->input, sizeof(link->input), 0) > 0)
		;
	lose(link);
}

void link_close(struct link *link)
{
	link_hang_up(link);
	if (link->listener >= 0)
		close(link->listener);
	link->listener = -1;
	if (link->socket_path[0])
		unlink(link->socket_path);
}
