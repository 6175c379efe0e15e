#!/bin/sh
# crm-clv: fits, predictions and checks, of the store and of any stream; what
# is refused; the published figures.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

# A log of its own, the same everywhere: who buys often, seldom, once.
awk 'BEGIN {
	print "customer_id\tplaced\ttotal"
	seed = 7
	for (c = 1; c <= 300; c++) {
		day = int(100 * u())
		rate = 0.004 + 0.06 * u() ^ 3
		stay = 0.6 + 0.4 * u()
		money = 5 + 40 * u() ^ 2
		do {
			printf "c%03d\t%s\t%.2f\n", c, date(day), money * (0.5 + u())
			if (u() > stay)
				break
			day += 1 + int(-log(u()) / rate)
		} while (day < 364)
	}
}
function u() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
function date(d, m, n) {
	split("31 28 31 30 31 30 31 31 30 31 30 31", n, " ")
	for (m = 1; d >= n[m]; m++)
		d -= n[m]
	return sprintf("2025-%02d-%02d", m, d + 1)
}' </dev/null >log.tsv

CRM_STORE=/nonexistent/x
run crm-clv fit --from log.tsv -f model,unit,customers,agreed
is 'a stream needs no store' "$(sed 1d "$out")" "${TAB}bg-nbd${TAB}week${TAB}300${TAB}4"
crm-clv fit --from log.tsv >m.tsv
crm-clv predict --from log.tsv --days 90 >now.tsv
crm-clv predict --from log.tsv --days 90 --fitted m.tsv >kept.tsv
is 'a model that was printed predicts as when it was fitted' \
    "$(cat now.tsv)" "$(cat kept.tsv)"
is 'everybody is there, in order' "$(sed 1d now.tsv | cut -f 1 | sort -cu 2>&1
	sed 1d now.tsv | wc -l)" 300
is 'no figure is missing or no number' \
    "$(grep -Eci 'nan|inf|		' now.tsv)" 0
is 'nobody is expected to do less in more time' "$(
	crm-clv predict --from log.tsv --days 365 --fitted m.tsv | paste - now.tsv |
	    awk -F '\t' 'NR > 1 && ($2 < $11 || $4 < $13)' | wc -l)" 0
is 'discounted value is less' "$(
	crm-clv predict --from log.tsv --days 90 --fitted m.tsv --discount 20 |
	    paste - now.tsv | awk -F '\t' 'NR > 1 && $6 > $15' | wc -l)" 0
run crm-clv predict --from log.tsv --fitted m.tsv --days 90 \
    -f purchases,low,high,error,value,value_low,value_high,value_error
is 'intervals lie around' "$(awk -F '\t' 'NR > 1 && ($3 > $2 + 1 ||
	$4 < $2 - 1 || $7 > $8 || $5 <= 0 || $9 < 0)' "$out" | wc -l)" 0
sed 's/	.*//' log.tsv | sed -n 1p >two
printf 'c007\nc003\nc007\n' >>two
run crm-clv predict --from log.tsv --fitted m.tsv --days 90 - <two
is 'a set of them' "$(cat "$out")" "$(grep -E '^(customer_id|c003|c007)' now.tsv)"
run crm-clv predict --from - --fitted m.tsv --days 90 <log.tsv
is 'from a pipe' "$(cat "$out")" "$(cat now.tsv)"
sed '1s/.*/who	day	sales/' log.tsv >named.tsv
run crm-clv fit --from named.tsv \
    --columns customer_id=who,placed=day,total=sales
is 'columns of other names' "$(cat "$out")" "$(cat m.tsv)"
run crm-clv fit --from log.tsv --model pareto-nbd --no-money -f s,beta,p
is 'the other model, without money' \
    "$(awk -F '\t' 'NR == 2 { print ($2 > 0), ($3 > 0), ($4 == "") }' "$out")" '1 1 1'
works crm-clv check --from log.tsv --until 2025-10-01
is 'a row for each number of repeats' "$(sed 1d "$out" | cut -f 1 | tr '\n' ' ')" \
    '0 1 2 3 4 5 6 7+ '
works crm-clv check --from log.tsv --until 2025-10-01 --by week -w 'held = yes'
is 'weeks of the hold-out add up' "$(tail -n 1 "$out" | cut -f 1)" 52
run crm-clv check --from log.tsv --until 2025-10-01 --by error
is 'better than what costs nothing' "$(awk -F '\t' '$2 == "purchases" {
	e[$1] = $7 } END { print (e["bg-nbd"] < e["same_rate"]),
	(e["bg-nbd"] < e["average"]), (e["bg-nbd"] < e["as_before"]) }' "$out")" '1 1 1'

# What is wrong.
fails 66 'No such file' crm-clv fit --from nosuch
fails 64 "'bg' is not bg-nbd" crm-clv fit --from log.tsv --model bg
fails 64 "'month' is not day or week" crm-clv fit --from log.tsv --unit month
fails 64 'is not a number from 1' crm-clv predict --from log.tsv --days 0
fails 64 "'2' is no share" crm-clv predict --from log.tsv --level 2
fails 64 "'alph' is not a parameter" crm-clv predict --from log.tsv --params alph=2
fails 65 "has no 'b' above 0" crm-clv predict --from log.tsv --params r=1,alpha=2,a=1
fails 64 'exclude each other' crm-clv predict --from log.tsv --params r=1 --fitted m.tsv
fails 64 'wanted is --until' crm-clv check --from log.tsv
fails 64 'no days are left' crm-clv check --from log.tsv --until 2026-02-01
printf 'customer_id\tplaced\ttotal\n' >none
fails 1 'there are no purchases' crm-clv fit --from none
head -n 10 log.tsv >few
fails 1 'at least 20 are wanted' crm-clv fit --from few
awk -F '\t' 'NR == 1 || !seen[$1]++' log.tsv >once
fails 1 '0 customers who bought again' crm-clv fit --from once
sed '2,$s/2025-..-../2025-03-01/' log.tsv >day
fails 1 'all purchases are of one day' crm-clv fit --from day
sed '3s/	[^	]*$/	-4/' log.tsv >minus
fails 65 "minus:3: total: '-4' is below 0" crm-clv fit --from minus
sed '3s/	[^	]*$/	4,50/' log.tsv >comma
fails 65 "comma:3: total: '4,50' is not a money" crm-clv fit --from comma
sed '2,$s/	[^	]*$/	7/' log.tsv >flat
fails 1 'all customers spend the same' crm-clv fit --from flat
works crm-clv fit --from flat --no-money
run crm-clv fit --anyway --from few --no-money -f customers
is 'few can be insisted on' "$status $(sed 1d "$out" | cut -f 2)" "0 $(sed 1d few |
	cut -f 1 | sort -u | wc -l)"

# Nobody leaves: an edge, which is said.
awk 'BEGIN {
	print "customer_id\tplaced\ttotal"
	seed = 5
	for (c = 1; c <= 200; c++) {
		rate = 0.01 + 0.05 * u() ^ 2
		money[c] = 5 + 40 * u() ^ 2
		for (day = int(60 * u()); day < 336; day += 1 + int(-log(u()) / rate)) {
			# months of 28 days
			m = 1 + int(day / 28)
			printf "c%03d\t2025-%02d-%02d\t%.2f\n", c, m,
			    1 + day % 28, money[c] * (0.5 + u())
		}
	}
}
function u() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
' </dev/null >stay.tsv
run crm-clv fit --from stay.tsv -f a,b,edge,covariance,customers
is 'an edge is named' "$status $(sed 1d "$out" | cut -f 4-)" "0 a to 0${TAB}${TAB}200"
is 'and told' "$(grep -c 'at its edge, a to 0: .*nobody stops buying' "$err")" 1
crm-clv fit --from stay.tsv >stay.model 2>/dev/null
run crm-clv predict --from stay.tsv --fitted stay.model -f purchases,alive,error,value_error
is 'all are active, and no error is said to be 0' "$(sed 1d "$out" |
	awk -F '\t' '$2 <= 0 || $3 < 0.99 || $4 $5 != ""' | wc -l)" 0
(sed 1q stay.tsv && sed 1d stay.tsv | sort -r) >turned
is 'in any order' "$(crm-clv fit --from turned 2>&1)" \
    "$(crm-clv fit --from stay.tsv 2>&1)"
run crm-clv predict --from log.tsv --params r=1,alpha=9,a=0.5,b=2,p=1.5,q=0.4,gamma=9 \
    -f spend,value,repeats
is 'money that has no mean is not there' "$status $(grep -c 'has no mean' "$err") $(
	sed 1d "$out" | awk -F '\t' '($4 == 0) != ($2 $3 == "")' | wc -l)" '0 1 0'
printf 'customer_id\nc999\n' >other
run crm-clv predict --from log.tsv - <other
status_is 65
run crm-clv predict --from log.tsv --missing drop - <other
is 'unknown ones can be dropped' "$status $(wc -l <"$out")" '0 1'

# The store.
CRM_STORE=$T/shop
new_store
fails 64 'is about the stream of --from' crm-clv fit --columns placed=x
fails 1 'there are no purchases' crm-clv fit
fails 1 'there are no purchases' crm-clv predict
sed 1d log.tsv | cut -f 1 | sort -u | awk '
	BEGIN { print "name" } { print }' | crm-customer add - >/dev/null
awk -F '\t' -v OFS='\t' '
	NR == 1 { print "customer_id", "placed", "text", "quantity", "amount"; next }
	{ print "C" substr($1, 2) + 0, $2 "T12:00:00Z", "x", 1, $3 }' log.tsv |
    crm-order add - >/dev/null
fails 1 'no model has been fitted' crm-clv predict --at 2026-01-01
works crm-clv fit --at 2026-01-01 -f until
out_has MD0000000001
works crm-clv fit --at 2026-01-01 --key once -f r
run crm-clv fit --at 2026-01-01 --key once -f r
is 'a key does it once' "$status $(grep -c 'nothing changed' "$err")" '0 1'
works crm-clv fit --at 2026-01-01 --dry-run
is 'two models are kept' "$(crm-clv list --count)" 2
run crm-clv predict --at 2025-12-31 --days 90 --fitted m.tsv
is 'the store says what the stream says' "$(cut -f 2- "$out")" "$(crm-clv predict \
    --from log.tsv --at 2025-12-31 --days 90 --fitted m.tsv | cut -f 2-)"
works crm-clv predict --at 2026-01-01 --use MD1 --limit 1
run crm-clv predict --at 2025-06-01 --limit 1
is 'a model that knows what came is told' "$(grep -c 'knows what came' "$err")" 1
works crm-clv rm MD2
works crm-store check

# The published figures.
if [ -n "${CRM_DATA-}" ] && [ -x "$CRM_BIN/crm-import" ]; then
	CRM_STORE=$T/cdnow
	new_store
	crm-import --map cdnow -q "$CRM_DATA/cdnow/cdnowElog.csv"
	near()
	{
		awk -F '\t' -v want="$1" 'NR == 2 {
			n = split(want, w, " ")
			for (i = 1; i <= n; i++) {
				d = $(i + 1) - w[i]
				if (d * d > 1e-6) print $(i + 1) " not " w[i]
			} }' "$out"
	}
	run crm-clv fit --at 1997-10-01 -f r,alpha,a,b,loglik,p,q,gamma,spend_loglik
	is 'BG/NBD and Gamma-Gamma on CDNOW' "$(near '0.242595 4.413602
	    0.792922 2.425907 -9582.42921 6.249573 3.744225 15.443519
	    -4055.91769')" ''
	run crm-clv fit --at 1997-10-01 --model pareto-nbd --no-money \
	    -f r,alpha,s,beta,loglik
	is 'Pareto/NBD on CDNOW' "$(near '0.553277 10.577684 0.606240
	    11.668740 -9594.97618')" ''
	(
		printf 'customer_id\tplaced\ttotal\n'
		sed 1d "$CRM_DATA/cdnow/cdnowElog.csv" | tr -d '\r' |
		    awk -F , -v OFS='\t' '{ print $1, substr($3, 1, 4) "-" \
			substr($3, 5, 2) "-" substr($3, 7), $5 }'
	) >cdnow.tsv
	run crm-clv fit --from cdnow.tsv --at 1997-10-01 -f r,alpha,a,b,loglik
	is 'the same from the raw log' "$(near '0.242595 4.413602 0.792922
	    2.425907 -9582.42921')" ''
else
	skip 3 'no real data here'
fi
done_testing
