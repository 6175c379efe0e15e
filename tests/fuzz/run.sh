#!/bin/sh
# run.sh BUILD SECONDS SOURCE...: fuzzes each target for so long.  What is
# found new goes to BUILD/corpus, what fails to BUILD/crash-*.
set -eu

build=$1 seconds=$2
shift 2
[ $# -gt 0 ] || { echo 'make fuzz: there are no fuzz targets' >&2; exit 1; }
bad=0
for source; do
	name=${source##*/fuzz_}
	name=${name%.c}
	new=$build/corpus/$name
	mkdir -p "$new" "tests/fuzz/corpus/$name"
	log=$build/$name.log
	if "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" \
	    -artifact_prefix="$build/crash-$name-" -timeout=10 -rss_limit_mb=1024 \
	    "$new" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
		printf '  %-16s %s\n' "$name" "$(grep '^Done' "$log")"
	else
		printf '  %-16s failed:\n' "$name"
		tail -n 40 "$log"
		bad=1
	fi
done
exit $bad
