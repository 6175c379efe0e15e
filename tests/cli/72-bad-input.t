#!/bin/sh
# Bad input gets a message that names program, file, line, field, value and
# what was wanted, the status of crm-stream(5), and an unchanged store.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store --timezone Europe/Berlin
crm-customer add --name Ann --email ann@example.org --phone 01715551234 \
    --tier gold >/dev/null
crm-customer add --name Bo --phone 01715551234 >/dev/null
crm-product add --sku A1 --price 1.00 >/dev/null
crm-store dump >"$T/was" || exit 1

# refused STATUS TEXT COMMAND...: fails so, and the store is as it was.
refused()
{
	fails "$@" || return
	shift 2
	crm-store dump >"$T/is"
	same "$1 $2: the store is as it was" "$T/is" "$T/was"
	mv "$T/is" "$T/was"
}
# bad TEXT VERB...: the stream in the file `in` is refused.
bad()
{
	text=$1
	shift
	refused 65 "$text" "$@" - <in
}
t=$TAB

# ---- lines ----
printf 'customer_id\ttier\nC1\ta\tb\n' >in
bad 'stdin:2: 3 fields, the header has 2' crm-customer set
printf 'customer_id\ttier\nC1\ta\nC2\n' >in
bad 'stdin:3: 1 field, the header has 2' crm-customer set
printf 'customer_id\ttier\n\nC1\ta\n' >in
bad 'stdin:2: ' crm-customer set
printf 'customer_id\ttier\nC1\ta\nC2\tsilv' >in
bad 'stdin:3: ' crm-customer set
err_has 'last line'
printf 'customer_id\ttier' >in
bad 'stdin:1: ' crm-customer set
printf 'customer_id\ttier\nC1\t\377\n' >in
bad 'stdin:2: ' crm-customer set
err_has 'UTF-8'
printf 'customer_id\ttier\nC1\ta\000b\n' >in
bad 'stdin:2: ' crm-customer set
err_has 'NUL'
printf 'customer_id\ttier\nC1\ta\001b\n' >in
bad 'stdin:2: tier: control character U+0001' crm-customer set
printf 'customer_id\ttier\nC1\ta\177b\n' >in
bad 'stdin:2: tier: ' crm-customer set
printf 'customer_id\ttier\nC1\ta\\xb\n' >in
bad 'stdin:2: tier: ' crm-customer set
err_has '\x'
printf 'customer_id\ttier\nC1\ta\r\n' >in
bad 'stdin:2: the line ends in CR LF, the header in LF alone' crm-customer set
{
	printf 'customer_id\ttier\nC1\t'
	head -c 2097152 /dev/zero | tr '\0' x
	echo
} >in
bad 'stdin:2: tier: ' crm-customer set
err_has 1048576
{
	printf 'customer_id\ttier\nC1\t'
	head -c 9437184 /dev/zero | tr '\0' x
	printf '\nC2\tok\n'
} >in
bad 'stdin:2: ' crm-customer set
run crm-customer set - --keep-going --dry-run <in
status_is 2 'and what follows can be read'
out_has "C0000000002${t}tier${t}${t}ok"

# Also by those that only read.
for cmd in 'crm-customer list' 'crm-customer get' crm-rows; do
	printf 'customer_id\tx\nC1\ta\tb\n' >in
	# shellcheck disable=SC2086  # words
	case $cmd in
	crm-rows) run $cmd <in ;;
	*) run $cmd - <in ;;
	esac
	status_is 65
	err_has 'stdin:2: 3 fields, the header has 2'
done

# ---- headers ----
printf 'customer_id\ttier\ttier\nC1\ta\tb\n' >in
bad "stdin:1: " crm-customer set
err_has "'tier'"
printf 'customer_id\tTier!\nC1\ta\n' >in
bad 'stdin:1: ' crm-customer set
err_has "'Tier!'"
printf 'customer_id\t\nC1\ta\n' >in
bad 'stdin:1: ' crm-customer set
printf 'tier\na\n' >in
bad "stdin:1: there is no column 'customer_id'" crm-customer set
printf 'customer_id\ttire\nC1\ta\n' >in
bad "stdin:1: a customer has no field 'tire'" crm-customer set
err_has "did you mean 'tier'?"
printf 'name\tqqqqq\nX\ta\n' >in
bad "stdin:1: a customer has no field 'qqqqq'" crm-customer add
err_has 'crm-fields customer lists them'
printf 'customer_id\tprice\nC1\ta\n' >in
bad "has no field 'price'" crm-customer set
# sort without crm-body
crm-customer list | LC_ALL=C sort -r | LC_ALL=C sort >in
bad 'stdin:1: ' crm-customer set
err_has 'crm-body sort'
printf 'C1\ta\nC2\tb\ncustomer_id\ttier\n' >in
bad 'stdin:1: ' crm-customer set
printf 'customer_id\ttier\nC1\ta\ncustomer_id\ttier\nC2\tb\n' >in
works crm-customer set - --dry-run <in

# ---- values ----
# value FIELD VALUE TEXT: given by a stream and by an option.
value()
{
	printf 'customer_id\t%s\nC1\t%s\n' "$1" "$2" >in
	bad "stdin:2: $1: $3" crm-customer set
	refused 65 "$1: $3" crm-customer set C1 \
	    "--$(printf %s "$1" | tr _ -)" "$2"
}
value birth_date 2023-02-29 "'2023-02-29' is not a date"
value birth_date 2024-13-01 "'2024-13-01' is not a date"
value birth_date 2024-00-10 "'2024-00-10' is not a date"
value birth_date 01.02.2024 "'01.02.2024' is not a date"
value birth_date 10000-01-01 "'10000-01-01' is not a date"
value email 'a@' "'a@' is not an e-mail address"
value email 'a b@x.org' "'a b@x.org' is not an e-mail address"
value phone 'call me' "'call me' is not a phone number"
value phone +1 "'+1' is not a phone number: too short"
value phone +12345678901234567 \
    "'+12345678901234567' is not a phone number: more than 15 digits"
value country DEU "'DEU' is not a country code"
value stage happy "'happy' is not one of prospect, established"
value parent_id C77 'there is no customer C77'
value parent_id P1 "'P1'"
value parent_id what "'what' is not an id"
value parent_id email:no@example.org "no customer has 'email:no@example.org'"
value parent_id phone:01715551234 "'phone:01715551234' is ambiguous: C1, C2"
for at in 2024-02-30T10:00:00Z 2024-02-28T25:00:00Z 2024-02-28T10:61:00Z \
    2024-02-28T10:00:00+25:00 yesterday-ish; do
	refused 65 "created: '$at' is not a time" \
	    crm-customer add --name X --created "$at"
done
for price in 1.001 1,5 1e3 NaN 1.000,50 0x10 '1 000' +; do
	refused 65 "price: '$price'" crm-product set P1 --price "$price"
done
for price in 92233720368547758.08 99999999999999999999999999; do
	refused 65 "price: '$price'" crm-product set P1 --price "$price"
done
printf 'product_id\tprice\nP1\t1.001\n' >in
bad 'stdin:2: price: ' crm-product set
printf 'customer_id\ttags\nC1\ta,,b\n' >in
run crm-customer set - --dry-run <in
[ "$status" = 0 ] || err_has 'stdin:2: tags: '

# ---- references in data ----
printf 'customer_id\ttier\nC1\ta\nC9\tb\n' >in
bad 'stdin:3: there is no customer C9' crm-customer set
printf 'customer_id\ttier\nphone:0171 5551234\ta\n' >in
bad "stdin:2: 'phone:0171 5551234' is ambiguous: C1, C2" crm-customer set
printf 'customer_id\ttier\nP1\ta\n' >in
bad "stdin:2: 'P1' is the id of a product" crm-customer set
printf 'customer_id\ttier\nC\ta\n' >in
bad "stdin:2: 'C' is not an id" crm-customer set
printf 'customer_id\ttier\nC99999999999999999999\ta\n' >in
bad "stdin:2: 'C99999999999999999999' is not an id" crm-customer set
printf 'customer_id\ttier\n\ta\n' >in
bad 'stdin:2: ' crm-customer set
printf 'customer_id\nC1\nshop/x:1\n' >in
bad "stdin:3: 'shop/x:1' names no kind of record" crm-customer list

# ---- what --clean replaces ----
printf 'customer_id\ttier\nC1\ta\001b\n' >in
run crm-customer set - --clean --dry-run <in
err_is 'crm-customer: 1 character was replaced by U+FFFD'

# ---- expressions ----
refused 64 "'nmae'" crm-customer list -w 'nmae = "x"'
refused 64 '' crm-customer list -w 'name ='
err_has '^'
refused 64 '' crm-customer list -w 'birth_date > 5'

# ---- the store ----
# at STORE STATUS TEXT COMMAND...
at()
{
	CRM_STORE=$1
	export CRM_STORE
	shift
	fails "$@"
	CRM_STORE=$T/store
}
at "$T/nowhere" 66 "there is no store at '$T/nowhere'" crm-customer list
err_has 'crm-store init'
at "$T/in" 66 "$T/in" crm-customer list
at "$T/nowhere" 66 "there is no store" crm-customer add --name X
not_ok 'no store is made' test -e "$T/nowhere"
mkdir empty
at "$T/empty" 66 "'$T/empty' is not a store" crm-customer list
cp -R store cutoff
truncate -s 8192 cutoff/data/data.mdb
at "$T/cutoff" 74 cutoff crm-customer list
cp -R store junk
printf 'this is no data at all, but some text of some length' >junk/data/data.mdb
at "$T/junk" 74 junk crm-customer list
cp -R store void
rm void/data/data.mdb
at "$T/void" 74 void crm-customer list
if command -v mdb_dump >/dev/null && command -v mdb_load >/dev/null; then
	# newer KEY BYTES: a copy whose meta says something else
	newer()
	{
		rm -rf newer
		cp -R store newer
		mdb_dump -s meta newer/data | awk -v bytes="$1" '
			key { print bytes; key = 0; next }
			{ print }
			$0 == " 666f726d6174" { key = 1 }' |
		    mdb_load -s meta newer/data 2>/dev/null
	}
	is=$(crm-store info --store "$T/store" --format value -f format)
	next=$((is + 1))
	newer "$(printf ' %08x00000000' $next)"
	at "$T/newer" 78 "the store '$T/newer' has format $next" \
	    crm-customer list
	err_has 'a newer version of crm-tools is needed'
	at "$T/newer" 78 "has format $next" crm-customer add --name X
	newer "$(printf ' %08x80000000' "$is")"
	at "$T/newer" 78 'needs features' crm-customer list
	# A flipped byte in a record.
	cp -R store flipped
	mdb_dump -s k01 flipped/data | sed 's/416e6e/416e6f/' |
	    mdb_load -s k01 flipped/data 2>/dev/null
	at "$T/flipped" 74 'wrong checksum' crm-customer get C1
else
	skip 6 'mdb_dump and mdb_load are not installed'
fi

# ---- rights ----
if [ "$(id -u)" = 0 ]; then
	as='setpriv --reuid=nobody --regid=nogroup --clear-groups'
	command -v setpriv >/dev/null || as=
else
	as=env
fi
if [ -n "$as" ]; then
	cp -R store closed
	cp -R store fixed
	[ "$as" = env ] || {
		chmod 755 "$T"
		chown -R nobody closed fixed
	}
	chmod 0 closed
	CRM_STORE=$T/closed
	export CRM_STORE
	# shellcheck disable=SC2086  # words
	for cmd in 'list' 'add --name X'; do
		run $as crm-customer $cmd
		status_is 77
		err_has "$T/closed"
		out_empty
	done
	CRM_STORE=$T/fixed
	chmod -R a-w fixed
	# shellcheck disable=SC2086  # words
	run $as crm-customer add --name X
	status_is 77 'a writer in a folder that is read-only'
	err_has "$T/fixed"
	# shellcheck disable=SC2086  # words
	run $as crm-customer list -f name --no-header
	if [ "$status" = 0 ]; then
		out_has Ann 'a reader in a folder that is read-only'
	else
		status_is 77 'a reader in a folder that is read-only'
		err_has "$T/fixed"
	fi
	CRM_STORE=$T/store
else
	skip 8 'setpriv is not installed'
fi

# ---- output ----
ran='list to /dev/full'
crm-customer list >/dev/full 2>"$err"
status=$?
status_is 74
err_has 'stdout'
err_has 'crm-customer: '
ran='list to a closed stdout'
crm-customer list >&- 2>"$err"
status=$?
status_is 74
ran='set to /dev/full'
crm-customer set C1 --tier platinum >/dev/full 2>"$err"
status=$?
status_is 74
err_has 'committed as revision'
is 'it is' "$(crm-customer get C1 -f tier --format value)" platinum
crm-customer set C1 --tier gold >/dev/null
printf 'name\tcountry\nX\tbad\n' >in
run crm-customer add - --keep-going --rejects /dev/full <in
status_is 74
run crm-customer add - --keep-going --rejects /nonexistent/x <in
status_is 73
err_has /nonexistent/x
crm-store dump --no-log >"$T/was"

# ---- a busy store ----
# A rejects file that is a pipe nobody reads keeps a writer waiting.
mkfifo pipe
printf 'customer_id\ttier\nC1\tgold\n' >in
crm-customer set - --keep-going --rejects pipe <in 2>busy.err &
tries=0
while [ $tries -lt 200 ]; do
	tries=$((tries + 1))
	run crm-customer add --name X --wait 0 --dry-run
	[ "$status" = 75 ] && break
done
status_is 75 'a store that another writes to is busy'
err_has "busy: another program is writing to '$T/store'"
run crm-customer add --name X --wait 0
status_is 75
run crm-customer add --name X --wait 0.1
[ "$status" = 64 ] || status_is 75 'after --wait 0.1'
works crm-customer get C1 -f tier --format value
out_is gold 'readers do not wait'
cat pipe >/dev/null
wait
crm-store dump --no-log >"$T/is"
same 'nothing was changed by all that' "$T/is" "$T/was"
fails 64 '--wait' crm-customer add --name X --wait soon

done_testing
