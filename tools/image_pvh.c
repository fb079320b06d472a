// SPDX-License-Identifier: GPL-2.0
/*
 * image_pvh.c - loads a kernel that an ELF note gives a 32-bit entry point: PVH.
 *
 * Reached from image.c; continues in image_elf.c, image_boot.c and mode.c. Xen's
 * docs/misc/pvh.pandoc, "x86/HVM direct boot ABI", with struct hvm_start_info of version 1 of
 * public/arch-x86/hvm/start_info.h. Linux's vmlinux has such a note, and so have other kernels.
 */
#include <inttypes.h>
#include <string.h>

#include "image.h"

#define NOTE_NAME		"Xen"
#define NOTE_PHYS32_ENTRY	18
#define START_MAGIC		0x336ec578
#define START_VERSION		1

struct hvm_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modlist_paddr;
	uint64_t cmdline_paddr;
	uint64_t rsdp_paddr;
	uint64_t memmap_paddr;
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct hvm_modlist_entry {
	uint64_t paddr;
	uint64_t size;
	uint64_t cmdline_paddr;
	uint64_t reserved;
};

struct hvm_memmap_table_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

/* What is in the page at BOOT_INFO. */
struct pvh_page {
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_table_entry map[MEMORY_RANGES];
};

static uint64_t align_up(uint64_t size, uint64_t to)
{
	return (size + to - 1) & -to;
}

static int find_in_segment(const struct file *file, const Elf64_Phdr *segment, bool *found, uint64_t *entry)
{
	const uint8_t *notes = file->bytes + segment->p_offset;
	uint64_t align = segment->p_align == 8 ? 8 : 4;
	uint64_t next;

	for (uint64_t offset = 0; offset + sizeof(Elf64_Nhdr) <= segment->p_filesz; offset = next) {
		uint64_t name = offset + sizeof(Elf64_Nhdr);
		uint64_t description;
		Elf64_Nhdr note;

		memcpy(&note, notes + offset, sizeof(note));
		description = align_up(name + note.n_namesz, align);
		next = align_up(description + note.n_descsz, align);
		if (description + note.n_descsz > segment->p_filesz)
			return refuse(file, " has a note that ends behind its segment; the note is damaged");
		if (note.n_type != NOTE_PHYS32_ENTRY || note.n_namesz != sizeof(NOTE_NAME) ||
		    memcmp(notes + name, NOTE_NAME, sizeof(NOTE_NAME)))
			continue;
		if (note.n_descsz != sizeof(uint32_t) && note.n_descsz != sizeof(uint64_t))
			return refuse(file, " has a PVH note of %u bytes, not 4 or 8; it is damaged",
				      note.n_descsz);
		*found = true;
		*entry = 0;
		memcpy(entry, notes + description, note.n_descsz);
	}
	return 0;
}

int pvh_find(const struct file *file, const Elf64_Ehdr *header, bool *found, uint64_t *entry)
{
	int status = 0;

	*found = false;
	for (unsigned int i = 0; !status && i < header->e_phnum; i++) {
		Elf64_Phdr segment = elf_segment(file, header, i);

		if (segment.p_type != PT_NOTE)
			continue;
		status = elf_check_segment(file, &segment);
		if (!status)
			status = find_in_segment(file, &segment, found, entry);
	}
	return status;
}

static void write_start_info(struct vm *vm, const struct initrd *initrd, uint64_t rsdp)
{
	struct pvh_page *page = (struct pvh_page *)(vm->ram + BOOT_INFO);
	struct memory_range ranges[MEMORY_RANGES];

	memset(page, 0, sizeof(*page));
	page->info = (struct hvm_start_info){
		.magic = START_MAGIC, .version = START_VERSION,
		.nr_modules = initrd->size ? 1 : 0,
		.modlist_paddr = initrd->size ? BOOT_INFO + offsetof(struct pvh_page, module) : 0,
		.cmdline_paddr = COMMAND_LINE,
		.rsdp_paddr = rsdp,
		.memmap_paddr = BOOT_INFO + offsetof(struct pvh_page, map),
		.memmap_entries = memory_map(vm, ranges),
	};
	page->module.paddr = initrd->address;
	page->module.size = initrd->size;
	for (unsigned int i = 0; i < page->info.memmap_entries; i++)
		page->map[i] = (struct hvm_memmap_table_entry){
			.addr = ranges[i].address, .size = ranges[i].size, .type = ranges[i].type,
		};
}

int load_pvh(struct vm *vm, const struct file *file, const Elf64_Ehdr *header, uint64_t entry,
	     struct image *image)
{
	struct initrd initrd;
	uint64_t end;
	int status;

	image->kernel = true;
	image->mode = MODE_PROTECTED;
	image->entry = entry;
	image->rbx = BOOT_INFO;
	status = elf_load(vm, file, header, image, &end);
	if (!status)
		status = check_entry(vm, file, entry);
	if (!status)
		status = load_command_line(vm, file, &image->boot, COMMAND_LINE_MAX);
	if (!status)
		status = load_initrd(vm, &image->boot, end, vm->ram_size, &initrd);
	if (!status)
		write_start_info(vm, &initrd, image->boot.rsdp);
	return status;
}
