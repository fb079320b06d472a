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
suite=tools
. "${0%/*}/tap.sh"

# The same, where a guest can run.
expect_guest() {
	if [ -c /dev/minivmx ]; then
		expect "$@"
	else
		skip "$1" "/dev/minivmx is absent"
	fi
}

# expect_json DESCRIPTION ARGUMENT...: what minivmx prints on stdout is one JSON document.
expect_json() {
	description=$1
	shift
	if command -v python3 >/dev/null; then
		expect_guest "$description" 0 "one document" sh -c '"$@" >"$0" 2>/dev/null; python3 -ISs -c "
import json, sys
json.load(open(sys.argv[1]))
print(\"one document\")" "$0"' "$work/json" "$minivmx" "$@"
	else
		skip "$description" "no python3 here"
	fi
}

# expect_plain DESCRIPTION ARGUMENT...: no escape sequences where stdout is no terminal.
expect_plain() {
	description=$1
	shift
	expect_guest "$description" 0 "^[1-9][0-9]* lines, 0 with escape sequences$" sh -c '"$@" >"$0" 2>&1
		echo "$(wc -l <"$0") lines, $(grep -c "$(printf "\033")" "$0") with escape sequences"' "$work/plain" \
		"$minivmx" "$@"
}

echo "TAP version 13"
echo "1..66"

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
printf 'minivmx-vmcs 1\nfield 0x401a ENTRY_INSTRUCTION_LENGTH 0\nfield 0x4016 ENTRY_INTERRUPTION_INFORMATION 0x80000203\nend\n' >"$work/nmi"
printf 'minivmx-vmcs 1\nend\n' >"$work/empty"
expect "explain_nothing"	2 "rule's id"		"$minivmx" explain
expect "explain_unknown"	2 "neither a file"	"$minivmx" explain control.vpid.no-such-rule
expect "explain_list"		0 "guest.rip.width"	"$minivmx" explain --list
expect "explain_rule"		0 "Enable VPID"		"$minivmx" explain control.vpid.zero
expect "explain_file"		1 "vector other than 2"	"$minivmx" explain "$work/nmi"
expect "explain_json"		1 "\"value\": \"0x80000203\"" "$minivmx" explain --json "$work/nmi"
expect "explain_good_file"	0 "is violated"		"$minivmx" explain "$work/empty"
expect "explain_no_snapshot"	6 "hello:1: "		"$minivmx" explain "$guests/hello"
expect "tour_list"		0 "slice_begin(), lines [0-9]* to"	"$minivmx" tour --list
expect "tour_unknown_stop"	2 "no stop \"13\""	"$minivmx" tour 13
expect "tour_two_stops"		2 "one too many"	"$minivmx" tour vmxon vmcs
expect "tour_no_device"		1 "/dev/no-such"	"$minivmx" tour --device=/dev/no-such --auto
expect "stat_no_seconds"	2 "from 1 to"		"$minivmx" stat --seconds=0
expect "stat_whose"		2 "either --pid or"	"$minivmx" stat --pid=1 -- true
expect "trace_no_file"		2 "which file"		"$minivmx" trace -- true
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
	expect_guest "${protocol}_alone"	0 "line \"\", memory in MiB 256, module in bytes 0" \
		"$minivmx" run "$guests/$protocol"
done
expect_guest "initrd_for_none"	6 "takes --initrd"	"$minivmx" run --initrd "$work/cut-off" "$guests/hello"
expect_guest "empty_initrd"	6 "is empty"		"$minivmx" run --initrd "$work/empty" "$guests/pvh"

cat >"$work/a" <<-END
	minivmx-vmcs 1
	failed 0x80000021 0
	field 0x4402 EXIT_REASON 0x80000021
	field 0x681e GUEST_RIP 0xfff0
	field 0x6820 GUEST_RFLAGS 0x2
	end
END
sed -e "s/RFLAGS 0x2/RFLAGS 0x202/" -e "/^failed/d" "$work/a" >"$work/b"
head -n 3 "$work/a" >"$work/cut"
expect "vmcs_help"		0 "diff FILE FILE"	"$minivmx" vmcs --help
expect "vmcs_of_nothing"	2 "of what"		"$minivmx" vmcs
expect "vmcs_bad_exits"		2 "not \"0\""		"$minivmx" vmcs --exits 0 "$guests/hello"
expect "vmcs_diff_of_one"	2 "two files"		"$minivmx" vmcs diff "$work/a"
expect "vmcs_damaged"		6 "cut:4: cut off"	"$minivmx" vmcs "$work/cut"
expect "vmcs_file"		0 "Guest RIP  *0x000000000000fff0"	"$minivmx" vmcs "$work/a"
expect "vmcs_failure"		0 "^VM entry failed: exit reason 33"	"$minivmx" vmcs "$work/a"
expect "vmcs_diff"		0 "^  + 0x0000000000000202  IF"	"$minivmx" vmcs diff "$work/a" "$work/b"
sed "2ihost hidden" "$work/b" >"$work/hidden"
expect "vmcs_diff_hidden"	0 "not compared: the second"	"$minivmx" vmcs diff "$work/a" "$work/hidden"
expect "vmcs_diff_same"		0 "no field and no"	"$minivmx" vmcs diff "$work/hidden" "$work/hidden"
expect "vmcs_json"		0 '"value": "0xfff0"'	"$minivmx" vmcs --json "$work/b"
expect_guest "vmcs_guest"	0 "OUT port 0xe9"	"$minivmx" vmcs --exits 2 "$guests/hello"
expect_guest "vmcs_save"	0 "saved"			sh -c '"$0" vmcs --output "$1" "$2" && ls "$1"' "$minivmx" "$work/saved" "$guests/hello"
expect_guest "run_snapshot"	3 "triple fault"	"$minivmx" run --snapshot "$work/triple" "$guests/triple"
expect_guest "vmcs_saved"	0 "2 triple fault"	"$minivmx" vmcs diff "$work/saved" "$work/triple"

expect_json "json_of_caps"	caps --json
expect_json "json_of_doctor"	doctor --json
expect_json "json_of_vmcs"	vmcs --json "$guests/hello"
expect_json "json_of_walk"	walk --json "$guests/hello" 0x100000
expect_plain "plain_step"	step --commands "s 3; v; r; q" "$guests/hello"
expect_plain "plain_tour"	tour --auto

exit $((failed > 0))
