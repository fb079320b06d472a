// SPDX-License-Identifier: GPL-2.0
/*
 * recorder.c - the flight recorder: what it says of a guest whose exits are known, how it goes
 * round, whose the ticks are, what a reader finds while the vCPU runs, and that it is read only.
 *
 * KVM has nothing like it. Exits that the host causes (interrupts, the preemption timer, memory that
 * is touched for the first time) can come between any two of the guest's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "exit_reasons.h"
#include "vm.h"
#include "kselftest_harness.h"

#define PAGE		4096
#define OFFSET		(MINIVMX_RECORDER_PAGE_OFFSET * PAGE)
#define SIZE		(2 * PAGE)
#define RECORDS_MAX	(SIZE / sizeof(struct minivmx_exit_record))

/* Basic exit reasons. */
enum {
	EXTERNAL_INTERRUPT = 1, TRIPLE_FAULT = 2, CPUID = 10, HLT = 12, IO = 30, BAD_GUEST_STATE = 33,
	EPT_VIOLATION = 48, PREEMPTION_TIMER = 52,
};

struct copy {
	__u64 first, end;	/* records of the exits first to end - 1 */
	struct minivmx_exit_record record[RECORDS_MAX];
};

FIXTURE(recorder)
{
	struct vm vm;
	volatile struct minivmx_recorder *recorder;
};

static void *recorder_map(const struct vm *vm)
{
	return mmap(NULL, SIZE, PROT_READ, MAP_SHARED, vm->vcpu, OFFSET);
}

FIXTURE_SETUP(recorder)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm, MINIVMX_DEVICE));
	self->recorder = recorder_map(&self->vm);
	ASSERT_NE(MAP_FAILED, (void *)self->recorder);
}

FIXTURE_TEARDOWN(recorder)
{
	munmap((void *)self->recorder, SIZE);
	vm_destroy(&self->vm);
}

/* As the header tells a reader to do it. */
static void recorder_copy(volatile struct minivmx_recorder *recorder, struct copy *copy)
{
	__u32 capacity = recorder->capacity;
	__u64 good;

	copy->end = recorder->count;
	copy->first = copy->end > capacity ? copy->end - capacity : 0;
	for (__u64 n = copy->first; n < copy->end; n++)
		copy->record[n % capacity] = *(struct minivmx_exit_record *)&recorder->records[n % capacity];
	asm volatile("" : : : "memory");
	good = recorder->count + 1;
	good = good > capacity ? good - capacity : 0;
	if (copy->first < good)
		copy->first = good < copy->end ? good : copy->end;
}

static const struct minivmx_exit_record *record_of(volatile struct minivmx_recorder *recorder,
						   const struct copy *copy, __u64 n)
{
	return &copy->record[n % recorder->capacity];
}

static bool caused_by_host(const struct minivmx_exit_record *record)
{
	return record->reason == EXTERNAL_INTERRUPT || record->reason == PREEMPTION_TIMER ||
	       (record->reason == EPT_VIOLATION && record->handled_by == MINIVMX_HANDLED_SLOW &&
		!record->idt_vectoring);
}

/* The last exits that the guest itself caused, the oldest first: how many, at most @room. */
static unsigned int guest_exits(volatile struct minivmx_recorder *recorder,
				struct minivmx_exit_record *exits, unsigned int room)
{
	unsigned int count = 0;
	struct copy copy;

	recorder_copy(recorder, &copy);
	for (__u64 n = copy.first; n < copy.end && count < room; n++)
		if (!caused_by_host(record_of(recorder, &copy, n)))
			exits[count++] = *record_of(recorder, &copy, n);
	return count;
}

TEST_F(recorder, header)
{
	struct minivmx_recorder_area area;

	ASSERT_EQ(0, vm_ioctl(self->vm.dev, MINIVMX_GET_RECORDER_AREA, (unsigned long)&area));
	EXPECT_EQ(OFFSET, area.offset);
	EXPECT_EQ(SIZE, area.size);
	EXPECT_EQ(-EFAULT, vm_ioctl(self->vm.dev, MINIVMX_GET_RECORDER_AREA, 8));
	EXPECT_EQ(MINIVMX_RECORDER_VERSION, self->recorder->version);
	EXPECT_EQ(sizeof(struct minivmx_exit_record), self->recorder->record_size);
	EXPECT_EQ((SIZE - sizeof(struct minivmx_recorder)) / sizeof(struct minivmx_exit_record),
		  self->recorder->capacity);
	EXPECT_EQ(vm_ioctl(self->vm.vcpu, MINIVMX_GET_TSC_KHZ, 0), (int)self->recorder->tsc_khz);
	EXPECT_EQ(0, self->recorder->count);
}

GUEST_CODE(known, 32, "cpuid\n\t out %al, $0x10\n\t in $0x11, %al\n\t mov %eax, 0x10000008\n\t hlt");

TEST_F(recorder, exits_of_a_known_guest)
{
	static const struct {
		__u32 reason;
		__u8 handled_by;
		__u64 rip;
		__u64 qualification, mask;
	} known[] = {
		{ CPUID,	 MINIVMX_HANDLED_FAST, VM_CODE,	    0,		     0 },
		/* SDM 3C, table "Exit Qualification for I/O Instructions" */
		{ IO,		 MINIVMX_HANDLED_USER, VM_CODE + 2, 0x10 << 16 | 0x40, ~0ull },
		{ IO,		 MINIVMX_HANDLED_USER, VM_CODE + 4, 0x11 << 16 | 0x48, ~0ull },
		/* SDM 3C, table "Exit Qualification for EPT Violations": a write, nothing mapped */
		{ EPT_VIOLATION, MINIVMX_HANDLED_USER, VM_CODE + 6, 0x2,	       0x3f },
		{ HLT,		 MINIVMX_HANDLED_USER, VM_CODE + 11, 0,	       0 },
	};
	struct minivmx_exit_record exits[RECORDS_MAX];

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, known));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_IO);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_MMIO);
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(ARRAY_SIZE(known), guest_exits(self->recorder, exits, RECORDS_MAX));
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		EXPECT_EQ(known[i].reason, exits[i].reason);
		EXPECT_EQ(known[i].handled_by, exits[i].handled_by);
		EXPECT_EQ(known[i].rip, exits[i].rip);
		EXPECT_EQ(known[i].qualification & known[i].mask, exits[i].qualification & known[i].mask);
		EXPECT_EQ(0, exits[i].intr_info);
		EXPECT_EQ(0, exits[i].idt_vectoring);
	}
	EXPECT_EQ(VM_HOLE + 8, exits[3].guest_physical);
}

GUEST_CODE(int3, 32, "int3");

TEST_F(recorder, interruption_information)
{
	struct minivmx_guest_debug debug = {
		.control = MINIVMX_GUESTDBG_ENABLE | MINIVMX_GUESTDBG_USE_SW_BP,
	};
	struct minivmx_exit_record exit;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, int3));
	ASSERT_EQ(0, vm_ioctl(self->vm.vcpu, MINIVMX_SET_GUEST_DEBUG, (unsigned long)&debug));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_DEBUG);
	ASSERT_EQ(1, guest_exits(self->recorder, &exit, 1));
	EXPECT_EQ(0, exit.reason);
	/* Valid, software exception 3. */
	EXPECT_EQ(0x80000603, exit.intr_info);
	EXPECT_EQ(MINIVMX_HANDLED_USER, exit.handled_by);
}

GUEST_CODE(halt_then_int, 32, "hlt\n\t int $0x20");

/* INT finds its gate in memory that the CPU sees for the first time, and zero. */
TEST_F(recorder, event_whose_delivery_was_interrupted)
{
	struct minivmx_exit_record exits[3];
	struct minivmx_sregs sregs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, halt_then_int));
	ASSERT_EQ(0, vm_get_sregs(&self->vm, &sregs));
	sregs.idt.base = VM_DATA;
	sregs.idt.limit = 0x7ff;
	ASSERT_EQ(0, vm_set_sregs(&self->vm, &sregs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	ASSERT_EQ(0, madvise(self->vm.mem + VM_DATA, PAGE, MADV_DONTNEED));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_SHUTDOWN);
	ASSERT_EQ(3, guest_exits(self->recorder, exits, 3));
	EXPECT_EQ(EPT_VIOLATION, exits[1].reason);
	EXPECT_EQ(MINIVMX_HANDLED_SLOW, exits[1].handled_by);
	EXPECT_EQ(VM_DATA + 0x20 * 8, exits[1].guest_physical & ~7ull);
	/* Valid, software interrupt 0x20. */
	EXPECT_EQ(0x80000420, exits[1].idt_vectoring);
	EXPECT_EQ(TRIPLE_FAULT, exits[2].reason);
	EXPECT_EQ(MINIVMX_HANDLED_USER, exits[2].handled_by);
}

TEST_F(recorder, failed_entry)
{
	struct minivmx_exit_record exit;
	struct minivmx_regs regs;

	ASSERT_EQ(0, VM_START(&self->vm, VM_PROTECTED, known));
	ASSERT_EQ(0, vm_get_regs(&self->vm, &regs));
	regs.rflags |= 1 << 3;
	ASSERT_EQ(0, vm_set_regs(&self->vm, &regs));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_FAIL_ENTRY);
	ASSERT_EQ(1, guest_exits(self->recorder, &exit, 1));
	EXPECT_EQ(MINIVMX_EXIT_REASON_FAILED_ENTRY | BAD_GUEST_STATE, exit.reason);
	EXPECT_EQ(MINIVMX_HANDLED_USER, exit.handled_by);
}

/*
 * ECX times two CPUIDs. With interrupts on, because Bochs 2.7 keeps those of the host away from a
 * guest that has them off, and a fast exit lets none in.
 */
GUEST_CODE(cpuids, 32, "sti\n\t 1: mov %ecx, %ebp\n\t cpuid\n\t nop\n\t cpuid\n\t mov %ebp, %ecx\n\t dec %ecx\n\t jnz 1b\n\t hlt");

static int start_cpuids(struct vm *vm, __u32 times)
{
	struct minivmx_regs regs;
	int ret = VM_START(vm, VM_PROTECTED, cpuids);

	if (!ret)
		ret = vm_get_regs(vm, &regs);
	regs.rcx = times;
	return ret ? ret : vm_set_regs(vm, &regs);
}

/* Nothing is between two exits but what the records of both say. */
static bool follows(const struct minivmx_exit_record *a, const struct minivmx_exit_record *b)
{
	return b->tsc == a->tsc + a->kernel_ticks + a->user_ticks + b->guest_ticks;
}

/* Are these records of the guest cpuids, whole and in order? */
static void check_cpuids(struct __test_metadata *_metadata, volatile struct minivmx_recorder *recorder,
			 const struct copy *copy)
{
	__u64 rip = 0;

	for (__u64 n = copy->first; n < copy->end; n++) {
		const struct minivmx_exit_record *record = record_of(recorder, copy, n);

		if (n + 1 < copy->end) {
			ASSERT_TRUE(follows(record, record_of(recorder, copy, n + 1)));
		}
		if (record->reason != CPUID)
			continue;
		ASSERT_EQ(MINIVMX_HANDLED_FAST, record->handled_by);
		ASSERT_TRUE(record->rip == VM_CODE + 3 || record->rip == VM_CODE + 6);
		ASSERT_NE(rip, record->rip);
		rip = record->rip;
	}
}

TEST_F(recorder, goes_round)
{
	__u32 capacity = self->recorder->capacity;
	struct copy copy;

	for (__u32 times = 1; times < 2 * capacity; times = times * 3 / 2 + 1) {
		__u64 before = self->recorder->count;

		ASSERT_EQ(0, start_cpuids(&self->vm, times));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		EXPECT_LE(before + 2 * times + 1, self->recorder->count);
		recorder_copy(self->recorder, &copy);
		EXPECT_EQ(copy.end > capacity ? capacity - 1 : copy.end, copy.end - copy.first);
		EXPECT_EQ(HLT, record_of(self->recorder, &copy, copy.end - 1)->reason);
		if (copy.end - before > capacity)
			check_cpuids(_metadata, self->recorder, &copy);
	}
}

TEST_F(recorder, ticks_add_up)
{
	__u64 begin = __rdtsc(), sum = 0, waited, last_user = 0;
	struct copy copy;

	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, start_cpuids(&self->vm, 2));
		ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
		/* A RUN that runs nothing is part of what comes between. */
		self->vm.run->immediate_exit = 1;
		EXPECT_EQ(-EINTR, vm_run(&self->vm));
		self->vm.run->immediate_exit = 0;
		for (waited = __rdtsc(); __rdtsc() - waited < 2000000; )
			;
	}
	/* The last one's are not complete. */
	EXPECT_EQ(-EINTR, (self->vm.run->immediate_exit = 1, vm_run(&self->vm)));
	recorder_copy(self->recorder, &copy);
	ASSERT_EQ(0, copy.first);
	for (__u64 n = copy.first; n < copy.end; n++) {
		const struct minivmx_exit_record *record = record_of(self->recorder, &copy, n);

		if (n + 1 < copy.end) {
			EXPECT_TRUE(follows(record, record_of(self->recorder, &copy, n + 1)));
		}
		EXPECT_LT(0, record->guest_ticks);
		EXPECT_LT(0, record->kernel_ticks);
		sum += record->guest_ticks + record->kernel_ticks + record->user_ticks;
		if (record->reason == HLT) {
			EXPECT_LE(2000000, record->user_ticks);
			EXPECT_GT(2000000, record->kernel_ticks);
			last_user = record->user_ticks;
		} else {
			EXPECT_EQ(0, record->user_ticks);
		}
	}
	EXPECT_LT(0, last_user);
	EXPECT_LE(10000000, sum);
	EXPECT_GE(__rdtsc() - begin, sum);
}

static void kicked(int signal)
{
	(void)signal;
}

static void *run_guest(void *argument)
{
	return (void *)(long)vm_run(argument);
}

/*
 * The reader is faster or slower than the guest, and stopped at any point: it never believes half a
 * record.
 */
TEST_F(recorder, read_while_it_runs)
{
	const struct sigaction action = { .sa_handler = kicked };
	unsigned int overwritten = 0, moved = 0;
	pthread_t thread;
	struct copy copy;
	void *result;
	__u64 last = 0;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, start_cpuids(&self->vm, ~0u));
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_guest, &self->vm));
	for (double begin = vm_seconds(); moved < 30 && vm_seconds() - begin < 10; ) {
		recorder_copy(self->recorder, &copy);
		moved += copy.end > last;
		overwritten += copy.end > self->recorder->capacity &&
			       copy.end - copy.first < self->recorder->capacity - 1;
		last = copy.end;
		/* The last one may be unfinished. */
		if (copy.end > copy.first)
			copy.end--;
		check_cpuids(_metadata, self->recorder, &copy);
	}
	self->vm.run->immediate_exit = 1;
	ASSERT_EQ(0, pthread_kill(thread, SIGUSR1));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(-EINTR, (long)result);
	EXPECT_LE(2, moved);
	TH_LOG("%u times something new, %u times overwritten meanwhile", moved, overwritten);
}

GUEST_CODE(out_forever, 32, "1: out %al, $0x20\n\t jmp 1b");

TEST_F(recorder, of_each_vcpu)
{
	volatile struct minivmx_recorder *recorder;
	struct minivmx_exit_record exits[8];
	struct vm second = self->vm;

	second.vcpu = vm_ioctl(self->vm.fd, MINIVMX_CREATE_VCPU, 1);
	ASSERT_LE(0, second.vcpu);
	second.run = mmap(NULL, second.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, second.vcpu, 0);
	ASSERT_NE(MAP_FAILED, second.run);
	recorder = recorder_map(&second);
	ASSERT_NE(MAP_FAILED, (void *)recorder);
	ASSERT_EQ(0, start_cpuids(&self->vm, 2));
	ASSERT_EXIT(&self->vm, MINIVMX_EXIT_HLT);
	EXPECT_EQ(0, recorder->count);
	ASSERT_EQ(0, VM_START(&second, VM_PROTECTED, out_forever));
	for (int i = 0; i < 3; i++)
		ASSERT_EXIT(&second, MINIVMX_EXIT_IO);
	EXPECT_EQ(5, guest_exits(self->recorder, exits, 8));
	EXPECT_EQ(CPUID, exits[0].reason);
	EXPECT_EQ(3, guest_exits(recorder, exits, 8));
	EXPECT_EQ(IO, exits[0].reason);
	munmap((void *)recorder, SIZE);
	munmap(second.run, second.run_size);
	close(second.vcpu);
}

static int mapping_error(const struct vm *vm, size_t size, int prot, int flags, off_t offset)
{
	void *there = mmap(NULL, size, prot, flags, vm->vcpu, offset);

	if (there == MAP_FAILED)
		return errno;
	munmap(there, size);
	return 0;
}

/* The signal by which a process ends that reads there, or writes. */
static int signal_of(volatile __u8 *there, bool write)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		__u8 byte = *there;

		if (write)
			*there = byte;
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST_F(recorder, is_read_only)
{
	const struct vm *vm = &self->vm;
	__u8 *pages;

	EXPECT_EQ(0, mapping_error(vm, SIZE, PROT_READ, MAP_SHARED, OFFSET));
	EXPECT_EQ(0, mapping_error(vm, PAGE, PROT_READ, MAP_SHARED, OFFSET + PAGE));
	EXPECT_EQ(EACCES, mapping_error(vm, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, OFFSET));
	EXPECT_EQ(EACCES, mapping_error(vm, SIZE, PROT_WRITE, MAP_SHARED, OFFSET));
	EXPECT_EQ(EINVAL, mapping_error(vm, SIZE, PROT_READ, MAP_PRIVATE, OFFSET));
	EXPECT_EQ(EINVAL, mapping_error(vm, SIZE + PAGE, PROT_READ, MAP_SHARED, OFFSET));
	EXPECT_EQ(EINVAL, mapping_error(vm, 2 * PAGE, PROT_READ, MAP_SHARED, OFFSET - PAGE));
	EXPECT_EQ(EINVAL, mapping_error(vm, OFFSET + SIZE, PROT_READ, MAP_SHARED, 0));

	EXPECT_EQ(-1, mprotect((void *)self->recorder, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, signal_of((__u8 *)self->recorder, false));
	EXPECT_EQ(SIGSEGV, signal_of((__u8 *)self->recorder, true));

	/* A mapping of the run page, which may be written, made longer. */
	pages = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	ASSERT_NE(MAP_FAILED, pages);
	pages = mremap(pages, PAGE, OFFSET + SIZE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, pages);
	EXPECT_EQ(0, signal_of(pages, true));
	EXPECT_EQ(SIGBUS, signal_of(pages + OFFSET, false));
	munmap(pages, OFFSET + SIZE);
}

TEST_F(recorder, outlives_descriptors_and_processes)
{
	const char *path = vm_refcnt_path(false);
	long before = vm_read_number(path);
	volatile struct minivmx_recorder *recorder;
	struct vm vm;
	int status;
	pid_t pid;

	ASSERT_EQ(0, vm_create(&vm, MINIVMX_DEVICE));
	ASSERT_EQ(0, start_cpuids(&vm, 1));
	ASSERT_EXIT(&vm, MINIVMX_EXIT_HLT);
	recorder = recorder_map(&vm);
	ASSERT_NE(MAP_FAILED, (void *)recorder);
	vm_destroy(&vm);
	EXPECT_LE(3, recorder->count);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* The parent's mapping goes first. */
		usleep(100000);
		_exit(recorder->count >= 3 && recorder->version == MINIVMX_RECORDER_VERSION ? 0 : 1);
	}
	munmap((void *)recorder, SIZE);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(vm_refcnt_returns_to(path, before));
}

TEST_HARNESS_MAIN
