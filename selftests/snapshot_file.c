// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot_file.c - the file format of a VMCS (tools/snapshot_file.c, snapshot_parse.c), without a
 * VM: what is written is read again, what is wrong is refused with its line, and files changed at
 * random are refused or read as something that is written and read again the same.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "command.h"
#include "snapshot_file.h"
#include "vmcs_fields.h"

#define FILE_SIZE	32768
#define FUZZ_ROUNDS	200000

static char complaint[512];

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
}

FIXTURE(snapshot_file)
{
	struct snapshot snapshot, read;
	struct snapshot_error error;
	char text[FILE_SIZE];
	size_t size;
};

/* One of everything. */
FIXTURE_SETUP(snapshot_file)
{
	struct snapshot *s = &self->snapshot;

	strcpy(s->device, "/dev/minivmx");
	strcpy(s->kernel, "6.1.0-56-cloud-amd64");
	strcpy(s->cpu, "Intel(R) Core(TM) i7 # 1");
	s->host_hidden = true;
	s->failed = true;
	s->failure_reason = 0x80000021;
	s->failure_qualification = 3;
	s->physical_address_bits = 39;
	s->linear_address_bits = 48;
	s->has_pdptes = true;
	for (unsigned int i = 0; i < 4; i++)
		s->pdpte[i] = 0x1001 + i * 0x1000;
	s->entry_msrs = 2;
	for (unsigned int i = 0; i < 2; i++)
		s->entry_msr[i] = (struct snapshot_pair){ .number = 0xc0000081, .value = i };
	snapshot_set_msr(s, 0x480, 0xda040000000004);
	snapshot_set_msr(s, 0x481, 0x7f00000016);
	snapshot_set_field(s, VMCS_GUEST_RIP, 0xffffffff81000000);
	snapshot_set_field(s, VMCS_GUEST_CS_SELECTOR, 0xffff);
	snapshot_set_field(s, VMCS_EXIT_REASON, 0x80000021);
	snapshot_set_field(s, VMCS_EPT_POINTER, ~0ull);
	snapshot_set_field(s, 0x6ffe, 7);
}

FIXTURE_TEARDOWN(snapshot_file)
{
}

static size_t print(const struct snapshot *snapshot, char text[FILE_SIZE])
{
	FILE *out = fmemopen(text, FILE_SIZE, "w");

	snapshot_print(snapshot, out);
	fclose(out);
	return strlen(text);
}

static bool parse(struct snapshot *snapshot, const char *text, size_t size, struct snapshot_error *error)
{
	/* An empty stream fmemopen() does not make. */
	FILE *in = size ? fmemopen((void *)text, size, "r") : fopen("/dev/null", "r");
	bool good = snapshot_parse(snapshot, in, error);

	fclose(in);
	return good;
}

TEST_F(snapshot_file, read_as_written)
{
	self->size = print(&self->snapshot, self->text);
	ASSERT_TRUE(parse(&self->read, self->text, self->size, &self->error)) {
		TH_LOG("line %u: %s", self->error.line, self->error.text);
	}
	EXPECT_EQ(0, memcmp(&self->snapshot, &self->read, sizeof(self->read)));
}

TEST_F(snapshot_file, empty_and_full)
{
	self->snapshot = (struct snapshot){ 0 };
	self->size = print(&self->snapshot, self->text);
	EXPECT_STREQ("minivmx-vmcs 1\nend\n", self->text);
	ASSERT_TRUE(parse(&self->read, self->text, self->size, &self->error));
	EXPECT_EQ(0, memcmp(&self->snapshot, &self->read, sizeof(self->read)));

	for (unsigned int i = 0; i < SNAPSHOT_FIELDS; i++) {
		ASSERT_TRUE(snapshot_set_field(&self->snapshot, (i % 4) << 13 | (i / 4) << 1, 0xffff));
	}
	for (unsigned int i = 0; i < SNAPSHOT_MSRS; i++) {
		ASSERT_TRUE(snapshot_set_msr(&self->snapshot, i, ~0ull));
	}
	self->size = print(&self->snapshot, self->text);
	ASSERT_TRUE(parse(&self->read, self->text, self->size, &self->error));
	EXPECT_EQ(0, memcmp(&self->snapshot, &self->read, sizeof(self->read)));
	strcpy(self->text + self->size - strlen("end\n"), "field 0x6ffe - 1\nend\n");
	EXPECT_FALSE(parse(&self->read, self->text, strlen(self->text), &self->error));
	EXPECT_NE(NULL, strstr(self->error.text, "more than"));
}

/* Every prefix is cut off, at whatever byte. */
TEST_F(snapshot_file, cut_off)
{
	self->size = print(&self->snapshot, self->text);
	for (size_t size = 0; size < self->size; size++) {
		ASSERT_FALSE(parse(&self->read, self->text, size, &self->error)) {
			TH_LOG("%zu of %zu bytes", size, self->size);
		}
		ASSERT_NE(0, self->error.line);
		ASSERT_NE(0, self->error.text[0]);
	}
}

static const struct damage {
	const char *text;
	unsigned int line;
	const char *complaint;
} damages[] = {
	{ "\n", 1, "first line" },
	{ "\177ELF\n", 1, "no text" },
	{ "minivmx-vmcs\n", 1, "first line" },
	{ "minivmx-vmcs 1 1\n", 1, "first line" },
	{ "minivmx-vmcs 2\nend\n", 1, "reads version 1" },
	{ "minivmx-vmcs x\nend\n", 1, "no number" },
	{ "minivmx-vmcs 1\n", 2, "\"end\" is missing" },
	{ "minivmx-vmcs 1\nend", 2, "cut off" },
	{ "minivmx-vmcs 1\nend\n\nend\n", 4, "behind" },
	{ "minivmx-vmcs 1\nend 1\n", 2, "more" },
	{ "minivmx-vmcs 1\nfields 0x681e GUEST_RIP 1\nend\n", 2, "no word" },
	{ "minivmx-vmcs 1\n# c\nfield 0x681e GUEST_RIP\nend\n", 3, "missing" },
	{ "minivmx-vmcs 1\nfield 0x681e GUEST_RIP 1 2\nend\n", 2, "more" },
	{ "minivmx-vmcs 1\nfield 0x681e GUEST_RSP 1\nend\n", 2, "is called GUEST_RIP" },
	{ "minivmx-vmcs 1\nfield 0x681e - 1\nend\n", 2, "is called GUEST_RIP" },
	{ "minivmx-vmcs 1\nfield 0x6ffe GUEST_RIP 1\nend\n", 2, "is called -" },
	{ "minivmx-vmcs 1\nfield 0x681f GUEST_RIP 1\nend\n", 2, "no field" },
	{ "minivmx-vmcs 1\nfield 0x1681e GUEST_RIP 1\nend\n", 2, "no field" },
	{ "minivmx-vmcs 1\nfield 0x681e GUEST_RIP -1\nend\n", 2, "no number" },
	{ "minivmx-vmcs 1\nfield 0x681e GUEST_RIP +1\nend\n", 2, "no number" },
	{ "minivmx-vmcs 1\nfield 0x681e GUEST_RIP 0x\nend\n", 2, "no number" },
	{ "minivmx-vmcs 1\nfield 0x681e GUEST_RIP 12z\nend\n", 2, "no number" },
	{ "minivmx-vmcs 1\nfield 0x681e GUEST_RIP 0x10000000000000000\nend\n", 2, "too large" },
	{ "minivmx-vmcs 1\nfield 0x0800 GUEST_ES_SELECTOR 0x10000\nend\n", 2, "too large" },
	{ "minivmx-vmcs 1\nfield 0x4402 EXIT_REASON 0x100000000\nend\n", 2, "too large" },
	{ "minivmx-vmcs 1\nfield 0x681e GUEST_RIP 1\nfield 0x681e GUEST_RIP 1\nend\n", 3, "second" },
	{ "minivmx-vmcs 1\nmsr 0x480 1\nmsr 0x480 2\nend\n", 3, "second" },
	{ "minivmx-vmcs 1\nmsr 0x100000000 1\nend\n", 2, "too large" },
	{ "minivmx-vmcs 1\npdpte 0 1\npdpte 1 1\npdpte 3 1\nend\n", 5, "missing" },
	{ "minivmx-vmcs 1\npdpte 4 1\nend\n", 2, "too large" },
	{ "minivmx-vmcs 1\npdpte 0 1\npdpte 0 1\nend\n", 3, "second" },
	{ "minivmx-vmcs 1\nhost shown\nend\n", 2, "hidden" },
	{ "minivmx-vmcs 1\nhost hidden\nhost hidden\nend\n", 3, "second" },
	{ "minivmx-vmcs 1\nfailed 7 0\nfailed 7 0\nend\n", 3, "second" },
	{ "minivmx-vmcs 1\nfailed 0x180000021 0\nend\n", 2, "too large" },
	{ "minivmx-vmcs 1\naddress-bits 53 48\nend\n", 2, "too large" },
	{ "minivmx-vmcs 1\naddress-bits 0 48\nend\n", 2, "less than" },
	{ "minivmx-vmcs 1\naddress-bits 39 48\naddress-bits 39 48\nend\n", 3, "second" },
	{ "minivmx-vmcs 1\ndevice a\ndevice a\nend\n", 3, "second" },
	{ "minivmx-vmcs 1\ncpu \nend\n", 2, "characters" },
	{ "minivmx-vmcs 1\ncpu a\rb\nend\n", 2, "0x0d" },
};

TEST_F(snapshot_file, damage)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct damage *damage = &damages[i];

		EXPECT_FALSE(parse(&self->read, damage->text, strlen(damage->text), &self->error)) {
			TH_LOG("%s", damage->text);
		}
		EXPECT_EQ(damage->line, self->error.line) {
			TH_LOG("%s: %s", damage->text, self->error.text);
		}
		EXPECT_NE(NULL, strstr(self->error.text, damage->complaint)) {
			TH_LOG("%s: %s", damage->text, self->error.text);
		}
	}
}

TEST_F(snapshot_file, long_lines_and_many_entries)
{
	FILE *out = fmemopen(self->text, FILE_SIZE, "w");

	fprintf(out, "minivmx-vmcs 1\n# %0300d\nend\n", 0);
	fclose(out);
	EXPECT_FALSE(parse(&self->read, self->text, strlen(self->text), &self->error));
	EXPECT_EQ(2, self->error.line);
	EXPECT_NE(NULL, strstr(self->error.text, "more than"));

	out = fmemopen(self->text, FILE_SIZE, "w");
	fprintf(out, "minivmx-vmcs 1\ncpu %0*d\nend\n", SNAPSHOT_NAME_SIZE, 0);
	fclose(out);
	EXPECT_FALSE(parse(&self->read, self->text, strlen(self->text), &self->error));
	EXPECT_EQ(2, self->error.line);

	out = fmemopen(self->text, FILE_SIZE, "w");
	fprintf(out, "minivmx-vmcs 1\n");
	for (int i = 0; i <= SNAPSHOT_AREA_ENTRIES; i++)
		fprintf(out, "entry-msr 1 1\n");
	fclose(out);
	EXPECT_FALSE(parse(&self->read, self->text, strlen(self->text), &self->error));
	EXPECT_EQ(2 + SNAPSHOT_AREA_ENTRIES, self->error.line);
}

/* Bytes changed, lines taken out, doubled and exchanged. */
TEST_F(snapshot_file, fuzz)
{
	static char text[FILE_SIZE], again[FILE_SIZE];
	unsigned int good = 0, seed = 1;

	self->size = print(&self->snapshot, self->text);
	for (int round = 0; round < FUZZ_ROUNDS; round++) {
		size_t size = self->size;

		memcpy(text, self->text, size + 1);
		for (int i = rand_r(&seed) % 4; i >= 0; i--) {
			size_t at = rand_r(&seed) % size, from = rand_r(&seed) % size;
			size_t length = rand_r(&seed) % 40;

			if (rand_r(&seed) % 2)
				text[at] = rand_r(&seed) % 3 ? "0123456789abcdefx \n-#"[rand_r(&seed) % 21] : rand_r(&seed);
			else if (at + length < size && from + length < size)
				memmove(text + at, text + from, length);
		}
		if (!parse(&self->read, text, size, &self->error)) {
			ASSERT_NE(0, self->error.line);
			ASSERT_NE(0, self->error.text[0]);
			continue;
		}
		good++;
		self->snapshot = self->read;
		size = print(&self->read, again);
		ASSERT_TRUE(parse(&self->read, again, size, &self->error)) {
			TH_LOG("line %u: %s", self->error.line, self->error.text);
		}
		ASSERT_EQ(0, memcmp(&self->snapshot, &self->read, sizeof(self->read)));
	}
	/* Neither all nor none, or the changes do not try what they should. */
	EXPECT_LT(FUZZ_ROUNDS / 100, good);
	EXPECT_GT(FUZZ_ROUNDS / 2, good);
}

TEST_F(snapshot_file, files_by_name)
{
	char path[] = "/tmp/snapshot-XXXXXX";
	int fd = mkstemp(path);

	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(0, snapshot_write_file(&self->snapshot, path));
	EXPECT_EQ(0, snapshot_read_file(&self->read, path));
	EXPECT_EQ(0, memcmp(&self->snapshot, &self->read, sizeof(self->read)));
	EXPECT_EQ(0, truncate(path, 20));
	EXPECT_EQ(STATUS_BAD_IMAGE, snapshot_read_file(&self->read, path));
	EXPECT_NE(NULL, strstr(complaint, ":2: "));
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(STATUS_HOST_ERROR, snapshot_read_file(&self->read, path));
	EXPECT_EQ(STATUS_BAD_IMAGE, snapshot_read_file(&self->read, "/"));
	EXPECT_EQ(STATUS_HOST_ERROR, snapshot_write_file(&self->snapshot, "/no/such/directory"));
	EXPECT_EQ(STATUS_HOST_ERROR, snapshot_write_file(&self->snapshot, "/dev/full"));
	EXPECT_NE(NULL, strstr(complaint, "No space"));
}

TEST_HARNESS_MAIN
