# peers.sh - what run.sh compares with: got, set up, filled.
#
# Each peer is set up as someone who knows it would: bulk loads into bare
# tables, indexes afterwards, two threads.  sqlite3 loads without a journal
# and with one fsync at the end, which on a new file is as safe as ours; then
# it is in WAL with synchronous=FULL.  DuckDB has no indexes: they would only
# slow it down.

debian='sqlite3 postgresql miller mawk valgrind'

install_debian()
{
	command -v dpkg-query >/dev/null || return 0
	get=
	for p in $debian; do
		dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null |
		    grep -q '^[ih]i' || get="$get $p"
	done
	[ -n "$get" ] || return 0
	say "installing$get"
	as=
	[ "$(id -u)" = 0 ] || as=sudo
	# shellcheck disable=SC2086  # lists of words
	$as env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
	    install -y --no-install-recommends $get >/dev/null 2>&1 ||
	    say "could not install$get: what needs them is left out"
}

# The library of npm's package, and a small program that runs SQL with it.
install_duckdb()
{
	lib=$B/npm/node_modules/@duckdb/node-bindings-linux-x64
	if [ ! -f "$lib/libduckdb.so" ]; then
		command -v npm >/dev/null || return 1
		say 'getting DuckDB'
		mkdir -p "$B/npm" && npm install --silent --no-save \
		    --prefix "$B/npm" @duckdb/node-bindings-linux-x64 \
		    >/dev/null 2>&1 || return 1
	fi
	[ "$B/duck" -nt "$here/duck.c" ] ||
	    ${CC:-cc} -O2 -o "$B/duck" "$here/duck.c" -L "$lib" -lduckdb \
	    -Wl,-rpath,"$lib"
}

# ---- SQL ----

duck_pragma="SET threads = 2; SET preserve_insertion_order = true;"

# sql_load PEER FOLDER TABLE...: the text that loads FOLDER/TABLE.tsv.
sql_load()
{
	peer=$1 from=$2
	shift 2
	case $peer in
	sqlite3)
		echo 'PRAGMA page_size = 4096; PRAGMA journal_mode = OFF;'
		echo 'PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;'
		echo 'PRAGMA threads = 2; PRAGMA temp_store = MEMORY;'
		echo 'BEGIN;'
		cat "$here/sqlite.sql"
		echo '.mode tabs'
		for t; do
			echo ".import --skip 1 $from/$t.tsv $t"
		done
		cat "$here/sqlite-index.sql"
		echo 'COMMIT;'
		echo ".shell sync $D/new.sqlite"
		echo 'PRAGMA journal_mode = WAL;'
		;;
	duckdb)
		echo "$duck_pragma BEGIN;"
		cat "$here/typed.sql"
		for t; do
			echo "COPY $t FROM '$from/$t.tsv' (DELIMITER '\t'," \
			    "HEADER, QUOTE '', ESCAPE '', AUTO_DETECT false);"
		done
		echo 'COMMIT; CHECKPOINT;'
		;;
	psql)
		echo '\set ON_ERROR_STOP 1'
		echo 'SET client_min_messages = warning;'
		echo 'DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop;'
		echo 'ALTER DATABASE postgres SET search_path = shop;'
		echo 'SET search_path = shop; BEGIN;'
		cat "$here/typed.sql"
		# so that no one need look again at what each row's state is
		with="FREEZE, HEADER true, NULL ''"
		for t; do
			# echo may take \c for a command
			printf "%s $t FROM '%s' WITH ($with)\n" \
			    '\copy' "$from/$t.tsv"
		done
		cat "$here/postgres-index.sql"
		echo 'COMMIT;'
		;;
	esac
}

# The figures our store keeps for each customer, for the jobs that write.
sqlite_figures='CREATE TABLE IF NOT EXISTS figure (customer_id INTEGER PRIMARY
    KEY, orders INTEGER, revenue INTEGER, last TEXT);
INSERT INTO figure SELECT customer_id, count(*), sum(revenue), max(placed)
    FROM orders WHERE customer_id <> "" GROUP BY customer_id;'

# sqlite_add CUSTOMER PRODUCT: one order, as crm-order add stores it.
sqlite_add()
{
	cat <<-END
		BEGIN IMMEDIATE;
		INSERT INTO orders (customer_id, placed, status, channel,
		    currency, total, base_total, revenue, paid, refunded, type)
		    VALUES ($1, "2026-03-01T10:00:00Z", "placed", "web", "EUR",
		    1990, 1990, 1990, 0, 0, "order");
		INSERT INTO line SELECT last_insert_rowid(), 1, $2, sku, name, 2, 995,
		    1990, NULL, cost FROM product WHERE product_id = $2;
		INSERT INTO figure VALUES ($1, 1, 1990, "2026-03-01T10:00:00Z")
		    ON CONFLICT (customer_id) DO UPDATE SET
		    orders = orders + 1, revenue = revenue + 1990,
		    last = max(last, excluded.last);
		COMMIT;
	END
}

# ---- PostgreSQL: a server of our own ----

pg_start()
{
	pgbin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
	[ -n "$pgbin" ] || return 1
	run=$(mktemp -d "${TMPDIR:-/tmp}/crm-bench.XXXXXX") || return 1
	as=
	if [ "$(id -u)" = 0 ]; then
		id postgres >/dev/null 2>&1 || return 1
		as='setpriv --reuid postgres --regid postgres --clear-groups'
		chown postgres "$run"
	fi
	cat >"$run/conf" <<-END
		shared_buffers = 1GB
		maintenance_work_mem = 1GB
		work_mem = 128MB
		wal_level = minimal
		max_wal_senders = 0
		max_wal_size = 8GB
		max_parallel_workers = 2
		max_parallel_workers_per_gather = 1
		autovacuum = off
		listen_addresses = ''
		unix_socket_directories = '$run'
	END
	(cd "$run" &&
	    $as "$pgbin/initdb" -A trust -U postgres -E UTF8 --locale=C \
	    "$run/data" >/dev/null 2>&1 &&
	    cat "$run/conf" >>"$run/data/postgresql.conf" &&
	    $as "$pgbin/pg_ctl" -s -w -D "$run/data" -l "$run/data/log" start) ||
	    return 1
	PGHOST=$run PGUSER=postgres PGDATABASE=postgres
	export PGHOST PGUSER PGDATABASE
}

pg_stop()
{
	[ -n "${run-}" ] || return 0
	(cd "$run" && $as "$pgbin/pg_ctl" -s -m fast -D "$run/data" stop) || :
	rm -rf "$run"
	run=
}

# sqlite_rows: transactions of the orders whose lines, three of each, are on
# stdin as sqlite takes them, six lines an order.
sqlite_rows()
{
	echo 'PRAGMA synchronous = FULL; PRAGMA cache_size = -262144;'
	awk -F '\t' '
		NR == 1 { next }
		NR % 3 == 2 {
			total = 0
			split("", line)
		}
		{
			cents = $6 * $7
			total += cents
			line[NR % 3] = "INSERT INTO line SELECT" \
			    " (SELECT max(order_id) FROM orders), " \
			    (NR - 2) % 3 + 1 ", product_id, sku, name, " $6 \
			    ", " $7 ", " cents ", NULL, cost FROM product" \
			    " WHERE product_id = " $5 ";"
		}
		NR % 3 == 1 {
			print "BEGIN IMMEDIATE; INSERT INTO orders" \
			    " (customer_id, placed, number, status, channel," \
			    " currency, total, base_total, revenue, paid," \
			    " refunded, type) VALUES (" $2 ", \"" $3 "\", \"" \
			    $1 "\", \"placed\", \"" $4 "\", \"EUR\", " total \
			    ", " total ", " total ", 0, 0, \"order\");"
			print line[2]; print line[0]; print line[1]
			print "INSERT INTO figure VALUES (" $2 ", 1, " total \
			    ", \"" $3 "\") ON CONFLICT (customer_id) DO UPDATE" \
			    " SET orders = orders + 1, revenue = revenue + " \
			    total ", last = max(last, excluded.last);"
			print "COMMIT;"
		}'
}
