// SPDX-License-Identifier: GPL-2.0
/*
 * module.c - what a VM leaves behind, and when the module may go.
 *
 * Leaks are measured as the fall of MemAvailable over many rounds; the tolerance is half a
 * page for each round, so one page lost in each fails. The unload tests find the module by
 * MINIVMX_KO, else beside the tests.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vm.h"
#include "kselftest_harness.h"

#define DEFAULT_KO	"/minivmx/minivmx.ko"
#define REFCNT		"/sys/module/minivmx/refcnt"

GUEST_CODE(touch_and_halt, 32, "mov $0x10000, %ebx\n\t movl $1, (%ebx)\n\t hlt");

static long settled_available(void)
{
	FILE *file = fopen("/proc/sys/vm/drop_caches", "w");

	/* Freed pages that wait for a grace period come back first. */
	usleep(300000);
	if (file) {
		fputs("3\n", file);
		fclose(file);
	}
	return vm_meminfo_kib("MemAvailable");
}

/* KiB that are gone since before; what is freed late has five seconds. */
static long lost_kib(long before, long tolerance)
{
	long lost = 0;

	for (int i = 0; i < 10; i++) {
		lost = before - settled_available();
		if (lost <= tolerance)
			break;
	}
	return lost;
}

static int create_run_destroy(const char *device)
{
	struct vm vm;
	int ret = vm_create(&vm, device);

	if (!ret)
		ret = VM_START(&vm, VM_PROTECTED, touch_and_halt);
	if (!ret)
		ret = vm_run(&vm);
	if (!ret && vm.run->exit_reason != MINIVMX_EXIT_HLT)
		ret = -EPROTO;
	vm_destroy(&vm);
	return ret;
}

/* What moves by itself moves once; a leak is there each time. */
#define LEAK_ROUNDS	2000
#define LEAK_TRIES	3

FIXTURE(leak) { };

FIXTURE_SETUP(leak)
{
	VM_REQUIRE(MINIVMX_DEVICE);
}

FIXTURE_TEARDOWN(leak)
{
}

TEST_F_TIMEOUT(leak, vms_leave_no_memory_behind, 180)
{
	long tolerance = LEAK_ROUNDS * 2, lost = 0;

	/* The first ones fill caches that stay. */
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, create_run_destroy(MINIVMX_DEVICE));
	}
	for (int try = 0; try < LEAK_TRIES; try++) {
		long before = settled_available();

		ASSERT_LT(0, before);
		for (int i = 0; i < LEAK_ROUNDS; i++) {
			ASSERT_EQ(0, create_run_destroy(MINIVMX_DEVICE));
		}
		lost = lost_kib(before, tolerance);
		if (lost <= tolerance)
			break;
	}
	EXPECT_GE(tolerance, lost);
}

FIXTURE(vms) { };
FIXTURE_VARIANT(vms) { const char *device; };
FIXTURE_VARIANT_ADD(vms, minivmx) { MINIVMX_DEVICE };
FIXTURE_VARIANT_ADD(vms, kvm) { KVM_DEVICE };

FIXTURE_SETUP(vms)
{
	VM_REQUIRE(variant->device);
}

FIXTURE_TEARDOWN(vms)
{
}

TEST_F_TIMEOUT(vms, many_at_a_time, 60)
{
	enum { COUNT = 20 };
	static struct vm vms[COUNT];

	for (int i = 0; i < COUNT; i++) {
		ASSERT_EQ(0, vm_create(&vms[i], variant->device));
		ASSERT_EQ(0, VM_START(&vms[i], VM_PROTECTED, touch_and_halt));
	}
	for (int i = 0; i < COUNT; i++) {
		ASSERT_EXIT(&vms[i], MINIVMX_EXIT_HLT);
	}
	for (int i = 0; i < COUNT; i++)
		vm_destroy(&vms[i]);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "minivmx", O_NONBLOCK) ? -errno : 0;
}

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* The node appears with the uevent's work, not with the system call. */
static bool device_appears(void)
{
	for (int i = 0; i < 50; i++) {
		if (vm_present(MINIVMX_DEVICE))
			return true;
		usleep(20000);
	}
	return false;
}

FIXTURE(unload) { struct vm vm; const char *ko; };

FIXTURE_SETUP(unload)
{
	VM_REQUIRE(MINIVMX_DEVICE);
	self->ko = getenv("MINIVMX_KO");
	if (!self->ko)
		self->ko = DEFAULT_KO;
	if (access(self->ko, R_OK))
		SKIP(_exit(VM_SKIP_CODE), "%s is absent", self->ko);
	self->vm = (struct vm){ .dev = -1, .fd = -1, .vcpu = -1 };
}

FIXTURE_TEARDOWN(unload)
{
	vm_destroy(&self->vm);
	/* Whatever happened, the next test needs the module. */
	if (access("/sys/module/minivmx", F_OK))
		load(self->ko);
}

TEST_F(unload, refused_while_the_device_is_open)
{
	self->vm.dev = open(MINIVMX_DEVICE, O_RDWR);
	ASSERT_LE(0, self->vm.dev);
	EXPECT_EQ(-EWOULDBLOCK, unload());
}

static void keep_only(struct vm *vm, int *kept)
{
	int *fds[] = { &vm->dev, &vm->fd, &vm->vcpu };

	for (int i = 0; i < 3; i++) {
		if (fds[i] == kept)
			continue;
		close(*fds[i]);
		*fds[i] = -1;
	}
}

TEST_F(unload, refused_while_a_vm_is_open)
{
	ASSERT_EQ(0, vm_open(&self->vm, MINIVMX_DEVICE));
	keep_only(&self->vm, &self->vm.fd);
	EXPECT_EQ(-EWOULDBLOCK, unload());
}

TEST_F(unload, refused_while_a_vcpu_is_open)
{
	ASSERT_EQ(0, vm_create(&self->vm, MINIVMX_DEVICE));
	munmap(self->vm.run, self->vm.run_size);
	self->vm.run = NULL;
	keep_only(&self->vm, &self->vm.vcpu);
	EXPECT_EQ(-EWOULDBLOCK, unload());
}

TEST_F(unload, refused_while_a_run_page_is_mapped)
{
	ASSERT_EQ(0, vm_create(&self->vm, MINIVMX_DEVICE));
	keep_only(&self->vm, NULL);
	EXPECT_EQ(-EWOULDBLOCK, unload());
}

static int unload_soon(void)
{
	int ret = -EWOULDBLOCK;

	for (int i = 0; i < 50 && ret == -EWOULDBLOCK; i++) {
		ret = unload();
		if (ret == -EWOULDBLOCK)
			usleep(100000);
	}
	return ret;
}

/* Takes the module out and in again, and uses it: one that was not used has less to free. */
static void reload(struct __test_metadata *_metadata, const char *ko)
{
	ASSERT_EQ(0, unload_soon());
	EXPECT_NE(0, access(MINIVMX_DEVICE, F_OK));
	ASSERT_EQ(0, load(ko));
	ASSERT_TRUE(device_appears());
	ASSERT_EQ(0, create_run_destroy(MINIVMX_DEVICE));
}

/* A CPU that was away when the module was loaded runs guests all the same. */
TEST_F(unload, loaded_before_a_cpu_came)
{
	if (!vm_set_cpu1_online(false))
		SKIP(return, "no second CPU, or it can't go offline");
	reload(_metadata, self->ko);
	ASSERT_TRUE(vm_set_cpu1_online(true));
	ASSERT_EQ(0, vm_pin_to_cpu(1));
	EXPECT_EQ(0, create_run_destroy(MINIVMX_DEVICE));
}

TEST_F_TIMEOUT(unload, a_hundred_times, 240)
{
	/* One page for each round would be twice as much. */
	enum { ROUNDS = 100, TOLERANCE = 2 * ROUNDS };
	long lost = 0;

	for (int i = 0; i < 5; i++)
		reload(_metadata, self->ko);
	for (int try = 0; try < LEAK_TRIES; try++) {
		long before = settled_available();

		for (int i = 0; i < ROUNDS; i++)
			reload(_metadata, self->ko);
		lost = lost_kib(before, TOLERANCE);
		TH_LOG("%d loads and unloads: %ld KiB less", ROUNDS, lost);
		if (lost <= TOLERANCE)
			break;
	}
	EXPECT_GE(TOLERANCE, lost);
	EXPECT_EQ(0, vm_read_number(REFCNT));
}

TEST_HARNESS_MAIN
