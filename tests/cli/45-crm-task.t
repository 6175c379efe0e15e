#!/bin/sh
# crm-task: what is due, whose, closing and putting off; what a task may be.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

CRM_NOW=2026-05-04T10:00:00Z CRM_ACTOR=eva
export CRM_NOW CRM_ACTOR
new_store
crm-customer add --name Ann --email ann@example.org -q >/dev/null
crm-order add --customer C1 --line '"a" @ 10' --placed 2026-05-01 -q >/dev/null

works crm-task add --title 'call Ann' --about customer/email:ann@example.org \
    --due 2026-05-04 --assignee eva
out_is "task_id	title	about	due	assignee	priority	state
K0000000001	call Ann	C0000000001	2026-05-03T22:00:00Z	eva	normal	open"
works crm-task add --title parcel --about O1 --due 3d --priority high -f due
out_has 2026-05-07T10:00:00Z 'a length of time is from now on'
works crm-task add --title late --due '2026-05-04 23:59' --assignee bo
works crm-task add --title tomorrow --due tomorrow --assignee eva -f due
out_has 2026-05-04T22:00:00Z 'tomorrow is a day of the store'
works crm-task add --title 'some day'

ids() { run crm-task list --no-header -f title "$@" --format value; }
ids --due
out_is 'call Ann
late' 'due is all day'
ids --due --mine
out_is 'call Ann'
ids --mine --sort title
out_is 'call Ann
tomorrow'
CRM_ACTOR='a "quoted" \one' ids --mine
status_is 0 'a name may hold anything'
out_empty
ids --due --at 2026-05-05
out_is 'call Ann
late
tomorrow' 'due on another day'
ids --open --until 2026-05-08
out_is 'call Ann
parcel
late
tomorrow'

works crm-task done K1 --result 'all is well' -f state,result
out_has "done	all is well"
run crm-task get K1 -f closed --format value
out_is 2026-05-04T10:00:00Z
works crm-task done K1
fails 65 'K1 is done' crm-task drop K1
fails 65 'K1 is done' crm-task snooze K1 3d
works crm-task set K1 --state open -f closed
out_is "task_id	closed
K0000000001	"
works crm-task done K1 --at 2026-05-03
fails 64 'is still to come' crm-task done K3 --at 2026-06-01
CRM_NOW=2026-05-05T10:00:00Z ids -w 'state = "done"'
out_is 'call Ann'
run crm-task list -w 'state = "done"' --at 2026-05-02T10:00:00Z --count
out_is 0 'it was not there then'
works crm-task set K3 --state dropped -f state,closed
out_has "dropped	2026-05-04T10:00:00Z"
CRM_NOW=2026-05-04T12:00:00Z
works crm-task done K4 -q
run crm-task get K4 -f state --at 2026-05-04T11:00:00Z --format value
out_is open 'open until it was closed'

works crm-task assign K2 bo -f assignee
out_has bo
works crm-task snooze K2 2026-06-01 -f snoozed,due
out_has "2026-05-31T22:00:00Z	2026-05-07T10:00:00Z"
CRM_NOW=2026-05-20T10:00:00Z ids --due
out_is '' 'put off'
CRM_NOW=2026-06-01T10:00:00Z ids --due
out_is parcel
fails 64 'not later than now' crm-task snooze K2 today
fails 64 'is not a time' crm-task snooze K2 soon
err_has '2h, 3d'
crm-task list -w 'state = "open"' -f title >"$T/open"
works crm-task done - --result swept <"$T/open"
run crm-task list --open --count
out_is 0

fails 65 'a value is needed' crm-task add --due today
fails 64 'is not a time' crm-task add --title x --due never
fails 65 'needs to be due some time' crm-task add --title x --every 1w
fails 65 "'weekly' is not a length of time of a minute or more" \
    crm-task add --title x --due today --every weekly
fails 65 "'30s' is not a length of time of a minute" \
    crm-task add --title x --due today --every 30s
fails 65 "'9999y' is not a length" \
    crm-task add --title x --due today --every 9999y
fails 65 'it wants --every' crm-task add --title x --due today --mode after
fails 65 'more than 10000 dates have passed' crm-task add --title x \
    --due 1990-01-01 --every 1d --mode catch_up
fails 65 'is not one of open, done, dropped' crm-task set K1 --state closed
fails 65 'O1 cannot be removed: K2 refers to it' crm-order rm O1
run crm-store check -q
status_is 0
done_testing
