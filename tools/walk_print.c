// SPDX-License-Identifier: GPL-2.0
/*
 * walk_print.c - prints a walk, load by load, and its outcome.
 *
 * Reached from step_commands.c; see walk_print.h. What the CPU makes of the entries is nested_walk.c's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "walk_print.h"

/* SDM 3C "Format of an EPT Page-Table Entry that Maps a 4-KByte Page" */
#define EPT_IGNORE_PAT	(1u << 6)
#define EPT_ACCESSED	(1u << 8)
#define EPT_DIRTY	(1u << 9)

static void print_ept_rights(uint64_t rights)
{
	printf("%c%c%c", rights & EPT_READ ? 'r' : '-', rights & EPT_WRITE ? 'w' : '-',
	       rights & EPT_EXECUTE ? 'x' : '-');
}

static void print_ept_entry(const struct minivmx_ept_walk *ept, unsigned int i)
{
	uint64_t entry = ept->entries[i];
	bool is_leaf = i + 1 == ept->count;

	if (!(entry & (EPT_READ | EPT_WRITE | EPT_EXECUTE))) {
		printf("not present\n");
		return;
	}
	print_ept_rights(entry);
	if (is_leaf)
		printf(" %s%s", memory_type_name(bits(entry, 5, 3)), entry & EPT_IGNORE_PAT ? ", PAT ignored" : "");
	if (ept_has_accessed_dirty(ept))
		printf("%s%s", entry & EPT_ACCESSED ? " A" : "", is_leaf && entry & EPT_DIRTY ? " D" : "");
	putchar('\n');
}

static void print_ept(const struct minivmx_ept_walk *ept, unsigned int *load)
{
	for (unsigned int i = 0; i < ept->count; i++) {
		unsigned int level = MINIVMX_EPT_LEVELS - i;
		unsigned int index = bits(ept->guest_physical, 12 + 9 * level - 1, 12 + 9 * (level - 1));

		printf("%4u    EPT %-5s [%3u]                0x%016" PRIx64 "  ", ++*load,
		       page_entry_name(level), index, (uint64_t)ept->entries[i]);
		print_ept_entry(ept, i);
	}
}

static void print_flags(const struct page_walk *walk, const struct page_step *step)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} flags[] = {
		{ PAGE_PRESENT, "P" }, { PAGE_WRITABLE, "R/W" }, { PAGE_USER, "U/S" }, { PAGE_PWT, "PWT" },
		{ PAGE_PCD, "PCD" }, { PAGE_ACCESSED, "A" }, { PAGE_DIRTY, "D" }, { PAGE_LARGE, "PS" },
		{ PAGE_GLOBAL, "G" }, { PAGE_NO_EXECUTE, "XD" },
	};

	if (!(step->entry & PAGE_PRESENT)) {
		printf(" not present");
		return;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		/* Only an entry that maps a page has D and G; at the lowest level PS is PAT. */
		if (!step->is_leaf && flags[i].flag & (PAGE_DIRTY | PAGE_GLOBAL))
			continue;
		if (step->entry & flags[i].flag)
			printf(" %s", flags[i].flag == PAGE_LARGE && step->level == 1 ? "PAT" :
			       flags[i].name);
	}
	if (step == &walk->step[walk->steps - 1] && walk->reserved)
		printf(", reserved bits 0x%" PRIx64, walk->reserved);
}

static void print_step(const struct page_walk *walk, const struct page_step *step, unsigned int *load)
{
	if (step->in_register)
		printf("   -  %-5s [%3u] in the CPU        ", page_entry_name(step->level), step->index);
	else
		printf("%4u  %-5s [%3u] at 0x%08" PRIx64 "    ", ++*load, page_entry_name(step->level),
		       step->index, step->address);
	if (walk->end == PAGE_WALK_NO_MEMORY && step == &walk->step[walk->steps - 1]) {
		printf("no memory there\n");
		return;
	}
	printf("    0x%0*" PRIx64 "%*s ", 2 * walk->entry_size, step->entry, 16 - 2 * walk->entry_size, "");
	print_flags(walk, step);
	putchar('\n');
}

static void print_loads(const struct nested_walk *walk)
{
	const struct page_walk *guest = &walk->guest;
	unsigned int load = 0;

	for (unsigned int i = 0; i < guest->steps; i++) {
		if (walk->has_ept && !guest->step[i].in_register)
			print_ept(&walk->table[i], &load);
		print_step(guest, &guest->step[i], &load);
	}
	if (walk->has_ept && guest->end == PAGE_WALK_MAPPED) {
		print_ept(&walk->page, &load);
		printf("%4u  the access    at 0x%08" PRIx64 "\n", load + 1, guest->physical);
	}
	if (!walk->has_ept)
		printf("EPT: the device does not show it (/dev/minivmx does); this is the guest's half\n");
}

static void print_memory_type(const struct nested_walk *walk)
{
	const struct page_walk *guest = &walk->guest;

	printf("memory type  %s",
	       walk->has_ept && ept_maps(&walk->page) ? nested_memory_type(walk) : "not known yet");
	if (guest->has_pat)
		printf("; PAT entry %u, by PAT, PCD, PWT: %s", guest->pat_index,
		       memory_type_name(pat_type(walk->state.pat, guest->pat_index)));
	printf("; MTRRs do not count in a guest\n");
}

static void print_size(uint64_t size)
{
	printf(size >> 30 ? "%" PRIu64 " GiB" : size >> 20 ? "%" PRIu64 " MiB" : "%" PRIu64 " KiB",
	       size >> 30 ? size >> 30 : size >> 20 ? size >> 20 : size >> 10);
}

static void print_place(const struct nested_walk *walk, const uint8_t *ram, uint64_t ram_size)
{
	const struct page_walk *guest = &walk->guest;
	uint64_t physical = guest->physical;

	printf("leads to     guest-physical 0x%" PRIx64, physical);
	if (physical < ram_size)
		printf(", byte %p of this process", (const void *)(ram + physical));
	else
		printf(", where the guest has no memory");
	if (walk->has_ept && ept_maps(&walk->page) && ept_physical(&walk->page))
		printf(", host-physical 0x%" PRIx64, ept_physical(&walk->page));
	printf("\nrights       ");
	if (guest->mode != PAGING_NONE) {
		printf("guest, ");
		print_size(guest->page_size);
		printf(": %s, %s, %s", guest->writable ? "writable" : "read-only",
		       guest->user ? "ring 3 too" : "rings 0 to 2 only",
		       guest->no_execute ? "no instructions" : "instructions");
	} else {
		printf("guest: all");
	}
	if (walk->has_ept && !ept_maps(&walk->page)) {
		printf("; EPT: nothing is mapped");
	} else if (walk->has_ept) {
		printf("; EPT, ");
		print_size(4096ull << 9 * (MINIVMX_EPT_LEVELS - walk->page.count));
		printf(": ");
		print_ept_rights(ept_rights(&walk->page));
	}
	putchar('\n');
	print_memory_type(walk);
}

/* Which accessed and dirty bits the access would set in the guest's entries. */
static void print_bits_set(FILE *out, const struct page_walk *walk, enum access_type type)
{
	const char *separator = ", and sets ";

	for (unsigned int i = 0; i < walk->steps; i++) {
		const struct page_step *step = &walk->step[i];
		bool accessed = !(step->entry & PAGE_ACCESSED) &&
				!(step->level == 3 && walk->mode == PAGING_PAE);
		bool dirty = step->is_leaf && type == ACCESS_WRITE && !(step->entry & PAGE_DIRTY);

		if (!accessed && !dirty)
			continue;
		fprintf(out, "%s%s of the %s", separator, accessed ? dirty ? "A and D" : "A" : "D",
			page_entry_name(step->level));
		separator = ", ";
	}
}

static void print_error_code(FILE *out, uint32_t error_code)
{
	static const char * const names[] = { "present", "write", "user", "reserved bit", "fetch" };
	const char *separator = " (";

	fprintf(out, "#PF, error code 0x%x", error_code);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (error_code >> i & 1) {
			fprintf(out, "%s%s", separator, names[i]);
			separator = ", ";
		}
	fprintf(out, "%s", error_code ? ")" : "");
}

static void print_outcome(FILE *out, const struct nested_walk *walk, struct page_access access,
			  uint64_t ram_size)
{
	struct outcome outcome = nested_outcome(walk, access);
	char text[TEXT_SIZE];

	switch (outcome.type) {
	case OUTCOME_DONE:
		fprintf(out, "done");
		print_bits_set(out, &walk->guest, access.type);
		return;
	case OUTCOME_IMPOSSIBLE:
		fprintf(out, "impossible");
		break;
	case OUTCOME_UNKNOWN:
		fprintf(out, "not known");
		break;
	case OUTCOME_GENERAL_PROTECTION:
		fprintf(out, "#GP(0), through SS #SS(0)");
		break;
	case OUTCOME_PAGE_FAULT:
		print_error_code(out, outcome.error_code);
		break;
	case OUTCOME_EPT_VIOLATION:
		qualification_text(text, 48, outcome.qualification);
		fprintf(out, "EPT violation at 0x%" PRIx64 ", qualification 0x%" PRIx64 "\n      %s; %s",
			outcome.physical, outcome.qualification, text, outcome.physical < ram_size ?
			"minivmx maps the page" : "no memory is there: a device's");
		return;
	case OUTCOME_EPT_MISCONFIGURATION:
		fprintf(out, "EPT misconfiguration at 0x%" PRIx64, outcome.physical);
		break;
	}
	fprintf(out, ": %s", outcome.why);
}

#define ACCESSES	6

/* Accesses that end alike share a line. */
static void print_outcomes(const struct nested_walk *walk, uint64_t ram_size)
{
	static const char * const names[ACCESSES] = {
		"rings 0-2 read", "write", "fetch", "ring 3 read", "write", "fetch",
	};
	static const char * const rings[] = { "rings 0-2 ", "ring 3 " };
	char *text[ACCESSES] = { NULL };
	size_t size;

	for (unsigned int i = 0; i < ACCESSES; i++) {
		FILE *out = open_memstream(&text[i], &size);

		if (!out)
			break;
		print_outcome(out, walk, (struct page_access){ .type = i % 3, .user = i >= 3 }, ram_size);
		fclose(out);
	}
	for (unsigned int i = 0; i < ACCESSES && text[i]; i++) {
		bool first = !i || strcmp(text[i - 1], text[i]), last = i + 1 == ACCESSES || !text[i + 1] ||
			strcmp(text[i], text[i + 1]);

		if (first && i % 3)
			printf("%s", i < 3 ? rings[0] : rings[1]);
		printf("%s%s", names[i], last ? ": " : ", ");
		if (last)
			printf("%s\n", text[i]);
	}
	for (unsigned int i = 0; i < ACCESSES; i++)
		free(text[i]);
}

void walk_print(const struct nested_walk *walk, const uint8_t *ram, uint64_t ram_size)
{
	printf("0x%" PRIx64 ": %s", walk->guest.linear, paging_mode_name(walk->guest.mode));
	if (walk->guest.mode != PAGING_NONE)
		printf(", CR3 0x%" PRIx64, walk->state.cr3);
	printf("\nload  entry       guest-physical        value\n");
	print_loads(walk);
	if (walk->guest.end == PAGE_WALK_MAPPED)
		print_place(walk, ram, ram_size);
	print_outcomes(walk, ram_size);
}
