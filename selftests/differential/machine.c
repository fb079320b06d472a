// SPDX-License-Identifier: GPL-2.0
/*
 * machine.c - runs a program on one device, answers it, and writes down what it did.
 *
 * One VM for all programs: before each its memory and its vCPU are put back to where modes.c wants
 * them. The world a guest sees is a function of the program alone: reads give a mix of the
 * address and the number of reads before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "differential.h"

#define TIMEOUT_MS	4000

static int add_slots(struct vm *vm)
{
	int ret = vm_set_slot(vm, 0, 0, 0, CODE, vm->mem);

	if (!ret)
		ret = vm_set_slot(vm, 1, KVM_MEM_READONLY, CODE, GDT - CODE, vm->mem + CODE);
	if (!ret)
		ret = vm_set_slot(vm, 2, 0, GDT, MEMORY_SIZE - GDT, vm->mem + GDT);
	return ret;
}

int machine_create(struct machine *machine, const char *device)
{
	struct vm *vm = &machine->vm;
	int ret = vm_open(vm, device);

	machine->device = device;
	machine->kvm = !strcmp(device, KVM_DEVICE);
	if (ret)
		return ret;
	vm->mem = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->mem == MAP_FAILED)
		return -errno;
	vm->mem_size = MEMORY_SIZE;
	ret = add_slots(vm);
	if (!ret && machine->kvm)
		ret = vm_ioctl(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000);
	return ret ?: vm_add_vcpu(vm);
}

int machine_share_cpuid(struct machine *from, struct machine *to)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[256];
	} cpuid = { .head.nent = 256 };
	int ret = vm_ioctl(from->vm.dev, KVM_GET_SUPPORTED_CPUID, (unsigned long)&cpuid);

	if (!ret)
		ret = vm_ioctl(from->vm.vcpu, KVM_SET_CPUID2, (unsigned long)&cpuid);
	if (!ret)
		ret = vm_ioctl(to->vm.vcpu, KVM_SET_CPUID2, (unsigned long)&cpuid);
	return ret;
}

/* ------------------------------------------------------------------------- before */

struct vcpu_call {
	unsigned long request;
	const void *argument;
};

static const struct kvm_msr_entry msrs[MSR_COUNT] = {
	{ .index = 0x174 }, { .index = 0x175 }, { .index = 0x176 },	/* SYSENTER */
	{ .index = 0x277, .data = 0x0007040600070406 },			/* PAT */
	{ .index = 0x1d9 },						/* DEBUGCTL */
	{ .index = 0xc0000081 }, { .index = 0xc0000082 },		/* STAR, LSTAR */
	{ .index = 0xc0000083 }, { .index = 0xc0000084 },		/* CSTAR, FMASK */
	{ .index = 0xc0000102 },					/* KERNEL_GS_BASE */
};

/* The ioctl is KVM_SET_MSRS or KVM_GET_MSRS. */
static int all_msrs(struct machine *machine, unsigned long request)
{
	struct outcome *outcome = &machine->outcome;
	int ret;

	outcome->msrs.head = (struct kvm_msrs){ .nmsrs = MSR_COUNT };
	memcpy(outcome->msrs.entries, msrs, sizeof(msrs));
	ret = vm_ioctl(machine->vm.vcpu, request, (unsigned long)&outcome->msrs);
	return ret < 0 ? ret : ret == MSR_COUNT ? 0 : -EINVAL;
}

static int call_all(struct vm *vm, const struct vcpu_call *calls, unsigned int count)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < count; i++)
		ret = vm_ioctl(vm->vcpu, calls[i].request, (unsigned long)calls[i].argument);
	return ret;
}

/* What GET_REGS and GET_SREGS do not show. */
static int reset_hidden_state(struct machine *machine)
{
	static const struct kvm_vcpu_events events = { .flags = KVM_VCPUEVENT_VALID_SHADOW };
	static const struct kvm_debugregs debugregs = { .dr6 = 0xffff0ff0, .dr7 = 0x400 };
	static const struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0].value = 1 };
	static const struct kvm_fpu fpu = { .fcw = 0x37f, .mxcsr = 0x1f80 };
	const struct vcpu_call calls[] = {
		{ KVM_SET_VCPU_EVENTS, &events }, { KVM_SET_DEBUGREGS, &debugregs },
		{ KVM_SET_XCRS, &xcrs }, { KVM_SET_FPU, &fpu },
	};

	return call_all(&machine->vm, calls, 4) ?: all_msrs(machine, KVM_SET_MSRS);
}

static int reset(struct machine *machine)
{
	const struct program *program = machine->program;
	struct vm *vm = &machine->vm;
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	int ret;

	mode_memory(vm->mem, program->mode);
	memcpy(vm->mem + CODE, program->start, program->end - program->start);
	/* The rest begins on an even address. */
	if ((program->end - program->start) & 1)
		vm->mem[CODE + (program->end - program->start)] = 0x90;
	mode_registers(program->mode, &sregs, &regs);
	/* RUN takes the task priority from the run page, as there is no interrupt controller. */
	vm->run->cr8 = 0;
	vm->run->request_interrupt_window = 0;
	if (program->prepare)
		program->prepare(machine, &sregs, &regs);
	ret = vm_ioctl(vm->vcpu, KVM_SET_SREGS, (unsigned long)&sregs);
	if (!ret)
		ret = vm_ioctl(vm->vcpu, KVM_SET_REGS, (unsigned long)&regs);
	if (!ret)
		ret = reset_hidden_state(machine);
	return ret;
}

/* ------------------------------------------------------------------------- during */

static __u64 answer(struct machine *machine, __u64 address)
{
	__u64 mix = (address + 1) * 0x9e3779b97f4a7c15 + ++machine->answers * 0xbf58476d1ce4e5b9;

	return mix ^ mix >> 29;
}

static void record(struct machine *machine, enum event_kind kind, __u8 size, __u64 address,
		   const void *data)
{
	struct outcome *outcome = &machine->outcome;
	struct event *event;

	if (outcome->events == MAX_EVENTS)
		return;
	event = &outcome->event[outcome->events++];
	*event = (struct event){ .kind = kind, .size = size, .address = address };
	if (data)
		memcpy(&event->data, data, size);
}

/* KVM hands over OUTS element by element, and minivmx many at once: written down one by one. */
static void on_io(struct machine *machine)
{
	struct kvm_run *run = (void *)machine->vm.run;
	__u8 *data = (__u8 *)run + run->io.data_offset;

	for (__u32 i = 0; i < run->io.count; i++, data += run->io.size) {
		if (run->io.direction == KVM_EXIT_IO_IN) {
			__u64 value = answer(machine, run->io.port);

			memcpy(data, &value, run->io.size);
			record(machine, EVENT_IN, run->io.size, run->io.port, data);
		} else {
			record(machine, EVENT_OUT, run->io.size, run->io.port, data);
		}
	}
}

static void on_mmio(struct machine *machine)
{
	struct kvm_run *run = (void *)machine->vm.run;

	if (!run->mmio.is_write) {
		__u64 value = answer(machine, run->mmio.phys_addr);

		memcpy(run->mmio.data, &value, sizeof(value));
	}
	record(machine, run->mmio.is_write ? EVENT_WRITE : EVENT_READ, run->mmio.len,
	       run->mmio.phys_addr, run->mmio.data);
}

/* Answers the exit; false: the program has ended. */
static bool on_exit_to_user(struct machine *machine)
{
	struct kvm_run *run = (void *)machine->vm.run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		on_io(machine);
		return run->io.port != PORT_END || run->io.direction != KVM_EXIT_IO_OUT;
	case KVM_EXIT_MMIO:
		on_mmio(machine);
		return true;
	case KVM_EXIT_SET_TPR:
		record(machine, EVENT_EXIT, 8, run->exit_reason, &run->cr8);
		return true;
	case KVM_EXIT_INTERNAL_ERROR:
		record(machine, EVENT_EXIT, 4, run->exit_reason, &run->internal.suberror);
		return false;
	case KVM_EXIT_FAIL_ENTRY:
		record(machine, EVENT_EXIT, 8, run->exit_reason,
		       &run->fail_entry.hardware_entry_failure_reason);
		return false;
	default:
		record(machine, EVENT_EXIT, 0, run->exit_reason, NULL);
		return false;
	}
}

static void run(struct machine *machine)
{
	struct outcome *outcome = &machine->outcome;
	bool (*at_exit)(struct machine *, const struct event *) = machine->program->at_exit;
	bool goes_on = true;
	int ret;

	vm_arm_alarm(TIMEOUT_MS);
	while (goes_on && outcome->exits++ < MAX_EXITS) {
		ret = vm_run(&machine->vm);
		if (ret) {
			record(machine, EVENT_ERROR, 0, -ret, NULL);
			break;
		}
		goes_on = on_exit_to_user(machine);
		if (at_exit && at_exit(machine, &outcome->event[outcome->events - 1]))
			goes_on = true;
	}
	vm_arm_alarm(0);
}

/* An IN or a read from MMIO that was not completed would be so at the next program's start. */
static void complete_last_exit(struct vm *vm)
{
	vm->run->immediate_exit = 1;
	for (int i = 0; i < 16 && !vm_run(vm); i++)
		;
	vm->run->immediate_exit = 0;
}

/* An unusable LDT's attributes mean nothing: CPUs leave what they like (SDM 3C "Guest Register State"). */
static void forget_unusable_ldt(struct kvm_segment *ldt)
{
	if (ldt->unusable)
		ldt->type = ldt->s = ldt->dpl = ldt->db = ldt->l = ldt->g = ldt->avl = 0;
}

static int read_state(struct machine *machine)
{
	struct outcome *outcome = &machine->outcome;
	const struct vcpu_call calls[] = {
		{ KVM_GET_REGS, &outcome->regs }, { KVM_GET_SREGS, &outcome->sregs },
		/* GET_FPU on KVM shows old values of what XSAVEOPT left out. */
		{ KVM_GET_XSAVE, &outcome->xsave }, { KVM_GET_DEBUGREGS, &outcome->debugregs },
		{ KVM_GET_XCRS, &outcome->xcrs },
	};

	int ret = call_all(&machine->vm, calls, 5);

	forget_unusable_ldt(&outcome->sregs.ldt);
	/* Bytes 464 to 511 are for software: KVM has a mask of Linux there. */
	memset((__u8 *)&outcome->xsave + 464, 0, 48);
	return ret ?: all_msrs(machine, KVM_GET_MSRS);
}

int machine_run(struct machine *machine, const struct program *program)
{
	struct outcome *outcome = &machine->outcome;
	struct vm *vm = &machine->vm;
	int ret;

	machine->program = program;
	machine->answers = 0;
	outcome->events = outcome->exits = 0;
	ret = reset(machine);
	if (ret)
		return ret;
	run(machine);
	complete_last_exit(vm);
	return read_state(machine);
}
