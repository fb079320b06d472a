#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""client.py: a program written for KVM, with nothing but Python's standard library: a debugger.

Usage: client.py [DEVICE]      /dev/kvm if none is given

It steps through a real-mode guest, lets it run into a software and a hardware breakpoint, and asks
which pages it has written. Numbers and layouts are those of the KVM API document. What it saw is
printed; with another device the output is the same.
"""
import ctypes
import fcntl
import mmap
import os
import struct
import sys

PAGE = 4096
MEMORY = 16 * PAGE
ENTRY = 0x8000

KVM_EXIT_DEBUG, KVM_EXIT_HLT = 4, 5
KVM_MEM_LOG_DIRTY_PAGES = 1
ENABLE, SINGLESTEP, USE_SW_BP, USE_HW_BP = 1, 2, 0x10000, 0x20000
REGISTERS = "rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags".split()

CODE = bytes((
    0xb9, 0x03, 0x00,           # 8000  mov $3, %cx
    0xbf, 0x00, 0x10,           # 8003  mov $0x1000, %di
    0x89, 0x0d,                 # 8006  mov %cx, (%di)
    0x81, 0xc7, 0x00, 0x10,     # 8008  add $0x1000, %di
    0xe2, 0xf8,                 # 800c  loop 8006
    0x50,                       # 800e  push %ax
    0x90,                       # 800f  nop
    0x41,                       # 8010  inc %cx
    0x41,                       # 8011  inc %cx
    0x89, 0x0e, 0x10, 0x20,     # 8012  mov %cx, 0x2010
    0xf4,                       # 8016  hlt
))


def number(direction, nr, size):
    return direction << 30 | size << 16 | 0xae << 8 | nr


def call(fd, nr, argument=0, direction=0):
    """An ioctl: of a number, or of a structure that is read (2), written (1) or both (3)."""
    size = len(argument) if isinstance(argument, bytearray) else 0
    return fcntl.ioctl(fd, number(direction, nr, size), argument)


def address_of(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


class Vcpu:
    """A virtual CPU, its registers and its run page."""

    def __init__(self, device, vm):
        self.fd = call(vm, 0x41)
        self.run_page = mmap.mmap(self.fd, call(device, 0x04), mmap.MAP_SHARED)

    def registers(self):
        raw = bytearray(18 * 8)
        call(self.fd, 0x81, raw, 2)
        return dict(zip(REGISTERS, struct.unpack("18Q", raw)))

    def set_registers(self, **values):
        full = {**self.registers(), **values}
        call(self.fd, 0x82, bytearray(struct.pack("18Q", *(full[name] for name in REGISTERS))), 1)

    def start_at_zero(self):
        """CS: base and selector 0."""
        raw = bytearray(312)
        call(self.fd, 0x83, raw, 2)
        struct.pack_into("QIH", raw, 0, 0, 0xffff, 0)
        call(self.fd, 0x84, raw, 1)

    def debug(self, control, breakpoint=0):
        debugreg = [breakpoint, 0, 0, 0, 0, 0, 0, 1 << 10 | 3 if breakpoint else 0]
        call(self.fd, 0x9b, bytearray(struct.pack("2I8Q", control, 0, *debugreg)), 1)

    def run(self, wanted):
        call(self.fd, 0x80)
        reason, = struct.unpack_from("I", self.run_page, 8)
        if reason != wanted:
            sys.exit(f"client.py: exit reason {reason} instead of {wanted}")

    def run_to_debugger(self):
        """Exception, pc and DR6."""
        self.run(KVM_EXIT_DEBUG)
        return struct.unpack_from("I4xQQ", self.run_page, 32)


def dirty_pages(vm):
    bitmap = ctypes.create_string_buffer(8)
    call(vm, 0x42, bytearray(struct.pack("IIQ", 0, 0, ctypes.addressof(bitmap))), 1)
    bits, = struct.unpack("Q", bitmap.raw)
    # KVM counts the code's page as written when it could be.
    return [page for page in range(64) if bits >> page & 1 and page != ENTRY // PAGE]


def step_through(vcpu, count):
    vcpu.debug(ENABLE | SINGLESTEP)
    for _ in range(count):
        exception, pc, dr6 = vcpu.run_to_debugger()
        regs = vcpu.registers()
        print(f"step: exception {exception} pc {pc:#x} step {dr6 >> 14 & 1} "
              f"cx {regs['rcx']:#x} di {regs['rdi']:#x} flags {regs['rflags'] & 0x8d5:#x}")


def main():
    device = os.open(sys.argv[1] if len(sys.argv) > 1 else "/dev/kvm", os.O_RDWR)
    print("API version", call(device, 0x00))
    vm = call(device, 0x01)
    memory = mmap.mmap(-1, MEMORY)
    memory[ENTRY:ENTRY + len(CODE)] = CODE
    call(vm, 0x46, bytearray(struct.pack("IIQQQ", 0, KVM_MEM_LOG_DIRTY_PAGES, 0, MEMORY,
                                         address_of(memory))), 1)
    vcpu = Vcpu(device, vm)
    vcpu.start_at_zero()
    vcpu.set_registers(rip=ENTRY, rflags=2, rsp=0x5800)

    step_through(vcpu, 6)
    print("dirty pages:", dirty_pages(vm))

    memory[0x800f] = 0xcc
    vcpu.debug(ENABLE | USE_SW_BP)
    exception, pc, _ = vcpu.run_to_debugger()
    print(f"int3: exception {exception} pc {pc:#x} rip {vcpu.registers()['rip']:#x}")
    memory[0x800f] = 0x90
    print("dirty pages:", dirty_pages(vm))

    vcpu.debug(ENABLE | USE_HW_BP, 0x8011)
    exception, pc, dr6 = vcpu.run_to_debugger()
    print(f"hardware breakpoint: exception {exception} pc {pc:#x} which {dr6 & 15}")
    vcpu.debug(ENABLE | SINGLESTEP)
    step_through(vcpu, 1)

    vcpu.debug(0)
    vcpu.run(KVM_EXIT_HLT)
    regs = vcpu.registers()
    print(f"halted: rip {regs['rip']:#x} cx {regs['rcx']:#x}")
    print("dirty pages:", dirty_pages(vm), "and again:", dirty_pages(vm))
    words = [struct.unpack_from("<H", memory, at)[0] for at in (0x1000, 0x2000, 0x3000, 0x2010)]
    print("memory:", words)
    if words != [3, 2, 1, 2]:
        sys.exit("client.py: the guest wrote something else")


if __name__ == "__main__":
    main()
