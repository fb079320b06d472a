// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - GET_VMCS: every field of a vCPU's VMCS, as the next VM entry would find it.
 *
 * Reached from module/vcpu_lists.c, interrupts on. Nothing else needs to know which fields there
 * are: the CPU is asked, once, by trying every encoding on a VMCS that is made for it. On a
 * vCPU's own VMCS the attempt would write over the VM-instruction error of a failed entry.
 */
#include <linux/cpu.h>
#include <linux/irqflags.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <asm/msr-index.h>
#include <asm/vmx.h>

#include "arch/x86/host.h"
#include "arch/x86/inject.h"
#include "arch/x86/setup.h"
#include "arch/x86/slice.h"
#include "arch/x86/snapshot.h"
#include "arch/x86/state.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/vmcs.h"

/* --------------------------------------------------------------- the fields there are */

#define FIELD_TYPES	4
#define FIELD_WIDTHS	4

static inline u16 field_encoding(unsigned int width, unsigned int type, unsigned int index)
{
	return width << 13 | type << 10 | index << 1;
}

static DEFINE_MUTEX(known_lock);
static u16 known_fields[VMX_VMCS_FIELDS];	/* by encoding */
static unsigned int known_count;		/* 0: not yet asked for */

/* Both in a slice; they return how many there are. */
static unsigned int find_fields(void)
{
	unsigned int highest, count = 0;
	unsigned long value;
	u64 vmcs_enum;

	/* SDM 3D "VMCS Enumeration": bits 9:1 are the highest index of all. */
	rdmsrq(MSR_IA32_VMX_VMCS_ENUM, vmcs_enum);
	highest = (vmcs_enum >> 1) & 0x1ff;
	for (unsigned int width = 0; width < FIELD_WIDTHS; width++)
		for (unsigned int type = 0; type < FIELD_TYPES; type++)
			for (unsigned int index = 0; index <= highest; index++) {
				u16 encoding = field_encoding(width, type, index);

				if (count < VMX_VMCS_FIELDS && vmread_exists(encoding, &value))
					known_fields[count++] = encoding;
			}
	return count;
}

static unsigned int keep_fields(unsigned int found)
{
	unsigned int kept = 0;
	unsigned long value;

	for (unsigned int i = 0; i < found; i++)
		if (vmread_exists(known_fields[i], &value))
			known_fields[kept++] = known_fields[i];
	return kept;
}

struct field_search {
	struct vmcs_region vmcs;
	unsigned int found;
	int err;
};

static void search_this_cpu(void *data)
{
	struct field_search *search = data;
	struct slice slice;

	search->err = slice_begin(&slice, &search->vmcs);
	if (search->err)
		return;
	search->found = search->found ? keep_fields(search->found) : find_fields();
	slice_end(&slice, &search->vmcs);
}

/* The fields that all CPUs have: an emulator's second CPU may claim to have them all. */
static int know_fields(void)
{
	struct field_search search = {};
	int cpu;

	mutex_lock(&known_lock);
	if (known_count)
		goto unlock;
	search.err = vmcs_alloc(&search.vmcs);
	if (search.err)
		goto unlock;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, search_this_cpu, &search, true);
		if (search.err)
			break;
	}
	cpus_read_unlock();
	vmcs_free(&search.vmcs);
	if (!search.err)
		known_count = search.found;
unlock:
	mutex_unlock(&known_lock);
	return search.err;
}

int vmcs_fields_get(struct vmcs_fields *fields)
{
	int err = know_fields();

	*fields = (struct vmcs_fields){ .encoding = known_fields, .count = known_count };
	return err;
}

/* ------------------------------------------------------------------------ a snapshot */

void entry_remember(const struct vmx_vcpu *vmx, struct entry_memo *memo)
{
	*memo = (struct entry_memo){
		.debug = vmx->debug,
		.events = vmx->events,
		.events_injected = vmx->stats.events_injected,
		.dirty = vmx->dirty,
	};
}

void entry_forget(struct vmx_vcpu *vmx, const struct entry_memo *memo)
{
	vmx->debug = memo->debug;
	vmx->events = memo->events;
	vmx->stats.events_injected = memo->events_injected;
	vmx->dirty = memo->dirty;
}

/*
 * Writes what the next slice would write before its first VM entry. A VMCS that no slice has seen
 * stays one: what its constant fields are can still change with CPUID. One that has been entered
 * keeps its host-state area, which each slice refreshes for its own CPU.
 */
static void load_as_for_entry(struct vmx_vcpu *vmx)
{
	struct host_state host;

	if (!vmx->vmcs.written) {
		vmcs_setup(vmx);
		host_fields_refresh(vmx, &host);
	}
	state_load(vmx);
	inject_before_entry(vmx);
}

/*
 * In a slice. What was to be written stays so. RFLAGS and the pending debug exceptions get bits for
 * what waits, which may be gone by the next entry: they are put back.
 */
static void read_fields(struct vmx_vcpu *vmx, struct minivmx_vmcs_field *fields)
{
	const unsigned long rflags = vmcs_read(GUEST_RFLAGS);
	const unsigned long pending_debug = vmcs_read(GUEST_PENDING_DBG_EXCEPTIONS);
	struct entry_memo memo;
	bool event_in_vmcs;

	entry_remember(vmx, &memo);
	load_as_for_entry(vmx);
	for (unsigned int i = 0; i < known_count; i++) {
		unsigned long value = vmread(known_fields[i]);

		fields[i] = (struct minivmx_vmcs_field){
			.encoding = known_fields[i],
			.value = value,
		};
	}
	vmcs_write(GUEST_RFLAGS, rflags);
	vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS, pending_debug);
	event_in_vmcs = vmx->events.in_vmcs;
	entry_forget(vmx, &memo);
	vmx->events.in_vmcs = event_in_vmcs;
}

int vmx_get_vmcs(struct vmx_vcpu *vmx, struct minivmx_vmcs_field *fields, unsigned int *count)
{
	struct slice slice;
	int err = know_fields();

	if (err)
		return err;
	local_irq_disable();
	err = slice_begin(&slice, &vmx->vmcs);
	if (!err) {
		read_fields(vmx, fields);
		*count = known_count;
		slice_end(&slice, &vmx->vmcs);
	}
	local_irq_enable();
	return err;
}
