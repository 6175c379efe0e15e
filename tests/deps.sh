#!/bin/sh
# Installs what building and testing need and is missing, by apt-get on Debian
# 12; silent when all is there.  `deps.sh dev` adds what lint, check-asan, fuzz
# and the tests against other programs use.
#
# Without the first list nothing can be built, so failing to get it is an
# error.  Tests that need something of the others say what they skip.
set -eu

need='gcc libc6-dev make pkg-config liblmdb-dev libyaml-dev libutf8proc-dev
    libcmocka-dev perl tzdata'
want='mandoc miller sqlite3 jq gawk'
if [ "${1-}" = dev ]; then
	want="$want clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14
	    valgrind postgresql tmux zsh fish lmdb-utils"
fi

# Of the packages named, those that are not installed.
missing()
{
	dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\n' "$@" 2>/dev/null |
	    awk -v all="$*" '
		$1 == "ii" || $1 == "hi" { have[$2] = 1 }
		END {
			n = split(all, p, " ")
			for (i = 1; i <= n; i++)
				if (!(p[i] in have))
					printf "%s%s", sep++ ? " " : "", p[i]
		}'
}

if ! command -v dpkg-query >/dev/null; then
	command -v pkg-config >/dev/null &&
	    pkg-config --exists lmdb yaml-0.1 libutf8proc cmocka && exit 0
	echo "deps: this is not Debian; please install what Debian calls" \
	    $need $want >&2
	exit 1
fi

# shellcheck disable=SC2086  # lists of words
get=$(missing $need $want)
[ -n "$get" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as=
elif command -v sudo >/dev/null; then
	as=sudo
else
	as=none
fi
echo "deps: installing $get"
if [ "$as" = none ]; then
	echo "deps: neither root nor sudo: run apt-get install $get" >&2
else
	apt="$as env DEBIAN_FRONTEND=noninteractive apt-get -qq
	    -o Dpkg::Use-Pty=0"
	# Lists of packages may be absent or old: fetch them and try again.
	$apt install -y --no-install-recommends $get >/dev/null 2>&1 || {
		$apt update >/dev/null || true
		$apt install -y --no-install-recommends $get >/dev/null || true
	}
fi

get=$(missing $need)
if [ -n "$get" ]; then
	echo "deps: could not install $get" >&2
	exit 1
fi
get=$(missing $want)
[ -z "$get" ] || echo "deps: without $get some tests are left out" >&2
