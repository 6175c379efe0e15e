/*
 * history_verify.c - is every chain of revisions whole?
 *
 * The log is read once in its order, then every record is taken back to the
 * revision that added it.  A chain visits each of its entries once, so when
 * there are as many steps as entries no entry is apart from all records; only
 * when the sums differ are those looked for.
 */
#include <stdarg.h>
#include <stdio.h>

#include "history_parts.h"

struct verify {
	struct crm_txn *txn;
	const struct crm_schema *schema;
	crm_log_fault_fn *fn;
	void *ctx;
	struct crm_log_verified out;
	uint64_t from, last;
	uint64_t given[CRM_K_MAX]; /* numbers, by the headers */
	uint64_t steps;
	struct crm_log_head head; /* read last */
	bool has_head;
	uint64_t found; /* entries behind it */
	struct crm_walk walk;
	struct crm_buf name;
};

static int fault(struct verify *v, struct crm_err *err, struct crm_str place,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int
fault(struct verify *v, struct crm_err *err, struct crm_str place,
    const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof text)
		n = sizeof text - 1;
	v->out.faults++;
	return v->fn(v->ctx, place, (struct crm_str){text, (size_t)n}, err);
}

static int
fault_at(
    struct verify *v, uint64_t revision, const char *what, struct crm_err *err)
{
	char place[40];
	int n = snprintf(
	    place, sizeof place, "revision %llu", (unsigned long long)revision);

	return fault(v, err, (struct crm_str){place, (size_t)n}, "%s", what);
}

/* ---- the log in its order ---- */

static int
head_end(struct verify *v, struct crm_err *err)
{
	uint64_t said = v->head.updated + v->head.removed;

	if (!v->has_head || v->found == said)
		return CRM_OK;
	return fault_at(v, v->head.revision,
	    v->found < said ? "it has fewer entries than its header says"
			    : "it has more entries than its header says",
	    err);
}

static int
head(struct verify *v, uint64_t revision, struct crm_str value,
    struct crm_err *err)
{
	struct crm_log_head before = v->head, *h = &v->head;
	bool had = v->has_head;
	int r = head_end(v, err);

	v->out.revisions++;
	v->found = 0;
	v->has_head = false;
	if (r == CRM_OK && v->last > 0 && revision != v->last + 1)
		r = fault_at(
		    v, v->last, "the revision after it is missing", err);
	v->last = revision;
	if (r < 0)
		return r;
	if (crm_log_decode(value, h, NULL) < 0)
		return fault_at(v, revision, "its header cannot be read", err);
	v->has_head = true;
	if (h->revision != revision)
		r = fault_at(
		    v, revision, "its header is of another revision", err);
	else if ((h->part == 0) != (h->change == revision) ||
		 (h->part > 0 && had &&
		     (before.change != h->change || before.last ||
			 before.part + 1 != h->part)))
		r = fault_at(
		    v, revision, "it is no next part of its change", err);
	for (size_t i = 0; i < h->nrange; i++)
		v->given[h->range[i].kind] += h->range[i].count;
	return r;
}

static int
entry(struct verify *v, uint64_t revision, uint64_t kind, struct crm_str value,
    struct crm_err *err)
{
	uint64_t before, op;

	if (revision != v->last)
		return fault_at(v, revision, "it has no header", err);
	if (kind == 0)
		return CRM_OK; /* of no record */
	v->found++;
	v->out.entries++;
	if (kind >= CRM_K_MAX || v->schema->kind[kind].name == NULL)
		return fault_at(
		    v, revision, "an entry is of an unknown kind", err);
	if (!crm_take_var(&value, &before) || !crm_take_var(&value, &op) ||
	    before >= revision || crm_op_place((char)op) < 2)
		return fault_at(
		    v, revision, "an entry of it cannot be read", err);
	return CRM_OK;
}

static int
log_one(struct verify *v, struct crm_str k, struct crm_str value,
    struct crm_err *err)
{
	struct crm_str rest = k;
	uint64_t revision, kind, number;

	if (k.n != 17 || !crm_take_be(&rest, 8, &revision) ||
	    !crm_take_be(&rest, 1, &kind) || !crm_take_be(&rest, 8, &number))
		return fault_at(
		    v, v->last, "a key behind it has a wrong length", err);
	if (crm_unseal(CRM_TAB_LOG, k, &value, NULL) < 0) {
		if (kind == 0 && number == 0) {
			v->last = revision;
			v->has_head = false;
		}
		return fault_at(v, revision,
		    kind == 0 && number == 0
			? "its header has a wrong checksum"
			: "an entry of it has a wrong checksum",
		    err);
	}
	return kind == 0 && number == 0 ? head(v, revision, value, err)
					: entry(v, revision, kind, value, err);
}

static int
log_all(struct verify *v, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str k, value;
	int r;

	r = crm_cursor_open(v->txn, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &k, &value, err);
	while (r == CRM_OK) {
		r = log_one(v, k, value, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &k, &value, err);
	}
	crm_cursor_close(cur);
	if (r == CRM_NOTFOUND)
		r = head_end(v, err);
	if (r == CRM_OK && v->last == 0)
		r = fault_at(v, 1, "the log is empty", err);
	return r;
}

/* ---- records ---- */

/* Takes a record back; *steps counts the entries it went through. */
static int
chain(struct verify *v, unsigned kind, uint64_t number, uint64_t *steps,
    struct crm_err *err)
{
	struct crm_err why = {0};
	struct crm_str name;
	int r;

	r = crm_walk_open(&v->walk, v->txn, kind, number, &why);
	while (r == CRM_OK) {
		r = crm_walk_back(&v->walk, &why);
		*steps += r == CRM_OK;
	}
	if (r == CRM_NO || r == CRM_NOTFOUND)
		return CRM_OK;
	if (r != CRM_EDAMAGE) {
		*err = why;
		return r;
	}
	name = crm_log_name(v->schema, kind, number, &v->name);
	return fault(v, err, name, "%s", why.text);
}

static int
kind_all(struct verify *v, const struct crm_kind *k, uint64_t *records,
    struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str key, value;
	uint64_t number;
	int r;

	r = crm_cursor_open(v->txn, CRM_TAB_KIND + k->number, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &value, err);
	while (r == CRM_OK) {
		if (crm_take_be(&key, 8, &number)) {
			++*records;
			r = chain(v, k->number, number, &v->steps, err);
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &value, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- where the sums differ: which ---- */

struct lost {
	struct verify *v;
	bool added; /* numbers given without a record; else stray entries */
};

static int
lost_one(void *ctx, const struct crm_log_entry *e, struct crm_err *err)
{
	struct lost *l = ctx;
	struct verify *v = l->v;
	struct crm_walk *w = &v->walk;
	struct crm_str name;
	int r;

	if ((e->op == 'a') != l->added)
		return CRM_OK;
	r = crm_walk_open(w, v->txn, e->kind, e->number, NULL);
	if (l->added) {
		if (r != CRM_NOTFOUND)
			return CRM_OK;
		name = crm_log_name(v->schema, e->kind, e->number, &v->name);
		return fault(v, err, name,
		    "revision %llu has added it, and it is not there",
		    (unsigned long long)e->revision);
	}
	while (r == CRM_OK && w->revision > e->revision)
		r = crm_walk_back(w, NULL);
	if (r == CRM_OK && w->revision == e->revision)
		return CRM_OK;
	if (r == CRM_EDAMAGE)
		return CRM_OK; /* said already */
	name = crm_log_name(v->schema, e->kind, e->number, &v->name);
	return fault(v, err, name,
	    "revision %llu has an entry that its chain does not come to",
	    (unsigned long long)e->revision);
}

static int
find_lost(struct verify *v, bool added, struct crm_err *err)
{
	struct lost l = {.v = v, .added = added};
	struct crm_err why = {0};
	uint64_t rev;
	int r = CRM_OK;

	for (rev = 1; rev <= v->last && r == CRM_OK; rev++) {
		r = crm_log_entries(v->txn, rev, lost_one, &l, &why);
		if (r == CRM_NOTFOUND || r == CRM_EDAMAGE)
			r = CRM_OK; /* said already */
	}
	if (r < 0)
		*err = why;
	return r;
}

int
crm_log_verify(struct crm_txn *t, const struct crm_schema *s,
    crm_log_fault_fn *fn, void *ctx, struct crm_log_verified *out,
    struct crm_err *err)
{
	struct verify v = {.txn = t, .schema = s, .fn = fn, .ctx = ctx};
	bool missing = false;
	int r;

	r = crm_log_from(t, &v.from, err);
	if (r == CRM_OK)
		r = log_all(&v, err);
	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++) {
		uint64_t records = 0;

		if (s->kind[i].name == NULL)
			continue;
		r = kind_all(&v, &s->kind[i], &records, err);
		v.out.records += records;
		missing |= records != v.given[i];
	}
	if (r == CRM_OK && missing)
		r = find_lost(&v, true, err);
	if (r == CRM_OK && missing && v.out.faults == 0)
		r = fault_at(&v, v.last,
		    "the log gives out other numbers than there are", err);
	if (r == CRM_OK && v.steps != v.out.entries && v.from == 1)
		r = find_lost(&v, false, err);
	*out = v.out;
	crm_walk_close(&v.walk);
	crm_buf_release(&v.name);
	return r == CRM_OK && v.out.faults > 0 ? CRM_NO : r;
}
