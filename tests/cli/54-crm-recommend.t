#!/bin/sh
# Recommendations: each verb's rows, the counts they cite, and why there are
# fewer than asked for.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

CRM_NOW=2026-06-01T10:00:00Z
export CRM_NOW
new_store
for p in 'tea Green tea|drinks/tea|3' 'cup Tea cup|kitchen/cups|5' \
    'pot Tea pot|kitchen/pots|20' 'jam Apricot jam|food/jam|4' \
    'mug Tea mug|kitchen/cups|6' 'car Toy car||'; do
	IFS='|'
	# shellcheck disable=SC2086  # its parts
	set -- $p
	unset IFS
	sku=${1%% *}
	crm-product add --sku "$sku" --name "${1#* }" ${2:+--category "$2"} \
	    ${3:+--price "$3"} >/dev/null
done
for c in Ann Bob Cat Dan Eve; do
	crm-customer add --name "$c" >/dev/null
done

# order CUSTOMER DATE SKUS [OPTION...]
order()
{
	who=$1 at=$2 skus=$3
	shift 3
	for s in $skus; do
		set -- "$@" --line "sku:$s @ 1"
	done
	crm-order add --customer "$who" --placed "$at" "$@" >/dev/null
}
order C1 2026-03-01 'tea cup'
order C1 2026-03-11 'tea jam'
order C1 2026-03-21 'tea'
order C2 2026-03-01 'tea cup pot'
order C2 2026-03-13 'tea'
order C2 2026-03-25 'tea cup'
order C3 2026-05-20 'jam'
order C3 2026-05-21 'jam cup' --state cart
order C4 2026-05-28 'cup'
order C5 2026-05-30 'tea'
crm-order add --placed 2026-05-29 --line 'sku:jam @ 1' \
    --line 'sku:pot @ 1' >/dev/null

# rows [COMMAND...]: without header, short ids.
rows()
{
	"$@" 2>"$err" | sed 1d | sed 's/\([A-Z]\)00*\([1-9]\)/\1\2/g' |
	    tr '\t' ' '
}
is 'also: the counts, beside the product asked about' \
    "$(rows crm-recommend also sku:cup --min 1 -n 2)" \
    'P3 P2 1 1 2 4 10 0.102633 1.25 0.353553
P1 P2 2 3 7 4 10 0.080435 1.071429 0.566947'
err_is '' 'and no more is said, when that is all that was asked for'
is 'also: what is bought no more often than by chance is none' \
    "$(rows crm-recommend also P1 --min 1 -f together)" 'P2 3'
err_is 'crm-recommend: P1: 1 of 10: no other product is in 1 or more of its 7 orders, and more often than by chance' \
    'and why there are fewer is said'
is 'orders without a customer count for what goes together' \
    "$(rows crm-recommend also sku:jam --min 1 -f together,lift)" \
    'P3 1 1.666667'
is 'ranked by another figure' \
    "$(rows crm-recommend also sku:cup --min 1 --by together -f rank,together |
    head -n 1)" 'P1 1 3'
is 'among some' "$(rows crm-recommend also sku:cup --min 1 \
    --among 'category = "kitchen/pots"' -f rank)" 'P3 1'
is 'not some' "$(rows crm-recommend also sku:cup --min 1 \
    --not 'sku = "pot"' -f rank)" 'P1 1'
crm-product list -w 'sku = "tea"' >tea
is 'among those on stdin' "$(rows crm-recommend also sku:cup --min 1 \
    --among - -f rank <tea)" 'P1 1'
crm-product list -w 'sku in ("tea", "cup")' >two
is 'products of a stream' "$(rows crm-recommend also - --min 1 -f seed_id \
    <two)" 'P2 P1
P3 P2
P1 P2'
is 'nobody bought it' "$(rows crm-recommend also sku:car)$(cat "$err")" \
    'crm-recommend: sku:car: nobody bought it'
crm-recommend build --min 1 --threads 1 >one
crm-recommend build --min 1 --threads 2 >two
same 'build: the same rows by one thread and by two' two one
is 'which are those of also' "$(grep "	P0000000002	" one)" \
    "$(crm-recommend also P2 --min 1 2>/dev/null | sed 1d)"
is 'before a time' "$(rows crm-recommend build --min 1 --at 2026-03-05 \
    -f seed_id,together,baskets --sort product_id,seed_id)" ''

# Enough orders that they are read in parts, as all are at no set time.
now=$CRM_NOW
unset CRM_NOW
crm-gen --customers 2000 --orders 25000 --products 300 |
    crm-store load -q --store big --currency EUR --timezone UTC --country DE -
for n in 1 2 3; do
	crm-recommend build --store big --threads $n >big.$n
done
same 'read by two threads, the same rows' big.2 big.1
same 'by three' big.3 big.1
crm-recommend build --store big --at 2100-01-01 >big.at
same 'of blocks and of records, the same rows' big.at big.1
crm-order list --store big -w 'type = "order" and status not in
    ("cart", "pending", "cancelled")' | crm-order lines --store big - \
    -f order_id,product_id >lines
crm-recommend build --store big --from lines >big.from
same 'and of a stream of these lines' big.from big.1
# the file is long enough to be read in parts, which a pipe is not
for n in 1 2 3; do
	crm-recommend build --from lines --threads $n >parts.$n
	cat lines | crm-recommend build --from - --threads $n >pipe.$n
	same "a file by $n threads" parts.$n big.1
	same "a pipe by $n" pipe.$n big.1
done
not_ok 'long enough' test "$(wc -c <lines)" -lt 1048576
CRM_NOW=$now
export CRM_NOW

# Similar.
is 'similar: by what they are, also those nobody has bought' \
    "$(rows crm-recommend similar sku:car -q -n 9)" ''
is 'similar: parts of the score' "$(rows crm-recommend similar sku:mug -n 2 \
    -f alike,category,brand,price,name,together,seed_orders)" \
    'P2 0.705348 1  0.833333 0.125716 0 0
P3 0.354066 0.5  0.3 0.125716 0 0'
is 'without purchases the score is likeness' "$(crm-recommend similar sku:mug \
    -n 1 -f score | field score)" "$(crm-recommend similar sku:mug -n 1 \
    -f alike | field alike)"
fails 1 "no product has 'sku:none'" crm-recommend similar sku:none

# For.
is 'for: habits by their own counts' \
    "$(rows crm-recommend for C1 --bought yes -f bought,trips,last_bought,basis -n 2)" \
    'P1 3 3 2026-03-20T23:00:00Z habit
P4 1 3 2026-03-10T23:00:00Z habit'
is 'what they have not bought, and because of what' \
    "$(rows crm-recommend for C4 --bought no --min 1 -n 1 \
    -f customer_id,because_id,together,because_orders,basis)" \
    'P3 C4 P2 1 4 together'
is 'the counts in words' "$(rows crm-recommend for C4 --bought no --min 1 -n 1 --explain)" \
    'P3 C4 1 in 1 of the 4 orders with P2; in 1 of all 9 orders'
printf 'order_id\tproduct_id\n1\tx\n' >single
run crm-recommend build --from single
is 'nothing goes together: it is said' \
    "$status $(grep -c 'no two products are in 2 or more orders' "$err")" '0 1'
is 'fewer than asked for: the reason' "$(rows crm-recommend for C3 -n 3 \
    -f customer_id)$(cat "$err")" \
    'P4 C3crm-recommend: C3: 1 of 3: 1 orders of 1 products tell of no more'
is '--fill: what most people buy' "$(rows crm-recommend for C3 -n 3 --fill \
    -f orders,baskets,basis)" 'P1 7 9 popular
P2 4 9 popular
P4 2 9 habit'
is 'without what is excluded' "$(rows crm-recommend for C3 -n 1 --fill \
    --bought no --not 'sku = "tea"' -f orders)" 'P2 4'
crm-customer list -w 'name in ("Ann", "Bob")' >ab
is 'customers of a stream' "$(rows crm-recommend for - -n 1 -f customer_id \
    <ab)" 'P1 C1
P1 C2'
crm-customer add --name Fay >/dev/null
is 'who has bought nothing' "$(rows crm-recommend for C6)$(cat "$err")" \
    'crm-recommend: C6: has bought nothing'

# Due: 4 gaps of all customers are too few, so their own count.
is 'due: a customer with two gaps' "$(rows crm-recommend due C1 --lapsed)" \
    'C1 P1 2026-03-31 62 2026-03-21 10 2 20 4 44 3 2'
is 'late by more than twice its gap is not listed, but told of' \
    "$(rows crm-recommend due C1)$(tail -n 1 "$err")" \
    'crm-recommend: 1 are late by twice their gap and more: --lapsed prints them'
order C5 2026-05-31 'tea'
is 'with five gaps of all they are drawn to those' \
    "$(rows crm-recommend due C1 --lapsed -f due,gap,all_gaps,all_days |
    cut -d ' ' -f 2-)" '2026-03-31 10 5 45'
is 'ahead of time, within a time' "$(rows crm-recommend due C5 --within 4d \
    -f product_id,late) / $(rows crm-recommend due C5 --within 5d \
    -f product_id,late)" ' / C5 P1 -5'

# Next.
is 'next: what is open comes first, the oldest' \
    "$(rows crm-recommend next C3)" \
    'C3 settle 2026-05-20  O7 an order was not shipped, for 12 days'
crm-order ship O7 >/dev/null
is 'then the next' "$(rows crm-recommend next C3)" \
    'C3 settle 2026-05-21  O8 a cart was left, for 11 days'
is 'a task that is due is open too' "$(
	crm-task add --title 'Call' --about C4 --due 2026-05-31 >/dev/null
	rows crm-recommend next C4 -f action,about)" 'C4 settle K1'
is 'what is due' "$(rows crm-recommend next C5 -f action,since,product_id)" \
    'C5 replenish 2026-06-06 P1'
is 'who stayed away' "$(rows crm-recommend next C2 -f action,why)" \
    'C2 win_back away for 68 days, more than twice their mean gap: 3 orders in 24 days before'
is 'all that the rules say' "$(rows crm-recommend next C2 --all -f action |
    cut -d ' ' -f 2 | tr '\n' ' ')" 'win_back '
order C6 2026-05-31 'car'
is 'or that nothing can be said' "$(rows crm-recommend next C6 -f why)" \
    'C6 too little is known: 1 orders, nothing open, due, overdue or often bought with what they bought'
is 'everybody without operands' "$(crm-recommend next --count)" 6

# Eval.
is 'eval: one row each' "$(rows crm-recommend eval --split 2026-03-20 -k 1 \
    -f customers,hits,found,wanted,ndcg)" 'recommend 2 2 2 3 1
popular 2 2 2 3 1
repeat_last 2 2 2 3 1'
fails 65 'nobody has an order before the split' \
    crm-recommend eval --split 2027-01-01

# From a file, and the counts by hand.
crm-order list -w 'status != "cart"' |
    crm-order lines --of order_id -f order_id,customer_id,placed,product_id - |
    cut -f 2- >log
crm-recommend build --min 1 >store.tsv
crm-recommend build --min 1 --from log >file.tsv
same 'the same rows from a file' file.tsv store.tsv
crm-recommend due --lapsed -q >store.tsv
crm-recommend due --lapsed -q --from log >file.tsv
same 'due too, by the days of the store' file.tsv store.tsv
is 'counts by hand' "$(awk -F '\t' 'NR > 1 && !seen[$1, $4]++ {
		has[$4]++; set[$1] = set[$1] " " $4 }
	END { for (o in set)
		both += set[o] ~ /P0000000001/ && set[o] ~ /P0000000002/
		print both, has["P0000000001"], has["P0000000002"] }' log)" \
    "$(rows crm-recommend also P2 --min 1 -w 'product_id = "P1"' \
	-f together,orders,seed_orders | cut -d ' ' -f 2-)"

# Mistakes.
fails 64 'operands are wanted' crm-recommend also
fails 64 "'best' is none of" crm-recommend also P1 --by best
fails 64 '-n wants' crm-recommend also P1 -n 0
fails 64 '--min wants' crm-recommend also P1 --min 0
fails 64 'neither yes nor no' crm-recommend for C1 --bought maybe
fails 64 '-k wants' crm-recommend eval -k 0
fails 64 'is not a length of time' crm-recommend due --within soon
fails 64 'nme' crm-recommend also P1 --among 'nme = 1'
fails 64 'one of --among, --not' crm-recommend also - --not - </dev/null
fails 64 "--from has no products' fields" crm-recommend also P1 --from log \
    --among 'name = "x"'
fails 65 "'P9' is no product of log" crm-recommend also P9 --from log
fails 1 'no product' crm-recommend also P99
fails 1 'no customer' crm-recommend for C99
cut -f 1,4 log >short
fails 65 "there is no column 'customer_id'" crm-recommend for x --from short
: >none
run crm-recommend build --from none
status_is 0
err_is 'crm-recommend: there are no orders with products'
done_testing
