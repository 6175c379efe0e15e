/*
 * crm-product - products, their variants and bundles.
 *
 * bundle changes what is named and leaves the rest, as tag does with tags: a
 * script that adds one thing to a box need not know what else is in it.
 */
#include "cli_noun.h"

static int
components(struct cli *c, struct crm_err *err)
{
	return cli_part_list(c, "component", err);
}

static int
identities(struct cli *c, struct crm_err *err)
{
	return cli_part_list(c, "identity", err);
}

/* ---- bundle ---- */

struct bundle_ctx {
	char **text; /* operands after the first */
	size_t n;
	int part, component, quantity;
};

/* Puts so many of a product in, instead of as many as there were; 0 takes it
 * out. */
static int
put(struct cli_work *w, const struct bundle_ctx *x, struct crm_record *rec,
    struct crm_str product, struct crm_str quantity, struct crm_err *err)
{
	const struct crm_part *p = &rec->kind->parts[x->part];
	struct crm_parse ctx = {.schema = w->c->schema,
	    .arena = crm_change_arena(w->change),
	    .digits = -1,
	    .flags = cli_parse_flags()};
	const struct crm_rows *rows = &rec->part[x->part];
	struct crm_row *row = NULL;
	struct crm_value id, q = crm_value_num(CRM_T_DECIMAL, 1, 0);
	int r;

	r = crm_ref_find(crm_change_txn(w->change), w->change,
	    w->c->kind->number, w->c->schema, product, &id, err);
	if (r == CRM_OK && quantity.n > 0)
		r = crm_value_parse(
		    &p->fields[x->quantity], quantity, &ctx, &q, err);
	if (r < 0)
		return r;
	if (q.i < 0) {
		crm_err_set(err, CRM_EDATA, "'%.*s': 0 or more is wanted",
		    (int)(quantity.n < 80 ? quantity.n : 80), quantity.p);
		crm_err_field(err, "quantity", 8);
		return CRM_EDATA;
	}
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].v[x->component].i == id.i)
			row = &rows->row[i];
	if (q.i == 0) {
		if (row)
			crm_record_drop(rec, x->part, row->no);
		return CRM_OK;
	}
	if (!row)
		row = crm_record_add(rec, x->part, 0);
	if (!row)
		return crm_err_nomem(err);
	row->v[x->component] = id;
	row->v[x->quantity] = q;
	return CRM_OK;
}

/* 'sku:85123A x 2': the last x is meant, a sku may have others. */
static int
put_text(struct cli_work *w, const struct bundle_ctx *x, struct crm_record *rec,
    struct crm_str text, struct crm_err *err)
{
	struct crm_str product = crm_str_trim(text), quantity = {"", 0};
	size_t i;
	int r;

	for (i = product.n; i-- > 1 && quantity.n == 0;)
		if (i + 2 < product.n &&
		    memcmp(product.p + i - 1, " x ", 3) == 0) {
			quantity = crm_str_trim((struct crm_str){
			    product.p + i + 2, product.n - i - 2});
			product.n = i - 1;
		}
	r = put(w, x, rec, crm_str_trim(product), quantity, err);
	if (r < 0 && err && !err->hint[0])
		crm_err_hint(err, "a component is PRODUCT x QUANTITY, as "
				  "'sku:85123A x 2'; x 0 takes it out");
	return r == CRM_NOTFOUND ? CRM_EDATA : r;
}

static int
bundle_bind(
    struct cli_work *w, struct crm_stream *s, void *ctx, struct crm_err *err)
{
	const struct bundle_ctx *x = ctx;

	(void)w;
	if (x->n > 0 || crm_stream_find(s, CRM_STR("component")) >= 0)
		return CRM_OK;
	crm_err_set(err, CRM_EDATA, "there is no column 'component'");
	crm_err_place(err, crm_stream_file(s), 1);
	crm_err_hint(err, "bundle takes product_id, component and quantity, "
			  "as `components` prints them");
	return CRM_EDATA;
}

static int
bundle_each(struct cli_work *w, struct crm_str ref, struct crm_stream *s,
    void *ctx, struct crm_err *err)
{
	const struct bundle_ctx *x = ctx;
	struct crm_record *rec;
	int r = cli_record(w, ref, &rec, err);

	if (r == CRM_OK && s) {
		int f = crm_stream_find(s, CRM_STR("component"));
		int q = crm_stream_find(s, CRM_STR("quantity"));

		if (f >= 0)
			r = put(w, x, rec, crm_stream_field(s, (size_t)f),
			    q >= 0 ? crm_stream_field(s, (size_t)q)
				   : (struct crm_str){"", 0},
			    err);
	}
	for (size_t i = 0; r == CRM_OK && i < x->n; i++)
		r = put_text(w, x, rec, crm_str(x->text[i]), err);
	return r == CRM_OK ? cli_work_put(w, rec, err) : r;
}

static int
bundle(struct cli *c, struct crm_err *err)
{
	struct bundle_ctx x = {
	    .part = crm_kind_part(c->kind, CRM_STR("component"))};
	const struct crm_part *p = &c->kind->parts[x.part];
	struct cli_work w;
	int r = cli_operands(c, cli_stdin(c) ? 1 : 2, 0, err), end;

	if (r < 0)
		return r;
	x.component = crm_part_field(p, CRM_STR("component"));
	x.quantity = crm_part_field(p, CRM_STR("quantity"));
	x.text = c->operand + 1;
	x.n = c->noperand - 1;
	c->noperand = 1;
	r = cli_work_begin(c, cli_stdin(c), &w, err);
	if (r == CRM_NO) {
		cli_work_release(&w);
		return CRM_OK;
	}
	if (r == CRM_OK)
		r = cli_each_bound(&w, bundle_bind, bundle_each, &x, err);
	if (r == CRM_OK || r == CRM_PARTLY) {
		end = cli_work_end(&w, err);
		r = end < 0 ? end : r;
	}
	cli_work_release(&w);
	return r;
}

static const struct cli_verb verbs[] = {
    {"bundle", bundle, CLI_WRITE, CLI_CHANGE | CLI_BULK | CLI_IN | CLI_OUT,
	NULL, "REF|- 'PRODUCT x QUANTITY'...",
	"say what a bundle is made of; x 0 takes it out"},
    {"components", components, CLI_SCAN,
	CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL, "[REF... | -]",
	"print what bundles are made of"},
    {"identities", identities, CLI_SCAN,
	CLI_LIST | CLI_IN | CLI_OUT | CLI_CLOCK, NULL, "[REF... | -]",
	"print the other names they are known by"},
    {0},
};

static const struct cli_command command = {"crm-product",
    "products, their variants and bundles", "product", CLI_COMMON, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
