// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot_file.c - writes a snapshot as a text file, and opens such files.
 *
 * Reached from vmcs.c and explain.c. The format is described in snapshot_file.h; reading it
 * continues in snapshot_parse.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "command.h"
#include "snapshot_file.h"
#include "vmcs_fields.h"

static void print_text(FILE *out, const char *key, const char *text)
{
	if (text[0])
		fprintf(out, "%s %s\n", key, text);
}

static void print_pairs(FILE *out, const char *key, const struct snapshot_pair *pairs, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		fprintf(out, "%s 0x%x 0x%" PRIx64 "\n", key, pairs[i].number, pairs[i].value);
}

void snapshot_print(const struct snapshot *snapshot, FILE *out)
{
	fprintf(out, "%s %d\n", SNAPSHOT_MAGIC, SNAPSHOT_VERSION);
	print_text(out, "device", snapshot->device);
	print_text(out, "kernel", snapshot->kernel);
	print_text(out, "cpu", snapshot->cpu);
	if (snapshot->host_hidden)
		fputs("host hidden\n", out);
	if (snapshot->failed)
		fprintf(out, "failed 0x%" PRIx64 " 0x%" PRIx64 "\n", snapshot->failure_reason,
			snapshot->failure_qualification);
	if (snapshot->physical_address_bits)
		fprintf(out, "address-bits %u %u\n", snapshot->physical_address_bits, snapshot->linear_address_bits);
	for (unsigned int i = 0; snapshot->has_pdptes && i < 4; i++)
		fprintf(out, "pdpte %u 0x%" PRIx64 "\n", i, snapshot->pdpte[i]);
	print_pairs(out, "msr", snapshot->msr, snapshot->msrs);
	print_pairs(out, "entry-msr", snapshot->entry_msr, snapshot->entry_msrs);
	for (unsigned int i = 0; i < snapshot->fields; i++) {
		const struct snapshot_pair *pair = &snapshot->field[i];
		const struct vmcs_field *field = vmcs_field_find(pair->number);

		fprintf(out, "field 0x%04x %s 0x%" PRIx64 "\n", pair->number, field ? field->name : "-", pair->value);
	}
	fputs("end\n", out);
}

int snapshot_read_file(struct snapshot *snapshot, const char *path)
{
	struct snapshot_error error;
	FILE *in = fopen(path, "re");
	bool good;

	if (!in) {
		complain("%s: %s", path, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	good = snapshot_parse(snapshot, in, &error);
	fclose(in);
	if (good)
		return 0;
	*snapshot = (struct snapshot){ 0 };
	complain("%s:%u: %s", path, error.line, error.text);
	return STATUS_BAD_IMAGE;
}

int snapshot_write_file(const struct snapshot *snapshot, const char *path)
{
	FILE *out = fopen(path, "we");
	bool failed = !out;

	if (out) {
		snapshot_print(snapshot, out);
		failed = ferror(out);
		failed |= fclose(out) != 0;
	}
	if (!failed)
		return 0;
	complain("%s cannot be written: %s", path, strerror(errno));
	return STATUS_HOST_ERROR;
}
