#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gdb.sh - a real gdb and `minivmx run --gdb`, on /dev/minivmx and on /dev/kvm.
#
# Each test starts a guest, lets gdb execute a script in batch mode, and compares all that gdb
# says, and the guest's own output and status, with what is expected, line by line. Needs a test
# machine with gdb in it (testbed --with-gdb). TAP output; for busybox's shell.

minivmx=/minivmx/bin/minivmx
guests=/minivmx/guests
. "${0%/*}/tap.sh"
cd "$work" || exit 1

# What every script begins with. `advance` is one step: Bochs 2.7 sometimes reports one before the
# instruction that it enters with TF set after a VM exit in its middle; then it takes another.
cat >prelude <<'END'
set pagination off
set confirm off
set width 0
define advance
	set $from = (long)$pc
	stepi
	if (long)$pc == $from
		stepi
	end
end
END

# compare NAME WANTED GOT: comments where they differ
compare() {
	cmp -s "$2" "$3" && return
	echo "# $1: expected (-) and seen (+)"
	diff -u "$2" "$3" | sed '1,2d;s/^/#   /'
	same=
}

# wait_for FILE PATTERN: at most ten seconds
wait_for() {
	tries=0
	until grep -q "$2" "$1"; do
		usleep 20000
		tries=$((tries + 1))
		[ $tries -lt 500 ] && kill -0 $pid 2>/dev/null || return 1
	done
}

# debug DESCRIPTION STATUS [OPTION...] GUEST: with the files script, expected (of gdb) and printed (by the guest);
# symbols may name an ELF file for gdb. Where gdb says "running", it gets a SIGINT.
debug() {
	description=$1 wanted=$2
	shift 2
	rm -f socket
	: >runner
	"$minivmx" run --device "$device" --timeout 100 --gdb unix:"$work/socket" "$@" >output 2>runner </dev/null &
	pid=$!
	if ! wait_for runner "waiting for gdb" && grep -q "gdb needs it" runner; then
		wait $pid
		skip "$description" "$device has no SET_GUEST_DEBUG or TRANSLATE"
		return
	fi
	{ cat prelude; echo "target remote $work/socket"; cat script; } >commands
	: >said
	gdb -q -nx -batch -x commands $symbols >said 2>&1 </dev/null &
	debugger=$!
	if grep -q "^echo running" script; then
		wait_for said "^running"
		usleep 300000
		kill -INT $debugger
	fi
	wait $debugger
	wait $pid
	status=$?
	same=y
	# Steps that are reported twice; the one between MOV SS and its successor that only some CPUs show.
	uniq said | sed '/0x0*100015 in stack_switch/d' >heard
	compare "gdb" expected heard
	compare "the guest" printed output
	[ $status = "$wanted" ] && [ -n "$same" ] || tell "status $status, expected $wanted; the runner:" runner
	result "$description"
}

# The first round is left alone, so that all memory is there: a VM exit in the middle of a stepped
# instruction is what confuses Bochs 2.7, and gdb itself steps from each breakpoint.
steps_of_a_guest() {
	symbols=$guests/steps
	cat >script <<'END'
info registers rip rsp eflags cs cr0 cr3 efer
tbreak *(again + 7)
continue
break again
continue
p $rcx
watch *(int *)&counter
continue
continue
delete 2
continue
delete
x/dw &counter
x/5i shadows
tbreak shadows
continue
advance
advance
advance
advance
advance
if $pc == stack_switch + 2
	advance
end
x/i $pc
hbreak finish
continue
x/s &text
set var *(char *)&text = 'S'
set var *(char *)&status = 5
set var $rbx = 0x1234567890
p/x $rbx
p/x $ebx
continue
END
	cat >expected <<'END'
0x0000000000100000 in start ()
rip            0x100000            0x100000 <start>
rsp            0x80000             0x80000
eflags         0x2                 [ IOPL=0 ]
cs             0x8                 8
cr0            0x80000031          [ PE ET NE PG ]
cr3            0x2000              8192
efer           0x500               [ LME LMA ]
Temporary breakpoint 1 at 0x10000c

Temporary breakpoint 1, 0x000000000010000c in again ()
Breakpoint 2 at 0x100005

Breakpoint 2, 0x0000000000100005 in again ()
$1 = 2
Hardware watchpoint 3: *(int *)&counter

Hardware watchpoint 3: *(int *)&counter

Old value = 1
New value = 2
0x000000000010000c in again ()

Breakpoint 2, 0x0000000000100005 in again ()

Hardware watchpoint 3: *(int *)&counter

Old value = 2
New value = 3
0x000000000010000c in again ()
0x100044:	3
   0x10000e <shadows>:	sti
   0x10000f <shadows+1>:	nop
   0x100010 <shadows+2>:	cli
   0x100011 <shadows+3>:	mov    %ss,%eax
   0x100013 <stack_switch>:	mov    %eax,%ss
Temporary breakpoint 4 at 0x10000e

Temporary breakpoint 4, 0x000000000010000e in shadows ()
0x000000000010000f in shadows ()
0x0000000000100010 in shadows ()
0x0000000000100011 in shadows ()
0x0000000000100013 in stack_switch ()
0x0000000000100016 in stack_switch ()
=> 0x100016 <stack_switch+3>:	nop
Hardware assisted breakpoint 5 at 0x100017

Breakpoint 5, 0x0000000000100017 in finish ()
0x100034:	"steps: done\n"
$2 = 0x1234567890
$3 = 0x34567890
[Inferior 1 (Remote target) exited with code 05]
END
	printf 'Steps: done\n' >printed
	debug "breakpoints_watchpoints_steps" 5 $guests/steps
}

real_mode() {
	symbols=
	cat >script <<'END'
show architecture
info registers eip cs cs_base
p $cr0 & 1
x/3i $pc
break *0x7c06
continue
p/x $si
delete
continue
END
	cat >expected <<'END'
warning: No executable has been specified and target does not support
determining executable automatically.  Try using the "file" command.
0x00007c00 in ?? ()
The target architecture is set to "auto" (currently "i8086").
eip            0x7c00              0x7c00
cs             0x0                 0
cs_base        0x0                 0
$1 = 0
=> 0x7c00:	mov    $0x7c17,%esi
   0x7c06:	call   0x7c0d
   0x7c09:	mov    $0x0,%al
Breakpoint 1 at 0x7c06

Breakpoint 1, 0x00007c06 in ?? ()
$2 = 0x7c17
[Inferior 1 (Remote target) exited normally]
END
	printf 'Hello from a 16-bit guest!\n' >printed
	debug "real_mode" 0 $guests/hello16
}

interrupt_and_kill() {
	symbols=$guests/spin
	cat >script <<'END'
echo running\n
continue
x/i $pc
p $eflags & 0x200
kill
END
	cat >expected <<'END'
0x0000000000100000 in start ()
running

Program received signal SIGINT, Interrupt.
0x0000000000100001 in start ()
=> 0x100001 <start+1>:	jmp    0x100001 <start+1>
$1 = 512
[Inferior 1 (Remote target) killed]
END
	: >printed
	debug "interrupt_and_kill" 137 $guests/spin
}

crash() {
	symbols=$guests/triple
	printf 'continue\nx/i $pc\np/x $eax\ncontinue\n' >script
	cat >expected <<'END'
0x0000000000100000 in start ()

Program received signal SIGSEGV, Segmentation fault.
0x0000000000100005 in start ()
=> 0x100005 <start+5>:	ud2
$1 = 0x600df001

Program terminated with signal SIGSEGV, Segmentation fault.
The program no longer exists.
END
	: >printed
	debug "crash" 3 $guests/triple
}

detach() {
	symbols=$guests/hello
	printf 'break print_string\ncontinue\nadvance\ndetach\n' >script
	cat >expected <<'END'
0x0000000000100000 in start ()
Breakpoint 1 at 0x100012

Breakpoint 1, 0x0000000000100012 in print_string ()
0x0000000000100013 in print_string ()
[Inferior 1 (Remote target) detached]
END
	printf 'Hello from a 64-bit guest!\n' >printed
	debug "detach" 0 $guests/hello
}

# A state that no CPU can be in, and the VMCS that holds it.
failed_entry() {
	symbols=$guests/hello
	printf 'set $eflags=0x8002\ncontinue\ncontinue\n' >script
	cat >expected <<'END'
0x0000000000100000 in start ()

Program received signal SIGSEGV, Segmentation fault.
0x0000000000100000 in start ()

Program terminated with signal SIGSEGV, Segmentation fault.
The program no longer exists.
END
	: >printed
	if [ $name != minivmx ]; then
		debug "failed_entry" 5 $guests/hello
		skip "snapshot_of_failed_entry" "KVM does not show a VMCS"
		return
	fi
	rm -f vmcs
	debug "failed_entry" 5 --snapshot vmcs $guests/hello
	"$minivmx" vmcs vmcs >shown && grep -q "^VM entry failed: exit reason 33" shown &&
		grep -q "Guest RFLAGS  *0x0000000000008002" shown && grep -q "Exit reason  *0x80000021" shown ||
		tell "the VMCS:" shown
	result "snapshot_of_failed_entry"
}

echo "TAP version 13"
echo "1..14"
for device in /dev/minivmx /dev/kvm; do
	name=${device#/dev/} suite=gdb.${device#/dev/}
	if [ ! -c $device ]; then
		for skipped in 1 2 3 4 5 6 7; do
			skip "$skipped" "$device is absent"
		done
		continue
	fi
	steps_of_a_guest
	real_mode
	interrupt_and_kill
	crash
	detach
	failed_entry
done
exit $((failed > 0))
