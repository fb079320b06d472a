# SPDX-License-Identifier: GPL-2.0
"""The two emulators that can be the test machine: how to start each, what each logs.

Reached from the testbed command with a kernel, an initramfs and two terminals for the serial
ports; gives back a running process in its own process group. Bochs emulates VMX in software on
any host. QEMU has VMX only where /dev/kvm offers it to guests; its software CPU boots the kernel
too and is the quick way to test how the module refuses a CPU without VMX.
"""
import os
import re
import shutil
import signal
import subprocess

import disk
from common import TestbedError

FINDINGS = re.compile(r"VMENTER FAIL|VMFAIL|EPT misconfig|panic|>>PANIC<<", re.I)
BOCHS_CPU = "broadwell_ult"
TRACES = 1000           # at most, of --trace


def choose(wanted):
    """The emulator to use for --emulator WANTED."""
    if wanted == "auto":
        return "qemu" if kvm_offers_vmx() and shutil.which("qemu-system-x86_64") else "bochs"
    return wanted


def kvm_offers_vmx():
    """Does /dev/kvm give VMX to guests? The node alone proves nothing: the host may be an AMD
    machine, or have nesting switched off."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    try:
        with open("/proc/cpuinfo") as handle:
            vmx = re.search(r"^flags\s*:.*\bvmx\b", handle.read(), re.M)
        with open("/sys/module/kvm_intel/parameters/nested") as handle:
            nested = handle.read().strip() in ("Y", "1")
    except OSError:
        return False
    return bool(vmx) and nested


class Machine:
    """A running emulator. `log` is what it wrote about itself."""

    def __init__(self, argv, work, env=None, output=None):
        self.log = os.path.join(work, "emulator.log")
        self.errors = os.path.join(work, "emulator.err")
        wrapped = isolation() + ["setpriv", "--pdeathsig", "KILL", "--"] + argv
        with open(self.errors, "wb") as err, open(output or self.errors, "ab") as out:
            self.process = subprocess.Popen(wrapped, cwd=work, env=env, start_new_session=True,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """End the emulator and everything it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def findings(self):
        """Lines of the emulator's own log that point at a fault in the module or the guest."""
        return [line for line in self._lines(self.log)
                if FINDINGS.search(line) and "soft power off" not in line]

    def obituary(self):
        """What to call its end, when nobody asked for it."""
        if any("soft power off" in line for line in self._lines(self.log)[-5:]):
            return "the machine was powered off before COMMAND ended"
        return f"the emulator died (status {self.process.returncode})"

    def last_words(self):
        """Why the emulator died, as far as it said."""
        return (self._lines(self.log)[-5:] + self._lines(self.errors)[-5:])

    @staticmethod
    def _lines(path):
        try:
            with open(path, errors="replace") as handle:
                return [line.rstrip("\n") for line in handle]
        except OSError:
            return []


def isolation():
    """A network namespace of its own, where the system allows one: Bochs's display listens on a
    TCP port, which nobody outside should reach and no two testbeds should fight over."""
    for prefix in (["unshare", "-n"], ["unshare", "-r", "-n"]):
        if subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL).returncode == 0:
            return prefix
    return []


def start(name, options, kern, initrd, cmdline, work, ttys):
    if name == "qemu":
        return start_qemu(options, kern, initrd, cmdline, work, ttys)
    return start_bochs(options, kern, initrd, cmdline, work, ttys)


def bochs_installation(version):
    """(command, environment, BIOS, VGA BIOS) for Bochs VERSION."""
    if version == "2.7":
        command, env, root = ["bochs-bin"], None, ""
        if not shutil.which("bochs-bin"):
            raise TestbedError("no bochs-bin here; run tools/setup (package bochs)")
    else:
        import trixie
        root = trixie.root()
        libs = os.path.join(root, "usr/lib/x86_64-linux-gnu")
        # The root's own loader and libraries, so that no chroot (and no root user) is needed.
        command = [os.path.join(root, "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", libs,
                   os.path.join(root, "usr/bin/bochs-bin")]
        env = dict(os.environ, LTDL_LIBRARY_PATH=os.path.join(libs, "bochs/plugins"),
                   BXSHARE=os.path.join(root, "usr/share/bochs"))
    bios = root + "/usr/share/bochs/BIOS-bochs-latest"
    vga = root + "/usr/share/bochs/VGABIOS-lgpl-latest"
    for path in (bios, vga):
        if not os.path.isfile(path):
            raise TestbedError(f"{path} is missing; run tools/setup (packages bochs, bochsbios)")
    return command, env, bios, vga


def start_bochs(options, kern, initrd, cmdline, work, ttys):
    command, env, bios, vga = bochs_installation(options.bochs)
    medium = disk.write(work, kern, initrd, cmdline, options.mem)
    count = f"count={options.smp}, quantum=16, " if options.smp > 1 else ""
    config = f"""\
display_library: rfb, options="timeout=0"
romimage: file={bios}
vgaromimage: file={vga}
{medium}
memory: guest={options.mem}, host={options.mem}
cpu: model={options.cpu or BOCHS_CPU}, {count}ips=50000000, reset_on_triple_fault=0
clock: sync=none, time0=1700000000
plugin_ctrl: speaker=0, parallel=0, serial=1
com1: enabled=1, mode=term, dev={ttys[0]}
com2: enabled=1, mode=term, dev={ttys[1]}
log: {work}/emulator.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
"""
    if options.trace:
        config += "magic_break: enabled=1\n"
    with open(os.path.join(work, "bochsrc"), "w") as handle:
        handle.write(config)
    commands = "c\n"
    if options.trace:
        # Each pair of marks switches the debugger's trace on and off again.
        commands += "trace on\nc\ntrace off\nc\n" * TRACES
    with open(os.path.join(work, "debugger"), "w") as handle:
        handle.write(commands)
    return Machine([*command, "-q", "-f", "bochsrc", "-rc", "debugger"], work, env,
                   options.trace and os.path.abspath(options.trace))


def start_qemu(options, kern, initrd, cmdline, work, ttys):
    if options.trace:
        raise TestbedError("--trace needs Bochs (--emulator bochs)")
    if not shutil.which("qemu-system-x86_64"):
        raise TestbedError("no qemu-system-x86_64 here; run tools/setup (package qemu-system-x86)")
    with open(os.path.join(work, "initrd"), "wb") as handle:
        handle.write(initrd)
    accel = (["-accel", "kvm", "-cpu", options.cpu or "host"] if kvm_offers_vmx() else
             ["-accel", "tcg", "-cpu", options.cpu or "max"])
    return Machine(["qemu-system-x86_64", *accel, "-smp", str(options.smp),
                    "-m", str(options.mem), "-nodefaults", "-no-user-config", "-display", "none",
                    "-no-reboot", "-kernel", kern.image, "-initrd", "initrd",
                    "-append", cmdline, "-serial", ttys[0], "-serial", ttys[1],
                    "-D", os.path.join(work, "emulator.log"), "-d", "guest_errors"], work)
