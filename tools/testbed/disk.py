# SPDX-License-Identifier: GPL-2.0
"""What Bochs boots from."""
import os
import shutil

from common import run

ISOLINUX = ("/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/syslinux/modules/bios/ldlinux.c32")


def write(work, kern, initrd, cmdline):
    tree = os.path.join(work, "iso")
    os.makedirs(tree)
    for path in ISOLINUX:
        shutil.copy(path, tree)
    shutil.copy(kern.image, os.path.join(tree, "linux"))
    with open(os.path.join(tree, "initrd"), "wb") as handle:
        handle.write(initrd)
    with open(os.path.join(tree, "isolinux.cfg"), "w") as handle:
        handle.write(f"default l\nprompt 0\nlabel l\nkernel linux\ninitrd initrd\nappend {cmdline}\n")
    iso = os.path.join(work, "boot.iso")
    run(["xorriso", "-as", "mkisofs", "-quiet", "-o", iso, "-b", "isolinux.bin", "-no-emul-boot",
         "-boot-load-size", "4", "-boot-info-table", tree], "making the boot image")
    return f"ata0-master: type=cdrom, path={iso}, status=inserted\nboot: cdrom"
