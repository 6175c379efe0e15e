#!/bin/sh
# crm-churn: risks with their reasons, of any log; what a hold-out says.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
CRM_STORE=/nonexistent/x

# Regular ones (each week), rare ones (each two months), some of whom stop.
awk 'BEGIN {
	print "customer_id\tplaced"
	seed = 11
	for (c = 1; c <= 200; c++) {
		gap = c % 2 ? 7 : 60
		end = c % 5 == 0 ? 200 : 365
		for (day = int(30 * u()); day < end; day += 1 + int(gap * (0.6 + 0.8 * u())))
			printf "c%03d\t%s\n", c, date(day)
	}
}
function u() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
function date(d, m, n) {
	split("31 28 31 30 31 30 31 31 30 31 30 31", n, " ")
	for (m = 1; d >= n[m]; m++)
		d -= n[m]
	return sprintf("2025-%02d-%02d", m, d + 1)
}' </dev/null >log.tsv

run crm-churn list --from log.tsv --days 60
is 'an edge of the model is told' "$status $(grep -c 'leave alike' "$err")" '0 1'
is 'a row each' "$(sed 1d "$out" | wc -l)" 200
is 'no figure is missing or no number' "$(grep -Eci 'nan|inf|		' "$out")" 0
is 'who bought each week and stopped is overdue, who buys each two months not' "$(
	awk -F '\t' 'NR > 1 { n = substr($1, 2) + 0
		if (n % 10 == 5 && $4 < 0.99) print
		if (n % 2 == 0 && n % 5 && $5 < 40 && $4 > 0.9) print }' "$out")" ''
is 'their own gaps are told' "$(awk -F '\t' 'NR > 1 { n = substr($1, 2) + 0
	if (n % 2 ? $6 > 10 : $6 < 30) print }' "$out")" ''
out_has 'silent for'
out_has 'of gaps like their'
run crm-churn list --from log.tsv --days 60 -w 'gone > 0.9' -f risk
is 'who is gone will not buy' "$(awk -F '\t' 'NR > 1 && $2 < 0.9' "$out")" ''
run crm-churn check --from log.tsv --until 2025-10-01 --by auc
is 'each score tells the lost from the kept' "$(awk -F '\t' '
	NR > 1 && $4 > 0.7 { n++ } END { print n }' "$out")" 4
run crm-churn check --from log.tsv --until 2025-10-01
is 'ten tenths' "$(sed 1d "$out" | awk -F '\t' '{ n += $2 } END { print NR, n }')" '10 200'
fails 64 'wanted is --until' crm-churn check --from log.tsv
fails 64 "'x' is not decile or auc" crm-churn check --from log.tsv --by x --until 2025-10-01
fails 64 'is not a number from 1' crm-churn list --from log.tsv --days 0
head -n 5 log.tsv >few
fails 1 'at least 20 are wanted' crm-churn list --from few
fails 1 'at least 10 are wanted to tell what gaps are usual' \
    crm-churn list --from few --params r=1,alpha=9,a=0.5,b=2
CRM_STORE=$T/shop
new_store
fails 1 'there are no purchases' crm-churn list
done_testing
