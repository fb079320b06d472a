/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gdb_target.h - the stopped guest as gdb sees it: registers (gdb_registers.c), memory,
 * breakpoints and single steps (gdb_target.c).
 *
 * Reached from gdb.c, gdb_commands.c and stepper.c. Functions that can fail return 0 or an errno, which gdb is told.
 */
#ifndef MINIVMX_TOOLS_GDB_TARGET_H
#define MINIVMX_TOOLS_GDB_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gdb_packet.h"
#include "vm.h"

#define TARGET_SW_BREAKPOINTS	256
#define TARGET_HW_BREAKPOINTS	4	/* DR0 to DR3 */

/* The digit of gdb's Z and z packets. */
enum breakpoint_type {
	BREAK_SOFTWARE,
	BREAK_HARDWARE,
	WATCH_WRITE,
	WATCH_READ,
	WATCH_ACCESS,
};

struct target {
	struct vcpu *vcpu;
	bool long_mode, real_mode;	/* which register set gdb was given, and which instructions */
	bool stepping;		/* the guest executes one instruction */
	unsigned int sw_count;
	struct sw_breakpoint {
		uint64_t address;	/* linear, as gdb names it */
		uint64_t physical;
		uint8_t original;	/* the byte that INT3 stands for while the guest runs */
		bool inserted;
	} sw[TARGET_SW_BREAKPOINTS];
	struct hw_breakpoint {
		bool used;
		enum breakpoint_type type;
		uint64_t address, length;	/* of the request */
		uint64_t begin;			/* the part of it that this register watches */
		unsigned int size;		/* 1, 2, 4 or 8 */
	} hw[TARGET_HW_BREAKPOINTS];
};

/* Why a guest stopped, in the words of a stop reply: "swbreak", "watch", ..., or NULL for a step. */
struct target_stop {
	const char *reason;
	bool has_address;
	uint64_t address;
};

/* Complains and returns an exit status if the device can't debug. */
int target_open(struct target *target, struct vcpu *vcpu);

/* ------------------------------------------------------------------- registers */

/* The register set for the guest's mode now; gdb keeps to it until it connects again. */
int target_choose_registers(struct target *target);

/* The set's description in XML; the caller frees the text. */
int target_description(const struct target *target, char **text, size_t *length);

/* All registers in hexadecimal, or number alone. What can't be read is sent as 'x's. */
int target_read_registers(struct target *target, struct packet *packet);
int target_read_register(struct target *target, uint64_t number, struct packet *packet);

/* The same in the other direction; the text is what target_read_registers() writes. */
int target_write_registers(struct target *target, const char *hex);
int target_write_register(struct target *target, uint64_t number, const char *hex);

int target_set_pc(struct target *target, uint64_t address);

/* ---------------------------------------------------------------------- memory */

/* Linear addresses. Reads what is there, *size bytes at most; EFAULT if the first byte is not. */
int target_read_memory(struct target *target, uint64_t address, void *bytes, size_t *size);

/* All or nothing. */
int target_write_memory(struct target *target, uint64_t address, const void *bytes, size_t size);

/* ----------------------------------------------------------------- breakpoints */

/* EINVAL: no such type; ENOSPC: too many; EFAULT: no memory there. */
int target_insert(struct target *target, unsigned int type, uint64_t address, uint64_t length);
int target_remove(struct target *target, unsigned int type, uint64_t address, uint64_t length);
void target_remove_all(struct target *target);

/* Before the guest runs on and after it has stopped: INT3s in and out of memory, and what RUN stops for. */
int target_resume(struct target *target);
void target_halt(struct target *target);

/*
 * MINIVMX_EXIT_DEBUG. 0 and *stopped, or an errno. An INT3 or a trap that the guest made for itself
 * is its own: it is raised in the guest, and *stopped is false.
 */
int target_debug_exit(struct target *target, struct target_stop *stop, bool *stopped);

#endif /* MINIVMX_TOOLS_GDB_TARGET_H */
