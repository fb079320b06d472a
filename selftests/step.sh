#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# step.sh - `minivmx step` and `minivmx walk`: guests run step by step do what they do otherwise, and
# what is said about them holds on every CPU, whether it steps by the monitor trap flag or by RFLAGS.TF.
#
#   step.sh MINIVMX GUESTS      the command, and the directory of the built guests
#
# Without /dev/minivmx the tests that run a guest are skipped. TAP output; for busybox's shell.

minivmx=${1:-/minivmx/bin/minivmx}
guests=${2:-/minivmx/guests}
suite=step
. "${0%/*}/tap.sh"

# expect_all DESCRIPTION STATUS PATTERNS COMMAND...: all of the patterns, one a line, match in the output
expect_all() {
	description=$1 wanted=$2 patterns=$3
	shift 3
	"$@" >"$work/output" 2>&1 </dev/null
	status=$?
	[ $status = "$wanted" ] || echo "# status $status, expected $wanted"
	echo "$patterns" >"$work/patterns"
	missing=0
	while read -r pattern; do
		grep -qE -e "$pattern" "$work/output" && continue
		echo "# no match for: $pattern"
		missing=1
	done <"$work/patterns"
	[ $status = "$wanted" ] && [ $missing = 0 ] || tell "its output:" "$work/output"
	result "$description"
}

# same DESCRIPTION: $work/seen is $work/wanted
same() {
	diff -u "$work/wanted" "$work/seen" >"$work/diff" || tell "expected (-) and seen (+):" "$work/diff"
	result "$1"
}

fits() {
	"$minivmx" "$1" --help >"$work/output" 2>&1
	[ "$(wc -l <"$work/output")" -le 24 ]
	result "help_of_$1_fits_a_screen"
}

echo "TAP version 13"
fits step
fits walk
expect_all "step_without_guest"	2 "which guest"		"$minivmx" step
expect_all "step_two_guests"	2 "too many"		"$minivmx" step "$guests/hello" "$guests/hello"
expect_all "step_two_cpus"		2 "one CPU"		"$minivmx" step --cpus 2 "$guests/hello"
expect_all "walk_without_address"	2 "a linear address"	"$minivmx" walk "$guests/hello"
expect_all "walk_bad_address"	2 "not \"xyz\""		"$minivmx" walk "$guests/hello" xyz
expect_all "walk_bad_exits"		2 "not \"0\""		"$minivmx" walk --exits 0 "$guests/hello" 1000
expect_all "walk_bad_break"		2 "not \"-1\""		"$minivmx" walk --break=-1 "$guests/hello" 1000
expect_all "walk_two_points"	2 "which of the two"	"$minivmx" walk --exits 1 --break 1 "$guests/hello" 1000
expect_all "walk_too_many"		2 "\"2\" is too many"	"$minivmx" walk "$guests/hello" 1 2 3
if ! [ -c /dev/minivmx ]; then
	echo "1..$number"
	exit $((failed > 0))
fi

# The lines that do not depend on how the CPU steps, or on where the host has its memory.
story() {
	grep -E '^(step>|--- |guest\||  => |  [a-z0-9]+ +[0-9a-f]{16} -> )' "$work/output" >"$work/seen"
}

"$minivmx" step --commands 's;s;s 3;s;r;e;q' "$guests/hello" >"$work/output" 2>&1
story
cat >"$work/wanted" <<'END'
--- stop 1, before the first instruction
  => 0000000000100000  be 1c 00 10 00           mov esi, 0x10001c
step> s
--- stop 2, after an instruction
  rip    0000000000100000 -> 0000000000100005
  rsi    0000000000000000 -> 000000000010001c
  => 0000000000100005  e8 08 00 00 00           call 0x100012
step> s
--- stop 3, after an instruction
  rip    0000000000100005 -> 0000000000100012
  rsp    0000000000080000 -> 000000000007fff8
  => 0000000000100012  ac                       lodsb al, byte ptr [rsi]
step> s 3
--- stop 4, after an instruction
  rip    0000000000100012 -> 0000000000100017
  rflags 0000000000000002 -> 0000000000000006
  rax    0000000000000000 -> 0000000000000048
  rsi    000000000010001c -> 000000000010001d
  => 0000000000100017  e6 e9                    out 0xe9, al
step> s
guest| H
--- stop 5, after an instruction
  rip    0000000000100017 -> 0000000000100019
  => 0000000000100019  eb f7                    jmp 0x100012
step> r
step> e
guest| e
--- stop 6, at an exit to userspace: out 0xe9
  rip    0000000000100019 -> 0000000000100017
  rax    0000000000000048 -> 0000000000000065
  rsi    000000000010001d -> 000000000010001e
  => 0000000000100017  e6 e9                    out 0xe9, al
step> q
END
same "hello"
grep -q '^ \*rip 0000000000100019 rflags 00000006' "$work/output"
result "registers_are_marked"
grep -q '0x4402  Exit reason  .* 30 I/O instruction' "$work/output"
result "vmcs_fields_that_changed"
grep -A2 'user  I/O instruction, OUT port 0xe9 (immediate), 1 byte' "$work/output" |
	grep -q 'arch/x86/exit_io.c: handle_io_instruction(), tools/cpu.c: handle_io()'
result "source_of_an_exit"
grep -A1 'slow  EPT violation at 0x7fff8, write tried' "$work/output" |
	grep -q 'exit_memory.c: handle_ept_violation(), arch/x86/exit_memory.c: handle_ept_violation_slow()'
result "source_of_a_slow_exit"

# Every instruction that userspace or the kernel completes; string instructions; the ends of guests.
for guest in hello exits cpuid vmcall steps; do
	"$minivmx" run "$guests/$guest" >"$work/wanted" 2>&1
	wanted=$?
	"$minivmx" step --commands 's 1000000' "$guests/$guest" >"$work/output" 2>&1
	[ $? = $wanted ] || echo "different status" >>"$work/wanted"
	sed -n 's/^guest| //p' "$work/output" >"$work/seen"
	same "stepped_to_its_end: $guest"
done
expect_all "hello16"	0 "guest. Hello from a 16-bit
	stop 3, the guest has ended"			"$minivmx" step --commands "s;c" "$guests/hello16"
expect_all "hello32"	0 "guest. Hello from a 32-bit"	"$minivmx" step --mode protected --commands "s;c" "$guests/hello32"
expect_all "triple_fault"	3 "^minivmx: triple fault
	the guest has ended
	but does not run
	^  gdt "					"$minivmx" step --commands "c;s;r" "$guests/triple"
expect_all "halt"		0 "stop 3, at an exit to userspace: hlt
	=> 0000000000100002 .*jmp"			"$minivmx" step --commands "s;s;q" "$guests/idle"
expect_all "exits_without_a_step"	0 "^guest. Hel$
	stop 2, at an exit to userspace: out 0xe9
	stop 3, the guest has ended"			"$minivmx" step --commands "e 3;e 100" "$guests/hello"
expect_all "breakpoint"	0 "stop 2, at a breakpoint
	stop 3, at a breakpoint
	^no breakpoint
	stop 4, the guest has ended"			"$minivmx" step --commands "b 100017;c;c;b 100017;c" "$guests/hello"
expect_all "breakpoint_where_it_is"	0 "stop 4, at a breakpoint
	rsi    000000000010001c -> 000000000010001d"	"$minivmx" step --commands "s;s;b 100012;c;q" "$guests/hello"
expect_all "breakpoint_after_an_exit"	0 "stop 3, at a breakpoint
	rip    0000000000100017 -> 0000000000100019"	"$minivmx" step --commands "b 100019;e 1;c;q" "$guests/hello"
expect_all "five_breakpoints"	0 "all are in use"	"$minivmx" step --commands "b 1;b 2;b 3;b 4;b 5" "$guests/hello"
expect_all "memory"		0 "000000000010001c  48 65 6c .*  Hello from a 64-
	no memory at 0x123456789000"			"$minivmx" step --commands "x 10001c;x 123456789000" "$guests/hello"
expect_all "vmcs"		0 "0x681e  Guest RIP  *0x0000000000100000"	"$minivmx" step --commands "v" "$guests/hello"
expect_all "wrong_commands"	0 "no command \"k\"
	no number from 1 on
	address in hexadecimal is missing
	w ADDR"						"$minivmx" step --commands "k;s 0;w;h" "$guests/hello"
# rep outsb; a load from and a store to the local APIC
printf '\276\017\174\271\005\000\272\351\000\363\156\260\000\346\364abcde' >"$work/outs"
printf '\241\060\000\340\376\243\200\000\340\376\260\000\346\364' >"$work/mmio"
expect_all "string_output"	0 "^guest. a$
	stop 3, after an instruction
	rcx    0000000000000005 -> 0000000000000004
	^guest. bcde$
	stop 4, the guest has ended"			"$minivmx" step --commands "s 3;s;s 100" "$work/outs"
expect_all "device_memory"	0 "user  EPT violation at 0xfee00030, read tried
	handle_ept_violation_slow.., tools/cpu.c: handle_mmio
	rip    0000000000100000 -> 0000000000100005
	rax    0000000000000000 -> 0000000000050014
	rip    0000000000100005 -> 000000000010000a
	stop 4, the guest has ended"	"$minivmx" step --mode protected --commands "s;s;s 100" "$work/mmio"
printf 's\n\nq\n' | "$minivmx" step "$guests/hello" >"$work/output" 2>&1
grep -q "stop 3, after an instruction" "$work/output"
result "commands_from_a_pipe"
"$minivmx" step --commands "c;r;q" "$guests/spin" >"$work/output" 2>&1 &
(sleep 2; kill -INT $!) &
wait $!
wait
grep -q "stop 2, interrupted" "$work/output"
result "interrupted"

# ------------------------------------------------------------------------------------- walk

"$minivmx" walk --exits 3 "$guests/hello" 100234 >"$work/output" 2>/dev/null
grep -E '^(0x| *[0-9]+  P[A-Z0-9]+ |rights|memory|rings|ring)' "$work/output" |
	sed 's/^ *[0-9]* *P/P/;s/; EPT.*//' >"$work/seen"
cat >"$work/wanted" <<'END'
0x100234: 4-level paging, CR3 0x2000
PML4E [  0] at 0x00002000        0x0000000000003023  P R/W A
PDPTE [  0] at 0x00003000        0x0000000000004023  P R/W A
PDE   [  0] at 0x00004000        0x00000000000000e3  P R/W A D PS
rights       guest, 2 MiB: writable, rings 0 to 2 only, instructions
memory type  WB; PAT entry 0, by PAT, PCD, PWT: WB; MTRRs do not count in a guest
rings 0-2 read: done
rings 0-2 write: EPT violation at 0x100234, qualification 0x1aa
rings 0-2 fetch: done
ring 3 read: #PF, error code 0x5 (present, user): U/S is clear: not for ring 3
ring 3 write: #PF, error code 0x7 (present, write, user): U/S is clear: not for ring 3
ring 3 fetch: #PF, error code 0x5 (present, user): U/S is clear: not for ring 3
END
same "walk"
grep -q '^ *1    EPT PML4E \[  0\] .* rwx' "$work/output" && grep -q ' r-x WB, PAT ignored' "$work/output"
result "walk_shows_ept"
grep -qE 'leads to     guest-physical 0x100234, byte 0x[0-9a-f]+234 of this process, host-physical 0x[0-9a-f]+234$' "$work/output"
result "walk_shows_addresses"
expect_all "walk_json"	0 "\"paging\": \"4-level paging\"
	\"entry\": \"PDE\"
	\"value\": \"0xe3\"
	\"qualification\": \"0x1aa\"
	\"error_code\": \"0x5\""	"$minivmx" walk --json --exits 3 "$guests/hello" 100000
expect_all "walk_at_the_start"	0 "EPT PML4E .*not present
	EPT violation at 0x2000, qualification 0x83"	"$minivmx" walk "$guests/hello" 100000
expect_all "walk_not_present"	0 "PML4E \[ 36\] at 0x00002120 .* not present
	^rings 0-2 write: #PF, error code 0x2 .write.: P is clear
	^ring 3 fetch: #PF, error code 0x4 .user."	"$minivmx" walk --exits 1 "$guests/hello" 123456789000
expect_all "walk_not_canonical"	0 "read, write, fetch: #GP.*not canonical"	"$minivmx" walk "$guests/hello" 800000000000
expect_all "walk_at_a_breakpoint"	0 "^rings 0-2 read: done"	"$minivmx" walk --break 100017 "$guests/hello" 100000
expect_all "walk_after_the_end"	0 "has ended before
	^rings 0-2 read: done"				"$minivmx" walk --exits 1000 "$guests/hello" 100000
expect_all "walk_without_paging"	0 "^0x7c00: no paging
	^rights       guest: all; EPT, 4 KiB: r"	"$minivmx" walk --exits 1 "$guests/hello16" 7c00
expect_all "walk_no_memory"		0 "where the guest has no memory
	^ *read tried.*no memory is there"		"$minivmx" walk --exits 1 "$guests/hello16" fee00000
expect_all "walk_32_bits"		0 "impossible: linear addresses have 32 bits"	"$minivmx" walk --exits 1 "$guests/hello16" 100000000
if [ -c /dev/kvm ]; then
	expect_all "walk_on_kvm"	0 "does not show a VMCS
	^EPT: the device does not show it
	^rings 0-2 read, write, fetch: done"		"$minivmx" walk --device /dev/kvm --exits 3 "$guests/hello" 100000
	expect_all "step_on_kvm"	0 "guest. Hello from a 64-bit"	"$minivmx" step --device /dev/kvm --commands "s 3;c" "$guests/hello"
fi

echo "1..$number"
echo "# step.sh: $failed failed"
exit $((failed > 0))
