// SPDX-License-Identifier: GPL-2.0
/*
 * programs_io.c - ports: all sizes, and the string instructions with all that can be said of them.
 */
#include "differential.h"

CODE_ALL(ports,
	"in $0x10, %al\n\t in $0x10, %ax\n\t in $0x11, %eax\n\t out %al, $0x12\n\t out %ax, $0x13\n\t"
	"out %eax, $0x14\n\t mov $0x3f8, %edx\n\t in %dx, %al\n\t in %dx, %ax\n\t mov %eax, %ebx\n\t"
	"in %dx, %eax\n\t out %al, %dx\n\t out %ax, %dx\n\t out %eax, %dx\n\t"
	"mov $0x3fe, %dx\n\t out %eax, %dx" STEP "mov $0xffff, %edx\n\t in %dx, %eax" STEP "out %al, %dx" STEP);

static const struct program programs[] = {
	ROWS_ALL(ports),
};

PROGRAM_LIST(programs_io, programs);
