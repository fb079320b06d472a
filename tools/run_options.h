/* SPDX-License-Identifier: GPL-2.0 */
/*
 * run_options.h - the options of `minivmx run` that other subcommands which run a guest take as well.
 *
 * Reached from run.c, step.c and walk.c; continues in run_options.c.
 */
#ifndef MINIVMX_TOOLS_RUN_OPTIONS_H
#define MINIVMX_TOOLS_RUN_OPTIONS_H

#include <argp.h>

#include "machine.h"

#define RUN_OPTIONS_DEFAULT { .device = MINIVMX_DEVICE, .ram_size = 256ull << 20, .cpus = 1 }

/*
 * For argp's children; its input is a struct machine_options. Unless they are shown, --help says nothing
 * of the options.
 */
const struct argp *run_options(bool shown);

#endif /* MINIVMX_TOOLS_RUN_OPTIONS_H */
