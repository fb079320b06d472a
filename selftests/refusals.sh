#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# refusals.sh - on a machine that minivmx can't use, the module says why, once, and leaves nothing.
#
#   refusals.sh ERROR CHECK
#
#   ERROR  what insmod must fail with: ENODEV, ENXIO, EACCES, EOPNOTSUPP, EBUSY or EXDEV
#   CHECK  the line of `minivmx doctor` that must be bad
#
# Runs inside a test machine started without the module; TAP output, for busybox's shell.

case $1 in
ENODEV)		text="No such device" ;;
ENXIO)		text="No such device or address" ;;
EACCES)		text="Permission denied" ;;
EOPNOTSUPP)	text="Operation not supported" ;;
EBUSY)		text="Device or resource busy" ;;
EXDEV)		text="Invalid cross-device link" ;;
*)		sed -n '4,/^$/s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
check=$2
ko=${MINIVMX_KO:-/minivmx/minivmx.ko}
suite=refusals
. "${0%/*}/tap.sh"

echo "TAP version 13"
echo "1..8"

[ -r "$ko" ]
result "the module is there to be refused"

before=$(dmesg | grep -c .)
output=$(insmod "$ko" 2>&1)
[ $? != 0 ]
result "insmod fails"

case $output in *"$text") true ;; *) echo "# insmod said: $output"; false ;; esac
result "insmod fails with $1"

messages=$(dmesg | tail -n +$((before + 1)) | grep 'minivmx: ' |
	   grep -v 'loading out-of-tree\|verification failed')
# busybox's insmod tries a second system call when the first fails: the same line comes twice.
messages=$(echo "$messages" | sed 's/^\[[^]]*\] *//' | uniq)
[ "$(echo "$messages" | grep -c .)" = 1 ] || { echo "$messages" | sed 's/^/# /'; false; }
result "the kernel log has one line about it"

# A cause, and after the semicolon or comma what to do about it.
echo "$messages" | grep -q 'minivmx: .*[;,] .*[a-z]' || { echo "# $messages"; false; }
result "the line says what to do"

[ ! -e /sys/module/minivmx ] && [ ! -e /dev/minivmx ]
result "nothing stays behind"

! dmesg | tail -n +$((before + 1)) | grep -E 'WARNING:|BUG:|Oops|Call Trace'
result "the kernel has nothing to complain about"

report=$(minivmx doctor 2>&1)
status=$?
echo "$report" | grep -q "^BAD  *$check " && [ $status != 0 ] || {
	echo "# status $status"; echo "$report" | sed 's/^/# /'; false
}
result "doctor names the cause: $check"

exit $((failed > 0))
