#!/bin/sh
# Segments are the same on one processor and on all.  A thread has ten thousand
# customers at least, so there are twice as many.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
command -v taskset >/dev/null || skip_all 'there is no taskset'

crm-gen --customers 21000 --orders 20000 --lines 1 --products 20 \
    --until 2025-12-31 |
    crm-store load -q --currency EUR --timezone UTC --country DE \
    --store "$CRM_STORE" -
cat >>"$CRM_STORE/crm.yaml" <<'END'
segments:
  buyers: {where: orders >= 1}
  big: {where: revenue >= 200 and orders >= 2}
  gone: {where: last_order < 2025-06-01}
  german: {where: 'country = "DE"'}
  both: {where: in(big) and not in(german)}
  mine: {where: 'name ~ "er$"'}
  never: {where: orders = 0}
END
works crm-store apply -q --store "$CRM_STORE"
first=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')

# both COMMAND...: prints the same on one processor
both()
{
	run "$@"
	status_is 0
	err_empty
	cp "$out" all
	ok "$* says something" test -s all
	run taskset -c "$first" "$@"
	status_is 0
	err_empty
	same "$* on one processor" "$out" all
}
both crm-segment list
is 'somebody is in each, and not everybody' "$(awk -F "$TAB" '
    NR > 1 && $2 > 0 && $2 < 21000 { n++ } END { print n }' "$out")" 7
both crm-segment list --format json
# an order counts in all its segments, on whichever thread
crm-order add -q --customer C20999 --line '"x" @ 900' --placed 2026-01-02 >/dev/null
both crm-segment list
cp "$out" list
for s in buyers big both mine; do
	both crm-segment members "$s"
	is "$s has as many members as it says" "$(sed 1d "$out" | wc -l)" \
	    "$(awk -F "$TAB" -v s=$s '$1 == s { print $2 }' list)"
done
done_testing
