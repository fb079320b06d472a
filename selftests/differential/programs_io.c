// SPDX-License-Identifier: GPL-2.0
/*
 * programs_io.c - ports: all sizes, and the string instructions with all that can be said of them.
 */
#include "differential.h"

CODE_ALL(ports,
	"in $0x10, %al\n\t in $0x10, %ax\n\t in $0x11, %eax\n\t out %al, $0x12\n\t"
	"out %ax, $0x13\n\t"
	"out %eax, $0x14\n\t mov $0x3f8, %edx\n\t in %dx, %al\n\t in %dx, %ax\n\t"
	"mov %eax, %ebx\n\t"
	"in %dx, %eax\n\t out %al, %dx\n\t out %ax, %dx\n\t out %eax, %dx\n\t"
	"mov $0x3fe, %dx\n\t out %eax, %dx" STEP "mov $0xffff, %edx\n\t in %dx, %eax" STEP
	"out %al, %dx" STEP);

#define INDEXES(source, destination) \
	"mov $" source ", %esi\n\t mov $" destination ", %edi\n\t"
#define COUNT(count)	"mov $" #count ", %ecx\n\t"

#define PORT_STRINGS(direction)							\
	direction "\n\t mov $0x310, %edx\n\t" INDEXES("D + 0x301", "D + 0x502")	\
	"outsb\n\t outsw\n\t outsl\n\t insb\n\t insw\n\t insl\n\t"		\
	COUNT(5) "rep outsb\n\t" COUNT(4) "rep outsw\n\t" COUNT(3) "rep outsl\n\t"	\
	COUNT(7) "rep insb\n\t" COUNT(6) "rep insw\n\t" COUNT(5) "rep insl\n\t"	\
	COUNT(0) "rep insb\n\t" COUNT(0) "rep outsl\n\t" COUNT(3) ".byte 0xf2\n\t insb"
CODE_ALL(port_strings, PORT_STRINGS("cld"));
CODE_ALL(port_strings_down, PORT_STRINGS("std"));

/* Across pages, each way, and more than fits in one exit. */
CODE_ALL(port_strings_long,
	"mov $0x320, %edx\n\t" INDEXES("D + 0xffb", "D + 0x1ffd")
	COUNT(11) "rep outsb\n\t" COUNT(11) "rep insw\n\t" "mov $D + 0xffe, %edi\n\t insl\n\t"
	"mov $D + 0xfff, %esi\n\t outsw\n\t" INDEXES("D + 0x800", "D + 0x2001")
	COUNT(1500) "rep insb\n\t" COUNT(700) "rep outsw\n\t" COUNT(600) "rep insl\n\t"
	"std\n\t" INDEXES("D + 0x1003", "D + 0x3005") COUNT(9) "rep outsl\n\t" COUNT(9)
	"rep insw\n\t"
	INDEXES("D + 0x1001", "D + 0x3001") COUNT(3) "rep outsw\n\t" COUNT(1100) "rep insb");

CODE_ALL(port_strings_segments,
	"mov $0x330, %edx\n\t" INDEXES("0x10", "D + 0x600")
	COUNT(3) "rep outsb %fs:(%esi), (%dx)\n\t outsw %fs:(%esi), (%dx)\n\t"
	"mov $D + 0x20, %esi\n\t outsl %es:(%esi), (%dx)\n\t" COUNT(2) "rep insl\n\t"
	"mov $0xf000 - 0x40, %esi\n\t outsl %ss:(%esi), (%dx)\n\t"
	"mov $0x1000, %esi\n\t outsl %cs:(%esi), (%dx)");

/* The other address size: the upper halves of the registers stay as they are. */
CODE_16(port_strings_addresses,
	"mov $0x330, %edx\n\t mov $0x11110100, %esi\n\t mov $0x22220200, %edi\n\t"
	"mov $0x33330003, %ecx\n\t"
	"rep outsb\n\t mov $0x33330002, %ecx\n\t rep insw\n\t" INDEXES("0x100", "0x200")
	COUNT(4) "addr32 rep outsb\n\t" COUNT(4) "addr32 rep insb\n\t"
	"mov $0xfffe, %si\n\t mov $3, %cx\n\t rep outsb");
CODE_32(port_strings_addresses,
	"mov $0x330, %edx\n\t mov $0x1111f000, %esi\n\t mov $0x2222f100, %edi\n\t"
	"mov $0x33330003, %ecx\n\t"
	"addr16 rep outsb\n\t mov $0x33330002, %ecx\n\t addr16 rep insw\n\t"
	"mov $0xfffe, %esi\n\t mov $2, %ecx\n\t addr16 rep outsb");
CODE_64(port_strings_addresses,
	"mov $0x330, %edx\n\t mov $0x1111111100010100, %rsi\n\t mov $0x2222222200010200, %rdi\n\t"
	"mov $0x3333333300000003, %rcx\n\t addr32 rep outsb\n\t mov $0x3333333300000002, %rcx\n\t"
	"addr32 rep insw\n\t"
	"mov $1, %r8\n\t shl $47, %r8\n\t mov %r8, %rsi\n\t outsb" STEP);

/* What is left when the memory gives out half-way. */
#define PORT_OUTS_FAULTS							\
	"mov $0x340, %edx\n\t mov $0x1fffa, %esi\n\t" COUNT(9) "rep outsb" STEP	\
	"mov $0x1fffe, %esi\n\t outsl" STEP					\
	"mov $0x22000, %esi\n\t outsb" STEP "std\n\t mov $0x21001, %esi\n\t" COUNT(5) \
	"rep outsb" STEP
#define PORT_INS_FAULTS								\
	"mov $0x340, %edx\n\t mov $0x1fffa, %edi\n\t" COUNT(9) "rep insb" STEP	\
	"mov $0x1fffe, %edi\n\t insl" STEP "mov $0x26000, %edi\n\t" COUNT(3) "rep insb" STEP	\
	"insl" STEP "mov $0x22000, %edi\n\t" COUNT(3) "rep insb" STEP		\
	"std\n\t mov $0x22002, %edi\n\t" COUNT(5) "rep insb" STEP
CODE_32(port_outs_faults, PORT_OUTS_FAULTS);
CODE_64(port_outs_faults, PORT_OUTS_FAULTS);
CODE_32(port_ins_faults, PORT_INS_FAULTS);
CODE_64(port_ins_faults, PORT_INS_FAULTS);
GUEST_CODE(port_string_no_count, 64, "mov $0x3333333300000000, %rcx\n\t addr32 rep insw");
GUEST_CODE(port_ins_mmio, 32, "mov $0x350, %edx\n\t mov $0x18000, %edi\n\t" COUNT(5) "rep insw");
CODE_ALL(port_string_limits,
	"mov $0x340, %edx\n\t mov $0x7ffe, %esi\n\t" COUNT(5) "rep outsb %fs:(%esi), (%dx)" STEP
	"mov $0x7ffd, %esi\n\t outsl %fs:(%esi), (%dx)" STEP
	"mov $0xfff0, %edi\n\t insw" STEP);
GUEST_CODE(port_ins_limits, 16, "mov $0x340, %edx\n\t mov $0xfffd, %di\n\t insw" STEP "insw" STEP);

/* Ports that the I/O permission bitmap forbids, in part. */
CODE_ALL(port_string_permission,
	INDEXES("D", "D + 0x100") "mov $0x3fe, %edx\n\t outsw" STEP "outsl" STEP COUNT(3)
	"rep insl" STEP
	"mov $0x5000, %edx\n\t" COUNT(3) "rep insb" STEP "outsb" STEP COUNT(0) "rep outsb");

/* Memory that is a device, on both sides. */
CODE_ALL(port_strings_mmio,
	"mov $0x350, %edx\n\t" INDEXES("M + 8", "M + 16") "outsb\n\t outsl\n\t" COUNT(3)
	"rep outsw\n\t"
	"insl\n\t insb\n\t insw");

static void without_iopl(struct machine *machine, struct kvm_sregs *sregs, struct kvm_regs *regs)
{
	(void)machine;
	(void)sregs;
	regs->rflags &= ~0x3000;
}

static const struct program programs[] = {
	ROWS_ALL(ports), ROWS_ALL(port_strings), ROWS_ALL(port_strings_down),
	ROWS_ALL(port_strings_long), ROWS_ALL(port_strings_segments),
	ROWS_ALL(port_strings_addresses), ROWS_PAGED(port_outs_faults),
	ROWS_64(port_outs_faults), ROWS_PAGED(port_ins_faults), ROWS_64(port_ins_faults),
	ROW(port_ins_mmio, PROT32), ROW(port_string_no_count, LONG),
	ROWS_ALL(port_string_limits), ROW(port_ins_limits, REAL),
	ROWS_ALL(port_string_permission, .prepare = without_iopl), ROWS_ALL(port_strings_mmio),
};

PROGRAM_LIST(programs_io, programs);
