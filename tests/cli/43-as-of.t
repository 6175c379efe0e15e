#!/bin/sh
# --as-of: what the store knew then is what a copy made then says, byte by byte.
#
# A random history of commands, with a copy of the store at some of its
# moments; then every reading verb on the store --as-of and on the copies.
# CRM_TEST_ASOF is the number of commands (160), CRM_TEST_SEED the seed.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
new_store
CRM_NOW=2026-03-01T10:00:00Z
export CRM_NOW

commands=${CRM_TEST_ASOF:-160} seed=${CRM_TEST_SEED:-7}
diag "seed $seed"

settings()
{
	zone=$1
	shift
	printf '%s\n' 'currency: EUR' "timezone: $zone" 'country: DE' "$@" \
	    >"$CRM_STORE/crm.yaml"
	crm-store apply >"$T/apply" 2>&1 || diag "$(cat "$T/apply")"
}

# One line a command: made beforehand, as numbers in sh are dear.  Some of
# them are refused, which is part of a history.
awk -v n="$commands" -v seed="$seed" '
function below(k) { return int(rand() * k) }
function some(a, b, c, d) { x = below(4); return x == 0 ? a : x == 1 ? b : x == 2 ? c : d }
function c() { return "C" 1 + below(customers > 8 ? 8 : customers) }
function o() { return "O" 1 + below(orders > 12 ? 12 : orders) }
function mail() { return "p" below(20) "@example.org" }
function day() { return sprintf("2026-%02d-%02dT10:00:00Z", 1 + below(2), 1 + below(28)) }
BEGIN {
	srand(seed)
	for (i = 1; i <= n; i++) {
		what = below(20)
		if (i < 6 || what < 3) {
			customers++
			print "crm-customer add --name N" i " --email " mail() " --tier " some("gold", "silver", "bronze", "x")
		} else if (what < 7) {
			orders++
			print "crm-order add --customer " c() " --placed " day() " --line \"sku:A x " 1 + below(4) "\" --line \"sku:B x 1\"" some("", " --pay 5", " --pay 50", " --channel web")
		} else if (what == 7) print "crm-order return " o() " --line 1 --quantity 1 --amount 1 --at 2026-03-0" 1 + below(9)
		else if (what == 8) print "crm-order cancel " o()
		else if (what == 9) print "crm-order set " o() " --customer " c() " --channel shop"
		else if (what == 10) print "crm-customer set " c() " --tier " some("gold", "bronze", "none", "y") " --email " mail()
		else if (what == 11) print "crm-customer rm " c()
		else if (what == 12) print "crm-order rm " o()
		else if (what == 13) print "undo"
		else if (what == 14) print "crm-customer stage " c() " " some("prospect", "developing", "maintained", "broken")
		else if (what == 15) print "crm-customer identify " c() " shopify:" below(9) " phone:03012345" below(4)
		else if (what == 16) print "crm-customer consent " c() " --channel email --purpose offers " some("--grant", "--revoke", "--grant", "--grant") " --at " day()
		else if (what == 17) print "crm-product set sku:A --price " 1 + below(9) " --name P" i
		else if (what == 18) print "crm-rate add --currency USD --day 2026-02-" 10 + below(18) " --rate 0.9" below(9)
		else print "apply " below(5)
	}
}' >"$T/history"

works crm-product add --sku A --price 10
works crm-product add --sku B --price 3.5
moments= i=0
while read -r line; do
	i=$((i + 1))
	case $line in
	undo)
		crm-log undo "$(crm-log list -f revision --format value |
		    tail -n $((i % 4 + 1)) | head -n 1)" >/dev/null 2>&1
		;;
	'apply 0') settings Europe/Berlin ;;
	'apply 1') settings Europe/Berlin 'revenue: {statuses: [paid, shipped]}' ;;
	'apply 2') settings Europe/Berlin 'fields: {customer: [{name: size, type: int}]}' ;;
	'apply 3') settings Europe/Berlin 'ignore: [p1@example.org]' ;;
	'apply 4') settings Asia/Tokyo 'day_start: "04:00"' ;;
	*)
		eval "$line" >/dev/null 2>"$T/refused" </dev/null
		;;
	esac
	if [ $((i % 10)) = 0 ]; then
		at=$(crm-log list -f revision --format value | tail -n 1)
		crm-store backup "$T/copy.$at" >/dev/null 2>&1 ||
		    diag "no copy of $at"
		moments="$moments $at"
	fi
done <"$T/history"
diag "$(crm-log list --count) revisions, compared at$moments"

# fields_of COPY KIND: all of them, for -f.
fields_of()
{
	crm-fields --store "$1" "$2" --format value -f field | paste -sd, -
}
# ask STORE-OPTION: answers and errors.
ask()
{
	crm-fields "$@"
	crm-customer list -f "$customer" "$@"
	crm-order list -f "$order" "$@"
	crm-product list -f "$product" "$@"
	crm-rate list "$@"
	crm-customer identities "$@"
	crm-customer roles "$@"
	crm-customer events "$@"
	crm-customer events C1 C2 "$@"
	crm-order identities "$@"
	for part in lines adjustments track; do
		crm-order $part "$@"
		crm-order $part O3 "$@"
	done
	crm-product components "$@"
	crm-order totals --by month "$@"
	crm-order totals --by status --at 2026-02-10 "$@"
	crm-rfm "$@"
	crm-rfm --at 2026-02-15 "$@"
	crm-rfm --since 2026-01-15 --cells "$@"
	crm-customer list --at 2026-02-01 -f "$customer" "$@"
	crm-customer list -w 'orders > 1 and tier != "gold"' --sort -revenue "$@"
	printf 'customer_id\nC1\nC2\nC3\n' | crm-order list --of customer_id - "$@"
	printf 'customer_id\nC2\n\nC4\n' |
	    crm-customer get - --missing keep -f name,orders,revenue,stage "$@"
	for ref in C1 C2 C3 C4 C9 email:p1@example.org email:p2@example.org \
	    email:p3@example.org shopify:1 shopify:2 shopify:3 \
	    phone:030123451; do
		crm-customer get $ref -f "$customer" "$@"
		echo "status $?"
		crm-customer consent $ref --channel email --purpose offers "$@"
		echo "status $?"
	done
	crm-order get O1 O2 O3 O4 "$@"
	crm-order list -w 'customer_id = email:p2@example.org' "$@"
}
for at in $moments; do
	customer=$(fields_of "$T/copy.$at" customer)
	order=$(fields_of "$T/copy.$at" order)
	product=$(fields_of "$T/copy.$at" product)
	ask --store "$T/copy.$at" >"$T/then" 2>&1
	ask --as-of "rev:$at" >"$T/now" 2>&1
	same "revision $at: $(wc -l <"$T/then") lines" "$T/now" "$T/then"
done

# The same by the clock: one of our revisions a second at most.
works crm-customer add --name Last --email last@example.org
last=$(crm-log list -f revision --format value | tail -n 1)
is 'inclusive' "$(crm-customer list --count --as-of \
    "$(crm-log list -f time --format value | tail -n 1)")" \
    "$(crm-customer list --count)"
works crm-customer get email:last@example.org --as-of "rev:$last"
fails 1 'no customer has' crm-customer get email:last@example.org \
    --as-of "rev:$((last - 1))"
is 'independent of --at' \
    "$(crm-order list --as-of "rev:$last" --at 2026-01-20 --count)" \
    "$(crm-order list --at 2026-01-20 --count)"
fails 64 'nothing is known of that time' crm-customer list --as-of 2020-01-01
fails 64 "there is no revision $((last + 1))" \
    crm-customer list --as-of "rev:$((last + 1))"
fails 64 "'rev:0' is not a revision" crm-customer list --as-of rev:0
fails 64 'is not a time' crm-customer list --as-of soon
fails 64 'what was cannot be set' crm-customer consent C1 --channel email \
    --purpose offers --grant --as-of "rev:$last"
run env -u CRM_STORE HOME="$T/nowhere" crm-fields --as-of rev:1
status_is 64
err_has 'there is none'
done_testing
