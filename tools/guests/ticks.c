/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ticks.c - a kernel (multiboot) that counts a timer's interrupts for ten seconds, half of them while
 * it halts and half while it spins, and says how long that took by the TSC.
 *
 *	minivmx run --append "pit 1000" ticks	the 8254 at 1000 Hz, through the 8259
 *	minivmx run --append "apic 250" ticks	the local APIC's timer at 250 Hz
 *
 * It ends with 0 if it took what it should, within 0.5 %: interrupts that are lost make it longer,
 * doubled ones shorter. Frequencies are those of CPUID leaf 0x15. Data sheets: Intel's 8254
 * and 8259A; SDM 3A "APIC Timer". It needs a CPU whose TSC says 10 s in 64 bits divided by 32.
 */
#include <cpuid.h>
#include <stdbool.h>
#include <stdint.h>

#define SECONDS		10

#define PIC_MASTER	0x20
#define PIC_SLAVE	0xa0
#define PIC_INIT	0x11		/* ICW1: cascade, ICW4 follows */
#define PIC_8086	0x01		/* ICW4 */
#define PIC_EOI		0x20
#define PIT_COUNTER0	0x40
#define PIT_CONTROL	0x43
#define PIT_RATE	0x34		/* counter 0, both bytes, mode 2 */
#define PIT_FREQUENCY	1193182
#define DEBUG_PORT	0xe9
#define EXIT_PORT	0xf4

#define APIC(offset)	(*(volatile uint32_t *)(0xfee00000 + (offset)))
#define APIC_EOI	0x0b0
#define APIC_SVR	0x0f0
#define APIC_LVT_TIMER	0x320
#define APIC_INITIAL	0x380
#define APIC_DIVIDE	0x3e0
#define SVR_ENABLE	0x100
#define LVT_PERIODIC	0x20000
#define DIVIDE_BY_1	0xb

#define VECTOR_PIT	0x20		/* the master's first */
#define VECTOR_APIC	0x30
#define VECTOR_SPURIOUS	0xff

/* Entered in 32-bit protected mode, segments flat, EBX pointing to the multiboot information. */
asm(".pushsection .rodata\n"
    "	.p2align 2\n"
    "	.long 0x1badb002, 0, -0x1badb002\n"
    "	.popsection\n"
    "	.globl start\n"
    "start:	mov $stack_end, %esp\n"
    "	push %ebx\n"
    "	call run\n"
    "	.pushsection .bss\n"
    "	.p2align 4\n"
    "	.skip 4096\n"
    "stack_end:\n"
    "	.popsection");

struct gate {
	uint16_t offset_low, selector, type, offset_high;
} __attribute__((packed));

struct frame;

static struct gate idt[256];
static volatile uint32_t ticks;
static uint32_t total;
static uint64_t first, last;

static void out(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

static void print(const char *text)
{
	while (*text)
		out(DEBUG_PORT, *text++);
}

static void print_number(uint32_t number)
{
	if (number >= 10)
		print_number(number / 10);
	out(DEBUG_PORT, '0' + number % 10);
}

static void __attribute__((noreturn)) end(uint8_t status)
{
	out(EXIT_PORT, status);
	for (;;)
		asm volatile("hlt");
}

/* The time between the first tick, number 0, and the last is that of as many periods as the total. */
static void count(void)
{
	if (ticks == 0)
		first = __builtin_ia32_rdtsc();
	if (ticks == total)
		last = __builtin_ia32_rdtsc();
	ticks++;
}

static void __attribute__((interrupt)) pit_tick(struct frame *frame)
{
	(void)frame;
	count();
	out(PIC_MASTER, PIC_EOI);
}

static void __attribute__((interrupt)) apic_tick(struct frame *frame)
{
	(void)frame;
	count();
	APIC(APIC_EOI) = 0;
}

static void set_gate(uint8_t vector, void (*handler)(struct frame *))
{
	uint32_t offset = (uint32_t)handler;
	uint16_t code;

	asm("mov %%cs, %0" : "=r" (code));
	idt[vector] = (struct gate){ offset, code, 0x8e00, offset >> 16 };
}

static void load_idt(void)
{
	struct { uint16_t limit; uint32_t base; } __attribute__((packed)) idtr = { sizeof(idt) - 1, (uint32_t)idt };

	set_gate(VECTOR_PIT, pit_tick);
	set_gate(VECTOR_APIC, apic_tick);
	asm volatile("lidt %0" : : "m" (idtr));
}

static void start_pit(uint16_t divisor)
{
	out(PIC_MASTER, PIC_INIT);
	out(PIC_MASTER + 1, VECTOR_PIT);
	out(PIC_MASTER + 1, 1 << 2);	/* where the slave is */
	out(PIC_MASTER + 1, PIC_8086);
	out(PIC_MASTER + 1, 0xfe);	/* all masked but input 0 */
	out(PIC_SLAVE + 1, 0xff);
	out(PIT_CONTROL, PIT_RATE);
	out(PIT_COUNTER0, divisor & 0xff);
	out(PIT_COUNTER0, divisor >> 8);
}

static void start_apic_timer(uint32_t initial)
{
	out(PIC_MASTER + 1, 0xff);
	out(PIC_SLAVE + 1, 0xff);
	APIC(APIC_SVR) = SVR_ENABLE | VECTOR_SPURIOUS;
	APIC(APIC_DIVIDE) = DIVIDE_BY_1;
	APIC(APIC_LVT_TIMER) = LVT_PERIODIC | VECTOR_APIC;
	APIC(APIC_INITIAL) = initial;
}

/* VALUE * FACTOR / DIVISOR; the result must fit. */
static uint32_t scale(uint64_t value, uint32_t factor, uint32_t divisor)
{
	uint32_t high, low, remainder;

	value *= factor;
	high = value >> 32;
	low = value;
	asm("divl %3" : "=a" (low), "=d" (remainder) : "0" (low), "r" (divisor), "1" (high));
	return low;
}

/* The number at the end of TEXT, which is behind one space. */
static uint32_t number_in(const char *text)
{
	uint32_t number = 0;

	while (*text && *text++ != ' ')
		;
	while (*text >= '0' && *text <= '9')
		number = number * 10 + *text++ - '0';
	return number;
}

/* Returns how long it took, in 1/100,000 s. */
static uint32_t count_all(uint32_t tsc_khz)
{
	asm volatile("sti");
	while (ticks < total / 2)
		asm volatile("hlt");
	while (ticks <= total)
		;
	asm volatile("cli");
	return scale(last - first, 100, tsc_khz);
}

/* For the linker: called from start. */
void run(const uint32_t *information);
void run(const uint32_t *information)
{
	const char *timer = (const char *)information[4];	/* the command line */
	uint32_t denominator, numerator, frequency, unused, tsc_khz, elapsed, expected, hz = number_in(timer);

	if (!__get_cpuid(0x15, &denominator, &numerator, &frequency, &unused) || !denominator || hz < 20)
		end(2);
	tsc_khz = scale(frequency, numerator, denominator) / 1000;
	total = hz * SECONDS;
	load_idt();
	if (*timer == 'p') {
		frequency = PIT_FREQUENCY;
		start_pit(frequency / hz);
	} else {
		start_apic_timer(frequency / hz);
	}
	expected = scale((uint64_t)(frequency / hz) * total, 100000, frequency);
	elapsed = count_all(tsc_khz);
	print_number(total);
	print(" ticks, ");
	print(timer);
	print(" Hz: ");
	print_number(elapsed / 100);
	print(" ms, expected ");
	print_number(expected / 100);
	print(" ms\n");
	end(elapsed < expected - expected / 200 || elapsed > expected + expected / 200);
}
