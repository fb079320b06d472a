// SPDX-License-Identifier: GPL-2.0
/*
 * lab_faults.c - the faults of `minivmx lab`, in the order of the CPU's checks: controls, host state, guest
 * state, MSRs.
 *
 * Reached from lab.c; `lab --check-all` holds them to what they say.
 */
#include "lab.h"

const struct fault lab_faults[] = {
	/* SDM 3C "Checks on VMX Controls" */
	{
		"tag-0", "To spare TLB flushes you have just switched VPIDs on. The guest that ran yesterday does not start.",
		"control.vpid.zero",
		{ "control.eptp.reserved", "control.unrestricted-guest.ept", "control.cr3-target.count" },
	}, {
		"one-level-short", "You build the EPT pointer from constants of your own: the table's address, its depth, its memory "
		"type.",
		"control.eptp.levels",
		{ "control.eptp.memory-type", "control.eptp.reserved", "control.vpid.zero" },
	}, {
		"wrong-paint", "A colleague says that page tables of devices should not be cached, and changes a constant in "
		"the EPT pointer.",
		"control.eptp.memory-type",
		{ "control.eptp.levels", "control.eptp.width", "control.eptp.accessed-dirty" },
	}, {
		"stray-bit", "The EPT pointer is put together with |, and one of the operands was shifted too far.",
		"control.eptp.reserved",
		{ "control.eptp.levels", "control.eptp.width", "control.eptp.memory-type" },
	}, {
		"half-switched", "For a comparison you switch nested paging off, and want to do the rest by shadow page tables.",
		"control.unrestricted-guest.ept",
		{ "control.mode-based-execute.ept", "control.vpid.zero", "control.secondary.allowed-1" },
	}, {
		"nmi-half", "The host's NMIs shall not disturb the guest's counting of its own, so you take one control away.",
		"control.virtual-nmis.nmi-exiting",
		{ "control.nmi-window.virtual-nmis", "control.pin.allowed-0", "control.save-timer.timer" },
	}, {
		"window-to-nowhere", "An NMI waits for the guest, and you ask for an exit as soon as it can take one.",
		"control.nmi-window.virtual-nmis",
		{ "control.virtual-nmis.nmi-exiting", "control.primary.allowed-0", "control.event.nmi-vector" },
	}, {
		"halfway", "The bitmaps for MSRs take 4 KiB, and your allocator hands out blocks of 2 KiB.",
		"control.msr-bitmaps.address",
		{ "control.io-bitmap-a.address", "control.virtual-apic.address", "control.primary.allowed-1" },
	}, {
		"far-bitmap", "You want the exits of some ports only, and allocate two bitmaps for them.",
		"control.io-bitmap-b.address",
		{ "control.io-bitmap-a.address", "control.msr-bitmaps.address", "control.primary.allowed-1" },
	}, {
		"five-targets", "A guest changes CR3 between the same few values, so you list them for the CPU.",
		"control.cr3-target.count",
		{ "control.vpid.zero", "control.msr-bitmaps.address", "control.entry-msr-load.alignment" },
	}, {
		"stopped-clock", "The preemption timer is off again, because the guest has the CPU to itself.",
		"control.save-timer.timer",
		{ "control.exit.allowed-0", "control.pin.allowed-0", "control.virtual-nmis.nmi-exiting" },
	}, {
		"future-bit", "The pin-based controls come from a configuration file of another machine.",
		"control.pin.allowed-1",
		{ "control.pin.allowed-0", "control.primary.allowed-1", "control.virtual-nmis.nmi-exiting" },
	}, {
		"from-zero", "A rewrite of your set-up starts each control word at 0 and sets what it wants, without a look at "
		"the capability MSRs.",
		"control.exit.allowed-0",
		{ "control.exit.allowed-1", "control.entry.allowed-0", "control.primary.allowed-0" },
	}, {
		"crooked-list", "The MSRs that the entry loads are now in the middle of a larger structure.",
		"control.entry-msr-load.alignment",
		{ "control.entry-msr-load.width", "control.exit-msr-load.alignment", "control.exit-msr-store.alignment" },
	}, {
		"urgent", "Tests inject an event of each type and each vector. One of the first stops here.",
		"control.event.nmi-vector",
		{ "control.event.type-reserved", "control.event.exception-vector", "control.event.error-code-type" },
	}, {
		"vector-32", "Your timer interrupt is vector 32, and it does not arrive.",
		"control.event.exception-vector",
		{ "control.event.type-reserved", "control.event.nmi-vector", "control.event.reserved" },
	}, {
		"bare-fault", "The guest's WRMSR deserves a #GP, and you inject one.",
		"control.event.error-code-missing",
		{ "control.event.error-code-type", "control.event.error-code-vector", "control.event.length-zero" },
	}, {
		"generous", "To be safe, all injected exceptions now come with an error code of 0. The guest meets an invalid opcode.",
		"control.event.error-code-vector",
		{ "control.event.error-code-missing", "control.event.error-code-type", "control.event.error-code-real-mode" },
	}, {
		"old-mode", "The same #GP that works for Linux makes the entry of a boot loader fail.",
		"control.event.error-code-real-mode",
		{ "control.event.error-code-type", "control.event.error-code-missing", "control.event.error-code-high" },
	}, {
		"no-way-back", "A debugger's breakpoint is handed to the guest, as the INT3 that it is.",
		"control.event.length-zero",
		{ "control.event.length-above-15", "control.event.error-code-missing", "control.event.nmi-vector" },
	},
	/* SDM 3C "Checks on Host Control Registers, MSRs, and SSP" and what follows it */
	{
		"early-bird", "You fill in the host-state area before you enter VMX operation.",
		"host.cr4.fixed-0",
		{ "host.cr0.fixed-0", "host.cr4.pae-64-bit", "host.cr4.fixed-1" },
	}, {
		"no-pae", "A constant for the host's CR4 has replaced reading the register.",
		"host.cr4.pae-64-bit",
		{ "host.cr4.fixed-0", "host.cr4.fixed-1", "host.efer.lma" },
	}, {
		"lazy-efer", "The exit shall load the host's EFER, and you know which bits the kernel has set in it.",
		"host.efer.lma",
		{ "host.efer.lme", "host.efer.reserved", "host.cr4.pae-64-bit" },
	}, {
		"bad-cache", "The exit shall load the host's PAT, and you write it byte by byte.",
		"host.pat.type",
		{ "host.efer.reserved", "host.perf-global-ctrl.reserved", "host.cr0.fixed-1" },
	}, {
		"user-segment", "One of the host's selectors is what the program had that made the guest.",
		"host.ds.rpl-ti",
		{ "host.cs.rpl-ti", "host.ss.rpl-ti", "host.tr.null" },
	}, {
		"taskless", "Your hypervisor starts before the operating system, and has a GDT of its own: code and data.",
		"host.tr.null",
		{ "host.cs.null", "host.tr.rpl-ti", "host.tr.base-canonical" },
	}, {
		"cut-pointer", "The per-CPU area's address goes through a function that clears the bits above 47.",
		"host.gs.base-canonical",
		{ "host.fs.base-canonical", "host.gdtr.base-canonical", "host.tr.base-canonical" },
	}, {
		"lost-door", "The address where exits come back is computed from two labels.",
		"host.rip.canonical",
		{ "host.idtr.base-canonical", "host.sysenter-eip.canonical", "host.gdtr.base-canonical" },
	},
	/* SDM 3C "Checks on the Guest State Area" */
	{
		"deaf-guest", "Your timer ticks, and you inject its interrupt at once. Mostly that works.",
		"guest.rflags.if-with-extint",
		{ "guest.interruptibility.extint-in-shadow", "guest.interruptibility.sti-if", "guest.rflags.reserved" },
	}, {
		"simple-flags", "A new guest shall start with interrupts on, and all other flags at 0.",
		"guest.rflags.bit-1",
		{ "guest.rflags.reserved", "guest.rip.width", "guest.dr7.high" },
	}, {
		"paging-alone", "A guest switches from 64-bit code towards real mode, and you let it take the bits of CR0 in any order.",
		"guest.cr0.pg-pe",
		{ "guest.cr0.ia32e-pg", "guest.cr0.fixed-0", "guest.cr0.fixed-1" },
	}, {
		"no-pae-inside", "The guest's CR4 is what the guest has written there, with VMXE added.",
		"guest.cr4.ia32e-pae",
		{ "guest.cr4.fixed-0", "guest.cr4.pcide-ia32e", "guest.cr0.ia32e-pg" },
	}, {
		"half-long", "You enter a guest in 64-bit code directly, without the way through its boot loader.",
		"guest.efer.lma",
		{ "guest.efer.lme", "guest.efer.reserved", "guest.cr4.ia32e-pae" },
	}, {
		"two-sizes", "The code segment's descriptor is the one for 32-bit code, with one more bit.",
		"guest.cs.long-and-default",
		{ "guest.cs.type", "guest.cs.granularity-low", "guest.cs.dpl" },
	}, {
		"untouched-code", "You load CS from the guest's GDT by yourself, and copy the descriptor as it stands.",
		"guest.cs.type",
		{ "guest.cs.system", "guest.cs.present", "guest.cs.long-and-default" },
	}, {
		"idle-task", "A 64-bit guest's TR was never loaded, so you give it what real mode leaves there.",
		"guest.tr.type",
		{ "guest.tr.present", "guest.tr.unusable", "guest.tr.system" },
	}, {
		"odd-limit", "The limit of DS counts pages in the descriptor and bytes in the VMCS. You have it in bytes.",
		"guest.ds.granularity-low",
		{ "guest.ds.granularity-high", "guest.ds.reserved", "guest.ds.present" },
	}, {
		"vm86-base", "A monitor for old programs runs them in virtual-8086 mode, each somewhere else in memory.",
		"guest.cs.v8086-base",
		{ "guest.cs.v8086-limit", "guest.cs.v8086-rights", "guest.ss.v8086-base" },
	}, {
		"far-away", "The guest's RIP comes from a file whose symbol table you have not checked.",
		"guest.rip.width",
		{ "guest.rip.high", "guest.cr3.width", "guest.rflags.reserved" },
	}, {
		"two-shadows", "You emulate STI and MOV SS, and forget that time passes between them.",
		"guest.interruptibility.sti-and-mov-ss",
		{ "guest.interruptibility.sti-if", "guest.interruptibility.reserved", "guest.activity.shadow" },
	}, {
		"shadow-of-nothing", "A guest is moved to another host while it executes STI. What it does next is CLI.",
		"guest.interruptibility.sti-if",
		{ "guest.interruptibility.sti-and-mov-ss", "guest.rflags.if-with-extint", "guest.activity.shadow" },
	}, {
		"second-nmi", "A watchdog sends the guest an NMI every second, whatever the guest is doing.",
		"guest.interruptibility.nmi-blocked",
		{ "guest.interruptibility.nmi-in-mov-ss", "guest.interruptibility.smi", "guest.activity.shutdown-event" },
	}, {
		"sleepwalker", "The guest has executed HLT, and its state says so. Then your emulator raises an exception in it.",
		"guest.activity.hlt-event",
		{ "guest.activity.shutdown-event", "guest.activity.hlt-dpl", "guest.activity.shadow" },
	}, {
		"lost-step", "A debugger in the guest steps over an STI, and you skip the instruction for it.",
		"guest.pending-debug.bs-missing",
		{ "guest.pending-debug.bs-unexpected", "guest.interruptibility.sti-if", "guest.pending-debug.reserved" },
	}, {
		"loose-link", "A VMCS is copied from a page of zeros with a few fields set, one of them by mistake.",
		"guest.link-pointer.address",
		{ "guest.dr7.high", "guest.debugctl.reserved", "guest.cr3.width" },
	}, {
		"writable-pdpt", "A 32-bit guest with PAE: you fill all levels of its page tables with the same flags.",
		"guest.pdpte0.reserved",
		{ "guest.pdpte1.reserved", "guest.cr3.width", "guest.cr4.pcide-ia32e" },
	},
	/* SDM 3C "Loading MSRs" */
	{
		"double-load", "The guest's MSRs all go through one list, and a loop writes it.",
		"msr-load.segment-base",
		{ "msr-load.read-only", "msr-load.canonical", "msr-load.high" },
	}, {
		"late-efer", "EFER is on that list as well, with a value from before the guest has become a 64-bit one.",
		"msr-load.efer-lme",
		{ "msr-load.efer-reserved", "msr-load.read-only", "msr-load.high" },
	},
};

const unsigned int lab_fault_count = sizeof(lab_faults) / sizeof(lab_faults[0]);
