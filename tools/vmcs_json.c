// SPDX-License-Identifier: GPL-2.0
/*
 * vmcs_json.c - `minivmx vmcs --json`: a VMCS, or what differs between two.
 *
 * Reached from vmcs.c. The keys are the interface of this output: they stay.
 */
#include "json.h"
#include "vmcs_fields.h"
#include "vmcs_print.h"

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void write_names(struct json *json, uint32_t encoding)
{
	const struct vmcs_field *field = vmcs_field_find(encoding);

	json_hex(json, "encoding", encoding);
	json_string(json, "name", field ? field->name : NULL);
	json_string(json, "title", field ? field->title : NULL);
	json_string(json, "area", vmcs_area_title(vmcs_field_area(encoding)));
	json_number(json, "bits", vmcs_field_bits(encoding));
}

static void write_text(struct json *json, const char *key, const struct snapshot *snapshot, uint32_t encoding)
{
	char text[VMCS_TEXT_SIZE];

	vmcs_field_text(text, snapshot, encoding);
	json_string(json, key, text_or_null(text));
}

static void write_pairs(struct json *json, const char *key, const struct snapshot_pair *pairs, unsigned int count)
{
	json_array_begin(json, key);
	for (unsigned int i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		json_hex(json, "index", pairs[i].number);
		json_hex(json, "value", pairs[i].value);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_origin(struct json *json, const struct snapshot *snapshot)
{
	json_string(json, "device", text_or_null(snapshot->device));
	json_string(json, "kernel", text_or_null(snapshot->kernel));
	json_string(json, "cpu", text_or_null(snapshot->cpu));
	json_bool(json, "host_hidden", snapshot->host_hidden);
	json_bool(json, "failed", snapshot->failed);
	if (snapshot->failed) {
		json_hex(json, "failure_reason", snapshot->failure_reason);
		json_hex(json, "failure_qualification", snapshot->failure_qualification);
	}
	json_number(json, "physical_address_bits", snapshot->physical_address_bits);
	json_number(json, "linear_address_bits", snapshot->linear_address_bits);
}

void vmcs_print_json(const struct snapshot *snapshot)
{
	struct json json = { .out = stdout };

	json_object_begin(&json, NULL);
	write_origin(&json, snapshot);
	json_array_begin(&json, "fields");
	for (unsigned int i = 0; i < snapshot->fields; i++) {
		json_object_begin(&json, NULL);
		write_names(&json, snapshot->field[i].number);
		json_hex(&json, "value", snapshot->field[i].value);
		write_text(&json, "text", snapshot, snapshot->field[i].number);
		json_object_end(&json);
	}
	json_array_end(&json);
	write_pairs(&json, "msrs", snapshot->msr, snapshot->msrs);
	write_pairs(&json, "entry_msrs", snapshot->entry_msr, snapshot->entry_msrs);
	if (snapshot->has_pdptes) {
		json_array_begin(&json, "pdptes");
		for (unsigned int i = 0; i < 4; i++)
			json_hex(&json, NULL, snapshot->pdpte[i]);
		json_array_end(&json);
	}
	json_object_end(&json);
}

static void write_values(struct json *json, const struct vmcs_difference *found)
{
	if (found->in_a)
		json_hex(json, "a", found->a);
	if (found->in_b)
		json_hex(json, "b", found->b);
}

void vmcs_print_diff_json(const struct snapshot *a, const struct snapshot *b)
{
	struct json json = { .out = stdout };
	struct vmcs_walk fields = { 0 }, msrs = { 0 };
	struct vmcs_difference found;

	json_object_begin(&json, NULL);
	json_object_begin(&json, "a");
	write_origin(&json, a);
	json_object_end(&json);
	json_object_begin(&json, "b");
	write_origin(&json, b);
	json_object_end(&json);
	json_array_begin(&json, "fields");
	while (vmcs_next_field(&fields, a, b, &found)) {
		json_object_begin(&json, NULL);
		write_names(&json, found.number);
		write_values(&json, &found);
		write_text(&json, "a_text", a, found.number);
		write_text(&json, "b_text", b, found.number);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_array_begin(&json, "msrs");
	while (vmcs_next_msr(&msrs, a, b, &found)) {
		json_object_begin(&json, NULL);
		json_hex(&json, "index", found.number);
		write_values(&json, &found);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
}
