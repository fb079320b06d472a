/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gdb.h - `minivmx run --gdb`: lets a gdb control the guest, over TCP or a Unix socket.
 *
 * Reached from cpu.c before the first RUN, and when gdb has interrupted one. The guest is
 * stopped until a gdb has connected and says continue; while it runs, a byte from gdb raises
 * SIGIO, which machine.c turns into a kick. Continues in gdb.c.
 */
#ifndef MINIVMX_TOOLS_GDB_H
#define MINIVMX_TOOLS_GDB_H

#include <signal.h>
#include <stdbool.h>

#include "vm.h"

struct gdb;

/* [HOST]:PORT, where HOST is a numeric address or localhost, or unix:PATH */
bool gdb_address_is_valid(const char *address);

/*
 * address: a valid one. Listens, and says on stderr where. *stopping becomes nonzero when
 * the run is to end; a kick follows. Returns 0 or an exit status; *gdb is NULL after a failure.
 */
int gdb_open(struct gdb **gdb, struct vcpu *vcpu, const char *address, const volatile sig_atomic_t *stopping);

/*
 * Before the first RUN and after each that was interrupted (a half-done exit is then complete): answers
 * gdb until the guest may run on, or *stopping. Returns 0, or an exit status if gdb killed the guest.
 */
int gdb_serve(struct gdb *gdb);

/* After MINIVMX_EXIT_DEBUG. Returns as gdb_serve() does. */
int gdb_debug_exit(struct gdb *gdb);

/* The guest can't go on: lets gdb look at it. Returns the status. gdb may be NULL. */
int gdb_crashed(struct gdb *gdb, int status);

/* Tells gdb how the run has ended. gdb may be NULL. */
void gdb_close(struct gdb *gdb, int status);

#endif /* MINIVMX_TOOLS_GDB_H */
