/* SPDX-License-Identifier: GPL-2.0 */
/*
 * disk.h - a disk keeps what is written to it; see disk.c.
 */
#ifndef MINIVMX_SELFTESTS_LINUX_DISK_H
#define MINIVMX_SELFTESTS_LINUX_DISK_H

#include <stdint.h>

/* Fills the end of the block device FD with what follows from SEED. NULL, or what went wrong. */
const char *write_and_check(int fd, uint64_t seed);

#endif /* MINIVMX_SELFTESTS_LINUX_DISK_H */
