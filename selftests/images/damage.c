// SPDX-License-Identifier: GPL-2.0
/*
 * damage.c - the runner's loaders of images (tools/image*.c), without a VM: files that are wrong in
 * one place, cut off, or changed at random. Each is refused with a word about it, or loaded within
 * the memory, around which nothing can be touched.
 */
#include <asm/bootparam.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "make.h"

#define FUZZ_ROUNDS 20000		/* for each kind of image */

FIXTURE(damage)
{
	struct loader loader;
	uint8_t bytes[IMAGE_SIZE];
};

FIXTURE_SETUP(damage)
{
	loader_init(&self->loader);
}

FIXTURE_TEARDOWN(damage)
{
	loader_free(&self->loader);
}

/* Offset and size of a value. */
#define MEMBER(base, type, member) (base) + offsetof(type, member), sizeof(((type *)0)->member)
#define SETUP(member)		MEMBER(0x1f1, struct setup_header, member)
#define HEADER(member)		MEMBER(0, Elf64_Ehdr, member)
#define HEADER32(member)	MEMBER(0, Elf32_Ehdr, member)
#define SEGMENT(member)		MEMBER(sizeof(Elf64_Ehdr), Elf64_Phdr, member)
#define SEGMENT32(member)	MEMBER(sizeof(Elf32_Ehdr), Elf32_Phdr, member)
#define NOTES(member)		MEMBER(sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), Elf64_Phdr, member)
#define NOTE_WORD(n)	ELF_NOTE + 4 * (n), 4
#define WORD(n)		MULTIBOOT + 4 * (n), 4
#define FLAGS(flags)	WORD(1), flags

/* One value in an image that is right elsewhere. */
static const struct damage {
	enum image_kind kind;
	size_t offset, size;
	uint64_t value;
	const char *complaint;
} damages[] = {
	{ BZIMAGE, SETUP(boot_flag), 0xaa54, "boot sector's magic" },
	{ BZIMAGE, SETUP(jump), 0x10eb, "too short" },
	{ BZIMAGE, SETUP(version), 0x20b, "protocol 2.11" },
	{ BZIMAGE, SETUP(loadflags), 0, "zImage" },
	{ BZIMAGE, SETUP(setup_sects), 8, "setup sectors end" },
	{ BZIMAGE, SETUP(syssize), 0x1000, "truncated" },
	{ BZIMAGE, SETUP(syssize), 0xffffffff, "truncated" },
	{ BZIMAGE, SETUP(syssize), 0x20, "bytes only" },
	{ BZIMAGE, SETUP(syssize), 0, "bytes only" },
	{ BZIMAGE, SETUP(pref_address), 0x90000, "below 1 MiB" },
	{ BZIMAGE, SETUP(pref_address), RAM_SIZE - KERNEL_MEMORY + 1, "--mem" },
	{ BZIMAGE, SETUP(pref_address), RAM_SIZE + 1, "--mem" },
	{ BZIMAGE, SETUP(pref_address), ~0ull, "--mem" },
	{ BZIMAGE, SETUP(init_size), RAM_SIZE - KERNEL + 1, "--mem" },
	{ BZIMAGE, SETUP(init_size), 0xffffffff, "--mem" },
	{ PVH, EI_CLASS, 1, 3, "unknown class" },
	{ PVH, EI_DATA, 1, ELFDATA2MSB, "another machine" },
	{ PVH, HEADER(e_machine), EM_386, "another machine" },
	{ PVH, HEADER(e_type), ET_DYN, "ET_EXEC" },
	{ PVH, HEADER(e_phentsize), 55, "unknown size" },
	{ PVH, HEADER(e_phoff), IMAGE_SIZE - 111, "truncated" },
	{ PVH, HEADER(e_phoff), ~0ull, "truncated" },
	{ PVH, HEADER(e_phnum), 0xffff, "truncated" },
	{ PVH, HEADER(e_phnum), 0, "no segment to load" },
	{ PVH, SEGMENT(p_type), PT_NULL, "no segment to load" },
	{ PVH, SEGMENT(p_offset), ~0ull, "truncated" },
	{ PVH, SEGMENT(p_offset), IMAGE_SIZE - KERNEL_SIZE + 1, "truncated" },
	{ PVH, SEGMENT(p_filesz), ~0ull, "truncated" },
	{ PVH, SEGMENT(p_filesz), IMAGE_SIZE - ELF_KERNEL + 1, "truncated" },
	{ PVH, SEGMENT(p_memsz), KERNEL_SIZE - 1, "larger in the file" },
	{ PVH, SEGMENT(p_memsz), ~0ull, "--mem" },
	{ PVH, SEGMENT(p_paddr), ~0ull, "--mem" },
	{ PVH, SEGMENT(p_paddr), RAM_SIZE - KERNEL_MEMORY + 1, "--mem" },
	{ PVH, SEGMENT(p_paddr), BOOT_DATA_END - 1, "start-up tables" },
	{ PVH, SEGMENT(p_paddr), 0x98000, "firmware" },
	{ PVH, SEGMENT(p_paddr), HIGH_MEMORY - 1, "firmware" },
	{ PVH, NOTES(p_offset), ~0ull, "truncated" },
	{ PVH, NOTES(p_filesz), 43, "note is damaged" },
	{ PVH, NOTE_WORD(0), 0xffffffff, "note is damaged" },
	{ PVH, NOTE_WORD(1), 0xffffffff, "note is damaged" },
	{ PVH, NOTE_WORD(7), 6, "not 4 or 8" },
	{ PVH, NOTE_WORD(10), RAM_SIZE, "entry point" },
	{ PVH, NOTE_WORD(11), 1, "entry point" },
	{ MULTIBOOT_ELF, FLAGS(7), "video" },
	{ MULTIBOOT_ELF, FLAGS(0x23), "flags 0x20" },
	{ MULTIBOOT_ELF, WORD(2), 0, "without a multiboot header" },
	{ MULTIBOOT_ELF, HEADER32(e_machine), EM_X86_64, "another machine" },
	{ MULTIBOOT_ELF, HEADER32(e_entry), RAM_SIZE, "entry point" },
	{ MULTIBOOT_ELF, HEADER32(e_phentsize), sizeof(Elf64_Phdr), "unknown size" },
	{ MULTIBOOT_ELF, HEADER32(e_phoff), 0xffffffff, "truncated" },
	{ MULTIBOOT_ELF, SEGMENT32(p_offset), 0xffffffff, "truncated" },
	{ MULTIBOOT_ELF, SEGMENT32(p_filesz), 0xffffffff, "truncated" },
	{ MULTIBOOT_ELF, SEGMENT32(p_paddr), 0xffffffff, "--mem" },
	{ MULTIBOOT_ELF, SEGMENT32(p_memsz), 0xffffffff, "--mem" },
	{ MULTIBOOT_ADDRESSES, FLAGS(0), "without addresses" },
	{ MULTIBOOT_ADDRESSES, FLAGS(0x10004), "video" },
	{ MULTIBOOT_ADDRESSES, WORD(3), KERNEL - 4, "cannot be loaded" },
	{ MULTIBOOT_ADDRESSES, WORD(3), KERNEL + MULTIBOOT + 4, "cannot be loaded" },
	{ MULTIBOOT_ADDRESSES, WORD(4), 0x1000, "cannot be loaded" },
	{ MULTIBOOT_ADDRESSES, WORD(5), KERNEL, "header is damaged" },
	{ MULTIBOOT_ADDRESSES, WORD(5), KERNEL - 1, "header is damaged" },
	{ MULTIBOOT_ADDRESSES, WORD(5), KERNEL + IMAGE_SIZE, "truncated" },
	{ MULTIBOOT_ADDRESSES, WORD(6), KERNEL + KERNEL_SIZE - 1, "header is damaged" },
	{ MULTIBOOT_ADDRESSES, WORD(6), KERNEL - 1, "header is damaged" },
	{ MULTIBOOT_ADDRESSES, WORD(6), RAM_SIZE + 1, "--mem" },
	{ MULTIBOOT_ADDRESSES, WORD(7), RAM_SIZE, "entry point" },
	{ STATIC_ELF, HEADER(e_entry), RAM_SIZE, "entry point" },
	{ STATIC_ELF, SEGMENT(p_paddr), TABLES_END - 1, "start-up tables" },
};

/* Makes the checksum right again, so that the flags are looked at. */
static void sum_multiboot(uint8_t *bytes)
{
	uint32_t *header = (uint32_t *)(bytes + MULTIBOOT);

	header[2] = -(header[0] + header[1]);
}

TEST_F(damage, one_value)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *damage = &damages[i];

		make_image(self->bytes, damage->kind);
		EXPECT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));
		memcpy(self->bytes + damage->offset, &damage->value, damage->size);
		if (damage->offset == MULTIBOOT + 4)
			sum_multiboot(self->bytes);
		EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, NULL)) {
			TH_LOG("row %zu", i);
		}
		EXPECT_EQ(1, self->loader.complaints);
		EXPECT_NE(NULL, strstr(self->loader.complaint, damage->complaint)) {
			TH_LOG("row %zu: %s", i, self->loader.complaint);
		}
		EXPECT_NE(NULL, strstr(self->loader.complaint, self->loader.path));
	}
}

/* The least size from which on a cut-off file is whole. */
static size_t whole(enum image_kind kind)
{
	switch (kind) {
	case BZIMAGE:
		return BZIMAGE_KERNEL + KERNEL_SIZE - 15;
	case MULTIBOOT_ELF:
		return MULTIBOOT + 12;
	case MULTIBOOT_ADDRESSES:
		return MULTIBOOT + 32;
	default:
		return ELF_KERNEL + KERNEL_SIZE;
	}
}

TEST_F(damage, cut_off)
{
	for (enum image_kind kind = 0; kind < IMAGE_KINDS; kind++) {
		make_image(self->bytes, kind);
		for (size_t size = 1; size <= IMAGE_SIZE; size++) {
			int status = load(&self->loader, self->bytes, size, NULL);
			/* What is too short to show its kind is a flat binary. */
			bool ok = !status && (size >= whole(kind) || self->loader.image.mode == MODE_REAL);

			EXPECT_EQ(ok ? 0 : STATUS_BAD_IMAGE, status);
			EXPECT_EQ(ok ? 0 : 1, self->loader.complaints);
			EXPECT_TRUE(ok || size < whole(kind));
		}
	}
}

TEST_F(damage, elf64_with_multiboot_header)
{
	uint32_t header[3] = { 0x1badb002, 0, -0x1badb002 };

	make_image(self->bytes, STATIC_ELF);
	memcpy(self->bytes + MULTIBOOT, header, sizeof(header));
	EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));
	EXPECT_NE(NULL, strstr(self->loader.complaint, "elf32-i386"));
}

static uint64_t random_value(void)
{
	static const uint64_t values[] = {
		0, 1, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, ~0ull, ~0ull >> 1, RAM_SIZE,
		RAM_SIZE - 1, KERNEL, LOW_MEMORY_END, HIGH_MEMORY, BOOT_INFO, BOOT_DATA_END, IMAGE_SIZE,
		IMAGE_SIZE - 1,
	};

	if (random() % 4 == 0)
		return (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ random();
	return values[random() % (sizeof(values) / sizeof(values[0]))] + random() % 3 - 1;
}

/* Where a header of this kind may be: half of all changes. */
static size_t random_place(enum image_kind kind)
{
	if (random() % 2)
		return random() % (IMAGE_SIZE - 8);
	switch (kind) {
	case BZIMAGE:
		return 0x1f1 + random() % sizeof(struct setup_header);
	case MULTIBOOT_ELF:
		return random() % 2 ? random() % 0x60 : MULTIBOOT + random() % 12;
	case MULTIBOOT_ADDRESSES:
		return MULTIBOOT + random() % 32;
	default:
		return random() % 4 ? random() % 0xb0 : ELF_NOTE + random() % 48;
	}
}

TEST_F(damage, fuzz)
{
	struct boot_options boot = { .initrd = self->loader.initrd_path, .append = "x" };
	unsigned int loads = 0;

	srandom(1);
	for (unsigned int round = 0; round < FUZZ_ROUNDS * IMAGE_KINDS; round++) {
		enum image_kind kind = round % IMAGE_KINDS;
		int status;

		make_image(self->bytes, kind);
		for (unsigned int changes = 1 + random() % 4; changes; changes--) {
			uint64_t value = random_value();

			memcpy(self->bytes + random_place(kind), &value, 1ul << random() % 4);
		}
		if (random() % 2 && (kind == MULTIBOOT_ELF || kind == MULTIBOOT_ADDRESSES))
			sum_multiboot(self->bytes);
		memset(self->loader.vm.ram + TABLES_BEGIN, 0xa5, TABLES_END - TABLES_BEGIN);
		status = load(&self->loader, self->bytes, IMAGE_SIZE, random() % 2 ? &boot : NULL);
		ASSERT_TRUE(status == 0 || status == STATUS_BAD_IMAGE);
		ASSERT_EQ(status ? 1 : 0, self->loader.complaints);
		if (status)
			continue;
		loads++;
		ASSERT_LT(self->loader.image.entry, RAM_SIZE);
		ASSERT_NE(MODE_DEFAULT, self->loader.image.mode);
		/* The tables are mode.c's, but for what starts in real mode. */
		if (self->loader.image.mode != MODE_REAL)
			for (uint64_t i = TABLES_BEGIN; i < TABLES_END; i++)
				ASSERT_EQ(0xa5, self->loader.vm.ram[i]);
	}
	EXPECT_GT(loads, FUZZ_ROUNDS);
	EXPECT_LT(loads, FUZZ_ROUNDS * (IMAGE_KINDS - 1));
}

TEST_HARNESS_MAIN
