// SPDX-License-Identifier: GPL-2.0
/*
 * trial_guest.c - good VMCSs to change: a VM for each mode, with the state that breaches.c has in mind.
 *
 * Reached from prove.c; see trial.h. The guests never run. SDM 3A "Virtual-8086 Mode", "PAE Paging".
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "command.h"
#include "snapshot_take.h"
#include "trial.h"
#include "vm.h"

#define RAM_SIZE	(1 << 20)
#define CR3		0x1000
/* Present page-directory pointers, for PAE paging. */
#define FIRST_PDPTE	0x2001

static const struct guest_state {
	const char *name;
	uint64_t cr0, cr4, efer, rflags, rip;
} states[SNAPSHOT_MODES] = {
	[SNAPSHOT_LONG]	 = { "long mode", 0x80010031, 0x620, 0xd01, 0x202, 0x100000 },
	[SNAPSHOT_REAL]	 = { "real mode", 0x60000030, 0, 0, 0x202, 0xfff0 },
	[SNAPSHOT_PAE]	 = { "PAE paging", 0x80010031, 0x620, 0x800, 0x202, 0x100000 },
	[SNAPSHOT_V8086] = { "virtual-8086 mode", 0x80010031, 0, 0, 0x20202, 0x7c00 },
};

const char *trial_mode_name(enum snapshot_mode mode)
{
	return states[mode].name;
}

/* Access rights as the VMCS has them. SDM 3C "Guest Register State". */
static struct minivmx_segment segment(uint16_t selector, uint64_t base, uint32_t limit, uint16_t rights)
{
	return (struct minivmx_segment){
		.selector = selector, .base = base, .limit = limit,
		.type = rights & 0xf, .s = rights >> 4 & 1, .dpl = rights >> 5 & 3, .present = rights >> 7 & 1,
		.l = rights >> 13 & 1, .db = rights >> 14 & 1, .g = rights >> 15 & 1,
	};
}

/* As snapshot_build() of the selftests. */
static void set_segments(struct minivmx_sregs *sregs, enum snapshot_mode mode)
{
	struct minivmx_segment *segments[] = { &sregs->es, &sregs->cs, &sregs->ss, &sregs->ds, &sregs->fs, &sregs->gs };

	for (unsigned int i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		uint16_t selector = 0x100 * (i + 1);
		bool code = segments[i] == &sregs->cs;

		if (mode == SNAPSHOT_REAL)
			*segments[i] = segment(selector, selector << 4, 0xffff, code ? 0x9b : 0x93);
		else if (mode == SNAPSHOT_V8086)
			*segments[i] = segment(selector, selector << 4, 0xffff, 0xf3);
		else if (code)
			*segments[i] = segment(0x10, 0, 0xffffffff, mode == SNAPSHOT_LONG ? 0xa09b : 0xc09b);
		else
			*segments[i] = segment(0x18, 0, 0xffffffff, 0xc093);
	}
	sregs->ldt = segment(0, 0, 0xffff, 0x82);
	sregs->tr = segment(0, 0, 0xffff, 0x8b);
}

static int set_state(struct vm *vm, enum snapshot_mode mode)
{
	const struct guest_state *state = &states[mode];
	struct minivmx_regs regs = { .rip = state->rip, .rflags = state->rflags };
	uint64_t *pdptes = (uint64_t *)(vm->ram + CR3);
	struct minivmx_sregs sregs;
	int vcpu = vm->vcpu[0].fd;

	for (unsigned int i = 0; mode == SNAPSHOT_PAE && i < 4; i++)
		pdptes[i] = FIRST_PDPTE + 0x1000 * i;
	if (ioctl(vcpu, MINIVMX_GET_SREGS, &sregs) < 0)
		return vm_call_failed(vm, "GET_SREGS");
	sregs.cr0 = state->cr0;
	sregs.cr3 = CR3;
	sregs.cr4 = state->cr4;
	sregs.efer = state->efer;
	set_segments(&sregs, mode);
	if (ioctl(vcpu, MINIVMX_SET_SREGS, &sregs) < 0)
		return vm_call_failed(vm, "SET_SREGS");
	if (ioctl(vcpu, MINIVMX_SET_REGS, &regs) < 0)
		return vm_call_failed(vm, "SET_REGS");
	return 0;
}

static int call_failed(const struct vm *vm)
{
	switch (errno) {
	case EOPNOTSUPP:
		complain("the module is not in study mode: `insmod minivmx.ko study=1`, which taints the kernel; "
			 "or this CPU has no VMX-preemption timer");
		return STATUS_HOST_ERROR;
	case EPERM:
		complain("trying VM entries needs CAP_SYS_RAWIO; run as root");
		return STATUS_HOST_ERROR;
	default:
		return vm_call_failed(vm, "TRY_ENTRY");
	}
}

int trial_guest_try(const struct trial_guest *guest, struct minivmx_try_entry *request, int *refused)
{
	*refused = 0;
	if (!ioctl(guest->vm->vcpu[0].fd, MINIVMX_TRY_ENTRY, request))
		return 0;
	if (errno != EACCES && errno != ERANGE)
		return call_failed(guest->vm);
	*refused = errno;
	return 0;
}

int trial_guest_open(struct trial_guest *guest, const char *device, enum snapshot_mode mode)
{
	int status;

	guest->vm = malloc(sizeof(*guest->vm));
	if (!guest->vm) {
		complain("no memory");
		return STATUS_HOST_ERROR;
	}
	status = vm_open(guest->vm, device, RAM_SIZE, 1);
	if (!status)
		status = set_state(guest->vm, mode);
	if (!status)
		status = snapshot_take(&guest->base, &guest->vm->vcpu[0]);
	if (!status && guest->base.host_hidden) {
		complain("the host-state area is hidden from who has no CAP_SYS_ADMIN; run as root");
		return STATUS_HOST_ERROR;
	}
	return status;
}

void trial_guest_close(struct trial_guest *guest)
{
	if (guest->vm)
		vm_close(guest->vm);
	free(guest->vm);
}
