/* SPDX-License-Identifier: GPL-2.0 */
/*
 * decode.h - what the CPU says about an exit or a failed VM entry, in words.
 *
 * Pure functions over numbers: no device, no output. Reached from report.c; the tables and
 * decoders are in decode.c (names, events) and qualification.c (exit qualifications).
 */
#ifndef MINIVMX_TOOLS_DECODE_H
#define MINIVMX_TOOLS_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits high to low of value, moved down to bit 0. */
static inline uint64_t bits(uint64_t value, unsigned int high, unsigned int low)
{
	return value >> low & (~0ull >> (63 - high + low));
}

#define TEXT_SIZE 256

/* Name of a basic exit reason, as in the SDM; never NULL. */
const char *exit_reason_name(uint32_t reason);

/* Does this basic exit reason have a guest-physical address? */
bool is_ept_exit(uint32_t reason);

/* A VM-instruction error in the SDM's words; never NULL. */
const char *vm_instruction_error_name(uint64_t error);

/* Name of an exception or interrupt vector: "#GP". NULL for vectors without one. */
const char *vector_name(unsigned int vector);

/*
 * VM-exit interruption information, IDT-vectoring information and VM-entry interruption
 * information have one format. Writes "none" where the valid bit is clear.
 */
void event_text(char text[TEXT_SIZE], uint32_t info, uint32_t error_code);

/* The exit qualification of this basic exit reason; empty where the reason defines none. */
void qualification_text(char text[TEXT_SIZE], uint32_t reason, uint64_t qualification);

#endif /* MINIVMX_TOOLS_DECODE_H */
