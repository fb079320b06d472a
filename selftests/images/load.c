// SPDX-License-Identifier: GPL-2.0
/*
 * load.c - the runner's loaders of images (tools/image*.c), without a VM: where a kernel is put and
 * what it is told; what the user asks for and cannot have.
 */
#include <asm/bootparam.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "make.h"

#define RSDP	0xe0000
#define TEXT	"root=/dev/vda quiet"
#define TOP	(RAM_SIZE - 0x2000)	/* of the memory, for an initial file system of INITRD_SIZE */

FIXTURE(images)
{
	struct loader loader;
	struct boot_options boot;
	uint8_t bytes[IMAGE_SIZE];
};

FIXTURE_SETUP(images)
{
	loader_init(&self->loader);
	self->boot = (struct boot_options){
		.initrd = self->loader.initrd_path, .append = TEXT, .rsdp = RSDP,
	};
}

FIXTURE_TEARDOWN(images)
{
	loader_free(&self->loader);
}

static const void *at(const struct loader *loader, uint64_t address)
{
	return loader->vm.ram + address;
}

static bool loaded(const struct loader *loader, uint64_t initrd)
{
	const uint8_t *kernel = at(loader, KERNEL);

	for (unsigned int i = 0; i < KERNEL_SIZE; i++)
		if (kernel[i] != kernel_byte(i))
			return false;
	return !kernel[KERNEL_SIZE] && !strcmp(at(loader, COMMAND_LINE), TEXT) &&
	       !strcmp(at(loader, initrd), "initrd") &&
	       *(const uint8_t *)at(loader, initrd + INITRD_SIZE - 1) == '!';
}

TEST_F(images, bzimage)
{
	const struct boot_params *params = at(&self->loader, BOOT_INFO);

	make_image(self->bytes, BZIMAGE);
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
	EXPECT_TRUE(self->loader.image.kernel);
	EXPECT_EQ(MODE_LONG, self->loader.image.mode);
	EXPECT_EQ(KERNEL + 0x200, self->loader.image.entry);
	EXPECT_EQ(BOOT_INFO, self->loader.image.rsi);
	EXPECT_EQ(0, self->loader.image.rbx);
	EXPECT_TRUE(loaded(&self->loader, TOP));
	EXPECT_EQ(0x53726448, params->hdr.header);
	EXPECT_EQ(0xff, params->hdr.type_of_loader);
	EXPECT_EQ(KERNEL, params->hdr.code32_start);
	EXPECT_EQ(KERNEL_MEMORY, params->hdr.init_size);
	EXPECT_EQ(TOP, params->hdr.ramdisk_image);
	EXPECT_EQ(INITRD_SIZE, params->hdr.ramdisk_size);
	EXPECT_EQ(COMMAND_LINE, params->hdr.cmd_line_ptr);
	EXPECT_EQ(0, params->hdr.setup_data);
	EXPECT_EQ(0, params->sentinel);
	EXPECT_EQ(RSDP, params->acpi_rsdp_addr);
	ASSERT_EQ(3, params->e820_entries);
	EXPECT_EQ(0, params->e820_table[0].addr);
	EXPECT_EQ(0x9fc00, params->e820_table[0].size);
	EXPECT_EQ(1, params->e820_table[0].type);
	EXPECT_EQ(0x9fc00, params->e820_table[1].addr);
	EXPECT_EQ(0x60400, params->e820_table[1].size);
	EXPECT_EQ(2, params->e820_table[1].type);
	EXPECT_EQ(0x100000, params->e820_table[2].addr);
	EXPECT_EQ(RAM_SIZE - 0x100000, params->e820_table[2].size);
	EXPECT_EQ(1, params->e820_table[2].type);
}

TEST_F(images, bzimage_in_32_bits_and_alone)
{
	const struct boot_params *params = at(&self->loader, BOOT_INFO);
	struct setup_header *header = (struct setup_header *)(self->bytes + 0x1f1);

	make_image(self->bytes, BZIMAGE);
	header->xloadflags = 0;
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));
	EXPECT_EQ(MODE_PROTECTED, self->loader.image.mode);
	EXPECT_EQ(KERNEL, self->loader.image.entry);
	EXPECT_EQ(0, params->hdr.ramdisk_size);
	EXPECT_EQ(0, params->acpi_rsdp_addr);
	EXPECT_EQ(0, *(const uint8_t *)at(&self->loader, COMMAND_LINE));
}

/* A shorter header hides the fields behind it; the initial file system lies below its limit. */
TEST_F(images, bzimage_of_protocol_2_12)
{
	const struct boot_params *params = at(&self->loader, BOOT_INFO);
	struct setup_header *header = (struct setup_header *)(self->bytes + 0x1f1);

	make_image(self->bytes, BZIMAGE);
	header->version = 0x20c;
	header->jump = 0x62eb;
	header->handover_offset = 0x1234;
	header->initrd_addr_max = 0x7fffff;
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
	EXPECT_EQ(0, params->hdr.handover_offset);
	EXPECT_EQ(0x800000 - 0x2000, params->hdr.ramdisk_image);
	EXPECT_TRUE(loaded(&self->loader, 0x800000 - 0x2000));
}

TEST_F(images, pvh)
{
	const struct { uint32_t magic, version, flags, modules; uint64_t list, text, rsdp, map;
		       uint32_t entries, reserved; } *info = at(&self->loader, BOOT_INFO);
	const uint64_t *words;

	make_image(self->bytes, PVH);
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
	EXPECT_TRUE(self->loader.image.kernel);
	EXPECT_EQ(MODE_PROTECTED, self->loader.image.mode);
	EXPECT_EQ(KERNEL_ENTRY, self->loader.image.entry);
	EXPECT_EQ(BOOT_INFO, self->loader.image.rbx);
	EXPECT_TRUE(loaded(&self->loader, TOP));
	EXPECT_EQ(0x336ec578, info->magic);
	EXPECT_EQ(1, info->version);
	EXPECT_EQ(0, info->flags);
	EXPECT_EQ(COMMAND_LINE, info->text);
	EXPECT_EQ(RSDP, info->rsdp);
	ASSERT_EQ(1, info->modules);
	words = at(&self->loader, info->list);
	EXPECT_EQ(TOP, words[0]);
	EXPECT_EQ(INITRD_SIZE, words[1]);
	ASSERT_EQ(3, info->entries);
	words = at(&self->loader, info->map);
	EXPECT_EQ(0x9fc00, words[1]);
	EXPECT_EQ(1, words[2]);
	EXPECT_EQ(0x9fc00, words[3]);
	EXPECT_EQ(2, words[5]);
	EXPECT_EQ(0x100000, words[6]);
	EXPECT_EQ(RAM_SIZE - 0x100000, words[7]);
	EXPECT_EQ(1, words[8]);

	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));
	EXPECT_EQ(0, info->modules);
	EXPECT_EQ(0, info->list);
}

static void check_multiboot(struct __test_metadata *_metadata, const struct loader *loader)
{
	const uint32_t *info = at(loader, BOOT_INFO), *words;

	EXPECT_TRUE(loader->image.kernel);
	EXPECT_EQ(MODE_PROTECTED, loader->image.mode);
	EXPECT_EQ(KERNEL_ENTRY, loader->image.entry);
	EXPECT_EQ(0x2badb002, loader->image.rax);
	EXPECT_EQ(BOOT_INFO, loader->image.rbx);
	EXPECT_TRUE(loaded(loader, TOP));
	EXPECT_EQ(0x24d, info[0]);
	EXPECT_EQ(639, info[1]);
	EXPECT_EQ((RAM_SIZE >> 10) - 1024, info[2]);
	EXPECT_EQ(COMMAND_LINE, info[4]);
	ASSERT_EQ(1, info[5]);
	words = at(loader, info[6]);
	EXPECT_EQ(TOP, words[0]);
	EXPECT_EQ(TOP + INITRD_SIZE, words[1]);
	ASSERT_EQ(3 * 24, info[11]);
	words = at(loader, info[12]);
	for (unsigned int i = 0; i < 3; i++)
		EXPECT_EQ(20, words[6 * i]);
	EXPECT_EQ(0x9fc00, words[3]);
	EXPECT_EQ(1, words[5]);
	EXPECT_EQ(2, words[11]);
	EXPECT_EQ(0x100000, words[13]);
	EXPECT_EQ(RAM_SIZE - 0x100000, words[15]);
	EXPECT_STREQ("minivmx", (const char *)at(loader, info[16]));
}

TEST_F(images, multiboot)
{
	make_image(self->bytes, MULTIBOOT_ELF);
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
	check_multiboot(_metadata, &self->loader);
}

TEST_F(images, multiboot_with_addresses)
{
	uint32_t *header = (uint32_t *)(self->bytes + MULTIBOOT);

	make_image(self->bytes, MULTIBOOT_ADDRESSES);
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
	check_multiboot(_metadata, &self->loader);
	/* Without ends: all of the file that is left, and no .bss. */
	header[5] = header[6] = 0;
	self->bytes[IMAGE_SIZE - 1] = 0x77;
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
	EXPECT_EQ(0x77, *(const uint8_t *)at(&self->loader, KERNEL + IMAGE_SIZE - ELF_KERNEL - 1));
}

TEST_F(images, static_elf_and_flat)
{
	make_image(self->bytes, STATIC_ELF);
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));
	EXPECT_FALSE(self->loader.image.kernel);
	EXPECT_EQ(MODE_LONG, self->loader.image.mode);
	EXPECT_EQ(KERNEL_ENTRY, self->loader.image.entry);
	self->loader.mode = MODE_PROTECTED;
	EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));

	/* One byte of the magic is another: a flat binary, in the mode that is asked for. */
	self->bytes[0]++;
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));
	EXPECT_EQ(MODE_PROTECTED, self->loader.image.mode);
	EXPECT_EQ(FLAT_IMAGE, self->loader.image.entry);
	self->loader.mode = MODE_DEFAULT;
	ASSERT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));
	EXPECT_EQ(MODE_REAL, self->loader.image.mode);
	EXPECT_EQ(REAL_IMAGE, self->loader.image.entry);
	EXPECT_EQ(0, memcmp(self->bytes, at(&self->loader, REAL_IMAGE), IMAGE_SIZE));
}

TEST_F(images, kernels_know_their_mode)
{
	for (enum image_kind kind = 0; kind < STATIC_ELF; kind++) {
		make_image(self->bytes, kind);
		self->loader.mode = MODE_PROTECTED;
		EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, NULL));
		EXPECT_NE(NULL, strstr(self->loader.complaint, "leave --mode out"));
	}
}

TEST_F(images, options_for_none)
{
	make_image(self->bytes, STATIC_ELF);
	EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
	EXPECT_NE(NULL, strstr(self->loader.complaint, "--initrd"));
	self->boot.initrd = NULL;
	EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
	EXPECT_NE(NULL, strstr(self->loader.complaint, "--append"));
	self->bytes[0]++;
	EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
}

TEST_F(images, command_line_length)
{
	static char text[COMMAND_LINE_MAX + 2];

	memset(text, 'x', sizeof(text));
	self->boot.append = text;
	for (enum image_kind kind = 0; kind < STATIC_ELF; kind++) {
		unsigned int longest = kind == BZIMAGE ? 255 : COMMAND_LINE_MAX;

		make_image(self->bytes, kind);
		text[longest] = 0;
		EXPECT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
		EXPECT_EQ(0, strcmp(text, at(&self->loader, COMMAND_LINE)));
		text[longest] = 'x';
		text[longest + 1] = 0;
		EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
		EXPECT_NE(NULL, strstr(self->loader.complaint, "command line"));
		text[longest + 1] = 'x';
	}
}

TEST_F(images, initrd_that_does_not_fit)
{
	for (enum image_kind kind = 0; kind < STATIC_ELF; kind++) {
		make_image(self->bytes, kind);
		self->boot.initrd = self->loader.initrd_path;
		ASSERT_EQ(0, ftruncate(self->loader.initrd, RAM_SIZE - KERNEL - KERNEL_MEMORY));
		EXPECT_EQ(0, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
		ASSERT_EQ(0, ftruncate(self->loader.initrd, RAM_SIZE - KERNEL - KERNEL_MEMORY + 1));
		EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
		EXPECT_NE(NULL, strstr(self->loader.complaint, "is too large"));
		ASSERT_EQ(0, ftruncate(self->loader.initrd, 0));
		EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
		EXPECT_NE(NULL, strstr(self->loader.complaint, "is empty"));
		self->boot.initrd = "/no/such/file";
		EXPECT_EQ(STATUS_BAD_IMAGE, load(&self->loader, self->bytes, IMAGE_SIZE, &self->boot));
		EXPECT_NE(NULL, strstr(self->loader.complaint, "/no/such/file"));
	}
}

TEST_HARNESS_MAIN
