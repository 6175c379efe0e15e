#!/bin/sh
# Runs one test, whatever it is, in the environment of the tests:
#
#	sh tests/run.sh tests/cli/00-every-command.t
#	sh tests/run.sh build/tests/unit/test_buf
#	sh tests/run.sh man/crm-rfm.1
#
# `make check` gives this to prove for every test there is, so that one
# summary counts them all.  The output is TAP.
set -u
cd "$(dirname "$0")/.." || exit 1

CRM_TOP=$(pwd)
case ${BUILD:=build} in
/*) CRM_BIN=$BUILD/bin ;;
*) CRM_BIN=$CRM_TOP/$BUILD/bin ;;
esac
CRM_DATA=${CRM_DATA-$CRM_TOP/../shared/data}
[ -d "$CRM_DATA" ] || CRM_DATA=
export CRM_TOP CRM_BIN CRM_DATA

# Nothing of the caller's may change what a test sees.
unset CRM_STORE CRM_CONFIG CRM_SENDMAIL XDG_DATA_HOME XDG_CONFIG_HOME \
    NO_COLOR COLUMNS EDITOR VISUAL MAKEFLAGS MAKELEVEL MFLAGS CDPATH ENV
PATH=$CRM_BIN:$PATH TZ=UTC LC_ALL=C
CRM_NOW=2026-06-01T10:00:00Z CRM_ACTOR=tester LOGNAME=tester
ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1:abort_on_error=0}
UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1}
export PATH TZ LC_ALL CRM_NOW CRM_ACTOR LOGNAME ASAN_OPTIONS UBSAN_OPTIONS
umask 022
exec </dev/null

case $1 in
*.t)
	exec sh "$1" ;;
man/*)
	exec sh tests/man-examples.sh "$1" ;;
*/fuzz_*)
	name=${1##*/fuzz_}
	set -- "$1" "tests/fuzz/corpus/$name"/*
	[ -e "$2" ] || set -- "$1"
	exec "$@" ;;
*)
	# cmocka says why on stdout, which prove keeps to itself.
	said=$(mktemp) && trap 'rm -f "$said"' EXIT
	CMOCKA_MESSAGE_OUTPUT=TAP "$1" >"$said"
	status=$?
	cat "$said"
	awk -v test="$1" '
		/^(not )?ok/ { bad = /^not/; if (bad) print "# " test ": " $0 }
		/^#/ && bad' "$said" >&2
	exit $status ;;
esac
