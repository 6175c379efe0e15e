#!/bin/sh
# crm-tick: each thing once, however often, by however many, and killed anywhere.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
at() { CRM_NOW=$1; export CRM_NOW; }
at 2026-05-04T10:00:00Z
works crm-task add --title fixed --due '2026-05-04 09:00' --every 1w
works crm-task add --title after --due '2026-05-04 09:00' --every 1w \
    --mode after --lead 1d
works crm-task add --title each --due '2026-05-04 09:00' --every 1w \
    --mode catch_up --assignee eva --about K1 --remind '2026-05-04 08:00'
run crm-tick run
status_is 0
out_empty 'nothing is printed unless it is asked for'
run crm-tick run --print --no-header
out_empty 'a second run does nothing'
run crm-log list --count
out_is 5 'nor is it a revision'

# Three weeks nothing runs.  fixed is done late, after is too.
at 2026-05-26T10:00:00Z
works crm-task done K1 K2 -q
run crm-tick list --sort at -f duty,at,due,title --no-header
out_is "K0000000003	recur	2026-05-11T07:00:00Z	2026-05-11T07:00:00Z	each
K0000000001	recur	2026-06-01T07:00:00Z	2026-06-01T07:00:00Z	fixed
K0000000002	recur	2026-06-01T07:00:00Z	2026-06-02T07:00:00Z	after"
run crm-tick run -n
out_has "K0000000004	due		2026-05-11T07:00:00Z"
out_lacks 'title		fixed'
works crm-tick run --print -f duty,due,assignee,about
out_is "id	duty	due	assignee	about
K0000000004	recur	2026-05-11T07:00:00Z	eva	K0000000001
K0000000005	recur	2026-05-18T07:00:00Z	eva	K0000000001
K0000000006	recur	2026-05-25T07:00:00Z	eva	K0000000001
K0000000004	remind	2026-05-11T07:00:00Z	eva	K0000000001
K0000000005	remind	2026-05-18T07:00:00Z	eva	K0000000001
K0000000006	remind	2026-05-25T07:00:00Z	eva	K0000000001"
run crm-task get K6 -f remind,follows_id,starts --no-header
out_is "K0000000006	2026-05-25T06:00:00Z	K0000000005	2026-05-04T07:00:00Z"

run crm-task events K4 -f about,what,topic
out_is "event_id	about	what	topic
E0000000004	K0000000004	remind	eva"
crm-task list -w 'mode = "catch_up"' >series.tsv
run crm-task events - --count <series.tsv
out_is 4 'and of those whose ids are on stdin'

# Of missed dates fixed makes one, past the day it was done.
at 2026-06-01T10:00:00Z
works crm-tick run --print -f duty,due,title --no-header
out_has "recur	2026-06-01T07:00:00Z	fixed"
out_has "recur	2026-06-02T07:00:00Z	after" 'its lead before'
out_has "recur	2026-06-01T07:00:00Z	each"

# Snoozed, it is reminded of again; closed, never.
run crm-task list -w 'title = "fixed" and state = "open"' -f title --no-header
id=$(cut -f 1 "$out")
works crm-task snooze "$id" 2h -q
run crm-tick run --print --no-header
out_empty
at 2026-06-01T12:00:00Z
run crm-tick run --print -f duty,at --no-header
out_is "$id	remind	2026-06-01T12:00:00Z"
run crm-tick run --print --no-header
out_empty
works crm-task snooze "$id" 1h -q
works crm-task drop "$id" --last -q
at 2026-06-30T00:00:00Z
run crm-tick run --print -f duty,title
out_lacks fixed 'a series that ended'
fails 65 'cannot be removed' crm-task rm K4
fails 64 'no operands are wanted' crm-tick run now
run crm-tick duties -f duty,kind --no-header
out_is "recur	task
remind	task"
run crm-tick list -w 'duty = "recur"' --count
out_is 1
works crm-log undo "$(crm-log list --no-header | tail -n 1 | cut -f 1)"
run crm-tick run --print -f duty,title
out_has each 'what was taken back is made again'
crm-store check -q
is 'the store is sound' $? 0

# Many series; each day four runs at a time, killed at random moments.
CRM_STORE=$T/many
new_store
at 2026-05-01T08:00:00Z
awk 'BEGIN { print "title\tdue\tevery\tmode"
	for (i = 1; i <= 60; i++)
		printf "t%d\t2026-05-01T06:00:00Z\t%s\tcatch_up\n", i,
		    i % 2 ? "1d" : "12h" }' | crm-task add - -q
pause() { printf '0.0%02d' $(($(od -An -N1 -tu1 /dev/urandom) % "$1")); }
killed=0
for day in 02 03 04 05 06 07 08 09 10 11 12 13 14 15; do
	at "2026-05-${day}T08:00:00Z"
	pids=
	for i in 1 2 3 4; do
		crm-tick run -q &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086  # words
	set -- $pids
	for i in "$1" "$2" "$3"; do
		sleep "$(pause 6)"
		kill -9 "$i"
		wait "$i"
		[ $? = 137 ] && killed=$((killed + 1))
	done
	wait "$4" || fail "the run that was not killed ended with $?"
done 2>/dev/null
ok "runs were killed ($killed)" test "$killed" -gt 0
run crm-tick run --print --no-header
out_empty 'the one that was not killed left nothing to do'
crm-task list -f title,due >"$T/tasks"
is 'every date of every series is there, once' \
    "$(awk -F '\t' 'NR > 1 { n[$2]++; if (seen[$2, $3]++) print "twice", $0 }
	END { for (t in n) { odd = substr(t, 2) % 2
		if (n[t] != (odd ? 15 : 29)) print t, n[t] } }' "$T/tasks")" ''
crm-store dump | awk -F '\t' '/^\\:/ { on = $1 == "\\:event"; next }
	on' >"$T/events"
is 'and was reminded of once' \
    "$(awk -F '\t' 'NR > 1 && $4 == "remind" { n[$2]++ } END {
	for (t in n) { k++; if (n[t] != 1) print t, n[t] }
	print k }' "$T/events")" "$(($(wc -l <"$T/tasks") - 1))"
crm-store check -q
is 'the store is sound' $? 0
done_testing
