// SPDX-License-Identifier: GPL-2.0
/*
 * programs_fpu.c - x87, MMX, SSE and AVX state, and the exceptions around it.
 *
 * The guest stores what it has into memory, which is compared. CPUID and the exits in between give
 * the host every chance to spoil it.
 */
#include "differential.h"

#define IMAGE	"mov $D + 0x1000, %ebx\n\t"

CODE_ALL(x87,
	"fninit\n\t fld1\n\t fldpi\n\t fldl2e\n\t fldz\n\t" IMAGE "fildl (%ebx)\n\t faddp\n\t"
	"fmul %st(1)\n\t cpuid\n\t mov $D + 0x1000, %ebx\n\t"
	"out %al, $0x30\n\t fsqrt\n\t fstpl 16(%ebx)\n\t fistpll 24(%ebx)\n\t"
	"fbstp 32(%ebx)\n\t fnstcw 48(%ebx)\n\t fnstsw %ax\n\t"
	"fnstenv 64(%ebx)\n\t fldenv 64(%ebx)\n\t fnsave 128(%ebx)\n\t frstor 128(%ebx)\n\t"
	"fxsave 512(%ebx)");
CODE_ALL(x87_exceptions,
	"fninit\n\t" IMAGE "movw $0x340, (%ebx)\n\t fldcw (%ebx)\n\t fldz\n\t fld1\n\t"
	"fdiv %st(1)" STEP "fwait" STEP "fnclex\n\t fldz\n\t fdiv %st(0)" STEP
	"fwait" STEP "fnclex" STEP "fnstsw %ax\n\t fninit\n\t fnstsw %ax");

/* With CR0.TS, and with CR0.EM. */
#define NOT_AVAILABLE(A)							\
	"mov %cr0, " A "\n\t or $8, %eax\n\t mov " A ", %cr0\n\t fnop" STEP "fld1" STEP \
	"xorps %xmm0, %xmm0" STEP "emms" STEP "fwait" STEP \
	"clts\n\t fld1\n\t mov %cr0, " A "\n\t and $~2, %eax\n\t or $4, %eax\n\t" \
	"mov " A ", %cr0\n\t fld1" STEP "xorps %xmm0, %xmm0" STEP "emms" STEP \
	"fwait" STEP "mov %cr0, " A "\n\t or $10, %eax\n\t and $~4, %eax\n\t" \
	"mov " A ", %cr0\n\t fwait" STEP "nop"
GUEST_CODE(not_available_16, 16, NOT_AVAILABLE("%eax"));
GUEST_CODE(not_available_32, 32, NOT_AVAILABLE("%eax"));
GUEST_CODE(not_available_64, 64, NOT_AVAILABLE("%rax"));

CODE_ALL(sse,
	IMAGE "movups (%ebx), %xmm0\n\t movups 16(%ebx), %xmm1\n\t movdqu 32(%ebx), %xmm7\n\t"
	"cpuid\n\t mov $D + 0x1000, %ebx\n\t"
	"out %al, $0x30\n\t paddd %xmm0, %xmm1\n\t pshufd $0x1b, %xmm1, %xmm2\n\t"
	"cvtdq2ps %xmm2, %xmm3\n\t mulps %xmm3, %xmm3\n\t"
	"cvtsi2sd %edi, %xmm4\n\t sqrtsd %xmm4, %xmm4\n\t pxor %xmm0, %xmm7\n\t"
	"movdqa %xmm7, 64(%ebx)\n\t movq %xmm1, 80(%ebx)\n\t"
	"stmxcsr 96(%ebx)\n\t movq (%ebx), %mm0\n\t paddw %mm0, %mm0\n\t"
	"movq %mm0, 104(%ebx)\n\t emms\n\t fxsave 512(%ebx)");
CODE_ALL(sse_exceptions,
	IMAGE "movl $0x1f80, (%ebx)\n\t ldmxcsr (%ebx)\n\t movl $0x1c00, (%ebx)\n\t"
	"ldmxcsr (%ebx)\n\t xorps %xmm0, %xmm0\n\t divps %xmm0, %xmm0" STEP
	"stmxcsr 4(%ebx)" STEP "movl $0xffff0000, (%ebx)\n\t ldmxcsr (%ebx)" STEP
	"movaps 1(%ebx), %xmm0" STEP "movntps %xmm0, 8(%ebx)" STEP
	"fxsave 4(%ebx)" STEP "fxrstor 8(%ebx)" STEP "nop");
#define WITHOUT_OSFXSR(A) "mov %cr4, " A "\n\t btr $9, %eax\n\t mov " A ", %cr4\n\t" \
	"xorps %xmm0, %xmm0" STEP "emms" STEP \
	"mov %cr4, " A "\n\t bts $9, %eax\n\t btr $10, %eax\n\t mov " A ", %cr4" STEP IMAGE \
	"movl $0x1c00, (%ebx)\n\t ldmxcsr (%ebx)" STEP "xorps %xmm0, %xmm0\n\t" \
	"divps %xmm0, %xmm0" STEP
GUEST_CODE(sse_off_32, 32, ".set D, 0x10000\n\t" WITHOUT_OSFXSR("%eax"));
GUEST_CODE(sse_off_64, 64, ".set D, 0x10000\n\t" WITHOUT_OSFXSR("%rax"));

/* AVX where CPUID shows XSAVE; where it does not, MOV to CR4 faults, and so does the rest. */
#define AVX(A)									\
	"vxorps %ymm0, %ymm0, %ymm0" STEP "mov %cr4, " A "\n\t bts $18, %eax\n\t" \
	"mov " A ", %cr4" STEP "vxorps %ymm0, %ymm0, %ymm0" STEP \
	"xor %ecx, %ecx\n\t xor %edx, %edx\n\t mov $7, %eax\n\t xsetbv" STEP \
	IMAGE "vmovups (%ebx), %ymm1" STEP \
	"vmovups 32(%ebx), %ymm6" STEP "cpuid\n\t mov $D + 0x1000, %ebx\n\t" \
	"out %al, $0x30" STEP "vaddps %ymm1, %ymm6, %ymm2" STEP \
	"vmovups %ymm2, 64(%ebx)" STEP "vmovups %ymm6, 96(%ebx)" STEP "mov $7, %eax\n\t" \
	"xor %edx, %edx\n\t xsave 512(%ebx)" STEP \
	"vzeroall" STEP "xrstor 512(%ebx)" STEP "vmovups %ymm6, 128(%ebx)" STEP \
	"xsaveopt 2048(%ebx)" STEP \
	"xor %ecx, %ecx\n\t xor %edx, %edx\n\t mov $3, %eax\n\t xsetbv" STEP \
	"vmovups %ymm6, 128(%ebx)" STEP "xsave 513(%ebx)" STEP \
	"mov $1, %eax\n\t xsetbv" STEP "xgetbv" STEP "nop"
GUEST_CODE(avx_32, 32, ".set D, 0x10000\n\t" AVX("%eax"));
GUEST_CODE(avx_64, 64, ".set D, 0x10000\n\t" AVX("%rax"));

static const struct program programs[] = {
	ROWS_ALL(x87), ROWS_ALL(x87_exceptions), ROW(not_available_16, REAL),
	ROW(not_available_16, PROT16),
	ROW(not_available_32, PROT32), ROWS_PAGED(not_available), ROW(not_available_64, LONG),
	ROWS_ALL(sse),
	ROWS_ALL(sse_exceptions), ROW(sse_off_32, PROT32), ROWS_PAGED(sse_off),
	ROW(sse_off_64, LONG),
	ROW(avx_32, PROT32), ROWS_PAGED(avx), ROW(avx_64, LONG),
};

PROGRAM_LIST(programs_fpu, programs);
