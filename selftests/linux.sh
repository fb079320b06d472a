#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# linux.sh - boots stock Linux as a guest, each time another end of it, and watches the runner.
#
#   linux.sh CASE:KERNEL...      CASE: exit power_off panic reboot kvm; KERNEL: 6.1 6.12
#
# KERNEL may end in +pvh: vmlinux then, which has a PVH note, instead of the bzImage vmlinuz.
# For the test machine, with the guests in linux/KERNEL (testbed --linux). Beside its end, each
# boot runs the workload (selftests/linux/workload.c). kvm boots on /dev/kvm what exit has booted
# on /dev/minivmx before it, and compares. TAP output; for busybox's shell.

here=$(cd "$(dirname "$0")/.." && pwd)
. "${0%/*}/tap.sh"
disk_crc=bd7a0f02
mkfifo "$work/in" "$work/out"

# 4 MiB; no two blocks are the same.
make_disk() {
	seq 20000 | head -c 65000 >"$work/text"
	for i in $(seq 64); do
		printf '%536s' "$i"
		cat "$work/text"
	done >"$work/disk"
	sum=$(md5sum <"$work/disk")
}

# The time now, in 1/100 s: of an emulated PC, so that 50,000,000 instructions are a second.
now() {
	read -r uptime rest </proc/uptime
	echo "${uptime%.*}${uptime#*.}"
}

# Puts the time before each line.
stamp() {
	while IFS= read -r line; do
		echo "$(now) $line"
	done
}

# What tools/linux/boot takes, with the file that is to be booted.
make_guest() {
	guest=$here/linux/${kernel%+*} image=vmlinuz
	[ "$guest" = "$here/linux/$kernel" ] || image=vmlinux
	mkdir -p "$work/$kernel"
	ln -sf "$guest/initrd" "$guest/cmdline" "$work/$kernel/"
	ln -sf "$guest/$image" "$work/$kernel/vmlinuz"
}

# boot OPTION... -- COMMAND: starts the guest; its input comes from descriptor 9.
boot() {
	failed_before=$failed
	stamp <"$work/out" >"$work/log" &
	stamp=$!
	begin=$(now)
	MINIVMX=$here/bin/minivmx "$here/linux/boot" "$work/$kernel" --timeout=150 --mem=128 \
		--disk="$work/disk,cow" "$@" <"$work/in" >"$work/out" 2>&1 &
	runner=$!
	exec 9>"$work/in"
}

# The guest's end; what it printed, if something was wrong.
finish() {
	wait $runner
	status=$?
	exec 9>&-
	wait $stamp
}

show() {
	[ $failed = $failed_before ] || sed 's/^/#   /' "$work/log"
}

# Waits until the guest has printed this, or has ended.
wait_for() {
	until grep -q "$1" "$work/log"; do
		kill -0 $runner 2>/dev/null || return 1
		usleep 200000
	done
}

# The CPU time that the runner's threads have had, in ms.
cpu_time() {
	cat /proc/$runner/task/*/schedstat | awk '{ sum += $1 } END { printf "%d", sum / 1000000 }'
}

# The guest waits for a line; five seconds of that are all but nothing to the runner.
test_idle() {
	wait_for "guest: reads" || return 1
	sleep 1
	before=$(cpu_time)
	sleep 5
	used=$(($(cpu_time) - before))
	echo "# an idle guest: $used ms of CPU in 5 s"
	[ $used -lt 500 ]
}

say() { echo "$1" >&9; }
printed() { grep -qE "^[0-9]+ $1" "$work/log"; }
is() { [ "$1" = "$2" ] || { echo "# $1, expected $2"; false; }; }
is_whole() { is "$(md5sum <"$work/disk")" "$sum"; }

test_workload() {
	printed '# Totals: pass:[0-9]+ fail:0 xfail:0 xpass:0 skip:0 error:0' && ! printed 'not ok'
}

# What the guest reads comes back as its checksum.
line="The five boxing wizards jump quickly; 0123456789 \$*?\\"
reads='echo "guest: reads"; IFS= read -r line; echo "guest: read $(echo "$line" | md5sum)"'
test_input() { printed "guest: read $(echo "$line" | md5sum)"; }

workload="/workload --disk-write --disk-sum $disk_crc"

ready() { sed -n 's/^\([0-9]*\) guest: ready.*/\1/p' "$work/log"; }

case_exit() {
	boot --cpus=1 -- "$reads; $workload --cpus 1; exit 42"
	check idle	test_idle
	say "$line"
	finish
	check workload	test_workload
	check input	test_input
	check status	is $status 42
	check disk	is_whole
	cp "$work/log" "$work/log.exit"
	ours=$(($(ready) - begin))
	show
}

# The workload prints the same, but for what it measures.
same_workload() {
	for log in log log.exit; do
		sed -n 's/^[0-9]* //; /^TAP/,/^# Totals/p' "$work/$log" | grep -v ' ticks, TSC at ' >"$work/$log.tap"
	done
	diff "$work/log.tap" "$work/log.exit.tap" >"$work/diff" || { sed 's/^/# /' "$work/diff"; false; }
}

as_fast() {
	kvm=$(($(ready) - begin))
	awk -v kvm="$kvm" -v ours="$ours" 'BEGIN {
		printf "# boot to ready: kvm %.0f M instructions, minivmx %.0f M, ratio %.2f\n",
			kvm / 2, ours / 2, ours / kvm
		exit !(ours < 1.3 * kvm)
	}'
}

case_kvm() {
	boot --device=/dev/kvm --cpus=1 -- "$reads; $workload --cpus 1; exit 42"
	wait_for "guest: reads" && say "$line"
	finish
	check workload	test_workload
	check input	test_input
	check status	is $status 42
	check same	same_workload
	check as_fast	as_fast
	show
}

case_power_off() {
	boot --cpus=2 --console=virtio -- "echo guest: on \$(tty); $reads; $workload --cpus 2; power-off"
	wait_for "guest: reads" && say "$line"
	finish
	check workload	test_workload
	check input	test_input
	check terminal	printed 'guest: on /dev/hvc0'
	check status	is $status 0
	check disk	is_whole
	show
}

case_panic() {
	boot --cpus=1 -- "$workload --cpus 1; echo c >/proc/sysrq-trigger"
	finish
	check workload	test_workload
	check status	is $status 7
	check report	printed 'minivmx: .*panic'
	show
}

case_reboot() {
	boot --cpus=1 -- "$workload --cpus 1; reboot -f"
	finish
	check workload	test_workload
	check status	is $status 8
	check said	printed 'minivmx: the guest reset'
	show
}

echo "TAP version 13"
make_disk
for argument; do
	name=${argument%%:*} kernel=${argument#*:}
	suite=linux.$name
	make_guest
	case_$name
done
echo "1..$number"
exit $((failed > 0))
