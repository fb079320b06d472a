/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linear_memory.h - the guest's memory as its own instructions address it: through segmentation's
 * result, by the guest's page tables.
 *
 * Reached from gdb_target.c and report_state.c, while the vCPU does not run.
 */
#ifndef MINIVMX_TOOLS_LINEAR_MEMORY_H
#define MINIVMX_TOOLS_LINEAR_MEMORY_H

#include "vm.h"

#define PAGE 4096ull

/* Where the byte at a linear address is, NULL if nowhere; and what follows it up to the page's end. */
uint8_t *linear_find(const struct vcpu *vcpu, uint64_t address);

/* Returns how many bytes could be read, from the first on. */
size_t linear_read(const struct vcpu *vcpu, uint64_t address, void *bytes, size_t size);

#endif /* MINIVMX_TOOLS_LINEAR_MEMORY_H */
