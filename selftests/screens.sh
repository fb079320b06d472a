#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# screens.sh - the screens in README.md are what the commands above them print, but for numbers.
#
#   screens.sh              TAP: each screen is compared
#   screens.sh --print      runs the commands and prints the screens, for `make screens`
#
# A screen stands between `<!-- screen: COMMAND -->` and `<!-- screen: end -->`, and the commands run in
# this order in one directory, so that one may use another's file. Runs in the test machine; the last ones
# load the module anew. Addresses of the host's memory and times differ from run to run, so digits do not
# count. Another CPU than the emulated one has other bits and steps in another way. For busybox's shell.

print=
[ "$1" = --print ] && print=1
here=$(cd "$(dirname "$0")" && pwd)
readme=$here/README.md
suite=screens
. "$here/tap.sh"
cd "$here/.." || exit 1

mask() {
	sed -E 's/0x[0-9a-f]+/N/g; s/[0-9]+(\.[0-9]+)?/N/g; s/ +/ /g'
}

# screen COMMAND: what it prints, below itself, without empty lines at the end
screen() {
	echo "\$ $1"
	output=$(sh -c "$1" 2>&1 </dev/null)
	[ -z "$output" ] || echo "$output" | sed 's/ *$//'
}

sed -n 's/^<!-- screen: \(.*\) -->$/\1/p' "$readme" | grep -vx end >"$work/commands"
[ -s "$work/commands" ] || { echo "Bail out! $readme has no screens"; exit 1; }
[ "$print" ] || echo "TAP version 13"
if grep -q hypervisor /proc/cpuinfo; then
	echo "1..0 # SKIP the screens are those of an emulated CPU"
	exit 0
fi

while read -r command <&3; do
	screen "$command" >"$work/now"
	if [ "$print" ]; then
		echo "<!-- screen: $command -->"
		echo '```'
		cat "$work/now"
		echo '```'
		echo "<!-- screen: end -->"
		continue
	fi
	awk -v wanted=$((number + 1)) '
		/^<!-- screen: end -->$/ { inside = 0 }
		inside && !/^```$/
		/^<!-- screen: / && !/^<!-- screen: end -->$/ { inside = ++count == wanted }' "$readme" |
		mask >"$work/wanted"
	mask <"$work/now" >"$work/seen"
	diff -u "$work/wanted" "$work/seen" >"$work/diff" || tell "README (-) and seen (+):" "$work/diff"
	result "$command"
done 3<"$work/commands"

[ "$print" ] && exit 0
echo "1..$number"
echo "# screens.sh: $failed failed"
[ $failed = 0 ]
