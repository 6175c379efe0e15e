#!/bin/sh
# same.sh TYPES FILE FILE...: are these the same rows?  Programs write numbers
# and times in ways of their own, and joins may give rows in any order.
here=$(dirname "$0")
types=$1
shift
want=
for f; do
	got=$(awk -v plain=1 -v header=0 -v types="$types" \
	    -f "$here/export.awk" "$f" | LC_ALL=C sort | cksum)
	[ "${want:=$got}" = "$got" ] || {
		echo "$f is not $1" >&2
		exit 1
	}
done
# An empty answer proves nothing.
[ "${want#* }" != 0 ]
