// SPDX-License-Identifier: GPL-2.0
/*
 * image_bzimage.c - loads a Linux kernel as its builds install it: a bzImage.
 *
 * Reached from image.c; continues in image_boot.c and mode.c. The kernel's
 * Documentation/arch/x86/boot.rst, "The Linux/x86 Boot Protocol", and zero-page.rst: the setup code
 * at the file's begin is for real mode and stays out, its header goes to the guest in struct
 * boot_params, and the kernel starts in 64-bit mode if it can, else in 32-bit protected mode.
 */
#include <asm/bootparam.h>
#include <inttypes.h>
#include <string.h>

#include "image.h"

#define HEADER_OFFSET	offsetof(struct boot_params, hdr)
#define JUMP_OFFSET	(HEADER_OFFSET + offsetof(struct setup_header, jump))
#define MAGIC_OFFSET	(HEADER_OFFSET + offsetof(struct setup_header, header))
#define MAGIC		"HdrS"
#define BOOT_FLAG	0xaa55
#define PROTOCOL_MIN	0x20c		/* the first with xloadflags; Linux 3.8 */
#define SECTOR		512
#define PARAGRAPH	16
#define ENTRY_64	0x200		/* from the kernel's load address */
#define LOADER_UNKNOWN	0xff

bool file_is_bzimage(const struct file *file)
{
	return file->size >= MAGIC_OFFSET + strlen(MAGIC) &&
	       !memcmp(file->bytes + MAGIC_OFFSET, MAGIC, strlen(MAGIC));
}

/* The header ends where its first instruction, a short jump, goes; older ones are shorter. */
static int read_header(const struct file *file, struct setup_header *header)
{
	uint64_t size = JUMP_OFFSET + 2 + file->bytes[JUMP_OFFSET + 1] - HEADER_OFFSET;

	if (size > sizeof(*header))
		size = sizeof(*header);
	if (size < offsetof(struct setup_header, handover_offset))
		return refuse(file, " has a setup header of 0x%" PRIx64 " bytes, too short for boot protocol "
			      "2.12; it is damaged, or older than Linux 3.8", size);
	if (HEADER_OFFSET + size > file->size)
		return refuse(file, " is truncated: its setup header lies beyond its end at 0x%" PRIx64,
			      file->size);
	memset(header, 0, sizeof(*header));
	memcpy(header, file->bytes + HEADER_OFFSET, size);
	if (header->boot_flag != BOOT_FLAG)
		return refuse(file, " has 0x%x for the boot sector's magic 0x%x; it is damaged",
			      header->boot_flag, BOOT_FLAG);
	if (header->version < PROTOCOL_MIN)
		return refuse(file, " speaks boot protocol %u.%u; 2.12 (Linux 3.8) is needed",
			      header->version >> 8, header->version & 0xff);
	if (!(header->loadflags & LOADED_HIGH))
		return refuse(file, " is a zImage, which is loaded below 1 MiB; build a bzImage");
	return 0;
}

/* Copies what follows the setup sectors. *end: behind all it uses before it knows its memory. */
static int load_payload(struct vm *vm, const struct file *file, const struct setup_header *header,
			uint64_t *end)
{
	uint64_t offset = (header->setup_sects ? header->setup_sects + 1 : 5) * SECTOR;
	uint64_t size = (uint64_t)header->syssize * PARAGRAPH;
	uint64_t begin = header->pref_address;

	if (offset >= file->size)
		return refuse(file, " is truncated: its setup sectors end at 0x%" PRIx64 ", the file at 0x%"
			      PRIx64, offset, file->size);
	/* The size is rounded up, the file need not be. */
	if (size > file->size - offset + PARAGRAPH - 1)
		return refuse(file, " is truncated: 0x%" PRIx64 " bytes from offset 0x%" PRIx64 " on are "
			      "its kernel, the file ends at 0x%" PRIx64, size, offset, file->size);
	if (size <= ENTRY_64)
		return refuse(file, " holds a kernel of 0x%" PRIx64 " bytes only; its setup header is "
			      "damaged", size);
	if (size > file->size - offset)
		size = file->size - offset;
	if (begin < HIGH_MEMORY)
		return refuse(file, " asks to be loaded at 0x%" PRIx64 ", below 1 MiB; its setup header is "
			      "damaged", begin);
	*end = size > header->init_size ? size : header->init_size;
	if (begin > vm->ram_size || *end > vm->ram_size - begin)
		return refuse(file, " needs 0x%" PRIx64 " bytes at 0x%" PRIx64 " to start, the guest's "
			      "memory ends at 0x%" PRIx64 "; give it more with --mem",
			      *end, begin, vm->ram_size);
	*end += begin;
	memcpy(vm->ram + begin, file->bytes + offset, size);
	return 0;
}

static void write_boot_params(struct vm *vm, const struct setup_header *header, const struct initrd *initrd,
			      uint64_t rsdp)
{
	struct boot_params *params = (struct boot_params *)(vm->ram + BOOT_INFO);
	struct memory_range ranges[MEMORY_RANGES];

	memset(params, 0, sizeof(*params));
	params->hdr = *header;
	params->hdr.type_of_loader = LOADER_UNKNOWN;
	params->hdr.code32_start = header->pref_address;
	params->hdr.ramdisk_image = initrd->address;
	params->hdr.ramdisk_size = initrd->size;
	params->hdr.cmd_line_ptr = COMMAND_LINE;
	params->hdr.setup_data = 0;
	params->acpi_rsdp_addr = rsdp;
	params->e820_entries = memory_map(vm, ranges);
	for (unsigned int i = 0; i < params->e820_entries; i++)
		params->e820_table[i] = (struct boot_e820_entry){
			.addr = ranges[i].address, .size = ranges[i].size, .type = ranges[i].type,
		};
}

int load_bzimage(struct vm *vm, const struct file *file, struct image *image)
{
	struct setup_header header;
	struct initrd initrd;
	uint64_t end;
	bool wide;
	int status;

	status = read_header(file, &header);
	if (!status)
		status = load_payload(vm, file, &header, &end);
	if (!status)
		status = load_command_line(vm, file, &image->boot, header.cmdline_size);
	if (!status)
		status = load_initrd(vm, &image->boot, end, header.initrd_addr_max + 1ull, &initrd);
	if (status)
		return status;
	write_boot_params(vm, &header, &initrd, image->boot.rsdp);
	wide = header.xloadflags & XLF_KERNEL_64;
	image->entry = header.pref_address + (wide ? ENTRY_64 : 0);
	image->mode = wide ? MODE_LONG : MODE_PROTECTED;
	image->kernel = true;
	image->rsi = BOOT_INFO;
	return 0;
}
