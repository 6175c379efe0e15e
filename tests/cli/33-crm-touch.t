#!/bin/sh
# crm-touch: contacts, their gaps, and the figures that come of them.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
CRM_NOW=2026-05-04T10:00:00Z CRM_ACTOR=ann
export CRM_NOW CRM_ACTOR
works crm-customer add --name Bo --email bo@example.org
works crm-customer add --name Al --email al@example.org
works crm-order add --customer C2 --line '"a" @ 10' --number 1001

works crm-touch log email:bo@example.org --channel phone --direction in \
    --subject 'asks' --cost 1.5 --duration 90
out_is "touch_id	customer_id	at	channel	direction	subject	about	agent	cost	duration
H0000000001	C0000000001	2026-05-04T10:00:00Z	phone	in	asks		ann	1.50	90"
works crm-touch add --about order/number:1001 --channel mail --direction in \
    --at 2026-05-04T08:00:00Z -f customer_id,agent
out_is "touch_id	customer_id	agent
H0000000002	C0000000002	" 'the customer is that of the order'
fails 65 'direction: a value is needed' crm-touch log C1 --channel phone
err_has 'one of in, out'
fails 65 'channel' crm-touch log C1 --channel pigeon --direction in
fails 65 '0 or more is wanted' crm-touch log C1 --channel mail \
    --direction out --cost -1
fails 65 '0 or more is wanted' crm-touch log C1 --channel mail \
    --direction out --duration -1
fails 65 "'tomorrow' is not a time" crm-touch log C1 --channel mail \
    --direction out --at tomorrow
works crm-touch log C1 --channel mail --direction out --at 2h --dry-run
out_has 'at		'
works crm-touch log C1 --channel mail --direction out --at yesterday --dry-run
out_has 'at		'
printf 'customer_id\tname\tsubject\nC1\tAnn\thello\n' >subjects.tsv
fails 65 "'subject' of each from an option" crm-touch log - --channel mail \
    --direction out <subjects.tsv
fails 1 'nobody@example.org' crm-touch log email:nobody@example.org \
    --channel mail --direction out

# the figures: without CRM_NOW those that are kept, else counted
works crm-touch log C1 --channel mail --direction out --at 2026-05-05T10:00:00Z
CRM_NOW=
run crm-customer list -f touches,last_touch
out_is "customer_id	touches	last_touch
C0000000001	2	2026-05-05T10:00:00Z
C0000000002	1	2026-05-04T08:00:00Z"
run crm-customer list --at 2026-05-04T09:00:00Z -w 'touches = 1' -f last_touch
out_is "customer_id	last_touch
C0000000002	2026-05-04T08:00:00Z"
works crm-touch set H3 --at 2026-05-03T10:00:00Z
run crm-customer get C1 -f last_touch --format value
out_is 2026-05-04T10:00:00Z 'the last one is looked for when it goes'
works crm-touch set H3 --customer C2
run crm-customer list -f touches
out_is "customer_id	touches
C0000000001	1
C0000000002	2"
works crm-touch rm H1
run crm-customer get C1 -f touches,last_touch --format value
out_is "0	"
works crm-log undo "$(crm-log list --sort -revision --limit 1 -f revision --format value)"
run crm-customer get C1 -f touches,last_touch --format value
out_is "1	2026-05-04T10:00:00Z" 'undo brings them back'
run crm-customer get C1 -f touches,last_touch --as-of rev:7 --format value
out_is "2	2026-05-05T10:00:00Z" 'what was known then'
works crm-store check
works crm-store rebuild
works crm-store check
run crm-customer list -f touches,last_touch
out_is "customer_id	touches	last_touch
C0000000001	1	2026-05-04T10:00:00Z
C0000000002	2	2026-05-04T08:00:00Z" 'a rebuild gives the same'

# gaps
works crm-touch log C2 --channel phone --direction out --agent bea \
    --at 2026-05-04T08:30:00Z
works crm-touch log C2 --channel phone --direction in --duration 60 \
    --at 2026-05-04T09:00:00Z
works crm-touch log C2 --channel web --direction in --about C1 \
    --at 2026-05-04T09:10:00Z
works crm-touch log C2 --channel mail --direction out --about O1 \
    --at 2026-05-04T09:20:00Z
run crm-touch gap -f channel,answered,answer_channel,agent,gap -w 'customer_id = "C2"'
out_is "touch_id	channel	answered	answer_channel	agent	gap
H0000000002	mail	2026-05-04T08:30:00Z	phone	bea	1800
H0000000005	phone	2026-05-04T09:00:00Z	phone	ann	0
H0000000006	web				"
run crm-touch gap --at 2026-05-04T08:15:00Z -f gap
out_is "touch_id	gap
H0000000002	" 'not answered by then'
crm-customer get C1 >one.tsv
run crm-touch gap -f gap - <one.tsv
out_is "touch_id	gap
H0000000001	0"
fails 64 "'C1' is no operand of gap" crm-touch gap C1

# a stream of customers, and back
crm-customer list -w 'touches > 1' >two.tsv
works crm-touch log - --channel post --direction out --campaign may <two.tsv
run crm-touch list -w 'campaign = "may"' -f customer_id
out_is "touch_id	customer_id
H0000000008	C0000000002"
run crm-touch list --of customer_id - -f channel <one.tsv
out_is "touch_id	channel
H0000000001	phone"
crm-customer list >all.tsv
run crm-touch list --of about --on customer_id - -f channel <all.tsv
out_is "touch_id	channel
H0000000006	web"
fails 64 'holds ids of any kind' crm-touch list --of about - <all.tsv
fails 64 "'subject' is no column of ids" crm-touch list --of subject - <all.tsv
works crm-touch identify H1 call:77
run crm-touch get call:77 -f channel --format value
out_is phone

# who is referred to stays; what is said of somebody goes with them
fails 65 'H1 refers to it' crm-customer rm C1
works crm-touch set H1 --text 'Bo Peep, 12 Lost Lane'
run crm-customer export C1
out_has 'Bo Peep' 'an export has contacts'
works crm-customer erase C1
out_has "C0000000001	0	0	2	0" 'also the one that was thought to be theirs'
run crm-touch get H1 -f customer_id,channel,subject,text --format value
out_is "C0000000001	phone		"
works crm-store check
not_ok 'nothing is left of it' grep -rqa 'Lost Lane' "$CRM_STORE"
done_testing
