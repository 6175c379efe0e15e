/*
 * cli_lines.c - what was in each order, for the commands about baskets.
 *
 * Everything is read before anything is computed or printed, as mining takes
 * its time and a reader that lingers keeps old pages alive.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli_lines.h"
#include "cli_parts.h"

int
cli_lines_read(struct cli *c, struct crm_sales *x, const struct cli_window *w,
    const struct crm_idmap *orders, unsigned threads, struct crm_err *err)
{
	struct crm_lines_options opt = {.since = w->since,
	    .until = w->until < c->at ? w->until : c->at,
	    .orders = orders,
	    .threads = threads};
	struct cli_window from = *w;
	struct crm_txn *t;
	int code;

	if (threads == 0)
		opt.threads = crm_os_processors();
	if (cli_opt.from) {
		from.threads = opt.threads;
		return cli_from_read(c, x, &from, err);
	}
	code = cli_from_check(c, err);
	if (code == CRM_OK)
		code = crm_txn_begin(c->store, &t, err);
	if (code < 0)
		return code;
	code = crm_sales_lines(x, t, c->schema, &opt, err);
	crm_txn_end(t);
	return code;
}

/* ---- a basket a line ---- */

static int
read_baskets(struct crm_csv *csv, struct crm_sales *x, struct crm_err *err)
{
	struct crm_str *item;
	uint64_t order = 0;
	size_t n;
	int code;

	while ((code = crm_csv_next(csv, &item, &n, err)) == CRM_OK) {
		code = crm_sales_add_basket(x, ++order, item, n, err);
		if (code < 0)
			return code;
	}
	return code == CRM_NOTFOUND ? crm_sales_done(x, err) : code;
}

int
cli_lines_baskets(
    struct cli *c, struct crm_sales *x, char sep, struct crm_err *err)
{
	int fd = -1, code = cli_from_check(c, err);
	struct crm_csv_options opt = {.name = cli_opt.from,
	    .read = crm_read_fd,
	    .read_ctx = &fd,
	    .sep = sep,
	    .quote = sep == ',' || sep == ';' ? '"' : 0,
	    .ragged = true};
	struct crm_csv *csv = NULL;

	if (code == CRM_OK && (cli_opt.header || cli_opt.columns))
		code = crm_err_set(err, CRM_EUSAGE,
		    "--baskets has no columns, so no --header nor --columns");
	if (code == CRM_OK)
		code = cli_from_open(&fd, err);
	if (code == CRM_OK)
		code = crm_csv_open(&csv, &opt, err);
	x->has = CRM_SALES(ORDER) | CRM_SALES(PRODUCT);
	x->names[CRM_SALES_ORDER].kind = CRM_K_ORDER;
	if (code == CRM_OK)
		code = read_baskets(csv, x, err);
	crm_csv_close(csv);
	if (fd > STDIN_FILENO)
		close(fd);
	return code;
}

/* ---- something else than the product itself ---- */

struct by {
	struct cli *c;
	struct crm_sales *x;
	struct crm_txn *t;
	uint32_t *now; /* of each product, UINT32_MAX: none */
	struct crm_names names;
	struct crm_buf text;
};

/* The product's value as text, by number; an empty one for none. */
static int
value_of(struct by *b, uint64_t product, int field, struct crm_record *rec,
    struct crm_err *err)
{
	const struct crm_kind *k = &b->c->schema->kind[CRM_K_PRODUCT];
	struct crm_want want = {{0}, 0};
	int code;

	crm_want_field(&want, field);
	crm_buf_clear(&b->text);
	code = crm_model_read(b->t, b->c->schema, k, product, &want, rec, err);
	if (code == CRM_NOTFOUND)
		return CRM_OK;
	if (code == CRM_OK && rec->v[field].type != CRM_T_NONE)
		crm_value_put(b->c->schema, &b->text, &rec->v[field], false);
	return code < 0 ? code : crm_buf_check(&b->text, err);
}

static int
name_products(struct by *b, int field, size_t *without, struct crm_err *err)
{
	const struct crm_names *from = &b->x->names[CRM_SALES_PRODUCT];
	struct crm_record *rec =
	    crm_record_new(&b->c->schema->kind[CRM_K_PRODUCT], &b->c->arena);
	int code = rec ? CRM_OK : crm_err_nomem(err);

	for (size_t i = 0; code == CRM_OK && i < from->n; i++) {
		struct crm_str s;
		uint64_t v = b->names.n;

		code = value_of(b, from->number[i], field, rec, err);
		b->now[i] = UINT32_MAX;
		s = crm_buf_str(&b->text);
		if (code < 0 || s.n == 0) {
			*without += code == CRM_OK;
			continue;
		}
		if (!crm_map_get(&b->names.map, s, &v)) {
			if (crm_map_put(&b->names.map, s, v, NULL) < 0)
				return crm_err_nomem(err);
			b->names.n++;
		}
		b->now[i] = (uint32_t)v;
	}
	return code;
}

static int
take_names(struct by *b, struct crm_err *err)
{
	struct crm_sales *x = b->x;
	struct crm_names *to = &x->names[CRM_SALES_PRODUCT];
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++) {
		uint32_t id = b->now[x->id[CRM_SALES_PRODUCT][i]];

		if (id == UINT32_MAX)
			continue;
		x->id[CRM_SALES_PRODUCT][n] = id;
		x->id[CRM_SALES_ORDER][n++] = x->id[CRM_SALES_ORDER][i];
	}
	x->n = n;
	free(to->number);
	*to = b->names;
	b->names = (struct crm_names){0};
	return crm_sales_done(x, err);
}

int
cli_lines_by(struct cli *c, struct crm_sales *x, const char *field,
    size_t *without, struct crm_err *err)
{
	const struct crm_kind *k = &c->schema->kind[CRM_K_PRODUCT];
	struct by b = {.c = c, .x = x};
	int f =
	    cli_column(c, k->fields, k->nfields, "--by", crm_str(field), err);
	int code = f < 0 ? f : CRM_OK;

	*without = 0;
	b.now = malloc((x->names[CRM_SALES_PRODUCT].n + 1) * sizeof *b.now);
	if (code == CRM_OK && !b.now)
		code = crm_err_nomem(err);
	if (code == CRM_OK)
		code = crm_txn_begin(c->store, &b.t, err);
	if (code == CRM_OK)
		code = name_products(&b, f, without, err);
	if (b.t)
		crm_txn_end(b.t);
	if (code == CRM_OK)
		code = take_names(&b, err);
	free(b.now);
	crm_map_release(&b.names.map);
	crm_buf_release(&b.text);
	return code;
}
