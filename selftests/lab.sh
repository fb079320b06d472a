#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# lab.sh - `minivmx lab`: its faults break what they should, and the dialogue with a learner. Needs no VMX.
#
#   lab.sh [MINIVMX]      the command
#
# TAP output.

minivmx=${1:-/minivmx/bin/minivmx}
suite=lab
. "${0%/*}/tap.sh"

# With that on its standard input: type_in INPUT ARGUMENT...
type_in() {
	input=$1
	shift
	printf "$input" | "$minivmx" lab "$@"
}

# The letter that a rule has among the choices.
letter() {
	"$minivmx" lab "$1" </dev/null | sed -n "s/^  \([a-d]\)  $2:.*/\1/p"
}

right=$(letter tag-0 control.vpid.zero)
wrong=$(letter tag-0 control.eptp.reserved)
faults=$("$minivmx" lab --list | wc -l)

echo "TAP version 13"
echo "1..25"

expect "check_all"		0 "^$faults faults, and each breaks"	type_in "" --check-all
expect "thirty_faults"		0 "^30 "			type_in "" --list
expect "help"			0 "10 points"			type_in "" --help
expect "right_letter"		0 "> Right: 10 of 10 points"	type_in "$right\n" tag-0
expect "right_id"		0 "> Right: 10 of 10 points"	type_in "control.vpid.zero\n" tag-0
expect "by_number"		0 "> Right: 10 of 10 points"	type_in "  control.vpid.zero \n" 1
expect "answer_is_explained"	0 "^Remedy: "			type_in "$right\n" tag-0
expect "wrong_letter"		0 "control.eptp.reserved holds here"	type_in "$wrong\n" tag-0
expect "wrong_costs"		0 "> Right: 7 of 10 points"	type_in "$wrong\n$right\n" tag-0
expect "rule_not_offered"	0 "> Right: 7 of 10 points"	type_in "guest.rip.width\n$right\n" tag-0
expect "no_answer_is_free"	0 "> Right: 10 of 10 points"	type_in "e\nab\n\nguest.no-such-rule\n$right\n" tag-0
expect "no_answer_is_told"	0 "\"e\" is no answer"		type_in "e\n" tag-0
expect "hint_section"		0 "Read SDM 3C \"Checks on VMX Controls"	type_in "hint\n" tag-0
expect "hint_fields"		0 "Look at .*Virtual-processor identifier"	type_in "hint\nhint\n" tag-0
expect "hint_values"		0 "these bits are wrong: 0x100"	type_in "hint\nhint\nhint\n" future-bit
expect "no_more_hints"		0 "no more hints"		type_in "hint\nhint\nhint\nhint\n" tag-0
expect "hints_cost"		0 "> Right: 4 of 10 points"	type_in "hint\nhint\nhint\nhint\n$right\n" tag-0
expect "found_at_last"		0 "> Right: 1 of 10 points"	type_in "$wrong\n$wrong\n$wrong\n$wrong\n$right\n" tag-0
expect "vmcs"			0 "Guest interruptibility state"	type_in "vmcs\n" tag-0
expect "try_without_device"	0 "> Right: 10 of 10 points"	type_in "try\n$right\n" --device=/dev/no-such tag-0
expect "skip_all"		0 "^Total: 0 of $((10 * faults)) points for $faults faults"	type_in "$(printf 'skip\\n%.0s' $(seq "$faults"))"
expect "quit_after_one"		0 "> Total: 10 of 10 points for 1 fault\."	type_in "$right\nquit\n"
expect "end_of_input"		0 "^Total: 0 of 0 points for 0 faults"	type_in ""
expect "number_too_large"	2 "no fault \"$((faults + 1))\""	type_in "" "$((faults + 1))"
expect "no_such_name"		2 "no fault \"tag-1\""		type_in "" tag-1

exit $((failed > 0))
