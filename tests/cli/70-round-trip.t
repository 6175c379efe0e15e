#!/bin/sh
# Text comes back byte for byte, through the store and through the programs
# that people put between our commands.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store

# A stream, escaped; names are in the order in which sort puts them.
printf '%s\t%s\t%s\n' \
    name city note \
    a01 plain 'nothing special' \
    a02 'tab\there' 'line\nbreak\n' \
    a03 'back\\slash' '\\' \
    a04 '\\N' '\\n is not \n' \
    a05 '=1+1' '=cmd|x!A0' \
    a06 '+8613800138000' '-1' \
    a07 0x1F 0b11 \
    a08 007 1e5 \
    a09 '😀 👩‍👩‍👧' 'ünïcödé' \
    a10 '中文客户' '日本語 한국어 עברית' \
    a11 '' '' \
    a12 'true' '' \
    a13 '' 'NaN' \
    a14 '"quoted"' "it's, a; b | c" \
    a15 '"' '""' \
    a16 '#x' '\\:order' \
    a17 '{"a":1}' '[1,2]' \
    a18 '-' '--' \
    a19 NULL NA \
    a20 '1,234.50' '12.50' \
    a21 '\t\t' '\n' \
    a22 'a  b' 'a\\tb' >in

works crm-customer add - <in
crm-customer list -f name,city,note --format tsv >list
cut -f 2- list >got
same 'through the store' got in

# back NAME FILE: a copy of `list` that some program made.
back()
{
	same "$1" "$2" list
	run crm-customer set - --empty clear --dry-run <"$2"
	is "$1: nothing to change" "$(sed 1d "$out")" ''
}

for format in json jsonl csv; do
	crm-customer list -f name,city,note --format $format >as.$format
done
if command -v mlr >/dev/null; then
	mlr -S --tsv cat <list >got
	back 'mlr -S --tsv' got
	mlr -S --itsv --ojson cat <list | mlr -S --ijson --otsv cat >got
	back 'mlr -S to JSON and back' got
	# What has no value is null in JSON, which mlr takes for a word.
	sed 's/: *null/: ""/g' as.json | mlr -S --ijson --otsv cat >got
	back 'our JSON by mlr' got
	sed 's/: *null/: ""/g' as.jsonl | mlr -S --ijsonl --otsv cat >got
	back 'our JSON lines by mlr' got
	mlr -S --icsv --otsv cat <as.csv >got
	back 'our CSV by mlr' got
else
	skip 10 'mlr is not installed'
fi
if command -v jq >/dev/null; then
	jq -r '.[] | .note' <as.json >got
	crm-customer list -f note --format jsonl | jq -r .note >want
	same 'our JSON by jq' got want
else
	skip 1 'jq is not installed'
fi

# ---- PostgreSQL, where there is one ----
pg_bin=
for dir in $(command -v initdb | sed 's|/[^/]*$||') /usr/lib/postgresql/*/bin; do
	[ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && pg_bin=$dir
done
as=
if [ "$(id -u)" = 0 ]; then
	as='setpriv --reuid=nobody --regid=nogroup --clear-groups'
	command -v setpriv >/dev/null || pg_bin=
fi
pg_stop()
{
	[ -z "${pg-}" ] || {
		$as "$pg_bin/pg_ctl" -D "$pg/data" -m immediate stop
		rm -rf "$pg"
	} >/dev/null 2>&1
}
pg_start()
{
	[ -n "$pg_bin" ] && command -v psql || return 1
	pg=$(mktemp -d "${TMPDIR:-/tmp}/crm-pg.XXXXXX") || return 1
	trap 'pg_stop; cd / && rm -rf "$T"' EXIT
	[ -z "$as" ] || chown nobody "$pg"
	(
		cd "$pg" && HOME=$pg && export HOME &&
		    $as "$pg_bin/initdb" -D "$pg/data" -U crm -A trust -E UTF8 \
			--locale=C --no-sync &&
		    $as "$pg_bin/pg_ctl" -D "$pg/data" -w -t 30 -l "$pg/log" \
			-o "-k $pg -c listen_addresses= -c fsync=off" start
	)
}
if pg_start >pg.log 2>&1; then
	psql() { command psql -X -q -v ON_ERROR_STOP=1 -h "$pg" -U crm postgres "$@"; }
	psql -c 'create table c (customer_id text primary key, name text,
	    city text, note text)'
	psql -c '\copy c from list with (format text, header)'
	psql -c '\copy (select * from c order by 1) to got with (format text, header)'
	back 'psql \copy and back' got
	is 'PostgreSQL has the text itself' \
	    "$(psql -At -c "select count(*) from c where city = e'tab\\there'
	    and note = e'line\\nbreak\\n' or city = e'\\\\N'")" 2
	pg_stop
	pg=
else
	skip 3 'no PostgreSQL server can be started'
fi

# ---- coreutils ----
crm-body sort -t "$TAB" -k 3,3r <list | crm-body sort -t "$TAB" -k 1,1 >got
back 'sort' got
crm-customer list -f name,city,note,tier | cut -f 1-4 >got
back 'cut' got
cut -f 1,2 list >a
cut -f 1,3,4 list >b
join -t "$TAB" a b >got
back 'join' got
head -n 12 list >a
{
	head -n 1 list
	tail -n +13 list
} >b
cat a b | crm-rows >got
back 'cat a b' got
cat a b >both
works crm-customer set - --empty clear --dry-run <both
is 'cat a b into set' "$(sed 1d "$out")" ''
cut -f 1 list | crm-customer get - -f name,city,note >got
back 'get -' got
awk -F '\t' -v OFS='\t' '{ $1 = $1; print }' list >got
back 'awk' got

# ---- a second store ----
CRM_STORE=$T/second
new_store
cut -f 2- list | crm-customer add -
crm-customer list -f name,city,note >got
same 'into a second store' got list

# ---- what is not in the form of the store ----
e=$(printf 'e\314\201')
printf 'name\tnote\nnfd %s\tx\n' "$e" >in
works crm-customer add - <in
is 'composed on entering' "$(crm-customer list -w 'note = "x"' -f name \
    --format value)" 'nfd é'
printf 'name\tnote\r\ncrlf\ta\\r\\nb\\rc\r\n' >in
works crm-customer add - <in
is 'CRLF and CR become LF' "$(crm-customer list -w 'name = "crlf"' -f note \
    --format tsv | field note)" 'a\nb\nc'
printf '\357\273\277name\nbom\n' >in
works crm-customer add - <in
printf 'name\tnote\nnull\t\\N\n' >in
works crm-customer add - <in
is '\N is no value' "$(crm-customer list -w 'name = "null"' -f note | field note)" ''
printf "name\tnote\nquote\tit\\\\'s\n" >in
works crm-customer add - <in
is "\\' of ClickHouse" "$(crm-customer list -w 'name = "quote"' -f note \
    --format value)" "it's"

done_testing
