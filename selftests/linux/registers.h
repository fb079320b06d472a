/* SPDX-License-Identifier: GPL-2.0 */
/*
 * registers.h - values kept in x87, SSE and AVX registers while others run; see registers.c.
 */
#ifndef MINIVMX_SELFTESTS_LINUX_REGISTERS_H
#define MINIVMX_SELFTESTS_LINUX_REGISTERS_H

#include <stdint.h>

/* How often registers came back changed, in ROUNDS of a process that fills them from SEED. */
int changed_registers(uint64_t seed, int rounds);

/* The sum of 1/n for n up to TERMS, four at a time; the CPU must have AVX. */
double harmonic_avx(int terms);

#endif /* MINIVMX_SELFTESTS_LINUX_REGISTERS_H */
