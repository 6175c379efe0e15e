#!/bin/sh
# Orders read from blocks of columns are the orders.  With a clock that is given
# records are read, as at that time; without it blocks, where there are any.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

crm-gen --customers 300 --orders 5000 --products 20 --until 2025-12-31 |
    crm-store load -q --currency EUR --timezone UTC --country DE \
    --store "$CRM_STORE" -
now=$CRM_NOW
unset CRM_NOW

records()
{
	CRM_NOW=2099-01-01 crm-order list "$@"
}

# same WHEN: what is read is the same both ways, whatever is asked for
same()
{
	while read -r options; do
		# shellcheck disable=SC2086  # a list of words
		ok "$1: list $options" sh -c 'set -e
		    crm-order list "$@" >a
		    CRM_NOW=2099-01-01 crm-order list "$@" >b
		    cmp a b; [ -s a ]' sh $options
	done <<-'END'
		-f order_id
		-w total>100
		-w channel="shop" -f customer_id,placed,total
		-w number~"7$" -f number,status
		-w status!="paid" -f type,seller_id,guest,replaces_id
		-f revenue,refunded,type,state,goods,tax,lines,payment,created
		--sort -total,placed --limit 50
		--since 2025-06-01 --until 2025-08-01 -f placed,currency
		--count
		--limit 2050 -f campaign,paid
		-f order_id,items,discount -w lines>3
	END
	same_lines "$1"
}

# same_lines WHEN: and so is what was in them, by any number of threads
same_lines()
{
	CRM_NOW=2099-01-01 crm-recommend build --by together --threads 1 >b
	CRM_NOW=2099-01-01 crm-basket sets --support 1 --max-size 1 >b1
	for threads in 1 2 3; do
		ok "$1: what was bought, $threads threads" sh -c 'set -e
		    crm-recommend build --by together --threads $1 >a
		    cmp a b; [ -s a ]' sh $threads
	done
	ok "$1: how often each" sh -c 'set -e
	    crm-basket sets --support 1 --max-size 1 >a
	    cmp a b1; [ "$(wc -l <a)" -gt 20 ]'
}

# bought PRODUCT: in how many orders it is
bought()
{
	crm-basket sets --support 1 --max-size 1 --fields items,count \
	    --format value | awk -v p="$1" '$1 == p { print $2 }'
}

same 'a store that was loaded'
rev=$(crm-store info --format vertical | awk '$1 == "revision:" { print $2 }')
n=$(crm-order list --count)

# what is changed is seen at once, by whom it concerns and by everybody else
crm-order set O17 --channel pigeon --note 'it flew'
is 'a change is seen' "$(crm-order list -w 'channel = "pigeon"' -f channel)" \
    "order_id${TAB}channel
O0000000017${TAB}pigeon"
is 'the others are there' "$(crm-order list --count)" "$n"
same 'a store that was changed'
is 'the past has it not' \
    "$(crm-order list --as-of rev:$rev -w 'channel = "pigeon"' --count)" 0
ok 'the check is pleased' crm-store check -q
CRM_NOW=$now crm-order add --line '"seed" x 1 @ 5.00' \
    --channel pigeon -q
is 'a new one is seen' "$(crm-order list -w 'channel = "pigeon"' --count)" 2
ok 'a change is taken back' crm-log undo $((rev + 1))
is 'that is seen' "$(crm-order list -w 'channel = "pigeon"' -f total)" \
    "order_id${TAB}total
O0000005001${TAB}5.00"
same 'a store in which a change was taken back'
ok 'an order goes' crm-order rm O2100
is 'it is gone' "$(crm-order list -w 'order_id = "O2100"' --count)" 0
is 'nothing else is' "$(crm-order list --count)" "$n"
same 'a store that lost one'

for verb in compact rebuild; do
	ok "$verb" crm-store $verb -q
	ok "$verb: the check is pleased" crm-store check -q
	same "$verb"
done
crm-store backup copy
ok 'a backup' crm-store check -q --store copy
is 'has the same' "$(crm-order list --store copy | cksum)" \
    "$(crm-order list | cksum)"

# what counts of a line is seen, whatever changes it
p=$(crm-order lines O300 --format value -f product_id | head -n 1)
was=$(bought "$p")
ok 'a line is cancelled' crm-order cancel O300-1
is 'it was not bought' "$(bought "$p")" $((was - 1))
same_lines 'a cancelled line'
rev=$(crm-store info --format vertical | awk '$1 == "revision:" { print $2 }')
ok 'that is taken back' crm-log undo "$rev"
is 'it was bought' "$(bought "$p")" "$was"
ok 'blocks are made again' crm-store rebuild -q
is 'with what was bought' "$(bought "$p")" "$was"
ok 'an order is cancelled' crm-order cancel O300
same_lines 'a cancelled order'
crm-order lines -f order_id,line_id,quantity --limit 3000 \
    -w 'returned is empty and cancelled is empty' |
    awk 'NR == 1 || NR % 40 == 2' >some
ok 'lines come back' crm-order return --reason late - <some
same_lines 'lines that came back'
ok 'compact' crm-store compact -q
same_lines 'and compacted'
ok 'returns: the check is pleased' crm-store check -q

# other currencies have other digits
CRM_NOW=$now crm-order add --currency JPY --rate 0.006 --line '"seed" x 1 @ 500' -q \
    --channel pigeon
is 'yen' "$(crm-order list -w 'currency = "JPY"' -f total --format value)" \
    500

# a person who is erased is not in them
c=$(crm-order list --limit 1 -f customer_id --format value | cut -f 2)
ok 'erase' crm-customer erase "$c" --why asked -q
ok 'erase: the check is pleased' crm-store check -q
same 'a store that forgot somebody'

# several threads, a part of the ranges without a block
CRM_STORE=large
export CRM_STORE
crm-gen --customers 500 --orders 32000 --products 40 --until 2025-12-31 |
    crm-store load -q --currency EUR --timezone UTC --country DE \
    --store "$CRM_STORE" -
same_lines 'a large store'
ok 'some change' crm-order set O1 O10239 O10240 O16000 O21000 --channel pigeon -q
ok 'one goes' crm-order cancel O12000 -q
same_lines 'of which some changed'
done_testing
