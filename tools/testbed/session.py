# SPDX-License-Identifier: GPL-2.0
"""One run of the test machine: build, make the image, start, watch, judge, clean up.

Reached from the testbed command with its options; returns the exit status.
"""
import glob
import os
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import debian
import debugger
import emulators
import image
from common import BUILD, TREE, TestbedError, lock, note
from console import Console, Keyboard, Lines, Output

FAILED = 125
WORK = "minivmx-testbed."


class Progress:
    """One line on stderr that says where the run is; rewritten in place on a terminal."""

    def __init__(self):
        self.begin = time.monotonic()
        self.terminal, self.open = sys.stderr.isatty(), False

    def say(self, text):
        line = f"testbed: [{time.monotonic() - self.begin:5.1f}s] {text}"
        if self.terminal:
            sys.stderr.write("\r\x1b[K" + line)
            self.open = True
        else:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def end(self):
        if self.open:
            sys.stderr.write("\n")
            sys.stderr.flush()
            self.open = False


class Phases:
    """Lines of the command's output that say how far it has come."""

    def __init__(self, phases, progress):
        self.waiting = [phase.split("=", 1) for phase in phases]
        self.progress, self.tail = progress, b""

    def feed(self, data):
        """Says a phase once its line has ended, so as not to write into it."""
        *lines, self.tail = (self.tail + data).split(b"\n")
        for line in lines:
            if self.waiting and self.waiting[0][0].encode() in line:
                self.progress.say(self.waiting.pop(0)[1])


def build(kern, progress):
    """Bring the module for KERN, the tools and the selftests up to date."""
    progress.say("building")
    make(["module", "tools", "guests", "selftests", f"KERNEL={kern.name}"], progress)


def make(targets, progress):
    """One testbed at a time."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    with lock(os.path.join(BUILD, ".lock")):
        done = subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", TREE, *targets],
                              env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        progress.end()
        raise TestbedError("the build failed; its output:\n" + done.stdout.rstrip())


def built_module(kern):
    path = os.path.join(BUILD, "module", kern.release, "minivmx.ko")
    return path if os.path.isfile(path) else None


# Parts of a stock kernel's start that take long in an emulator and serve nothing here.
SKIP_CALLS = (
    "load_system_certificate_list",   # parses and checks the built-in certificates
    "crypto_kdf108_init",             # self-tests
    "jent_mod_init",                  # measures the timer's randomness
    "cubictcp_register",              # the first of these has the kernel's type information parsed,
    "bpf_tcp_ca_kfunc_init",          # 50 million instructions in Linux 6.1
    "bpf_rstat_kfunc_init",
    "bpf_key_sig_kfuncs_init",
    "kfunc_init",
    "bpf_prog_test_run_init",
    "trace_eval_init",                # names for the numbers in trace events' formats
    "ftrace_check_for_weak_functions",
)
SKIP = ["cryptomgr.notests", "initcall_blacklist=" + ",".join(SKIP_CALLS)]


def kernel_cmdline(opts):
    words = ["console=ttyS0,115200", "nokaslr", "rdinit=/init", "panic=0", *SKIP]
    words += ["ignore_loglevel"] if opts.verbose else ["quiet"]
    # Bochs's MWAITX sleeps past the end of the delay that the kernel asks for.
    if (opts.cpu or "").startswith("ryzen"):
        words.append("clearcpuid=mwaitx")
    return " ".join(words + opts.cmdline.split())


def kept(work):
    return work.replace(WORK, "minivmx-kept.")


def clear_leftovers():
    """Remove what a testbed that was killed (SIGKILL, out of memory) could not remove itself."""
    for path in glob.glob(os.path.join(tempfile.gettempdir(), WORK + "*")):
        pid = os.path.basename(path)[len(WORK):].split(".")[0]
        if pid.isdigit() and not os.path.exists("/proc/" + pid):
            shutil.rmtree(path, ignore_errors=True)


def run(opts):
    progress = Progress()
    kern = debian.kernel(opts.kernel)
    if not opts.no_build:
        build(kern, progress)
        for guest in opts.linux:
            make(["linux-guest", f"KERNEL={guest.removesuffix('+pvh')}"], progress)
    module = built_module(kern)
    if not module and not opts.no_insmod:
        raise TestbedError(f"there is no module for Linux {kern.release} in build/ (make module "
                           f"KERNEL={opts.kernel}); --no-insmod runs without it")
    clear_leftovers()
    work = tempfile.mkdtemp(prefix=f"{WORK}{os.getpid()}.")
    try:
        return Session(opts, kern, module, work, progress).run()
    finally:
        progress.end()
        if opts.keep:
            os.rename(work, kept(work))
            work = kept(work)
            note(f"testbed: logs and image are in {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)


class Session:
    def __init__(self, opts, kern, module, work, progress):
        self.opts, self.kern, self.module = opts, kern, module
        self.work, self.progress = work, progress
        self.nonce = secrets.token_hex(8)
        self.machine = self.lines = self.keyboard = None

    def run(self):
        opts = self.opts
        name = emulators.choose(opts.emulator)
        self.progress.say("making the image")
        settings = {"nonce": self.nonce, "insmod": "" if opts.no_insmod else "must",
                    "insmod_args": opts.insmod_args, "tty": "yes" if opts.tty else ""}
        if opts.tty and sys.stdin.isatty():
            opts.timeout = float("inf")
            size = os.get_terminal_size(0)
            if size.columns and size.lines:
                settings.update(columns=size.columns, rows=size.lines)
        initrd = image.initramfs(self.kern, self.module, opts.command, settings, opts.with_kvm,
                                 opts.add + ([debugger.overlay()] if opts.with_gdb else []),
                                 opts.linux)
        self.lines = Lines(2)
        self.console = Console(self.nonce, self.show if opts.verbose or opts.tty else None)
        self.output = Output(self.nonce, self.emit)
        self.phases = Phases(opts.phase, self.progress)
        try:
            cpus = f"{opts.smp} CPU{'s' if opts.smp > 1 else ''}"
            self.progress.say(f"booting Linux {self.kern.release}, {cpus}, in {name}")
            self.machine = emulators.start(name, opts, self.kern, initrd, kernel_cmdline(opts),
                                           self.work, self.lines.names)
            if opts.tty:
                with Keyboard(self.lines, 1) as self.keyboard:
                    problem = self.watch()
            else:
                problem = self.watch()
        finally:
            if self.machine:
                self.machine.stop()
            self.lines.close()
            if opts.keep and hasattr(self, "console"):
                with open(os.path.join(self.work, "console.log"), "w") as handle:
                    handle.write("\n".join(self.console.lines) + "\n")
        return self.verdict(problem)

    def emit(self, data):
        if self.progress.open:
            self.progress.end()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        self.phases.feed(data)

    def show(self, line):
        self.progress.end()
        sys.stderr.write(line + ("\r\n" if self.opts.tty else "\n"))

    def watch(self):
        """Pump the serial lines until the machine is done; return what went wrong, or None."""
        deadline = time.monotonic() + self.opts.timeout
        dying = None
        said = set()
        while True:
            try:
                which, data = self.lines.queue.get(timeout=0.2)
                (self.console if which == 0 else self.output).feed(data)
                idle = False
            except queue.Empty:
                idle = True
            for mark, text in (("start", "kernel is up"), ("run", "running the command")):
                if mark in self.console.marks and mark not in said:
                    said.add(mark)
                    if mark == "run" and self.keyboard:
                        text += "; this is its terminal now, Ctrl-] ends the test machine"
                        self.keyboard.start()
                    self.progress.say(text)
            now = time.monotonic()
            if self.keyboard and self.keyboard.quit:
                self.output.status = 0
                return None
            if "end" in self.console.marks and self.output.status is not None:
                return None
            if dying and now > dying[0]:
                return dying[1]
            if self.console.panicked and not dying:
                # Let the rest of the panic message arrive.
                dying = (now + 2, "the kernel panicked")
            if idle and not self.machine.alive() and not dying:
                dying = (now + 0.5, self.machine.obituary())
            if now > deadline:
                return f"no end after {self.opts.timeout:g} s (--timeout): the machine hangs"

    def verdict(self, problem):
        """Print what has to be said and return the exit status."""
        self.progress.end()
        console = self.console
        if not problem and console.splats:
            problem = f"the kernel complained: {console.splats[0].strip()}"
            shown = console.since_start()[-80:]
        elif not problem and self.output.kind == "insmod":
            problem = f"the module did not load: {console.insmod_error}"
            shown = console.since_start()[-40:]
        else:
            shown = console.tail()
        findings = self.machine.findings()
        if problem:
            note(f"testbed: FAILED: {problem}")
            for line in shown:
                note(f"  | {line}")
            if "emulator died" in problem:
                for line in self.machine.last_words():
                    note(f"  emulator: {line}")
        if (problem or self.opts.verbose or self.output.status) and findings:
            for line in findings[-20:]:
                note(f"  emulator: {line}")
        if problem:
            return FAILED
        total = time.monotonic() - self.progress.begin
        self.progress.say(f"done, status {self.output.status}, {total:.1f} s")
        return self.output.status
