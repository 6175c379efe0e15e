#!/bin/sh
# crm-order: its verbs, what they refuse, and that its sums are one.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
crm-customer add --name Ann --email ann@example.org >/dev/null
crm-customer add --name Bo --email bo@example.org >/dev/null
crm-product add --sku 85123A --name Holder --price 2.55 --cost 1 >/dev/null
crm-product add --sku card --name 'Gift card' --price 50 --type gift_card \
    >/dev/null

# --- add
works crm-order add --customer email:ann@example.org \
    --line 'sku:85123A x 6 @ 2.55' --line '"gift wrap" @ 3' \
    --line 'P1 x 100 = 75.00' --adjust 'shipping 4.90' \
    --adjust 'discount -5.00 code XMAS' --channel phone --pay 50 \
    --placed 2026-05-04T09:00:00Z -f total,revenue,paid,status,payment
out_is "order_id${TAB}total${TAB}revenue${TAB}paid${TAB}status${TAB}payment
O0000000001${TAB}93.20${TAB}88.30${TAB}50.00${TAB}placed${TAB}part"
run crm-order lines O1 -f sku,text,quantity,price,amount,line_cost,line_discount
out_is "line_id	sku	text	quantity	price	amount	line_cost	line_discount
O0000000001-1	85123A	Holder	6	2.55	15.30	6.00	-0.82
O0000000001-2		gift wrap	1	3	3.00		-0.16
O0000000001-3	85123A	Holder	100		75.00	100.00	-4.02"
run crm-order adjustments -f adjustment,code,adjusted
out_is "adjustment_id	adjustment	code	adjusted
O0000000001-a1	shipping		4.90
O0000000001-a2	discount	XMAS	-5.00"
works crm-order add --line P1 --format value -f total
out_is 2.55 'the price is the list price'
works crm-order add --customer C2 --line 'sku:card' --line '"wrap" @ 1' \
    --placed 2026-05-05T09:00:00Z -f total,revenue --format value
out_has "51.00	1.00" 'a gift card is no revenue'

# A row for each line; a line of nothing, and one of no price.
printf '%s\t%s\t%s\t%s\t%s\t%s\n' \
    customer_id number placed text quantity amount \
    email:bo@example.org A1 2026-05-03T22:30:00Z x 2 10.00 \
    '' A1 '' y 0 0.37 \
    '' A2 2026-05-03T20:00:00Z z 32623 75.00 >in.tsv
works crm-order add --print -f number,total,lines - <in.tsv
out_is "order_id	number	total	lines
O0000000004	A1	10.37	2
O0000000005	A2	75.00	1"

fails 65 "no product has 'sku:nope'" crm-order add --line 'sku:nope x 2'
fails 65 "'12,5' is not a decimal number" crm-order add --line 'P1 x 12,5'
fails 65 "'12,5 x' is not an id (P42) or reference" crm-order add \
    --line '12,5 x'
err_has 'a line is PRODUCT x QUANTITY @ PRICE = AMOUNT tax TAX'
fails 65 "no product has 'sku:85123A 2'" crm-order add --line 'sku:85123A 2'
err_has 'a line is PRODUCT x QUANTITY @ PRICE = AMOUNT tax TAX'
fails 65 'has no closing quote' crm-order add --line '"wrap @ 3'
fails 65 'an amount or a price is wanted' crm-order add --line '"wrap" x 3'
fails 65 'a discount lowers the total' crm-order add --line P1 \
    --adjust 'discount 5'
fails 65 'is not an adjustment' crm-order add --adjust shipping
fails 65 'has no line' crm-order add --line P1 --adjust 'coupon -1 line 7'
fails 65 "has no rate but 1" crm-order add --line P1 --rate 2
fails 65 'has more decimal places than its currency' crm-order add \
    --currency JPY --rate 0.006 --line '"x" = 10.50'
fails 65 "'XXX' is not an ISO 4217 currency" crm-order add --currency XXX
fails 65 "no rate for 'USD'" crm-order add --currency USD --line '"a" @ 5'
fails 64 'for a single order' crm-order add --line P1 -
run crm-order list --count
out_has 5 'nothing of this was added'

# --- events
works crm-order pay O1 --method card --reference T1 -f paid,payment,status \
    --at 2026-05-04T10:00:00Z
out_has "93.20	paid	paid" 'all that is open is paid'
works crm-order ship O1 --line 1 --quantity 6 -f fulfilment
out_has part
works crm-order ship O1 -f fulfilment,status
out_has "shipped	shipped"
works crm-order deliver O1 -f fulfilment,status
out_has "delivered	delivered"
works crm-order return O1-1 --quantity 2 --reason damaged --refund \
    -f refunded,revenue,items
out_has "4.83	83.47	105" 'a return with its money'
works crm-order return O1 --line 1 --quantity 1 -f refunded,revenue,items
out_has "4.83	83.47	104" 'a return without money'
run crm-order track O1 -f line,quantity,amount,method,reference,reason,what
out_is "track_id	line	quantity	amount	method	reference	reason	what
O0000000001-e1			50.00				pay
O0000000001-e2			43.20	card	T1		pay
O0000000001-e3	1	6					ship
O0000000001-e4							ship
O0000000001-e5							deliver
O0000000001-e6	1	2	4.83			damaged	return
O0000000001-e7	1	1					return"
fails 65 "a return of '4' is more than the '3' that are left of line 1" \
    crm-order return O1 --line 1 --quantity 4
fails 65 "refunds of '93.21' are more than the payments of '93.20'" \
    crm-order refund O1 --amount 88.38
fails 65 "refunds of '10.38' are more than the total of '10.37'" \
    crm-order refund number:A1 --amount 10.38
fails 65 'the order has no line' crm-order return O1-9
fails 65 'a quantity needs the line it is of' crm-order return O1 --quantity 1
fails 65 'is before the order was placed' crm-order pay number:A1 \
    --at 2020-01-01
fails 65 'a quantity above 0 is wanted' crm-order return O1-1 --quantity 0
fails 1 'there is no order O99' crm-order pay O99
fails 64 "'soon' is not a time" crm-order pay O1 --at soon

# A stream of lines takes back what is left of them; its amounts are theirs.
crm-order lines -w 'text = "z"' >z.tsv
works crm-order return - --reason late --print -f status,items,refunded <z.tsv
out_has "returned	0	0.00"
printf 'order_id\twhat_is_this\nO1\tx\n' >odd.tsv
fails 65 'the column is not known' crm-order ship - <odd.tsv
printf 'order_id\tline\tquantity\treason\nO1\t3\t60\tsour\nO1\t3\t60\ttoo\n' \
    >two.tsv
fails 65 "stdin:3: quantity: a return of '60'" \
    crm-order return - <two.tsv
run crm-order return --keep-going --max-rejects 5 --rejects bad.tsv \
    --print -f items - <two.tsv
status_is 2
out_has 44
crm-order list >before
run crm-order cancel O3 --dry-run
out_has "status	placed	cancelled"
crm-order list >after
same 'a dry run changes nothing' after before
works crm-order cancel O3 -f status,revenue
out_has "cancelled	0.00"
fails 65 'nothing is left to cancel' crm-order cancel O3
works crm-order pay O2 --key once -f paid
cp "$out" first
run crm-order pay O2 --key once -f paid
same 'the same key answers the same' "$out" first
fails 65 'used for something else' crm-order pay O2 --key once --amount 1

# --- chosen by a stream
crm-customer list -w 'name = "Bo"' >bo.tsv
run crm-order list --of customer_id -f number,total - <bo.tsv
out_is "order_id	number	total
O0000000003		51.00
O0000000004	A1	10.37"
printf 'product_id\nsku:85123A\n' >p.tsv
run crm-order list --of product_id --count - <p.tsv
out_has 2
run crm-order lines --of product_id -f quantity - <p.tsv
out_is "line_id	quantity
O0000000001-1	6
O0000000001-3	100
O0000000002-1	1"
fails 64 'no column of ids' crm-order list --of channel - <p.tsv
fails 64 'wants a stream' crm-order list --of customer_id
fails 64 "is not day, week, month" crm-order totals --by moon

# --- totals
crm-order add --customer C1 --type credit --line '"C1" x -1 @ 3' \
    --placed 2026-05-06T09:00:00Z >/dev/null
crm-order add --customer C1 --test yes --line P1 >/dev/null
crm-order add --state cart --line P1 >/dev/null
run crm-order totals -f orders,credits,left_out,no_customer
out_is "by	orders	credits	left_out	no_customer
all	4	1	3	2"
run crm-order totals --test -f orders,left_out
out_is "by	orders	left_out
all	5	2"
crm-order totals >"$T/totals"
is 'gross is the lines of what counted at some time' \
    "$(field gross <"$T/totals")" \
    "$(crm-order lines O1 O2 O3 O4 O5 | field amount |
	awk '{ s += $1 } END { printf "%.2f\n", s }')"
for by in day week month year channel status; do
	crm-order totals --by $by >"$T/by"
	for column in orders gross discount shipping refunds net revenue; do
		is "the rows by $by sum up to all, $column" \
		    "$(field $column <"$T/by" |
			awk '{ s += $1 } END { printf "%.2f\n", s }')" \
		    "$(field $column <"$T/totals" |
			awk '{ printf "%.2f\n", $1 }')"
	done
	is "net is the sum of its parts by $by" "$(awk -F '\t' '
		NR > 1 && ($3 + $4 + $5 + $6 + $7 + $8 - $9) ^ 2 > 1e-6' \
	    "$T/by")" ''
done
is 'revenue is that of the customers and the rest' \
    "$(field revenue <"$T/totals")" \
    "$({
	crm-customer list -f revenue | field revenue
	crm-order list -w 'customer_id is empty' -f revenue | field revenue
    } | awk '{ s += $1 } END { printf "%.2f\n", s }')"
run crm-order totals --by day --until 2026-05-05 -f orders,gross
out_is "day	orders	gross
2026-05-03	1	75.00
2026-05-04	2	103.67" "days are the store's: 22:30 UTC is the next"
run crm-order totals --at 2026-05-04T10:00:00Z -f orders,net
out_is "by	orders	net
all	3	178.57"

# --- rates are of their day
crm-rate add --currency USD --day 2026-05-01 --rate 0.9 >/dev/null
works crm-order add --currency USD --line '"a" @ 10' --customer C2 \
    --placed 2026-05-08T12:00:00Z -f total,base_total,rate --format value
out_has "9.00"
fails 65 "no rate for 'USD' of '2026-05-09'" crm-order add --currency USD \
    --line '"a" @ 10' --placed 2026-05-09T12:00:00Z

# --- the figures follow when an order goes
works crm-order rm O4
run crm-customer get C2 -f orders,revenue --format value --no-header
out_has "9.00" 'the figures of what is left'
# tests are kept, and left out unless they are asked for
(
	CRM_STORE=$T/trial
	new_store
	crm-order add --line '"a" x 1 @ 5' >/dev/null
	crm-order add --line '"b" x 1 @ 7' --test yes >/dev/null
)
trial()
{
	crm-order "$@" --store "$T/trial"
}
is 'a test is not listed' "$(trial list --count)" 1
is 'nor are its lines' "$(trial lines --count)" 1
is 'but by --test' "$(trial list --test --count) $(trial lines --test \
    --count)" '2 2'
is 'or by its id' "$(trial get O2 -f total --no-header)" "O0000000002${TAB}7.00"
is 'in a stream too' "$(printf 'order_id\nO2\n' | trial list - --count)" 1
done_testing
