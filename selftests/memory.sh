#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# memory.sh - a guest's memory is taken as it is touched, and given back when the run ends.
#
#   memory.sh FILLS BOOTS       runs of a small guest, and boots of Linux, each with 512 MiB
#
# For a test machine of 1 GiB with the guest linux/6.1 and, in /boot, memtest86+ (testbed --mem 1024
# --linux 6.1 --add DIR; tools/testbed/kernels memtest says DIR). TAP output; for busybox's shell.

here=$(cd "$(dirname "$0")/.." && pwd)
export MINIVMX=$here/bin/minivmx
suite=memory
. "${0%/*}/tap.sh"
log=$work/log

between() {
	echo "# $3 KiB, from $1 to $2 wanted"
	[ "$3" -ge "$1" ] && [ "$3" -le "$2" ]
}

# The value of field $1 of /proc/meminfo, in KiB.
meminfo() { awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo; }

# Of a process that is at its end; busybox's time takes KiB for pages.
fill() {
	busybox time -v "$MINIVMX" run --mem 512 "$here/guests/fill" 2>&1 |
		awk '/Maximum resident/ { print int($NF / 4) }'
}

fills() {
	for i in $(seq "$1"); do
		"$MINIVMX" run --mem 512 "$here/guests/fill" || return 1
	done
}

# Leaves in $resident the most memory that the runner has had.
boot() {
	"$here/linux/boot" "$here/linux/6.1" --mem=512 --timeout=100 -- 'sleep 2; exit 42' >$log 2>&1 </dev/null &
	runner=$!
	until grep -q 'guest: ready' $log; do
		kill -0 $runner || break
		usleep 200000
	done
	resident=$(awk '/^VmHWM/ { print $2 }' /proc/$runner/status)
	wait $runner
	[ $? = 42 ] || { sed 's/^/# /' $log; return 1; }
}

boots() {
	for i in $(seq "$1"); do
		boot || return 1
	done
}

# A kernel that is not Linux, and looks at all of the memory: it never ends.
memtest() {
	"$MINIVMX" run --append console=ttyS0,115200 --timeout 10 /boot/memtest86+x64.bin >$log 2>&1 </dev/null
	[ $? = 124 ] && grep -q 'Memtest86+ v' $log && grep -q 'Memory  :  256MB' $log && grep -q 'Core #0' $log &&
		return
	cat -v $log | cut -c 1-2000 | sed 's/^/# /'
	false
}

# What the kernel frees later has time for that; what could be freed at once, is.
settle() {
	sleep 2
	echo 3 >/proc/sys/vm/drop_caches
	echo 1 >/proc/sys/vm/compact_memory
	sleep 1
	free=$(meminfo MemFree) slab=$(meminfo Slab)
}

# Pages that were just freed wait for the next use in lists of each CPU, up to some MiB, and are not
# counted as free: keep those lists short.
echo 1000000 >/proc/sys/vm/percpu_pagelist_high_fraction

echo "TAP version 13"
# The first runs fill caches.
check first_runs	fills 5
check fill_resident	between 32768 40960 "$(fill)"
check first_boot	boot
check linux_resident	between 20000 200000 "$resident"
settle
before=$free slab_before=$slab
check fills		fills "$1"
check boots		boots "$(($2 - 1))"
settle
check free		between -2048 2048 $((free - before))
check slab		between -512 512 $((slab - slab_before))
check memtest86		memtest
echo "1..$number"
exit $((failed > 0))
