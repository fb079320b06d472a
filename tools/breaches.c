// SPDX-License-Identifier: GPL-2.0
/*
 * breaches.c - for each rule of VM entry, what to change in a good VMCS to break it, and it alone where
 * that can be; at the end, changes that break none.
 *
 * Reached from whoever wants a VMCS that the CPU refuses; see breaches.h. In the order of the rules.
 * SDM 3C "VM Entries".
 */
#include <string.h>

#include "breaches.h"
#include "facts.h"

#define BIT(n)			(1ull << (n))
#define NOT_CANONICAL		BIT(BREACH_LINEAR_BITS - 1)
#define TOO_WIDE		BIT(BREACH_PHYSICAL_BITS)
#define LOWEST			(~0ull << (BREACH_LINEAR_BITS - 1))

#define SET(field, value)	{ CHANGE_SET, VMCS_##field, value }
#define OR(field, bits)		{ CHANGE_OR, VMCS_##field, bits }
#define CLEAR(field, bits)	{ CHANGE_CLEAR, VMCS_##field, bits }
#define MSR(name, value)	{ CHANGE_MSR, MSR_VMX_##name, value }
#define LOAD(msr, value)	{ CHANGE_LOAD, msr, value }

#define PIN(bits)		OR(PIN_BASED_CONTROLS, bits)
#define PRIMARY(bit)		OR(PRIMARY_CONTROLS, BIT(bit))
#define SECONDARY(bit)		OR(SECONDARY_CONTROLS, BIT(bit))
#define EXIT(bit)		OR(EXIT_CONTROLS, BIT(bit))
#define ENTRY(bit)		OR(ENTRY_CONTROLS, BIT(bit))
#define TERTIARY(bit)		PRIMARY(17), SET(TERTIARY_CONTROLS, BIT(bit))
#define NO_EPT			CLEAR(SECONDARY_CONTROLS, BIT(1) | BIT(7))
#define RESTRICTED		CLEAR(SECONDARY_CONTROLS, BIT(7))
#define EVENT(value)		SET(ENTRY_INTERRUPTION_INFORMATION, 0x80000000 | (value))

#define ROW_IN(mode, rule, ...)	{ rule, mode, { __VA_ARGS__ }, { NULL } }
#define ROW(rule, ...)		ROW_IN(SNAPSHOT_LONG, rule, __VA_ARGS__)

/* A 32-bit host: the CPU is in IA-32e mode all the same. */
#define HOST_32_BIT		CLEAR(EXIT_CONTROLS, BIT(9)), CLEAR(HOST_IA32_EFER, 0x500), CLEAR(HOST_CR4, BIT(17))
#define ROW_HOST_32(rule, ...)	\
	{ rule, SNAPSHOT_REAL, { HOST_32_BIT, __VA_ARGS__ }, { "host.address-space.cpu-64-bit" } }

#define V8086(id, name)									\
	ROW_IN(SNAPSHOT_V8086, "guest." id ".v8086-base", OR(GUEST_##name##_BASE, 1)),	\
	ROW_IN(SNAPSHOT_V8086, "guest." id ".v8086-limit", SET(GUEST_##name##_LIMIT, 0xfffe)), \
	ROW_IN(SNAPSHOT_V8086, "guest." id ".v8086-rights", SET(GUEST_##name##_ACCESS_RIGHTS, 0xf2))

#define PRESENT_RESERVED(id, name)							\
	ROW("guest." id ".present", CLEAR(GUEST_##name##_ACCESS_RIGHTS, 0x80)),		\
	ROW("guest." id ".reserved", OR(GUEST_##name##_ACCESS_RIGHTS, 0x100)),		\
	ROW("guest." id ".granularity-low", OR(GUEST_##name##_ACCESS_RIGHTS, 0x8000),	\
	    SET(GUEST_##name##_LIMIT, 0xfffff000)),					\
	ROW("guest." id ".granularity-high", CLEAR(GUEST_##name##_ACCESS_RIGHTS, 0x8000), \
	    SET(GUEST_##name##_LIMIT, 0x100000))

#define CODE_OR_DATA(id, name)								\
	ROW("guest." id ".system", CLEAR(GUEST_##name##_ACCESS_RIGHTS, 0x10)), PRESENT_RESERVED(id, name)

#define DATA(id, name)									\
	ROW("guest." id ".not-accessed", SET(GUEST_##name##_ACCESS_RIGHTS, 0xc092)),	\
	ROW("guest." id ".not-readable", SET(GUEST_##name##_ACCESS_RIGHTS, 0xc099)),	\
	CODE_OR_DATA(id, name),								\
	ROW("guest." id ".dpl", RESTRICTED, OR(GUEST_##name##_SELECTOR, 1))

const struct breach breaches[] = {
	ROW("control.pin.allowed-0", CLEAR(PIN_BASED_CONTROLS, 0x16)),
	ROW("control.pin.allowed-1", PIN(0x100)),
	ROW("control.primary.allowed-0", CLEAR(PRIMARY_CONTROLS, 0x2)),
	ROW("control.primary.allowed-1", MSR(TRUE_PRIMARY, 0xfffffff704006172)),
	ROW("control.secondary.allowed-1", MSR(SECONDARY, 0xfffffff700000000)),
	ROW("control.tertiary.allowed-1", TERTIARY(63)),
	ROW("control.cr3-target.count", SET(CR3_TARGET_COUNT, 5)),
	ROW("control.io-bitmap-a.address", PRIMARY(25), SET(IO_BITMAP_A, 1)),
	ROW("control.io-bitmap-b.address", PRIMARY(25), SET(IO_BITMAP_B, TOO_WIDE)),
	ROW("control.msr-bitmaps.address", SET(MSR_BITMAPS, 0x5800)),
	ROW("control.virtual-apic.address", PRIMARY(21), SET(VIRTUAL_APIC_ADDRESS, TOO_WIDE)),
	ROW("control.tpr-threshold.reserved", PRIMARY(21), SET(TPR_THRESHOLD, 0x10)),
	ROW("control.virtual-nmis.nmi-exiting", CLEAR(PIN_BASED_CONTROLS, 0x8)),
	ROW("control.nmi-window.virtual-nmis", PRIMARY(22), CLEAR(PIN_BASED_CONTROLS, 0x20)),
	ROW("control.apic-access.address", SECONDARY(0), SET(APIC_ACCESS_ADDRESS, 1)),
	ROW("control.x2apic.tpr-shadow", SECONDARY(4)),
	ROW("control.apic-registers.tpr-shadow", SECONDARY(8)),
	ROW("control.interrupt-delivery.tpr-shadow", SECONDARY(9)),
	ROW("control.ipi-virtualization.tpr-shadow", TERTIARY(4)),
	ROW("control.pid-pointer-table.address", PRIMARY(21), TERTIARY(4), SET(LAST_PID_POINTER_INDEX, 1),
	    SET(PID_POINTER_TABLE, TOO_WIDE - 8)),
	ROW("control.x2apic.apic-accesses", PRIMARY(21), SECONDARY(4), SECONDARY(0)),
	ROW("control.interrupt-delivery.interrupt-exiting", PRIMARY(21), SECONDARY(9),
	    CLEAR(PIN_BASED_CONTROLS, 1)),
	ROW("control.posted-interrupts.interrupt-delivery", PIN(0x80), EXIT(15)),
	ROW("control.posted-interrupts.acknowledge", PIN(0x80), PRIMARY(21), SECONDARY(9)),
	ROW("control.posted-interrupts.vector", PIN(0x80), PRIMARY(21), SECONDARY(9), EXIT(15),
	    SET(POSTED_INTERRUPT_VECTOR, 0x100)),
	ROW("control.posted-interrupts.descriptor", PIN(0x80), PRIMARY(21), SECONDARY(9), EXIT(15),
	    SET(POSTED_INTERRUPT_DESCRIPTOR, 0x20)),
	ROW("control.vpid.zero", SET(VPID, 0)),
	ROW("control.eptp.memory-type", SET(EPT_POINTER, 0x1234505d)),
	ROW("control.eptp.levels", SET(EPT_POINTER, 0x12345056)),
	ROW("control.eptp.accessed-dirty", MSR(EPT_VPID, 0x00000f0106134141)),
	ROW("control.eptp.shadow-stack", OR(EPT_POINTER, 0x80)),
	ROW("control.eptp.reserved", OR(EPT_POINTER, 0x800)),
	ROW("control.eptp.width", OR(EPT_POINTER, TOO_WIDE)),
	ROW("control.pml.ept", NO_EPT, SECONDARY(17)),
	ROW("control.pml.address", SECONDARY(17), SET(PML_ADDRESS, 1)),
	ROW("control.unrestricted-guest.ept", CLEAR(SECONDARY_CONTROLS, BIT(1))),
	ROW("control.mode-based-execute.ept", NO_EPT, SECONDARY(22)),
	ROW("control.sub-page.ept", NO_EPT, SECONDARY(23)),
	ROW("control.sub-page.address", SECONDARY(23), SET(SPP_TABLE_POINTER, 1)),
	ROW("control.pt-addresses.ept", NO_EPT, SECONDARY(24), ENTRY(18), EXIT(25)),
	ROW("control.pt-addresses.load", SECONDARY(24), EXIT(25)),
	ROW("control.pt-addresses.clear", SECONDARY(24), ENTRY(18)),
	ROW("control.vm-functions.allowed-1", SECONDARY(13), SET(VM_FUNCTION_CONTROLS, 2)),
	ROW("control.eptp-switching.ept", NO_EPT, SECONDARY(13), SET(VM_FUNCTION_CONTROLS, 1)),
	ROW("control.eptp-list.address", SECONDARY(13), SET(VM_FUNCTION_CONTROLS, 1),
	    SET(EPTP_LIST_ADDRESS, 1)),
	ROW("control.vmread-bitmap.address", SECONDARY(14), SET(VMREAD_BITMAP, 1)),
	ROW("control.vmwrite-bitmap.address", SECONDARY(14), SET(VMWRITE_BITMAP, 1)),
	ROW("control.virtualization-exception.address", SECONDARY(18),
	    SET(VIRTUALIZATION_EXCEPTION_ADDRESS, 1)),
	ROW("control.pasid-low.address", SECONDARY(21), SET(LOW_PASID_DIRECTORY, 1)),
	ROW("control.pasid-high.address", SECONDARY(21), SET(HIGH_PASID_DIRECTORY, 1)),
	ROW("control.tsc-multiplier.zero", SECONDARY(25)),
	ROW("control.hlat.ept", NO_EPT, TERTIARY(1)),
	ROW("control.hlat-pointer.reserved", TERTIARY(1), SET(HLAT_POINTER, 1)),
	ROW("control.paging-write.ept", NO_EPT, TERTIARY(2)),
	ROW("control.paging-verification.ept", NO_EPT, TERTIARY(3)),
	ROW("control.exit.allowed-0", CLEAR(EXIT_CONTROLS, 1)),
	ROW("control.exit.allowed-1", MSR(TRUE_EXIT, 0xfffffffb00036dfb)),
	ROW("control.exit2.allowed-1", EXIT(31), SET(SECONDARY_EXIT_CONTROLS, 1)),
	ROW("control.save-timer.timer", EXIT(22), CLEAR(PIN_BASED_CONTROLS, 0x40)),
	ROW("control.exit-msr-store.alignment", SET(EXIT_MSR_STORE_COUNT, 1), SET(EXIT_MSR_STORE_ADDRESS, 8)),
	ROW("control.exit-msr-store.width", SET(EXIT_MSR_STORE_COUNT, 2),
	    SET(EXIT_MSR_STORE_ADDRESS, TOO_WIDE - 16)),
	ROW("control.exit-msr-load.alignment", SET(EXIT_MSR_LOAD_COUNT, 1), SET(EXIT_MSR_LOAD_ADDRESS, 8)),
	ROW("control.exit-msr-load.width", SET(EXIT_MSR_LOAD_COUNT, 2),
	    SET(EXIT_MSR_LOAD_ADDRESS, TOO_WIDE - 16)),

	ROW("control.entry.allowed-0", CLEAR(ENTRY_CONTROLS, 1)),
	ROW("control.entry.allowed-1", MSR(TRUE_ENTRY, 0xfffffffb000011fb)),
	ROW("control.entry-msr-load.alignment", SET(ENTRY_MSR_LOAD_COUNT, 1), SET(ENTRY_MSR_LOAD_ADDRESS, 8)),
	ROW("control.entry-msr-load.width", SET(ENTRY_MSR_LOAD_COUNT, 2),
	    SET(ENTRY_MSR_LOAD_ADDRESS, TOO_WIDE - 16)),
	ROW("control.event.type-reserved", EVENT(0x100)),
	ROW("control.event.type-other", EVENT(0x700), MSR(TRUE_PRIMARY, 0xf7ffffff04006172)),
	ROW("control.event.nmi-vector", EVENT(0x203)),
	ROW("control.event.exception-vector", EVENT(0x320)),
	ROW("control.event.other-vector", EVENT(0x701)),
	ROW("control.event.error-code-type", EVENT(0x820)),
	ROW_IN(SNAPSHOT_REAL, "control.event.error-code-real-mode", EVENT(0xb0d)),
	ROW("control.event.error-code-vector", EVENT(0xb06)),
	ROW("control.event.error-code-missing", EVENT(0x30d)),
	ROW("control.event.reserved", EVENT(0x1020)),
	ROW("control.event.error-code-high", EVENT(0xb0d), SET(ENTRY_EXCEPTION_ERROR_CODE, 0x10000)),
	ROW("control.event.length-zero", EVENT(0x603)),
	ROW("control.event.length-above-15", EVENT(0x603), SET(ENTRY_INSTRUCTION_LENGTH, 16)),
	ROW("control.entry.to-smm", ENTRY(10), SET(GUEST_INTERRUPTIBILITY_STATE, 4)),
	ROW("control.entry.deactivate-dual-monitor", ENTRY(11)),
	{ "control.entry.smm-both", SNAPSHOT_LONG, { ENTRY(10), ENTRY(11), SET(GUEST_INTERRUPTIBILITY_STATE, 4) },
	  { "control.entry.to-smm", "control.entry.deactivate-dual-monitor" } },

	ROW("host.cr0.fixed-0", CLEAR(HOST_CR0, 0x20)),
	ROW("host.cr0.fixed-1", OR(HOST_CR0, BIT(32))),
	ROW("host.cr4.fixed-0", CLEAR(HOST_CR4, 0x2000)),
	ROW("host.cr4.fixed-1", OR(HOST_CR4, BIT(31))),
	ROW("host.cr4.cet-wp", OR(HOST_CR4, BIT(23)), CLEAR(HOST_CR0, BIT(16))),
	ROW("host.cr3.width", OR(HOST_CR3, BIT(63))),
	ROW("host.sysenter-esp.canonical", SET(HOST_IA32_SYSENTER_ESP, NOT_CANONICAL)),
	ROW("host.sysenter-eip.canonical", SET(HOST_IA32_SYSENTER_EIP, NOT_CANONICAL)),
	ROW("host.perf-global-ctrl.reserved", SET(HOST_IA32_PERF_GLOBAL_CTRL, BIT(63))),
	ROW("host.pat.type", SET(HOST_IA32_PAT, 0x0200000000000000)),
	ROW("host.efer.reserved", OR(HOST_IA32_EFER, 2)),
	ROW("host.efer.lma", CLEAR(HOST_IA32_EFER, 0x400)),
	ROW("host.efer.lme", CLEAR(HOST_IA32_EFER, 0x100)),
	ROW("host.s-cet.reserved", EXIT(28), SET(HOST_IA32_S_CET, 0xc00)),
	ROW("host.s-cet.canonical", EXIT(28), SET(HOST_IA32_S_CET, NOT_CANONICAL)),
	ROW("host.ssp.alignment", EXIT(28), SET(HOST_SSP, 2)),
	ROW("host.ssp.canonical", EXIT(28), SET(HOST_SSP, NOT_CANONICAL)),
	ROW("host.ssp-table.canonical", EXIT(28), SET(HOST_IA32_INTERRUPT_SSP_TABLE_ADDR, NOT_CANONICAL)),
	ROW("host.pkrs.high", EXIT(29), SET(HOST_IA32_PKRS, BIT(32))),
	ROW("host.es.rpl-ti", SET(HOST_ES_SELECTOR, 1)),
	ROW("host.cs.rpl-ti", SET(HOST_CS_SELECTOR, 0x14)),
	ROW("host.ss.rpl-ti", SET(HOST_SS_SELECTOR, 0x2b)),
	ROW("host.ds.rpl-ti", SET(HOST_DS_SELECTOR, 2)),
	ROW("host.fs.rpl-ti", SET(HOST_FS_SELECTOR, 4)),
	ROW("host.gs.rpl-ti", SET(HOST_GS_SELECTOR, 7)),
	ROW("host.tr.rpl-ti", SET(HOST_TR_SELECTOR, 0x43)),
	ROW("host.cs.null", SET(HOST_CS_SELECTOR, 0)),
	ROW("host.tr.null", SET(HOST_TR_SELECTOR, 0)),
	ROW_HOST_32("host.ss.null", SET(HOST_RIP, 0x1000), SET(HOST_SS_SELECTOR, 0)),
	ROW("host.fs.base-canonical", SET(HOST_FS_BASE, NOT_CANONICAL)),
	ROW("host.gs.base-canonical", SET(HOST_GS_BASE, NOT_CANONICAL)),
	ROW("host.gdtr.base-canonical", SET(HOST_GDTR_BASE, NOT_CANONICAL)),
	ROW("host.idtr.base-canonical", SET(HOST_IDTR_BASE, NOT_CANONICAL)),
	ROW("host.tr.base-canonical", SET(HOST_TR_BASE, NOT_CANONICAL)),
	ROW_IN(SNAPSHOT_REAL, "host.address-space.cpu-64-bit", HOST_32_BIT, SET(HOST_RIP, 0x1000)),
	{ "host.address-space.guest-64-bit", SNAPSHOT_LONG, { HOST_32_BIT, SET(HOST_RIP, 0x1000) },
	  { "host.address-space.cpu-64-bit" } },
	ROW_HOST_32("host.cr4.pcide-32-bit", SET(HOST_RIP, 0x1000), OR(HOST_CR4, BIT(17))),
	ROW_HOST_32("host.rip.32-bit", SET(HOST_RIP, BIT(32))),
	ROW("host.cr4.pae-64-bit", CLEAR(HOST_CR4, 0x20)),
	ROW("host.rip.canonical", SET(HOST_RIP, NOT_CANONICAL)),

	ROW("guest.cr0.fixed-0", CLEAR(GUEST_CR0, 0x20)),
	ROW("guest.cr0.fixed-1", OR(GUEST_CR0, BIT(32))),
	ROW("guest.cr0.pg-pe", CLEAR(GUEST_CR0, 1)),
	ROW("guest.cr4.fixed-0", CLEAR(GUEST_CR4, 0x2000)),
	ROW("guest.cr4.fixed-1", OR(GUEST_CR4, BIT(31))),
	ROW("guest.cr4.cet-wp", OR(GUEST_CR4, BIT(23)), CLEAR(GUEST_CR0, BIT(16))),
	ROW("guest.debugctl.reserved", SET(GUEST_IA32_DEBUGCTL, 0x8)),
	ROW("guest.dr7.high", OR(GUEST_DR7, BIT(32))),
	ROW("guest.cr0.ia32e-pg", CLEAR(GUEST_CR0, BIT(31))),
	ROW("guest.cr4.ia32e-pae", CLEAR(GUEST_CR4, 0x20)),
	ROW_IN(SNAPSHOT_PAE, "guest.cr4.pcide-ia32e", OR(GUEST_CR4, BIT(17))),
	ROW("guest.cr3.width", OR(GUEST_CR3, BIT(63))),
	ROW("guest.sysenter-esp.canonical", SET(GUEST_IA32_SYSENTER_ESP, NOT_CANONICAL)),
	ROW("guest.sysenter-eip.canonical", SET(GUEST_IA32_SYSENTER_EIP, NOT_CANONICAL)),
	ROW("guest.perf-global-ctrl.reserved", SET(GUEST_IA32_PERF_GLOBAL_CTRL, BIT(49))),
	ROW("guest.pat.type", SET(GUEST_IA32_PAT, 3)),
	ROW("guest.efer.reserved", OR(GUEST_IA32_EFER, BIT(12))),
	ROW("guest.efer.lma", CLEAR(GUEST_IA32_EFER, 0x500)),
	ROW("guest.efer.lme", CLEAR(GUEST_IA32_EFER, 0x100)),
	ROW("guest.bndcfgs.reserved", ENTRY(16), SET(GUEST_IA32_BNDCFGS, 4)),
	ROW("guest.bndcfgs.canonical", ENTRY(16), SET(GUEST_IA32_BNDCFGS, NOT_CANONICAL)),
	ROW("guest.rtit-ctl.reserved", ENTRY(18), SET(GUEST_IA32_RTIT_CTL, BIT(63))),
	ROW("guest.s-cet.reserved", ENTRY(20), SET(GUEST_IA32_S_CET, 0x40)),
	ROW("guest.s-cet.canonical", ENTRY(20), SET(GUEST_IA32_S_CET, NOT_CANONICAL)),
	ROW("guest.ssp-table.canonical", ENTRY(20), SET(GUEST_IA32_INTERRUPT_SSP_TABLE_ADDR, NOT_CANONICAL)),
	ROW("guest.lbr-ctl.reserved", ENTRY(21), SET(GUEST_IA32_LBR_CTL, 0x10)),
	ROW("guest.pkrs.high", ENTRY(22), SET(GUEST_IA32_PKRS, BIT(32))),
	ROW("guest.uinv.high", ENTRY(19), SET(GUEST_UINV, 0x100)),
	ROW("guest.gdtr.base-canonical", SET(GUEST_GDTR_BASE, NOT_CANONICAL)),
	ROW("guest.gdtr.limit", SET(GUEST_GDTR_LIMIT, 0x10000)),
	ROW("guest.idtr.base-canonical", SET(GUEST_IDTR_BASE, NOT_CANONICAL)),
	ROW("guest.idtr.limit", SET(GUEST_IDTR_LIMIT, 0x10000)),
	ROW_IN(SNAPSHOT_PAE, "guest.rip.high", SET(GUEST_RIP, BIT(32))),
	ROW("guest.rip.width", SET(GUEST_RIP, BIT(48))),
	ROW("guest.rflags.reserved", OR(GUEST_RFLAGS, 0x8)),
	ROW("guest.rflags.bit-1", CLEAR(GUEST_RFLAGS, 0x2)),
	ROW_IN(SNAPSHOT_V8086, "guest.rflags.vm-ia32e", ENTRY(9), OR(GUEST_IA32_EFER, 0x500),
	       OR(GUEST_CR4, 0x20)),
	ROW_IN(SNAPSHOT_V8086, "guest.rflags.vm-real-mode", CLEAR(GUEST_CR0, BIT(31) | 1)),
	ROW("guest.rflags.if-with-extint", EVENT(0x20), CLEAR(GUEST_RFLAGS, 0x200)),
	ROW("guest.ssp.alignment", ENTRY(20), SET(GUEST_SSP, 1)),
	ROW("guest.ssp.width", ENTRY(20), SET(GUEST_SSP, BIT(48))),

	ROW("guest.tr.ti", SET(GUEST_TR_SELECTOR, 4)),
	ROW("guest.ldtr.ti", SET(GUEST_LDTR_SELECTOR, 4)),
	ROW("guest.ss.rpl", RESTRICTED, OR(GUEST_CS_SELECTOR, 3)),
	V8086("cs", CS), V8086("ss", SS), V8086("ds", DS), V8086("es", ES), V8086("fs", FS), V8086("gs", GS),
	ROW("guest.tr.base-canonical", SET(GUEST_TR_BASE, NOT_CANONICAL)),
	ROW("guest.fs.base-canonical", SET(GUEST_FS_BASE, NOT_CANONICAL)),
	ROW("guest.gs.base-canonical", SET(GUEST_GS_BASE, NOT_CANONICAL)),
	ROW("guest.ldtr.base-canonical", SET(GUEST_LDTR_BASE, NOT_CANONICAL)),
	ROW("guest.cs.base-high", SET(GUEST_CS_BASE, BIT(32))),
	ROW("guest.ss.base-high", SET(GUEST_SS_BASE, BIT(32))),
	ROW("guest.ds.base-high", SET(GUEST_DS_BASE, BIT(32))),
	ROW("guest.es.base-high", SET(GUEST_ES_BASE, BIT(32))),
	ROW("guest.cs.type", SET(GUEST_CS_ACCESS_RIGHTS, 0xa09a)),
	CODE_OR_DATA("cs", CS),
	ROW("guest.cs.dpl-data", SET(GUEST_CS_ACCESS_RIGHTS, 0xc0b3)),
	ROW("guest.cs.dpl", SET(GUEST_CS_ACCESS_RIGHTS, 0xa0fb)),
	ROW("guest.cs.dpl-conforming", SET(GUEST_CS_ACCESS_RIGHTS, 0xa0ff)),
	ROW("guest.cs.long-and-default", OR(GUEST_CS_ACCESS_RIGHTS, 0x4000)),
	ROW("guest.ss.type", SET(GUEST_SS_ACCESS_RIGHTS, 0xc091)),
	CODE_OR_DATA("ss", SS),
	ROW("guest.ss.dpl-rpl", RESTRICTED, SET(GUEST_SS_ACCESS_RIGHTS, 0xc0b3),
	    SET(GUEST_CS_ACCESS_RIGHTS, 0xa0bb)),
	ROW_IN(SNAPSHOT_REAL, "guest.ss.dpl-real-mode", SET(GUEST_SS_ACCESS_RIGHTS, 0xb3),
	       SET(GUEST_CS_ACCESS_RIGHTS, 0xbb)),
	DATA("ds", DS), DATA("es", ES), DATA("fs", FS), DATA("gs", GS),
	ROW("guest.tr.type", SET(GUEST_TR_ACCESS_RIGHTS, 0x83)),
	ROW("guest.tr.system", SET(GUEST_TR_ACCESS_RIGHTS, 0x9b)),
	PRESENT_RESERVED("tr", TR),
	ROW("guest.tr.unusable", OR(GUEST_TR_ACCESS_RIGHTS, 0x10000)),
	ROW("guest.ldtr.type", SET(GUEST_LDTR_ACCESS_RIGHTS, 0x83)),
	ROW("guest.ldtr.system", SET(GUEST_LDTR_ACCESS_RIGHTS, 0x92)),
	PRESENT_RESERVED("ldtr", LDTR),

	ROW("guest.activity.unknown", SET(GUEST_ACTIVITY_STATE, 4)),
	ROW("guest.activity.unsupported", SET(GUEST_ACTIVITY_STATE, 1), MSR(MISC, 0x300481a5)),
	ROW("guest.activity.hlt-dpl", SET(GUEST_ACTIVITY_STATE, 1), SET(GUEST_SS_ACCESS_RIGHTS, 0xc0f3),
	    SET(GUEST_CS_ACCESS_RIGHTS, 0xa0fb), OR(GUEST_CS_SELECTOR, 3), OR(GUEST_SS_SELECTOR, 3)),
	ROW("guest.activity.shadow", SET(GUEST_ACTIVITY_STATE, 1), SET(GUEST_INTERRUPTIBILITY_STATE, 1)),
	ROW("guest.activity.hlt-event", SET(GUEST_ACTIVITY_STATE, 1), EVENT(0x306)),
	ROW("guest.activity.shutdown-event", SET(GUEST_ACTIVITY_STATE, 2), EVENT(0x20)),
	ROW("guest.activity.sipi-event", SET(GUEST_ACTIVITY_STATE, 3), EVENT(0x202)),
	{ "guest.activity.sipi-smm", SNAPSHOT_LONG,
	  { SET(GUEST_ACTIVITY_STATE, 3), ENTRY(10), SET(GUEST_INTERRUPTIBILITY_STATE, 4) }, { "control.entry.to-smm" } },
	ROW("guest.interruptibility.reserved", SET(GUEST_INTERRUPTIBILITY_STATE, 0x20)),
	ROW("guest.interruptibility.sti-and-mov-ss", SET(GUEST_INTERRUPTIBILITY_STATE, 3)),
	ROW("guest.interruptibility.sti-if", SET(GUEST_INTERRUPTIBILITY_STATE, 1),
	    CLEAR(GUEST_RFLAGS, 0x200)),
	ROW("guest.interruptibility.extint-in-shadow", SET(GUEST_INTERRUPTIBILITY_STATE, 2), EVENT(0x20)),
	ROW("guest.interruptibility.nmi-in-mov-ss", SET(GUEST_INTERRUPTIBILITY_STATE, 2), EVENT(0x202)),
	ROW("guest.interruptibility.nmi-in-sti", SET(GUEST_INTERRUPTIBILITY_STATE, 1), EVENT(0x202)),
	ROW("guest.interruptibility.nmi-blocked", SET(GUEST_INTERRUPTIBILITY_STATE, 8), EVENT(0x202)),
	ROW("guest.interruptibility.smi", SET(GUEST_INTERRUPTIBILITY_STATE, 4)),
	{ "guest.interruptibility.smm-entry", SNAPSHOT_LONG, { ENTRY(10) }, { "control.entry.to-smm" } },
	ROW("guest.interruptibility.enclave", SET(GUEST_INTERRUPTIBILITY_STATE, 0x12)),
	ROW("guest.pending-debug.reserved", SET(GUEST_PENDING_DEBUG_EXCEPTIONS, 0x10)),
	ROW("guest.pending-debug.bs-missing", OR(GUEST_RFLAGS, 0x100), SET(GUEST_INTERRUPTIBILITY_STATE, 1)),
	ROW("guest.pending-debug.bs-unexpected", SET(GUEST_PENDING_DEBUG_EXCEPTIONS, 0x4000),
	    SET(GUEST_ACTIVITY_STATE, 1)),
	ROW("guest.pending-debug.rtm", SET(GUEST_PENDING_DEBUG_EXCEPTIONS, 0x10000)),
	ROW("guest.pending-debug.rtm-mov-ss", SET(GUEST_PENDING_DEBUG_EXCEPTIONS, 0x11000),
	    SET(GUEST_INTERRUPTIBILITY_STATE, 2)),
	ROW("guest.link-pointer.address", SET(VMCS_LINK_POINTER, 0x1800)),
	ROW("guest.link-pointer.vmcs", SET(VMCS_LINK_POINTER, 0x1000)),
	ROW_IN(SNAPSHOT_PAE, "guest.pdpte0.reserved", OR(GUEST_PDPTE0, 2)),
	ROW_IN(SNAPSHOT_PAE, "guest.pdpte1.reserved", OR(GUEST_PDPTE1, 0x100)),
	ROW_IN(SNAPSHOT_PAE, "guest.pdpte2.reserved", OR(GUEST_PDPTE2, TOO_WIDE)),
	ROW_IN(SNAPSHOT_PAE, "guest.pdpte3.reserved", OR(GUEST_PDPTE3, BIT(63))),

	ROW("msr-load.segment-base", LOAD(0xc0000101, 0)),
	ROW("msr-load.x2apic", LOAD(0x808, 0)),
	ROW("msr-load.smm-only", LOAD(0x9b, 0)),
	ROW("msr-load.microcode", LOAD(0x79, 0)),
	ROW("msr-load.read-only", LOAD(0x480, 0)),
	ROW("msr-load.canonical", LOAD(0xc0000082, NOT_CANONICAL)),
	ROW("msr-load.high", LOAD(0xc0000103, BIT(32))),
	ROW("msr-load.pat-type", LOAD(0x277, 2)),
	ROW("msr-load.efer-reserved", LOAD(0xc0000080, 0xd03)),
	ROW("msr-load.efer-lme", LOAD(0xc0000080, 0x801)),
};

const size_t breach_count = sizeof(breaches) / sizeof(breaches[0]);

#define NEAR(mode, ...)	{ mode, { __VA_ARGS__ }, NULL }

const struct near_miss near_misses[] = {
	/* Unusable segments, whatever is in them; a data segment in CS; a 16-bit task. */
	NEAR(SNAPSHOT_LONG, SET(GUEST_DS_ACCESS_RIGHTS, 0x10000), SET(GUEST_DS_BASE, BIT(32))),
	NEAR(SNAPSHOT_LONG, SET(GUEST_LDTR_ACCESS_RIGHTS, 0x10000), SET(GUEST_LDTR_SELECTOR, 4),
	     SET(GUEST_LDTR_BASE, NOT_CANONICAL)),
	NEAR(SNAPSHOT_REAL, SET(GUEST_CS_ACCESS_RIGHTS, 0x93)),
	NEAR(SNAPSHOT_PAE, SET(GUEST_TR_ACCESS_RIGHTS, 0x83)),
	/* NW and CD, which are not looked at; a RIP that is one bit short of canonical. */
	NEAR(SNAPSHOT_LONG, OR(GUEST_CR0, BIT(29) | BIT(30))),
	NEAR(SNAPSHOT_LONG, SET(GUEST_RIP, BIT(47))),
	NEAR(SNAPSHOT_LONG, SET(GUEST_RIP, ~0ull << 48)),
	/* Addresses of what is switched off, areas of no entries, and the last address there is. */
	NEAR(SNAPSHOT_LONG, SET(IO_BITMAP_A, 1), SET(PML_ADDRESS, 1), SET(EXIT_MSR_LOAD_ADDRESS, 1)),
	NEAR(SNAPSHOT_LONG, SET(EXIT_MSR_LOAD_COUNT, 1), SET(EXIT_MSR_LOAD_ADDRESS, TOO_WIDE - 16)),
	NEAR(SNAPSHOT_LONG, SET(MSR_BITMAPS, TOO_WIDE - 4096)),
	/* No event; those that can come in HLT and in shutdown; INT 0x80. */
	NEAR(SNAPSHOT_LONG, SET(ENTRY_INTERRUPTION_INFORMATION, 0x7fffffff)),
	NEAR(SNAPSHOT_LONG, EVENT(0x301), SET(GUEST_ACTIVITY_STATE, 1)),
	NEAR(SNAPSHOT_LONG, EVENT(0x312), SET(GUEST_ACTIVITY_STATE, 2)),
	NEAR(SNAPSHOT_LONG, EVENT(0x480), SET(ENTRY_INSTRUCTION_LENGTH, 15)),
	/* Debug exceptions that are pending where TF says so, and nowhere else. */
	NEAR(SNAPSHOT_LONG, SET(GUEST_PENDING_DEBUG_EXCEPTIONS, 0x4000), OR(GUEST_RFLAGS, 0x100),
	     SET(GUEST_ACTIVITY_STATE, 1)),
	NEAR(SNAPSHOT_LONG, OR(GUEST_RFLAGS, 0x100), SET(GUEST_IA32_DEBUGCTL, 2), SET(GUEST_INTERRUPTIBILITY_STATE, 1)),
	{ SNAPSHOT_LONG, { SET(GUEST_PENDING_DEBUG_EXCEPTIONS, 0x11000) }, "restricted transactional memory" },
	/* The outermost canonical addresses; the widest CR3, limits, flags, DR7; every memory type. */
	NEAR(SNAPSHOT_LONG, SET(GUEST_IA32_SYSENTER_ESP, NOT_CANONICAL - 1), SET(GUEST_IA32_SYSENTER_EIP, LOWEST),
	     SET(GUEST_FS_BASE, LOWEST), SET(GUEST_GS_BASE, NOT_CANONICAL - 1), SET(GUEST_TR_BASE, LOWEST)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_GDTR_BASE, LOWEST), SET(GUEST_IDTR_BASE, NOT_CANONICAL - 1),
	     SET(GUEST_LDTR_BASE, LOWEST), SET(GUEST_GDTR_LIMIT, 0), SET(GUEST_IDTR_LIMIT, 0xffff)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_CR3, TOO_WIDE - 4096), SET(GUEST_DR7, 0xffffffff)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_IA32_PAT, 0x0007060504010006), SET(GUEST_IA32_EFER, 0x500)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_RFLAGS, 0x3d7fd7), OR(GUEST_CR0, 0x5000e), OR(GUEST_CR4, 0x18f)),
	NEAR(SNAPSHOT_PAE, SET(GUEST_RIP, 0xffffffff), SET(GUEST_RFLAGS, 2)),
	/* Segments: conforming, unusable, small and byte-granular, large and page-granular, any RPL. */
	NEAR(SNAPSHOT_LONG, SET(GUEST_CS_ACCESS_RIGHTS, 0xa09f), SET(GUEST_SS_ACCESS_RIGHTS, 0x10000)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_DS_ACCESS_RIGHTS, 0x4093), SET(GUEST_DS_LIMIT, 0xfffff),
	     SET(GUEST_ES_LIMIT, 0x12345fff), OR(GUEST_FS_SELECTOR, 3)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_CS_ACCESS_RIGHTS, 0xa0fb), SET(GUEST_SS_ACCESS_RIGHTS, 0xc0f3),
	     OR(GUEST_CS_SELECTOR, 3), OR(GUEST_SS_SELECTOR, 3)),
	NEAR(SNAPSHOT_REAL, SET(GUEST_DS_BASE, 0xffffffff), SET(GUEST_ES_ACCESS_RIGHTS, 0x91)),
	NEAR(SNAPSHOT_V8086, SET(GUEST_DS_SELECTOR, 0xffff), SET(GUEST_DS_BASE, 0xffff0)),
	/* Each type of event, in a state that can take it; each kind of blocking. */
	NEAR(SNAPSHOT_LONG, EVENT(0x20)),
	NEAR(SNAPSHOT_LONG, EVENT(0x202), SET(GUEST_RFLAGS, 2)),
	NEAR(SNAPSHOT_LONG, EVENT(0x31f)),
	NEAR(SNAPSHOT_LONG, EVENT(0xb0e), SET(ENTRY_EXCEPTION_ERROR_CODE, 0xffff)),
	NEAR(SNAPSHOT_REAL, EVENT(0x30d)),
	NEAR(SNAPSHOT_LONG, EVENT(0x501), SET(ENTRY_INSTRUCTION_LENGTH, 1)),
	NEAR(SNAPSHOT_LONG, EVENT(0x603), SET(ENTRY_INSTRUCTION_LENGTH, 1), SET(GUEST_INTERRUPTIBILITY_STATE, 2)),
	NEAR(SNAPSHOT_LONG, EVENT(0x202), SET(GUEST_ACTIVITY_STATE, 2)),
	NEAR(SNAPSHOT_LONG, EVENT(0x20), SET(GUEST_ACTIVITY_STATE, 1), SET(GUEST_INTERRUPTIBILITY_STATE, 8)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_INTERRUPTIBILITY_STATE, 9)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_INTERRUPTIBILITY_STATE, 2), SET(GUEST_RFLAGS, 2)),
	/* PDPTEs at the end of memory, not present, or not used; MSRs that may be loaded. */
	NEAR(SNAPSHOT_PAE, SET(GUEST_PDPTE0, TOO_WIDE - 4095), SET(GUEST_PDPTE3, 0x2019)),
	NEAR(SNAPSHOT_PAE, SET(GUEST_PDPTE1, ~1ull)),
	NEAR(SNAPSHOT_LONG, SET(GUEST_PDPTE1, ~0ull)),
	NEAR(SNAPSHOT_LONG, LOAD(0xc0000080, 0xd01), LOAD(0xc0000102, ~0ull << 47)),
};

const size_t near_miss_count = sizeof(near_misses) / sizeof(near_misses[0]);

const struct breach *breach_of(const char *rule)
{
	for (size_t i = 0; i < breach_count; i++)
		if (!strcmp(breaches[i].rule, rule))
			return &breaches[i];
	return NULL;
}
