#!/bin/sh
# crm-rate: a plain noun, and what a rate may not be.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
works crm-rate add --currency USD --day 2026-05-04 --rate 0.9012 --source ecb
out_is "rate_id	currency	day	rate	source
X0000000001	USD	2026-05-04	0.9012	ecb"
printf 'currency\tday\trate\nUSD\t2026-05-05\t0.9\nJPY\t2026-05-05\t0.0061\n' \
    >rates.tsv
works crm-rate add --source ecb - <rates.tsv
run crm-rate list -w 'currency = "USD"' --sort -day -f day,rate
out_is "rate_id	day	rate
X0000000002	2026-05-05	0.9
X0000000001	2026-05-04	0.9012"
works crm-rate set X1 --rate 0.95
run crm-rate get X1 -f rate --format value --no-header
out_has 0.95
fails 65 "'EUR' is the store's own currency" crm-rate add --currency EUR \
    --day 2026-05-04 --rate 1
fails 65 "'usd' is not an ISO 4217 currency" crm-rate add --currency usd \
    --day 2026-05-04 --rate 1
fails 65 'a rate above 0 is wanted' crm-rate add --currency USD \
    --day 2026-05-04 --rate 0
fails 65 'a value is needed' crm-rate add --currency USD --rate 1
fails 65 'is not a date' crm-rate add --currency USD --day 2026-02-30 --rate 1

# An order takes the latest of the week before its day, and keeps it.
works crm-order add --currency USD --line '"a" @ 10' \
    --placed 2026-05-04T21:59:59Z -f rate,base_total
out_has "0.95	9.50"
works crm-order add --currency USD --line '"a" @ 10' \
    --placed 2026-05-04T22:00:00Z -f rate,base_total
out_has "0.9	9.00" "the day is the store's"
works crm-order add --currency JPY --line '"a" @ 1000' \
    --placed 2026-05-12T12:00:00Z -f total,rate,base_total
out_has "1000	0.0061	6.10" 'a rate of seven days ago'
fails 65 "no rate for 'JPY' of '2026-05-13'" crm-order add --currency JPY \
    --line '"a" @ 1000' --placed 2026-05-13T12:00:00Z
works crm-order add --currency JPY --rate 0.007 --line '"a" @ 1000' \
    --placed 2026-05-13T12:00:00Z -f base_total
out_has 7.00 "the order's own rate"
works crm-rate rm X3
run crm-order list -w 'currency = "JPY"' -f base_total --format value
out_has 6.10 'later rates never move old figures'
done_testing
