// SPDX-License-Identifier: GPL-2.0
/*
 * programs_events.c - interrupts and NMIs from outside, single steps, breakpoints.
 *
 * An OUT to PORT_INTERRUPT asks the world for an interrupt with the vector in AL, one to PORT_NMI
 * for an NMI. SDM 3A "Interrupt and Exception Handling", SDM 3B "Debug, Branch Profile, ...".
 */
#include "differential.h"

#define PORT_INTERRUPT	0x70
#define PORT_NMI	0x71

#define INTERRUPT(vector)	"mov $" #vector ", %al\n\t out %al, $0x70\n\t"
#define NMI			"out %al, $0x71\n\t"

static int interrupt(struct machine *machine, __u8 vector)
{
	struct kvm_interrupt argument = { .irq = vector };

	return vm_ioctl(machine->vm.vcpu, KVM_INTERRUPT, (unsigned long)&argument);
}

/* As userspace does it: now if the guest can take it, else when it can. */
static bool world(struct machine *machine, const struct event *event)
{
	static __u8 waiting;
	struct kvm_run *run = (void *)machine->vm.run;
	bool halted = event->kind == EVENT_EXIT && event->address == KVM_EXIT_HLT;

	if (event->kind == EVENT_OUT && event->address == PORT_NMI)
		vm_ioctl(machine->vm.vcpu, KVM_NMI, 0);
	if (event->kind == EVENT_OUT && event->address == PORT_INTERRUPT)
		waiting = event->data;
	if (machine->outcome.exits == 1 && event->address != PORT_INTERRUPT)
		waiting = 0;
	if (waiting && run->ready_for_interrupt_injection) {
		interrupt(machine, waiting);
		waiting = 0;
	}
	run->request_interrupt_window = waiting != 0;
	return halted || (event->kind == EVENT_EXIT && event->address == KVM_EXIT_IRQ_WINDOW_OPEN);
}

CODE_ALL(interrupt_now, "sti\n\t nop\n\t" INTERRUPT(0x21) "inc %ebx\n\t" INTERRUPT(0x22)
	"cli\n\t inc %ebx");
CODE_ALL(interrupt_later,
	"cli\n\t" INTERRUPT(0x23) "inc %ebx\n\t cpuid\n\t inc %ebx\n\t sti\n\t inc %ebx\n\t"
	"inc %ebx\n\t cli\n\t"
	INTERRUPT(0x24) "inc %esi\n\t sti\n\t cli\n\t inc %esi\n\t sti\n\t cpuid\n\t"
	"inc %esi\n\t cli\n\t"
	INTERRUPT(0x25) "pushf\n\t orw $0x200, (%esp)\n\t popf\n\t inc %edi\n\t cli");
CODE_ALL(interrupt_stack_shadow,
	"mov %ss, %edx\n\t cli\n\t" INTERRUPT(0x26) "sti\n\t mov %edx, %ss\n\t inc %ebx\n\t"
	"inc %ebx\n\t cli\n\t"
	INTERRUPT(0x27) "sti\n\t in $0x40, %al\n\t inc %esi\n\t cli");
CODE_ALL(interrupt_wakes,
	"cli\n\t" INTERRUPT(0x28) "sti\n\t hlt\n\t inc %ebx\n\t cli\n\t" NMI "inc %ebx\n\t"
	"hlt\n\t inc %ebx");
/* Between the elements of a string instruction, and when the handler ends. */
CODE_ALL(interrupt_strings,
	"sti\n\t" INTERRUPT(0x29) "mov $D + 0x100, %esi\n\t mov $D + 0x200, %edi\n\t"
	"mov $20, %ecx\n\t rep movsb\n\t"
	"cli\n\t" INTERRUPT(0x2a) "mov $3, %ecx\n\t sti\n\t rep stosl\n\t inc %ebx");

CODE_ALL(nmi,
	"mov $1, %ebx\n\t" NMI "inc %ebx\n\t inc %ebx\n\t"
	"cli\n\t" NMI "inc %ebx\n\t" NMI NMI "inc %ebx\n\t sti\n\t" NMI
	"inc %ebx\n\t" INTERRUPT(0x2b) NMI "inc %ebx\n\t cli");

/* A second NMI comes while the first one is handled: it waits for IRET. */
static bool world_nmi_twice(struct machine *machine, const struct event *event)
{
	bool in_handler = event->kind == EVENT_OUT && event->address == PORT_VECTOR;

	if (in_handler && machine->outcome.events < 8)
		vm_ioctl(machine->vm.vcpu, KVM_NMI, 0);
	return world(machine, event);
}

#define TRAP_FLAG \
	"pushf\n\t orw $0x100, (%esp)\n\t popf\n\t"
#define NO_TRAP_FLAG \
	"pushf\n\t andw $~0x100, (%esp)\n\t popf\n\t"

CODE_ALL(single_step,
	TRAP_FLAG "inc %ebx\n\t inc %ebx\n\t cpuid\n\t xor %eax, %eax\n\t out %al, $0x20\n\t"
	"in $0x20, %al\n\t"
	"mov $D + 0x100, %esi\n\t mov $D + 0x200, %edi\n\t mov $2, %ecx\n\t rep movsb\n\t"
	"mov %ss, %edx\n\t"
	"mov %edx, %ss\n\t inc %ebx\n\t sti\n\t inc %ebx\n\t cli\n\t int $0x21\n\t int3\n\t nop\n\t"
	"pushf\n\t popf\n\t inc %ebx\n\t" NO_TRAP_FLAG "inc %ebx");
CODE_ALL(single_step_faults,
	TRAP_FLAG "nop" STEP "ud2" STEP "nop\n\t int $0x80" STEP "nop\n\t div %ah" STEP
	"vmcall" STEP "nop" STEP
	NO_TRAP_FLAG "nop");
CODE_ALL(single_step_mmio,
	"mov $M, %ebx\n\t" TRAP_FLAG "mov (%ebx), %eax\n\t mov %eax, 4(%ebx)\n\t"
	"addl $1, 8(%ebx)\n\t"
	"mov $D + 0x100, %esi\n\t lea 16(%ebx), %edi\n\t movsw\n\t stosl\n\t"
	"nop\n\t" NO_TRAP_FLAG "nop");
CODE_ALL(single_step_ports,
	"mov $D + 0x100, %esi\n\t mov $D + 0x200, %edi\n\t mov $0x330, %edx\n\t mov $3, %ecx\n\t"
	TRAP_FLAG "insl\n\t outsl\n\t nop\n\t" NO_TRAP_FLAG "nop");

GUEST_CODE(single_step_repeated, 32,
	"mov $0x10100, %esi\n\t mov $0x18010, %edi\n\t"
	"mov $3, %ecx\n\t" TRAP_FLAG "rep movsw\n\t mov $2, %ecx\n\t"
	"mov $0x330, %edx\n\t rep outsb\n\t nop\n\t" NO_TRAP_FLAG "nop");

/* ------------------------------------------------------------------ debug registers */

#define DR(A, number, value)	"mov $" #value ", " A "\n\t mov " A ", %dr" #number "\n\t"
#define AX16 "%eax"
#define AX32 "%eax"
#define AX64 "%rax"
#define DEBUG_REGISTERS(A)							\
	DR(A, 0, 0x1234) DR(A, 1, 0x2345) DR(A, 2, 0x3456) DR(A, 3, 0x4567)	\
	DR(A, 6, 0x12345678) DR(A, 7, 0x0bad0000)				\
	"mov %dr0, " A "\n\t mov %eax, %ebx\n\t mov %dr1, " A "\n\t add %eax, %ebx\n\t" \
	"mov %dr2, " A "\n\t add %eax, %ebx\n\t" \
	"mov %dr3, " A "\n\t add %eax, %ebx\n\t mov %dr6, " A "\n\t mov %eax, %ecx\n\t" \
	"mov %dr7, " A "\n\t mov %eax, %edx" STEP \
	"mov %dr4, " A "\n\t mov %eax, %esi" STEP "mov %dr5, " A "\n\t mov %eax, %edi" STEP	\
	"mov %cr4, " A "\n\t bts $3, %eax\n\t mov " A ", %cr4\n\t mov %dr4, " A STEP \
	"mov " A ", %dr5" STEP "nop"
GUEST_CODE(debug_registers_16, 16, DEBUG_REGISTERS(AX16));
GUEST_CODE(debug_registers_32, 32, DEBUG_REGISTERS(AX32));
GUEST_CODE(debug_registers_64, 64, DEBUG_REGISTERS(AX64)
	STEP "bts $40, %rax\n\t mov %rax, %dr7" STEP "mov %rax, %dr6" STEP
	"mov %rax, %dr0" STEP "mov %dr0, %rbp");

/* On code, on writes, on reads and writes, on ports; DR6 says which. */
GUEST_CODE(breakpoints, 32,
	DR("%eax", 0, 0x1080) DR("%eax", 1, 0x10000) DR("%eax", 2, 0x10010) DR("%eax", 3, 0x20)
	"mov %cr4, %eax\n\t or $8, %eax\n\t mov %eax, %cr4\n\t" DR("%eax", 7, 0x2fd107ff)
	".org breakpoints_start + 0x80, 0x90\n\t inc %ebx\n\t mov %dr6, %esi\n\t"
	"mov $0xffff0ff0, %eax\n\t mov %eax, %dr6\n\t"
	"mov %ebx, 0x10000\n\t mov %dr6, %edi\n\t mov %eax, %dr6\n\t mov 0x10000, %edx\n\t"
	"mov 0x10011, %dl\n\t mov %dr6, %ebp\n\t"
	"mov %eax, %dr6\n\t mov 0x1000f, %cx\n\t mov $0x10008, %edi\n\t mov $4, %ecx\n\t"
	"rep stosl\n\t mov %dr6, %ecx\n\t"
	"xor %eax, %eax\n\t mov %eax, %dr7\n\t mov %ebx, 0x10000");
GUEST_CODE(breakpoint_stack_shadow, 32,
	DR("%eax", 0, 0x10000) DR("%eax", 7, 0xd0403) "mov $0x10, %ebx\n\t"
	"mov %ebx, 0x10000\n\t mov 0x10000, %ss\n\t inc %ecx\n\t"
	"inc %ecx\n\t mov %dr6, %edx\n\t mov 0x10000, %ss\n\t int3\n\t inc %ecx\n\t"
	"xor %eax, %eax\n\t mov %eax, %dr7");
GUEST_CODE(breakpoint_port, 32,
	"mov %cr4, %eax\n\t or $8, %eax\n\t mov %eax, %cr4\n\t" DR("%eax", 0, 0x320)
	DR("%eax", 7, 0xe0402)
	"mov $0x321, %edx\n\t out %al, %dx\n\t mov %dr6, %ebx\n\t in %dx, %eax\n\t"
	"mov $0x324, %edx\n\t out %al, %dx\n\t xor %eax, %eax\n\t mov %eax, %dr7");
GUEST_CODE(general_detect, 32,
	DR("%eax", 7, 0x2400) "mov %dr0, %ebx" STEP "mov %dr7, %ecx\n\t mov %dr6, %edx" STEP
	"mov %ebx, %dr1\n\t mov %dr1, %esi");

/* Two faults in one, and three. */
GUEST_CODE(triple_fault, 32, "mov $0x20800, %esp\n\t push %eax" STEP "nop");
static void without_page_fault_gate(struct machine *machine, struct kvm_sregs *sregs,
				    struct kvm_regs *regs)
{
	(void)sregs;
	(void)regs;
	/* Not present: #NP while delivering #UD stays #NP, and while delivering #PF is a #DF. */
	machine->vm.mem[IDT32 + 14 * 8 + 5] = 0;
	machine->vm.mem[IDT32 + 6 * 8 + 5] = 0;
}
GUEST_CODE(contributory, 32, "ud2" STEP "mov 0x20000, %eax" STEP "int $6" STEP);

static const struct program programs[] = {
	ROWS_ALL(interrupt_now, .at_exit = world), ROWS_ALL(interrupt_later, .at_exit = world),
	ROWS_ALL(interrupt_stack_shadow, .at_exit = world),
	ROWS_ALL(interrupt_wakes, .at_exit = world),
	ROWS_ALL(interrupt_strings, .at_exit = world), ROWS_ALL(nmi, .at_exit = world),
	NAMED("nmi, twice", nmi_16, REAL, .at_exit = world_nmi_twice),
	NAMED("nmi, twice", nmi_32, PROT32, .at_exit = world_nmi_twice),
	NAMED("nmi, twice", nmi_64, LONG, .at_exit = world_nmi_twice),
	NAMED("nmi, twice", nmi_64, USER64, .at_exit = world_nmi_twice),
	ROWS_ALL(single_step), ROWS_ALL(single_step_faults), ROWS_ALL(single_step_mmio),
	ROW(single_step_repeated, PROT32),
	ROWS_ALL(single_step_ports), ROW(debug_registers_16, REAL), ROW(debug_registers_16, PROT16),
	ROWS_32(debug_registers), ROW(debug_registers_64, LONG), ROW(breakpoints, PROT32),
	ROW(breakpoints, PAGED), ROW(breakpoints, COMPAT), ROW(breakpoint_stack_shadow, PROT32),
	ROW(breakpoint_port, PROT32), ROW(breakpoint_port, PAE), ROW(general_detect, PROT32),
	ROW(triple_fault, PAGED), ROW(triple_fault, PAE),
	ROW(contributory, PAGED, .prepare = without_page_fault_gate),
	ROW(contributory, PAE, .prepare = without_page_fault_gate),
};

PROGRAM_LIST(programs_events, programs);
