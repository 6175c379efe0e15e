#!/bin/sh
# cover.sh BUILD: lines and branches of the library and the commands that the
# tests ran, by gcov, from a build with --coverage; at the end those of the
# library, and of all.
set -eu

build=$1
find "$build" -name '*.gcno' | sort |
    xargs gcov -n -b 2>/dev/null |
    awk -F"'" '
	# "Lines executed:92.30% of 130": the share, the count
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
	function add(what, n, part) {
		size["in all", what] += n
		done["in all", what] += n * part / 100
		if (file ~ /^lib/) {
			size["libcrm", what] += n
			done["libcrm", what] += n * part / 100
		}
	}
	use && /^Lines executed/ {
		line[file] = share($0)
		of[file] = count($0)
		add("line", of[file], line[file])
	}
	use && /^Taken at least once/ {
		taken[file] = share($0)
		add("branch", count($0), taken[file])
	}
	function total(name, n, b) {
		n = size[name, "line"]
		b = size[name, "branch"]
		if (n && b)
			print row(100 * done[name, "line"] / n, n,
			    100 * done[name, "branch"] / b, name)
	}
	function row(ran, n, took, name) {
		return sprintf("%6.1f %% of %5d lines, %5.1f %% of branches  %s",
		    ran, n, took, name)
	}
	END {
		sort = "sort -n"
		for (file in line)
			print row(line[file], of[file], taken[file], file) | sort
		close(sort)
		total("libcrm")
		total("in all")
	}'
