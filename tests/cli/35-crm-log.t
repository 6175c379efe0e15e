#!/bin/sh
# crm-log: what happened, and taking it back.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
crm-customer add --name Ann --email ann@example.org --tier silver >"$T/x"
crm-customer set C1 --tier gold --why 'new tiers' >"$T/x"
crm-product add --sku P1 --price 5 >"$T/x"
crm-order add --customer C1 --line 'sku:P1 x 2 @ 5' --key k1 >"$T/x"
crm-order pay O1 >"$T/x"

# --- list
run crm-log list
status_is 0
is 'list has a row a revision' "$(sed 1d "$out" | cut -f 1 | tr '\n' ' ')" \
    '1 2 3 4 5 6 '
is 'list: the header' "$(head -n 1 "$out")" "$(printf '%s\t' revision change \
    time actor command why added changed removed key)undone_by"
is 'list: who, what and why' "$(awk -F '\t' '$1 == 3' "$out" |
    cut -f 2,4-9)" "$(printf '3\ttester\tcrm-customer set\tnew tiers\t0\t1\t0')"
is 'list: the key' "$(field key <"$out" | tr '\n' .)" '....k1..'
run crm-log list -w 'why ~ "tiers"' -f actor --format value
out_is tester
run crm-log list --since rev:5 -f command --format value
out_is "$(printf 'crm-order add\ncrm-order pay')"
run crm-log list --until rev:2 -f command --format value
out_is 'crm-store init'
run crm-log list --sort -revision --limit 1 -f part,last
out_is "$(printf 'revision\tpart\tlast\n6\t0\tyes')"
run crm-log list --until 2020-01-01 --count
out_is 0

# --- show
run crm-log show 3
out_is "$(printf '%s\n' "id${TAB}field${TAB}old${TAB}new${TAB}op${TAB}revision" \
    "C0000000001${TAB}tier${TAB}silver${TAB}gold${TAB}changed${TAB}3")"
run crm-log show 2
out_is "$(printf '%s\n' "id${TAB}field${TAB}old${TAB}new${TAB}op${TAB}revision" \
    "C0000000001${TAB}${TAB}${TAB}${TAB}added${TAB}2")" 'show names inserts'
run crm-log show rev:2 --full
out_has "email${TAB}${TAB}ann@example.org"
run crm-log show 1
is 'show of no records' "$(wc -l <"$out")" 1
fails 1 'there is no revision 99' crm-log show 99
fails 64 "'x' is not a revision" crm-log show x
fails 64 "'0' is not a revision" crm-log undo 0

# --- history
run crm-log history C1 -w 'field = "tier"' -f op,old,new,why
out_is "$(printf '%s\n' "revision${TAB}op${TAB}old${TAB}new${TAB}why" \
    "2${TAB}added${TAB}${TAB}silver${TAB}" \
    "3${TAB}changed${TAB}silver${TAB}gold${TAB}new tiers")"
run crm-log history customer/email:ann@example.org --count
status_is 0
run crm-log history O1
out_has "track 1 what"
fails 1 'there is no customer C99' crm-log history C99
fails 65 'could be of any kind' crm-log history email:ann@example.org

# --- undo
run crm-log undo 6 --dry-run
status_is 0
is 'undo --dry-run: the header' "$(head -n 1 "$out")" \
    "id${TAB}field${TAB}old${TAB}new"
out_has "status${TAB}paid${TAB}placed"
is 'undo --dry-run changes nothing' "$(crm-log list --count)" 6
fails 65 'O1 is no longer as revision 5 left it: revision 6' crm-log undo 5
run crm-log undo 6 --why 'not paid'
status_is 0
is 'undo is a revision, named' "$(sed 1d "$out" | cut -f 1,5,6)" \
    "$(printf '7\tcrm-log undo 6\tnot paid')"
is 'the figures follow' "$(crm-order get O1 -f status,paid --format value)" \
    "$(printf 'placed\t0.00')"
is 'list says what is undone' \
    "$(crm-log list -w 'undone_by > 0' -f undone_by --format value)" 7
run crm-log undo 7
is 'undo of undo is redo' "$(crm-order get O1 -f status --format value)" paid
is 'and is not undone' "$(crm-log list -w 'undone_by > 0' -f revision \
    --format value)" 7
run crm-log undo 8
run crm-log undo 5
status_is 0 'a record that was put back is as it was left'
is 'the order is gone' "$(crm-order list --count)" 0
is 'and its figures' "$(crm-customer get C1 -f orders,revenue --format value |
    tr '\t' ' ')" '0 0.00'
run crm-order add --customer C1 --line 'sku:P1 x 2 @ 5' --key k1
status_is 0 'the key may be used again'
out_has O0000000002
fails 65 "the key 'k1' of revision 5 was used again" crm-log undo 10
run crm-log undo 3 --print
out_has "tier${TAB}gold${TAB}silver${TAB}changed"
fails 65 'C1 cannot be removed: O2 refers to it' crm-log undo 2
fails 65 'changed the settings, which undo does not take back' crm-log undo 1
fails 1 'there is no revision 99' crm-log undo 99
works crm-store check -q
works crm-log verify -q
is 'verify has the columns of -f' "$(crm-log verify -q -f place)" place

# removed records come back under their number, with what was about them
crm-customer add --name Bo --email bo@example.org >"$T/x"
crm-customer stage C2 established >"$T/x"
crm-customer rm C2 -q
gone=$(crm-log list --sort -revision --limit 1 -f revision --format value)
run crm-log show "$gone" -w 'op = "removed"' --count
ok 'show has what was removed' test "$(cat "$out")" -gt 3
run crm-log undo "$gone"
status_is 0
run crm-log show "$((gone + 1))" -f op --format value
out_has restored
is 'the customer is there again' "$(crm-customer get email:bo@example.org \
    -f stage --format value)" established
run crm-customer add --name Bea --email bo@example.org
status_is 65
crm-customer set C2 --email bo2@example.org >"$T/x"
crm-log list --count >"$T/n"
n=$(cat "$T/n")
run crm-customer identify C2 email:bo@example.org --drop
works crm-store check -q

# a value that was taken since
crm-customer add --name Cy --email cy@example.org >"$T/x"
crm-customer rm C3 -q
gone=$(crm-log list --sort -revision --limit 1 -f revision --format value)
crm-customer add --name Di --email cy@example.org >"$T/x"
fails 65 "'cy@example.org' is already C4's" crm-log undo "$gone"
# and what it referred to
crm-order add --customer C4 --line 'sku:P1 x 1 @ 5' >"$T/x"
crm-order rm O3 -q
gone=$(crm-log list --sort -revision --limit 1 -f revision --format value)
crm-customer rm C4 -q
fails 65 'O3 would refer to C4, which is gone' crm-log undo "$gone"

# --- a change of many parts is undone as a whole
crm-log list --sort -revision --limit 1 -f revision --format value >"$T/n"
{ echo name; seq -f 'Many %g' 2500; } >"$T/many.tsv"
run crm-customer add - <"$T/many.tsv"
status_is 0
crm-customer list -w 'name ~ "^Many"' -f tier --format tsv |
    awk -F '\t' -v OFS='\t' 'NR > 1 { $2 = "t" } 1' >"$T/set.tsv"
run crm-customer set - <"$T/set.tsv"
is 'there are parts' "$(crm-log list --sort -revision --limit 1 -f part \
    --format value)" 2
last=$(crm-log list --sort -revision --limit 1 -f revision --format value)
run crm-log undo "$last"
status_is 0
is 'undo has parts' "$(sed 1d "$out" | wc -l)" 3
is 'all of it' "$(crm-customer list -w 'tier = "t"' --count)" 0
run crm-log show "$((last - 1))" --change --count
out_is 2500
run crm-log undo "$((last - 3))"
is 'and what had added them' "$(crm-customer list -w 'name ~ "^Many"' \
    --count)" 0
run crm-log undo "$(crm-log list --sort -revision --limit 1 -f revision \
    --format value)"
is 'and again' "$(crm-customer list -w 'name ~ "^Many"' --count)" 2500
works crm-store check -q
works crm-log verify -q

# --- follow
run crm-log follow --since 3 --kind customer
is 'follow: columns' "$(head -n 1 "$out" | cut -f 1-5)" \
    "$(printf 'customer_id\top\trevision\tname\ttype')"
is 'follow: what is older is left out' \
    "$(sed -n 2p "$out" | cut -f 1-4)" "$(printf 'C0000000001\tchanged\t3\tAnn')"
ok 'follow: in the order of revisions' sort -c -n -k 1,1 <<END
$(sed 1d "$out" | cut -f 3)
END
run crm-log follow --since 2 --kind customer
is 'follow: as the revision left it' \
    "$(awk -F '\t' '$3 == 2' "$out" | cut -f 10)" silver
run crm-log follow --since rev:4
is 'follow: an archive' "$(sed -n '1p;4p' "$out")" \
    "$(printf '\\:revision\t1\n\\:product\t1')"
out_has "$(printf '\\:line\t1')"
run crm-log follow --since 99999
out_empty
run crm-log follow --since 2020-01-01 --kind product --format jsonl
is 'follow by a time' "$(wc -l <"$out")" 1
fails 64 'an archive has one form' crm-log follow --format json
fails 64 "'cat' names no kind" crm-log follow --kind cat

# it goes on until killed, and can be taken up where it was left
last=$(crm-log list --sort -revision --limit 1 -f revision --format value)
crm-log follow -F --since "$((last + 1))" --kind product >"$T/fed" &
pid=$!
crm-product add --sku P2 >"$T/x"
crm-product set P2 --price 7 >"$T/x"
for i in $(seq 50); do
	[ "$(wc -l <"$T/fed")" -ge 3 ] && break
	sleep 0.2
done
kill "$pid"
is 'follow -F gives what comes' "$(cut -f 1-3 "$T/fed")" \
    "$(printf 'product_id\top\trevision\nP0000000002\tadded\t%s\n' $((last + 1))
    printf 'P0000000002\tchanged\t%s\n' $((last + 2)))"
from=$(tail -n 1 "$T/fed" | cut -f 3)
run crm-log follow --since "$from" --kind product
is 'and is taken up again' "$(sed 1d "$out")" "$(tail -n 1 "$T/fed")"

# --- an import
data=$CRM_TOP/tests/data/import
store=$CRM_STORE
CRM_STORE=$T/imported
new_store
crm-import --map "$data/shop.yaml" "$data/shop.csv" >"$T/first"
crm-import --map "$data/shop.yaml" "$data/shop.csv" >"$T/second"
crm-store dump --no-log >"$T/whole"
sed 's/Bonn/Ulm/' "$data/shop.csv" >"$T/later.csv"
crm-import --map "$data/shop.yaml" "$T/later.csv" >"$T/third"
is 'a later import changes records' \
    "$(crm-log list --count -w 'command ~ "crm-import" and changed > 0')" 1
run crm-log undo "$(crm-log list --sort -revision --limit 1 -f revision \
    --format value)"
status_is 0
# but for revisions
crm-store dump --no-log | sed 's/[0-9]*$//' | grep -v '^revision' >"$T/got"
sed 's/[0-9]*$//' "$T/whole" | grep -v '^revision' >"$T/want"
is 'undo of it is the store before, what it remembers included' \
    "$(diff "$T/want" "$T/got" | head -n 5)" ''
run crm-import --map "$data/shop.yaml" "$T/later.csv"
out_is "$(cat "$T/third")" 'and it can be imported again'
run crm-log undo "$(crm-log list --sort -revision --limit 1 -f revision \
    --format value)"
run crm-log undo 2
status_is 0 'the first import is taken back'
is 'nothing is left' "$(crm-order list --count) $(crm-customer list --count)" \
    '0 0'
run crm-import --map "$data/shop.yaml" "$data/shop.csv"
out_is "$(cat "$T/first")" 'what it had added is added again'
works crm-store check -q
CRM_STORE=$store

# --- a revision that has moved is refused; a writer waits for its turn
printf 'customer_id\trevision\ttier\nC1\t2\tgold\n' >"$T/moved.tsv"
run crm-customer set - <"$T/moved.tsv"
status_is 65 'a row of an older revision'
err_has revision
done_testing
