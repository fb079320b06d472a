/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * exit_reasons.h - the basic exit reasons, 0 to 85, by name.
 *
 * The one list of them: the kernel's exit table and the tools are both built from it.
 * Expand MINIVMX_EXIT_REASONS(X) with an X(number, SYMBOL, name) of your own. The names
 * are those of SDM 3D "VMX Basic Exit Reasons"; the symbols follow Linux's <asm/vmx.h>.
 */
#ifndef _UAPI_MINIVMX_EXIT_REASONS_H
#define _UAPI_MINIVMX_EXIT_REASONS_H

#define MINIVMX_EXIT_REASON_COUNT	86

#define MINIVMX_EXIT_REASONS(X) \
	X(0, EXCEPTION_NMI, "exception or NMI") \
	X(1, EXTERNAL_INTERRUPT, "external interrupt") \
	X(2, TRIPLE_FAULT, "triple fault") \
	X(3, INIT_SIGNAL, "INIT signal") \
	X(4, SIPI_SIGNAL, "start-up IPI") \
	X(5, IO_SMI, "I/O SMI") \
	X(6, OTHER_SMI, "other SMI") \
	X(7, INTERRUPT_WINDOW, "interrupt window") \
	X(8, NMI_WINDOW, "NMI window") \
	X(9, TASK_SWITCH, "task switch") \
	X(10, CPUID, "CPUID") \
	X(11, GETSEC, "GETSEC") \
	X(12, HLT, "HLT") \
	X(13, INVD, "INVD") \
	X(14, INVLPG, "INVLPG") \
	X(15, RDPMC, "RDPMC") \
	X(16, RDTSC, "RDTSC") \
	X(17, RSM, "RSM") \
	X(18, VMCALL, "VMCALL") \
	X(19, VMCLEAR, "VMCLEAR") \
	X(20, VMLAUNCH, "VMLAUNCH") \
	X(21, VMPTRLD, "VMPTRLD") \
	X(22, VMPTRST, "VMPTRST") \
	X(23, VMREAD, "VMREAD") \
	X(24, VMRESUME, "VMRESUME") \
	X(25, VMWRITE, "VMWRITE") \
	X(26, VMXOFF, "VMXOFF") \
	X(27, VMXON, "VMXON") \
	X(28, CR_ACCESS, "control-register access") \
	X(29, DR_ACCESS, "MOV DR") \
	X(30, IO_INSTRUCTION, "I/O instruction") \
	X(31, MSR_READ, "RDMSR") \
	X(32, MSR_WRITE, "WRMSR") \
	X(33, INVALID_STATE, "VM-entry failure: invalid guest state") \
	X(34, MSR_LOAD_FAIL, "VM-entry failure: MSR loading") \
	X(35, UNASSIGNED_35, "unassigned") \
	X(36, MWAIT, "MWAIT") \
	X(37, MONITOR_TRAP_FLAG, "monitor trap flag") \
	X(38, UNASSIGNED_38, "unassigned") \
	X(39, MONITOR, "MONITOR") \
	X(40, PAUSE, "PAUSE") \
	X(41, MCE_DURING_VMENTRY, "VM-entry failure: machine check") \
	X(42, UNASSIGNED_42, "unassigned") \
	X(43, TPR_BELOW_THRESHOLD, "TPR below threshold") \
	X(44, APIC_ACCESS, "APIC access") \
	X(45, EOI_INDUCED, "virtualized EOI") \
	X(46, GDTR_IDTR, "access to GDTR or IDTR") \
	X(47, LDTR_TR, "access to LDTR or TR") \
	X(48, EPT_VIOLATION, "EPT violation") \
	X(49, EPT_MISCONFIG, "EPT misconfiguration") \
	X(50, INVEPT, "INVEPT") \
	X(51, RDTSCP, "RDTSCP") \
	X(52, PREEMPTION_TIMER, "VMX-preemption timer expired") \
	X(53, INVVPID, "INVVPID") \
	X(54, WBINVD, "WBINVD or WBNOINVD") \
	X(55, XSETBV, "XSETBV") \
	X(56, APIC_WRITE, "APIC write") \
	X(57, RDRAND, "RDRAND") \
	X(58, INVPCID, "INVPCID") \
	X(59, VMFUNC, "VMFUNC") \
	X(60, ENCLS, "ENCLS") \
	X(61, RDSEED, "RDSEED") \
	X(62, PML_FULL, "page-modification log full") \
	X(63, XSAVES, "XSAVES") \
	X(64, XRSTORS, "XRSTORS") \
	X(65, PCONFIG, "PCONFIG") \
	X(66, SPP_EVENT, "SPP-related event") \
	X(67, UMWAIT, "UMWAIT") \
	X(68, TPAUSE, "TPAUSE") \
	X(69, LOADIWKEY, "LOADIWKEY") \
	X(70, ENCLV, "ENCLV") \
	X(71, UNASSIGNED_71, "unassigned") \
	X(72, ENQCMD_PASID, "ENQCMD PASID translation failure") \
	X(73, ENQCMDS_PASID, "ENQCMDS PASID translation failure") \
	X(74, BUS_LOCK, "bus lock") \
	X(75, INSTRUCTION_TIMEOUT, "instruction timeout") \
	X(76, SEAMCALL, "SEAMCALL") \
	X(77, TDCALL, "TDCALL") \
	X(78, RDMSRLIST, "RDMSRLIST") \
	X(79, WRMSRLIST, "WRMSRLIST") \
	X(80, URDMSR, "URDMSR") \
	X(81, UWRMSR, "UWRMSR") \
	X(82, UNASSIGNED_82, "unassigned") \
	X(83, UNASSIGNED_83, "unassigned") \
	X(84, MSR_READ_IMM, "RDMSR with immediate") \
	X(85, MSR_WRITE_IMM, "WRMSRNS with immediate")

#endif /* _UAPI_MINIVMX_EXIT_REASONS_H */
