// SPDX-License-Identifier: GPL-2.0
/*
 * linear_memory.c - finds a linear address of the guest in its memory. TRANSLATE walks the page
 * tables that CR3 points to now.
 *
 * Reached from gdb_target.c and report_state.c; see linear_memory.h.
 */
#include <string.h>
#include <sys/ioctl.h>

#include "linear_memory.h"

uint8_t *linear_find(const struct vcpu *vcpu, uint64_t address)
{
	struct minivmx_translation translation = { .linear_address = address };

	if (ioctl(vcpu->fd, MINIVMX_TRANSLATE, &translation) < 0 || !translation.valid ||
	    translation.physical_address >= vcpu->vm->ram_size)
		return NULL;
	return vcpu->vm->ram + translation.physical_address;
}

size_t linear_read(const struct vcpu *vcpu, uint64_t address, void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		uint64_t rest = PAGE - (address + done) % PAGE;
		size_t part = size - done < rest ? size - done : rest;
		const uint8_t *from = linear_find(vcpu, address + done);

		if (!from)
			break;
		memcpy((uint8_t *)bytes + done, from, part);
		done += part;
	}
	return done;
}
