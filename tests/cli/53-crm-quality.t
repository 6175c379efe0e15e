#!/bin/sh
# crm-quality: counts that awk finds too, what is wrong, thresholds, orphans.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
crm-gen --customers 300 --from 2025-06-01 --until 2026-06-01 \
    --format shopify | crm-import --map shopify-orders -q - >/dev/null
crm-customer list -w 'orders > 3' -f note | crm-customer set - --source till \
    --note regular -q
fields=$(crm-quality fields --no-header -f field | paste -sd, -)
crm-customer list -f "$fields" >all
crm-quality fields --by-source -f source,records,filled --no-header |
    sort >got
awk -F '\t' '
	NR == 1 { for (i = 2; i <= NF; i++) { name[i] = $i
			if ($i == "source") s = i }
		next }
	{ n[$s]++; for (i = 2; i <= NF; i++) if ($i != "") has[i, $s]++ }
	END { for (x in n) for (i in name)
		print name[i] "\t" x "\t" n[x] "\t" has[i, x] + 0 }' all |
    sort >want
same 'each field of each source is counted as awk counts it' got want
ok 'of two sources' test "$(cut -f 2 got | sort -u | wc -l)" -ge 2
crm-quality fields -f records,filled --no-header | sort >got
awk -F '\t' -v OFS='\t' '{ r[$1] += $3; f[$1] += $4 }
	END { for (x in r) print x, r[x], f[x] }' want | sort >sum
same 'and together' got sum

# What is wrong, and what is not.
CRM_STORE=$T/wrong
new_store --country DE
cat >people <<'END'
name	email	phone	birth_date	language
a	a@example.org	030 5551234	1980-02-29	de
b	b@localhost	+1 212 5551234	2026-06-01	de-DE
c	c@example.org	+1 123 5551234	2026-06-02	zh-Hant-TW
d		+999 5551234	1901-06-01	german
e		+49 30	1901-05-31	d
f		+1 212 555123	1850-01-01	en_US
g		+7 495 1234567		e1
END
sed 's/+49 30/+49 3055/' people | crm-customer add - -q
printf 'sku\tgtin\nA\t4006381333931\nB\t4006381333932\nC\t96385074\nD\t12345\n' |
    crm-product add - -q
run crm-quality invalid
out_is "customer_id	field	value	why
C0000000002	email	b@localhost	has no domain with a dot
C0000000003	phone	+11235551234	cannot be a telephone number
C0000000003	birth_date	2026-06-02	is still to come
C0000000004	phone	+9995551234	cannot be a telephone number
C0000000004	language	german	is no language tag of BCP 47
C0000000005	phone	+493055	cannot be a telephone number
C0000000005	language	d	is no language tag of BCP 47
C0000000005	birth_date	1901-05-31	is more than 125 years ago
C0000000006	phone	+1212555123	cannot be a telephone number
C0000000006	language	en_US	is no language tag of BCP 47
C0000000006	birth_date	1850-01-01	is more than 125 years ago
C0000000007	language	e1	is no language tag of BCP 47"
run crm-quality invalid --of product
out_is "product_id	field	value	why
P0000000002	gtin	4006381333932	has a wrong check digit
P0000000004	gtin	12345	has not 8, 12, 13 or 14 digits"
run crm-quality invalid --at 2000-01-01 --count
out_is 0 'nobody was there'
awk 'BEGIN { print "name\tphone"
	for (i = 0; i < 20; i++) print "x\t030 7777777"
	for (i = 0; i < 19; i++) print "y\t030 8888888" }' | crm-customer add - -q
run crm-quality invalid -w 'why = "is that of many people"' --count
out_is 20 'a number that collects people'
run crm-quality invalid --many 19 -w 'why = "is that of many people"' --count
out_is 39
run crm-quality invalid --many 0 -w 'why = "is that of many people"' --count
out_is 0

# Thresholds.
run crm-quality fields --min email=6.5 --count
status_is 0 '3 of 46 are 6.52'
run crm-quality fields --min email=6.53% --min gone=1 --count
status_is 64
run crm-quality fields --min email=6.53% --min email.validity=66.6 --count
status_is 1
err_is 'crm-quality: email: completeness is 6.5 % (3 of 46), 6.53 % is wanted'
run crm-quality fields --min email.validity=66.67 -q --count
status_is 1
err_empty 'under -q'
run crm-quality fields --min name.freshness=100 --fresh 2100-01-01 --count
status_is 1
run crm-quality fields --of order --min note=0 --count
status_is 1
err_has 'there is nothing to measure'
fails 64 "is not FIELD=PERCENT" crm-quality fields --min email
fails 64 "is not FIELD=PERCENT" crm-quality fields --min email=100.1
fails 64 "is not FIELD=PERCENT" crm-quality fields --min email.age=3
fails 64 "a customer has no field 'revenue' to measure" \
    crm-quality fields --min revenue=3
fails 64 "there is no kind 'person'" crm-quality fields --of person
fails 64 'no operands are wanted' crm-quality orphans C1
fails 64 'is not a time' crm-quality fields --fresh often
CRM_STORE=$T/empty
new_store
run crm-quality fields -w 'field = "email"' --no-header
out_is "email	customer		0	0		0		0	"

# Orphans, also as they were.
crm-customer add --name Ann --email ann@example.org -q >/dev/null
crm-customer add --name Bo --street 'Weg 1' --city Ulm -q >/dev/null
crm-customer add --name Cy --street 'Weg 1' --owner eva -q >/dev/null
crm-customer consent C1 --channel email --purpose offers --grant \
    --at 2026-05-01 -q
crm-customer consent C1 --channel post --purpose offers --grant \
    --at 2026-05-10 -q
crm-customer consent C1 --channel email --purpose offers --revoke \
    --at 2026-05-20 -q
run crm-quality orphans --no-header
out_is "C0000000001	Ann	owner
C0000000002	Bo	owner,consent
C0000000003	Cy	consent,reach"
crm-customer consent C1 --channel post --purpose offers --revoke \
    --at 2026-05-21 -q
crm-customer set C1 --owner eva -q
run crm-quality orphans --no-header -w 'lacks = "consent"' -f name
out_has Ann 'revoked'
CRM_NOW=2026-06-02T10:00:00Z run crm-quality orphans --at 2026-06-02 \
    --count -w 'lacks = "owner"'
out_is 1
# Limits as settings: applied, dumped, loaded.
fails 64 'the settings have no limits' crm-quality check
cp "$CRM_STORE/crm.yaml" before.yaml
echo 'quality: [emial=90]' >>"$CRM_STORE/crm.yaml"
fails 78 "a customer has no field 'emial'" crm-store apply
cp before.yaml "$CRM_STORE/crm.yaml"
echo 'quality: [name=100, email=50%, product.gtin.validity=9.5]' \
    >>"$CRM_STORE/crm.yaml"
works crm-store apply
run crm-quality check --no-header
status_is 1
out_is "name	customer	completeness	100	100	yes
email	customer	completeness	33.3	50	no
gtin	product	validity		9.5	no"
err_has 'email: completeness is 33.3 % (1 of 3), 50 % is wanted'
crm-store dump >all.dump
(CRM_STORE=$T/copy && export CRM_STORE && crm-store load - <all.dump >/dev/null &&
    crm-quality check --no-header -q >copy.tsv 2>/dev/null
	crm-store apply --dry-run | sed 1d) >change.txt
is 'a dump has them, and the file that is made of it' "$(cat change.txt)" ''
works crm-customer set C2 --email bo@example.org
run crm-quality check -w met --count
out_is 2
done_testing
