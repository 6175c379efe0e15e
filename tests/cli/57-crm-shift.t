#!/bin/sh
# crm-shift: who changed, against what is known of a synthetic shop; false
# alarms, power; streams; what is refused.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

# Thirty customers who order each fourth day, by and by; one stops, one doubles
# what is spent, one goes to the app, one begins to buy tea, one more and more.
awk 'BEGIN {
	print "customer_id\tplaced\ttotal\tchannel\tquantity\tproduct_id"
	for (c = 1; c <= 30; c++)
		for (d = c % 4; d < 364; d += 4) {
			if (c == 7 && d > 290)
				break
			many = c == 11 && d > 274 ? 3 : 1
			printf "c%02d\t%s\t%d.%02d\t%s\t%d\t%s\n", c, date(d),
			    (10 + (d * 7 + c) % 9) * (c == 8 && d > 274 ? 2 : 1),
			    (d * 13) % 100, (c == 9 && d > 280 ? "app" : "web"),
			    many * (1 + (d + c) % 3),
			    (c == 10 && d > 280 ? "tea" : d % 3 ? "cups" : "pots")
		}
}
function date(d, m, n) {
	split("31 28 31 30 31 30 31 31 30 31 30 31", n, " ")
	for (m = 1; d >= n[m]; m++)
		d -= n[m]
	return sprintf("2025-%02d-%02d", m, d + 1)
}' </dev/null >log.tsv
CRM_STORE=/nonexistent/x
crm-shift --from log.tsv >o
is 'who changed, in what' "$(sed 1d o | cut -f 1-4 | tr '\t' ' ')" \
    'c07 rhythm slower 
c08 spend more 
c09 channel more app
c10 goods more tea
c11 basket larger '
is 'why, in words' "$(field why <o | sed -n '1p;3p')" \
    'bought on 0 days since 2025-10-16, 18.9 expected after 71 before
app in 21 of 21 orders since 2025-10-09, in 0 of 70 before, instead of web'
is 'since when' "$(field since <o | xargs)" \
    '2025-10-16 2025-10-04 2025-10-09 2025-10-10 2025-10-03'
crm-shift --from log.tsv --recent 90d >fixed
is 'of a given time: who changed, in what' "$(
	sed 1d fixed | cut -f 1-4,13 | tr '\t' ' ')" \
    'c07 rhythm slower  2025-10-02
c08 spend more  2025-10-02
c09 channel more app 2025-10-02
c10 goods more tea 2025-10-02
c11 basket larger  2025-10-02'
is 'and why' "$(field why <fixed | sed -n '1p;3p')" \
    'bought on 4 days since 2025-10-02, 22 expected after 67 before
app in 21 of 22 orders since 2025-10-02, in 0 of 69 before'
is 'all tests are there under --all, those not alarms too' "$(
	crm-shift --from log.tsv --all -f q,alarm | awk -F '\t' '
	NR > 1 && ($2 <= .05) != ($3 == "yes") { bad++ }
	NR > 1 { n[$3]++ } END { print bad + 0, n["yes"], (n["no"] > 80) }')" '0 5 1'
run crm-shift --from log.tsv --at 2025-09-20 -f what
out_is "customer_id${TAB}what" 'before it happened nothing is known of it'
err_has 'nothing has changed, by 120 tests of 30 customers'
is 'of the customers on stdin, tested in the whole shop' "$(
	printf 'customer_id\nc08\nc12\n' | crm-shift --from log.tsv - |
	    sed 1d | cut -f 1-2)" "c08${TAB}spend"
is 'columns that are not there are not tested' "$(
	cut -f 1-2 log.tsv | crm-shift --from - --all -f what | cut -f 2 | sort -u |
	    xargs)" 'rhythm what'
awk -F '\t' -v OFS='\t' 'NR == 1 { print $0, "order_id"; next }
	{ print $0, NR; if (NR % 5 == 0) { $3 = 0; $5 = 0; print $0, NR } }' \
    log.tsv >lines.tsv
crm-shift --from lines.tsv >lines
same 'rows of an order are one' lines o

fails 1 'there are no orders' crm-shift --from /dev/null
head -n 2 log.tsv >one.tsv
fails 1 'no customer has orders enough' crm-shift --from one.tsv
awk -F '\t' -v OFS='\t' 'NR > 1 { $2 = "2025-01-01" } 1' log.tsv >day.tsv
fails 1 'no customer has orders enough' crm-shift --from day.tsv
sed '5s/\t1/\t-1/' log.tsv >bad.tsv
fails 65 'is below 0' crm-shift --from bad.tsv
sed '5s/web/web\t/' log.tsv >bad.tsv
fails 65 'fields' crm-shift --from bad.tsv
fails 64 "no share" crm-shift --from log.tsv --alarm 2
fails 64 "not a share between" crm-shift --from log.tsv --alarm 100%
fails 64 "'soon' is not a length of time" crm-shift --from log.tsv --recent soon
fails 64 "not a number from 2" crm-shift --from log.tsv --least 1

# The store, against what crm-gen planted.
CRM_STORE=$T/empty
new_store
fails 1 'there are no orders' crm-shift
fails 64 "no column 'moon'" crm-shift --goods moon
CRM_STORE=$T/shop
shop='--customers 2500 --orders 100000 --products 100 --seed 2 --changes 20%'
# shellcheck disable=SC2086
crm-gen $shop | crm-store load -q --currency EUR --timezone UTC --country DE -
# shellcheck disable=SC2086
crm-gen $shop --section truth_change >changed
# shellcheck disable=SC2086
crm-gen $shop --section truth_customer >truth
run crm-shift --all --at 2026-01-01
status_is 0 'a shop of 2,500'
cp "$out" all
crm-shift --all --recent 90d --at 2026-01-01 >all90
# judge FILE ALARM, of who is still a customer.  Unchanged is who was planted
# nothing: is p not below .05 more often than it should be, but for chance (2.6
# deviations); are no more of all alarms theirs than was stated, those of who
# left being right?  And how many of each sort of planted change are found.
judge()
{
	awk -F '\t' -v alarm="$2" '
	BEGIN { tests["rate"] = "rhythm"; tests["taste"] = "goods"
		tests["spend"] = "basket"; tests["channel"] = "channel" }
	FNR == 1 { file++; for (i = 1; i <= NF; i++) col[$i] = i; next }
	file == 1 { what[$1] = tests[$3]; next }
	file == 2 { left[$1] = $col["left"]; next }
	{ alarms += $10 <= alarm }
	left[$1] == "" && ($1 in what) && what[$1] == $2 { n[$2]++; found[$2] += $10 <= alarm }
	left[$1] == "" && !($1 in what) {
		count++; false_ += $10 <= alarm; p[$2] += $9 <= .05; of[$2]++ }
	END {
		for (k in p) if (p[k] > .05 * of[k] + 2.6 * sqrt(.0475 * of[k]))
			print k, "is below .05 too often"
		for (k in p) kinds++
		print kinds, (count > 1000), (false_ <= alarm * alarms),
		    (n["rhythm"] > 50 && found["rhythm"] >= .65 * n["rhythm"]),
		    (n["goods"] > 20 && found["goods"] >= .3 * n["goods"]),
		    (n["channel"] > 20 && found["channel"] >= .5 * n["channel"])
		printf "# %s, alarm %s: %d false of %d alarms, %d tests of " \
		    "unchanged; found of planted", FILENAME, alarm, false_,
		    alarms, count
		for (k in n) printf ", %s %d of %d", k, found[k], n[k]
		print ""
	}' changed truth "$1" >judged
	sed -n 's/^# //p' judged >>report
	grep -v '^#' judged
}
is 'false alarms at most as stated; most of the changes are found' \
    "$(judge all .05)" '5 1 1 1 1 1'
is 'the same at .2' "$(judge all .2)" '5 1 1 1 1 1'
is 'of a given time there are no more false alarms, but less is found' \
    "$(judge all90 .05)" '5 1 1 0 0 0'
diag "$(cat report)"
is 'alarms are those of all tests' "$(crm-shift --at 2026-01-01 | sed 1d | wc -l)" \
    "$(awk -F '\t' 'NR > 1 && $10 <= .05' all | wc -l)"
done_testing
