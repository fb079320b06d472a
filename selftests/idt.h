/* SPDX-License-Identifier: GPL-2.0 */
/*
 * idt.h - a guest whose handlers tell the test what was delivered, when, and with which frame.
 *
 * The handler of vector V is two instructions: OUT to port V, and (past the error code, where there
 * is one) IRET. So each delivery is an IO exit, and the frame is in the guest's memory. idt.c knows
 * nothing of the harness; the macros at the end need it.
 */
#ifndef SELFTESTS_IDT_H
#define SELFTESTS_IDT_H

#include "vm.h"

/* In the memory that vm_create() makes, each from the start of a page. */
#define IDT_TABLE	0x2000UL
#define IDT_HANDLERS	0x4000UL
#define IDT_HANDLER(v)	(IDT_HANDLERS + 8 * (v))
#define IDT_STACK_PAGE	(VM_STACK - 0x1000)

#define RFLAGS_FIXED	0x2UL
#define RFLAGS_TF	0x100UL
#define RFLAGS_IF	0x200UL
#define RFLAGS_RF	0x10000UL

/* vm_start(), and IDTR, table and handlers for the mode. */
int idt_start(struct vm *vm, enum vm_mode mode, const __u8 *start, const __u8 *end);

#define IDT_START(vm, mode, name)	idt_start(vm, mode, name##_start, name##_end)

/* Only vectors below @count have a gate: delivering another raises #GP. */
int idt_limit(struct vm *vm, enum vm_mode mode, unsigned int count);
/* The vector's gate is not present. */
void idt_not_present(struct vm *vm, enum vm_mode mode, unsigned int vector);
/* The vector's gate leaves RFLAGS.IF as it is. */
void idt_trap_gate(struct vm *vm, enum vm_mode mode, unsigned int vector);
/* Takes the guest's translation of the page away; its contents stay. */
void idt_evict(struct vm *vm, __u64 gpa);

int vm_set_rflags(struct vm *vm, __u64 rflags);
int vm_interrupt(struct vm *vm, __u32 vector);
int vm_nmi(struct vm *vm);
int vm_get_events(struct vm *vm, struct minivmx_vcpu_events *events);
int vm_set_events(struct vm *vm, const struct minivmx_vcpu_events *events);

/* What the delivery pushed, at an IO exit of a handler. */
struct idt_frame {
	__u64 error_code;	/* ~0: none */
	__u64 rip, rflags;
};
int idt_frame(struct vm *vm, enum vm_mode mode, unsigned int vector, struct idt_frame *frame);

/* The vector's handler is the next to run, to return to @address. */
#define ASSERT_DELIVERED(vm, mode, vector, address)				\
	do {									\
		struct idt_frame frame_;					\
										\
		ASSERT_EXIT(vm, MINIVMX_EXIT_IO);				\
		ASSERT_EQ(vector, (vm)->run->io.port);				\
		ASSERT_EQ(0, idt_frame(vm, mode, vector, &frame_));		\
		EXPECT_EQ(address, frame_.rip);					\
	} while (0)

/* The guest has come to the HLT that ends at @address. */
#define ASSERT_HALTED(vm, address)						\
	do {									\
		struct minivmx_regs regs_;					\
										\
		ASSERT_EXIT(vm, MINIVMX_EXIT_HLT);				\
		ASSERT_EQ(0, vm_get_regs(vm, &regs_));				\
		EXPECT_EQ(address, regs_.rip);					\
	} while (0)

#define MODE_NAME(mode)	((const char *[]){ "real", "protected", "long" }[mode])

#endif /* SELFTESTS_IDT_H */
