// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_packet.c - the framing of gdb's remote serial protocol.
 *
 * Reached from gdb_link.c for what arrives and is sent, from gdb*.c for its content; see gdb_packet.h. What arrives is a stranger's: every byte string has a
 * defined outcome, and none writes outside the buffers.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gdb_packet.h"

#define ESCAPE		'}'
#define ESCAPE_FLIP	0x20	/* an escaped byte is sent with this bit flipped */
#define INTERRUPT	0x03

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static enum packet_event begin(struct packet_reader *reader)
{
	reader->state = READ_DATA;
	reader->sum = 0;
	reader->length = 0;
	reader->too_long = false;
	return PACKET_NONE;
}

static void store(struct packet_reader *reader, uint8_t byte)
{
	if (reader->length < PACKET_MAX)
		reader->data[reader->length++] = byte;
	else
		reader->too_long = true;
}

static enum packet_event feed_data(struct packet_reader *reader, uint8_t byte)
{
	/* Unescaped, these two are never data: the sender lost the end of a packet, or is at it. */
	if (byte == '$')
		return begin(reader);
	if (byte == '#') {
		reader->state = READ_CHECKSUM;
		return PACKET_NONE;
	}
	reader->sum += byte;
	if (reader->state == READ_ESCAPED) {
		store(reader, byte ^ ESCAPE_FLIP);
		reader->state = READ_DATA;
	} else if (byte == ESCAPE) {
		reader->state = READ_ESCAPED;
	} else {
		store(reader, byte);
	}
	return PACKET_NONE;
}

static enum packet_event finish(struct packet_reader *reader, uint8_t byte)
{
	int low = hex_digit(byte);

	reader->state = READ_START;
	if (reader->checksum < 0 || low < 0 || (reader->checksum << 4 | low) != reader->sum)
		return PACKET_DAMAGED;
	if (reader->too_long)
		return PACKET_TOO_LONG;
	reader->data[reader->length] = '\0';
	return PACKET_READY;
}

enum packet_event packet_feed(struct packet_reader *reader, uint8_t byte)
{
	switch (reader->state) {
	case READ_START:
		if (byte == '$')
			return begin(reader);
		if (byte == INTERRUPT)
			return PACKET_INTERRUPT;
		/* '+' confirms what nobody doubts; anything else between packets is noise. */
		return byte == '-' ? PACKET_NAK : PACKET_NONE;
	case READ_CHECKSUM:
		reader->checksum = hex_digit(byte);
		reader->state = READ_CHECKSUM_LOW;
		return PACKET_NONE;
	case READ_CHECKSUM_LOW:
		return finish(reader, byte);
	default:
		return feed_data(reader, byte);
	}
}

void packet_bytes(struct packet *packet, const void *bytes, size_t size)
{
	if (size > PACKET_MAX - packet->length) {
		packet->overflow = true;
		return;
	}
	memcpy(packet->data + packet->length, bytes, size);
	packet->length += size;
}

void packet_text(struct packet *packet, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	packet_bytes(packet, text, strlen(text));
}

void packet_hex(struct packet *packet, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < size; i++) {
		const char pair[] = { digits[byte[i] >> 4], digits[byte[i] & 0xf] };

		packet_bytes(packet, pair, sizeof(pair));
	}
}

size_t packet_frame(const struct packet *packet, char *frame)
{
	size_t length = 0;
	uint8_t sum = 0;

	frame[length++] = '$';
	for (size_t i = 0; i < packet->length; i++) {
		char c = packet->data[i];

		/* '*' would start a run-length code, which this side never sends. */
		if (c == '$' || c == '#' || c == '*' || c == ESCAPE) {
			frame[length++] = ESCAPE;
			sum += ESCAPE;
			c ^= ESCAPE_FLIP;
		}
		frame[length++] = c;
		sum += c;
	}
	frame[length++] = '#';
	frame[length++] = "0123456789abcdef"[sum >> 4];
	frame[length++] = "0123456789abcdef"[sum & 0xf];
	return length;
}

bool parse_hex(const char **text, uint64_t *value)
{
	unsigned int digits = 0;

	*value = 0;
	for (; hex_digit(**text) >= 0; (*text)++, digits++) {
		if (digits == 16)
			return false;
		*value = *value << 4 | hex_digit(**text);
	}
	return digits > 0;
}

bool parse_hex_and(const char **text, uint64_t *value, char end)
{
	if (!parse_hex(text, value) || **text != end)
		return false;
	if (end)
		(*text)++;
	return true;
}

bool parse_hex_bytes(const char *text, void *bytes, size_t size)
{
	uint8_t *byte = bytes;

	for (size_t i = 0; i < size; i++, text += 2) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0)
			return false;
		byte[i] = high << 4 | low;
	}
	return !*text;
}
