#!/bin/sh
# crm-body: the header stays, not a byte of the rest is taken away.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

printf 'n\tname\n3\tcarl\n1\tann\n2\tbo\n' >in
works crm-body sort <in
out_is "n${TAB}name
1${TAB}ann
2${TAB}bo
3${TAB}carl" 'a file is sorted below its header'

# The generator writes in pieces, so that reading ahead would show.
{ printf 'n\n'; sleep 0.1; seq 5 -1 1; } | crm-body sort >"$out"
is 'a pipe is sorted below its header' "$(tr '\n' ' ' <"$out")" 'n 1 2 3 4 5 '
seq 0 200000 | crm-body wc -l >"$out"
is 'no record of a large pipe is lost' "$(tr '\n' ' ' <"$out")" '0 200000 '
seq 0 200000 >large
crm-body wc -l <large >"$out"
is 'no record of a large file is lost' "$(tr '\n' ' ' <"$out")" '0 200000 '
{ read -r first; crm-body cat; } <in >"$out"
is 'a file is read from where it stands' "$first:$(head -n 1 "$out")" \
    "n${TAB}name:3${TAB}carl"

run crm-body sort
status_is 0
out_empty 'no input: no header'
err_empty
printf 'n\tname' >cut
run crm-body cat <cut
same 'a header without its end stays so' "$out" cut
printf '\357\273\277a\r\n1\r\n' >odd
run crm-body cat <odd
same 'bytes are not touched' "$out" odd

run crm-body sort -r -k1,1n <in
status_is 0 'options after the command are its own'
run crm-body -- sort --help
status_is 0 'its --help too'
out_has '--key'
run crm-body sh -c 'exit 7' <in
status_is 7 'the exit status is that of the command'
# shellcheck disable=SC2016  # the inner shell's
run crm-body sh -c 'kill -9 $$' <in
status_is 137 'or its signal'
run crm-body sh -c 'echo "$#:$1"' x 'a  b' <in
out_has '1:a  b' 'operands come as they are'

fails 69 "there is no command 'no-such-command'" crm-body no-such-command <in
fails 69 "run './no-such-file'" crm-body ./no-such-file <in
fails 64 'operands are wanted: CMD [ARG...]' crm-body <in
fails 64 "there is no option '-x'" crm-body -x sort <in
head -c 9000000 /dev/zero | tr '\0' a >long
fails 65 'stdin:1: the header is longer' crm-body cat <long

ran='crm-body sort >/dev/full'
crm-body sort <in >/dev/full 2>"$err"
status=$?
status_is 74
err_has 'disk full'
done_testing
