#!/bin/sh
# cover.sh BUILD: lines and branches of the library and the commands that the
# tests ran, by gcov, from a build with --coverage.
set -eu

build=$1
find "$build" -name '*.gcno' | sort |
    xargs gcov -n -b 2>/dev/null |
    awk -F"'" '
	# "Lines executed:92.30% of 130": the share; sum adds its count to n
	function share(s, part) {
		split(s, part, /[:%]/)
		return part[2]
	}
	function count(s) {
		sub(/.* of /, "", s)
		return s + 0
	}
	/^File/ {
		file = $2
		use = file ~ /^(lib|cmd)\/.*\.c$/ && !(file in seen)
		if (use)
			seen[file] = 1
		next
	}
	use && /^Lines executed/ {
		line[file] = share($0)
		n = count($0)
		lines += n
		ran += n * line[file] / 100
		size[file] = n
	}
	use && /^Taken at least once/ {
		taken[file] = share($0)
		n = count($0)
		branches += n
		took += n * taken[file] / 100
	}
	END {
		for (file in line)
			printf "%6.1f %% of %5d lines, %5.1f %% of branches  %s\n",
			    line[file], size[file], taken[file], file | "sort -n"
		close("sort -n")
		if (lines && branches)
			printf "%6.1f %% of %5d lines, %5.1f %% of branches  in all\n",
			    100 * ran / lines, lines, 100 * took / branches
	}'
