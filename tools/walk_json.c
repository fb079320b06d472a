// SPDX-License-Identifier: GPL-2.0
/*
 * walk_json.c - `minivmx walk --json`: the same as walk_print.c says, for programs.
 *
 * Reached from step_commands.c. The keys are the interface of this output: they stay.
 */
#include "decode.h"
#include "json.h"
#include "walk_print.h"

static void write_ept(struct json *json, const char *key, const struct minivmx_ept_walk *ept)
{
	json_object_begin(json, key);
	json_hex(json, "guest_physical", ept->guest_physical);
	json_array_begin(json, "entries");
	for (unsigned int i = 0; i < ept->count; i++)
		json_hex(json, NULL, ept->entries[i]);
	json_array_end(json);
	json_bool(json, "maps", ept_maps(ept));
	json_number(json, "rights", ept_rights(ept));
	if (ept_maps(ept) && ept_physical(ept))
		json_hex(json, "host_physical", ept_physical(ept));
	json_object_end(json);
}

static void write_step(struct json *json, const struct nested_walk *walk, unsigned int i)
{
	const struct page_step *step = &walk->guest.step[i];

	json_object_begin(json, NULL);
	json_string(json, "entry", page_entry_name(step->level));
	json_number(json, "index", step->index);
	json_bool(json, "in_register", step->in_register);
	json_hex(json, "guest_physical", step->address);
	json_hex(json, "value", step->entry);
	if (walk->has_ept && !step->in_register)
		write_ept(json, "ept", &walk->table[i]);
	json_object_end(json);
}

static void write_page(struct json *json, const struct nested_walk *walk)
{
	const struct page_walk *guest = &walk->guest;

	json_object_begin(json, "page");
	json_hex(json, "guest_physical", guest->physical);
	json_hex(json, "size", guest->page_size);
	json_bool(json, "writable", guest->writable);
	json_bool(json, "user", guest->user);
	json_bool(json, "no_execute", guest->no_execute);
	if (walk->has_ept) {
		write_ept(json, "ept", &walk->page);
		json_string(json, "memory_type", ept_maps(&walk->page) ? nested_memory_type(walk) : NULL);
	}
	json_object_end(json);
}

static void write_outcome(struct json *json, const struct nested_walk *walk, struct page_access access)
{
	static const char * const names[] = { "read", "write", "fetch" };
	static const char * const outcomes[] = {
		[OUTCOME_DONE] = "done", [OUTCOME_IMPOSSIBLE] = "impossible", [OUTCOME_UNKNOWN] = "unknown",
		[OUTCOME_GENERAL_PROTECTION] = "#GP", [OUTCOME_PAGE_FAULT] = "#PF",
		[OUTCOME_EPT_VIOLATION] = "EPT violation", [OUTCOME_EPT_MISCONFIGURATION] = "EPT misconfiguration",
	};
	struct outcome outcome = nested_outcome(walk, access);

	json_object_begin(json, NULL);
	json_string(json, "access", names[access.type]);
	json_bool(json, "user", access.user);
	json_string(json, "outcome", outcomes[outcome.type]);
	json_string(json, "why", outcome.why);
	if (outcome.type == OUTCOME_PAGE_FAULT)
		json_hex(json, "error_code", outcome.error_code);
	if (outcome.type == OUTCOME_EPT_VIOLATION)
		json_hex(json, "qualification", outcome.qualification);
	if (outcome.type == OUTCOME_EPT_VIOLATION || outcome.type == OUTCOME_EPT_MISCONFIGURATION)
		json_hex(json, "guest_physical", outcome.physical);
	json_object_end(json);
}

void walk_print_json(const struct nested_walk *walk)
{
	struct json json = { .out = stdout };

	json_object_begin(&json, NULL);
	json_hex(&json, "linear", walk->guest.linear);
	json_string(&json, "paging", paging_mode_name(walk->guest.mode));
	json_hex(&json, "cr3", walk->state.cr3);
	json_bool(&json, "ept_is_known", walk->has_ept);
	json_array_begin(&json, "steps");
	for (unsigned int i = 0; i < walk->guest.steps; i++)
		write_step(&json, walk, i);
	json_array_end(&json);
	if (walk->guest.end == PAGE_WALK_MAPPED)
		write_page(&json, walk);
	json_array_begin(&json, "outcomes");
	for (unsigned int user = 0; user < 2; user++)
		for (enum access_type type = ACCESS_READ; type <= ACCESS_FETCH; type++)
			write_outcome(&json, walk, (struct page_access){ .type = type, .user = user });
	json_array_end(&json);
	json_object_end(&json);
}
