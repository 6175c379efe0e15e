#!/bin/sh
# What make install puts in place, and that make uninstall leaves nothing.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
need pkg-config
: "${PREFIX:=/usr/local}" "${CRM_MAKE:=make BUILD=$BUILD}"

D=$T/dest
mkdir -p "$D$PREFIX/bin"
echo theirs >"$D$PREFIX/bin/other"

# $CRM_MAKE holds quoted words.
in_tree() { eval "$CRM_MAKE --no-print-directory -C '$CRM_TOP' DESTDIR='$D' $1"; }

ok 'make install' in_tree install
for c in "$CRM_BIN"/*; do
	ok "${c##*/} is installed" test -x "$D$PREFIX/bin/${c##*/}"
done
(cd "$CRM_TOP" && ls man/*.[157] 2>/dev/null) >pages
while read -r page; do
	ok "$page is installed" \
	    test -f "$D$PREFIX/share/man/man${page##*.}/${page#man/}"
done <pages

cat >main.c <<'END'
#include <crm.h>

int
main(void)
{
	return crm_code_exit(CRM_EDATA);
}
END
PKG_CONFIG_PATH=$D$PREFIX/lib/pkgconfig
export PKG_CONFIG_PATH
flags=$(pkg-config --static --cflags --libs \
    --define-variable=prefix="$D$PREFIX" libcrm)
flags=$(echo "$flags" | sed "s| -\([IL]\)$PREFIX| -\1$D$PREFIX|g;
    s|^-I$PREFIX|-I$D$PREFIX|")
# shellcheck disable=SC2086  # words
ok 'a program is built with libcrm.pc' \
    ${CC:-cc} ${CFLAGS-} -o main main.c $flags
run ./main
status_is 65 'and runs'

ok 'make install once more' in_tree install
ok 'make uninstall' in_tree uninstall
is 'only what was there before is left' "$(cd "$D" && find . -type f)" \
    "./${PREFIX#/}/bin/other"
is 'and no folder of ours' "$(find "$D" -type d -empty)" ''
done_testing
