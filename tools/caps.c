// SPDX-License-Identifier: GPL-2.0
/*
 * caps.c - `minivmx caps`: every VMX capability of every CPU by its SDM name, what the CPU
 * allows, and what minivmx needs it for.
 *
 * Reached from main.c. capability.c reads the MSRs, vmx_controls.c names the bits,
 * caps_json.c writes the same facts as JSON.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "capability.h"
#include "caps.h"
#include "command.h"
#include "decode.h"
#include "json.h"

const char *source_name(enum capability_source source)
{
	return source == SOURCE_MSR ? "/dev/cpu/N/msr" : "the minivmx module";
}

const char *setting_name(unsigned int bit, uint64_t must_be_1, uint64_t may_be_1)
{
	if (!(may_be_1 >> bit & 1))
		return "0";
	return must_be_1 >> bit & 1 ? "1" : "0 or 1";
}

const char *need_name(enum vmx_need need)
{
	static const char * const names[] = {
		[NOT_USED] = NULL, [OPTIONAL] = "optional", [REQUIRED] = "required", [REQUIRED_OFF] = "required off",
	};

	return names[need];
}

static void print_need(enum vmx_need need, bool met, const char *why)
{
	const char *relation = need != OPTIONAL ? "for" : met ? "else" : "so";

	if (need != NOT_USED)
		printf("  %s%s; %s: %s", need_name(need), met ? "" : need == OPTIONAL ? ", absent" : ", MISSING",
		       relation, why);
	putchar('\n');
}

static void print_word(const struct capability *cap, const struct vmx_control_word *word)
{
	uint64_t must_be_1, may_be_1, named = 0;

	if (!capability_word(cap, word, &must_be_1, &may_be_1)) {
		printf("\n%s: not on this CPU (MSR 0x%x)\n", word->title, word->msr);
		return;
	}
	printf("\n%s: may be 1 0x%0*" PRIx64 ", must be 1 0x%08" PRIx64 "\n", word->title,
	       word->allowed1_only ? 16 : 8, may_be_1, must_be_1);
	for (size_t i = 0; i < word->count; i++) {
		const struct vmx_control *control = &word->controls[i];

		named |= 1ull << control->bit;
		printf("  %2u  %-40s %*s", control->bit, control->name, control->need == NOT_USED ? 0 : -6,
		       setting_name(control->bit, must_be_1, may_be_1));
		print_need(control->need, need_met(control->need, control->bit, must_be_1, may_be_1), control->why);
	}
	/* Default-1 bits without a name must be 1; one that may be both is newer than this table. */
	for (unsigned int bit = 0; bit < 64; bit++)
		if (~named & may_be_1 & ~must_be_1 & 1ull << bit)
			printf("  %2u  %-40s 0 or 1\n", bit, "(no name in this program)");
}

static void print_flags(const struct vmx_flag *flags, uint64_t value)
{
	for (; flags->name; flags++) {
		bool set = value >> flags->bit & 1;

		printf("  %2u  %-58s %*s", flags->bit, flags->name, flags->need == NOT_USED ? 0 : -3, set ? "yes" : "no");
		print_need(flags->need, set, flags->why);
	}
}

static const char *memory_type(uint64_t type)
{
	return type == 6 ? "write-back" : type == 0 ? "uncacheable" : "unknown";
}

static void print_other(const struct capability *cap)
{
	uint64_t basic = capability_value(cap, MSR_VMX_BASIC), misc = capability_value(cap, MSR_VMX_MISC);
	uint64_t ept_vpid = capability_value(cap, MSR_VMX_EPT_VPID);

	printf("\nBasic information: 0x%016" PRIx64 "\n", basic);
	printf("  VMCS revision 0x%" PRIx64 ", VMCS size %" PRIu64 " bytes, VMCS memory %s\n", bits(basic, 30, 0),
	       bits(basic, 44, 32), memory_type(bits(basic, 53, 50)));
	print_flags(vmx_basic_flags, basic);
	printf("\nMiscellaneous data: 0x%016" PRIx64 "\n", misc);
	printf("  preemption timer counts down once in %" PRIu64 " TSC ticks, %" PRIu64 " CR3 targets, up to %" PRIu64
	       " MSRs in a list, MSEG revision 0x%" PRIx64 "\n", (uint64_t)1 << bits(misc, 4, 0),
	       bits(misc, 24, 16), 512 * (bits(misc, 27, 25) + 1), bits(misc, 63, 32));
	print_flags(vmx_misc_flags, misc);
	printf("\nFixed bits of control registers in VMX operation\n");
	printf("  CR0: must be 1 0x%08" PRIx64 ", may be 1 0x%08" PRIx64 " (PE and PG may be 0 in an unrestricted guest)\n",
	       capability_value(cap, MSR_VMX_CR0_FIXED0), capability_value(cap, MSR_VMX_CR0_FIXED1));
	printf("  CR4: must be 1 0x%08" PRIx64 ", may be 1 0x%08" PRIx64 "\n",
	       capability_value(cap, MSR_VMX_CR4_FIXED0), capability_value(cap, MSR_VMX_CR4_FIXED1));
	if (capability_present(cap, MSR_VMX_VMCS_ENUM))
		printf("  highest VMCS field index %" PRIu64 "\n", bits(capability_value(cap, MSR_VMX_VMCS_ENUM), 9, 1));
	if (capability_present(cap, MSR_VMX_EPT_VPID)) {
		printf("\nEPT and VPID: 0x%016" PRIx64 "\n", ept_vpid);
		print_flags(vmx_ept_vpid_flags, ept_vpid);
	}
	if (capability_present(cap, MSR_VMX_VMFUNC))
		printf("\nVM functions: 0x%016" PRIx64 "\n   0  %-58s %s\n", capability_value(cap, MSR_VMX_VMFUNC),
		       "EPTP switching", capability_value(cap, MSR_VMX_VMFUNC) & 1 ? "yes" : "no");
}

static void print_cpu(const struct capability *cap)
{
	if (!capability_present(cap, MSR_VMX_BASIC)) {
		printf("no VMX: the CPU has no MSR 0x480\n");
		return;
	}
	for (size_t i = 0; i < WORD_COUNT; i++)
		print_word(cap, &vmx_control_words[i]);
	print_other(cap);
}

/* MSR by MSR, what another CPU has differently from the first. */
static void print_differences(const struct capability *first, const struct capability *cap)
{
	printf("\nCPU %d differs from CPU %d:\n", cap->cpu, first->cpu);
	for (uint32_t i = 0; i < CAPABILITY_COUNT; i++)
		if (first->present[i] != cap->present[i] || first->value[i] != cap->value[i])
			printf("  MSR 0x%x: 0x%016" PRIx64 "%s, CPU %d has 0x%016" PRIx64 "%s\n", MSR_VMX_BASIC + i,
			       cap->value[i], cap->present[i] ? "" : " (absent)", first->cpu, first->value[i],
			       first->present[i] ? "" : " (absent)");
}

static void print_text(const struct capabilities *caps)
{
	enum vmx_msr which;

	if (capabilities_alike(caps, &which)) {
		printf("%zu CPU%s; read from %s\n", caps->count, caps->count == 1 ? "" : "s, all alike",
		       source_name(caps->source));
	} else {
		printf("%zu CPUs, NOT all alike; CPU %d in full, then the differences; read from %s\n", caps->count,
		       caps->cpus[0].cpu, source_name(caps->source));
	}
	print_cpu(&caps->cpus[0]);
	for (size_t i = 1; i < caps->count; i++) {
		const struct capabilities pair = { .count = 2, .cpus = (struct capability[]){ caps->cpus[0], caps->cpus[i] } };

		if (!capabilities_alike(&pair, &which))
			print_differences(&caps->cpus[0], &caps->cpus[i]);
	}
}

int command_caps(int argc, char **argv)
{
	static const struct argp_option option_table[] = {
		{ .name = "json", .key = 'j', .doc = "print JSON, with each CPU in full" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = option_table, .parser = parse_json_option,
		.doc = "Prints every VMX capability of every CPU, and what minivmx needs it for.\v"
		       "Reads /dev/cpu/N/msr (root, `modprobe msr`), else asks the module.\n"
		       "Exit status: 0, 1 not readable or no VMX, 2 usage.",
	};
	struct capabilities caps;
	bool json = false, vmx;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	capabilities_read(&caps);
	if (caps.source == SOURCE_NONE) {
		complain("%s", caps.error);
		capabilities_free(&caps);
		return STATUS_HOST_ERROR;
	}
	vmx = capability_present(&caps.cpus[0], MSR_VMX_BASIC);
	if (json)
		caps_print_json(&caps);
	else
		print_text(&caps);
	if (!vmx)
		complain("this CPU has no VMX; `minivmx doctor` says why");
	capabilities_free(&caps);
	return vmx ? STATUS_OK : STATUS_HOST_ERROR;
}
