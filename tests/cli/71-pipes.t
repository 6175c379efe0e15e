#!/bin/sh
# Commands piped into each other: every pair ends, nothing is lost, nothing
# reads stdin that was not asked to, and a pipe does not make a store grow.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store

# What is wrong with rows is said to a pipe that nobody reads: the lock is given
# back all the same, and what was said comes when somebody does.
awk 'BEGIN { print "name\temail"
	for (i = 1; i <= 3000; i++)
		printf "n%d\t%s\n", i, i % 2 ? "n" i "@x.org" : "no address" }' >in
for way in add import; do
	mkfifo said
	case $way in
	add) set -- crm-customer add - --keep-going ;;
	*)	cat >map.yaml <<-EOF
			map: m
			help: two columns
			source: m
			match: [name, email]
			dialect: {sep: tab, quote: none}
			records:
			  - kind: customer
			    id: name
			    set:
			      name: name
			      phone: email
		EOF
		set -- crm-import --map map.yaml --keep-going - ;;
	esac
	sh -c 'exec 3<>said; : >opened; exec sleep 20' &
	keeper=$!
	while [ ! -e opened ]; do sleep 0.01; done
	"$@" <in >/dev/null 2>said &
	writer=$!
	i=0
	while [ "$(crm-log list --count --no-header)" = 1 ] && [ $i -lt 100 ]; do
		sleep 0.05
		i=$((i + 1))
	done
	ok "$way: others write while nobody reads what it says" \
	    crm-customer add --name Other --wait 5s
	cat said >heard &
	reader=$!
	sleep 0.2
	kill "$keeper"
	wait "$writer"
	is "$way: it has done a part" "$?" 2
	wait "$reader"
	is "$way: and says why" "$(grep -c 'no address' heard)" 1500
	rm -rf said opened "$CRM_STORE"
	crm-store init --currency EUR
done

# Pairs that would wait for each other must fail, not hang.
within()
{
	timeout 60 sh -c "$1" >"$out" 2>"$err"
	status=$?
	ran=$1
}

# More than a pipe holds: 64 KiB.
awk 'BEGIN { print "name\tcity\ttags\tnote"
	for (i = 1; i <= 5000; i++)
		printf "n%05d\tBerlin\tall\t%s\n", i, "some words to fill the pipe" }' >in
works crm-customer add - <in
works crm-product add - <<-EOF
	sku
	A1
EOF
awk 'BEGIN { print "customer_id\tnumber\tplaced\tproduct_id\tquantity\tprice"
	for (i = 1; i <= 3000; i++)
		printf "C%d\tn%d\t2026-05-01\tsku:A1\t1\t1.50\n", i % 700 + 1, i }' >in
works crm-order add - <in

# ---- every pair ends: writers and readers, on both sides ----
# Each left side prints a stream with customer_id in it.
left="crm-customer list
crm-customer list -f customer_id,city
crm-customer list -w 'name ~ \"7\"' --sort -name -f customer_id,city
crm-customer get C1 C2 -f city
crm-customer list -f customer_id | crm-customer get - -f city
crm-customer set - --tier a --print <ids
crm-customer tag - +x --print <ids
crm-customer stage - maintained --print <ids
crm-customer consent - --channel email --purpose offers --grant --print <ids
crm-customer add - --print <small
crm-customer identities
crm-customer roles -f customer_id,role
crm-customer list --limit 0
crm-order list
crm-order lines
crm-order list --of customer_id - <ids
crm-order get O1 O2
crm-order list -f customer_id | crm-order get - -f channel
crm-order tag - +z --print <orders
crm-order pay - --print <orders
crm-rfm"
right="crm-customer list -
crm-customer get - --on customer_id -f region,language
crm-customer set - --city Bonn
crm-customer set - --city Ulm --print
crm-customer tag - +y
crm-customer stage - broken --print
crm-customer consent - --channel post --purpose offers --grant
crm-customer roles -
crm-order list --of customer_id -
crm-order lines --of customer_id -
crm-order list -
crm-order get - -f branch
crm-order tag - +y --print
crm-order ship -
crm-rfm -
crm-rows --count
crm-body sort -r"
crm-customer list -f customer_id >ids
crm-order list -f customer_id --limit 1000 >orders
printf 'name\nsmall\n' >small
echo "$left" >left
echo "$right" >right
while read -r l <&3; do
	while read -r r <&4; do
		case $r in
		*' set -'*) # takes nothing but what it may change
			within "$l | sed 1d | cut -f 1 | sed 's/-.*//' | $r -i" ;;
		*) within "$l | $r" ;;
		esac
		case $status in
		0 | 65) pass "$l | $r" ;; # 65: ids of another kind than it takes
		*) fail "$l | $r" || tap_seen ;;
		esac
	done 4<right
done 3<left

# ---- what they do ----
all=$(crm-customer list --count)
within 'crm-customer list -f customer_id | crm-customer set - --tier first --print |
    cut -f 1 | crm-customer set - --tier second --print | cut -f 1 |
    crm-customer list - | crm-rows --count'
status_is 0
out_is "$all" 'three writers and two readers in a row see every record'
is 'and the last word stays' "$(crm-customer list -w 'tier = "second"' --count)" "$all"

# ---- stdin is nobody's but -'s ----
run crm-customer list --count </dev/null
out_is "$all" 'list under </dev/null lists all'
n=0
printf 'C1\nC2\nC3\n' >three
while read -r id; do
	n=$((n + 1))
	crm-customer list --count >/dev/null
	crm-customer set "$id" --tier loop >/dev/null
	crm-customer get "$id" >/dev/null
done <three
is 'a loop keeps its input' $n 3
run crm-customer list --count <&-
out_is "$all" 'with stdin closed'
run crm-customer list - --count </dev/null
out_is 0 'the empty stream chooses nobody'

# ---- SIGPIPE ----
run sh -c 'crm-customer list | head -n 1 >/dev/null'
err_empty 'a reader that leaves is no message'
sh -c 'trap "" PIPE; { crm-customer list; echo $? >code; } 2>said | head -n 1 >/dev/null'
is 'with SIGPIPE ignored, too' "$(cat said)" ''
is 'it ends as by the signal' "$(cat code)" 141
run sh -c 'trap "" PIPE; crm-customer list --count'
out_is "$all" 'an ignored SIGPIPE changes nothing else'
{ crm-customer set - --tier pipe --print <ids; echo $? >code; } 2>/dev/null | head -n 1 >/dev/null
is 'a writer whose reader leaves has written' \
    "$(crm-customer list -w 'tier = "pipe"' --count)" "$(sed 1d ids | wc -l | tr -d ' ')"

# ---- a killed producer ----
crm-customer list -f customer_id,city | head -c 20000 >cut.tsv
fails 65 'stdin:' crm-customer set - --tier cut <cut.tsv
err_has 'last line'
printf 'name\ncut' >cut.tsv
fails 65 'last line' crm-customer add - <cut.tsv
printf 'customer_id\nC1' >cut.tsv
works crm-customer list - <cut.tsv
is 'nothing was written' "$(crm-customer list -w 'tier = "cut" or name = "cut"' \
    --count)" 0

# ---- list | set - and the size of the store ----
CRM_STORE=$T/big
new_store
awk 'BEGIN { print "name\temail\tcity\ttier"
	for (i = 1; i <= 50000; i++)
		printf "Name %d\tn%d@example.org\tBerlin\tgold\n", i, i }' |
    crm-customer add -
size()
{
	du -k "$CRM_STORE"/data/data.mdb | cut -f 1
}
before=$(size)
within 'crm-customer list | crm-customer set - --tier silver'
status_is 0
after=$(size)
is 'all 50,000 are set' "$(crm-customer list -w 'tier = "silver"' --count)" 50000
diag "list | set - over 50,000: $before KiB before, $after after, $(awk \
    "BEGIN { printf \"%.2f\", $after / $before }") times"
ok 'the store is less than 1.5 times as large' \
    test $((after * 10)) -lt $((before * 15))

# ---- get keeps what it found only while the store is as it was ----
CRM_STORE=$T/kept
new_store
works crm-customer add --name 'Ann of old' --email ann@example.org
works crm-customer add --name 'Bob of old' --email bob@example.org
awk 'BEGIN { print "customer_id"
	for (i = 0; i < 200000; i++)
		print i % 2 ? "C1" : "email:bob@example.org" }' >refs
mkfifo looked
crm-customer get - -f name --missing keep <refs >looked &
exec 3<looked
read -r _ <&3
read -r first <&3
# the second batch waits until there is room in the pipe
works crm-customer set C1 --name 'Ann'
works crm-customer rm C2
cat <&3 >rest
exec 3<&-
wait
is 'the first batch is of before' "$first" "C0000000002${TAB}Bob of old"
is 'the last row is of now' "$(tail -n 1 rest)" "C0000000001${TAB}Ann"
is 'and so is what a reference names' "$(tail -n 2 rest | head -n 1)" \
    "email:bob@example.org${TAB}"
is 'each row is of before or of now, in this order' "$(cut -f 2 rest |
    awk '{ old = / of old$/; turns += NR > 1 && old != was; was = old }
    END { print NR, turns }')" '199999 1'

# ---- a dry run into a pipe that nobody empties ----
within 'crm-customer list | crm-customer set - -n --tier gold |
    { read -r header; crm-customer add --name Late --wait 5 >late; cat; }'
status_is 0
ok 'a dry run that waits for its reader does not keep the lock' test -s late
done_testing
