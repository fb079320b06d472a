# SPDX-License-Identifier: GPL-2.0
"""The two serial lines of the test machine, and what is read out of them.

Each line is a pseudo-terminal whose slave side the emulator opens. A thread drains both into
memory as fast as they come, because Bochs drops what a full terminal does not take.
`Console` understands ttyS0 (kernel log and init's marks), `Output` understands ttyS1 (the
command's bytes, then a trailer with a nonce and the status).
"""
import os
import queue
import re
import select
import termios
import threading
import time
import tty

# Kernel messages that fail a run whatever the command returned.
SPLAT = re.compile(
    r"WARNING: |\bBUG: |\bOops\b|KASAN: |UBSAN: |KCSAN: |general protection fault"
    r"|unable to handle|INFO: rcu|rcu: INFO: |possible circular locking|possible recursive locking"
    r"|inconsistent lock state|possible irq lock inversion|suspicious RCU usage"
    r"|scheduling while atomic|sleeping function called|soft lockup|hard LOCKUP|blocked for more than"
    r"|Bad page state|refcount_t: |list_(add|del) corruption|unhandled MSR|unchecked MSR access"
    r"|double fault|stack guard page|kmemleak: [0-9]+ new|Bad rss-counter|Invalid wait context"
    r"|stack-out-of-bounds|held lock freed|still has locks held|hung_task")
PANIC = re.compile(r"Kernel panic - not syncing|Attempted to kill init|---\[ end Kernel panic")


class Lines:
    """The pseudo-terminals and the thread that drains them into `queue` as (index, bytes)."""

    def __init__(self, count):
        self.masters, self.slaves, self.names = [], [], []
        self.queue = queue.Queue()
        for _ in range(count):
            master, slave = os.openpty()
            tty.setraw(slave)
            self.masters.append(master)
            self.slaves.append(slave)
            self.names.append(os.ttyname(slave))
        self.stop_pipe = os.pipe()
        self.thread = threading.Thread(target=self._drain, daemon=True)
        self.thread.start()

    def _drain(self):
        index = {fd: i for i, fd in enumerate(self.masters)}
        while True:
            ready, _, _ = select.select([*self.masters, self.stop_pipe[0]], [], [])
            if self.stop_pipe[0] in ready:
                return
            for fd in ready:
                try:
                    data = os.read(fd, 65536)
                except OSError:
                    return
                self.queue.put((index[fd], data))

    def write(self, which, data):
        os.write(self.masters[which], data)

    def close(self):
        os.write(self.stop_pipe[1], b"x")
        self.thread.join()
        for fd in (*self.masters, *self.slaves, *self.stop_pipe):
            os.close(fd)


class Keyboard:
    """The user's terminal as the machine's: raw while the shell runs, restored on every way out.

    What is typed goes to LINE of LINES; Ctrl-] sets `quit`.
    """
    QUIT = b"\x1d"

    def __init__(self, lines, line):
        self.lines, self.line, self.quit = lines, line, False
        self.saved = termios.tcgetattr(0) if os.isatty(0) else None
        self.stop_pipe = os.pipe()
        self.thread = None

    def __enter__(self):
        return self

    def start(self):
        if self.saved:
            tty.setraw(0)
        self.thread = threading.Thread(target=self._pump, daemon=True)
        self.thread.start()

    def _pump(self):
        while True:
            ready, _, _ = select.select([0, self.stop_pipe[0]], [], [])
            if self.stop_pipe[0] in ready:
                return
            data = os.read(0, 256)
            if self.QUIT in data and self.saved:
                self.quit = True
                return
            # The end of a file or pipe is, to the shell, what Ctrl-D is on a terminal.
            self.lines.write(self.line, data or b"\x04")
            if not data:
                return

    def __exit__(self, *exception):
        os.write(self.stop_pipe[1], b"x")
        if self.thread:
            self.thread.join()
        if self.saved:
            termios.tcsetattr(0, termios.TCSADRAIN, self.saved)
        for fd in self.stop_pipe:
            os.close(fd)


class Console:
    """The kernel's console: keeps every line, finds marks, splats and panics."""

    def __init__(self, nonce, on_line=None):
        self.nonce, self.on_line = nonce, on_line
        self.lines, self.partial = [], ""
        self.marks, self.splats = {}, []
        self.started = self.panicked = False
        self.insmod_error = None
        self.last = time.monotonic()

    def feed(self, data):
        self.last = time.monotonic()
        text = self.partial + data.decode(errors="replace").replace("\r", "")
        *lines, self.partial = text.split("\n")
        for line in lines:
            self._line(line)

    def _line(self, line):
        mark = re.search(r"testbed: (.*) " + self.nonce + "$", line)
        if mark:
            word = mark.group(1).split()[0]
            self.marks[word] = time.monotonic()
            if word == "insmod":
                self.insmod_error = mark.group(1).partition(": ")[2]
            if word == "start":
                self.started = True
                self.lines.append("--- init has started; the kernel's messages are judged from here")
            return
        self.lines.append(line)
        if self.on_line:
            self.on_line(line)
        if PANIC.search(line):
            self.panicked = True
        if self.started and SPLAT.search(line):
            self.splats.append(line)

    def tail(self, count=40):
        return self.lines[-count:] + ([self.partial] if self.partial else [])

    def since_start(self):
        for index, line in enumerate(self.lines):
            if line.startswith("--- init has started"):
                return self.lines[index + 1:]
        return []


class Output:
    """The command's output: passes bytes on, holds back what may be the trailer."""

    def __init__(self, nonce, sink):
        self.sink, self.held = sink, b""
        self.start = b"\0" + nonce.encode() + b" "
        self.status = self.kind = None

    def feed(self, data):
        if self.status is not None:
            return
        self.held += data
        found = self.held.find(self.start)
        if found >= 0:
            self._pass(self.held[:found])
            self.held = self.held[found:]
            match = re.match(re.escape(self.start) + rb"(\w+) (\d+)\r?\n", self.held)
            if match:
                self.kind, self.status = match.group(1).decode(), int(match.group(2))
            return
        # Keep the longest end that could be the trailer's beginning.
        keep = 0
        for length in range(min(len(self.start), len(self.held)), 0, -1):
            if self.start.startswith(self.held[-length:]):
                keep = length
                break
        cut = len(self.held) - keep
        self._pass(self.held[:cut])
        self.held = self.held[cut:]

    def _pass(self, data):
        if data:
            self.sink(data)
