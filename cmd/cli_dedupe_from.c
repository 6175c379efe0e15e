/*
 * cli_dedupe_from.c - the rows of --from as records to compare.
 *
 * Files of people come with whatever columns their system has: names tell what
 * they are about, --compare says it where they do not, and what stands in
 * several columns (year, month and day; house number and street) is put
 * together.
 */
#include <unistd.h>

#include "cli_dedupe.h"
#include "cli_from.h"

enum { JOINED = 4 };

/* Where the values of the columns that are compared come from. */
struct source {
	size_t at[JOINED];
	size_t n;
};
struct sources {
	struct crm_stream *s;
	struct source of[CRM_DUP_COLUMNS + 1];
	size_t n;
};

/* "by+bm+bd" is three columns as one. */
static bool
is_column(void *ctx, struct crm_str name)
{
	struct sources *x = ctx;
	struct source *y = &x->of[x->n];
	struct crm_str one;

	if (x->n == CRM_DUP_COLUMNS)
		return true; /* too many: crm_dups_column says it */
	for (y->n = 0; crm_str_split(&name, '+', &one); y->n++) {
		int at = crm_stream_find(x->s, crm_str_trim(one));

		if (at < 0 || y->n == JOINED)
			return false;
		y->at[y->n] = (size_t)at;
	}
	x->n += y->n > 0;
	return y->n > 0;
}

/* A date of birth in three columns.  *whole: there are all of them. */
static struct source
find_date(struct crm_stream *s, size_t id, bool *whole)
{
	static const char parts[] = "ymd";
	struct source out = {{0}, 3};
	unsigned found = 0;

	for (size_t i = 0; i < crm_stream_columns(s); i++) {
		char part = crm_dup_date_part(crm_stream_name(s, i));
		const char *at = part ? strchr(parts, part) : NULL;

		if (!at || i == id || found >> (at - parts) & 1)
			continue;
		out.at[at - parts] = i;
		found |= 1u << (at - parts);
	}
	*whole = found == 7;
	return out;
}

static int
add_date(struct cli_dedupe *x, struct sources *from, const struct source *date,
    struct crm_err *err)
{
	struct crm_buf name = {.max = 256};
	int code;

	for (size_t i = 0; i < date->n; i++) {
		if (i > 0)
			crm_buf_putc(&name, '+');
		crm_buf_putstr(&name, crm_stream_name(from->s, date->at[i]));
	}
	code = crm_buf_check(&name, err);
	if (code == CRM_OK)
		code = crm_dups_column(
		    &x->d, crm_buf_str(&name), CRM_DUP_DATE, err);
	if (code == CRM_OK)
		from->of[from->n++] = *date;
	crm_buf_release(&name);
	return code;
}

/* Is it the whole name beside its parts?  The same words in two columns would
 * count twice. */
static bool
is_again(struct crm_stream *s, size_t column, int type)
{
	struct crm_str name = crm_stream_name(s, column);
	bool given = false, family = false;

	if (type != CRM_DUP_NAME || !memmem(name.p, name.n, "name", 4))
		return false;
	for (size_t i = 0; i < crm_stream_columns(s); i++) {
		int t = crm_dup_type_guess(crm_stream_name(s, i));

		given |= t == CRM_DUP_GIVEN;
		family |= t == CRM_DUP_FAMILY;
	}
	return given && family;
}

/* The columns whose names tell that they are about a person. */
static int
guess_columns(
    struct cli_dedupe *x, struct sources *from, size_t id, struct crm_err *err)
{
	struct crm_stream *s = from->s;
	int code = CRM_OK;
	bool whole;
	struct source date = find_date(s, id, &whole);

	for (size_t i = 0; code == CRM_OK && i < crm_stream_columns(s) &&
			   x->d.columns < CRM_DUP_COLUMNS;
	     i++) {
		struct crm_str name = crm_stream_name(s, i);
		int type = crm_dup_type_guess(name);

		if (i == id || is_again(s, i, type))
			continue;
		if (whole && i == date.at[0]) {
			code = add_date(x, from, &date, err);
			continue;
		}
		if (type < 0 || (whole && (i == date.at[1] || i == date.at[2])))
			continue;
		code = crm_dups_column(&x->d, name, type, err);
		if (code == CRM_OK)
			from->of[from->n++] = (struct source){{i}, 1};
	}
	if (code < 0 || x->d.columns > 0)
		return code;
	crm_err_set(err, CRM_EDATA,
	    "there is no column that is known to be about a person");
	crm_err_place(err, crm_stream_file(s), 1);
	crm_err_hint(
	    err, "--compare 'COLUMN=TYPE,...' says what to compare and how");
	return CRM_EDATA;
}

/* A value, nothing where the cell says that there is none. */
static struct crm_str
cell(struct crm_stream *s, size_t column)
{
	struct crm_str v = crm_stream_field(s, column);

	if (crm_str_is(v, "NA") || crm_str_is(v, "NULL"))
		v.n = 0;
	return v;
}

/* The values of a row; those that are put together are kept in a. */
static int
row_values(struct cli_dedupe *x, const struct sources *from,
    struct crm_str *values, struct crm_err *err)
{
	int code = CRM_OK;

	for (size_t i = 0; i < x->d.columns && code == CRM_OK; i++) {
		const struct source *y = &from->of[i];
		struct crm_buf b = {.max = 1 << 20};
		char between =
		    crm_dups_type(&x->d, i) == CRM_DUP_DATE ? '-' : ' ';

		if (y->n == 1) {
			values[i] = cell(from->s, y->at[0]);
			continue;
		}
		for (size_t k = 0; k < y->n; k++) {
			struct crm_str v = cell(from->s, y->at[k]);

			if (v.n > 0 && b.n > 0)
				crm_buf_putc(&b, between);
			crm_buf_putstr(&b, v);
		}
		code = crm_buf_keep(&b, &x->scratch, &values[i], err);
		crm_buf_release(&b);
	}
	return code;
}

/* What a row is shown as: its columns that are names. */
static int
row_name(struct cli_dedupe *x, const struct crm_str *values,
    struct crm_buf *out, struct crm_err *err)
{
	crm_buf_clear(out);
	for (size_t i = 0; i < x->d.columns; i++) {
		int type = crm_dups_type(&x->d, i);

		if (type > CRM_DUP_NAME || values[i].n == 0)
			continue;
		if (out->n > 0)
			crm_buf_putc(out, ' ');
		crm_buf_putstr(out, values[i]);
	}
	return crm_buf_check(out, err);
}

static int
open_columns(
    struct cli_dedupe *x, struct sources *from, size_t *id, struct crm_err *err)
{
	struct crm_stream *s = from->s;
	int at = 0;

	if (cli_dedupe_id)
		at = crm_stream_find(s, crm_str(cli_dedupe_id));
	if (at < 0) {
		crm_err_set(
		    err, CRM_EDATA, "there is no column '%s'", cli_dedupe_id);
		crm_err_place(err, crm_stream_file(s), 1);
		return CRM_EDATA;
	}
	*id = (size_t)at;
	return cli_dedupe_compare ? cli_dedupe_columns(x, is_column, from, err)
				  : guess_columns(x, from, *id, err);
}

static int
read_rows(struct cli_dedupe *x, struct crm_stream *s, struct crm_err *err)
{
	struct sources from = {.s = s};
	struct crm_str values[CRM_DUP_COLUMNS];
	struct crm_buf name = {.max = 1 << 20};
	size_t id = 0;
	int code = CRM_OK;

	if (crm_stream_columns(s) == 0)
		return CRM_OK;
	code = open_columns(x, &from, &id, err);
	while (code == CRM_OK && (code = crm_stream_next(s, err)) == CRM_OK) {
		code = row_values(x, &from, values, err);
		if (code == CRM_OK)
			code = row_name(x, values, &name, err);
		if (code == CRM_OK)
			code =
			    cli_dedupe_add(x, values, crm_stream_field(s, id),
				0, crm_buf_str(&name), err);
		if (code < 0)
			crm_err_place(
			    err, crm_stream_file(s), crm_stream_line(s));
		crm_arena_reset(&x->scratch);
	}
	crm_buf_release(&name);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

int
cli_dedupe_from(struct cli_dedupe *x, struct crm_err *err)
{
	struct crm_stream_options opt = {
	    .name = cli_opt.from, .header = crm_str(cli_opt.header)};
	struct crm_stream *s = NULL;
	int fd = -1, code = cli_from_open(&fd, err);

	if (code == CRM_OK)
		code = crm_stream_open(&s, fd, &opt, err);
	if (code == CRM_OK)
		code = read_rows(x, s, err);
	crm_stream_close(s);
	if (fd > STDIN_FILENO)
		close(fd);
	return code;
}
