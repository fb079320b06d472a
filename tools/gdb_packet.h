/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gdb_packet.h - the framing of gdb's remote serial protocol: bytes to packets and back.
 *
 * Pure functions over memory: selftests/gdb_packet.c tests them without a VM or a socket. A packet is `$data#checksum`; '#', '$', '}' and '*' inside are escaped by '}'.
 * The protocol is appendix "GDB Remote Serial Protocol" of the gdb manual.
 */
#ifndef MINIVMX_TOOLS_GDB_PACKET_H
#define MINIVMX_TOOLS_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX	4096			/* bytes of data in one packet, both ways */
#define FRAME_MAX	(2 * PACKET_MAX + 4)	/* all of them escaped, `$` and `#xx` */

enum packet_event {
	PACKET_NONE,		/* nothing complete yet */
	PACKET_READY,		/* a whole packet: reader->data, reader->length */
	PACKET_DAMAGED,		/* the checksum is wrong: ask for it again */
	PACKET_TOO_LONG,	/* a sound packet of more than PACKET_MAX bytes, which are lost */
	PACKET_NAK,		/* the other side wants the last packet again */
	PACKET_INTERRUPT,	/* Ctrl-C: stop the guest */
};

/* Zeroed memory is a reader that waits for the start of a packet. */
struct packet_reader {
	enum { READ_START, READ_DATA, READ_ESCAPED, READ_CHECKSUM, READ_CHECKSUM_LOW } state;
	uint8_t sum;		/* of the raw bytes so far */
	int checksum;		/* the packet's own; negative if not hexadecimal */
	bool too_long;
	size_t length;
	char data[PACKET_MAX + 1];	/* unescaped; NUL behind it when PACKET_READY */
};

enum packet_event packet_feed(struct packet_reader *reader, uint8_t byte);

/* A packet under construction. What does not fit is dropped and noted. */
struct packet {
	size_t length;
	bool overflow;
	char data[PACKET_MAX];
};

void packet_text(struct packet *packet, const char *format, ...) __attribute__((format(printf, 2, 3)));
void packet_bytes(struct packet *packet, const void *bytes, size_t size);	/* as they are */
void packet_hex(struct packet *packet, const void *bytes, size_t size);	/* two digits a byte */

/* Writes frame[FRAME_MAX]; returns its length. */
size_t packet_frame(const struct packet *packet, char *frame);

/* The value of a hexadecimal digit, or -1. */
int hex_digit(char c);

/* Reads up to 16 digits and moves on behind them; false if there are none, or more. */
bool parse_hex(const char **text, uint64_t *value);

/* The same, and then this character. */
bool parse_hex_and(const char **text, uint64_t *value, char end);

/* Exactly size bytes from twice as many digits, which must be followed by the end of the string. */
bool parse_hex_bytes(const char *text, void *bytes, size_t size);

#endif /* MINIVMX_TOOLS_GDB_PACKET_H */
