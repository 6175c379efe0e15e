/*
 * cli_effects.c - who would enter and leave segments by other settings.
 *
 * Segments that are not touched may change all the same, as they name others;
 * so all are tried, by the old settings and by the new ones, over the same
 * records.  Figures are those that are kept: what other statuses of revenue
 * would make of them is known when they have been applied.
 */
#include <stdlib.h>

#include "cli_apply.h"

static bool
same_segments(const struct crm_settings *a, const struct crm_settings *b)
{
	if (a->nsegment != b->nsegment)
		return false;
	for (size_t i = 0; i < a->nsegment; i++)
		if (!crm_str_eq(a->segment[i].name, b->segment[i].name) ||
		    !crm_str_eq(a->segment[i].where, b->segment[i].where))
			return false;
	return true;
}

/* The members of all segments by a schema's settings. */
static int
try_all(struct cli *c, struct crm_txn *t, const struct crm_schema *s,
    struct crm_members **out, struct crm_err *err)
{
	struct crm_segments *sg = NULL;
	int r = crm_segments_open(&sg, s, c->now, c->at, err);

	*out = NULL;
	if (r == CRM_OK) {
		crm_segments_need_all(sg);
		r = crm_segments_sets(sg, t, out, err);
	}
	crm_segments_close(sg);
	return r;
}

static int
compare(struct cli_effects *e, struct crm_str name,
    const struct crm_members *was, const struct crm_members *is,
    struct crm_err *err)
{
	static const struct crm_members nobody;
	struct cli_effect *x = &e->v[e->n++];
	uint64_t n;
	int r;

	x->segment = name;
	was = was ? was : &nobody;
	is = is ? is : &nobody;
	r = crm_members_less(is, was, &x->enter, &n, err);
	return r < 0 ? r : crm_members_less(was, is, &x->leave, &n, err);
}

static const struct crm_members *
members_of(const struct crm_settings *s, const struct crm_members *set,
    struct crm_str name)
{
	for (size_t i = 0; i < s->nsegment; i++)
		if (crm_str_eq(s->segment[i].name, name))
			return &set[i];
	return NULL;
}

static int
compare_all(struct cli_effects *e, const struct crm_settings *old,
    const struct crm_members *was, const struct crm_settings *now,
    const struct crm_members *is, struct crm_err *err)
{
	int r = CRM_OK;

	e->v = calloc(old->nsegment + now->nsegment + 1, sizeof *e->v);
	if (!e->v)
		return crm_err_nomem(err);
	for (size_t i = 0; i < now->nsegment && r == CRM_OK; i++)
		r = compare(e, now->segment[i].name,
		    members_of(old, was, now->segment[i].name), &is[i], err);
	for (size_t i = 0; i < old->nsegment && r == CRM_OK; i++)
		if (!members_of(now, is, old->segment[i].name))
			r = compare(
			    e, old->segment[i].name, &was[i], NULL, err);
	return r;
}

int
cli_effects_find(struct cli *c, const struct crm_settings *now,
    struct cli_effects *out, struct crm_err *err)
{
	const struct crm_settings *old = c->schema->settings;
	struct crm_members *was = NULL, *is = NULL;
	struct crm_schema *schema;
	struct crm_txn *t = NULL;
	int r;

	*out = (struct cli_effects){0};
	if (same_segments(old, now))
		return CRM_OK;
	schema = calloc(1, sizeof *schema);
	r = schema ? crm_schema_init(schema, now, err) : crm_err_nomem(err);
	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &t, err);
	if (r == CRM_OK)
		r = try_all(c, t, c->schema, &was, err);
	if (r == CRM_OK)
		r = try_all(c, t, schema, &is, err);
	if (t)
		crm_txn_end(t);
	if (r == CRM_OK)
		r = compare_all(out, old, was, now, is, err);
	crm_sets_release(was, old->nsegment);
	crm_sets_release(is, now->nsegment);
	if (schema)
		crm_schema_release(schema);
	free(schema);
	return r;
}

void
cli_effects_release(struct cli_effects *e)
{
	for (size_t i = 0; i < e->n; i++) {
		crm_members_release(&e->v[i].enter);
		crm_members_release(&e->v[i].leave);
	}
	free(e->v);
	*e = (struct cli_effects){0};
}

void
cli_effect_put(const struct cli_effect *e, struct crm_buf *out)
{
	if (e->enter.count > 0)
		crm_buf_putf(out, "%llu enter%s",
		    (unsigned long long)e->enter.count,
		    e->enter.count == 1 ? "s" : "");
	if (e->enter.count > 0 && e->leave.count > 0)
		crm_buf_puts(out, ", ");
	if (e->leave.count > 0)
		crm_buf_putf(out, "%llu leave%s",
		    (unsigned long long)e->leave.count,
		    e->leave.count == 1 ? "s" : "");
}

const struct cli_effect *
cli_effects_of(const struct cli_effects *e, struct crm_str segment)
{
	for (size_t i = 0; i < e->n; i++)
		if (crm_str_eq(e->v[i].segment, segment))
			return &e->v[i];
	return NULL;
}

static const char changes[] = "enters,leaves";
static const struct crm_field fields[] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, 0, NULL, "the customer"},
    {"segment", CRM_T_TEXT, 0, 0, 0, NULL, "the segment"},
    {"change", CRM_T_ENUM, 0, 0, 0, changes, "what would become of them"},
};

static int
print_set(struct cli_rows *rows, struct crm_str segment,
    const struct crm_members *m, unsigned change, struct crm_err *err)
{
	const struct crm_value name = crm_value_text(segment);
	struct crm_value v[3];
	int r = CRM_OK;

	for (uint64_t id = crm_members_next(m, 0);
	     r == CRM_OK && id != UINT64_MAX;
	     id = crm_members_next(m, id + 1)) {
		v[0] = crm_value_id(CRM_K_CUSTOMER, id);
		v[1] = name;
		v[2] = crm_value_enum(changes, change);
		r = cli_rows_put(rows, v, err);
	}
	return r;
}

int
cli_effects_print(
    struct cli *c, const struct cli_effects *e, struct crm_err *err)
{
	struct cli_rows *rows;
	int r = cli_rows_open(c, fields, 3, NULL, &rows, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == CRM_OK && i < e->n; i++) {
		r = print_set(rows, e->v[i].segment, &e->v[i].enter, 1, err);
		if (r == CRM_OK)
			r = print_set(
			    rows, e->v[i].segment, &e->v[i].leave, 2, err);
	}
	if (r == CRM_OK)
		return cli_rows_close(rows, err);
	cli_rows_abort(rows);
	return r;
}
