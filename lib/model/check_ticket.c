/*
 * check_ticket.c - tickets against their threads, and the figures of talk.
 *
 * What a ticket keeps is computed a second time from the events about it, in
 * one pass over each ticket's by number: the last state, the earliest answer,
 * the latest word.  Words that were moved away or came with a merged ticket
 * are told by events too, so a small list of words is kept.
 */
#include <stdlib.h>

#include "check.h"
#include "prefix.h"

struct word {
	int64_t touch, at;
	uint64_t event;
	bool agent;
};

struct fold {
	struct word *word;
	size_t n, cap;
	uint64_t *also; /* tickets that are part of this one */
	size_t nalso, capalso;
	struct crm_str state; /* of crm_enum_name: not borrowed */
	int64_t since, closed;
};

static const struct crm_value *
cell(const struct crm_record *rec, const char *name)
{
	return crm_record_get(rec, name);
}

/* "T0000000007" or "H0000000012" -> 7, 12; 0 for anything else. */
static uint64_t
named(struct crm_str s, char letter)
{
	uint64_t n = 0;

	if (s.n != 11 || s.p[0] != letter)
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = 10 * n + (uint64_t)(s.p[i] - '0');
	}
	return n;
}

static int
take_event(
    struct fold *f, const struct crm_record *e, bool own, struct crm_err *err)
{
	struct crm_str what = cell(e, "what")->s;
	struct crm_str to = cell(e, "new")->s, source = cell(e, "source")->s;
	uint64_t touch = named(source, 'H');

	if (crm_str_is(what, "word")) {
		if (!crm_grow(&f->word, &f->cap, f->n, sizeof *f->word))
			return crm_err_nomem(err);
		f->word[f->n++] =
		    (struct word){(int64_t)touch, cell(e, "at")->i, e->id,
			crm_str_is(cell(e, "topic")->s, "agent")};
	} else if (crm_str_is(what, "moved")) {
		if (!crm_grow(&f->word, &f->cap, f->n, sizeof *f->word))
			return crm_err_nomem(err);
		f->word[f->n++] =
		    (struct word){-(int64_t)touch, 0, e->id, false};
	} else if (crm_str_is(what, "merge") && named(source, 'T') != 0) {
		if (!crm_grow(&f->also, &f->capalso, f->nalso, sizeof *f->also))
			return crm_err_nomem(err);
		f->also[f->nalso++] = named(source, 'T');
	} else if (own && crm_str_is(what, "state")) {
		static const char names[] = "new,open,waiting,held,closed";

		f->closed += crm_str_is(f->state, "closed");
		f->state = crm_enum_name(names, crm_enum_place(names, to));
		f->since = cell(e, "at")->i;
	}
	return CRM_OK;
}

static int
take_events(struct crm_check *ck, struct fold *f, uint64_t ticket, bool own,
    struct crm_err *err)
{
	struct crm_prefix p =
	    crm_prefix_events(ck->txn, ck->schema, CRM_K_TICKET, ticket);
	struct crm_arena a = {0};
	struct crm_record *e;
	int r = CRM_OK;

	while (r == CRM_OK) {
		crm_arena_reset(&a);
		r = crm_prefix_record(
		    &p, &ck->schema->kind[CRM_K_EVENT], &a, &e, NULL);
		if (r == CRM_OK)
			r = take_event(f, e, own, err);
	}
	crm_prefix_close(&p);
	crm_arena_release(&a);
	/* what is damaged is said where it lies */
	return r == CRM_ENOMEM ? r : CRM_OK;
}

static int
by_event(const void *pa, const void *pb)
{
	const struct word *a = pa, *b = pb;

	return a->event < b->event ? -1 : a->event > b->event;
}

static int
kept(struct crm_check *ck, const struct crm_record *rec, const char *name,
    int64_t should, struct crm_err *err)
{
	const struct crm_value *v = cell(rec, name);
	int64_t is = v->type == CRM_T_NONE ? INT64_MIN : v->i;

	if (is == should)
		return CRM_OK;
	return crm_check_at(ck, err, rec->kind, rec->id,
	    "%s: kept is %lld, its thread gives %lld", name, (long long)is,
	    (long long)should);
}

static int
compare(struct crm_check *ck, const struct crm_record *rec, struct fold *f,
    struct crm_err *err)
{
	int64_t first = INT64_MIN, last = INT64_MIN, words = 0, who = INT64_MIN;
	int r;

	if (f->n > 1)
		qsort(f->word, f->n, sizeof *f->word, by_event);
	for (size_t i = 0; i < f->n; i++) {
		const struct word *w = &f->word[i];
		int64_t back = 0;

		/* each move takes back one word of that touch before it */
		for (size_t j = i + 1; j < f->n && w->touch > 0; j++)
			if (f->word[j].touch == -w->touch)
				back++;
			else if (f->word[j].touch == w->touch)
				back--;
		if (w->touch <= 0 || back > 0)
			continue;
		words++;
		if (w->agent && (first == INT64_MIN || w->at < first))
			first = w->at;
		if (w->at >= last) {
			last = w->at;
			who = w->agent ? 2 : 1;
		}
	}
	r = kept(ck, rec, "first_answer", first, err);
	if (r == CRM_OK)
		r = kept(ck, rec, "last_word", who, err);
	if (r == CRM_OK)
		r = kept(ck, rec, "last_at", last, err);
	if (r == CRM_OK)
		r = kept(ck, rec, "words", words > 0 ? words : INT64_MIN, err);
	if (r == CRM_OK)
		r = kept(ck, rec, "reopened",
		    f->closed > 0 ? f->closed : INT64_MIN, err);
	if (r == CRM_OK)
		r = kept(ck, rec, "state_since", f->since, err);
	if (r == CRM_OK && !crm_str_eq(cell(rec, "state")->s, f->state))
		r = crm_check_at(ck, err, rec->kind, rec->id,
		    "state: its thread ends in '%.*s'", (int)f->state.n,
		    f->state.p);
	return r;
}

static struct crm_check_sum *
sum_of(struct crm_check *ck, const struct crm_record *rec)
{
	uint64_t customer = (uint64_t)cell(rec, "customer_id")->i;

	if (customer < ck->low || customer >= ck->high || customer == 0)
		return NULL;
	return &ck->sums[customer - ck->low];
}

int
crm_check_ticket(struct crm_check *ck, const struct crm_record *rec,
    bool report, struct crm_err *err)
{
	struct crm_check_sum *s = sum_of(ck, rec);
	struct fold f = {.state = {"", 0}, .since = INT64_MIN};
	int r = CRM_OK;

	if (s != NULL) {
		s->tickets++;
		s->open += !crm_str_is(cell(rec, "state")->s, "closed");
	}
	if (!report)
		return CRM_OK;
	r = take_events(ck, &f, rec->id, true, err);
	for (size_t i = 0; i < f.nalso && r == CRM_OK && i < 10000; i++)
		r = take_events(ck, &f, f.also[i], false, err);
	if (r == CRM_OK)
		r = compare(ck, rec, &f, err);
	free(f.word);
	free(f.also);
	return r;
}

int
crm_check_touch(
    struct crm_check *ck, const struct crm_record *rec, struct crm_err *err)
{
	struct crm_check_sum *s = sum_of(ck, rec);
	int64_t at = cell(rec, "at")->i;

	(void)err;
	if (s == NULL)
		return CRM_OK;
	if (s->touches++ == 0 || at > s->last_touch)
		s->last_touch = at;
	return CRM_OK;
}
