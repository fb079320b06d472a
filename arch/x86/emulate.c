// SPDX-License-Identifier: GPL-2.0
/*
 * emulate.c - executes one instruction that accesses memory, in the CPU's stead.
 *
 * Reached from exit_memory.c, when the guest touched an address behind which there is no memory,
 * and from exit_io.c, when userspace has answered a read. The instruction is fetched by the guest's
 * own page tables, decode.c says what it does, mmio.c reads and writes. Of a repeated string
 * instruction one element is executed: then the guest goes on with it, and may exit again. What is
 * no instruction of decode.c goes to userspace. Outside slices, interrupts on.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/swab.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "arch/x86/emulate.h"
#include "arch/x86/exit.h"
#include "arch/x86/inject.h"
#include "arch/x86/mmio.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"

/* --------------------------------------------------------------- fetch and decode */

static enum code_size code_size(const struct vmx_vcpu *vmx)
{
	if (guest_in_64bit_code(vmx))
		return CODE_64;
	return vmx->segments[SEGMENT_CS].access_rights & VMX_AR_DB_MASK ? CODE_32 : CODE_16;
}

/* More bytes of the instruction: up to the end of the page, the segment, or any instruction. */
static int fetch_bytes(struct emulation *e)
{
	struct vmx_vcpu *vmx = e->vmx;
	u64 offset = vmx->rip + e->count, linear;
	unsigned int size;
	gpa_t gpa;
	int err;

	if (!guest_in_64bit_code(vmx))
		offset = (u32)offset;
	err = guest_linear(vmx, SEGMENT_CS, offset, 1, GUEST_FETCH, &linear, &e->fault);
	if (err)
		return err;
	size = min_t(unsigned int, INSN_MAX_LENGTH - e->count, PAGE_SIZE - offset_in_page(linear));
	while (guest_linear(vmx, SEGMENT_CS, offset, size, GUEST_FETCH, &linear, &e->fault))
		size--;
	err = guest_walk(vmx, linear, guest_access(vmx, GUEST_FETCH), &gpa, &e->fault);
	if (!err)
		err = memory_read(vmx->vm, gpa, e->bytes + e->count, size);
	if (err)
		/* Code on a device is not emulated, as on KVM. */
		return err == -ENOENT ? EMULATE_UNKNOWN : err;
	e->count += size;
	return 0;
}

int emulate_fetch(struct emulation *e)
{
	enum decode_result result;
	int err = state_fetch(e->vmx);

	mmio_begin(e->vmx);
	do {
		if (!err)
			err = fetch_bytes(e);
		if (err)
			return err;
		result = decode_insn(&e->insn, e->bytes, e->count, code_size(e->vmx));
	} while (result == DECODE_MORE_BYTES);
	return result == DECODE_OK ? 0 : EMULATE_UNKNOWN;
}

/* ---------------------------------------------------------------------- registers */

/* SDM 1 "General-Purpose Registers in 64-Bit Mode": 32 bits clear the upper half, less don't. */
static void register_write(u64 *reg, unsigned int size, bool high_byte, u64 value)
{
	switch (size) {
	case 1:
		((u8 *)reg)[high_byte] = value;
		break;
	case 2:
		*(u16 *)reg = value;
		break;
	case 4:
		*reg = (u32)value;
		break;
	default:
		*reg = value;
		break;
	}
}

u64 string_count(const struct vmx_vcpu *vmx, const struct guest_insn *insn)
{
	return insn->rep ? vmx->regs[VMX_RCX] & insn_address_mask(insn) : 1;
}

u64 string_offset(const struct vmx_vcpu *vmx, const struct guest_insn *insn, unsigned int reg,
		  unsigned int elements)
{
	u64 distance = (u64)elements * insn->operand_size;

	if (vmx->rflags & X86_EFLAGS_DF)
		distance = -distance;
	return (vmx->regs[reg] + distance) & insn_address_mask(insn);
}

static void string_step_register(struct vmx_vcpu *vmx, const struct guest_insn *insn,
				 unsigned int reg)
{
	register_write(&vmx->regs[reg], insn->address_size, false,
		       string_offset(vmx, insn, reg, 1));
}

/* Where the memory operand is, and for MOVS and CMPS the other one. */
static bool string_uses(const struct guest_insn *insn, unsigned int reg)
{
	return insn->base == reg || insn->op == INSN_MOVS || insn->op == INSN_CMPS;
}

bool string_step(struct vmx_vcpu *vmx, const struct guest_insn *insn)
{
	bool equal = vmx->rflags & X86_EFLAGS_ZF;

	if (string_uses(insn, VMX_RSI))
		string_step_register(vmx, insn, VMX_RSI);
	if (string_uses(insn, VMX_RDI))
		string_step_register(vmx, insn, VMX_RDI);
	if (!insn->rep)
		return true;
	register_write(&vmx->regs[VMX_RCX], insn->address_size, false, vmx->regs[VMX_RCX] - 1);
	if (!string_count(vmx, insn))
		return true;
	/* SDM 2B "REP/REPE/REPZ/REPNE/REPNZ" */
	if (insn->op == INSN_CMPS || insn->op == INSN_SCAS)
		return equal != (insn->rep == REP_REPE);
	return false;
}

/* ----------------------------------------------------------------------- operands */

struct operands {
	u64 first_address, second_address;	/* linear, of those that are in memory */
	u64 first, second;			/* values; only the operand's size of them counts */
};

static int operand_address(struct emulation *e, bool at_rdi, u32 access, u64 *linear)
{
	const struct guest_insn *insn = &e->insn;
	struct vmx_vcpu *vmx = e->vmx;
	unsigned int segment = insn->segment;
	u64 offset;

	if (at_rdi) {
		segment = SEGMENT_ES;
		offset = string_offset(vmx, insn, VMX_RDI, 0);
	} else {
		offset = insn_effective_address(insn, vmx->regs, vmx->rip + insn->length);
	}
	return guest_linear(vmx, segment, offset, insn->operand_size, access, linear, &e->fault);
}

static u64 register_read(const struct emulation *e)
{
	return e->vmx->regs[e->insn.reg] >> (e->insn.high_byte ? 8 : 0);
}

/* A read that will be written back is checked as a write. */
static int read_first(struct emulation *e, struct operands *o)
{
	const struct guest_insn *insn = &e->insn;
	u32 access = insn->writes ? GUEST_WRITE : GUEST_READ;
	bool value_counts = insn->second != OPERAND_MEMORY ? insn->reads : insn->op == INSN_CMPS;
	int err;

	if (insn->first == OPERAND_REGISTER)
		o->first = register_read(e);
	if (insn->first != OPERAND_MEMORY)
		return 0;
	err = operand_address(e, insn->op == INSN_MOVS, access, &o->first_address);
	if (err || !value_counts)
		return err;
	return guest_read(e->vmx, o->first_address, access, &o->first, insn->operand_size,
			  &e->fault);
}

static int read_second(struct emulation *e, struct operands *o)
{
	const struct guest_insn *insn = &e->insn;
	int err;

	switch (insn->second) {
	case OPERAND_REGISTER:
		o->second = register_read(e);
		return 0;
	case OPERAND_IMMEDIATE:
		o->second = insn->immediate;
		return 0;
	case OPERAND_MEMORY:
		err = operand_address(e, insn->op == INSN_CMPS, GUEST_READ, &o->second_address);
		if (err)
			return err;
		return guest_read(e->vmx, o->second_address, GUEST_READ, &o->second,
				  insn->operand_size, &e->fault);
	default:
		return 0;
	}
}

static int write_first(struct emulation *e, const struct operands *o, u64 value)
{
	const struct guest_insn *insn = &e->insn;

	if (insn->first == OPERAND_REGISTER) {
		register_write(&e->vmx->regs[insn->reg], insn->register_size, insn->high_byte,
			       value);
		return 0;
	}
	if (insn->lock)
		return guest_exchange(e->vmx, o->first_address, o->first, value, insn->operand_size,
				      &e->fault);
	return guest_write(e->vmx, o->first_address, &value, insn->operand_size, &e->fault);
}

/* ---------------------------------------------------------------------- execution */

/* BT sets CF to the bit and leaves the other flags; its kin change the bit then. */
static u64 execute_bit_test(const struct guest_insn *insn, const struct operands *o, u64 *rflags)
{
	u64 bit = BIT_ULL(o->second % (8 * insn->operand_size));

	*rflags &= ~(u64)X86_EFLAGS_CF;
	if (o->first & bit)
		*rflags |= X86_EFLAGS_CF;
	switch (insn->op) {
	case INSN_BTS:
		return o->first | bit;
	case INSN_BTR:
		return o->first & ~bit;
	case INSN_BTC:
		return o->first ^ bit;
	default:
		return o->first;
	}
}

/* What the first operand becomes. */
static u64 execute(const struct emulation *e, const struct operands *o, u64 *rflags)
{
	const struct guest_insn *insn = &e->insn;
	unsigned int size = insn->operand_size;

	switch (insn->op) {
	case INSN_MOV:
	case INSN_MOVZX:
	case INSN_XCHG:
	case INSN_MOVS:
	case INSN_STOS:
	case INSN_LODS:
		return o->second;
	case INSN_MOVSX:
		return sign_extend64(o->second, 8 * size - 1);
	case INSN_MOVBE:
		return swab64(o->second) >> (64 - 8 * size);
	case INSN_NOT:
		return ~o->first;
	case INSN_BT ... INSN_BTC:
		return execute_bit_test(insn, o, rflags);
	case INSN_CMPXCHG:
		alu_execute(INSN_CMP, size, e->vmx->regs[VMX_RAX], o->first, rflags);
		/* Unequal, it is written as it was. */
		return *rflags & X86_EFLAGS_ZF ? o->second : o->first;
	default:
		return alu_execute(insn->op, size, o->first, o->second, rflags);
	}
}

static bool keeps_first(enum insn_op op)
{
	switch (op) {
	case INSN_CMP:
	case INSN_TEST:
	case INSN_BT:
	case INSN_CMPS:
	case INSN_SCAS:
		return true;
	default:
		return false;
	}
}

/* Until the write of the first operand has succeeded, nothing has changed. */
static int execute_once(struct emulation *e)
{
	const struct guest_insn *insn = &e->insn;
	struct vmx_vcpu *vmx = e->vmx;
	struct operands o = { };
	u64 rflags = vmx->rflags, result;
	int err;

	err = read_first(e, &o);
	if (!err)
		err = read_second(e, &o);
	if (err)
		return err;
	result = execute(e, &o, &rflags);
	if (!keeps_first(insn->op))
		err = write_first(e, &o, result);
	if (err)
		return err;
	if (insn->op == INSN_XCHG || insn->op == INSN_XADD)
		register_write(&vmx->regs[insn->reg], insn->operand_size, insn->high_byte, o.first);
	if (insn->op == INSN_CMPXCHG && !(rflags & X86_EFLAGS_ZF))
		register_write(&vmx->regs[VMX_RAX], insn->operand_size, false, o.first);
	vmx->rflags = rflags;
	return emulate_commit(vmx, insn, insn_is_string(insn) ? string_step(vmx, insn) : true);
}

int emulate_commit(struct vmx_vcpu *vmx, const struct guest_insn *insn, bool done)
{
	/* Between two elements RF is set: breakpoints are for the instruction, not for each. */
	vmx->rflags &= ~(u64)X86_EFLAGS_RF;
	if (!done)
		vmx->rflags |= X86_EFLAGS_RF;
	return state_move_rip(vmx, done ? insn->length : 0);
}

/*
 * As on KVM, the guest gets #UD. For its user code that is all; if its kernel is stuck, userspace
 * hears of it first, and may execute the instruction itself.
 */
static int emulation_failed(const struct emulation *e)
{
	struct vmx_vcpu *vmx = e->vmx;

	inject_exception(vmx, X86_TRAP_UD);
	if (guest_access(vmx, 0) & X86_PF_USER)
		return VMX_RESUME;
	exit_to_user_emulation_failure(vmx, e->bytes, e->count);
	return VMX_TO_USER;
}

int emulate_end(struct emulation *e, int result)
{
	struct vmx_vcpu *vmx = e->vmx;

	if (result == GUEST_MMIO)
		return mmio_ask(vmx, &e->insn);
	vmx->mmio.reads_answered = 0;
	switch (result) {
	case 0:
		return mmio_send(vmx);
	case GUEST_FAULT:
		if (e->fault.vector == X86_TRAP_PF)
			inject_page_fault(vmx, e->fault.address, e->fault.error_code);
		else
			inject_exception_code(vmx, e->fault.vector, e->fault.error_code);
		return VMX_RESUME;
	case EMULATE_UNKNOWN:
		return emulation_failed(e);
	case -EAGAIN:
		/* Another CPU was faster: the guest tries again. */
		return VMX_RESUME;
	default:
		return result;
	}
}

int emulate_instruction(struct vmx_vcpu *vmx)
{
	struct emulation e = { .vmx = vmx };
	int result = emulate_fetch(&e);

	/* These exit as I/O, where the CPU has checked that the guest may use the port. */
	if (!result && (e.insn.op == INSN_INS || e.insn.op == INSN_OUTS))
		result = EMULATE_UNKNOWN;
	if (!result && !string_count(vmx, &e.insn))
		result = emulate_commit(vmx, &e.insn, true);
	else if (!result)
		result = execute_once(&e);
	return emulate_end(&e, result);
}

int emulate_again(struct vmx_vcpu *vmx, const struct guest_insn *insn)
{
	struct emulation e = { .vmx = vmx, .insn = *insn };
	int result = state_fetch(vmx);

	mmio_begin(vmx);
	if (!result)
		result = execute_once(&e);
	return emulate_end(&e, result);
}
