#!/bin/sh
# same.sh RECAST TYPES FILE FILE...: are these the same rows, in any order?
recast=$1 types=$2
shift 2
want=
for f; do
	got=$("$recast" -d "$types" "$f") || exit 1
	[ "${want:=$got}" = "$got" ] || {
		echo "$f is not $1" >&2
		exit 1
	}
done
# An empty answer proves nothing.
[ "${want%% *}" -gt 0 ]
