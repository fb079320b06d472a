// SPDX-License-Identifier: GPL-2.0
/*
 * image_elf.c - reads ELF files: header and segments of both classes, as if all were ELF64.
 *
 * Reached from image.c; continues there. "Tool Interface Standard, Executable and Linking
 * Format", and the 64-bit form of the System V ABI. Segments go to their physical addresses.
 */
#include <inttypes.h>
#include <string.h>

#include "image.h"

bool file_is_elf(const struct file *file)
{
	return file->size >= SELFMAG && !memcmp(file->bytes, ELFMAG, SELFMAG);
}

static Elf64_Ehdr widen_header(const Elf32_Ehdr *narrow)
{
	Elf64_Ehdr header = {
		.e_type = narrow->e_type, .e_machine = narrow->e_machine, .e_entry = narrow->e_entry,
		.e_phoff = narrow->e_phoff, .e_phentsize = narrow->e_phentsize, .e_phnum = narrow->e_phnum,
	};

	memcpy(header.e_ident, narrow->e_ident, sizeof(header.e_ident));
	return header;
}

static int check_header(const struct file *file, const Elf64_Ehdr *header)
{
	bool wide = header->e_ident[EI_CLASS] == ELFCLASS64;
	uint64_t entry_size = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != (wide ? EM_X86_64 : EM_386))
		return refuse(file, " is an ELF for another machine; a guest is x86-64");
	if (header->e_type != ET_EXEC)
		return refuse(file, " is not a static executable (ET_EXEC); link it with -static -no-pie and "
			      "without -r");
	if (header->e_phentsize != entry_size)
		return refuse(file, " has program headers of an unknown size; the ELF header is damaged");
	if (header->e_phoff > file->size || header->e_phnum * entry_size > file->size - header->e_phoff)
		return refuse(file, " is truncated: its program headers lie beyond its end");
	return 0;
}

int elf_header(const struct file *file, Elf64_Ehdr *header)
{
	bool wide = file->size > EI_CLASS && file->bytes[EI_CLASS] != ELFCLASS32;
	Elf32_Ehdr narrow;

	if (file->size < (wide ? sizeof(*header) : sizeof(narrow)))
		return refuse(file, " is truncated: %" PRIu64 " bytes are too few for an ELF header",
			      file->size);
	if (wide) {
		memcpy(header, file->bytes, sizeof(*header));
	} else {
		memcpy(&narrow, file->bytes, sizeof(narrow));
		*header = widen_header(&narrow);
	}
	if (wide && header->e_ident[EI_CLASS] != ELFCLASS64)
		return refuse(file, " is an ELF of an unknown class; the ELF header is damaged");
	return check_header(file, header);
}

Elf64_Phdr elf_segment(const struct file *file, const Elf64_Ehdr *header, unsigned int index)
{
	const uint8_t *place = file->bytes + header->e_phoff + (uint64_t)index * header->e_phentsize;
	Elf64_Phdr segment;
	Elf32_Phdr narrow;

	if (header->e_ident[EI_CLASS] == ELFCLASS64) {
		memcpy(&segment, place, sizeof(segment));
		return segment;
	}
	memcpy(&narrow, place, sizeof(narrow));
	return (Elf64_Phdr){
		.p_type = narrow.p_type, .p_offset = narrow.p_offset, .p_paddr = narrow.p_paddr,
		.p_filesz = narrow.p_filesz, .p_memsz = narrow.p_memsz, .p_align = narrow.p_align,
	};
}

int elf_check_segment(const struct file *file, const Elf64_Phdr *segment)
{
	if (segment->p_offset > file->size || segment->p_filesz > file->size - segment->p_offset)
		return refuse(file, " is truncated: a segment needs 0x%" PRIx64 " bytes from offset 0x%"
			      PRIx64 " on, the file ends at 0x%" PRIx64,
			      segment->p_filesz, segment->p_offset, file->size);
	return 0;
}

static int load_segment(struct vm *vm, const struct file *file, const Elf64_Phdr *segment,
			const struct image *image)
{
	int status = elf_check_segment(file, segment);

	if (status)
		return status;
	if (segment->p_filesz > segment->p_memsz)
		return refuse(file, ": a segment at 0x%" PRIx64 " is larger in the file than in memory; "
			      "the program header is damaged", segment->p_paddr);
	status = check_place(vm, file, image, segment->p_paddr, segment->p_memsz);
	if (status)
		return status;
	/* The rest up to p_memsz is .bss: new memory reads as zero. */
	memcpy(vm->ram + segment->p_paddr, file->bytes + segment->p_offset, segment->p_filesz);
	return 0;
}

int elf_load(struct vm *vm, const struct file *file, const Elf64_Ehdr *header, const struct image *image,
	     uint64_t *end)
{
	*end = 0;
	for (unsigned int i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment = elf_segment(file, header, i);
		int status;

		if (segment.p_type != PT_LOAD || !segment.p_memsz)
			continue;
		status = load_segment(vm, file, &segment, image);
		if (status)
			return status;
		if (segment.p_paddr + segment.p_memsz > *end)
			*end = segment.p_paddr + segment.p_memsz;
	}
	return *end ? 0 : refuse(file, " has no segment to load; link it as an executable");
}
