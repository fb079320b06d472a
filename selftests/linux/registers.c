// SPDX-License-Identifier: GPL-2.0
/*
 * registers.c - programs that keep values in x87, SSE and AVX registers while others run.
 *
 * Reached from workload.c. The system call is in the same asm as the registers: a compiler would
 * save them around a call, as the ABI has all of them clobbered by one; but a system call keeps them.
 */
#include <string.h>
#include <sys/syscall.h>

#include "registers.h"
#include "sums.h"

#define ALL_REGISTERS "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"

/* Loads all vector registers from IN, gives the CPU away, and stores them in OUT. */
static void hold_sse(const uint8_t *in, uint8_t *out)
{
	long number = SYS_sched_yield;

	asm volatile(".irp i," ALL_REGISTERS "\n movdqu 16*\\i(%[in]), %%xmm\\i\n .endr\n"
		     "syscall\n"
		     ".irp i," ALL_REGISTERS "\n movdqu %%xmm\\i, 16*\\i(%[out])\n .endr\n"
		     : "+a" (number) : [in] "r" (in), [out] "r" (out)
		     : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static void __attribute__((target("avx"))) hold_avx(const uint8_t *in, uint8_t *out)
{
	long number = SYS_sched_yield;

	asm volatile(".irp i," ALL_REGISTERS "\n vmovdqu 32*\\i(%[in]), %%ymm\\i\n .endr\n"
		     "syscall\n"
		     ".irp i," ALL_REGISTERS "\n vmovdqu %%ymm\\i, 32*\\i(%[out])\n .endr\n"
		     "vzeroupper\n"
		     : "+a" (number) : [in] "r" (in), [out] "r" (out)
		     : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

/* The same for the x87 stack: VALUE waits on it. */
static double hold_x87(double value)
{
	long number = SYS_sched_yield;

	asm volatile("fldl %1\n fldpi\n syscall\n fmulp\n fstpl %1"
		     : "+a" (number), "+m" (value) : : "rcx", "r11", "memory", "st", "st(1)");
	return value;
}

int changed_registers(uint64_t seed, int rounds)
{
	uint64_t in[64], out[64];
	int bad = 0;

	for (int round = 0; round < rounds; round++) {
		double value = seed + round;

		for (int i = 0; i < 64; i++)
			in[i] = next(&seed);
		hold_sse((uint8_t *)in, (uint8_t *)out);
		bad += !!memcmp(in, out, 16 * 16);
		if (__builtin_cpu_supports("avx")) {
			hold_avx((uint8_t *)in, (uint8_t *)out);
			bad += !!memcmp(in, out, 16 * 32);
		}
		bad += hold_x87(value) != (double)(value * 3.14159265358979323851L);
	}
	return bad;
}

typedef double four_doubles __attribute__((vector_size(32)));

double __attribute__((target("avx"))) harmonic_avx(int terms)
{
	four_doubles sum = { 0 }, one = { 1, 1, 1, 1 }, n = { 1, 2, 3, 4 };

	for (int i = 0; i < terms; i += 4, n += 4)
		sum += one / n;
	return sum[0] + sum[1] + sum[2] + sum[3];
}
