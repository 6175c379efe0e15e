/*
 * check_records.c - the records: are all there, can each be read, is what they
 * refer to there?
 *
 * Twice over the tables: first who is there at all, then everything else, as
 * references go in every direction.
 */
#include <stdio.h>

#include "check.h"

/* ---- who is there ---- */

/* A customer who is there, or whose record cannot tell. */
static bool
note_living(struct crm_check *ck, const struct crm_kind *k, uint64_t number)
{
	return k->number != CRM_K_CUSTOMER || crm_bits_set(&ck->living, number);
}

static int
numbers_of(struct crm_check *ck, const struct crm_kind *k, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + k->number;
	struct crm_cursor *cur = NULL;
	struct crm_str key, v, rest;
	uint64_t number, before = 0, state, revision;
	int r;

	r = crm_cursor_open(ck->txn, table, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		rest = key;
		if (key.n != 8 || !crm_take_be(&rest, 8, &number)) {
			r = crm_check_fault(ck, err, k->name,
			    "a key has %zu bytes, not 8", key.n);
			goto next;
		}
		if (number <= before)
			r = crm_check_at(
			    ck, err, k, number, "it is out of order");
		before = number;
		ck->out.records++;
		if (r == CRM_OK && (number == 0 || number > CRM_NUMBER_MAX)) {
			r = crm_check_at(ck, err, k, number,
			    "it is not a number that is given out");
			goto next;
		}
		if (r == CRM_OK && !crm_bits_set(&ck->here[k->number], number))
			r = crm_err_nomem(err);
		if (r < 0)
			goto next;
		if (crm_unseal(table, key, &v, NULL) < 0) {
			r = crm_check_at(ck, err, k, number, "wrong checksum");
			/* it is there: who refers to it is not at fault */
			if (r == CRM_OK &&
			    (!crm_bits_set(&ck->known[k->number], number) ||
				!note_living(ck, k, number)))
				r = crm_err_nomem(err);
			goto next;
		}
		if (!crm_take_var(&v, &state) || state > CRM_ERASED ||
		    !crm_take_var(&v, &revision))
			r = crm_check_at(
			    ck, err, k, number, "its state cannot be read");
		else if (revision == 0 || revision > ck->revision)
			r = crm_check_at(ck, err, k, number,
			    "its revision %llu is not one of the store",
			    (unsigned long long)revision);
		if (r == CRM_OK && state != CRM_DELETED &&
		    !crm_bits_set(&ck->known[k->number], number))
			r = crm_err_nomem(err);
		if (r == CRM_OK && state == CRM_LIVE &&
		    !note_living(ck, k, number))
			r = crm_err_nomem(err);
	next:
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Numbers of one kind that the log and the table do not agree on, by runs. */
static int
compare_numbers(
    struct crm_check *ck, const struct crm_kind *k, struct crm_err *err)
{
	const struct crm_bits *a = &ck->given[k->number];
	const struct crm_bits *b = &ck->here[k->number];
	uint64_t end = 64 * (a->n > b->n ? a->n : b->n), from;
	int r = CRM_OK;

	for (uint64_t n = 1; n < end && r == CRM_OK; n++) {
		bool given = crm_bits_get(a, n);

		if (given == crm_bits_get(b, n))
			continue;
		for (from = n; n + 1 < end && crm_bits_get(a, n + 1) == given &&
			       crm_bits_get(b, n + 1) != given;)
			n++;
		r = crm_check_at(ck, err, k, from,
		    from == n ? "%s" : "%s, as are those up to %s%llu",
		    given ? "it was given out and is missing"
			  : "it was never given out and yet there",
		    k->letter, (unsigned long long)n);
	}
	return r;
}

int
crm_check_numbers(struct crm_check *ck, struct crm_err *err)
{
	int r = CRM_OK;

	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++) {
		const struct crm_kind *k = &ck->schema->kind[i];

		if (k->name == NULL)
			continue;
		r = numbers_of(ck, k, err);
		if (r == CRM_OK)
			r = compare_numbers(ck, k, err);
	}
	return r;
}

/* ---- what they say ---- */

static bool
dangling(const struct crm_check *ck, const struct crm_value *v)
{
	return v->type == CRM_T_ID &&
	       (v->kind >= CRM_K_MAX ||
		   !crm_bits_get(&ck->known[v->kind], (uint64_t)v->i));
}

static int
bad_value(struct crm_check *ck, const struct crm_record *rec, const char *part,
    uint32_t row, const struct crm_field *f, const struct crm_value *v,
    bool lacks, struct crm_err *err)
{
	struct crm_id id = {.kind = v->kind, .number = (uint64_t)v->i};
	char at[96] = "";

	if (part != NULL)
		snprintf(at, sizeof at, "%s %u ", part, row);
	if (lacks)
		return crm_check_at(ck, err, rec->kind, rec->id,
		    "%s%s: a value is needed", at, f->name);
	crm_buf_clear(&ck->text);
	crm_id_put(ck->schema, &ck->text, &id, true);
	return crm_check_at(ck, err, rec->kind, rec->id,
	    "%s%s: it refers to %.*s, which is not there", at, f->name,
	    (int)ck->text.n, ck->text.p ? ck->text.p : "");
}

static inline int
check_value(struct crm_check *ck, const struct crm_record *rec,
    const char *part, uint32_t row, const struct crm_field *f,
    const struct crm_value *v, struct crm_err *err)
{
	bool lacks = v->type == CRM_T_NONE && (f->flags & CRM_F_REQUIRED);

	if (!lacks && !dangling(ck, v))
		return CRM_OK;
	return bad_value(ck, rec, part, row, f, v, lacks, err);
}

static int
check_record(
    struct crm_check *ck, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	int r = CRM_OK;

	for (unsigned i = 1; i < k->nfields && r == CRM_OK; i++)
		r = check_value(
		    ck, rec, NULL, 0, &k->fields[i], &rec->v[i], err);
	for (unsigned p = 0; p < k->nparts; p++)
		for (size_t j = 0; j < rec->part[p].n; j++)
			for (unsigned i = 0;
			     i < k->parts[p].nfields && r == CRM_OK; i++)
				r = check_value(ck, rec, k->parts[p].name,
				    rec->part[p].row[j].no,
				    &k->parts[p].fields[i],
				    &rec->part[p].row[j].v[i], err);
	if (r == CRM_OK)
		r = crm_check_derive(ck, rec, false, err);
	if (r == CRM_OK && k->number == CRM_K_ORDER)
		r = crm_check_order(ck, rec, true, err);
	if (r == CRM_OK && k->number == CRM_K_TICKET)
		r = crm_check_ticket(ck, rec, true, err);
	if (r == CRM_OK && k->number == CRM_K_TOUCH)
		r = crm_check_touch(ck, rec, err);
	return r;
}

static int
check_gone(
    struct crm_check *ck, const struct crm_record *rec, struct crm_err *err)
{
	if (rec->state == CRM_MERGED &&
	    (rec->into == rec->id ||
		!crm_bits_get(&ck->known[rec->kind->number], rec->into)))
		return crm_check_at(ck, err, rec->kind, rec->id,
		    "it was merged into %s%llu, which is not there",
		    rec->kind->letter, (unsigned long long)rec->into);
	return CRM_OK;
}

/* What one entry of the table holds. */
static int
walk_entry(struct crm_check *ck, const struct crm_check_job *job,
    struct crm_plan *plan, struct crm_record *rec, struct crm_str v,
    struct crm_err *err)
{
	const struct crm_kind *k = job->kind;
	int r = crm_plan_decode(plan, v, rec, NULL);

	if (r == CRM_ENOMEM)
		return crm_err_nomem(err);
	if (r < 0)
		r = job->all
			? crm_check_at(ck, err, k, rec->id, "it cannot be read")
			: CRM_OK;
	else if (rec->state == CRM_LIVE)
		r = job->each(ck, rec, err);
	else if (job->all)
		r = check_gone(ck, rec, err);
	return r == CRM_OK && job->all ? crm_check_chain(ck, k, rec->id, v, err)
				       : r;
}

static int
walk_range(struct crm_check *ck, const struct crm_check_job *job, uint64_t from,
    uint64_t to, uint64_t *at, struct crm_err *err)
{
	const struct crm_kind *k = job->kind;
	unsigned table = CRM_TAB_KIND + k->number;
	struct crm_arena arena = {0};
	struct crm_record *rec = crm_record_new(k, &arena);
	struct crm_cursor *cur = NULL;
	struct crm_plan plan;
	struct crm_str key, v, rest;
	uint64_t seen = 0, total = 0;
	char kb[8];
	int r;

	*at = to;
	crm_plan_make(&plan, ck->schema, k, &crm_want_all);
	r = rec ? crm_count(ck->txn, table, &total, err) : crm_err_nomem(err);
	if (r == CRM_OK)
		r = crm_cursor_open(ck->txn, table, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur,
		    from > 0 ? crm_number_key(from, kb)
			     : (struct crm_str){"", 0},
		    &key, &v, err);
	while (r == CRM_OK) {
		rest = key;
		if (key.n != 8 || !crm_take_be(&rest, 8, &rec->id))
			goto next; /* said already */
		if (rec->id >= to)
			break;
		if (crm_check_stop(ck)) {
			*at = rec->id;
			break;
		}
		if (crm_unseal(table, key, &v, NULL) < 0)
			goto next;
		r = walk_entry(ck, job, &plan, rec, v, err);
		if (++seen % 65536 == 0)
			crm_check_watch(ck, k->name, from + seen, total);
		if (arena.used > ((size_t)1 << 20)) {
			crm_arena_reset(&arena);
			rec = crm_record_new(k, &arena);
			if (rec == NULL)
				r = crm_err_nomem(err);
		}
	next:
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	crm_arena_release(&arena);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
walk(struct crm_check *ck, const struct crm_kind *k, crm_check_fn *fn, bool all,
    struct crm_err *err)
{
	struct crm_check_job job = {.kind = k,
	    .fn = walk_range,
	    .each = fn,
	    .align = 1,
	    .all = all,
	    .sums = k->number == CRM_K_ORDER || k->number == CRM_K_TICKET ||
		    k->number == CRM_K_TOUCH};

	return crm_check_parts(ck, &job, err);
}

int
crm_check_each(struct crm_check *ck, const struct crm_kind *k, crm_check_fn *fn,
    struct crm_err *err)
{
	return walk(ck, k, fn, false, err);
}

int
crm_check_records(struct crm_check *ck, struct crm_err *err)
{
	int r = CRM_OK;

	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++)
		if (ck->schema->kind[i].name != NULL)
			r = walk(
			    ck, &ck->schema->kind[i], check_record, true, err);
	return r;
}
