// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_packet.c - the framing of gdb's remote protocol (tools/gdb_packet.c), without a VM.
 *
 * Packets in and out, escapes, checksums, packets that are damaged, cut off or too long; and
 * that what one side frames the other reads, for any bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "../tools/gdb_packet.h"
#include "kselftest_harness.h"

/* The last event that is not PACKET_NONE, of how many. */
static enum packet_event feed(struct packet_reader *reader, const void *bytes, size_t size, int *events)
{
	enum packet_event last = PACKET_NONE;

	*events = 0;
	for (size_t i = 0; i < size; i++) {
		enum packet_event event = packet_feed(reader, ((const uint8_t *)bytes)[i]);

		if (event != PACKET_NONE) {
			last = event;
			(*events)++;
		}
	}
	return last;
}

#define FEED(text)	feed(&reader, text, sizeof(text) - 1, &events)

TEST(reader_takes_a_packet)
{
	struct packet_reader reader = { 0 };
	int events;

	EXPECT_EQ(PACKET_READY, FEED("$m100000,4#ee")) {
		TH_LOG("sum 0x%02x", reader.sum);
	}
	EXPECT_EQ(1, events);
	EXPECT_STREQ("m100000,4", reader.data);
	EXPECT_EQ(9, reader.length);
	EXPECT_EQ(PACKET_READY, FEED("$#00"));
	EXPECT_STREQ("", reader.data);
	/* digits in upper case */
	EXPECT_EQ(PACKET_READY, FEED("$k#6B"));
	EXPECT_STREQ("k", reader.data);
}

TEST(reader_undoes_escapes)
{
	struct packet_reader reader = { 0 };
	int events;

	/* }\x03 is '#', }\x04 is '$', }] is '}', }\n is '*'; the checksum is of what was sent */
	EXPECT_EQ(PACKET_READY, FEED("$}\x03}\x04}]}\n#62"));
	EXPECT_EQ(4, reader.length);
	EXPECT_STREQ("#$}*", reader.data);
	/* A NUL is a byte like any other. */
	EXPECT_EQ(PACKET_READY, FEED("$X\0Y#b1"));
	EXPECT_EQ(3, reader.length);
	EXPECT_EQ(0, memcmp("X\0Y", reader.data, 4));
}

TEST(reader_refuses_a_wrong_checksum)
{
	struct packet_reader reader = { 0 };
	int events;

	EXPECT_EQ(PACKET_DAMAGED, FEED("$k#6c"));
	EXPECT_EQ(PACKET_DAMAGED, FEED("$k#zb"));
	EXPECT_EQ(PACKET_DAMAGED, FEED("$k#6-"));
	EXPECT_EQ(PACKET_READY, FEED("$k#6b"));
	EXPECT_EQ(1, events);
}

TEST(reader_starts_again_with_a_new_packet)
{
	struct packet_reader reader = { 0 };
	int events;

	EXPECT_EQ(PACKET_READY, FEED("$m1234$k#6b"));
	EXPECT_EQ(1, events);
	EXPECT_STREQ("k", reader.data);
	/* cut off within an escape */
	EXPECT_EQ(PACKET_READY, FEED("$X}$k#6b"));
	EXPECT_STREQ("k", reader.data);
}

TEST(reader_knows_what_is_between_packets)
{
	struct packet_reader reader = { 0 };
	int events;

	EXPECT_EQ(PACKET_NONE, FEED("+++noise#12"));
	EXPECT_EQ(PACKET_NAK, FEED("-"));
	EXPECT_EQ(PACKET_INTERRUPT, FEED("\x03"));
	/* inside it is data */
	EXPECT_EQ(PACKET_READY, FEED("$\x03-+#5b"));
	EXPECT_EQ(1, events);
	EXPECT_STREQ("\x03-+", reader.data);
}

TEST(reader_takes_the_longest_packet_and_no_longer_one)
{
	static char bytes[PACKET_MAX + 16];
	struct packet_reader reader = { 0 };
	uint8_t sum;
	int events;

	for (size_t length = PACKET_MAX - 1; length <= PACKET_MAX + 2; length++) {
		bytes[0] = '$';
		memset(bytes + 1, 'a', length);
		sum = 'a' * length;
		snprintf(bytes + 1 + length, 4, "#%02x", sum);
		EXPECT_EQ(length <= PACKET_MAX ? PACKET_READY : PACKET_TOO_LONG,
			  feed(&reader, bytes, length + 4, &events));
		EXPECT_EQ(1, events);
		if (length <= PACKET_MAX)
			EXPECT_EQ(length, strlen(reader.data));
	}
	EXPECT_EQ(PACKET_READY, FEED("$k#6b"));
}

TEST(reader_reads_back_what_was_framed)
{
	static struct packet packet;
	static char frame[FRAME_MAX];
	struct packet_reader reader = { 0 };
	size_t length;
	int events;

	srand(1);
	for (int round = 0; round < 2000; round++) {
		uint8_t mask = round & 1 ? 0xff : 0x0f;	/* the second half is rich in escapes */

		packet.length = 0;
		for (int i = rand() % (round < 20 ? PACKET_MAX + 1 : 40); i > 0; i--) {
			uint8_t byte = (rand() & mask) + (round & 1 ? 0 : 0x20);

			packet_bytes(&packet, &byte, 1);
		}
		length = packet_frame(&packet, frame);
		ASSERT_LE(length, sizeof(frame));
		/* '*' would be taken for a run-length code */
		ASSERT_EQ(NULL, memchr(frame, '*', length));
		ASSERT_EQ(PACKET_READY, feed(&reader, frame, length, &events));
		ASSERT_EQ(1, events);
		ASSERT_EQ(packet.length, reader.length);
		ASSERT_EQ(0, memcmp(packet.data, reader.data, packet.length));
	}
}

/* Whatever comes in, the reader stays in its bounds and takes the next whole packet. */
TEST(reader_survives_noise)
{
	struct {
		struct packet_reader reader;
		uint64_t guard;
	} it = { .guard = 0x0123456789abcdef };
	int events;

	srand(2);
	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < 3 * PACKET_MAX; i++) {
			uint8_t byte = rand() >> 5;

			/* rarely the end of a packet */
			if (byte == '#' && rand() % 64)
				continue;
			packet_feed(&it.reader, byte);
		}
		feed(&it.reader, "#00", 3, &events);
		ASSERT_EQ(PACKET_READY, feed(&it.reader, "$k#6b", 5, &events));
		ASSERT_STREQ("k", it.reader.data);
		ASSERT_EQ(0x0123456789abcdef, it.guard);
	}
}

TEST(a_packet_that_is_full_takes_no_more)
{
	static struct packet packet;
	static char bytes[PACKET_MAX - 1];

	packet_bytes(&packet, bytes, sizeof(bytes));
	packet_text(&packet, "ab");
	EXPECT_TRUE(packet.overflow);
	EXPECT_EQ(PACKET_MAX - 1, packet.length);
	packet.overflow = false;
	packet_text(&packet, "a");
	EXPECT_FALSE(packet.overflow);
	packet_hex(&packet, "", 1);
	EXPECT_TRUE(packet.overflow);
	EXPECT_EQ(PACKET_MAX, packet.length);
}

TEST(bytes_to_digits_and_back)
{
	static struct packet packet;
	uint8_t bytes[4] = { 0 };

	packet_hex(&packet, "\x00\x7f\xab\xff", 4);
	EXPECT_EQ(8, packet.length);
	EXPECT_EQ(0, memcmp("007fabff", packet.data, 8));
	EXPECT_TRUE(parse_hex_bytes("007FabfF", bytes, 4));
	EXPECT_EQ(0, memcmp("\x00\x7f\xab\xff", bytes, 4));
	EXPECT_FALSE(parse_hex_bytes("007fab", bytes, 4));
	EXPECT_FALSE(parse_hex_bytes("007fabf", bytes, 4));
	EXPECT_FALSE(parse_hex_bytes("007fabff0", bytes, 4));
	EXPECT_FALSE(parse_hex_bytes("007gabff", bytes, 4));
	EXPECT_TRUE(parse_hex_bytes("", bytes, 0));
}

TEST(numbers)
{
	const char *text = "12,ffffffffffffffff:00000000000000001";
	uint64_t value;

	EXPECT_TRUE(parse_hex_and(&text, &value, ','));
	EXPECT_EQ(0x12, value);
	EXPECT_TRUE(parse_hex_and(&text, &value, ':'));
	EXPECT_EQ(~0ull, value);
	/* 17 digits do not fit, even if they are zeros */
	EXPECT_FALSE(parse_hex(&text, &value));
	text = "";
	EXPECT_FALSE(parse_hex(&text, &value));
	text = "5;";
	EXPECT_FALSE(parse_hex_and(&text, &value, '\0'));
	text = "5";
	EXPECT_TRUE(parse_hex_and(&text, &value, '\0'));
	EXPECT_STREQ("", text);
}

TEST_HARNESS_MAIN
