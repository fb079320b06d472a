#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ticks.sh - no timer interrupt is lost or doubled, and a guest that waits uses no CPU.
#
# For the test machine. At 1000 Hz the runner takes most of an emulated CPU; beside a process that
# takes half of it, 250 Hz are as much. TAP output; for busybox's shell.

here=$(cd "$(dirname "$0")/.." && pwd)
minivmx=$here/bin/minivmx
suite=ticks
. "${0%/*}/tap.sh"

# ticks TIMER HZ NAME
ticks() {
	"$minivmx" run --timeout 60 --append "$1 $2" "$here/guests/ticks" >"$work/output" 2>&1
	status=$?
	sed 's/^/# /' "$work/output"
	[ $status = 0 ]
	result "$3"
}

# The CPU time that all threads of process $1 have had, in ms.
cpu_time() {
	cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%d", sum / 1000000 }'
}

# A guest that halts for ever: what the runner uses in five seconds.
idle() {
	"$minivmx" run "$here/guests/idle" >/dev/null 2>&1 &
	runner=$!
	sleep 2
	before=$(cpu_time $runner)
	sleep 5
	used=$(($(cpu_time $runner) - before))
	echo "# $used ms of CPU in 5 s"
	kill $runner
	wait $runner
	[ $? = 143 ] && [ $used -lt 5 ]
}

echo "TAP version 13"
echo "1..5"
ticks pit 1000	8254
ticks apic 1000	local_apic
while :; do :; done &
load=$!
ticks pit 250	8254_under_load
ticks apic 250	local_apic_under_load
kill $load
check idle idle
exit $((failed > 0))
