// SPDX-License-Identifier: GPL-2.0
/*
 * tour_stops.c - the tour's stops: what each is about, the source it shows, where the SDM has it.
 *
 * Reached from tour.c. The steps are in tour_entry.c (into VMX operation and into the guest, and out of
 * them), tour_exits.c (exits) and tour_events.c (injection, failed entries).
 */
#include "tour_steps.h"

#define FUNCTION(path, function)	{ path, function, NULL, NULL }

const struct stop tour_stops[] = {
	{
		"vmxon", "VMXON: the CPU learns to run guests",
		"A CPU starts with VMX off. Software sets bit 13 of CR4 (VMXE) and executes VMXON with the physical "
		"address of a page, the VMXON region, which begins with the revision number that the CPU reports in the "
		"MSR IA32_VMX_BASIC. From then on the CPU is in VMX root operation: all goes on as before, but the "
		"instructions that run a guest work.\n"
		"This module does not keep the CPU there. It enters VMX operation when a guest is to run, and leaves it "
		"when the guest needs somebody else. What lies between is called a slice. Interrupts are off in it.",
		{ FUNCTION("arch/x86/slice.c", "vmx_operation_enter") },
		step_vmxon,
		{ "3C \"Enabling and Entering VMX Operation\"", "3C \"VMXON - Enter VMX Operation\"",
		  "3D \"Basic VMX Information\"" },
	},
	{
		"vmcs", "The first VMCS: a guest on one page",
		"All that the CPU has to know of a guest stands in a VMCS (virtual-machine control structure): a page of "
		"memory whose layout only the CPU knows. Software reaches its fields by number, with VMREAD and "
		"VMWRITE. Some say what the guest's registers are, some what the host's will be after an exit; the "
		"controls choose what makes the guest exit; the rest tells why it did.\n"
		"VMCLEAR makes a page an empty VMCS, VMPTRLD makes it the current one, which VMREAD, VMWRITE and "
		"VMLAUNCH mean without naming it.",
		{ FUNCTION("arch/x86/setup.c", "vmcs_setup"), FUNCTION("arch/x86/setup.c", "setup_guest_state") },
		step_vmcs,
		{ "3C \"Organization of VMCS Data\"", "3C \"VMCLEAR - Clear Virtual-Machine Control Structure\"",
		  "3D \"Field Encoding in VMCS\"" },
	},
	{
		"launch", "VMLAUNCH: the guest runs",
		"VMLAUNCH checks the whole VMCS, some 300 rules. If all of them hold, it loads the guest's state from it and "
		"the CPU goes on at the guest's RIP, in VMX non-root operation. VMLAUNCH is for a VMCS that is clear; the "
		"next entries with it are VMRESUME, up to the next VMCLEAR.\n"
		"The VMCS has RIP, RSP, RFLAGS, the control registers and the segments. RAX and the other general "
		"registers it does not have: they are loaded by hand, and after the last of these loads there is "
		"no register left to work with.",
		{ { "arch/x86/enter.S", "vmx_enter", "This load destroys", "vmlaunch" } },
		step_launch,
		{ "3C \"VM Entries\"", "3C \"VMLAUNCH/VMRESUME - Launch/Resume Virtual Machine\"",
		  "3C \"Guest-State Area\"" },
	},
	{
		"exit", "The first exit: why did the guest stop?",
		"Now the guest writes to a port. The controls say that this exits: the CPU stores the guest's state in the "
		"VMCS, loads the host's from it, and goes on at the host's RIP, as if VMLAUNCH had jumped there. What has "
		"happened stands in read-only fields: the exit reason, and an exit qualification whose bits each reason "
		"defines for itself.\n"
		"The guest's RIP still points to the OUT, which has not been executed. Whoever does its work must move RIP "
		"behind it, by the instruction length that the CPU tells.",
		{ FUNCTION("arch/x86/exit.c", "exit_read"), FUNCTION("arch/x86/exit_io.c", "handle_io_instruction") },
		step_exit,
		{ "3C \"VM Exits\"", "3C \"Basic VM-Exit Information\"", "3C \"Exit Qualification for I/O Instructions\"" },
	},
	{
		"cpuid", "CPUID: an exit that userspace never sees",
		"CPUID always exits. There is no control to let a guest execute it, because a hypervisor has to decide what "
		"CPU the guest finds. The answer is a table look-up, so the kernel gives it at once: interrupts stay off, the "
		"VMCS stays current, and VMRESUME brings the guest back within the same slice. Such an exit is called fast.",
		{ FUNCTION("arch/x86/exit_cpuid.c", "handle_cpuid") },
		step_cpuid,
		{ "3C \"Instructions That Cause VM Exits Unconditionally\"", "2A \"CPUID - CPU Identification\"" },
	},
	{
		"ept", "EPT violation: memory that is not there yet",
		"The guest's addresses are not the machine's. EPT (extended page tables) is a second page table, below the "
		"guest's own, that leads from guest-physical to host-physical addresses. At first it is empty. Where the guest "
		"touches a page that it does not map, the CPU exits with an EPT violation, and the fields tell the "
		"guest-physical address and the kind of the access.\n"
		"The module maps the page of the process that made the guest, and does not move RIP: the instruction is "
		"executed again. If the process has the page in memory already, that is done within the slice, and the exit is "
		"fast. If not, making a page may sleep, so the slice ends first. Such an exit is called slow.",
		{ FUNCTION("arch/x86/exit_memory.c", "handle_ept_violation"),
		  FUNCTION("arch/x86/exit_memory.c", "handle_ept_violation_slow") },
		step_ept,
		{ "3C \"The Extended Page Table Mechanism (EPT)\"", "3C \"EPT Violations\"",
		  "3C \"Exit Qualification for EPT Violations\"" },
	},
	{
		"mmio", "MMIO: a device where no memory is",
		"Devices answer at addresses where no memory is. To the CPU an access there is one more EPT violation. But now "
		"there is no page to map: somebody has to do what the instruction does. So the module reads the "
		"instruction's bytes out of the guest's memory, decodes them, and asks userspace to be the device: RUN ends "
		"with the address, and the next RUN takes the answer along.",
		{ FUNCTION("arch/x86/mmio.c", "exit_to_user_mmio"), FUNCTION("arch/x86/mmio.c", "mmio_answer") },
		step_mmio,
		{ "3C \"EPT Violations\"", "1 \"Memory-Mapped I/O\"" },
	},
	{
		"inject", "Injection: an interrupt that no device has sent",
		"A guest's interrupts are made by its hypervisor. It writes vector and type into the VM-entry "
		"interruption-information field, with bit 31 set, and the next VM entry delivers it: through the guest's own "
		"table, with the guest's own stack, before the first instruction. Then the CPU clears bit 31 by itself.\n"
		"This guest is in 16-bit real mode, as a PC's CPU is after reset. That such a guest runs without "
		"an emulator is the control \"unrestricted guest\".",
		{ FUNCTION("arch/x86/inject.c", "event_write") },
		step_inject,
		{ "3C \"VM-Entry Controls for Event Injection\"", "3C \"Event Injection\"",
		  "3B \"Real-Address Mode\"" },
	},
	{
		"failed", "A failed entry, and what it tells",
		"A VM entry is refused where one rule is broken. A wrong control or host field: VMLAUNCH fails like any "
		"instruction, and the VM-instruction error says 7 or 8. A wrong guest field: the CPU has begun to load the guest "
		"and comes back by an exit, with reason 33 and bit 31 set. Neither names the rule.\n"
		"The step breaks one: it injects an interrupt into a guest that has switched interrupts off.",
		{ { "arch/x86/exit.c", "exit_dispatch", "exit->reason & MINIVMX_EXIT_REASON_FAILED_ENTRY", "}" },
		  FUNCTION("arch/x86/exit.c", "exit_to_user_failed_entry") },
		step_failed,
		{ "3C \"VM-Entry Failures During or After Loading Guest State\"", "3C \"Checks on Guest RIP, RFLAGS, and SSP\"",
		  "3C \"VM Instruction Error Numbers\"" },
	},
	{
		"recorder", "The flight recorder: what happened before",
		"When a guest has crashed, what counts is what it did last. The module writes a line for each exit into "
		"memory that the guest's owner can map, also for those exits that it handles alone. That takes some forty "
		"instructions, so it is always on. The three numbers are ticks of the TSC: in the guest before the exit, in "
		"the kernel and in userspace after it.",
		{ FUNCTION("arch/x86/recorder.h", "recorder_exit") },
		step_recorder,
		{ "3C \"VM-Exit Information Fields\"", "3B \"Time-Stamp Counter\"" },
	},
	{
		"borrow", "Borrowing: two hypervisors, one CPU",
		"The CPU does not know who has switched VMX on. If KVM has, a second VMXON fails, and a VMXOFF of ours would take "
		"VMX away from under KVM. So where this module finds the CPU in VMX operation it stays in it: VMPTRST "
		"tells which VMCS is KVM's current one, and at the end of the slice VMPTRLD makes it that again. KVM never "
		"looks whether it still is, so this is not politeness but duty.",
		{ FUNCTION("arch/x86/slice.c", "slice_begin") },
		step_borrow,
		{ "3C \"VMPTRST - Store Pointer to Virtual-Machine Control Structure\"",
		  "3C \"VMXON - Enter VMX Operation\"" },
	},
	{
		"off", "VMXOFF: the end of a slice, and its price",
		"A slice ends in the mirror order of its beginning. VMCLEAR writes to memory whatever the CPU keeps of the VMCS "
		"to itself; without it, the VMCS could not run on another CPU. Then VMXOFF, or the other owner's VMCS. Nothing of "
		"ours is left in the CPU, which is why unplugging it, suspending it and unloading the module need no code.\n"
		"This costs some time whenever the guest needs userspace. The step measures it: 16 exits for CPUID, which stay in "
		"their slice, against 16 for OUT, each of which ends one.",
		{ FUNCTION("arch/x86/slice.c", "slice_end"), FUNCTION("arch/x86/slice.c", "vmx_operation_leave") },
		step_off,
		{ "3C \"VMXOFF - Leave VMX Operation\"", "3C \"VMCLEAR - Clear Virtual-Machine Control Structure\"",
		  "3C \"Software Use of Virtual-Machine Control Structures\"" },
	},
};

const unsigned int tour_stop_count = sizeof(tour_stops) / sizeof(tour_stops[0]);
