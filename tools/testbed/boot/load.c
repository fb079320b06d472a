// SPDX-License-Identifier: GPL-2.0
/*
 * The part of the test machine's loader that is C: read the kernel from the disk to where it runs.
 *
 * Reached from loader.S in 32-bit protected mode without paging, on a small stack, interrupts off;
 * it must not write its own data, which is ROM. The disk is made by disk.py. RAM is zero at power
 * on, so disk.py leaves out what is zero, and bss needs no clearing.
 */
#include "loader.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct part {
	u32 address, sector, sectors;
};

struct header {
	u32 magic, entry, boot_params, parts;
	struct part part[];
};

#define ATA		0x1f0	/* first channel: data, error, count, LBA x3, device, command */
#define ATA_STATUS	(ATA + 7)
#define ATA_BUSY	0x80
#define ATA_DRQ		0x08
#define ATA_ERROR	0x21
#define BLOCK		16	/* sectors for each wait, set by SET MULTIPLE MODE */

static inline void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* Say what is wrong on the first serial port, where the testbed listens, and stop. */
static void __attribute__((noreturn)) die(const char *text)
{
	while (*text) {
		while (!(inb(0x3fd) & 0x20))
			;
		outb(0x3f8, *text++);
	}
	for (;;)
		asm volatile("cli; hlt");
}

static void ata_command(u32 sector, u32 count, u8 command)
{
	while (inb(ATA_STATUS) & ATA_BUSY)
		;
	outb(ATA + 6, 0xe0);
	/* 48-bit addressing: the high half of each register is written first. */
	outb(ATA + 2, count >> 8);
	outb(ATA + 3, sector >> 24);
	outb(ATA + 4, 0);
	outb(ATA + 5, 0);
	outb(ATA + 2, count);
	outb(ATA + 3, sector);
	outb(ATA + 4, sector >> 8);
	outb(ATA + 5, sector >> 16);
	outb(ATA + 7, command);
}

static void ata_wait_data(void)
{
	u8 status;

	do
		status = inb(ATA_STATUS);
	while (status & ATA_BUSY);
	if ((status & ATA_ERROR) || !(status & ATA_DRQ))
		die("testbed loader: the disk gives an error\r\n");
}

static void ata_read(u32 sector, u32 sectors, void *to)
{
	while (sectors) {
		u32 now = sectors < 0x8000 ? sectors : 0x8000;

		ata_command(sector, now, 0x29);		/* READ MULTIPLE EXT */
		sector += now;
		sectors -= now;
		while (now) {
			u32 block = now < BLOCK ? now : BLOCK;
			u32 words = block * 128;

			ata_wait_data();
			asm volatile("rep insl"
				     : "+D"(to), "+c"(words) : "d"(ATA) : "memory");
			now -= block;
		}
	}
}

static void map_4g(void)
{
	u64 *pml4 = (u64 *)PAGE_TABLES, *pdpt = pml4 + 512, *pd = pdpt + 512;
	u32 i;

	pml4[0] = (u32)pdpt | 3;
	for (i = 0; i < 4; i++)
		pdpt[i] = ((u32)pd + i * 4096) | 3;
	for (i = 0; i < 2048; i++)
		pd[i] = (u64)i << 21 | 0x83;		/* present, writable, 2 MiB page */
}

/* Returns EAX = entry point, EDX = boot_params. */
u64 load(void)
{
	struct header *header = (struct header *)HEADER;
	u8 *boot_params, *map = (u8 *)E820_MAP;
	u32 i, ranges = *(volatile u32 *)E820_COUNT;

	ata_command(0, BLOCK, 0xc6);			/* SET MULTIPLE MODE */
	ata_read(0, HEADER_SECTORS, header);
	if (header->magic != HEADER_MAGIC)
		die("testbed loader: the disk is not one of ours\r\n");
	for (i = 0; i < header->parts; i++)
		ata_read(header->part[i].sector, header->part[i].sectors,
			 (void *)header->part[i].address);

	boot_params = (u8 *)header->boot_params;
	boot_params[0x1e8] = ranges;
	for (i = 0; i < ranges * 20; i++)
		boot_params[0x2d0 + i] = map[i];
	map_4g();
	return (u64)header->boot_params << 32 | header->entry;
}
