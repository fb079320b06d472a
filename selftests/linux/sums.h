/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sums.h - generators, checksums and clocks of the workload; see sums.c.
 */
#ifndef MINIVMX_SELFTESTS_LINUX_SUMS_H
#define MINIVMX_SELFTESTS_LINUX_SUMS_H

#include <stddef.h>
#include <stdint.h>

#define MS	1000000ll	/* in nanoseconds */

/* Marsaglia's xorshift64: the next number after STATE, which must not be 0. */
uint64_t next(uint64_t *state);

/* The CRC-32 of IEEE 802.3; 0 begins. */
uint32_t crc32(uint32_t crc, const uint8_t *data, size_t size);

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t now(void);

/* The number after KEY and any SEPARATORS in the first line of PATH that has KEY, or 0. */
double after(const char *path, const char *key, const char *separators);

#endif /* MINIVMX_SELFTESTS_LINUX_SUMS_H */
