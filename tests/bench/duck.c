/*
 * duck.c - runs SQL in a DuckDB database: duck DATABASE <SQL.
 *
 * Debian has no DuckDB; its library comes with a package of npm, without a
 * header.  What is used of its C interface is declared here.  Answers are
 * printed by COPY ... TO '/dev/stdout', so no results need be read.
 */
#include <stdint.h>
#include <stdio.h>

typedef void *duckdb_database;
typedef void *duckdb_connection;
typedef struct {
	uint64_t columns, rows, changed;
	void *column;
	char *message;
	void *data;
} duckdb_result;

int duckdb_open(const char *path, duckdb_database *out);
int duckdb_connect(duckdb_database db, duckdb_connection *out);
int duckdb_query(duckdb_connection c, const char *sql, duckdb_result *out);
const char *duckdb_result_error(duckdb_result *r);
void duckdb_destroy_result(duckdb_result *r);
void duckdb_disconnect(duckdb_connection *c);
void duckdb_close(duckdb_database *db);

int
main(int argc, char **argv)
{
	static char sql[1 << 16];
	duckdb_database db;
	duckdb_connection c;
	duckdb_result r;
	size_t n = fread(sql, 1, sizeof sql - 1, stdin);
	int bad;

	sql[n] = '\0';
	if (argc != 2 || duckdb_open(argv[1], &db) != 0 ||
	    duckdb_connect(db, &c) != 0) {
		fputs("duck: cannot open the database\n", stderr);
		return 1;
	}
	bad = duckdb_query(c, sql, &r);
	if (bad) {
		const char *why = duckdb_result_error(&r);

		fprintf(stderr, "duck: %s\n", why ? why : "failed");
	}
	duckdb_destroy_result(&r);
	duckdb_disconnect(&c);
	duckdb_close(&db);
	return bad ? 1 : 0;
}
