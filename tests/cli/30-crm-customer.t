#!/bin/sh
# crm-customer: every verb, by its contract.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
all=$(crm-fields customer | field field | paste -sd , -)

# rows FILE LINE...: a stream; fields are parted by | here.
rows()
{
	file=$1
	shift
	printf '%s\n' "$@" | tr '|' '\t' >"$file"
}
# cell REF FIELD: one value of a record.
cell()
{
	crm-customer get "$1" -f "$2" --format value
}
# shot FILE: everything the store says of customers.
shot()
{
	{
		crm-customer list -f "$all"
		crm-customer identities
		crm-customer roles
	} >"$1"
}
# unchanged NAME: since the last `shot before`.
unchanged()
{
	shot after
	same "$1" after before
}

# ---- add ----
works crm-customer add --name Ann --email Ann@Example.org \
    --phone '0171/555 1234' --country de --tags bb,a
out_is "customer_id${TAB}name${TAB}type${TAB}email${TAB}phone${TAB}country${TAB}city${TAB}stage${TAB}tier${TAB}tags${TAB}orders${TAB}first_order${TAB}last_order${TAB}revenue
C0000000001${TAB}Ann${TAB}person${TAB}Ann@Example.org${TAB}+491715551234${TAB}DE${TAB}${TAB}${TAB}${TAB}bb,a${TAB}0${TAB}${TAB}${TAB}0.00" \
    'add prints the record'
works crm-customer add --given Bo --family Li --format value -f customer_id
out_is C0000000002 'add --format value prints only the id'
is 'the name is made of given and family' "$(cell C2 name)" 'Bo Li'
is 'created is the clock of the run' "$(cell C2 created)" 2026-06-01T10:00:00Z
works crm-customer add --company 'Acme AG' --email info@acme.example
is 'a company alone is an organisation' "$(cell C3 type)" organisation
is 'a company is shown by its name' "$(cell C3 name)" 'Acme AG'
works crm-customer add --email only@example.org
is 'an address alone is a name' "$(cell C4 name)" only@example.org

shot before
fails 65 "'ann@example.org' is already C1's" \
    crm-customer add --name Other --email ann@EXAMPLE.org
fails 65 "'Germany' is not a country code" \
    crm-customer add --name X --country Germany
fails 65 "email: 'foo' is not an e-mail address" \
    crm-customer add --name X --email foo
fails 65 "phone: '12a' is not a phone number" \
    crm-customer add --name X --phone 12a
fails 65 'name: a value is needed' crm-customer add --city Bonn
fails 65 "birth_date: '2023-02-29' is not a date" \
    crm-customer add --name X --birth-date 2023-02-29
fails 65 "roles: 'boss' is not one of customer, supplier" \
    crm-customer add --name X --roles boss
fails 65 "parent_id: there is no customer C99" \
    crm-customer add --name X --parent-id C99
fails 65 "parent_id: no customer has 'email:nobody@example.org'" \
    crm-customer add --name X --parent-id email:nobody@example.org
fails 64 'nothing to add is given' crm-customer add
fails 64 "'C1' is no operand of add" crm-customer add C1
fails 64 'no-such' crm-customer add --no-such 1
unchanged 'what add refuses changes nothing'

works crm-customer add --name Cy --dry-run
out_has "C0000000005${TAB}name${TAB}${TAB}Cy" 'add --dry-run says what it would do'
unchanged 'and does nothing'

works crm-customer add --or-get email --name 'Ann again' --email ANN@example.org \
    -f name
out_is "customer_id${TAB}name
C0000000001${TAB}Ann" '--or-get gives the known record'
works crm-customer add --or-get email --name New --email new@example.org \
    --format value -f customer_id
out_is C0000000005 '--or-get adds one that is not known'
fails 64 "'name' is no identity" crm-customer add --or-get name --name X

# ---- add - ----
rows in 'name|email|tags' 'Di|di@example.org|x,y' 'Ed||'
works crm-customer add - <in
out_empty 'a bulk add prints nothing'
is 'and adds a record a row' "$(crm-customer list --count)" 7
works crm-customer add - --print -f name <<-EOF
	name
	Flo
	EOF
out_has "C0000000008${TAB}Flo" '--print prints them'
works crm-customer add - --tier silver <<-EOF
	name
	Gus
	EOF
is 'options are constants' "$(cell C9 tier)" silver
works crm-customer add - </dev/null
works crm-customer add - <<-EOF
	name
	EOF
shot before
rows in 'name|emial' 'X|x@y.org'
fails 65 "stdin:1: a customer has no field 'emial'" crm-customer add - <in
err_has "did you mean 'email'?"
rows in 'customer_id|name' 'C7|Ed'
fails 65 'stdin:2: customer_id: add gives the numbers itself' crm-customer add - <in
err_has 'to change known records: set'
rows in 'name|email' 'X|x1@example.org' 'Y|X1@example.org'
fails 65 "stdin:3: email: 'x1@example.org' is already C10's" crm-customer add - <in
printf 'name\nX\nY' >in
fails 65 'stdin:3: ' crm-customer add - <in
unchanged 'one bad row means that nothing is added'

# ---- --keep-going, rejects, and the rejects again ----
rows in 'name|country' 'H|DE' 'I|Germany' 'J|FR' 'K|xyz' 'L|'
run crm-customer add - --keep-going --rejects bad <in
status_is 2
err_has "stdin:3: country: 'Germany' is not a country code"
is 'the good rows are in' "$(crm-customer list -f name --format value | tail -n 3 |
    paste -sd ' ')" 'H J L'
is 'the rejects name the reason' "$(cut -f 1,2 bad)" "name${TAB}country
I${TAB}Germany
K${TAB}xyz"
is 'in a column of its own' "$(head -n 1 bad)" "name${TAB}country${TAB}rejected"
sed 's/Germany/DE/; s/xyz/AT/' bad >again
works crm-customer add - <again
is 'mended rejects go in' "$(crm-customer list -f name --format value | tail -n 2 |
    paste -sd ' ')" 'I K'
run crm-customer add - --keep-going --rejects worse <bad
status_is 2
is 'rejects of rejects have one reason' "$(awk -F '\t' '{ print NF }' worse |
    sort -u)" 3
run crm-customer add - --keep-going --max-rejects 1 <bad
status_is 65
{
	echo "name${TAB}country"
	i=0
	while [ $i -lt 40 ]; do
		printf 'n%s\t%s\n' $i "$([ $((i % 2)) = 0 ] && echo DE || echo bad)"
		i=$((i + 1))
	done
} >in
run crm-customer add - --keep-going -q <in
status_is 2 'every second row of forty is refused'
is 'and numbers have no holes' "$(crm-customer list -w 'name ~ "^n[0-9]"' \
    -f customer_id --format tsv | sed 1d | tr -d C |
    awk 'NR > 1 && $1 != was + 1 { print "hole before", $1 } { was = $1 }')" ''
fails 64 '--rejects goes with --keep-going' crm-customer add - --rejects x <in
printf 'name\n\nZoe\n' >in
run crm-customer add - --keep-going <in
status_is 2 'an empty line is a row of one empty cell'
err_has 'stdin:2: name: a value is needed'
printf 'name\temail\nX\tnot\nA\tb\tc\n' >in
fails 65 "stdin:2: email: 'not' is not an e-mail" crm-customer add - <in

# ---- --key, --why ----
works crm-customer add --name Key --key order-1 --format value -f customer_id
id=$(cat "$out")
run crm-customer add --name Key --key order-1 --format value -f customer_id
status_is 0
out_is "$id" 'the same key again gives the same answer'
err_has 'the key was used before'
fails 65 "the key 'order-1' was used for something else" \
    crm-customer add --name Other --key order-1
run crm-customer set "$id" --tier gold --key set-1
cp "$out" first
run crm-customer set "$id" --tier gold --key set-1
same 'of a set, too' "$out" first
works crm-customer tag "$id" +a --key tag-1
fails 65 'was used for something else' crm-customer tag "$id" +b --key tag-1
works crm-customer consent "$id" --channel email --purpose offers --grant --key c-1
fails 65 'was used for something else' \
    crm-customer consent "$id" --channel email --purpose offers --revoke --key c-1
rows in 'name' 'Bulk'
works crm-customer add - --key bulk-1 <in
run crm-customer add - --key bulk-1 <in
status_is 0
out_empty 'a bulk key again adds nothing and prints nothing'
is 'really nothing' "$(crm-customer list -w 'name = "Bulk"' --count)" 1
rows in 'name' 'Bulk2'
fails 65 'was used for something else' crm-customer add - --key bulk-1 <in
fails 64 '--key' crm-customer add --name X --key ''
fails 64 '--why: control character' \
    crm-customer add --name X --why "$(printf 'a\001')"

# ---- get ----
works crm-customer get C1 C0000000002 email:ANN@example.org -f name
is 'get takes ids, long and short, and references' "$(sed 1d "$out" | cut -f 2 |
    paste -sd ,)" 'Ann,Bo Li,Ann'
works crm-customer get phone:+491715551234 -f name
out_has Ann 'a phone that one customer has is a reference'
run crm-customer get C1 C999 -f name
status_is 1 'an operand that is not there is the answer no'
out_has Ann 'the others are printed'
err_has 'there is no customer C999'
run crm-customer get C998 C999 C1
status_is 1
err_has 'and 1 more'
run crm-customer get email:nobody@example.org
status_is 1
out_empty
fails 65 'is not an id' crm-customer get nonsense
fails 65 'is the id of a product, one of a customer was wanted' crm-customer get P1
fails 64 'operand' crm-customer get

# ---- get -: the join ----
rows in 'seller_id|n' 'C1|1' '|2' 'email:info@acme.example|3' 'C1|4'
run crm-customer get - --on seller_id -f email,country <in
out_is "seller_id${TAB}n${TAB}email${TAB}country
C0000000001${TAB}1${TAB}Ann@Example.org${TAB}DE
${TAB}2${TAB}${TAB}
C0000000003${TAB}3${TAB}info@acme.example${TAB}
C0000000001${TAB}4${TAB}Ann@Example.org${TAB}DE" \
    'every row stays in order; column 1 needs no prefix; an empty id passes'
rows in 'order_id|seller_id' 'O1|C1'
run crm-customer get - --on seller_id -f name <in
out_is "order_id${TAB}seller_id${TAB}seller_name
O1${TAB}C0000000001${TAB}Ann" 'other columns get the stem as a prefix'
rows in 'customer_id|name' 'C1|x'
fails 65 "has a column 'name' already" crm-customer get - -f name <in
err_has '-f NAMES'
rows in 'customer_id|a' 'C1|1' 'C999|2' 'C2|3'
run crm-customer get - -f name <in
status_is 65 'an unknown id inside data is bad data'
err_has 'stdin:3: '
err_has 'there is no customer C999'
works crm-customer get - -f name --missing keep <in
out_is "customer_id${TAB}a${TAB}name
C0000000001${TAB}1${TAB}Ann
C999${TAB}2${TAB}
C0000000002${TAB}3${TAB}Bo Li" '--missing keep'
works crm-customer get - -f name --missing drop <in
out_is "customer_id${TAB}a${TAB}name
C0000000001${TAB}1${TAB}Ann
C0000000002${TAB}3${TAB}Bo Li" '--missing drop'
fails 64 "'lose' is not keep or drop" crm-customer get - --missing lose <in
fails 65 "there is no column 'customer_id'" crm-customer get - <<-EOF
	id
	C1
	EOF
err_has '--on COLUMN'
printf 'C1\nC2\n' >ids
works crm-customer get - -i -f name <ids
out_is "customer_id${TAB}name
C0000000001${TAB}Ann
C0000000002${TAB}Bo Li" '-i reads bare ids'
printf 'C1\t7\n' >in
works crm-customer get - --header customer_id,n -f name <in
out_is "customer_id${TAB}n${TAB}name
C0000000001${TAB}7${TAB}Ann" '--header names columns'
# what TSV puts together of texts, CSV makes of values
{
	rows head 'note|customer_id|n'
	cat head
	printf 'a\\tb\tC2\t1\nM\303\274ller \\\\ x\tC0000000001\t2\n'
	printf '%s\n' "plain${TAB}email:info@acme.example${TAB}3" \
	    "${TAB}${TAB}4" "x${TAB}C999${TAB}5" "y${TAB}C2${TAB}6"
} >in
works crm-customer get - --on customer_id -f name,type,orders --missing keep <in
sed 's/\\[t\\]/_/g' "$out" | tr "$TAB" , >of_tsv
works crm-customer get - --on customer_id -f name,type,orders --missing keep \
    --format csv <in
tr "$TAB\\\\" __ <"$out" >of_csv
ok 'rows that are put together of texts are those made of values' \
    diff of_tsv of_csv
out_has 'plain,C0000000003,3,'
# of a stream longer than a batch, and with a header that comes again
awk 'BEGIN { print "customer_id"; for (i = 0; i < 140000; i++)
	print i % 7 == 3 ? "" : i % 1000 == 9 ? "customer_id" : "C" 1 + i % 3 }' >in
works crm-customer get - -f name <in
awk -F "$TAB" -v OFS="$TAB" 'NR == 1 { print $1, "name"; next }
	$1 == "customer_id" { next }
	{ n = substr($1, 2) }
	$1 == "" { print "", ""; next }
	{ print "C000000000" n, n == 1 ? "Ann" : n == 2 ? "Bo Li" : "Acme" }' \
    in >want
works crm-customer get C3 -f name --format value
sed -i "s/Acme\$/$(cat "$out")/" want
works crm-customer get - -f name <in
ok 'a stream longer than a batch' cmp -s "$out" want
works crm-customer get - </dev/null
out_empty 'zero bytes are a stream of no records'

# ---- list ----
works crm-customer list --limit 2 -f name --no-header
out_is "C0000000001${TAB}Ann
C0000000002${TAB}Bo Li"
works crm-customer list - -f name <<-EOF
	n	customer_id
	1	C2
	2	email:ann@example.org
	3	C2
	4	
	EOF
out_is "customer_id${TAB}name
C0000000001${TAB}Ann
C0000000002${TAB}Bo Li" 'ids of a stream are a set'
rows in 'customer_id' 'C1' 'C999'
fails 65 'stdin:3: there is no customer C999' crm-customer list - <in
works crm-customer list - --missing drop -f name --no-header <in
out_is "C0000000001${TAB}Ann"
works crm-customer list -w 'tags = $t' -D t=a -f name --no-header
out_has Ann 'a condition on a list means any'
works crm-customer list --sort -name --limit 1 -f name --no-header
works crm-customer list --count
fails 64 "there is no column 'nmae' here" crm-customer list -f nmae
fails 64 "'C1' is no operand of list" crm-customer list C1
for format in tsv table json jsonl csv vertical value; do
	works crm-customer list --format $format -f name,tags --limit 2
done
works crm-customer list --format json -f revenue --limit 1
out_has '"0.00"' 'money is a string in JSON'
works crm-customer add --name Late --created 2026-05-01
works crm-customer list --since 2026-04-01 --until 2026-05-02 --format value -f name
out_is Late '--since and --until go by created'
works crm-customer list --at 2026-05-15 --format value -f name
out_is Late '--at: who was not there yet is not listed'
run crm-customer list -e -w 'name = "Nobody"'
status_is 1 '-e: the answer is no'

# ---- set ----
works crm-customer set C2 --tier gold --city Bonn
out_has gold 'set prints the record'
works crm-customer set C2 --tier gold --dry-run
out_is "id${TAB}field${TAB}old${TAB}new" 'nothing differs'
works crm-customer set C2 --tier silver -n
out_is "id${TAB}field${TAB}old${TAB}new
C0000000002${TAB}tier${TAB}gold${TAB}silver"
is '--dry-run changed nothing' "$(cell C2 tier)" gold
works crm-customer set C2 --city ''
is 'an empty option clears' "$(cell C2 city)" ''
run crm-customer set C999 --tier x
status_is 1
err_has 'there is no customer C999'
fails 64 'no field to set is given' crm-customer set C1
run crm-customer set C1 --orders 3
status_is 64 'figures are no options'
fails 65 'created: is given when the customer is added' \
    crm-customer set C1 --created 2020-01-01
fails 65 'parent_id: a record cannot be above itself' \
    crm-customer set C1 --parent-id C1
works crm-customer set C1 --email ann2@example.org
run crm-customer identities C1 -f scheme,value --no-header
out_is "C0000000001-i1${TAB}email${TAB}ann@example.org" \
    'set --email keeps the former address'
works crm-customer get email:ann@example.org -f email --format value
out_is ann2@example.org 'which still is a reference'
works crm-customer set C1 --email ann@example.org
run crm-customer identities C1 -f scheme,value --no-header
out_is "C0000000001-i2${TAB}email${TAB}ann2@example.org" 'and back'

shot before
rows in 'customer_id|tier|city' 'C1|a|Ulm' 'C2||Köln'
fails 65 "stdin:3: tier: the empty cell would erase 'gold'" crm-customer set - <in
err_has '--empty clear erases'
unchanged 'a refused row means that nothing is set'
works crm-customer set - --empty keep <in
is '--empty keep' "$(cell C2 tier),$(cell C2 city)" 'gold,Köln'
works crm-customer set - --empty clear <in
is '--empty clear' "$(cell C2 tier),$(cell C2 city)" ',Köln'
fails 64 "'drop' is not clear or keep" crm-customer set - --empty drop <in
shot before
rows in 'customer_id|emial' 'C1|x@y.org'
fails 65 "stdin:1: a customer has no field 'emial'" crm-customer set - <in
err_has "did you mean 'email'?"
fails 65 "has no field 'emial'" crm-customer set - --keep-going <in
rows in 'customer_id|emial'
fails 65 "has no field 'emial'" crm-customer set - <in
crm-customer list --limit 3 >in
works crm-customer set - <in
unchanged 'set of what list says changes nothing'
sed '2s/[0-9.]*$/5.00/' in >in2
fails 65 'stdin:2: revenue:' crm-customer set - <in2
rows in 'customer_id|stage_since' 'C1|2020-01-01T00:00:00Z'
fails 65 'cannot be set' crm-customer set - <in
rows in 'customer_id|tier' 'C1|x' 'C1|y' 'C2|z'
works crm-customer set - <in
is 'the last of two rows of one record stays' "$(cell C1 tier),$(cell C2 tier)" y,z
rows in 'customer_id|email' 'C1|ann3@example.org' 'C2|ann4@example.org' \
    'C1|ann4@example.org'
fails 65 "stdin:4: email: 'ann4@example.org' is already C2's" crm-customer set - <in
rows in 'customer_id|email' 'C1|ann3@example.org' 'C1|ann5@example.org' \
    'C2|ann6@example.org'
works crm-customer set - <in
is 'addresses given up on the way stay known' \
    "$(crm-customer identities C1 -f value --no-header | cut -f 2 | sort |
    paste -sd ' ')" 'ann2@example.org ann3@example.org ann@example.org'
works crm-customer set - --tier silver -i <ids
is 'set - of bare ids with a constant' "$(cell C1 tier),$(cell C2 tier)" \
    silver,silver

# ---- revision ----
crm-customer get C1 C2 -f revision,tier >in
works crm-customer set - --city Trier <in
fails 65 'stdin:2: revision: the record was changed since' \
    crm-customer set - --city Bonn <in
is 'the other change stays' "$(cell C1 city)" Trier
ok 'revision is a column like others' test "$(crm-customer list \
    -w 'revision > 1' --count)" -gt 1
rows in 'customer_id|revision' 'C1|many'
fails 65 "revision: 'many' is not a revision" crm-customer set - <in

# ---- tag ----
works crm-customer tag C1 +xmas -bb
is 'tag adds and takes away' "$(cell C1 tags)" a,xmas
works crm-customer tag C1 +xmas
is 'once' "$(cell C1 tags)" a,xmas
works crm-customer tag - -i +all -xmas <ids
is 'tag - of a stream' "$(cell C1 tags) $(cell C2 tags)" 'a,all all'
fails 64 "'xmas' is not +TAG or -TAG" crm-customer tag C1 xmas
fails 64 'no comma' crm-customer tag C1 +a,b
works crm-customer tag C1 +new --dry-run
out_has "C0000000001${TAB}tags${TAB}a,all${TAB}a,all,new"

# ---- identify ----
works crm-customer identify C1 shopify:2071 'ebay: Ann ' 
works crm-customer get shopify:2071 ebay:Ann -f name
is 'both are references' "$(sed 1d "$out" | cut -f 2 | paste -sd ,)" Ann,Ann
fails 65 "'shopify:2071' is already C1's" crm-customer identify C2 shopify:2071
fails 64 'is not SCHEME:VALUE' crm-customer identify C2 shopify
fails 65 "is not the name of a scheme" crm-customer identify C2 'Shop!:1'
fails 65 "'email:ann5@example.org' is already C1's" \
    crm-customer identify C2 email:ann5@example.org
works crm-customer identify C1 email:family@example.org --shared
works crm-customer set C2 --email family@example.org
fails 65 "'email:family@example.org' is ambiguous: C1, C2" \
    crm-customer get email:family@example.org
works crm-customer set C2 --tier gold
works crm-customer set C1 --tier gold
works crm-customer identify C2 email:family@example.org --shared
works crm-customer identify C3 email:family@example.org
works crm-customer set C3 --tier bronze
works crm-customer set C2 --email bo@example.org
works crm-store check
out_is "place${TAB}fault" 'a shared address stays one when it is no longer the own'
fails 65 'is ambiguous: C1, C2, C3' crm-customer get email:family@example.org
works crm-customer identify C1 shopify:2071 --remove
run crm-customer get shopify:2071
status_is 1 'a name taken away is no reference'
run crm-customer identify C1 shopify:2071 --remove
status_is 1
err_has "it is not known as 'shopify:2071'"
crm-customer list -f customer_id >in
rows in 'customer_id|scheme|value|shared' 'C1|wp|77|' 'C2|wp|78|'
works crm-customer identify - <in
works crm-customer get wp:78 -f name --format value
out_is 'Bo Li' 'identify - of a stream'
rows in 'customer_id|scheme' 'C1|wp'
fails 65 "stdin:1: there is no column 'value'" crm-customer identify - <in
crm-customer identities >in
works crm-customer identify - <in
fails 65 'phone' crm-customer identify C1 phone:12
works crm-customer add --name Twin --phone 01715551234
fails 65 "is ambiguous: C1, C" crm-customer get 'phone:0171 555-1234'

# ---- stage, roles ----
works crm-customer stage C1 established --why 'first order' --at 2026-01-01
is 'stage' "$(cell C1 stage)" established
is 'since' "$(cell C1 stage_since)" 2025-12-31T23:00:00Z
works crm-customer stage C1 maintained
fails 65 'present stage since a later time' \
    crm-customer stage C1 broken --at 2025-01-01
fails 65 ": stage: 'angry' is not one of prospect, established" \
    crm-customer stage C1 angry
works crm-customer stage C1 developing --role supplier
is 'roles' "$(cell C1 roles)" customer,supplier
is 'the stage of another role is its own' "$(cell C1 stage)" maintained
fails 65 "role: 'king' is not one of" crm-customer stage C1 broken --role king
run crm-customer roles C1 -f role,role_stage --no-header
out_is "C0000000001-r1${TAB}customer${TAB}maintained
C0000000001-r2${TAB}supplier${TAB}developing"
works crm-customer set C1 --roles customer
is 'set --roles drops what it does not name' "$(cell C1 roles)" customer
works crm-customer set C2 --stage prospect --owner kim
is 'set --stage' "$(cell C2 stage) $(cell C2 owner) $(cell C2 roles)" \
    'prospect kim customer'
works crm-customer stage - broken -i <ids
is 'stage - of a stream' "$(cell C1 stage) $(cell C2 stage)" 'broken broken'
works crm-customer stage C1 won_back --dry-run
out_has 'won_back'
is 'stage --dry-run' "$(cell C1 stage)" broken

# ---- consent ----
ask()
{
	run crm-customer consent "$@"
}
ask C1 --channel email --purpose offers
status_is 1 'absent means no'
out_empty
works crm-customer consent C1 --channel email --purpose offers --grant \
    --at 2026-02-01 --source 'web form' --wording 'I agree'
ask C1 --channel email --purpose offers
status_is 0 'granted'
ask C1 --channel phone --purpose offers
status_is 1 'another channel is another consent'
ask C1 --channel email --purpose offers --at 2026-01-01
status_is 1 'not yet then'
works crm-customer consent C1 --channel email --purpose offers --revoke \
    --at 2026-03-01
ask C1 --channel email --purpose offers
status_is 1 'revoked'
ask C1 --channel email --purpose offers --at 2026-02-15
status_is 0 'but not then'
fails 64 '--channel and --purpose are wanted' crm-customer consent C1 --grant
fails 64 'exclude each other' crm-customer consent C1 --channel e --purpose o \
    --grant --revoke
fails 65 'control character' crm-customer consent C1 --channel email \
    --purpose o --grant --wording "$(printf 'a\001')"
works crm-customer consent - --channel post --purpose offers --grant -i <ids
ask C2 --channel post --purpose offers
status_is 0 'consent - of a stream'
ask C1 C2 --channel post --purpose offers
status_is 64 'a question is about one'
fails 64 'a question is about one' crm-customer consent - --channel e --purpose o

# ---- edit ----
cat >editor.sh <<-'EOF'
	#!/bin/sh
	sed -f "$EDITS" "$1" >"$1.new" && cat "$1.new" >"$1" && rm "$1.new"
	EOF
chmod +x editor.sh
mkdir tmp
EDITOR=$PWD/editor.sh EDITS=$PWD/edits TMPDIR=$PWD/tmp
export EDITOR EDITS TMPDIR
echo 's/^tier: .*/tier: platinum/; s/^city: .*/city: a\\\\tb\\\\nc/' >edits
works crm-customer edit C2
is 'edit' "$(cell C2 tier)" platinum
is 'with escapes' "$(crm-customer get C2 -f city --no-header | cut -f 2)" 'a\tb\nc'
: >edits
works crm-customer edit C2
out_empty 'nothing changed, nothing said'
echo '/^email: /s/: .*/: /' >edits
works crm-customer edit -w 'tier = "platinum"'
is 'an emptied line clears' "$(cell C2 email)" ''
echo 's/^tier: .*/tier: lead/' >edits
works crm-customer edit C2 --dry-run
out_has "C0000000002${TAB}tier${TAB}platinum${TAB}lead"
is 'edit --dry-run' "$(cell C2 tier)" platinum
is 'no text is left behind' "$(ls tmp)" ''
shot before
echo 's/^country: .*/country: Narnia/' >edits
fails 65 "country: 'Narnia' is not a country code" crm-customer edit C2
kept=$(sed -n "s/^the text is kept in '\(.*\)'$/\1/p" "$err")
ok 'the text is kept' grep -q '^country: Narnia$' "$kept"
rm -f "$kept"
echo 's/^tier: /teir: /' >edits
fails 65 "has no field 'teir'" crm-customer edit C2
echo 's/^revision: .*/revision: 1/' >edits
fails 65 'the record was changed meanwhile' crm-customer edit C2
EDITOR=false fails 69 "the editor 'false' failed: nothing was changed" \
    crm-customer edit C2
EDITOR=/nonexistent/vi fails 69 "/nonexistent/vi" crm-customer edit C2
fails 64 'which records is not said' crm-customer edit
unchanged 'what edit refuses changes nothing'
run crm-customer edit C999
status_is 1

# ---- rm ----
crm-customer add --name Child --parent-id C3 >/dev/null
shot before
fails 65 'parent_id: C3 cannot be removed: ' crm-customer rm C3
unchanged 'what is referred to stays'
works crm-customer rm C4 --dry-run
unchanged 'rm --dry-run'
works crm-customer stage C4 prospect
works crm-customer consent C4 --channel email --purpose offers --grant
works crm-customer rm C4
run crm-customer get C4
status_is 1 'removed'
run crm-customer get email:only@example.org
status_is 1 'with its names'
run crm-customer rm C4
status_is 1
works crm-customer add --name Next --email only@example.org --format value -f customer_id
ok 'a number is never given again' test "$(cat "$out")" != C0000000004
crm-customer list -w 'name ~ "^n[0-9]"' >in
works crm-customer rm - <in
is 'rm - of a stream' "$(crm-customer list -w 'name ~ "^n[0-9]"' --count)" 0
child=$(crm-customer list -w 'name = "Child"' --format value -f customer_id)
works crm-customer rm C3 "$child"
run crm-customer get C3
status_is 1 'a whole family goes at once'

# ---- columns of one's own ----
cat >>"$CRM_STORE/crm.yaml" <<-'EOF'
	fields:
	  customer:
	    - { name: vat_id, type: text, index: unique }
	    - { name: shoe_size, type: decimal }
	    - { name: level, type: enum, values: [low, high] }
EOF
crm-store apply >/dev/null
works crm-customer set C1 --vat-id X1 --shoe-size 44.50 --level high
is 'they are set and printed as others' \
    "$(crm-customer get C1 -f vat_id,shoe_size,level --no-header | cut -f 2-)" \
    "X1${TAB}44.5${TAB}high"
fails 65 "vat_id: 'X1' is already C1's" crm-customer set C2 --vat-id X1
fails 65 "level: 'mid' is not one of low, high" crm-customer set C2 --level mid
fails 65 "shoe_size: '44,5' is not a decimal" crm-customer set C2 --shoe-size 44,5
rows in 'customer_id|vat_id' 'C1|X2' 'C2|X1'
works crm-customer set - <in
rows in 'customer_id|vat_id' 'C1|X1'
fails 65 "stdin:2: vat_id: 'X1' is already C2's" crm-customer set - <in
works crm-customer list -w 'shoe_size > 44 and level = "high"' --format value -f name
fails 65 'vat_id: what occurs once has at most 180 bytes' \
    crm-customer set C1 --vat-id "$(head -c 200 /dev/zero | tr '\0' y)"
works crm-store check

# Countries: capitals, those there are, and questions about them.
CRM_STORE=$T/countries
new_store
works crm-customer add --name Ann --country de -f country
out_has DE
fails 65 "country: 'Germany' is not a country code of two letters" \
    crm-customer add --name Ann --country Germany
fails 65 "country: 'uk' is not a country code" \
    crm-customer set C1 --country uk
err_has 'the United Kingdom is GB'
for w in 'country = "de"' 'country in ("at", "de")' 'country = $c' \
    'not country = "ch"' 'country != "ch"' 'country ~ "^D"'; do
	run crm-customer list -D c=De -w "$w" --count
	out_is 1 "$w"
done
fails 64 "'Germany' is not a country code" \
    crm-customer list -w 'country = "Germany"'
done_testing
