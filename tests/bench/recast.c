/*
 * recast.c - a stream as the peers take it, and answers of all of them as one
 * thing to compare.
 *
 *	recast [-c CENTS] TYPES <STREAM		ids as numbers, a row as two
 *	recast -d TYPES FILE			how many rows, and a sum of them
 *
 * TYPES are those of the columns, in order, with commas between: id, row (a
 * number of an order and one in it), time, money, text; what is missing is
 * text.  With -c the stream goes to CENTS as well, with money as whole cents:
 * sqlite3 has no decimals.
 *
 * Programs write numbers and times in ways of their own, and joins may give
 * rows in any order.  So -d takes money as cents, and of times the digits, and
 * adds up what the rows hash to.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 64, ROW_MAX = 1 << 16 };

enum type { TEXT, ID, ROW, TIME, MONEY };

static enum type type[COLUMNS];

/* A row that is being written. */
struct row {
	char s[ROW_MAX];
	size_t n;
};

struct digest {
	uint64_t rows, sum, sum2;
};

static void
die(const char *what)
{
	fprintf(stderr, "recast: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
read_types(char *text)
{
	static const char *const name[] = {
	    "text", "id", "row", "time", "money"};
	const char *word;
	int n = 0;

	while ((word = strsep(&text, ",")) != NULL) {
		size_t t = 0;

		while (t < sizeof name / sizeof *name &&
		       strcmp(name[t], word) != 0)
			t++;
		if (t == sizeof name / sizeof *name || n == COLUMNS) {
			errno = EINVAL;
			die(word);
		}
		type[n++] = (enum type)t;
	}
}

static void
put(struct row *r, const char *s, size_t n)
{
	if (n > sizeof r->s - r->n) {
		errno = E2BIG;
		die("a row");
	}
	memcpy(r->s + r->n, s, n);
	r->n += n;
}

/* Digits without zeros before them. */
static void
put_number(struct row *r, const char *s, size_t n)
{
	for (; n > 1 && *s == '0'; s++)
		n--;
	put(r, s, n);
}

/* Without the letters it begins with. */
static void
put_id(struct row *r, const char *s, size_t n)
{
	for (; n > 0 && *s >= 'A' && *s <= 'Z'; s++)
		n--;
	put_number(r, s, n);
}

/* O0000000012-x3 is 12 and 3. */
static void
put_row(struct row *r, const char *s, size_t n)
{
	const char *dash = memchr(s, '-', n), *no;

	if (dash == NULL) {
		errno = EINVAL;
		die("a row's number");
	}
	put_id(r, s, (size_t)(dash - s));
	put(r, "\t", 1);
	no = dash + 1;
	if (no < s + n && *no >= 'a' && *no <= 'z')
		no++;
	put(r, no, (size_t)(s + n - no));
}

static void
put_cents(struct row *r, const char *s, size_t n)
{
	const char *point = memchr(s, '.', n);
	char digits[32];
	size_t whole;

	if (point == NULL || n > sizeof digits) {
		put(r, s, n);
		return;
	}
	if (*s == '-') {
		put(r, s++, 1);
		n--;
	}
	whole = (size_t)(point - s);
	memcpy(digits, s, whole);
	memcpy(digits + whole, point + 1, n - whole - 1);
	put_number(r, digits, n - 1);
}

static void
put_digits(struct row *r, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= '0' && s[i] <= '9')
			put(r, s + i, 1);
}

static void
put_field(struct row *r, enum type t, const char *s, size_t n, bool cents,
    bool digits)
{
	if (t == ID)
		put_id(r, s, n);
	else if (t == ROW && n > 0)
		put_row(r, s, n);
	else if (t == MONEY && cents)
		put_cents(r, s, n);
	else if (t == TIME && digits)
		put_digits(r, s, n);
	else
		put(r, s, n);
}

static void
put_line(struct row *r, const char *s, size_t n, bool cents, bool digits)
{
	const char *end = s + n;

	r->n = 0;
	for (int i = 0;; i++) {
		const char *tab = memchr(s, '\t', (size_t)(end - s));

		put_field(r, i < COLUMNS ? type[i] : TEXT, s,
		    (size_t)((tab ? tab : end) - s), cents, digits);
		if (tab == NULL)
			break;
		put(r, "\t", 1);
		s = tab + 1;
	}
}

/* What a row's number is called becomes the names of both. */
static void
put_header(struct row *r, const char *s, size_t n)
{
	const char *tab = memchr(s, '\t', n);

	r->n = 0;
	if (type[0] == ROW) {
		put(r, "order_id\tno", 11);
		n -= tab != NULL ? (size_t)(tab - s) : n;
		s = tab;
	}
	if (n > 0)
		put(r, s, n);
}

static void
print_row(struct row *r, FILE *f)
{
	put(r, "\n", 1);
	fwrite(r->s, 1, r->n, f);
}

static void
add_row(struct digest *d, const struct row *r)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < r->n; i++)
		h = (h ^ (unsigned char)r->s[i]) * 0x100000001b3;
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15;
	h ^= h >> 29;
	d->rows++;
	d->sum += h;
	d->sum2 += h * h;
}

static void
close_or_die(FILE *f, const char *name)
{
	if (ferror(f) || fclose(f) != 0)
		die(name);
}

/* Rows to stdout, those with cents to `cents`; or to the digest alone. */
static void
each_row(FILE *in, FILE *cents, struct digest *digest)
{
	static struct row row;
	char *line = NULL;
	size_t size = 0;
	ssize_t got;

	for (bool head = true; (got = getline(&line, &size, in)) > 0;
	     head = false) {
		size_t n = (size_t)got - (line[got - 1] == '\n');

		if (digest != NULL && head)
			continue;
		if (digest != NULL) {
			put_line(&row, line, n, true, true);
			add_row(digest, &row);
			continue;
		}
		if (head)
			put_header(&row, line, n);
		else
			put_line(&row, line, n, false, false);
		print_row(&row, stdout);
		if (cents == NULL)
			continue;
		if (head)
			put_header(&row, line, n);
		else
			put_line(&row, line, n, true, false);
		print_row(&row, cents);
	}
	free(line);
}

int
main(int argc, char **argv)
{
	struct digest d = {0};
	FILE *cents = NULL, *in = stdin;
	const char *to = NULL;
	bool sum = false;
	int c;

	while ((c = getopt(argc, argv, "+c:d")) != -1)
		if (c == 'c')
			to = optarg;
		else if (c == 'd')
			sum = true;
		else
			return 64;
	if (argc - optind != 1 + sum) {
		fputs("usage: recast [-c CENTS] TYPES <STREAM\n"
		      "       recast -d TYPES FILE\n",
		    stderr);
		return 64;
	}
	read_types(argv[optind]);
	if (sum && (in = fopen(argv[optind + 1], "r")) == NULL)
		die(argv[optind + 1]);
	if (to != NULL && (cents = fopen(to, "w")) == NULL)
		die(to);
	each_row(in, cents, sum ? &d : NULL);
	if (sum)
		printf("%" PRIu64 " %016" PRIx64 "%016" PRIx64 "\n", d.rows,
		    d.sum, d.sum2);
	close_or_die(in, "what is read");
	if (cents != NULL)
		close_or_die(cents, to);
	close_or_die(stdout, "stdout");
	return 0;
}
