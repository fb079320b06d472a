#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tools.sh - the minivmx command: usage errors, missing devices, bad images, and the guests.
#
#   tools.sh MINIVMX GUESTS      the command, and the directory of the built guests
#
# Without /dev/minivmx the tests that run a guest are skipped. TAP output; for busybox's shell.

minivmx=${1:-/minivmx/bin/minivmx}
guests=${2:-/minivmx/guests}
work=/tmp/tools-test.$$
number=0
failed=0
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"

# expect DESCRIPTION STATUS PATTERN COMMAND...: the pattern is looked for in all of the output
expect() {
	description=$1 wanted=$2 pattern=$3
	shift 3
	number=$((number + 1))
	"$@" >"$work/output" 2>&1 </dev/null
	status=$?
	if [ "$status" = "$wanted" ] && grep -q "$pattern" "$work/output"; then
		echo "ok $number tools.$description"
		return
	fi
	failed=1
	echo "# status $status, expected $wanted; no match for: $pattern"
	sed 's/^/#   /' "$work/output"
	echo "not ok $number tools.$description"
}

# The same, where a guest can run.
expect_guest() {
	if [ -c /dev/minivmx ]; then
		expect "$@"
	else
		number=$((number + 1))
		echo "ok $number # SKIP /dev/minivmx is absent"
	fi
}

echo "TAP version 13"
echo "1..30"

expect "no_subcommand"		2 "Usage:"		"$minivmx"
expect "unknown_subcommand"	2 "bogus"		"$minivmx" bogus
expect "help"			0 "doctor"		"$minivmx" --help
expect "run_help"		0 "Exit status"		"$minivmx" run --help
expect "run_without_guest"	2 "which guest"		"$minivmx" run
expect "unknown_option"		2 "no-such-option"	"$minivmx" run --no-such-option x
expect "bad_memory_size"	2 "m"			"$minivmx" run --mem=0 "$guests/hello"
expect "memory_not_a_number"	2 "m"			"$minivmx" run --mem=1x "$guests/hello"
expect "unknown_mode"		2 "mode"		"$minivmx" run --mode=virtual "$guests/hello"
expect "bad_gdb_address"	2 "not \"host:1\""	"$minivmx" run --gdb=host:1 "$guests/hello"
expect "bad_gdb_port"		2 "not \":65536\""	"$minivmx" run --gdb=:65536 "$guests/hello"
expect "no_such_device"		1 "/dev/no-such"	"$minivmx" run --device=/dev/no-such "$guests/hello"
expect "not_a_device"		1 "/dev/null"		"$minivmx" run --device=/dev/null "$guests/hello"

: >"$work/empty"
head -c 40 "$guests/hello" >"$work/cut-off"
expect_guest "no_such_image"	6 "no-such-image"	"$minivmx" run "$work/no-such-image"
expect_guest "empty_image"	6 "empty"		"$minivmx" run "$work/empty"
expect_guest "cut_off_image"	6 "cut-off"		"$minivmx" run "$work/cut-off"
expect_guest "hello"		0 "Hello from a 64-bit"	"$minivmx" run "$guests/hello"
expect_guest "hello16"		0 "Hello from a 16-bit"	"$minivmx" run "$guests/hello16"
expect_guest "hello32"		0 "Hello from a 32-bit"	"$minivmx" run --mode protected "$guests/hello32"
expect_guest "triple_fault"	3 "=> .*ud2"			"$minivmx" run "$guests/triple"
expect_guest "hypercall"	0 "out 0xf4 <- 0x00"	"$minivmx" run --trace "$guests/vmcall"
expect_guest "unhandled_exit"	4 "task switch"		"$minivmx" run --mode protected "$guests/task-switch"
expect_guest "timeout"		124 "."			"$minivmx" run --timeout 1 "$guests/spin"
expect_guest "trace"		0 "out 0xf4 <- 0x00"	"$minivmx" run --trace "$guests/hello"
for protocol in multiboot pvh; do
	expect_guest "$protocol"	0 "$protocol: command line \"a b=c\", memory in MiB 16, module in bytes 40" \
		"$minivmx" run --mem 16 --append "a b=c" --initrd "$work/cut-off" "$guests/$protocol"
	expect_guest "${protocol}_alone"	0 "line \"\", memory in MiB 64, module in bytes 0" \
		"$minivmx" run "$guests/$protocol"
done
expect_guest "initrd_for_none"	6 "takes --initrd"	"$minivmx" run --initrd "$work/cut-off" "$guests/hello"
expect_guest "empty_initrd"	6 "is empty"		"$minivmx" run --initrd "$work/empty" "$guests/pvh"

exit $failed
