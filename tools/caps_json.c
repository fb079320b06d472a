// SPDX-License-Identifier: GPL-2.0
/*
 * caps_json.c - `minivmx caps --json`: each CPU in full, with the raw MSRs.
 *
 * Reached from caps.c. The keys are the interface of this output: they stay.
 */
#include "caps.h"
#include "decode.h"
#include "json.h"

static void write_word(struct json *json, const struct capability *cap, const struct vmx_control_word *word)
{
	uint64_t must_be_1, may_be_1;

	if (!capability_word(cap, word, &must_be_1, &may_be_1))
		return;
	json_object_begin(json, word->id);
	json_hex(json, "must_be_1", must_be_1);
	json_hex(json, "may_be_1", may_be_1);
	json_array_begin(json, "controls");
	for (size_t i = 0; i < word->count; i++) {
		const struct vmx_control *control = &word->controls[i];

		json_object_begin(json, NULL);
		json_number(json, "bit", control->bit);
		json_string(json, "name", control->name);
		json_bool(json, "allowed_0", !(must_be_1 >> control->bit & 1));
		json_bool(json, "allowed_1", may_be_1 >> control->bit & 1);
		json_string(json, "need", need_name(control->need));
		json_bool(json, "met", need_met(control->need, control->bit, must_be_1, may_be_1));
		json_string(json, "why", control->why);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void write_flags(struct json *json, const char *key, const struct vmx_flag *flags, uint64_t value)
{
	json_array_begin(json, key);
	for (; flags->name; flags++) {
		json_object_begin(json, NULL);
		json_number(json, "bit", flags->bit);
		json_string(json, "name", flags->name);
		json_bool(json, "set", value >> flags->bit & 1);
		json_string(json, "need", need_name(flags->need));
		json_string(json, "why", flags->why);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_msrs(struct json *json, const struct capability *cap)
{
	char key[16];

	json_object_begin(json, "msrs");
	for (uint32_t i = 0; i < CAPABILITY_COUNT; i++) {
		if (!cap->present[i])
			continue;
		snprintf(key, sizeof(key), "0x%x", MSR_VMX_BASIC + i);
		json_hex(json, key, cap->value[i]);
	}
	json_object_end(json);
}

static void write_cpu(struct json *json, const struct capability *cap)
{
	uint64_t basic = capability_value(cap, MSR_VMX_BASIC), misc = capability_value(cap, MSR_VMX_MISC);

	json_object_begin(json, NULL);
	json_number(json, "cpu", cap->cpu);
	json_bool(json, "vmx", capability_present(cap, MSR_VMX_BASIC));
	write_msrs(json, cap);
	for (size_t i = 0; i < WORD_COUNT; i++)
		write_word(json, cap, &vmx_control_words[i]);
	json_hex(json, "vmcs_revision", bits(basic, 30, 0));
	json_number(json, "vmcs_size", bits(basic, 44, 32));
	write_flags(json, "basic", vmx_basic_flags, basic);
	json_number(json, "preemption_timer_tsc_ticks", 1l << bits(misc, 4, 0));
	json_number(json, "cr3_targets", bits(misc, 24, 16));
	json_number(json, "msr_list_max", 512 * (bits(misc, 27, 25) + 1));
	write_flags(json, "misc", vmx_misc_flags, misc);
	write_flags(json, "ept_vpid", vmx_ept_vpid_flags, capability_value(cap, MSR_VMX_EPT_VPID));
	json_bool(json, "eptp_switching", capability_value(cap, MSR_VMX_VMFUNC) & 1);
	json_object_end(json);
}

void caps_print_json(const struct capabilities *caps)
{
	struct json json = { .out = stdout };
	enum vmx_msr which;

	json_object_begin(&json, NULL);
	json_string(&json, "source", source_name(caps->source));
	json_bool(&json, "alike", capabilities_alike(caps, &which));
	json_array_begin(&json, "cpus");
	for (size_t i = 0; i < caps->count; i++)
		write_cpu(&json, &caps->cpus[i]);
	json_array_end(&json);
	json_object_end(&json);
}
