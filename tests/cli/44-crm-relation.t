#!/bin/sh
# crm-relation: what it may be, when it holds, how it is drawn, who goes with whom.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

CRM_NOW=2026-05-04T10:00:00Z
export CRM_NOW
new_store
printf 'name\nNordwind\nAnn\nBo "B" \\\\ Li\nAcme\\nCorp\nKim\nLee\n' |
    crm-customer add - -q
rel() {
	from=$1 what=$2 to=$3
	shift 3
	crm-relation add --from-id "$from" --relation "$what" --to-id "$to" \
	    -f relation --no-header "$@"
}
no() {
	text=$1 from=$2 what=$3 to=$4
	shift 4
	fails 65 "$text" crm-relation add --from-id "$from" \
	    --relation "$what" --to-id "$to" "$@"
}
works rel C1 employs C2 --since 2024-01-01
works rel C2 household C3
works rel C4 supplies C1 --strength 0.8 --sentiment -0.25 --evidence 'late twice'
works rel C3 refers C1 --stage established --evidence-id C2
works rel C1 employs C5 --since 2024-01-01 --until 2026-05-04
works rel C1 employs C6 --since 2026-05-05
is 'an id has two letters' "$(cut -f 1 "$out")" RL0000000006

run crm-relation list --count
out_is 4 'those that hold'
run crm-relation list --count --all
out_is 6
run crm-relation list --count --at 2026-05-04
out_is 4 'until is the first day after it'
run crm-relation list --count --at 2026-05-03
out_is 5 'on another day'
run crm-relation list --count --at 2023-05-03
out_is 3 'not before it began; always without a day'
run crm-relation list --at 2025-05-03 -w 'to_id = "C5"' -f until --no-header
out_is "RL0000000005	" 'that it would end was not known'

run crm-relation tree C1 -f party --no-header
out_is "C0000000001	Nordwind
C0000000002	├─ employs Ann
C0000000003	│  └─ household Bo \"B\" \\\\ Li
C0000000001	│     └─ refers Nordwind (above)
C0000000004	└─ supplied by Acme\\nCorp"
run crm-relation tree C3 -f party --no-header --depth 1
out_is "C0000000003	Bo \"B\" \\\\ Li
C0000000001	├─ refers Nordwind
C0000000002	└─ household Ann"
run crm-relation tree C1 --all --at 2025-01-01 -f party --no-header
out_has "employs Kim"
out_lacks Lee 'not yet known'
run crm-relation tree C6 --no-header -f party
out_is "C0000000006	Lee"
run crm-relation tree C1 --format dot
out_is 'digraph relations {
	C1 [label="Nordwind"];
	C2 [label="Ann"];
	C1 -> C2 [label="employs"];
	C3 [label="Bo \"B\" \\ Li"];
	C2 -> C3 [label="household", dir=none];
	C4 [label="Acme\nCorp"];
	C4 -> C1 [label="supplies"];
	C3 -> C1 [label="refers"];
}'
run crm-relation tree C4 --format dot --depth 1
out_lacks Ann
run crm-relation list --format dot -w 'relation = "household"'
is 'two parties and what is between' "$(grep -c C "$out")" 3
crm-relation list -w 'relation = "employs"' --all >ids
run crm-relation list - --format dot --all <ids
is 'of a stream' "$(grep -c employs "$out")" 3
run crm-relation list --format dot --limit 1 -w 'strength > 2'
out_is 'digraph relations {
}'

no 'no relation to itself' C1 employs C1
no 'RL1 says so already' C1 employs C2
no 'RL1 says so already' C1 employs C2 --until 2025-01-01
works rel C1 employs C2 --until 2024-01-01
no 'is not after since' C1 employs C3 --since 2024-01-01 \
    --until 2024-01-01
no 'needs what shows it' C1 employs C3 --strength 1
err_has 'evidence TEXT'
no 'a number from 0 to 1' C1 employs C3 --strength 1.01 --evidence x
no 'a number from -1 to 1' C1 employs C3 --sentiment -2 --evidence x
fails 65 'a value is needed' crm-relation add --from-id C1 --to-id C2
no 'is not one of supplies' C1 likes C2
no "there is no customer C99" C1 employs C99
fails 1 'there is no customer C99' crm-relation tree C99
fails 64 "'0' is not a number from 1 to 64" crm-relation tree C1 --depth 0
fails 64 'known: tsv' crm-relation get RL1 --format dot
fails 65 'C5 cannot be removed: RL5 refers to it' crm-customer rm C5
works crm-relation set RL5 --until 2026-05-01 -q
works crm-log undo "$(crm-log list --no-header | tail -n 1 | cut -f 1)"
run crm-relation get RL5 -f until --format value
out_is 2026-05-04 'and back again'

# A hub, and a line that is longer than what is drawn.
awk 'BEGIN { print "name"; for (i = 7; i <= 2006; i++) print "n" i }' |
    crm-customer add - -q
awk 'BEGIN { print "from_id\trelation\tto_id"
	for (i = 7; i <= 1006; i++) print "C6\tsupplies\tC" i
	for (i = 1006; i < 2006; i++) print "C" i "\trefers\tC" i + 1 }' |
    crm-relation add - -q
run crm-relation tree C6 --no-header
is 'a hub and 63 of the line' "$(wc -l <"$out")" $((1 + 1000 + 63))
crm-relation tree C6 --no-header | awk 'END { exit !/└─ refers n/ }'
is 'the deepest is the last' $? 0

# Whoever is erased takes relations and tasks along; export has them.
works crm-task add --title 'ask xqbo' --about C3 --note xqnote
works crm-task add --title 'again xqbo' --about K1 --due 2026-05-01
crm-tick run
works crm-relation set RL2 --note xqrel --evidence xqevidence
crm-customer export C3 >person
is 'export has relations, tasks and reminders' "$(sed '/^.:source/q' person |
    grep -c '^RL000000000[24]	\|^K000000000[12]	\|	remind		')" 5
run crm-customer erase C3 --no-header
out_is "C0000000003	0	1	0	0	4"
is 'nothing of them is left' "$(cat "$CRM_STORE"/data/* | grep -c xq)" 0
run crm-relation list -w 'from_id = "C3" or to_id = "C3"' --count
out_is 0
run crm-task list --count
out_is 0
no 'C3' C3 employs C2
run crm-store check
status_is 0
crm-store dump >dump
CRM_STORE=$T/loaded
crm-store load - <dump
run crm-store check -q
status_is 0 'a dump with all of it can be loaded'
done_testing
