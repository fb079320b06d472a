/* SPDX-License-Identifier: GPL-2.0 */
/*
 * decode_text.h - a decoded instruction as text.
 */
#ifndef MINIVMX_SELFTESTS_DECODE_TEXT_H
#define MINIVMX_SELFTESTS_DECODE_TEXT_H

#include "kernel_types.h"
#include "arch/x86/decode.h"

#define INSN_TEXT_SIZE	128

/*
 * Assembly that names everything: mnemonic, size in memory, operands with segment; behind the
 * semicolon what becomes of memory, (r)ead, (w)ritten: "add dword ds:[eax+4], ecx; rw".
 */
void insn_text(char text[INSN_TEXT_SIZE], const struct guest_insn *insn);

#endif /* MINIVMX_SELFTESTS_DECODE_TEXT_H */
