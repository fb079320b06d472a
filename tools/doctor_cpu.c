// SPDX-License-Identifier: GPL-2.0
/*
 * doctor_cpu.c - the doctor's checks of the CPU: VT-x, its features, its weaknesses, and the
 * hypervisor that may lie below.
 *
 * Reached from doctor.c through check_cpu(), which stands last. What the kernel says in
 * /proc/cpuinfo serves where the MSRs can't be read.
 */
#include <cpuid.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capability.h"
#include "doctor.h"

#define CPUID1_ECX_VMX		(1u << 5)
#define CPUID1_ECX_HYPERVISOR	(1u << 31)
#define HYPERVISOR_LEAF		0x40000000

/* SDM 3C "Enabling and Entering VMX Operation" */
#define MSR_FEATURE_CONTROL	0x3a
#define FEATURE_CONTROL_LOCK	(1u << 0)
#define FEATURE_CONTROL_VMX	(1u << 2)	/* outside SMX operation */

/* Of the secondary controls */
#define BIT_ENABLE_EPT		1
#define BIT_UNRESTRICTED_GUEST	7

#define READ_MSRS "run `modprobe msr` and this as root"
#define USE_TESTBED "use an Intel CPU with VT-x, or tools/testbed, which emulates one"

/* How a virtual machine is given VMX by the hypervisor that runs it. */
static const struct layer_below {
	const char *signature;
	const char *name;
	const char *remedy;
} layers_below[] = {
	{ "KVMKVMKVM", "KVM",
	  "on the machine below: `modprobe kvm_intel nested=1`, and give the VM the CPU model \"host\"" },
	{ "TCGTCGTCGTCG", "QEMU TCG, which emulates no VMX",
	  "start QEMU with -accel kvm -cpu host on a machine with nested VMX, or use tools/testbed" },
	{ "VMwareVMware", "VMware", "switch on \"Virtualize Intel VT-x/EPT\" (vhv.enable) for this VM" },
	{ "Microsoft Hv", "Hyper-V",
	  "on the machine below: Set-VMProcessor -VMName NAME -ExposeVirtualizationExtensions $true" },
	{ "VBoxVBoxVBox", "VirtualBox", "on the machine below: VBoxManage modifyvm NAME --nested-hw-virt on" },
	{ "XenVMMXenVMM", "Xen", "set nestedhvm=1 for this domain" },
	{ "bhyve bhyve ", "bhyve", "bhyve offers no VMX to its guests; use another hypervisor or tools/testbed" },
	{ "ACRNACRNACRN", "ACRN", "switch on nested virtualization for this VM" },
};

struct cpu_facts {
	char vendor[13];
	char hypervisor[13];
	bool virtual, vmx;
};

static void store(char *text, uint32_t a, uint32_t b, uint32_t c)
{
	memcpy(text, &a, 4);
	memcpy(text + 4, &b, 4);
	memcpy(text + 8, &c, 4);
	text[12] = '\0';
}

static struct cpu_facts cpu_facts(void)
{
	struct cpu_facts facts = { 0 };
	uint32_t a, b, c, d;

	__cpuid(0, a, b, c, d);
	store(facts.vendor, b, d, c);
	__cpuid(1, a, b, c, d);
	facts.vmx = c & CPUID1_ECX_VMX;
	facts.virtual = c & CPUID1_ECX_HYPERVISOR;
	if (facts.virtual) {
		__cpuid(HYPERVISOR_LEAF, a, b, c, d);
		store(facts.hypervisor, b, c, d);
	}
	return facts;
}

static const struct layer_below *layer_below(const struct cpu_facts *facts)
{
	for (size_t i = 0; i < sizeof(layers_below) / sizeof(layers_below[0]); i++)
		if (facts->virtual && !strcmp(facts->hypervisor, layers_below[i].signature))
			return &layers_below[i];
	return NULL;
}

static void check_vendor(struct doctor *doctor, const struct cpu_facts *facts)
{
	if (!strcmp(facts->vendor, "GenuineIntel"))
		doctor_add(doctor, "vendor", VERDICT_OK, NULL, "the CPU is Intel's");
	else
		doctor_add(doctor, "vendor", VERDICT_BAD, USE_TESTBED,
			   "the CPU is \"%s\", not Intel's: it has no VT-x%s", facts->vendor,
			   !strcmp(facts->vendor, "AuthenticAMD") ? " (AMD's SVM is another interface)" : "");
}

static void check_layer_below(struct doctor *doctor, const struct cpu_facts *facts)
{
	const struct layer_below *layer = layer_below(facts);

	if (!facts->virtual)
		doctor_add(doctor, "below", VERDICT_OK, NULL, "no hypervisor below announces itself");
	else if (!strcmp(facts->hypervisor, "Microsoft Hv"))
		doctor_add(doctor, "below", VERDICT_NOTE, "unload kvm_intel before minivmx is used",
			   "this is a Hyper-V machine: KVM in it may hold VMX in a way that minivmx cannot borrow");
	else
		doctor_add(doctor, "below", VERDICT_OK, NULL, "this is a virtual machine; the hypervisor below is %s",
			   layer ? layer->name : facts->hypervisor[0] ? facts->hypervisor : "unnamed");
}

static void check_vmx(struct doctor *doctor, const struct cpu_facts *facts)
{
	const struct layer_below *layer = layer_below(facts);

	if (facts->vmx)
		doctor_add(doctor, "vmx", VERDICT_OK, NULL, "the CPU has VMX (CPUID.1:ECX bit 5)");
	else if (layer)
		doctor_add(doctor, "vmx", VERDICT_BAD, layer->remedy,
			   "no VMX (CPUID.1:ECX bit 5 is 0): this is a virtual machine under %s, which does not offer it",
			   layer->name);
	else
		doctor_add(doctor, "vmx", VERDICT_BAD, facts->virtual ? "let the hypervisor below offer VMX" : USE_TESTBED,
			   "no VMX (CPUID.1:ECX bit 5 is 0): the %s cannot run virtual machines with VT-x",
			   facts->virtual ? "virtual machine's CPU" : "CPU");
}

/* What IA32_FEATURE_CONTROL says on each CPU, else what the kernel made of it at boot. */
static void check_firmware(struct doctor *doctor, const struct capabilities *caps)
{
	static const char remedy[] = "enable \"Intel Virtualization Technology\" (VT-x, VMX) in the firmware settings "
				     "and switch the machine off and on";
	uint64_t value = 0;

	for (size_t i = 0; i < caps->count; i++) {
		int cpu = caps->cpus[i].cpu, error = msr_read(cpu, MSR_FEATURE_CONTROL, &value);
		const char *wrong = !(value & FEATURE_CONTROL_LOCK) ? "is not locked, so VMXON faults" :
				    !(value & FEATURE_CONTROL_VMX) ? "is locked with VMX off" : NULL;

		if (!error && wrong) {
			doctor_add(doctor, "firmware", VERDICT_BAD, remedy,
				   "IA32_FEATURE_CONTROL (MSR 0x3a) on CPU %d %s: 0x%" PRIx64, cpu, wrong, value);
			return;
		}
		if (error)
			break;
		if (i + 1 == caps->count && cpuinfo_has("flags", "vmx")) {
			doctor_add(doctor, "firmware", VERDICT_OK, NULL,
				   "IA32_FEATURE_CONTROL is locked with VMX on, on %zu CPU%s", caps->count,
				   caps->count == 1 ? "" : "s");
			return;
		}
	}
	if (cpuinfo_has("flags", "vmx"))
		doctor_add(doctor, "firmware", VERDICT_OK, NULL,
			   "the kernel found VMX usable (IA32_FEATURE_CONTROL itself: " READ_MSRS ")");
	else
		doctor_add(doctor, "firmware", VERDICT_BAD, remedy,
			   "the kernel has hidden VMX: firmware locked it off, or a boot parameter (clearcpuid=) did");
}

/* EPT and unrestricted guest: what old CPUs lack, so each has a line of its own. */
static void check_feature(struct doctor *doctor, const struct capabilities *caps, const char *id,
			  unsigned int bit, const char *name, const char *flag)
{
	uint64_t must_be_1, may_be_1 = 0;
	bool has;

	if (caps->source == SOURCE_NONE) {
		has = cpuinfo_has("vmx flags", flag);
	} else {
		capability_word(&caps->cpus[0], &vmx_control_words[WORD_SECONDARY], &must_be_1, &may_be_1);
		has = may_be_1 >> bit & 1;
	}
	if (has)
		doctor_add(doctor, id, VERDICT_OK, NULL, "the CPU has %s", name);
	else
		doctor_add(doctor, id, VERDICT_BAD, "use a CPU of 2010 (Westmere) or later, or let the hypervisor below offer it",
			   "the CPU lacks %s: secondary control %u, MSR 0x48b", name, bit);
}

static void append(char *text, size_t size, const char *name, const char *where, unsigned int bit)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, "%s%s (%s bit %u)", length ? ", " : "", name, where, bit);
}

static void append_missing_flags(char *text, size_t size, const struct capability *cap, enum vmx_msr msr,
				 const struct vmx_flag *flags, const char *where)
{
	for (; flags->name; flags++)
		if (flags->need == REQUIRED && !(capability_value(cap, msr) >> flags->bit & 1))
			append(text, size, flags->name, where, flags->bit);
}

static void append_missing_controls(char *text, size_t size, const struct capability *cap, enum vmx_word word)
{
	const struct vmx_control_word *w = &vmx_control_words[word];
	uint64_t must_be_1 = 0, may_be_1 = 0;

	capability_word(cap, w, &must_be_1, &may_be_1);
	for (size_t i = 0; i < w->count; i++) {
		const struct vmx_control *c = &w->controls[i];
		bool own_line = word == WORD_SECONDARY && c->need == REQUIRED;

		if (!own_line && c->need != OPTIONAL && !need_met(c->need, c->bit, must_be_1, may_be_1))
			append(text, size, c->name, w->id, c->bit);
	}
}

static void check_controls(struct doctor *doctor, const struct capabilities *caps)
{
	uint64_t must_be_1, secondary = 0;
	char missing[512] = "";

	if (caps->source == SOURCE_NONE) {
		doctor_add(doctor, "controls", VERDICT_UNKNOWN, READ_MSRS, "whether the CPU has the other controls that minivmx requires");
		return;
	}
	for (enum vmx_word word = 0; word < WORD_COUNT; word++)
		append_missing_controls(missing, sizeof(missing), &caps->cpus[0], word);
	append_missing_flags(missing, sizeof(missing), &caps->cpus[0], MSR_VMX_BASIC, vmx_basic_flags, "MSR 0x480");
	/* Without EPT none of its properties is there, which goes without saying. */
	capability_word(&caps->cpus[0], &vmx_control_words[WORD_SECONDARY], &must_be_1, &secondary);
	if (secondary >> BIT_ENABLE_EPT & 1)
		append_missing_flags(missing, sizeof(missing), &caps->cpus[0], MSR_VMX_EPT_VPID, vmx_ept_vpid_flags,
				     "MSR 0x48c");
	if (missing[0])
		doctor_add(doctor, "controls", VERDICT_BAD, "`minivmx caps` lists all; use another CPU, or another hypervisor below",
			   "the CPU lacks %s", missing);
	else
		doctor_add(doctor, "controls", VERDICT_OK, NULL, "the CPU has all other controls that minivmx requires");
}

static void check_alike(struct doctor *doctor, const struct capabilities *caps)
{
	enum vmx_msr which;

	if (caps->source == SOURCE_NONE)
		doctor_add(doctor, "alike", VERDICT_UNKNOWN, READ_MSRS, "whether all CPUs have the same VMX capabilities");
	else if (!capabilities_alike(caps, &which))
		doctor_add(doctor, "alike", VERDICT_BAD, "update the firmware, or take the odd CPU offline; `minivmx caps` shows it",
			   "the CPUs have different VMX capabilities: MSR 0x%x", which);
	else
		doctor_add(doctor, "alike", VERDICT_OK, NULL, "%zu CPU%s", caps->count,
			   caps->count == 1 ? "" : "s, all with the same VMX capabilities");
}

static void check_fred(struct doctor *doctor)
{
	if (cpuinfo_has("flags", "fred"))
		doctor_add(doctor, "fred", VERDICT_BAD, "boot with fred=off",
			   "FRED event delivery is on; minivmx hands host NMIs on in a way that needs it off");
	else
		doctor_add(doctor, "fred", VERDICT_OK, NULL, "FRED event delivery is off");
}

/* L1 terminal fault: what the module does about it, or will do, follows from its parameter and the kernel's verdict. */
static void check_l1tf(struct doctor *doctor)
{
	const char *how = cpuinfo_has("flags", "flush_l1d") ? "with the CPU's flush command" : "by reading 64 KiB";
	char status[128], parameter[32], cmdline[4096];
	bool loaded = read_line("/sys/module/minivmx/parameters/l1d_flush", parameter, sizeof(parameter));
	bool affected, off = read_line("/proc/cmdline", cmdline, sizeof(cmdline)) && strstr(cmdline, "mitigations=off");

	if (!read_line("/sys/devices/system/cpu/vulnerabilities/l1tf", status, sizeof(status))) {
		doctor_add(doctor, "l1tf", VERDICT_UNKNOWN, "mount sysfs", "whether a guest could read the L1 data cache (L1TF)");
		return;
	}
	affected = strcmp(status, "Not affected");
	if (!loaded)
		snprintf(parameter, sizeof(parameter), "auto");
	if (!affected)
		doctor_add(doctor, "l1tf", VERDICT_OK, NULL, "the CPU does not leak its L1 data cache to guests (L1TF)");
	else if (!strcmp(parameter, "never") || (!strcmp(parameter, "auto") && off))
		doctor_add(doctor, "l1tf", VERDICT_NOTE, "trust your guests, or load the module with l1d_flush=always",
			   "a guest can read host data from the L1 data cache (L1TF), and %s",
			   off ? "mitigations=off stops the flush" : "l1d_flush=never stops the flush");
	else
		doctor_add(doctor, "l1tf", VERDICT_OK, NULL,
			   "the CPU leaks its L1 data cache (L1TF): the module%s flushes it before guests run, %s (l1d_flush=%s), "
			   "unless a hypervisor below does", loaded ? "" : ", once loaded,", how, parameter);
}

void check_cpu(struct doctor *doctor)
{
	struct cpu_facts facts = cpu_facts();
	struct capabilities caps;

	check_vendor(doctor, &facts);
	check_layer_below(doctor, &facts);
	check_vmx(doctor, &facts);
	/* Without VMX the rest would only repeat that. */
	if (!facts.vmx)
		return;
	capabilities_read(&caps);
	check_firmware(doctor, &caps);
	check_feature(doctor, &caps, "ept", BIT_ENABLE_EPT, "EPT (second-level paging)", "ept");
	check_feature(doctor, &caps, "unrestricted", BIT_UNRESTRICTED_GUEST, "unrestricted guest (real mode in guests)",
		      "unrestricted_guest");
	check_controls(doctor, &caps);
	check_alike(doctor, &caps);
	check_fred(doctor);
	check_l1tf(doctor);
	capabilities_free(&caps);
}
