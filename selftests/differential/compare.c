// SPDX-License-Identifier: GPL-2.0
/*
 * compare.c - are two outcomes the same, and if not, where do they differ?
 *
 * Differences are printed as TAP comments, KVM's value first.
 */
#include <stdio.h>
#include <string.h>

#include "differential.h"

#define MAX_REPORTS	8	/* of one kind */

#define SIZE_OF(type, member)	sizeof(((type *)NULL)->member)

struct field {
	const char *name;
	size_t offset, size;
};

#define REG(name)	{ #name, offsetof(struct kvm_regs, name), 8 }
#define SREG(name)	{ #name, offsetof(struct kvm_sregs, name), SIZE_OF(struct kvm_sregs, name) }
#define SEGMENT_FIELD(segment, name)						\
	{ #segment "." #name, offsetof(struct kvm_sregs, segment.name),		\
	  SIZE_OF(struct kvm_sregs, segment.name) }
#define SEGMENT(name)								\
	SEGMENT_FIELD(name, base), SEGMENT_FIELD(name, limit), SEGMENT_FIELD(name, selector),	\
	SEGMENT_FIELD(name, type), SEGMENT_FIELD(name, present), SEGMENT_FIELD(name, dpl),	\
	SEGMENT_FIELD(name, db), SEGMENT_FIELD(name, s), SEGMENT_FIELD(name, l),		\
	SEGMENT_FIELD(name, g), SEGMENT_FIELD(name, avl), SEGMENT_FIELD(name, unusable)

static const struct field reg_fields[] = {
	REG(rax), REG(rbx), REG(rcx), REG(rdx), REG(rsi), REG(rdi), REG(rsp), REG(rbp),
	REG(r8), REG(r9), REG(r10), REG(r11), REG(r12), REG(r13), REG(r14), REG(r15),
	REG(rip), REG(rflags),
};

static const struct field sreg_fields[] = {
	SEGMENT(cs), SEGMENT(ds), SEGMENT(es), SEGMENT(fs), SEGMENT(gs), SEGMENT(ss), SEGMENT(tr),
	SEGMENT(ldt), SREG(gdt.base), SREG(gdt.limit), SREG(idt.base), SREG(idt.limit), SREG(cr0),
	SREG(cr2), SREG(cr3), SREG(cr4), SREG(cr8), SREG(efer), SREG(apic_base),
	SREG(interrupt_bitmap[0]), SREG(interrupt_bitmap[1]), SREG(interrupt_bitmap[2]),
	SREG(interrupt_bitmap[3]),
};

static __u64 field_of(const void *object, const struct field *field)
{
	__u64 value = 0;

	memcpy(&value, (const __u8 *)object + field->offset, field->size);
	return value;
}

static bool fields_equal(const struct field *fields, size_t count, const void *a, const void *b)
{
	bool equal = true;

	for (size_t i = 0; i < count; i++) {
		__u64 left = field_of(a, &fields[i]), right = field_of(b, &fields[i]);

		if (left == right)
			continue;
		printf("#   %s: %#llx, %#llx\n", fields[i].name, (unsigned long long)left,
		       (unsigned long long)right);
		equal = false;
	}
	return equal;
}

#define FIELDS_EQUAL(fields, a, b) \
	fields_equal(fields, sizeof(fields) / sizeof((fields)[0]), a, b)

static bool bytes_equal(const char *name, const void *left, const void *right, size_t size)
{
	const __u8 *a = left, *b = right;
	int reports = 0;

	if (!memcmp(a, b, size))
		return true;
	for (size_t i = 0; i < size && reports < MAX_REPORTS; i++) {
		if (a[i] == b[i])
			continue;
		printf("#   %s at %#zx: %#x, %#x\n", name, i, a[i], b[i]);
		reports++;
	}
	return false;
}

/* --------------------------------------------------------------------- the stream */

static void print_event(const struct event *event)
{
	static const char * const names[] = {
		[EVENT_IN] = "in", [EVENT_OUT] = "out", [EVENT_READ] = "read",
		[EVENT_WRITE] = "write", [EVENT_EXIT] = "exit", [EVENT_ERROR] = "error",
	};
	char text[80];

	if (event->size)
		snprintf(text, sizeof(text), "%s %#llx: %0*llx", names[event->kind],
			 (unsigned long long)event->address, 2 * event->size,
			 (unsigned long long)event->data);
	else
		snprintf(text, sizeof(text), "%s %llu", names[event->kind],
			 (unsigned long long)event->address);
	printf("%-38s", text);
}

static bool event_equal(const struct event *a, const struct event *b)
{
	return a->kind == b->kind && a->size == b->size && a->address == b->address &&
	       a->data == b->data;
}

static void print_pair(const struct outcome *a, const struct outcome *b, unsigned int i)
{
	static const struct event none = { .kind = EVENT_EXIT };
	const struct event *left = i < a->events ? &a->event[i] : &none;
	const struct event *right = i < b->events ? &b->event[i] : &none;

	printf("#   %3u %c ", i, event_equal(left, right) ? ' ' : '!');
	print_event(left);
	print_event(right);
	printf("\n");
}

static bool streams_equal(const struct outcome *a, const struct outcome *b)
{
	unsigned int i = 0, end = a->events > b->events ? a->events : b->events;

	while (i < a->events && i < b->events && event_equal(&a->event[i], &b->event[i]))
		i++;
	if (i == end)
		return true;
	/* The first difference, what led to it, and what came of it. */
	for (unsigned int n = i > 3 ? i - 3 : 0; n < end && n < i + MAX_REPORTS; n++)
		print_pair(a, b, n);
	return false;
}

#define BYTES_EQUAL(name) bytes_equal(#name, &left->name, &right->name, sizeof(left->name))

bool outcomes_equal(struct machine *a, struct machine *b)
{
	const struct outcome *left = &a->outcome, *right = &b->outcome;
	bool equal = streams_equal(left, right);

	equal = FIELDS_EQUAL(reg_fields, &left->regs, &right->regs) && equal;
	equal = FIELDS_EQUAL(sreg_fields, &left->sregs, &right->sregs) && equal;
	equal = BYTES_EQUAL(xsave) && equal;
	equal = BYTES_EQUAL(debugregs) && equal;
	equal = BYTES_EQUAL(xcrs) && equal;
	equal = BYTES_EQUAL(msrs) && equal;
	return bytes_equal("memory", a->vm.mem, b->vm.mem, MEMORY_SIZE) && equal;
}

/* For a disassembler: objdump -D -b binary -m i386 --adjust-vma=0x1000 after xxd -r -p. */
static void print_code(const struct program *program)
{
	for (const __u8 *byte = program->start; byte < program->end; byte++)
		printf("%s%02x", (byte - program->start) % 32 ? "" : "\n# code ", *byte);
	printf("\n");
}

void print_outcomes(struct machine *a, struct machine *b)
{
	const struct outcome *left = &a->outcome, *right = &b->outcome;
	unsigned int end = left->events > right->events ? left->events : right->events;

	print_code(a->program);
	for (unsigned int i = 0; i < end; i++)
		print_pair(left, right, i);
	printf("#   rip %#llx, %#llx; cr2 %#llx, %#llx; %u and %u exits\n",
	       (unsigned long long)left->regs.rip, (unsigned long long)right->regs.rip,
	       (unsigned long long)left->sregs.cr2, (unsigned long long)right->sregs.cr2,
	       left->exits, right->exits);
}
