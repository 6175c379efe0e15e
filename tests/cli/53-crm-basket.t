#!/bin/sh
# Itemsets and rules: what counts as a basket, thresholds, published figures.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
for p in a b c d; do
	crm-product add --sku "$p" --name "Name $p" >/dev/null
done
crm-product set sku:a --category x >/dev/null
crm-product set sku:b --category x >/dev/null
crm-product set sku:c --category y >/dev/null
crm-customer add --name Ann >/dev/null

# order SKUS [OPTION...]
order()
{
	skus=$1
	shift
	for s in $skus; do
		set -- "$@" --line "sku:$s x 2 @ 1"
	done
	crm-order add --customer C1 "$@" >/dev/null
}
order 'a b' --placed 2026-01-01
order 'a b b' --placed 2026-02-01
order 'a c' --placed 2026-03-01
order 'a b c' --state cart
order 'a b c' --test yes
order 'a b c'	# O6: to be cancelled
order 'b c' --placed 2026-04-01	# O7: b is to be cancelled
order 'a b' --type credit 2>/dev/null || :
crm-order cancel O6 >/dev/null
crm-order cancel O7 --line 1 >/dev/null
crm-order add --customer C1 --line '"no product" @ 1' >/dev/null

short()
{
	sed 1d "$1" | sed 's/P000000000/P/g' | tr '\t' ' '
}
run crm-basket sets --support 1
is 'carts, tests, what was cancelled and credits are no baskets' \
    "$(short "$out")" 'P1 1 3 4 0.75
P2 1 2 4 0.5
P1,P2 2 2 4 0.5
P3 1 2 4 0.5
P1,P3 2 1 4 0.25'
is 'before a cancellation the order was a basket' \
    "$(crm-basket sets --support 1 --at 2026-04-02 | field baskets |
    head -n 1)" 4
run crm-basket rules --support 25% --confidence 100%
is 'a rule without exception has no conviction' "$(short "$out")" \
    'P2 P1 2 2 2 3 4 0.5 1 1.333333 0.125  1.333333'
is 'sets of a size' "$(crm-basket sets --support 1 --min-size 2 --count) $(
	crm-basket sets --support 1 --max-size 1 --count)" '2 3'
is 'closed sets' "$(crm-basket sets --support 1 --closed -f items |
    field items | sed 's/P000000000/P/g' | tr '\n' ' ')" 'P1 P1,P2 P3 P1,P3 '
is 'maximal sets' "$(crm-basket sets --support 1 --maximal -f items |
    field items | sed 's/P000000000/P/g' | tr '\n' ' ')" 'P1,P2 P1,P3 '
run crm-basket sets --support 2 --by category -f count,baskets
is 'a field of the products instead' "$(short "$out")" 'x 3 4
y 2 4'
crm-order list --since 2026-02-01 -w 'status = "placed"' >some
run crm-basket sets --support 3 - <some
is 'orders of a stream only' "$(short "$out")" ''
is 'since and until' "$(crm-basket sets --support 1 --since 2026-02-01 \
    --until 2026-03-01 -f count,baskets | sed 1d | cut -f 2- | sort -u)" \
    "1${TAB}1"

# From a file.
printf 'order_id\tproduct_id\n1\tx\n2\tx\n1\ty\n1\tx\n2\ty\n3\tz\n' >rows
printf 'y x\n\nx y \nz\n' >lines
crm-basket sets --support 1 --from rows >a
crm-basket sets --support 1 --from lines --baskets --sep space >b
same 'a row for each item, or a line for each basket' a b
is 'from stdin' "$(crm-basket sets --from - <rows --count)" 4
is 'without a store' "$(CRM_STORE=/nonexistent/x crm-basket sets --from rows \
    --count)" 4
is 'columns of other names' "$(printf 'basket\titem\n1\ta\n' |
    crm-basket sets --from - --columns order_id=basket,product_id=item \
	--count)" 1
printf 'a|b c\nc|a|b\nc|b|a|d\n' >three
is 'up to two on the right' "$(crm-basket rules --from three --baskets \
    --sep '|' --support 2 --consequents 2 --confidence 1 --count)" \
    "$(crm-basket rules --from three --baskets --sep '|' --support 2 \
	--consequents 9 --confidence 1 --count)"
printf 'a,b,c,d\nd,c,b,a\n' >four
is 'all rules of four items' "$(crm-basket rules --from four --baskets \
    --consequents 3 --count) $(crm-basket rules --from four --baskets --count)" \
    '50 28'

# Rows as they are, and rows that went through a condition.
printf 'a\\b\tq,tin of very ripe tomatoes,c\na\\b\tq,c,d\nc,d\n' >odd
seq 1 60 | awk '{ for (i = 1; i <= 9; i++) printf "x%d,", $1 % (i + 2) * i
	print "" }' >many
for verb in sets rules; do
	for file in odd many; do
		for opt in --join=', ' "--join=$TAB|" --max-size=3; do
			crm-basket $verb --from $file --baskets --support 1 \
			    --sep , "$opt" >a 2>/dev/null
			crm-basket $verb --from $file --baskets --support 1 \
			    --sep , "$opt" -w 'size > 0' >b 2>/dev/null
			same "$verb of $file with $opt, by hand and by value" \
			    a b
		done
	done
	crm-basket $verb --support 1 >a
	same "$verb of the store, by hand and by value" a - <<-X
	$(crm-basket $verb --support 1 --limit 100000)
	X
done

# Mistakes.
: >nothing
run crm-basket rules --from nothing
status_is 0
err_is 'crm-basket: there are no baskets'
is 'and only a header' "$(wc -l <"$out")" 1
fails 64 "'0' is no share above 0" crm-basket sets --support 0
fails 64 "'1.5' is no share" crm-basket sets --support 1.5
fails 64 "'2' is no share above 0 and up to 1, like .5" \
    crm-basket rules --confidence 2
fails 64 'give one of them' crm-basket sets --closed --maximal
fails 64 'is above --max-size' crm-basket sets --min-size 3 --max-size 2
fails 64 '--consequents wants' crm-basket rules --consequents 0
fails 64 '--memory wants' crm-basket sets --memory 0
fails 64 'is about a file' crm-basket sets --baskets
fails 64 'is about --baskets' crm-basket sets --sep ';'
fails 64 "'ab' is no character" crm-basket sets --baskets --from rows --sep ab
fails 64 'has neither times' crm-basket sets --baskets --from rows --since 1d
fails 64 'has no columns' crm-basket sets --baskets --from rows --header a
fails 64 "--by is about the store" crm-basket sets --by name --from rows
fails 64 "there is no column 'nme'" crm-basket sets --by nme
fails 64 'wants a text' crm-basket sets --join ''
fails 64 'has nothing to choose from' crm-basket sets --from rows -
fails 64 "'O1' is not -" crm-basket sets O1
fails 66 'No such file' crm-basket sets --from none
printf 'order_id\tproduct_id\n1\t\n' >bad
fails 65 'bad:2: product_id: has no value' crm-basket sets --from bad
printf 'order_id\n1\n' >bad
fails 65 "there is no column 'product_id'" crm-basket sets --from bad
printf '"a,b",c\n' >bad
fails 65 "the item 'a,b' has a ','" crm-basket sets --from bad --baskets
is 'which --join mends' "$(crm-basket sets --from bad --baskets --join ' + ' \
    -f items | tail -n 1)" 'a,b + c'
seq 1 30 | tr '\n' ' ' >wide
fails 65 'which are more than fit into 1 MiB' \
    crm-basket sets --from wide --baskets --sep space --memory 1

# Published: arules on its groceries.
if [ -n "${CRM_DATA-}" ] && [ -e "$CRM_DATA/groceries/groceries.csv" ]; then
	groceries()
	{
		verb=$1
		shift
		crm-basket "$verb" --from "$CRM_DATA/groceries/groceries.csv" \
		    --baskets --join '|' --support .001 "$@"
	}
	is 'groceries: itemsets' "$(groceries sets --count)" 13492
	is 'groceries: rules at .8' "$(groceries rules --confidence .8 --count)" \
	    410
	groceries rules --confidence .5 >g
	is 'groceries: rules at .5 by size' "$(field size <g | sort | uniq -c |
	    awk '{ print $2 ":" $1 }' | tr '\n' ' ')" \
	    '2:11 3:1461 4:3211 5:939 6:46 '
	is 'its rule of the largest lift, as arules has it' "$(crm-rows \
	    --sort -lift --limit 1 -f count,support,confidence,lift <g)" \
	    "antecedent${TAB}count${TAB}support${TAB}confidence${TAB}lift
Instant food products|soda${TAB}12${TAB}0.00122${TAB}0.631579${TAB}18.995654"
	is 'counts by hand' "$(awk -F, '
		{ a = 0; for (i = 1; i <= NF; i++) {
			if ($i == "Instant food products") a += 1
			if ($i == "soda") a += 2
			if ($i == "hamburger meat") a += 4 }
		  n += a == 3 || a == 7; c += a == 7 }
		END { print c, n }' "$CRM_DATA/groceries/groceries.csv")" '12 19'
else
	skip 5 'no real data here'
fi
printf 'order_id\tproduct_id\n1\tx\n' >single
run crm-basket rules --from single
is 'no rule: it is said' "$status $(grep -c 'of 1 baskets no rule' "$err")" '0 1'
done_testing
