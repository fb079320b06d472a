# SPDX-License-Identifier: GPL-2.0
"""Checks that compile: headers alone, sparse, and the module on every kernel without a warning."""
import os
import re
import shutil

from tree import BUILD, TREE, Skip, files, output_of, read

BUILDER = os.path.join(TREE, "tools/testbed/build-module")
KERNELS = os.path.join(TREE, "tools/testbed/kernels")
WARNS = ["-Wall", "-Wextra", "-Werror"]


def has_module():
    if not os.path.isfile(os.path.join(TREE, "Kbuild")):
        raise Skip("there is no module to build")


def kernel_side_headers():
    return files("module", "arch", ends=(".h",))


def compile_alone(path, command):
    """Findings of compiling a file that includes only PATH, and includes it twice."""
    text = f'#include "{os.path.join(TREE, path)}"\n' * 2 + "typedef int not_empty;\n"
    folder = os.path.join(BUILD, "check")
    os.makedirs(folder, exist_ok=True)
    source = os.path.join(folder, re.sub(r"\W", "_", path) + (".cc" if "g++" in command else ".c"))
    with open(source, "w") as handle:
        handle.write(text)
    status, output = output_of([*command, "-fsyntax-only", source])
    if status:
        yield f"{path} with {' '.join(command)}:\n{output}"


def uapi():
    for path in files("uapi", ends=(".h",)):
        for command in (["gcc", "-std=c99", *WARNS], ["gcc", "-std=c11", "-pedantic", *WARNS],
                        ["g++", "-std=c++11", *WARNS]):
            yield from compile_alone(path, [*command, "-Iuapi"])


def tool_headers():
    status, folder = output_of([KERNELS, "kselftest"])
    harness = folder.splitlines()[-1] if status == 0 else ""
    for path in files("tools", "selftests", ends=(".h",)):
        # Assembly for the guests, and the loader, which has flags of its own.
        if path.startswith("tools/testbed/") or re.search(r"^\s*\.macro\b", read(path), re.M):
            continue
        yield from compile_alone(path, ["gcc", "-std=gnu11", *WARNS, "-Iuapi", "-Itools", "-I.",
                                        "-I" + os.path.dirname(path), "-isystem", harness])


def headers():
    """Each header as an object of its own, with all of the kernel's flags."""
    has_module()
    out = os.path.join(BUILD, "check", "headers")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    for name in ("Kbuild", "module", "arch", "uapi"):
        os.symlink(os.path.join(TREE, name), os.path.join(out, name + ".tree" * (name == "Kbuild")))
    objects = []
    for number, path in enumerate(kernel_side_headers()):
        objects.append(f"header{number}.o")
        with open(os.path.join(out, f"header{number}.c"), "w") as handle:
            handle.write(f'// SPDX-License-Identifier: GPL-2.0\n#include "{path}"\n' * 1)
    # The project's own Kbuild first, for its flags; then these objects instead of its module.
    with open(os.path.join(out, "Kbuild"), "w") as handle:
        handle.write("# SPDX-License-Identifier: GPL-2.0\ninclude $(src)/Kbuild.tree\n"
                     f"obj-m := {' '.join(objects)}\n")
    _, kdir = output_of([KERNELS, "headers", "6.1"])
    status, output = output_of(["make", "-C", kdir.splitlines()[-1], "M=" + out, "W=1", "-k",
                                f"-j{os.cpu_count()}", "KCFLAGS=-Werror", *objects])
    if status or "warning:" in output:
        table = ", ".join(f"header{n} is {p}" for n, p in enumerate(kernel_side_headers()))
        yield f"{output}\n{table}"


def sparse():
    has_module()
    if not shutil.which("sparse"):
        raise Skip("sparse is not installed; run tools/setup")
    out = os.path.join(BUILD, "check", "sparse")
    shutil.rmtree(out, ignore_errors=True)
    status, output = output_of([BUILDER, "--kernel", "6.1", "--out", out, "C=2",
                                "CF=-D__CHECK_ENDIAN__"])
    ours = [line for line in sparse_lines(out + ".log", output, status)]
    yield from ours


def sparse_lines(log, output, status):
    """Lines of the build's log in which sparse complains of one of our files. What it finds in the
    kernel's own headers is the kernel's."""
    try:
        with open(log, errors="replace") as handle:
            lines = handle.read().splitlines()
    except OSError:
        lines = output.splitlines()
    complaints = [line for line in lines if re.search(r": (warning|error): ", line)]
    ours = [line for line in complaints if re.match(r"\S*(module|arch/x86|uapi)/\w+\.[chS]:", line)
            and "/usr/src/" not in line]
    if ours:
        return ours
    if status and not complaints:
        return [output]
    return []


def kernel(name):
    """A build from nothing, because make would not repeat the warnings of a finished one."""
    has_module()
    status, output = output_of([KERNELS, "headers", name])
    if status:
        if name == "7.2":
            raise Skip(output.strip().splitlines()[0] if output.strip() else "no trixie root")
        lines = [line for line in output.splitlines() if re.search(r"(error|warning): ", line)]
        yield "\n".join(lines) or output
        return
    out = os.path.join(BUILD, "check", "linux-" + name)
    shutil.rmtree(out, ignore_errors=True)
    status, output = output_of([BUILDER, "--kernel", name, "--out", out, "-k"])
    if status:
        lines = [line for line in output.splitlines() if re.search(r"(error|warning): ", line)]
        yield "\n".join(lines) or output
