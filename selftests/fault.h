/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fault.h - which exception an instruction raises in the guest: a table that catches them all.
 *
 * Each vector has its own HLT, so the RIP of the exit says which exception came. Works in every
 * mode of vm_start(), and from ring 3.
 */
#ifndef SELFTESTS_FAULT_H
#define SELFTESTS_FAULT_H

#include "vm.h"

#define VM_FAULTS	0xd000UL	/* guest-physical: 32 HLTs */
#define VM_TSS		0xd800UL	/* for the stack of handlers entered from ring 3 */
#define VM_FAULT_STACK	0xf000UL	/* and their stack, which grows down */

#define VECTOR_UD	6
#define VECTOR_GP	13
#define VECTOR_PF	14
#define NO_FAULT	(-1)

/* After vm_start(): catches exceptions. */
int vm_catch_faults(struct vm *vm, enum vm_mode mode);
/* After vm_start(): the guest goes on in ring 3. */
int vm_enter_ring3(struct vm *vm);
/* After an HLT exit: the vector that was caught, NO_FAULT if the HLT was the guest's own. */
int vm_caught(struct vm *vm);

#endif /* SELFTESTS_FAULT_H */
