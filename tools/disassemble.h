/* SPDX-License-Identifier: GPL-2.0 */
/*
 * disassemble.h - machine code in words.
 *
 * Reached from show_state.c.
 */
#ifndef MINIVMX_TOOLS_DISASSEMBLE_H
#define MINIVMX_TOOLS_DISASSEMBLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Prints the instruction at bytes[current], marked, a few before it and a few after it.
 * address: of bytes[current], as RIP holds it. bits: 16, 32 or 64. Where instructions begin before the
 * current one is guessed: from the farthest byte from which all of them lead to it.
 */
void disassemble(FILE *out, const uint8_t *bytes, size_t count, size_t current, uint64_t address, unsigned int bits);

#endif /* MINIVMX_TOOLS_DISASSEMBLE_H */
