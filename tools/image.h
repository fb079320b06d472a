/* SPDX-License-Identifier: GPL-2.0 */
/*
 * image.h - what the loaders of images share: the file, where an image may lie, what every boot
 * protocol hands over.
 *
 * Reached from image.c, which chooses the loader by the file's content; continues in
 * image_bzimage.c, image_pvh.c and image_multiboot.c, which use image_elf.c and image_boot.c.
 * Nothing in a file is trusted: a loader returns 0, or STATUS_BAD_IMAGE after having said what is
 * wrong and where.
 */
#ifndef MINIVMX_TOOLS_IMAGE_H
#define MINIVMX_TOOLS_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "vm.h"

struct file {
	const char *path;
	const uint8_t *bytes;
	uint64_t size;
};

/* The text after the file's name; the value is that of a loader that gives up. */
#define refuse(file, format, ...) \
	(complain("%s" format, (file)->path, ##__VA_ARGS__), STATUS_BAD_IMAGE)

/* "a guest": what the file is taken for. */
int map_file(struct file *file, const char *path, const char *what);
void unmap_file(const struct file *file);

/* Whether size bytes at begin are the image's to have. */
int check_place(const struct vm *vm, const struct file *file, const struct image *image, uint64_t begin,
		uint64_t size);

int check_entry(const struct vm *vm, const struct file *file, uint64_t entry);

/* Of either class, widened to 64 bits. */
bool file_is_elf(const struct file *file);
int elf_header(const struct file *file, Elf64_Ehdr *header);
Elf64_Phdr elf_segment(const struct file *file, const Elf64_Ehdr *header, unsigned int index);
int elf_check_segment(const struct file *file, const Elf64_Phdr *segment);

/* Loads the segments at their physical addresses. *end: behind the last of them. */
int elf_load(struct vm *vm, const struct file *file, const Elf64_Ehdr *header, const struct image *image,
	     uint64_t *end);

bool file_is_bzimage(const struct file *file);
int load_bzimage(struct vm *vm, const struct file *file, struct image *image);

/* The PVH note, if there is one. 0 or STATUS_BAD_IMAGE, as load_...() */
int pvh_find(const struct file *file, const Elf64_Ehdr *header, bool *found, uint64_t *entry);
int load_pvh(struct vm *vm, const struct file *file, const Elf64_Ehdr *header, uint64_t entry,
	     struct image *image);

/* offset: where the header is in the file */
bool multiboot_find(const struct file *file, uint64_t *offset);
int load_multiboot(struct vm *vm, const struct file *file, uint64_t offset, struct image *image);

/* A PC's memory map, with the types of ACPI's INT 15h E820h, which all protocols have taken over. */
#define MEMORY_USABLE	1
#define MEMORY_RESERVED	2
#define MEMORY_RANGES	3
#define LOW_MEMORY_END	0x9fc00		/* above: the BIOS data area, video memory, firmware */
#define HIGH_MEMORY	0x100000

struct memory_range {
	uint64_t address, size;
	uint32_t type;
};

unsigned int memory_map(const struct vm *vm, struct memory_range ranges[MEMORY_RANGES]);

#define COMMAND_LINE_MAX	(BOOT_DATA_END - COMMAND_LINE - 1)	/* without the NUL */

/* Writes the command line to COMMAND_LINE. longest: what the kernel takes, if less than the maximum. */
int load_command_line(struct vm *vm, const struct file *kernel, const struct boot_options *options,
		      uint64_t longest);

struct initrd {
	uint64_t address, size;		/* size 0: there is none */
};

/* As high as it can lie below ceiling (which it may be given beyond the memory), at begin or above. */
int load_initrd(struct vm *vm, const struct boot_options *options, uint64_t begin, uint64_t ceiling,
		struct initrd *initrd);

#endif /* MINIVMX_TOOLS_IMAGE_H */
