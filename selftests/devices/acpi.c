// SPDX-License-Identifier: GPL-2.0
/*
 * acpi.c - the ACPI tables in a guest's memory (tools/acpi.c, aml.c): followed as a guest does, from the
 * RSDP on. Where iasl is installed, it reads them too, and compiles again what it has read.
 */
#define _GNU_SOURCE		/* memmem() */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acpi.h"
#include "kselftest_harness.h"

#define MEMORY		0x200000
#define WINDOWS		200
#define UNTOUCHED	0xa5

FIXTURE(acpi)
{
	struct guest_memory memory;
	struct acpi_window windows[WINDOWS];
	struct acpi_machine machine;
};

FIXTURE_SETUP(acpi)
{
	self->memory = (struct guest_memory){ .bytes = malloc(MEMORY), .size = MEMORY };
	ASSERT_NE(NULL, self->memory.bytes);
	memset(self->memory.bytes, UNTOUCHED, MEMORY);
	for (int i = 0; i < WINDOWS; i++)
		self->windows[i] = (struct acpi_window){ 0xd0000000 + 0x1000 * i, 0x1000, 5 + i };
	self->machine = (struct acpi_machine){ .cpus = 2, .windows = self->windows, .window_count = 3 };
}

FIXTURE_TEARDOWN(acpi)
{
	free(self->memory.bytes);
}

static uint64_t number(const uint8_t *bytes, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, bytes + offset, size);
	return value;
}

static uint8_t sum(const uint8_t *bytes, size_t size)
{
	uint8_t total = 0;

	while (size--)
		total += *bytes++;
	return total;
}

/* NULL unless it is in its place and its checksum is right. */
static const uint8_t *table_at(const struct guest_memory *memory, uint64_t address, const char *signature)
{
	const uint8_t *table = memory->bytes + address;

	if (address < ACPI_BEGIN || address > ACPI_END - 36 || memcmp(table, signature, 4) ||
	    number(table, 4, 4) < 36 || number(table, 4, 4) > ACPI_END - address ||
	    sum(table, number(table, 4, 4)))
		return NULL;
	return table;
}

struct tables {
	const uint8_t *fadt, *dsdt, *madt;
};

/* Their NULLs say what was not found. */
static struct tables find_tables(const struct guest_memory *memory, uint64_t rsdp)
{
	const uint8_t *root = memory->bytes + rsdp, *xsdt;
	struct tables tables = { .fadt = NULL };

	if (rsdp < ACPI_BEGIN || rsdp >= ACPI_END || rsdp % 16 || memcmp(root, "RSD PTR ", 8) ||
	    sum(root, 20) || root[15] != 2 || number(root, 20, 4) != 36 || sum(root, 36))
		return tables;
	xsdt = table_at(memory, number(root, 24, 8), "XSDT");
	if (!xsdt || number(xsdt, 4, 4) != 36 + 2 * 8)
		return tables;
	tables.fadt = table_at(memory, number(xsdt, 36, 8), "FACP");
	tables.madt = table_at(memory, number(xsdt, 44, 8), "APIC");
	if (tables.fadt && number(tables.fadt, 40, 4) == number(tables.fadt, 140, 8))
		tables.dsdt = table_at(memory, number(tables.fadt, 140, 8), "DSDT");
	return tables;
}

TEST_F(acpi, memory_too_small)
{
	for (uint64_t size = 0; size <= ACPI_END; size += ACPI_END / 16) {
		self->memory.size = size;
		EXPECT_EQ(size == ACPI_END, acpi_write_tables(&self->memory, &self->machine) != 0);
	}
	self->memory.size = ACPI_END - 1;
	EXPECT_EQ(0, acpi_write_tables(&self->memory, &self->machine));
}

TEST_F(acpi, all_that_is_not_theirs_is_untouched)
{
	ASSERT_NE(0, acpi_write_tables(&self->memory, &self->machine));
	for (uint64_t i = 0; i < MEMORY; i++)
		if (i < ACPI_BEGIN || i >= ACPI_END)
			ASSERT_EQ(UNTOUCHED, self->memory.bytes[i]);
}

TEST_F(acpi, fadt)
{
	uint64_t rsdp = acpi_write_tables(&self->memory, &self->machine);
	const uint8_t *fadt = find_tables(&self->memory, rsdp).fadt, *facs;

	ASSERT_NE(NULL, fadt);
	EXPECT_EQ(276, number(fadt, 4, 4));
	EXPECT_EQ(6, fadt[8]);
	EXPECT_EQ(9, number(fadt, 46, 2));
	EXPECT_EQ(0, number(fadt, 48, 4));
	EXPECT_EQ(0x600, number(fadt, 56, 4));
	EXPECT_EQ(0x604, number(fadt, 64, 4));
	EXPECT_EQ(0x608, number(fadt, 76, 4));
	EXPECT_EQ(4, fadt[88]);
	EXPECT_EQ(2, fadt[89]);
	EXPECT_EQ(4, fadt[91]);
	/* Legacy devices, a clock; no 8042, no VGA, no MSI. */
	EXPECT_EQ(0x000d, number(fadt, 109, 2));
	/* The power button is in the PM1 registers (bit 4), the hardware is not reduced (bit 20). */
	EXPECT_EQ(0x00000565, number(fadt, 112, 4));
	/* Generic addresses: I/O space, width, offset, access size; the port. */
	EXPECT_EQ(0x01000801, number(fadt, 116, 4));
	EXPECT_EQ(0xcf9, number(fadt, 120, 8));
	EXPECT_EQ(6, fadt[128]);
	EXPECT_EQ(0x02002001, number(fadt, 148, 4));
	EXPECT_EQ(0x600, number(fadt, 152, 8));
	EXPECT_EQ(0x02001001, number(fadt, 172, 4));
	EXPECT_EQ(0x604, number(fadt, 176, 8));
	EXPECT_EQ(0x03002001, number(fadt, 208, 4));
	EXPECT_EQ(0x608, number(fadt, 212, 8));
	/* The FACS: aligned, no checksum; by its 32-bit pointer alone. */
	EXPECT_EQ(0, number(fadt, 132, 8));
	EXPECT_EQ(0, number(fadt, 36, 4) % 64);
	facs = self->memory.bytes + number(fadt, 36, 4);
	EXPECT_EQ(0, memcmp(facs, "FACS\x40\0\0\0", 8));
	EXPECT_EQ(2, facs[32]);
}

TEST_F(acpi, madt)
{
	static const unsigned int cpus[] = { 1, 2, 255 };

	for (unsigned int i = 0; i < 3; i++) {
		const uint8_t *madt, *entry;

		self->machine.cpus = cpus[i];
		madt = find_tables(&self->memory, acpi_write_tables(&self->memory, &self->machine)).madt;
		ASSERT_NE(NULL, madt);
		ASSERT_EQ(44 + 8 * cpus[i] + 12 + 2 * 10, number(madt, 4, 4));
		EXPECT_EQ(0xfee00000, number(madt, 36, 4));
		EXPECT_EQ(1, number(madt, 40, 4));
		entry = madt + 44;
		for (unsigned int cpu = 0; cpu < cpus[i]; cpu++, entry += 8)
			EXPECT_EQ(0x0000000100000800 | cpu << 16 | (uint64_t)cpu << 24, number(entry, 0, 8));
		EXPECT_EQ(0, memcmp(entry, "\1\x0c\0\0\0\0\xc0\xfe\0\0\0\0", 12));
		EXPECT_EQ(0, memcmp(entry + 12, "\2\x0a\0\0\2\0\0\0\0\0", 10));
		EXPECT_EQ(0, memcmp(entry + 22, "\2\x0a\0\x09\x09\0\0\0\x0d\0", 10));
	}
}

/* What stands in the DSDT, byte by byte; the specification's section 20.2 says how. */
TEST_F(acpi, dsdt)
{
	static const char soft_off[] = "\x08_S5_\x12\x08\x04\x0a\x05\x0a\x05\0\0";
	static const char window[] = "\x5b\x82\x3bV002" "\x08_HID\x0dLNRO0005\0" "\x08_UID\x0a\x02"
		"\x08_CRS\x11\x1a\x0a\x17" "\x86\x09\0\x01\0\x20\0\xd0\0\x10\0\0"
		"\x89\x06\0\x01\x01\x07\0\0\0" "\x79";
	uint64_t rsdp = acpi_write_tables(&self->memory, &self->machine);
	const uint8_t *dsdt = find_tables(&self->memory, rsdp).dsdt;
	size_t length;

	ASSERT_NE(NULL, dsdt);
	length = number(dsdt, 4, 4);
	EXPECT_EQ(2, dsdt[8]);
	EXPECT_EQ(0, memcmp(dsdt + 36, soft_off, sizeof(soft_off) - 1));
	/* All the rest is one scope: its length ends with the table. */
	EXPECT_EQ(0x10, dsdt[50]);
	EXPECT_EQ(0x40, dsdt[51] & 0xf0);
	EXPECT_EQ(length - 51, (dsdt[51] & 0x0f) | dsdt[52] << 4);
	EXPECT_EQ(0, memcmp(dsdt + 53, "\\_SB_", 5));
	/* The last device; the end tag's checksum is the literal's final zero. */
	EXPECT_EQ(0, memcmp(dsdt + length - sizeof(window), window, sizeof(window)));
	EXPECT_NE(NULL, memmem(dsdt, length, "PNP0501", 8));
	EXPECT_NE(NULL, memmem(dsdt, length, "PNP0B00", 8));
	EXPECT_NE(NULL, memmem(dsdt, length, "QEMU0001", 9));
	EXPECT_EQ(NULL, memmem(dsdt, length, "V003", 4));
}

TEST_F(acpi, more_windows_than_fit)
{
	const uint8_t *dsdt;

	self->machine.window_count = 100;
	dsdt = find_tables(&self->memory, acpi_write_tables(&self->memory, &self->machine)).dsdt;
	ASSERT_NE(NULL, dsdt);
	/* A scope of more than 4095 bytes has a length of three bytes. */
	EXPECT_EQ(0x80, dsdt[51] & 0xf0);
	EXPECT_EQ(number(dsdt, 4, 4) - 51, (dsdt[51] & 0x0f) | dsdt[52] << 4 | dsdt[53] << 12);
	self->machine.window_count = WINDOWS;
	EXPECT_EQ(0, acpi_write_tables(&self->memory, &self->machine));
}

static void write_table(const char *name, const uint8_t *table)
{
	FILE *file = fopen(name, "w");

	if (file) {
		fwrite(table, 1, number(table, 4, 4), file);
		fclose(file);
	}
}

/* Its text without white space, for strstr(). */
static char *squeezed(const char *name)
{
	static char text[1 << 18];
	FILE *file = fopen(name, "r");
	size_t size = 0;
	int c;

	while (file && (c = getc(file)) != EOF && size < sizeof(text) - 1)
		if (c != ' ' && c != '\n' && c != '\t')
			text[size++] = c;
	text[size] = 0;
	if (file)
		fclose(file);
	return text;
}

TEST_F(acpi, as_iasl_reads_them)
{
	static const unsigned int counts[] = { 0, 1, 5, 100 };
	char folder[] = "/tmp/acpi.XXXXXX", command[64];

	if (system("command -v iasl >/dev/null"))
		SKIP(return, "iasl is not installed (Debian: acpica-tools)");
	ASSERT_NE(NULL, mkdtemp(folder));
	ASSERT_EQ(0, chdir(folder));
	for (unsigned int i = 0; i < 4; i++) {
		struct tables tables;
		const char *text;

		self->machine.window_count = counts[i];
		tables = find_tables(&self->memory, acpi_write_tables(&self->memory, &self->machine));
		ASSERT_NE(NULL, tables.dsdt);
		write_table("fadt.dat", tables.fadt);
		write_table("madt.dat", tables.madt);
		write_table("dsdt.dat", tables.dsdt);
		ASSERT_EQ(0, system("iasl -d fadt.dat madt.dat dsdt.dat >log 2>&1"));
		EXPECT_NE(0, system("grep -iE 'error|warning|invalid|incorrect' log"));
		EXPECT_NE(NULL, strstr(squeezed("fadt.dsl"), "SCIInterrupt:0009"));
		EXPECT_NE(NULL, strstr(squeezed("madt.dsl"), "[I/OAPIC]"));
		text = squeezed("dsdt.dsl");
		EXPECT_NE(NULL, strstr(text, "Package(0x04)//_S5_:S5SystemState{0x05,0x05,Zero,Zero})"));
		EXPECT_NE(NULL, strstr(text, "IRQNoFlags(){4}"));
		EXPECT_NE(NULL, strstr(text, "IRQNoFlags(){8}"));
		EXPECT_EQ(counts[i] == 100, strstr(text, "Device(V099)") != NULL);
		EXPECT_EQ(counts[i] >= 5, strstr(text, "Memory32Fixed(ReadWrite,0xD0004000,//AddressBase"
			"0x00001000,//AddressLength)Interrupt(ResourceConsumer,Level,ActiveHigh,Exclusive,,,)"
			"{0x00000009,}") != NULL);
		EXPECT_EQ(0, system("iasl dsdt.dsl >log 2>&1 && grep -q '0 Errors, 0 Warnings' log"));
	}
	snprintf(command, sizeof(command), "rm -r %s", folder);
	EXPECT_EQ(0, system(command));
}

TEST_HARNESS_MAIN
