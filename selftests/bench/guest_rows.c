// SPDX-License-Identifier: GPL-2.0
/*
 * guest_rows.c - what a guest's instruction costs until the next one: exits of all kinds.
 *
 * Reached from main.c. The guest takes the time itself, before and after each operation, and
 * stores the differences in its memory; RDTSC causes no exit on either device. A row has 2 or 3
 * ticks of that. The first operations, which map memory, are not counted.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define PAGE		4096UL
#define HUGE		0x200000UL
#define SAMPLES_GPA	0x40000UL	/* where the guest stores its times */
#define FILL_GPA	0x20000000UL	/* memory that the fill rows map */
#define FILL_SIZE	0x2000000UL
#define SWEEP		16		/* pages that a sample of fill_4k_sweep touches */
#define PORT		0x510
#define WARM_UP		4

/*
 * R8: how often; RDI: where the times go; R10, R11: the operation's address, and what is added. The
 * last R12 operations stand between marks.
 */
#define TIMED(name, operation)						\
	GUEST_CODE(name, 64, "1: cmp %r12d, %r8d\n\t jg 8f\n\t " BENCH_MARK "\n\t"		\
		   "8: rdtsc\n\t mov %eax, %r9d\n\t" operation "\n\t"			\
		   "rdtsc\n\t cmp %r12d, %r8d\n\t jg 9f\n\t " BENCH_MARK "\n\t"		\
		   "9: sub %r9d, %eax\n\t mov %eax, (%rdi)\n\t add $4, %rdi\n\t"		\
		   "dec %r8d\n\t jnz 1b\n\t out %al, $0x99")

TIMED(cpuid, "xor %eax, %eax\n\t cpuid");
TIMED(vmcall, "mov $100, %eax\n\t vmcall");
TIMED(rdmsr, "mov $0x8b, %ecx\n\t rdmsr");
TIMED(wrmsr, "mov $0x8b, %ecx\n\t xor %eax, %eax\n\t xor %edx, %edx\n\t wrmsr");
TIMED(halt, "hlt");
TIMED(out_port, "mov %r10d, %edx\n\t out %eax, %dx");
TIMED(in_port, "mov %r10d, %edx\n\t in %dx, %eax");
TIMED(outs_port, "mov %r10d, %edx\n\t mov $64, %ecx\n\t mov $0x10000, %esi\n\t rep outsl");
TIMED(write_memory, "mov %eax, (%r10)\n\t add %r11, %r10");
TIMED(read_memory, "mov (%r10), %eax\n\t add %r11, %r10");
TIMED(sweep_memory, "mov $16, %ecx\n\t 2: mov %al, (%r10)\n\t add %r11, %r10\n\t dec %ecx\n\t jnz 2b");

struct guest_row {
	const char *name;
	const __u8 *start, *end;
	unsigned int count;
	__u64 address;
	int (*prepare)(struct vm *vm, const struct guest_row *row);
	__u64 stride;
	unsigned int operations;	/* of a sample; 0 is 1 */
	bool long_run;			/* and of no interest in a trace */
};

int bench_run(struct vm *vm)
{
	int ret;

	while (!(ret = vm_run(vm)))
		if (vm->run->exit_reason == MINIVMX_EXIT_IO && vm->run->io.port == PORT_END)
			return 0;
	return ret;
}

static int bell(struct vm *vm, __u64 address, __u32 length, __u32 flags)
{
	struct minivmx_ioeventfd args = {
		.addr = address, .len = length, .fd = eventfd(0, EFD_CLOEXEC), .flags = flags,
	};
	int ret = vm_ioctl(vm->fd, MINIVMX_IOEVENTFD, (unsigned long)&args);

	/* The doorbell holds the eventfd. */
	close(args.fd);
	return ret;
}

static int prepare_port_bell(struct vm *vm, const struct guest_row *row)
{
	return bell(vm, row->address, 4, MINIVMX_IOEVENTFD_FLAG_PIO);
}

static int prepare_memory_bell(struct vm *vm, const struct guest_row *row)
{
	return bell(vm, row->address, 4, 0);
}

static int prepare_memory_bell_any(struct vm *vm, const struct guest_row *row)
{
	return bell(vm, row->address, 0, 0);
}

static int coalesce(struct vm *vm, __u64 address, __u32 pio)
{
	struct minivmx_coalesced_mmio_zone zone = { .addr = address, .size = 4, .pio = pio };

	return vm_ioctl(vm->fd, MINIVMX_REGISTER_COALESCED_MMIO, (unsigned long)&zone);
}

static int prepare_coalesced(struct vm *vm, const struct guest_row *row)
{
	return coalesce(vm, row->address, 0);
}

static int prepare_coalesced_port(struct vm *vm, const struct guest_row *row)
{
	return coalesce(vm, row->address, 1);
}

/* Memory of its own for the slot that a fill row maps; 0 and *@area, or -errno. */
static int fill_slot(struct vm *vm, int advice, __u8 **area)
{
	static void *mem;

	/* The last row's. */
	if (mem)
		munmap(mem, FILL_SIZE + HUGE);
	mem = mmap(NULL, FILL_SIZE + HUGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		return -errno;
	*area = (__u8 *)(((unsigned long)mem + HUGE - 1) & -HUGE);
	if (madvise(*area, FILL_SIZE, advice))
		return -errno;
	return vm_set_slot(vm, 1, 0, FILL_GPA, FILL_SIZE, *area);
}

static int prepare_absent(struct vm *vm, const struct guest_row *row)
{
	__u8 *area;

	(void)row;
	return fill_slot(vm, MADV_NOHUGEPAGE, &area);
}

/* The pages that the guest will touch are there, and no others. */
static int prepare_present(struct vm *vm, const struct guest_row *row)
{
	__u8 *area;
	int ret = fill_slot(vm, MADV_NOHUGEPAGE, &area);

	for (__u64 at = 0; !ret && at < FILL_SIZE; at += row->stride)
		area[at] = 1;
	return ret;
}

static int prepare_huge_absent(struct vm *vm, const struct guest_row *row)
{
	__u8 *area;

	(void)row;
	return fill_slot(vm, MADV_HUGEPAGE, &area);
}

static int prepare_huge_present(struct vm *vm, const struct guest_row *row)
{
	__u8 *area;
	int ret = fill_slot(vm, MADV_HUGEPAGE, &area);

	for (__u64 at = 0; !ret && at < (row->count + WARM_UP) * HUGE; at += HUGE)
		area[at] = 1;
	return ret;
}

#define ROW(label, code, samples, ...)	\
	{ .name = label, .start = code##_start, .end = code##_end, .count = samples, __VA_ARGS__ }
#define AT(where)	.address = where
#define EACH(bytes)	.address = FILL_GPA, .stride = bytes

static const struct guest_row rows[] = {
	ROW("cpuid",		 cpuid,		200, AT(0)),
	ROW("vmcall",		 vmcall,	200, AT(0)),
	ROW("rdmsr",		 rdmsr,		200, AT(0)),
	ROW("wrmsr",		 wrmsr,		200, AT(0)),
	ROW("pio_out",		 out_port,	100, AT(PORT)),
	ROW("pio_in",		 in_port,	100, AT(PORT)),
	ROW("mmio_write",	 write_memory,	100, AT(VM_HOLE)),
	ROW("mmio_read",	 read_memory,	100, AT(VM_HOLE)),
	ROW("hlt",		 halt,		100, AT(0)),
	ROW("rep_outs_64",	 outs_port,	 10, AT(PORT), .long_run = true),
	ROW("pio_doorbell",	 out_port,	200, AT(PORT),	  .prepare = prepare_port_bell),
	ROW("mmio_doorbell",	 write_memory,	200, AT(VM_HOLE), .prepare = prepare_memory_bell),
	ROW("mmio_doorbell_any", write_memory,	200, AT(VM_HOLE), .prepare = prepare_memory_bell_any),
	ROW("pio_coalesced",	 out_port,	100, AT(PORT),	  .prepare = prepare_coalesced_port),
	ROW("mmio_coalesced",	 write_memory,	100, AT(VM_HOLE), .prepare = prepare_coalesced),
	ROW("fill_4k",		 write_memory,	100, EACH(64 * PAGE), .prepare = prepare_present),
	ROW("fill_4k_sweep",	 sweep_memory,	 16, EACH(PAGE), .prepare = prepare_present,
	    .operations = SWEEP),
	ROW("fill_4k_absent",	 write_memory,	100, EACH(64 * PAGE), .prepare = prepare_absent),
	ROW("fill_2m",		 write_memory,	 12, EACH(HUGE), .prepare = prepare_huge_present),
	ROW("fill_2m_absent",	 write_memory,	 10, EACH(HUGE), .prepare = prepare_huge_absent,
	    .long_run = true),
};

/* The vCPU executes the row's operation @count times, the first of them after @done. */
static int execute(struct vm *vm, const struct guest_row *row, unsigned int done, unsigned int count,
		   bool mark)
{
	struct minivmx_regs regs = {
		.rip = VM_CODE, .rsp = VM_STACK, .rflags = 2, .r8 = count, .rdi = SAMPLES_GPA,
		.r10 = row->address + done * row->stride * (row->operations ?: 1),
		.r11 = row->stride, .r12 = mark ? BENCH_MARKED : 0,
	};
	struct minivmx_coalesced_mmio_ring *ring =
		(void *)((__u8 *)vm->run + MINIVMX_COALESCED_MMIO_PAGE_OFFSET * PAGE);
	int ret = vm_set_regs(vm, &regs);

	ring->first = ring->last;
	return ret ? ret : bench_run(vm);
}

static int measure(const struct bench *bench, struct vm *vm, const struct guest_row *row,
		   const char *name)
{
	__u64 samples[BENCH_SAMPLES];
	__u32 *ticks = (__u32 *)(vm->mem + SAMPLES_GPA);
	unsigned int count = bench->trace ? BENCH_TRACED : row->count;
	bool mark = bench->trace && !row->long_run;
	int ret = row->prepare ? row->prepare(vm, row) : 0;

	if (!ret)
		ret = vm_start(vm, VM_LONG, row->start, row->end);
	if (!ret)
		ret = execute(vm, row, 0, WARM_UP, false);
	if (mark)
		bench_announce(bench, name, BENCH_MARKED, row->operations ?: 1);
	if (!ret)
		ret = execute(vm, row, WARM_UP, count, mark);
	if (ret)
		return ret;
	for (unsigned int i = 0; i < count; i++)
		samples[i] = ticks[i];
	bench_row(bench, name, samples, count, row->operations ?: 1);
	return 0;
}

void bench_cpuid(const struct bench *bench, struct vm *vm, const char *name)
{
	bench_check(bench, name, measure(bench, vm, &rows[0], name));
}

static bool wanted(const struct bench *bench, const char *name)
{
	if (!bench->only)
		return true;
	for (char **only = bench->only; *only; only++)
		if (!strcmp(*only, name))
			return true;
	return false;
}

void bench_guest_rows(const struct bench *bench)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vm vm;
		int ret;

		if (!wanted(bench, rows[i].name))
			continue;
		ret = vm_create(&vm, bench->device);
		bench_check(bench, rows[i].name, ret ?: measure(bench, &vm, &rows[i], rows[i].name));
		vm_destroy(&vm);
	}
}
