/* SPDX-License-Identifier: GPL-2.0 */
/*
 * make.h - small images of each kind, for the tests of the runner's loaders, and memory to
 * load them into that no VM has.
 */
#ifndef SELFTESTS_IMAGES_MAKE_H
#define SELFTESTS_IMAGES_MAKE_H

#include "../../tools/image.h"

#define IMAGE_SIZE	4096
#define RAM_SIZE	(32ull << 20)
#define INITRD_SIZE	0x1801

enum image_kind { BZIMAGE, PVH, MULTIBOOT_ELF, MULTIBOOT_ADDRESSES, STATIC_ELF, IMAGE_KINDS };

/* Where the images want to be loaded: KERNEL_SIZE bytes of the file, KERNEL_MEMORY in all. */
#define KERNEL		0x200000
#define KERNEL_SIZE	0x300
#define KERNEL_MEMORY	0x8000
#define KERNEL_ENTRY	(KERNEL + 0x10)

/* Offsets in the files. */
#define ELF_KERNEL	0x400
#define ELF_NOTE	0x300
#define MULTIBOOT	0x800
#define BZIMAGE_KERNEL	0x400

struct loader {
	struct vm vm;			/* ram between pages that cannot be touched */
	enum guest_mode mode;		/* that the user asks for */
	struct image image;
	int file, initrd;		/* in memory, by these paths: */
	char path[32], initrd_path[32];
	unsigned int complaints;
	char complaint[512];		/* the last */
};

void loader_init(struct loader *loader);
void loader_free(struct loader *loader);

/* size bytes as the file, loaded with these options. */
int load(struct loader *loader, const uint8_t *bytes, size_t size, const struct boot_options *boot);

/* IMAGE_SIZE bytes; kernel byte i is (uint8_t)i ^ 0x5a. */
void make_image(uint8_t *bytes, enum image_kind kind);

static inline uint8_t kernel_byte(unsigned int index)
{
	return index ^ 0x5a;
}

#endif /* SELFTESTS_IMAGES_MAKE_H */
