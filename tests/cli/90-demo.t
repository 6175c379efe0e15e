#!/bin/sh
# The demo runs, twice, and says what the README shows.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

BUILD=$T/build
export BUILD
for round in first second; do
	run sh "$CRM_TOP/share/demo.sh"
	status_is 0 "the $round time"
	err_empty
	out_has 'map shopify-orders: 18837 rows: 1937 customers, 240 products, 10000 orders were added; 0 changed; 0 rejected'
	out_has 'nothing was added; 0 changed; 12177 as they were; 0 rejected'
done
out_has "${TAB}555${TAB}" 'the best customers'
sed "s|$T|.|" "$out" >second
run sh "$CRM_TOP/share/demo.sh"
sed "s|$T|.|" "$out" >third
same 'the output is the same each time' third second
is 'the months add up to the year' "$(
	sed -n 's/^2025-[0-9]*	\([0-9]*\)	.*/\1/p' second |
	    awk '{ n += $1 } END { print (n > 9500 && n <= 10000) }')" 1
CRM_STORE=$T/build/demo/shop
run crm-store check
status_is 0
run crm-customer list --count -w 'tier = "gold"'
out_has 13
done_testing
