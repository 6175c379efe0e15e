# The test library of tests/cli/*.t: TAP in POSIX sh.
#
#	. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
#	new_store
#	run crm-customer add --name Ann
#	status_is 0
#	out_has 'Ann'
#	fails 65 "'12,5' is not a decimal" crm-order add --line '12,5 x'
#	done_testing
#
# A test runs in a folder of its own, $T, that is removed at the end; HOME is
# $T and CRM_STORE $T/store, which is not there before new_store.  stdin is
# /dev/null.  Names of tests may be left out where one is made from the
# arguments.  Failing tests say on stderr what they saw.

T=$(mktemp -d "${TMPDIR:-/tmp}/crm-test.XXXXXX") || exit 1
trap 'cd / && chmod -R u+rwX "$T" && rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM
cd "$T" || exit 1
HOME=$T CRM_STORE=$T/store
export HOME CRM_STORE
TAB=$(printf '\t')
out=$T/.out err=$T/.err	# files: what the last run printed
status=			# and its exit status
: >"$out" >"$err"
tap_count=0 tap_failed=0 ran=

# diag TEXT...: a remark prove shows at once.
diag()
{
	printf '%s\n' "$@" | sed 's/^/# /' >&2
}

# pass NAME, fail NAME: one test each.  fail returns 1.
pass()
{
	tap_line 'ok' "$1"
}
fail()
{
	tap_failed=$((tap_failed + 1))
	tap_line 'not ok' "$1"
	diag "failed in ${0##*/}: $1"
	return 1
}
tap_line()
{
	tap_count=$((tap_count + 1))
	printf '%s %d - %s\n' "$1" "$tap_count" \
	    "$(printf %s "$2" | tr '\n#' ' _')"
}

# ok NAME COMMAND...: passes when the command succeeds.
# not_ok: when it does not.
ok()
{
	tap_name=$1
	shift
	if "$@" >"$T/.ok" 2>&1; then
		pass "$tap_name"
	else
		fail "$tap_name"
		diag "$* gave" "$(head -n 20 "$T/.ok")"
	fi
}
not_ok()
{
	tap_name=$1
	shift
	if "$@" >"$T/.ok" 2>&1; then
		fail "$tap_name"
		diag "$* was expected to fail"
	else
		pass "$tap_name"
	fi
}

# is NAME GOT WANT: two texts.
is()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1"
		diag "got:    $2" "wanted: $3"
	fi
}

# same NAME FILE FILE: two files, byte for byte; got first.
same()
{
	if cmp -s "$2" "$3"; then
		pass "$1"
	else
		fail "$1"
		diag "$(diff -u "$3" "$2" | head -n 40)"
	fi
}

# run COMMAND...: runs it; status, "$out" and "$err" are what came of it.
# Give it input by `run crm-x - <file`, never by a pipe, whose end is a
# process of its own.
run()
{
	ran=$*
	"$@" >"$out" 2>"$err"
	status=$?
}
tap_seen()
{
	diag "$ran" "exit status $status" "stdout: $(head -n 20 "$out")" \
	    "stderr: $(head -n 20 "$err")"
}

# status_is N [NAME], and of the last run's output: out_is TEXT, out_has TEXT,
# out_lacks TEXT, out_empty, err_is, err_has, err_empty, each with [NAME].
# TEXT is fixed text; for `is` the final newline is left out.
status_is()
{
	if [ "$status" = "$1" ]; then
		pass "${2:-$ran: exit status $1}"
	else
		fail "${2:-$ran: exit status $1}"
		tap_seen
	fi
}
tap_is()
{
	if [ "$(cat "$1")" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "$ran" "exit status $status"
		printf '%s\n' "$2" | diff -u - "$1" | head -n 40 | sed 's/^/# /' >&2
	fi
}
tap_has()
{
	if grep -qF -e "$2" "$1"; then
		pass "$3"
	else
		fail "$3"
		tap_seen
	fi
}
out_is() { tap_is "$out" "$1" "${2:-$ran: output}"; }
err_is() { tap_is "$err" "$1" "${2:-$ran: message}"; }
out_has() { tap_has "$out" "$1" "${2:-$ran: output has $1}"; }
err_has() { tap_has "$err" "$1" "${2:-$ran: message has $1}"; }
out_lacks()
{
	if grep -qF -e "$1" "$out"; then
		fail "${2:-$ran: output lacks $1}"
		tap_seen
	else
		pass "${2:-$ran: output lacks $1}"
	fi
}
out_empty() { out_is '' "${1:-$ran: no output}"; }
err_empty() { err_is '' "${1:-$ran: no message}"; }

# fails STATUS TEXT COMMAND...: one test: it exits so, says TEXT on stderr
# after its name and a colon, and prints nothing on stdout.
fails()
{
	tap_want=$1 tap_text=$2
	shift 2
	run "$@"
	if [ "$status" = "$tap_want" ] && [ ! -s "$out" ] &&
	    grep -qF -e "$tap_text" "$err" &&
	    head -n 1 "$err" | grep -qF "${1##*/}: "; then
		pass "$*: $tap_text"
	else
		fail "$*: $tap_text"
		diag "wanted exit status $tap_want and '$tap_text'"
		tap_seen
	fi
}

# works COMMAND...: one test: exits 0, says nothing on stderr.
works()
{
	run "$@"
	if [ "$status" = 0 ] && [ ! -s "$err" ]; then
		pass "$*"
	else
		fail "$*"
		tap_seen
	fi
}

# field NAME: the values of a column of the stream on stdin.
field()
{
	awk -F '\t' -v want="$1" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) c = i
			if (!c) exit 1
			next }
		{ print $c }'
}

# new_store [OPTION...]: an empty store in $CRM_STORE.
new_store()
{
	crm-store init --currency EUR --timezone Europe/Berlin --country DE \
	    "$@" >"$T/.init" 2>&1 && return
	cat "$T/.init"
	echo 'Bail out! crm-store init failed'
	exit 1
}

# skip_all REASON; need_data FILE...: below $CRM_DATA, else skips all;
# need COMMAND...: programs, else skips all; skip N REASON: N tests.
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}
need_data()
{
	[ -n "${CRM_DATA-}" ] || skip_all 'the folder of real data is not here'
	for tap_file; do
		[ -e "$CRM_DATA/$tap_file" ] ||
		    skip_all "$tap_file of the real data is not here"
	done
}
need()
{
	for tap_file; do
		command -v "$tap_file" >/dev/null ||
		    skip_all "$tap_file is not installed"
	done
}
skip()
{
	for tap_i in $(seq "$1"); do
		tap_line ok "" | sed "s/- $/# SKIP $2/"
		tap_count=$((tap_count + 1))
	done
}

# done_testing: the last line of every test.
done_testing()
{
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}
