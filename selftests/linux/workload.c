// SPDX-License-Identifier: GPL-2.0
/*
 * workload.c - the workload whose results are known: what Linux and its programs need of a CPU, its
 * timers and its disks, in a few seconds of an emulated CPU.
 *
 *   workload [--cpus N] [--disk-write] [--disk-sum HEX]
 *
 *   --cpus N        N processors must be online
 *   --disk-write    write the end of /dev/vda, read it back, and put back what was there
 *   --disk-sum HEX  all of /dev/vda has this CRC-32
 *
 * Runs in the Linux guest (tools/linux/initramfs), but in any Linux as well. It asks nothing of the
 * machine but a PC's clock: what a test needs besides, and does not find, makes it SKIP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <x86intrin.h>

#include "kselftest_harness.h"
#include "disk.h"
#include "faults.h"
#include "registers.h"
#include "sums.h"

#define DISK	"/dev/vda"
#define PAGE	4096

static long wanted_cpus = -1;
static long long wanted_sum = -1;
static bool disk_write;

/* The harness has no options of its own; glibc gives constructors what it gives main(). */
static void __attribute__((constructor)) options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--cpus") && i + 1 < argc) {
			wanted_cpus = strtol(argv[++i], NULL, 10);
		} else if (!strcmp(argv[i], "--disk-sum") && i + 1 < argc) {
			wanted_sum = strtoll(argv[++i], NULL, 16);
		} else if (!strcmp(argv[i], "--disk-write")) {
			disk_write = true;
		} else {
			fprintf(stderr, "usage: workload [--cpus N] [--disk-write] [--disk-sum HEX]\n");
			exit(2);
		}
	}
}

static bool pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

TEST(cpus)
{
	if (wanted_cpus < 0)
		SKIP(return, "no --cpus");
	ASSERT_EQ(wanted_cpus, sysconf(_SC_NPROCESSORS_ONLN));
}

TEST(integers)
{
	uint64_t state = 88172645463325252, sum = 0;

	ASSERT_EQ(0xcbf43926, crc32(0, (const uint8_t *)"123456789", 9));
	for (uint64_t i = 1; i <= 200000; i++) {
		uint64_t a = next(&state), b = next(&state) >> 20 | 1;

		sum += a / b + (int64_t)a % (int64_t)b + (uint64_t)((unsigned __int128)a * b >> 64);
		sum = (sum << 11 | sum >> 53) ^ __builtin_popcountll(a) ^ __builtin_bswap64(b);
	}
	ASSERT_EQ(2718053362452327699, sum);
}

TEST(memory)
{
	size_t lines = (32 << 20) / 64, bad = 0;
	uint64_t *memory = mmap(NULL, lines * 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, memory);
	for (size_t i = 0; i < lines; i++)
		memory[i * 8 + i % 8] = i * 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < lines; i++)
		bad += memory[i * 8 + i % 8] != i * 0x9e3779b97f4a7c15 || memory[i * 8 + (i + 1) % 8];
	ASSERT_EQ(0, bad);
	ASSERT_EQ(0, munmap(memory, lines * 64));
}

TEST(protection)
{
	for (int i = 0; i < 100; i++) {
		uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		ASSERT_NE(MAP_FAILED, page);
		ASSERT_EQ(0, touch(page, true));
		ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
		ASSERT_EQ(SEGV_ACCERR, touch(page, true));
		ASSERT_EQ(0, touch(page, false));
		ASSERT_EQ(0, mprotect(page, PAGE, PROT_NONE));
		ASSERT_EQ(SEGV_ACCERR, touch(page, false));
		ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
		ASSERT_EQ(1, page[0]);
		ASSERT_EQ(0, munmap(page, PAGE));
		ASSERT_EQ(SEGV_MAPERR, touch(page, false));
	}
}

/* Two processes on one CPU, with other values in the same registers. */
TEST(vector_registers)
{
	int cpu = sched_getcpu(), status;
	pid_t child;

	ASSERT_TRUE(pin(cpu));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(!!changed_registers(0x1234567, 300));
	ASSERT_EQ(0, changed_registers(0x89abcdef, 300));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
}

/* The sum of the first 100,000 terms of the harmonic series, 12.0901461298634279... */
TEST(floating_point)
{
	long double x87 = 0;
	double sse = 0;

	for (int i = 1; i <= 100000; i++) {
		x87 += 1.0L / i;
		sse += 1.0 / i;
	}
	ASSERT_EQ(12090146129863, (long)(x87 * 1e12L));
	/* Each addition is rounded, in this order the same on every CPU. */
	ASSERT_EQ(12090146129863336, (uint64_t)(sse * 1e15));
	if (__builtin_cpu_supports("avx"))
		ASSERT_EQ(12090146129863, (long)(harmonic_avx(100000) * 1e12));
}

TEST(fork_and_wait)
{
	pid_t children[20];
	int status;

	for (int i = 0; i < 20; i++) {
		children[i] = fork();
		ASSERT_LE(0, children[i]);
		if (!children[i])
			_exit(100 + i);
	}
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(children[i], waitpid(children[i], &status, 0));
		ASSERT_TRUE(WIFEXITED(status));
		ASSERT_EQ(100 + i, WEXITSTATUS(status));
	}
	ASSERT_EQ(-1, wait(&status));
	ASSERT_EQ(ECHILD, errno);
}

/* A child writes more than a pipe holds, so that each waits for the other. */
TEST(pipes)
{
	uint64_t written = 1, expected = 1, words[512];
	int ends[2], status;
	ssize_t size;

	ASSERT_EQ(0, pipe(ends));
	if (!fork()) {
		for (int chunk = 0; chunk < 64; chunk++) {
			for (int i = 0; i < 512; i++)
				words[i] = next(&written);
			if (write(ends[1], words, sizeof(words)) != sizeof(words))
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	for (int chunk = 0; chunk < 64; chunk++) {
		/* Up to PIPE_BUF bytes are written whole. */
		size = read(ends[0], words, sizeof(words));
		ASSERT_EQ((ssize_t)sizeof(words), size);
		for (int i = 0; i < 512; i++)
			ASSERT_EQ(next(&expected), words[i]);
	}
	ASSERT_EQ(0, read(ends[0], words, sizeof(words)));
	wait(&status);
	ASSERT_EQ(0, status);
}

static volatile sig_atomic_t alarms, depth, deepest, order[8], arrived;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

static void on_queued(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	order[arrived++ & 7] = info->si_value.sival_int;
}

static void on_nested(int signal)
{
	if (++depth > deepest)
		deepest = depth;
	if (signal == SIGUSR1)
		raise(SIGUSR2);
	depth--;
}

TEST(signals)
{
	struct sigaction alarm = { .sa_handler = on_alarm }, nested = { .sa_handler = on_nested };
	struct sigaction queued = { .sa_sigaction = on_queued, .sa_flags = SA_SIGINFO };
	struct itimerval timer = { { 0, 8000 }, { 0, 8000 } };
	int64_t begin = now();
	sigset_t set, old;

	sigaction(SIGALRM, &alarm, NULL);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	while (alarms < 10)
		pause();
	ASSERT_LE(80 * MS, now() - begin);
	timer = (struct itimerval){ 0 };
	setitimer(ITIMER_REAL, &timer, NULL);

	sigaction(SIGRTMIN, &queued, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 10 + i }));
	ASSERT_EQ(0, arrived);
	sigprocmask(SIG_SETMASK, &old, NULL);
	ASSERT_EQ(5, arrived);
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(10 + i, order[i]);

	sigaction(SIGUSR1, &nested, NULL);
	sigaction(SIGUSR2, &nested, NULL);
	raise(SIGUSR1);
	ASSERT_EQ(2, deepest);
	ASSERT_EQ(0, depth);
}

/* Interrupts of CPU 0's timer so far: that of its local APIC, or of the PIT. */
static double ticks(void)
{
	return after("/proc/interrupts", "LOC:", " ") + after("/proc/interrupts", " 0:", " ");
}

/* A busy CPU for 62.5 ticks of 1/250 s: its TSC, the clock and the timer's interrupts agree. */
TEST(clocks)
{
	double mhz = after("/proc/cpuinfo", "cpu MHz", "\t: "), before, count;
	int64_t begin, last, time;
	uint64_t tsc;

	ASSERT_TRUE(pin(0));
	before = ticks();
	tsc = __rdtsc();
	begin = last = now();
	while ((time = now()) - begin < 250 * MS) {
		ASSERT_LE(last, time);
		last = time;
	}
	tsc = __rdtsc() - tsc;
	count = ticks() - before;
	TH_LOG("%.0f ticks, TSC at %.2f MHz, the kernel says %.2f", count, tsc * 1e3 / (time - begin), mhz);
	ASSERT_LT(mhz * .99, tsc * 1e3 / (time - begin));
	ASSERT_GT(mhz * 1.01, tsc * 1e3 / (time - begin));
	/* Ticks are lost where the host's CPU is given to others; more of them are other timers. */
	ASSERT_LE(40, count);
	ASSERT_GE(150, count);
}

TEST(sleeps)
{
	struct timespec time = { .tv_nsec = 50 * MS };
	int64_t begin = now(), end;

	ASSERT_EQ(0, nanosleep(&time, NULL));
	end = now();
	ASSERT_LE(50 * MS, end - begin);
	ASSERT_GE(100 * MS, end - begin);
}

#define TURNS 500

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int turns, inside, intruders;

/* On the CPU that ARGUMENT says; gives it away while it holds the lock, so that others must wait. */
static void *contend(void *argument)
{
	intptr_t cpu = (intptr_t)argument;

	if (!pin(cpu) || sched_getcpu() != cpu)
		return "not on its CPU";
	for (int i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&mutex);
		intruders += inside++;
		turns++;
		sched_yield();
		inside--;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

/* Two threads on each CPU that is online, and one lock. */
TEST(threads)
{
	pthread_t threads[2 * 16];
	cpu_set_t online;
	void *error;
	int count = 0;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(online), &online));
	for (intptr_t cpu = 0; cpu < 16; cpu++)
		for (int i = 0; CPU_ISSET(cpu, &online) && i < 2; i++)
			ASSERT_EQ(0, pthread_create(&threads[count++], NULL, contend, (void *)cpu));
	for (int i = 0; i < count; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &error));
		ASSERT_STREQ("", error ? (char *)error : "");
	}
	ASSERT_EQ(TURNS * count, turns);
	ASSERT_EQ(0, intruders);
}

TEST(disk_writes)
{
	const char *error;
	int fd;

	if (!disk_write)
		SKIP(return, "no --disk-write");
	fd = open(DISK, O_RDWR);
	ASSERT_LE(0, fd);
	error = write_and_check(fd, time(NULL) | 1);
	ASSERT_STREQ("", error ? error : "");
}

TEST(disk_sum)
{
	static uint8_t buffer[256 << 10];
	int fd = open(DISK, O_RDONLY);
	uint32_t crc = 0;
	ssize_t size;

	if (wanted_sum < 0)
		SKIP(return, "no --disk-sum");
	ASSERT_LE(0, fd);
	while ((size = read(fd, buffer, sizeof(buffer))) > 0)
		crc = crc32(crc, buffer, size);
	ASSERT_EQ(0, size);
	ASSERT_EQ(wanted_sum, crc);
}

TEST(random_numbers)
{
	uint64_t words[8] = { 0 };
	int fd = open("/dev/hwrng", O_RDONLY);
	size_t size = 0;

	if (fd < 0)
		SKIP(return, "no /dev/hwrng");
	while (size < sizeof(words)) {
		ssize_t got = read(fd, (uint8_t *)words + size, sizeof(words) - size);
		/* The device node is there without a device. */
		if (got < 0 && errno == ENODEV)
			SKIP(return, "no device behind /dev/hwrng");
		ASSERT_LT(0, got);
		size += got;
	}
	for (int i = 1; i < 8; i++)
		ASSERT_NE(words[0], words[i]);
}

TEST_HARNESS_MAIN
