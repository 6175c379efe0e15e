#!/bin/sh
# crm-gen: the same bytes, sections that agree with each other, options.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

crm-gen --customers 300 --seed 7 >a
crm-gen --customers 300 --seed 7 >b
same 'the same seed gives the same bytes' a b
is 'as seen on other machines' "$(cksum <a)" '3520328574 766900'
crm-gen --customers 300 --seed 8 >b
not_ok 'another seed gives another shop' cmp -s a b

# section NAME: its rows in the archive a.
section()
{
	awk -F '\t' '
		/^\\:/ { on = $1 == "\\:" name; getline; next } on' name="$1" a
}
is 'customers' "$(section customer | wc -l)" 300
is 'orders' "$(section order | wc -l)" 1500
for s in customer product order line adjustment track truth_customer \
    truth_duplicate truth_change; do
	crm-gen --customers 300 --seed 7 --section $s >"$s"
	sed 1d "$s" >want
	section $s >got
	same "--section $s has what the archive has" got want
	run crm-rows --count <"$s"
	status_is 0 "--section $s is a stream"
done

is 'every order has a line, every line an order' "$(
	sed 1d line | cut -c 1-11 | sort -u | comm -3 - "$(sed 1d order |
	    cut -f 1 | sort >ids; echo ids)")" ''
is 'orders are in order of time' "$(sed 1d order | cut -f 3 | sort -c 2>&1)" ''
is 'no e-mail address is had by two' \
    "$(field email <customer | sort | uniq -d)" ''
is 'duplicates are of earlier customers' \
    "$(sed 1d truth_duplicate | awk '$2 >= $1')" ''
is 'only buyers buy' "$(
	awk -F '\t' '$2 == "no" { print $1 }' truth_customer | sort >no
	field customer_id <order | sort -u | comm -12 - no)" ''
is 'there are people with names in other scripts' \
    "$(field name <customer | LC_ALL=C grep -c '[^ -~]' |
	awk '{ print ($1 > 60) }')" 1
is 'returns are of no more than was bought' "$(awk -F '\t' '
	FNR == 1 { next }
	NR == FNR { bought[$1] = $5; next }
	$3 == "return" && $5 > bought[substr($1, 1, 11) "-" $4]' line track)" ''
is 'refunds are of no more than was paid' "$(awk -F '\t' '
	NR == 1 { next }
	{ o = substr($1, 1, 11) }
	$3 == "pay" { paid[o] += $6 }
	$3 == "refund" { back[o] += $6 }
	END { for (o in back) if (back[o] > paid[o] + 0.001) print o }' track)" ''

crm-gen --customers 400 --seed 7 --changes 50% --section truth_change >many
is 'as many changes as asked for, of four sorts' "$(awk -F '\t' '
	NR > 1 { n[$3]++; all++ } END { for (w in n) sorts++
	print sorts, (all > 150 && all < 240), (n["rate"] > 50) }' many)" '4 1 1'
crm-gen --customers 400 --seed 7 --changes 50% --section order >orders
is 'from then on there is another channel' "$(awk -F '\t' '
	NR == FNR { if ($3 == "channel") { at[$1] = $2; new[$1] = $5 }; next }
	$2 in at { late = $3 >= at[$2]; n[late]++; other[late] += $5 == new[$2] }
	END { print (other[0] < n[0] * .2), (other[1] > n[1] * .4) }
	' many orders)" '1 1'
for n in 1 1.5 3 5; do
	is "lines on the average, as asked for: $n" "$(crm-gen --customers 4000 \
	    --orders 20000 --products 1000 --lines $n --section line | awk -v n=$n '
		END { x = (NR - 1) / 20000 / n; print (x > .97 && x < 1.03) }')" 1
done
is 'where there are fewer products, each of them once' "$(
	crm-gen --customers 40 --products 5 --lines 20 --section line |
	    awk -F '\t' 'NR > 1 { o = substr($1, 1, 11); n[o]++; twice += had[o, $2]++ }
	END { for (o in n) most = n[o] > most ? n[o] : most
		print most, twice + 0 }')" '5 0'
run crm-gen --customers 20 --currency JPY --section line
out_lacks '.95' 'yen have no places'
run crm-gen --customers 20 --currency KWD --section product
out_has '.950' 'dinars have three places'
run crm-gen --customers 20 --orders 0 --section order
is 'no orders' "$(wc -l <"$out")" 1
run crm-gen --customers 40 --from 2020-02-01 --until 2020-02-02 --section order
is 'a shop of one day' "$(sed 1d "$out" | cut -f 3 | cut -c 1-10 | sort -u)" \
    2020-02-01

crm-gen --customers 50 --format shopify >s.csv
is 'shopify: a row for each line' "$(($(wc -l <s.csv) - 1))" \
    "$(crm-gen --customers 50 --section line | sed 1d | wc -l)"
is 'shopify: orders' "$(sed 1d s.csv | cut -d , -f 1 | sort -u | wc -l)" 250

fails 64 "'0' customers: between 1" crm-gen --customers 0
fails 64 "'0' products: between 1" crm-gen --products 0
fails 64 "'31.12.2025' is not a date" crm-gen --from 31.12.2025
fails 64 'the period has to end after it begins' \
    crm-gen --from 2025-01-01 --until 2025-01-01
fails 64 "--lines: '.5' is not a number from 1 to 20" crm-gen --lines .5
fails 64 "--lines: 'many' is not a number" crm-gen --lines many
fails 64 "'0' is no share above 0" crm-gen --changes 0
fails 64 "'2' is no share" crm-gen --changes 2
fails 64 "'EUX' is not a currency" crm-gen --currency EUX
fails 64 "there is no section 'orders'" crm-gen --section orders
err_has 'the sections are customer, product, order'
fails 64 "'xml' is not archive or shopify" crm-gen --format xml
fails 64 'no operands are wanted' crm-gen x
fails 64 "is not a number from 0 on" crm-gen --seed -1
ran='crm-gen >/dev/full'
crm-gen >/dev/full 2>"$err"
status=$?
status_is 74
done_testing
