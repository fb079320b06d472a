/* SPDX-License-Identifier: GPL-2.0 */
/*
 * explain.h - says for a person which rules of VM entry a snapshot breaks.
 *
 * Reached from explain.c (the command) and report.c (a failed entry); continues in explain_text.c.
 */
#ifndef MINIVMX_TOOLS_EXPLAIN_H
#define MINIVMX_TOOLS_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "snapshot.h"

/* What the CPU said, where an entry failed. */
void explain_failure(FILE *out, const struct snapshot *snapshot);
/* How many rules are broken, whether the CPU agrees, and each of them. Returns the number. */
size_t explain_snapshot(FILE *out, const struct snapshot *snapshot);

struct rule;

/* A rule as such. */
void explain_rule(FILE *out, const struct rule *rule);

#endif /* MINIVMX_TOOLS_EXPLAIN_H */
