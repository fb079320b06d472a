/* SPDX-License-Identifier: GPL-2.0 */
/*
 * aml.h - writes ACPI Machine Language: the few objects and resources that describe our devices.
 *
 * Reached from acpi.c. It is built from the inside out: an object's contents are a struct aml of their
 * own, which is then put into the outer one, behind its length. Continues in aml.c.
 */
#ifndef MINIVMX_TOOLS_AML_H
#define MINIVMX_TOOLS_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AML_SIZE	8192

/* Starts as zeros. */
struct aml {
	uint8_t bytes[AML_SIZE];
	size_t size;
	bool full;		/* something did not fit, here or in what was put in */
};

/* Name (NAME, ...): the object that comes next. Names have up to four characters. */
void aml_name(struct aml *aml, const char *name);

void aml_integer(struct aml *aml, uint32_t value);
void aml_string(struct aml *aml, const char *string);
void aml_package(struct aml *aml, uint8_t count, const struct aml *elements);

/* Scope (\NAME), Device (NAME). */
void aml_scope(struct aml *aml, const char *name, const struct aml *contents);
void aml_device(struct aml *aml, const char *name, const struct aml *contents);

/* Name (_CRS, ResourceTemplate () {...}), and what may be in it. */
void aml_resources(struct aml *aml, const struct aml *resources);
void aml_resource_ports(struct aml *resources, uint16_t base, uint8_t length);
void aml_resource_isa_irq(struct aml *resources, unsigned int irq);	/* 0 to 15; edge */
void aml_resource_memory(struct aml *resources, uint32_t base, uint32_t length);
void aml_resource_gsi(struct aml *resources, uint32_t gsi);		/* level, active high, not shared */

#endif /* MINIVMX_TOOLS_AML_H */
