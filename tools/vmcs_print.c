// SPDX-License-Identifier: GPL-2.0
/*
 * vmcs_print.c - a VMCS as text, area by area as in SDM 3C "Organization of VMCS Data", and what
 * differs between two.
 *
 * Reached from vmcs.c. Names come from vmcs_fields.c, what a value says from vmcs_decode.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "vmcs_fields.h"
#include "vmcs_print.h"

#define COLUMNS		100
#define INDENT		10	/* of what a value says, where it takes lines of its own */

/* ------------------------------------------------------------------------- differences */

static bool next_difference(struct vmcs_walk *walk,
			    const struct snapshot_pair *a, unsigned int a_count,
			    const struct snapshot_pair *b, unsigned int b_count,
			    struct vmcs_difference *found)
{
	while (walk->a < a_count || walk->b < b_count) {
		bool in_a = walk->a < a_count && (walk->b == b_count || a[walk->a].number <= b[walk->b].number);
		bool in_b = walk->b < b_count && (walk->a == a_count || b[walk->b].number <= a[walk->a].number);

		*found = (struct vmcs_difference){
			.number = in_a ? a[walk->a].number : b[walk->b].number, .in_a = in_a, .in_b = in_b,
			.a = in_a ? a[walk->a].value : 0, .b = in_b ? b[walk->b].value : 0 };
		walk->a += in_a;
		walk->b += in_b;
		if (in_a != in_b || found->a != found->b)
			return true;
	}
	return false;
}

bool vmcs_next_field(struct vmcs_walk *walk, const struct snapshot *a, const struct snapshot *b,
		     struct vmcs_difference *found)
{
	return next_difference(walk, a->field, a->fields, b->field, b->fields, found);
}

bool vmcs_next_msr(struct vmcs_walk *walk, const struct snapshot *a, const struct snapshot *b,
		   struct vmcs_difference *found)
{
	return next_difference(walk, a->msr, a->msrs, b->msr, b->msrs, found);
}

/* ------------------------------------------------------------------------------ values */

static const char *title(uint32_t encoding)
{
	const struct vmcs_field *field = vmcs_field_find(encoding);

	return field ? field->title : "(no name in this program)";
}

/* Behind what stands in the line already, or broken at commas into lines of its own. */
static void print_words(const char *text, int column)
{
	if (!text[0]) {
		putchar('\n');
		return;
	}
	if (column + 2 + strlen(text) <= COLUMNS) {
		printf("  %s\n", text);
		return;
	}
	column = COLUMNS;
	while (*text) {
		const char *comma = strstr(text, ", ");
		int length = comma ? comma + 1 - text : (int)strlen(text);

		if (column + 1 + length > COLUMNS)
			column = printf("\n%*s", INDENT, "") - 1;
		else
			column += printf(" ");
		column += printf("%.*s", length, text);
		text += length + (comma != NULL);
	}
	putchar('\n');
}

static int print_number(uint32_t encoding, uint64_t value)
{
	return printf("0x%0*" PRIx64, (int)vmcs_field_bits(encoding) / 4, value);
}

void vmcs_print_field(const struct snapshot *snapshot, uint32_t encoding, uint64_t value)
{
	char text[VMCS_TEXT_SIZE];
	int column = printf("  0x%04x  %-47s ", encoding, title(encoding));

	vmcs_field_text(text, snapshot, encoding);
	column += print_number(encoding, value);
	print_words(text, column);
}

static void print_failure(const struct snapshot *snapshot)
{
	uint64_t reason = snapshot->failure_reason;

	if (!snapshot->failed)
		return;
	if (reason >> 31 & 1)
		printf("VM entry failed: exit reason %" PRIu64 " \"%s\", qualification %" PRIu64 "\n",
		       bits(reason, 15, 0), exit_reason_name(bits(reason, 15, 0)), snapshot->failure_qualification);
	else
		printf("VM entry failed: VM-instruction error %" PRIu64 " \"%s\"\n", reason,
		       vm_instruction_error_name(reason));
}

static void print_origin(const struct snapshot *snapshot)
{
	const char * const origin[] = { snapshot->device, snapshot->kernel, snapshot->cpu };
	const char *separator = "";

	for (size_t i = 0; i < sizeof(origin) / sizeof(origin[0]); i++)
		if (origin[i][0]) {
			printf("%s%s%s", separator, i == 1 ? "Linux " : "", origin[i]);
			separator = ", ";
		}
	putchar('\n');
}

static void print_area(const struct snapshot *snapshot, enum vmcs_area area)
{
	printf("\n%s\n", vmcs_area_title(area));
	if (area == VMCS_AREA_HOST && snapshot->host_hidden)
		printf("  not shown without CAP_SYS_ADMIN\n");
	for (unsigned int i = 0; i < snapshot->fields; i++)
		if (vmcs_field_area(snapshot->field[i].number) == area)
			vmcs_print_field(snapshot, snapshot->field[i].number, snapshot->field[i].value);
}

void vmcs_print_entry_msrs(const struct snapshot *snapshot)
{
	if (snapshot->entry_msrs)
		printf("\nVM-Entry MSR-Load Area\n");
	for (unsigned int i = 0; i < snapshot->entry_msrs; i++)
		printf("  MSR 0x%08x  0x%016" PRIx64 "\n", snapshot->entry_msr[i].number,
		       snapshot->entry_msr[i].value);
}

void vmcs_print(const struct snapshot *snapshot)
{
	print_origin(snapshot);
	print_failure(snapshot);
	for (enum vmcs_area area = 0; area < VMCS_AREAS; area++)
		print_area(snapshot, area);
	vmcs_print_entry_msrs(snapshot);
	if (snapshot->has_pdptes)
		printf("\nPDPTEs in memory\n");
	for (unsigned int i = 0; snapshot->has_pdptes && i < 4; i++)
		printf("  %u  0x%016" PRIx64 "\n", i, snapshot->pdpte[i]);
	printf("\nCapability MSRs (`minivmx caps` names their bits)\n");
	for (unsigned int i = 0; i < snapshot->msrs; i++)
		printf("  0x%03x  0x%016" PRIx64 "\n", snapshot->msr[i].number, snapshot->msr[i].value);
}

/* ------------------------------------------------------------------------- two of them */

static void print_side(char sign, const struct snapshot *snapshot, uint32_t encoding, bool present,
		       uint64_t value)
{
	char text[VMCS_TEXT_SIZE];
	int column = printf("  %c ", sign);

	if (!present) {
		printf("not there\n");
		return;
	}
	vmcs_field_text(text, snapshot, encoding);
	column += print_number(encoding, value);
	print_words(text, column);
}

bool vmcs_print_changed_fields(const struct snapshot *a, const struct snapshot *b, enum vmcs_area area)
{
	struct vmcs_difference found;
	struct vmcs_walk walk = { 0 };
	bool any = false;

	if (area == VMCS_AREA_HOST && a->host_hidden != b->host_hidden) {
		printf("\n%s\n  not compared: %s of the two was taken without CAP_SYS_ADMIN\n", vmcs_area_title(area),
		       a->host_hidden ? "the first" : "the second");
		return true;
	}
	while (vmcs_next_field(&walk, a, b, &found)) {
		if (vmcs_field_area(found.number) != area)
			continue;
		if (!any)
			printf("\n%s\n", vmcs_area_title(area));
		any = true;
		printf("  0x%04x  %s\n", found.number, title(found.number));
		print_side('-', a, found.number, found.in_a, found.a);
		print_side('+', b, found.number, found.in_b, found.b);
	}
	return any;
}

static bool print_changed_msrs(const struct snapshot *a, const struct snapshot *b)
{
	struct vmcs_difference found;
	struct vmcs_walk walk = { 0 };
	bool any = false;

	while (vmcs_next_msr(&walk, a, b, &found)) {
		if (!any)
			printf("\nCapability MSRs\n");
		any = true;
		printf("  0x%03x", found.number);
		printf(found.in_a ? "  0x%016" PRIx64 : "  not there", found.a);
		printf(found.in_b ? " -> 0x%016" PRIx64 "\n" : " -> not there\n", found.b);
	}
	return any;
}

void vmcs_print_diff(const struct snapshot *a, const char *a_name, const struct snapshot *b, const char *b_name)
{
	bool any = false;

	printf("--- %s: ", a_name);
	print_origin(a);
	print_failure(a);
	printf("+++ %s: ", b_name);
	print_origin(b);
	print_failure(b);
	for (enum vmcs_area area = 0; area < VMCS_AREAS; area++)
		any |= vmcs_print_changed_fields(a, b, area);
	any |= print_changed_msrs(a, b);
	if (!any)
		printf("no field and no capability MSR differs\n");
}

void vmcs_print_changes(const struct snapshot *before, const struct snapshot *now)
{
	struct vmcs_difference found;
	struct vmcs_walk walk = { 0 };
	char text[VMCS_TEXT_SIZE];
	bool any = false;

	while (vmcs_next_field(&walk, before, now, &found)) {
		int column;

		if (vmcs_field_area(found.number) == VMCS_AREA_HOST)
			continue;
		if (!any)
			printf("  VMCS fields that have changed\n");
		any = true;
		column = printf("  0x%04x  %-38s ", found.number, title(found.number));
		column += print_number(found.number, found.a);
		column += printf(" -> ");
		column += print_number(found.number, found.b);
		vmcs_field_text(text, now, found.number);
		print_words(text, column);
	}
}
