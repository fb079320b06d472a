# SPDX-License-Identifier: GPL-2.0
#
# tap.sh - what the tests that are shell scripts have in common: results as TAP, and a directory.
#
#   suite=NAME
#   . "${0%/*}/tap.sh"
#
# $work is a directory that goes when the script ends; $number and $failed count results. For busybox's
# shell, and bash.

number=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# result DESCRIPTION, judging the status of the command before it
result() {
	[ $? = 0 ] && word="ok" || { word="not ok"; failed=$((failed + 1)); }
	number=$((number + 1))
	echo "$word $number $suite.$1"
}

# check DESCRIPTION COMMAND...
check() {
	description=$1
	shift
	"$@"
	result "$description"
}

# skip DESCRIPTION WHY
skip() {
	number=$((number + 1))
	echo "ok $number $suite.$1 # SKIP $2"
}

# tell WHY FILE: how something failed, and what it printed
tell() {
	echo "# $1"
	sed 's/^/#   /' "$2"
	false
}

# expect DESCRIPTION STATUS PATTERN COMMAND...: the pattern is looked for in all of its output, $work/output
expect() {
	description=$1 wanted=$2 pattern=$3
	shift 3
	"$@" >"$work/output" 2>&1 </dev/null
	status=$?
	[ "$status" = "$wanted" ] && grep -q -e "$pattern" "$work/output" ||
		tell "status $status, expected $wanted; no match for: $pattern" "$work/output"
	result "$description"
}
