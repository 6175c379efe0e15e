#!/bin/sh
# crm-rows: choosing, sorting, formatting any stream, by name and type.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

tr ' ' '\t' >orders <<'EOF'
order_id customer_id placed channel currency total customer_name n
O0000000001 C0000000001 2026-05-01T10:00:00Z web EUR 19.90 Ann 5
O0000000002 C0000000002 2026-05-02T23:30:00Z shop EUR 5.00 Bo 10
O0000000003  2026-05-31T10:00:00Z shop JPY 700  7
O0000000004 C0000000010 2026-05-09T10:00:00Z web KWD 1.250 Cy x
EOF

# ids OPTION...: the numbers of the orders that come out, in a line.
ids()
{
	run crm-rows --no-header "$@" <orders
	cut -f 1 "$out" | sed 's/^O0*//' | tr '\n' ' '
}
# chosen IDS OPTION...
chosen()
{
	tap_ids=$1
	shift
	is "crm-rows $*" "$(ids "$@")" "$tap_ids"
}

works crm-rows <orders
same 'a stream goes through unchanged' "$out" orders
works crm-rows - <orders
same 'also when stdin is named' "$out" orders
printf 'a\tb\n1\\tx\\n\\\\\t=1+1\n\t\303\251\n' >odd
works crm-rows <odd
same 'escapes, formulas and empty fields too' "$out" odd

chosen '1 3 ' -w 'total > 6'
chosen '4 ' -w 'total = 1.25'
chosen '2 3 ' -w 'n > 6'
chosen '3 ' -w 'customer_id is empty'
chosen '1 ' -w 'customer_id = "C1"'
chosen '1 2 4 ' -w 'placed < today - 3d'
chosen '1 ' -D 'who=Ann' -w 'customer_name = $who'
chosen '2 3 ' --since 2026-05-02 -w 'channel = "shop"'
chosen '2 4 ' --since 2026-05-02 --until 2026-05-31
chosen '1 ' --until 2026-05-02
chosen '3 ' --since 7d

chosen '4 2 1 3 ' --sort total
chosen '3 1 2 4 ' --sort -total
chosen '1 3 2 4 ' --sort n
chosen '4 2 3 1 ' --sort -n
chosen '3 1 2 4 ' --sort customer_id
chosen '2 3 1 4 ' --sort channel
chosen '4 1 3 2 ' --sort -channel,-placed
chosen '2 3 ' --sort channel --limit 2
chosen '1 ' --limit 1
chosen '' --limit 0

run crm-rows --count <orders
out_is 4
run crm-rows --count -w 'channel = "web"' <orders
out_is 2
run crm-rows -e -w 'channel = "web"' <orders
status_is 0
out_empty
run crm-rows -e -w 'channel = "post"' <orders
status_is 1
out_empty
err_empty

run crm-rows -f n,channel --limit 1 <orders
out_is "order_id${TAB}n${TAB}channel
O0000000001${TAB}5${TAB}web" 'column 1 is always there'
run crm-rows -f n,order_id --limit 1 <orders
out_is "order_id${TAB}n
O0000000001${TAB}5" 'and always first'
run crm-rows --format value -f customer_name --limit 2 <orders
out_is "Ann
Bo" 'but for --format value'
run crm-rows --format jsonl -f customer_id,total,placed --limit 1 <orders
out_is '{"order_id":"O0000000001","customer_id":"C0000000001","total":"19.90","placed":"2026-05-01T10:00:00Z"}' \
    'json: money is a string'
run crm-rows --format csv -f n --limit 1 <orders
out_is "order_id,n
O0000000001,5" csv
printf '1\t2\n' >bare
run crm-rows --header a,b <bare
out_is "a${TAB}b
1${TAB}2" '--header names columns'

# Zero bytes are a stream of no records.
run crm-rows -w 'a > 1' --sort b -f c
status_is 0
out_empty
run crm-rows --count
out_is 0
run crm-rows -e
status_is 1
head -n 1 orders >none
works crm-rows -w 'total > 1' <none
same 'a header alone stays' "$out" none

fails 65 'stdin:2: ' crm-rows <<EOF
a${TAB}b
1
EOF
fails 65 "stdin:2: total: '12,5' is not a money amount" \
    crm-rows -w 'total > 1' <<EOF
order_id${TAB}total
O1${TAB}12,5
EOF
run crm-rows -w 'order_id = "O1"' <<EOF
order_id${TAB}total
O1${TAB}12,5
EOF
status_is 0 'a wrong cell that nothing asks for goes through'
out_has '12,5'
run crm-rows -w 'total > 1' -f total <<EOF
day${TAB}total
2026-05-01${TAB}n/a
2026-05-02${TAB}12.5
EOF
is 'in the stream of another program it is no value' "$(sed 1d "$out")" \
    "2026-05-02${TAB}12.5"
sort orders >sorted
fails 65 'crm-body sort' crm-rows <sorted
fails 64 "there is no column 'totl'" crm-rows --sort totl <orders
err_has "did you mean 'total'?"
fails 64 "there is no 'chanel'" crm-rows -w 'chanel = 1' <orders
err_has '^' 'the place is shown'
fails 64 'a condition is wanted' crm-rows -w customer_name <orders
fails 64 "'x' is not NAME=VALUE" crm-rows -D x -w 'n = 1' <orders
fails 64 "--limit: '-1' is not a number" crm-rows --limit -1 <orders
fails 64 'no time of their own' crm-rows --since today <odd
fails 64 "--since: 'soon' is not a time" crm-rows --since soon <orders
fails 64 'takes no value' crm-rows --count=3 <orders
fails 64 'option --where wants EXPR' crm-rows -w <orders
fails 64 "there is no option '--coun'" crm-rows --coun <orders
fails 64 '-f names' crm-rows -f n,n <orders
fails 64 'is for --format csv' crm-rows --excel --format json <orders
fails 64 'is an operand too many' crm-rows orders <orders
run crm-rows "$(printf '\033[31m\302\205')" <orders
is 'no message drives a terminal' "$(tr -d '\n -~' <"$err")" ''
CRM_NOW=soon fails 78 "CRM_NOW: 'soon' is not a time" crm-rows <orders

ran='crm-rows >/dev/full'
crm-rows <orders >/dev/full 2>"$err"
status=$?
status_is 74
ran='crm-rows with stdout closed'
crm-rows <orders >&- 2>"$err"
status=$?
status_is 74
run crm-rows <&-
status_is 0 'stdin closed is no input'
yes "$(sed -n 2p orders)" | head -n 50000 | cat none - >many
(
	trap '' PIPE
	crm-rows <many 2>"$err"
	echo $? >status
) | head -n 1 >"$out"
status=$(cat status)
status_is 141 'a closed pipe ends it, though SIGPIPE was ignored'
err_empty
done_testing
