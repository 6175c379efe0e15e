#!/bin/sh
# Tries one manual page: mandoc finds nothing, its options are those of the
# command, and its examples do what they say.
#
# An example is a display (.Bd -literal) whose first line begins with `$ `:
# each such line (and `> ` lines after it, which continue it) is run, in one
# shell for the whole page, with a new HOME and store, and must exit 0 and
# print on stdout what follows it; a line `...` stands for any lines.
# Comments in the page may prepare what its text takes for granted:
#
#	.\" setup: crm-customer add --name Ann
#	.\" store: none
set -u
cd "${CRM_TOP:?run this by tests/run.sh}" || exit 1
page=$CRM_TOP/$1
name=$(basename "$page")
T=$(mktemp -d "${TMPDIR:-/tmp}/crm-man.XXXXXX") || exit 1
trap 'cd / && chmod -R u+rwX "$T" && rm -rf "$T"' EXIT
n=0 failed=0

# result NAME FILE: passes when the file is empty, else shows it.
result()
{
	n=$((n + 1))
	if [ -s "$2" ]; then
		failed=1
		printf 'not ok %d - %s\n' "$n" "$name: $1"
		{ echo "$name: $1"; head -n 40 "$2"; } | sed 's/^/# /' >&2
	else
		printf 'ok %d - %s\n' "$n" "$name: $1"
	fi
}

# page_options FILE [.It]: its options, `-x` or `--word`, those of .It lines
# only when so asked.
page_options()
{
	awk -v only="${2-}" '
		!/^\./ || /^\.\\"/ || (only && $1 != only) { next }
		{
			gsub(/\\-/, "-")
			gsub(/Fl Fl /, "Fl -")
			for (i = 1; i < NF; i++)
				if ($i == "Fl" || $i == ".Fl")
					if ($(i + 1) ~ /^-?[A-Za-z0-9]/)
						print "-" $(i + 1)
		}' "$1" | sort -u
}

# The options of a command. Those all verbs share may stand in the pages that
# describe the stream and the toolkit, when this one refers to them.
check_options()
{
	[ -x "$CRM_BIN/$1" ] || { echo "there is no command $1" >"$T/a"; }
	"$CRM_BIN/$1" --crm-spec >"$T/spec" || return
	awk -F '\t' '$1 == "option" {
		if ($3) print "-" $3
		if ($4) print "--" $4 }' "$T/spec" | sort -u >"$T/have"
	page_options "$page" >"$T/said"
	for more in crm-stream.5 crm-tools.7; do
		grep -q "Xr ${more%.?} ${more##*.}" "$page" && [ -f "man/$more" ] &&
		    page_options "man/$more" .It >>"$T/said"
	done
	sort -u -o "$T/said" "$T/said"
	comm -23 "$T/have" "$T/said" | sed 's/$/ is not in the page/' >>"$T/a"
	page_options "$page" .It | comm -13 "$T/have" - |
	    sed 's/$/ is in the page only/' >>"$T/a"
	awk -F '\t' '$1 == "verb" { print $2 }' "$T/spec" | while read -r verb; do
		grep -Eq "Cm $verb( |$)" "$page" || echo "verb $verb is not in it"
	done >>"$T/a"
}

# Takes the examples out of the page: $T/N.cmd and $T/N.want.
take_examples()
{
	awk -v dir="$T" '
		function text(s) {
			gsub(/\\&/, "", s); gsub(/\\-/, "-", s)
			gsub(/\\\(aq/, "\047", s); gsub(/\\\(dq/, "\"", s)
			gsub(/\\\(ha/, "^", s); gsub(/\\\(ti/, "~", s)
			gsub(/\\\(ga/, "`", s); gsub(/\\\(ba/, "|", s)
			gsub(/\\(e|\(rs)/, "\\", s)
			return s
		}
		/^\.Bd .*-literal/ { on = 1; first = 1; live = 0; next }
		/^\.Ed/ { on = 0; next }
		!on || /^\.\\"/ { next }
		first { live = /^\$ /; first = 0 }
		!live { next }
		/^\$ / {
			cmd = sprintf("%s/%03d.cmd", dir, ++n)
			want = sprintf("%s/%03d.want", dir, n)
			printf "" >want
			print text(substr($0, 3)) >cmd
			more = 1
			next
		}
		more && /^> / { print text(substr($0, 3)) >cmd; next }
		{ more = 0; print text($0) >want }' "$page"
}

# Prints how GOT differs from WANT, where a line `...` is any lines.
compare()
{
	awk '
		NR == FNR { want[++w] = $0; next }
		{ got[++g] = $0 }
		function match_from(i, j) {
			for (; i <= w; i++) {
				if (want[i] == "...") {
					for (; j <= g + 1; j++)
						if (match_from(i + 1, j))
							return 1
					return 0
				}
				if (j > g || got[j] != want[i])
					return 0
				j++
			}
			return j == g + 1
		}
		END { exit !match_from(1, 1) }' "$1" "$2" && return
	diff -u "$1" "$2" | sed 1,2d
}

# One shell for all, so that a variable set in one example is there in the
# next.
run_examples()
{
	mkdir "$T/home"
	cd "$T/home" || exit 1
	HOME=$T/home CRM_STORE=$T/home/store
	export HOME CRM_STORE
	{
		grep -q '^\.\\" store: none' "$page" || [ ! -x "$CRM_BIN/crm-store" ] ||
		    echo 'crm-store init --currency EUR --timezone Europe/Berlin' \
			'--country DE'
		sed -n 's/^\.\\" setup: //p' "$page"
	} >"$T/setup"
	{
		echo ". '$T/setup' >'$T/setup.out' 2>&1 || exit"
		for cmd in "$T"/[0-9]*.cmd; do
			to=${cmd%.cmd}
			echo ". '$cmd' >'$to.got' 2>'$to.err'"
			echo "echo \$? >'$to.status'"
		done
	} >"$T/all"
	if ! sh "$T/all" >"$T/said" 2>&1; then
		cat "$T/setup" "$T/setup.out" "$T/said" >"$T/a"
		result 'the shell of the examples ends well' "$T/a"
	fi
	for cmd in "$T"/[0-9]*.cmd; do
		to=${cmd%.cmd}
		status=$(cat "$to.status" 2>/dev/null)
		: >"$T/a"
		[ -f "$to.got" ] && compare "$to.want" "$to.got" >"$T/a"
		[ "$status" = 0 ] || echo "exit status ${status:-none}" >>"$T/a"
		[ ! -s "$T/a" ] || cat "$to.err" >>"$T/a" 2>/dev/null
		result "\$ $(head -n 1 "$cmd" | tr '#' _)" "$T/a"
	done
}

: >"$T/a"
if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$page" >"$T/a" 2>&1
	result 'mandoc finds nothing' "$T/a"
fi
case $name in
*.1)
	: >"$T/a"
	check_options "${name%.1}"
	result 'options and verbs are those of the command' "$T/a" ;;
esac
take_examples
[ ! -f "$T/001.cmd" ] || run_examples
echo "1..$n"
exit $failed
