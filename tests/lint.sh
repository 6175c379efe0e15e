#!/bin/sh
# The rules of the tree that no compiler checks.  Each section prints one line
# and, below it, what breaks its rule; `note` sections never fail.
# `make lint` calls this with CFLAGS, BUILD and CORES; `LINT="rooms names" sh
# tests/lint.sh` runs only those sections.
set -u
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
failed=0

git ls-files --cached --others --exclude-standard >"$T/tree" 2>/dev/null &&
    [ -s "$T/tree" ] ||
    find . -path './build*' -prune -o -type f -print | sed 's|^\./||' >"$T/tree"
while read -r f; do [ -f "$f" ] && echo "$f"; done <"$T/tree" >"$T/all"
grep '\.[ch]$' "$T/all" >"$T/code"
grep -v '^tests/' "$T/code" >"$T/product"
grep -Ev '^tests/(fuzz/corpus|golden|data)/' "$T/all" >"$T/text"

# section NAME: the section of that name is a function that prints faults.
section()
{
	case " ${LINT:-$1} " in
	*" $1 "*) ;;
	*) return ;;
	esac
	"lint_$1" >"$T/found" 2>&1
	if [ ! -s "$T/found" ]; then
		printf '  %-9s ok\n' "$1"
		return
	fi
	printf '  %-9s %s\n' "$1" "$2"
	sed 's/^/    /' "$T/found"
	[ "${3-}" = note ] || failed=1
}

# grep_code EXTENDED-REGEX FILE-REGEX: in code without its comments, strings
# and preprocessor lines, as file:line:text.
grep_code()
{
	[ -d "$T/bare" ] || strip_code
	grep -E "$2" "$T/code" | (cd "$T/bare" && xargs -r grep -nE "$1" /dev/null)
}
strip_code()
{
	while read -r f; do
		mkdir -p "$T/bare/${f%/*}"
		awk '
			{
				line = $0; s = ""
				while (line != "") {
					if (in_comment) {
						i = index(line, "*/")
						if (!i) break
						line = substr(line, i + 2)
						in_comment = 0
					} else if (match(line, /^"([^"\\]|\\.)*"/)) {
						s = s "\"\""
						line = substr(line, RLENGTH + 1)
					} else if (match(line, /^\047([^\047\\]|\\.)*\047/)) {
						s = s "0"
						line = substr(line, RLENGTH + 1)
					} else if (line ~ /^\/\//) {
						break
					} else if (line ~ /^\/\*/) {
						in_comment = 1
						line = substr(line, 3)
					} else {
						match(line, /^([^"\047\/]+|.)/)
						s = s substr(line, 1, RLENGTH)
						line = substr(line, RLENGTH + 1)
					}
				}
				print s
			}' "$f" >"$T/bare/$f"
	done <"$T/code"
}

lint_format()
{
	xargs -r clang-format-14 --dry-run -Werror <"$T/code" 2>&1 |
	    sed -n 's/:.*error:.*//p' | sort | uniq -c |
	    awk '{ print $2 ": " $1 " places" }'
}

# Fuzz targets and tests are left to the compilers: their macros are cmocka's.
lint_tidy()
{
	grep '\.c$' "$T/product" |
	    xargs -r -P "${CORES:-1}" -n 4 sh -c '
		clang-tidy-14 --quiet "$@" -- '"$CFLAGS"' \
		    -DCRM_VERSION=\"\" -DCRM_DATADIR=\"\" 2>/dev/null' tidy |
	    grep -v '^$'
}

# Which room may include what; a public header's room is in include/crm.h.
lint_rooms()
{
	awk '
		BEGIN {
			may["base"] = " base "
			may["schema"] = " base schema "
			n = split("text config query store", r, " ")
			for (i = 1; i <= n; i++)
				may[r[i]] = " base schema " r[i] " "
			may["model"] = " base schema text config query store model "
			may["import"] = may["model"] "import "
			may["segment"] = may["model"] "segment "
			may["stats"] = may["model"] "stats "
			may["match"] = may["model"] "match "
		}
		FILENAME == "include/crm.h" {
			if (match($0, /^\/\* [a-z]+:/))
				room = substr($0, 4, RLENGTH - 4)
			else if (match($0, /<crm\/.*>/))
				of[substr($0, RSTART + 1, RLENGTH - 2)] = room
			next
		}
		!/^#[ \t]*include/ { next }
		{
			what = $2
			split(FILENAME, d, "/")
			name = substr(what, 2, length(what) - 2)
			mine = ""
		}
		d[1] == "cmd" {
			# cli_parts.h is between the cli_*.c files; a command
			# of several files has a cli_NAME.h of its own.
			if (what == "<crm.h>" || (what ~ /^"cli(_[a-z]+)?\.h"$/ &&
			    (what != "\"cli_parts.h\"" || d[2] ~ /^cli_/)))
				next
			if (what ~ /^"|^<(crm\/|lmdb|yaml|utf8proc)/)
				print FILENAME ": " what
			next
		}
		d[1] == "lib" { mine = d[2] }
		d[1] == "include" { mine = of["crm/" d[3]] }
		mine == "" { print FILENAME ": has no room in include/crm.h"; next }
		what == "<crm.h>" { print FILENAME ": " what; next }
		what ~ /^<crm\// { theirs = of[name] }
		what ~ /^</ && what !~ /^<crm\// { next }
		what ~ /^"/ {
			theirs = mine
			if (split(name, part, "/") == 2)
				theirs = part[1]
		}
		index(may[mine], " " theirs " ") == 0 {
			print FILENAME ": " what " of room " theirs
		}' include/crm.h $(grep -E '^(cmd|lib|include/crm)/' "$T/code")
}

lint_umbrella()
{
	for h in include/crm/*.h; do
		grep -q "<${h#include/}>" include/crm.h || echo "$h is not in crm.h"
	done
	for h in include/crm.h include/crm/*.h; do
		echo "#include <${h#include/}>" |
		    ${CC:-cc} -std=c11 -Iinclude -Wall -Wextra -fsyntax-only -x c - ||
		    echo "$h does not stand alone"
	done
}

# One file owns each outside library.
lint_owners()
{
	grep_code '\<mdb_env_' '' | grep -v '^lib/store/env[^/]*\.c:'
	grep -l '<lmdb\.h>' $(cat "$T/code") | grep -v '^lib/store/'
	grep -l '<yaml\.h>' $(cat "$T/code") | grep -v '^lib/config/yaml\.c$'
	grep -l '<utf8proc\.h>' $(cat "$T/code") | grep -v '^lib/base/utf8\.c$'
}

lint_banned()
{
	grep_code '\<(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|scanf|sscanf|fscanf|strncpy|strncat|alloca|gmtime|localtime|asctime|ctime|mktemp|tmpnam|system)[ ]*\(' '^(cmd|lib|include)/'
	# A name for a type of function is all that typedef is for.
	grep_code '^[ 	]*typedef\>[^(]*$' '^(cmd|lib|include)/'
}

# The library never prints, exits, reads the environment or the clock; the
# monotonic clock, for waiting, is none.
lint_library()
{
	grep_code '\<(printf|vprintf|fprintf|puts|putchar|perror|exit|_exit|abort|getenv|secure_getenv|time|clock_gettime|gettimeofday)[ ]*\(' '^lib/' |
	    grep -v CLOCK_MONOTONIC
}

lint_names()
{
	# A folder may have a run.sh, what runs it, and a README.md.
	grep -E '\.([cht]|sh|md|yaml)$' "$T/text" |
	    grep -vE '/(README\.md|run\.sh)$' |
	    sed 's|.*/||' | sort | uniq -d
	ls -A | grep -Ev '^(cmd|lib|include|man|tests|share|build.*|\.ci|\.git.*|\.clang-(format|tidy)|Makefile|LICENSE|[A-Z]+\.md)$' |
	    sed 's/$/ is not in the layout of the tree/'
}

lint_text()
{
	# but for here-documents and sample files of tests: blanks are data there
	grep -vE '^tests/(cli/.*\.t|data/)' "$T/text" |
	    xargs grep -nIE '[ 	]+$' /dev/null | cut -c1-100
	xargs grep -lI "$(printf '\r')" <"$T/text" | sed 's/$/ has CR/'
	xargs grep -nIF -e "$(pwd)/" -e "$(dirname "$(pwd)")/shared" <"$T/text" |
	    cut -c1-100
	xargs grep -nIE '\<(TO[D]O|FIX[M]E)\>' <"$T/text"
	while read -r f; do
		head -n 1 "$f" | grep -q '^/\*' || echo "$f does not open with a comment"
	done <"$T/code"
}

lint_shell()
{
	grep -E '\.(sh|t)$' "$T/text" | while read -r f; do
		sh -n "$f"
	done
	bash -n .ci/run
}

# Every global symbol is declared in a header and every declared function is
# there; all are called crm_.
lint_symbols()
{
	lib=${BUILD:-build}/libcrm.a
	[ -f "$lib" ] || { echo "there is no $lib"; return; }
	nm -g --defined-only "$lib" | awk 'NF == 3 { print $3 }' | sort -u >"$T/has"
	[ -d "$T/bare" ] || strip_code
	cat "$T"/bare/include/crm/*.h "$T"/bare/lib/*/*.h 2>/dev/null |
	    grep -o '\<crm_[a-z0-9_]*' | sort -u >"$T/declared"
	grep -v '^crm_' "$T/has" | sed 's/$/ is not called crm_/'
	comm -23 "$T/has" "$T/declared" | sed 's/$/ is in no header/'
	cat "$T"/bare/include/crm/*.h | grep -v '^#' | tr '\n\t' '  ' |
	    tr ';}' '\n\n' | grep -vE 'static inline|typedef' |
	    sed -nE 's/^[^({]*\<(crm_[a-z0-9_]+) ?\(.*/\1/p' | sort -u |
	    comm -23 - "$T/has" | sed 's/$/ is declared, but not there/'
}

# Past about 700 lines a file, past about 70 a function, wants a reason.
lint_length()
{
	while read -r f; do
		awk '
			/^{/ { from = NR }
			/^}/ && from {
				if (NR - from > 75)
					print FILENAME ":" from ": " NR - from " lines"
				from = 0
			}
			END { if (NR > 700) print FILENAME ": " NR " lines" }' "$f"
	done <"$T/product"
}

for tool in clang-format-14 clang-tidy-14; do
	command -v $tool >/dev/null || { echo "lint: no $tool" >&2; exit 1; }
done
section format 'make it so by clang-format-14 -i'
section rooms 'a room includes itself and those to its left'
section umbrella 'include/crm.h names every header, each stands alone'
section owners 'one file owns each outside library'
section banned 'not used here'
section library 'the library never prints, exits, reads environment or clock'
section names 'file names are unique, the top level is fixed'
section text 'blanks at line ends, paths of this machine, loose ends'
section shell 'syntax'
section symbols 'symbols and headers agree'
section tidy 'clang-tidy-14'
section length 'long; is there a reason?' note
exit $failed
