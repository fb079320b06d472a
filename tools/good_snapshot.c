// SPDX-License-Identifier: GPL-2.0
/*
 * good_snapshot.c - good snapshots: a VMCS as arch/x86/setup.c, host.c and state.c write it, for a guest in
 * one of four modes.
 *
 * Reached from lab.c; see good_snapshot.h.
 */
#include <string.h>

#include "facts.h"
#include "good_snapshot.h"

#define BIT(n)	(1ull << (n))

static void capabilities(struct snapshot *snapshot, enum snapshot_cpu cpu)
{
	static const struct {
		uint32_t msr;
		uint64_t value[CPU_COUNT];
	} msrs[] = {
		{ MSR_VMX_BASIC,	{ 0x00da040000000012, 0x00da040000000012 } },
		{ MSR_VMX_PIN,		{ 0x0000007f00000016, 0x000000ff00000016 } },
		{ MSR_VMX_PRIMARY,	{ 0xfff9fffe0401e172, 0xffffffff0401e172 } },
		{ MSR_VMX_EXIT,		{ 0x007fffff00036dff, 0xffffffff00036dff } },
		{ MSR_VMX_ENTRY,	{ 0x0000ffff000011ff, 0xffffffff000011ff } },
		{ MSR_VMX_MISC,		{ 0x00000000300481e5, 0x00000000300481e5 } },
		{ MSR_VMX_CR0_FIXED0,	{ 0x0000000080000021, 0x0000000080000021 } },
		{ MSR_VMX_CR0_FIXED1,	{ 0x00000000ffffffff, 0x00000000ffffffff } },
		{ MSR_VMX_CR4_FIXED0,	{ 0x0000000000002000, 0x0000000000002000 } },
		{ MSR_VMX_CR4_FIXED1,	{ 0x00000000003767ff, 0x0000000000b767ff } },
		{ MSR_VMX_SECONDARY,	{ 0x00037fff00000000, 0xffffffff00000000 } },
		{ MSR_VMX_EPT_VPID,	{ 0x00000f0106334141, 0x00000f0106334141 } },
		{ MSR_VMX_TRUE_PIN,	{ 0x0000007f00000016, 0x000000ff00000016 } },
		{ MSR_VMX_TRUE_PRIMARY,	{ 0xfff9fffe04006172, 0xffffffff04006172 } },
		{ MSR_VMX_TRUE_EXIT,	{ 0x007fffff00036dfb, 0xffffffff00036dfb } },
		{ MSR_VMX_TRUE_ENTRY,	{ 0x0000ffff000011fb, 0xffffffff000011fb } },
		{ MSR_VMX_VMFUNC,	{ 0x0000000000000001, 0x0000000000000001 } },
		{ MSR_VMX_TERTIARY,	{ 0, 0x00000000000000ff } },
		{ MSR_VMX_EXIT2,	{ 0, 0x0000000000000008 } },
	};

	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		if (msrs[i].value[cpu])
			snapshot_set_msr(snapshot, msrs[i].msr, msrs[i].value[cpu]);
	snapshot->physical_address_bits = 46;
	snapshot->linear_address_bits = 48;
}

struct field_value {
	uint32_t field;
	uint64_t value;
};

static void set_fields(struct snapshot *snapshot, const struct field_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		snapshot_set_field(snapshot, values[i].field, values[i].value);
}

#define SET_FIELDS(snapshot, values)	set_fields(snapshot, values, sizeof(values) / sizeof(values[0]))

static void controls(struct snapshot *snapshot, bool ia32e)
{
	const struct field_value values[] = {
		{ VMCS_PIN_BASED_CONTROLS,	0x7f },
		{ VMCS_PRIMARY_CONTROLS,	0x04006172 | BIT(3) | BIT(7) | BIT(10) | BIT(11) | BIT(19) | BIT(20) |
						BIT(23) | BIT(24) | BIT(28) | BIT(29) | BIT(31) },
		{ VMCS_SECONDARY_CONTROLS,	BIT(1) | BIT(3) | BIT(5) | BIT(6) | BIT(7) | BIT(12) },
		{ VMCS_EXIT_CONTROLS,		0x00036dfb | BIT(2) | BIT(9) | BIT(12) | BIT(18) | BIT(19) | BIT(20) |
						BIT(21) },
		{ VMCS_ENTRY_CONTROLS,		0x000011fb | BIT(2) | BIT(13) | BIT(14) | BIT(15) | (ia32e ? BIT(9) : 0) },
		{ VMCS_VPID,			1 },
		{ VMCS_MSR_BITMAPS,		0x5000 },
		{ VMCS_EPT_POINTER,		0x1234505e },
		{ VMCS_PREEMPTION_TIMER_VALUE,	0x10000 },
	};

	SET_FIELDS(snapshot, values);
}

static void host_state(struct snapshot *snapshot)
{
	static const struct field_value values[] = {
		{ VMCS_HOST_CR0,		0x80050033 },
		{ VMCS_HOST_CR3,		0x12345000 },
		{ VMCS_HOST_CR4,		0x3426e0 },
		{ VMCS_HOST_IA32_EFER,		0xd01 },
		{ VMCS_HOST_IA32_PAT,		0x0407050600070106 },
		{ VMCS_HOST_IA32_PERF_GLOBAL_CTRL, 0x70000000f },
		{ VMCS_HOST_CS_SELECTOR,	0x10 },
		{ VMCS_HOST_SS_SELECTOR,	0x18 },
		{ VMCS_HOST_TR_SELECTOR,	0x40 },
		{ VMCS_HOST_FS_BASE,		0x7f0012345740 },
		{ VMCS_HOST_GS_BASE,		0xffff88803ec00000 },
		{ VMCS_HOST_TR_BASE,		0xfffffe0000003000 },
		{ VMCS_HOST_GDTR_BASE,		0xfffffe0000001000 },
		{ VMCS_HOST_IDTR_BASE,		0xfffffe0000000000 },
		{ VMCS_HOST_IA32_SYSENTER_CS,	0x10 },
		{ VMCS_HOST_IA32_SYSENTER_ESP,	0xfffffe0000003000 },
		{ VMCS_HOST_IA32_SYSENTER_EIP,	0xffffffff81001000 },
		{ VMCS_HOST_RSP,		0xffffc90000123f00 },
		{ VMCS_HOST_RIP,		0xffffffffc0001000 },
	};

	SET_FIELDS(snapshot, values);
}

static void guest_registers(struct snapshot *snapshot, enum snapshot_mode mode)
{
	static const struct {
		uint64_t cr0, cr4, efer, rflags, rip;
	} modes[SNAPSHOT_MODES] = {
		[SNAPSHOT_LONG]  = { 0x80010031, 0x2620, 0xd01, 0x202, 0x100000 },
		[SNAPSHOT_REAL]  = { 0x60000030, 0x2000, 0, 0x202, 0xfff0 },
		[SNAPSHOT_PAE]   = { 0x80010031, 0x2620, 0x800, 0x202, 0x100000 },
		[SNAPSHOT_V8086] = { 0x80010031, 0x2000, 0, 0x20202, 0x7c00 },
	};
	const struct field_value values[] = {
		{ VMCS_GUEST_CR0,		modes[mode].cr0 },
		{ VMCS_GUEST_CR3,		0x1000 },
		{ VMCS_GUEST_CR4,		modes[mode].cr4 },
		{ VMCS_GUEST_IA32_EFER,		modes[mode].efer },
		{ VMCS_GUEST_RFLAGS,		modes[mode].rflags },
		{ VMCS_GUEST_RIP,		modes[mode].rip },
		{ VMCS_GUEST_IA32_PAT,		0x0007040600070406 },
		{ VMCS_GUEST_DR7,		0x400 },
		{ VMCS_GUEST_GDTR_LIMIT,	0xffff },
		{ VMCS_GUEST_IDTR_LIMIT,	0xffff },
		{ VMCS_VMCS_LINK_POINTER,	~0ull },
	};

	SET_FIELDS(snapshot, values);
	for (unsigned int i = 0; mode == SNAPSHOT_PAE && i < 4; i++)
		snapshot_set_field(snapshot, VMCS_GUEST_PDPTE0 + 2 * i, 0x2001 + 0x1000 * i);
}

static void segment(struct snapshot *snapshot, enum segment_number number, uint16_t selector, uint64_t base,
		    uint32_t limit, uint32_t rights)
{
	snapshot_set_field(snapshot, VMCS_GUEST_ES_SELECTOR + 2 * number, selector);
	snapshot_set_field(snapshot, VMCS_GUEST_ES_BASE + 2 * number, base);
	snapshot_set_field(snapshot, VMCS_GUEST_ES_LIMIT + 2 * number, limit);
	snapshot_set_field(snapshot, VMCS_GUEST_ES_ACCESS_RIGHTS + 2 * number, rights);
}

static void guest_segments(struct snapshot *snapshot, enum snapshot_mode mode)
{
	for (enum segment_number i = SEGMENT_ES; i <= SEGMENT_GS; i++) {
		uint16_t selector = 0x100 * (i + 1);
		bool code = i == SEGMENT_CS;

		if (mode == SNAPSHOT_REAL)
			segment(snapshot, i, selector, selector << 4, 0xffff, code ? 0x9b : 0x93);
		else if (mode == SNAPSHOT_V8086)
			segment(snapshot, i, selector, selector << 4, 0xffff, 0xf3);
		else
			segment(snapshot, i, code ? 0x10 : 0x18, 0, 0xffffffff,
				code ? (mode == SNAPSHOT_LONG ? 0xa09b : 0xc09b) : 0xc093);
	}
	segment(snapshot, SEGMENT_LDTR, 0, 0, 0xffff, 0x82);
	segment(snapshot, SEGMENT_TR, 0, 0, 0xffff, 0x8b);
}

void snapshot_build(struct snapshot *snapshot, enum snapshot_cpu cpu, enum snapshot_mode mode)
{
	memset(snapshot, 0, sizeof(*snapshot));
	/* All fields there are, 0 where nothing else is said. */
#define ADD_FIELD(encoding, name, title)	snapshot_set_field(snapshot, encoding, 0);
	VMCS_FIELD_LIST(ADD_FIELD)
#undef ADD_FIELD
	capabilities(snapshot, cpu);
	controls(snapshot, mode == SNAPSHOT_LONG);
	host_state(snapshot);
	guest_registers(snapshot, mode);
	guest_segments(snapshot, mode);
}

void snapshot_break(struct snapshot *snapshot, const struct breach *breach)
{
	snapshot_build(snapshot, CPU_EVERYTHING, breach->mode);
	snapshot_change_all(snapshot, breach->changes);
}
