# crm-store dump and load: the same store, byte for byte, or none.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store

tabs()
{
	printf '%s\n' "$@" | tr '|' "$TAB"
}
cat >"$CRM_STORE/crm.yaml" <<'END'
currency: EUR
timezone: Europe/Berlin
country: DE
day_start: '04:00'
ignore: ['email:none@example.com']
revenue: { statuses: [placed, paid, shipped, delivered] }
fields:
  customer:
    - { name: size, type: enum, values: [s, m], help: 'of shirts; "M" is most' }
    - { name: budget, type: money, index: yes }
segments:
  vip: { where: 'revenue >= 10', help: "big\tones" }
END
crm-store apply >/dev/null
printf 'name\temail\tnote\tsize\tbudget\n' >"$T/head"
{
	cat "$T/head"
	printf 'Ann\tann@example.org\ta\\tb\\\\c\\nd\tm\t1000.00\n'
	printf '=1+1\teq@example.org\t0x1F 😀 漢字\t\t\n'
	printf '\\\\N\t\t.\t\t\n'
} >"$T/people"
works crm-customer add - <"$T/people"
works crm-product add --sku A1 --name Ball --price 2.55 --cost 1.00
works crm-order add --customer C1 --line 'sku:A1 x 6 @ 2.55' \
    --line '"gone" x 1 @ 1' --adjust 'shipping 4.90' --pay 21.20
works crm-order return O1 --line 1 --quantity 2 --refund --reason 'too big'
works crm-customer set C2 --tier gold --why 'because' --key k1
works crm-customer rm C3
works crm-store check -q

crm-store dump >"$T/a"
ok 'a dump is an archive' grep -q '^\\:store	1$' "$T/a"
run crm-store load - --store "$T/s2" <"$T/a"
status_is 0
err_empty
crm-store dump --store "$T/s2" >"$T/b"
same 'dump, load, dump' "$T/b" "$T/a"
is 'the folder is private' "$(stat -c %a "$T/s2")" 700
is 'its files, too' "$(find "$T/s2" -type f ! -perm 600)" ''
works crm-store check --store "$T/s2"
is 'the uuid is the same' "$(crm-store info --store "$T/s2" | field uuid)" \
    "$(crm-store info | field uuid)"
crm-customer list >"$T/la"
crm-customer list --store "$T/s2" >"$T/lb"
same 'figures are the same' "$T/lb" "$T/la"
run crm-customer set C2 --tier gold --key k1 --store "$T/s2"
err_has 'the key was used before' 'keys are known'
fails 65 '' crm-customer set C2 --tier silver --key k1 --store "$T/s2"
is 'numbers go on' "$(crm-customer add --name Di --store "$T/s2" \
    --format value -f customer_id)" C0000000004

crm-store dump --no-log >"$T/a"
not_ok 'without its log' grep -q '^\\:log' "$T/a"
run crm-store load - --store "$T/s3" <"$T/a"
status_is 0
crm-store dump --no-log --store "$T/s3" >"$T/b"
same 'dump, load, dump without the log' "$T/b" "$T/a"
works crm-store check --store "$T/s3"
is 'the revision is the same' \
    "$(crm-store info --store "$T/s3" | field revision)" \
    "$(crm-store info | field revision)"
works crm-customer set C2 --tier silver --store "$T/s3"
works crm-store check --store "$T/s3"
crm-store dump --store "$T/s3" >"$T/a"
run crm-store load - --store "$T/s4" <"$T/a"
status_is 0
crm-store dump --store "$T/s4" >"$T/b"
same 'and with what came after' "$T/b" "$T/a"

# A number of an identity that was taken away is not given again.
crm-store init --currency EUR --store "$T/s6" >/dev/null
for what in add identify identify identify identify; do
	case $what in
	add) crm-customer add --name Ann --store "$T/s6" >/dev/null ;;
	*) n=$((${n:-0} + 1))
	   crm-customer identify C1 erp:$n --store "$T/s6" >/dev/null ;;
	esac
done
crm-customer identify C1 erp:4 --remove --store "$T/s6" >/dev/null
crm-store dump --store "$T/s6" >"$T/given"
ok 'the dump says which was the last' grep -q "^C0000000001${TAB}identity${TAB}4$" \
    "$T/given"
run crm-store load - --store "$T/s7" <"$T/given"
status_is 0
crm-store dump --store "$T/s7" >"$T/b"
same 'and it comes back' "$T/b" "$T/given"
crm-customer identify C1 erp:5 --store "$T/s7" >/dev/null
is 'the next is another' "$(crm-customer identities --store "$T/s7" \
    --format value -f identity_id | tail -n 1)" C0000000001-i5
mistake()
{
	sed "s/^C0000000001${TAB}identity${TAB}4/$2/" "$T/given" >"$T/bad"
	fails 65 "$1" crm-store load - --store "$T/none" <"$T/bad"
}
mistake "last: '2' is not a number past those of the rows" \
    "C0000000001${TAB}identity${TAB}2"
mistake "last: 'x' is not" "C0000000001${TAB}identity${TAB}x"
mistake "part: 'nose' is not a part of its kind" "C0000000001${TAB}nose${TAB}4"
mistake "customer_id: 'C0000000009' is not in the section of records before" \
    "C0000000009${TAB}identity${TAB}4"

# Without the log the past begins with the load.
crm-store dump --no-log --store "$T/s6" >"$T/nolog"
run crm-store load - --store "$T/s8" <"$T/nolog"
status_is 0
crm-customer set C1 --name Anna --store "$T/s8" >/dev/null
fails 65 'the log begins with revision' \
    crm-customer list --as-of rev:1 --store "$T/s8"
fails 65 'the log begins with revision' \
    crm-customer get C1 --as-of rev:1 --store "$T/s8"
first=$(crm-log list --format value -f revision --store "$T/s8" | head -n 1)
is 'as of its first revision it is as it was loaded' "$(crm-customer list \
    --as-of "rev:$first" --format value -f name --store "$T/s8")" Ann
works crm-log history C1 --store "$T/s8"
works crm-log follow --since 1 --store "$T/s8"
works crm-log verify -q --store "$T/s8"
mkdir -p "$T/full/of"
fails 73 'is not an empty folder' \
    crm-store load - --store "$T/full" <"$T/nolog"

# New records, as crm-gen writes them.
cat >"$T/new" <<'END'
\:customer	1
customer_id	name	email
C0000000001	Ann	ann@example.org
\:order	1
order_id	customer_id	placed
O0000000001	C0000000001	2026-01-05T10:00:00Z
\:line	1
line_id	quantity	amount
O0000000001-1	2	10.00
END
fails 65 'the archive has no settings' \
    crm-store load - --store "$T/s5" <"$T/new"
run crm-store load - --currency EUR --store "$T/s5" <"$T/new"
status_is 0
err_empty
is 'they are computed' \
    "$(crm-customer list --format value -f revenue --store "$T/s5")" 10.00
works crm-store check --store "$T/s5"
# rows need not lie together, nor their ids be written alike; text is kept
# whether its line had an escape, other letters or neither
cat >"$T/rows" <<'END'
\:order	1
order_id	placed	channel
O1	2026-01-05T10:00:00Z	web
O2	2026-01-05T11:00:00+01:00	caf\\é
\:line	1
line_id	text	quantity	amount
O2-1	a\tb	1	1
O1-1	Thé	1.50	2.50
O0000000002-3	plain	12	1234567.80
O2-2	ό\nλ	1	-3.00
O1-002	x	2	0.05
END
run crm-store load - --currency EUR --store "$T/s12" <"$T/rows"
status_is 0
crm-order lines --store "$T/s12" -f line_id,placed,channel,text,quantity,amount \
    --format tsv >"$T/out"
cat >"$T/want" <<'END'
line_id	placed	channel	text	quantity	amount
O0000000001-1	2026-01-05T10:00:00Z	web	Thé	1.5	2.50
O0000000001-2	2026-01-05T10:00:00Z	web	x	2	0.05
O0000000002-1	2026-01-05T10:00:00Z	caf\\é	a\tb	1	1.00
O0000000002-2	2026-01-05T10:00:00Z	caf\\é	ό\nλ	1	-3.00
O0000000002-3	2026-01-05T10:00:00Z	caf\\é	plain	12	1234567.80
END
same 'they are where they belong' "$T/out" "$T/want"
sed 's/^O1-002/O1-0/' "$T/rows" >"$T/bad"
fails 65 "stdin:11: line_id: 'O1-0' is not an id of this section" \
    crm-store load - --currency EUR --store "$T/none" <"$T/bad"
sed 's/^O2-2/O2-3/' "$T/rows" >"$T/bad"
fails 65 "stdin:10: line_id: 'O2-3' is not new: it occurs twice" \
    crm-store load - --currency EUR --store "$T/none" <"$T/bad"
# records are put while the section behind is read: what comes first in the
# text is told, and one fault is
tabs '\:customer|1' 'customer_id|name|country' 'C1|Ann|DE' 'C2|Bo|Utopia' \
    '\:product|1' 'product_id|sku' 'P1|A' 'P9|' >"$T/two"
for cpus in 0 all; do
	set -- crm-store load - --currency EUR --store "$T/two6"
	[ $cpus = all ] || set -- taskset -c "$(taskset -cp $$ |
	    sed 's/.*: //; s/[-,].*//')" "$@"
	run "$@" <"$T/two"
	status_is 65
	err_has "stdin:4: country: 'Utopia'"
	not_ok 'nothing is left of it' test -e "$T/two6"
	sed 's/Utopia/FR/' "$T/two" | tr '9' '3' >"$T/late"
	run "$@" <"$T/late"
	status_is 65
	err_has "stdin:8: "
	sed 's/Utopia/FR/; s/P9.*/x\ty\tz/' "$T/two" >"$T/ragged"
	run "$@" <"$T/ragged"
	status_is 65
	err_has 'stdin:8: 3 fields'
	sed 's/P9.*/x\ty\tz/' "$T/two" >"$T/both"
	run "$@" <"$T/both"
	status_is 65
	err_has "stdin:4: country: 'Utopia'"
done

# What new records say about each other is looked at as they are put: the
# store need not be checked, and there is nothing that a check finds.
tabs '\:customer|1' 'customer_id|name|email|parent_id' 'C1|Ann|a@x.org|' \
    'C2|Bo||C1' '\:identity|1' 'identity_id|scheme|value|shared' \
    'C1-i1|email|all@x.org|yes' 'C2-i1|email|all@x.org|yes' \
    '\:product|1' 'product_id|sku|price' 'P1|A|2.50' '\:order|1' \
    'order_id|customer_id|placed|type|replaces_id' \
    'O1|C1|2026-01-05T10:00:00Z||' 'O2|C1|2026-01-06T10:00:00Z|credit|O1' \
    '\:line|1' 'line_id|product_id|quantity|amount' 'O1-1|P1|4|10.00' \
    'O1-2||1|3.00' 'O2-1|P1|-1|-2.50' \
    '\:adjustment|1' 'adjustment_id|adjustment|adjusted|line' \
    'O1-a1|discount|-1.00|1' '\:track|1' \
    'track_id|at|what|line|quantity|amount' \
    'O1-e1|2026-01-05T11:00:00Z|pay|||12.00' \
    'O1-e2|2026-01-07T11:00:00Z|return|1|2|' \
    '\:ticket|1' 'ticket_id|customer_id|opened|state' \
    'T1|C1|2026-01-10T10:00:00Z|new' '\:touch|1' \
    'touch_id|customer_id|at|channel|direction|about' \
    'H1|C1|2026-01-11T10:00:00Z|phone|out|T1' >"$T/all"
works crm-store load - --currency EUR --store "$T/all5" <"$T/all"
works crm-store check --store "$T/all5"
bad_new()
{
	sed "$2" "$T/all" >"$T/bad"
	cmp -s "$T/all" "$T/bad" && fail "the edit does something: $2"
	fails 65 "$1" \
	    crm-store load - --currency EUR --store "$T/none" <"$T/bad"
	not_ok 'nothing is left' ls -d "$T"/none*
}
at()
{
	printf 'stdin:%d: %s' \
	    "$(grep -n "^$1$TAB" "$T/all" | cut -d: -f1)" "$2"
}
bad_new "$(at C1 'parent_id: there is no customer C2')" \
    's/^\(C1	.*	\)$/\1C2/'
bad_new "$(at C2 'parent_id: there is no customer C2')" \
    's/^\(C2	.*	\)C1$/\1C2/'
bad_new "$(at C2 "email: 'a@x.org' is already C1's")" \
    's/^C2	Bo	/&a@x.org/'
bad_new "$(at P1 "product_id: 'P2' is not the next id, which is P1")" \
    's/^P1	/P2	/'
bad_new "is already C1's" '/^C[12]-i1/s/yes//'
bad_new "$(at O1 'customer_id: there is no customer C7')" 's/^O1	C1/O1	C7/'
bad_new "$(at O1 'product_id: there is no product P2')" 's/^O1-1	P1/O1-1	P2/'
bad_new "$(at O1 'replaces_id: there is no order O2')" 's/^\(O1	.*	\)$/\1O2/'
bad_new "line_id: 'O3-1' is not of a record in the section" 's/^O1-1	/O3-1	/'
bad_new "line_id: 'O1-1' is not new: it occurs twice" 's/^O1-2	/O1-1	/'
bad_new "$(at O1 "adjustment 1 line: the order has no line '9'")" \
    's/^\(O1-a1.*	\)1$/\19/'
bad_new "$(at O1 'track 2 quantity')" 's/^\(O1-e2.*	\)2	/\15	/'
bad_new "$(at O1 'total: the amounts of the order are too large')" \
    's/^\(O1-[12].*	\)[0-9.]*$/\190000000000000000.00/'
bad_new "$(at T1 'customer_id: there is no customer C8')" 's/^T1	C1/T1	C8/'
bad_new "$(at H1 'about: there is no ticket T2')" 's/^\(H1.*	\)T1$/\1T2/'
# no command adds events by themselves: what they are about may say otherwise
{
	cat "$T/all"
	tabs '\:event|1' 'event_id|about|at|what|new' \
	    'E4|T1|2026-01-12T10:00:00Z|state|closed'
} >"$T/bad"
fails 65 'T1: state_since: kept is' \
    crm-store load - --currency EUR --store "$T/none" <"$T/bad"
not_ok 'nothing is left' ls -d "$T"/none*
sed 's/state	closed/note	seen/; s/	T1	\(.*seen\)/	C1	\1/' "$T/bad" \
    >"$T/noted"
works crm-store load - --currency EUR --store "$T/noted5" <"$T/noted"
works crm-store check --store "$T/noted5"

# A bad archive: file, line, field, and nothing is left.
crm-store dump >"$T/a"
bad()
{
	sed "$2" "$T/a" >"$T/bad"
	cmp -s "$T/a" "$T/bad" && fail "the edit does something: $2"
	fails 65 "$1" crm-store load - --store "$T/none" <"$T/bad"
	not_ok 'nothing is left' ls -d "$T"/none*
}
line=$(grep -n '^O0000000001	' "$T/a" | head -n 1 | cut -d: -f1)
bad "stdin:$line: placed: 'soon' is not" \
    "$line"'s/[0-9-]*T[0-9:]*Z/soon/'
bad "stdin:$line: order_id: 'O01x' is not an id" "$line"'s/^O0000000001/O01x/'
bad "total: kept is 2130, lines and events give 2120" \
    "$line"'s/21\.20/21.30/'
bad 'C1: it was given out and is missing' '/^C0000000001	/d'
bad 'customer_id: it refers to C9' "$line"'s/C0000000001/C0000000009/'
bad "value: '00' is not 32 hexadecimal digits" 's/^uuid.*/uuid	00/'
bad 'has version 9' 's/^\\:product	1/\\:product	9/'
bad "the section 'produce' is not known" 's/^\\:product	/\\:produce	/'
bad "'prize' is not a column of this section" '/^product_id/s/price/prize/'
bad 'it has 0 entries, its header says 1' '/^[0-9]*	1	2	/d'
bad 'the log ends with revision' 's/^revision	[0-9]*$/revision	99/'
bad "revision: 'x' is not" \
    's/^7	7	0	/x	7	0	/'
bad "revision: '6' is not" \
    's/^7	7	0	/6	6	0	/'
bad "change: '9' is not" \
    's/^7	7	0	/7	9	0	/'
bad "last: 'perhaps' is not" \
    's/^7	7	0	yes/7	7	0	perhaps/'
bad "time: 'noon' is not" \
    's/^7	7	0	yes	[^	]*/7	7	0	yes	noon/'
bad "keyhash: '00' is not" \
    's/^\(7	7	0	.*\)	0000000000000000	/\1	00	/'
bad "numbers: '1:1' is not" \
    's/	1:1:3$/	1:1/'
bad "numbers: '1:1:3:4' is not" \
    's/	1:1:3$/	1:1:3:4/'
bad "numbers: '99:1:3' is not" \
    's/	1:1:3$/	99:1:3/'
bad "revision: '77' is not" \
    's/^7	3	1	/77	3	1	/'
bad "kind: '99' is not" \
    's/^7	3	1	/7	99	1	/'
bad "number: '0' is not" \
    's/^7	3	1	/7	3	0	/'
bad "bytes: 'xx' is not" \
    's/^7	3	1	.*/7	3	1	xx/'
bad "a value is needed" \
    's/^C0000000002	[^	]*	/C0000000002		/'
bad "the first column of 'product' is 'product_id'" \
    's/^product_id	sku	/sku	product_id	/'
bad "customer_id: 'C0000000001' is not" \
    's/^C0000000002	/C0000000001	/'
bad "revision: '99' is not" \
    '/^C0000000002	=/s/	8$/	99/'
bad "line_id: 'O0000000001-1' is not" \
    's/^O0000000001-2	/O0000000001-1	/'
bad "line_id: 'O0000000009-2' is not" \
    's/^O0000000001-2	/O0000000009-2	/'
bad "state: 'lost' is not" \
    's/^C0000000003	deleted/C0000000003	lost/'
bad "into: 'C1' is not" \
    's/^C0000000003	deleted	/C0000000003	deleted	C1/'
bad "into: 'P1' is not" \
    's/^C0000000003	deleted	/C0000000003	merged	P1/'
bad "revision: '0' is not" \
    's/^C0000000003	deleted		9/C0000000003	deleted		0/'
bad "C2 occurs twice" \
    's/^C0000000003	deleted/C0000000002	deleted/'
bad "the section 'gone' is not behind records" \
    's/^customer_id	state	into	revision/customer_id	state/'
bad "'99999999' is not a second of the day" \
    's/^day_start	.*/day_start	99999999/'
bad "'zz' is not the rules of a zone" \
    's/^tzif	.*/tzif	zz/'
head -c 3000 "$T/a" >"$T/bad"
fails 65 'stdin:' crm-store load - --store "$T/none" <"$T/bad"
not_ok 'nothing is left' ls -d "$T"/none*
fails 65 'there is nothing' crm-store load - --store "$T/none" </dev/null
fails 65 'is not a section line' \
    crm-store load - --store "$T/none" <"$T/people"
fails 73 'there is a store at' crm-store load - <"$T/a"
fails 64 "is not '-'" crm-store load "$T/a"
ran='crm-store dump >/dev/full'
crm-store dump >/dev/full 2>"$err"
status=$?
status_is 74
err_has 'disk full'
done_testing
