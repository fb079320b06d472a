// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_protocol.c - `minivmx run --gdb` and its remote protocol: registers and their description,
 * memory, questions, and debuggers that send rubbish or go away in the middle.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gdb_client.h"
#include "vm.h"
#include "kselftest_harness.h"

FIXTURE(gdb_protocol) { struct gdb_client client; };
FIXTURE_VARIANT(gdb_protocol) { const char *device; };
FIXTURE_VARIANT_ADD(gdb_protocol, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(gdb_protocol, kvm) { .device = KVM_DEVICE };
FIXTURE_SETUP(gdb_protocol) { VM_REQUIRE(variant->device); self->client.fd = -1; }
FIXTURE_TEARDOWN(gdb_protocol) { gdb_cleanup(&self->client); }

#define START_AT(mode, address)						\
	do {								\
		int error = gdb_start(gdb, variant->device, mode, address, spin_start, spin_end); \
		if (error == -ENOTTY)					\
			SKIP(return, "%s has no SET_GUEST_DEBUG or TRANSLATE", variant->device); \
		ASSERT_EQ(0, error) { TH_LOG("%s", gdb_output(gdb)); }	\
	} while (0)
#define START(mode)	START_AT(mode, NULL)

#define EXPECT_REPLY(wanted, ...)	EXPECT_STREQ(wanted, gdb_ask(gdb, __VA_ARGS__))

/* The same bytes in every mode. */
GUEST_CODE(spin, 64, "sti\n 1: jmp 1b");

TEST_F(gdb_protocol, answers_questions)
{
	struct gdb_client *gdb = &self->client;

	START("long");
	EXPECT_EQ(0, strncmp(gdb_ask(gdb, "qSupported:multiprocess+;swbreak+"), "PacketSize=1000;", 16));
	EXPECT_REPLY("T05thread:1;", "?");
	EXPECT_REPLY("1", "qAttached");
	EXPECT_REPLY("QC1", "qC");
	EXPECT_REPLY("m1", "qfThreadInfo");
	EXPECT_REPLY("l", "qsThreadInfo");
	EXPECT_REPLY("OK", "T1");
	EXPECT_REPLY("E03", "T2");
	EXPECT_REPLY("OK", "Hg0");
	EXPECT_REPLY("OK", "Hc-1");
	EXPECT_REPLY("E03", "Hg5");
	EXPECT_REPLY("vCont;c;C;s;S", "vCont?");
	EXPECT_REPLY("T05thread:1;", "vCont;c:2;s:1;c");
	EXPECT_REPLY("T05thread:1;", "vCont;S05");
	EXPECT_REPLY("E16", "vCont;c:2");
	EXPECT_REPLY("E16", "vCont;r1,2:1");
	/* unknown ones */
	EXPECT_REPLY("", "vMustReplyEmpty");
	EXPECT_REPLY("", "qCRC:0,1");
	EXPECT_REPLY("", "qXfer:auxv:read::0,100");
	EXPECT_REPLY("", "%s", "");
	EXPECT_REPLY("E02", "qXfer:features:read:other.xml:0,100");
	EXPECT_REPLY("l", "qXfer:features:read:target.xml:100000,100");
	EXPECT_REPLY("E16", "qXfer:features:read:target.xml:0");
}

/* The digits that `g` must have, by the description. */
static size_t digits_described(const char *text)
{
	size_t digits = 0;
	unsigned int bits;

	while ((text = strstr(text, "bitsize='"))) {
		text += strlen("bitsize='");
		if (sscanf(text, "%u", &bits) == 1)
			digits += bits / 4;
	}
	return digits;
}

TEST_F(gdb_protocol, describes_registers_of_long_mode)
{
	struct gdb_client *gdb = &self->client;

	START("long");
	EXPECT_NE(NULL, strstr(gdb_description(gdb), "<architecture>i386:x86-64</architecture>"));
	EXPECT_EQ(digits_described(gdb_description(gdb)), strlen(gdb_ask(gdb, "g")));
	EXPECT_EQ(GDB_BASE, gdb_register(gdb, "rip"));
	EXPECT_EQ(8, gdb_register(gdb, "cs"));
	EXPECT_EQ(0x10, gdb_register(gdb, "ss"));
	EXPECT_EQ(0x500, gdb_register(gdb, "efer"));
	EXPECT_EQ(0x2000, gdb_register(gdb, "cr3"));
	EXPECT_EQ(0x17, gdb_register(gdb, "gdt_limit"));
	EXPECT_EQ(0, gdb_register(gdb, "fs_base"));
	EXPECT_EQ(-1, gdb_register_number(gdb, "eip"));
}

TEST_F(gdb_protocol, describes_registers_of_other_modes)
{
	struct gdb_client *gdb = &self->client;

	START("real");
	EXPECT_NE(NULL, strstr(gdb_description(gdb), "<architecture>i8086</architecture>"));
	EXPECT_EQ(digits_described(gdb_description(gdb)), strlen(gdb_ask(gdb, "g")));
	EXPECT_EQ(GDB_REAL_BASE, gdb_register(gdb, "eip"));
	EXPECT_EQ(-1, gdb_register_number(gdb, "rip"));
	EXPECT_EQ(-1, gdb_register_number(gdb, "r8"));
	/* The base follows the selector, and the program counter is linear: 07c0:0000 is the same place. */
	EXPECT_REPLY("OK", "P%x=c0070000", gdb_register_number(gdb, "cs"));
	EXPECT_EQ(0x7c00, gdb_register(gdb, "cs_base"));
	EXPECT_EQ(GDB_REAL_BASE, gdb_register(gdb, "eip"));
	EXPECT_REPLY("OK", "Z1,7c01,1");
	EXPECT_REPLY("T05thread:1;hwbreak:;", "c");
	EXPECT_EQ(GDB_REAL_BASE + 1, gdb_register(gdb, "eip"));
	gdb_cleanup(gdb);
	START("protected");
	EXPECT_NE(NULL, strstr(gdb_description(gdb), "<architecture>i386</architecture>"));
	EXPECT_EQ(GDB_BASE, gdb_register(gdb, "eip"));
}

TEST_F(gdb_protocol, writes_registers)
{
	static const char * const plain[] = { "rax", "rdi", "rsp", "r8", "r15", "fs_base", "cr2", "idt_base" };
	struct gdb_client *gdb = &self->client;
	static char all[8192];
	int number;

	START("long");
	for (unsigned int i = 0; i < ARRAY_SIZE(plain); i++) {
		number = gdb_register_number(gdb, plain[i]);
		EXPECT_REPLY("OK", "P%x=%02x34560000000000", number, i + 1);
		EXPECT_EQ(0x563400 + i + 1, gdb_register(gdb, plain[i]));
	}
	EXPECT_REPLY("OK", "P%x=d7080000", gdb_register_number(gdb, "eflags"));
	EXPECT_EQ(0x8d7, gdb_register(gdb, "eflags"));
	number = gdb_register_number(gdb, "xmm3");
	/* Where the device has no GET_FPU, these are unavailable, and say so. */
	if (gdb_ask(gdb, "p%x", number)[0] == 'x') {
		EXPECT_STREQ(MINIVMX_DEVICE, variant->device);
		EXPECT_REPLY("E5f", "P%x=000102030405060708090a0b0c0d0e0f", number);
	} else {
		EXPECT_REPLY("OK", "P%x=000102030405060708090a0b0c0d0e0f", number);
		EXPECT_REPLY("000102030405060708090a0b0c0d0e0f", "p%x", number);
		number = gdb_register_number(gdb, "st1");
		EXPECT_REPLY("OK", "P%x=00010203040506070809", number);
		EXPECT_REPLY("00010203040506070809", "p%x", number);
	}
	/* A selector's hidden part would not follow; CR0 with paging but without protection exists nowhere. */
	EXPECT_REPLY("E16", "P%x=18000000", gdb_register_number(gdb, "ds"));
	EXPECT_REPLY("E16", "P%x=0000008000000000", gdb_register_number(gdb, "cr0"));
	EXPECT_REPLY("E16", "P%x=18000000", gdb_register_number(gdb, "tr"));
	EXPECT_REPLY("E16", "P0=1234");
	EXPECT_REPLY("E16", "P0=123400000000000000");
	EXPECT_REPLY("E16", "P0=123400000000000g");
	EXPECT_REPLY("E16", "Pffff=00");
	EXPECT_REPLY("E16", "pffffffffffffffff");
	EXPECT_REPLY("E16", "p");
	/* All at once: rax is the first, and nothing else has changed. */
	snprintf(all, sizeof(all), "%s", gdb_ask(gdb, "g"));
	memcpy(all, "ab", 2);
	EXPECT_REPLY("OK", "G%s", all);
	EXPECT_EQ(0x5634ab, gdb_register(gdb, "rax"));
	EXPECT_STREQ(all, gdb_ask(gdb, "g"));
	EXPECT_REPLY("E16", "G%s00", all);
	all[strlen(all) - 2] = '\0';
	EXPECT_REPLY("E16", "G%s", all);
}

TEST_F(gdb_protocol, reads_and_writes_memory)
{
	struct gdb_client *gdb = &self->client;

	START("long");
	EXPECT_REPLY("fbebfe", "m%lx,3", GDB_BASE);
	EXPECT_REPLY("OK", "M200ffe,4:01020304");
	EXPECT_REPLY("0001020304", "m200ffd,5");
	EXPECT_REPLY("OK", "X201000,3:\x01#$");		/* gdb_ask() escapes the last two */
	EXPECT_REPLY("0102012324", "m200ffe,5");
	EXPECT_REPLY("OK", "X200000,0:");
	EXPECT_REPLY("", "m200000,0");
	/* 256 MiB: what is there at the end, and nothing behind it */
	EXPECT_REPLY("0000", "mffffffe,4");
	EXPECT_REPLY("E0e", "m10000000,1");
	EXPECT_REPLY("E0e", "Mffffffe,4:01020304");
	EXPECT_REPLY("0000", "mffffffe,2");
	EXPECT_REPLY("E0e", "mffffffffffffffff,1");
	EXPECT_REPLY("E16", "M200000,2:01");
	EXPECT_REPLY("E16", "M200000,1:0102");
	EXPECT_REPLY("E16", "M200000,ffffffffffffffff:01");
	EXPECT_REPLY("E16", "X200000,5:abc");
	EXPECT_REPLY("E16", "m200000");
	EXPECT_EQ(4096, strlen(gdb_ask(gdb, "m0,100000")));
}

TEST_F(gdb_protocol, damaged_packets_are_asked_for_again)
{
	struct gdb_client *gdb = &self->client;

	START("long");
	ASSERT_EQ(0, gdb_send_raw(gdb, "$qC#b5", 6));
	EXPECT_EQ('-', gdb_next_byte(gdb));
	ASSERT_EQ(0, gdb_send_raw(gdb, "noise$qSupp$qC#b4", 17));
	EXPECT_EQ('+', gdb_next_byte(gdb));
	EXPECT_STREQ("QC1", gdb_receive(gdb));
	/* and the other way round */
	ASSERT_EQ(0, gdb_send_raw(gdb, "-", 1));
	EXPECT_STREQ("QC1", gdb_receive(gdb));
	/* without acknowledgements */
	EXPECT_REPLY("OK", "QStartNoAckMode");
	ASSERT_EQ(0, gdb_send_raw(gdb, "$qC#b5$qC#b4", 12));
	EXPECT_EQ('$', gdb_next_byte(gdb));
}

TEST_F(gdb_protocol, a_packet_that_is_too_long_is_an_error)
{
	struct gdb_client *gdb = &self->client;
	static char bytes[5004];

	START("long");
	bytes[0] = '$';
	memset(bytes + 1, 'a', 5000);
	memcpy(bytes + 5001, "#88", 3);
	ASSERT_EQ(0, gdb_send_raw(gdb, bytes, sizeof(bytes)));
	EXPECT_STREQ("E07", gdb_receive(gdb));
	EXPECT_REPLY("QC1", "qC");
}

TEST_F(gdb_protocol, a_lost_connection_leaves_the_guest_stopped)
{
	struct gdb_client *gdb = &self->client;

	START("long");
	EXPECT_REPLY("OK", "Z0,%lx,1", GDB_BASE + 1);
	EXPECT_REPLY("OK", "Z1,%lx,1", GDB_BASE + 1);
	ASSERT_EQ(0, gdb_send_raw(gdb, "$m1234", 6));
	gdb_drop(gdb);
	ASSERT_EQ(0, gdb_connect(gdb));
	EXPECT_REPLY("T05thread:1;", "?");
	EXPECT_EQ(GDB_BASE, gdb_register(gdb, "rip"));
	/* Its breakpoints are gone with it. */
	ASSERT_EQ(0, gdb_send(gdb, "c"));
	usleep(20000);
	gdb_drop(gdb);
	ASSERT_EQ(0, gdb_connect(gdb));
	EXPECT_EQ(GDB_BASE + 1, gdb_register(gdb, "rip"));
	EXPECT_REPLY("T05thread:1;", "?");
	EXPECT_NE(NULL, strstr(gdb_output(gdb), "gone without detaching"));
}

TEST_F(gdb_protocol, signals_end_a_run_that_waits_for_gdb)
{
	struct gdb_client *gdb = &self->client;

	START("long");
	EXPECT_REPLY("QC1", "qC");
	usleep(20000);
	ASSERT_EQ(0, kill(gdb->runner, SIGTERM));
	EXPECT_STREQ("W8f", gdb_receive(gdb));
	EXPECT_EQ(143, gdb_wait_for_end(gdb));
	/* with nobody connected; the socket is not left behind */
	gdb_cleanup(gdb);
	START("long");
	gdb_drop(gdb);
	usleep(20000);
	ASSERT_EQ(0, kill(gdb->runner, SIGINT));
	EXPECT_EQ(130, gdb_wait_for_end(gdb));
	EXPECT_NE(0, access(gdb->address + strlen("unix:"), F_OK));
}

TEST_F(gdb_protocol, listens_where_it_is_told)
{
	struct gdb_client *gdb = &self->client, second;
	char address[128];
	unsigned int port;

	if (system("ip link set lo up 2>/dev/null || ifconfig lo 127.0.0.1 up"))
		TH_LOG("no loopback interface");
	START_AT("long", ":0");
	EXPECT_REPLY("QC1", "qC");
	/* and nobody else there */
	ASSERT_EQ(1, sscanf(strstr(gdb_output(gdb), "127.0.0.1:"), "127.0.0.1:%u", &port));
	snprintf(address, sizeof(address), "localhost:%u", port);
	EXPECT_EQ(-ECHILD, gdb_start(&second, variant->device, "long", address, spin_start, spin_end));
	EXPECT_EQ(1, gdb_wait_for_end(&second));
	EXPECT_NE(NULL, strstr(gdb_output(&second), "in use"));
	gdb_cleanup(&second);
	snprintf(address, sizeof(address), "unix:%s/guest", gdb->dir);
	EXPECT_EQ(-ECHILD, gdb_start(&second, variant->device, "long", address, spin_start, spin_end));
	EXPECT_EQ(1, gdb_wait_for_end(&second));
	EXPECT_NE(NULL, strstr(gdb_output(&second), "remove the file"));
	gdb_cleanup(&second);
}

/* Sound packets with senseless contents: an answer to each, and the runner is there at the end. */
TEST_F(gdb_protocol, survives_nonsense)
{
	static const char first[] = "?gGpPmMXzZqQHT!vRxy", others[] = "0123456789abcdef,,::;;=-#$}*xq\xff";
	struct gdb_client *gdb = &self->client;
	char text[48];

	START("long");
	srand(3);
	for (int round = 0; round < 500; round++) {
		int length = 1 + rand() % (sizeof(text) - 2);

		text[0] = first[rand() % (sizeof(first) - 1)];
		for (int i = 1; i < length; i++)
			text[i] = others[rand() % (sizeof(others) - 1)];
		text[length] = '\0';
		ASSERT_STRNE(GDB_NONE, gdb_ask(gdb, "%s", text)) {
			TH_LOG("round %d: %s; %s", round, text, gdb_output(gdb));
		}
	}
	ASSERT_EQ(0, gdb_send(gdb, "k"));
	EXPECT_EQ(137, gdb_wait_for_end(gdb));
}

TEST_HARNESS_MAIN
