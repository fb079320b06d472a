// SPDX-License-Identifier: GPL-2.0
/*
 * fault.c - catches the guest's exceptions; the interface is fault.h.
 */
#include <string.h>

#include "fault.h"

#define VECTORS		32
#define HLT		0xf4
#define GATE_PRESENT_32	0x8e00		/* interrupt gate, ring 0 */

static void write_gate(struct vm *vm, enum vm_mode mode, int vector)
{
	__u32 offset = VM_FAULTS + vector;
	__u16 *gate;

	switch (mode) {
	case VM_REAL:
		gate = (__u16 *)(vm->mem + VM_IDT + 4 * vector);
		gate[0] = offset;
		gate[1] = 0;
		return;
	case VM_PROTECTED:
		gate = (__u16 *)(vm->mem + VM_IDT + 8 * vector);
		break;
	default:
		gate = (__u16 *)(vm->mem + VM_IDT + 16 * vector);
		memset(gate, 0, 16);
	}
	gate[0] = offset;
	gate[1] = VM_SEL_CODE;
	gate[2] = GATE_PRESENT_32;
	gate[3] = 0;
}

int vm_catch_faults(struct vm *vm, enum vm_mode mode)
{
	struct minivmx_sregs sregs;
	int ret = vm_get_sregs(vm, &sregs);

	if (ret)
		return ret;
	memset(vm->mem + VM_FAULTS, HLT, VECTORS);
	for (int vector = 0; vector < VECTORS; vector++)
		write_gate(vm, mode, vector);
	sregs.idt = (struct minivmx_dtable){ .base = VM_IDT, .limit = 16 * VECTORS - 1 };
	/* The stack pointer for ring 0, and in 32-bit mode its segment. */
	*(__u64 *)(vm->mem + VM_TSS + 4) = VM_FAULT_STACK;
	if (mode == VM_PROTECTED)
		*(__u32 *)(vm->mem + VM_TSS + 8) = VM_SEL_DATA;
	sregs.tr.base = VM_TSS;
	return vm_set_sregs(vm, &sregs);
}

int vm_enter_ring3(struct vm *vm)
{
	struct minivmx_sregs sregs;
	int ret = vm_get_sregs(vm, &sregs);

	if (ret)
		return ret;
	struct minivmx_segment *segments[] = { &sregs.cs, &sregs.ss, &sregs.ds, &sregs.es };

	for (unsigned int i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		segments[i]->dpl = 3;
		segments[i]->selector |= 3;
	}
	return vm_set_sregs(vm, &sregs);
}

int vm_caught(struct vm *vm)
{
	struct minivmx_regs regs;

	if (vm_get_regs(vm, &regs))
		return -2;
	/* HLT leaves RIP behind itself. */
	if (regs.rip <= VM_FAULTS || regs.rip > VM_FAULTS + VECTORS)
		return NO_FAULT;
	return regs.rip - VM_FAULTS - 1;
}
