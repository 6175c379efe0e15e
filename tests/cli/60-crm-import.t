# crm-import: dialects, what rows become, rejects, twice, edits, dry runs.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
data=$CRM_TOP/tests/data/import

# columns FILE NAME...: these columns of a stream, joined by blanks.
columns()
{
	file=$1
	shift
	awk -F '\t' -v want="$*" '
		NR == 1 { n = split(want, w, " ")
			for (i = 1; i <= NF; i++) at[$i] = i
			next }
		{ for (i = 1; i <= n; i++)
			printf "%s%s", $at[w[i]], i < n ? " " : "\n" }' "$file"
}

# --- maps -------------------------------------------------------------------
works crm-import --list -f map
is 'maps are listed with the columns of -f' "$(sed 1q "$out")" map
works crm-import --list
out_has shopify-orders
out_has complete-journey-transactions
run crm-import --detect "$data/shop.csv"
status_is 1
err_has 'no map fits'
mkdir -p .local/share/crm-tools/maps
cp "$data/shop.yaml" .local/share/crm-tools/maps/
works crm-import --detect "$data/shop.csv"
cp "$out" detected
is 'stdin is detected as the file is' \
    "$(cat "$data/shop.csv" | crm-import --detect -)" "$(cat detected)"
out_has 'map shop'
out_has '1,1,2025-01-01 10:00,a,Ann,ann@example.org,Bonn,Y,1,20.00'
out_has 'line 2 product_id'
fails 64 '--map NAME is wanted' crm-import x.csv
fails 66 'none' crm-import --map shop --store none "$data/shop.csv"

new_store
fails 66 "there is no map 'nosuch'" crm-import --map nosuch "$data/shop.csv"
fails 66 'nosuch.csv' crm-import --map shop nosuch.csv
sed 's/^round:/rounds:/' "$data/shop.yaml" >typo.yaml
fails 78 "typo.yaml:5: rounds: 'rounds' is not known here" \
    crm-import --map ./typo.yaml "$data/shop.csv"
err_has "did you mean 'round'?"
sed 's/city: city/citi: city/' "$data/shop.yaml" >typo.yaml
fails 78 "'citi' is not a field of the kind customer" \
    crm-import --map ./typo.yaml "$data/shop.csv"
sed 's/amount: amount/amount: {expr: amuont * 2}/' "$data/shop.yaml" >typo.yaml
fails 78 'amuont' crm-import --map ./typo.yaml "$data/shop.csv"
sed '1s/quantity/qty/' "$data/shop.csv" >renamed.csv
fails 65 "there is no column 'quantity'" crm-import --map shop renamed.csv
is 'nothing was written by any of these' "$(crm-order list --count)" 0

# --- the dialect ------------------------------------------------------------
iconv -f UTF-8 -t ISO-8859-1 "$data/dialect.utf8" >dialect.csv
works crm-import --map "$data/dialect.yaml" dialect.csv
out_is 'map dialect: 7 rows: 1 customer, 3 products, 3 orders were added; 0 changed; 1 row passed over; 0 rejected'
crm-customer list -f name,tier >got
is 'quotes, encoding, a table of values' "$(columns got name tier)" \
    "Jürgen 'Jupp' Weiß; sen. mr"
crm-order list -f placed,number,channel,type,total >got
is 'zone, formats, fill-down, credit, discount' \
    "$(columns got number placed channel type total)" \
    'B1 2025-02-28T23:30:00Z shop order 2478.99
B2 2025-02-28T23:00:00Z phone order 9.49
G1 2025-03-01T23:00:00Z  credit -5.00'
crm-order lines -f sku,quantity,amount,line_cost,returned >got
is 'thousands, comma, rounding, shift, a return of a line' \
    "$(columns got sku quantity amount line_cost returned)" \
    'Tee 2 2469.00 999.50 1
Kanne 1 9.99  
Kanne 1 9.99  
Sieb 3 1.00  
Tee 1 -5.00  '
run crm-import --map "$data/dialect.yaml" dialect.csv
out_has 'nothing was added; 0 changed; 7 as they were'
{ printf '\357\273\277'; cat "$data/dialect.utf8"; } >bom.csv
works crm-import --map "$data/dialect.yaml" bom.csv
out_has 'nothing was added; 0 changed'
sed 's/x$/x\r/' dialect.csv >crlf.csv
sed '3s/Bediener/Kassierer/' crlf.csv >other.csv
run crm-import --map "$data/dialect.yaml" other.csv
err_has "does not name the column 'Kassierer'"
status_is 0

# --- no header, items in cells, occurrences ---------------------------------
works crm-import --map "$data/items.yaml" "$data/items.csv"
out_has '3 rows: 3 products, 3 orders were added'
works crm-import --map "$data/bare.yaml" "$data/bare.csv"
out_has '3 rows: 2 customers, 3 orders were added'
works crm-import --map "$data/bare.yaml" "$data/bare.csv"
out_has 'nothing was added; 0 changed'
printf 'c|20250101|x\nc|20250102|2.00\n' >bare2.csv
run crm-import --map "$data/bare.yaml" --keep-going --rejects r.csv bare2.csv
status_is 2
is 'rejects of a file without header have one' "$(head -n 1 r.csv)" \
    'id|day|sum|rejected'
sed 's/|x|/|3.00|/' r.csv >fixed.csv
works crm-import --map "$data/bare.yaml" fixed.csv
out_has '1 row: 1 order was added'

# --- dry run equals run; twice; an edit survives -----------------------------
rm -rf store && new_store
works crm-import --map shop --dry-run "$data/shop.csv"
out_has 'map shop: 3 rows: 2 customers, 2 products, 2 orders would be added; 0 changed; 0 rejected'
is 'a dry run writes nothing' "$(crm-order list --count)" 0
works crm-import --map shop --why 'first export' "$data/shop.csv"
out_is 'map shop: 3 rows: 2 customers, 2 products, 2 orders were added; 0 changed; 0 rejected'
works crm-customer get shop:a
works crm-order get shop:1 -f lines,total,status
out_has 'paid'
run crm-import --map shop - <"$data/shop.csv"
out_is 'map shop: 3 rows: nothing was added; 0 changed; 6 as they were; 0 rejected'
works crm-customer set shop:a --city Berlin --name 'Ann Meyer'
works crm-import --map shop "$data/shop.csv"
out_has '0 changed'
crm-customer get shop:a -f name,city >got
is 'an edit survives the next export' "$(columns got name city)" \
    'Ann Meyer Berlin'
sed 's/Bonn/Ulm/; s/,1,2025/,2,2025/; s/30.00,,first/30.00,12.00,first/' \
    "$data/shop.csv" >next.csv
works crm-import --map shop --dry-run next.csv
out_has "city: 'Berlin' -> 'Ulm'"
run crm-import --map shop --dry-run --print next.csv
out_has 'Ulm'
works crm-import --map shop next.csv
crm-customer get shop:a -f name,city >got
is 'what the source changed is written, and no more' \
    "$(columns got name city)" 'Ann Meyer Ulm'
sed 's/,2,2025/,3,2025/; s/,12.00,/,15.00,/' next.csv >more.csv
works crm-import --map shop more.csv
crm-order track shop:1 -f what,amount >got
is 'a running total becomes events by difference' \
    "$(columns got what amount)" 'pay 30.00
refund 12.00
refund 3.00'
works crm-import --map shop "$data/shop.csv"
out_has '2 of an older version'
sed 's/,3,2025/,4,2025/; /,Y,/d; s/30.00,15.00/10.00,15.00/' more.csv >less.csv
fails 65 'refund' crm-import --map shop less.csv
sed 's/,3,2025/,4,2025/; s/,Y,1,/,Z,1,/' more.csv >swap.csv
works crm-import --map shop swap.csv
crm-order lines shop:1 -f line_id,sku >got
is 'a line the source no longer names goes, numbers are kept' \
    "$(columns got line_id sku | sed 's/.*-//')" '1 X
3 Z'
works crm-order rm shop:2
works crm-import --map shop swap.csv
out_has '1 removed here, left so'

# --- records from elsewhere --------------------------------------------------
rm -rf store && new_store
works crm-customer add --name 'Bo Li' --email BO@example.org
works crm-import --map shop "$data/shop.csv"
out_has '1 customer, 2 products, 2 orders were added; 1 changed'
crm-customer get shop:b -f name,city >got
is 'known by its e-mail, filled where it was empty' \
    "$(columns got name city)" 'Bo Li Köln'

sed '1s/order/order/; s/^1,/7,/; s/^2,/8,/' "$data/shop.csv" >numbers.csv
sed -e 's/^source: shop/source: shop_b/' \
    -e 's/^    note: note/    number: order/' "$data/shop.yaml" >b.yaml
sed 's/shop_b/shop_c/' b.yaml >c.yaml
run crm-import --map ./b.yaml numbers.csv
out_has '2 orders were added'
fails 65 "number: '7' is already" crm-import --map ./c.yaml numbers.csv

# --- bad rows -----------------------------------------------------------------
rm -rf store && new_store
fails 65 "bad.csv:3: placed: '2025-02-30 10:00' is not a time" \
    crm-import --map shop "$data/bad.csv"
is 'one bad row and nothing is imported' "$(crm-customer list --count)" 0
run crm-import --map shop --keep-going --rejects rej.csv "$data/bad.csv"
status_is 2
out_is 'map shop: 8 rows: 4 customers, 2 products, 2 orders were added; 0 changed; 1 refused; 6 rejected (in rej.csv)' \
    'good rows are imported'
is 'an order with a bad row is rejected whole' \
    "$(grep -c '^2,1' rej.csv)" 2
cp rej.csv copy.csv
fails 64 "'rej.csv' is the file that is imported" \
    crm-import --map shop --keep-going --rejects rej.csv rej.csv
same 'and is not emptied' rej.csv copy.csv
fails 64 '--print goes with --dry-run' crm-import --map shop --print rej.csv
is 'all bad rows are there' "$(sed 1d rej.csv | cut -d, -f1 | sort | uniq -c |
    awk '{ print $2 "x" $1 }' | paste -sd ' ' -)" '2x2 3x1 4x1 5x1 6x1'
ok 'what its customer was refused for is the reason' \
    grep -q '^3,1.*not an address.*e-mail' rej.csv
ok 'with the reason' grep -q "is not a number" rej.csv
run crm-import --map shop --keep-going --max-rejects 2 --rejects r2.csv \
    "$data/bad.csv"
status_is 65
err_has 'more than 2 rows are wrong'
sed -e 's/2025-02-30/2025-02-20/' -e 's/not an address/cy@example.org/' \
    -e 's/,one,/,1,/' -e 's/,9.00,/,,/' \
    -e 's/fay@example.org,/fay@example.org,Bonn,X,1,6.00,6.00,,,/' \
    rej.csv >fixed.csv
run crm-import --map shop --keep-going --rejects rej2.csv fixed.csv
status_is 0 'rejects that were put right are imported'
out_has '3 customers, 5 orders were added; 0 changed; 4 as they were; 0 rejected'
run crm-import --map shop --dry-run "$data/bad.csv"
status_is 2
out_has '6 rejected (--rejects FILE keeps them)'

# --- keys, hostile input ------------------------------------------------------
rm -rf store && new_store
works crm-import --map shop --key nightly "$data/shop.csv"
run crm-import --map shop --key nightly "$data/shop.csv"
status_is 0
err_has 'the key was used before'
fails 65 "'nightly'" crm-import --map shop --key nightly next.csv
head -c 200 "$data/shop.csv" >cut.csv
fails 65 'cut.csv:3' crm-import --map shop cut.csv
printf 'order,upd' >short.csv
fails 65 'there is no column' crm-import --map shop short.csv
: >empty.csv
fails 65 'there is no header line' crm-import --map shop empty.csv
sed '2s/Ann/A\x01n/' "$data/shop.csv" >control.csv
fails 65 'control.csv:2' crm-import --map shop control.csv
sed '2s/Ann/A\xffn/' "$data/shop.csv" >latin.csv
fails 65 'latin.csv:2' crm-import --map shop latin.csv
printf 'map: [' >broken.yaml
run crm-import --map ./broken.yaml "$data/shop.csv"
status_is 78 'YAML that is none'
printf 'map: &a x\nsource: *a\n' >bomb.yaml
run crm-import --map ./bomb.yaml "$data/shop.csv"
status_is 78 'YAML with aliases'
is 'the store is as it was' "$(crm-order list --count)" 2

# --- a column that only a condition needs
cat >cond.yaml <<'EOF'
map: cond
source: file
match: [order, email]
when: email is not empty
orders:
  key: order
EOF
printf 'order,emial\nA,x\n' >cond.csv
fails 65 "cond.csv: there is no column 'email'" \
    crm-import --map ./cond.yaml cond.csv
err_has "there is 'emial'"

# --- a row that cannot be read takes its order with it: without it the order
# would be another, and the rejected row alone, imported again, a third
cat >short.yaml <<'EOF'
map: short
source: file
match: [order, sku, amount]
orders:
  key: order
  lines:
    set: {text: sku, amount: amount}
EOF
printf 'order,sku,amount\nA,x,1.00\nA,y\nB,z,3.00\nB,\377,4.00\nC,w,5.00\n' \
    >short.csv
CRM_STORE=$T/short
new_store
run crm-import --map ./short.yaml --keep-going --rejects short.bad short.csv
status_is 2
out_has '1 order was added; 0 changed; 4 rejected'
err_has 'short.csv:2: goes with line 3, which is refused'
err_has 'short.csv:3: 2 fields, the first row has 3'
err_has 'short.csv:5: byte 3 of the row is not UTF-8 (0xff)'
is 'all four rows are kept' "$(wc -l <short.bad | tr -d ' ')" 5
run crm-import --map ./short.yaml --clean --keep-going short.csv
out_has '1 order was added; 0 changed; 1 as they were; 1 character replaced;'
is 'bad bytes are replaced' \
    "$(crm-order lines --format value -f text -w 'amount = 4')" '�'

# --- as any command that writes: the store's day, and its hooks ----
mkdir "$CRM_STORE/hooks.d"
printf '#!/bin/sh\ncat >"$HOME/hooked"\n' >"$CRM_STORE/hooks.d/10-note"
chmod +x "$CRM_STORE/hooks.d/10-note"
CRM_NOW=2026-06-01
export CRM_NOW
printf 'id\tname\n1\tAnn\n' >people.tsv
works crm-import --map customers people.tsv
ok 'the hooks are run' grep -q Ann hooked
crm-customer add --name Bo >/dev/null
is 'CRM_NOW is a time of the store' \
    "$(crm-customer get C1 --format value -f created)" \
    "$(crm-customer get C2 --format value -f created)"
done_testing
