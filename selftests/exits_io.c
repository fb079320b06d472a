// SPDX-License-Identifier: GPL-2.0
/*
 * exits_io.c - IN and OUT: both port forms, three sizes, and the completion of an IN.
 *
 * The instructions are given as bytes, one row each. RAX holds more than is moved, so that a
 * wrong width shows. SDM 2A "IN", 2B "OUT".
 */
#include <errno.h>

#include "vm.h"
#include "kselftest_harness.h"

#define RAX		0x1122334455667788UL
#define DX		0x1234
#define IN_DATA		0xa1b2c3d4U

GUEST_CODE(two_ins, 32, "in $0x10, %eax\n\t mov %eax, %ebx\n\t in $0x11, %eax\n\t hlt");

struct io_case {
	const char *name;
	__u8 length;
	__u8 code[4];		/* HLT is appended */
	__u8 direction, size;
	__u16 port;
	__u64 rax_after;	/* in 64-bit mode */
};

#define IN	MINIVMX_EXIT_IO_IN
#define OUT	MINIVMX_EXIT_IO_OUT

static const struct io_case cases[] = {
	{ "out %al, $0x42",	2, { 0xe6, 0x42 },		OUT, 1, 0x42,	RAX },
	{ "out %ax, $0x42",	3, { 0x66, 0xe7, 0x42 },	OUT, 2, 0x42,	RAX },
	{ "out %eax, $0x42",	2, { 0xe7, 0x42 },		OUT, 4, 0x42,	RAX },
	{ "out %al, %dx",	1, { 0xee },			OUT, 1, DX,	RAX },
	{ "out %ax, %dx",	2, { 0x66, 0xef },		OUT, 2, DX,	RAX },
	{ "out %eax, %dx",	1, { 0xef },			OUT, 4, DX,	RAX },
	{ "in $0xff, %al",	2, { 0xe4, 0xff },		IN, 1, 0xff,	0x11223344556677d4 },
	{ "in $0xff, %ax",	3, { 0x66, 0xe5, 0xff },	IN, 2, 0xff,	0x112233445566c3d4 },
	{ "in $0xff, %eax",	2, { 0xe5, 0xff },		IN, 4, 0xff,	0x00000000a1b2c3d4 },
	{ "in %dx, %al",	1, { 0xec },			IN, 1, DX,	0x11223344556677d4 },
	{ "in %dx, %ax",	2, { 0x66, 0xed },		IN, 2, DX,	0x112233445566c3d4 },
	{ "in %dx, %eax",	1, { 0xed },			IN, 4, DX,	0x00000000a1b2c3d4 },
};

VM_FIXTURE(exits_io)
{
	VM_SETUP(self, variant);
}

static int start_case(struct vm *vm, enum vm_mode mode, const struct io_case *io)
{
	struct minivmx_regs regs;
	int ret = vm_start(vm, mode, io->code, io->code + io->length);

	vm->mem[VM_CODE + io->length] = 0xf4;
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rax = RAX;
	/* The port is DX alone, not EDX. */
	regs.rdx = 0xffff0000 | DX;
	return ret ? ret : vm_set_regs(vm, &regs);
}

static void check_case(struct __test_metadata *_metadata, struct vm *vm, enum vm_mode mode,
		       const struct io_case *io)
{
	__u64 mask = mode == VM_LONG ? ~0UL : 0xffffffff;
	__u32 data = 0, in_data = IN_DATA;
	struct minivmx_regs regs;

	ASSERT_EQ(0, start_case(vm, mode, io));
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(io->direction, vm->run->io.direction);
	EXPECT_EQ(io->size, vm->run->io.size);
	EXPECT_EQ(io->port, vm->run->io.port);
	EXPECT_EQ(1, vm->run->io.count);
	ASSERT_LE(4096, vm->run->io.data_offset);
	ASSERT_GE(vm->run_size - 4, vm->run->io.data_offset);
	if (io->direction == OUT) {
		memcpy(&data, vm_io_data(vm), io->size);
		EXPECT_EQ(0, memcmp(&data, &(__u64){ RAX }, io->size));
	} else {
		memcpy(vm_io_data(vm), &in_data, io->size);
	}
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(io->rax_after & mask, regs.rax & mask);
	EXPECT_EQ(VM_CODE + io->length + 1, regs.rip);
}

static void check_all(struct __test_metadata *_metadata, struct vm *vm, enum vm_mode mode)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		bool passed = _metadata->passed;

		check_case(_metadata, vm, mode, &cases[i]);
		if (passed && !_metadata->passed)
			TH_LOG("in: %s", cases[i].name);
	}
}

TEST_F(exits_io, protected_mode)
{
	check_all(_metadata, &self->vm, VM_PROTECTED);
}

TEST_F(exits_io, long_mode)
{
	check_all(_metadata, &self->vm, VM_LONG);
}

/* Data belongs to the exit that asked for it, not to the one before. */
TEST_F(exits_io, two_ins_in_a_row)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, two_ins));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(0x10, self->vm.run->io.port);
	*(__u32 *)vm_io_data(&self->vm) = 0x11111111;
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(0x11, self->vm.run->io.port);
	*(__u32 *)vm_io_data(&self->vm) = 0x22222222;
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(0x11111111, regs.rbx);
	EXPECT_EQ(0x22222222, regs.rax);
}

/* What userspace writes into the run page's io fields is not believed at completion. */
TEST_F(exits_io, run_page_is_not_trusted)
{
	struct minivmx_regs regs;
	void *data;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, two_ins));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	data = vm_io_data(&self->vm);
	*(__u32 *)data = 0x11111111;
	self->vm.run->io.size = 0xff;
	self->vm.run->io.count = 0xffffffff;
	self->vm.run->io.data_offset = 1UL << 40;
	self->vm.run->exit_reason = MINIVMX_EXIT_HLT;
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(0x11111111, regs.rbx);
	EXPECT_EQ(0x11, self->vm.run->io.port);
	EXPECT_EQ(4, self->vm.run->io.size);
}

/* immediate_exit: the IN is completed, the next instruction is not executed. */
TEST_F(exits_io, immediate_exit_completes_the_in)
{
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, two_ins));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	*(__u32 *)vm_io_data(&self->vm) = 0x33333333;
	self->vm.run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vm_run(&self->vm));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	EXPECT_EQ(0x33333333, regs.rax);
	EXPECT_EQ(0, regs.rbx);
	EXPECT_EQ(VM_CODE + 2, regs.rip);
	self->vm.run->immediate_exit = 0;
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	EXPECT_EQ(0x11, self->vm.run->io.port);
}

TEST_HARNESS_MAIN
