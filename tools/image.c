// SPDX-License-Identifier: GPL-2.0
/*
 * image.c - reads a guest's file into its memory: a static ELF64, else a flat binary.
 *
 * Reached from run.c with the VM's memory mapped; continues in mode.c. A file that cannot
 * be a guest is refused with what is wrong and where; nothing in it is trusted.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "vm.h"

struct file {
	const char *path;
	const uint8_t *bytes;
	uint64_t size;
};

static int map_file(struct file *file, const char *path)
{
	struct stat stat;
	void *bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &stat) < 0) {
		complain("cannot read %s: %s", path, strerror(errno));
		goto err_close;
	}
	if (!S_ISREG(stat.st_mode)) {
		complain("%s is not a regular file; a guest is a flat binary or an ELF64 file", path);
		goto err_close;
	}
	if (!stat.st_size) {
		complain("%s is empty; a guest needs at least one instruction", path);
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

/* Whether begin, size lies in memory and clear of the tables that the mode needs. */
static int check_place(const struct vm *vm, const struct file *file, enum guest_mode mode,
		       uint64_t begin, uint64_t size)
{
	if (begin > vm->ram_size || size > vm->ram_size - begin) {
		complain("%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " do not fit in the guest's memory, which ends at 0x%"
			 PRIx64 "; give it more with --mem, or link it lower",
			 file->path, size, begin, vm->ram_size);
		return STATUS_BAD_IMAGE;
	}
	if (mode != MODE_REAL && begin < TABLES_END && begin + size > TABLES_BEGIN) {
		complain("%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " overlap the start-up tables at 0x%x to 0x%x; link it at 0x%x",
			 file->path, size, begin, TABLES_BEGIN, TABLES_END, FLAT_IMAGE);
		return STATUS_BAD_IMAGE;
	}
	return 0;
}

static int load_segment(struct vm *vm, const struct file *file, const Elf64_Phdr *segment, enum guest_mode mode)
{
	int status;

	if (segment->p_offset > file->size || segment->p_filesz > file->size - segment->p_offset) {
		complain("%s is truncated: a segment needs 0x%" PRIx64 " bytes from offset 0x%" PRIx64
			 " on, the file ends at 0x%" PRIx64, file->path, segment->p_filesz, segment->p_offset, file->size);
		return STATUS_BAD_IMAGE;
	}
	if (segment->p_filesz > segment->p_memsz) {
		complain("%s: a segment at 0x%" PRIx64 " is larger in the file than in memory; the program header is damaged",
			 file->path, segment->p_paddr);
		return STATUS_BAD_IMAGE;
	}
	status = check_place(vm, file, mode, segment->p_paddr, segment->p_memsz);
	if (status)
		return status;
	/* The rest up to p_memsz is .bss: new memory reads as zero. */
	memcpy(vm->ram + segment->p_paddr, file->bytes + segment->p_offset, segment->p_filesz);
	return 0;
}

static int check_elf_header(const struct file *file, const Elf64_Ehdr *header)
{
	const char *wrong = NULL;

	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		wrong = "is not a 64-bit ELF; 32-bit guests are flat binaries (objcopy -O binary) with --mode";
	else if (header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != EM_X86_64)
		wrong = "is an ELF for another machine; a guest is x86-64";
	else if (header->e_type != ET_EXEC)
		wrong = "is not a static executable (ET_EXEC); link it with -static -no-pie and without -r";
	else if (header->e_phentsize != sizeof(Elf64_Phdr))
		wrong = "has program headers of an unknown size; the ELF header is damaged";
	else if (header->e_phoff > file->size ||
		 header->e_phnum * sizeof(Elf64_Phdr) > file->size - header->e_phoff)
		wrong = "is truncated: its program headers lie beyond its end";
	if (!wrong)
		return 0;
	complain("%s %s", file->path, wrong);
	return STATUS_BAD_IMAGE;
}

static int load_elf(struct vm *vm, const struct file *file, struct image *image)
{
	bool loaded = false;
	Elf64_Ehdr header;
	int status;

	if (file->size < sizeof(header)) {
		complain("%s is truncated: %" PRIu64 " bytes are too few for an ELF header", file->path, file->size);
		return STATUS_BAD_IMAGE;
	}
	memcpy(&header, file->bytes, sizeof(header));
	status = check_elf_header(file, &header);
	for (unsigned int i = 0; !status && i < header.e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, file->bytes + header.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_LOAD || !segment.p_memsz)
			continue;
		status = load_segment(vm, file, &segment, image->mode);
		loaded = true;
	}
	if (!status && !loaded) {
		complain("%s has no segment to load; link it as an executable", file->path);
		status = STATUS_BAD_IMAGE;
	}
	if (!status && header.e_entry >= vm->ram_size) {
		complain("%s: its entry point 0x%" PRIx64 " is outside the guest's memory, which ends at 0x%" PRIx64,
			 file->path, header.e_entry, vm->ram_size);
		status = STATUS_BAD_IMAGE;
	}
	image->entry = header.e_entry;
	return status;
}

static int load_flat(struct vm *vm, const struct file *file, struct image *image)
{
	int status;

	image->entry = image->mode == MODE_REAL ? REAL_IMAGE : FLAT_IMAGE;
	status = check_place(vm, file, image->mode, image->entry, file->size);
	if (!status)
		memcpy(vm->ram + image->entry, file->bytes, file->size);
	return status;
}

int image_load(struct vm *vm, const char *path, struct image *image)
{
	struct file file;
	bool elf;
	int status = map_file(&file, path);

	if (status)
		return status;
	elf = file.size >= SELFMAG && !memcmp(file.bytes, ELFMAG, SELFMAG);
	if (image->mode == MODE_DEFAULT)
		image->mode = elf ? MODE_LONG : MODE_REAL;
	if (elf && image->mode != MODE_LONG) {
		complain("%s is an ELF64 file, which runs in long mode only; leave --mode out", path);
		status = STATUS_BAD_IMAGE;
	} else if (elf) {
		status = load_elf(vm, &file, image);
	} else {
		status = load_flat(vm, &file, image);
	}
	munmap((void *)file.bytes, file.size);
	return status;
}
