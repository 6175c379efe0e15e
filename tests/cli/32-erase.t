# crm-customer export and erase: people of which every text, in every revision,
# has a mark of its own; after they are erased no mark is in any byte of the
# store's folder, nor of a new backup, and all figures are as they were.
# CRM_PEOPLE makes it longer.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

people=${CRM_PEOPLE:-200} others=20
half=$((people / 2))

# marks FOLDER: marks of the people in any file below it.
marks()
{
	find "$1" -type f -exec cat {} + |
	    grep -aoE '(xq[0-9]{4}[a-z]+|30555[0-9]{4})' | sort -u
}

# ---- a shop with a past ----

new_store --country DE
# People 1 to half come from a file, twice, others from the command line.
shop()
{
	awk -v from="$1" -v to="$2" -v m="$3" -v extra="$4" 'BEGIN {
		OFS = "\t"
		print "id", "name", "email", "phone", "given", "family",
		    "street", "city", "birth_date", "tags", "note"
		for (i = from; i <= to; i++) {
			p = sprintf("%s%04d", m, i)
			print p "srcid", p "name", p "mail@" p "dom.example",
			    "030 555" sprintf("%04d", i), p "given", p "family",
			    p "street 5", p "city", sprintf("1980-01-%02d", 1 + i % 28),
			    p "tag", p "note" extra
		}
	}'
}
shop 1 "$half" xq >people.tsv
works crm-import --map customers people.tsv
shop 1 "$half" xq again >again.tsv
works crm-import --map customers again.tsv
out_has "$half changed" 'the second time notes change'
shop 1 "$others" yq | sed 's/030 555/030 777/' >others.tsv
works crm-import -q --map customers others.tsv
shop $((half + 1)) "$people" xq | cut -f 2- >rest.tsv
works crm-customer add - <rest.tsv
crm-customer list -f name --format tsv | awk -F '\t' '
    NR > 1 { print $1 "\t" substr($2, 3, 4) + 0 "\t" substr($2, 1, 1) }' >ids
awk -F '\t' '$3 == "x" { print $1 }' ids >who
is 'all people are there' "$(wc -l <who)" "$people"

# Orders, one for each, with addresses; the last one of all is an other's.
awk -F '\t' 'BEGIN { OFS = "\t"
	print "customer_id", "placed", "number", "note", "bill_name",
	    "bill_street", "ship_name", "ship_street", "ship_postcode",
	    "ship_city", "text", "quantity", "price" }
	{ p = sprintf("%sq%04d", $3, $2)
	print $1, "2026-02-01T10:00:00Z", NR, p "onote", p "bname",
	    p "bstreet", p "sname", p "sstreet", p "szip", p "scity",
	    p "name engraved", 2, "1" NR % 10 ".50" }' ids >orders.tsv
works crm-order add - <orders.tsv

# What is done to them one by one.
while IFS="$TAB" read -r id n who; do
	[ "$who" = x ] || continue
	p=$(printf 'xq%04d' "$n")
	case $((n % 10)) in
	0) crm-customer set "$id" --street "${p}moved" --why "${p}why" ;;
	1) crm-customer stage "$id" established --why "${p}stage"
	   crm-customer stage "$id" maintained --why "${p}stageb" ;;
	2) crm-customer consent "$id" --channel email --purpose offers --grant \
	       --wording "${p}wording" --source "${p}source" ;;
	3) crm-customer set "$id" --email "${p}new@example.org" \
	       --key "${p}key" --why "called ${p}name back" ;;
	4) crm-customer identify "$id" "shopify:${p}shopify" ;;
	5) crm-customer tag "$id" "+${p}newtag"
	   crm-customer set "$id" --note "${p}noteb" ;;
	6) crm-customer set "$id" --name "${p}married" --phone "030 5559$n"
	   CRM_ACTOR="${p}mail@${p}dom.example" crm-customer set "$id" \
	       --city "${p}cityb" ;;
	7) crm-customer set "$id" --company "${p}co" --region "${p}region" \
	       --why "${p}why" ;;
	8) crm-order set "number:$(awk -F '\t' -v i="$id" \
	       '$1 == i { print $3 }' orders.tsv)" --ship-street \
	       "${p}newstreet" --why "${p}owhy" ;;
	9) crm-order return "number:$(awk -F '\t' -v i="$id" \
	       '$1 == i { print $3 }' orders.tsv)" --quantity 1 \
	       --reason "${p}reason" ;;
	esac || echo "$id $n" >>failed
done <ids >/dev/null 2>>failed
ok 'everything was done to them' test ! -s failed

# Changes taken back, and done again; an order and a customer removed; an
# order that is an other's now; notes with their names in other people's
# reasons.
last()
{
	crm-log list --format value -f revision --sort -revision --limit 1
}
C=$(sed -n 5p who)
works crm-customer set "$C" --note xq0005undone
works crm-log undo "$(last)"
works crm-log undo "$(last)"
works crm-log undo "$(last)"
O=$(crm-order list -w "customer_id = '$(sed -n 6p who)'" --format value \
    -f order_id)
works crm-order rm "$O" --why xq0006gone
O=$(crm-order list -w "customer_id = '$(sed -n 7p who)'" --format value \
    -f order_id)
other=$(awk -F '\t' '$3 == "y" { print $1; exit }' ids)
works crm-order set "$O" --customer "$other"
C=$(crm-customer add --name xq0000removed --note xq0000note --format value \
    -f customer_id)
works crm-customer rm "$C"
echo "$C" >>who
works crm-customer set "$other" --tier gold --why 'told by XQ0009name'
works crm-customer set "$other" --tier silver --why 'of its own'

works crm-store check
marks "$CRM_STORE" >found
grep -aoE 'yq[0-9]{4}[a-z]+' "$CRM_STORE/data/data.mdb" | sort -u >othermarks
ok 'the marks are in the store' test "$(wc -l <found)" -gt $((people * 10))
crm-store backup before || fail 'a backup'

# ---- export ----

C=$(sed -n 1p who)
works crm-customer export "$C"
for s in customer identity order line event source history; do
	out_has "\\:$s"
done
for w in xq0001srcid xq0001mail xq0001street xq0001stage xq0001sstreet \
    xq0001noteagain; do
	out_has "$w"
done
is 'nobody else is in it' "$(grep -aoE '[xy]q[0-9]{4}' "$out" | sort -u)" \
    xq0001
fails 1 'there is no customer C9999' crm-customer export C9999
fails 1 'there is no customer C9999' crm-customer erase C9999

# ---- erasing ----

figures()
{
	crm-order totals --by channel
	crm-order list -f customer_id,placed,status,total,revenue,refunded
	crm-order lines -f customer_id,amount
}
figures >was
crm-customer list -f name,email,tier,orders,revenue -w "name ~ '^yq'" >otherwas
run crm-customer erase - --dry-run --no-header -i <who
status_is 0
is 'a dry run counts' "$(wc -l <"$out")" $((people + 1))
marks "$CRM_STORE" | cmp -s - found && pass 'and changes nothing' ||
    fail 'and changes nothing'

from=$(last)
# C1 by itself and deferred; the others as a stream.
run crm-customer erase "$(sed -n 1p who)" --defer --why 'asked for'
status_is 0
err_has 'crm-store compact is to be run yet'
sed 1d who >stream
run crm-customer erase - -i --no-header <stream
status_is 0
is 'the rest is erased' "$(wc -l <"$out")" "$people"
marks "$CRM_STORE" >left
diag "$(wc -l <found) marks before, $(wc -l <left) after"
is 'no mark is left in the folder' "$(head -5 left)" ''
grep -aoE 'yq[0-9]{4}[a-z]+' "$CRM_STORE/data/data.mdb" | sort -u >otherleft
is 'those of other people are there yet' "$(comm -23 othermarks otherleft)" ''
ok 'the list has mode 0600' test "$(stat -c %a "$CRM_STORE/erased")" = 600
works crm-store check
out_is "place${TAB}fault" 'check finds nothing'
run crm-log verify
out_is "place${TAB}fault" 'verify finds nothing'
figures >is
ok 'figures by number are as they were' cmp was is
crm-customer list -f name,email,tier,orders,revenue -w "name ~ '^yq'" >otheris
ok 'others are as they were' cmp otherwas otheris
is 'nobody else is listed' "$(crm-customer list --count --no-header)" "$others"
is 'nor scored' "$(crm-rfm -f customer_id --no-header | wc -l)" \
    "$(crm-customer list -w 'orders > 0' --count --no-header)"
works crm-store dump
is 'a dump has no mark' "$(grep -acE 'xq[0-9]{4}' "$out")" 0
works crm-store rebuild
works crm-store check
out_is "place${TAB}fault" 'so it is after a rebuild'
figures >is
ok 'with the same figures' cmp was is

# Reasons: of the person's own revisions, and those that name them.
crm-log list --format value -f why >whys
is 'reasons went, and only theirs' "$(grep -c 'of its own' whys) $(
    grep -ciE 'xq' whys)" '1 0'

# ---- the feed, history, undo ----

works crm-log follow --since "$from" --kind customer
is 'the feed says who was erased' \
    "$(cut -f 2 "$out" | grep -c erased)" $((people + 1))
works crm-log follow
is 'from the beginning too, without a field' \
    "$(grep -acE 'xq[0-9]{4}' "$out")" 0
works crm-log history "$(sed -n 2p who)"
out_has erased
first=$(crm-log list --format value -f revision -w \
    'command = "crm-customer stage"' --limit 1)
fails 65 'was erased, which is final' crm-log undo "$first"
fails 65 'erased' crm-log undo "$(crm-log list --format value -f revision \
    -w 'command = "crm-customer erase"' --limit 1)"
fails 65 'was erased, which is final' crm-log undo 2

# ---- who was erased does not come in again ----

fails 65 'email: this is of somebody who was erased' \
    crm-customer add --name New --email XQ0001mail@xq0001dom.example
err_has 'allow-erased'
fails 65 'of somebody who was erased' \
    crm-customer add --name New --phone '+49 30 5550001'
fails 65 'birth_date' \
    crm-customer add --name 'XQ0001name' --birth-date 1980-01-02
fails 65 'of somebody who was erased' \
    crm-customer set "$other" --email xq0002mail@xq0002dom.example
fails 65 'of somebody who was erased' \
    crm-customer identify "$other" shopify:xq0004shopify
fails 65 'of somebody who was erased' \
    crm-order add --customer email:xq0001mail@xq0001dom.example \
    --line '"x" = 1'
run crm-customer add - --keep-going --rejects rejected <rest.tsv
status_is 2
is 'each is refused and kept' "$(sed 1d rejected | wc -l)" $((people - half))
works crm-import --map customers again.tsv
out_has "$half of erased people, left out"
out_has '0 rejected'
works crm-import -q --map customers others.tsv
out_has "$others as they were"
marks "$CRM_STORE" >left
is 'and leaves no mark' "$(head -5 left)" ''
is 'orders go on' "$(crm-order pay O2 --amount 1 --format value -f status)" \
    "$(crm-order get O2 --format value -f status)"
fails 65 'note: this is of somebody who was erased' \
    crm-order set O2 --note 'call xq0002name'
works crm-order list -f customer_id
cp "$out" stream
works crm-customer get - -f name <stream
is 'a join passes them' "$(wc -l <"$out")" "$(wc -l <stream)"
works crm-customer list - --count --no-header <stream
out_is "$others" 'a set of people is without them'

# ---- backups ----

crm-store backup after || fail 'a new backup'
marks after >left
is 'a new backup has no mark' "$(head -5 left)" ''
same_list()
{
	sort "$CRM_STORE/erased" >list.a
	sort "$1/erased" | cmp - list.a
}
ok 'and the list' same_list after
figures >was
works crm-store dump
cp "$out" dumped
works crm-store load - --store loaded <dumped
ok 'a dump carries the list' same_list loaded
fails 65 'of somebody who was erased' crm-customer add --store loaded \
    --name New --email xq0001mail@xq0001dom.example

# One from before brings nobody back.
run crm-store restore before
status_is 0
err_has "$((people + 1)) that were erased since the backup are erased again"
marks "$CRM_STORE" >left
is 'after a restore no mark is left' "$(head -5 left)" ''
works crm-store check
out_is "place${TAB}fault" 'and check finds nothing'
run crm-log verify
status_is 0
fails 65 'of somebody who was erased' \
    crm-customer add --name New --email xq0001mail@xq0001dom.example
is 'the others are there' "$(crm-customer list --count --no-header)" "$others"
# On a machine that has nothing but the new backup.
works crm-store restore after --store moved
fails 65 'of somebody who was erased' crm-customer add --store moved \
    --name New --email xq0001mail@xq0001dom.example
# A restore that was cut short before it had erased again.
rm -rf cut
works crm-store restore before --store cut
cp "$CRM_STORE/erased" cut/erased
run crm-store check --store cut
status_is 1
out_has 'it was erased and is there again'
run crm-store compact --store cut
status_is 0
marks cut >left
is 'compact completes it' "$(head -5 left)" ''
works crm-store check --store cut

# ---- who is let in ----

works crm-customer add --name 'XQ0001name' --birth-date 1980-01-02 \
    --email xq0001mail@xq0001dom.example --allow-erased
works crm-customer set email:xq0001mail@xq0001dom.example --note 'again here'
works crm-import -q --map customers --allow-erased again.tsv
out_has '0 rejected'
works crm-store check
out_is "place${TAB}fault" 'and check finds nothing with them'

# The number of one who was merged is the survivor's: both go, and their past.
works crm-customer add --name 'zq0001name' --email zq0001mail@dom.example
one=$(sed -n '2s/\t.*//p' "$out")
works crm-customer add --name 'zq0002name' --email zq0002mail@dom.example
two=$(sed -n '2s/\t.*//p' "$out")
works crm-dedupe merge "$one" "$two" --survivor first -q --why 'zq0001name again'
works crm-customer export "$two"
out_has zq0001mail 'an export by the number of one who was merged is whole'
works crm-customer erase "$two" -f customer_id
is 'both are erased' "$(sed 1d "$out" | sort | xargs)" "$one $two"
is 'and nothing is left' "$(
    find "$CRM_STORE" -type f -exec grep -ac 'zq000[12]' {} + | grep -v ':0$')" ''

printf 'damaged\n' >"$CRM_STORE/erased"
fails 74 'the list of who was erased cannot be read' \
    crm-customer add --name New
run crm-store check
status_is 1
out_has 'the list of who was erased cannot be read'

done_testing
