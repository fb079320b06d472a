/* SPDX-License-Identifier: GPL-2.0 */
/*
 * capability.h - the VMX capability MSRs of each CPU, read wherever they can be read.
 *
 * Reached from caps.c and doctor.c. Sources: /dev/cpu/N/msr (needs root and the msr driver),
 * else the module's GET_VMX_CAPS, asked on each CPU in turn.
 */
#ifndef MINIVMX_TOOLS_CAPABILITY_H
#define MINIVMX_TOOLS_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmx_controls.h"

#define CAPABILITY_COUNT (MSR_VMX_END - MSR_VMX_BASIC)

/* One CPU's capability MSRs; absent ones are 0 in both arrays. */
struct capability {
	int cpu;
	bool present[CAPABILITY_COUNT];
	uint64_t value[CAPABILITY_COUNT];
};

enum capability_source {
	SOURCE_MSR,		/* /dev/cpu/N/msr */
	SOURCE_MODULE,		/* GET_VMX_CAPS */
	SOURCE_NONE,		/* neither could be read: capabilities.error says why */
};

struct capabilities {
	enum capability_source source;
	size_t count;			/* CPUs */
	struct capability *cpus;
	char error[256];
};

void capabilities_read(struct capabilities *caps);
void capabilities_free(struct capabilities *caps);

/* All CPUs have the same capabilities; *which is an MSR that differs where they have not. */
bool capabilities_alike(const struct capabilities *caps, enum vmx_msr *which);

static inline bool capability_present(const struct capability *cap, enum vmx_msr msr)
{
	return cap->present[msr - MSR_VMX_BASIC];
}

static inline uint64_t capability_value(const struct capability *cap, enum vmx_msr msr)
{
	return cap->value[msr - MSR_VMX_BASIC];
}

/* What the CPU allows for a control word, TRUE_ MSR preferred. False: the CPU lacks the word. */
bool capability_word(const struct capability *cap, const struct vmx_control_word *word,
		     uint64_t *must_be_1, uint64_t *may_be_1);

/* Whether this need is met by bits that must be 1 and bits that may be 1. */
bool need_met(enum vmx_need need, unsigned int bit, uint64_t must_be_1, uint64_t may_be_1);

/* Reads one MSR through /dev/cpu/CPU/msr: 0, or an errno; EIO: the CPU has no such MSR. */
int msr_read(int cpu, uint32_t msr, uint64_t *value);

#endif /* MINIVMX_TOOLS_CAPABILITY_H */
