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
shop='--customers 2500 --orders 100000 --products 100 --seed 7'
crm-gen $shop | crm-store load -q --currency EUR --timezone UTC --country DE -
crm-gen $shop --section truth_change >changed
crm-gen $shop --section truth_customer >truth
run crm-shift --all --at 2026-01-01
status_is 0 'a shop of 2,500'
cp "$out" all
# judge ALARM, of who is still a customer.  Unchanged is who was planted
# nothing: is p not below .05 more often than it should be, but for chance (2.6
# deviations), and are no more of their tests alarms than was stated?  Are a
# quarter of the planted changes of rate found?
judge()
{
	awk -F '\t' -v alarm="$1" '
	FNR == 1 { file++; for (i = 1; i <= NF; i++) col[$i] = i; next }
	file == 1 { changed[$1] = 1; rate[$1] = $3 == "rate"; next }
	file == 2 { left[$1] = $col["left"]; next }
	left[$1] == "" && rate[$1] && $2 == "rhythm" { n++; found += $10 <= alarm }
	left[$1] == "" && !($1 in changed) {
		tests++; false_ += $10 <= alarm; p[$2] += $9 <= .05; of[$2]++ }
	END {
		for (k in p) if (p[k] > .05 * of[k] + 2.6 * sqrt(.0475 * of[k]))
			print k, "is below .05 too often"
		for (k in p) kinds++
		print kinds, (tests > 1000), (false_ <= alarm * tests),
		    (n >= 5 && found * 4 >= n)
		print "# alarm " alarm ": " false_ " false of " tests \
		    " tests; of " n " planted changes of rate " found " found"
	}' changed truth all >judged
	sed -n 's/^# //p' judged >>report
	grep -v '^#' judged
}
is 'false alarms at most as stated; a quarter and more of the changes' \
    "$(judge .05)" '5 1 1 1'
is 'the same at .2' "$(judge .2)" '5 1 1 1'
diag "$(cat report)"
is 'alarms are those of all tests' "$(crm-shift --at 2026-01-01 | sed 1d | wc -l)" \
    "$(awk -F '\t' 'NR > 1 && $10 <= .05' all | wc -l)"
done_testing
