# crm-store: a store is made, described, configured, copied.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

# --- init ---
fails 64 '--currency is missing' crm-store init
fails 64 "--currency: 'EURO' is not an ISO 4217 currency" \
    crm-store init --currency EURO
fails 64 "--timezone: no time zone 'Mars'" \
    crm-store init --currency EUR --timezone Mars
fails 64 "--country: 'XX' is not an ISO 3166 country" \
    crm-store init --currency EUR --country XX
fails 64 'is not wanted' crm-store init --currency EUR here
not_ok 'nothing was made' test -e "$CRM_STORE"
works crm-store init --currency EUR --timezone Europe/Berlin --country DE
out_empty
is 'the folder is private' "$(stat -c %a "$CRM_STORE")" 700
is 'files are private' "$(find "$CRM_STORE/" -type f ! -perm 600)" ''
fails 73 'there is a store at' crm-store init --currency EUR
fails 73 'is not empty' crm-store init --currency EUR --store "$T"
mkdir "$T/locked"
chmod 555 "$T/locked"
if [ "$(id -u)" = 0 ]; then
	skip 1 'root may write everywhere'
else
	fails 73 'locked' crm-store init --currency EUR --store "$T/locked/x"
fi
chmod 755 "$T/locked"

# crm.yaml that was there first is kept.
mkdir "$T/own"
echo 'currency: USD' >"$T/own/crm.yaml"
run crm-store init --currency USD --store "$T/own"
status_is 0
err_has 'is there already and left as it is'
is 'it is as it was' "$(cat "$T/own/crm.yaml")" 'currency: USD'

# --- info ---
works crm-store info
is 'format' "$(field format <"$out")" 3
is 'revision' "$(field revision <"$out")" 1
is 'currency' "$(field currency <"$out")" EUR
is 'timezone' "$(field timezone <"$out")" Europe/Berlin
is 'customers' "$(field customers <"$out")" 0
(
	CRM_STORE=$T/few
	new_store
	crm-customer add --name A >/dev/null && crm-customer add --name B \
	    >/dev/null && crm-customer rm C1
)
is 'who was removed is not counted' \
    "$(crm-store info --store "$T/few" | field customers)" 1
ok 'a uuid' grep -Eq '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-' "$out"
works crm-store info --format vertical
out_has 'readers_max'
fails 66 'there is no store' crm-store info --store "$T/none"
fails 66 'is not a store' crm-store info --store "$T/locked"

# --- apply ---
works crm-store apply
out_is "setting${TAB}old${TAB}new${TAB}follows"
cat >"$T/new.yaml" <<'END'
currency: EUR
timezone: Europe/Berlin
country: DE
revenue: { statuses: [paid, shipped, delivered] }
fields:
  customer:
    - { name: vat_id, type: text, index: unique }
    - { name: size, type: enum, values: [s, m] }
segments:
  vip: { where: 'revenue >= 10 and orders >= 1' }
END
crm-customer add --name Ann --email ann@example.org >/dev/null
crm-customer add --name Bo --email bo@example.org >/dev/null
crm-order add --customer C1 --line '"Ball" x 1 @ 10' --pay 10 >/dev/null
crm-order add --customer C2 --line '"Ball" x 1 @ 20' >/dev/null
works crm-store apply --dry-run "$T/new.yaml"
out_has "revenue.statuses${TAB}${TAB}paid,shipped,delivered"
out_has "field customer.vat_id${TAB}${TAB}text unique"
out_has 'segment vip'
is 'a dry run changes nothing' "$(crm-store info | field revision)" 5
works crm-store apply --why 'from now on' "$T/new.yaml"
is 'an unpaid order counts no longer' \
    "$(crm-customer list -f orders,revenue --format value | tr '\n\t' '; ')" \
    '1 10.00;0 0.00;'
is 'nor has it revenue' "$(crm-order get O2 --format value -f revenue)" 0.00
run crm-store check
status_is 0 'all is in order'
err_has 'crm.yaml'
err_has 'differs from what is applied'
cp "$T/new.yaml" "$CRM_STORE/crm.yaml"
works crm-store check
works crm-customer set C1 --vat-id DE1 --size m
fails 65 "vat_id: 'DE1' is already C1's" crm-customer set C2 --vat-id DE1
works crm-store apply
out_is "setting${TAB}old${TAB}new${TAB}follows" 'the second time nothing'
CRM_CONFIG=$T/new.yaml
export CRM_CONFIG
works crm-store apply
unset CRM_CONFIG

# What cannot be is refused, and nothing has changed.
before=$(crm-store info | field revision)
apply_fails()
{
	printf '%s\n' "$2" >"$T/bad.yaml"
	fails 78 "$1" crm-store apply "$T/bad.yaml"
}
apply_fails 'bad.yaml:1: currency: the currency of this store is EUR' \
    'currency: USD'
apply_fails "bad.yaml:1: curency: " 'curency: EUR'
apply_fails "the field 'vat_id' cannot go: 1 customers have a value" '{}'
apply_fails "'size' is of type enum in this store" \
    'fields: { customer: [ { name: vat_id, type: text }, { name: size, type: text } ] }'
apply_fails 'segments.vip: ' \
    'segments: { vip: { where: "revenu > 5" } }'
apply_fails 'segments.vip: the condition is not a question' \
    'segments: { vip: { where: "revenue" } }'
fails 66 'none.yaml' crm-store apply "$T/none.yaml"
is 'what was refused is no revision' \
    "$(crm-store info | field revision)" "$before"

# A field that becomes unique must be.
sed 's/  customer:/&\n    - { name: club, type: text }/' "$T/new.yaml" >"$T/club.yaml"
works crm-store apply "$T/club.yaml"
crm-customer set C1 --club a >/dev/null
crm-customer set C2 --club a >/dev/null
sed 's/name: club, type: text/&, index: unique/' "$T/club.yaml" >"$T/one.yaml"
fails 78 "'club' cannot be unique: C1 and C2 have the same" \
    crm-store apply "$T/one.yaml"
crm-customer set C2 --club b >/dev/null
works crm-store apply "$T/one.yaml"
fails 65 "club: 'a' is already C1's" crm-customer set C2 --club a

# A field goes with its values only when told so.
works crm-store apply --force "$T/new.yaml"
run crm-customer list -f club
status_is 64 'the field is gone'
works crm-store check -q
run crm-log verify
status_is 0 'the parts of a change that was applied follow each other'

# --- upgrade ---
run crm-store upgrade
status_is 0
out_is "revision${TAB}format_before${TAB}format${TAB}generation"
err_has 'it has format 3 already'

# --- rebuild ---
works crm-store rebuild --why 'to be sure'
out_empty
works crm-store check -q

# --- backup ---
works crm-store backup "$T/copy"
is 'the copy is private' "$(stat -c %a "$T/copy")" 700
is 'its files, too' "$(find "$T/copy" -type f ! -perm 600)" ''
crm-store dump >"$T/a"
crm-store dump --store "$T/copy" >"$T/b"
same 'the copy is the store' "$T/b" "$T/a"
works crm-store check -q --store "$T/copy"
fails 73 'is there already' crm-store backup "$T/copy"
fails 64 '' crm-store backup
fails 73 'is in the store itself' crm-store backup "$CRM_STORE/copy"
ln -s "$CRM_STORE" "$T/link"
fails 73 'is in the store itself' crm-store backup "$T/link/gen-0000000077"
is 'nothing of it stays' "$(ls "$CRM_STORE" | grep -cE 'copy|77')" 0

done_testing
