// SPDX-License-Identifier: GPL-2.0
/*
 * make.c - makes small images of each kind, and loads them as the runner does.
 */
#define _GNU_SOURCE
#include <asm/bootparam.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "make.h"

#define GUARD 4096

static struct loader *loading;

void complain(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(loading->complaint, sizeof(loading->complaint), format, list);
	va_end(list);
	loading->complaints++;
}

static int memory_file(char path[32], size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size) < 0)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

void loader_init(struct loader *loader)
{
	uint8_t *place = mmap(NULL, RAM_SIZE + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (place == MAP_FAILED || mprotect(place + GUARD, RAM_SIZE, PROT_READ | PROT_WRITE) < 0)
		abort();
	memset(loader, 0, sizeof(*loader));
	loader->vm.ram = place + GUARD;
	loader->vm.ram_size = RAM_SIZE;
	loader->file = memory_file(loader->path, 0);
	loader->initrd = memory_file(loader->initrd_path, INITRD_SIZE);
	if (pwrite(loader->initrd, "initrd", 6, 0) != 6 ||
	    pwrite(loader->initrd, "!", 1, INITRD_SIZE - 1) != 1)
		abort();
}

void loader_free(struct loader *loader)
{
	munmap(loader->vm.ram - GUARD, RAM_SIZE + 2 * GUARD);
	close(loader->file);
	close(loader->initrd);
}

int load(struct loader *loader, const uint8_t *bytes, size_t size, const struct boot_options *boot)
{
	if (ftruncate(loader->file, size) < 0 || pwrite(loader->file, bytes, size, 0) != (ssize_t)size)
		abort();
	loader->image = (struct image){ .mode = loader->mode };
	if (boot)
		loader->image.boot = *boot;
	loader->complaints = 0;
	loader->complaint[0] = 0;
	loading = loader;
	return image_load(&loader->vm, loader->path, &loader->image);
}

static void make_kernel(uint8_t *place)
{
	for (unsigned int i = 0; i < KERNEL_SIZE; i++)
		place[i] = kernel_byte(i);
}

static void make_bzimage(uint8_t *bytes)
{
	struct setup_header header = {
		.setup_sects = BZIMAGE_KERNEL / 512 - 1, .syssize = KERNEL_SIZE / 16, .boot_flag = 0xaa55,
		.jump = 0x6aeb, .header = 0x53726448, .version = 0x20f, .loadflags = LOADED_HIGH,
		.initrd_addr_max = 0x7fffffff, .kernel_alignment = 0x200000, .xloadflags = XLF_KERNEL_64,
		.cmdline_size = 255, .pref_address = KERNEL, .init_size = KERNEL_MEMORY, .setup_data = ~0ull,
	};

	memcpy(bytes + 0x1f1, &header, sizeof(header));
	make_kernel(bytes + BZIMAGE_KERNEL);
}

static void make_elf64(uint8_t *bytes, bool note)
{
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_entry = KERNEL_ENTRY,
		.e_phoff = sizeof(header), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
	};
	Elf64_Phdr segments[2] = {
		{ .p_type = PT_LOAD, .p_offset = ELF_KERNEL, .p_vaddr = ~0ull << 31, .p_paddr = KERNEL,
		  .p_filesz = KERNEL_SIZE, .p_memsz = KERNEL_MEMORY },
		{ .p_type = note ? PT_NOTE : PT_NULL, .p_offset = ELF_NOTE, .p_filesz = 48, .p_align = 4 },
	};
	/* Another's note before the one of PVH. */
	uint32_t notes[12] = { 3, 5, 18, 0x756e47, 'x', 0, 4, 8, 18, 0x6e6558, KERNEL_ENTRY, 0 };

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), segments, sizeof(segments));
	memcpy(bytes + ELF_NOTE, notes, sizeof(notes));
	make_kernel(bytes + ELF_KERNEL);
}

static void make_multiboot_elf(uint8_t *bytes)
{
	Elf32_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_386, .e_entry = KERNEL_ENTRY,
		.e_phoff = sizeof(header), .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
	};
	Elf32_Phdr segment = {
		.p_type = PT_LOAD, .p_offset = ELF_KERNEL, .p_vaddr = 0xc0000000, .p_paddr = KERNEL,
		.p_filesz = KERNEL_SIZE, .p_memsz = KERNEL_MEMORY,
	};
	uint32_t multiboot[3] = { 0x1badb002, 3, -(0x1badb002 + 3) };

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), &segment, sizeof(segment));
	make_kernel(bytes + ELF_KERNEL);
	memcpy(bytes + MULTIBOOT, multiboot, sizeof(multiboot));
}

/* The kernel begins 0x400 bytes before the header. */
static void make_multiboot_addresses(uint8_t *bytes)
{
	uint32_t multiboot[8] = {
		0x1badb002, 0x10000, -(0x1badb002 + 0x10000), KERNEL + MULTIBOOT - ELF_KERNEL, KERNEL,
		KERNEL + KERNEL_SIZE, KERNEL + KERNEL_MEMORY, KERNEL_ENTRY,
	};

	make_kernel(bytes + ELF_KERNEL);
	memcpy(bytes + MULTIBOOT, multiboot, sizeof(multiboot));
}

void make_image(uint8_t *bytes, enum image_kind kind)
{
	memset(bytes, 0, IMAGE_SIZE);
	switch (kind) {
	case BZIMAGE:
		return make_bzimage(bytes);
	case MULTIBOOT_ELF:
		return make_multiboot_elf(bytes);
	case MULTIBOOT_ADDRESSES:
		return make_multiboot_addresses(bytes);
	default:
		return make_elf64(bytes, kind == PVH);
	}
}
