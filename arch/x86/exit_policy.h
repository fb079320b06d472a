/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exit_policy.h - what is done about each of the 86 basic exit reasons, one row each.
 *
 * Expand EXIT_POLICIES(X) with an X(symbol, fast, slow, policy) of your own. Symbols and order are
 * those of uapi/exit_reasons.h; @fast is the handler in the slice and @slow the one after it,
 * NULL: none (exit.c). The policy is what the README's table of exits says (`make exit-table`):
 *   kernel     handled here
 *   userspace  ends RUN, with the facts of the exit
 *   never      no guest can cause it, and why. Came one all the same, it would be userspace's
 * Where KVM has a policy it is this one; what a CPU without a feature does is #UD.
 */
#ifndef _MINIVMX_ARCH_EXIT_POLICY_H
#define _MINIVMX_ARCH_EXIT_POLICY_H

#define EXIT_POLICIES(X)									\
	X(EXCEPTION_NMI, handle_exception_nmi, NULL,						\
	  "kernel: NMIs and machine checks are the host's; #DB and #AC the guest's or `MINIVMX_EXIT_DEBUG`") \
	X(EXTERNAL_INTERRUPT, handle_external_interrupt, NULL,					\
	  "kernel: the host takes its interrupt")						\
	X(TRIPLE_FAULT, handle_triple_fault, NULL,						\
	  "userspace: `MINIVMX_EXIT_SHUTDOWN`")							\
	X(INIT_SIGNAL, NULL, NULL,								\
	  "userspace: unhandled; the host sends none to a CPU that runs tasks")			\
	X(SIPI_SIGNAL, NULL, NULL,								\
	  "never: no guest enters the wait-for-SIPI state")					\
	X(IO_SMI, NULL, NULL,									\
	  "never: SMIs exit under the dual-monitor treatment only")				\
	X(OTHER_SMI, NULL, NULL,								\
	  "never: SMIs exit under the dual-monitor treatment only")				\
	X(INTERRUPT_WINDOW, handle_interrupt_window, NULL,					\
	  "kernel: injects what waits; userspace: `MINIVMX_EXIT_IRQ_WINDOW_OPEN`")		\
	X(NMI_WINDOW, handle_nmi_window, NULL,							\
	  "kernel: injects the NMI that waits")							\
	X(TASK_SWITCH, NULL, NULL,								\
	  "userspace: unhandled; KVM's instruction emulator would do it")			\
	X(CPUID, handle_cpuid, NULL,								\
	  "kernel: the answer stands in the table of `MINIVMX_SET_CPUID2`")			\
	X(GETSEC, NULL, NULL,									\
	  "never: #UD, because CR4.SMXE is clear")						\
	X(HLT, handle_hlt, NULL,								\
	  "userspace: `MINIVMX_EXIT_HLT`")							\
	X(INVD, always_skip, NULL,								\
	  "kernel: skipped; it would discard the host's data")					\
	X(INVLPG, NULL, NULL,									\
	  "never: the control is off")								\
	X(RDPMC, always_protection, NULL,							\
	  "kernel: #GP; a guest has no performance counters")					\
	X(RDTSC, NULL, NULL,									\
	  "never: the control is off")								\
	X(RSM, NULL, NULL,									\
	  "never: #UD outside system-management mode")						\
	X(VMCALL, handle_vmcall, NULL,								\
	  "kernel: RAX = -1000 (no such call), or -1 (not permitted) outside ring 0")		\
	X(VMCLEAR, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(VMLAUNCH, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(VMPTRLD, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(VMPTRST, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(VMREAD, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(VMRESUME, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(VMWRITE, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(VMXOFF, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(VMXON, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(CR_ACCESS, handle_cr_access, NULL,							\
	  "kernel: host-owned bits of CR0 and CR4, CR8; a lower CR8 is `MINIVMX_EXIT_SET_TPR`")	\
	X(DR_ACCESS, handle_dr_access, NULL,							\
	  "kernel: the guest's debug registers are kept apart from the host's")			\
	X(IO_INSTRUCTION, handle_io_instruction, handle_io_string,				\
	  "userspace: `MINIVMX_EXIT_IO`")							\
	X(MSR_READ, handle_rdmsr, NULL,								\
	  "kernel: the table of MSRs; #GP for those not in it")					\
	X(MSR_WRITE, handle_wrmsr, NULL,							\
	  "kernel: the same")									\
	X(INVALID_STATE, NULL, NULL,								\
	  "userspace: `MINIVMX_EXIT_FAIL_ENTRY`")						\
	X(MSR_LOAD_FAIL, NULL, NULL,								\
	  "never: VM entry loads no list of MSRs; else `MINIVMX_EXIT_FAIL_ENTRY`")		\
	X(UNASSIGNED_35, NULL, NULL,								\
	  "never: not assigned")								\
	X(MWAIT, always_skip, NULL,								\
	  "kernel: skipped, as KVM does; CPUID does not show it")				\
	X(MONITOR_TRAP_FLAG, handle_monitor_trap_flag, NULL,					\
	  "userspace: `MINIVMX_EXIT_DEBUG`, for a debugger's single step")			\
	X(UNASSIGNED_38, NULL, NULL,								\
	  "never: not assigned")								\
	X(MONITOR, always_skip, NULL,								\
	  "kernel: skipped, as KVM does; CPUID does not show it")				\
	X(PAUSE, NULL, NULL,									\
	  "never: the control is off")								\
	X(MCE_DURING_VMENTRY, NULL, NULL,							\
	  "userspace: `MINIVMX_EXIT_FAIL_ENTRY`; the host handles the machine check first")	\
	X(UNASSIGNED_42, NULL, NULL,								\
	  "never: not assigned")								\
	X(TPR_BELOW_THRESHOLD, NULL, NULL,							\
	  "never: no TPR shadow")								\
	X(APIC_ACCESS, NULL, NULL,								\
	  "never: no APIC is virtualized")							\
	X(EOI_INDUCED, NULL, NULL,								\
	  "never: no APIC is virtualized")							\
	X(GDTR_IDTR, NULL, NULL,								\
	  "never: the control is off")								\
	X(LDTR_TR, NULL, NULL,									\
	  "never: the control is off")								\
	X(EPT_VIOLATION, handle_ept_violation, handle_ept_violation_slow,			\
	  "kernel: maps the page; userspace: `MINIVMX_EXIT_MMIO` where no memory is")		\
	X(EPT_MISCONFIG, NULL, NULL,								\
	  "never, or a bug of ours: userspace, with the guest-physical address")		\
	X(INVEPT, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(RDTSCP, NULL, NULL,									\
	  "never: exits only with RDTSC; #UD where it is not enabled")				\
	X(PREEMPTION_TIMER, handle_preemption_timer, NULL,					\
	  "kernel: the host gets its turn")							\
	X(INVVPID, always_undefined, NULL,							\
	  "kernel: #UD; no nested VMX")								\
	X(WBINVD, always_skip, NULL,								\
	  "kernel: skipped; a guest's memory is coherent, there are no devices")		\
	X(XSETBV, handle_xsetbv, NULL,								\
	  "kernel: XCR0 within what CPUID shows, else #GP")					\
	X(APIC_WRITE, NULL, NULL,								\
	  "never: no APIC is virtualized")							\
	X(RDRAND, NULL, NULL,									\
	  "never: the control is off")								\
	X(INVPCID, NULL, NULL,									\
	  "never: exits only with INVLPG; #UD where it is not enabled")				\
	X(VMFUNC, NULL, NULL,									\
	  "never: #UD, not enabled")								\
	X(ENCLS, always_undefined, NULL,							\
	  "kernel: #UD; no SGX")								\
	X(RDSEED, NULL, NULL,									\
	  "never: the control is off")								\
	X(PML_FULL, NULL, NULL,									\
	  "never: the control is off")								\
	X(XSAVES, NULL, NULL,									\
	  "never: #UD, not enabled")								\
	X(XRSTORS, NULL, NULL,									\
	  "never: #UD, not enabled")								\
	X(PCONFIG, NULL, NULL,									\
	  "never: #UD, not enabled")								\
	X(SPP_EVENT, NULL, NULL,								\
	  "never: the control is off")								\
	X(UMWAIT, NULL, NULL,									\
	  "never: #UD, not enabled")								\
	X(TPAUSE, NULL, NULL,									\
	  "never: #UD, not enabled")								\
	X(LOADIWKEY, NULL, NULL,								\
	  "never: #UD, because CR4.KL is clear")						\
	X(ENCLV, always_undefined, NULL,							\
	  "kernel: #UD; no SGX")								\
	X(UNASSIGNED_71, NULL, NULL,								\
	  "never: not assigned")								\
	X(ENQCMD_PASID, NULL, NULL,								\
	  "never: no PASID translation")							\
	X(ENQCMDS_PASID, NULL, NULL,								\
	  "never: no PASID translation")							\
	X(BUS_LOCK, NULL, NULL,									\
	  "never: the control is off")								\
	X(INSTRUCTION_TIMEOUT, NULL, NULL,							\
	  "never: the control is off")								\
	X(SEAMCALL, always_undefined, NULL,							\
	  "kernel: #UD; no TDX module is there for a guest")					\
	X(TDCALL, always_undefined, NULL,							\
	  "kernel: #UD; not a guest of a TDX module")						\
	X(RDMSRLIST, NULL, NULL,								\
	  "never: #UD, not enabled")								\
	X(WRMSRLIST, NULL, NULL,								\
	  "never: #UD, not enabled")								\
	X(URDMSR, NULL, NULL,									\
	  "never: #UD, no guest can enable it")							\
	X(UWRMSR, NULL, NULL,									\
	  "never: #UD, no guest can enable it")							\
	X(UNASSIGNED_82, NULL, NULL,								\
	  "never: not assigned")								\
	X(UNASSIGNED_83, NULL, NULL,								\
	  "never: not assigned")								\
	X(MSR_READ_IMM, always_undefined, NULL,							\
	  "kernel: #UD; CPUID does not show it")						\
	X(MSR_WRITE_IMM, always_undefined, NULL,						\
	  "kernel: #UD; CPUID does not show it")

#endif /* _MINIVMX_ARCH_EXIT_POLICY_H */
