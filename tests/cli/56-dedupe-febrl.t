#!/bin/sh
# crm-dedupe on FEBRL 1: 500 people, 500 altered copies; nothing is tuned.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
need_data febrl1/dataset1.csv

# right: pairs whose rec_ids (columns 1 and 2 of stdin) are of one person.
right()
{
	awk -F '\t' 'NR > 1 { split($1, a, "-"); split($2, b, "-")
		n++; r += a[2] == b[2] } END { print n + 0, r + 0 }'
}
sed 's/, */\t/g' "$CRM_DATA/febrl1/dataset1.csv" >people.tsv
works crm-dedupe scan --from people.tsv -f other_id
set -- $(right <"$out")
diag "any stream: $1 pairs, $2 right"
ok 'precision is .99 or better' [ $(($2 * 100)) -ge $(($1 * 99)) ]
ok 'recall is .95 or better' [ "$2" -ge 475 ]

new_store --country AU
crm-import -q --map febrl "$CRM_DATA/febrl1/dataset1.csv" >/dev/null
crm-customer identities -w 'scheme = "febrl"' -f customer_id,value |
    cut -f 2,3 >names.tsv
crm-dedupe scan >pairs.tsv
awk -F '\t' 'NR == FNR { n[$1] = $2; next } FNR > 1 {
    print n[$1] "\t" n[$2] } FNR == 1 { print }' names.tsv pairs.tsv >named.tsv
set -- $(right <named.tsv)
diag "the store: $1 pairs, $2 right"
ok 'of customers: precision' [ $(($2 * 100)) -ge $(($1 * 99)) ]
ok 'of customers: recall' [ "$2" -ge 475 ]
ok 'all merged at once' sh -c 'crm-dedupe merge -q --least 0.7 - <pairs.tsv'
is 'and so many are left' "$(crm-customer list --count)" "$((1000 - $1))"
works crm-store check
is 'the store is whole' "$(sed 1d "$out")" ''
done_testing
