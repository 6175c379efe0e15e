#!/bin/sh
# crm-product: what a product has beyond what every noun has (see
# 30-crm-customer.t for the common verbs).
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
cell()
{
	crm-product get "$1" -f "$2" --format value
}

works crm-product add --sku 85123A --name 'White lantern' --price 2.55 \
    --cost 1.10 --category 'Home/Light' --tags new
out_is "product_id${TAB}sku${TAB}name${TAB}type${TAB}category${TAB}brand${TAB}price${TAB}cost${TAB}stage${TAB}tags
P0000000001${TAB}85123A${TAB}White lantern${TAB}good${TAB}Home/Light${TAB}${TAB}2.55${TAB}1.10${TAB}${TAB}new"
works crm-product get sku:85123A --format value -f name
out_is 'White lantern'
run crm-product get sku:85123a
status_is 1 'a sku keeps its case'

fails 65 'sku: a value is needed' crm-product add --name X
fails 65 "sku: '85123A' is already P1's" crm-product add --sku 85123A
fails 65 "price: '2,55' is not a money amount" crm-product add --sku x --price 2,55
fails 65 "price: '2.555'" crm-product add --sku x --price 2.555
fails 65 'price: cannot be negative' crm-product add --sku x --price -1
fails 65 "price: '99999999999999999999.00'" \
    crm-product add --sku x --price 99999999999999999999.00
fails 65 "stage: 'old' is not one of planned, introduced" \
    crm-product add --sku x --stage old
fails 65 "type: 'thing' is not one of good, service, gift_card" \
    crm-product add --sku x --type thing
is 'nothing of that was added' "$(crm-product list --count)" 1

works crm-product set sku:85123A --sku 85123B --stage growing
works crm-product get sku:85123A --format value -f sku
out_is 85123B 'a former sku stays a reference'
works crm-product add --or-get sku --sku 85123A --format value -f product_id
out_is P0000000001
works crm-product add --sku V-1 --parent-id sku:85123B --type service
is 'variants name their group' "$(cell sku:V-1 parent_id)" P0000000001
fails 65 'parent_id: a record cannot be above itself' \
    crm-product set P1 --parent-id P1
fails 65 'parent_id: a record cannot be above itself' \
    crm-product set P1 --parent-id sku:V-1
fails 65 'P1 cannot be removed: P2 refers to it' crm-product rm P1
works crm-product identify P1 gtin:4006381333931
works crm-product get gtin:4006381333931 --format value -f product_id
out_is P0000000001
works crm-product tag P1 +sale -new
is tag "$(cell P1 tags)" sale

printf 'sku\tname\tprice\nA1\tone\t1.00\nA2\ttwo\t\nA3\tthree\t3.5\n' >in
works crm-product add - <in
is 'money is printed with its digits' "$(cell sku:A3 price)" 3.50
printf 'product_id\tprice\nsku:A1\t1.10\nsku:A2\t2.20\n' >in
works crm-product set - <in
is 'set - takes references' "$(cell sku:A2 price)" 2.20
works crm-product list -w 'price between 1.00 and 2.20' -f sku --format value
out_is "A1
A2"
works crm-product components
works crm-product rm P2 P1
is 'a group goes with its variants' "$(crm-product list --count)" 3

# --- bundles
CRM_STORE=$T/boxes
new_store
for s in A B BOX; do
	crm-product add --sku "$s x 1" --name "$s" >/dev/null
done
works crm-product bundle P3 P1 'sku:B x 1 x 2.5' -f sku
run crm-product components -f component,quantity
out_is "component_id	component	quantity
P0000000003-k1	P0000000001	1
P0000000003-k2	P0000000002	2.5"
works crm-product bundle P3 'P1 x 4' 'P2 x 0'
run crm-product components P3 -f component,quantity --no-header
out_is "P0000000003-k1	P0000000001	4"
crm-product components >boxes.tsv
works crm-product bundle P3 'P1 x 0'
works crm-product bundle - <boxes.tsv
run crm-product components -f component,quantity --no-header
out_has "P0000000001	4" 'what is printed is read'
fails 65 'a bundle is no part of itself' crm-product bundle P3 P3
fails 65 'a bundle is no part of itself' crm-product bundle P1 P3
fails 65 "quantity: '-1': 0 or more is wanted" crm-product bundle P3 'P1 x -1'
fails 65 "no product has 'sku:C'" crm-product bundle P3 sku:C
err_has 'a component is PRODUCT x QUANTITY'
fails 65 "stdin:1: there is no column 'component'" crm-product bundle - <<EOF
product_id
P1
EOF
fails 65 'P1 cannot be removed: P3 refers to it' crm-product rm P1
done_testing
