// SPDX-License-Identifier: GPL-2.0
/*
 * image_multiboot.c - loads a kernel with a multiboot header: an ELF32 file, or one whose header
 * itself says what goes where.
 *
 * Reached from image.c; continues in image_elf.c, image_boot.c and mode.c. "Multiboot
 * Specification version 0.6.96": 3.1 OS image format, 3.2 Machine state, 3.3 Boot information
 * format. Its first 16 flags are demands: what cannot be met must be refused.
 */
#include <inttypes.h>
#include <string.h>

#include "image.h"

#define SEARCH_SIZE		8192
#define HEADER_MAGIC		0x1badb002
#define LOADER_MAGIC		0x2badb002	/* in EAX */

#define DEMAND_ALIGNED_MODULES	(1u << 0)
#define DEMAND_MEMORY		(1u << 1)
#define DEMAND_VIDEO		(1u << 2)
#define DEMANDS			0xffffu
#define HAS_ADDRESSES		(1u << 16)

#define INFO_MEMORY		(1u << 0)
#define INFO_COMMAND_LINE	(1u << 2)
#define INFO_MODULES		(1u << 3)
#define INFO_MEMORY_MAP		(1u << 6)
#define INFO_LOADER_NAME	(1u << 9)

struct multiboot_header {
	uint32_t magic;
	uint32_t flags;
	uint32_t checksum;
	/* with HAS_ADDRESSES */
	uint32_t header_addr;
	uint32_t load_addr;
	uint32_t load_end_addr;
	uint32_t bss_end_addr;
	uint32_t entry_addr;
};

struct multiboot_info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper;	/* KiB from 0 and from 1 MiB on */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr;
	uint32_t config_table;
	uint32_t boot_loader_name;
};

struct multiboot_module {
	uint32_t mod_start, mod_end;
	uint32_t string;
	uint32_t reserved;
};

struct multiboot_range {
	uint32_t size;			/* of what follows it */
	uint64_t base_addr;
	uint64_t length;
	uint32_t type;
} __attribute__((packed));

static const char loader_name[] = "minivmx";

/* What is in the page at BOOT_INFO. */
struct multiboot_page {
	struct multiboot_info info;
	struct multiboot_module module;
	struct multiboot_range map[MEMORY_RANGES];
	char loader_name[sizeof(loader_name)];
};

bool multiboot_find(const struct file *file, uint64_t *offset)
{
	uint64_t end = file->size < SEARCH_SIZE ? file->size : SEARCH_SIZE;
	uint32_t words[3];

	for (*offset = 0; *offset + sizeof(words) <= end; *offset += sizeof(words[0])) {
		memcpy(words, file->bytes + *offset, sizeof(words));
		if (words[0] == HEADER_MAGIC && words[0] + words[1] + words[2] == 0)
			return true;
	}
	return false;
}

static int read_header(const struct file *file, uint64_t offset, struct multiboot_header *header)
{
	uint64_t left = file->size - offset;
	uint32_t unknown;

	memset(header, 0, sizeof(*header));
	memcpy(header, file->bytes + offset, left < sizeof(*header) ? left : sizeof(*header));
	unknown = header->flags & DEMANDS & ~(DEMAND_ALIGNED_MODULES | DEMAND_MEMORY | DEMAND_VIDEO);
	if (header->flags & DEMAND_VIDEO)
		return refuse(file, " demands a video mode (flag 2 of its multiboot header), and there is no "
			      "video; build it for a serial console");
	if (unknown)
		return refuse(file, " demands what multiboot does not have: flags 0x%x of its header",
			      unknown);
	if (header->flags & HAS_ADDRESSES && left < sizeof(*header))
		return refuse(file, " is truncated: its multiboot header lies beyond its end at 0x%" PRIx64,
			      file->size);
	return 0;
}

/* The header says where it is in memory itself; what is before it in the file, goes before it. */
static int load_addresses(struct vm *vm, const struct file *file, uint64_t offset,
			  const struct multiboot_header *header, struct image *image, uint64_t *end)
{
	uint64_t begin = header->load_addr, before = header->header_addr - begin, size, memory;
	int status;

	if (header->header_addr < begin || before > offset)
		return refuse(file, ": its multiboot header is at 0x%x in memory, 0x%" PRIx64 " in the file, "
			      "and cannot be loaded from 0x%" PRIx64 " on; the header is damaged",
			      header->header_addr, offset, begin);
	size = header->load_end_addr ? header->load_end_addr - begin : file->size - offset + before;
	memory = header->bss_end_addr ? header->bss_end_addr - begin : size;
	if ((header->load_end_addr && header->load_end_addr <= begin) ||
	    (header->bss_end_addr && header->bss_end_addr < begin + size))
		return refuse(file, ": its multiboot header loads 0x%" PRIx64 " to 0x%x, with .bss to 0x%x; "
			      "the header is damaged", begin, header->load_end_addr, header->bss_end_addr);
	if (size > file->size - offset + before)
		return refuse(file, " is truncated: its multiboot header loads 0x%" PRIx64 " bytes from "
			      "offset 0x%" PRIx64 " on, the file ends at 0x%" PRIx64,
			      size, offset - before, file->size);
	status = check_place(vm, file, image, begin, memory);
	if (status)
		return status;
	memcpy(vm->ram + begin, file->bytes + offset - before, size);
	*end = begin + memory;
	image->entry = header->entry_addr;
	return 0;
}

static int load_kernel(struct vm *vm, const struct file *file, uint64_t offset, struct image *image,
		       uint64_t *end)
{
	struct multiboot_header header;
	Elf64_Ehdr elf;
	int status = read_header(file, offset, &header);

	if (status)
		return status;
	if (header.flags & HAS_ADDRESSES)
		return load_addresses(vm, file, offset, &header, image, end);
	if (!file_is_elf(file))
		return refuse(file, " has a multiboot header without addresses, and is no ELF that has them");
	status = elf_header(file, &elf);
	if (status)
		return status;
	if (elf.e_ident[EI_CLASS] != ELFCLASS32)
		return refuse(file, " has a multiboot header in an ELF64 file, which multiboot does not "
			      "know; objcopy -O elf32-i386 makes one it knows");
	image->entry = elf.e_entry;
	return elf_load(vm, file, &elf, image, end);
}

static void write_info(struct vm *vm, const struct initrd *initrd)
{
	struct multiboot_page *page = (struct multiboot_page *)(vm->ram + BOOT_INFO);
	struct memory_range ranges[MEMORY_RANGES];
	unsigned int count = memory_map(vm, ranges);

	memset(page, 0, sizeof(*page));
	page->info = (struct multiboot_info){
		.flags = INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MEMORY_MAP | INFO_LOADER_NAME,
		.mem_lower = LOW_MEMORY_END >> 10,
		.mem_upper = (vm->ram_size - HIGH_MEMORY) >> 10,
		.cmdline = COMMAND_LINE,
		.mods_count = initrd->size ? 1 : 0,
		.mods_addr = BOOT_INFO + offsetof(struct multiboot_page, module),
		.mmap_length = count * sizeof(page->map[0]),
		.mmap_addr = BOOT_INFO + offsetof(struct multiboot_page, map),
		.boot_loader_name = BOOT_INFO + offsetof(struct multiboot_page, loader_name),
	};
	page->module.mod_start = initrd->address;
	page->module.mod_end = initrd->address + initrd->size;
	for (unsigned int i = 0; i < count; i++)
		page->map[i] = (struct multiboot_range){
			.size = sizeof(page->map[i]) - sizeof(page->map[i].size),
			.base_addr = ranges[i].address, .length = ranges[i].size, .type = ranges[i].type,
		};
	memcpy(page->loader_name, loader_name, sizeof(loader_name));
}

int load_multiboot(struct vm *vm, const struct file *file, uint64_t offset, struct image *image)
{
	struct initrd initrd;
	uint64_t end;
	int status;

	image->kernel = true;
	image->mode = MODE_PROTECTED;
	image->rax = LOADER_MAGIC;
	image->rbx = BOOT_INFO;
	status = load_kernel(vm, file, offset, image, &end);
	if (!status)
		status = check_entry(vm, file, image->entry);
	if (!status)
		status = load_command_line(vm, file, &image->boot, COMMAND_LINE_MAX);
	if (!status)
		status = load_initrd(vm, &image->boot, end, vm->ram_size, &initrd);
	if (!status)
		write_info(vm, &initrd);
	return status;
}
