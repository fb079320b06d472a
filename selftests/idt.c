// SPDX-License-Identifier: GPL-2.0
/*
 * idt.c - interrupt tables and handlers in the guest's memory. The interface is idt.h.
 *
 * SDM 3A "Interrupt and Exception Handling", "Real-Address Mode Operation".
 */
#include <string.h>
#include <sys/mman.h>

#include "idt.h"

#define PAGE	4096UL

struct gate32 {
	__u16 offset_low, selector, type, offset_high;
};

struct gate64 {
	__u16 offset_low, selector, type, offset_middle;
	__u32 offset_high, zero;
};

struct gate16 {
	__u16 offset, segment;
};

#define GATE_TYPE	0xee00	/* present, DPL 3, interrupt gate */
#define GATE_PRESENT	0x8000
#define GATE_TRAP	0x0100

static unsigned int gate_size(enum vm_mode mode)
{
	switch (mode) {
	case VM_REAL:	return sizeof(struct gate16);
	case VM_LONG:	return sizeof(struct gate64);
	default:	return sizeof(struct gate32);
	}
}

static unsigned int slot_size(enum vm_mode mode)
{
	switch (mode) {
	case VM_REAL:	return 2;
	case VM_LONG:	return 8;
	default:	return 4;
	}
}

/* #DF, #TS, #NP, #SS, #GP, #PF, #AC */
static bool pushes_error_code(enum vm_mode mode, unsigned int vector)
{
	return mode != VM_REAL && vector < 32 && (0x00027d00U & 1U << vector);
}

static void write_gate(struct vm *vm, enum vm_mode mode, unsigned int vector)
{
	void *gate = vm->mem + IDT_TABLE + vector * gate_size(mode);
	__u16 handler = IDT_HANDLER(vector);

	switch (mode) {
	case VM_REAL:
		*(struct gate16 *)gate = (struct gate16){ handler, 0 };
		break;
	case VM_LONG:
		*(struct gate64 *)gate = (struct gate64){ handler, VM_SEL_CODE, GATE_TYPE, 0, 0, 0 };
		break;
	default:
		*(struct gate32 *)gate = (struct gate32){ handler, VM_SEL_CODE, GATE_TYPE, 0 };
		break;
	}
}

/* OUT imm8; ADD to the stack pointer; IRET. */
static void write_handler(struct vm *vm, enum vm_mode mode, unsigned int vector)
{
	__u8 *code = vm->mem + IDT_HANDLER(vector);
	bool error_code = pushes_error_code(mode, vector);

	*code++ = 0xe6;
	*code++ = vector;
	if (mode == VM_LONG) {
		if (error_code)
			memcpy(code, "\x48\x83\xc4\x08", 4);
		code += error_code ? 4 : 0;
		*code++ = 0x48;
	} else if (error_code) {
		memcpy(code, "\x83\xc4\x04", 3);
		code += 3;
	}
	*code = 0xcf;
}

int idt_limit(struct vm *vm, enum vm_mode mode, unsigned int count)
{
	struct minivmx_sregs sregs;
	int ret = vm_get_sregs(vm, &sregs);

	sregs.idt = (struct minivmx_dtable){
		.base = IDT_TABLE, .limit = count * gate_size(mode) - 1,
	};
	return ret ? ret : vm_set_sregs(vm, &sregs);
}

int idt_start(struct vm *vm, enum vm_mode mode, const __u8 *start, const __u8 *end)
{
	int ret = vm_start(vm, mode, start, end);

	for (unsigned int vector = 0; vector < 256; vector++) {
		write_gate(vm, mode, vector);
		write_handler(vm, mode, vector);
	}
	return ret ? ret : idt_limit(vm, mode, 256);
}

void idt_not_present(struct vm *vm, enum vm_mode mode, unsigned int vector)
{
	__u16 *gate = (void *)(vm->mem + IDT_TABLE + vector * gate_size(mode));

	gate[2] &= ~GATE_PRESENT;
}

void idt_trap_gate(struct vm *vm, enum vm_mode mode, unsigned int vector)
{
	__u16 *gate = (void *)(vm->mem + IDT_TABLE + vector * gate_size(mode));

	gate[2] |= GATE_TRAP;
}

void idt_evict(struct vm *vm, __u64 gpa)
{
	__u8 contents[PAGE];
	__u8 *page = vm->mem + (gpa & ~(PAGE - 1));

	memcpy(contents, page, PAGE);
	madvise(page, PAGE, MADV_DONTNEED);
	memcpy(page, contents, PAGE);
}

int vm_set_rflags(struct vm *vm, __u64 rflags)
{
	struct minivmx_regs regs;
	int ret = vm_get_regs(vm, &regs);

	regs.rflags = rflags;
	return ret ? ret : vm_set_regs(vm, &regs);
}

int vm_interrupt(struct vm *vm, __u32 vector)
{
	struct minivmx_interrupt interrupt = { .irq = vector };

	return vm_ioctl(vm->vcpu, MINIVMX_INTERRUPT, (unsigned long)&interrupt);
}

int vm_nmi(struct vm *vm)
{
	return vm_ioctl(vm->vcpu, MINIVMX_NMI, 0);
}

int vm_get_events(struct vm *vm, struct minivmx_vcpu_events *events)
{
	return vm_ioctl(vm->vcpu, MINIVMX_GET_VCPU_EVENTS, (unsigned long)events);
}

int vm_set_events(struct vm *vm, const struct minivmx_vcpu_events *events)
{
	return vm_ioctl(vm->vcpu, MINIVMX_SET_VCPU_EVENTS, (unsigned long)events);
}

int idt_frame(struct vm *vm, enum vm_mode mode, unsigned int vector, struct idt_frame *frame)
{
	unsigned int size = slot_size(mode);
	__u64 slots[4] = { 0 };
	struct minivmx_regs regs;
	int first = pushes_error_code(mode, vector) ? 0 : 1;
	int ret = vm_get_regs(vm, &regs);

	if (ret)
		return ret;
	slots[0] = ~0UL;
	for (int i = first; i < 4; i++) {
		slots[i] = 0;
		memcpy(&slots[i], vm->mem + regs.rsp + (i - first) * size, size);
	}
	*frame = (struct idt_frame){ .error_code = slots[0], .rip = slots[1], .rflags = slots[3] };
	return 0;
}
