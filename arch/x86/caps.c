// SPDX-License-Identifier: GPL-2.0
/*
 * caps.c - is this machine fit, and which control bits do we set?
 *
 * Reached from vmx_setup() (slice.c) when the module loads. The capability MSRs say which bits of
 * a control word may be 0 and which may be 1; the tables below say which we need. A machine that
 * lacks a needed bit is refused by the bit's name. Continues in setup.c, which writes
 * the words into each VMCS. SDM 3D "VMX Capability Reporting Facility".
 */
#include <linux/bitfield.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/processor.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/vmx.h>

#include "arch/x86/caps.h"
#include "arch/x86/vmx.h"

struct vmx_capabilities vmx_caps __ro_after_init;

/* What a control bit is to us. */
enum control_need {
	REQUIRED = 1,	/* must be settable to 1 */
	OPTIONAL,	/* set to 1 where that is allowed */
	UNWANTED,	/* must be settable to 0 */
};

struct control_bit {
	u8 bit;
	u8 need;
	const char *name;	/* the SDM's */
};

/* SDM 3C "Pin-Based VM-Execution Controls" */
static const struct control_bit pin_based_bits[] = {
	{  0, REQUIRED, "external-interrupt exiting" },
	{  3, REQUIRED, "NMI exiting" },
	{  5, REQUIRED, "virtual NMIs" },
	{  6, OPTIONAL, "activate VMX-preemption timer" },
	{ }
};

/* SDM 3C "Processor-Based VM-Execution Controls", first table */
static const struct control_bit primary_bits[] = {
	{  2, REQUIRED, "interrupt-window exiting" },
	{  3, REQUIRED, "use TSC offsetting" },
	{  7, REQUIRED, "HLT exiting" },
	{  9, UNWANTED, "INVLPG exiting" },
	{ 10, REQUIRED, "MWAIT exiting" },
	{ 11, REQUIRED, "RDPMC exiting" },
	{ 15, UNWANTED, "CR3-load exiting" },
	{ 16, UNWANTED, "CR3-store exiting" },
	{ 19, REQUIRED, "CR8-load exiting" },
	{ 20, REQUIRED, "CR8-store exiting" },
	{ 22, REQUIRED, "NMI-window exiting" },
	{ 23, REQUIRED, "MOV-DR exiting" },
	{ 24, REQUIRED, "unconditional I/O exiting" },
	{ 27, OPTIONAL, "monitor trap flag" },
	{ 28, REQUIRED, "use MSR bitmaps" },
	{ 29, REQUIRED, "MONITOR exiting" },
	{ 31, REQUIRED, "activate secondary controls" },
	{ }
};

/* Those of them that are on only while they are needed: not part of our word. */
#define SWITCHED_PRIMARY_CONTROLS	(CPU_BASED_INTR_WINDOW_EXITING |	\
					 CPU_BASED_NMI_WINDOW_EXITING |		\
					 CPU_BASED_MONITOR_TRAP_FLAG)

/* The same, second table */
static const struct control_bit secondary_bits[] = {
	{  1, REQUIRED, "enable EPT" },
	{  3, OPTIONAL, "enable RDTSCP" },
	{  5, OPTIONAL, "enable VPID" },
	{  6, OPTIONAL, "WBINVD exiting" },
	{  7, REQUIRED, "unrestricted guest" },
	{ 12, OPTIONAL, "enable INVPCID" },
	{ 15, OPTIONAL, "enable ENCLS exiting" },
	{ 28, OPTIONAL, "enable ENCLV exiting" },
	{ }
};

/* SDM 3C "VM-Exit Controls" */
static const struct control_bit exit_bits[] = {
	{  2, REQUIRED, "save debug controls" },
	{  9, REQUIRED, "host address-space size" },
	{ 12, OPTIONAL, "load IA32_PERF_GLOBAL_CTRL" },
	{ 15, UNWANTED, "acknowledge interrupt on exit" },
	{ 18, REQUIRED, "save IA32_PAT" },
	{ 19, REQUIRED, "load IA32_PAT" },
	{ 20, REQUIRED, "save IA32_EFER" },
	{ 21, REQUIRED, "load IA32_EFER" },
	{ }
};

/*
 * SDM 3C "VM-Entry Controls". "IA-32e mode guest" must be settable, but is not part of our
 * word: it follows the guest's EFER.LMA (state.c).
 */
static const struct control_bit entry_bits[] = {
	{  2, REQUIRED, "load debug controls" },
	{  9, REQUIRED, "IA-32e mode guest" },
	{ 13, OPTIONAL, "load IA32_PERF_GLOBAL_CTRL" },
	{ 14, REQUIRED, "load IA32_PAT" },
	{ 15, REQUIRED, "load IA32_EFER" },
	{ }
};

/* The TRUE MSR, where the word has one, is the one that counts. */
static const struct {
	const char *name;
	u32 msr, true_msr;
	const struct control_bit *bits;
} control_words[VMX_CONTROL_WORDS] = {
	[VMX_PIN_BASED] = { "pin-based VM-execution", MSR_IA32_VMX_PINBASED_CTLS,
			    MSR_IA32_VMX_TRUE_PINBASED_CTLS, pin_based_bits },
	[VMX_PRIMARY]   = { "primary VM-execution", MSR_IA32_VMX_PROCBASED_CTLS,
			    MSR_IA32_VMX_TRUE_PROCBASED_CTLS, primary_bits },
	[VMX_SECONDARY] = { "secondary VM-execution", MSR_IA32_VMX_PROCBASED_CTLS2,
			    MSR_IA32_VMX_PROCBASED_CTLS2, secondary_bits },
	[VMX_EXIT]      = { "VM-exit", MSR_IA32_VMX_EXIT_CTLS,
			    MSR_IA32_VMX_TRUE_EXIT_CTLS, exit_bits },
	[VMX_ENTRY]     = { "VM-entry", MSR_IA32_VMX_ENTRY_CTLS,
			    MSR_IA32_VMX_TRUE_ENTRY_CTLS, entry_bits },
};

/* Every capability MSR that we read, report and compare between CPUs. */
static u32 capability_msrs[] __ro_after_init = {
	MSR_IA32_VMX_BASIC,
	MSR_IA32_VMX_PINBASED_CTLS,
	MSR_IA32_VMX_PROCBASED_CTLS,
	MSR_IA32_VMX_EXIT_CTLS,
	MSR_IA32_VMX_ENTRY_CTLS,
	MSR_IA32_VMX_VMCS_ENUM,
	MSR_IA32_VMX_TRUE_PINBASED_CTLS,
	MSR_IA32_VMX_TRUE_PROCBASED_CTLS,
	MSR_IA32_VMX_PROCBASED_CTLS2,
	MSR_IA32_VMX_TRUE_EXIT_CTLS,
	MSR_IA32_VMX_TRUE_ENTRY_CTLS,
	MSR_IA32_VMX_MISC,
	MSR_IA32_VMX_CR0_FIXED0,
	MSR_IA32_VMX_CR0_FIXED1,
	MSR_IA32_VMX_CR4_FIXED0,
	MSR_IA32_VMX_CR4_FIXED1,
	MSR_IA32_VMX_EPT_VPID_CAP,
	/* Room for the rare ones. */
	0, 0, 0,
};

/* Those that a CPU has if a control may be 1, and how many there are without them. */
static const struct {
	u32 msr, control_msr;
	unsigned int bit;
} rare_capability_msrs[] = {
	{ 0x491, MSR_IA32_VMX_PROCBASED_CTLS2, 13 },	/* VM functions */
	{ 0x492, MSR_IA32_VMX_PROCBASED_CTLS, 17 },	/* tertiary controls */
	{ 0x493, MSR_IA32_VMX_EXIT_CTLS, 31 },		/* secondary VM-exit controls */
};

static unsigned int capability_count __ro_after_init =
	ARRAY_SIZE(capability_msrs) - ARRAY_SIZE(rare_capability_msrs);
static u64 capability_values[ARRAY_SIZE(capability_msrs)] __ro_after_init;

/* Without the TRUE MSRs, CR3 accesses can't be left to the guest: no CPU with EPT lacks them. */
#define VMX_BASIC_HAS_TRUE_CONTROLS	BIT_ULL(55)
#define VMX_BASIC_REVISION		GENMASK_ULL(30, 0)
#define VMX_BASIC_32BIT_ADDRESSES	BIT_ULL(48)
#define VMX_BASIC_MEMORY_TYPE		GENMASK_ULL(53, 50)
#define MEMORY_TYPE_WB			6

static u32 bits_needed(enum vmx_control_word word, enum control_need need)
{
	u32 mask = 0;

	for (const struct control_bit *b = control_words[word].bits; b->name; b++)
		if (b->need == need)
			mask |= BIT(b->bit);
	return mask;
}

/* The MSR of a word; one that the CPU does not have allows nothing. */
static u64 control_msr_read(enum vmx_control_word word)
{
	u64 value;

	if (word == VMX_SECONDARY) {
		rdmsrq(MSR_IA32_VMX_PROCBASED_CTLS, value);
		if (!((value >> 32) & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS))
			return 0;
	} else {
		rdmsrq(MSR_IA32_VMX_BASIC, value);
		if (!(value & VMX_BASIC_HAS_TRUE_CONTROLS))
			return 0;
	}
	rdmsrq(control_words[word].true_msr, value);
	return value;
}

/* One word: low half of the MSR = bits that must be 1, high half = bits that may be 1. */
static int control_word_setup(enum vmx_control_word word)
{
	u64 value = control_msr_read(word);
	u32 forced = value;
	u32 allowed = value >> 32;

	for (const struct control_bit *b = control_words[word].bits; b->name; b++) {
		if (b->need == REQUIRED && !(allowed & BIT(b->bit))) {
			pr_err("this CPU lacks \"%s\" (%s control bit %u); a newer CPU, or a hypervisor that passes it on, is needed\n",
			       b->name, control_words[word].name, b->bit);
			return -EOPNOTSUPP;
		}
		if (b->need == UNWANTED && (forced & BIT(b->bit))) {
			pr_err("this CPU can't switch off \"%s\" (%s control bit %u); a newer CPU, or a hypervisor that passes it on, is needed\n",
			       b->name, control_words[word].name, b->bit);
			return -EOPNOTSUPP;
		}
	}
	vmx_caps.control[word] = forced |
		((bits_needed(word, REQUIRED) | bits_needed(word, OPTIONAL)) & allowed);
	return 0;
}

/* What the EPT walker and the invalidation rules of ept.c rest on. */
static int ept_setup(void)
{
	static const struct {
		u64 bit;
		const char *name;
	} needed[] = {
		{ VMX_EPT_PAGE_WALK_4_BIT,		"EPT page walks of four levels" },
		{ VMX_EPTP_WB_BIT,			"write-back EPT paging structures" },
		{ VMX_EPT_INVEPT_BIT,			"INVEPT" },
		{ VMX_EPT_EXTENT_CONTEXT_BIT,		"single-context INVEPT" },
	};

	rdmsrq(MSR_IA32_VMX_EPT_VPID_CAP, vmx_caps.ept_vpid);
	for (int i = 0; i < ARRAY_SIZE(needed); i++)
		if (!(vmx_caps.ept_vpid & needed[i].bit)) {
			pr_err("this CPU lacks %s; a newer CPU, or a hypervisor that passes it on, is needed\n",
			       needed[i].name);
			return -EOPNOTSUPP;
		}
	vmx_caps.has_ept_accessed_dirty = vmx_caps.ept_vpid & VMX_EPT_AD_BIT;
	vmx_caps.has_ept_2m = vmx_caps.ept_vpid & VMX_EPT_2MB_PAGE_BIT;
	return 0;
}

/* The checks that need no capability MSR, each with its own remedy. */
static int cpu_check(void)
{
	if (boot_cpu_data.x86_vendor != X86_VENDOR_INTEL) {
		pr_err("this CPU is not Intel's; minivmx drives Intel VT-x only, use KVM here\n");
		return -ENXIO;
	}
	if (!boot_cpu_has(X86_FEATURE_VMX)) {
		/*
		 * The kernel hides VMX when firmware locked it off; CPUID itself still shows it.
		 */
		if (cpuid_ecx(1) & BIT(5)) {
			pr_err("firmware has locked VMX off; enable \"Intel Virtualization Technology\" (VT-x) in its settings\n");
			return -EACCES;
		}
		pr_err("this CPU has no VMX; use a CPU with VT-x, or a virtual machine that offers VMX (nested virtualization)\n");
		return -ENODEV;
	}
	/* A slice takes spinlocks of others (an eventfd's, say), which sleep there. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		pr_err("this is a PREEMPT_RT kernel, which minivmx does not support\n");
		return -EBUSY;
	}
	if (cpu_uses_fred()) {
		pr_err("FRED event delivery is on, which minivmx does not support; boot with fred=off\n");
		return -EBUSY;
	}
	return 0;
}

/* On each CPU: VMX enabled by firmware, capabilities as on the first CPU? */
struct cpu_difference {
	int cpu;	/* a CPU that will not do, or -1 */
	u32 msr;	/* the MSR that differs, or IA32_FEATURE_CONTROL */
};

/* CPUs that have been compared and found equal. */
static DEFINE_PER_CPU(bool, cpu_fits);

static void compare_cpu(void *data)
{
	struct cpu_difference *difference = data;
	u64 value;

	rdmsrq(MSR_IA32_FEAT_CTL, value);
	if (!(value & FEAT_CTL_LOCKED) || !(value & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX)) {
		difference->cpu = smp_processor_id();
		difference->msr = MSR_IA32_FEAT_CTL;
		return;
	}
	for (int i = 0; i < capability_count; i++) {
		rdmsrq(capability_msrs[i], value);
		if (value != capability_values[i]) {
			difference->cpu = smp_processor_id();
			difference->msr = capability_msrs[i];
			return;
		}
	}
	this_cpu_write(cpu_fits, true);
}

bool vmx_caps_cpu_fits(void)
{
	struct cpu_difference difference;

	if (unlikely(!this_cpu_read(cpu_fits)))
		compare_cpu(&difference);
	return this_cpu_read(cpu_fits);
}

static int all_cpus_check(void)
{
	struct cpu_difference difference = { .cpu = -1 };
	u64 value;

	for (int i = 0; i < ARRAY_SIZE(rare_capability_msrs); i++) {
		rdmsrq(rare_capability_msrs[i].control_msr, value);
		if (value >> (32 + rare_capability_msrs[i].bit) & 1)
			capability_msrs[capability_count++] = rare_capability_msrs[i].msr;
	}
	for (int i = 0; i < capability_count; i++)
		rdmsrq(capability_msrs[i], capability_values[i]);

	on_each_cpu(compare_cpu, &difference, 1);
	if (difference.cpu < 0)
		return 0;
	if (difference.msr == MSR_IA32_FEAT_CTL) {
		pr_err("firmware has locked VMX off on CPU %d; enable \"Intel Virtualization Technology\" (VT-x) in its settings\n",
		       difference.cpu);
		return -EACCES;
	}
	pr_err("CPU %d differs from the others (MSR 0x%x); update the firmware, or take that CPU offline\n",
	       difference.cpu, difference.msr);
	return -EXDEV;
}

/* All CPUs with EPT keep VMCSs anywhere in memory, and in their caches. */
static int basic_setup(void)
{
	u64 basic;

	rdmsrq(MSR_IA32_VMX_BASIC, basic);
	vmx_caps.revision = basic & VMX_BASIC_REVISION;
	if (!(basic & VMX_BASIC_32BIT_ADDRESSES) &&
	    FIELD_GET(VMX_BASIC_MEMORY_TYPE, basic) == MEMORY_TYPE_WB)
		return 0;
	pr_err("this CPU wants its VMCSs in uncached memory, or below 4 GiB (IA32_VMX_BASIC 0x%llx); a newer CPU, or a hypervisor that passes it on, is needed\n",
	       basic);
	return -EOPNOTSUPP;
}

/*
 * From version 2 of architectural performance monitoring on. SDM 3B "Architectural Performance
 * Monitoring".
 */
static bool has_perf_global_ctrl_msr(void)
{
	return boot_cpu_data.cpuid_level >= 0xa && (cpuid_eax(0xa) & 0xff) >= 2;
}

int vmx_caps_setup(void)
{
	/* Secondary first: EPT and unrestricted guest are what an old CPU lacks, so name them. */
	static const enum vmx_control_word order[VMX_CONTROL_WORDS] = {
		VMX_SECONDARY, VMX_PIN_BASED, VMX_PRIMARY, VMX_EXIT, VMX_ENTRY,
	};
	int err;

	err = cpu_check();
	if (err)
		return err;

	err = basic_setup();
	if (err)
		return err;
	for (int i = 0; i < VMX_CONTROL_WORDS; i++) {
		err = control_word_setup(order[i]);
		if (err)
			return err;
	}
	err = ept_setup();
	if (err)
		return err;
	err = all_cpus_check();
	if (err)
		return err;

	rdmsrq(MSR_IA32_VMX_MISC, vmx_caps.misc);
	rdmsrq(MSR_IA32_VMX_CR0_FIXED0, vmx_caps.cr0_fixed0);
	rdmsrq(MSR_IA32_VMX_CR0_FIXED1, vmx_caps.cr0_fixed1);
	rdmsrq(MSR_IA32_VMX_CR4_FIXED0, vmx_caps.cr4_fixed0);
	rdmsrq(MSR_IA32_VMX_CR4_FIXED1, vmx_caps.cr4_fixed1);

	vmx_caps.has_preemption_timer =
		vmx_caps.control[VMX_PIN_BASED] & PIN_BASED_VMX_PREEMPTION_TIMER;
	/* Without single-context INVVPID a VPID could not be reused: do without VPIDs then. */
	vmx_caps.has_vpid = (vmx_caps.control[VMX_SECONDARY] & SECONDARY_EXEC_ENABLE_VPID) &&
		(vmx_caps.ept_vpid & EPT_CAP_INVVPID) &&
		(vmx_caps.ept_vpid & EPT_CAP_INVVPID_SINGLE_CONTEXT);
	if (!vmx_caps.has_vpid)
		vmx_caps.control[VMX_SECONDARY] &= ~SECONDARY_EXEC_ENABLE_VPID;
	/*
	 * Loading it on one side only would leave the guest's value to the host, or the reverse.
	 */
	vmx_caps.has_perf_global_ctrl = has_perf_global_ctrl_msr() &&
		(vmx_caps.control[VMX_EXIT] & VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL) &&
		(vmx_caps.control[VMX_ENTRY] & VM_ENTRY_LOAD_IA32_PERF_GLOBAL_CTRL);
	if (!vmx_caps.has_perf_global_ctrl) {
		vmx_caps.control[VMX_EXIT] &= ~VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL;
		vmx_caps.control[VMX_ENTRY] &= ~VM_ENTRY_LOAD_IA32_PERF_GLOBAL_CTRL;
	}
	vmx_caps.control[VMX_ENTRY] &= ~VM_ENTRY_IA32E_MODE;
	vmx_caps.has_monitor_trap_flag = vmx_caps.control[VMX_PRIMARY] & CPU_BASED_MONITOR_TRAP_FLAG;
	vmx_caps.control[VMX_PRIMARY] &= ~SWITCHED_PRIMARY_CONTROLS;
	return 0;
}

unsigned int vmx_caps_count(void)
{
	return capability_count;
}

void vmx_caps_get(unsigned int index, struct minivmx_vmx_cap *cap)
{
	*cap = (struct minivmx_vmx_cap){
		.msr = capability_msrs[index],
		.value = capability_values[index],
	};
	for (int word = 0; word < VMX_CONTROL_WORDS; word++)
		if (control_words[word].msr == cap->msr || control_words[word].true_msr == cap->msr) {
			cap->required = bits_needed(word, REQUIRED);
			cap->optional = bits_needed(word, OPTIONAL);
		}
}

u64 vmx_guest_physical_limit(void)
{
	/* Four levels of EPT reach 48 bits. */
	return BIT_ULL(min_t(unsigned int, boot_cpu_data.x86_phys_bits, 48));
}
