/* SPDX-License-Identifier: GPL-2.0 */
/*
 * faults.h - accesses that may fault; see faults.c.
 */
#ifndef MINIVMX_SELFTESTS_LINUX_FAULTS_H
#define MINIVMX_SELFTESTS_LINUX_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Writes 1 to ADDRESS, or reads there. The si_code of the SIGSEGV that this ends in; 0: none; -1: the
 * fault was said to be at another address.
 */
int touch(volatile uint8_t *address, bool write);

#endif /* MINIVMX_SELFTESTS_LINUX_FAULTS_H */
