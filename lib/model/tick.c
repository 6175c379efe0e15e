/*
 * tick.c - what is to be done when its time has come: one row each.
 *
 * No list of what was done is kept beside the records: a task of a series
 * names the one before it, and a reminder is an event with a key, both in
 * unique fields.  Whoever holds the writers' lock sees all that was done
 * before, and a run that is killed has done what it committed and no more.
 */
#include <crm/task.h>

#include "change.h"
#include "hooks.h"
#include "prefix.h"

/* Does a record hold this value of a unique field? */
static int
is_held(struct crm_txn *t, struct crm_change *ch, const struct crm_kind *k,
    const char *field, const struct crm_value *v, bool *yes,
    struct crm_err *err)
{
	const struct crm_field *f =
	    &k->fields[crm_kind_field(k, crm_str(field))];
	struct crm_buf key = {.max = CRM_KEY_MAX};
	uint64_t by = 0;
	int r;

	crm_index_key(&key, k->number, f->tag, v, 0);
	r = crm_buf_check(&key, err);
	if (r == CRM_OK)
		r = crm_change_holder(t, ch, crm_buf_str(&key), 0, &by, err);
	*yes = by != 0;
	crm_buf_release(&key);
	return r;
}

/* ---- recur: the next task of a series ---- */

static int
recur_when(struct crm_txn *t, struct crm_change *ch, const struct crm_schema *s,
    const struct crm_record *rec, int64_t *at, struct crm_err *err)
{
	struct crm_value id = crm_value_id(CRM_K_TASK, rec->id);
	int64_t due;
	bool made;
	int r = crm_task_next(s, rec, &due, at);

	if (r == CRM_OK)
		r = is_held(t, ch, rec->kind, "follows_id", &id, &made, err);
	return r == CRM_OK && made ? CRM_NO : r;
}

static int
recur_act(struct crm_change *ch, const struct crm_record *rec, int64_t at,
    struct crm_record **out, bool *again, struct crm_err *err)
{
	static const char *const kept[] = {"title", "about", "assignee",
	    "priority", "every", "mode", "lead", "note", "source"};
	const struct crm_value *due = crm_record_get(rec, "due");
	const struct crm_value *remind = crm_record_get(rec, "remind");
	struct crm_record *was, *next = NULL;
	int64_t next_due, from;
	int r;

	(void)at;
	r = crm_change_get(ch, rec->kind, rec->id, &was, err);
	if (r == CRM_OK)
		r = crm_change_new(ch, rec->kind, &next, err);
	if (r == CRM_OK)
		r = crm_task_next(crm_change_schema(ch), was, &next_due, &from);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		*crm_record_at(next, kept[i]) = *crm_record_get(was, kept[i]);
	for (unsigned i = 1; i < rec->kind->nfields; i++)
		if (rec->kind->fields[i].flags & CRM_F_CUSTOM)
			next->v[i] = was->v[i];
	*crm_record_at(next, "due") = crm_value_num(CRM_T_TIME, next_due, 0);
	if (remind->type == CRM_T_TIME)
		*crm_record_at(next, "remind") = crm_value_num(
		    CRM_T_TIME, next_due - (due->i - remind->i), 0);
	*crm_record_at(next, "starts") = *crm_record_get(was, "starts");
	*crm_record_at(next, "follows_id") = crm_value_id(CRM_K_TASK, was->id);
	r = crm_change_put(ch, next, err);
	*out = next;
	*again = true;
	return r;
}

/* ---- remind: of an open task, when it is due ---- */

static int64_t
remind_time(const struct crm_record *rec)
{
	static const char *const first[] = {"snoozed", "remind", "due"};

	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		const struct crm_value *v = crm_record_get(rec, first[i]);

		if (v->type == CRM_T_TIME)
			return v->i;
	}
	return INT64_MAX;
}

static void
remind_key(struct crm_buf *b, const struct crm_record *rec, int64_t at)
{
	crm_buf_putf(b, "remind %s%llu ", rec->kind->letter,
	    (unsigned long long)rec->id);
	crm_time_put(b, at);
}

static int
remind_when(struct crm_txn *t, struct crm_change *ch,
    const struct crm_schema *s, const struct crm_record *rec, int64_t *at,
    struct crm_err *err)
{
	char room[96];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};
	struct crm_value key;
	bool done;
	int r;

	*at = remind_time(rec);
	if (crm_record_get(rec, "state")->i != 1 || *at == INT64_MAX)
		return CRM_NO;
	remind_key(&b, rec, *at);
	key = crm_value_text(crm_buf_str(&b));
	r = is_held(t, ch, &s->kind[CRM_K_EVENT], "once", &key, &done, err);
	return r == CRM_OK && done ? CRM_NO : r;
}

static int
remind_act(struct crm_change *ch, const struct crm_record *rec, int64_t at,
    struct crm_record **out, bool *again, struct crm_err *err)
{
	const struct crm_kind *k = &crm_change_schema(ch)->kind[CRM_K_EVENT];
	struct crm_field what = k->fields[crm_kind_field(k, CRM_STR("what"))];
	struct crm_buf b = {.max = 96};
	struct crm_record *task, *e = NULL;
	struct crm_str key;
	int r;

	r = crm_change_get(ch, rec->kind, rec->id, &task, err);
	if (r == CRM_OK)
		r = crm_change_new(ch, k, &e, err);
	remind_key(&b, rec, at);
	if (r == CRM_OK)
		r = crm_buf_keep(&b, crm_change_arena(ch), &key, err);
	crm_buf_release(&b);
	if (r < 0)
		return r;
	*crm_record_at(e, "about") = crm_value_id(rec->kind->number, rec->id);
	*crm_record_at(e, "at") =
	    crm_value_num(CRM_T_TIME, crm_change_now(ch), 0);
	*crm_record_at(e, "what") = crm_value_enum(
	    what.values, crm_enum_place(what.values, CRM_STR("remind")));
	*crm_record_at(e, "topic") = *crm_record_get(task, "assignee");
	*crm_record_at(e, "once") = crm_value_text(key);
	*out = task;
	*again = false;
	return crm_change_put(ch, e, err);
}

const struct crm_duty crm_duties[] = {
    {"recur", CRM_K_TASK, "makes the next task of a series", recur_when,
	recur_act},
    {"remind", CRM_K_TASK, "reminds of an open task once it is due",
	remind_when, remind_act},
    {0},
};

/* ---- all of them ---- */

typedef int look_fn(void *ctx, struct crm_txn *t, const struct crm_duty *d,
    const struct crm_record *rec, struct crm_err *err);

static int
look_all(struct crm_txn *t, const struct crm_schema *s, look_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct crm_scan *scan;
	struct crm_record *rec;
	int r = CRM_OK;

	for (const struct crm_duty *d = crm_duties; d->name && r == CRM_OK;
	     d++) {
		r = crm_scan_open(t, s, &s->kind[d->kind], &crm_want_all,
		    INT64_MAX, &scan, err);
		if (r < 0)
			break;
		while ((r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
			r = fn(ctx, t, d, rec, err);
			if (r < 0)
				break;
		}
		crm_scan_close(scan);
		if (r == CRM_NOTFOUND)
			r = CRM_OK;
	}
	return r == CRM_NO ? CRM_OK : r;
}

struct each {
	const struct crm_schema *s;
	int64_t until;
	crm_tick_fn *fn;
	void *ctx;
};

static int
each_one(void *ctx, struct crm_txn *t, const struct crm_duty *d,
    const struct crm_record *rec, struct crm_err *err)
{
	struct each *e = ctx;
	struct crm_tick tick = {.duty = d, .rec = rec};
	int r = d->when(t, NULL, e->s, rec, &tick.at, err);

	if (r == CRM_NO || (r == CRM_OK && tick.at > e->until))
		return CRM_OK;
	return r == CRM_OK ? e->fn(e->ctx, &tick, err) : r;
}

int
crm_tick_each(struct crm_txn *t, const struct crm_schema *s, int64_t until,
    crm_tick_fn *fn, void *ctx, struct crm_err *err)
{
	struct each e = {s, until, fn, ctx};

	return look_all(t, s, each_one, &e, err);
}

struct run {
	struct crm_change *ch;
	int64_t now;
	uint64_t max, *n;
	crm_tick_fn *fn;
	void *ctx;
};

/* Does it about a record, and about what that made, as long as it is due. */
static int
run_one(void *ctx, struct crm_txn *t, const struct crm_duty *d,
    const struct crm_record *rec, struct crm_err *err)
{
	struct run *x = ctx;
	struct crm_tick tick = {.duty = d};
	struct crm_record *out;
	bool again = true;
	int r = CRM_OK;

	while (r == CRM_OK && again) {
		r = d->when(
		    t, x->ch, crm_change_schema(x->ch), rec, &tick.at, err);
		if (r == CRM_NO || (r == CRM_OK && tick.at > x->now)) {
			r = CRM_OK;
			break;
		}
		if (r == CRM_OK && *x->n >= x->max)
			r = CRM_NO; /* the rest is another change's */
		if (r == CRM_OK)
			r = d->act(x->ch, rec, tick.at, &out, &again, err);
		if (r < 0)
			break;
		++*x->n;
		rec = tick.rec = out;
		if (x->fn)
			r = x->fn(x->ctx, &tick, err);
	}
	crm_change_reset(x->ch);
	return r;
}

int
crm_tick_run(struct crm_change *ch, int64_t now, uint64_t max, crm_tick_fn *fn,
    void *ctx, uint64_t *n, struct crm_err *err)
{
	struct run x = {ch, now, max, n, fn, ctx};

	*n = 0;
	return look_all(
	    crm_change_txn(ch), crm_change_schema(ch), run_one, &x, err);
}
