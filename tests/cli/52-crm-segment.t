#!/bin/sh
# crm-segment: who is in one, why, who came and went; conditions elsewhere.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
new_store

# settings LINE...: applied beside what the store has.
cp "$CRM_STORE/crm.yaml" base.yaml
settings()
{
	{ cat base.yaml && echo 'segments:' && printf '  %s\n' "$@"; } >new.yaml
	crm-store apply -q new.yaml >"$T/.applied"
}
# short: rows without header and zeros of ids.
short()
{
	sed '1d; s/C00000000*/C/g' | tr '\t' ' '
}

works crm-segment list
out_is "segment${TAB}customers${TAB}share${TAB}orders${TAB}revenue${TAB}help"
fails 64 "there is no segment 'vip'" crm-segment members vip
err_has 'segments are named in crm.yaml'

for n in 1 2 3 4 5 6; do
	crm-customer add --name "N$n" --email "n$n@example.org" >/dev/null
done
crm-customer add --name Firm --roles supplier --email firm@example.org >/dev/null
crm-customer set C1 --country DE >/dev/null
crm-customer set C2 --country DE >/dev/null
# order CUSTOMER DAY AMOUNT
order()
{
	crm-order add --customer "$1" --placed "$2T10:00:00Z" \
	    --line "\"x\" @ $3" >/dev/null
}
order C1 2026-01-10 10.00
order C1 2026-05-20 15.50
order C2 2025-12-24 200.00
order C3 2026-03-01 30.00
order C4 2026-07-01 70.00
crm-customer consent C2 --channel email --purpose offers --grant \
    --at 2026-02-01 >/dev/null
crm-customer consent C2 --channel email --purpose offers --revoke \
    --at 2026-04-01 >/dev/null
crm-customer consent C3 --channel email --purpose offers --grant \
    --at 2026-02-01 >/dev/null

settings "german: { where: 'country = \"DE\"', help: from here }" \
    "lapsing: { where: 'orders >= 1 and last_order < today - 90d' }" \
    "mail: { where: 'consent(\"email\", \"offers\") and not in(german)' }" \
    "everyone: { where: 'name is not empty' }" \
    "nobody: { where: 'in(german) and in(mail)' }" \
    "suppliers: { where: 'roles = \"supplier\"' }"
run crm-segment list
out_is "segment${TAB}customers${TAB}share${TAB}orders${TAB}revenue${TAB}help
german${TAB}2${TAB}28.6${TAB}3${TAB}225.50${TAB}from here
lapsing${TAB}2${TAB}28.6${TAB}2${TAB}230.00${TAB}
mail${TAB}1${TAB}14.3${TAB}1${TAB}30.00${TAB}
everyone${TAB}6${TAB}85.7${TAB}4${TAB}255.50${TAB}
nobody${TAB}0${TAB}0${TAB}0${TAB}0.00${TAB}
suppliers${TAB}1${TAB}14.3${TAB}0${TAB}0.00${TAB}"
is '--at: orders, consents and today of then' \
    "$(crm-segment list --at 2026-03-15 -f customers,revenue | short)" \
    'german 2 210.00
lapsing 0 0.00
mail 1 30.00
everyone 3 240.00
nobody 0 0.00
suppliers 0 0.00'
is 'a consent that was revoked later stood then' \
    "$(crm-customer list --at 2026-03-15 -f country \
	-w 'consent("email", "offers")' | short)" 'C2 DE
C3 '
is '-w, --sort and --limit' \
    "$(crm-segment list -w 'customers > 0' --sort -revenue --limit 2 \
	-f revenue | short)" 'everyone 255.50
lapsing 230.00'
is 'members have the columns of customers' \
    "$(crm-segment members german -f name,orders --sort -orders | short)" \
    'C1 N1 2
C2 N2 1'
crm-customer list -w 'orders = 1' >one.tsv
is 'members among those of a stream' \
    "$(crm-segment members german -f name - <one.tsv | short)" 'C2 N2'
is 'their orders' "$(crm-segment members german |
    crm-order list --of customer_id --count -)" 3
is 'of: by reference' \
    "$(crm-segment of email:n3@example.org C7 -f segment | short)" \
    'C3 lapsing
C3 mail
C3 everyone
C7 suppliers'
is 'of: a stream' "$(crm-segment of - -f segment <one.tsv | short)" \
    'C2 german
C2 lapsing
C2 everyone
C3 lapsing
C3 mail
C3 everyone'
is 'in() in lists of customers' \
    "$(crm-customer list -w 'in(german) and not in(lapsing)' -f name |
	short)" 'C1 N1'
is 'in() in lists of orders' \
    "$(crm-order list -w 'in(german) and revenue > 10' -f revenue |
	sed 1d | cut -f 2)" '15.50
200.00'
is 'in() in scores' "$(crm-rfm -w 'in(lapsing)' -f monetary | short)" \
    'C2 200.00
C3 30.00'
fails 64 "there is no segment 'germans'" crm-customer list -w 'in(germans)'
err_has "did you mean 'german'?"
fails 64 'in(...) wants the name of a segment' \
    crm-customer list -w 'in("g" || name)'
fails 64 "there is no function 'in'" crm-product list -w 'in(german)'

# why
is 'why: a tree' "$(crm-segment why --tree nobody C2)" \
'nobody                            no
├─ in(german)                     yes
│  └─ country = "DE"              yes   country = "DE"
└─ in(mail)                       no
   ├─ consent("email", "offers")  no
   └─ not                         no
      └─ in(german)               yes
         └─ country = "DE"        yes   country = "DE"'
is 'why: rows' "$(crm-segment why lapsing C1 C4 -f depth,condition,met,values |
    short)" 'C1 0 lapsing no 
C1 1 orders >= 1 yes orders = 2
C1 1 last_order < today - 90d no last_order = 2026-05-20T10:00:00Z
C4 0 lapsing no 
C4 1 orders >= 1 no orders = 0
C4 1 last_order < today - 90d no last_order is empty'
is 'why: no customer' "$(crm-segment why german C7 -f condition,met,values |
    short)" 'C7 german no 
C7 a customer no roles = "supplier"
C7 country = "DE" no country is empty'
fails 1 'no customer has' crm-segment why german email:x@example.org

# check
run crm-segment check -f customers,finding
status_is 1
out_is "segment${TAB}customers${TAB}finding
german${TAB}2${TAB}
lapsing${TAB}2${TAB}
mail${TAB}1${TAB}
everyone${TAB}6${TAB}
nobody${TAB}0${TAB}empty
suppliers${TAB}1${TAB}"

# snapshot and diff
works crm-segment diff german --count
out_is 0 'that nobody was found is no failure'
fails 64 "there is no segment 'germn'" crm-segment diff germn
works crm-segment snapshot --dry-run
out_has "german${TAB}2${TAB}2${TAB}0"
works crm-segment snapshots --count
out_is 0 'a dry run records nothing'
works crm-segment snapshot
out_empty 'snapshot is silent'
crm-segment snapshot
is 'who was there is recorded once' \
    "$(crm-segment snapshots -f segment,members,entered,left | sed 1d |
	cut -f 2- | tr '\t' ' ')" 'german 2 2 0
lapsing 2 2 0
mail 1 1 0
everyone 6 6 0
suppliers 1 1 0'
last=$(crm-segment snapshots -f revision --sort -revision --limit 1 |
    sed 1d | cut -f 2)
crm-customer set C1 --country FR >/dev/null
crm-customer set C5 --country DE >/dev/null
CRM_NOW=2026-06-02T10:00:00Z crm-segment snapshot --print \
    -f entered,left >moved
is 'one came and one went' "$(sed -n '2p; 4p' moved | tr '\t' ' ')" \
    'german 1 1
mail 0 0'
CRM_NOW=2026-06-03T10:00:00Z
export CRM_NOW
is 'diff by revision' "$(crm-segment diff german --since "rev:$((last + 1))" \
    -f change | short)" 'C1 left
C5 entered'
is 'diff by time, since the first day' \
    "$(crm-segment diff german --since 2026-06-01 -f change | short)" \
    'C1 left
C2 entered
C5 entered'
is 'diff by a span' "$(crm-segment diff german --since 26h -f change | short)" \
    'C1 left
C5 entered'
is 'diff --entered' "$(crm-segment diff german --entered -f at | short)" \
    'C2 2026-06-01T10:00:00Z
C5 2026-06-02T10:00:00Z'
is 'diff --left' "$(crm-segment diff german --left -f customer_id | short)" C1
# What was taken back, or is lost, is found by the next one.
last=$(crm-segment snapshots -f revision --sort -revision --limit 1 |
    sed 1d | cut -f 2)
crm-segment snapshots -f segment,members,entered,left | cut -f 2- >recorded
crm-log undo "$last" >/dev/null
not_ok 'a snapshot can be taken back' crm-segment diff german \
    --since "rev:$last" -e
for i in 1 2 3 4; do
	CRM_NOW=2026-06-02T10:00:00Z crm-segment snapshot &
done
wait
crm-segment snapshots -f segment,members,entered,left | cut -f 2- >again
same 'four at once record once what one would' again recorded
crm-customer rm C5 >/dev/null
is 'who is no longer there is not named' \
    "$(crm-segment diff german --entered -f customer_id | short)" C2
fails 64 "'rev:x' is not a revision" crm-segment diff german --since rev:x
fails 64 "there is no segment 'germ'" crm-segment diff germ
ok 'the store is whole' crm-store check -q

# definitions
{ cat new.yaml && echo "  late: { where: 'in(german)' }"; } |
    sed 's/"DE"/"FR"/' >other.yaml
run crm-store apply --dry-run other.yaml -f follows
out_is "setting${TAB}follows
segment german${TAB}1 enters, 1 leaves
segment late${TAB}1 enters"
run crm-store apply --dry-run --who other.yaml
out_is "customer_id${TAB}segment${TAB}change
C0000000001${TAB}german${TAB}enters
C0000000002${TAB}german${TAB}leaves
C0000000001${TAB}late${TAB}enters"
fails 64 '--who wants --dry-run' crm-store apply --who other.yaml
refuses()
{
	{ cat base.yaml && echo 'segments:' && printf '  %s\n' "$2" "${3-}"; } >bad.yaml
	fails 78 "$1" crm-store apply bad.yaml
}
refuses 'a segment depends on itself: a -> b -> a' \
    "a: { where: 'orders > 1 or in(b)' }" "b: { where: 'not in(a)' }"
err_has 'bad.yaml: segments.b'
refuses 'a segment depends on itself: a -> a' "a: { where: 'in(a)' }"
refuses "there is no segment 'bb'" "a: { where: 'in(bb)' }" \
    "b: { where: 'orders > 1' }"
refuses 'in(...) wants the name of a segment' "a: { where: 'in(\"b\" || name)' }"
refuses "has '/' in its name" "a: { where: 'consent(\"a/b\", \"c\")' }"
refuses 'not a question' "a: { where: 'orders' }"

# a condition that cannot be computed for somebody
settings "rich: { where: 'revenue / orders > 20' }"
fails 65 'division by zero' crm-segment list
err_has 'segments.rich'
run crm-segment check
status_is 1
out_has 'cannot be computed for C4'

# erased: in none, though the snapshots have the number
settings "german: { where: 'country = \"DE\"', help: from here }"
crm-customer erase C2 >/dev/null
is 'who was erased is in none' \
    "$(crm-segment list -f customers | short; crm-segment diff german -f change | short)" \
    'german 0
C1 left'
is 'of a moment before, with the definitions of then' \
    "$(crm-segment list --as-of "rev:$last" -f customers | short | head -n 3)" \
    'german 1
lapsing 1
mail 1'
done_testing
