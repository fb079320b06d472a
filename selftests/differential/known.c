// SPDX-License-Identifier: GPL-2.0
/*
 * known.c - where minivmx and KVM differ, and why it stays so.
 *
 * A row excuses a difference in one program. A program with a row that shows no difference fails:
 * then the row is out of date.
 */
#include <string.h>

#include "differential.h"

static const struct {
	const char *program;	/* in all its modes */
	const char *argument;
} known[] = {
	{ "cr8_high", "MOV to CR8: KVM looks at bits 7:0 alone; a set bit above 3 is #GP "
		      "(SDM 2B \"MOV-Move to/from Control Registers\")" },
	{ "hypercall_kick", "VMCALL: KVM answers its own calls even where CPUID has no KVM leaf; here "
			    "none exists, and each gets the answer of an unknown one" },
};

const char *known_difference(const struct program *program)
{
	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(program->name, known[i].program))
			return known[i].argument;
	return NULL;
}
