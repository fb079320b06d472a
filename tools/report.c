// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - why a guest stopped when that is not its own doing: triple fault, an exit that
 * nothing handles, a refused VM entry; with the facts decoded.
 *
 * Reached from cpu.c; continues in report_state.c and, for a refused entry, explain_text.c. On /dev/kvm an internal error carries fewer facts than on
 * /dev/minivmx: only what run->internal.ndata covers is said.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "decode.h"
#include "explain.h"
#include "report.h"
#include "report_state.h"
#include "snapshot_take.h"

#define EVENT_HAS_ERROR_CODE (1u << 11)

int report_guest_panic(const struct vcpu *vcpu)
{
	complain("guest panic: the guest's kernel says that it has crashed; its last words are above");
	print_state(vcpu);
	return STATUS_GUEST_PANIC;
}

int report_triple_fault(const struct vcpu *vcpu)
{
	complain("triple fault: a fault while delivering a double fault shut the guest's CPU down");
	print_state(vcpu);
	return STATUS_TRIPLE_FAULT;
}

/* What to make of the commonest numbers; NULL where the name says it all. */
static const char *entry_failure_meaning(uint64_t reason)
{
	switch (reason) {
	case 0:
		return "the CPU gave no number: it had no current VMCS";
	case 7:
		return "a control field breaks a rule of SDM 3C \"Checks on VMX Controls\": a bug of the module";
	case 8:
		return "a host-state field breaks a rule of SDM 3C \"Checks on Host Control Registers, MSRs, and SSP\" "
		       "and the sections after it: a bug of the module";
	case MINIVMX_EXIT_REASON_FAILED_ENTRY | 33:
		return "the guest's registers hold a state that no CPU can be in; see SDM 3C \"Checks on the Guest State Area\"";
	case MINIVMX_EXIT_REASON_FAILED_ENTRY | 34:
		return "an MSR value in the VM-entry MSR-load area is not one the CPU accepts; see SDM 3C \"Loading MSRs\"";
	case MINIVMX_EXIT_REASON_FAILED_ENTRY | 41:
		return "the host CPU reported a hardware error during VM entry; see its log of machine checks";
	default:
		return NULL;
	}
}

static bool is_minivmx(const struct vcpu *vcpu)
{
	return strstr(vcpu->vm->device_path, "minivmx");
}

static void print_broken_rules(const struct vcpu *vcpu)
{
	struct snapshot snapshot;

	if (!is_minivmx(vcpu)) {
		fprintf(stderr, "  %s can't show its VMCS (GET_VMCS), so no rule of VM entry can be named\n",
			vcpu->vm->device_path);
		return;
	}
	if (!snapshot_take(&snapshot, vcpu))
		explain_snapshot(stderr, &snapshot);
}

int report_entry_failure(const struct vcpu *vcpu)
{
	uint64_t reason = vcpu->run->fail_entry.hardware_entry_failure_reason;
	const char *meaning = entry_failure_meaning(reason);

	if (reason & MINIVMX_EXIT_REASON_FAILED_ENTRY)
		complain("VM entry failed while loading guest state on host CPU %u: exit reason %" PRIu64 " (0x%" PRIx64
			 "), \"%s\"", vcpu->run->fail_entry.cpu, bits(reason, 15, 0), reason,
			 exit_reason_name(bits(reason, 15, 0)));
	else
		complain("VM entry failed on host CPU %u: VM-instruction error %" PRIu64 ", \"%s\"",
			 vcpu->run->fail_entry.cpu, reason, vm_instruction_error_name(reason));
	if (meaning)
		fprintf(stderr, "  %s\n", meaning);
	/* KVM does not tell it. SDM 3C "VM-Entry Failures During or After Loading Guest State". */
	if (is_minivmx(vcpu) && (reason & MINIVMX_EXIT_REASON_FAILED_ENTRY))
		fprintf(stderr, "  exit qualification %" PRIu64 "\n", (uint64_t)vcpu->run->fail_entry.qualification);
	print_broken_rules(vcpu);
	print_state(vcpu);
	return STATUS_ENTRY_FAILED;
}

static void print_emulation_failure(const struct vcpu *vcpu)
{
	unsigned int size = 0;

	if (vcpu->run->emulation_failure.ndata >= 3 && vcpu->run->emulation_failure.flags & 1)
		size = vcpu->run->emulation_failure.insn_size;
	complain("unhandled exit: an instruction that touched what is no memory, and that %s does not emulate",
		 vcpu->vm->device_path);
	if (size) {
		fputs("  instruction bytes", stderr);
		for (unsigned int i = 0; i < size && i < 15; i++)
			fprintf(stderr, " %02x", vcpu->run->emulation_failure.insn_bytes[i]);
		fputc('\n', stderr);
	}
	/* What follows the bytes is minivmx's own meaning; KVM puts other facts there. */
	if (is_minivmx(vcpu))
		fprintf(stderr, "  guest-physical address 0x%" PRIx64 ", exit qualification 0x%" PRIx64 "\n",
			(uint64_t)vcpu->run->emulation_failure.guest_phys_addr,
			(uint64_t)vcpu->run->emulation_failure.qualification);
}

/* One element of internal.data, or 0 where the kernel gave fewer. */
static uint64_t fact(const struct vcpu *vcpu, unsigned int which)
{
	return which < vcpu->run->internal.ndata ? vcpu->run->internal.data[which] : 0;
}

static void print_exit_facts(const struct vcpu *vcpu, uint32_t reason)
{
	uint64_t qualification = fact(vcpu, MINIVMX_ERROR_DATA_QUALIFICATION);
	char text[TEXT_SIZE];

	qualification_text(text, reason, qualification);
	fprintf(stderr, "  exit qualification      0x%" PRIx64 "%s%s\n", qualification, text[0] ? "  " : "", text);
	event_text(text, fact(vcpu, MINIVMX_ERROR_DATA_INTR_INFO), fact(vcpu, MINIVMX_ERROR_DATA_INTR_ERROR_CODE));
	fprintf(stderr, "  interruption            %s\n", text);
	/* Its error code is not among the facts. */
	event_text(text, fact(vcpu, MINIVMX_ERROR_DATA_IDT_VECTORING) & ~EVENT_HAS_ERROR_CODE, 0);
	fprintf(stderr, "  event being delivered   %s\n", text);
	fprintf(stderr, "  instruction             %" PRIu64 " bytes, information 0x%" PRIx64 "\n",
		fact(vcpu, MINIVMX_ERROR_DATA_INSN_LEN), fact(vcpu, MINIVMX_ERROR_DATA_INSN_INFO));
	if (reason == 48 || reason == 49)	/* EPT violation, EPT misconfiguration */
		fprintf(stderr, "  guest-physical address  0x%" PRIx64 "\n", fact(vcpu, MINIVMX_ERROR_DATA_GUEST_PHYSICAL));
	if (reason == 48)
		fprintf(stderr, "  guest-linear address    0x%" PRIx64 "\n", fact(vcpu, MINIVMX_ERROR_DATA_GUEST_LINEAR));
}

static void print_unhandled_exit(const struct vcpu *vcpu)
{
	uint32_t reason = bits(fact(vcpu, MINIVMX_ERROR_DATA_EXIT_REASON), 15, 0);

	complain("unhandled exit: reason %u \"%s\" on host CPU %" PRIu64, reason,
		 exit_reason_name(reason), fact(vcpu, MINIVMX_ERROR_DATA_CPU));
	/* KVM tells no more than that. */
	if (vcpu->run->internal.ndata > MINIVMX_ERROR_DATA_RIP) {
		fprintf(stderr, "  guest RIP               0x%" PRIx64 "\n", fact(vcpu, MINIVMX_ERROR_DATA_RIP));
		print_exit_facts(vcpu, reason);
	}
}

static void print_exit_in_delivery(const struct vcpu *vcpu)
{
	uint32_t reason = bits(fact(vcpu, MINIVMX_DELIVERY_DATA_EXIT_REASON), 15, 0);
	uint64_t qualification = fact(vcpu, MINIVMX_DELIVERY_DATA_QUALIFICATION);
	char text[TEXT_SIZE];

	complain("unhandled exit while an event was being delivered: reason %u \"%s\"", reason,
		 exit_reason_name(reason));
	/* The event's error code is not among the facts. */
	event_text(text, fact(vcpu, MINIVMX_DELIVERY_DATA_IDT_VECTORING) & ~EVENT_HAS_ERROR_CODE, 0);
	fprintf(stderr, "  event being delivered   %s\n", text);
	qualification_text(text, reason, qualification);
	fprintf(stderr, "  exit qualification      0x%" PRIx64 "%s%s\n", qualification, text[0] ? "  " : "", text);
	/* KVM has the address for some exits only, the CPU always, as the last. */
	if (vcpu->run->internal.ndata > MINIVMX_DELIVERY_DATA_CPU)
		fprintf(stderr, "  guest-physical address  0x%" PRIx64 "\n",
			fact(vcpu, MINIVMX_DELIVERY_DATA_GUEST_PHYSICAL));
}

int report_internal_error(const struct vcpu *vcpu)
{
	if (vcpu->run->internal.suberror == MINIVMX_INTERNAL_ERROR_EMULATION)
		print_emulation_failure(vcpu);
	else if (!vcpu->run->internal.ndata)
		complain("internal error of %s, suberror %u, without further facts", vcpu->vm->device_path,
			 vcpu->run->internal.suberror);
	else if (vcpu->run->internal.suberror == MINIVMX_INTERNAL_ERROR_DELIVERY_EV)
		print_exit_in_delivery(vcpu);
	else
		print_unhandled_exit(vcpu);
	print_state(vcpu);
	return STATUS_UNHANDLED_EXIT;
}

int report_mmio(const struct vcpu *vcpu)
{
	complain("the guest %s %u bytes at guest-physical address 0x%" PRIx64 ", where it has no memory%s",
		 vcpu->run->mmio.is_write ? "wrote" : "read", vcpu->run->mmio.len, (uint64_t)vcpu->run->mmio.phys_addr,
		 vcpu->run->mmio.is_write ? "; RIP is behind the instruction" : "");
	print_state(vcpu);
	return STATUS_UNHANDLED_EXIT;
}

int report_unknown_exit(const struct vcpu *vcpu)
{
	complain("%s returned exit reason %u of the run page, which this program does not handle",
		 vcpu->vm->device_path, vcpu->run->exit_reason);
	print_state(vcpu);
	return STATUS_UNHANDLED_EXIT;
}

int report_run_error(const struct vcpu *vcpu, int error)
{
	const char *meaning = "";

	switch (error) {
	case EFAULT:
		meaning = "; the guest touched memory that this process cannot";
		break;
	case EBUSY:
		meaning = "; somebody else holds this CPU's VMX operation and cannot lend it, see `minivmx doctor`";
		break;
	case EXDEV:
		meaning = "; this CPU came online after the module was loaded, and is not like the others";
		break;
	case EIO:
		meaning = "; the VM belongs to another process, or VMXON failed";
		break;
	}
	complain("%s: RUN: %s%s", vcpu->vm->device_path, strerror(error), meaning);
	print_state(vcpu);
	return STATUS_HOST_ERROR;
}
