// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - looking up and changing what is in a snapshot.
 *
 * Reached from whoever has one; see snapshot.h.
 */
#include <stddef.h>
#include <string.h>

#include "snapshot.h"

/* Where number is, or belongs. */
static unsigned int position(const struct snapshot_pair *pairs, unsigned int count, uint32_t number)
{
	unsigned int i = 0;

	while (i < count && pairs[i].number < number)
		i++;
	return i;
}

static bool get(const struct snapshot_pair *pairs, unsigned int count, uint32_t number, uint64_t *value)
{
	unsigned int i = position(pairs, count, number);
	bool found = i < count && pairs[i].number == number;

	*value = found ? pairs[i].value : 0;
	return found;
}

static bool set(struct snapshot_pair *pairs, unsigned int *count, unsigned int room, uint32_t number,
		uint64_t value)
{
	unsigned int i = position(pairs, *count, number);

	if (i == *count || pairs[i].number != number) {
		if (*count == room)
			return false;
		memmove(&pairs[i + 1], &pairs[i], (*count - i) * sizeof(*pairs));
		(*count)++;
	}
	pairs[i] = (struct snapshot_pair){ .number = number, .value = value };
	return true;
}

bool snapshot_field(const struct snapshot *snapshot, uint32_t encoding, uint64_t *value)
{
	return get(snapshot->field, snapshot->fields, encoding, value);
}

bool snapshot_msr(const struct snapshot *snapshot, uint32_t index, uint64_t *value)
{
	return get(snapshot->msr, snapshot->msrs, index, value);
}

bool snapshot_set_field(struct snapshot *snapshot, uint32_t encoding, uint64_t value)
{
	return set(snapshot->field, &snapshot->fields, SNAPSHOT_FIELDS, encoding, value);
}

bool snapshot_set_msr(struct snapshot *snapshot, uint32_t index, uint64_t value)
{
	return set(snapshot->msr, &snapshot->msrs, SNAPSHOT_MSRS, index, value);
}
