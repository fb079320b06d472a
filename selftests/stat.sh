#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# stat.sh - `minivmx stat` and `minivmx trace` on guests that run: the numbers agree with each other, with
# what the guest does and with the flight recorder, to the tick; what is lost is told; nothing of them
# stays in tracefs, whichever way they end.
#
#   stat.sh MINIVMX GUESTS       the command, and the directory of the built guests
#
# Runs in the test machine, as root. The timelines are checked by check-timeline, where there is a
# python3. Prints TAP; exits 0 if nothing failed.

here=$(cd "$(dirname "$0")" && pwd)
minivmx=${1:-$here/../bin/minivmx}
guests=${2:-$here/../guests}
tracefs=/sys/kernel/tracing
suite=stat
. "${0%/*}/tap.sh"
# Tracing waits for a dozen grace periods each time, which are seconds on a CPU that is emulated.
echo 1 >/sys/kernel/rcu_expedited
trap 'rm -rf "$work"; echo 0 >/sys/kernel/rcu_expedited' EXIT

# expect_stderr NAME STATUS PATTERN COMMAND...: the pattern is looked for there; $work/stdout has the rest.
expect_stderr() {
	name=$1 wanted=$2 pattern=$3
	shift 3
	"$@" >"$work/stdout" 2>"$work/stderr" </dev/null
	status=$?
	[ "$status" = "$wanted" ] && { [ -z "$pattern" ] || grep -q "$pattern" "$work/stderr"; } ||
		tell "status $status, expected $wanted; no match for: $pattern" "$work/stderr"
	result "$name"
}

instances() {
	find $tracefs/instances -maxdepth 1 -name 'minivmx-*' | wc -l
}

# "name": 123 of the file's top, or of its first object that has one.
number() {
	sed -n "s/^ *\"$2\": \\([0-9]*\\),\\{0,1\\}\$/\\1/p" "$1" | head -n 1
}

# Its own tests are counted as one.
check_timeline() {
	name=$1
	shift
	if ! command -v python3 >/dev/null; then
		skip "$name" "no python3 here"
		return
	fi
	python3 -ISs "$here/check-timeline" "$@" >"$work/check" 2>&1 || tell "what it found:" "$work/check"
	result "$name"
}

# While it watches, COMMAND does what needs a second process.
in_background() {
	"$@" >"$work/background.stdout" 2>"$work/background.stderr" </dev/null &
	background=$!
	seconds=0
	while [ "$(instances)" = 0 ] && [ $seconds -lt 30 ]; do
		sleep 1
		seconds=$((seconds + 1))
	done
}

mount -t tracefs none $tracefs 2>/dev/null
[ -d $tracefs/instances ] || { echo "1..0 # SKIP no tracefs with instances"; exit 0; }
echo "TAP version 13"

# Each observer runs the next; so all see the same run of the same guest.
expect_stderr observed 3 "triple fault" "$minivmx" stat --json -o "$work/stat" -- \
	"$minivmx" trace -o "$work/timeline" -- "$minivmx" run "$guests/triple"
[ "$(number "$work/stat" vcpus)" = 1 ] && [ "$(number "$work/stat" lost_events)" = 0 ]
result one_vcpu_and_nothing_lost
check_timeline timeline_stat_and_recorder_agree "$work/timeline" --stat "$work/stat" --recorder "$work/stderr"
[ "$(instances)" = 0 ]
result no_instance_stays

# As many exits to userspace as the runner counts.
"$minivmx" run --trace "$guests/hello" >/dev/null 2>"$work/stderr"
expect_stderr table 0 "^all  *userspace  *$(sed -n 's/^exits that reached userspace: //p' "$work/stderr") " \
	"$minivmx" stat -- "$minivmx" run "$guests/hello"
grep -q "Hello from a 64-bit" "$work/stdout" && grep -q "^EPT violation  *slow  *[1-9]" "$work/stderr" &&
	grep -q "^CPUID  *fast  *1 " "$work/stderr" && grep -q "^1 vCPU, .* ms: .*% in the guest" "$work/stderr"
result reasons_and_handlers

expect_stderr several_vcpus 0 "spans; [1-9][0-9]* vCPU" "$minivmx" trace -o "$work/timeline" -- "$here/cpuid"
check_timeline several_vcpus_timeline "$work/timeline"
! grep -q "were lost" "$work/stderr"
result several_vcpus_complete

# The smallest buffer holds two pages of events.
expect_stderr loss_is_told 0 "[1-9][0-9]* events were lost" "$minivmx" trace -b 4 -o "$work/timeline" -- \
	"$minivmx" run "$guests/exits"
[ "$(number "$work/timeline" lost_events)" -gt 0 ]
result loss_is_in_the_file
check_timeline with_holes "$work/timeline"

# A vCPU that runs already, alone and among all.
"$minivmx" run "$guests/spin" >/dev/null 2>&1 </dev/null &
guest=$!
sleep 1
expect_stderr of_a_process 0 "" "$minivmx" stat --json -p $guest --seconds 1
[ "$(number "$work/stdout" vcpus)" = 1 ] && [ "$(number "$work/stdout" guest)" -gt 0 ] &&
	grep -q '"name": "external interrupt"' "$work/stdout"
result it_is_seen
expect_stderr only_of_a_process 0 "" "$minivmx" stat --json -p 1 --seconds 1
[ "$(number "$work/stdout" vcpus)" = 0 ]
result others_are_not_seen
expect_stderr ends_by_SIGINT 0 "" timeout -s INT 5 "$minivmx" stat --json
[ "$(number "$work/stdout" vcpus)" = 1 ] && [ "$(instances)" = 0 ]
result everybody_is_seen
kill $guest
wait $guest 2>/dev/null

in_background "$minivmx" trace -o "$work/timeline" -- sleep 100
kill $background
wait $background
[ $? = 143 ] && [ "$(instances)" = 0 ]
result signal_goes_to_the_command
in_background "$minivmx" stat
kill -KILL $background
wait $background 2>/dev/null
[ "$(instances)" = 1 ]
result killed
expect_stderr next_tidies_up 7 "" "$minivmx" stat -- sh -c "cat $tracefs/events/minivmx/enable; exit 7"
[ "$(instances)" = 0 ]
result tidied_up
# Nobody else's tracing is turned on.
[ "$(cat "$work/stdout")" = 0 ]
result others_stay_off

expect_stderr no_such_command 127 "no-such-command" "$minivmx" stat -- "$work/no-such-command"
expect_stderr no_such_process 1 "no process 999999" "$minivmx" stat -p 999999
expect_stderr full_disk 1 "writing /dev/full" "$minivmx" trace -o /dev/full -- "$minivmx" run "$guests/hello"
expect_stderr too_large_buffer 1 "smaller --buffer" "$minivmx" stat -b 4000000 -- true
if command -v python3 >/dev/null; then
	# On a terminal the table comes each second, and at the end.
	screens=$(python3 -ISs -c '
import os, sys
pid, terminal = os.forkpty()
if not pid:
    os.execv(sys.argv[1], sys.argv[1:])
text = b""
try:
    while part := os.read(terminal, 4096):
        text += part
except OSError:
    pass
print(text.count(b"\033[H"))' "$minivmx" stat --seconds 3)
	[ "$screens" -ge 3 ]
	result live_table
	expect_stderr not_root 1 "needs root" python3 -ISs -c \
		'import os, sys; os.setuid(1000); os.execv(sys.argv[1], sys.argv[1:])' "$minivmx" stat
fi
[ "$(instances)" = 0 ]
result nothing_stays
rmmod minivmx
expect_stderr module_not_loaded 1 "modprobe minivmx" "$minivmx" stat -- true
modprobe minivmx
[ -c /dev/minivmx ]
result module_is_back

echo "1..$number"
echo "# stat.sh: $((number - failed)) passed, $failed failed"
[ $failed = 0 ]
