/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel_types.h - the kernel's names for types, for the pure functions of arch/x86 that
 * userspace builds as well, to test them: it stands before all else (-include).
 */
#ifndef MINIVMX_SELFTESTS_KERNEL_TYPES_H
#define MINIVMX_SELFTESTS_KERNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#endif /* MINIVMX_SELFTESTS_KERNEL_TYPES_H */
