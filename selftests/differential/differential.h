/* SPDX-License-Identifier: GPL-2.0 */
/*
 * differential.h - one guest program, two hypervisors, the same outcome.
 *
 * main.c reads the options and counts; machine.c has a VM on each device and runs a program on it;
 * compare.c looks for differences; modes.c gives a guest its tables and registers, handlers.c its
 * exception handlers; programs_*.c are the programs, random*.c makes more of them.
 *
 * A program begins at CODE. The rest of the code pages are OUTs to PORT_END, so running off its end
 * ends it. Faults are reported through ports and continue at the next multiple of 16: with STEP
 * between them, instructions fail one by one.
 */
#ifndef SELFTESTS_DIFFERENTIAL_H
#define SELFTESTS_DIFFERENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/kvm.h>
#include <linux/types.h>

#include "vm.h"

/* Guest-physical layout; also linear, one to one, unless the window below says otherwise. */
#define IVT		0x0000		/* of real mode */
#define CODE		0x1000		/* read-only slot: 3 pages with the handlers */
#define HANDLERS	0x3000
#define GDT		0x4000
#define LDT		0x4400
#define TSS		0x4800
#define TSS_OTHER	0x4c00
#define IDT32		0x5000
#define IDT64		0x5200
#define TABLES		0x6000		/* page tables, 8 pages */
#define STACK		0xf000		/* of ring 0, grows down */
#define USER_STACK	0xfff0		/* of ring 3 and of virtual-8086 mode */
#define DATA		0x10000		/* 8 pages, pseudo-random */
#define MEMORY_SIZE	0x18000
#define HOLE		0x18000		/* nothing from here on: MMIO */

/* The window: linear pages that are not mapped one to one where there is paging. */
#define PAGE_EDGE	0x1f000		/* DATA + 0x7000 */
#define PAGE_ABSENT	0x20000
#define PAGE_CODE	0x21000		/* GATE_TARGET, which ends the program; writable here */
#define PAGE_SUPERVISOR	0x22000		/* DATA + 0x6000 */
#define PAGE_BEFORE	0x23000		/* DATA + 0x3000, and after it */
#define PAGE_HOLE	0x24000		/* guest-physical FAR_HOLE */
#define PAGE_AFTER	0x25000		/* DATA + 0x4000 */
#define PAGE_READ_ONLY	0x26000		/* DATA + 0x5000 */
#define FAR_HOLE	0x8000000

#define SEL_CODE32	0x08
#define SEL_DATA	0x10
#define SEL_CODE64	0x18
#define SEL_CODE16	0x20
#define SEL_STACK_16	0x28
#define SEL_USER_CODE32	0x33
#define SEL_USER_DATA	0x3b
#define SEL_USER_CODE64	0x43
#define SEL_WINDOW	0x48		/* base DATA, limit 0x7fff */
#define SEL_ABSENT	0x50
#define SEL_READ_ONLY	0x58
#define SEL_NO_READ	0x60
#define SEL_DOWN	0x68		/* expand-down: from 0x1000 up */
#define SEL_LDT		0x70
#define SEL_TSS		0x80
#define SEL_TSS_OTHER	0x90
#define SEL_GATE	0xa0		/* call gate to GATE_TARGET, for ring 3 */
#define SEL_CONFORMING	0xb0
#define SEL_GATE_ABSENT	0xc0
#define SEL_DATA16	0xd0		/* base DATA, limit 0xffff */
#define GDT_LIMIT	0xd7
#define GATE_TARGET	0x2000

#define VECTORS		48		/* with a gate; all others fault */
/* The handlers' reports. */
#define PORT_VECTOR	0xe0		/* vector << 24 | error code */
#define PORT_RIP	0xe2		/* of the fault or after the trap */
#define PORT_CR2	0xe4		/* after a page fault */
#define PORT_END	0xee

enum mode {
	REAL,		/* 16 bits; DS and ES at DATA, FS at DATA + 0x2000, GS at HOLE */
	V86,		/* the same in virtual-8086 mode, IOPL 3 */
	PROT16,		/* 16-bit code, segments as in real mode */
	PROT32,		/* flat segments, no paging; FS is SEL_WINDOW in all of these */
	USER32,		/* the same in ring 3, IOPL 3 */
	PAGED,		/* two-level paging */
	PAE,
	COMPAT,		/* 32-bit code in long mode */
	LONG,		/* GS base PAGE_HOLE */
	USER64,		/* the same in ring 3 */
	MODES
};

extern const char * const mode_names[MODES];

/* What a guest did that the world can see. */
enum event_kind {
	EVENT_IN, EVENT_OUT,		/* one element */
	EVENT_READ, EVENT_WRITE,	/* MMIO */
	EVENT_EXIT,			/* any other exit; address: the reason */
	EVENT_ERROR,			/* RUN failed; address: the error */
};

struct event {
	__u8 kind, size;
	__u64 address, data;
};

#define MSR_COUNT	10	/* those that programs may write; see machine.c */
#define MAX_EVENTS	16384
#define MAX_EXITS	2500

/* What a program leaves behind beside its memory. */
struct outcome {
	unsigned int events, exits;
	struct event event[MAX_EVENTS];
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_xsave xsave;
	struct kvm_debugregs debugregs;
	struct kvm_xcrs xcrs;
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entries[MSR_COUNT];
	} msrs;
};

struct program;

/* A VM on one of the devices. */
struct machine {
	const char *device;
	struct vm vm;
	bool kvm;
	const struct program *program;
	unsigned int answers;		/* elements read so far */
	struct outcome outcome;
};

struct program {
	const char *name;
	enum mode mode;
	const __u8 *start, *end;
	/* Changes what modes.c set up. */
	void (*prepare)(struct machine *machine, struct kvm_sregs *sregs, struct kvm_regs *regs);
	/* Called after each exit; says whether a program that ended goes on. */
	bool (*at_exit)(struct machine *machine, const struct event *event);
};

struct program_list {
	const struct program *programs;
	unsigned int count;
};

#define PROGRAM_LIST(name, table)						\
	const struct program_list name = { table, sizeof(table) / sizeof((table)[0]) }

extern const struct program_list programs_basic, programs_faults, programs_io, programs_mmio,
	programs_modes, programs_system, programs_events, programs_fpu;

/* GUEST_CODE and a row for it; STEP: faults before it go on after it. */
#define STEP		"\n\t.p2align 4, 0x90\n\t"
#define ROW(code, mode_, ...) NAMED(#code, code, mode_, ##__VA_ARGS__)
#define NAMED(name_, code, mode_, ...)						\
	{ .name = name_, .mode = mode_, .start = code##_start, .end = code##_end, ##__VA_ARGS__ }

/*
 * The same source as 16-bit, 32-bit and 64-bit code. In DS and ES, D is DATA's offset, E the end of
 * memory, where the hole begins, and M a page in the hole, PAGE_HOLE if there is paging.
 */
#define CODE_16(name, code) \
	GUEST_CODE(name##_16, 16, ".set D, 0; .set E, 0x8000; .set M, 0xc000\n\t" code)
#define CODE_32(name, code) \
	GUEST_CODE(name##_32, 32, ".set D, 0x10000; .set E, 0x18000; .set M, 0x24000\n\t" code)
#define CODE_64(name, code) \
	GUEST_CODE(name##_64, 64, ".set D, 0x10000; .set E, 0x18000; .set M, 0x24000\n\t" code)
#define CODE_16_32(name, code)	CODE_16(name, code); CODE_32(name, code)
#define CODE_ALL(name, code)	CODE_16_32(name, code); CODE_64(name, code)

#define ROWS_16(name, ...)							\
	ROW(name##_16, REAL, ##__VA_ARGS__), ROW(name##_16, V86, ##__VA_ARGS__),	\
	ROW(name##_16, PROT16, ##__VA_ARGS__)
#define ROWS_32(name, ...)							\
	ROW(name##_32, PROT32, ##__VA_ARGS__), ROW(name##_32, USER32, ##__VA_ARGS__),	\
	ROWS_PAGED(name, ##__VA_ARGS__)
#define ROWS_PAGED(name, ...)							\
	ROW(name##_32, PAGED, ##__VA_ARGS__), ROW(name##_32, PAE, ##__VA_ARGS__),	\
	ROW(name##_32, COMPAT, ##__VA_ARGS__)
#define ROWS_64(name, ...) \
	ROW(name##_64, LONG, ##__VA_ARGS__), ROW(name##_64, USER64, ##__VA_ARGS__)
#define ROWS_ALL(name, ...) \
	ROWS_16(name, ##__VA_ARGS__), ROWS_32(name, ##__VA_ARGS__), ROWS_64(name, ##__VA_ARGS__)

/* modes.c */
void mode_memory(__u8 *memory, enum mode mode);
void mode_registers(enum mode mode, struct kvm_sregs *sregs, struct kvm_regs *regs);
void write_handlers(__u8 *memory);	/* handlers.c */

/* machine.c; all return 0 or -errno */
int machine_create(struct machine *machine, const char *device);
int machine_share_cpuid(struct machine *from, struct machine *to);
int machine_run(struct machine *machine, const struct program *program);

/* compare.c */
bool outcomes_equal(struct machine *a, struct machine *b);
void print_outcomes(struct machine *a, struct machine *b);

/* known.c */
struct known_difference {
	const char *program;	/* in all its modes */
	const char *argument;	/* why it stays so */
	bool may_hide;		/* some CPUs do not show it */
};

/* Why this program may differ, and has to; NULL: it may not. */
const struct known_difference *known_difference(const struct program *program);

#endif /* SELFTESTS_DIFFERENTIAL_H */
