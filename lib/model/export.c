/*
 * export.c - all that is known of a person, as one archive.
 *
 * The sections of records and their parts are those of a dump, so that what
 * reads a dump reads this.  What the log tells is given in words, field by
 * field, as who asks for it should be able to read it; so is what imports
 * remember, of which there are only hashes beside the id.
 */
#include <stdio.h>
#include <stdlib.h>

#include "archive.h"
#include "erase.h"

struct export
{
	struct crm_store *store;
	struct crm_txn *txn;
	const struct crm_schema *schema;
	struct crm_out *out;
	struct crm_idmap has; /* (kind, number) */
	uint64_t *number[CRM_K_MAX];
	size_t n[CRM_K_MAX], cap[CRM_K_MAX];
	struct crm_erase_refs refs; /* of the kind that is looked at */
	struct crm_buf a;
};

static int
section(struct export *x, const char *name, const struct crm_column *col,
    size_t n, struct crm_err *err)
{
	char line[96];
	int len = snprintf(
	    line, sizeof line, "\\:%s\t%d\n", name, CRM_ARCHIVE_VERSION);
	int r;

	r = crm_out_bytes(x->out, (struct crm_str){line, (size_t)len}, err);
	return r < 0 ? r : crm_out_section(x->out, col, n, err);
}

static bool
has(const struct export *x, unsigned kind, uint64_t number)
{
	uint64_t seen;

	return kind < CRM_K_MAX &&
	       crm_idmap_get(&x->has, crm_op_slot(kind, number), &seen);
}

static int
add(struct export *x, unsigned kind, uint64_t number, struct crm_err *err)
{
	if (has(x, kind, number))
		return CRM_OK;
	if (crm_idmap_put(&x->has, crm_op_slot(kind, number), 1) ==
		CRM_ENOMEM ||
	    !crm_grow(&x->number[kind], &x->cap[kind], x->n[kind],
		sizeof *x->number[kind]))
		return crm_err_nomem(err);
	x->number[kind][x->n[kind]++] = number;
	return CRM_OK;
}

/* ---- what belongs to them ---- */

typedef int take_fn(struct export *x, unsigned kind, uint64_t number,
    struct crm_str value, struct crm_err *err);

static int
each(struct export *x, unsigned kind, take_fn *fn, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + kind;
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, key;
	uint64_t number;
	int r;

	r = crm_cursor_open(x->txn, table, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, (struct crm_str){"", 0}, &k, &v, err);
	while (r == CRM_OK) {
		key = k;
		r = crm_unseal(table, k, &v, err);
		if (r == CRM_OK && crm_take_be(&key, 8, &number))
			r = fn(x, kind, number, v, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
take_merged(struct export *x, unsigned kind, uint64_t number, struct crm_str v,
    struct crm_err *err)
{
	uint64_t state, revision, into;

	if (crm_take_var(&v, &state) && state == CRM_MERGED &&
	    crm_take_var(&v, &revision) && crm_take_var(&v, &into) &&
	    has(x, kind, into))
		return add(x, kind, number, err);
	return CRM_OK;
}

struct theirs {
	struct export *x;
	const struct crm_erase_refs *refs;
	bool yes;
};

static int
look_item(void *ctx, unsigned tag, unsigned wire, struct crm_str body,
    struct crm_err *err)
{
	struct theirs *t = ctx;
	const struct crm_erase_ref *ref;
	uint64_t number;
	unsigned kind;

	(void)err;
	t->yes |= crm_erase_named(t->refs, tag, wire, body, &ref, &kind,
		      &number) == CRM_OK &&
		  ref->export && has(t->x, kind, number);
	return CRM_OK;
}

static int
take_theirs(struct export *x, unsigned kind, uint64_t number, struct crm_str v,
    struct crm_err *err)
{
	struct theirs t = {.x = x, .refs = &x->refs};
	int r;

	if (v.n > 0 && v.p[0] == CRM_MERGED)
		return take_merged(x, kind, number, v, err);
	if (v.n == 0 || v.p[0] != CRM_LIVE)
		return CRM_OK;
	r = crm_items_each(v, true, look_item, &t, err);
	return r == CRM_OK && t.yes ? add(x, kind, number, err) : r;
}

/* ---- writing ---- */

static int
write_source(struct export *x, struct crm_err *err)
{
	const struct crm_column col[5] = {{CRM_STR("source"), CRM_T_TEXT},
	    {CRM_STR("id"), CRM_T_TEXT}, {CRM_STR("record"), CRM_T_ID},
	    {CRM_STR("version"), CRM_T_TEXT}, {CRM_STR("hashes"), CRM_T_TEXT}};
	static const char digit[] = "0123456789abcdef";
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, version;
	uint64_t number, n;
	int r = section(x, "source", col, 5, err);

	if (r == CRM_OK)
		r = crm_cursor_open(x->txn, CRM_TAB_SOURCE, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, (struct crm_str){"", 0}, &k, &v, err);
	while (r == CRM_OK) {
		const char *nul = memchr(k.p, '\0', k.n);
		struct crm_value row[5];

		r = crm_unseal(CRM_TAB_SOURCE, k, &v, err);
		if (r == CRM_OK && nul != NULL && nul + 2 <= k.p + k.n &&
		    crm_take_var(&v, &number) &&
		    has(x, (unsigned char)nul[1], number) &&
		    crm_take_var(&v, &n) && n <= v.n &&
		    crm_take_bytes(&v, (size_t)n, &version)) {
			crm_buf_clear(&x->a);
			for (size_t i = 0; i < v.n; i++) {
				unsigned c = (unsigned char)v.p[i];

				crm_buf_putc(&x->a, digit[c >> 4]);
				crm_buf_putc(&x->a, digit[c & 15]);
			}
			row[0] = crm_value_text(
			    (struct crm_str){k.p, (size_t)(nul - k.p)});
			row[1] = crm_value_text((struct crm_str){
			    nul + 2, (size_t)(k.p + k.n - nul - 2)});
			row[2] = crm_value_id((unsigned char)nul[1], number);
			row[3] = crm_value_text(version);
			row[4] = crm_value_text(crm_buf_str(&x->a));
			r = crm_buf_check(&x->a, err);
			if (r == CRM_OK)
				r = crm_out_row(x->out, row, err);
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
history_row(void *ctx, const struct crm_log_head *h,
    const struct crm_change_row *row, struct crm_err *err)
{
	struct export *x = ctx;
	unsigned op = crm_op_place(row->op);
	struct crm_value v[11];

	v[0] = crm_value_num(CRM_T_INT, (int64_t)h->revision, 0);
	v[1] = crm_value_num(CRM_T_TIME, h->time, 0);
	v[2] = crm_value_text(h->actor);
	v[3] = crm_value_text(h->program);
	v[4] = crm_value_text(h->why);
	v[5] = crm_value_text(h->key);
	v[6] = row->id;
	v[7] = crm_value_text(crm_enum_name(CRM_OP_NAMES, op));
	v[8] = crm_value_text(row->field);
	v[9] = crm_value_text(row->old);
	v[10] = crm_value_text(row->new);
	return crm_out_row(x->out, v, err);
}

static int
write_history(struct export *x, struct crm_err *err)
{
	const struct crm_column col[11] = {{CRM_STR("revision"), CRM_T_INT},
	    {CRM_STR("time"), CRM_T_TIME}, {CRM_STR("actor"), CRM_T_TEXT},
	    {CRM_STR("command"), CRM_T_TEXT}, {CRM_STR("why"), CRM_T_TEXT},
	    {CRM_STR("key"), CRM_T_TEXT}, {CRM_STR("id"), CRM_T_ID},
	    {CRM_STR("op"), CRM_T_TEXT}, {CRM_STR("field"), CRM_T_TEXT},
	    {CRM_STR("old"), CRM_T_TEXT}, {CRM_STR("new"), CRM_T_TEXT}};
	int r = section(x, "history", col, 11, err);

	for (unsigned kind = 1; kind < CRM_K_MAX; kind++)
		for (size_t i = 0; i < x->n[kind] && r == CRM_OK; i++)
			r = crm_history_record(x->txn, x->schema, kind,
			    x->number[kind][i], history_row, x, err);
	return r;
}

static size_t
records(const struct export *x)
{
	size_t n = 0;

	for (unsigned i = 0; i < CRM_K_MAX; i++)
		n += x->n[i];
	return n;
}

/* Once more while there is more: an event about a task about an order. */
static int
find_theirs(struct export *x, struct crm_err *err)
{
	size_t had;
	int r = CRM_OK;

	do {
		had = records(x);
		r = each(x, CRM_K_CUSTOMER, take_merged, err);
		for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++) {
			const struct crm_kind *k = &x->schema->kind[i];

			if (k->name == NULL)
				continue;
			crm_erase_refs(k, &x->refs);
			if (x->refs.n > 0)
				r = each(x, i, take_theirs, err);
		}
	} while (r == CRM_OK && records(x) > had);
	return r;
}

static int
export_all(struct export *x, uint64_t number, struct crm_err *err)
{
	int r = add(x, CRM_K_CUSTOMER, number, err);

	if (r == CRM_OK)
		r = find_theirs(x, err);
	for (unsigned kind = 1; kind < CRM_K_MAX && r == CRM_OK; kind++)
		if (x->n[kind] > 0)
			r = crm_dump_records(x->txn, x->schema, x->out,
			    &x->schema->kind[kind], x->number[kind], x->n[kind],
			    err);
	if (r == CRM_OK)
		r = write_source(x, err);
	return r == CRM_OK ? write_history(x, err) : r;
}

int
crm_person_export(struct crm_store *s, uint64_t number, struct crm_out *out,
    struct crm_err *err)
{
	struct export x = {.store = s, .out = out};
	int r;

	r = crm_store_schema(s, &x.schema, err);
	if (r == CRM_OK)
		r = crm_txn_begin(s, &x.txn, err);
	if (r == CRM_OK)
		r = crm_out_hold(out, err);
	if (r == CRM_OK)
		r = export_all(&x, number, err);
	crm_txn_end(x.txn);
	if (r == CRM_OK)
		r = crm_out_drain(out, err);
	for (unsigned i = 0; i < CRM_K_MAX; i++)
		free(x.number[i]);
	crm_idmap_release(&x.has);
	crm_buf_release(&x.a);
	return r;
}
