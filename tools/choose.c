// SPDX-License-Identifier: GPL-2.0
/*
 * choose.c - a stop of the tour or a fault of the lab, by its name or number.
 *
 * Reached from tour.c and lab.c.
 */
#include <stdlib.h>
#include <string.h>

#include "choose.h"

unsigned int choose(const char *text, unsigned int count, const char *(*name_of)(unsigned int index))
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (text[0] >= '0' && text[0] <= '9' && !*end)
		return number >= 1 && number <= count ? number - 1 : count;
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(name_of(i), text))
			return i;
	return count;
}
