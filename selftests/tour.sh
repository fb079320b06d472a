#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tour.sh - `minivmx tour`: each stop does what it tells, beside KVM and without it.
#
#   tour.sh [MINIVMX]      the command
#
# TAP output; for busybox's shell. What needs no device is in tools.sh.

minivmx=${1:-/minivmx/bin/minivmx}
suite=tour
. "${0%/*}/tap.sh"

# How many stops begin and how many steps are done, with these keys; from a pipe each byte is one.
keys() {
	printf "$1" | "$minivmx" tour >"$work/keys" 2>&1 &&
		echo "$(grep -c '^==== ' "$work/keys") $(grep -c '^Read on' "$work/keys")"
}

stops=$("$minivmx" tour --list | sed -n 's/^ *[0-9][0-9]*  *\([a-z]*\)  .*/\1/p')
echo "TAP version 13"
echo "1..$(($(echo "$stops" | wc -l) + 6))"

for stop in $stops; do
	expect "$stop"	0 "^Read on in the SDM"	"$minivmx" tour --auto "$stop"
done
if [ -d /sys/module/kvm_intel ]; then
	expect "beside_kvm"	0 "with its VMCS current again"	"$minivmx" tour --auto borrow
	expect "on_kvm"		1 "does not show a VMCS"	"$minivmx" tour --auto --device /dev/kvm
else
	expect "on_no_device"	1 "cannot open /dev/no-such"	"$minivmx" tour --auto --device /dev/no-such
	expect "without_kvm"	0 "is not loaded here"		"$minivmx" tour --auto borrow
fi
expect "by_number"	0 "1 of 12: VMXON"	"$minivmx" tour --auto 1
# Two keys a stop: one before its step, one behind it.
expect "to_the_end"	0 "^12 12$"		keys '                       '
expect "until_q"	0 "^2 1$"		keys '  q '
expect "until_eof"	0 "^2 2$"		keys '   '

exit $((failed > 0))
