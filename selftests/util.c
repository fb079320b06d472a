// SPDX-License-Identifier: GPL-2.0
/*
 * util.c - the part of vm.h that concerns the host: time, CPUs, /proc, and what a failed
 * expectation prints.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "vm.h"

bool vm_present(const char *device)
{
	return access(device, R_OK | W_OK) == 0;
}

int vm_pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int vm_count_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

double vm_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void ignore_signal(int sig)
{
	(void)sig;
}

void vm_arm_alarm(unsigned int milliseconds)
{
	struct sigaction action = { .sa_handler = ignore_signal };
	/* It repeats, so that one which comes before RUN is entered is not the last. */
	struct itimerval timer = {
		.it_value = { .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000 },
		.it_interval = { .tv_usec = 200000 },
	};

	sigaction(SIGALRM, &action, NULL);
	if (!milliseconds)
		timer.it_interval.tv_usec = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
}

long vm_read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long number = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

bool vm_write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

const char *vm_refcnt_path(bool kvm)
{
	return kvm ? "/sys/module/kvm_intel/refcnt" : "/sys/module/minivmx/refcnt";
}

bool vm_refcnt_returns_to(const char *path, long wanted)
{
	for (int i = 0; i < 50; i++) {
		if (vm_read_number(path) == wanted)
			return true;
		usleep(100000);
	}
	return false;
}

long vm_meminfo_kib(const char *field)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char name[64];
	long kib, found = -1;

	if (!file)
		return -1;
	while (fscanf(file, "%63[^:]: %ld%*[^\n]\n", name, &kib) == 2)
		if (!strcmp(name, field))
			found = kib;
	fclose(file);
	return found;
}

static void print_internal_error(struct vm *vm)
{
	fprintf(stderr, "#   suberror %u, ndata %u:", vm->run->internal.suberror,
		vm->run->internal.ndata);
	for (unsigned int i = 0; i < vm->run->internal.ndata && i < 16; i++)
		fprintf(stderr, " %#llx", (unsigned long long)vm->run->internal.data[i]);
	fprintf(stderr, "\n");
}

void vm_print_exit(struct vm *vm)
{
	struct minivmx_regs regs = { 0 };

	if (!vm->run)
		return;
	fprintf(stderr, "#   exit_reason %u\n", vm->run->exit_reason);
	if (vm->run->exit_reason == MINIVMX_EXIT_INTERNAL_ERROR)
		print_internal_error(vm);
	if (vm->run->exit_reason == MINIVMX_EXIT_FAIL_ENTRY)
		fprintf(stderr, "#   failure reason %#llx\n",
			(unsigned long long)vm->run->fail_entry.hardware_entry_failure_reason);
	if (!vm_get_regs(vm, &regs))
		fprintf(stderr, "#   rip %#llx rflags %#llx rax %#llx\n",
			(unsigned long long)regs.rip, (unsigned long long)regs.rflags,
			(unsigned long long)regs.rax);
}

bool vm_set_cpu1_online(bool online)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, online ? "1" : "0", 1) == 1;

	if (fd >= 0)
		close(fd);
	return done;
}

long vm_stat(struct vm *vm, const char *name)
{
	int fd = vm_ioctl(vm->fd, MINIVMX_GET_STATS_FD, 0);
	struct minivmx_stats_header header;
	struct {
		struct minivmx_stats_desc desc;
		char name[256];
	} entry;
	__u64 value;
	long found = -1;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		header.num_desc = 0;
	for (__u32 i = 0; i < header.num_desc && header.name_size < sizeof(entry.name); i++) {
		size_t size = sizeof(entry.desc) + header.name_size;

		if (pread(fd, &entry, size, header.desc_offset + i * size) == (ssize_t)size &&
		    !strcmp(entry.desc.name, name) &&
		    pread(fd, &value, 8, header.data_offset + entry.desc.offset) == 8)
			found = value;
	}
	if (fd >= 0)
		close(fd);
	return found;
}

void vm_read_choice(const char *path, char *choice, size_t size)
{
	FILE *file = fopen(path, "r");
	char line[128] = "", *open;

	*choice = 0;
	if (!file)
		return;
	if (fgets(line, sizeof(line), file) && (open = strchr(line, '[')))
		snprintf(choice, size, "%.*s", (int)strcspn(open + 1, "]"), open + 1);
	fclose(file);
}
