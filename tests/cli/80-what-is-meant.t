#!/bin/sh
# What a user asks for is either done or refused with its place: nothing is
# lost in silence, and messages name what was given and what was wanted.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
crm-customer add --name Ann --email ann@example.org >/dev/null	# revision 2
crm-customer add --name Bo --country de >/dev/null
crm-product add --sku A1 --name Holder --price 2.55 >/dev/null
crm-order add --customer C1 --line 'P1 x 4' --line '"w" x 2 @ 3' >/dev/null
crm-order add --customer C2 --line P1 >/dev/null	# revision 6

# --- options given twice
run crm-customer list -f name -f country --format value
out_is "Ann$TAB
Bo${TAB}DE" '-f twice is both'
run crm-customer list --sort country --sort -name -f name --format value
out_is 'Ann
Bo' '--sort twice is both'
fails 64 "-f names 'name' twice" crm-customer list -f name -f name
fails 64 'where: is given twice' crm-customer list -w 'name = "Ann"' \
    -w 'country = "DE"'
err_has "write 'A and B', or 'A or B'"
fails 64 'key: is given twice' crm-customer add --name X --key a --key b

# --- what cannot be printed is not done
for bad in '-f nope' '--format nope'; do
	# shellcheck disable=SC2086
	fails 64 nope crm-customer add --name X $bad
	# shellcheck disable=SC2086
	fails 64 nope crm-order pay O1 $bad
	# shellcheck disable=SC2086
	fails 64 nope crm-log undo 2 $bad
done
is 'nothing was written' "$(crm-log list --count)" 6

# --- what has changed since a revision
crm-customer set C1 --tier gold >/dev/null	# revision 7
run crm-customer list --since rev:3 -f name --format value
out_is 'Ann
Bo' 'rev:N is included'
run crm-customer list --since rev:4 -f name --format value
out_is 'Ann'
run crm-customer list --until rev:7 -f name --format value
out_is 'Bo' '--until rev:N is not'
run crm-order list --since rev:6 --count
out_is 1
run crm-product list --since rev:5 --count
out_is 0
run sh -c 'crm-order list --since rev:6 | crm-order lines -f sku -'
out_is "line_id	sku
O0000000002-1	A1"
run sh -c 'crm-customer list -f revision | crm-rows --since rev:4'
out_is "customer_id	revision
C0000000001	7"
fails 64 "since: 'rev:x' is not a revision" crm-customer list --since rev:x
fails 64 'these records have no revision' crm-order lines --since rev:3

# --- rows of parts by their ids
run crm-order lines O1-2 -f text --no-header
out_is "O0000000001-2${TAB}w" 'one line of an order'
run crm-order lines -w 'line_id = "O1-1"' -f sku --no-header
out_is "O0000000001-1${TAB}A1"
fails 1 'there is no line O1-7' crm-order lines O1-7
fails 65 'is no id of this part of order, line_id' crm-order lines O1-e1

# --- ids of other kinds
fails 65 "'T1' is the id of a ticket, one of an order was wanted" \
    crm-order get T1
fails 65 "'O1' is the id of an order, one of a customer was wanted" \
    crm-customer get O1
fails 65 "'order/x:1' is an order, a customer was wanted" \
    crm-customer get order/x:1
fails 65 "customer_id: 'Ann' is not an id (C42) or reference (scheme:value)" \
    crm-order add --customer Ann

run crm-customer get customer/C1 -f name --format value
out_is 'Ann' 'a kind may stand before an id'
fails 65 "'order/C1' is an order, a customer was wanted" \
    crm-customer get order/C1
run sh -c "printf 'page\tn\n=x\t-5.50\n+49\t-x\n' | crm-rows --excel |
    tr -d '\r' | tail -n 2"
out_is "'=x,-5.50
'+49,'-x" 'a number runs nothing'

# --- events name their order
fails 65 "crm-order: O1: quantity: a return of '9' is more than the '4'" \
    crm-order return O1 --line 1 --quantity 9
fails 65 "O2: amount: '-3.00': an amount of 0 or more is wanted" \
    crm-order pay O2 --amount -3
fails 65 "O1: amount: 'x' is not a money amount" crm-order pay O1 --amount x
crm-order pay O2 >/dev/null
fails 65 'O2: amount: nothing is left to pay' crm-order pay O1 O2
fails 65 "rate: '-1': a rate above 0 is wanted" crm-rate add --currency USD \
    --day 2026-05-01 --rate -1

# --- --clean
printf 'customer_id\tname\nC1\ta\001b\377\n' >dirty.tsv
fails 65 'is not UTF-8 (0xff)' crm-customer set - <dirty.tsv
run crm-customer set - --clean --print -f name --no-header <dirty.tsv
out_is "C0000000001${TAB}a�b�" 'bad bytes are replaced'
err_has '2 characters were replaced by U+FFFD'
run crm-customer set C1 --clean --name "$(printf 'x\001')" -f name
err_has '1 character was replaced by U+FFFD'
works crm-customer set C1 --name Ann

# --- a join carries ids, whatever reference came in
run sh -c "printf 'email:ann@example.org\n\nC2\n' |
    crm-customer get -i -f name -"
out_is "customer_id	name
C0000000001	Ann
	
C0000000002	Bo"
run sh -c 'crm-order lines O1 -f sku | crm-order get - --on line_id -f status'
out_has "O0000000001-2		" 'the id of a line stays that'

# --- no bytes are a stream of no records, and JSON of none
run sh -c ': | crm-rows --format json'
out_is '[]'
run sh -c ': | crm-customer get --format json -'
out_is '[]'
run sh -c ': | crm-customer get -'
out_empty

# --- identities: which one, and what to do about it
fails 1 "'email:ann@example.org' is its field email" \
    crm-customer identify C1 email:ann@example.org --remove
err_has 'give it another: set --email'
crm-customer identify C1 shopify:1 >/dev/null
fails 65 "'shopify:1' is already C1's" crm-customer identify C2 shopify:1

crm-order identify O1 web:77 >/dev/null
run crm-order identities -f scheme,value --no-header
out_is "O0000000001-i1	web	77" 'orders list theirs too'
crm-product identify P1 ean:9 >/dev/null
run crm-product identities P1 -f scheme,value --no-header
out_is "P0000000001-i1	ean	9"

# --- a unique column of the shop's own names records
printf 'fields: {customer: [{name: vat_id, type: text, index: unique}]}\n' |
    crm-store apply -q - >/dev/null
works crm-customer set C1 --vat-id DE1
run crm-customer get vat_id:DE1 -f name --format value
out_is 'Ann'
fails 1 "no customer has 'vat_id:DE2'" crm-customer get vat_id:DE2
run sh -c "printf 'customer_id\ttier\nvat_id:DE1\tx\n' |
    crm-customer set - -n --no-header"
out_has "C0000000001	tier"

# --- consent at a moment
crm-customer consent C1 --channel email --purpose offers --grant \
    --at 2026-01-01 >/dev/null
crm-customer consent C1 --channel email --purpose offers --revoke \
    --at 2026-03-01 >/dev/null
run crm-customer consent C1 --channel email --purpose offers
status_is 1
works crm-customer consent C1 --channel email --purpose offers --at 2026-02-01
works env CRM_NOW=2026-02-01 \
    crm-customer consent C1 --channel email --purpose offers

# --- rows of an order that are not one; an archive; an edited text
printf 'number\tchannel\ttext\tamount\nA\tweb\tx\t1\nA\tshop\ty\t2\n' >two.tsv
fails 65 "stdin:3: number: 'A' is already O" crm-order add - <two.tsv
err_has 'rows of one order follow each other'
run sh -c 'crm-gen --customers 2 | crm-rows'
status_is 65
err_has 'this is an archive of several streams'
run env TMPDIR="$T" EDITOR='sed -i s/name:/nmae:/' crm-customer edit C1
status_is 65
err_has "did you mean 'name'? the text is kept in"

# --- tax on the line that is sold at the counter
run crm-order add --prices-include-tax yes --line 'P1 x 2 @ 5.95 tax 1.90' \
    --line '"wrap tax 7 x" = 1.07 tax 0.07' -f total,tax,revenue --format value
out_is "12.97	1.97	11.00"
fails 65 "'0.48 x 2' is not a money amount" \
    crm-order add --line 'P1 tax 0.48 x 2'

# --- columns that say when, by which channel and for what
printf 'customer_id\tchannel\tpurpose\tat\nC1\tpost\tnews\t2026-01-05\nC2\tsms\tnews\t\n' \
    >consents.tsv
works crm-customer consent - --grant <consents.tsv
works crm-customer consent C1 --channel post --purpose news --at 2026-01-06
run crm-customer consent C1 --channel post --purpose news --at 2026-01-05
status_is 1 'not before'
works crm-customer consent C2 --channel sms --purpose news
printf 'customer_id\tchannel\nC1\tpost\n' >consents.tsv
fails 65 'stdin:2: purpose: a value is needed' \
    crm-customer consent - --grant <consents.tsv
printf 'customer_id\tat\nC1\t2026-02-01\nC2\tsoon\n' >stages.tsv
fails 65 "stdin:3: at: 'soon' is not a time" \
    crm-customer stage - prospect <stages.tsv
head -n 2 stages.tsv >one.tsv
works crm-customer stage - prospect <one.tsv
run crm-customer get C1 -f stage_since --format value
out_is '2026-01-31T23:00:00Z' 'the day begins in the zone of the store'

# --- what was agreed to can be shown
run crm-customer events C1 -w 'what = "consent" and topic = "post/news"' \
    -f about,at,topic,new --no-header --format value
out_is 'C0000000001	2026-01-04T23:00:00Z	post/news	granted'
run crm-customer events --until 2026-01-04 --format value -f topic,new
out_is 'email/offers	granted'
run sh -c 'crm-customer list -w "name = \"Bo\"" |
    crm-customer events -f topic --format value -'
out_is 'sms/news'
run crm-customer events C1 --at 2026-01-04 --count
out_is 1
fails 1 'there is no customer C99' crm-customer events C99

# --- options about a stream that is not read
fails 64 '-i: is about a stream on stdin' crm-customer list -i
fails 64 '--on: is about a stream on stdin' crm-customer set C1 --tier x --on y
fails 64 '--missing: is about a stream' crm-customer get C1 --missing keep

# --- the total of nothing
run crm-order totals --since 2020-01-01 --until 2020-01-02 -f orders,net
out_is 'by	orders	net
all	0	0.00'
run crm-order totals --by day --since 2020-01-01 --until 2020-01-02 -f net
out_is 'day	net'

# --- lengths of time are before the day that is asked about
crm-order add --customer C2 --line P1 --placed 2025-03-10 >/dev/null
run crm-order list --at 2025-03-15 --since 7d --count
out_is 1
run crm-order list --at 2025-04-15 --since 7d --count
out_is 0
run crm-order totals --at 2025-03-15 --since 7d -f orders --format value
out_is 1

# --- what there is instead
fails 64 "there is no column 'name'" crm-rfm -f name
err_has 'there are customer_id, recency, frequency'
fails 64 "there is no kind 'foo'" crm-fields foo
err_has 'there are customer, product, order'
fails 64 'a length of time has a unit, as 90d' \
    crm-customer list -w 'last_order < today - 90'
fails 65 "a credit of '5.10' would raise the revenue" \
    crm-order add --type credit --line 'P1 x 2'


# An order by its number, as everybody writes it.
crm-order add --number '#10296' --line '"x" @ 3' >/dev/null
crm-order add --number 777 --line '"x" @ 3' >/dev/null
is 'with the sign that the shop keeps' \
    "$(crm-order get '#10296' --format value -f number)" '#10296'
is 'or not' "$(crm-order get '#777' --format value -f number)" 777
crm-customer add --name Hash --email hash@example.org >/dev/null
order=$(crm-order get '#777' --format value -f order_id)
is 'where any record may stand' "$(crm-ticket open --customer \
    email:hash@example.org --subject late --about '#777' \
    --format value -f about)" "${order:-none}"
is 'in a stream' "$(printf 'order_id\tcampaign\n#777\tmay\n' |
	crm-order set - --print --format value -f campaign)" may
fails 1 "no order has '#778'" crm-order get '#778'
fails 65 "no order has '#778'" crm-ticket open --customer \
    email:hash@example.org --subject x --about '#778'
fails 65 "'#777' is not an id (C42)" crm-order add --customer '#777' \
    --line '"x" @ 3'
done_testing
