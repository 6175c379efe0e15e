#!/bin/sh
# New generations of the data, by compact, rebuild, apply, backup and restore,
# while others read and write: nothing that was acknowledged is lost, no reader
# sees an error, and a run that is killed leaves a whole store.
# CRM_COMPACTIONS, CRM_KILLS and CRM_RESTORES make it longer.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

compactions=${CRM_COMPACTIONS:-10} kills=${CRM_KILLS:-30}
restores=${CRM_RESTORES:-10}

new_store
people()
{
	awk -v n="$1" -v w="$2" 'BEGIN { print "name\tcity\tnote"
		for (i = 1; i <= n; i++)
			printf "%s%05d\tBerlin\twords of person %d\n", w, i, i }'
}
people 300 a >in
works crm-customer add - <in
known=$(crm-customer list --count --no-header)

# generations: how many there are, those half removed included.
generations()
{
	ls "$CRM_STORE" | grep -cE '^(gen|old)-'
}
whole()
{
	works crm-store check
	out_is "place${TAB}fault" "$1: check finds nothing"
}

# ---- writers and readers go on ----

writer()
{
	i=0
	while [ ! -e stop ]; do
		i=$((i + 1))
		crm-customer add --name "w$1-$i" --format value \
		    -f customer_id >>"acked.$1" 2>>"werr.$1" ||
		    echo "status $?" >>"werr.$1"
	done
}
# A number of customers never falls.
reader()
{
	last=0
	while [ ! -e stop ]; do
		n=$(crm-customer list --count --no-header 2>>"rerr.$1") ||
		    echo "status $?" >>"rerr.$1"
		[ "${n:-0}" -ge "$last" ] || echo "$last, then $n" >>"rerr.$1"
		last=$n
		crm-customer get C1 -f name >/dev/null 2>>"rerr.$1" ||
		    echo "status $?" >>"rerr.$1"
		echo >>"reads.$1"
	done
}
for i in 1 2 3; do
	writer $i &
	reader $i &
done
# A long reader of the old generation goes on to its end.
{
	crm-store dump 2>slow.err
	echo $? >slow.status
} | { sleep 1; cat >slow.out; } &
bad=0
for i in $(seq "$compactions"); do
	crm-store compact >compacted 2>>cerr || bad=$((bad + 1))
	# A copy of one moment, writers or not, with all there was before it.
	cat acked.? 2>/dev/null | sort >asked
	crm-store backup "$T/beside" 2>>cerr || bad=$((bad + 1))
	crm-store check --store "$T/beside" >>cerr 2>&1 || bad=$((bad + 1))
	crm-customer list --store "$T/beside" --format value \
	    -f customer_id | sort | comm -23 asked - >>notcopied
	rm -rf "$T/beside"
	sleep 0.05
done
: >stop
wait
cat acked.? >acked
lost=0
crm-customer list --format value -f customer_id | sort >there
lost=$(sort acked | comm -23 - there | wc -l)
acked=$(wc -l <acked)
werrs=$(cat werr.? 2>/dev/null | wc -l)
rerrs=$(cat rerr.? 2>/dev/null | wc -l)
is 'no compaction failed, no backup, and none has a fault' \
    "$bad $(grep -v "^place${TAB}fault$" cerr)" '0 '
is 'acknowledged records that a later backup has not' "$(wc -l <notcopied)" 0
is 'acknowledged records lost' "$lost" 0
is 'records that nobody acknowledged' \
    "$(($(wc -l <there) - known - acked))" 0
is 'errors of writers' "$werrs $(cat werr.? | head -n 3)" '0 '
is 'errors of readers' "$rerrs $(cat rerr.? | head -n 3)" '0 '
is 'a reader of an old generation ends well' \
    "$(cat slow.status) $(cat slow.err)" '0 '
is 'the generation is the one counted' "$(field generation <compacted)" \
    $((compactions + 1))
is 'old generations are gone' "$(generations)" 1
whole 'after compactions'
ok 'and its log is whole' crm-log verify
diag "$compactions compactions, $acked records acknowledged, $lost lost," \
    "$(cat reads.? | wc -l) reads, $rerrs errors"

# ---- modes ----

(umask 000 && crm-store compact >"$out")
is 'a mode for its owner only, whatever the umask' \
    "$(stat -c %a "$CRM_STORE"/data/ "$CRM_STORE"/data/data.mdb | tr '\n' ' ')" \
    '700 600 '
(umask 777 && crm-store compact >"$out")
is 'and no less' \
    "$(stat -c %a "$CRM_STORE"/data/ "$CRM_STORE"/data/data.mdb | tr '\n' ' ')" \
    '700 600 '

# ---- killed at any moment ----

people 6000 b >in
works crm-customer add - <in
awk 'BEGIN { print "customer_id\tplaced\tamount"
	for (i = 5101; i <= 6200; i++)
		printf "C%d\t2026-01-%02dT10:00:00Z\t%d.00\n",
		    i, i % 28 + 1, i % 90 + 1 }' >in
works crm-order add - <in
# What each of these brings follows from all records.
printf 'fields:\n  customer:\n    - { name: vat, type: text, index: yes }\n' \
    >even.yaml
printf 'revenue: { statuses: [shipped, delivered] }\n' >>even.yaml
printf 'fields:\n  customer:\n    - { name: vat, type: text }\n' >odd.yaml
before=$(crm-customer list --count --no-header)
# The time they are given follows what they take here: some are killed.
killed=0 done=0 broken=0 span=60
for i in $(seq "$kills"); do
	secs=$(awk -v i="$i" -v s="$$" -v span="$span" 'BEGIN {
		srand(s * 1000 + i)
		printf "%.3f", (1 + rand() * (i % 3 ? span : span / 5)) / 1000 }')
	case $((i % 6)) in
	0 | 3) set -- crm-store compact ;;
	1) set -- crm-store rebuild ;;
	2) set -- crm-store apply even.yaml ;;
	4) set -- crm-store apply odd.yaml ;;
	5) crm-store backup "$T/kill$i" 2>>kerr || broken=$((broken + 1))
	   set -- crm-store restore "$T/kill$i" ;;
	esac
	{ timeout -s KILL "$secs" "$@"; } >/dev/null 2>&1
	case $? in
	0) done=$((done + 1)) span=$((span * 4 / 5 + 1)) ;;
	137) killed=$((killed + 1)) span=$((span * 5 / 4 + 1)) ;;
	*) echo "$*: status $?" >>kerr; broken=$((broken + 1)) ;;
	esac
	rm -rf "$T/kill$i"
	crm-customer get C1 -f name,orders >/dev/null 2>>kerr ||
	    broken=$((broken + 1))
	crm-store check >faults 2>&1 ||
	    { broken=$((broken + 1)) && cat faults >>kerr; }
	crm-customer add --name "k$i" >/dev/null 2>>kerr ||
	    broken=$((broken + 1))
	[ "$(generations)" = 1 ] || broken=$((broken + 1))
done
is 'what is killed has done all or nothing, and leaves no rest' \
    "$broken $(head -n 5 kerr)" '0 '
is 'with all that was in it' "$(crm-customer list --count --no-header)" \
    $((before + kills))
works crm-store apply
not_ok 'some were killed' [ "$killed" = 0 ]
not_ok 'some were not' [ "$done" = 0 ]
ok 'nothing else is left in the folder' sh -c \
    '[ "$(ls -A "$CRM_STORE" | grep -cvE "^(crm.yaml|data|gen-.*|lock)$")" = 0 ]'
diag "$((killed + done)) compactions, rebuilds, applies and restores," \
    "$killed killed, $broken faults"

# ---- sizes ----

crm-customer list --limit 5000 -f customer_id >ids
works crm-customer rm - --why 'too many' <ids
run crm-store compact
status_is 0
shrunk=$(awk -F '\t' 'NR == 2 { print ($4 < $3) " " $3 " to " $4 " bytes" }' "$out")
is 'what was deleted makes room' "${shrunk%% *}" 1
diag "${shrunk#* }"
is 'the file is as large as that' \
    "$(stat -c %s "$CRM_STORE"/data/data.mdb)" "$(field bytes_after <"$out")"
whole 'after deleting'
works crm-store backup "$T/small"
ok 'a backup is no larger' [ "$(stat -c %s small/data/data.mdb)" -le \
    "$(stat -c %s "$CRM_STORE"/data/data.mdb)" ]

# ---- restore ----

a=$(crm-customer list --count --no-header)
works crm-store backup "$T/a"
works crm-customer add --name later --format value
last=$(crm-store info --format value -f revision)
rm -f stop rerr.* reads.*
reader_of()
{
	while [ ! -e stop ]; do
		n=$(crm-customer list --count --no-header 2>>"rerr.$1") ||
		    echo "status $?" >>"rerr.$1"
		[ "$n" -ge "$a" ] && [ "$n" -le "$((a + 1))" ] ||
		    echo "$n customers" >>"rerr.$1"
		crm-log list --limit 3 >/dev/null 2>>"rerr.$1" ||
		    echo "status $?" >>"rerr.$1"
		echo >>"reads.$1"
	done
}
reader_of 1 &
reader_of 2 &
bad=0
for i in $(seq "$restores"); do
	crm-store restore "$T/a" --why "again $i" >restored 2>>resterr ||
	    bad=$((bad + 1))
	[ "$(crm-customer list --count --no-header)" = "$a" ] ||
	    bad=$((bad + 1))
	crm-customer add --name "after $i" >/dev/null 2>>resterr ||
	    bad=$((bad + 1))
done
: >stop
wait
is 'restores done' "$bad $(cat resterr)" '0 '
is 'errors of readers while the data is replaced' \
    "$(cat rerr.? 2>/dev/null | wc -l) $(cat rerr.? | head -n 3)" '0 '
diag "$restores restores, $(cat reads.? | wc -l) reads"
whole 'after restores'
ok 'and its log is whole' crm-log verify
is 'revisions go on past those that were replaced' \
    "$(crm-store info --format value -f revision)" \
    $((last + 2 * restores))
run crm-log list --limit 2 -f command,why --no-header --sort -revision \
    --format value
out_has "crm-store restore${TAB}again $restores" 'the log names it'
is 'old generations are gone' "$(generations)" 1

# What a restore refuses changes nothing.
sum=$(crm-store dump | cksum)
works crm-store init --currency EUR --store "$T/other"
fails 65 'is a copy of another store' crm-store restore "$T/other"
err_has '--force takes it all the same'
fails 64 'is the store itself' crm-store restore "$CRM_STORE"
fails 66 'there is no store at' crm-store restore "$T/none"
fails 64 'wanted' crm-store restore
cp -R a spoilt
dd if=/dev/zero of=spoilt/data/data.mdb bs=4096 seek=20 count=40 \
    conv=notrunc 2>/dev/null
run crm-store restore "$T/spoilt"
not_ok 'a backup with faults is not taken' [ "$status" = 0 ]
is 'and nothing was changed' "$(crm-store dump | cksum)" "$sum"

# Damage and loss are what it is for.
dd if=/dev/zero of="$CRM_STORE"/data/data.mdb bs=4096 count=2 \
    conv=notrunc 2>/dev/null
fails 74 'damaged' crm-customer list
works crm-store restore "$T/a" --why 'the disk'
whole 'restored over damage'
works crm-store restore "$T/a" --store "$T/fresh"
works crm-store check --store "$T/fresh"
ok 'a store is made where there was none, its settings too' \
    cmp fresh/crm.yaml a/crm.yaml
mkdir full && : >full/other
fails 73 'is not empty' crm-store restore "$T/a" --store "$T/full"

done_testing
