// SPDX-License-Identifier: GPL-2.0
/*
 * image.c - reads a guest's file into its memory: chooses the loader by what is in the file.
 *
 * Reached from machine.c with the VM's memory mapped; continues in image_bzimage.c, image_pvh.c or
 * image_multiboot.c, or here for what is no kernel: a static ELF64, and what has no known header,
 * a flat binary. Then in mode.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

int map_file(struct file *file, const char *path, const char *what)
{
	struct stat stat;
	void *bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &stat) < 0) {
		complain("cannot read %s: %s", path, strerror(errno));
		goto err_close;
	}
	if (!S_ISREG(stat.st_mode)) {
		complain("%s is not a regular file; %s is one", path, what);
		goto err_close;
	}
	if (!stat.st_size) {
		complain("%s is empty; %s is not", path, what);
		goto err_close;
	}
	bytes = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		complain("cannot read %s: %s", path, strerror(errno));
		goto err_close;
	}
	close(fd);
	*file = (struct file){ .path = path, .bytes = bytes, .size = stat.st_size };
	return 0;

err_close:
	if (fd >= 0)
		close(fd);
	return STATUS_BAD_IMAGE;
}

void unmap_file(const struct file *file)
{
	munmap((void *)file->bytes, file->size);
}

static bool overlap(uint64_t begin, uint64_t size, uint64_t other_begin, uint64_t other_end)
{
	return begin < other_end && begin + size > other_begin;
}

int check_place(const struct vm *vm, const struct file *file, const struct image *image, uint64_t begin,
		uint64_t size)
{
	uint64_t tables_end = image->kernel ? BOOT_DATA_END : TABLES_END;

	if (begin > vm->ram_size || size > vm->ram_size - begin)
		return refuse(file, ": 0x%" PRIx64 " bytes at 0x%" PRIx64 " do not fit in the guest's "
			      "memory, which ends at 0x%" PRIx64 "; give it more with --mem, or link it "
			      "lower", size, begin, vm->ram_size);
	if (image->mode != MODE_REAL && overlap(begin, size, TABLES_BEGIN, tables_end))
		return refuse(file, ": 0x%" PRIx64 " bytes at 0x%" PRIx64 " overlap the start-up tables at "
			      "0x%x to 0x%" PRIx64 "; link it at 0x%x",
			      size, begin, TABLES_BEGIN, tables_end, FLAT_IMAGE);
	if (image->kernel && overlap(begin, size, LOW_MEMORY_END, HIGH_MEMORY))
		return refuse(file, ": 0x%" PRIx64 " bytes at 0x%" PRIx64 " overlap the firmware's memory at "
			      "0x%x to 0x%x; link it at 0x%x",
			      size, begin, LOW_MEMORY_END, HIGH_MEMORY, FLAT_IMAGE);
	return 0;
}

int check_entry(const struct vm *vm, const struct file *file, uint64_t entry)
{
	if (entry < vm->ram_size)
		return 0;
	return refuse(file, ": its entry point 0x%" PRIx64 " is outside the guest's memory, which ends at "
		      "0x%" PRIx64, entry, vm->ram_size);
}

static int load_static_elf(struct vm *vm, const struct file *file, const Elf64_Ehdr *header,
			   struct image *image)
{
	uint64_t end;
	int status;

	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		return refuse(file, " is a 32-bit ELF without a multiboot header or a PVH note; other 32-bit "
			      "guests are flat binaries (objcopy -O binary) with --mode");
	image->mode = MODE_LONG;
	image->entry = header->e_entry;
	status = elf_load(vm, file, header, image, &end);
	return status ? status : check_entry(vm, file, image->entry);
}

static int load_flat(struct vm *vm, const struct file *file, struct image *image)
{
	int status;

	if (image->mode == MODE_DEFAULT)
		image->mode = MODE_REAL;
	image->entry = image->mode == MODE_REAL ? REAL_IMAGE : FLAT_IMAGE;
	status = check_place(vm, file, image, image->entry, file->size);
	if (!status)
		memcpy(vm->ram + image->entry, file->bytes, file->size);
	return status;
}

/* --mode is for what has no mode of its own; long is what a static ELF64 has. */
static int check_mode(const struct file *file, const struct image *image, bool is_static)
{
	if (image->mode == MODE_DEFAULT || (is_static && image->mode == MODE_LONG))
		return 0;
	return refuse(file, " is %s, which knows its mode; leave --mode out",
		      is_static ? "an ELF file" : "a kernel");
}

/* What no boot protocol starts takes nothing but its own bytes. */
static int check_options(const struct file *file, const struct boot_options *options)
{
	if (!options->initrd && !options->append)
		return 0;
	return refuse(file, " is no kernel that takes --%s: no bzImage, no PVH note, no multiboot header",
		      options->initrd ? "initrd" : "append");
}

static int load_elf(struct vm *vm, const struct file *file, struct image *image)
{
	uint64_t entry, offset;
	Elf64_Ehdr header;
	bool pvh;
	int status = elf_header(file, &header);

	if (!status)
		status = pvh_find(file, &header, &pvh, &entry);
	if (status)
		return status;
	if (pvh) {
		status = check_mode(file, image, false);
		return status ? status : load_pvh(vm, file, &header, entry, image);
	}
	if (multiboot_find(file, &offset)) {
		status = check_mode(file, image, false);
		return status ? status : load_multiboot(vm, file, offset, image);
	}
	status = check_mode(file, image, true);
	if (!status)
		status = check_options(file, &image->boot);
	return status ? status : load_static_elf(vm, file, &header, image);
}

static int load_file(struct vm *vm, const struct file *file, struct image *image)
{
	uint64_t offset;
	int status;

	if (file_is_elf(file))
		return load_elf(vm, file, image);
	if (file_is_bzimage(file)) {
		status = check_mode(file, image, false);
		return status ? status : load_bzimage(vm, file, image);
	}
	if (multiboot_find(file, &offset)) {
		status = check_mode(file, image, false);
		return status ? status : load_multiboot(vm, file, offset, image);
	}
	status = check_options(file, &image->boot);
	return status ? status : load_flat(vm, file, image);
}

int image_load(struct vm *vm, const char *path, struct image *image)
{
	struct file file;
	int status = map_file(&file, path, "a guest");

	if (status)
		return status;
	status = load_file(vm, &file, image);
	unmap_file(&file);
	return status;
}
