/*
 * cli_from.c - the sales an analysis reads: the store's, or those of --from.
 *
 * All of it is read before anything is computed, and the transaction ended: an
 * analysis may take its time, and a reader that lingers keeps old pages alive.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli_from.h"
#include "cli_noun.h"
#include "cli_parts.h"

static bool
from_stdin(void)
{
	return strcmp(cli_opt.from, "-") == 0;
}

int
cli_from_check(struct cli *c, struct crm_err *err)
{
	const char *wrong = NULL;

	if (!cli_opt.from && cli_opt.columns)
		wrong = "--columns is about the stream of --from";
	else if (cli_opt.from && cli_opt.as_of)
		wrong = "--as-of is about the store, --from reads none";
	else if (cli_opt.from && from_stdin() && c->noperand && cli_stdin(c))
		wrong = "--from - and the operand - are both stdin";
	return wrong ? crm_err_set(err, CRM_EUSAGE, "%s", wrong) : CRM_OK;
}

int
cli_from_open(int *fd, struct crm_err *err)
{
	const char *file = cli_opt.from;
	int code;

	*fd = STDIN_FILENO;
	if (from_stdin())
		return CRM_OK;
	*fd = open(file, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return CRM_OK;
	code = errno == EACCES ? CRM_EPERM : CRM_ENOINPUT;
	return crm_err_sys(err, code, errno, "open '%s'", file);
}

static int
read_stream(struct cli *c, struct crm_sales *x, const struct cli_window *w,
    struct crm_err *err)
{
	struct crm_stream_options opt = {
	    .name = cli_opt.from, .header = crm_str(cli_opt.header)};
	struct crm_sales_options how = {.since = w->since,
	    .until = w->until,
	    .signs = w->signs,
	    .rename = crm_str(cli_opt.columns)};
	int fd = -1, code = cli_store_maybe(c, err);

	how.calendar = &c->schema->calendar;
	if (cli_opt.at && c->at < how.until)
		how.until = c->at;
	if (code == CRM_OK)
		code = cli_from_open(&fd, err);
	if (code == CRM_OK)
		code = crm_sales_file(x, fd, &opt, &how, w->threads, err);
	if (fd > STDIN_FILENO)
		close(fd);
	return code;
}

static int
read_store(struct cli *c, struct crm_sales *x, const struct cli_window *w,
    struct crm_err *err)
{
	int64_t until = w->until < c->at ? w->until : c->at;
	struct crm_txn *t;
	int code = crm_txn_begin(c->store, &t, err);

	if (code < 0)
		return code;
	code = w->bookings ? crm_sales_bookings(x, t, c->schema, until, err)
			   : crm_sales_ledger(x, t, c->schema, w->since, until,
				 w->gone, err);
	crm_txn_end(t);
	return code;
}

int
cli_from_read(struct cli *c, struct crm_sales *x, const struct cli_window *w,
    struct crm_err *err)
{
	int code = cli_from_check(c, err);

	if (code < 0)
		return code;
	return cli_opt.from ? read_stream(c, x, w, err)
			    : read_store(c, x, w, err);
}

int
cli_from_fields(struct cli *c, const struct crm_field *fields, size_t n,
    const struct crm_field **out, struct crm_err *err)
{
	struct crm_field *f = crm_arena_alloc(&c->arena, n * sizeof *f);

	*out = f;
	if (!f)
		return crm_err_nomem(err);
	memcpy(f, fields, n * sizeof *f);
	for (size_t i = 0; cli_opt.from && i < n; i++)
		if (f[i].type == CRM_T_ID) {
			f[i].type = CRM_T_TEXT;
			f[i].ref = 0;
		}
	return CRM_OK;
}

int64_t
cli_from_end(const struct cli *c, const struct crm_sales *x)
{
	const struct crm_calendar *days = &c->schema->calendar;
	int64_t last = INT64_MIN;

	if (cli_opt.at || (!cli_opt.from && c->at != INT64_MAX))
		return c->at;
	if (!cli_opt.from)
		return c->now + 1;
	for (size_t i = 0; i < x->n; i++)
		if (x->num[CRM_SALES_PLACED][i] > last)
			last = x->num[CRM_SALES_PLACED][i];
	return crm_day_begin(days, crm_day_of(days, last) + 1);
}

int
cli_from_column(struct cli *c, unsigned kind, const char *option,
    const char *name, int *out, struct crm_err *err)
{
	const struct crm_kind *k = &c->schema->kind[kind];

	*out = cli_column(c, k->fields, k->nfields, option, crm_str(name), err);
	return *out < 0 ? *out : CRM_OK;
}

/* ---- a set of them ---- */

static int
choose_texts(
    struct cli *c, const struct crm_sales *x, bool *flag, struct crm_err *err)
{
	const struct crm_names *names = &x->names[CRM_SALES_CUSTOMER];
	struct crm_stream *s = NULL;
	size_t column = 0, who;
	int code = cli_stream(c, false, &s, err);

	if (code == CRM_OK && crm_stream_columns(s) > 0)
		code = cli_id_column(
		    c, s, &c->schema->kind[CRM_K_CUSTOMER], &column, err);
	while (code == CRM_OK && (code = crm_stream_next(s, err)) == CRM_OK) {
		struct crm_str v = crm_stream_field(s, column);

		if (v.n == 0)
			continue;
		if (crm_names_find(names, v, &who)) {
			flag[who] = true;
		} else if (!cli_opt.missing ||
			   strcmp(cli_opt.missing, "drop") != 0) {
			code = crm_err_set(err, CRM_EDATA,
			    "'%.*s' is no customer of %s",
			    (int)(v.n > 80 ? 80 : v.n), v.p, cli_opt.from);
			cli_place(err, s);
			crm_err_hint(err, "--missing drop passes over those");
		}
	}
	crm_stream_close(s);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

int
cli_from_chosen(struct cli *c, const struct crm_sales *x, bool **out,
    uint64_t *unknown, struct crm_err *err)
{
	const struct crm_names *names = &x->names[CRM_SALES_CUSTOMER];
	struct crm_idmap ids = {0};
	size_t found = 0;
	uint64_t v;
	bool *flag;
	int code;

	*out = NULL;
	if (unknown)
		*unknown = 0;
	if (c->noperand == 0)
		return CRM_OK;
	if (!cli_stdin(c))
		return crm_err_set(err, CRM_EUSAGE,
		    "'%s' is not -, the stream on stdin", c->operand[0]);
	flag = crm_arena_zalloc(&c->arena, names->n + 1);
	if (!flag)
		return crm_err_nomem(err);
	*out = flag;
	if (cli_opt.from)
		return choose_texts(c, x, flag, err);
	code =
	    cli_selector(c, NULL, &c->schema->kind[CRM_K_CUSTOMER], &ids, err);
	for (size_t i = 0; code == CRM_OK && i < names->n; i++)
		if (crm_idmap_get(&ids, names->number[i], &v)) {
			flag[i] = true;
			found++;
		}
	if (unknown)
		*unknown = ids.n - found;
	crm_idmap_release(&ids);
	return code;
}
