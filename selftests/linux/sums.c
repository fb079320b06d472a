// SPDX-License-Identifier: GPL-2.0
/*
 * sums.c - small things that the tests of the workload count with.
 *
 * Reached from workload.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sums.h"

uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

uint32_t crc32(uint32_t crc, const uint8_t *data, size_t size)
{
	static uint32_t table[256];

	for (uint32_t i = 0; !table[255] && i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
	}
	crc = ~crc;
	while (size--)
		crc = crc >> 8 ^ table[(crc ^ *data++) & 0xff];
	return ~crc;
}

int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 * MS + time.tv_nsec;
}

double after(const char *path, const char *key, const char *separators)
{
	char line[1024], *found = NULL;
	FILE *file = fopen(path, "r");

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, key);
	if (file)
		fclose(file);
	return found ? strtod(found + strlen(key) + strspn(found + strlen(key), separators), NULL) : 0;
}
