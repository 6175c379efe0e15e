#!/bin/sh
# crm-cohort: against a recount, the clock, refunds, streams, what is refused.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

# One row for each case: who came when is plain to see.
cat >log.tsv <<'END'
customer_id	placed	total	order_id
a	2026-01-10	10.00	1
a	2026-02-10	5.00	2
a	2026-02-11	-2.50	2
b	2026-01-20	7.00	3
b	2026-03-20	7.00	4
c	2026-02-01	1.00	5
c	2026-02-02	1.00	6
c	2026-04-01	1.00	7
END
CRM_STORE=/nonexistent/x
short()
{
	crm-cohort --from log.tsv "$@" \
	    -f elapsed,complete,observed,active,orders,revenue,retention,repeat_rate,total,per_customer |
	    sed 1d | tr '\t' ' '
}
is 'a month each; the last has begun and says nothing' "$(short)" \
    '2026-01 0 yes 2 2 2 17.00 1 0 17.00 8.50
2026-01 1 yes 2 1 1 2.50 0.5 0.5 19.50 9.75
2026-01 2 yes 2 1 1 7.00 0.5 1 26.50 13.25
2026-01 3 no 0       
2026-02 0 yes 1 1 2 2.00 1 1 2.00 2.00
2026-02 1 yes 1 0 0 0.00 0 1 2.00 2.00
2026-02 2 no 0       '
is 'under --at there is nothing from later' "$(short --at 2026-03-01)" \
    '2026-01 0 yes 2 2 2 17.00 1 0 17.00 8.50
2026-01 1 yes 2 1 1 2.50 0.5 0.5 19.50 9.75
2026-02 0 yes 1 1 2 2.00 1 1 2.00 2.00'
is 'a month lacking a second has not passed' \
    "$(short --at 2026-02-28T23:59:59Z | sed -n 2p)" '2026-01 1 no 0       '
is 'the horizon' "$(short --horizon 0)" \
    '2026-01 0 yes 2 2 2 17.00 1 0 17.00 8.50
2026-02 0 yes 1 1 2 2.00 1 1 2.00 2.00'
is 'some of a cohort have been longer there: each for themselves' "$(
	short --by year --period month | sed 's/^2026 //')" \
    '0 yes 3 3 4 19.00 1 0.3333 19.00 6.33
1 yes 3 1 1 2.50 0.3333 0.6667 21.50 7.17
2 no 2 1 1 7.00 0.5 1 26.50 13.25
3 no 0       '
is 'months of the calendar' "$(
	crm-cohort --from log.tsv --calendar -f period,active,revenue |
	    sed 1d | tr '\t' ' ' | grep -v ' $')" \
    '2026-01 2026-01 2 17.00
2026-01 2026-02 1 2.50
2026-01 2026-03 1 7.00
2026-02 2026-02 1 2.00
2026-02 2026-03 0 0.00'
run crm-cohort --from log.tsv --wide active
out_is "cohort${TAB}customers${TAB}p0${TAB}p1${TAB}p2
2026-01${TAB}2${TAB}2${TAB}1${TAB}1
2026-02${TAB}1${TAB}1${TAB}0${TAB}" 'side by side, for people'
run crm-cohort --from log.tsv --wide revenue --calendar --by quarter --period month
out_is "cohort${TAB}customers${TAB}p2026_01${TAB}p2026_02${TAB}p2026_03
2026-Q1${TAB}3${TAB}17.00${TAB}4.50${TAB}7.00" 'side by side, by the calendar'
cut -f 1-2 log.tsv | crm-cohort --from - --horizon 0 -f orders,revenue,total >o
is 'without money there is none' "$(tail -n 1 o)" "2026-02${TAB}2${TAB}${TAB}"
is 'a stream that says which rows are orders' "$(
	printf 'customer_id\tplaced\torders\na\t2026-01-01\t1\na\t2026-02-01\t0\na\t2026-04-01\t1\n' |
	    crm-cohort --from - -f orders | cut -f 2 | xargs)" 'orders 1 0 0'

fails 1 'there are no orders' crm-cohort --from /dev/null
fails 64 "'moon' is not day, week" crm-cohort --from log.tsv --by moon
fails 64 "'moon' is not day, week" crm-cohort --from log.tsv --period moon
fails 64 "'moon' is not observed" crm-cohort --from log.tsv --wide moon
fails 64 'too many columns' crm-cohort --from log.tsv --wide active --by day \
    --at 2027-01-01
fails 64 'knows no columns of customers' crm-cohort --from log.tsv --by country
sed 's/5.00/5,00/' log.tsv >bad.tsv
fails 65 "'5,00' is not a money amount" crm-cohort --from bad.tsv
sed 's/2026-03-20/20.3.26/' log.tsv >bad.tsv
fails 65 "'20.3.26' is not a time" crm-cohort --from bad.tsv
awk -F '\t' -v OFS='\t' '{ print $0, NR == 1 ? "currency" : NR < 5 ? "EUR" : "USD" }' \
    log.tsv >bad.tsv
fails 65 "'USD' after 'EUR'" crm-cohort --from bad.tsv
fails 1 'none of the customers has ordered' \
    crm-cohort --from log.tsv --since 2027-01-01
printf 'customer_id\tplaced\ttotal\na\t2026-01-01\t-5\n' >bad.tsv
fails 1 'none of the customers has ordered' crm-cohort --from bad.tsv
printf 'customer_id\tplaced\ttotal\na\t2026-01-01\t5\n' |
    crm-cohort --from - --at 2026-01-02 -f complete,active >o
is 'one customer, one order, one day' "$(cat o)" \
    "cohort${TAB}complete${TAB}active
2026-01${TAB}no${TAB}"

# The store: days are its own, refunds have their own time.
CRM_STORE=$T/store
new_store
fails 1 'there are no orders' crm-cohort
fails 64 "no column 'moon'" crm-cohort --by moon
crm-customer add --name Ann --country DE >/dev/null
crm-customer add --name Bo --country FR >/dev/null
# the night to the first of February in Berlin
crm-order add --customer C1 --placed 2026-01-31T23:30:00Z --line '"x" @ 10' >/dev/null
crm-order add --customer C2 --placed 2026-01-31T22:30:00Z --line '"x" @ 20' >/dev/null
crm-order add --customer C2 --placed 2026-02-03T10:00:00Z --line '"x" @ 4' >/dev/null
crm-order add --customer C2 --placed 2026-01-01T10:00:00Z --line '"x" @ 99' >/dev/null
crm-order cancel O4 --at 2026-01-05T10:00:00Z >/dev/null
crm-order refund O2 --amount 5 --at 2026-03-03T10:00:00Z >/dev/null
is 'months of Berlin; a refund in its month; what was cancelled is none' "$(
	crm-cohort -f elapsed,active,revenue --horizon 2 | sed 1d | tr '\t' ' ')" \
    '2026-01 0 1 20.00
2026-01 1 1 4.00
2026-01 2 0 -5.00
2026-02 0 1 10.00
2026-02 1 0 0.00
2026-02 2 0 0.00'
is 'by a column of customers' "$(
	crm-cohort --by country -f elapsed,observed,active --horizon 1 |
	    sed 1d | tr '\t' ' ')" 'DE 0 1 1
DE 1 1 0
FR 0 1 1
FR 1 1 1'
is 'a set' "$(crm-customer list -w 'country = "FR"' | crm-cohort --by year \
    -f customers - | sed 1d)" "2026${TAB}1"

# A shop against awk: UTC, so that a month is seven letters.
CRM_STORE=$T/shop
crm-gen --customers 250 --orders 1200 --from 2025-06-01 --until 2026-06-01 |
    crm-store load --currency EUR --timezone UTC --country DE - 2>/dev/null
crm-order list -w 'status != "cancelled" and status != "pending"' \
    -f customer_id,placed |
    awk -F '\t' 'NR > 1 && $2 {
	m = substr($3, 1, 4) * 12 + substr($3, 6, 2)
	if (!($2 in first)) first[$2] = m
	k = first[$2] SUBSEP m - first[$2]
	orders[k]++
	if (!seen[$2, m]++) active[k]++
    } END {
	for (c in first) size[first[c]]++
	for (f in size) for (e = 0; f + e < 2026 * 12 + 6; e++)
		printf "%04d-%02d %d %d %d %d\n", int((f - 1) / 12), (f - 1) % 12 + 1,
		    size[f], e, active[f, e], orders[f, e]
    }' | LC_ALL=C sort -k1,1 -k3,3n >want
crm-cohort --by month -w complete -f customers,elapsed,active,orders |
    sed 1d | tr '\t' ' ' >got
same 'as awk counts them' got want
is 'all are there' "$(crm-cohort --by year -f customers -w 'elapsed = 0' |
    awk 'NR > 1 { n += $2 } END { print n }')" \
    "$(crm-customer list -w 'orders > 0' --count)"
crm-order totals --by month -f revenue \
    -w 'customer_id is not empty and status != "cancelled"' | sed 1d >want
crm-cohort --calendar -f period,revenue | awk -F '\t' 'NR > 1 && $3 != "" {
	split($3, p, "."); s[$2] += $3 < 0 ? -(-p[1] * 100 + p[2]) : p[1] * 100 + p[2] }
    END { for (m in s) printf "%s\t%d.%02d\n", m, s[m] / 100, s[m] % 100 }' |
    LC_ALL=C sort >got
same 'revenue as the orders book it, month by month' got want
crm-cohort --calendar --at 2026-01-15 -f period,active,revenue -w complete >then
crm-cohort --calendar -f period,active,revenue |
    awk -F '\t' 'NR == 1 || $2 < "2026-01"' >now
same 'a month that was closed stays as it was' then now
done_testing
