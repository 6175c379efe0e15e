# A year of The Complete Journey: what is in the files is in the store.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
need_data complete-journey/transactions_sample.csv.gz \
    complete-journey/products.csv.gz complete-journey/demographics.csv.gz

for f in transactions_sample products demographics; do
	gzip -dc "$CRM_DATA/complete-journey/$f.csv.gz" >$f.csv
done
sum()
{
	awk -F '\t' -v want="$1" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) c = i; next }
		{ s += $c } END { printf "%.2f\n", s }'
}
new_store --currency USD --timezone America/New_York --country US

works crm-import --detect transactions_sample.csv
out_has 'map complete-journey-transactions'
out_has '"2261","309","31625220889","940996",1,3.86'
out_has 'line 1 amount            3.86'
works crm-import --detect products.csv
out_has 'map complete-journey-products'
works crm-import --map complete-journey-products products.csv
out_is 'map complete-journey-products: 92331 rows: 92331 products were added; 0 changed; 0 rejected'
all='map complete-journey-transactions: 75000 rows: 2377 customers, 5 products, 47243 orders'
works crm-import --map complete-journey-transactions --dry-run \
    transactions_sample.csv
out_is "$all would be added; 0 changed; 20897 as they were; 0 rejected"
works crm-import --map complete-journey-transactions transactions_sample.csv
out_is "$all were added; 0 changed; 20897 as they were; 0 rejected"

is customers "$(crm-customer list --count)" 2377
is products "$(crm-product list --count)" 92336
is orders "$(crm-order list --count)" 47243
crm-order lines -f quantity,amount >lines.tsv
is lines "$(sed 1d lines.tsv | wc -l | tr -d ' ')" 75000
is 'the sum of all lines' "$(sum amount <lines.tsv)" 233935.24
is 'lines of quantity 0 are there' "$(sum quantity <lines.tsv)" \
    "$(awk -F, 'NR > 1 { s += $5 } END { printf "%.2f\n", s }' \
	transactions_sample.csv)"
is 'the sum of totals by month' \
    "$(crm-order totals --by month | sum gross)" 233935.24
is 'the sum of revenue' \
    "$(crm-customer list -f revenue | sum revenue)" 233935.24
is 'a time of New York' \
    "$(crm-order get number:31625220889 -f placed | field placed)" \
    2017-01-28T19:06:53Z

works crm-import --map complete-journey-transactions transactions_sample.csv
out_has 'nothing was added; 0 changed; 70522 as they were; 0 rejected'
works crm-import --map complete-journey-products products.csv
out_has 'nothing was added; 0 changed; 92331 as they were; 0 rejected'

# Demographics want custom fields, which the map's first lines give.
fails 78 "'age' is not a field of the kind customer" \
    crm-import --map complete-journey-demographics demographics.csv
cat >fields.yaml <<'YAML'
currency: USD
timezone: America/New_York
country: US
YAML
sed -n 's/^#   //p' "$CRM_TOP/share/maps/complete-journey-demographics.yaml" \
    >>fields.yaml
cp fields.yaml "$CRM_STORE/crm.yaml"
works crm-store apply
works crm-import --map complete-journey-demographics demographics.csv
out_has '801 rows: nothing was added; 801 changed; 0 rejected'
works crm-import --map complete-journey-demographics demographics.csv
out_has '0 changed; 801 as they were'
is 'a custom field' \
    "$(crm-customer get complete_journey:1 -f income | field income)" 35-49K
works crm-store check
done_testing
