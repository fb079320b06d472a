// SPDX-License-Identifier: GPL-2.0
/*
 * exit_source.c - from an exit reason to the function that handles it, and the file it is in.
 *
 * Reached from step_show.c; see exit_source.h. tools/check holds both tables to the sources: each
 * handler of the policy has its row, and each function is defined in the file that its row names.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <exit_reasons.h>
#include <minivmx.h>

#include "../arch/x86/exit_policy.h"
#include "decode.h"
#include "exit_source.h"

enum exit_number {
#define EXIT_NUMBER(number, symbol, name)	EXIT_NUMBER_##symbol = number,
	MINIVMX_EXIT_REASONS(EXIT_NUMBER)
};

static const struct {
	const char *fast, *slow, *policy;
} policies[MINIVMX_EXIT_REASON_COUNT] = {
#define EXIT_ROW(symbol, fast, slow, policy)	[EXIT_NUMBER_##symbol] = { #fast, #slow, policy },
	EXIT_POLICIES(EXIT_ROW)
};

static const char * const places[] = {
	"arch/x86/debug.c: handle_dr_access()",
	"arch/x86/debug.c: handle_monitor_trap_flag()",
	"arch/x86/exit_cpuid.c: handle_cpuid()",
	"arch/x86/exit_cr.c: handle_cr_access()",
	"arch/x86/exit_event.c: handle_exception_nmi()",
	"arch/x86/exit_event.c: handle_external_interrupt()",
	"arch/x86/exit_event.c: handle_interrupt_window()",
	"arch/x86/exit_event.c: handle_nmi_window()",
	"arch/x86/exit_event.c: handle_preemption_timer()",
	"arch/x86/exit_event.c: handle_triple_fault()",
	"arch/x86/exit_insn.c: always_protection()",
	"arch/x86/exit_insn.c: always_skip()",
	"arch/x86/exit_insn.c: always_undefined()",
	"arch/x86/exit_insn.c: handle_vmcall()",
	"arch/x86/exit_io.c: handle_hlt()",
	"arch/x86/exit_io.c: handle_io_instruction()",
	"arch/x86/exit_io.c: handle_io_string()",
	"arch/x86/exit_memory.c: handle_ept_violation()",
	"arch/x86/exit_memory.c: handle_ept_violation_slow()",
	"arch/x86/exit_msr.c: handle_rdmsr()",
	"arch/x86/exit_msr.c: handle_wrmsr()",
	"arch/x86/fpu.c: handle_xsetbv()",
};

static const char *place_of(const char *function)
{
	size_t length = strlen(function);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *name = strstr(places[i], ": ") + 2;

		if (!strncmp(name, function, length) && name[length] == '(')
			return places[i];
	}
	/* The policy's NULL: there is no handler. */
	return NULL;
}

/* Userspace is reached with or without the slow handler. */
static bool has_been_slow(const struct minivmx_exit_record *record, uint32_t basic)
{
	if (record->handled_by != MINIVMX_HANDLED_USER)
		return record->handled_by == MINIVMX_HANDLED_SLOW;
	return basic == EXIT_NUMBER_EPT_VIOLATION ||
	       (basic == EXIT_NUMBER_IO_INSTRUCTION && bits(record->qualification, 4, 4));	/* a string */
}

static const char *user_place(uint32_t basic)
{
	switch (basic) {
	case EXIT_NUMBER_IO_INSTRUCTION:
		return "tools/cpu.c: handle_io()";
	case EXIT_NUMBER_EPT_VIOLATION:
		return "tools/cpu.c: handle_mmio()";
	case EXIT_NUMBER_EXCEPTION_NMI:
	case EXIT_NUMBER_MONITOR_TRAP_FLAG:
		return "tools/stepper.c: stepper_exit()";
	default:
		return "tools/cpu.c: handle_exit()";
	}
}

struct exit_source exit_source(const struct minivmx_exit_record *record)
{
	uint32_t basic = bits(record->reason, 15, 0);
	struct exit_source source = { 0 };

	if (record->handled_by == MINIVMX_HANDLED_USER)
		source.user = user_place(basic);
	if (record->reason & MINIVMX_EXIT_REASON_FAILED_ENTRY) {
		source.fast = "arch/x86/exit.c: exit_to_user_failed_entry()";
		return source;
	}
	if (basic < MINIVMX_EXIT_REASON_COUNT) {
		source.fast = place_of(policies[basic].fast);
		source.policy = policies[basic].policy;
		if (has_been_slow(record, basic))
			source.slow = place_of(policies[basic].slow);
	}
	if (!source.fast)
		source.fast = "arch/x86/exit.c: exit_to_user_unhandled()";
	return source;
}
