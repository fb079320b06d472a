// SPDX-License-Identifier: GPL-2.0
/*
 * recorder.c - reads the flight recorder that the module keeps for each vCPU, and prints it.
 *
 * Reached from report_state.c; struct minivmx_recorder says how to read it while the vCPU runs. The
 * words are those of decode.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "decode.h"
#include "recorder.h"

#define LINES	24

static size_t copy_records(const volatile struct minivmx_recorder *recorder,
			   struct minivmx_exit_record record[RECORDER_MAX])
{
	uint64_t capacity = recorder->capacity, end = recorder->count, good;
	uint64_t first = end > capacity ? end - capacity : 0;

	for (uint64_t n = first; n < end; n++)
		record[n - first] = *(const struct minivmx_exit_record *)&recorder->records[n % capacity];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	good = recorder->count + 1;
	good = good > capacity ? good - capacity : 0;
	if (good >= end)
		return 0;
	if (good > first)
		memmove(record, record + (good - first), (end - good) * sizeof(record[0]));
	return end - (good > first ? good : first);
}

static bool understood(const volatile struct minivmx_recorder *recorder, uint64_t size)
{
	return recorder->version == MINIVMX_RECORDER_VERSION &&
	       recorder->record_size == sizeof(recorder->records[0]) &&
	       recorder->capacity > 0 && recorder->capacity <= RECORDER_MAX &&
	       sizeof(*recorder) + recorder->capacity * sizeof(recorder->records[0]) <= size;
}

size_t recorder_read(const struct vcpu *vcpu, struct minivmx_exit_record record[RECORDER_MAX],
		     uint32_t *tsc_khz)
{
	const volatile struct minivmx_recorder *recorder;
	struct minivmx_recorder_area area;
	size_t count = 0;

	if (ioctl(vcpu->vm->device, MINIVMX_GET_RECORDER_AREA, &area) < 0)
		return 0;
	recorder = mmap(NULL, area.size, PROT_READ, MAP_SHARED, vcpu->fd, area.offset);
	if (recorder == MAP_FAILED)
		return 0;
	if (understood(recorder, area.size)) {
		*tsc_khz = recorder->tsc_khz;
		count = copy_records(recorder, record);
	}
	munmap((void *)recorder, area.size);
	return count;
}

void recorder_print_record(FILE *out, const struct minivmx_exit_record *record, unsigned int times)
{
	static const char * const handlers[] = { "fast", "slow", "user" };
	uint32_t basic = bits(record->reason, 15, 0);
	char text[TEXT_SIZE];

	fprintf(out, "    rip 0x%08" PRIx64 "  %s  %s%s", (uint64_t)record->rip,
		record->handled_by < 3 ? handlers[record->handled_by] : "?",
		record->reason & MINIVMX_EXIT_REASON_FAILED_ENTRY ? "entry failed: " : "", exit_reason_name(basic));
	if (is_ept_exit(record->reason))
		fprintf(out, " at 0x%" PRIx64, (uint64_t)record->guest_physical);
	event_text(text, record->intr_info, 0);
	if (bits(record->intr_info, 31, 31))
		fprintf(out, ", %s", text);
	qualification_text(text, basic, record->qualification);
	if (text[0])
		fprintf(out, ", %s", text);
	event_text(text, record->idt_vectoring, 0);
	if (bits(record->idt_vectoring, 31, 31))
		fprintf(out, ", delivering %s", text);
	fprintf(out, "  [%" PRIu64 " %" PRIu64 " %" PRIu64 "]", (uint64_t)record->guest_ticks,
		(uint64_t)record->kernel_ticks, (uint64_t)record->user_ticks);
	if (times > 1)
		fprintf(out, "  (the last of %u)", times);
	fputc('\n', out);
}

static bool same(const struct minivmx_exit_record *a, const struct minivmx_exit_record *b)
{
	return a->reason == b->reason && a->rip == b->rip && a->handled_by == b->handled_by &&
	       (!is_ept_exit(a->reason) || a->guest_physical == b->guest_physical);
}

bool recorder_print(const struct vcpu *vcpu)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	unsigned int line[RECORDER_MAX], lines = 0;	/* where its exits begin */
	uint32_t tsc_khz;
	size_t count = recorder_read(vcpu, record, &tsc_khz);

	if (!count)
		return false;
	fprintf(stderr, "  last VM exits, the latest at the end; ticks of %" PRIu32 " kHz in [guest kernel userspace]\n",
		tsc_khz);
	for (size_t i = 0; i < count; i++)
		if (!i || !same(&record[i - 1], &record[i]))
			line[lines++] = i;
	for (unsigned int i = lines > LINES ? lines - LINES : 0; i < lines; i++) {
		size_t end = i + 1 < lines ? line[i + 1] : count;

		recorder_print_record(stderr, &record[end - 1], end - line[i]);
	}
	return true;
}
