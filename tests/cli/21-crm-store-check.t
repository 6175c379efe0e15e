# crm-store check: clean after everything that can be done to a store, and a
# line for each fault when the disk did something to it.  Every kind of damage
# is in tests/unit/test_check.c.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
clean()
{
	run crm-store check
	if [ "$status" = 0 ] && [ "$(cat "$out")" = "place${TAB}fault" ]; then
		pass "clean after: $1"
	else
		fail "clean after: $1"
		tap_seen
	fi
}
try()
{
	"$@" >"$out" 2>"$err" || {
		status=$?
		ran=$*
		fail "$*"
		tap_seen
		return
	}
	clean "$*"
}

clean 'init'
try crm-product add --sku A1 --name Ball --price 2.55 --cost 1.00
try crm-product add --sku B1 --name Card --type gift_card --price 10
try crm-product add --sku Q1 --name Quilt
try crm-customer add --name Ann --email ann@example.org --phone 030/123456
try crm-customer add --name Bo --parent C1
try crm-customer add --name Cy --key once
try crm-customer identify C2 shopify:77
try crm-customer set C1 --email ann.meyer@example.org
try crm-customer tag C1 +vip
try crm-order add --customer C1 --line 'sku:A1 x 6 @ 2.55' \
    --line 'sku:B1 x 1 @ 10' --adjust 'shipping 4.90' \
    --adjust 'discount -3.33' --pay 26.87
try crm-order add --customer C1 --line '"Book" x 3 @ 9.99' --channel phone
try crm-order add --line '"at the counter" x 1 @ 5'
try crm-order ship O1
try crm-order deliver O1
try crm-order return O1 --line 1 --quantity 2 --refund
try crm-order refund O1 --amount 1.00
try crm-order cancel O2 --line 1 --quantity 1
try crm-order cancel O2
try crm-order set O3 --customer C2
try crm-order set O3 --test yes
try crm-order set O3 --test no --placed 2020-01-01
try crm-rate add --currency USD --day 2026-06-01 --rate 0.90
try crm-order add --customer C2 --currency USD --line '"x" x 3 @ 3.33' --pay 9.99
try crm-order refund O4 --amount 3.33
try crm-order add --customer C2 --type credit --line '"back" x 1 @ -4.00'
try crm-order add --customer C2 --state cart --line '"x" x 1 @ 7'
try crm-order set O6 --state open
try crm-customer rm C3
try crm-store rebuild

# A crm.yaml that says something else is a notice.
echo 'country: AT' >"$CRM_STORE/crm.yaml"
run crm-store check
status_is 0 'a notice is no fault'
err_has 'differs from what is applied'
run crm-store check -q
status_is 0
err_empty 'and -q is quiet about it'
echo 'contry: AT' >"$CRM_STORE/crm.yaml"
run crm-store check
status_is 0
err_has "cannot be read: "
rm "$CRM_STORE/crm.yaml"
run crm-store check
status_is 0
err_empty 'a store works without crm.yaml'

# What a disk may do.
LC_ALL=C sed -i 's/Quilt/Quilp/g' "$CRM_STORE/data/data.mdb"
run crm-store check
status_is 1
err_empty
out_has "P3${TAB}wrong checksum"
is 'nothing else is at fault' "$(wc -l <"$out")" 2
run crm-store check -q
status_is 1
out_empty
fails 74 'wrong checksum' crm-product get P3
run crm-store rebuild
status_is 74 'nothing is rebuilt from a damaged record'
run crm-store dump
status_is 74 'nor is it dumped'
LC_ALL=C sed -i 's/Quilp/Quilt/g' "$CRM_STORE/data/data.mdb"
run crm-store check
status_is 0
fails 64 'is not wanted' crm-store check "$CRM_STORE"
done_testing
