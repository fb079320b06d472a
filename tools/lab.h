/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lab.h - the exercises of `minivmx lab`: a fault is a rule of VM entry to break, a story, and other rules
 * that it could be.
 *
 * Reached from lab.c; continues in lab_faults.c (the faults). What breaks the rule stands in breaches.c.
 */
#ifndef MINIVMX_TOOLS_LAB_H
#define MINIVMX_TOOLS_LAB_H

#include "rules.h"

#define LAB_OTHERS	3

struct fault {
	const char *name;
	const char *story;		/* how somebody came to break it, without a word of which rule it is */
	const char *rule;		/* the answer */
	const char *others[LAB_OTHERS];	/* of the same stage: the symptom does not tell them apart */
};

extern const struct fault lab_faults[];
extern const unsigned int lab_fault_count;

/* lab_check.c: a good VMCS, with the fault, and what the CPU says to it; the rule that it breaks. */
struct finding lab_break(struct snapshot *snapshot, const struct fault *fault);

/* Does each fault break what its answer says, and that alone? Says what does not hold; how many. */
unsigned int lab_check_all(void);

#endif /* MINIVMX_TOOLS_LAB_H */
