#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# prove.sh - study mode: off by default, said and tainting where it is on; and `minivmx prove`, whose
# rules the CPU must agree with, but for what an emulator is known not to check.
#
#   prove.sh MINIVMX [TESTS]      the command, and the directory of the selftests
#
# Runs inside a test machine, and loads the module anew with study=1 and then without. TAP output, for
# busybox's shell.

minivmx=${1:-/minivmx/bin/minivmx}
tests=${2:-/minivmx/selftests}
ko=${MINIVMX_KO:-/minivmx/minivmx.ko}
suite=prove
. "${0%/*}/tap.sh"

# What Bochs 2.7 and 3.0 let pass, or find in another order (to-smm), against the SDM.
bochs_deviates="control.entry.to-smm host.perf-global-ctrl.reserved guest.debugctl.reserved
	guest.cr0.ia32e-pg guest.perf-global-ctrl.reserved guest.rip.width guest.rflags.vm-real-mode
	guest.activity.hlt-event guest.interruptibility.nmi-blocked guest.pending-debug.bs-missing
	guest.pending-debug.bs-unexpected msr-load.smm-only msr-load.high"
# It dies of what it does not emulate: the monitor trap flag as an event, where it has no such flag.
skip="--skip control.event.type-other"
grep -q hypervisor /proc/cpuinfo && bochs_deviates="" skip=""

show() {
	sed 's/^/# /' "$1"
	false
}

tainted_by_user() {
	[ $(($(cat /proc/sys/kernel/tainted) >> 6 & 1)) = 1 ]
}

# A test program's verdict, with its lines where it fails.
program() {
	"$tests/$1" >"$work/$1" 2>&1 || show "$work/$1"
}

echo "TAP version 13"
echo "1..17"

[ "$(cat /sys/module/minivmx/parameters/study)" = N ]
result "study mode is off by default"

! tainted_by_user
result "the kernel is not tainted"

program try_entry
result "without study mode TRY_ENTRY is refused"

"$minivmx" prove >"$work/off" 2>&1
[ $? = 1 ] && grep -q "study=1" "$work/off" || show "$work/off"
result "without study mode prove says what to do"

"$minivmx" prove guest.no-such-rule >"$work/usage" 2>&1
[ $? = 2 ] && grep -q "no rule" "$work/usage" || show "$work/usage"
result "a rule that there is not"

rmmod minivmx && insmod "$ko" study=1
result "the module loads with study=1"

tainted_by_user && dmesg | tail -n 5 | grep -q "minivmx: study mode: .*tainted"
result "study mode taints the kernel and says so"

! { echo N >/sys/module/minivmx/parameters/study; } 2>/dev/null
result "study mode can't be changed at run time"

program try_entry
result "the tests of TRY_ENTRY"

"$minivmx" prove --json $skip >"$work/all" 2>"$work/errors"
status=$?
# The value of KEY in each object that has RESULT.
with_result() {
	awk -v key="\"$2\": " -v result="\"result\": \"$1\"" '
		index($0, key) { value = $0; sub(/^[^:]*: "/, "", value); sub(/",?$/, "", value) }
		index($0, result) && value { print value; value = "" }
		/}/ { value = "" }' "$work/all"
}
with_result proved id >"$work/proved"
with_result disagrees id >"$work/disagrees"
with_result untested id >"$work/untested"
echo "# $(cat "$work/proved" | wc -l) rules proved, $(cat "$work/disagrees" | wc -l) disagree," \
	"$(cat "$work/untested" | wc -l) not tested"
[ $status -le 1 ] && [ ! -s "$work/errors" ] || show "$work/errors"
result "prove comes to an end"

[ $(cat "$work/proved" "$work/disagrees" "$work/untested" | wc -l) = \
	"$("$minivmx" explain --list | grep -c '^[a-z]')" ]
result "every rule has a result"

if command -v python3 >/dev/null; then
	python3 -ISs -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/all" 2>"$work/json" || show "$work/json"
	result "its JSON parses"
else
	skip "its JSON parses" "no python3 here"
fi

[ "$(cat "$work/proved" | wc -l)" -ge 224 ]
result "most rules are proved"

for rule in $(cat "$work/disagrees"); do
	case " $(echo $bochs_deviates) " in *" $rule "*) ;; *) echo "# $rule"; false ;; esac || unknown=1
done
[ -z "$unknown" ] && [ -z "$(with_result disagrees mode)" ] || show "$work/all"
result "the CPU agrees with all rules but those that an emulator lacks"

"$minivmx" prove guest.cr0.fixed-0 >"$work/one" 2>&1 && grep -q "^1 rules proved" "$work/one" || show "$work/one"
result "one rule, by its name"

echo try | "$minivmx" lab tag-0 >"$work/lab" 2>&1 && grep -q "of its own: VM-instruction error 7" "$work/lab" || show "$work/lab"
result "the lab tries a fault"

"$minivmx" run /minivmx/guests/hello | grep -q "Hello" && rmmod minivmx && insmod "$ko"
result "a guest runs as before, and the module loads as before"

exit $((failed > 0))
