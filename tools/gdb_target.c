// SPDX-License-Identifier: GPL-2.0
/*
 * gdb_target.c - memory, breakpoints and single steps of a guest under gdb.
 *
 * Reached from gdb.c and gdb_commands.c. SET_GUEST_DEBUG does the work: INT3 and the CPU's debug registers end RUN
 * with MINIVMX_EXIT_DEBUG instead of an exception in the guest. INT3s are in memory only while
 * the guest runs, so that gdb always sees, and changes, what the guest itself put there.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "gdb_target.h"
#include "linear_memory.h"

#define INT3		0xcc
#define VECTOR_BP	3

/* SDM 3B "Debug Registers" */
#define DR6_BREAKPOINT(i)	(1u << (i))
#define DR6_STEP		(1u << 14)
#define DR7_FIXED		(1u << 10)
#define DR7_ENABLE(i)		(2u << (2 * (i)))	/* global: a task switch leaves it alone */
#define DR7_CONDITION(i, c)	((uint64_t)(c) << (16 + 4 * (i)))
#define DR7_EXECUTE		0
#define DR7_WRITE		1
#define DR7_READ_OR_WRITE	3

static int set_guest_debug(struct target *target, uint32_t control)
{
	struct minivmx_guest_debug debug = { .control = control };

	if (control & MINIVMX_GUESTDBG_USE_HW_BP) {
		debug.arch.debugreg[7] = DR7_FIXED;
		for (unsigned int i = 0; i < TARGET_HW_BREAKPOINTS; i++) {
			/* The length in DR7: 1, 2, 4 and 8 bytes are 0, 1, 3 and 2. */
			static const uint8_t length_code[] = { [1] = 0, [2] = 1, [4] = 3, [8] = 2 };
			const struct hw_breakpoint *hw = &target->hw[i];
			/* No CPU can watch reads alone; gdb looks itself whether the value has changed. */
			unsigned int condition = hw->type == BREAK_HARDWARE ? DR7_EXECUTE :
						 hw->type == WATCH_WRITE ? DR7_WRITE : DR7_READ_OR_WRITE;

			if (!hw->used)
				continue;
			debug.arch.debugreg[i] = hw->begin;
			debug.arch.debugreg[7] |= DR7_ENABLE(i) |
				DR7_CONDITION(i, length_code[hw->size] << 2 | condition);
		}
	}
	return ioctl(target->vcpu->fd, MINIVMX_SET_GUEST_DEBUG, &debug) < 0 ? errno : 0;
}

int target_open(struct target *target, struct vcpu *vcpu)
{
	struct minivmx_translation translation = { 0 };
	int error;

	*target = (struct target){ .vcpu = vcpu };
	error = set_guest_debug(target, 0);
	if (error) {
		complain("%s: SET_GUEST_DEBUG: %s; a debugger needs it", vcpu->vm->device_path, strerror(error));
		return STATUS_HOST_ERROR;
	}
	if (ioctl(vcpu->fd, MINIVMX_TRANSLATE, &translation) < 0) {
		complain("%s: TRANSLATE: %s; a debugger needs it", vcpu->vm->device_path, strerror(errno));
		return STATUS_HOST_ERROR;
	}
	return 0;
}

static size_t rest_of_page(uint64_t address, size_t size)
{
	uint64_t rest = PAGE - address % PAGE;

	return size < rest ? size : rest;
}

int target_read_memory(struct target *target, uint64_t address, void *bytes, size_t *size)
{
	size_t done = linear_read(target->vcpu, address, bytes, *size);

	if (!done && *size)
		return EFAULT;
	*size = done;
	return 0;
}

int target_write_memory(struct target *target, uint64_t address, const void *bytes, size_t size)
{
	size_t part;

	for (size_t done = 0; done < size; done += part) {
		part = rest_of_page(address + done, size - done);
		if (!linear_find(target->vcpu, address + done))
			return EFAULT;
	}
	for (size_t done = 0; done < size; done += part) {
		uint8_t *to = linear_find(target->vcpu, address + done);

		part = rest_of_page(address + done, size - done);
		/* The write itself may have changed the page tables. */
		if (!to)
			return EFAULT;
		memcpy(to, (const uint8_t *)bytes + done, part);
	}
	return 0;
}

static struct sw_breakpoint *find_sw(struct target *target, uint64_t address)
{
	for (unsigned int i = 0; i < target->sw_count; i++)
		if (target->sw[i].address == address)
			return &target->sw[i];
	return NULL;
}

static int insert_sw(struct target *target, uint64_t address)
{
	const uint8_t *byte = linear_find(target->vcpu, address);

	/* gdb may send a packet twice. */
	if (find_sw(target, address))
		return 0;
	if (target->sw_count == TARGET_SW_BREAKPOINTS)
		return ENOSPC;
	if (!byte)
		return EFAULT;
	/* The physical address is kept: the guest may have switched to other page tables when it runs on. */
	target->sw[target->sw_count++] = (struct sw_breakpoint){
		.address = address, .physical = byte - target->vcpu->vm->ram,
	};
	return 0;
}

static void remove_hw(struct target *target, unsigned int type, uint64_t address, uint64_t length)
{
	for (unsigned int i = 0; i < TARGET_HW_BREAKPOINTS; i++) {
		struct hw_breakpoint *hw = &target->hw[i];

		if (hw->used && hw->type == type && hw->address == address && hw->length == length)
			hw->used = false;
	}
}

/* A range may take several registers: each watches 1, 2, 4 or 8 bytes at a multiple of its size. */
static int insert_hw(struct target *target, enum breakpoint_type type, uint64_t address, uint64_t length)
{
	uint64_t begin = address, rest = length;

	remove_hw(target, type, address, length);
	for (unsigned int i = 0; i < TARGET_HW_BREAKPOINTS && rest; i++) {
		unsigned int size = 8;

		if (target->hw[i].used)
			continue;
		while (size > rest || begin % size)
			size /= 2;
		/* For execution the length must be coded as 1, whatever gdb calls the instruction's size. */
		if (type == BREAK_HARDWARE)
			rest = size = 1;
		target->hw[i] = (struct hw_breakpoint){
			.used = true, .type = type, .address = address, .length = length,
			.begin = begin, .size = size,
		};
		begin += size;
		rest -= size;
	}
	if (!rest)
		return 0;
	remove_hw(target, type, address, length);
	return ENOSPC;
}

int target_insert(struct target *target, unsigned int type, uint64_t address, uint64_t length)
{
	if (type == BREAK_SOFTWARE)
		return insert_sw(target, address);
	if (type > WATCH_ACCESS || (type != BREAK_HARDWARE && !length))
		return EINVAL;
	/* gdb calls an instruction breakpoint's length a kind; 0 and 1 are both in use. */
	return insert_hw(target, type, address, type == BREAK_HARDWARE ? 1 : length);
}

int target_remove(struct target *target, unsigned int type, uint64_t address, uint64_t length)
{
	struct sw_breakpoint *sw;

	if (type > WATCH_ACCESS)
		return EINVAL;
	if (type != BREAK_SOFTWARE) {
		remove_hw(target, type, address, type == BREAK_HARDWARE ? 1 : length);
		return 0;
	}
	sw = find_sw(target, address);
	if (sw)
		*sw = target->sw[--target->sw_count];
	return 0;
}

void target_remove_all(struct target *target)
{
	target->sw_count = 0;
	memset(target->hw, 0, sizeof(target->hw));
}

static uint32_t debug_control(const struct target *target)
{
	uint32_t control = 0;

	if (target->stepping)
		control |= MINIVMX_GUESTDBG_SINGLESTEP;
	if (target->sw_count)
		control |= MINIVMX_GUESTDBG_USE_SW_BP;
	for (unsigned int i = 0; i < TARGET_HW_BREAKPOINTS; i++)
		if (target->hw[i].used)
			control |= MINIVMX_GUESTDBG_USE_HW_BP;
	return control ? control | MINIVMX_GUESTDBG_ENABLE : 0;
}

int target_resume(struct target *target)
{
	for (unsigned int i = 0; i < target->sw_count; i++) {
		uint8_t *byte = target->vcpu->vm->ram + target->sw[i].physical;

		target->sw[i].inserted = *byte != INT3;	/* else the guest has one there itself */
		target->sw[i].original = *byte;
		*byte = INT3;
	}
	return set_guest_debug(target, debug_control(target));
}

void target_halt(struct target *target)
{
	for (unsigned int i = 0; i < target->sw_count; i++) {
		uint8_t *byte = target->vcpu->vm->ram + target->sw[i].physical;

		/* The guest may have written other code over it. */
		if (target->sw[i].inserted && *byte == INT3)
			*byte = target->sw[i].original;
		target->sw[i].inserted = false;
	}
	target->stepping = false;
}

/* Which of our debug registers fired: a watchpoint before a breakpoint, as its access is done already. */
static const struct hw_breakpoint *find_hit(const struct target *target, uint64_t dr6)
{
	const struct hw_breakpoint *hit = NULL;

	for (unsigned int i = 0; i < TARGET_HW_BREAKPOINTS; i++) {
		const struct hw_breakpoint *hw = &target->hw[i];

		if (hw->used && dr6 & DR6_BREAKPOINT(i) && (!hit || hit->type == BREAK_HARDWARE))
			hit = hw;
	}
	return hit;
}

int target_debug_exit(struct target *target, struct target_stop *stop, bool *stopped)
{
	static const char * const reasons[] = {
		[BREAK_HARDWARE] = "hwbreak", [WATCH_WRITE] = "watch",
		[WATCH_READ] = "rwatch", [WATCH_ACCESS] = "awatch",
	};
	const struct minivmx_debug_exit_arch *debug = &target->vcpu->run->debug.arch;
	const struct hw_breakpoint *hit;

	*stop = (struct target_stop){ 0 };
	*stopped = true;
	if (debug->exception == VECTOR_BP) {
		if (find_sw(target, debug->pc)) {
			stop->reason = "swbreak";
			return 0;
		}
		*stopped = false;
		return set_guest_debug(target, debug_control(target) | MINIVMX_GUESTDBG_ENABLE |
					       MINIVMX_GUESTDBG_INJECT_BP);
	}
	hit = find_hit(target, debug->dr6);
	if (hit) {
		stop->reason = reasons[hit->type];
		stop->has_address = hit->type != BREAK_HARDWARE;
		stop->address = hit->begin;
		return 0;
	}
	if (debug->dr6 & DR6_STEP && target->stepping)
		return 0;
	*stopped = false;
	return set_guest_debug(target, debug_control(target) | MINIVMX_GUESTDBG_ENABLE |
				       MINIVMX_GUESTDBG_INJECT_DB);
}
