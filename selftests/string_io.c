// SPDX-License-Identifier: GPL-2.0
/*
 * string_io.c - INS and OUTS: sizes, directions, segments, address sizes, REP, and what stops them.
 *
 * How many elements an exit carries is the hypervisor's choice; the stream of elements, and what is
 * left in registers and memory, are not. SDM 2A "INS/INSB/INSW/INSD", 2B
 * "OUTS/OUTSB/OUTSW/OUTSD".
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fault.h"
#include "kselftest_harness.h"

#define RFLAGS_TF	0x100UL
#define RFLAGS_RF	0x10000UL
#define RFLAGS_DF	0x400UL
#define PORT		0x1234
#define PAGE		0x1000UL
#define BUFFER		VM_DATA
#define BUFFER_SIZE	(4 * PAGE)
#define HIGH		0xabcd000000000000UL	/* what address sizes below 64 bits do not see */

VM_FIXTURE(string_io)
{
	VM_SETUP(self, variant);
}

struct string_case {
	bool in, rep, down, address_prefix, override;
	unsigned int size;
	__u64 count;
	__u64 offset;		/* of the first element in the buffer */
};

static unsigned int encode(const struct string_case *c, enum vm_mode mode, __u8 *code)
{
	__u8 *at = code;

	if (c->address_prefix)
		*at++ = 0x67;
	if (c->override)
		*at++ = 0x64;	/* FS */
	if (c->rep)
		*at++ = 0xf3;
	if (c->size != 1 && (c->size == 2) != (mode == VM_REAL))
		*at++ = 0x66;
	*at++ = (c->in ? 0x6c : 0x6e) + (c->size > 1);
	*at++ = 0xf4;
	return at - code;
}

static unsigned int address_size(const struct string_case *c, enum vm_mode mode)
{
	if (mode == VM_LONG)
		return c->address_prefix ? 4 : 8;
	return (mode == VM_REAL) != c->address_prefix ? 2 : 4;
}

/* The buffer's segments begin at it where there are segments; FS begins 16 bytes on. */
static int start_string(struct vm *vm, const struct string_case *c, enum vm_mode mode)
{
	__u8 code[16];
	unsigned int length = encode(c, mode, code);
	struct minivmx_sregs sregs;
	struct minivmx_regs regs;
	int ret = vm_start(vm, mode, code, code + length);

	for (unsigned int i = 0; i < BUFFER_SIZE; i++)
		vm->mem[BUFFER + i] = c->in ? 0xee : i * 7 + (i >> 8);
	if (!ret)
		ret = vm_catch_faults(vm, mode);
	if (!ret)
		ret = vm_get_sregs(vm, &sregs);
	if (mode != VM_LONG)
		sregs.ds.base = sregs.es.base = BUFFER;
	sregs.fs.base = (mode != VM_LONG ? BUFFER : 0) + 16;
	if (!ret)
		ret = vm_set_sregs(vm, &sregs);
	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rdx = 0xffff0000 | PORT;
	regs.rcx = c->count;
	regs.rsi = regs.rdi = c->offset + (mode == VM_LONG ? BUFFER : 0);
	/* Bits that are no part of the address. */
	if (address_size(c, mode) == 2) {
		regs.rcx |= 0x50000;
		regs.rsi |= 0x60000;
		regs.rdi |= 0x70000;
	} else if (address_size(c, mode) == 4 && mode == VM_LONG) {
		regs.rcx |= HIGH;
		regs.rsi |= HIGH;
		regs.rdi |= HIGH;
	}
	if (c->down)
		regs.rflags |= RFLAGS_DF;
	return ret ? ret : vm_set_regs(vm, &regs);
}

/* The device: its data are the bytes 1, 2, 3 and so on; what it gets is kept. */
struct device {
	__u8 got[BUFFER_SIZE];
	unsigned int bytes, exits, largest;
};

static int run_device(struct vm *vm, const struct string_case *c, struct device *device)
{
	int ret;

	for (;;) {
		unsigned int bytes;

		ret = vm_run(vm);
		if (ret || vm->run->exit_reason != MINIVMX_EXIT_IO)
			return ret;
		if (vm->run->io.size != c->size || vm->run->io.port != PORT ||
		    vm->run->io.direction != (c->in ? MINIVMX_EXIT_IO_IN : MINIVMX_EXIT_IO_OUT))
			return -EPROTO;
		bytes = vm->run->io.count * c->size;
		if (device->bytes + bytes > BUFFER_SIZE || bytes > PAGE)
			return -E2BIG;
		device->exits++;
		if (vm->run->io.count > device->largest)
			device->largest = vm->run->io.count;
		for (unsigned int i = 0; i < bytes; i++) {
			if (c->in)
				((__u8 *)vm_io_data(vm))[i] = device->bytes + i + 1;
			else
				device->got[device->bytes + i] = ((__u8 *)vm_io_data(vm))[i];
		}
		device->bytes += bytes;
	}
}

/* Byte @i of the stream is in the buffer at: */
static __u64 place(const struct string_case *c, unsigned int i)
{
	__u64 element = i / c->size * c->size;

	return c->offset + (c->override && !c->in ? 16 : 0) + (c->down ? -element : element) + i % c->size;
}

static void check_string(struct __test_metadata *_metadata, struct vm *vm, const struct string_case *c,
			 enum vm_mode mode)
{
	static struct device device;
	unsigned int count = c->rep ? c->count : 1, wrong = 0;
	unsigned int bits = 8 * address_size(c, mode);
	struct minivmx_regs before, after;
	__u64 step, low = ~0UL >> (64 - bits);

	memset(&device, 0, sizeof(device));
	ASSERT_EQ(0, start_string(vm, c, mode));
	ASSERT_EQ(0, vm_get_regs(vm, &before));
	ASSERT_EQ(0, run_device(vm, c, &device)) {
		vm_print_exit(vm);
	}
	ASSERT_EQ(MINIVMX_EXIT_HLT, vm->run->exit_reason) {
		vm_print_exit(vm);
	}
	EXPECT_EQ(NO_FAULT, vm_caught(vm));
	EXPECT_EQ(count * c->size, device.bytes);
	for (unsigned int i = 0; i < device.bytes; i++) {
		__u8 memory = vm->mem[BUFFER + place(c, i)];

		wrong += c->in ? memory != (__u8)(i + 1) : memory != device.got[i];
	}
	EXPECT_EQ(0, wrong);
	ASSERT_EQ(0, vm_get_regs(vm, &after));
	step = count * c->size;
	if (c->down)
		step = -step;
	EXPECT_EQ((before.rsi + (c->in ? 0 : step)) & low, after.rsi & low);
	EXPECT_EQ((before.rdi + (c->in ? step : 0)) & low, after.rdi & low);
	EXPECT_EQ(c->rep ? 0 : before.rcx & low, after.rcx & low);
	/* 16 bits leave the rest of a register, 32 bits clear it. */
	if (bits == 16) {
		EXPECT_EQ(before.rsi & 0xffff0000, after.rsi & 0xffff0000);
		EXPECT_EQ(before.rdi & 0xffff0000, after.rdi & 0xffff0000);
		EXPECT_EQ(before.rcx & 0xffff0000, after.rcx & 0xffff0000);
	} else if (mode == VM_LONG && bits == 32 && count) {
		EXPECT_EQ(0, (c->in ? after.rdi : after.rsi) >> 32);
		EXPECT_EQ(c->rep ? 0 : HIGH, after.rcx & HIGH);
	}
	EXPECT_EQ(0, after.rflags & RFLAGS_RF);
}

static void check_matrix(struct __test_metadata *_metadata, struct vm *vm, enum vm_mode mode)
{
	for (unsigned int i = 0; i < 32; i++)
		for (unsigned int size = 1; size <= 4; size *= 2) {
			const struct string_case c = {
				.in = i & 1, .rep = i & 2, .down = i & 4, .address_prefix = i & 8,
				.override = i & 16, .size = size, .count = 5, .offset = 0x100,
			};
			bool passed = _metadata->passed;

			check_string(_metadata, vm, &c, mode);
			if (passed && !_metadata->passed)
				TH_LOG("in: %s, size %u, rep %u, down %u, address %u, override %u", c.in ? "ins" : "outs",
				       size, c.rep, c.down, c.address_prefix, c.override);
		}
}

TEST_F(string_io, real_mode)
{
	check_matrix(_metadata, &self->vm, VM_REAL);
}

TEST_F(string_io, protected_mode)
{
	check_matrix(_metadata, &self->vm, VM_PROTECTED);
}

TEST_F(string_io, long_mode)
{
	check_matrix(_metadata, &self->vm, VM_LONG);
}

TEST_F(string_io, nothing_to_do)
{
	for (int in = 0; in < 2; in++) {
		const struct string_case c = { .in = in, .rep = true, .size = 1 };

		check_string(_metadata, &self->vm, &c, VM_PROTECTED);
	}
}

/* Over several pages, up and down; elements cross their edges. */
TEST_F(string_io, many_pages)
{
	for (int i = 0; i < 4; i++) {
		const struct string_case c = {
			.in = i & 1, .down = i & 2, .rep = true, .size = 4, .count = 2 * PAGE / 4,
			.offset = i & 2 ? 3 * PAGE - 6 : PAGE / 2 + 2,
		};

		check_string(_metadata, &self->vm, &c, VM_PROTECTED);
	}
}

/* What fits into the page goes at once; on KVM, which executes OUTS element by element, what comes in. */
TEST_F(string_io, many_elements_in_one_exit)
{
	for (int in = 0; in < 2; in++) {
		const struct string_case c = { .in = in, .rep = true, .size = 2, .count = 100 };
		bool at_once = in || !variant->kvm;
		struct device device = { };

		ASSERT_EQ(0, start_string(&self->vm, &c, VM_LONG));
		ASSERT_EQ(0, run_device(&self->vm, &c, &device));
		EXPECT_EQ(at_once ? 100 : 1, device.largest);
		EXPECT_EQ(at_once ? 1 : 100, device.exits);
	}
}

/* The third element rings: userspace sees those before it and those behind it. */
TEST_F(string_io, a_doorbell_takes_its_element)
{
	const struct string_case c = { .rep = true, .size = 1, .count = 5 };
	struct minivmx_ioeventfd bell = {
		.addr = PORT, .len = 1, .datamatch = 2 * 7, .fd = eventfd(0, EFD_NONBLOCK),
		.flags = MINIVMX_IOEVENTFD_FLAG_PIO | MINIVMX_IOEVENTFD_FLAG_DATAMATCH,
	};
	struct device device = { };
	eventfd_t rung = 0;

	ASSERT_EQ(0, vm_ioctl(self->vm.fd, MINIVMX_IOEVENTFD, (unsigned long)&bell));
	ASSERT_EQ(0, start_string(&self->vm, &c, VM_LONG));
	ASSERT_EQ(0, run_device(&self->vm, &c, &device));
	EXPECT_EQ(0, eventfd_read(bell.fd, &rung));
	EXPECT_EQ(1, rung);
	EXPECT_EQ(4, device.bytes);
	EXPECT_EQ(0, memcmp(device.got, "\0\7\25\34", 4));
	EXPECT_EQ(variant->kvm ? 4 : 2, device.exits);
	close(bell.fd);
}

/* The registers are at the element that failed, and what is before it is done. */
TEST_F(string_io, segment_limit)
{
	for (int in = 0; in < 2; in++) {
		const struct string_case c = { .in = in, .rep = true, .size = 4, .count = 10, .offset = 0x100 };
		struct device device = { .bytes = 0 };
		struct minivmx_sregs sregs;
		struct minivmx_regs regs;

		if (in && variant->kvm)
			continue;	/* it reads the device first, and loses the data */
		ASSERT_EQ(0, start_string(&self->vm, &c, VM_PROTECTED));
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		sregs.ds.limit = sregs.es.limit = 0x100 + 3 * 4 + 2;
		sregs.ds.g = sregs.es.g = 0;
		ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
		ASSERT_EQ(0, run_device(&self->vm, &c, &device));
		EXPECT_EQ(VECTOR_GP, vm_caught(&self->vm));
		EXPECT_EQ(12, device.bytes);
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		EXPECT_EQ(7, regs.rcx);
		EXPECT_EQ(0x10c, in ? regs.rdi : regs.rsi);
		if (in)
			EXPECT_EQ(0, memcmp("\x0b\x0c\xee", self->vm.mem + BUFFER + 0x10a, 3));
	}
}

/* What a segment does not allow is #GP, or #SS if it is the stack's. */
GUEST_CODE(outs_ds, 32, "outsb\n\t hlt");
GUEST_CODE(outs_ss, 32, "outsb %ss:(%esi), %dx\n\t hlt");
GUEST_CODE(ins_es, 32, "insb\n\t hlt");

#define VECTOR_SS	12
#define EXPAND_DOWN	7	/* data, writable, accessed */
#define READ_ONLY	1
#define CODE		11

TEST_F(string_io, segment_rights)
{
	static const struct {
		const __u8 *start, *end;
		__u8 type;
		__u32 limit;
		__u64 offset;
		bool unusable;
		int fault;
	} cases[] = {
		{ outs_ds_start, outs_ds_end, 3, 0xffff, 0xffff, false, NO_FAULT },
		{ outs_ds_start, outs_ds_end, 3, 0xffff, 0x10000, false, VECTOR_GP },
		{ outs_ss_start, outs_ss_end, 3, 0xffff, 0x10000, false, VECTOR_SS },
		{ outs_ds_start, outs_ds_end, EXPAND_DOWN, 0xffff, 0x10000, false, NO_FAULT },
		{ outs_ds_start, outs_ds_end, EXPAND_DOWN, 0xffff, 0xffff, false, VECTOR_GP },
		{ outs_ds_start, outs_ds_end, READ_ONLY, 0xffff, 0, false, NO_FAULT },
		{ ins_es_start, ins_es_end, READ_ONLY, 0xffff, 0, false, VECTOR_GP },
		{ outs_ds_start, outs_ds_end, CODE, 0xffff, 0, false, NO_FAULT },
		{ ins_es_start, ins_es_end, CODE, 0xffff, 0, false, VECTOR_GP },
		{ outs_ds_start, outs_ds_end, 3, 0xffff, 0, true, VECTOR_GP },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct minivmx_segment *segment;
		struct minivmx_sregs sregs;
		struct minivmx_regs regs;

		ASSERT_EQ(0, vm_start(&self->vm, VM_PROTECTED, cases[i].start, cases[i].end));
		ASSERT_EQ(0, vm_catch_faults(&self->vm, VM_PROTECTED));
		ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
		segment = cases[i].start == outs_ss_start ? &sregs.ss :
			  cases[i].start == ins_es_start ? &sregs.es : &sregs.ds;
		segment->type = cases[i].type;
		segment->limit = cases[i].limit;
		segment->g = 0;
		segment->unusable = cases[i].unusable;
		segment->present = !cases[i].unusable;
		ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
		ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
		regs.rsi = regs.rdi = cases[i].offset;
		ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
		ASSERT_EQ(0, vm_run(&self->vm));
		if (self->vm.run->exit_reason == MINIVMX_EXIT_IO)
			ASSERT_EQ(0, vm_run(&self->vm));
		ASSERT_EQ(MINIVMX_EXIT_HLT, self->vm.run->exit_reason) {
			vm_print_exit(&self->vm);
		}
		EXPECT_EQ(cases[i].fault, vm_caught(&self->vm)) {
			TH_LOG("case %u", i);
		}
	}
}

TEST_F(string_io, not_canonical)
{
	const struct string_case c = { .size = 4 };
	struct device device = { .bytes = 0 };
	struct minivmx_regs regs;

	ASSERT_EQ(0, start_string(&self->vm, &c, VM_LONG));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	/* KVM looks at the first byte alone. */
	regs.rsi = variant->kvm ? 0x800000000000UL : 0x7ffffffffffeUL;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EQ(0, run_device(&self->vm, &c, &device));
	EXPECT_EQ(VECTOR_GP, vm_caught(&self->vm));
	EXPECT_EQ(0, device.bytes);
}

/* Memory that is a device too: one exit for each side. */
TEST_F(string_io, between_two_devices)
{
	for (int in = 0; in < 2; in++) {
		const struct string_case c = { .in = in, .rep = true, .size = 2, .count = 3 };
		struct vm *vm = &self->vm;
		struct minivmx_regs regs;

		ASSERT_EQ(0, start_string(vm, &c, VM_LONG));
		ASSERT_EQ(0, vm_get_regs(vm, &regs));
		regs.rsi = regs.rdi = VM_HOLE;
		ASSERT_EQ(0, vm_set_regs(vm, &regs));
		for (unsigned int i = 0; i < 3; i++) {
			if (!in) {
				ASSERT_EXIT(vm, MINIVMX_EXIT_MMIO);
				EXPECT_EQ(0, vm->run->mmio.is_write);
				EXPECT_EQ(VM_HOLE + 2 * i, vm->run->mmio.phys_addr);
				*(__u16 *)vm->run->mmio.data = 0x1100 + i;
			}
			ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
			if (!in)
				EXPECT_EQ(0x1100 + i, *(__u16 *)vm_io_data(vm));
			/* KVM reads ahead, and writes one by one. */
			if (in && variant->kvm)
				break;
			EXPECT_EQ(1, vm->run->io.count);
			if (in) {
				*(__u16 *)vm_io_data(vm) = 0x2200 + i;
				ASSERT_EXIT(vm, MINIVMX_EXIT_MMIO);
				EXPECT_EQ(1, vm->run->mmio.is_write);
				EXPECT_EQ(VM_HOLE + 2 * i, vm->run->mmio.phys_addr);
				EXPECT_EQ(0x2200 + i, *(__u16 *)vm->run->mmio.data);
			}
		}
		if (in && variant->kvm)
			continue;
		ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
	}
}

TEST_F(string_io, immediate_exit_completes_the_ins)
{
	const struct string_case c = { .in = true, .rep = true, .size = 1, .count = 3, .offset = 8 };
	struct vm *vm = &self->vm;
	struct minivmx_regs regs;

	ASSERT_EQ(0, start_string(vm, &c, VM_PROTECTED));
	ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
	ASSERT_EQ(3, vm->run->io.count);
	memcpy(vm_io_data(vm), "abc", 3);
	vm->run->immediate_exit = 1;
	/* What the run page says of the exit is not believed. */
	vm->run->io.count = 0xffffffff;
	vm->run->io.size = 0xff;
	vm->run->io.data_offset = 1UL << 40;
	EXPECT_EQ(-EINTR, vm_run(vm));
	vm->run->immediate_exit = 0;
	ASSERT_EQ(0, vm_get_regs(vm, &regs));
	EXPECT_EQ(0, memcmp("abc\xee", vm->mem + BUFFER + 8, 4));
	EXPECT_EQ(11, regs.rdi);
	EXPECT_EQ(0, regs.rcx);
	/* KVM leaves it to the CPU to find that nothing is left to do. */
	EXPECT_EQ(variant->kvm ? VM_CODE : VM_CODE + 2, regs.rip);
	ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
}

/* A single step is one element. KVM forgets the trap. */
GUEST_CODE(step_outs, 32, "popf\n\t rep outsb\n\t hlt");
GUEST_CODE(step_ins, 32, "popf\n\t rep insb\n\t hlt");

TEST_F(string_io, single_steps)
{
	if (variant->kvm)
		SKIP(return, "KVM forgets the trap");
	for (int in = 0; in < 2; in++) {
		struct vm *vm = &self->vm;
		struct minivmx_regs regs;

		ASSERT_EQ(0, vm_start(vm, VM_PROTECTED, in ? step_ins_start : step_outs_start,
				      in ? step_ins_end : step_outs_end));
		ASSERT_EQ(0, vm_catch_faults(vm, VM_PROTECTED));
		ASSERT_EQ(0, vm_get_regs(vm, &regs));
		regs.rsp -= 4;
		*(__u32 *)(vm->mem + regs.rsp) = RFLAGS_TF | 2;
		regs.rcx = 3;
		regs.rsi = regs.rdi = BUFFER;
		ASSERT_EQ(0, vm_set_regs(vm, &regs));
		ASSERT_EXIT(vm, MINIVMX_EXIT_IO);
		EXPECT_EQ(1, vm->run->io.count);
		ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);
		EXPECT_EQ(1, vm_caught(vm));
		ASSERT_EQ(0, vm_get_regs(vm, &regs));
		EXPECT_EQ(2, regs.rcx);
		/* What the trap has pushed: it is behind an element, not behind the instruction. */
		EXPECT_EQ(VM_CODE + 1, *(__u32 *)(vm->mem + regs.rsp));
	}
}

TEST_HARNESS_MAIN
