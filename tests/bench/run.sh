#!/bin/sh
# make bench: the commands beside what their users would use instead.
#
#	SCALE=xs|s|m	10 k customers and 100 k orders of three lines each on
#			the average; ten, a hundred times
#	JOBS='get rfm'	only these jobs (default: all)
#	ROUNDS=N	how often each side runs (5); one whose run is long, fewer
#			times: the table says how many
#	PEERS='duckdb'	only these (default: duckdb sqlite3 psql mlr mawk)
#	JOBS=also	makes and loads only what that needs: SCALE=m has
#			50,000 products in ten million orders
#	JOBS=growth	how our cost grows from a tenth of SCALE to three of it
#
# For each job the sides run in turn on the same data, answers are compared
# before a time counts, and medians go to build/bench/results.tsv.  Times are
# of whole processes.  Where a goal is not met the table says so; that is no
# failure of the run.
#
# What is made is kept for the next run.  What the job `load` loads is what the
# others read, so it comes first; without it the peers are filled untimed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
B=${BUILD:-build}
mkdir -p "$B/bench"
B=$(cd "$B" && pwd)
bin=$B/bin B=$B/bench
scale=${SCALE:-s}
rounds=${ROUNDS:-5}
jobs=${JOBS:-load get get-stream get-email add-stream rfm segments fresh also check list where add each mix}
D=$B/$scale
T=$D/turns.tsv
tab=$(printf '\t') failed=0 began=$(date +%s)
LC_ALL=C TZ=UTC
export LC_ALL TZ
unset CRM_NOW CRM_STORE
PATH=$bin:$PATH

case $scale in
xs)	customers=10000 ;;
s)	customers=100000 ;;
m)	customers=1000000 ;;
*)	echo "bench: SCALE is xs, s or m" >&2; exit 64 ;;
esac
products=$((customers / 10)) slow=
[ "$scale" != m ] || products=50000 slow=-s
peers=${PEERS:-duckdb sqlite3 psql mlr mawk}
orders=$((customers * 10)) refs=$((customers * 10)) added=$((customers))

is_peer()
{
	case " $peers " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

say()
{
	echo "bench: $(took): $*" >&2
}

took()
{
	awk -v s="$(($(date +%s) - began))" \
	    'BEGIN { printf "%d min %02d s", s / 60, s % 60 }'
}

. "$here/peers.sh"
. "$here/growth.sh"
trap 'pg_stop' EXIT
trap 'exit 1' HUP INT TERM

results=$B/results.tsv

# ---- data ----

# The sections of the archive, each as one stream in $D/in.
split_archive()
{
	mkdir -p "$D/in"
	awk -F '\t' -v to="$D/in/" '
		/^\\:/ {
			name = to substr($1, 3) ".tsv"
			head = seen[name]++
			next
		}
		head { head = 0; next }
		{ print >name }' "$D/shop.arc"
}

# export_as NAME TYPES: what is on stdin, as typed.sql and as sqlite.sql take it.
export_as()
{
	"$B/recast" ${sqlite:+-c "$D/cents/$1.tsv"} "$2" >"$D/typed/$1.tsv"
}

make_store()
{
	[ ! -f "$D/stored" ] || return 0
	say "making $customers customers, $products products, $orders orders"
	rm -rf "$D"
	mkdir -p "$D/out"
	crm-gen --customers "$customers" --orders "$orders" --lines 3 \
	    --products "$products" >"$D/shop.arc"
	crm_load "$D/store" - <"$D/shop.arc"
	: >"$D/stored"
}

make_data()
{
	make_store
	[ ! -f "$D/made" ] ||
	    { [ -n "$sqlite" ] && [ ! -f "$D/cents/rows.tsv" ]; } || return 0
	say 'writing what the peers read'
	rm -rf "$D/typed" "$D/cents" "$D/base"
	mkdir -p "$D/typed" "$D/cents" "$D/out"
	# what a shop has before its first order
	awk '/^\\:/ { on = /^\\:(customer|product)\t/ } on' "$D/shop.arc" \
	    >"$D/base.arc"
	crm_load "$D/base" - <"$D/base.arc"

	split_archive
	export_as customer id <"$D/in/customer.tsv"
	export_as product id,text,text,text,text,money,money \
	    <"$D/in/product.tsv"
	CRM_STORE=$D/store crm-order list -f "$order_columns" |
	    export_as orders \
		id,id,time,text,text,text,text,money,money,money,money,money
	export_as line row,id,text,text,text,money,money,money,money \
	    <"$D/in/line.tsv"
	export_as adjustment row,text,text,money,money \
	    <"$D/in/adjustment.tsv"
	export_as track row,time,text,text,text,money,text,text \
	    <"$D/in/track.tsv"
	rm -rf "$D/in"

	awk -v n="$refs" -v of="$customers" 'BEGIN {
		srand(7)
		print "customer_id"
		for (i = 0; i < n; i++)
			printf "C%010d\n", 1 + int(rand() * of)
	}' >"$D/refs.tsv"
	export_as refs id <"$D/refs.tsv"
	awk -F '\t' 'NR == FNR { if (FNR > 1) email[$1 + 0] = $4; next }
		FNR == 1 { print; next }
		{ print email[$1 + 0] }' "$D/typed/customer.tsv" \
	    "$D/typed/refs.tsv" >"$D/typed/emails.tsv"
	sed '1!s/^/email:/' "$D/typed/emails.tsv" >"$D/emails.tsv"

	# new orders of three lines each, a row for each line
	awk -v n="$added" -v of="$customers" -v products="$products" 'BEGIN {
		srand(11)
		OFS = "\t"
		print "number", "customer_id", "placed", "channel",
		    "product_id", "quantity", "price"
		for (i = 1; i <= n; i++) {
			c = 1 + int(rand() * of)
			at = sprintf("2026-%02d-%02dT%02d:%02d:00Z",
			    1 + int(rand() * 6), 1 + int(rand() * 28),
			    int(rand() * 24), int(rand() * 60))
			for (j = 1; j <= 3; j++)
				print "N" i, sprintf("C%010d", c), at, "web",
				    sprintf("P%010d", 1 + int(rand() * products)),
				    1 + int(rand() * 3),
				    sprintf("%d.%02d", 1 + int(rand() * 99),
				    int(rand() * 100))
		}
	}' >"$D/rows.tsv"
	export_as rows text,id,time,text,id,text,money <"$D/rows.tsv"
	: >"$D/made"
}

order_columns=customer_id,placed,number,status,channel,currency,total
order_columns=$order_columns,base_total,revenue,paid,refunded,type,campaign
order_columns=$order_columns,branch,prices_include_tax,ship_name,ship_street
order_columns=$order_columns,ship_postcode,ship_city,ship_country
tables='customer product orders line adjustment track'

crm_load()
{
	crm-store load -q --store "$1" --currency EUR --timezone UTC \
	    --country DE "$2"
}

# load_texts TO TABLE...: what loads these, as $D/TO.PEER, for those there are.
load_texts()
{
	to=$1
	shift
	[ -z "$sqlite" ] || sql_load sqlite3 "$D/cents" "$@" >"$D/$to.sqlite3"
	[ -z "$duckdb" ] || sql_load duckdb "$D/typed" "$@" >"$D/$to.duckdb"
	[ -z "$psql" ] || sql_load psql "$D/typed" "$@" >"$D/$to.psql"
}

# fill NAME TO: the databases NAME of the peers from $D/TO.PEER, where they are
# not there yet.
fill()
{
	[ -z "$sqlite" ] || [ -f "$D/$1.sqlite" ] || {
		rm -f "$D"/new.sqlite*
		sqlite3 "$D/new.sqlite" <"$D/$2.sqlite3" >/dev/null
		keep_new "$1"
	}
	[ -z "$duckdb" ] || [ -f "$D/$1.duckdb" ] || {
		rm -f "$D"/new.duckdb*
		"$duckdb" "$D/new.duckdb" <"$D/$2.duckdb"
		keep_new "$1"
	}
}

# keep_new NAME: the databases just made are those of NAME.
keep_new()
{
	[ ! -f "$D/new.sqlite" ] || {
		echo "$sqlite_figures" | sqlite3 "$D/new.sqlite"
		mv "$D/new.sqlite" "$D/$1.sqlite"
	}
	[ ! -f "$D/new.duckdb" ] || mv "$D/new.duckdb" "$D/$1.duckdb"
}

# The peers' databases of what a shop has before its first order, and of all
# of it.  PostgreSQL's goes with its server.
fill_peers()
{
	say 'filling the peers'
	load_texts base.load customer product
	fill base base.load
	# shellcheck disable=SC2086  # a list of words
	load_texts load $tables
	case " $jobs " in
	*' load '*) job_load ;;
	esac
	fill shop load
	[ -z "$psql" ] || [ -n "$psql_filled" ] || psql -q -f "$D/load.psql"
}

# ---- jobs ----

# side NAME TIMES BEFORE COMMAND: one of the job that follows, unless the
# peer is not there.  TIMES may be TIMES:ROUNDS (turns.c).
side()
{
	case $1 in
	sqlite3) [ -n "$sqlite" ] || return 0 ;;
	duckdb) [ -n "$duckdb" ] || return 0 ;;
	psql) [ -n "$psql" ] || return 0 ;;
	mlr | mawk)
		is_peer "$1" && command -v "$1" >/dev/null || return 0
		;;
	esac
	printf '%s\t%s\t%s\t%s\n' "$@" >>"$T"
}

# compare JOB TYPES [OPTION]: runs the sides; answers are out/JOB.SIDE of those
# TYPES, or - when there is none to compare.
compare()
{
	job=$1 types=$2 how=${3-}
	say "$job"
	set --
	while IFS="$tab" read -r s _; do
		[ ! -f "$D/out/$job.$s" ] || rm -f "$D/out/$job.$s"
		case $s in
		true | cat | defaults) ;;
		*) set -- "$@" "$D/out/$job.$s" ;;
		esac
	done <"$T"
	check=:
	[ "$types" = - ] || check="$same $types $*"
	measure "$job" "$check" "$how"
}

# measure JOB CHECK [OPTION]
measure()
{
	# shellcheck disable=SC2086  # no option or one
	if "$B/turns" -m ${3-} -c "$2" "$rounds" "$T" >"$D/job.tmp"; then
		sed "s/^/$1$tab/" "$D/job.tmp" >>"$raw"
	else
		say "$1: no times, it failed"
		failed=1
	fi
	rm -f "$T" "$D/job.tmp"
}

# Nothing is written to files while it is timed: making one costs as much.
job_get()
{
	c=$((customers / 3)) f='name,type,email,phone,country,city'
	q="SELECT customer_id,$f FROM customer WHERE customer_id = $c"
	echo "COPY ($q) TO '/dev/stdout' (DELIMITER '\t', HEADER);" \
	    >"$D/get.duckdb"
	mine="crm-customer get --store $D/store C$c"
	lite="sqlite3 -batch -tabs -header $D/shop.sqlite"
	side crm 200 - "$mine -f $f"
	side defaults 200 - "$mine"
	side email 200 - "crm-customer get --store $D/store email:$(
	    awk -F "$tab" -v n="$c" 'NR == n + 1 { print $4; exit }' \
		"$D/typed/customer.tsv")"
	side true 200 - '/bin/true'
	side sqlite3 100 - "$lite '$q'"
	side psql 5 - "psql -q -c 'COPY ($q) TO STDOUT'"
	side duckdb 5 - "$duckdb $D/shop.duckdb <$D/get.duckdb"
	say get
	cat >"$D/check.get" <<-END
		cd '$D/out'
		$mine -f $f >get.crm
		[ -z '$sqlite' ] || $lite '$q' >get.sqlite3
		[ -z '$duckdb' ] || $duckdb $D/shop.duckdb <$D/get.duckdb |
		    cat >get.duckdb
		$same id get.*
	END
	measure get "sh $D/check.get"
}

job_get_stream()
{
	f=name,email,country,city
	cat >"$D/stream.sqlite3" <<-END
		PRAGMA temp_store = MEMORY;
		CREATE TEMP TABLE r (customer_id INTEGER);
		.mode tabs
		.headers on
		.import --skip 1 $D/typed/refs.tsv r
		SELECT customer_id,$f FROM r LEFT JOIN customer c
		    USING (customer_id) ORDER BY r.rowid;
	END
	echo "$duck_pragma COPY (SELECT customer_id,$f FROM
	    read_csv('$D/typed/refs.tsv', header = true, columns =
	    {'customer_id': 'BIGINT'}) LEFT JOIN customer USING (customer_id))
	    TO '$D/out/get-stream.duckdb' (DELIMITER '\t', HEADER);" \
	    >"$D/stream.duckdb"
	side crm 1 - "crm-customer get --store $D/store - -f $f <$D/refs.tsv >$D/out/get-stream.crm"
	side sqlite3 1 - "sqlite3 -batch -mmap 4294967296 $D/shop.sqlite <$D/stream.sqlite3 >$D/out/get-stream.sqlite3"
	side duckdb 1 - "$duckdb $D/shop.duckdb <$D/stream.duckdb"
	compare get-stream id
}

job_get_email()
{
	f=name,country,city
	cat >"$D/email.sqlite3" <<-END
		PRAGMA temp_store = MEMORY;
		CREATE TEMP TABLE r (email TEXT);
		.mode tabs
		.headers on
		.import --skip 1 $D/typed/emails.tsv r
		SELECT customer_id,$f FROM r LEFT JOIN customer c ON
		    c.customer_id = (SELECT customer_id FROM customer d
		    WHERE d.email = r.email ORDER BY customer_id LIMIT 1)
		    ORDER BY r.rowid;
	END
	echo "$duck_pragma COPY (SELECT customer_id,$f FROM
	    read_csv('$D/typed/emails.tsv', header = true, columns =
	    {'email': 'TEXT'}) r LEFT JOIN customer c USING (email))
	    TO '$D/out/get-email.duckdb' (DELIMITER '\t', HEADER);" \
	    >"$D/email.duckdb"
	side crm 1 - "crm-customer get --store $D/store - -f $f <$D/emails.tsv >$D/out/get-email.crm"
	side sqlite3 1:2 - "sqlite3 -batch -mmap 4294967296 $D/shop.sqlite <$D/email.sqlite3 >$D/out/get-email.sqlite3"
	side duckdb 1 - "$duckdb $D/shop.duckdb <$D/email.duckdb"
	compare get-email id
}

# What was loaded, in a line: orders, lines, units, and what they come to.
loaded="SELECT count(*) AS orders, (SELECT count(*) FROM line) AS l,
    (SELECT sum(quantity) FROM line) AS u, (SELECT sum(amount) FROM line) AS a
    FROM orders"

# answers_of_load JOB: makes the script that compares them.
answers_of_load()
{
	cat >"$D/check.$1" <<-END
		set -e
		cd '$D/out'
		n=\$(crm-order list --store $D/new --count)
		crm-order lines --store $D/new -f quantity,amount |
		awk -F '$tab' -v n=\$n 'NR > 1 { l++; u += \$2; a += \$3 * 100 }
		END { print "-\\n" n "$tab" l "$tab" u "$tab" sprintf("%.0f", a) }' >$1.crm
		if [ -n "$sqlite" ]; then
			sqlite3 -tabs -header $D/new.sqlite '$loaded' >$1.sqlite3
		fi
		if [ -f $D/new.duckdb ]; then
			echo "COPY ($loaded) TO '$D/out/$1.duckdb'
			    (DELIMITER '$tab', HEADER)" | $B/duck $D/new.duckdb
		fi
		if [ $1 = load ] && [ -n "$psql" ]; then
			psql -q -c "COPY ($loaded) TO STDOUT WITH (HEADER)" >$1.psql
		fi
		$same text,text,text,money $1.*
	END
}

compare_load()
{
	say "$1"
	answers_of_load "$1"
	rm -f "$D/out/$1".*
	measure "$1" "sh $D/check.$1" -s
}

job_load()
{
	side crm 1 "rm -rf $D/new" "crm-store load -q --store $D/new --currency EUR --timezone UTC --country DE - <$D/shop.arc"
	side duckdb 1 "rm -f $D/new.duckdb*" "$duckdb $D/new.duckdb <$D/load.duckdb"
	side sqlite3 1:1 "rm -f $D/new.sqlite*" "sqlite3 -batch -mmap 4294967296 $D/new.sqlite <$D/load.sqlite3"
	side psql 1:1 - "psql -q -f $D/load.psql"
	compare_load load
	# what it made is read by the others
	[ $failed = 1 ] || {
		psql_filled=$psql
		keep_new shop
	}
	# and what all of it takes, for each order
	sizes stored shop "$orders"
	rm -rf "$D/new" "$D"/new.*
}

# sizes JOB NAME N [BEFORE]: bytes of the databases NAME, less those of BEFORE,
# for each of N.
sizes()
{
	[ $failed = 0 ] || return 0
	for s in crm sqlite3 duckdb; do
		b=$(size_of $s "$2") a=
		[ -z "${4-}" ] || a=$(size_of $s "$4")
		[ -z "$b" ] || awk -v job="$1" -v s=$s -v n="$3" -v b="$b" \
		    -v a="${a:-0}" 'BEGIN {
			printf "%s\t%s\t1\t%.1f\n", job, s, (b - a) / n
		}' >>"$raw"
	done
}

# duck_rows FILE: adds its orders, a row for each line.
duck_rows()
{
	cat <<-END
		$duck_pragma
		CREATE TEMP TABLE r AS SELECT row_number() OVER () AS nth, * FROM
		    read_csv('$1', header = true, columns = {
		    'number': 'TEXT', 'customer_id': 'BIGINT', 'placed':
		    'TIMESTAMP', 'channel': 'TEXT', 'product_id': 'BIGINT',
		    'quantity': 'INTEGER', 'price': 'DECIMAL(18,2)'});
		BEGIN;
		CREATE TEMP TABLE o AS SELECT row_number() OVER (ORDER BY
		    min(nth)) AS id, number, any_value(customer_id) AS c,
		    any_value(placed) AS p, any_value(channel) AS ch,
		    sum(price * quantity) AS t FROM r GROUP BY number;
		INSERT INTO orders (order_id, customer_id, placed, number,
		    status, channel, currency, total, base_total, revenue, paid,
		    refunded, type) SELECT id, c, p, number, 'placed', ch, 'EUR',
		    t, t, t, 0, 0, 'order' FROM o ORDER BY id;
		INSERT INTO line SELECT o.id, row_number() OVER (PARTITION BY
		    o.id ORDER BY nth), product_id, p.sku, p.name, quantity, r.price,
		    r.price * quantity, NULL, p.cost FROM r JOIN o USING
		    (number) JOIN product p USING (product_id) ORDER BY o.id;
		COMMIT;
		CHECKPOINT;
	END
}

job_add_stream()
{
	cat >"$D/rows.sqlite3" <<-END
		PRAGMA cache_size = -262144;
		PRAGMA temp_store = MEMORY;
		CREATE TEMP TABLE r (number TEXT, customer_id INTEGER,
		    placed TEXT, channel TEXT, product_id INTEGER,
		    quantity INTEGER, price INTEGER);
		.mode tabs
		.import --skip 1 $D/cents/rows.tsv r
		BEGIN;
		INSERT INTO orders (customer_id, placed, number, status, channel,
		    currency, total, base_total, revenue, paid, refunded, type)
		    SELECT customer_id, placed, number, 'placed', channel,
		    'EUR', sum(price * quantity), sum(price * quantity),
		    sum(price * quantity), 0, 0, 'order' FROM r GROUP BY
		    number ORDER BY min(rowid);
		INSERT INTO line SELECT o.order_id, row_number() OVER
		    (PARTITION BY o.order_id ORDER BY r.rowid), r.product_id,
		    p.sku, p.name, quantity, r.price, r.price * quantity, NULL, p.cost
		    FROM r JOIN orders o USING (number)
		    JOIN product p ON p.product_id = r.product_id;
		COMMIT;
		PRAGMA wal_checkpoint(TRUNCATE);
	END
	duck_rows "$D/typed/rows.tsv" >"$D/rows.duckdb"
	side crm 1 "rm -rf $D/new && cp -a $D/base $D/new" "crm-order add -q --store $D/new - <$D/rows.tsv"
	side duckdb 1 "cp $D/base.duckdb $D/new.duckdb" "$duckdb $D/new.duckdb <$D/rows.duckdb"
	side sqlite3 1:2 "rm -f $D/new.sqlite*; cp $D/base.sqlite $D/new.sqlite" "sqlite3 -batch -mmap 4294967296 $D/new.sqlite <$D/rows.sqlite3"
	compare_load add-stream
	# and what they take, over what was there before
	sizes bytes new "$added" base
	rm -rf "$D/new" "$D"/new.*
}

size_of()
{
	case $1 in
	crm)
		crm-store info --store "$D/$([ "$2" = shop ] && echo store || echo "$2")" --format vertical |
		    awk '$1 == "bytes_used:" { print $2 }'
		;;
	sqlite3) [ -z "$sqlite" ] || wc -c <"$D/$2.sqlite" ;;
	duckdb) [ -z "$duckdb" ] || wc -c <"$D/$2.duckdb" ;;
	esac
}

job_rfm()
{
	sed -e "s|@TODAY@|$(date -u +%Y-%m-%d)|" \
	    -e "s|@OUT@|$D/out/rfm.duckdb|" "$here/rfm.sql" >"$D/rfm.duckdb"
	echo "$duck_pragma" | cat - "$D/rfm.duckdb" >"$D/rfm.tmp"
	mv "$D/rfm.tmp" "$D/rfm.duckdb"
	side crm 1 - "crm-rfm --store $D/store >$D/out/rfm.crm"
	side duckdb 1 - "$duckdb $D/shop.duckdb <$D/rfm.duckdb"
	compare rfm id,text,text,money
}

# What the question needs, as DuckDB holds it: numbers; and the lines that
# count as a stream, for who has no store.
also_tables()
{
	[ -n "$duckdb" ] && [ ! -f "$D/also.duckdb" ] || return 0
	say 'also: filling DuckDB'
	rm -f "$D"/also.new*
	crm-order list --store "$D/store" -f type,status >"$D/also.orders"
	crm-order lines --store "$D/store" -f order_id,product_id >"$D/also.lines"
	"$duckdb" "$D/also.new" <<-END
		$duck_pragma
		CREATE TABLE orders AS SELECT CAST(substr(order_id, 2) AS BIGINT)
		    AS order_id, type, status FROM read_csv('$D/also.orders',
		    delim = '\t', header = true, columns = {'order_id': 'TEXT',
		    'type': 'TEXT', 'status': 'TEXT'});
		CREATE TABLE line AS SELECT CAST(substr(order_id, 2) AS BIGINT)
		    AS order_id, CAST(substr(product_id, 2) AS BIGINT)
		    AS product_id FROM read_csv('$D/also.lines', delim = '\t',
		    header = true, columns = {'line_id': 'TEXT',
		    'order_id': 'TEXT', 'product_id': 'TEXT'});
		CHECKPOINT;
		COPY (SELECT format('O{:010d}', order_id) AS order_id,
		    format('P{:010d}', product_id) AS product_id
		    FROM line JOIN orders USING (order_id)
		    WHERE product_id IS NOT NULL AND type = 'order' AND
		    status NOT IN ('cart', 'pending', 'cancelled'))
		    TO '$D/also.tsv' (DELIMITER '\t', HEADER);
	END
	rm -f "$D/also.orders" "$D/also.lines"
	mv "$D/also.new" "$D/also.duckdb"
}

job_also()
{
	also_tables
	sed "s|@OUT@|$D/out/also.duckdb|" "$here/also.sql" >"$D/also.tmp"
	echo "$duck_pragma" | cat - "$D/also.tmp" >"$D/also.sql"
	mine='crm-recommend build --by together -f seed_id,rank,together'
	side crm 1 - "$mine --store $D/store >$D/out/also.crm"
	[ ! -f "$D/also.tsv" ] ||
	    side text 1 - "$mine --store $D/store --from $D/also.tsv >$D/out/also.text"
	side duckdb 1 - "$duckdb $D/also.duckdb <$D/also.sql"
	compare also id,id,text,text $slow
	# both ways of ours stand beside the same run of DuckDB
	awk -v FS="$tab" -v OFS="$tab" '
		$1 == "also" && $2 == "text" {
			$1 = "also-text"
			$2 = "crm"
			again = $0
			next
		}
		{ print }
		$1 == "also" && $2 == "duckdb" {
			$1 = "also-text"
			again = again "\n" $0
		}
		END { if (again) print again }' "$raw" >"$raw.tmp"
	mv "$raw.tmp" "$raw"
}

# The conditions of segments.tsv, in the settings of a store and as queries:
# each by itself, as a report would ask them, and over figures made once.
with_segments()
{
	grep -q '^segments:' "$1/crm.yaml" || {
		echo 'segments:'
		awk -F "$tab" '{ print "  " $1 ": { where: \047" $2 "\047 }" }' \
		    "$here/segments.tsv"
	} >>"$1/crm.yaml"
	crm-store apply -q --store "$1" >/dev/null
}

figures="SELECT c.customer_id, c.country, coalesce(n, 0) AS n,
    coalesce(r, 0) AS r, l, b FROM customer c LEFT JOIN
    (SELECT customer_id, count(*) FILTER (counts) AS n, sum(revenue) AS r,
	max(placed) FILTER (counts) AS l, min(placed) FILTER (counts) AS b
    FROM (SELECT customer_id, placed, revenue, type = 'order' AND
	status NOT IN ('cart', 'pending', 'cancelled') AS counts
	FROM orders) GROUP BY customer_id) f USING (customer_id)"

# segment_queries FROM OUT
segment_queries()
{
	echo 'CREATE TEMP TABLE s (segment TEXT, customers BIGINT,
	    revenue DECIMAL(18, 2));'
	awk -F "$tab" -v from="$1" '{
		print "INSERT INTO s SELECT \047" $1 "\047, count(*)," \
		    " coalesce(sum(r), 0) FROM " from " WHERE " $3 ";"
	}' "$here/segments.tsv"
	echo "COPY s TO '$2' (DELIMITER '\t', HEADER);"
}

job_segments()
{
	with_segments "$D/store"
	{
		echo "$duck_pragma"
		segment_queries "($figures)" "$D/out/segments.duckdb"
	} | tr '\n' ' ' >"$D/segments.duckdb"
	{
		echo "$duck_pragma CREATE TEMP TABLE f AS $figures;"
		segment_queries f "$D/out/segments.duckdb-once"
	} >"$D/segments.once"
	side crm 1 - "crm-segment list --store $D/store -f customers,revenue >$D/out/segments.crm"
	side duckdb 1 - "$duckdb $D/shop.duckdb <$D/segments.duckdb"
	[ -z "$duckdb" ] ||
	    side duckdb-once 1 - "$duckdb $D/shop.duckdb <$D/segments.once"
	compare segments text,text,money
}

# Is a new customer known?  Of a frequent name, with a letter wrong in one and
# in both names, and of a name that is rare.  Somebody is: none would be exit 1.
job_check()
{
	check="crm-dedupe check --store $D/store --least 1e-9 --postcode 10871"
	side crm 50 - "$check --name 'Karl Bauer'"
	side typo 50 - "$check --name 'Karl Baeur'"
	side both-typo 50 - "$check --name 'Kral Baeur'"
	side rare 50 - "$check --name 'Karl Baumgaertel'"
	compare check -
	for name in 'Karl Bauer' 'Kral Baeur'; do
		# shellcheck disable=SC2086  # words of a command
		counted $check --name "$name" || return 0
		callgrind_annotate "$D/callgrind" | awk -v name="$name" '
			/PROGRAM TOTALS/ {
				gsub(",", "", $1)
				printf "start\tcheck %s\t1\t%d\n", name, $1
			}' >>"$raw"
	done
}

# A thousand orders come in, and segments and scores are asked for; each round
# adds as many to both.
job_fresh()
{
	rm -rf "$D/work" "$D"/work.*
	cp -a "$D/store" "$D/work"
	with_segments "$D/work"
	cut -f 2- "$D/rows.tsv" | head -n 3001 >"$D/fresh.tsv"
	head -n 3001 "$D/typed/rows.tsv" >"$D/fresh.typed"
	printf '%s\n' 'set -e' \
	    "crm-order add -q --store $D/work - <$D/fresh.tsv" \
	    "crm-segment list --store $D/work -f customers,revenue >$D/out/fresh.crm" \
	    "crm-rfm --store $D/work >$D/out/scores.crm" >"$D/fresh.crm"
	if [ -n "$duckdb" ]; then
		cp "$D/shop.duckdb" "$D/work.duckdb"
		{
			duck_rows "$D/fresh.typed" |
			    sed 's/AS id,/+ (SELECT max(order_id) FROM orders) AS id,/'
			segment_queries "($figures)" "$D/out/fresh.duckdb"
			sed -e "s|@TODAY@|$(date -u +%Y-%m-%d)|" \
			    -e "s|@OUT@|$D/out/scores.duckdb|" "$here/rfm.sql"
		} >"$D/fresh.duckdb"
	fi
	side crm 1 - "sh $D/fresh.crm"
	side duckdb 1 - "$duckdb $D/work.duckdb <$D/fresh.duckdb"
	compare fresh text,text,money
	rm -rf "$D/work" "$D"/work.*
}

job_list()
{
	f=order_id,customer_id,placed,number,status,channel,currency,total
	f=$f,base_total,revenue,paid,refunded
	cat >"$D/list.sqlite3" <<-END
		.mode tabs
		.headers on
		SELECT $f FROM orders ORDER BY order_id;
	END
	echo "$duck_pragma COPY (SELECT $f FROM orders) TO
	    '$D/out/list.duckdb' (DELIMITER '\t', HEADER);" >"$D/list.duckdb"
	echo "COPY (SELECT $f FROM orders ORDER BY order_id) TO STDOUT WITH (HEADER true, NULL '')" >"$D/list.psql"
	side crm 1 - "crm-order list --store $D/store >$D/out/list.crm"
	side duckdb 1 - "$duckdb $D/shop.duckdb <$D/list.duckdb"
	side cat 1 - "cat $D/out/list.crm >$D/out/list.cat"
	side sqlite3 1 - "sqlite3 -batch -mmap 4294967296 $D/shop.sqlite <$D/list.sqlite3 >$D/out/list.sqlite3"
	side psql 1 - "psql -q -f $D/list.psql >$D/out/list.psql"
	compare list id,id,time,text,text,text,text,money,money,money,money,money
}

job_where()
{
	f=customer_id,placed,total
	cat >"$D/where.sqlite3" <<-END
		.mode tabs
		.headers on
		SELECT order_id,$f FROM orders WHERE total > 50000 AND
		    channel = 'shop' ORDER BY order_id;
	END
	echo "$duck_pragma COPY (SELECT order_id,$f FROM orders WHERE
	    total > 500 AND channel = 'shop') TO
	    '$D/out/where.duckdb' (DELIMITER '\t', HEADER);" >"$D/where.duckdb"
	echo "COPY (SELECT order_id,$f FROM orders WHERE total > 500 AND channel = 'shop' ORDER BY order_id) TO STDOUT WITH (HEADER true, NULL '')" >"$D/where.psql"
	w='total > 500 and channel = "shop"'
	side crm 1 - "crm-order list --store $D/store -w '$w' -f $f >$D/out/where.crm"
	side duckdb 1 - "$duckdb $D/shop.duckdb <$D/where.duckdb"
	side sqlite3 1 - "sqlite3 -batch -mmap 4294967296 $D/shop.sqlite <$D/where.sqlite3 >$D/out/where.sqlite3"
	side psql 1 - "psql -q -f $D/where.psql >$D/out/where.psql"
	# from the streams, as one would without a store
	side mawk 1 - "mawk -F '$tab' 'NR == 1 || (\$8 > 500 && \$6 == \"shop\") { print \$1 \"$tab\" \$2 \"$tab\" \$3 \"$tab\" \$8 }' $D/typed/orders.tsv >$D/out/where.mawk"
	side mlr 1:1 - "mlr --tsv filter '\$total > 500 && \$channel == \"shop\"' then cut -o -f order_id,$f $D/typed/orders.tsv >$D/out/where.mlr"
	compare where id,id,time,money
}

fresh_copies()
{
	rm -rf "$D/work" "$D"/work.sqlite*
	cp -a "$D/store" "$D/work"
	[ -z "$sqlite" ] || cp "$D/shop.sqlite" "$D/work.sqlite"
}

crm_add='--placed 2026-03-01T10:00:00Z --channel web'

job_add()
{
	fresh_copies
	c=$((customers / 3)) p=$((customers / 30))
	side crm 50 - "crm-order add -q --store $D/work --customer C$c $crm_add --line 'P$p x 2 @ 9.95'"
	{
		echo '.dbconfig no_ckpt_on_close on'
		sqlite_add $c $p
	} >"$D/add.sqlite3"
	side sqlite3 50 - "sqlite3 -batch -mmap 4294967296 $D/work.sqlite <$D/add.sqlite3"
	compare add -
	# as many orders on both sides
	[ -z "$sqlite" ] || [ "$(crm-order list --store "$D/work" --count)" = \
	    "$(sqlite3 "$D/work.sqlite" 'SELECT count(*) FROM orders')" ] || {
		say 'add: the stores differ'
		failed=1
	}
}

# Orders of three lines to one process, a transaction each.
job_each()
{
	# of a run that was cut off
	rm -rf "$D/new" "$D"/new.*
	n=10000
	head -n $((3 * n + 1)) "$D/rows.tsv" >"$D/each.tsv"
	[ -z "$sqlite" ] ||
	    sqlite_rows <"$D/cents/rows.tsv" | head -n $((6 * n + 1)) \
		>"$D/each.sqlite3"
	echo 'SELECT count(*) FROM orders;' >>"$D/each.sqlite3"
	echo "$sqlite_figures" >"$D/figures.sqlite3"
	side crm 1 "rm -rf $D/new && cp -a $D/base $D/new" "crm-order add --each --store $D/new - <$D/each.tsv >$D/out/each"
	side sqlite3 1:2 "rm -f $D/new.sqlite*; cp $D/base.sqlite $D/new.sqlite; sqlite3 $D/new.sqlite <$D/figures.sqlite3" "sqlite3 -batch -mmap 4294967296 $D/new.sqlite <$D/each.sqlite3 >$D/out/each"
	compare_load each
	rm -rf "$D/new" "$D"/new.*
}

# Four that write and four that read, each side by itself.
job_mix()
{
	say 'four writers beside four readers'
	fresh_copies
	n=20000
	head -n $((n + 1)) "$D/refs.tsv" >"$D/some.tsv"
	head -n $((n + 1)) "$D/typed/refs.tsv" >"$D/some.num"
	cat >"$D/read.sqlite3" <<-END
		.timeout 60000
		PRAGMA temp_store = MEMORY;
		CREATE TEMP TABLE r (customer_id INTEGER);
		.mode tabs
		.import --skip 1 $D/some.num r
		SELECT customer_id,name,email,country,city FROM r LEFT JOIN
		    customer c USING (customer_id) ORDER BY r.rowid;
	END
	for s in crm sqlite3; do
		for i in 1 2 3 4; do
			c=$((customers / (i + 1))) p=$((customers / 10 / (i + 1)))
			{
				echo '.timeout 60000'
				echo '.dbconfig no_ckpt_on_close on'
				sqlite_add $c $p
			} >"$D/write$i.sqlite3"
			case $s in
			crm)
				side "$s" 1 - "crm-order add -q --store $D/work --customer C$c $crm_add --line 'P$p x 2 @ 9.95'"
				side "$s" "$n" - "crm-customer get --store $D/work - -f name,email,country,city <$D/some.tsv"
				;;
			sqlite3)
				side "$s" 1 - "sqlite3 -batch -mmap 4294967296 $D/work.sqlite <$D/write$i.sqlite3"
				side "$s" "$n" - "sqlite3 -batch -mmap 4294967296 $D/work.sqlite <$D/read.sqlite3"
				;;
			esac
		done
		[ -f "$T" ] || continue
		mv "$T" "$D/mix-$s.tsv"
	done
	i=0
	while [ $i -lt "$rounds" ]; do
		for s in crm sqlite3; do
			[ -f "$D/mix-$s.tsv" ] || continue
			# odd lines are of writers
			"$B/turns" -l 3 "$D/mix-$s.tsv" | awk -v s=$s -v OFS='\t' '
				{ n[NR % 2] += $2 }
				END { print "writes", s, n[1]; print "reads", s, n[0] }'
		done
		i=$((i + 1))
	done | sort -t "$tab" -k 1,2 -k 3,3n | awk -F '\t' -v OFS='\t' '
		function flush() {
			if (n)
				print key, n, v[int((n + 1) / 2)], v[1], v[n]
			n = 0
		}
		$1 OFS $2 != key { flush(); key = $1 OFS $2 }
		{ v[++n] = $3 }
		END { flush() }' >>"$raw"
	rm -rf "$D/work" "$D"/work.*
}

# ---- start-up, in instructions ----

# counted COMMAND...: what it executes, in $D/callgrind; fails where there is
# no valgrind.
counted()
{
	command -v valgrind >/dev/null &&
	    valgrind -q --tool=callgrind \
		--callgrind-out-file="$D/callgrind" "$@" \
		>/dev/null 2>"$D/callgrind.err"
}

instructions()
{
	say 'instructions of a cold look-up'
	counted crm-customer get --store "$D/store" "C$((customers / 3))" ||
	    return 0
	callgrind_annotate --inclusive=yes --threshold=100 "$D/callgrind" |
	    awk '
		/PROGRAM TOTALS/ { gsub(",", "", $1); total = $1 }
		# the largest figure of each name is that of its outermost call
		match($0, /:[a-z_]+(\.[a-z0-9.]+)? \[/) {
			f = substr($0, RSTART + 1, RLENGTH - 3)
			sub(/\..*/, "", f)
			gsub(",", "", $1)
			if (!(f in n) || n[f] < $1)
				n[f] = $1
		}
		function part(what, k) { printf "start\t%s\t1\t%d\n", what, k }
		END {
			part("all", total)
			part("before main", total - n["main"])
			part("options", n["cli_parse"])
			part("environment", n["cli_env_read"])
			part("open the store", n["crm_store_open"])
			part("schema", n["crm_store_schema"])
			part("get", n["cli_get"])
		}' >>"$raw"
}

# ---- all of it ----

install_debian
sqlite=
! is_peer sqlite3 || sqlite=$(command -v sqlite3 || :)
duckdb=
if ! is_peer duckdb; then
	:
elif install_duckdb; then
	duckdb=$B/duck
else
	say 'DuckDB is not to be had: left out'
fi
for p in turns recast; do
	[ "$B/$p" -nt "$here/$p.c" ] ||
	    ${CC:-cc} -O2 -std=c11 -D_GNU_SOURCE -o "$B/$p" "$here/$p.c"
done
same="sh '$here/same.sh' $B/recast"
raw=$D/raw.tsv
case $jobs in
also) make_store ;;
growth) mkdir -p "$D/out" ;;
*) make_data ;;
esac
rm -f "$T"
: >"$raw"
psql='' psql_filled=
case " $jobs " in
*' get '* | *' load '* | *' list '* | *' where '*)
	if ! is_peer psql; then
		:
	elif pg_start; then
		psql=psql
	else
		say 'no PostgreSQL server here: left out'
		pg_stop
	fi
	;;
esac
case $jobs in
also | growth) ;;
*) fill_peers ;;
esac
for j in $jobs; do
	case $j in
	get) job_get; instructions ;;
	get-stream) job_get_stream ;;
	get-email) job_get_email ;;
	load) ;; # done
	add-stream) job_add_stream ;;
	rfm) job_rfm ;;
	segments) job_segments ;;
	fresh) job_fresh ;;
	growth) job_growth ;;
	also) job_also ;;
	check) job_check ;;
	list) job_list ;;
	where) job_where ;;
	add) job_add ;;
	each) job_each ;;
	mix) job_mix ;;
	*) say "there is no job '$j'"; exit 64 ;;
	esac
done
[ $failed = 1 ] || rm -rf "$D/out"
mkdir -p "$D/out"

# report OPTION...: the table.
report()
{
	awk -v scale="$scale" "$@" -f "$here/report.awk" "$here/goals.tsv" "$raw"
}

report -v tsv=1 >"$results"
report -v data="$customers customers, $products products, $orders orders" \
    -v took="$(took) on $(nproc) processors" >"$B/report.txt"
mv "$B/report.txt" "$B/table.txt"
cat "$B/table.txt"
say "written to $results"
exit $failed
