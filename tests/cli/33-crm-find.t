#!/bin/sh
# Who is meant: by numbers, addresses and names as people give them.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
rm -rf "$CRM_STORE"
crm-store init --currency EUR --country DE --timezone Europe/Berlin

cat >people.tsv <<EOF2
given	family	company	name	email	phone
Ann	Meyer			ann@example.org	+49 171 5551234
Jürgen	Müller			juergen@example.org	
				info@acme.example	030 123456
Łukasz	Wójcik				
小明	王		王小明		
Seán	O'Neill				
Anna	Meyerhoff			anna@example.org	+49 171 5551234
Ann	Meyer				
		Æther & Sønner ApS			
Γιώργος	Παπαδόπουλος				
EOF2
awk -F '\t' -v OFS='\t' 'NR == 4 { $4 = "ACME GmbH" } { print }' people.tsv |
    crm-customer add - >/dev/null
crm-order add --customer C8 --number '#1001' --placed 2026-05-01 \
    --line '"Mug" @ 1204.50' >/dev/null
crm-customer identify C2 shopify:2071 >/dev/null
crm-order identify O1 amazon:302-77 >/dev/null

# found QUERY WANT: the short ids, and how the first was found.
found()
{
	got=$(crm-find "$1" -f how 2>&1 | awk -F '\t' '
		NR == 2 { how = $2 }
		NR > 1 { sub(/^C0*/, "C", $1); s = s sep $1; sep = " " }
		END { print s, how }')
	is "$1" "$got" "$2"
}
found '0171 / 555 12-34' 'C1 C7 phone'
found '+49 (0)171 5551234' 'C1 C7 phone'
found '0049 171 555-1234' 'C1 C7 phone'
found 'tel:+491715551234' 'C1 C7 phone'
found '(030) 12 34 56' 'C3 phone'
found '491715551234' 'C1 C7 phone'
found 'Tel. 030/123456 ext. 12' 'C3 phone'
found '030 123456;ext=12' 'C3 phone'
found 'sip:+4930123456@pbx.example' 'C3 phone'
found 'Mobil: +49 (171) 5551234' 'C1 C7 phone'
fails 1 'nobody is known' crm-find A030123456
found 'ANN@Example.ORG' 'C1 email'
found ' ann @ example.org ' 'C1 email'
found 'mailto:ann@example.org?subject=Hello' 'C1 email'
found '"Meyer, Ann" <Ann@example.org>' 'C1 email'
found 'Jürgen Müller <other@example.org>' 'C2 name'
found 'c8' 'C8 id'
found 'O1' 'C8 record'
found '1001' 'C8 record'
found '#1001' 'C8 record'
found 'Order #1001' 'C8 record'
found 'Re: your order [#O1]' 'C8 record'
found 'shopify:2071' 'C2 reference'
found 'customer/shopify:2071' 'C2 reference'
found 'amazon:302-77' 'C8 record'
found 'meyer ann' 'C8 C1 C7 name'
found 'MEYER' 'C8 C1 C7 name'
found 'mey' 'C8 C1 C7 beginning'
found 'MULLER' 'C2 name'
found 'jurg mull' 'C2 beginning'
found 'lukasz wojcik' 'C4 name'
found '小明' 'C5 name'
found '明' 'C5 name'
found '王小' 'C5 beginning'
found "o'neill" 'C6 name'
found 'ONeill Sean' 'C6 name'
found 'neill' 'C6 typo'
found 'aether sonner' 'C9 name'
found 'ΓΙΩΡΓΟΣ' 'C10 name'
found 'παπαδοπουλ' 'C10 beginning'
found 'Mulelr' 'C2 typo'
found 'Meyr' 'C8 C1 typo'
found 'Muelller' ' '
found 'Frau Müller' 'C2 part'
found 'Prof. Dr. Müller' ' '

run crm-find 'nobody such'
status_is 1
err_has "nobody is known by 'nobody such'"
run crm-find --one ann@example.org --format value -f customer_id
is 'one' "$(cat "$out")" C0000000001
fails 65 "'01715551234' may be one of several: C1 Ann Meyer, C7 Anna Meyerhoff" \
    crm-find --one 01715551234
run crm-find --one anna meyer -f name
out_has 'Anna Meyerhoff'
fails 65 'may be one of several: C8 Ann Meyer, C1 Ann Meyer' \
    crm-find --one Ann Meyer
run crm-find Meier -f how
is 'Meier is Meyer with a letter wrong' "$(sed -n 2p "$out")" \
    "C0000000008${TAB}typo"
crm-customer add --name 'Max Meier' >/dev/null
run crm-find Meier -f how
is 'better matches are alone' "$(wc -l <"$out")" 2
run crm-find --near Meier -f how
is '--near has the others too' "$(cut -f 2 "$out" | xargs)" \
    'how name typo typo typo'

# As they are now, in the same moment; as they were.
crm-customer set C1 --name 'Ann Schulz' --family Schulz >/dev/null
found 'schulz' 'C1 name'
found 'meyer' 'C8 C7 name'
run crm-find --as-of rev:1 meyer
status_is 1
run crm-find --as-of rev:4 'ann meyer' --format value -f customer_id
is 'as it was known' "$(xargs <"$out")" \
    'C0000000008 C0000000001 C0000000007'
crm-customer rm C11 >/dev/null
found 'Max' ' '
crm-log undo "$(crm-log list --format value -f revision | tail -n 1)" >/dev/null
found 'Max' 'C11 name'
crm-customer erase C11 >/dev/null 2>&1
found 'Max' ' '
run crm-store check
status_is 0
run crm-store rebuild -q
run crm-store check
status_is 0
found 'Müller' 'C2 name'

# Tickets: theirs, and in the line a terminal gets.
crm-ticket open --customer C8 --subject 'mug broken' --channel mail \
    --text 'it came broken' >/dev/null
found 'T1' 'C8 record'
found 'Re: [#T1] your mug' 'C8 record'
run crm-find T1 -f name,open_tickets,via
out_has "Ann Meyer${TAB}1${TAB}T0000000001"
if command -v script >/dev/null; then
	script -qec 'crm-find T1' /dev/null </dev/null | tr -d '\r' >line
	is 'for people' "$(cat line)" \
	    'C8  Ann Meyer  1 order  1,204.50 EUR  last 31 d ago  1 open ticket (T1)  by T1'
fi

# Streams.
printf 'query\tn\n0171 5551234\t1\nxx yy\t2\n' >q.tsv
run sh -c 'crm-find - <q.tsv'
status_is 65
err_has "stdin:3: nobody is known by 'xx yy'"
run sh -c 'crm-find --missing keep --limit 1 -f query - <q.tsv'
is 'a row for nobody' "$(sed -n 3p "$out")" "${TAB}xx yy"
run sh -c 'crm-find --missing drop -f query,how - <q.tsv'
is 'rows for two' "$(wc -l <"$out")" 3
run sh -c 'crm-find - <people.tsv'
status_is 65
err_has "stdin:1: there is no column 'query'"
fails 64 "--limit: '0' is not a number from 1 to 1000" crm-find --limit 0 x
run crm-find - </dev/null
status_is 0

# Text that means nothing finds nothing.
for q in '%' '***' "$(printf '\1')" '@' '<>' '#' '[' ':' '/' 'x/y:z' '+' \
    "$(awk 'BEGIN { while (i++ < 400) printf "ab " }')"; do
	run crm-find "$q"
	if [ "$status" = 1 ] || [ "$status" = 65 ]; then
		pass "nothing: $(printf %.10s "$q" | tr -d '\1')"
	else
		fail "nothing: status $status for '$q'"
	fi
done
crm-store init --store nocountry --currency EUR
fails 1 'the store has no country' crm-find --store nocountry '0171 5551234'
done_testing
