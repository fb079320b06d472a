#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# command_line.sh - what every subcommand of minivmx owes its user: --help that fits a screen, JSON that
# parses, no escape sequences into files, completion in bash; and make install, uninstall.
#
#   command_line.sh MINIVMX      the command, as built in the tree that this script is in
#
# Needs no VMX. TAP output.

minivmx=$(realpath "$1")
tree=$(realpath "$(dirname "$0")/..")
suite=command_line
. "$tree/selftests/tap.sh"
LINES_MAX=24
COLUMNS_MAX=80

# Prints on standard error become the failure's story.
why() { echo "# $*"; false; }

fits_screen() {
	local lines columns

	read -r lines columns < <(wc -lL <"$1")
	[ "$lines" -gt 0 ] && [ "$lines" -le $LINES_MAX ] && [ "$columns" -le $COLUMNS_MAX ] ||
		why "$lines lines, $columns columns"
}

plain() {
	! grep -q $'\e' "$1" || why "an escape sequence: $(grep -m 1 $'\e' "$1" | cat -v)"
}

# A subcommand's --help and --usage.
helps() {
	"$minivmx" "$@" --help >"$work/help" || why "--help has status $?" || return
	fits_screen "$work/help" && plain "$work/help" || return
	"$minivmx" "$@" --usage >"$work/usage" && grep -q "^Usage: minivmx $1 " "$work/usage" || why "--usage"
}

# json STATUS ARGUMENT...: its output is one JSON document.
json() {
	local wanted=$1 status

	shift
	"$minivmx" "$@" >"$work/json" 2>"$work/errors"
	status=$?
	[ $status = "$wanted" ] || why "status $status: $(cat "$work/errors")" || return
	plain "$work/json" && python3 -m json.tool "$work/json" >/dev/null 2>"$work/errors" || why "$(cat "$work/errors")"
}

# No escape sequences where stdout is a file, whatever terminal is told of.
no_colour() {
	TERM=xterm-256color "$minivmx" "$@" >"$work/output" 2>&1 </dev/null
	[ -s "$work/output" ] && plain "$work/output" || why "minivmx $*"
}

# completes WORD... -- WORD...: the candidates, in any order, for the last word of the first ones.
completes() {
	COMP_WORDS=(minivmx)
	while [ "$1" != == ]; do
		COMP_WORDS+=("$1")
		shift
	done
	shift
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_minivmx 2>/dev/null
	diff <(printf '%s\n' "${COMPREPLY[@]}" | sort -u) <(printf '%s\n' "$@" | sort -u) >"$work/diff" ||
		why "${COMP_WORDS[*]}: $(tr '\n' ' ' <"$work/diff")"
}

subcommands=$("$minivmx" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
echo "TAP version 13"

"$minivmx" --help >"$work/help" && [ -n "$subcommands" ] && fits_screen "$work/help" && plain "$work/help"
result "minivmx --help fits a screen"

for subcommand in $subcommands; do
	helps "$subcommand"
	result "minivmx $subcommand --help fits a screen"
done

version=$(sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' "$tree/module/main.c")
[ "$("$minivmx" --version)" = "minivmx $version" ]
result "--version says the module's version"

cat >"$work/saved" <<-END
	minivmx-vmcs 1
	failed 0x80000021 0
	field 0x4402 EXIT_REASON 0x80000021
	field 0x6820 GUEST_RFLAGS 0x2
	end
END
sed "s/RFLAGS 0x2/RFLAGS 0x0/" "$work/saved" >"$work/wrong"
json 0 vmcs --json "$work/saved"
result "vmcs --json parses"
json 0 vmcs --json diff "$work/saved" "$work/wrong"
result "vmcs --json diff parses"
json 1 explain --json "$work/wrong"
result "explain --json FILE parses"
json 0 explain --json --list
result "explain --json --list parses"
json 0 explain --json guest.rip.width
result "explain --json RULE-ID parses"
json 0 lab --json
result "lab --json parses"
json 0 tour --json
result "tour --json parses"
# Its status is whether this machine is fit.
"$minivmx" doctor >/dev/null 2>&1
json $? doctor --json
result "doctor --json parses"
if "$minivmx" caps >/dev/null 2>&1; then
	json 0 caps --json
	result "caps --json parses"
fi

no_colour vmcs "$work/wrong" && no_colour explain "$work/wrong" && no_colour doctor && no_colour lab tag-0 &&
	no_colour lab --list && no_colour tour --list && no_colour tour --auto && no_colour caps
result "no escape sequences into a file"

cd "$work" || exit 1
mkdir files && cd files && touch guest "guest b" 'g$(touch executed)' other
PATH=$(dirname "$minivmx"):$PATH
source "$tree/tools/completion/minivmx"
completes "" == $subcommands --help --version
result "completion of a subcommand"
completes do == doctor
result "completion of the beginning of a subcommand"
for subcommand in $subcommands; do
	completes "$subcommand" -- == $("$minivmx" "$subcommand" --help | sed -n 's/^  .*\(--[a-z-]*=\{0,1\}\).*/\1/p')
	result "completion of the options of $subcommand"
done
completes run --m == --mem= --mode=
result "completion of the beginning of an option"
completes run g == guest "guest b" 'g$(touch executed)' && [ ! -e executed ]
result "completion of a guest's file, whatever its name"
completes run --disk = o == other && completes run --disk = == *
result "completion of an option's file"
completes run --mem = == ""
result "no files for an option that takes none"
completes explain guest.rip == guest.rip.high guest.rip.width
result "completion of a rule"
completes lab tag == tag-0
result "completion of a fault"
completes tour vmx == vmxon
result "completion of a stop of the tour"
completes stat -- minivm == minivmx && completes stat -- minivmx o == other
result "completion of a command behind --"

pages="minivmx.4 minivmx.1 $(printf 'minivmx-%s.1 ' $subcommands)"
make -s -C "$tree" install DESTDIR="$work/root" PREFIX=/opt >"$work/make" 2>&1 || why "$(cat "$work/make")"
result "make install"
(cd "$work/root/opt" && find . -type f | sort) >"$work/installed"
for page in $pages; do echo "./share/man/man${page##*.}/$page"; done |
	sort - <(echo ./bin/minivmx; echo ./share/bash-completion/completions/minivmx) |
	diff - "$work/installed" >"$work/diff" || why "$(cat "$work/diff")"
result "it installs tool, man pages and completion, and nothing else"
[ "$("$work/root/opt/bin/minivmx" --version)" = "minivmx $version" ]
result "the installed tool runs"
make -s -C "$tree" uninstall DESTDIR="$work/root" PREFIX=/opt >"$work/make" 2>&1 &&
	[ -z "$(find "$work/root" -type f)" ] || why "left: $(find "$work/root" -type f)"
result "make uninstall removes it all"

echo "1..$number"
exit $((failed > 0))
