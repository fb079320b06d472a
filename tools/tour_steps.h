/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tour_steps.h - the steps of the tour's stops: each makes a guest, runs it, and says what has come of it.
 *
 * Reached from tour_stops.c, which has their order and their words.
 */
#ifndef MINIVMX_TOOLS_TOUR_STEPS_H
#define MINIVMX_TOOLS_TOUR_STEPS_H

#include "tour.h"

/* SDM 3D "VMX Basic Exit Reasons" */
enum { REASON_CPUID = 10, REASON_HLT = 12, REASON_IO = 30, REASON_EPT_VIOLATION = 48 };

/* tour_entry.c */
void step_vmxon(struct tour *tour);
void step_vmcs(struct tour *tour);
void step_launch(struct tour *tour);
void step_borrow(struct tour *tour);
void step_off(struct tour *tour);

/* tour_exits.c */
void step_exit(struct tour *tour);
void step_cpuid(struct tour *tour);
void step_ept(struct tour *tour);
void step_mmio(struct tour *tour);
void step_recorder(struct tour *tour);

/* tour_events.c */
void step_inject(struct tour *tour);
void step_failed(struct tour *tour);

#endif /* MINIVMX_TOOLS_TOUR_STEPS_H */
