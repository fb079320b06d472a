/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the loader keeps what, in the first megabyte. disk.py lays the disk out to match: its
 * first sectors hold a struct header, then come the parts that the header lists.
 */
#ifndef TESTBED_LOADER_H
#define TESTBED_LOADER_H

#define ROM_BASE	0xd0000		/* disk.py: ROM_BASE */
#define ROM_SECTORS	8
#define STACK_TOP	0x7c00
#define E820_COUNT	0x7ffc
#define E820_MAP	0x8000
#define HEADER		0x9000
#define HEADER_SECTORS	8		/* disk.py: HEADER_SIZE */
#define HEADER_MAGIC	0x78766d6d	/* "mmvx" */
#define PAGE_TABLES	0xd000		/* 6 pages: PML4, PDPT, four page directories */

#endif
