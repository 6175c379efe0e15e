#!/bin/sh
# crm-rfm: figures of a window and of a past day, scores, sets, the grid.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
new_store

# order CUSTOMER DAY AMOUNT
order()
{
	crm-order add --customer "$1" --placed "$2T10:00:00Z" \
	    --line "\"x\" @ $3" --format value -f order_id
}
fails 1 'there are no orders' crm-rfm
fails 1 'there are no orders in that time' crm-rfm --cells --at 2020-01-01
for n in 1 2 3 4 5 6; do
	crm-customer add --name "N$n" --email "n$n@example.org" >/dev/null
done
order C1 2026-01-10 10.00 >/dev/null
order C1 2026-05-20 15.50 >/dev/null
order C2 2025-12-24 200.00 >/dev/null
order C3 2026-03-01 30.00 >/dev/null
order C3 2026-03-02 30.00 >/dev/null
order C3 2026-03-03 30.00 >/dev/null
order C4 2026-04-30 5.00 >/dev/null
cancelled=$(order C5 2026-02-02 99.00)
crm-order cancel "$cancelled" --at 2026-02-03T10:00:00Z >/dev/null
crm-order refund O2 --amount 5.50 --at 2026-05-25T10:00:00Z >/dev/null
# after the day of the tests
order C4 2026-07-01 70.00 >/dev/null

# figures [OPTION...]: id, recency, frequency, monetary in short.
figures()
{
	crm-rfm "$@" | sed 1d | cut -f 1-4 | tr '\t' ' ' |
	    sed 's/C000000000//'
}
is 'days, orders and revenue; cancelled orders are none' "$(figures)" \
    '1 12 2 20.00
2 159 1 200.00
3 90 3 90.00
4 32 1 5.00'
is 'without CRM_NOW the figures kept are read' "$(
	unset CRM_NOW
	figures | cut -d ' ' -f 1,3,4)" "$(env -u CRM_NOW crm-customer list -w 'orders > 0' \
    -f orders,revenue | sed 1d | tr '\t' ' ' | sed 's/C000000000//')"
is '--at: what had happened by then' "$(figures --at 2026-05-22)" \
    '1 2 2 25.50
2 149 1 200.00
3 80 3 90.00
4 22 1 5.00'
is '--at excludes the day' "$(figures --at 2025-12-24)" ''
is 'before it was cancelled' \
    "$(figures --at 2026-02-03 | grep '^5')" '5 1 1 99.00'
is 'a window of orders, with what was refunded later' \
    "$(figures --since 2026-05-01 --until 2026-05-21)" '1 12 1 10.00'
is 'the shop has its own days' "$(
	crm-order add --customer C6 --placed 2026-05-31T22:30:00Z \
	    --line '"x" @ 1' >/dev/null
	figures | grep '^6')" '6 0 1 1.00'
crm-order cancel O10 >/dev/null 2>&1

scores()
{
	crm-rfm "$@" | field score | tr '\n' ' '
}
is 'fixed cuts: a value at a cut lies above it' \
    "$(scores --until 2026-05-31 --cuts-recency 12,90 --cuts-frequency 2 \
	--cuts-monetary 20.00,90.005)" '222 113 122 211 '
is 'two bins' "$(scores --until 2026-05-31 --bins 2)" '221 112 122 211 '
is 'more than nine bins take two digits each' \
    "$(scores --until 2026-05-31 --bins 12)" '120804 10112 51208 90101 '
run crm-rfm --cells --bins 2 --until 2026-05-31 -f customers,revenue
out_is "cell${TAB}customers${TAB}revenue
2-2${TAB}1${TAB}20.00
2-1${TAB}1${TAB}5.00
1-2${TAB}1${TAB}90.00
1-1${TAB}1${TAB}200.00"
crm-rfm >all
crm-customer list -w 'name in ("N1", "N3", "N6")' >three
run crm-rfm - <three
is 'a set is scored against the shop' \
    "$(grep -E '^(C0*[136]|customer_id)	' all)" "$(cat "$out")"
run crm-rfm --within - <three
is '--within scores the set alone' "$(field score <"$out" | tr '\n' ' ')" \
    "$(cut -f 1 three | crm-rfm --within - | field score | tr '\n' ' ')"
printf 'email:n3@example.org\nC1\n' >bare
run crm-rfm -i - <bare
is 'bare references' "$(sed 1d "$out" | wc -l)" 2
run crm-rfm -w 'monetary > 50' --sort -monetary --format value -f monetary
out_is '200.00
90.00'
run crm-rfm -e -w 'r = 9'
status_is 1

fails 64 "'1' is not a number from 2 to 100" crm-rfm --bins 1
fails 64 "'x' is not a number" crm-rfm --cuts-recency 1,x
fails 64 "'2': each cut has to be above" crm-rfm --cuts-frequency 3,2
fails 64 '--within wants a stream' crm-rfm --within
fails 64 "'C1' is not -" crm-rfm C1
fails 64 "is not a" crm-rfm --at yesterdy
printf 'name\nAnn\n' >bad
run crm-rfm - <bad
status_is 65
printf 'customer_id\nC99\n' >bad
run crm-rfm - <bad
status_is 65
run crm-rfm --missing drop - <bad
is 'unknown ones can be dropped' "$status $(wc -l <"$out")" '0 1'
ran='crm-rfm >/dev/full'
crm-rfm >/dev/full 2>"$err"
status=$?
status_is 74

# A log in place of the store: the same figures.
crm-rfm --at 2026-05-01 -f recency,frequency,monetary,score >want
crm-order list --at 2026-05-01 -w 'customer_id is not empty and revenue >= 0' \
    -f customer_id,placed,revenue,status >orders
grep -v cancelled orders | grep -v pending |
    (CRM_STORE=/nonexistent/x crm-rfm --from - --columns total=revenue \
	--at 2026-05-01 -f recency,frequency,monetary,score) >got
same 'of a log as of the store' got want
printf '%s\n' 'customer_id	order_id	placed	total' 'ann	1	2026-01-01	10' \
    'ann	1	2026-01-01	5.5' 'ann	2	2026-01-05	1' 'bob	3	2026-01-03	4' \
    'bob	3	2026-01-09	-4' 'cy	4	2026-01-07	-2' >log.tsv
(CRM_STORE=/nonexistent/x crm-rfm --from log.tsv --bins 2) >got
is 'orders of several rows, money given back' "$(sed 1d got | tr '\t' ' ')" \
    'ann 5 2 16.50 2 2 2 222
bob 7 1 0.00 1 1 1 111'
is 'of the customers on stdin' "$(printf 'customer_id\nbob\n' |
	crm-rfm --from log.tsv -f frequency - | sed 1d)" "bob${TAB}1"
is 'fixed cuts of money' "$(crm-rfm --from log.tsv --cuts-monetary 7.50 -f m |
	sed 1d | xargs)" 'ann 2 bob 1'
is 'cells' "$(crm-rfm --from log.tsv --bins 2 --cells -f customers,revenue |
	sed -n 2p | tr '\t' ' ')" '2-2 1 16.50'
cut -f 1-3 log.tsv >bare.tsv
fails 65 "no column 'total'" crm-rfm --from bare.tsv
fails 1 'there are no orders' crm-rfm --from /dev/null

# The published scores.
if [ -n "${CRM_DATA-}" ] && [ -x "$CRM_BIN/crm-import" ]; then
	CRM_STORE=$T/rfm
	new_store
	crm-import --map rfm -q "$CRM_DATA/rfm/rfm_data_orders.csv"
	crm-rfm --at 2006-12-31 --cuts-recency 115,181,297.4,482 \
	    --cuts-frequency 4,5,6,8 --cuts-monetary 255.8,382,506.4,666 >r.tsv
	is 'the scores that the R package rfm publishes' "$(
		crm-customer get -f name - <r.tsv | awk -F '\t' '
			$9 ~ /^(Brion Stark|Ethyl Botsford)$/ ||
			$9 ~ /^(Hosteen Jacobi|Edw Frami)$/ { print $9, $8 }')" \
	    'Brion Stark 355
Ethyl Botsford 354
Hosteen Jacobi 122
Edw Frami 555'
	is 'and so do all customers' "$(sed 1d r.tsv | wc -l)" 995
else
	skip 2 'no real data here'
fi
done_testing
