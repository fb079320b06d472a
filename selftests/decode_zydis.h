/* SPDX-License-Identifier: GPL-2.0 */
/*
 * decode_zydis.h - Zydis, a decoder that knows nothing of ours, for decode_fuzz.c.
 */
#ifndef MINIVMX_SELFTESTS_DECODE_ZYDIS_H
#define MINIVMX_SELFTESTS_DECODE_ZYDIS_H

#include <Zydis/Zydis.h>

#include "kernel_types.h"
#include "arch/x86/decode.h"

struct zydis {
	ZyanStatus status;
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* Once, before all else. */
void zydis_begin(void);

void zydis_decode(struct zydis *z, const u8 *bytes, unsigned int count, enum code_size code);

/* Is it one of the instructions that decode.c must know, in a form that accesses memory? */
bool zydis_is_claimed(const struct zydis *z);

/* For those that are. */
struct guest_insn zydis_in_our_words(const struct zydis *z);

/* Makes up for what Zydis gets wrong. False: its address is wrong, too. */
bool zydis_adjust(const struct zydis *z, struct guest_insn *theirs, const struct guest_insn *ours);

#endif /* MINIVMX_SELFTESTS_DECODE_ZYDIS_H */
