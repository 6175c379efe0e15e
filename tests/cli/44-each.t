#!/bin/sh
# --each: a commit for each record of a stream, told as soon as it is done.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
works crm-customer add --name Ann
printf 'customer_id\tnumber\ttext\tquantity\tprice\n' >head.tsv
{
	cat head.tsv
	printf 'C1\tA1\tbread\t1\t2.00\n\t\tmilk\t2\t1.50\n'
	printf 'C1\tA2\tbread\t3\t2.00\n'
	printf 'C1\tA3\ttea\t1\t9.00\nC1\tA3\tcup\t1\t4.00\n'
} >orders.tsv
works crm-order add --each -f number,total - <orders.tsv
out_is "order_id	number	total
O0000000001	A1	5.00
O0000000002	A2	6.00
O0000000003	A3	13.00" 'printed without being asked to'
run crm-log list --limit 9 -f revision,change,added
out_has "3	3	1
4	4	1
5	5	1" 'a revision and a change each'
run crm-customer get C1 -f orders,revenue
out_has "3	24.00" 'the figures are those of all'
works crm-log undo 4
run crm-order list -f number
out_is "order_id	number
O0000000001	A1
O0000000003	A3" 'one is taken back by itself'
works crm-store check

# Whoever waits for the answer before the next one gets it.
mkfifo to from
crm-customer add --each --no-header -f name - <to >from 2>told &
exec 3>to 4<from
printf 'name\nBob\n' >&3
read -r id name <&4
is 'told while stdin is open' "$id $name" 'C0000000002 Bob'
works crm-customer set C2 --tier gold # nobody holds the lock
printf 'Cid\n' >&3
read -r id name <&4
is 'and the next' "$id $name" 'C0000000003 Cid'
exec 3>&- 4<&-
wait
ok 'nothing to complain of' test ! -s told

# What is wrong stops it, or is passed over; what came before stays.
{
	cat head.tsv
	printf 'C1\tB1\ttea\t1\t9.00\nC1\tB2\ttea\tx\t9.00\n'
	printf 'C1\tB3\ttea\t1\t9.00\n'
} >bad.tsv
run crm-order add --each --no-header -f number - <bad.tsv
status_is 65
out_is 'O0000000004	B1'
err_has "stdin:3: quantity: 'x' is not a decimal number"
err_has 'committed as revision 10'
sed 's/	B/	D/' bad.tsv >more.tsv
run crm-order add --each --keep-going --rejects wrong.tsv --no-header \
    -f number - <more.tsv
status_is 2
out_is "O0000000005	D1
O0000000006	D3"
ok 'the row is kept' grep -q '^C1	D2	tea' wrong.tsv
printf 'C1\tE1\ttea\t1\t9' | cat head.tsv - >cut.tsv
fails 65 'last line has no end' crm-order add --each - <cut.tsv

# set, and what happens to orders: a revision each, the same record twice too
printf 'customer_id\ttier\nC1\tgold\nC1\tsilver\n' >tiers.tsv
works crm-customer set --each -f tier - <tiers.tsv
out_is "customer_id	tier
C0000000001	gold
C0000000001	silver"
printf 'order_id\tamount\nO1\t1.00\nO1\t4.00\n' >paid.tsv
works crm-order pay --each --no-header -f paid - <paid.tsv
out_is "O0000000001	1.00
O0000000001	5.00"
run crm-log list --sort -revision --limit 4 -f command,changed
out_is "revision	command	changed
16	crm-order pay	1
15	crm-order pay	1
14	crm-customer set	1
13	crm-customer set	1"

# many at once, more than are committed together
awk 'BEGIN { print "name"; for (i = 0; i < 700; i++) print "N" i }' >many.tsv
works crm-customer add --each --no-header -f name - <many.tsv
is 'all are told' "$(wc -l <"$out" | tr -d ' ')" 700
fails 64 "there is no option '--each'" crm-customer list --each -
is 'and there' "$(crm-customer list --count)" 703
works crm-store check

fails 64 'stdin is read when - is an operand' crm-order add --each --line 'P1'
fails 64 'does not go with --key' crm-order add --each --key k - <orders.tsv
fails 64 'does not go with --dry-run' crm-order add --each -n - <orders.tsv
done_testing
