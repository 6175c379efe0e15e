#!/bin/sh
# Figures of contacts and tickets at any past day, against a recount by awk
# from the records and events alone; and the same after each was changed.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
CRM_NOW=2026-06-01T00:00:00Z CRM_ACTOR=ann
export CRM_NOW CRM_ACTOR
awk 'BEGIN { print "name\tcreated"
    for (i = 1; i <= 20; i++) printf "P%d\t2026-01-01\n", i }' |
    crm-customer add - >/dev/null

# a moment of the first hundred days; each in a second of its own
awk 'function at(s,  d) { d = s % 100
	return sprintf("2026-%02d-%02dT%02d:%02d:%02dZ", 1 + int(d / 28),
	    1 + d % 28, s % 24, s % 60, int(s / 7) % 60) }
    BEGIN { srand(7); print "customer_id\topened\tsubject"
	for (i = 1; i <= 60; i++)
	    printf "C%d\t%s\tmatter %d\n", 1 + int(rand() * 20),
		at(int(rand() * 9000)), i }' >tickets.tsv
works crm-ticket add - <tickets.tsv
awk 'function at(s,  d) { d = s % 140
	return sprintf("2026-%02d-%02dT%02d:%02d:%02dZ", 1 + int(d / 28),
	    1 + d % 28, s % 24, s % 60, int(s / 7) % 60) }
    BEGIN { srand(8); print "customer_id\tat\tchannel\tdirection\tabout"
	for (i = 1; i <= 300; i++) {
	    t = rand() < .6 ? "T" (1 + int(rand() * 60)) : ""
	    printf "%s\t%s\tmail\t%s\t%s\n", t ? "" : "C" (1 + int(rand() * 20)),
		at(int(rand() * 9000)), rand() < .5 ? "in" : "out", t } }' >touches.tsv
works crm-touch add - <touches.tsv
i=1
while [ $i -le 40 ]; do
	crm-ticket close T$i --at "2026-05-$((10 + i % 18))T0$((i % 9)):00:00Z" \
	    >/dev/null
	i=$((i + 3))
done
works crm-store check

# recount DAY: customer_id touches last_touch tickets open_tickets
recount()
{
	crm-touch list -f at,customer_id >t.tsv
	crm-ticket list -f opened,customer_id >k.tsv
	crm-store dump | awk -v FS='\t' '/^\\:/ { on = $1 == "\\:event"; head = 1
		next }
	    on && head { for (i = 1; i <= NF; i++) c[$i] = i; head = 0; next }
	    on && $c["what"] == "state" {
		print $c["event_id"], $c["about"], $c["at"], $c["new"] }' |
	    sort >e.txt
	awk -v FS='\t' -v day="$1" '
	    FILENAME == "e.txt" { split($0, e, " ")
		if (e[3] < day) state[e[2]] = e[4]; next }
	    FNR == 1 { next }
	    FILENAME == "t.tsv" && $2 < day { n[$3]++
		if ($2 > last[$3]) last[$3] = $2 }
	    FILENAME == "k.tsv" && $2 < day { k[$3]++
		open[$3] += state[$1] != "closed" }
	    END { print "customer_id\ttouches\tlast_touch\ttickets\topen_tickets"
		for (i = 1; i <= 20; i++) { c = sprintf("C%010d", i)
		    printf "%s\t%d\t%s\t%d\t%d\n", c, n[c], last[c], k[c],
			open[c] } }' e.txt t.tsv k.tsv
}

for day in 2026-01-01 2026-02-11 2026-03-05 2026-04-20 2026-05-15 2026-05-25; do
	recount ${day}T00:00:00Z >want.tsv
	crm-customer list --at ${day}T00:00:00Z \
	    -f touches,last_touch,tickets,open_tickets >got.tsv
	ok "the figures of $day are those of awk" diff want.tsv got.tsv
done
recount 2026-06-01T00:00:01Z >want.tsv
CRM_NOW='' crm-customer list -f touches,last_touch,tickets,open_tickets >got.tsv
ok 'and so are those that are kept' diff want.tsv got.tsv

# words of all tickets, moved about
works crm-ticket merge T2 T3 T4 T5
crm-touch list -w 'about = "T0000000006" or about = "T0000000007"' -f touch_id \
    >moved.tsv
works crm-touch set - --about T8 <moved.tsv
crm-touch list -w 'about = "T0000000009"' -f touch_id --no-header >moved
while read -r t; do
	crm-touch set "$t" --about T3 </dev/null >/dev/null
done <moved
ok 'some were moved' test -s moved
works crm-store check
run crm-ticket get T6 T7 T9 -f words
out_is "ticket_id	words
T0000000006	
T0000000007	
T0000000009	" 'nothing was said of those any more'
works crm-store rebuild
CRM_NOW='' crm-customer list -f touches,last_touch,tickets,open_tickets >kept.tsv
recount 2026-06-01T00:00:01Z >want.tsv
ok 'after merging and moving, too' diff want.tsv kept.tsv
works crm-store check
# what each ticket keeps is what its thread says up to that day
crm-ticket list --at 2026-05-15 -f words,last_at | sort >got.tsv
crm-ticket thread --at 2026-05-15 -w 'what = "word"' -f ticket_id,at |
    awk -v FS='\t' 'NR > 1 { n++ } END { print n }' >words
awk -v FS='\t' '/^T/ { n += $2 } END { print n }' got.tsv >sum
ok 'as many words as there are' diff words sum
done_testing
