/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walk_print.h - a walk through the guest's page tables and EPT as text or JSON on stdout: every load, in
 * the order of a CPU whose caches are empty, where they lead, and what each kind of access would do.
 *
 * Reached from step_commands.c; continues in walk_print.c and walk_json.c.
 */
#ifndef MINIVMX_TOOLS_WALK_PRINT_H
#define MINIVMX_TOOLS_WALK_PRINT_H

#include "nested_walk.h"

/* The guest's memory is at ram, from guest-physical 0 on. */
void walk_print(const struct nested_walk *walk, const uint8_t *ram, uint64_t ram_size);
void walk_print_json(const struct nested_walk *walk);

#endif /* MINIVMX_TOOLS_WALK_PRINT_H */
