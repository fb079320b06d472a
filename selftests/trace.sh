#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# trace.sh - the tracepoints minivmx:*, turned on through tracefs while guests run: every event is
# there, with the right numbers and in an order that can be, and turned off they are silent.
#
#   trace.sh MINIVMX GUESTS      the command, and the directory of the built guests
#
# Runs in the test machine, as root, beside other selftests. Prints TAP; exits 0 if nothing failed.

here=$(cd "$(dirname "$0")" && pwd)
minivmx=${1:-$here/../bin/minivmx}
guests=${2:-$here/../guests}
tracefs=/sys/kernel/tracing
trace=$tracefs/instances/minivmx
suite=trace
. "${0%/*}/tap.sh"
log=$work/log

# Runs a guest with the events on; they are in $log afterwards, without what ftrace adds before the
# name: "minivmx_exit: vcpu 0 ...".
traced() {
	echo >"$trace/trace"
	echo 1 >"$trace/events/minivmx/enable"
	"$@" >"$log.output" 2>&1
	echo 0 >"$trace/events/minivmx/enable"
	sed -n 's/^[^#].*: \(minivmx_[a-z_]*: \)/\1/p' "$trace/trace" >"$log"
}

count() {
	grep -cE "$1" "$log"
}

# What must come before what, for a guest with one vCPU.
in_order() {
	awk '
		function wrong(why) { print "# line " NR ": " why ": " $0; bad = 1 }
		$1 == "minivmx_slice_begin:"	{ if (slice) wrong("in a slice"); slice = 1 }
		$1 == "minivmx_slice_end:"	{ if (!slice || guest) wrong("not in a slice"); slice = 0 }
		$1 == "minivmx_inject:"		{ if (!slice || guest) wrong("not before an entry") }
		$1 == "minivmx_entry:"		{ if (!slice || guest) wrong("not before an entry"); guest = 1; rip = $5 }
		$1 == "minivmx_exit:"		{ if (!guest) wrong("not in the guest"); guest = 0 }
		$1 ~ /minivmx_(pio|msr|cr):/	{ if (!slice || guest) wrong("not after an exit") }
		$1 == "minivmx_ept_fill:"	{ if (guest) wrong("not after an exit") }
		$1 ~ /minivmx_(mmio|userspace_entry|userspace_exit):/ { if (slice) wrong("in a slice") }
		END { if (!NR || slice || guest) { print "# no end"; bad = 1 } exit bad }' "$log"
}

mount -t tracefs none $tracefs 2>/dev/null
mkdir "$trace" || { echo "1..0 # SKIP no tracefs with instances"; exit 0; }
trap 'rmdir "$trace"; rm -rf "$work"' EXIT
echo 4096 >"$trace/buffer_size_kb"
# The CPUs' own clocks would not give one order.
echo counter >"$trace/trace_clock"
echo "TAP version 13"

traced "$minivmx" run "$guests/hello"
result hello_runs
in_order
result hello_in_order
grep -q "Hello" "$log.output"
result hello_speaks
# Each OUT is an exit, and each of them userspace's.
[ "$(count '^minivmx_pio:')" -gt 10 ] &&
	[ "$(count '^minivmx_pio:')" = "$(count '^minivmx_exit: .*reason 30 \(I/O instruction\)')" ] &&
	[ "$(count '^minivmx_pio:')" = "$(count '^minivmx_userspace_exit: .*reason 2 \(I/O\) result 0')" ]
result hello_counts_agree
# Each RUN begins and ends; the last exit of a slice says who goes on with it.
[ "$(count '^minivmx_userspace_entry:')" -gt 10 ] &&
	[ "$(count '^minivmx_userspace_entry:')" = "$(count '^minivmx_userspace_exit:')" ] &&
	[ "$(count '^minivmx_slice_end: vcpu 0 last exit user$')" = "$(count '^minivmx_userspace_exit: .*result 0')" ] &&
	[ "$(count '^minivmx_slice_end: vcpu 0 last exit slow$')" -gt 0 ]
result runs_and_handlers
grep -q '^minivmx_exit: .* guest_ticks [1-9]' "$log"
result guest_ticks
[ "$(count '^minivmx_entry:')" = "$(count '^minivmx_exit:')" ]
result entries_and_exits
grep -q '^minivmx_pio: vcpu 0 out port 0xf4 size 1$' "$log"
result port_and_size
grep -q '^minivmx_ept_fill: gpa 0x[0-9a-f]* fetch leaf 0x[0-9a-f]* size 0x' "$log"
result ept_fill
# The memory goes when the runner ends.
grep -q '^minivmx_ept_invalidate: gpa 0x' "$log"
result ept_invalidate

traced "$minivmx" run "$guests/exits"
in_order
result exits_in_order
for event in 'exit: .*reason 10 \(CPUID\)' 'exit: .*reason 48 \(EPT violation\)' \
		'pio: vcpu 0 in port 0x278 size 2' 'pio: vcpu 0 out port 0x278 size 4'; do
	[ "$(count "^minivmx_$event")" -gt 0 ]
	result "exits: $event"
done

# Other tests have guests that do the rest.
while read -r name event; do
	traced "$here/$name"
	[ "$(count "^minivmx_$event")" -gt 0 ]
	result "$name: $event"
done <<END
cr8 cr: vcpu 0 write cr8 value 0x[0-9a-f]$
mmio mmio: vcpu 0 read gpa 0x[0-9a-f]* size 4 data 0x
mmio mmio: vcpu 0 write gpa 0x[0-9a-f]* size 4 data 0x
msrs msr: vcpu 0 write 0xc0000080 value 0x
msrs msr: vcpu 0 read 0x[0-9a-f]* value 0x0 #GP
interrupts inject: vcpu 0 external interrupt vector [0-9]+ error_code 0x0
entry_failures exit: vcpu 0 reason 33 .* entry failed rip
END

echo >"$trace/trace"
"$minivmx" run "$guests/hello" >/dev/null 2>&1
[ "$(grep -c minivmx_ "$trace/trace")" = 0 ]
result silent_when_off

echo "1..$number"
echo "# trace.sh: $((number - failed)) passed, $failed failed"
[ $failed = 0 ]
