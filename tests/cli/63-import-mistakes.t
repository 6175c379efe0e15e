#!/bin/sh
# crm-import: what is wrong with a row or a map is said with its line, and
# what the map can do about it is done.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
new_store
cat >>"$CRM_STORE/crm.yaml" <<'EOF'
fields:
  customer:
    - { name: points, type: int }
    - { name: share, type: decimal }
EOF
works crm-store apply

# map HEAD: a map, with more of its head in the arguments, what rows become on
# stdin.
map()
{
	{
		printf 'map: t\nsource: t\nmatch: [id]\ndialect: {sep: comma}\n'
		for line; do printf '%s\n' "$line"; done
		cat
	} >map.yaml
}
# data LINE...: the file.
data()
{
	printf '%s\n' "$@" >data.csv
}
# refuses MESSAGE: importing it ends with this, and changes nothing.
refuses()
{
	was=$(crm-log list --count)
	fails 65 "$1" crm-import --map ./map.yaml data.csv
	is "$1: nothing is changed" "$(crm-log list --count)" "$was"
}

# --- orders -----------------------------------------------------------------
orders()
{
	map "$@" <<-'EOF'
	orders:
	  key: id
	  set:
	    placed: at
	    channel: shop
	  lines:
	    set: {sku: sku, quantity: n, amount: sum}
	EOF
}
orders
data id,at,shop,sku,n,sum 1,2026-05-01,web,A,1,2.00 1,2026-05-01,pos,B,1,3.00
refuses 'data.csv:3: channel: rows of one order differ in it'
err_has "'last: yes' takes the last one"
sed -i 's/channel: shop/channel: {column: shop, last: yes}/' map.yaml
works crm-import -q --map ./map.yaml data.csv
is 'the last row decides' "$(crm-order list --format value -f channel)" pos
orders
data id,at,shop,sku,n,sum 2,2026-05-01,web,A,1,2.005
refuses "amount: '2.005' has more decimal places than its currency"
err_has "'round: yes' in the map rounds it"
orders 'round: yes'
works crm-import -q --map ./map.yaml data.csv
is 'it is rounded' "$(crm-order list --sort -order_id --limit 1 --format value \
    -f total)" 2.01
data id,at,shop,sku,n,sum 3,2026-05-01,web,A,1,99999999999999999.99
refuses 'amount: is too large an amount'
data id,at,shop,sku,n,sum ,2026-05-01,web,A,1,2
refuses 'data.csv:2: the key of the order is empty'
data id,at,shop,sku,n,sum 4,2026-05-01,web,A,1
refuses '5 fields, the first row has 6'
data id,at,shop,sku,n,sum 4,2026-05-01,web,A,1,2,3
refuses '7 fields, the first row has 6'
data id,at,shop,sku,n,sum 4,2026-05-01,web,A,1,2 5,2026-05-32,web,A,1,2
refuses "data.csv:3: placed: '2026-05-32' is not a time"
data id,at,shop,sku,n 4,2026-05-01,web,A,1
refuses "there is no column 'sum'"

# Events of lines, of this file and of one before.
map <<'EOF'
orders:
  key: id
  partial: yes
  set: {placed: {const: 2026-05-01}}
  lines:
    when: what = "sale"
    id: pos
    set: {sku: sku, quantity: n, amount: sum}
  events:
    when: what = "return"
    id: n
    line: pos
    set: {what: {const: return}, quantity: n, at: {const: 2026-05-02}}
EOF
data id,what,pos,sku,n,sum 8,sale,1,A,5,10 8,return,2,A,1,
refuses "the order has no line '2'"
data id,what,pos,sku,n,sum 8,sale,1,A,5,10
works crm-import -q --map ./map.yaml data.csv
data id,what,pos,sku,n,sum 8,return,1,A,2,
works crm-import -q --map ./map.yaml data.csv
is 'a line of a file before is found' \
    "$(crm-order lines -w 'returned > 0' --format value -f returned)" 2

# --- records ----------------------------------------------------------------
# customers FIELDS HEAD...
customers()
{
	set_=$1
	shift
	map "$@" <<-EOF
	records:
	  - kind: customer
	    id: id
	    set: {$set_}
	EOF
}
customers 'name: name, tier: {column: t, map: tiers}' \
    'values: {tiers: {g: gold, s: silver}}'
data id,name,t 1,Ann,g 2,Bo,x
refuses "data.csv:3: tier: 'x' is not in the map's table 'tiers'"
customers 'name: {column: name, required: yes}'
data id,name 1,Ann 2,
refuses 'data.csv:3: name: a value is wanted'
customers 'name: name, points: p'
data id,name,p 1,Ann,1.5
refuses "points: '1.5' is not a whole number"
customers 'name: name, points: {column: p, round: yes}'
works crm-import -q --map ./map.yaml data.csv
is 'half is rounded up' "$(crm-customer get t:1 --format value -f points)" \
    2
customers 'name: name, points: {column: p, negate: yes}'
data id,name,p 1,Ann,3
works crm-import -q --map ./map.yaml data.csv
is 'a sign is turned' "$(crm-customer get t:1 --format value -f points)" -3
customers 'name: name, share: {column: p, shift: 4}'
data id,name,p 1,Ann,0.1234567891
refuses "share: '0.1234567891' has too many places"
customers 'name: name, share: {column: p, shift: 4, round: yes}'
works crm-import -q --map ./map.yaml data.csv
is 'places past the twelfth are rounded' \
    "$(crm-customer get t:1 --format value -f share)" 0.000012345679
data id,name,p 1,Ann,5000
works crm-import -q --map ./map.yaml data.csv
is 'the point is moved' \
    "$(crm-customer get t:1 --format value -f share)" 0.5
map <<'EOF'
records:
  - kind: customer
    id: id
    only: known
    set: {name: name}
EOF
data id,name 77,Cy
refuses "'77' is not known here, and the map makes none"
customers 'name: name, points: x' 'let: {x: 10 / number(d)}'
data id,name,d 3,Cy,5 4,Di,0
refuses 'data.csv:3: x: division by zero'
run crm-import -q --map ./map.yaml --keep-going --rejects rej data.csv
status_is 2
ok 'the row is among the rejects' grep -q '^4,Di' rej
customers 'name: name' 'fill_down: [shop]'
data id,name 5,Ed
refuses "there is no column 'shop'"
customers 'name: name' 'fill_down: [shop]' 'optional: [shop]'
works crm-import -q --map ./map.yaml data.csv

# Two columns of one name: the second is called by its place.
customers 'name: name, note: {expr: note_2}'
data id,name,Note,Note 6,Flo,one,two
works crm-import -q --map ./map.yaml data.csv
is 'the second of a name is name_2' \
    "$(crm-customer get t:6 --format value -f note)" two

# An id longer than a key may be is told from others that begin like it.
long=$(awk 'BEGIN { for (i = 0; i < 600; i++) printf "x" }')
map <<'EOF'
records:
  - kind: customer
    id: id
    identity: no
    set: {name: name}
EOF
data id,name "${long}1,Gus" "${long}2,Hal"
works crm-import -q --map ./map.yaml data.csv
out_has '2 customers were added'
works crm-import -q --map ./map.yaml data.csv
out_has 'nothing was added; 0 changed; 2 as they were'

# Somebody of whom nothing is known but what the source calls them.
map <<'EOF'
records:
  - kind: customer
    id: id
    set: {tier: {const: new}}
EOF
data id 900
works crm-import -q --map ./map.yaml data.csv
is 'is shown by that' "$(crm-customer get t:900 --format value -f name)" 't 900'

# The first row of a file without a header, and one that is no text.
map <<'EOF'
records:
  - kind: customer
    id: id
    set: {name: name}
EOF
sed -i 's/dialect: .*/dialect: {sep: comma, header: [id, name]}/' map.yaml
printf '10,\377\n11,Ivy\n' >data.csv
refuses 'data.csv:1'
run crm-import --map ./map.yaml --keep-going --rejects rej data.csv
status_is 2
out_has '1 customer was added'
ok 'the first row is among the rejects' grep -aq '^10,' rej

data 13
refuses 'data.csv:1: 1 field, there are 2 columns'
data 13,Kay,x
refuses 'data.csv:1: 3 fields, there are 2 columns'
data 13,Kay,
works crm-import -q --map ./map.yaml data.csv

# A map knows its file by other names of columns, too.
mkdir -p .local/share/crm-tools/maps
customers 'name: name' 'aliases: {name: [Nom, Nombre]}'
sed 's/match: .*/match: [id, name]/' map.yaml >.local/share/crm-tools/maps/t.yaml
data id,Nombre 12,Jo
works crm-import --detect data.csv
out_has 'map t'
works crm-import -q --map t data.csv
is 'and reads it' "$(crm-customer get t:12 --format value -f name)" Jo
works crm-store check
done_testing
