#!/bin/sh
# builds.sh: the analyses print the same bytes whatever built them.
#
# Only what computes with doubles is built anew, by each compiler there is,
# with no optimisation and with all of it, and linked in place of the library's
# own.  Each reads the same shop.  `make same` gives BUILD and CRM_MAKE.
set -eu
: "${BUILD:?run this by make same}" "${CRM_MAKE:?}"

dir=$(mktemp -d "${TMPDIR:-/tmp}/crm-same.XXXXXX")
trap 'rm -rf "$dir"' EXIT
CRM_STORE=$dir/store CRM_NOW=2026-01-01T00:00:00Z TZ=UTC LC_ALL=C
CRM_ACTOR=same
export CRM_STORE CRM_NOW TZ LC_ALL CRM_ACTOR dir
commands='crm-clv crm-churn crm-basket crm-recommend crm-dedupe crm-cohort
    crm-shift crm-profit crm-rfm'
sources=$(grep -lw double lib/*/*.c)

# build NAME CC FLAG: $dir/NAME has the commands.
build()
{
	objects=
	for s in $sources; do
		objects="$objects $BUILD/same/$1/${s%.c}.o"
	done
	# shellcheck disable=SC2086
	$CRM_MAKE BUILD="$BUILD/same/$1" CC="$2" CFLAGS="$3" $objects >/dev/null
	mkdir "$dir/$1"
	for c in $commands; do
		# shellcheck disable=SC2046,SC2086
		"$2" -o "$dir/$1/$c" "$BUILD/cmd/$c.o" $objects \
		    "$BUILD/libcli.a" "$BUILD/libcrm.a" \
		    $(pkg-config --libs lmdb yaml-0.1 libutf8proc) -lm
	done
}

# What a build prints, all of it.
print()
{
	PATH="$dir/$1:$PATH" sh -eu -c "$analyses"
}
analyses='
	crm-clv fit --from "$dir/log" >"$dir/model"
	cat "$dir/model"
	crm-clv fit --model pareto-nbd --from "$dir/log"
	crm-clv predict --from "$dir/log" --days 90
	crm-churn list --from "$dir/log" --fitted "$dir/model" --days 30
	crm-basket rules --support 1% --confidence 5%
	crm-recommend build
	crm-dedupe scan
	crm-cohort --by week --period month
	crm-shift --all
	crm-shift --all --recent 90d
	crm-profit -q
	crm-profit -q --deciles
	crm-rfm
'

crm-gen --customers 300 --orders 3000 --products 60 |
    crm-store load -q --currency EUR --timezone UTC --country DE -
crm-order list -w 'customer_id is not empty' -f customer_id,placed,total,currency >"$dir/log"
first=
for cc in gcc clang-14 clang; do
	command -v "$cc" >/dev/null || continue
	[ "$cc" = clang ] && command -v clang-14 >/dev/null && continue
	for o in -O0 -O3; do
		build "$cc$o" "$cc" "$o"
		if ! print "$cc$o" >"$dir/$cc$o.out" 2>&1; then
			echo "same: $cc $o failed:"
			tail -n 2 "$dir/$cc$o.out"
			exit 1
		fi
		lines=$(wc -l <"$dir/$cc$o.out")
		if [ "$lines" -lt 1000 ]; then
			echo "same: $cc $o printed $lines lines only:"
			tail -n 5 "$dir/$cc$o.out"
			exit 1
		fi
		first=${first:-$cc$o}
		if ! cmp -s "$dir/$first.out" "$dir/$cc$o.out"; then
			echo "same: $cc $o prints other bytes than $first:"
			diff "$dir/$first.out" "$dir/$cc$o.out" | head -n 10
			exit 1
		fi
		echo "same: $cc $o: $lines lines, the same"
	done
done
command -v taskset >/dev/null || exit 0
(taskset -c 0 sh -c 'exec true') 2>/dev/null || exit 0
(taskset -p -c 0 $$ >/dev/null && print "$first") >"$dir/one.out" 2>&1
cmp "$dir/$first.out" "$dir/one.out"
echo 'same: on one processor, the same'
