#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# clients.sh - programs written for KVM run unchanged on /dev/minivmx: each of clients/ on both
# devices, by the path alone, and what it prints must be the same.
#
# TAP output; for busybox's shell. Without python3 the client in Python is skipped, without
# /dev/kvm there is nothing to compare with.

clients=$(cd "$(dirname "$0")" && pwd)/clients
suite=clients
. "${0%/*}/tap.sh"

# says_the_same COMMAND...: given one device and given the other, which is the last argument
says_the_same() {
	for device in kvm minivmx; do
		"$@" /dev/$device >"$work/$device" 2>&1 && [ -s "$work/$device" ] ||
			tell "/dev/$device:" "$work/$device" || return
	done
	diff "$work/kvm" "$work/minivmx" >"$work/diff" || tell "/dev/kvm (-) and /dev/minivmx (+):" "$work/diff"
}

echo "TAP version 13"
echo 1..3
for name in client_c client_cpp client.py; do
	if [ ! -c /dev/kvm ]; then
		skip "$name" "/dev/kvm is absent"
	elif [ "$name" != client.py ]; then
		check "$name" says_the_same "$clients/$name"
	elif command -v python3 >/dev/null; then
		# Without the set-up of a whole installation.
		check "$name" says_the_same python3 -ISs "$clients/$name"
	else
		skip "$name" "no python3 here"
	fi
done
exit $((failed > 0))
