// SPDX-License-Identifier: GPL-2.0
/*
 * image_boot.c - what every boot protocol hands to a kernel: a memory map, a command line, and an
 * initial file system or module.
 *
 * Reached from image_bzimage.c and its like. All of it lies where the memory map says
 * "usable": a kernel reserves or copies it itself.
 */
#include <inttypes.h>
#include <string.h>

#include "image.h"

#define PAGE_SIZE 4096ull

unsigned int memory_map(const struct vm *vm, struct memory_range ranges[MEMORY_RANGES])
{
	ranges[0] = (struct memory_range){ 0, LOW_MEMORY_END, MEMORY_USABLE };
	ranges[1] = (struct memory_range){ LOW_MEMORY_END, HIGH_MEMORY - LOW_MEMORY_END, MEMORY_RESERVED };
	ranges[2] = (struct memory_range){ HIGH_MEMORY, vm->ram_size - HIGH_MEMORY, MEMORY_USABLE };
	return ranges[2].size ? 3 : 2;
}

int load_command_line(struct vm *vm, const struct file *kernel, const struct boot_options *options,
		      uint64_t longest)
{
	const char *text = options->append ? options->append : "";
	uint64_t length = strlen(text);

	if (longest > COMMAND_LINE_MAX)
		longest = COMMAND_LINE_MAX;
	if (length > longest)
		return refuse(kernel, ": the command line has %" PRIu64 " characters, this kernel takes %"
			      PRIu64 "; shorten --append", length, longest);
	memcpy(vm->ram + COMMAND_LINE, text, length + 1);
	return 0;
}

int load_initrd(struct vm *vm, const struct boot_options *options, uint64_t begin, uint64_t ceiling,
		struct initrd *initrd)
{
	struct file file;
	int status;

	*initrd = (struct initrd){ 0 };
	if (!options->initrd)
		return 0;
	status = map_file(&file, options->initrd, "an initial file system");
	if (status)
		return status;
	if (ceiling > vm->ram_size)
		ceiling = vm->ram_size;
	begin = (begin + PAGE_SIZE - 1) & -PAGE_SIZE;
	if (begin > ceiling || file.size > ceiling - begin) {
		status = refuse(&file, " is too large: its 0x%" PRIx64 " bytes do not fit between the "
				"kernel's end at 0x%" PRIx64 " and 0x%" PRIx64 "; give the guest more memory "
				"with --mem",
				file.size, begin, ceiling);
	} else {
		initrd->address = (ceiling - file.size) & -PAGE_SIZE;
		initrd->size = file.size;
		memcpy(vm->ram + initrd->address, file.bytes, file.size);
	}
	unmap_file(&file);
	return status;
}
