#!/bin/sh
# crm-dedupe: doubles found, explained, merged with all that is theirs, taken
# apart again.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
new_store

run crm-dedupe scan
err_has '0 records: there is nothing to compare' 'an empty shop is told of'
is 'an empty shop has no doubles' "$(sed 1d "$out")" ''

crm-customer add --name 'Ann Meyer' --email ann@example.org \
    --phone '0171 5551234' --street 'Hofweg 3' --postcode 20095 \
    --city Hamburg --tags a,b >/dev/null
run crm-dedupe scan
err_has '1 record: there is nothing to compare' 'so is one customer'
is 'one customer is nobody twice' "$(sed 1d "$out")" ''
crm-customer add --name 'Anne Meier' --email anne.meier@example.net \
    --phone '+49 171 5551234' --postcode 20095 --birth-date 1970-02-11 \
    --tags b,c >/dev/null
crm-customer add --name 'Bo Li' --email bo@example.org --parent-id C1 >/dev/null
crm-customer identify C1 erp:77 >/dev/null
crm-order add --customer C1 --line '"x" @ 10' >/dev/null
crm-order add --customer C2 --line '"y" x 2 @ 10' >/dev/null
crm-order add --customer C2 --line '"z" @ 5' --contact C1 >/dev/null
crm-customer consent C1 --channel email --purpose offers --grant >/dev/null
crm-ticket open --customer C1 --subject broken >/dev/null
crm-touch log --customer C1 --channel phone --direction in >/dev/null
crm-relation add --from C3 --to C1 --relation refers >/dev/null
crm-relation add --from C1 --to C2 --relation household >/dev/null

works crm-dedupe scan -f name,other_name
out_is "customer_id${TAB}name${TAB}other_name
C0000000001${TAB}Ann Meyer${TAB}Anne Meier" 'the double is found'
works crm-dedupe explain C1 C2
is 'each column has its level' \
    "$(cut -f 1,4 "$out" | grep -E '^(phone|street|family)' | tr '\t' ' ')" \
    'family close
phone exact
street missing'
is 'the bits add up' "$(awk -F '\t' 'NR > 1 && $1 != "sum" { s += $5 }
    $1 == "sum" { d = s - $5; print (d < 0.6 && d > -0.6) }' "$out")" 1

totals()
{
	crm-customer list -f orders,revenue,touches,tickets |
	    awk -F '\t' 'NR > 1 { o += $2; r += $3; t += $4; k += $5 }
		END { print o, r, t, k }'
}
before=$(totals)
crm-customer list -f name,email,phone,tags,orders,revenue,tickets,city >before
works crm-dedupe merge -q C1 C2 --why 'spring clean' \
    -f name,email,phone,orders,revenue,city,birth_date,tags,tickets,touches
out_is "customer_id${TAB}name${TAB}email${TAB}phone${TAB}orders${TAB}revenue${TAB}city${TAB}birth_date${TAB}tags${TAB}tickets${TAB}touches
C0000000002${TAB}Anne Meier${TAB}anne.meier@example.net${TAB}+491715551234${TAB}3${TAB}35.00${TAB}Hamburg${TAB}1970-02-11${TAB}b,c,a${TAB}1${TAB}1" \
    'who has more orders stays, what is missing is taken from the other'
is 'the sum of all customers is as before' "$(totals)" "$before"
is 'the number that was merged is understood' \
    "$(crm-customer get C1 --format value -f customer_id)" C0000000002
for ref in email:ann@example.org erp:77 email:anne.meier@example.net; do
	is "$ref finds the survivor" \
	    "$(crm-customer get "$ref" --format value -f customer_id)" \
	    C0000000002
done
is 'orders, and who acted' \
    "$(crm-order list -f customer_id,contact_id | sed 1d | tr '\t' ' ')" \
    'O0000000001 C0000000002 
O0000000002 C0000000002 
O0000000003 C0000000002 C0000000002'
is 'tickets' "$(crm-ticket list --format value -f customer_id)" C0000000002
is 'contacts' "$(crm-touch list --format value -f customer_id)" C0000000002
is 'consent' "$(crm-customer events C2 -f what,topic | sed 1d | cut -f 2,3 |
    tr '\t' ' ')" 'consent email/offers'
ok 'consent holds for the survivor' \
    crm-customer consent C2 --channel email --purpose offers
is 'relations with others move, with each other go' \
    "$(crm-relation list -f from_id,to_id | sed 1d | cut -f 2,3 | tr '\t' ' ')" \
    'C0000000003 C0000000002'
is 'members' "$(crm-customer get C3 --format value -f parent_id)" C0000000002
works crm-store check
is 'the store is whole' "$(sed 1d "$out")" ''
works crm-log verify -q
works crm-store rebuild
crm-customer list -f orders,revenue,tickets,touches >a
is 'rebuilt figures are the same' "$(totals)" "$before"

fails 65 'one already' crm-dedupe merge C1 C2
works crm-order add --customer C2 --line '"later" @ 1'
works crm-dedupe unmerge C1
crm-customer list -f name,email,phone,tags,orders,revenue,tickets,city >after
is 'who was merged is back, with what was theirs' "$(sed 3d after)" \
    "$(sed 3d before)"
is 'what came later stays with the survivor' \
    "$(crm-customer get C2 --format value -f orders)" 3
works crm-store check
is 'the store is whole again' "$(sed 1d "$out")" ''
fails 1 "'C3' was not merged" crm-dedupe unmerge C3
fails 64 'is not the number' crm-dedupe unmerge email:bo@example.org

# exact: the dump, but for the log and the revisions of records
dump()
{
	crm-store dump | awk -F '\t' '
		/^\\:/ { kind = $1; rev = 0; print; getline
			for (i = 1; i <= NF; i++) if ($i == "revision") rev = i }
		kind ~ /^\\:(log|revision|entry|store|settings)/ { next }
		{ if (rev) $rev = ""; print }'
}
dump >d0
crm-dedupe merge -q C1 C2 >/dev/null
crm-dedupe unmerge C1 >/dev/null
dump >d1
ok 'merge and unmerge leave the dump as it was' cmp d0 d1

# ---- what each is ----
crm-customer stage C1 established --role supplier >/dev/null
crm-customer stage C1 prospect >/dev/null
crm-customer stage C2 maintained >/dev/null
works crm-dedupe merge -q C1 C2 --survivor newest
is 'the survivor keeps its stage, and has the roles of both' \
    "$(crm-customer roles C2 --format value -f role,role_stage | sort | xargs)" \
    'customer maintained supplier established'
works crm-dedupe unmerge C1
is 'and gives the other back' \
    "$(crm-customer roles C1 --format value -f role,role_stage | sort | xargs)" \
    'customer prospect supplier established'

# ---- a stream ----
# Pairs from a file, under the name of the command.
cat >crm-dedupe <<'END'
#!/bin/sh
f=$1
shift
exec "$(command -v crm-dedupe)" merge "$@" - <"$f"
END
chmod +x crm-dedupe
crm-customer list >list.tsv
crm-dedupe scan >pairs.tsv
fails 65 'no row is decided' ./crm-dedupe pairs.tsv
sed '2s/C0000000002	/&perhaps/' pairs.tsv >wrong.tsv
fails 65 "stdin:2: decision: 'perhaps' is neither same nor not" \
    ./crm-dedupe wrong.tsv
fails 65 "there is no column 'other_id'" \
    ./crm-dedupe list.tsv
works ./crm-dedupe pairs.tsv -n --least 0.9 -q
is 'a dry run merges nobody' "$(crm-customer list --count)" 3
works ./crm-dedupe pairs.tsv -q --survivor oldest --keep longest --least 0.9 \
    -f name
out_is "customer_id${TAB}name
C0000000001${TAB}Anne Meier" 'the oldest stays, the longer name is kept'
works crm-dedupe unmerge C2
sed '2s/C0000000002	/&not/' pairs.tsv | crm-dedupe merge -q - >/dev/null
is 'what was said is remembered' "$(crm-dedupe scan --count)" 0
is 'once' "$(sed '2s/C0000000002	/&not/' pairs.tsv |
    crm-dedupe merge -q - >/dev/null; crm-relation list --count \
    -w 'relation = "not_same"')" 1
fails 65 'C1 and C2 were said not to be the same' crm-dedupe merge C2 C1
fails 64 "--least: '2' is not a probability" crm-dedupe scan --least 2
fails 64 "--survivor: 'x' is none of" crm-dedupe merge C1 C2 --survivor x

# ---- a chain: three of one person, in one change ----
crm-customer add --name 'Kim Ng' --email kim@example.org >/dev/null
crm-customer add --name 'Kim Ng' --email k2@example.org >/dev/null
crm-customer add --name 'Kim Ng' --email k3@example.org >/dev/null
printf 'customer_id\tother_id\tdecision\nC4\tC5\tsame\nC5\tC6\tsame\n' |
    crm-dedupe merge -q - >/dev/null
is 'chains of pairs make one' \
    "$(crm-customer get C4 C5 C6 --format value -f customer_id | sort -u)" \
    C0000000004
crm-log undo "$(crm-log list --limit 1 --sort -revision --format value \
    -f revision)" >/dev/null
is 'and undo of all makes three' \
    "$(crm-customer get C4 C5 C6 --format value -f customer_id | sort -u |
	wc -l | tr -d ' ')" 3

# ---- before somebody is added ----
works crm-dedupe check --name 'Anna Mayer' --phone 0171/5551234 -f name
is 'who it may be' "$(sed 1d "$out" | cut -f 1)" 'C0000000001
C0000000002'
run crm-dedupe check --name 'Zed Zzz' --city Rom
status_is 1 'nobody'
fails 64 'nobody is described' crm-dedupe check
fails 65 "phone: 'none' is not a phone number" \
    crm-dedupe check --phone none
fails 65 'looks like C' crm-customer add --name 'Ann Meyer' \
    --phone '0171 5551234' --unless-known 0.9
is 'who is refused is not added' "$(crm-customer list --count)" 6
run crm-customer add --name 'Ann Meyer' --phone '0171 5551234'
status_is 0 'else they are added'
is 'and a line says whom they look like' "$(grep -c 'looks like C' "$err")" 1
works crm-customer add --name 'Zed Zzz' --city Rom
printf 'id\tname\tphone\n1\tAnn Meyer\t0171 5551234\n2\tQuite Another\t\n' >new.tsv
run crm-import --map customers new.tsv
status_is 0 'an import'
is 'says how many look like others' \
    "$(grep -c '1 of 2 new customers look like others' "$err")" 1

# ---- any stream ----
cat >people.tsv <<END
id	given_name	surname	date_of_birth	city
a	anna	schmidt	1970-02-11	bonn
b	anna	schmitt	1970-11-02	bonn
c	bernd	krause	1951-07-08	ulm
d	clara	vogel	1988-01-30	kiel
END
works crm-dedupe scan --from people.tsv --least 0.5 -f other_id
out_is "customer_id${TAB}other_id
a${TAB}b" 'ids are any texts'
works crm-dedupe explain a b --from people.tsv
out_has "date_of_birth${TAB}19700211${TAB}19701102${TAB}close"
fails 1 "'x' is no row of people.tsv" crm-dedupe explain a x --from people.tsv
fails 65 'is the id of more than one row' \
    crm-dedupe scan --from people.tsv --id city
fails 64 "'shoe=size' is not a type" \
    crm-dedupe scan --from people.tsv --compare 'shoe=size'
fails 64 "'shoe' is not a column" \
    crm-dedupe scan --from people.tsv --compare 'shoe=code'
cat >parts.tsv <<END
id	fname	lname	by	bm	bd	colour
1	CARSTEN	MEIER	1949	7	22	NA
2	KARSTEN	MEIER	1949	07	22	red
3	GERD	BAUER	1968	7	27	NA
4	GERD	NA	1968	7	27	NA
END
works crm-dedupe explain 1 2 --from parts.tsv
out_has "by+bm+bd${TAB}19490722${TAB}19490722${TAB}exact" \
    'a birthday in three columns'
works crm-dedupe explain 3 4 --from parts.tsv
out_has "lname${TAB}bauer${TAB}${TAB}missing" 'NA is no value'
works crm-dedupe explain 3 4 --from parts.tsv \
    --compare 'bd+bm=code,fname,lname+colour=name'
out_has "bd+bm${TAB}277${TAB}277${TAB}exact" 'columns put together'
fails 64 "'bd+shoe' is not a column" \
    crm-dedupe explain 1 2 --from parts.tsv --compare 'bd+shoe=code'
printf 'id\tname\tgiven\tfamily\n1\tAnn Lee\tAnn\tLee\n2\tAnn Li\tAnn\tLi\n' >again.tsv
works crm-dedupe explain 1 2 --from again.tsv
is 'a name is not compared whole beside its parts' \
    "$(cut -f 1 "$out" | xargs)" 'column given family prior sum'
works crm-dedupe scan --from parts.tsv --least .5 -f other_id
out_is "customer_id${TAB}other_id
1${TAB}2
3${TAB}4" 'a probability as people write it'
works crm-dedupe scan --from parts.tsv --least 50% --count
fails 64 "--least: '1' is not a probability between 0 and 1" \
    crm-dedupe scan --from parts.tsv --least 1

# ---- one home ----
{
	printf 'id\tgiven\tfamily\tborn\tstreet\tpostcode\n'
	awk 'BEGIN { split("Ann Bo Kim Lea Max Tom Uwe Jan Eva Ida", g)
		for (i = 1; i <= 60; i++) for (k = 0; k < 2; k++) {
			printf "%d-%d\t%s\tFam%dly\t", i, k,
			    g[(i * 3 + k * 4) % 10 + 1], i * i + 3
			printf "%d-0%d-1%d\t", 1950 + (i * 7 + k * 11) % 40,
			    1 + (i + k) % 9, (i + k) % 9
			printf "Weg%d %d\t%d\n", i * 13 % 50, i % 23,
			    10000 + i * 97 } }'
	printf 'x\tAnna\tFam4ly\t1966-03-12\tWeg13 1\t10097\n'
} >homes.tsv
run crm-dedupe scan --from homes.tsv -f other_id
err_has 'of 121 records no two are the same' 'nobody found is said'
is 'couples are not doubles' "$(sed 1d "$out" | wc -l | tr -d ' ')" 0
works crm-dedupe explain 7-0 7-1 --from homes.tsv
is 'and explain says why' "$(awk -F '\t' '$1 == "household" {
    print ($5 < -5) }' "$out")" 1
printf 'id\tcolour\n1\tred\n' >plain.tsv
fails 65 'no column that is known' crm-dedupe scan --from plain.tsv
# ---- a name longer than any ----
long=$(awk 'BEGIN { for (i = 0; i < 1500; i++) printf "Zoë " }')
for time in first second; do
	ok "$time time" crm-customer add -q --name "$long"
done
done_testing
