// SPDX-License-Identifier: GPL-2.0
/*
 * facts.c - decodes a snapshot for the rules of VM entry.
 *
 * Reached from rules_check() in rules.c; see facts.h. Whatever a snapshot holds, the facts are defined:
 * it comes from a file.
 */
#include <string.h>

#include "facts.h"

uint64_t field(const struct facts *facts, uint32_t encoding)
{
	uint64_t value;

	snapshot_field(facts->snapshot, encoding, &value);
	return value;
}

uint64_t must_be_1(const struct facts *facts, uint32_t msr)
{
	uint64_t value;

	return snapshot_msr(facts->snapshot, msr, &value) ? value : 0;
}

uint64_t may_be_1(const struct facts *facts, uint32_t msr)
{
	uint64_t value;

	return snapshot_msr(facts->snapshot, msr, &value) ? value : ~0ull;
}

bool canonical(const struct facts *facts, uint64_t address)
{
	unsigned int unused = 64 - facts->linear_bits;

	return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}

bool physical(const struct facts *facts, uint64_t address)
{
	return !(address >> facts->physical_bits);
}

bool pat_valid(uint64_t pat)
{
	for (unsigned int i = 0; i < 64; i += 8) {
		uint8_t type = pat >> i;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

/* Of the two MSRs that most words have, the TRUE one counts. SDM 3D "VMX Capability Reporting Facility". */
static void decode_word(struct facts *f, enum vmx_word number, uint32_t encoding, bool activated)
{
	const struct vmx_control_word *word = &vmx_control_words[number];
	uint32_t msr = word->msr;
	uint64_t value;

	if (word->true_msr && snapshot_msr(f->snapshot, word->true_msr, &value))
		msr = word->true_msr;
	f->may_be_1[number] = may_be_1(f, msr) >> (word->allowed1_only ? 0 : 32);
	f->must_be_1[number] = word->allowed1_only ? 0 : (uint32_t)must_be_1(f, msr);
	if (activated)
		f->controls[number] = field(f, encoding);
}

static void decode_controls(struct facts *f)
{
	decode_word(f, WORD_PIN, VMCS_PIN_BASED_CONTROLS, true);
	decode_word(f, WORD_PRIMARY, VMCS_PRIMARY_CONTROLS, true);
	decode_word(f, WORD_SECONDARY, VMCS_SECONDARY_CONTROLS, on(f, SECONDARY_CONTROLS));
	decode_word(f, WORD_TERTIARY, VMCS_TERTIARY_CONTROLS, on(f, TERTIARY_CONTROLS));
	decode_word(f, WORD_EXIT, VMCS_EXIT_CONTROLS, true);
	decode_word(f, WORD_EXIT2, VMCS_SECONDARY_EXIT_CONTROLS, on(f, SECONDARY_EXIT_CONTROLS));
	decode_word(f, WORD_ENTRY, VMCS_ENTRY_CONTROLS, true);
}

static void decode_segment(struct facts *f, enum segment_number number)
{
	struct segment *segment = &f->segment[number];
	uint32_t rights = field(f, VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * number);

	*segment = (struct segment){
		.base = field(f, VMCS_GUEST_ES_BASE + 2 * number),
		.limit = field(f, VMCS_GUEST_ES_LIMIT + 2 * number),
		.access_rights = rights,
		.selector = field(f, VMCS_GUEST_ES_SELECTOR + 2 * number),
		.type = bits(rights, 3, 0),
		.s = bits(rights, 4, 4),
		.dpl = bits(rights, 6, 5),
		.present = bits(rights, 7, 7),
		.l = bits(rights, 13, 13),
		.db = bits(rights, 14, 14),
		.granular = bits(rights, 15, 15),
		.usable = !(rights & ACCESS_UNUSABLE),
	};
	segment->rpl = segment->selector & 3;
	segment->ti = segment->selector >> 2 & 1;
}

static void decode_event(struct facts *f)
{
	uint32_t info = field(f, VMCS_ENTRY_INTERRUPTION_INFORMATION);

	f->event = info >> 31 ? (enum event_type)bits(info, 10, 8) : EVENT_NONE;
	f->event_vector = info;
	f->event_error_code = bits(info, 11, 11);
}

void facts_from_snapshot(struct facts *f, const struct snapshot *snapshot)
{
	unsigned int width = snapshot->physical_address_bits;

	memset(f, 0, sizeof(*f));
	f->snapshot = snapshot;
	/* Where the widths are not known, the widest. */
	f->physical_bits = width >= 32 && width <= 52 ? width : 52;
	f->linear_bits = snapshot->linear_address_bits == 48 ? 48 : 57;
	f->basic = may_be_1(f, MSR_VMX_BASIC);
	f->misc = may_be_1(f, MSR_VMX_MISC);
	f->ept_vpid = may_be_1(f, MSR_VMX_EPT_VPID);
	decode_controls(f);
	decode_event(f);
	f->host_cr0 = field(f, VMCS_HOST_CR0);
	f->host_cr4 = field(f, VMCS_HOST_CR4);
	f->host_efer = field(f, VMCS_HOST_IA32_EFER);
	f->cr0 = field(f, VMCS_GUEST_CR0);
	f->cr4 = field(f, VMCS_GUEST_CR4);
	f->efer = field(f, VMCS_GUEST_IA32_EFER);
	f->rflags = field(f, VMCS_GUEST_RFLAGS);
	f->pending_debug = field(f, VMCS_GUEST_PENDING_DEBUG_EXCEPTIONS);
	f->interruptibility = field(f, VMCS_GUEST_INTERRUPTIBILITY_STATE);
	f->activity = field(f, VMCS_GUEST_ACTIVITY_STATE);
	f->unrestricted = on(f, UNRESTRICTED_GUEST);
	f->ia32e = on(f, GUEST_IA32E);
	f->v8086 = f->rflags & RFLAGS_VM;
	for (enum segment_number i = 0; i < SEGMENT_COUNT; i++)
		decode_segment(f, i);
}
