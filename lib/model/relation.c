/*
 * relation.c - what a relation between two parties must be.
 *
 * How strong and how good a relation is are judgements: one without what shows
 * it is refused, as nobody could ask it later why.  Of one sort there is one
 * relation between two parties on a day; others before and after it stand.
 */
#include <stdarg.h>
#include <stdio.h>

#include "hooks.h"
#include "prefix.h"

static int refuse(struct crm_err *err, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
refuse(struct crm_err *err, const char *field, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	crm_err_set(err, CRM_EDATA, "%s", text);
	crm_err_field(err, field, strlen(field));
	return CRM_EDATA;
}

/* A decimal within [low, 1]. */
static int
check_range(const struct crm_record *rec, const char *field, int low,
    struct crm_err *err)
{
	const struct crm_value *v = crm_record_get(rec, field);
	int64_t one = 1;

	if (v->type != CRM_T_DECIMAL)
		return CRM_OK;
	for (unsigned i = 0; i < v->scale; i++)
		one *= 10;
	if (v->i <= one && v->i >= low * one)
		return CRM_OK;
	return refuse(err, field, "a number from %d to 1 is wanted", low);
}

static int
check_evidence(const struct crm_record *rec, struct crm_err *err)
{
	static const char *const judged[] = {"stage", "strength", "sentiment"};

	if (crm_record_get(rec, "evidence")->type != CRM_T_NONE ||
	    crm_record_get(rec, "evidence_id")->type != CRM_T_NONE)
		return CRM_OK;
	for (size_t i = 0; i < sizeof judged / sizeof *judged; i++) {
		if (crm_record_get(rec, judged[i])->type == CRM_T_NONE)
			continue;
		refuse(err, judged[i], "needs what shows it");
		crm_err_hint(err, "give --evidence TEXT or --evidence-id REF");
		return CRM_EDATA;
	}
	return CRM_OK;
}

/* Is there a day in both?  No date: without an end. */
static bool
overlap(const struct crm_record *a, const struct crm_record *b)
{
	const struct crm_record *rec[2] = {a, b};
	int64_t from = INT64_MIN, to = INT64_MAX;

	for (size_t i = 0; i < 2; i++) {
		const struct crm_value *s = crm_record_get(rec[i], "since");
		const struct crm_value *u = crm_record_get(rec[i], "until");

		if (s->type == CRM_T_DATE && s->i > from)
			from = s->i;
		if (u->type == CRM_T_DATE && u->i < to)
			to = u->i;
	}
	return from < to;
}

/* Another of its sort between the two.  What this change puts beside it is in
 * no index yet. */
static int
check_twice(
    struct crm_change *ch, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	int from = crm_kind_field(k, CRM_STR("from_id"));
	int to = crm_kind_field(k, CRM_STR("to_id"));
	int sort = crm_kind_field(k, CRM_STR("relation"));
	struct crm_prefix p = crm_prefix_of(crm_change_txn(ch), CRM_TAB_INDEX);
	struct crm_record *other, *now;
	struct crm_arena a = {0};
	int r = CRM_OK;

	crm_index_key(&p.key, k->number, k->fields[from].tag, &rec->v[from], 0);
	while (r == CRM_OK) {
		crm_arena_reset(&a);
		r = crm_prefix_record(&p, k, &a, &other, err);
		if (r < 0 || other->id == rec->id)
			continue;
		r = crm_change_get(ch, k, other->id, &now, err);
		if (r == CRM_NOTFOUND) {
			r = CRM_OK; /* removed by this change */
			continue;
		}
		if (r == CRM_OK && crm_value_eq(&now->v[from], &rec->v[from]) &&
		    crm_value_eq(&now->v[to], &rec->v[to]) &&
		    now->v[sort].i == rec->v[sort].i && overlap(now, rec)) {
			r = refuse(err, "relation",
			    "%s%llu says so already for these days", k->letter,
			    (unsigned long long)now->id);
			crm_err_hint(err, "change it by set, or end it by "
					  "--until before another begins");
		}
	}
	crm_prefix_close(&p);
	crm_arena_release(&a);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_relation_prepare(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *from = crm_record_get(rec, "from_id");
	const struct crm_value *to = crm_record_get(rec, "to_id");
	const struct crm_value *since = crm_record_get(rec, "since");
	const struct crm_value *until = crm_record_get(rec, "until");
	struct crm_value *created = crm_record_at(rec, "created");
	int r;

	if (created->type == CRM_T_NONE && old == NULL)
		*created = crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	if (from->type == CRM_T_ID && crm_value_eq(from, to))
		return refuse(
		    err, "to_id", "a party has no relation to itself");
	if (since->type == CRM_T_DATE && until->type == CRM_T_DATE &&
	    until->i <= since->i)
		return refuse(err, "until", "is not after since");
	r = check_range(rec, "strength", 0, err);
	if (r == CRM_OK)
		r = check_range(rec, "sentiment", -1, err);
	if (r == CRM_OK)
		r = check_evidence(rec, err);
	/* when two parties become one, both have said the same */
	if (r == CRM_OK && from->type == CRM_T_ID &&
	    (crm_field_differs(old, rec, "relation") ||
		crm_field_differs(old, rec, "since") ||
		crm_field_differs(old, rec, "until")))
		r = check_twice(ch, rec, err);
	return r;
}

/*
 * It is known from the day it began or was entered, whichever comes first, and
 * always without a first day.  That it would end later was not known.
 */
int
crm_relation_at(struct crm_txn *t, const struct crm_schema *s, int64_t at,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *since = crm_record_get(rec, "since");
	const struct crm_value *created = crm_record_get(rec, "created");
	struct crm_value *until = crm_record_at(rec, "until");

	(void)t;
	(void)err;
	if (since->type == CRM_T_DATE &&
	    crm_day_begin(&s->calendar, since->i) > at &&
	    (created->type != CRM_T_TIME || created->i >= at))
		return CRM_NO;
	if (until->type == CRM_T_DATE &&
	    crm_day_begin(&s->calendar, until->i) > at)
		*until = (struct crm_value){.type = CRM_T_NONE};
	return CRM_OK;
}
