// SPDX-License-Identifier: GPL-2.0
/*
 * doctor_host.c - the doctor's checks of the system: kernel, module loading, other users of
 * VMX, and the module itself.
 *
 * Reached from doctor.c through check_host(), which stands last.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <minivmx.h>

#include "doctor.h"

#define SECURE_BOOT_VARIABLE "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* The kernels that minivmx is built and tested on: 6.1 to 7.2. */
#define KERNEL_OLDEST	6001
#define KERNEL_NEWEST	7002

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

static bool module_loaded(void)
{
	return exists("/sys/module/minivmx");
}

static void check_kernel(struct doctor *doctor, const struct utsname *name)
{
	unsigned int major = 0, minor = 0, version;

	sscanf(name->release, "%u.%u", &major, &minor);
	version = major * 1000 + minor;
	if (version < KERNEL_OLDEST)
		doctor_add(doctor, "kernel", VERDICT_BAD, "boot Linux 6.1 or later", "Linux %s is too old", name->release);
	else if (version > KERNEL_NEWEST)
		doctor_add(doctor, "kernel", VERDICT_NOTE, NULL, "Linux %s is newer than what minivmx is tested on (6.1 to 7.2)",
			   name->release);
	else
		doctor_add(doctor, "kernel", VERDICT_OK, NULL, "Linux %s", name->release);
}

/* Needed to build the module here, not to load one that was built elsewhere. */
static void check_headers(struct doctor *doctor, const struct utsname *name)
{
	char path[256], remedy[256];

	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", name->release);
	snprintf(remedy, sizeof(remedy), "to build the module on this machine: apt install linux-headers-%.80s", name->release);
	if (exists(path))
		doctor_add(doctor, "headers", VERDICT_OK, NULL, "the running kernel's headers are installed");
	else
		doctor_add(doctor, "headers", VERDICT_NOTE, remedy, "the running kernel's headers are not installed");
}

/* The variable is 4 bytes of attributes, then its value. */
static bool secure_boot_on(void)
{
	unsigned char bytes[5];
	FILE *file = fopen(SECURE_BOOT_VARIABLE, "re");
	bool on = file && fread(bytes, 1, sizeof(bytes), file) == sizeof(bytes) && bytes[4] == 1;

	if (file)
		fclose(file);
	return on;
}

/* Whether the kernel takes a module that nobody has signed. */
static void check_signing(struct doctor *doctor)
{
	static const char remedy[] = "sign minivmx.ko with a key enrolled by mokutil (DKMS does so), or switch Secure Boot off";
	char lockdown[128] = "", enforce[8] = "";
	bool locked, secure_boot = secure_boot_on();

	read_line("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown));
	read_line("/sys/module/module/parameters/sig_enforce", enforce, sizeof(enforce));
	locked = strstr(lockdown, "[integrity]") || strstr(lockdown, "[confidentiality]");
	if (module_loaded())
		doctor_add(doctor, "signing", VERDICT_OK, NULL, "the module is loaded already");
	else if (locked || enforce[0] == 'Y')
		doctor_add(doctor, "signing", VERDICT_BAD, remedy, "the kernel refuses unsigned modules: %s%s",
			   locked ? "lockdown is on" : "module.sig_enforce is on", secure_boot ? " (Secure Boot)" : "");
	else if (secure_boot)
		doctor_add(doctor, "signing", VERDICT_NOTE, NULL, "Secure Boot is on, but the kernel takes unsigned modules");
	else
		doctor_add(doctor, "signing", VERDICT_OK, NULL, "the kernel takes unsigned modules: no lockdown, no Secure Boot");
}

static void check_owner(struct doctor *doctor)
{
	char at_load[8] = "";

	if (exists("/sys/module/vboxdrv"))
		doctor_add(doctor, "owner", VERDICT_NOTE, "if RUN fails with EBUSY: end VirtualBox's machines, or `modprobe -r vboxdrv`",
			   "VirtualBox's driver (vboxdrv) is loaded and may hold VMX operation");
	else if (exists("/sys/module/vmmon"))
		doctor_add(doctor, "owner", VERDICT_NOTE, "if RUN fails with EBUSY: end VMware's machines, or `modprobe -r vmmon`",
			   "VMware's driver (vmmon) is loaded and may hold VMX operation");
	else if (!exists("/sys/module/kvm_intel"))
		doctor_add(doctor, "owner", VERDICT_OK, NULL, "no other hypervisor is loaded");
	else if (read_line("/sys/module/kvm/parameters/enable_virt_at_load", at_load, sizeof(at_load)) && at_load[0] == 'Y')
		doctor_add(doctor, "owner", VERDICT_OK, NULL,
			   "kvm_intel is loaded and holds VMX operation on every CPU (enable_virt_at_load); minivmx borrows it");
	else
		doctor_add(doctor, "owner", VERDICT_OK, NULL,
			   "kvm_intel is loaded and holds VMX operation while its machines exist; minivmx borrows it then");
}

static void check_module(struct doctor *doctor)
{
	if (module_loaded())
		doctor_add(doctor, "module", VERDICT_OK, NULL, "minivmx is loaded");
	else
		doctor_add(doctor, "module", VERDICT_NOTE, "as root: insmod minivmx.ko", "minivmx is not loaded");
}

static void check_device(struct doctor *doctor)
{
	if (!module_loaded())
		return;
	if (!exists(MINIVMX_DEVICE))
		doctor_add(doctor, "device", VERDICT_BAD, "mount devtmpfs on /dev, or make the node with mknod (number: /proc/misc)",
			   "the module is loaded, but %s does not exist", MINIVMX_DEVICE);
	else if (access(MINIVMX_DEVICE, R_OK | W_OK))
		doctor_add(doctor, "device", VERDICT_BAD, "run as root, or give your user access to the node",
			   "%s may not be opened by this user: %s", MINIVMX_DEVICE, strerror(errno));
	else
		doctor_add(doctor, "device", VERDICT_OK, NULL, "%s is there and may be opened", MINIVMX_DEVICE);
}

void check_host(struct doctor *doctor)
{
	struct utsname name;

	uname(&name);
	check_kernel(doctor, &name);
	check_headers(doctor, &name);
	check_signing(doctor);
	check_owner(doctor);
	check_module(doctor);
	check_device(doctor);
}
