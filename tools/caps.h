/* SPDX-License-Identifier: GPL-2.0 */
/*
 * caps.h - what the two renderings of `minivmx caps` share: caps.c (text), caps_json.c.
 */
#ifndef MINIVMX_TOOLS_CAPS_H
#define MINIVMX_TOOLS_CAPS_H

#include "capability.h"

const char *source_name(enum capability_source source);

/* "0", "1" or "0 or 1": what the CPU allows. */
const char *setting_name(unsigned int bit, uint64_t must_be_1, uint64_t may_be_1);

/* "required", "required off", "optional", or NULL for NOT_USED. */
const char *need_name(enum vmx_need need);

void caps_print_json(const struct capabilities *caps);

#endif /* MINIVMX_TOOLS_CAPS_H */
