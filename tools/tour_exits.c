// SPDX-License-Identifier: GPL-2.0
/*
 * tour_exits.c - the tour's steps that make a guest exit: a port, CPUID, memory, a device.
 *
 * Reached from tour_stops.c; tour_step.c has what they are made of.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "facts.h"
#include "tour_steps.h"

#define PORT		0xe9
#define OUT_ADDRESS	(FLAT_IMAGE + 2)
#define OLD_PAGE	0x180000
#define NEW_PAGE	0x1c0000
#define MOV_LENGTH	10
#define MMIO_ADDRESS	0xd0000000
#define MMIO_DATA	0x600d

#define ANYWHERE	(~0ull)

/* at: the guest-physical address, for EPT violations. */
static const struct minivmx_exit_record *find_exit(const struct minivmx_exit_record *record, size_t count,
						   uint32_t reason, uint64_t at)
{
	for (size_t i = 0; i < count; i++)
		if (record[i].reason == reason && (at == ANYWHERE || record[i].guest_physical == at))
			return &record[i];
	return NULL;
}

/* One of the exits has to be this one; its line in the flight recorder. */
static struct minivmx_exit_record print_exits_with(struct tour *tour, uint32_t reason, uint64_t at,
						   unsigned int handled_by)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	size_t count = tour_print_exits(tour, record);
	const struct minivmx_exit_record *found = find_exit(record, count, reason, at);

	tour_expect(tour, found && found->handled_by == handled_by, "no exit for reason %u, handled as told", reason);
	return found ? *found : (struct minivmx_exit_record){ 0 };
}

TOUR_GUEST(guest_port, 64, MODE_LONG,
	   "mov  $0x41, %al\n"
	   "out  %al, $0xe9   # exits\n"
	   "hlt\n");

void step_exit(struct tour *tour)
{
	const struct minivmx_run *run;
	uint64_t length, rip, next;
	uint8_t data;

	tour_begin(tour, &guest_port);
	if (!tour_run(tour, MINIVMX_EXIT_IO))
		return;
	print_exits_with(tour, REASON_IO, ANYWHERE, MINIVMX_HANDLED_USER);
	tour_print_changes(tour);
	run = tour->vm.vcpu[0].run;
	data = *((const uint8_t *)run + run->io.data_offset);
	length = tour_field(&tour->after, VMCS_EXIT_INSTRUCTION_LENGTH);
	rip = tour_field(&tour->after, VMCS_GUEST_RIP);
	tour_heading("What has happened");
	tour_say("RUN has returned, and the run page says: port 0x%x, %u byte, 0x%02x. The tool would be the device now.",
		 run->io.port, run->io.size, data);
	tour_expect(tour, run->io.port == PORT && run->io.size == 1 && data == 0x41, "the OUT is another");
	tour_expect(tour, tour_field(&tour->after, VMCS_EXIT_REASON) == REASON_IO, "the exit reason is not 30");
	tour_expect(tour, rip == OUT_ADDRESS, "RIP is not the OUT's");
	if (!tour_run(tour, MINIVMX_EXIT_HLT))
		return;
	next = tour_field(&tour->after, VMCS_GUEST_RIP);
	tour_say("The OUT is at 0x%" PRIx64 " and %" PRIu64 " bytes long. With the next RUN the module has set RIP to 0x%" PRIx64
		 ", and the guest has gone on from there to the HLT: RIP is 0x%" PRIx64 " now, behind it.", rip, length,
		 rip + length, next);
	tour_expect(tour, next == rip + length + 1, "RIP is not behind the HLT");
}

TOUR_GUEST(guest_cpuid, 64, MODE_LONG,
	   "xor  %eax, %eax\n"
	   "cpuid             # exits, and comes back\n"
	   "hlt               # exits to userspace\n");

void step_cpuid(struct tour *tour)
{
	struct minivmx_exit_record exit;
	struct minivmx_regs regs;
	char vendor[13] = "";

	tour_begin(tour, &guest_cpuid);
	if (!tour_run(tour, MINIVMX_EXIT_HLT) || !tour_get_regs(tour, &regs))
		return;
	exit = print_exits_with(tour, REASON_CPUID, ANYWHERE, MINIVMX_HANDLED_FAST);
	tour_print_changes(tour);
	memcpy(vendor, &regs.rbx, 4);
	memcpy(vendor + 4, &regs.rdx, 4);
	memcpy(vendor + 8, &regs.rcx, 4);
	tour_heading("What has happened");
	tour_say("One RUN, and userspace has heard of the HLT alone. CPUID leaf 0 has told the guest that it runs on \"%s\" "
		 "and may ask for leaves up to %" PRIu64 ". The kernel took %" PRIu64 " ticks until the guest went on.", vendor,
		 (uint64_t)regs.rax, (uint64_t)exit.kernel_ticks);
	tour_expect(tour, regs.rax && regs.rbx, "CPUID has told the guest nothing");
	tour_expect(tour, tour_stat(tour, "userspace_exits") == 1, "userspace has seen more than the HLT");
}

TOUR_GUEST(guest_memory, 32, MODE_PROTECTED,
	   "movl $0x1234, 0x1c0000    # a page that nobody has touched\n"
	   "movl $1, 0x180000         # a page that the tool has written to\n"
	   "hlt\n");

void step_ept(struct tour *tour)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	const struct minivmx_exit_record *old, *new;
	uint32_t memory;
	size_t count;

	tour_begin(tour, &guest_memory);
	if (tour->failed)
		return;
	/* One large page would have it all at once. */
	madvise(tour->vm.ram, tour->vm.ram_size, MADV_NOHUGEPAGE);
	tour->vm.ram[OLD_PAGE] = 0;
	if (!tour_run(tour, MINIVMX_EXIT_HLT))
		return;
	count = tour_print_exits(tour, record);
	tour_print_changes(tour);
	memcpy(&memory, tour->vm.ram + NEW_PAGE, sizeof(memory));
	tour_heading("What has happened");
	tour_say("The first EPT violation is the fetch of the guest's first instruction: EPT was empty, and needed tables, "
		 "which are allocated after the slice. At 0x%x the kernel had to make a page, as it does when a process "
		 "touches new memory. At 0x%x the process had one: mapped at once, by the fast handler. Each exit's RIP is "
		 "its MOV's, and there the guest went on. The tool finds 0x%x in its own memory now, which is the "
		 "guest's.", NEW_PAGE, OLD_PAGE, memory);
	old = find_exit(record, count, REASON_EPT_VIOLATION, OLD_PAGE);
	new = find_exit(record, count, REASON_EPT_VIOLATION, NEW_PAGE);
	tour_expect(tour, old && old->handled_by == MINIVMX_HANDLED_FAST && old->rip == FLAT_IMAGE + MOV_LENGTH,
		    "no fast EPT violation of the second MOV");
	tour_expect(tour, new && new->handled_by == MINIVMX_HANDLED_SLOW && new->rip == FLAT_IMAGE,
		    "no slow EPT violation of the first MOV");
	tour_expect(tour, memory == 0x1234, "the guest's memory holds 0x%x", memory);
}

TOUR_GUEST(guest_device, 32, MODE_PROTECTED,
	   "mov  0xd0000000, %eax     # asks a device\n"
	   "inc  %eax\n"
	   "mov  %eax, 0xd0000004     # tells a device\n"
	   "hlt\n");

static bool is_access(const struct minivmx_run *run, uint64_t address, bool is_write)
{
	return run->mmio.phys_addr == address && run->mmio.len == 4 && run->mmio.is_write == is_write;
}

void step_mmio(struct tour *tour)
{
	uint32_t data = MMIO_DATA;
	struct minivmx_run *run;

	tour_begin(tour, &guest_device);
	if (!tour_run(tour, MINIVMX_EXIT_MMIO))
		return;
	run = tour->vm.vcpu[0].run;
	print_exits_with(tour, REASON_EPT_VIOLATION, MMIO_ADDRESS, MINIVMX_HANDLED_USER);
	tour_heading("What has happened");
	tour_say("RUN has ended with a read of %u bytes at 0x%" PRIx64 ". The tool plays the device, and answers 0x%x.",
		 run->mmio.len, (uint64_t)run->mmio.phys_addr, data);
	tour_expect(tour, is_access(run, MMIO_ADDRESS, false), "the access is no read of the device");
	memcpy(run->mmio.data, &data, sizeof(data));
	if (!tour_run(tour, MINIVMX_EXIT_MMIO))
		return;
	print_exits_with(tour, REASON_EPT_VIOLATION, MMIO_ADDRESS + 4, MINIVMX_HANDLED_USER);
	tour_print_changes(tour);
	memcpy(&data, run->mmio.data, sizeof(data));
	tour_heading("What has happened");
	tour_say("The guest has read that, added 1, and now writes 0x%x to 0x%" PRIx64 ". To it, both were plain MOVs.", data,
		 (uint64_t)run->mmio.phys_addr);
	tour_expect(tour, is_access(run, MMIO_ADDRESS + 4, true), "the access is no write to the device");
	tour_expect(tour, data == MMIO_DATA + 1, "the guest has written 0x%x", data);
}

TOUR_GUEST(guest_recorded, 32, MODE_PROTECTED,
	   "mov  $3, %esi\n"
	   "1:   xor  %eax, %eax\n"
	   "     cpuid\n"
	   "     dec  %esi\n"
	   "     jnz  1b\n"
	   "     incl 0x300000\n"
	   "     out  %al, $0xe9\n");

void step_recorder(struct tour *tour)
{
	struct minivmx_exit_record record[RECORDER_MAX];
	unsigned int cpuids = 0;
	size_t count;

	tour_begin(tour, &guest_recorded);
	if (!tour_run(tour, MINIVMX_EXIT_IO))
		return;
	count = tour_print_exits(tour, record);
	for (size_t i = 0; i < count; i++)
		cpuids += record[i].reason == REASON_CPUID;
	tour_heading("What has happened");
	tour_say("%zu exits, and userspace has seen the last of them. The three of CPUID are fast: nobody was asked. An EPT "
		 "violation is slow where the kernel had to make a page, with interrupts on. The OUT is userspace's.", count);
	tour_expect(tour, cpuids == 3, "%u exits for CPUID, not 3", cpuids);
	tour_expect(tour, count && record[count - 1].reason == REASON_IO &&
			  record[count - 1].handled_by == MINIVMX_HANDLED_USER, "the last exit is not the OUT");
}
