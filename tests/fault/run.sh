#!/bin/sh
# make torture: the long forms of tests/cli/9*-fault-*.t, some hours.
#
#	make torture				all of it
#	make torture PARTS='kill power'		of points leaks kill power flips
#						full mixed generations erase
#						undo past fuzz
#	make torture DIVIDE=100			a hundredth of each number
#
# Each part prints what it counted; the exit status is 1 when any complained.
# `leaks` builds the commands once more so that they release all they took.
set -u
cd "$(dirname "$0")/../.." || exit 1
faults=${BUILD:-build}/fault
bin=$faults/bin
d=${DIVIDE:-1}
failed=

for part in ${PARTS:-points leaks kill power flips full mixed generations \
    erase undo past fuzz}; do
	echo "== $part"
	case $part in
	points)
		# All points there are, or so many at random.
		n=0
		[ "$d" -gt 1 ] && n=$((3000 / d + 1))
		"$faults/run_points" "$bin" "$faults/pre_fail.so" $n ;;
	leaks)
		leak=${BUILD:-build}-leak
		env -u MAKEFLAGS -u MAKELEVEL ${MAKE:-make} BUILD="$leak" STATIC=0 \
		    CPPFLAGS=-DCRM_ARENA_DEBUG faults >/dev/null &&
		    CRM_LEAKS=1 "$leak/fault/run_points" "$leak/fault/bin" \
			"$leak/fault/pre_fail.so" $((1000 / d + 1)) ;;
	kill)	"$faults/run_kill" "$bin" $((10000 / d)) ;;
	power)	"$faults/run_power" "$bin" "$faults/pre_record.so" \
		    $((50000 / d)) ;;
	flips)	"$faults/run_flips" "$bin" $((20000 / d)) ;;
	full)	sh tests/fault/run_full.sh "$bin" || [ $? = 77 ] ;;
	mixed)	"$faults/run_mixed" "$bin" $((3600 / d)) ;;
	generations)
		CRM_COMPACTIONS=$((1000 / d + 1)) CRM_KILLS=$((3000 / d + 1)) \
		    CRM_RESTORES=$((1000 / d + 1)) \
		    sh tests/run.sh tests/cli/25-generations.t ;;
	erase)	CRM_PEOPLE=$((1000 / d + 20)) \
		    sh tests/run.sh tests/cli/32-erase.t ;;
	undo)	CRM_TEST_UNDO=$((20000 / d)) \
		    sh tests/run.sh "${BUILD:-build}/tests/unit/test_undo" ;;
	past)	CRM_TEST_PAST=$((2000 / d + 1)) \
		    sh tests/run.sh "${BUILD:-build}/tests/unit/test_past" ;;
	fuzz)	env -u MAKEFLAGS -u MAKELEVEL ${MAKE:-make} \
		    SECONDS=$((1800 / d + 1)) fuzz ;;
	*)	echo "torture: there is no part '$part'" >&2; false ;;
	esac || failed="$failed $part"
done
[ -z "$failed" ] || { echo "torture: failed:$failed" >&2; exit 1; }
