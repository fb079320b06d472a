// SPDX-License-Identifier: GPL-2.0
/*
 * capability.c - reads the VMX capability MSRs of every CPU.
 *
 * Reached from caps.c and doctor.c; capabilities_read() stands last. The bits are named in
 * vmx_controls.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <minivmx.h>

#include "capability.h"

int msr_read(int cpu, uint32_t msr, uint64_t *value)
{
	char path[64];
	ssize_t length;
	int fd, error;

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	length = pread(fd, value, sizeof(*value), msr);
	error = length == sizeof(*value) ? 0 : length < 0 ? errno : EIO;
	close(fd);
	return error;
}

/* 0, or an errno that stands for all MSRs: the driver is not there, or may not be used. */
static int read_from_msrs(struct capability *cap)
{
	for (uint32_t i = 0; i < CAPABILITY_COUNT; i++) {
		int error = msr_read(cap->cpu, MSR_VMX_BASIC + i, &cap->value[i]);

		if (error && error != EIO)
			return error;
		cap->present[i] = !error;
		if (error)
			cap->value[i] = 0;
	}
	return 0;
}

static int read_from_module(int device, struct capability *cap)
{
	struct {
		struct minivmx_vmx_caps head;
		struct minivmx_vmx_cap entries[64];
	} caps = { .head.nent = 64 };
	cpu_set_t set;

	/* The module answers for the CPU that the call runs on. */
	CPU_ZERO(&set);
	CPU_SET(cap->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0 || ioctl(device, MINIVMX_GET_VMX_CAPS, &caps) < 0)
		return errno;
	for (uint32_t i = 0; i < caps.head.nent; i++) {
		uint32_t index = caps.entries[i].msr - MSR_VMX_BASIC;

		if (index >= CAPABILITY_COUNT)
			continue;
		cap->present[index] = true;
		cap->value[index] = caps.entries[i].value;
	}
	return 0;
}

static int read_all_from_module(struct capabilities *caps)
{
	cpu_set_t before;
	int error = 0, device = open(MINIVMX_DEVICE, O_RDWR | O_CLOEXEC);

	if (device < 0)
		return errno;
	sched_getaffinity(0, sizeof(before), &before);
	for (size_t i = 0; i < caps->count && !error; i++)
		error = read_from_module(device, &caps->cpus[i]);
	sched_setaffinity(0, sizeof(before), &before);
	close(device);
	return error;
}

/* Numbers the online CPUs from a list such as "0-3,6". */
static void list_cpus(struct capabilities *caps)
{
	FILE *file = fopen("/sys/devices/system/cpu/online", "re");
	int first, last;
	char separator;

	while (file && fscanf(file, "%d", &first) == 1) {
		last = first;
		if (fscanf(file, "%c", &separator) == 1 && separator == '-') {
			if (fscanf(file, "%d%c", &last, &separator) < 1)
				break;
		}
		for (int cpu = first; cpu <= last; cpu++) {
			struct capability *cpus = reallocarray(caps->cpus, caps->count + 1, sizeof(*cpus));

			if (!cpus)
				break;
			cpus[caps->count] = (struct capability){ .cpu = cpu };
			caps->cpus = cpus;
			caps->count++;
		}
	}
	if (file)
		fclose(file);
}

void capabilities_read(struct capabilities *caps)
{
	int msr_error = 0, module_error;

	*caps = (struct capabilities){ .source = SOURCE_MSR };
	list_cpus(caps);
	if (!caps->count) {
		caps->source = SOURCE_NONE;
		snprintf(caps->error, sizeof(caps->error), "/sys/devices/system/cpu/online cannot be read; mount sysfs");
		return;
	}
	for (size_t i = 0; i < caps->count && !msr_error; i++)
		msr_error = read_from_msrs(&caps->cpus[i]);
	if (!msr_error)
		return;
	caps->source = SOURCE_MODULE;
	module_error = read_all_from_module(caps);
	if (!module_error)
		return;
	caps->source = SOURCE_NONE;
	snprintf(caps->error, sizeof(caps->error), "neither /dev/cpu/N/msr (%s) nor %s (%s) can be read; %s",
		 strerror(msr_error), MINIVMX_DEVICE, strerror(module_error),
		 msr_error == EACCES || msr_error == EPERM ? "run as root" : "run `modprobe msr` as root, and this as root");
}

void capabilities_free(struct capabilities *caps)
{
	free(caps->cpus);
}

bool capabilities_alike(const struct capabilities *caps, enum vmx_msr *which)
{
	const struct capability *first = &caps->cpus[0];

	for (size_t cpu = 1; cpu < caps->count; cpu++)
		for (uint32_t i = 0; i < CAPABILITY_COUNT; i++) {
			const struct capability *cap = &caps->cpus[cpu];

			if (cap->present[i] == first->present[i] && cap->value[i] == first->value[i])
				continue;
			*which = MSR_VMX_BASIC + i;
			return false;
		}
	return true;
}

bool capability_word(const struct capability *cap, const struct vmx_control_word *word,
		     uint64_t *must_be_1, uint64_t *may_be_1)
{
	enum vmx_msr msr = word->msr;
	uint64_t value;

	if (word->true_msr && capability_present(cap, word->true_msr) &&
	    capability_value(cap, MSR_VMX_BASIC) >> 55 & 1)
		msr = word->true_msr;
	if (!capability_present(cap, msr))
		return false;
	value = capability_value(cap, msr);
	/* No CPU has such a word without a bit in it: some emulators answer every MSR number with 0. */
	if (word->allowed1_only && !value)
		return false;
	*must_be_1 = word->allowed1_only ? 0 : (uint32_t)value;
	*may_be_1 = word->allowed1_only ? value : value >> 32;
	return true;
}

bool need_met(enum vmx_need need, unsigned int bit, uint64_t must_be_1, uint64_t may_be_1)
{
	if (need == REQUIRED_OFF)
		return !(must_be_1 >> bit & 1);
	return need == NOT_USED || may_be_1 >> bit & 1;
}
