/*
 * check_log.c - the log by itself, and each record's way through it.
 *
 * A record is taken back through its differences, one revision after the
 * other, to the one that made it: only so is it certain that its history can
 * be told.
 */
#include <stdio.h>

#include "check.h"

struct log_state {
	uint64_t last; /* revision of the header read last */
	uint64_t found; /* entries since */
	bool counted; /* that header could be read */
	char where[48];
};

static int
head_numbers(struct crm_check *ck, const struct crm_log_head *h,
    const char *where, struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; i < h->nrange && r == CRM_OK; i++) {
		const struct crm_range *g = &h->range[i];
		const struct crm_kind *k = &ck->schema->kind[g->kind];

		if (g->first == 0 || g->first > CRM_NUMBER_MAX ||
		    g->count > CRM_NUMBER_MAX || k->name == NULL) {
			r = crm_check_fault(ck, err, where,
			    "it gives out numbers that cannot be");
			continue;
		}
		for (uint64_t n = g->first;
		     n < g->first + g->count && r == CRM_OK; n++) {
			if (crm_bits_get(&ck->given[g->kind], n))
				r = crm_check_fault(ck, err, where,
				    "%s%llu was given out before", k->letter,
				    (unsigned long long)n);
			else if (!crm_bits_set(&ck->given[g->kind], n))
				r = crm_err_nomem(err);
		}
	}
	return r;
}

/* The header before has as many entries as it says. */
static int
head_done(struct crm_check *ck, struct log_state *st, struct crm_err *err)
{
	int r = CRM_OK;

	if (st->counted && st->found != ck->head.updated + ck->head.removed)
		r = crm_check_fault(ck, err, st->where,
		    "it has %llu entries, its header says %llu",
		    (unsigned long long)st->found,
		    (unsigned long long)(ck->head.updated + ck->head.removed));
	st->found = 0;
	st->counted = false;
	return r;
}

static int
check_head(struct crm_check *ck, struct log_state *st, uint64_t revision,
    struct crm_str v, struct crm_err *err)
{
	struct crm_log_head *h = &ck->head;
	int r = head_done(ck, st, err);

	if (r < 0)
		return r;
	if (st->last > 0 && revision != st->last + 1)
		r = crm_check_fault(
		    ck, err, st->where, "the revision after it is missing");
	snprintf(st->where, sizeof st->where, "revision %llu",
	    (unsigned long long)revision);
	st->last = revision;
	ck->out.revisions++;
	if (r < 0)
		return r;
	if (crm_log_decode(v, h, NULL) < 0)
		return crm_check_fault(
		    ck, err, st->where, "its header cannot be read");
	st->counted = true;
	if (h->revision != revision)
		r = crm_check_fault(ck, err, st->where,
		    "its header is that of revision %llu",
		    (unsigned long long)h->revision);
	else if (h->change > revision ||
		 (h->change == revision) != (h->part == 0))
		r = crm_check_fault(ck, err, st->where,
		    "it is part %llu of the change %llu, which cannot be",
		    (unsigned long long)h->part, (unsigned long long)h->change);
	if (r == CRM_OK)
		r = head_numbers(ck, h, st->where, err);
	if (r == CRM_OK)
		r = crm_check_expect_key(ck, h, err);
	return r;
}

static int
check_entry(struct crm_check *ck, struct log_state *st, uint64_t revision,
    uint64_t kind, uint64_t number, struct crm_str v, struct crm_err *err)
{
	const struct crm_kind *k = &ck->schema->kind[kind % CRM_K_MAX];
	uint64_t before, op;

	if (revision != st->last)
		return crm_check_fault(ck, err, st->where,
		    "an entry behind it is of the missing revision %llu",
		    (unsigned long long)revision);
	if (kind == 0)
		return CRM_OK; /* not of a record */
	st->found++;
	if (kind >= CRM_K_MAX || k->name == NULL)
		return crm_check_fault(ck, err, st->where,
		    "an entry is of the unknown kind %llu",
		    (unsigned long long)kind);
	if (!crm_take_var(&v, &before) || !crm_take_var(&v, &op) ||
	    before >= revision || crm_op_place((char)op) < 2)
		return crm_check_fault(ck, err, st->where,
		    "the entry of %s%llu cannot be read", k->letter,
		    (unsigned long long)number);
	return CRM_OK;
}

int
crm_check_log(struct crm_check *ck, struct crm_err *err)
{
	struct log_state st = {.where = "log"};
	struct crm_cursor *cur = NULL;
	struct crm_str key, v, rest;
	uint64_t revision, kind, number;
	int r;

	/* what of it can be read; the rest is told below */
	if (crm_undo_all(ck->txn, &ck->undone, NULL) == CRM_ENOMEM)
		return crm_err_nomem(err);
	r = crm_cursor_open(ck->txn, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		rest = key;
		if (key.n != 17) {
			r = crm_check_fault(ck, err, st.where,
			    "the key behind it has %zu bytes, not 17", key.n);
			goto next;
		}
		crm_take_be(&rest, 8, &revision);
		crm_take_be(&rest, 1, &kind);
		crm_take_be(&rest, 8, &number);
		if (crm_unseal(CRM_TAB_LOG, key, &v, NULL) < 0) {
			char where[48];

			snprintf(where, sizeof where, "revision %llu",
			    (unsigned long long)revision);
			r = crm_check_fault(ck, err, where,
			    "wrong checksum of entry %llu:%llu",
			    (unsigned long long)kind,
			    (unsigned long long)number);
			if (kind == 0 && number == 0) {
				st.last = revision;
				st.counted = false;
			} else
				st.found++;
		} else if (kind == 0 && number == 0)
			r = check_head(ck, &st, revision, v, err);
		else
			r = check_entry(
			    ck, &st, revision, kind, number, v, err);
	next:
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	if (r == CRM_NOTFOUND)
		r = head_done(ck, &st, err);
	if (r == CRM_OK && st.last == 0)
		r = crm_check_fault(ck, err, "log", "it is empty");
	ck->head_at = 0;
	return r;
}

/* ---- a record's chain ---- */

/* Was the number given out by this revision? */
static bool
inserted(
    struct crm_check *ck, unsigned kind, uint64_t number, uint64_t revision)
{
	char lk[17];
	struct crm_str key = {lk, sizeof lk}, v;

	if (ck->head_at != revision) {
		crm_log_key(revision, 0, 0, lk);
		ck->head_at = 0;
		if (crm_get(ck->txn, CRM_TAB_LOG, key, &v, NULL) < 0 ||
		    crm_unseal(CRM_TAB_LOG, key, &v, NULL) < 0 ||
		    crm_log_decode(v, &ck->head, NULL) < 0)
			return false;
		ck->head_at = revision;
	}
	for (size_t i = 0; i < ck->head.nrange; i++)
		if (ck->head.range[i].kind == kind &&
		    number - ck->head.range[i].first < ck->head.range[i].count)
			return true;
	return false;
}

int
crm_check_chain(struct crm_check *ck, const struct crm_kind *k, uint64_t number,
    struct crm_str value, struct crm_err *err)
{
	struct crm_str now = value, rest, v;
	uint64_t state, revision, before, op, again;
	char lk[17];
	struct crm_str key = {lk, sizeof lk};
	int r;

	rest = now;
	if (!crm_take_var(&rest, &state) || !crm_take_var(&rest, &revision))
		return CRM_OK; /* said already */
	while (revision >= ck->log_from) {
		/* of one that was erased all revisions are so */
		if ((state == CRM_LIVE || state == CRM_ERASED) &&
		    inserted(ck, k->number, number, revision))
			return CRM_OK;
		crm_log_key(revision, k->number, number, lk);
		r = crm_get(ck->txn, CRM_TAB_LOG, key, &v, NULL);
		if (r == CRM_ENOMEM)
			return crm_err_nomem(err);
		if (r < 0)
			return crm_check_at(ck, err, k, number,
			    "its revision %llu is not in the log",
			    (unsigned long long)revision);
		if (crm_unseal(CRM_TAB_LOG, key, &v, NULL) < 0)
			return CRM_OK; /* said already */
		if (!crm_take_var(&v, &before) || !crm_take_var(&v, &op) ||
		    before >= revision)
			return CRM_OK;
		crm_buf_clear(&ck->new);
		r = crm_diff_apply(now, v, true, &ck->new, NULL);
		if (r == CRM_ENOMEM)
			return crm_err_nomem(err);
		if (r < 0)
			return crm_check_at(ck, err, k, number,
			    "its revision %llu in the log does not lead to it",
			    (unsigned long long)revision);
		crm_buf_clear(&ck->old);
		crm_buf_putstr(&ck->old, crm_buf_str(&ck->new));
		if (crm_buf_check(&ck->old, err) < 0)
			return CRM_ENOMEM;
		now = rest = crm_buf_str(&ck->old);
		if (!crm_take_var(&rest, &state) ||
		    !crm_take_var(&rest, &again) || again != before)
			return crm_check_at(ck, err, k, number,
			    "its revision %llu in the log names another "
			    "revision than it leads to",
			    (unsigned long long)revision);
		revision = before;
	}
	return CRM_OK;
}
