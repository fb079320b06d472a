/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmcs.h - reading and writing fields of the current VMCS (virtual-machine control structure),
 * and the two instructions that forget cached translations.
 *
 * Everything here works on the VMCS that VMPTRLD made current, so only inside a slice
 * (slice.h). The field numbers are in the kernel's <asm/vmx.h> and in SDM 3D "Field Encoding in
 * VMCS". Bits 14:13 of a number are the field's width; each accessor checks them when
 * the file is compiled, so a 32-bit read of a 64-bit field does not build.
 */
#ifndef _MINIVMX_ARCH_VMCS_H
#define _MINIVMX_ARCH_VMCS_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/page_types.h>
#include <asm/vmx.h>

/*
 * A VMXON region or a VMCS: only the first word is ours to write. SDM 3C "Format of the VMCS
 * Region".
 */
struct vmx_region {
	u32 revision;
	u32 abort_indicator;
	u8 data[PAGE_SIZE - 8];
};

enum vmcs_width { VMCS_WIDTH_16, VMCS_WIDTH_64, VMCS_WIDTH_32, VMCS_WIDTH_NATURAL };

#define VMCS_CHECK_WIDTH(field, width)							\
	BUILD_BUG_ON_MSG(__builtin_constant_p(field) && (((field) >> 13) & 3) != (width),	\
			 "VMCS field has another width")

/* Out of line: a field that can't be read or written is a bug of ours; say which, once. */
void vmcs_access_failed(unsigned long field, bool write);

/*
 * False: there is no such field. CF or ZF set by the instruction, or a fault, say so; the CPU then
 * notes error 12 in the VMCS. SDM 3C "Conventions", "VM Instruction Error Numbers".
 */
static __always_inline bool vmread_exists(unsigned long field, unsigned long *value)
{
	asm_goto_output("1: vmread %[field], %[value]\n\t"
			"jbe %l[failed]\n"
			_ASM_EXTABLE(1b, %l[failed])
			: [value] "=r" (*value)
			: [field] "r" (field)
			: "cc"
			: failed);
	return true;
failed:
	*value = 0;
	return false;
}

static __always_inline unsigned long vmread(unsigned long field)
{
	unsigned long value;

	if (unlikely(!vmread_exists(field, &value)))
		vmcs_access_failed(field, false);
	return value;
}

/* False: there is no such field. */
static __always_inline bool vmwrite_exists(unsigned long field, unsigned long value)
{
	asm goto("1: vmwrite %[value], %[field]\n\t"
		 "jbe %l[failed]\n"
		 _ASM_EXTABLE(1b, %l[failed])
		 :
		 : [field] "r" (field), [value] "rm" (value)
		 : "cc"
		 : failed);
	return true;
failed:
	return false;
}

static __always_inline void vmwrite(unsigned long field, unsigned long value)
{
	if (unlikely(!vmwrite_exists(field, value)))
		vmcs_access_failed(field, true);
}

static __always_inline u16 vmcs_read16(unsigned long field)
{
	VMCS_CHECK_WIDTH(field, VMCS_WIDTH_16);
	return vmread(field);
}

static __always_inline u32 vmcs_read32(unsigned long field)
{
	VMCS_CHECK_WIDTH(field, VMCS_WIDTH_32);
	return vmread(field);
}

static __always_inline u64 vmcs_read64(unsigned long field)
{
	VMCS_CHECK_WIDTH(field, VMCS_WIDTH_64);
	return vmread(field);
}

/* Natural width: 64 bits on the 64-bit CPUs that we run on. */
static __always_inline unsigned long vmcs_read(unsigned long field)
{
	VMCS_CHECK_WIDTH(field, VMCS_WIDTH_NATURAL);
	return vmread(field);
}

static __always_inline void vmcs_write16(unsigned long field, u16 value)
{
	VMCS_CHECK_WIDTH(field, VMCS_WIDTH_16);
	vmwrite(field, value);
}

static __always_inline void vmcs_write32(unsigned long field, u32 value)
{
	VMCS_CHECK_WIDTH(field, VMCS_WIDTH_32);
	vmwrite(field, value);
}

static __always_inline void vmcs_write64(unsigned long field, u64 value)
{
	VMCS_CHECK_WIDTH(field, VMCS_WIDTH_64);
	vmwrite(field, value);
}

static __always_inline void vmcs_write(unsigned long field, unsigned long value)
{
	VMCS_CHECK_WIDTH(field, VMCS_WIDTH_NATURAL);
	vmwrite(field, value);
}

/* Forgets what this CPU cached of the second-level page table @eptp. SDM 3C "INVEPT". */
void invept_single_context(u64 eptp);
/* Forgets what this CPU cached of the guest's own page tables under @vpid. SDM 3C "INVVPID". */
void invvpid_single_context(u16 vpid);

#endif /* _MINIVMX_ARCH_VMCS_H */
