/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trial.h - a rule of VM entry against the CPU: a good VMCS is changed so that the rule is broken, the
 * outcome predicted, and the entry really tried.
 *
 * Reached from prove.c; continues in trial.c (what is tried, and whether the CPU agrees) and
 * trial_guest.c (the good VMCSs).
 */
#ifndef MINIVMX_TOOLS_TRIAL_H
#define MINIVMX_TOOLS_TRIAL_H

#include "breaches.h"
#include "snapshot.h"

#define TRIAL_TEXT	256

struct minivmx_try_entry;
struct rule;
struct vm;

/* One VM for each mode, and its VMCS. */
struct trial_guest {
	struct vm *vm;
	struct snapshot base;
};

enum trial_result { TRIAL_PROVED, TRIAL_DISAGREES, TRIAL_UNTESTED };

struct trial {
	enum trial_result result;
	char predicted[TRIAL_TEXT];
	char cpu[TRIAL_TEXT];		/* what it did */
	char why[TRIAL_TEXT];		/* not tested */
	char changes[TRIAL_TEXT];
};

/* 0, or a status of command.h after having said what was wrong. */
int trial_guest_open(struct trial_guest *guest, const char *device, enum snapshot_mode mode);
void trial_guest_close(struct trial_guest *guest);
const char *trial_mode_name(enum snapshot_mode mode);
/*
 * TRY_ENTRY. EACCES and ERANGE are 0 too, with errno in *refused (else 0): the module does not try it,
 * or this CPU can't hold it.
 */
int trial_guest_try(const struct trial_guest *guest, struct minivmx_try_entry *request, int *refused);

/* As above: the status is of what keeps any trial from being made. */
int trial_of_rule(struct trial *trial, const struct trial_guest *guest, const struct rule *rule);
/* What breaks no rule must enter; NULL: the VMCS as it is. */
int trial_of_near_miss(struct trial *trial, const struct trial_guest *guest, const struct near_miss *near_miss);

#endif /* MINIVMX_TOOLS_TRIAL_H */
