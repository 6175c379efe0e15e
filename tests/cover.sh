#!/bin/sh
# cover.sh BUILD: lines of the library and the commands that the tests ran,
# by gcov, from a build with --coverage.
set -eu

build=$1
find "$build" -name '*.gcno' | sort |
    xargs gcov -n 2>/dev/null |
    awk -F"'" '
	/^File/ { file = $2; next }
	/^Lines executed/ && file ~ /^(lib|cmd)\/.*\.c$/ && !(file in seen) {
		seen[file] = 1
		split($0, part, /[:%]/)
		n = $0
		sub(/.* of /, "", n)
		printf "%6.1f %% of %5d lines  %s\n", part[2], n, file
		all += n
		ran += n * part[2] / 100
	}
	END { if (all) printf "%6.1f %% of %5d lines  in all\n", 100 * ran / all, all }'
