// SPDX-License-Identifier: GPL-2.0
/*
 * vmx_controls.c - every VMX control bit: its name, whether minivmx needs it, and for what.
 *
 * Tables in the order and the words of SDM 3C "VM-Execution Control Fields", "VM-Exit Control
 * Fields" and "VM-Entry Control Fields"; the other capability bits follow SDM 3D "VMX
 * Capability Reporting Facility". Reached from caps.c and doctor.c.
 */
#include "vmx_controls.h"

static const struct vmx_control pin_controls[] = {
	{  0, "External-interrupt exiting",	REQUIRED, "the host keeps its interrupts" },
	{  3, "NMI exiting",			REQUIRED, "the host keeps its non-maskable interrupts" },
	{  5, "Virtual NMIs",			REQUIRED, "the guest's NMI handler is not interrupted by the next NMI" },
	{  6, "Activate VMX-preemption timer",	OPTIONAL, "no backstop besides the host's timer interrupt" },
	{  7, "Process posted interrupts",	NOT_USED, NULL },
};

static const struct vmx_control primary_controls[] = {
	{  2, "Interrupt-window exiting",	REQUIRED, "an interrupt waits until the guest takes it" },
	{  3, "Use TSC offsetting",		REQUIRED, "the guest's time-stamp counter starts at 0" },
	{  7, "HLT exiting",			REQUIRED, "a halted guest gives the CPU back" },
	{  9, "INVLPG exiting",			REQUIRED_OFF, "the guest flushes its own TLB entries" },
	{ 10, "MWAIT exiting",			REQUIRED, "the guest may not put the CPU to sleep" },
	{ 11, "RDPMC exiting",			REQUIRED, "the host's performance counters stay hidden" },
	{ 12, "RDTSC exiting",			NOT_USED, NULL },
	{ 15, "CR3-load exiting",		REQUIRED_OFF, "the guest switches its own page tables" },
	{ 16, "CR3-store exiting",		REQUIRED_OFF, "the guest reads its own CR3" },
	{ 17, "Activate tertiary controls",	NOT_USED, NULL },
	{ 19, "CR8-load exiting",		REQUIRED, "the guest may not set the host's task priority" },
	{ 20, "CR8-store exiting",		REQUIRED, "the guest may not read the host's task priority" },
	{ 21, "Use TPR shadow",			NOT_USED, NULL },
	{ 22, "NMI-window exiting",		REQUIRED, "an NMI waits until the guest takes it" },
	{ 23, "MOV-DR exiting",			REQUIRED, "the host's debug registers stay out of reach" },
	{ 24, "Unconditional I/O exiting",	REQUIRED, "the guest's ports are userspace's, not the host's" },
	{ 25, "Use I/O bitmaps",		NOT_USED, NULL },
	{ 27, "Monitor trap flag",		OPTIONAL, "a debugger steps the guest by RFLAGS.TF, which the guest can see" },
	{ 28, "Use MSR bitmaps",		REQUIRED, "guest accesses to MSRs are told apart" },
	{ 29, "MONITOR exiting",		REQUIRED, "as MWAIT exiting" },
	{ 30, "PAUSE exiting",			NOT_USED, NULL },
	{ 31, "Activate secondary controls",	REQUIRED, "EPT and unrestricted guest are secondary controls" },
};

static const struct vmx_control secondary_controls[] = {
	{  0, "Virtualize APIC accesses",	NOT_USED, NULL },
	{  1, "Enable EPT",			REQUIRED, "the second level of paging: the guest's memory" },
	{  2, "Descriptor-table exiting",	NOT_USED, NULL },
	{  3, "Enable RDTSCP",			OPTIONAL, "RDTSCP and RDPID are undefined in the guest" },
	{  4, "Virtualize x2APIC mode",		NOT_USED, NULL },
	{  5, "Enable VPID",			OPTIONAL, "each VM entry and exit flushes the TLB" },
	{  6, "WBINVD exiting",			OPTIONAL, "a guest's WBINVD writes back the host's caches" },
	{  7, "Unrestricted guest",		REQUIRED, "the guest runs in real mode and without paging" },
	{  8, "APIC-register virtualization",	NOT_USED, NULL },
	{  9, "Virtual-interrupt delivery",	NOT_USED, NULL },
	{ 10, "PAUSE-loop exiting",		NOT_USED, NULL },
	{ 11, "RDRAND exiting",			NOT_USED, NULL },
	{ 12, "Enable INVPCID",			OPTIONAL, "INVPCID is undefined in the guest" },
	{ 13, "Enable VM functions",		NOT_USED, NULL },
	{ 14, "VMCS shadowing",			NOT_USED, NULL },
	{ 15, "Enable ENCLS exiting",		OPTIONAL, "a guest can execute ENCLS, but has no enclave memory" },
	{ 16, "RDSEED exiting",			NOT_USED, NULL },
	{ 17, "Enable PML",			NOT_USED, NULL },
	{ 18, "EPT-violation #VE",		NOT_USED, NULL },
	{ 19, "Conceal VMX from PT",		NOT_USED, NULL },
	{ 20, "Enable XSAVES/XRSTORS",		NOT_USED, NULL },
	{ 21, "PASID translation",		NOT_USED, NULL },
	{ 22, "Mode-based execute control for EPT", NOT_USED, NULL },
	{ 23, "Sub-page write permissions for EPT", NOT_USED, NULL },
	{ 24, "Intel PT uses guest physical addresses", NOT_USED, NULL },
	{ 25, "Use TSC scaling",		NOT_USED, NULL },
	{ 26, "Enable user wait and pause",	NOT_USED, NULL },
	{ 27, "Enable PCONFIG",			NOT_USED, NULL },
	{ 28, "Enable ENCLV exiting",		OPTIONAL, "as ENCLS exiting" },
	{ 30, "VMM bus-lock detection",		NOT_USED, NULL },
	{ 31, "Instruction timeout",		NOT_USED, NULL },
};

static const struct vmx_control tertiary_controls[] = {
	{ 0, "LOADIWKEY exiting",		NOT_USED, NULL },
	{ 1, "Enable HLAT",			NOT_USED, NULL },
	{ 2, "EPT paging-write control",	NOT_USED, NULL },
	{ 3, "Guest-paging verification",	NOT_USED, NULL },
	{ 4, "IPI virtualization",		NOT_USED, NULL },
	{ 6, "Enable MSR-list instructions",	NOT_USED, NULL },
	{ 7, "Virtualize IA32_SPEC_CTRL",	NOT_USED, NULL },
};

static const struct vmx_control exit_controls[] = {
	{  2, "Save debug controls",		REQUIRED, "the guest keeps its DR7 and IA32_DEBUGCTL" },
	{  9, "Host address-space size",	REQUIRED, "the host runs 64-bit code" },
	{ 12, "Load IA32_PERF_GLOBAL_CTRL",	OPTIONAL, "host performance counters also count in the guest" },
	{ 15, "Acknowledge interrupt on exit",	REQUIRED_OFF, "the host takes its interrupt itself after the exit" },
	{ 18, "Save IA32_PAT",			REQUIRED, "the guest has a page-attribute table of its own" },
	{ 19, "Load IA32_PAT",			REQUIRED, "the host gets its page-attribute table back" },
	{ 20, "Save IA32_EFER",			REQUIRED, "the guest has an EFER of its own" },
	{ 21, "Load IA32_EFER",			REQUIRED, "the host gets its EFER back" },
	{ 22, "Save VMX-preemption timer value", NOT_USED, NULL },
	{ 23, "Clear IA32_BNDCFGS",		NOT_USED, NULL },
	{ 24, "Conceal VMX from PT",		NOT_USED, NULL },
	{ 25, "Clear IA32_RTIT_CTL",		NOT_USED, NULL },
	{ 26, "Clear IA32_LBR_CTL",		NOT_USED, NULL },
	{ 27, "Clear UINV",			NOT_USED, NULL },
	{ 28, "Load CET state",			NOT_USED, NULL },
	{ 29, "Load PKRS",			NOT_USED, NULL },
	{ 30, "Save IA32_PERF_GLOBAL_CTRL",	NOT_USED, NULL },
	{ 31, "Activate secondary controls",	NOT_USED, NULL },
};

static const struct vmx_control exit2_controls[] = {
	{ 3, "Prematurely busy shadow stack",	NOT_USED, NULL },
};

static const struct vmx_control entry_controls[] = {
	{  2, "Load debug controls",		REQUIRED, "the guest keeps its DR7 and IA32_DEBUGCTL" },
	{  9, "IA-32e mode guest",		REQUIRED, "the guest runs 64-bit code" },
	{ 10, "Entry to SMM",			NOT_USED, NULL },
	{ 11, "Deactivate dual-monitor treatment", NOT_USED, NULL },
	{ 13, "Load IA32_PERF_GLOBAL_CTRL",	OPTIONAL, "host performance counters also count in the guest" },
	{ 14, "Load IA32_PAT",			REQUIRED, "the guest has a page-attribute table of its own" },
	{ 15, "Load IA32_EFER",			REQUIRED, "the guest has an EFER of its own" },
	{ 16, "Load IA32_BNDCFGS",		NOT_USED, NULL },
	{ 17, "Conceal VMX from PT",		NOT_USED, NULL },
	{ 18, "Load IA32_RTIT_CTL",		NOT_USED, NULL },
	{ 19, "Load UINV",			NOT_USED, NULL },
	{ 20, "Load CET state",			NOT_USED, NULL },
	{ 21, "Load guest IA32_LBR_CTL",	NOT_USED, NULL },
	{ 22, "Load PKRS",			NOT_USED, NULL },
};

#define TABLE(controls) controls, sizeof(controls) / sizeof(controls[0])

const struct vmx_control_word vmx_control_words[WORD_COUNT] = {
	[WORD_PIN] = { "pin", "Pin-based VM-execution controls",
		MSR_VMX_PIN, MSR_VMX_TRUE_PIN, 0, TABLE(pin_controls) },
	[WORD_PRIMARY] = { "primary", "Primary processor-based VM-execution controls",
		MSR_VMX_PRIMARY, MSR_VMX_TRUE_PRIMARY, 0, TABLE(primary_controls) },
	[WORD_SECONDARY] = { "secondary", "Secondary processor-based VM-execution controls",
		MSR_VMX_SECONDARY, 0, 0, TABLE(secondary_controls) },
	[WORD_TERTIARY] = { "tertiary", "Tertiary processor-based VM-execution controls",
		MSR_VMX_TERTIARY, 0, 1, TABLE(tertiary_controls) },
	[WORD_EXIT] = { "exit", "Primary VM-exit controls",
		MSR_VMX_EXIT, MSR_VMX_TRUE_EXIT, 0, TABLE(exit_controls) },
	[WORD_EXIT2] = { "exit2", "Secondary VM-exit controls",
		MSR_VMX_EXIT2, 0, 1, TABLE(exit2_controls) },
	[WORD_ENTRY] = { "entry", "VM-entry controls",
		MSR_VMX_ENTRY, MSR_VMX_TRUE_ENTRY, 0, TABLE(entry_controls) },
};

const struct vmx_flag vmx_basic_flags[] = {
	{ 48, "Physical addresses of VMX structures limited to 32 bits", NOT_USED, NULL },
	{ 49, "Dual-monitor treatment of SMIs and SMM",		NOT_USED, NULL },
	{ 54, "Instruction information for INS and OUTS exits",	NOT_USED, NULL },
	{ 55, "TRUE control MSRs",				REQUIRED, "they tell that CR3 accesses need not exit" },
	{ 56, "Hardware exceptions injected with or without error code", NOT_USED, NULL },
	{ 0, NULL, NOT_USED, NULL }
};

const struct vmx_flag vmx_misc_flags[] = {
	{  5, "VM exits store EFER.LMA in the IA-32e mode guest control", NOT_USED, NULL },
	{  6, "Activity state HLT",				NOT_USED, NULL },
	{  7, "Activity state shutdown",			NOT_USED, NULL },
	{  8, "Activity state wait-for-SIPI",			NOT_USED, NULL },
	{ 14, "Intel PT in VMX operation",			NOT_USED, NULL },
	{ 15, "RDMSR of IA32_SMBASE in SMM",			NOT_USED, NULL },
	{ 28, "IA32_SMM_MONITOR_CTL bit 2",			NOT_USED, NULL },
	{ 29, "VMWRITE to any supported field",			NOT_USED, NULL },
	{ 30, "Event injection with instruction length 0",	NOT_USED, NULL },
	{ 0, NULL, NOT_USED, NULL }
};

const struct vmx_flag vmx_ept_vpid_flags[] = {
	{  0, "EPT execute-only translations",			NOT_USED, NULL },
	{  6, "EPT page-walk length 4",				REQUIRED, "the layout of minivmx's EPT" },
	{  7, "EPT page-walk length 5",				NOT_USED, NULL },
	{  8, "EPT structures in uncacheable memory",		NOT_USED, NULL },
	{ 14, "EPT structures in write-back memory",		REQUIRED, "where minivmx's EPT lies" },
	{ 16, "EPT 2-MByte pages",				OPTIONAL, "more EPT entries for huge pages" },
	{ 17, "EPT 1-GByte pages",				OPTIONAL, "more EPT entries for huge pages" },
	{ 20, "INVEPT",						REQUIRED, "EPT changes reach the CPU" },
	{ 21, "EPT accessed and dirty flags",			OPTIONAL, "the host guesses which guest memory is in use" },
	{ 22, "Advanced VM-exit information for EPT violations", NOT_USED, NULL },
	{ 23, "Supervisor shadow-stack control",		NOT_USED, NULL },
	{ 25, "INVEPT single-context",				REQUIRED, "EPT changes reach the CPU" },
	{ 26, "INVEPT all-context",				NOT_USED, NULL },
	{ 32, "INVVPID",					OPTIONAL, "VPID stays off" },
	{ 40, "INVVPID individual-address",			NOT_USED, NULL },
	{ 41, "INVVPID single-context",				OPTIONAL, "VPID stays off" },
	{ 42, "INVVPID all-context",				NOT_USED, NULL },
	{ 43, "INVVPID single-context-retaining-globals",	NOT_USED, NULL },
	{ 0, NULL, NOT_USED, NULL }
};

void vmx_masks(enum vmx_word word, uint64_t *required, uint64_t *optional)
{
	const struct vmx_control_word *w = &vmx_control_words[word];

	*required = 0;
	*optional = 0;
	for (size_t i = 0; i < w->count; i++) {
		if (w->controls[i].need == REQUIRED)
			*required |= 1ull << w->controls[i].bit;
		else if (w->controls[i].need == OPTIONAL)
			*optional |= 1ull << w->controls[i].bit;
	}
}
