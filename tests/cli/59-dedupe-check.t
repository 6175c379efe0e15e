#!/bin/sh
# crm-dedupe check: somebody with a common name is found among all who have it,
# by what else is known of them, however the name is written.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
new_store

# 200 people of one name, each in a house and with a birthday of their own; 40
# whose given and family names are the other way round to those of others.
awk 'BEGIN {
	OFS = "\t"
	print "name", "street", "postcode", "city", "birth_date"
	for (i = 0; i < 200; i++)
		print "Karl Bauer", "Hofweg " i, 10000 + 7 * i, "Berlin",
		    sprintf("%d-%02d-%02d", 1930 + i % 70, 1 + i % 12,
			1 + i % 28)
	for (i = 0; i < 40; i++)
		print "Karla Baur", "Am Markt " i, 20000 + 3 * i, "Bonn", ""
	for (i = 0; i < 40; i++)
		print "Uta Holz" substr("aeiou", 1 + i % 5, 1) "r",
		    "Ring " i, 30000 + i, "Ulm", ""
}' >people.tsv
works crm-customer add -q - <people.tsv

# found WHAT ID ARG...: the likeliest is this one
found()
{
	what=$1 id=$2
	shift 2
	run crm-dedupe check "$@" -f name
	is "$what" "$(sed -n 2p "$out" | cut -f 1)" "$id"
}
for i in 1 64 101 137 200; do
	sed -n "$((i + 1))p" people.tsv >row
	IFS=$TAB read -r _ street postcode _ born <row
	id=$(printf 'C%010d' "$i")
	for name in 'Karl Bauer' 'Bauer, Karl' 'Karl Baure' 'Kral Bauer' \
	    'Bauer Karl'; do
		found "$i as $name" "$id" --name "$name" --street "$street" \
		    --postcode "$postcode" --city Berlin --birth-date "$born"
	done
done
found 'a rare name with a letter wrong' C0000000241 --name 'Uta Holzr' \
    --street 'Ring 0' --postcode 30000 --city Ulm
found 'both names with a letter wrong' C0000000243 --name 'Utta Hlzir' \
    --street 'Ring 2' --postcode 30002 --city Ulm

# nobody, though the name is the most frequent one
run crm-dedupe check --name 'Karl Bauer' --street 'Seeweg 3' \
    --postcode 80331 --city Hof --birth-date 2001-01-01
status_is 1 'another of the same name is nobody who is known'
run crm-dedupe check --name 'Karl Xyzzy' --postcode 80331
status_is 1 'nor one whose family name nobody has'
run crm-dedupe check --name 'Quux Xyzzy'
status_is 1 'nor one whose names nobody has'

# Of many those are compared who have the most in common; how telling that is
# goes by all of them, as if a few had been compared by chance.
city()
{
	rm -rf "$CRM_STORE"
	new_store
	awk -v n="$1" 'BEGIN {
		OFS = "\t"
		print "name", "city"
		for (i = 0; i < n; i++)
			print "Jan Kowal", i % 4 ? "Torun" : "Gdynia"
	}' | crm-customer add -q -
	crm-dedupe check --name 'Jan Kowal' --city Gdynia --least 1e-9 \
	    -f why | sed -n 's/.*city\([-+.0-9]*\).*/\1/p' | head -n 1
}
some=$(city 60) many=$(city 240)
is "a town speaks as much ($some) among many as among some" \
    "$(awk -v a="$some" -v b="$many" \
	'BEGIN { d = a - b; print (a != "" && b != "" && d * d < 0.1) }')" 1
done_testing
