/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vectors.h - the process's SSE and AVX registers, held across RUN.
 */
#ifndef SELFTESTS_VECTORS_H
#define SELFTESTS_VECTORS_H

#include <cpuid.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <linux/types.h>

struct vectors {
	__u64 words[16][4];
} __attribute__((aligned(32)));

#define EACH_REGISTER(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) \
			 X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define YMM_LOAD(n)	"vmovdqa " #n "*32(%[in]), %%ymm" #n "\n\t"
#define YMM_STORE(n)	"vmovdqa %%ymm" #n ", " #n "*32(%[out])\n\t"
#define XMM_LOAD(n)	"movdqa " #n "*32(%[in]), %%xmm" #n "\n\t"
#define XMM_STORE(n)	"movdqa %%xmm" #n ", " #n "*32(%[out])\n\t"

/* Everything between load and store in one statement: the compiler has no say in it. */
#define HOLD_ACROSS_RUNS(load, store, fd, count, from, to)			\
	({									\
		long __ret, __left = (count);					\
		asm volatile(EACH_REGISTER(load)				\
			     "1: mov %[nr], %%eax\n\t"				\
			     "syscall\n\t"					\
			     "test %%rax, %%rax\n\t jnz 2f\n\t"			\
			     "dec %[left]\n\t jnz 1b\n\t"			\
			     "2:\n\t" EACH_REGISTER(store)			\
			     : "=&a" (__ret), [left] "+r" (__left)		\
			     : [nr] "i" (SYS_ioctl), "D" (fd), "S" (MINIVMX_RUN), "d" (0), \
			       [in] "r" (from), [out] "r" (to)			\
			     : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", \
			       "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", \
			       "xmm13", "xmm14", "xmm15");			\
		__ret;								\
	})

static inline bool has_avx(void)
{
	unsigned int eax, ebx, ecx = 0, edx;

	__get_cpuid(1, &eax, &ebx, &ecx, &edx);
	return (ecx & bit_AVX) && (ecx & bit_OSXSAVE);
}

#endif /* SELFTESTS_VECTORS_H */
