// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - what is printed about a vCPU after a crash (tools/report.c, report_state.c, exit_history.c,
 * disassemble.c, linear_memory.c), without a VM: ioctl() is answered here.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "capability.h"
#include "command.h"
#include "good_snapshot.h"
#include "kselftest_harness.h"
#include "report.h"
#include "report_state.h"
#include "vmcs_fields.h"

#define VCPU_FD		1000
#define DEVICE_FD	1001

/* The guest: two pages of memory. Linear 0x400000 and on is at 0; nothing else is mapped. */
#define LINEAR	0x400000ull
#define RAM	8192

static struct minivmx_regs regs;
static struct minivmx_sregs sregs;
static struct snapshot vmcs;

static void answer_vmcs(struct minivmx_vmcs *reply)
{
	reply->nent = vmcs.fields;
	for (uint32_t i = 0; i < vmcs.fields; i++) {
		reply->entries[i].encoding = vmcs.field[i].number;
		reply->entries[i].value = vmcs.field[i].value;
	}
}

static void answer_capabilities(struct minivmx_vmx_caps *reply)
{
	reply->nent = vmcs.msrs;
	for (uint32_t i = 0; i < vmcs.msrs; i++) {
		reply->entries[i].msr = vmcs.msr[i].number;
		reply->entries[i].value = vmcs.msr[i].value;
	}
}

int msr_read(int cpu, uint32_t msr, uint64_t *value)
{
	(void)cpu;
	(void)msr;
	*value = 0;
	return EIO;
}

int vm_call_failed(const struct vm *vm, const char *name)
{
	(void)vm;
	(void)name;
	return STATUS_HOST_ERROR;
}

int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	struct minivmx_translation *translation = argument;

	if (fd == DEVICE_FD && request == MINIVMX_GET_VMX_CAPS) {
		answer_capabilities(argument);
		return 0;
	}
	if (fd != VCPU_FD || (request == MINIVMX_GET_VMCS && !vmcs.fields)) {
		errno = ENOTTY;
		return -1;
	}
	if (request == MINIVMX_GET_REGS)
		memcpy(argument, &regs, sizeof(regs));
	else if (request == MINIVMX_GET_SREGS)
		memcpy(argument, &sregs, sizeof(sregs));
	else if (request == MINIVMX_GET_VMCS)
		answer_vmcs(argument);
	else if (request == MINIVMX_TRANSLATE) {
		translation->valid = translation->linear_address - LINEAR < RAM;
		translation->physical_address = translation->valid ? translation->linear_address - LINEAR : ~0ull;
	}
	return 0;
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

FIXTURE(report)
{
	struct vm vm;
	struct vcpu *vcpu;
	struct {
		struct minivmx_run run;
		uint8_t data[4096];
	} page;
	uint8_t ram[RAM];
	char *text;
	size_t length;
	FILE *real_stderr;
};

FIXTURE_SETUP(report)
{
	memset(self, 0, sizeof(*self));
	memset(&regs, 0, sizeof(regs));
	memset(&sregs, 0, sizeof(sregs));
	memset(&vmcs, 0, sizeof(vmcs));
	self->vm.ram = self->ram;
	self->vm.ram_size = RAM;
	self->vm.vcpus = 1;
	self->vcpu = &self->vm.vcpu[0];
	self->vcpu->vm = &self->vm;
	self->vcpu->fd = VCPU_FD;
	sregs.efer = EFER_LMA;
	sregs.cs.l = 1;
	regs.rip = LINEAR + 0x100;
	regs.rsp = LINEAR + RAM - 16;
	self->real_stderr = stderr;
	stderr = open_memstream(&self->text, &self->length);
}

FIXTURE_TEARDOWN(report)
{
	fclose(stderr);
	stderr = self->real_stderr;
	free(self->text);
}

static bool said(FIXTURE_DATA(report) *self, const char *text)
{
	fflush(stderr);
	if (strstr(self->text, text))
		return true;
	printf("# no \"%s\" in:\n%s", text, self->text);
	return false;
}

static void code(FIXTURE_DATA(report) *self, unsigned int at, const void *bytes, size_t count)
{
	memcpy(self->ram + at, bytes, count);
}

/* mov eax, 1; ud2; nop */
TEST_F(report, code_64_bit)
{
	code(self, 0xfb, "\xb8\x01\x00\x00\x00\x0f\x0b\x90", 8);
	memcpy(self->ram + RAM - 16, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
	print_state(self->vcpu);
	EXPECT_TRUE(said(self, "  code, 64-bit\n"
			       "     00000000004000fb  b8 01 00 00 00           mov eax, 1\n"
			       "  => 0000000000400100  0f 0b                    ud2\n"
			       "     0000000000400102  90                       nop\n"));
	/* The stack ends with the memory. */
	EXPECT_TRUE(said(self, "  stack\n     0000000000401ff0  1122334455667788 0000000000000000\n"));
}

/* Segments have bases: lgdt, then a far jump. */
TEST_F(report, code_16_and_32_bit)
{
	code(self, 0x100, "\x66\xb8\x78\x56\x34\x12", 6);
	sregs.efer = 0;
	sregs.cs.base = LINEAR;
	sregs.ss.base = LINEAR;
	regs.rip = 0x100;
	regs.rsp = 0x70100;	/* SP has 16 bits */
	print_state(self->vcpu);
	EXPECT_TRUE(said(self, "  code, 16-bit\n  => 0100  66 b8 78 56 34 12        mov eax, 0x12345678\n"));
	EXPECT_TRUE(said(self, "  stack\n     0100  b866 5678 1234 0000 "));
	sregs.cs.db = 1;
	sregs.ss.db = 1;
	regs.rsp = 0x100;
	print_state(self->vcpu);
	EXPECT_TRUE(said(self, "  code, 32-bit\n  => 00000100  66 b8 78 56              mov ax, 0x5678\n"));
	EXPECT_TRUE(said(self, "  stack\n     00000100  5678b866 00001234 "));
}

TEST_F(report, no_memory_at_rip_or_rsp)
{
	regs.rip = LINEAR - 0x1000;
	regs.rsp = ~0ull;
	print_state(self->vcpu);
	EXPECT_TRUE(said(self, "  code, 64-bit: the guest has no memory at rip\n"
			       "  stack: the guest has no memory at rsp\n"));
}

TEST_F(report, code_at_the_edges_of_memory)
{
	/* The page before is not there; and what follows ends in the middle of an instruction. */
	regs.rip = LINEAR + 1;
	code(self, 0, "\x90\xf4", 2);
	print_state(self->vcpu);
	EXPECT_TRUE(said(self, "     0000000000400000  90                       nop\n  => 0000000000400001  f4 "));
	regs.rip = LINEAR + RAM - 2;
	code(self, RAM - 2, "\x0f\x01", 2);
	print_state(self->vcpu);
	EXPECT_TRUE(said(self, "  => 0000000000401ffe  0f 01                    no instruction\n"));
	regs.rip = ~0ull;
	regs.rsp = 0;
	print_state(self->vcpu);
	EXPECT_TRUE(said(self, "no memory at rip"));
}

TEST_F(report, any_bytes)
{
	for (int i = 0; i < 20000; i++) {
		for (int j = 0xc0; j < 0x160; j++)
			self->ram[j] = random();
		sregs.efer = random() & 1 ? EFER_LMA : 0;
		sregs.cs.db = random() & 1;
		sregs.cs.base = sregs.efer ? 0 : random() & 1 ? LINEAR : (uint64_t)random() << 33;
		print_state(self->vcpu);
		rewind(stderr);
	}
}

static void add_io(FIXTURE_DATA(report) *self, uint8_t direction, uint8_t size, uint16_t port, uint32_t count,
		   const char *data)
{
	struct minivmx_run *run = &self->page.run;

	run->exit_reason = MINIVMX_EXIT_IO;
	run->io.direction = direction;
	run->io.size = size;
	run->io.port = port;
	run->io.count = count;
	run->io.data_offset = offsetof(typeof(self->page), data);
	memcpy(self->page.data, data, size * count < 16 ? size * count : 16);
	exit_history_add(&self->vcpu->history, run);
}

static void add_mmio(FIXTURE_DATA(report) *self, bool write, uint64_t address, uint32_t size)
{
	struct minivmx_run *run = &self->page.run;

	run->exit_reason = MINIVMX_EXIT_MMIO;
	run->mmio.phys_addr = address;
	run->mmio.len = size;
	run->mmio.is_write = write;
	memcpy(run->mmio.data, "\1\2\3\4\5\6\7\10", 8);
	exit_history_add(&self->vcpu->history, run);
}

TEST_F(report, exits_in_words)
{
	add_io(self, MINIVMX_EXIT_IO_OUT, 1, 0x3f8, 1, "H");
	add_io(self, MINIVMX_EXIT_IO_OUT, 1, 0x3f8, 1, "i");
	add_io(self, MINIVMX_EXIT_IO_IN, 1, 0x3fd, 1, "\x60");
	add_io(self, MINIVMX_EXIT_IO_IN, 4, 0xcfc, 1, "\xff\xff\xff\xff");
	add_io(self, MINIVMX_EXIT_IO_OUT, 1, 0xe9, 16, "0123456789abcdef");
	add_mmio(self, true, 0xfee000b0, 4);
	add_mmio(self, false, 0xfec00010, 8);
	self->page.run.exit_reason = MINIVMX_EXIT_HLT;
	exit_history_add(&self->vcpu->history, &self->page.run);
	exit_history_print(&self->vcpu->history);
	EXPECT_TRUE(said(self, "  last exits, the latest at the end\n"
			       "    out 0x3f8 <- 'i'  (the last of 2)\n"
			       "    in 0x3fd -> '`'\n"
			       "    in 0xcfc -> 0xffffffff\n"
			       "    out 0xe9 x16 <- '0' '1' '2' '3' '4' '5' '6' '7' ...\n"
			       "    mmio write 0xfee000b0 <- 0x04030201\n"
			       "    mmio read 0xfec00010 -> 0x0807060504030201\n"
			       "    hlt\n"));
}

TEST_F(report, the_oldest_exits_are_forgotten)
{
	for (int port = 0; port < 1000; port++)
		add_io(self, MINIVMX_EXIT_IO_OUT, 1, port, 1, "");
	exit_history_print(&self->vcpu->history);
	EXPECT_TRUE(said(self, "end\n    out 0x3d0 <- 0x00\n    out 0x3d1 "));
	EXPECT_TRUE(said(self, "    out 0x3e7 <- 0x00\n"));
}

TEST_F(report, which_cpu)
{
	print_state(self->vcpu);
	fflush(stderr);
	EXPECT_EQ(NULL, strstr(self->text, "CPU"));
	self->vm.vcpus = 2;
	self->vcpu->index = 1;
	print_state(self->vcpu);
	EXPECT_TRUE(said(self, "  CPU 1 of 2\n"));
}

static void fail_entry(FIXTURE_DATA(report) *self, const char *device, uint64_t reason, uint64_t qualification)
{
	self->vm.device = DEVICE_FD;
	self->vm.device_path = device;
	self->vcpu->run = &self->page.run;
	self->page.run.exit_reason = MINIVMX_EXIT_FAIL_ENTRY;
	self->page.run.fail_entry.hardware_entry_failure_reason = reason;
	self->page.run.fail_entry.qualification = qualification;
}

TEST_F(report, a_refused_entry_is_explained)
{
	snapshot_build(&vmcs, CPU_BROADWELL, SNAPSHOT_LONG);
	snapshot_set_field(&vmcs, VMCS_VMCS_LINK_POINTER, 1);
	fail_entry(self, "/dev/minivmx", MINIVMX_EXIT_REASON_FAILED_ENTRY | 33, 4);
	EXPECT_EQ(STATUS_ENTRY_FAILED, report_entry_failure(self->vcpu));
	EXPECT_TRUE(said(self, "  exit qualification 4\n1 rule of VM entry is violated.\nThe rules say so, too.\n\n"
			       "guest.link-pointer.address\n"));
	EXPECT_TRUE(said(self, "VMCS link pointer                               0x0000000000000001\n"));
}

TEST_F(report, an_entry_that_kvm_refuses)
{
	fail_entry(self, "/dev/kvm", MINIVMX_EXIT_REASON_FAILED_ENTRY | 33, 0);
	EXPECT_EQ(STATUS_ENTRY_FAILED, report_entry_failure(self->vcpu));
	EXPECT_TRUE(said(self, "/dev/kvm can't show its VMCS"));
}

TEST_HARNESS_MAIN
