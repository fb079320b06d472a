// SPDX-License-Identifier: GPL-2.0
/*
 * trial.c - breaks a rule of VM entry in a real VMCS, predicts what the CPU will do, has it tried by
 * TRY_ENTRY, and compares.
 *
 * Reached from prove.c; see trial.h. The changes come from breaches.c, whose VMCS is of a CPU that has
 * everything: here they are fitted to this CPU, and tried only where the rules predict that this very
 * rule is broken and no other. SDM 3C "VM Entries".
 */
#include <cpuid.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <minivmx.h>

#include "rules.h"
#include "trial.h"

#define FAILED_ENTRY	(1u << 31)

/* --------------------------------------------------------- what breaks a rule here */

/* The table's addresses are relative to the ends of what its CPU can address: this CPU's differ. */
static uint64_t fit_value(uint64_t value, const struct snapshot *base)
{
	const uint64_t too_wide = 1ull << BREACH_PHYSICAL_BITS;

	if (value > too_wide - 0x10000 && value <= too_wide)
		return (1ull << base->physical_address_bits) - (too_wide - value);
	for (unsigned int i = 0; i < 2; i++)
		if (value == 1ull << (BREACH_LINEAR_BITS - i))
			return 1ull << (base->linear_address_bits - i);
	return value;
}

static struct change fit_change(const struct change *change, const struct snapshot *base)
{
	struct change fitted = *change;
	uint64_t eptp;

	fitted.value = fit_value(change->value, base);
	if (change->kind == CHANGE_SET && change->number == VMCS_EPT_POINTER) {
		snapshot_field(base, VMCS_EPT_POINTER, &eptp);
		fitted.value = (eptp & ~0xfffull) | (change->value & 0xfff);
	}
	return fitted;
}

static const char *control_name(enum vmx_word word, unsigned int bit)
{
	for (size_t i = 0; i < vmx_control_words[word].count; i++)
		if (vmx_control_words[word].controls[i].bit == bit)
			return vmx_control_words[word].controls[i].name;
	return "a control that has no name";
}

static const struct control_field {
	uint32_t encoding;
	enum vmx_word word;
} control_fields[] = {
	{ VMCS_PIN_BASED_CONTROLS, WORD_PIN }, { VMCS_PRIMARY_CONTROLS, WORD_PRIMARY },
	{ VMCS_SECONDARY_CONTROLS, WORD_SECONDARY }, { VMCS_TERTIARY_CONTROLS, WORD_TERTIARY },
	{ VMCS_EXIT_CONTROLS, WORD_EXIT }, { VMCS_SECONDARY_EXIT_CONTROLS, WORD_EXIT2 },
	{ VMCS_ENTRY_CONTROLS, WORD_ENTRY },
};

static const struct control_field *find_control_field(uint32_t encoding, enum vmx_word word)
{
	for (size_t i = 0; i < sizeof(control_fields) / sizeof(control_fields[0]); i++)
		if (encoding ? control_fields[i].encoding == encoding : control_fields[i].word == word)
			return &control_fields[i];
	return NULL;
}

/* Switches on what the rule is about. False: the CPU can't, and why says so. */
static bool activate(struct snapshot *target, const struct rule *rule, char *why)
{
	enum vmx_word word = (rule->when >> 8) - 1;
	unsigned int bit = rule->when & 0xff;
	struct facts facts;

	if (rule->when == ALWAYS)
		return true;
	facts_from_snapshot(&facts, target);
	if (!(facts.may_be_1[word] >> bit & 1) ||
	    ((word == WORD_TERTIARY) && !(facts.may_be_1[WORD_PRIMARY] >> (TERTIARY_CONTROLS & 0xff) & 1))) {
		snprintf(why, TRIAL_TEXT, "this CPU has no \"%s\"", control_name(word, bit));
		return false;
	}
	snapshot_change(target, &(struct change){ CHANGE_OR, find_control_field(0, word)->encoding, 1ull << bit });
	return true;
}

static bool breaks_alone(const struct snapshot *target, const struct rule *rule)
{
	struct finding findings[FINDINGS_MAX];

	return rules_check(target, findings) == 1 && findings[0].rule == rule;
}

/* The table changes a capability MSR; here, a control that this CPU does not have. */
static void set_forbidden_control(struct snapshot *target, const struct rule *rule)
{
	const struct control_field *field = find_control_field(rule->fields[0], 0);
	const struct snapshot before = *target;
	struct facts facts;

	facts_from_snapshot(&facts, target);
	for (int bit = 31; field && bit >= 0; bit--) {
		if (facts.may_be_1[field->word] >> bit & 1)
			continue;
		*target = before;
		snapshot_change(target, &(struct change){ CHANGE_OR, field->encoding, 1ull << bit });
		if (breaks_alone(target, rule))
			return;
	}
	*target = before;
}

/* False: this CPU has no such field. */
static bool make_changes(struct snapshot *target, const struct change changes[CHANGES_MAX], char *why)
{
	const struct snapshot base = *target;

	for (unsigned int i = 0; i < CHANGES_MAX; i++) {
		struct change change = fit_change(&changes[i], &base);
		const struct vmcs_field *field = vmcs_field_find(change.number);
		uint64_t value;

		if (change.kind == CHANGE_NONE || change.kind == CHANGE_MSR)
			continue;
		if (change.kind != CHANGE_LOAD && !snapshot_field(&base, change.number, &value)) {
			snprintf(why, TRIAL_TEXT, "this CPU has no field \"%s\"", field ? field->title : "?");
			return false;
		}
		snapshot_change(target, &change);
	}
	return true;
}

/* --------------------------------------------------------------------- the attempt */

static bool fill_request(struct minivmx_try_entry *request, const struct snapshot *base, const struct snapshot *target)
{
	*request = (struct minivmx_try_entry){ .nmsrs = target->entry_msrs };
	if (target->entry_msrs > MINIVMX_TRY_MSRS)
		return false;
	for (unsigned int i = 0; i < target->entry_msrs; i++)
		request->msrs[i] = (struct minivmx_msr_entry){
			.index = target->entry_msr[i].number, .data = target->entry_msr[i].value };
	for (unsigned int i = 0; i < base->fields; i++) {
		if (base->field[i].value == target->field[i].value)
			continue;
		if (request->nent == MINIVMX_TRY_CHANGES)
			return false;
		request->entries[request->nent++] = (struct minivmx_vmcs_field){
			.encoding = target->field[i].number, .value = target->field[i].value };
	}
	return true;
}

static void describe_changes(char *text, const struct minivmx_try_entry *request)
{
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < request->nent && length < TRIAL_TEXT; i++)
		length += snprintf(text + length, TRIAL_TEXT - length, "%s%s = 0x%" PRIx64, length ? ", " : "",
				   vmcs_field_find(request->entries[i].encoding)->title,
				   (uint64_t)request->entries[i].value);
	for (uint32_t i = 0; i < request->nmsrs && length < TRIAL_TEXT; i++)
		length += snprintf(text + length, TRIAL_TEXT - length, "%sload MSR 0x%x = 0x%" PRIx64, length ? ", " : "",
				   request->msrs[i].index, (uint64_t)request->msrs[i].data);
}

/* Of the snapshot the outcome is filled in. */
static int try_entry(struct trial *trial, const struct trial_guest *guest, struct minivmx_try_entry *request,
		     struct snapshot *target)
{
	int refused, status = trial_guest_try(guest, request, &refused);
	bool entered;

	if (refused)
		strcpy(trial->why, refused == ERANGE ? "this CPU does not let such a value be written" :
		       "it is not tried: this CPU or its host would be lost if the entry succeeded");
	if (status || refused)
		return status;
	entered = request->outcome == MINIVMX_TRIED_VM_EXIT && !(request->reason & FAILED_ENTRY);
	target->failed = !entered;
	target->failure_reason = request->reason;
	target->failure_qualification = request->qualification;
	if (entered)
		snprintf(trial->cpu, TRIAL_TEXT, "entered; exit reason %u", (unsigned int)request->reason);
	else if (request->outcome == MINIVMX_TRIED_VM_EXIT)
		snprintf(trial->cpu, TRIAL_TEXT, "exit reason %u, qualification %" PRIu64,
			 (unsigned int)(request->reason & 0xffff), (uint64_t)request->qualification);
	else if (request->outcome == MINIVMX_TRIED_VMFAIL_VALID)
		snprintf(trial->cpu, TRIAL_TEXT, "VM-instruction error %u", (unsigned int)request->reason);
	else
		strcpy(trial->cpu, "VMfailInvalid");
	return 0;
}

/* ------------------------------------------------------------- prediction and verdict */

/* Why the changes, made to this CPU's VMCS, are no breach of this rule alone. */
static void explain_untested(char *why, const struct snapshot *target, const struct rule *rule,
			     const struct finding *findings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct rule *other = findings[i].rule;
		const struct control_field *field = find_control_field(other->fields[0], 0);
		uint64_t wrong = rule_wrong_bits(other, target);

		if (other == rule)
			continue;
		if (field && wrong && strstr(other->id, ".allowed-1"))
			snprintf(why, TRIAL_TEXT, "this CPU has no \"%s\"", control_name(field->word, __builtin_ctzll(wrong)));
		else if (wrong && strstr(other->id, ".fixed-1"))
			snprintf(why, TRIAL_TEXT, "this CPU has no bit %d of %s", __builtin_ctzll(wrong),
				 strstr(other->id, "cr4") ? "CR4" : "CR0");
		else
			snprintf(why, TRIAL_TEXT, "not alone: %s fails the entry as well", other->id);
		return;
	}
	strcpy(why, "this CPU is not one that it can be broken on");
}

/*
 * A CPU that accepts the breach of the first would do more than enter a guest; a CPU without what the
 * others are about refuses their bit, whatever stands beside it. SDM 2A "CPUID", leaf 7.
 */
static bool says_nothing_here(const struct rule *rule, char *why)
{
	static const struct {
		const char *id;
		unsigned int ebx_bit;
		const char *feature;
	} features[] = {
		{ "guest.interruptibility.enclave", 2, "SGX" },
		{ "guest.pending-debug.rtm", 11, "restricted transactional memory" },
		{ "guest.pending-debug.rtm-mov-ss", 11, "restricted transactional memory" },
	};
	unsigned int eax, ebx = 0, ecx, edx;

	if (!strcmp(rule->id, "msr-load.microcode")) {
		strcpy(why, "it is not tried: a CPU that accepts it loads an update from wherever the value points to");
		return true;
	}
	__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx);
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (!strcmp(rule->id, features[i].id) && !(ebx >> features[i].ebx_bit & 1)) {
			snprintf(why, TRIAL_TEXT, "this CPU has no %s, and refuses the bit in any case", features[i].feature);
			return true;
		}
	return false;
}

static void judge(struct trial *trial, const struct snapshot *target, const struct finding *findings, size_t count)
{
	bool agrees = rules_verdict(target, findings, count) == VERDICT_AGREE;

	if (trial->why[0])
		return;
	if (target->failed ? agrees : !count) {
		trial->result = TRIAL_PROVED;
	} else if (!target->failed && findings[0].rule->may_pass) {
		trial->result = TRIAL_UNTESTED;
		strcpy(trial->why, "this CPU lets it pass, as some do");
	} else {
		trial->result = TRIAL_DISAGREES;
	}
}

static void predict(struct trial *trial, const struct rule *rule)
{
	int length = snprintf(trial->predicted, TRIAL_TEXT, "%s%s", rule->may_pass ? "may be " : "",
			      stage_name(rule->stage));

	if (rule->stage == STAGE_GUEST)
		snprintf(trial->predicted + length, TRIAL_TEXT - length, ", qualification %d", rule->qualification);
	else if (rule->stage == STAGE_MSR_LOAD)
		snprintf(trial->predicted + length, TRIAL_TEXT - length, ", qualification 1");
}

static int attempt(struct trial *trial, const struct trial_guest *guest, struct snapshot *target)
{
	struct finding findings[FINDINGS_MAX];
	size_t count = rules_check(target, findings);
	struct minivmx_try_entry request;
	int status;

	if (!fill_request(&request, &guest->base, target)) {
		strcpy(trial->why, "more changes than one attempt takes");
		return 0;
	}
	describe_changes(trial->changes, &request);
	request.flags = count ? MINIVMX_TRY_EXPECT_FAILURE : 0;
	status = try_entry(trial, guest, &request, target);
	if (!status)
		judge(trial, target, findings, count);
	return status;
}

int trial_of_rule(struct trial *trial, const struct trial_guest *guest, const struct rule *rule)
{
	const struct breach *breach = breach_of(rule->id);
	struct snapshot target = guest->base;
	struct finding findings[FINDINGS_MAX];
	uint64_t value;
	size_t count;

	*trial = (struct trial){ .result = TRIAL_UNTESTED };
	predict(trial, rule);
	if (!snapshot_field(&target, rule->fields[0], &value)) {
		snprintf(trial->why, TRIAL_TEXT, "this CPU has no field \"%s\"", vmcs_field_find(rule->fields[0])->title);
		return 0;
	}
	if (says_nothing_here(rule, trial->why) || !activate(&target, rule, trial->why) ||
	    !make_changes(&target, breach->changes, trial->why))
		return 0;
	if (!rules_check(&target, findings) && strstr(rule->id, ".allowed-1"))
		set_forbidden_control(&target, rule);
	count = rules_check(&target, findings);
	if (!breaks_alone(&target, rule)) {
		explain_untested(trial->why, &target, rule, findings, count);
		return 0;
	}
	return attempt(trial, guest, &target);
}

int trial_of_near_miss(struct trial *trial, const struct trial_guest *guest, const struct near_miss *near_miss)
{
	struct snapshot target = guest->base;
	struct finding findings[FINDINGS_MAX];
	int status;

	*trial = (struct trial){ .result = TRIAL_UNTESTED, .predicted = "entered" };
	if (near_miss && !make_changes(&target, near_miss->changes, trial->why))
		return 0;
	if (rules_check(&target, findings)) {
		snprintf(trial->why, TRIAL_TEXT, "on this CPU it breaks %s", findings[0].rule->id);
		return 0;
	}
	status = attempt(trial, guest, &target);
	if (trial->result == TRIAL_DISAGREES && near_miss && near_miss->needs) {
		trial->result = TRIAL_UNTESTED;
		snprintf(trial->why, TRIAL_TEXT, "a CPU without %s refuses it", near_miss->needs);
	}
	return status;
}
