#!/bin/sh
# --at and CRM_NOW: what had happened by then, for customers, orders and parts.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
new_store

# A past that is entered today: two customers, one with orders of last year.
works crm-customer add --name Ann --stage prospect
works crm-customer add --name Bo
works crm-product add --sku A --price 10
works crm-order add --customer C1 --placed 2025-03-01T10:00:00Z \
    --line 'sku:A x 2' --pay 20
works crm-order return O1 --line 1 --quantity 1 --amount 10 \
    --at 2025-04-01T10:00:00Z
works crm-order cancel O1 --line 1 --quantity 1 --at 2025-05-01T10:00:00Z
works crm-order add --customer C1 --placed 2025-06-01T10:00:00Z \
    --line 'sku:A x 1' --channel web
works crm-order add --placed 2025-07-01T10:00:00Z --line 'sku:A x 5'

# shown COMMAND...: the rows without the header, blanks between.
shown()
{
	"$@" | sed 1d | tr '\t' ' '
}
is 'a customer is there from the first order' \
    "$(shown crm-customer list --at 2025-03-02 -f orders,revenue)" \
    'C0000000001 1 20.00'
is 'nobody before' "$(shown crm-customer list --at 2025-03-01 -f orders)" ''
is 'the one without orders since the record was made' \
    "$(shown crm-customer list -f orders)" 'C0000000001 2
C0000000002 0'
is 'figures after the return' \
    "$(shown crm-customer list --at 2025-04-02 -f orders,revenue)" \
    'C0000000001 1 10.00'
is 'an order before its return' \
    "$(shown crm-order list --at 2025-03-15 -f revenue,refunded,items)" \
    'O0000000001 20.00 0.00 2'
is 'and after it' \
    "$(shown crm-order list --at 2025-04-15 -f revenue,refunded,items)" \
    'O0000000001 10.00 10.00 1'
is 'its line then' \
    "$(shown crm-order lines --at 2025-03-15 -f quantity,returned)" \
    'O0000000001-1 2 '
is 'its events then' "$(shown crm-order track --at 2025-03-15 -f what)" \
    'O0000000001-e1 pay'
is 'get shows it as it was' \
    "$(shown crm-order get O1 --at 2025-03-15 -f refunded)" \
    'O0000000001 0.00'
is 'a join too' "$(printf 'order_id\nO1\n' |
    shown crm-order get - --at 2025-03-15 -f refunded)" 'O0000000001 0.00'
is 'get of one who was not known yet has the figures of then' \
    "$(shown crm-customer get C1 --at 2025-01-01 -f orders,revenue)" \
    'C0000000001 0 0.00'
is '--at excludes its moment' \
    "$(crm-order list --at 2025-06-01T10:00:00Z --count)" 1
is 'totals agree' "$(crm-order totals --by month --at 2025-03-15 -f net |
    field net)" 20.00

is 'CRM_NOW moves it for a whole script, its second included' "$(
	CRM_NOW=2025-06-01T10:00:00Z
	crm-order list --count
	shown crm-customer list -f orders)" '2
C0000000001 2'

# Stages have dates; tiers have none.
works crm-customer stage C1 maintained --at 2026-07-01 --why 'buys a lot'
is 'the stage of then' \
    "$(shown crm-customer list --at 2026-06-15 -w 'stage = "prospect"' \
	-f stage)" 'C0000000001 prospect'
is 'the stage of later' \
    "$(shown crm-customer get C1 --at 2026-07-02 -f stage)" \
    'C0000000001 maintained'
works crm-store check
done_testing
