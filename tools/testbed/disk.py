# SPDX-License-Identifier: GPL-2.0
"""The disk that Bochs boots from: the uncompressed kernel, the initramfs, boot_params.

boot/loader.S, an option ROM, reads it. The kernel inside a bzImage is an ELF file, compressed;
decompressing it is most of the work of a boot in an emulator, so it is done here, once for each
kernel, and kept in the cache. The loader puts the ELF segments at their physical addresses and
enters the kernel by the 64-bit boot protocol, as the decompressor would with `nokaslr`.
"""
import hashlib
import lzma
import os
import struct
import subprocess
import zlib

from common import BUILD, HERE, TestbedError, cache_dir, lock, run

ROM_BASE = 0xD0000           # boot/loader.h
HEADER_MAGIC = 0x78766D6D
HEADER_SIZE = 4096
BOOT_PARAMS, CMDLINE = 0x20000, 0x21000
CYLINDER = 16 * 63 * 512     # Bochs works out the geometry from whole cylinders
GAP = 64 * 1024              # zeros shorter than this are cheaper to read than to skip
CMDLINE_MAX = 2047


def decompressed(image, path):
    """The vmlinux ELF file inside the bzImage IMAGE."""
    setup_size = (image[0x1F1] or 4) * 512 + 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[setup_size + offset:setup_size + offset + length]
    filters = {b"\x28\xb5\x2f\xfd": ["zstd", "-dc"], b"\x02\x21\x4c\x18": ["lz4", "-dc"]}
    if payload[:6] == b"\xfd7zXZ\0":
        elf = lzma.LZMADecompressor().decompress(payload)
    elif payload[:2] == b"\x1f\x8b":
        elf = zlib.decompressobj(31).decompress(payload)
    elif payload[:4] in filters:
        # The size that ends the payload is no part of the compressed stream.
        elf = subprocess.run(filters[payload[:4]], input=payload[:-4], check=True,
                             stdout=subprocess.PIPE).stdout
    else:
        elf = payload
    if elf[:4] != b"\x7fELF":
        raise TestbedError(f"{path}: its payload is compressed in a way not known here "
                           "(xz, zstd, gzip, lz4 are)")
    return elf


def segments(elf):
    """(entry point, end of the kernel in memory, [(physical address, bytes)]) of a vmlinux."""
    entry, = struct.unpack_from("<Q", elf, 24)
    table, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    loads, end = [], 0
    for index in range(count):
        kind, _, offset, vaddr, paddr, filesz, memsz = struct.unpack_from(
            "<IIQQQQQ", elf, table + index * size)
        if kind == 1:
            loads.append((paddr, elf[offset:offset + filesz]))
            end = max(end, paddr + memsz)
            if vaddr <= entry < vaddr + memsz:
                entry += paddr - vaddr
    return entry, end, loads


def without_zeros(address, data):
    """Cut DATA into the pieces worth reading; memory is zero when the machine starts."""
    page, start, zeros = 4096, None, 0
    for at in range(0, len(data), page):
        if data.count(0, at, at + page) != len(data[at:at + page]):
            start, zeros = at if start is None else start, 0
        elif start is not None:
            zeros += page
            if zeros >= GAP:
                yield address + start, data[start:at + page - zeros]
                start = None
    if start is not None:
        yield address + start, data[start:]


class Boot:
    """What the loader needs of a kernel, cached: entry, end and pieces in one file."""

    def __init__(self, kern):
        with open(kern.image, "rb") as handle:
            image = handle.read()
        if image[0x202:0x206] != b"HdrS":
            raise TestbedError(f"{kern.image}: not an x86 kernel image (no HdrS signature)")
        self.header = image[0x1F1:0x202 + image[0x201]]
        self.init_size, = struct.unpack_from("<I", image, 0x260)
        path = os.path.join(cache_dir(), "vmlinux-" + hashlib.sha1(image).hexdigest()[:16])
        with lock(path + ".lock"):
            if not os.path.exists(path):
                self._extract(image, kern.image, path)
        with open(path, "rb") as handle:
            self.entry, self.end, count = struct.unpack("<QQQ", handle.read(24))
            table = [struct.unpack("<QQ", handle.read(16)) for _ in range(count)]
            self.pieces = [(address, handle.read(size)) for address, size in table]

    @staticmethod
    def _extract(image, name, path):
        entry, end, loads = segments(decompressed(image, name))
        pieces = [piece for load in loads for piece in without_zeros(*load)]
        tmp = f"{path}.{os.getpid()}"
        with open(tmp, "wb") as out:
            out.write(struct.pack("<QQQ", entry, end, len(pieces)))
            for address, data in pieces:
                out.write(struct.pack("<QQ", address, len(data)))
            for _, data in pieces:
                out.write(data)
        os.rename(tmp, path)


def boot_params(boot, cmdline, initrd_at, initrd_size):
    """The zero page, but for the memory map, which the loader asks the BIOS for."""
    page = bytearray(4096)
    page[0x1F1:0x1F1 + len(boot.header)] = boot.header
    page[0x210] = 0xFF                                        # type_of_loader: no registered one
    page[0x211] |= 0x01                                       # loadflags: LOADED_HIGH
    struct.pack_into("<II", page, 0x218, initrd_at, initrd_size)
    struct.pack_into("<I", page, 0x228, CMDLINE)
    if len(cmdline) > CMDLINE_MAX:
        raise TestbedError(f"the kernel command line has {len(cmdline)} characters, the kernel "
                           f"takes {CMDLINE_MAX}; shorten --cmdline")
    return bytes(page)


def rom():
    """The loader's ROM image, built if it is not there or older than its sources."""
    out = os.path.join(BUILD, "testbed")
    with lock(os.path.join(BUILD, ".lock-loader")):
        run(["make", "-s", "-C", os.path.join(HERE, "boot"), "OUT=" + out],
            "building the boot loader", hint="it needs gcc and binutils; run tools/setup",
            env={k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))})
    return os.path.join(out, "loader.rom")


def write(work, kern, initrd, cmdline, mem):
    """Write the disk into WORK; return the lines of bochsrc that make the machine boot from it."""
    boot = Boot(kern)
    # At the top of memory, below the ACPI tables that the BIOS puts there.
    initrd_at = (min(mem, 3072) * 2**20 - 4 * 2**20 - len(initrd)) & ~0xFFF
    lowest = max(boot.end, boot.pieces[0][0] + boot.init_size)
    if initrd_at < lowest + len(initrd) + 32 * 2**20:
        raise TestbedError(f"{mem} MiB of memory are too few for this kernel and an initramfs of "
                           f"{len(initrd) >> 20} MiB; give a larger --mem")
    parts = [(BOOT_PARAMS, boot_params(boot, cmdline, initrd_at, len(initrd))),
             (CMDLINE, cmdline.encode() + b"\0"), *boot.pieces, (initrd_at, initrd)]
    path = os.path.join(work, "disk")
    with open(path, "wb") as out:
        sector, table = HEADER_SIZE // 512, []
        out.seek(HEADER_SIZE)
        for address, data in parts:
            count = -(-len(data) // 512)
            table.append(struct.pack("<III", address, sector, count))
            out.write(data)
            sector += count
            out.seek(sector * 512)
        if len(table) > (HEADER_SIZE - 16) // 12:
            raise TestbedError(f"{kern.image}: {len(table)} pieces are too many for the loader")
        out.truncate(-(-sector * 512 // CYLINDER) * CYLINDER)
        out.seek(0)
        out.write(struct.pack("<IIII", HEADER_MAGIC, boot.entry, BOOT_PARAMS, len(table))
                  + b"".join(table))
    return (f"optromimage1: file={rom()}, address={ROM_BASE:#x}\n"
            f"ata0-master: type=disk, path={path}, mode=flat, cylinders=0")
