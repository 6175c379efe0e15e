#!/bin/sh
# crm-ticket: threads, clocks, and what follows from who spoke.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
CRM_ACTOR=ann
export CRM_ACTOR CRM_NOW
at()
{
	CRM_NOW=2026-05-$1:00Z
}
# last EXPR: the last revision that is so
last()
{
	crm-log list -w "$1" --sort -revision --limit 1 \
	    -f revision --format value
}
at 04T08:00
works crm-customer add --name Bo --email bo@example.org
works crm-customer add --name Al --email al@example.org

# ---- a life ----
works crm-ticket open --customer C1 --type complaint --channel phone \
    --subject 'kettle leaks' --text 'it drips'
out_is "ticket_id	customer_id	opened	subject	type	priority	state	assignee	team	last_word	last_at
T0000000001	C0000000001	2026-05-04T08:00:00Z	kettle leaks	complaint	normal	new			customer	2026-05-04T08:00:00Z"
at 04T09:00
works crm-ticket assign T1 ann --team support --priority high
at 04T10:00
works crm-ticket reply T1 --text 'send it in' --cost 2
at 04T11:00
works crm-touch log --about T1 --channel mail --direction in --text 'done'
at 04T12:00
works crm-ticket reply T1 --internal --text 'arrived; spare part ordered'
works crm-ticket set T1 --state held
at 05T12:00
works crm-ticket reply T1 --text 'repaired' --state closed
at 06T12:00
works crm-ticket reply T1 --direction in --text 'it drips again'
works crm-ticket get T1 -f state,first_answer,last_word,last_at,words,reopened
out_is "ticket_id	state	first_answer	last_word	last_at	words	reopened
T0000000001	open	2026-05-04T10:00:00Z	customer	2026-05-06T12:00:00Z	5	1"
works crm-ticket close T1 --at 2026-05-06T13:00:00Z
at 07T13:00
run crm-ticket times T1 -f answer,settled,in_new,in_open,in_waiting,in_held,in_closed,reopened
out_is "ticket_id	answer	settled	in_new	in_open	in_waiting	in_held	in_closed	reopened
T0000000001	7200	190800	7200	7200	3600	86400	172800	1"
run crm-ticket times T1 -f in_waiting,settled --at 2026-05-04T10:30:00Z
out_is "ticket_id	in_waiting	settled
T0000000001	1800	"
run crm-ticket thread T1 -f what,topic,new,text
out_is "event_id	what	topic	new	text
E0000000001	state		new	
E0000000002	word	customer	phone	it drips
E0000000003	assign	assignee	ann	
E0000000004	assign	team	support	
E0000000005	assign	priority	high	
E0000000006	word	agent	phone	send it in
E0000000007	state		waiting	
E0000000008	word	customer	mail	done
E0000000009	state		open	
E0000000010	note			arrived; spare part ordered
E0000000011	state		held	
E0000000012	word	agent	phone	repaired
E0000000013	state		closed	
E0000000014	word	customer	phone	it drips again
E0000000015	state		open	
E0000000016	state		closed	"
works crm-store check

# ---- as it was ----
run crm-ticket get T1 --at 2026-05-04T08:30:00Z \
    -f state,assignee,team,priority,last_word,words,first_answer --format value
out_is "new			normal	customer	1	"
run crm-ticket get T1 --at 2026-05-05T00:00:00Z \
    -f state,state_since,assignee,reopened --format value
out_is "held	2026-05-04T12:00:00Z	ann	"
run crm-ticket list --open --at 2026-05-05T00:00:00Z -f state
out_is "ticket_id	state
T0000000001	held"
run crm-ticket list --at 2026-05-04T08:00:00Z
out_is "$(crm-ticket list --limit 0)" 'it was not there yet'
run crm-customer list -f tickets,open_tickets,touches
out_is "customer_id	tickets	open_tickets	touches
C0000000001	1	0	5
C0000000002	0	0	0"
run crm-customer list --at 2026-05-05T00:00:00Z -w 'open_tickets > 0' -f touches
out_is "customer_id	touches
C0000000001	3"
run crm-customer get C1 --as-of rev:4 -f tickets,open_tickets,touches --format value
out_is "1	1	1"

# ---- mistakes ----
fails 64 'subject or --text is wanted' crm-ticket open --customer C1
fails 65 'channel: a value is needed' crm-ticket open --customer C1 --text hello
fails 64 'to whom' crm-ticket assign T1
fails 64 '--text is wanted' crm-ticket reply T1
fails 65 'has its present state since a later time' crm-ticket reopen T1 \
    --at 2026-05-01
fails 65 'is not one of' crm-ticket set T1 --state gone
fails 65 'opened: is given when the ticket is added' crm-ticket set T1 \
    --opened 2026-05-01
fails 65 "ticket's thread" crm-touch set H1 --at 2026-05-01
fails 65 "ticket's thread" crm-touch set H1 --direction out
fails 65 'refers to it' crm-ticket rm T1
works crm-ticket reopen T1
fails 65 'T1 is not closed' crm-ticket reopen T1

# ---- merge and split, and back ----
at 08T08:00
works crm-ticket open --customer C1 --channel mail --subject 'drips' \
    --text 'mail of mine' --opened 2026-05-04T07:00:00Z
works crm-ticket identify T2 desk:88
works crm-touch log --about T2 --direction out --channel mail \
    --at 2026-05-04T07:30:00Z --text 'we have it'
crm-store dump >before.dump
crm-ticket get T1 T2 >before.tsv
works crm-ticket merge T2 T1 -f first_answer,words
out_is "ticket_id	first_answer	words
T0000000001	2026-05-04T07:30:00Z	7"
run crm-ticket get T2 desk:88 -f subject
out_is "ticket_id	subject
T0000000001	kettle leaks
T0000000001	kettle leaks" 'it leads to the other'
run crm-ticket thread T1 -w 'what = "word"' -f ticket_id,text --limit 2
out_is "event_id	ticket_id	text
E0000000019	T0000000002	mail of mine
E0000000020	T0000000002	we have it"
run crm-customer get C1 -f tickets --format value
out_is 1
works crm-store check
works crm-touch log --about T2 --direction in --channel fax --text 'again' -f about
out_is "touch_id	about
H0000000008	T0000000001" 'what is about it is about the other'
works crm-ticket split T1 H8 H6 --subject 'other matter' -f opened,words,state,subject
out_is "ticket_id	opened	words	state	subject
T0000000003	2026-05-04T07:00:00Z	2	new	other matter"
run crm-ticket get T1 -f words,first_answer,last_at --format value
out_is "6	2026-05-04T07:30:00Z	2026-05-06T12:00:00Z"
run crm-ticket thread T3 -w 'what = "word"' -f touch_id --format value
out_is "H0000000006
H0000000008"
fails 65 "H8 is no word of T1's thread" crm-ticket split T1 H8
fails 65 'itself' crm-ticket merge T1 T1
works crm-store check
works crm-store rebuild
works crm-store check
crm-store dump >all.dump
(CRM_STORE=$T/copy && export CRM_STORE && crm-store load - <all.dump >/dev/null &&
    crm-store check -q >/dev/null && crm-ticket list) >copy.tsv
crm-ticket list >here.tsv
ok 'a dump brings it all back' diff copy.tsv here.tsv
works crm-log undo "$(last 'command ~ "split"')"
run crm-ticket get T1 -f words --format value
out_is 8
works crm-log undo "$(last 'command ~ "touch log"')"
works crm-log undo "$(last 'command ~ "merge"')"
crm-ticket get T1 T2 >after.tsv
ok 'undo of all of it gives the tickets back' diff before.tsv after.tsv
works crm-store check

# ---- lists ----
works crm-ticket open --customer C2 --subject 'invoice' --assignee bea
run crm-ticket list --open -f assignee
out_is "ticket_id	assignee
T0000000001	ann
T0000000002	
T0000000004	bea"
run crm-ticket list --open --mine -f state
out_is "ticket_id	state
T0000000001	open"
crm-customer list -w 'name = "Al"' >al.tsv
run crm-ticket list --open --of customer_id - -f subject <al.tsv
out_is "ticket_id	subject
T0000000004	invoice"
works crm-ticket close - --why sweep <before.tsv
run crm-ticket list --open -f subject
out_is "ticket_id	subject
T0000000004	invoice"
run crm-ticket thread T2 -w 'new = "closed"' -f text --format value
out_is sweep 'the reason is in the thread'
run crm-ticket list --format table -f subject
works crm-ticket set T4 --note "$(printf 'bell \303\251 x')"

# ---- who is erased leaves their tickets, without a word in them ----
run crm-customer export C1
out_has 'kettle leaks'
out_has 'it drips again'
out_has 'spare part ordered'
crm-ticket times T1 T2 >before.tsv
fails 64 'INTO' crm-ticket merge -
crm-ticket list -w 'ticket_id = "T2"' >one.tsv
works crm-ticket merge - T1 <one.tsv
run crm-ticket get T2 -f words --no-header
out_has T0000000001
run crm-customer timeline C1 -w 'what = "merge"' -f text --no-header
out_has T0000000002 'a merge says of what'
works crm-customer erase C1
works crm-store check
run crm-ticket thread T1 -w 'what = "word" or what = "note"' -f subject,text
out_lacks drips
out_lacks 'mail of mine'
out_lacks 'spare part'
for text in 'kettle leaks' 'drips again' 'mail of mine' 'spare part'; do
	not_ok "'$text' is in no page" grep -rqa "$text" "$CRM_STORE"
done
run crm-ticket times T1 -f answer,reopened
out_is "ticket_id	answer	reopened
T0000000001	1800	2" 'and all clocks as they were'
run crm-customer list -f tickets,open_tickets
out_is "customer_id	tickets	open_tickets
C0000000002	1	1"

# ---- those of another system, by the maps ----
printf '%s\n' "ticket	opened	subject	customer	name	state" \
    "7	2026-01-05T10:00:00Z	lid	k1	Cy	open" \
    "8	2026-01-06T10:00:00Z	invoice	k2	Di	closed" >tickets.tsv
printf '%s\n' "touch	at	channel	direction	customer	ticket	subject" \
    "1	2026-01-05T12:00:00Z	phone	out	k1	7	hello" \
    "2	2026-01-05T11:00:00Z	mail	in	k1	7	where" \
    "3	2026-01-07T12:00:00Z	mail	in	k3		new" >touches.tsv
works crm-import --map tickets tickets.tsv
works crm-import --map touches touches.tsv
out_has '1 customer, 3 touches were added'
works crm-import --map touches touches.tsv
out_has 'nothing was added'
run crm-ticket get file:7 -f state,first_answer,last_word,last_at,words --format value
out_is "waiting	2026-01-05T12:00:00Z	agent	2026-01-05T12:00:00Z	2" \
    'a word that comes late turns nothing'
works crm-store check
# ---- what was said last is not lost in one that waits ----
at 10T08:00
works crm-customer add --name Ed --email ed@example.org
open_one()
{
	crm-ticket open --customer email:ed@example.org --channel mail \
	    --subject "$1" --text "$1" --format value -f ticket_id
}
one=$(open_one 'no lid')
works crm-ticket reply "$one" --text 'is it under the box?'
at 10T09:00
two=$(open_one 'it is not')
at 10T10:00
works crm-ticket merge "$two" "$one" -f state,last_word --no-header
out_is "$one	open	customer"
run crm-ticket thread "$one" -w 'new = "open"' -f at,old --no-header
out_has '2026-05-10T10:00:00Z	waiting'
at 10T11:00
works crm-ticket reply "$one" --text 'then we send one'
crm-customer get email:ed@example.org >ed.tsv
run crm-touch gap - -f gap --format value <ed.tsv
out_is "0
7200" 'the answer is to what was merged'
crm-ticket get "$one" >one.tsv
run crm-touch list --of about --on ticket_id - --count <one.tsv
out_is 4
at 10T12:00
three=$(open_one 'thanks')
works crm-ticket reply "$three" --text 'you are welcome'
works crm-ticket merge "$three" "$one" -f state --no-header
out_is "$one	waiting" 'one that is not ours to answer turns nothing'
works crm-store check
done_testing
