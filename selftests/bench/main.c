// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - all rows on both devices: one first and then the other, and the other way round.
 *
 * Started by selftests/bench/run in the test machine, after `modprobe kvm_intel`. Each device is
 * measured twice: with no KVM VM alive, where KVM of Linux 6.1 leaves VMX operation and a slice has
 * to enter it, and beside one that does nothing, from which a slice borrows. (A KVM vCPU without
 * interrupt controller also switches a static key: the first to be made costs 400,000 instructions
 * more than those beside it.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static int compare(const void *left, const void *right)
{
	__u64 a = *(const __u64 *)left, b = *(const __u64 *)right;

	return (a > b) - (a < b);
}

void bench_row(const struct bench *bench, const char *name, __u64 *samples, unsigned int count,
	       unsigned int operations)
{
	double unit = operations;

	qsort(samples, count, sizeof(*samples), compare);
	printf("row\t%s\t%s\t%s\t%s\t%u\t%.10g\t%.10g\t%.10g\t%.10g\n", bench->order,
	       bench->kvm ? "kvm" : "minivmx", bench->beside ? "beside" : "alone", name, count,
	       samples[0] / unit, samples[count / 2] / unit, samples[count * 9 / 10] / unit,
	       samples[count - 1] / unit);
	fflush(stdout);
}

void bench_announce(const struct bench *bench, const char *name, unsigned int pairs,
		    unsigned int operations)
{
	if (!bench->trace)
		return;
	printf("trace\t%s\t%s\t%s\t%u\t%u\n", bench->kvm ? "kvm" : "minivmx",
	       bench->beside ? "beside" : "alone", name, pairs, operations);
}

void bench_check(const struct bench *bench, const char *name, int error)
{
	if (error >= 0)
		return;
	fprintf(stderr, "bench: %s, %s: %s\n", bench->device, name, strerror(-error));
	exit(1);
}

static void measure(const char *device, const char *order, bool trace, char **only)
{
	struct bench bench = {
		.device = device, .kvm = !strcmp(device, KVM_DEVICE), .order = order, .trace = trace,
		.only = only,
	};
	struct vm idle;

	for (int beside = 0; beside < 2; beside++) {
		bench.beside = beside;
		if (beside)
			bench_check(&bench, "a KVM VM beside it", vm_create(&idle, KVM_DEVICE));
		bench_guest_rows(&bench);
		if (!only) {
			bench_host_rows(&bench);
			bench_vm_rows(&bench);
		}
		if (beside)
			vm_destroy(&idle);
	}
}

/*
 * bench [DEVICE]: the one to begin with; bench --trace [ROW...]: few operations, each device once;
 * bench --gate: minivmx once; bench --scaling: exits on several CPUs at once.
 */
int main(int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "";
	bool trace = !strcmp(option, "--trace"), gate = !strcmp(option, "--gate");
	const char *one = *option == '/' ? option : KVM_DEVICE;
	const char *other = strcmp(one, KVM_DEVICE) ? KVM_DEVICE : MINIVMX_DEVICE;

	/* The rows that map 2 MiB have the kernel's word that they get them. */
	if (!vm_write_text("/sys/kernel/mm/transparent_hugepage/enabled", "madvise"))
		fprintf(stderr, "bench: no transparent huge pages\n");
	if (!strcmp(option, "--scaling")) {
		bench_scaling(&(struct bench){ .device = KVM_DEVICE, .kvm = true });
		bench_scaling(&(struct bench){ .device = MINIVMX_DEVICE });
		return 0;
	}
	if (gate) {
		measure(MINIVMX_DEVICE, "first", false, NULL);
		return 0;
	}
	measure(one, "first", trace, trace && argc > 2 ? argv + 2 : NULL);
	measure(other, "second", trace, trace && argc > 2 ? argv + 2 : NULL);
	if (trace)
		return 0;
	measure(other, "first", false, NULL);
	measure(one, "second", false, NULL);
	return 0;
}
