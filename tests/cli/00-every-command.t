#!/bin/sh
# What every command must do, told by its own tables (--crm-spec): a new
# command, verb or option is tried here without a line being added.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

CRM_STORE=/nonexistent/x
head="type${TAB}verb${TAB}short${TAB}long${TAB}arg${TAB}help"

# from_command NAME: the message of the last run begins with its name.
from_command()
{
	if [ -s "$err" ] && head -n 1 "$err" | grep -q "^$1: ."; then
		pass "$ran: the message names the command"
	else
		fail "$ran: the message names the command"
		tap_seen
	fi
}

# The rows of a spec are what the contract says.
check_spec()
{
	run "$1" --crm-spec
	status_is 0
	is "$1 --crm-spec: header" "$(head -n 1 "$out")" "$head"
	is "$1 --crm-spec: rows" "$(awk -F '\t' -v name="$1" '
		NR == 1 { next }
		NF != 6 { print NR ": " NF " fields" }
		$1 !~ /^(command|verb|option|field)$/ { print NR ": type " $1 }
		$1 == "command" && $4 != name { print NR ": named " $4 }
		$1 == "command" { n++ }
		$1 !~ /^(option|field)$/ && $5 !~ /^(none|read|write)?$/ {
			print NR ": store mode " $5 }
		$1 == "verb" && ($2 == "" || $5 == "") { print NR ": no verb or mode" }
		$1 ~ /^(option|field)$/ && $3 $4 == "" { print NR ": an option without name" }
		$1 ~ /^(option|field)$/ && $3 !~ /^.?$/ { print NR ": short " $3 }
		$1 ~ /^(option|field)$/ && $4 ~ /^-|[^a-z0-9-]/ { print NR ": long " $4 }
		$1 ~ /^(option|field)$/ && $4 && seen[$2, $4]++ { print NR ": twice " $4 }
		$1 ~ /^(option|field)$/ && $3 && seen[$2, $3]++ { print NR ": twice " $3 }
		$6 == "" { print NR ": no help" }
		$6 ~ /\.$/ { print NR ": help ends in a full stop" }
		END { if (n != 1) print n + 0 " command rows" }' "$out")" ''
	cp "$out" "$T/$1.spec"
	awk -F '\t' '$1 == "verb" { print $2 }' "$T/$1.spec" | sort >"$T/$1.verbs"
}

# The .Cm words of a page's SYNOPSIS are its verbs.
page_verbs()
{
	awk '
		/^\.Sh/ { on = /SYNOPSIS/ }
		on && /^\./ {
			for (i = 1; i < NF; i++)
				if ($i == "Cm" || $i == ".Cm")
					print $(i + 1)
		}' "$1" | sort -u
}

check_help()
{
	run "$1" --help
	status_is 0
	err_empty
	if head -n 1 "$out" | grep -q "^usage: $1"; then
		pass "$1 --help begins with the usage"
	else
		fail "$1 --help begins with the usage"
		tap_seen
	fi
	lacks=$(while read -r verb; do
		grep -qw -e "$verb" "$out" || echo "$verb"
	done <"$T/$1.verbs")
	is "$1 --help names every verb" "$lacks" ''
	if [ -f "$CRM_TOP/man/$1.1" ]; then
		is "$1(1) SYNOPSIS has the verbs of --help" \
		    "$(page_verbs "$CRM_TOP/man/$1.1")" "$(cat "$T/$1.verbs")"
	else
		fail "$1 has a page"
	fi
	while read -r verb; do
		run "$1" "$verb" --help </dev/null
		status_is 0
	done <"$T/$1.verbs"
}

check_usage()
{
	run "$1" --no-such-option
	status_is 64
	from_command "$1"
	out_empty
	[ -s "$T/$1.verbs" ] || return 0
	run "$1"
	status_is 64
	from_command "$1"
	run "$1" no-such-verb
	status_is 64
	from_command "$1"
	while read -r verb; do
		run "$1" "$verb" --no-such-option </dev/null
		status_is 64
		from_command "$1"
	done <"$T/$1.verbs"
}

check_output()
{
	for opt in --help --crm-spec; do
		ran="$1 $opt >/dev/full"
		"$1" $opt >/dev/full 2>"$err"
		status=$?
		status_is 74
		from_command "$1"

		# The reader leaves before the command begins; a pipe with a
		# name, since of others the shell may have an end open yet.
		ran="$1 $opt to a closed pipe"
		: >"$err"
		mkfifo "$T/pipe" "$T/go"
		(
			exec <"$T/pipe"
			exec <&-
			echo >"$T/go"
		) &
		(
			exec >"$T/pipe"
			read -r _ <"$T/go"
			"$1" $opt 2>"$err"
			echo $? >"$T/status"
		)
		wait
		rm "$T/pipe" "$T/go"
		status=$(cat "$T/status")
		status_is 141
		err_empty
	done
	ran="$1 --help | head -n1"
	"$1" --help 2>"$err" | head -n 1 >"$out"
	is "$ran" "$(wc -l <"$out")" 1
	err_empty
}

# Plausible words for `REF... [-]`: the first of alternatives, nothing that
# may be left out.
operands()
{
	printf '%s\n' "$1" | sed -e 's/\[[^][]*\]//g' -e 's/\[[^][]*\]//g' |
	    tr ' ' '\n' | awk '
		{ sub(/\|.*/, ""); sub(/\.\.\.$/, "") }
		$0 == "" { next }
		/^[A-Z_]+$/ { print /FILE|DIR|FOLDER/ ? "/dev/null" : "C1"; next }
		{ print }'
}

# no_store NAME MODE OPERANDS [VERB]
no_store()
{
	name=$1 mode=$2 text=$3
	shift 3
	[ "$mode" = read ] || [ "$mode" = write ] || return 0
	words=$(operands "$text")
	# shellcheck disable=SC2086  # words
	run "$name" "$@" $words </dev/null
	# A verb that wants more than was guessed may say so first.
	if [ -n "$words" ] && [ "$status" = 64 ]; then
		status_is 64
	else
		status_is 66
	fi
	from_command "$name"
	out_empty
}

check_store()
{
	awk -F '\t' -v OFS='|' '
		$1 == "command" && $5 { print $5, "", "" }
		$1 == "verb" { print $5, $2, $4 }' "$T/$1.spec" |
	    sed 's/|/ /; s/|/ /' >"$T/modes"
	while read -r mode verb text; do
		if [ -n "$verb" ]; then
			no_store "$1" "$mode" "$text" "$verb"
		else
			no_store "$1" "$mode" ''
		fi
	done <"$T/modes"
	not_ok "$1 makes no store where there is none" test -e /nonexistent
}

commands=$(ls "$CRM_BIN")
ok 'there are commands' test -n "$commands"
check_named()
{
	ok "crm-tools(7) names $1" grep -q "^\.Xr $1 1" "$CRM_TOP/man/crm-tools.7"
	ok "README.md names $1" grep -q "^| .*\`$1\`.* |" "$CRM_TOP/README.md"
}

for c in $commands; do
	check_named "$c"
	check_spec "$c"
	check_help "$c"
	check_usage "$c"
	check_output "$c"
	check_store "$c"
done
done_testing
