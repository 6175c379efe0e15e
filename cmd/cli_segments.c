/*
 * cli_segments.c - in(NAME) and consent(CHANNEL, PURPOSE) in conditions.
 *
 * They can be asked of any row with a column customer_id: orders, scores,
 * customers themselves.  Who is in the segments named is found once, before
 * the first row, in a transaction of its own: rows may come out of one that
 * has ended, and transactions must not overlap.
 */
#include <stdlib.h>

#include "cli_parts.h"

struct cli_segments {
	struct cli_segments *next;
	size_t column; /* customer_id */
	struct crm_segments *sg;
	struct crm_members *set;
};

static int
fn_in(void *ctx, const struct crm_value *row, const struct crm_value *arg,
    size_t n, struct crm_value *out, struct crm_arena *a, struct crm_err *err)
{
	struct cli_segments *x = ctx;
	const struct crm_value *id = &row[x->column];

	(void)n;
	(void)a;
	(void)err;
	*out = crm_value_num(CRM_T_BOOL,
	    id->type == CRM_T_ID &&
		crm_members_has(&x->set[arg[0].i], (uint64_t)id->i),
	    0);
	return CRM_OK;
}

static int
fn_consent(void *ctx, const struct crm_value *row, const struct crm_value *arg,
    size_t n, struct crm_value *out, struct crm_arena *a, struct crm_err *err)
{
	struct cli_segments *x = ctx;
	const struct crm_value *id = &row[x->column];
	bool yes = false;
	int r = CRM_OK;

	(void)n;
	(void)a;
	if (id->type == CRM_T_ID)
		r = crm_segments_consent(
		    x->sg, (uint64_t)id->i, arg[0].s, arg[1].s, &yes, err);
	*out = crm_value_num(CRM_T_BOOL, yes, 0);
	return r;
}

static const struct crm_expr_fn functions[] = {
    {"in", "t", CRM_T_BOOL, fn_in},
    {"consent", "tt", CRM_T_BOOL, fn_consent},
};

int
cli_segments_env(struct cli *c, const struct crm_field *fields, size_t n,
    struct crm_expr_env *env, struct crm_err *err)
{
	struct cli_segments *x;
	size_t i = 0;

	while (i < n &&
	       (fields[i].type != CRM_T_ID || fields[i].ref != CRM_K_CUSTOMER ||
		   strcmp(fields[i].name, "customer_id") != 0))
		i++;
	if (i >= n || i >= CRM_FIELDS_MAX || !c->store || env->nfn > 0)
		return CRM_OK;
	x = calloc(1, sizeof *x);
	if (!x)
		return crm_err_nomem(err);
	x->column = i;
	x->next = c->segments;
	c->segments = x;
	env->fn = functions;
	env->nfn = sizeof functions / sizeof *functions;
	env->fn_ctx = x;
	env->fn_fields[i / 64] |= (uint64_t)1 << (i % 64);
	return CRM_OK;
}

static int
note(void *ctx, struct crm_value *arg, size_t n, struct crm_err *err)
{
	(void)arg;
	(void)n;
	(void)err;
	*(bool *)ctx = true;
	return CRM_OK;
}

static int
read_sets(struct cli *c, struct cli_segments *x, const bool *uses,
    bool consents, struct crm_err *err)
{
	struct crm_txn *t;
	bool any = false;
	int r = crm_txn_begin(c->store, &t, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < crm_segments_count(x->sg); i++)
		if (uses[i]) {
			crm_segments_need(x->sg, i);
			any = true;
		}
	if (consents)
		crm_segments_need_consents(x->sg);
	r = any ? crm_segments_sets(x->sg, t, &x->set, err)
		: crm_segments_begin(x->sg, t, false, err);
	crm_txn_end(t);
	return r;
}

int
cli_segments_load(struct cli *c, const struct crm_expr_env *env,
    struct crm_expr *e, struct crm_err *err)
{
	struct cli_segments *x = c->segments;
	const struct crm_settings *s = c->schema->settings;
	bool in = false, consents = false, *uses;
	int r;

	if (env->fn != functions || env->fn_ctx != x)
		return CRM_OK;
	r = crm_expr_calls(e, "in", note, &in, err);
	if (r == CRM_OK)
		r = crm_expr_calls(e, "consent", note, &consents, err);
	if (r < 0 || (!in && !consents))
		return r;
	uses = crm_arena_zalloc(&c->arena, s->nsegment + 1);
	if (!uses)
		return crm_err_nomem(err);
	r = crm_segment_calls(s, e, uses, err);
	if (r == CRM_OK)
		r = crm_segments_open(
		    &x->sg, c->schema, cli_opt.at ? c->at : c->now, c->at, err);
	return r < 0 ? r : read_sets(c, x, uses, consents, err);
}

void
cli_segments_release(struct cli *c)
{
	while (c->segments) {
		struct cli_segments *x = c->segments;

		c->segments = x->next;
		if (x->sg)
			crm_sets_release(x->set, crm_segments_count(x->sg));
		crm_segments_close(x->sg);
		free(x);
	}
}
