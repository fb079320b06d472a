// SPDX-License-Identifier: GPL-2.0
/*
 * client_c.c - a program written for KVM: a real-mode guest with a serial port, in one file.
 *
 *   client_c [DEVICE]      /dev/kvm if none is given
 *
 * It knows <linux/kvm.h> and nothing of minivmx. The guest reads numbers from a port until it gets
 * 0, prints the factors of each, and halts. Each exit is printed; with another device the output
 * is the same.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_SIZE	0x10000
#define ENTRY		0x7c00
#define PORT_NUMBER	0x20
#define PORT_CHARACTER	0xe9

/* Trial division; the digits of a number go through the stack. */
asm(".pushsection .rodata\n"
    "	.code16\n"
    "guest_start:\n"
    "	mov $0x7000, %sp\n"
    "next:\n"
    "	in $0x20, %ax\n"
    "	test %ax, %ax\n"
    "	jz done\n"
    "	mov %ax, %si\n"
    "	call print\n"
    "	mov $':', %al\n"
    "	out %al, $0xe9\n"
    "	mov $2, %di\n"
    "try:\n"
    "	cmp $1, %si\n"
    "	je line\n"
    "	mov %si, %ax\n"
    "	xor %dx, %dx\n"
    "	div %di\n"
    "	test %dx, %dx\n"
    "	jnz no_factor\n"
    "	mov %ax, %si\n"
    "	mov $' ', %al\n"
    "	out %al, $0xe9\n"
    "	mov %di, %ax\n"
    "	call print\n"
    "	jmp try\n"
    "no_factor:\n"
    "	inc %di\n"
    "	jmp try\n"
    "line:\n"
    "	mov $'\\n', %al\n"
    "	out %al, $0xe9\n"
    "	incw 0x500\n"
    "	jmp next\n"
    "print:\n"
    "	mov $10, %bx\n"
    "	xor %cx, %cx\n"
    "1:	xor %dx, %dx\n"
    "	div %bx\n"
    "	push %dx\n"
    "	inc %cx\n"
    "	test %ax, %ax\n"
    "	jnz 1b\n"
    "2:	pop %ax\n"
    "	add $'0', %al\n"
    "	out %al, $0xe9\n"
    "	loop 2b\n"
    "	ret\n"
    "done:\n"
    "	hlt\n"
    "guest_end:\n"
    "	.code64\n"
    "	.popsection\n");
extern const char guest_start[], guest_end[];

static int check(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

#define CALL(fd, request, arg)	check(ioctl(fd, request, arg), #request)

static void *map(size_t size, int flags, int fd)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap of %zu bytes", size);
	return memory;
}

static void set_registers(int vcpu)
{
	struct kvm_regs regs = { .rip = ENTRY, .rflags = 2 };
	struct kvm_sregs sregs;

	CALL(vcpu, KVM_GET_SREGS, &sregs);
	printf("reset: cs %04x base %08llx cr0 %08llx\n", sregs.cs.selector, sregs.cs.base, sregs.cr0);
	sregs.cs.base = sregs.cs.selector = 0;
	CALL(vcpu, KVM_SET_SREGS, &sregs);
	CALL(vcpu, KVM_SET_REGS, &regs);
}

/* What the devices of this machine do with an access. */
static void port_access(struct kvm_run *run)
{
	static const uint16_t numbers[] = { 360, 97, 4096, 30031, 65535, 0 };
	static unsigned int index;
	void *data = (char *)run + run->io.data_offset;

	if (run->io.direction == KVM_EXIT_IO_IN && run->io.port == PORT_NUMBER && run->io.size == 2) {
		memcpy(data, &numbers[index], 2);
		printf("in  port %02x size %u count %u: %u\n", run->io.port, run->io.size,
		       run->io.count, numbers[index++]);
	} else if (run->io.direction == KVM_EXIT_IO_OUT && run->io.port == PORT_CHARACTER) {
		fwrite(data, run->io.size, run->io.count, stdout);
	} else {
		errx(1, "no device at port %#x", run->io.port);
	}
}

int main(int argc, char **argv)
{
	const char *device = argc > 1 ? argv[1] : "/dev/kvm";
	int kvm = check(open(device, O_RDWR | O_CLOEXEC), device);
	int vm, vcpu;
	char *memory = map(MEMORY_SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY_SIZE, .userspace_addr = (uintptr_t)memory,
	};
	struct kvm_regs regs;
	struct kvm_run *run;

	printf("API version %d\n", CALL(kvm, KVM_GET_API_VERSION, 0));
	if (!CALL(kvm, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY))
		errx(1, "no KVM_CAP_USER_MEMORY");
	vm = CALL(kvm, KVM_CREATE_VM, 0);
	CALL(vm, KVM_SET_TSS_ADDR, 0xfffbd000);
	CALL(vm, KVM_SET_USER_MEMORY_REGION, &region);
	memcpy(memory + ENTRY, guest_start, guest_end - guest_start);
	vcpu = CALL(vm, KVM_CREATE_VCPU, 0);
	run = map(CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), MAP_SHARED, vcpu);
	set_registers(vcpu);

	do {
		CALL(vcpu, KVM_RUN, 0);
		if (run->exit_reason == KVM_EXIT_IO)
			port_access(run);
		else if (run->exit_reason != KVM_EXIT_HLT)
			errx(1, "exit reason %u", run->exit_reason);
	} while (run->exit_reason != KVM_EXIT_HLT);

	CALL(vcpu, KVM_GET_REGS, &regs);
	printf("halted at %#llx, sp %#llx, %u numbers\n", regs.rip, regs.rsp,
	       *(uint16_t *)(memory + 0x500));
	if (*(uint16_t *)(memory + 0x500) != 5)
		errx(1, "the guest did not count to 5");
	return 0;
}
