// SPDX-License-Identifier: GPL-2.0
/*
 * rules_controls.c - the rules of VM entry about VM-execution and VM-exit controls.
 *
 * Reached from rules.c. Whoever breaks one gets VMfail with VM-instruction error 7. SDM 3C "Checks on
 * VMX Controls"; the controls of VM entry itself are in rules_entry.c.
 */
#include "rules.h"

#define EXECUTION	"Checks on VMX Controls: VM-Execution Control Fields"
#define EXIT		"Checks on VMX Controls: VM-Exit Control Fields"

#define EXECUTION_RULE(...)	RULE(STAGE_CONTROL, EXECUTION, __VA_ARGS__)
#define EXIT_RULE(...)		RULE(STAGE_CONTROL, EXIT, __VA_ARGS__)

/* which: a control */
PREDICATE(is_off, !on(f, which))
PREDICATE(is_on, on(f, which))

/* which: the field of an address */
PREDICATE(bad_page_address, field(f, which) & 0xfff || !physical(f, field(f, which)))

/* which: a word of controls */
WRONG_BITS(fixed_bit_clear, f->must_be_1[which] & ~f->controls[which])
WRONG_BITS(fixed_bit_set, f->controls[which] & ~f->may_be_1[which])

/* which: a field, where there is a choice of them */
PREDICATE(too_many_cr3_targets, field(f, VMCS_CR3_TARGET_COUNT) > bits(f->misc, 24, 16))
PREDICATE(tpr_threshold_reserved, !on(f, INTERRUPT_DELIVERY) && field(f, VMCS_TPR_THRESHOLD) >> 4)
PREDICATE(vector_above_255, field(f, VMCS_POSTED_INTERRUPT_VECTOR) >> 8)
PREDICATE(bad_descriptor_address, field(f, which) & 0x3f || !physical(f, field(f, which)))
PREDICATE(is_zero, !field(f, which))

/* SDM 3C "Extended-Page-Table Pointer (EPTP)": memory type, length - 1, A/D, shadow stack, reserved. */
#define EPTP_TYPE(eptp)		bits(eptp, 2, 0)
#define EPTP_LEVELS(eptp)	(bits(eptp, 5, 3) + 1)
#define EPT_CAP_LEVELS_4	(1ull << 6)
#define EPT_CAP_LEVELS_5	(1ull << 7)
#define EPT_CAP_UNCACHEABLE	(1ull << 8)
#define EPT_CAP_WRITE_BACK	(1ull << 14)
#define EPT_CAP_ACCESSED_DIRTY	(1ull << 21)
#define EPT_CAP_SHADOW_STACK	(1ull << 23)

static bool eptp_memory_type(const struct facts *f, uint32_t which)
{
	uint64_t type = EPTP_TYPE(field(f, which));

	return !(type == 0 && f->ept_vpid & EPT_CAP_UNCACHEABLE) && !(type == 6 && f->ept_vpid & EPT_CAP_WRITE_BACK);
}

static bool eptp_levels(const struct facts *f, uint32_t which)
{
	uint64_t levels = EPTP_LEVELS(field(f, which));

	return !(levels == 4 && f->ept_vpid & EPT_CAP_LEVELS_4) && !(levels == 5 && f->ept_vpid & EPT_CAP_LEVELS_5);
}

PREDICATE(eptp_accessed_dirty, field(f, which) & 1 << 6 && !(f->ept_vpid & EPT_CAP_ACCESSED_DIRTY))
PREDICATE(eptp_shadow_stack, field(f, which) & 1 << 7 && !(f->ept_vpid & EPT_CAP_SHADOW_STACK))
PREDICATE(eptp_reserved, bits(field(f, which), 11, 8))
PREDICATE(above_width, !physical(f, field(f, which)))

PREDICATE(vm_functions_unknown, field(f, VMCS_VM_FUNCTION_CONTROLS) & ~may_be_1(f, MSR_VMX_VMFUNC))
#define EPTP_SWITCHING(f)	(field(f, VMCS_VM_FUNCTION_CONTROLS) & 1)
PREDICATE(switching_without_ept, EPTP_SWITCHING(f) && !on(f, EPT))
PREDICATE(bad_eptp_list, EPTP_SWITCHING(f) && bad_page_address(f, VMCS_EPTP_LIST_ADDRESS))

static bool bad_pid_table(const struct facts *f, uint32_t which)
{
	uint64_t first = field(f, which), last = first + field(f, VMCS_LAST_PID_POINTER_INDEX) * 8 + 7;

	return first & 7 || !physical(f, first) || !physical(f, last);
}

PREDICATE(hlat_pointer_reserved, field(f, which) & 0xfe7 || !physical(f, field(f, which)))

/* An area of MSRs: which is its address, its count is the argument. 16 bytes an entry. */
static bool area_unaligned(const struct facts *f, uint32_t address, uint32_t count)
{
	return field(f, count) && field(f, address) & 0xf;
}

static bool area_too_high(const struct facts *f, uint32_t address, uint32_t count)
{
	uint64_t first = field(f, address), last = first + field(f, count) * 16 - 1;

	return field(f, count) && (!physical(f, first) || !physical(f, last) || last < first);
}

PREDICATE(store_unaligned, area_unaligned(f, which, VMCS_EXIT_MSR_STORE_COUNT))
PREDICATE(store_too_high, area_too_high(f, which, VMCS_EXIT_MSR_STORE_COUNT))
PREDICATE(load_unaligned, area_unaligned(f, which, VMCS_EXIT_MSR_LOAD_COUNT))
PREDICATE(load_too_high, area_too_high(f, which, VMCS_EXIT_MSR_LOAD_COUNT))

/* The words, against the capability MSRs. */
#define ALLOWED_0(id, section, word, title, field)						\
	BITS_RULE(STAGE_CONTROL, section, id ".allowed-0", ALWAYS, fixed_bit_clear, word,		\
		"A bit of the " title " is 0, and this CPU wants it to be 1.",			\
		"The word was written without asking the capability MSR, or for another CPU.",	\
		"OR the low half of the word's capability MSR into it (the TRUE one where there is one).", field)
#define ALLOWED_1(id, section, when, word, title, field)					\
	BITS_RULE(STAGE_CONTROL, section, id ".allowed-1", when, fixed_bit_set, word,		\
		"A bit of the " title " is 1, and this CPU wants it to be 0.",			\
		"A feature is asked for that this CPU does not have; `minivmx caps` lists what it has.", \
		"AND the allowed-1 bits of the word's capability MSR into it.", field)

/* A control that works by another one. */
#define NEEDS(id, control, name, other, other_name, ...)					\
	EXECUTION_RULE(id, control, is_off, other,						\
		"\"" name "\" is 1 while \"" other_name "\", by which it works, is 0.",		\
		"One of two controls that belong together was switched alone.",			\
		"Set \"" other_name "\", or clear \"" name "\".", __VA_ARGS__)

/* A control that uses a page of memory. */
#define PAGE(id, control, what, address)							\
	EXECUTION_RULE(id, control, bad_page_address, address,					\
		"The address of the " what " is no multiple of 4096, or above the physical-address width.", \
		"The field was never written, or holds a virtual address.",			\
		"Write the physical address of a page that is kept for it.", address)

#define SECONDARY	VMCS_SECONDARY_CONTROLS
#define TERTIARY	VMCS_TERTIARY_CONTROLS

static const struct rule rules[] = {
	ALLOWED_0("control.pin", EXECUTION, WORD_PIN, "pin-based controls", VMCS_PIN_BASED_CONTROLS),
	ALLOWED_1("control.pin", EXECUTION, ALWAYS, WORD_PIN, "pin-based controls", VMCS_PIN_BASED_CONTROLS),
	ALLOWED_0("control.primary", EXECUTION, WORD_PRIMARY, "primary processor-based controls",
		  VMCS_PRIMARY_CONTROLS),
	ALLOWED_1("control.primary", EXECUTION, ALWAYS, WORD_PRIMARY, "primary processor-based controls",
		  VMCS_PRIMARY_CONTROLS),
	ALLOWED_1("control.secondary", EXECUTION, SECONDARY_CONTROLS, WORD_SECONDARY,
		  "secondary processor-based controls", SECONDARY),
	ALLOWED_1("control.tertiary", EXECUTION, TERTIARY_CONTROLS, WORD_TERTIARY,
		  "tertiary processor-based controls", TERTIARY),
	EXECUTION_RULE("control.cr3-target.count", ALWAYS, too_many_cr3_targets, 0,
		"The CR3-target count is above what the CPU has CR3-target values for.",
		"The count was never written, or more targets are wanted than there are.",
		"Write at most IA32_VMX_MISC[24:16]; 0 makes every MOV to CR3 exit, where that is asked for.",
		VMCS_CR3_TARGET_COUNT),
	PAGE("control.io-bitmap-a.address", IO_BITMAPS, "I/O bitmap A", VMCS_IO_BITMAP_A),
	PAGE("control.io-bitmap-b.address", IO_BITMAPS, "I/O bitmap B", VMCS_IO_BITMAP_B),
	PAGE("control.msr-bitmaps.address", MSR_BITMAPS, "MSR bitmaps", VMCS_MSR_BITMAPS),
	PAGE("control.virtual-apic.address", TPR_SHADOW, "virtual-APIC page", VMCS_VIRTUAL_APIC_ADDRESS),
	EXECUTION_RULE("control.tpr-threshold.reserved", TPR_SHADOW, tpr_threshold_reserved, 0,
		"Bits 31:4 of the TPR threshold are not 0, though no virtual interrupts are delivered.",
		"A whole TPR was written; the threshold is only its priority class, TPR[7:4].",
		"Shift the priority right by 4.", VMCS_TPR_THRESHOLD),
	EXECUTION_RULE("control.virtual-nmis.nmi-exiting", VIRTUAL_NMIS, is_off, NMI_EXITING,
		"\"Virtual NMIs\" is 1 while \"NMI exiting\" is 0: NMIs can't be virtual and real at once.",
		"Only one of the two was set.",
		"Set \"NMI exiting\", or clear \"Virtual NMIs\".", VMCS_PIN_BASED_CONTROLS),
	NEEDS("control.nmi-window.virtual-nmis", NMI_WINDOW_EXITING, "NMI-window exiting", VIRTUAL_NMIS,
	      "Virtual NMIs",
	      VMCS_PRIMARY_CONTROLS, VMCS_PIN_BASED_CONTROLS),
	PAGE("control.apic-access.address", APIC_ACCESSES, "APIC-access page", VMCS_APIC_ACCESS_ADDRESS),
	NEEDS("control.x2apic.tpr-shadow", X2APIC_MODE, "Virtualize x2APIC mode", TPR_SHADOW,
	      "Use TPR shadow",
	      SECONDARY, VMCS_PRIMARY_CONTROLS),
	NEEDS("control.apic-registers.tpr-shadow", APIC_REGISTERS, "APIC-register virtualization", TPR_SHADOW,
	      "Use TPR shadow", SECONDARY, VMCS_PRIMARY_CONTROLS),
	NEEDS("control.interrupt-delivery.tpr-shadow", INTERRUPT_DELIVERY, "Virtual-interrupt delivery",
	      TPR_SHADOW,
	      "Use TPR shadow", SECONDARY, VMCS_PRIMARY_CONTROLS),
	NEEDS("control.ipi-virtualization.tpr-shadow", IPI_VIRTUALIZATION, "IPI virtualization", TPR_SHADOW,
	      "Use TPR shadow", TERTIARY, VMCS_PRIMARY_CONTROLS),
	EXECUTION_RULE("control.pid-pointer-table.address", IPI_VIRTUALIZATION, bad_pid_table, VMCS_PID_POINTER_TABLE,
		"The PID-pointer table is not at a multiple of 8, or ends above the physical-address width.",
		"The field was never written, or holds a virtual address.",
		"Write the physical address of the table, and the number of its last entry.",
		VMCS_PID_POINTER_TABLE, VMCS_LAST_PID_POINTER_INDEX),
	EXECUTION_RULE("control.x2apic.apic-accesses", X2APIC_MODE, is_on, APIC_ACCESSES,
		"\"Virtualize x2APIC mode\" and \"Virtualize APIC accesses\" are both 1.",
		"The guest's APIC changed its mode, and only the new mode was switched on.",
		"Clear one: a local APIC is reached by MSRs or by memory, not by both.", SECONDARY),
	NEEDS("control.interrupt-delivery.interrupt-exiting", INTERRUPT_DELIVERY,
	      "Virtual-interrupt delivery",
	      EXTERNAL_INTERRUPT_EXITING, "External-interrupt exiting", SECONDARY, VMCS_PIN_BASED_CONTROLS),
	NEEDS("control.posted-interrupts.interrupt-delivery", POSTED_INTERRUPTS, "Process posted interrupts",
	      INTERRUPT_DELIVERY, "Virtual-interrupt delivery", VMCS_PIN_BASED_CONTROLS, SECONDARY),
	NEEDS("control.posted-interrupts.acknowledge", POSTED_INTERRUPTS, "Process posted interrupts",
	      ACKNOWLEDGE_INTERRUPT, "Acknowledge interrupt on exit", VMCS_PIN_BASED_CONTROLS, VMCS_EXIT_CONTROLS),
	EXECUTION_RULE("control.posted-interrupts.vector", POSTED_INTERRUPTS, vector_above_255, 0,
		"The posted-interrupt notification vector is above 255.",
		"The field was never written, or holds more than a vector.",
		"Write the vector that the host has set aside for notifications.",
		VMCS_POSTED_INTERRUPT_VECTOR),
	EXECUTION_RULE("control.posted-interrupts.descriptor", POSTED_INTERRUPTS, bad_descriptor_address,
		VMCS_POSTED_INTERRUPT_DESCRIPTOR,
		"The posted-interrupt descriptor is not at a multiple of 64, or above the physical-address "
		"width.",
		"The descriptor was allocated without alignment, or a virtual address was written.",
		"Write the physical address of 64 aligned bytes.", VMCS_POSTED_INTERRUPT_DESCRIPTOR),
	EXECUTION_RULE("control.vpid.zero", VPID, is_zero, VMCS_VPID,
		"\"Enable VPID\" is 1 and the VPID is 0, which is the host's own.",
		"The field was never written.",
		"Give each vCPU a VPID of its own, from 1 on.", VMCS_VPID),
	EXECUTION_RULE("control.eptp.memory-type", EPT, eptp_memory_type, VMCS_EPT_POINTER,
		"The EPT pointer has a memory type (bits 2:0) that this CPU does not have for EPT "
		"structures.",
		"The field was never written, or holds just an address.",
		"Use 6 (write-back) where IA32_VMX_EPT_VPID_CAP[14] is 1, else 0 (uncacheable).",
		VMCS_EPT_POINTER),
	EXECUTION_RULE("control.eptp.levels", EPT, eptp_levels, VMCS_EPT_POINTER,
		"The EPT pointer has a number of levels (bits 5:3, plus 1) that this CPU does not walk.",
		"The number itself was written: four levels are a 3.",
		"Write 3 for four levels; 4 for five, where IA32_VMX_EPT_VPID_CAP[7] is 1.",
		VMCS_EPT_POINTER),
	EXECUTION_RULE("control.eptp.accessed-dirty", EPT, eptp_accessed_dirty, VMCS_EPT_POINTER,
		"Bit 6 of the EPT pointer asks for accessed and dirty flags, which this CPU's EPT does not "
		"have.",
		"The bit was set without asking the capability MSR.",
		"Set it only where IA32_VMX_EPT_VPID_CAP[21] is 1.", VMCS_EPT_POINTER),
	EXECUTION_RULE("control.eptp.shadow-stack", EPT, eptp_shadow_stack, VMCS_EPT_POINTER,
		"Bit 7 of the EPT pointer asks for supervisor shadow-stack control, which this CPU's EPT "
		"does not have.",
		"The bit was set without asking the capability MSR.",
		"Set it only where IA32_VMX_EPT_VPID_CAP[23] is 1.", VMCS_EPT_POINTER),
	EXECUTION_RULE("control.eptp.reserved", EPT, eptp_reserved, VMCS_EPT_POINTER,
		"Bits 11:8 of the EPT pointer are not 0.",
		"The top table is not at a page's begin.",
		"Put the table on a page of its own.", VMCS_EPT_POINTER),
	EXECUTION_RULE("control.eptp.width", EPT, above_width, VMCS_EPT_POINTER,
		"The EPT pointer is above the physical-address width.",
		"A virtual address was written.",
		"Write the physical address of the top table.", VMCS_EPT_POINTER),
	NEEDS("control.pml.ept", PML, "Enable PML", EPT, "Enable EPT", SECONDARY),
	PAGE("control.pml.address", PML, "page-modification log", VMCS_PML_ADDRESS),
	NEEDS("control.unrestricted-guest.ept", UNRESTRICTED_GUEST, "Unrestricted guest", EPT, "Enable EPT",
	      SECONDARY),
	NEEDS("control.mode-based-execute.ept", MODE_BASED_EXECUTE, "Mode-based execute control for EPT", EPT,
	      "Enable EPT", SECONDARY),
	NEEDS("control.sub-page.ept", SUB_PAGE_PERMISSIONS, "Sub-page write permissions for EPT", EPT,
	      "Enable EPT",
	      SECONDARY),
	PAGE("control.sub-page.address", SUB_PAGE_PERMISSIONS, "sub-page-permission table",
	     VMCS_SPP_TABLE_POINTER),
	NEEDS("control.pt-addresses.ept", PT_GUEST_ADDRESSES, "Intel PT uses guest physical addresses", EPT,
	      "Enable EPT", SECONDARY),
	NEEDS("control.pt-addresses.load", PT_GUEST_ADDRESSES, "Intel PT uses guest physical addresses",
	      ENTRY_LOAD_RTIT_CTL, "Load IA32_RTIT_CTL", SECONDARY, VMCS_ENTRY_CONTROLS),
	NEEDS("control.pt-addresses.clear", PT_GUEST_ADDRESSES, "Intel PT uses guest physical addresses",
	      EXIT_CLEAR_RTIT_CTL, "Clear IA32_RTIT_CTL", SECONDARY, VMCS_EXIT_CONTROLS),
	EXECUTION_RULE("control.vm-functions.allowed-1", VM_FUNCTIONS, vm_functions_unknown, 0,
		"A VM function is switched on that this CPU does not have.",
		"The field was never written, or not compared with IA32_VMX_VMFUNC.",
		"AND IA32_VMX_VMFUNC into it.", VMCS_VM_FUNCTION_CONTROLS),
	EXECUTION_RULE("control.eptp-switching.ept", VM_FUNCTIONS, switching_without_ept, 0,
		"EPTP switching (VM function 0) is 1 while \"Enable EPT\" is 0.",
		"One of two controls that belong together was switched alone.",
		"Set \"Enable EPT\", or clear bit 0 of the VM-function controls.",
		VMCS_VM_FUNCTION_CONTROLS, SECONDARY),
	EXECUTION_RULE("control.eptp-list.address", VM_FUNCTIONS, bad_eptp_list, 0,
		"The EPTP list of EPTP switching is not at a multiple of 4096, or above the "
		"physical-address width.",
		"The field was never written, or holds a virtual address.",
		"Write the physical address of a page of 512 EPT pointers.",
		VMCS_EPTP_LIST_ADDRESS, VMCS_VM_FUNCTION_CONTROLS),
	PAGE("control.vmread-bitmap.address", VMCS_SHADOWING, "VMREAD bitmap", VMCS_VMREAD_BITMAP),
	PAGE("control.vmwrite-bitmap.address", VMCS_SHADOWING, "VMWRITE bitmap", VMCS_VMWRITE_BITMAP),
	PAGE("control.virtualization-exception.address", EPT_VIOLATION_VE,
	     "virtualization-exception information",
	     VMCS_VIRTUALIZATION_EXCEPTION_ADDRESS),
	PAGE("control.pasid-low.address", PASID_TRANSLATION, "low PASID directory", VMCS_LOW_PASID_DIRECTORY),
	PAGE("control.pasid-high.address", PASID_TRANSLATION, "high PASID directory",
	     VMCS_HIGH_PASID_DIRECTORY),
	EXECUTION_RULE("control.tsc-multiplier.zero", TSC_SCALING, is_zero, VMCS_TSC_MULTIPLIER,
		"\"Use TSC scaling\" is 1 and the TSC multiplier is 0: the guest's time would stand still.",
		"The field was never written.",
		"Write the ratio as a fixed-point number: 1 << 48 is 1.", VMCS_TSC_MULTIPLIER),
	NEEDS("control.hlat.ept", HLAT, "Enable HLAT", EPT, "Enable EPT", TERTIARY, SECONDARY),
	EXECUTION_RULE("control.hlat-pointer.reserved", HLAT, hlat_pointer_reserved, VMCS_HLAT_POINTER,
		"The HLAT pointer has a reserved bit (2:0, 11:5, or above the physical-address width).",
		"The field was never written, or holds a virtual address.",
		"Write a page's physical address, with the PCD and PWT flags of CR3 at most.",
		VMCS_HLAT_POINTER),
	NEEDS("control.paging-write.ept", EPT_PAGING_WRITE, "EPT paging-write control", EPT, "Enable EPT",
	      TERTIARY, SECONDARY),
	NEEDS("control.paging-verification.ept", GUEST_PAGING_VERIFICATION, "Guest-paging verification", EPT,
	      "Enable EPT", TERTIARY, SECONDARY),

	ALLOWED_0("control.exit", EXIT, WORD_EXIT, "VM-exit controls", VMCS_EXIT_CONTROLS),
	ALLOWED_1("control.exit", EXIT, ALWAYS, WORD_EXIT, "VM-exit controls", VMCS_EXIT_CONTROLS),
	ALLOWED_1("control.exit2", EXIT, SECONDARY_EXIT_CONTROLS, WORD_EXIT2, "secondary VM-exit controls",
		  VMCS_SECONDARY_EXIT_CONTROLS),
	EXIT_RULE("control.save-timer.timer", SAVE_PREEMPTION_TIMER, is_off, PREEMPTION_TIMER,
		"\"Save VMX-preemption timer value\" is 1 while \"Activate VMX-preemption timer\" is 0.",
		"The timer was switched off, and the saving of its value was not.",
		"Switch both in one place.", VMCS_EXIT_CONTROLS, VMCS_PIN_BASED_CONTROLS),
	EXIT_RULE("control.exit-msr-store.alignment", ALWAYS, store_unaligned, VMCS_EXIT_MSR_STORE_ADDRESS,
		"The VM-exit MSR-store area is not at a multiple of 16.",
		"The area was allocated without alignment, or the count was never written.",
		"Align the area to 16 bytes, an entry's size; write a count of 0 if there is none.",
		VMCS_EXIT_MSR_STORE_ADDRESS, VMCS_EXIT_MSR_STORE_COUNT),
	EXIT_RULE("control.exit-msr-store.width", ALWAYS, store_too_high, VMCS_EXIT_MSR_STORE_ADDRESS,
		"The VM-exit MSR-store area begins or ends above the physical-address width.",
		"A virtual address was written, or the count was never written.",
		"Write the area's physical address; a count of 0 if there is none.",
		VMCS_EXIT_MSR_STORE_ADDRESS, VMCS_EXIT_MSR_STORE_COUNT),
	EXIT_RULE("control.exit-msr-load.alignment", ALWAYS, load_unaligned, VMCS_EXIT_MSR_LOAD_ADDRESS,
		"The VM-exit MSR-load area is not at a multiple of 16.",
		"The area was allocated without alignment, or the count was never written.",
		"Align the area to 16 bytes, an entry's size; write a count of 0 if there is none.",
		VMCS_EXIT_MSR_LOAD_ADDRESS, VMCS_EXIT_MSR_LOAD_COUNT),
	EXIT_RULE("control.exit-msr-load.width", ALWAYS, load_too_high, VMCS_EXIT_MSR_LOAD_ADDRESS,
		"The VM-exit MSR-load area begins or ends above the physical-address width.",
		"A virtual address was written, or the count was never written.",
		"Write the area's physical address; a count of 0 if there is none.",
		VMCS_EXIT_MSR_LOAD_ADDRESS, VMCS_EXIT_MSR_LOAD_COUNT),
};

const struct rule_table control_rules = RULE_TABLE(rules);
