#!/bin/sh
# Everything that happened with a customer, and the card of one.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
rm -rf "$CRM_STORE"
crm-store init --currency EUR --country DE --timezone Europe/Berlin
{
	crm-customer add --given Ann --family Meyer --email ann@example.org \
	    --tier gold --street 'Weg 1' --postcode 10115 --city Berlin
	crm-customer add --name 'Bo Li'
	crm-customer stage C1 established --at 2026-04-01 --why 'first order'
	crm-customer consent C1 --channel email --purpose offers --grant \
	    --at 2026-04-02 --source web --wording 'yes please'
	crm-customer consent C1 --channel email --purpose offers --revoke \
	    --at 2026-04-12
	crm-order add --customer C1 --number '#1001' --channel web \
	    --placed 2026-04-01T12:00Z --line '"Mug" x 2 @ 12' --line '"Cup" @ 5'
	crm-order pay O1 --at 2026-04-02 --method card
	crm-order ship O1 --at 2026-04-03 --reference DHL123
	crm-order return O1 --line 1 --quantity 1 --reason damaged \
	    --at 2026-04-10
	crm-order add --customer C1 --placed 2026-05-30T12:00Z --line '"Pot" @ 50'
	crm-order add --customer C2 --placed 2026-05-30T12:00Z --line '"Pan" @ 9'
	crm-task add --title 'call back about the pot' --about O2 \
	    --due 2026-06-13 --assignee bob --created 2026-05-31
	crm-task add --title 'send the card' --about C1 --due 2026-06-03 \
	    --created 2026-05-31
	crm-task add --title 'of somebody else' --about C2 --due 2026-06-03
	crm-task done K2 --result 'sent' --at 2026-05-31T08:00Z ||
	    crm-task done K2 --result 'sent'
} >/dev/null 2>"$err" || diag "$(cat "$err")"

run crm-customer timeline C1 -f what,text
status_is 0
cut -f 2,3 "$out" | sed 1d >told
cat >want <<EOF2
stage	customer: established: first order
order	#1001: 2 x Mug, 1 x Cup
pay	card
consent	email/offers: granted: yes please
ship	DHL123
return	line 1, quantity 1: damaged
consent	email/offers: revoked
order	1 x Pot
task	call back about the pot
task	send the card
done	send the card: sent
EOF2
same 'in time' told want

crm-customer timeline C1 -f about | sed -n '4p;10p' >about
is 'what it is about' "$(cut -f 2 about | xargs)" 'O0000000001 O0000000002'
run crm-customer timeline email:ann@example.org --since 2026-04-03 \
    --until 2026-05-01 --count
out_is 3
run crm-customer timeline C1 --at 2026-04-03 -f what --format value
is 'by then' "$(xargs <"$out")" 'stage order pay consent'
run crm-customer timeline C1 --as-of rev:7 -f what --format value
is 'as it was known' "$(xargs <"$out")" 'stage order consent consent'
run crm-customer timeline C1 --sort -at --limit 1 -f what --format value
out_is 'done'
run crm-customer timeline C1 -w 'what = "pay"' -f amount,currency --no-header
out_is "O0000000001-e1${TAB}29.00${TAB}EUR"

# Changes have the real clock's times.
crm-customer set C1 --tier silver --city Hamburg --why 'moved' >/dev/null
env -u CRM_NOW crm-customer timeline C1 -w 'revision is not empty' \
    -f what,text,revision,actor >changes
is 'added' "$(sed -n 2p changes | cut -f 2)" added
is 'changed' "$(sed -n '$p' changes | cut -f 2,3)" \
    "changed${TAB}moved; city Berlin -> Hamburg; tier gold -> silver"

run crm-customer show C1
status_is 0
for row in "who${TAB}name${TAB}Ann Meyer" "who${TAB}tier${TAB}silver" \
    "reach${TAB}email${TAB}ann@example.org" \
    "reach${TAB}address${TAB}Weg 1, 10115 Hamburg" \
    "reach${TAB}consent${TAB}email/offers: revoked" \
    "figures${TAB}orders${TAB}2" "figures${TAB}revenue${TAB}79.00 EUR" \
    "open${TAB}order${TAB}placed, 50.00, EUR, unpaid" \
    "promised${TAB}task${TAB}call back about the pot"; do
	out_has "$row"
done
is 'one promise' "$(grep -c "${TAB}promised${TAB}" "$out")" 1
is 'one word on a consent' "$(grep -c "${TAB}consent${TAB}" "$out")" 1
run crm-customer show C1 --at 2026-04-05 -w 'section = "figures"' -f what,text
out_has "orders${TAB}1"
run crm-customer show C2 -w 'section = "promised"' -f text --no-header
out_has 'of somebody else'
run crm-customer show C2 --format json
status_is 0
run crm-customer show C9
status_is 1
run crm-customer timeline
status_is 64
run crm-customer timeline C1 C2
status_is 64

# Relations, from either side, as they stand on the day.
crm-relation add --from C2 --relation supplies --to C1 --since 2026-05-01 >/dev/null
crm-relation add --from C1 --relation employs --to C2 --until 2026-05-01 >/dev/null
run crm-customer show C1 -f what,text
out_has "RL0000000001${TAB}supplied by${TAB}C2 "
out_lacks 'employs' 'one that is over is not on the card'
run crm-customer show C2 -f what,text
out_has "RL0000000001${TAB}supplies${TAB}C1 Ann Meyer"
run crm-customer timeline C2 -w 'what = "relation"' -f text
out_has "${TAB}C2 supplies C1"
out_has "${TAB}C1 employs C2"

# Tickets and contacts, by the same rule as everything else.
crm-ticket open --customer C2 --subject 'pan bent' --type complaint \
    --channel mail --text 'it came bent' --about O3 --opened 2026-05-31 >/dev/null
crm-ticket reply T1 --text 'a new one comes' --agent bob --at 2026-05-31T08:00Z \
    >/dev/null
crm-task add --title 'look for the pan' --about T1 --due 2026-06-09 >/dev/null
run crm-customer timeline C2 --since 2026-05-31 -f what,text,channel
for row in "ticket${TAB}complaint: pan bent${TAB}mail" \
    "touch${TAB}in: it came bent${TAB}mail" \
    "touch${TAB}out: a new one comes${TAB}mail" \
    "state${TAB}new -> waiting" "task${TAB}look for the pan"; do
	out_has "$row"
done
run crm-customer show C2
out_has "open${TAB}ticket${TAB}pan bent, complaint, normal, waiting, agent"
out_has "promised${TAB}task${TAB}look for the pan"
out_has "figures${TAB}open_tickets${TAB}1"
cat >>"$CRM_STORE/crm.yaml" <<EOF2
segments:
  new: { where: 'orders <= 1' }
  big: { where: 'orders > 1' }
EOF2
crm-store apply >/dev/null
run crm-customer show C2 -w 'what = "segment"' -f text --no-header
out_is "C0000000002${TAB}new"
crm-customer erase C1 >/dev/null 2>&1
run crm-customer timeline C1
status_is 1
done_testing
