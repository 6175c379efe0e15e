#!/bin/sh
# crm-profit: by hand, against the order ledger, the clock, settings of costs.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
new_store
fails 1 'there are no orders, and nothing that cost' crm-profit

crm-customer add --name Ann --channel web --campaign spring >/dev/null
crm-customer add --name Bo --channel web --country FR >/dev/null
crm-customer add --name Cy >/dev/null
crm-product add --sku a --name A --cost 4 >/dev/null
crm-product add --sku b --name B >/dev/null
at=2026-02-01T10:00:00Z
crm-order add --customer C1 --channel web --placed $at --line 'sku:a x 3 @ 10' \
    --line 'sku:b x 1 @ 10' >/dev/null
crm-order ship O1 --at 2026-02-02T10:00:00Z >/dev/null
crm-order return O1 --line 1 --quantity 1 --amount 10 --at 2026-02-05T10:00:00Z >/dev/null
crm-order add --customer C2 --channel phone --placed $at --line 'sku:a x 2 @ 10' >/dev/null
crm-order cancel O2 --at 2026-02-03T10:00:00Z >/dev/null
crm-order add --channel shop --placed $at --line 'sku:b x 1 @ 7' >/dev/null
crm-touch log C1 --channel phone --direction in --duration 90 --at $at >/dev/null
crm-touch log C1 --channel mail --direction out --cost 0.33 --at $at >/dev/null
crm-ticket open --customer C2 --subject 'where is it' >/dev/null

run crm-profit
err_has 'crm.yaml has no costs' 'what is taken to be free is said'
err_has '2 lines have no cost'
cat >c.yaml <<'END'
costs:
  ticket: 5
  delivery: 4.50
  return: 3
  touch: { phone: 2.00 }
  minute: { phone: 0.60 }
  channel: { web: 6 }
  campaign: { spring: 8 }
segments:
  buyers: { where: 'orders > 0' }
  all: { where: 'orders >= 0' }
END
works crm-store apply -q c.yaml
crm-profit -q >o
is 'each by hand' "$(sed 's/\.00//g; s/C000000000//' o | tr '\t' ' ')" \
    'customer_id orders gross discounts returns revenue cost_of_goods delivery contacts tickets acquisition profit margin
 1 7 0 0 7 0 0 0 0 0 7 1
1 1 40 0 -10 30 8 7.50 3.23 0 8 3.27 0.109
2 0 20 0 -20 0 0 0 0 5 6 -11 '
is 'by product: an order is shared among its lines' \
    "$(crm-profit -q --by product -f orders,gross,returns,revenue,cost_of_goods,delivery,contacts,profit |
	sed 's/\.00//g; s/P000000000//' | tr '\t' ' ')" \
    'product_id orders gross returns revenue cost_of_goods delivery contacts profit
1 1 50 -30 20 8 3.75 1.62 -8.37
2 2 17 0 17 0 3.75 1.61 7.64'
is 'by channel of the order, of the customer, by country' "$(
	for by in channel customer.channel country cohort; do
		crm-profit -q --by $by -f profit | sed '1d; s/\.00//' | tr '\t' '=' | xargs
	done)" 'phone=-11 shop=7 web=3.27
=7 web=-7.73
=10.27 FR=-11
=-4 2026-02=3.27'
is 'segments overlap' "$(crm-profit -q --by segment -f orders,profit | sed '1d; s/\.00//' |
    tr '\t' ' ')" 'buyers 1 3.27
all 1 -7.73'
is 'a set of customers' "$(printf 'customer_id\nC2\n' | crm-profit -q -f profit - |
    sed 1d)" "C0000000002${TAB}-11.00"
is 'before the return and the cancellation' "$(crm-profit -q --at 2026-02-03 \
    -f returns,revenue,cost_of_goods,delivery,profit | sed '1d; s/\.00//g' | tr '\t' ' ')" \
    ' 0 7 0 0 7
C0000000001 0 40 12 4.50 12.27
C0000000002 0 20 8 0 6'
is 'as it was known, with the settings of then' "$(crm-profit -q --as-of rev:7 |
    sed 1d | cut -f 12 | xargs)" '28.00'

fails 64 "no column 'moon'" crm-profit --by moon
fails 64 "'moon' is not day" crm-profit --by cohort --period moon
fails 64 'not a column to group by' crm-profit --by customer.orders
fails 1 '2 customers: at least 10 are wanted' crm-profit --deciles
fails 64 'are of customers' crm-profit --deciles --by product
fails 64 'a stream of customers goes with' crm-profit --by product -
# apply TEXT MESSAGE
refused()
{
	printf 'costs: %s\n' "$1" >bad.yaml
	fails 78 "$2" crm-store apply bad.yaml
}
refused '{ ticket: -5 }' "'-5' is not an amount of money from 0 on"
refused '{ ticket: much }' "'much' is not an amount"
refused '{ ticket: 1.234 }' "'1.234' is not an amount"
refused '{ tickets: 5 }' 'tickets'
refused '{ touch: { smoke: 1 } }' 'not a channel of contacts (known: phone'
refused '{ channel: { "a,b": 1 } }' 'neither comma nor ='
refused '{ channel: { a: [1] } }' 'an amount is wanted'
crm-store dump >before
CRM_STORE=$T/copy
crm-store load -q - <before
crm-store dump >after
same 'a dump brings the costs along' after before
is 'as the file they were made by does' "$(crm-store apply --dry-run "$T/c.yaml" | sed 1d)" ''

# Every sum is that of the ledger, however it is cut.
CRM_STORE=$T/shop
crm-gen --customers 300 --orders 1500 --from 2025-06-01 --until 2026-06-01 |
    crm-store load -q --currency EUR --timezone UTC --country DE -
crm-store apply -q c.yaml
crm-touch log C5 --channel phone --direction in --duration 100 --at $at >/dev/null
crm-ticket open --customer C6 --subject x >/dev/null
# sums OPTION...: each column's, in cents
sums()
{
	crm-profit -q "$@" | awk -F '\t' '
	NR > 1 { for (i = 3; i <= 12; i++) { t = $i; sub(/\./, "", t); s[i] += t } }
	END { for (i = 3; i <= 12; i++) printf "%d ", s[i]; print "" }'
}
sums >want
is 'gross, discounts, revenue are those of crm-order totals' \
    "$(awk '{ print $1, $2, $4 }' want)" \
    "$(crm-order totals -f gross,discount,revenue | sed '1d; s/\.//g' | cut -f 2- | tr '\t' ' ')"
is 'revenue of those with a name is that of the customers' \
    "$(crm-profit -q -w 'customer_id is not empty' -f revenue | sed 1d |
	awk -F '\t' '{ sub(/\./, "", $2); n += $2 } END { print n }')" \
    "$(crm-customer list -f revenue | sed 1d |
	awk -F '\t' '{ sub(/\./, "", $2); n += $2 } END { print n }')"
is 'cost of goods is that of the customers' \
    "$(crm-profit -q -w 'orders > 0' -f cost_of_goods | sed 1d | grep '^C')" \
    "$(crm-customer list -w 'orders > 0' -f cost | sed 1d)"
awk '{ exit $4 - $5 - $6 - $7 - $8 - $9 != $10 || $1 + $2 + $3 != $4 ||
    $7 == 0 || $8 == 0 || $9 == 0 }' want
is 'and profit is what is left' $? 0
for by in product channel campaign cohort country customer.channel; do
	is "the same sums by $by" "$(sums --by $by)" "$(cat want)"
done
sums --at 2026-01-15 >then
is 'and at a past day' "$(sums --at 2026-01-15 --by product)$(
	awk '{ print $1, $2, $4 }' then)" "$(cat then)$(crm-order totals --at 2026-01-15 \
    -f gross,discount,revenue | sed '1d; s/\.//g' | cut -f 2- | tr '\t' ' ')"
crm-profit -q --deciles >o
is 'deciles are all customers and all profit' "$(awk -F '\t' 'NR > 1 { n += $2; p += $5
	if (NR > 2 && $8 > least) bad = 1
	least = $8 } END { printf "%d %d %.2f", bad, n, p }' o) $(tail -n 1 o | cut -f 7)" \
    "0 $(crm-profit -q | grep -c '^C') $(crm-profit -q -f profit | grep '^C' |
	awk '{ s += $2 } END { printf "%.2f", s }') 1"

# A log in place of the store.
printf '%s\n' 'customer_id	order_id	placed	product_id	channel	total	cost' \
    'ann	o1	2025-01-02	cup	web	10	4' \
    'ann	o1	2025-01-02	pot	web	20.50	12.255' \
    'bob	o2	2025-02-02	cup	app	10	4' \
    'bob	o2	2025-02-05	cup	app	-10	-4' \
    '	o3	2025-02-06	cup	app	8	' >log.tsv
shop=$CRM_STORE
CRM_STORE=/nonexistent/x
# parts [OPTION...]: key, orders, gross, returns, cost, profit of the log.
parts()
{
	crm-profit -q --from log.tsv \
	    "$@" -f orders,gross,returns,cost_of_goods,delivery,profit | sed 1d |
	    tr '\t' ' '
}
is 'of a log: by customer, what it cannot know is empty' "$(parts)" \
    'ann 1 30.500 0.000 16.255  14.245
bob 1 10.000 -10.000 0.000  0.000'
is 'by product, an order once for each' "$(parts --by product)" \
    'cup 3 28.000 -10.000 4.000  14.000
pot 1 20.500 0.000 12.255  8.245'
is 'by channel' "$(parts --by channel)" \
    'app 2 18.000 -10.000 0.000  8.000
web 1 30.500 0.000 16.255  14.245'
is 'by cohort' "$(parts --by cohort | cut -c 1-9)" '2025-01 1
2025-02 1'
is 'as it stood then' "$(parts --at 2025-02-05)" \
    'ann 1 30.500 0.000 16.255  14.245
bob 1 10.000 0.000 4.000  6.000'
fails 1 '2 customers: at least 10 are wanted' \
    crm-profit -q --from log.tsv --deciles
is 'by deciles' "$({ cat log.tsv && for i in 1 2 3 4 5 6 7 8; do
	printf 'c%d\tp%d\t2025-03-01\tcup\tapp\t%d\t1\n' $i $i $i
done; } | crm-profit -q --from - --deciles | awk -F '\t' '
	NR > 1 { n += $2; p += $5 } END { print n, p }')" '10 42.245'
is 'of the customers on stdin' "$(printf 'customer_id\nbob\n' |
	crm-profit -q --from log.tsv -f profit - | sed 1d)" "bob${TAB}0.000"
run crm-profit --from log.tsv
err_has '1 rows without a customer are left out'
cut -f 1-6 log.tsv >bare.tsv
run crm-profit --from bare.tsv
err_has "there is no column 'cost'"
fails 64 "'country' is not customer, product, channel or cohort" \
    crm-profit --from log.tsv --by country
err_has 'columns channel=NAME'
cut -f 1-5 log.tsv >bare.tsv
fails 65 "no column 'total'" crm-profit --from bare.tsv
sed '3s/12.255/much/' log.tsv >bare.tsv
fails 65 "cost: 'much' is not a money amount" crm-profit --from bare.tsv
fails 1 'there are no sales' crm-profit --from /dev/null
CRM_STORE=$shop

# By product at a past day, an order's lines are those of then.
CRM_STORE=$T/past
new_store
crm-product add --sku A --name a --cost 1 >/dev/null
crm-product add --sku B --name b --cost 1 >/dev/null
crm-order add --placed 2026-01-10 --line 'sku:A x 2 @ 10' \
    --line 'sku:B x 2 @ 10' >/dev/null
crm-order return O1 --line 1 --quantity 2 --amount 20 --at 2026-02-10 >/dev/null
is 'by product: what came back' \
    "$(crm-profit -q --by product -f revenue,cost_of_goods | sed 1d | tr '\t' ' ')" \
    'P0000000001 0.00 0.00
P0000000002 20.00 2.00'
is 'and before it did' "$(crm-profit -q --by product -f revenue,cost_of_goods \
    --at 2026-02-01 | sed 1d | tr '\t' ' ')" 'P0000000001 20.00 2.00
P0000000002 20.00 2.00'
done_testing
