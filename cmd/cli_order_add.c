/*
 * cli_order_add.c - crm-order add, with lines and adjustments as options.
 *
 * A line is written as it is said: 'sku:85123A x 6 @ 2.55'.  What comes after
 * is looked for from the end, as a sku may hold blanks and an x.
 */
#include "cli_order.h"

static struct cli_texts lines, adjusts;
static const char *paid;

const struct cli_option cli_order_add_options[] = {
    {0, "line", CLI_TEXTS, &lines, "LINE",
	"a line: 'PRODUCT x QUANTITY @ PRICE = AMOUNT tax TAX', the product "
	"a reference or \"text\""},
    {0, "adjust", CLI_TEXTS, &adjusts, "WHAT",
	"an adjustment: 'shipping 4.90', 'discount -5 code XMAS'"},
    {0, "pay", CLI_TEXT, &paid, "AMOUNT", "it is paid, so much"},
    {0, "or-get", CLI_TEXT, &cli_or_get, "FIELD",
	"where an order has this identity already, give that one"},
    {0}};

struct parser {
	struct cli_work *w;
	struct crm_record *rec;
	const char *option;
	const struct crm_part *part;
	struct crm_value *v;
};

static int
set_field(struct parser *p, const char *name, struct crm_str text,
    struct crm_err *err)
{
	struct crm_parse ctx = {.schema = p->w->c->schema,
	    .arena = crm_change_arena(p->w->change),
	    .digits = crm_money_digits(p->w->c->schema, p->rec),
	    .flags = cli_parse_flags()};
	int f = crm_part_field(p->part, crm_str(name));
	int r = crm_value_parse(
	    &p->part->fields[f], crm_str_trim(text), &ctx, &p->v[f], err);

	*crm_change_cleaned(p->w->change) += ctx.cleaned;

	if (r < 0)
		crm_err_field(err, p->option, strlen(p->option));
	return r;
}

static int
refuse(const struct parser *p, struct crm_str text, const char *what,
    const char *hint, struct crm_err *err)
{
	crm_err_set(err, CRM_EDATA, "'%.*s' %s", text.n > 80 ? 80 : (int)text.n,
	    text.p, what);
	crm_err_field(err, p->option, strlen(p->option));
	crm_err_hint(err, "%s", hint);
	return CRM_EDATA;
}

#define LINE_HINT                                                              \
	"a line is PRODUCT x QUANTITY @ PRICE = AMOUNT tax TAX, with blanks: " \
	"'sku:85123A x 6 @ 2.55', '\"gift wrap\" @ 3', 'P7 x 3 = 10.00'"

/* Takes what follows the last " MARK " off the end of *text. */
static bool
take_after(struct crm_str *text, const char *mark, struct crm_str *out)
{
	size_t n = strlen(mark);

	for (size_t i = text->n; i-- > 1;) {
		if (i + n >= text->n || text->p[i - 1] != ' ' ||
		    memcmp(text->p + i, mark, n) != 0 || text->p[i + n] != ' ')
			continue;
		*out = crm_str_trim(
		    (struct crm_str){text->p + i + n + 1, text->n - i - n - 1});
		/* The blank stays: another mark may be at the front. */
		text->n = i;
		return true;
	}
	return false;
}

static int
parse_line(struct parser *p, struct crm_str text, struct crm_err *err)
{
	static const struct {
		const char *mark, *field;
	} after[] = {{"tax", "line_tax"}, {"=", "amount"}, {"@", "price"},
	    {"x", "quantity"}};
	struct crm_str all = crm_str_trim(text), rest = all, name = {"", 0};
	struct crm_str item;
	char *padded;
	int r = CRM_OK;

	if (rest.n > 1 && rest.p[0] == '"') {
		const char *end = memchr(rest.p + 1, '"', rest.n - 1);

		if (!end)
			return refuse(
			    p, all, "has no closing quote", LINE_HINT, err);
		name = (struct crm_str){rest.p + 1, (size_t)(end - rest.p) - 1};
		rest.n -= name.n + 2;
		rest.p = end + 1;
	}
	/* With a blank before, the first mark is one like the others. */
	padded = crm_arena_alloc(crm_change_arena(p->w->change), rest.n + 1);
	if (!padded)
		return crm_err_nomem(err);
	padded[0] = ' ';
	memcpy(padded + 1, rest.p, rest.n);
	rest = (struct crm_str){padded, rest.n + 1};
	for (size_t i = 0; r == CRM_OK && i < 4; i++)
		if (take_after(&rest, after[i].mark, &item))
			r = item.n > 0 ? set_field(p, after[i].field, item, err)
				       : refuse(p, all, "lacks a number",
					     LINE_HINT, err);
	rest = crm_str_trim(rest);
	if (r < 0)
		return r;
	if (name.n > 0 && rest.n > 0)
		return refuse(p, rest, "is not wanted here", LINE_HINT, err);
	if (name.n > 0)
		return set_field(p, "text", name, err);
	if (rest.n == 0)
		return refuse(p, all, "names no product", LINE_HINT, err);
	return set_field(p, "product_id", rest, err);
}

#define ADJUST_HINT                                                           \
	"write 'shipping 4.90', 'discount -5.00 code XMAS', 'coupon -1 line " \
	"2', "                                                                \
	"with the tax in it: 'shipping 4.90 tax 0.78'"

static int
parse_adjust(struct parser *p, struct crm_str text, struct crm_err *err)
{
	static const struct {
		const char *word, *field;
	} more[] = {
	    {"code", "code"}, {"tax", "adjustment_tax"}, {"line", "line"}};
	struct crm_str rest = crm_str_trim(text), word, all = rest;
	size_t n = 0, i;
	int r = CRM_OK;

	while (r == CRM_OK && crm_str_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (n < 2) {
			r = set_field(
			    p, n ? "adjusted" : "adjustment", word, err);
			n++;
			continue;
		}
		for (i = 0; i < 3 && !crm_str_is(word, more[i].word); i++)
			;
		do
			if (!crm_str_split(&rest, ' ', &word))
				word.n = 0;
		while (word.n == 0 && rest.p);
		if (i == 3 || word.n == 0)
			return refuse(
			    p, all, "is not an adjustment", ADJUST_HINT, err);
		r = set_field(p, more[i].field, word, err);
	}
	if (r == CRM_OK && n < 2)
		return refuse(p, all, "is not an adjustment", ADJUST_HINT, err);
	return r;
}

static int
add_rows(struct cli_work *w, struct crm_record *rec, const char *part,
    const char *option, const struct cli_texts *texts, struct crm_err *err)
{
	int no = crm_kind_part(rec->kind, crm_str(part)), r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < texts->n; i++) {
		struct crm_row *row = crm_record_add(rec, no, 0);
		struct parser p = {
		    w, rec, option, &rec->kind->parts[no], row ? row->v : NULL};

		if (!row)
			return crm_err_nomem(err);
		r = no == 0 ? parse_line(&p, crm_str(texts->v[i]), err)
			    : parse_adjust(&p, crm_str(texts->v[i]), err);
		if (r < 0 && err && !err->hint[0])
			crm_err_hint(
			    err, "%s", no == 0 ? LINE_HINT : ADJUST_HINT);
	}
	return r;
}

static int
add_payment(struct cli_work *w, struct crm_record *rec, struct crm_err *err)
{
	struct crm_order_event pay = {.what = CRM_ORDER_PAY};
	int digits = crm_money_digits(w->c->schema, rec);
	const struct crm_value *placed = crm_record_get(rec, "placed");

	if (!paid)
		return CRM_OK;
	if (crm_money_parse(crm_str(paid), (unsigned)digits, &pay.amount) < 0) {
		crm_err_set(err, CRM_EDATA, "'%s' is not a money amount", paid);
		crm_err_field(err, "--pay", 5);
		return CRM_EDATA;
	}
	pay.has_amount = true;
	pay.at = placed->type == CRM_T_TIME ? placed->i : 0;
	return crm_order_event_add(w->c->schema, rec, &pay, err);
}

/* One that gives money is a slip of the hand here; imports take what is
 * there. */
static int
check_credit(const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *type = crm_record_get(rec, "type");
	const struct crm_value *total = crm_record_get(rec, "total");
	char room[64];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	if (!crm_str_is(type->s, "credit") || total->i <= 0)
		return CRM_OK;
	crm_money_put(&b, total->i, total->scale);
	crm_err_set(err, CRM_EDATA,
	    "a credit of '%.*s' would raise the revenue", (int)b.n, b.p);
	crm_err_field(err, "total", 5);
	crm_err_hint(err, "its quantities and amounts are negative: "
			  "--line 'sku:85123A x -2 @ 2.55'");
	return CRM_EDATA;
}

static int
add_order(struct cli_work *w, struct crm_err *err)
{
	struct crm_record *rec;
	int r = crm_change_new(w->change, w->c->kind, &rec, err);

	if (r == CRM_OK)
		r = cli_apply_options(w, rec, err);
	if (r == CRM_OK)
		r = add_rows(w, rec, "line", "--line", &lines, err);
	if (r == CRM_OK)
		r = add_rows(w, rec, "adjustment", "--adjust", &adjusts, err);
	if (r == CRM_OK)
		r = add_payment(w, rec, err);
	if (r == CRM_OK)
		r = cli_work_put(w, rec, err);
	return r == CRM_OK ? check_credit(rec, err) : r;
}

int
cli_order_add(struct cli *c, struct crm_err *err)
{
	size_t n = c->nset;
	struct cli_work w;
	int r = CRM_OK;

	if (lines.n == 0 && adjusts.n == 0 && !paid)
		return cli_add(c, err);
	if (c->noperand > 0) {
		crm_err_set(err, CRM_EUSAGE,
		    "--line, --adjust and --pay are for a single order");
		crm_err_hint(err, "a stream has a row for each line");
		return CRM_EUSAGE;
	}
	if (cli_or_get) {
		crm_err_set(err, CRM_EUSAGE,
		    "--or-get does not go with --line, --adjust and --pay");
		return CRM_EUSAGE;
	}
	for (size_t i = 0; r == CRM_OK && i < lines.n; i++)
		r = cli_order_hash(c, "--line", lines.v[i], err);
	for (size_t i = 0; r == CRM_OK && i < adjusts.n; i++)
		r = cli_order_hash(c, "--adjust", adjusts.v[i], err);
	if (r == CRM_OK)
		r = cli_order_hash(c, "--pay", paid, err);
	if (r < 0)
		return r;
	r = cli_order_begin(c, n, false, &w, err);
	if (r == CRM_OK)
		r = add_order(&w, err);
	/* A product is looked up when the order is whole. */
	if (r < 0 && err && strcmp(err->field, "product_id") == 0 &&
	    !err->hint[0])
		crm_err_hint(err, LINE_HINT);
	/* A reference in an option is data, not the thing asked for. */
	if (r == CRM_NOTFOUND)
		r = CRM_EDATA;
	return cli_work_finish(&w, r, err);
}
