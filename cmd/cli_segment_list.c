/*
 * cli_segment_list.c - counting all segments: list, check.
 *
 * Every processor goes through a part of the customers and sums up for itself;
 * rows are given when all of them are joined.
 */
#include <stdlib.h>

#include "cli_segment.h"

struct sum {
	uint64_t members;
	int64_t orders, revenue;
	struct crm_err why; /* of the first that could not be computed */
};
/* All customers, or a part of them. */
struct part {
	int orders, revenue; /* fields */
	uint64_t total; /* who is looked at at all */
	struct sum *sum; /* of each segment */
};
struct pass {
	struct cli *c;
	struct crm_segments *sg;
	struct cli_rows *rows;
	struct part all, part[CRM_SCAN_PARTS];
};

static struct crm_value
number(uint64_t n)
{
	return crm_value_num(CRM_T_INT, (int64_t)n, 0);
}

/* Per cent, to a tenth. */
static struct crm_value
share(uint64_t n, uint64_t of)
{
	if (of == 0)
		return (struct crm_value){.type = CRM_T_NONE};
	return crm_value_num(
	    CRM_T_DECIMAL, (int64_t)((n * 1000 + of / 2) / of), 1);
}

static int
pass_finish(struct pass *p, int r, struct crm_err *err)
{
	if (r == CRM_OK)
		r = cli_rows_close(p->rows, err);
	else
		cli_rows_abort(p->rows);
	crm_segments_close(p->sg);
	free(p->all.sum);
	for (unsigned i = 0; i < CRM_SCAN_PARTS; i++)
		free(p->part[i].sum);
	return r;
}

enum {
	L_SEGMENT,
	L_CUSTOMERS,
	L_SHARE,
	L_ORDERS,
	L_REVENUE,
	L_HELP,
	L_DEFINITION,
	L_COUNT
};
static const struct crm_field list_fields[L_COUNT] = {
    {"segment", CRM_T_TEXT, 0, 0, 0, NULL, "its name"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL, "how many are in it"},
    {"share", CRM_T_DECIMAL, 0, 0, 0, NULL, "of all customers, per cent"},
    {"orders", CRM_T_INT, 0, 0, 0, NULL, "their orders"},
    {"revenue", CRM_T_MONEY, 0, 0, CRM_F_BASE, NULL, "their revenue"},
    {"help", CRM_T_TEXT, 0, 0, 0, NULL, "what it is for"},
    {"definition", CRM_T_TEXT, 0, 0, CRM_F_WIDE, NULL, "its condition"},
};

enum { K_SEGMENT, K_CUSTOMERS, K_SHARE, K_FINDING, K_COUNT };
static const struct crm_field check_fields[K_COUNT] = {
    {"segment", CRM_T_TEXT, 0, 0, 0, NULL, "its name"},
    {"customers", CRM_T_INT, 0, 0, 0, NULL, "how many are in it"},
    {"share", CRM_T_DECIMAL, 0, 0, 0, NULL, "of all customers, per cent"},
    {"finding", CRM_T_TEXT, 0, 0, 0, NULL, "what is wrong with it"},
};

static int
add_sums(void *ctx, struct crm_segments *sg, struct crm_record *rec,
    struct crm_err *err)
{
	struct part *p = ctx;
	size_t n = crm_segments_count(sg);

	p->total++;
	for (size_t i = 0; i < n; i++) {
		struct sum *s = &p->sum[i];
		bool yes;
		int r = crm_segments_has(sg, i, &yes, err);

		if (r == CRM_EDATA && s->why.code == 0)
			s->why = *err;
		if (r < 0 && r != CRM_EDATA)
			return r;
		if (r < 0 || !yes)
			continue;
		s->members++;
		if (!crm_add64(s->orders, rec->v[p->orders].i, &s->orders) ||
		    !crm_add64(s->revenue, rec->v[p->revenue].i, &s->revenue))
			return crm_err_set(
			    err, CRM_EDATA, "the sums are too large");
	}
	return CRM_OK;
}

static int
join(struct pass *p, const struct part *part, struct crm_err *err)
{
	p->all.total += part->total;
	for (size_t i = 0; i < crm_segments_count(p->sg); i++) {
		const struct sum *x = &part->sum[i];
		struct sum *s = &p->all.sum[i];

		if (s->why.code == 0)
			s->why = x->why;
		s->members += x->members;
		if (!crm_add64(s->orders, x->orders, &s->orders) ||
		    !crm_add64(s->revenue, x->revenue, &s->revenue))
			return crm_err_set(
			    err, CRM_EDATA, "the sums are too large");
	}
	return CRM_OK;
}

/* Counts all segments in parts. */
static int
count(struct pass *p, struct crm_err *err)
{
	unsigned cpus = crm_os_processors();
	unsigned n = cpus > CRM_SCAN_PARTS ? CRM_SCAN_PARTS : cpus;
	struct crm_want beside = {{0}, 0};
	struct crm_txn *t = NULL;
	void *ctx[CRM_SCAN_PARTS];
	int r;

	crm_want_field(&beside, p->all.orders);
	crm_want_field(&beside, p->all.revenue);
	for (unsigned i = 0; i < n; i++) {
		p->part[i] = p->all;
		p->part[i].sum =
		    calloc(crm_segments_count(p->sg), sizeof *p->part[i].sum);
		if (!p->part[i].sum)
			return crm_err_nomem(err);
		ctx[i] = &p->part[i];
	}
	r = crm_txn_begin(p->c->store, &t, err);
	if (r < 0)
		return r;
	r = crm_segments_parts(p->sg, t, &beside, add_sums, ctx, n, err);
	crm_txn_end(t);
	for (unsigned i = 0; i < n && r == CRM_OK; i++)
		r = join(p, &p->part[i], err);
	return r;
}

static int
sum_up(struct pass *p, const struct crm_field *fields, size_t n,
    struct crm_err *err)
{
	struct part *all = &p->all;
	int r = cli_segment_open(p->c, &p->sg, err);

	if (r == CRM_OK)
		r = cli_rows_open(p->c, fields, n, NULL, &p->rows, err);
	if (r < 0)
		return r;
	all->orders = crm_kind_field(p->c->kind, CRM_STR("orders"));
	all->revenue = crm_kind_field(p->c->kind, CRM_STR("revenue"));
	all->sum = calloc(crm_segments_count(p->sg) + 1, sizeof *all->sum);
	if (!all->sum)
		return crm_err_nomem(err);
	crm_segments_need_all(p->sg);
	return crm_segments_count(p->sg) == 0 ? CRM_OK : count(p, err);
}

static int
list_row(struct pass *p, size_t i, struct crm_err *err)
{
	const struct crm_segment *def = crm_segments_def(p->sg, i);
	const struct sum *s = &p->all.sum[i];
	struct crm_value v[L_COUNT];

	if (s->why.code != 0) {
		*err = s->why;
		return s->why.code;
	}
	v[L_SEGMENT] = crm_value_text(def->name);
	v[L_CUSTOMERS] = number(s->members);
	v[L_SHARE] = share(s->members, p->all.total);
	v[L_ORDERS] = crm_value_num(CRM_T_INT, s->orders, 0);
	v[L_REVENUE] = crm_value_num(
	    CRM_T_MONEY, s->revenue, (unsigned)p->c->schema->digits);
	v[L_HELP] = crm_value_text(def->help);
	v[L_DEFINITION] = crm_value_text(def->where);
	return cli_rows_put(p->rows, v, err);
}

int
cli_segment_list(struct cli *c, struct crm_err *err)
{
	struct pass p = {.c = c};
	int r = c->noperand > 0 ? cli_operands(c, 0, 0, err) : CRM_OK;

	if (c->noperand > 0)
		r = crm_err_set(err, CRM_EUSAGE, "list takes no operands");
	if (r == CRM_OK)
		r = sum_up(&p, list_fields, L_COUNT, err);
	for (size_t i = 0; r == CRM_OK && i < crm_segments_count(p.sg); i++)
		r = list_row(&p, i, err);
	return pass_finish(&p, r == CRM_NO ? CRM_OK : r, err);
}

static int
check_row(struct pass *p, size_t i, bool *found, struct crm_err *err)
{
	const struct sum *s = &p->all.sum[i];
	struct crm_buf b = {.max = 1024};
	struct crm_value v[K_COUNT];
	int r;

	if (s->why.code != 0)
		crm_buf_putf(&b, "cannot be computed for %s: %s", s->why.place,
		    s->why.text);
	else if (s->members == 0)
		crm_buf_puts(&b, "empty");
	else if (s->members == p->all.total)
		crm_buf_puts(&b, "everybody is in it");
	*found = *found || b.n > 0;
	v[K_SEGMENT] = crm_value_text(crm_segments_def(p->sg, i)->name);
	v[K_CUSTOMERS] = number(s->members);
	v[K_SHARE] = share(s->members, p->all.total);
	v[K_FINDING] = crm_value_text(crm_buf_str(&b));
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = cli_rows_put(p->rows, v, err);
	crm_buf_release(&b);
	return r;
}

int
cli_segment_check(struct cli *c, struct crm_err *err)
{
	struct pass p = {.c = c};
	bool found = false;
	int r = CRM_OK;

	if (c->noperand > 0)
		r = crm_err_set(err, CRM_EUSAGE, "check takes no operands");
	if (r == CRM_OK)
		r = sum_up(&p, check_fields, K_COUNT, err);
	for (size_t i = 0; r == CRM_OK && i < crm_segments_count(p.sg); i++)
		r = check_row(&p, i, &found, err);
	r = pass_finish(&p, r == CRM_NO ? CRM_OK : r, err);
	return r == CRM_OK && found ? CRM_NO : r;
}
