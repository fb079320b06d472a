// SPDX-License-Identifier: GPL-2.0
/*
 * aml.c - the encoding of AML's objects and of resource descriptors.
 *
 * Reached from acpi.c; see aml.h. It follows the ACPI Specification 6.5, sections 20.2 "AML Grammar
 * Definition" and 6.4 "Resource Data Types for ACPI". All numbers are little-endian, as the host's.
 */
#include <string.h>

#include "aml.h"

#define ZERO_OP		0x00
#define ONE_OP		0x01
#define NAME_OP		0x08
#define BYTE_PREFIX	0x0a
#define WORD_PREFIX	0x0b
#define DWORD_PREFIX	0x0c
#define STRING_PREFIX	0x0d
#define SCOPE_OP	0x10
#define BUFFER_OP	0x11
#define PACKAGE_OP	0x12
#define EXT_OP_PREFIX	0x5b
#define EXT_DEVICE_OP	0x82

static void add(struct aml *aml, const void *bytes, size_t size)
{
	if (size > AML_SIZE - aml->size) {
		aml->full = true;
		return;
	}
	memcpy(aml->bytes + aml->size, bytes, size);
	aml->size += size;
}

static void add_byte(struct aml *aml, uint8_t byte)
{
	add(aml, &byte, 1);
}

static void add_aml(struct aml *aml, const struct aml *inner)
{
	add(aml, inner->bytes, inner->size);
	aml->full |= inner->full;
}

/* Four characters; short names are filled with underscores. */
static void add_name_segment(struct aml *aml, const char *name)
{
	char segment[4] = { '_', '_', '_', '_' };

	memcpy(segment, name, strnlen(name, sizeof(segment)));
	add(aml, segment, sizeof(segment));
}

/*
 * PkgLength, and what it counts. It counts its own bytes too. Up to 63 it is one byte; else the first
 * byte holds in bits 7:6 how many follow, and the lowest 4 bits of the length.
 */
static void add_block(struct aml *aml, const struct aml *head, const struct aml *contents)
{
	size_t size = head->size + contents->size, length;
	unsigned int following = size + 1 < 0x40 ? 0 : 1;

	while (following && size + 1 + following >= 1u << (4 + 8 * following))
		following++;
	length = size + 1 + following;
	add_byte(aml, following ? following << 6 | (length & 0x0f) : length);
	for (unsigned int i = 0; i < following; i++)
		add_byte(aml, length >> (4 + 8 * i));
	add_aml(aml, head);
	add_aml(aml, contents);
}

void aml_name(struct aml *aml, const char *name)
{
	add_byte(aml, NAME_OP);
	add_name_segment(aml, name);
}

void aml_integer(struct aml *aml, uint32_t value)
{
	if (value <= 1) {
		add_byte(aml, value ? ONE_OP : ZERO_OP);
	} else if (value <= 0xff) {
		add_byte(aml, BYTE_PREFIX);
		add(aml, &value, 1);
	} else if (value <= 0xffff) {
		add_byte(aml, WORD_PREFIX);
		add(aml, &value, 2);
	} else {
		add_byte(aml, DWORD_PREFIX);
		add(aml, &value, 4);
	}
}

void aml_string(struct aml *aml, const char *string)
{
	add_byte(aml, STRING_PREFIX);
	add(aml, string, strlen(string) + 1);
}

void aml_package(struct aml *aml, uint8_t count, const struct aml *elements)
{
	struct aml head = { .size = 0 };

	add_byte(&head, count);
	add_byte(aml, PACKAGE_OP);
	add_block(aml, &head, elements);
}

void aml_scope(struct aml *aml, const char *name, const struct aml *contents)
{
	struct aml head = { .size = 0 };

	add_byte(&head, '\\');
	add_name_segment(&head, name);
	add_byte(aml, SCOPE_OP);
	add_block(aml, &head, contents);
}

void aml_device(struct aml *aml, const char *name, const struct aml *contents)
{
	struct aml head = { .size = 0 };

	add_name_segment(&head, name);
	add_byte(aml, EXT_OP_PREFIX);
	add_byte(aml, EXT_DEVICE_OP);
	add_block(aml, &head, contents);
}

void aml_resources(struct aml *aml, const struct aml *resources)
{
	/* A checksum of 0 is not checked. */
	static const struct aml end_tag = { .bytes = { 0x79, 0 }, .size = 2 };
	struct aml template = { .size = 0 }, size = { .size = 0 };

	add_aml(&template, resources);
	add_aml(&template, &end_tag);
	aml_integer(&size, template.size);
	aml_name(aml, "_CRS");
	add_byte(aml, BUFFER_OP);
	add_block(aml, &size, &template);
}

void aml_resource_ports(struct aml *resources, uint16_t base, uint8_t length)
{
	struct {
		uint8_t tag, decode;
		uint16_t min, max;
		uint8_t alignment, length;
	} __attribute__((packed)) ports = {
		.tag = 0x47, .decode = 1, .min = base, .max = base, .alignment = 1, .length = length,
	};

	add(resources, &ports, sizeof(ports));
}

/* The short form, which says nothing else than the number: edge, active high, not shared. */
void aml_resource_isa_irq(struct aml *resources, unsigned int irq)
{
	struct {
		uint8_t tag;
		uint16_t mask;
	} __attribute__((packed)) line = { .tag = 0x22, .mask = 1u << irq };

	add(resources, &line, sizeof(line));
}

void aml_resource_memory(struct aml *resources, uint32_t base, uint32_t length)
{
	struct {
		uint8_t tag;
		uint16_t size;
		uint8_t writable;
		uint32_t base, length;
	} __attribute__((packed)) memory = {
		.tag = 0x86, .size = 9, .writable = 1, .base = base, .length = length,
	};

	add(resources, &memory, sizeof(memory));
}

void aml_resource_gsi(struct aml *resources, uint32_t gsi)
{
	struct {
		uint8_t tag;
		uint16_t size;
		uint8_t flags, count;
		uint32_t gsi;
	} __attribute__((packed)) interrupt = {
		/* Bit 0: the device consumes it. Edge, active low and shared would be bits 1 to 3. */
		.tag = 0x89, .size = 6, .flags = 1, .count = 1, .gsi = gsi,
	};

	add(resources, &interrupt, sizeof(interrupt));
}
