// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_debug.c - `minivmx run --gdb` as a debugger sees the guest: breakpoints, watchpoints, single
 * steps, interruption, what happens to the guest's own traps, and the ways a session ends.
 *
 * gdb.sh does much of the same with a real gdb; here each reply is compared byte by byte.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gdb_client.h"
#include "vm.h"
#include "kselftest_harness.h"

FIXTURE(gdb_debug) { struct gdb_client client; };
FIXTURE_VARIANT(gdb_debug) { const char *device; };
FIXTURE_VARIANT_ADD(gdb_debug, minivmx) { .device = MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(gdb_debug, kvm) { .device = KVM_DEVICE };
FIXTURE_SETUP(gdb_debug) { VM_REQUIRE(variant->device); self->client.fd = -1; }
FIXTURE_TEARDOWN(gdb_debug) { gdb_cleanup(&self->client); }

#define START(mode, name)						\
	do {								\
		int error = GDB_START(gdb, variant->device, mode, name);	\
		if (error == -ENOTTY)					\
			SKIP(return, "%s has no SET_GUEST_DEBUG or TRANSLATE", variant->device); \
		ASSERT_EQ(0, error) { TH_LOG("%s", gdb_output(gdb)); }	\
	} while (0)

#define EXPECT_REPLY(wanted, ...)	EXPECT_STREQ(wanted, gdb_ask(gdb, __VA_ARGS__))
#define EXPECT_RIP(address)		EXPECT_EQ(address, gdb_register(gdb, "rip"))

/* Blocks of 16 bytes, so that the tests know the addresses. */
#define LOOP	(GDB_BASE + 0x10)
#define STEPS	(GDB_BASE + 0x20)
#define END	(GDB_BASE + 0x30)
#define COUNTER	(GDB_BASE + 0x40)
GUEST_CODE(work, 64,
	"mov $3, %ecx\n .p2align 4, 0x90\n"
	"loop_begin: incl counter(%rip)\n mov counter(%rip), %eax\n loop loop_begin\n .p2align 4, 0x90\n"
	"mov $'!', %al\n out %al, $0xe9\n sti\n nop\n cli\n mov %ss, %ebx\n mov %ebx, %ss\n .p2align 4, 0x90\n"
	"mov 2f(%rip), %al\n out %al, $0xf4\n .p2align 4, 0x90\n"
	"counter: .long 0, 0, 0, 0\n"
	"2: .byte 7");

GUEST_CODE(spin, 64,
	"sti\n 1: inc %rbx\n jmp 1b\n .p2align 4, 0x90\n"
	"mov $9, %al\n out %al, $0xf4");

GUEST_CODE(crash, 64, "mov $0x600df001, %eax\n ud2");

TEST_F(gdb_debug, software_breakpoint)
{
	struct gdb_client *gdb = &self->client;

	START("long", work);
	EXPECT_REPLY("OK", "Z0,%lx,1", LOOP);
	EXPECT_REPLY("T05thread:1;swbreak:;", "c");
	EXPECT_RIP(LOOP);
	EXPECT_EQ(3, gdb_register(gdb, "rcx"));
	/* gdb never sees the INT3, and what it writes there is not lost. */
	EXPECT_REPLY("ff05", "m%lx,2", LOOP);
	EXPECT_REPLY("OK", "M%lx,1:ff", LOOP);
	EXPECT_REPLY("OK", "z0,%lx,1", LOOP);
	EXPECT_STREQ("T05thread:1;", gdb_step(gdb));
	EXPECT_RIP(LOOP + 6);
	EXPECT_REPLY("OK", "Z0,%lx,1", LOOP);
	EXPECT_REPLY("OK", "Z0,%lx,1", LOOP);	/* once more changes nothing */
	EXPECT_REPLY("T05thread:1;swbreak:;", "vCont;c");
	EXPECT_EQ(2, gdb_register(gdb, "rcx"));
	EXPECT_REPLY("OK", "z0,%lx,1", LOOP);
	EXPECT_REPLY("W07", "vCont;c:1");
	EXPECT_EQ(7, gdb_wait_for_end(gdb));
	EXPECT_NE(NULL, strstr(gdb_output(gdb), "!"));
}

TEST_F(gdb_debug, hardware_breakpoint)
{
	struct gdb_client *gdb = &self->client;

	START("long", work);
	EXPECT_REPLY("OK", "Z1,%lx,1", END);
	EXPECT_REPLY("T05thread:1;hwbreak:;", "c");
	EXPECT_RIP(END);
	EXPECT_REPLY("OK", "z1,%lx,1", END);
	EXPECT_REPLY("W07", "c");
}

TEST_F(gdb_debug, watchpoints)
{
	struct gdb_client *gdb = &self->client;

	START("long", work);
	EXPECT_REPLY("OK", "Z2,%lx,4", COUNTER);
	EXPECT_REPLY("T05thread:1;watch:100040;", "c");
	EXPECT_RIP(LOOP + 6);		/* behind the INC: a data breakpoint is a trap */
	EXPECT_REPLY("01000000", "m%lx,4", COUNTER);
	EXPECT_REPLY("T05thread:1;watch:100040;", "c");
	EXPECT_REPLY("02000000", "m%lx,4", COUNTER);
	EXPECT_REPLY("OK", "z2,%lx,4", COUNTER);

	/* the MOV that reads it */
	EXPECT_REPLY("OK", "Z4,%lx,4", COUNTER);
	EXPECT_REPLY("T05thread:1;awatch:100040;", "c");
	EXPECT_RIP(LOOP + 12);
	EXPECT_REPLY("OK", "z4,%lx,4", COUNTER);

	/* No CPU has a watchpoint for reads alone: the INC's write counts too, and gdb sorts it out. */
	EXPECT_REPLY("OK", "Z3,%lx,4", COUNTER);
	EXPECT_REPLY("T05thread:1;rwatch:100040;", "c");
	EXPECT_RIP(LOOP + 6);
	EXPECT_REPLY("T05thread:1;rwatch:100040;", "c");
	EXPECT_RIP(LOOP + 12);
	EXPECT_REPLY("OK", "z3,%lx,4", COUNTER);
	EXPECT_REPLY("W07", "c");
}

TEST_F(gdb_debug, as_many_breakpoints_as_there_are)
{
	struct gdb_client *gdb = &self->client;

	START("long", work);
	/* 16 bytes take two registers, two bytes at an odd address two more */
	EXPECT_REPLY("OK", "Z2,%lx,10", COUNTER - 8);
	EXPECT_REPLY("OK", "Z2,%lx,2", COUNTER + 0x23);
	EXPECT_REPLY("E1c", "Z1,%lx,1", END);
	EXPECT_REPLY("OK", "z2,%lx,2", COUNTER + 0x23);
	EXPECT_REPLY("E1c", "Z2,%lx,20", COUNTER + 0x20);
	EXPECT_REPLY("OK", "Z1,%lx,1", LOOP);
	EXPECT_REPLY("OK", "Z1,%lx,1", END);
	EXPECT_REPLY("T05thread:1;hwbreak:;", "c");
	EXPECT_REPLY("OK", "z1,%lx,1", LOOP);
	EXPECT_REPLY("T05thread:1;watch:100040;", "c");
	EXPECT_REPLY("OK", "z2,%lx,10", COUNTER - 8);
	EXPECT_REPLY("T05thread:1;hwbreak:;", "c");
	EXPECT_RIP(END);
	EXPECT_REPLY("E0e", "Z0,ffffffff000,1");
	for (unsigned int i = 0; i < 256; i++)
		ASSERT_STREQ("OK", gdb_ask(gdb, "Z0,%x,1", 0x200000 + i));
	EXPECT_REPLY("E1c", "Z0,300000,1");
	EXPECT_REPLY("OK", "z0,200000,1");
	EXPECT_REPLY("OK", "Z0,300000,1");
	EXPECT_REPLY("E16", "Z2,%lx,0", COUNTER);
	EXPECT_REPLY("", "Z5,%lx,1", COUNTER);
	EXPECT_REPLY("E16", "Z0,%lx", COUNTER);
	EXPECT_REPLY("OK", "z1,%lx,1", END);
	EXPECT_REPLY("W07", "c");
}

TEST_F(gdb_debug, single_steps)
{
	struct gdb_client *gdb = &self->client;
	/* MOV, OUT (two exits), STI, NOP, CLI, MOV from SS */
	static const int steps[] = { 2, 4, 5, 6, 7, 9 };

	START("long", work);
	EXPECT_STREQ("T05thread:1;", gdb_step(gdb));
	EXPECT_RIP(GDB_BASE + 5);
	EXPECT_REPLY("OK", "Z1,%lx,1", STEPS);
	EXPECT_REPLY("T05thread:1;hwbreak:;", "c");
	EXPECT_REPLY("OK", "z1,%lx,1", STEPS);
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		EXPECT_STREQ("T05thread:1;", gdb_step(gdb));
		EXPECT_RIP(STEPS + steps[i]);
		/* TF is the debugger's, not the guest's. */
		EXPECT_EQ(0, gdb_register(gdb, "eflags") & 0x100);
	}
	/* MOV to SS inhibits the trap for one instruction, but not the monitor trap flag. */
	EXPECT_STREQ("T05thread:1;", gdb_step(gdb));
	if (gdb_register(gdb, "rip") == STEPS + 11)
		EXPECT_STREQ("T05thread:1;", gdb_step(gdb));
	EXPECT_RIP(STEPS + 12);
	/* and go on at another place */
	EXPECT_REPLY("T05thread:1;", "s%lx", LOOP);
	EXPECT_RIP(LOOP + 6);
	EXPECT_REPLY("W07", "c%lx", END);
	EXPECT_EQ(7, gdb_wait_for_end(gdb));
	EXPECT_NE(NULL, strstr(gdb_output(gdb), "!"));
	EXPECT_EQ(NULL, strstr(gdb_output(gdb), "!!"));
}

TEST_F(gdb_debug, interrupts_a_guest_that_runs)
{
	struct gdb_client *gdb = &self->client;
	__u64 rounds = 0;

	START("long", spin);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, gdb_send(gdb, "c"));
		/* A few threads have to wake up before the guest runs. */
		usleep(100000);
		ASSERT_EQ(0, gdb_send_raw(gdb, "\x03", 1));
		EXPECT_STREQ("T02thread:1;", gdb_receive(gdb));
		EXPECT_LE(rounds, gdb_register(gdb, "rbx"));
		rounds = gdb_register(gdb, "rbx");
		EXPECT_REPLY("T02thread:1;", "?");
	}
	EXPECT_LT(0, rounds);
	/* Both in one piece, so that the guest has hardly begun. */
	ASSERT_EQ(0, gdb_send_raw(gdb, "$c#63\x03", 6));
	EXPECT_STREQ("T02thread:1;", gdb_receive(gdb));
	EXPECT_REPLY("OK", "P%x=1000100000000000", gdb_register_number(gdb, "rip"));
	EXPECT_REPLY("W09", "c");
	EXPECT_EQ(9, gdb_wait_for_end(gdb));
}

/* CX counts #BP, BL counts #DB; the exit status has both. */
GUEST_CODE(traps, 16,
	"xor %ax, %ax\n mov %ax, %ds\n xor %cx, %cx\n xor %bx, %bx\n"
	"movw $0x7c00 + on_bp - traps_start, 0x0c\n movw $0, 0x0e\n"
	"movw $0x7c00 + on_db - traps_start, 0x04\n movw $0, 0x06\n"
	"int3\n"
	"pushfw\n pop %ax\n or $0x100, %ax\n push %ax\n popfw\n nop\n nop\n"
	"mov %bl, %al\n shl $4, %al\n or %cl, %al\n out %al, $0xf4\n"
	"on_bp: inc %cx\n iretw\n"
	"on_db: inc %bx\n push %bp\n mov %sp, %bp\n andw $~0x100, 6(%bp)\n pop %bp\n iretw");

/* With breakpoints of both kinds elsewhere, all such exceptions exit: these are not gdb's. */
TEST_F(gdb_debug, traps_of_the_guest_itself_stay_its_own)
{
	struct gdb_client *gdb = &self->client;

	START("real", traps);
	EXPECT_REPLY("OK", "Z0,500,1");
	EXPECT_REPLY("OK", "Z1,600,1");
	EXPECT_REPLY("W11", "c");
	EXPECT_EQ(0x11, gdb_wait_for_end(gdb)) {
		TH_LOG("%s", gdb_output(gdb));
	}
}

TEST_F(gdb_debug, detaches_and_comes_back)
{
	struct gdb_client *gdb = &self->client;
	__u64 rounds;

	START("long", spin);
	EXPECT_REPLY("OK", "Z0,%lx,1", GDB_BASE + 1);
	EXPECT_REPLY("OK", "Z2,%lx,1", GDB_BASE);
	EXPECT_REPLY("OK", "D");
	EXPECT_EQ(-1, gdb_next_byte(gdb));
	gdb_drop(gdb);
	usleep(20000);
	/* The guest runs; a new debugger stops it. */
	ASSERT_EQ(0, gdb_connect(gdb));
	rounds = gdb_register(gdb, "rbx");
	EXPECT_LT(0, rounds);
	usleep(20000);
	EXPECT_EQ(rounds, gdb_register(gdb, "rbx"));
	EXPECT_REPLY("OK", "vKill;1");
	EXPECT_EQ(137, gdb_wait_for_end(gdb));
	EXPECT_NE(NULL, strstr(gdb_output(gdb), "killed by gdb"));
}

TEST_F(gdb_debug, kills)
{
	struct gdb_client *gdb = &self->client;

	START("long", work);
	ASSERT_EQ(0, gdb_send(gdb, "k"));
	EXPECT_STREQ(GDB_NONE, gdb_receive(gdb));
	EXPECT_EQ(137, gdb_wait_for_end(gdb));
}

TEST_F(gdb_debug, looks_at_a_guest_that_crashed)
{
	struct gdb_client *gdb = &self->client;

	START("long", crash);
	EXPECT_REPLY("T0bthread:1;", "c");
	EXPECT_RIP(GDB_BASE + 5);
	EXPECT_EQ(0x600df001, gdb_register(gdb, "rax"));
	EXPECT_REPLY("0f0b", "m%lx,2", GDB_BASE + 5);
	EXPECT_REPLY("T0bthread:1;", "?");
	EXPECT_REPLY("X0b", "c");
	EXPECT_EQ(3, gdb_wait_for_end(gdb));
	EXPECT_NE(NULL, strstr(gdb_output(gdb), "triple fault"));
}

TEST_HARNESS_MAIN
