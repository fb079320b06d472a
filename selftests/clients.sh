#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# clients.sh - programs written for KVM run unchanged on /dev/minivmx: each of clients/ on both
# devices, by the path alone, and what it prints must be the same.
#
# TAP output; for busybox's shell. Without python3 the client in Python is skipped, without
# /dev/kvm there is nothing to compare with.

clients=$(cd "$(dirname "$0")" && pwd)/clients
work=/tmp/clients.$$
number=0
failed=0
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"

# skip or compare NAME COMMAND...: the command's last argument is the device.
skip() {
	number=$((number + 1))
	echo "ok $number clients.$1 # SKIP $2"
}

compare() {
	name=$1
	shift
	number=$((number + 1))
	for device in kvm minivmx; do
		if ! "$@" /dev/$device >"$work/$device" 2>&1 || [ ! -s "$work/$device" ]; then
			echo "# $name on /dev/$device failed:"
			sed 's/^/#   /' "$work/$device"
			echo "not ok $number clients.$name"
			failed=1
			return
		fi
	done
	if diff "$work/kvm" "$work/minivmx" >"$work/diff"; then
		echo "ok $number clients.$name"
	else
		echo "# /dev/kvm (-) and /dev/minivmx (+):"
		sed 's/^/#   /' "$work/diff"
		echo "not ok $number clients.$name"
		failed=1
	fi
}

echo "TAP version 13"
echo 1..3
for name in client_c client_cpp client.py; do
	if [ ! -c /dev/kvm ]; then
		skip "$name" "/dev/kvm is absent"
	elif [ "$name" != client.py ]; then
		compare "$name" "$clients/$name"
	elif command -v python3 >/dev/null; then
		# Without the set-up of a whole installation.
		compare "$name" python3 -ISs "$clients/$name"
	else
		skip "$name" "no python3 here"
	fi
done
exit $failed
