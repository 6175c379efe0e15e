/*
 * check.c - is everything in the store what it should be?
 *
 * The check shares no code with what writes: it derives keys, folds orders
 * and follows the log on its own, from the definitions.  So a mistake in the
 * one does not hide in the other.  A fault does not end it; only what the
 * caller says, or a store that cannot be read at all, does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive.h"
#include "change.h"
#include "check.h"

bool
crm_bits_set(struct crm_bits *b, uint64_t i)
{
	size_t at = (size_t)(i / 64), n = b->n;
	uint64_t *w;

	if (at >= n) {
		n = at + at / 2 + 64;
		w = realloc(b->w, n * sizeof *w);
		if (w == NULL)
			return false;
		memset(w + b->n, 0, (n - b->n) * sizeof *w);
		b->w = w;
		b->n = n;
	}
	b->w[at] |= (uint64_t)1 << (i % 64);
	return true;
}

static int
report(struct crm_check *ck, const char *where, const char *fmt, va_list ap,
    struct crm_err *err)
{
	char what[600];

	vsnprintf(what, sizeof what, fmt, ap);
	if (ck->found != NULL)
		return crm_check_keep(ck, where, what, err);
	ck->out.faults++;
	if (ck->opt->fault == NULL)
		return CRM_OK;
	return ck->opt->fault(ck->opt->ctx, crm_str(where), crm_str(what), err);
}

int
crm_check_fault(struct crm_check *ck, struct crm_err *err, const char *where,
    const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = report(ck, where, fmt, ap, err);
	va_end(ap);
	return r;
}

int
crm_check_at(struct crm_check *ck, struct crm_err *err,
    const struct crm_kind *k, uint64_t number, const char *fmt, ...)
{
	char where[64];
	va_list ap;
	int r;

	snprintf(where, sizeof where, "%s%llu", k->letter,
	    (unsigned long long)number);
	va_start(ap, fmt);
	r = report(ck, where, fmt, ap, err);
	va_end(ap);
	return r;
}

void
crm_check_watch(
    struct crm_check *ck, const char *what, uint64_t done, uint64_t total)
{
	if (ck->opt->watch.fn != NULL)
		ck->opt->watch.fn(ck->opt->watch.ctx, what, done, total);
}

static int
check_meta(struct crm_check *ck, struct crm_err *err)
{
	struct crm_str v;
	int r;

	r = crm_get(ck->txn, CRM_TAB_META, crm_meta_key("uuid"), &v, err);
	if (r == CRM_NOTFOUND || (r == CRM_OK && v.n != 16))
		r = crm_check_fault(
		    ck, err, "meta", "the store's uuid is not 16 bytes");
	if (r < 0)
		return r;
	r = crm_get(
	    ck->txn, CRM_TAB_META, crm_meta_key(CRM_META_LOG_FROM), &v, err);
	if (r == CRM_OK && !crm_take_be(&v, 8, &ck->log_from))
		r = crm_check_fault(
		    ck, err, "meta", "where the log begins cannot be read");
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
erased_back(void *ctx, const struct crm_erased_id *id, struct crm_err *err)
{
	struct crm_check *ck = ctx;

	return crm_check_at(ck, err, &ck->schema->kind[id->kind], id->number,
	    "it was erased and is there again: crm-store compact erases it");
}

static int
check_erased(struct crm_check *ck, struct crm_err *err)
{
	struct crm_erased list;
	struct crm_str v;
	int r = crm_erased_read(crm_store_path(ck->store), &list, err);

	if (r == CRM_EDAMAGE)
		return crm_check_fault(ck, err, "erased",
		    "the list of who was erased cannot be read");
	if (r == CRM_OK && list.n > 0)
		r = crm_get(
		    ck->txn, CRM_TAB_META, crm_meta_key("uuid"), &v, err);
	if (r == CRM_OK && list.n > 0 && v.n == 16)
		r = crm_erased_back(
		    ck->txn, &list, (const uint8_t *)v.p, erased_back, ck, err);
	crm_erased_release(&list);
	/* what cannot be read was said already */
	return r == CRM_NOTFOUND || r == CRM_EDAMAGE ? CRM_OK : r;
}

static int
check_all(struct crm_check *ck, struct crm_err *err)
{
	int r;

	r = crm_txn_last(ck->txn, &ck->revision, err);
	if (r == CRM_OK)
		r = check_meta(ck, err);
	if (r == CRM_OK)
		r = crm_check_log(ck, err);
	if (r == CRM_OK)
		r = crm_check_numbers(ck, err);
	if (r == CRM_OK)
		r = crm_check_sums(ck, 0, err);
	if (r == CRM_OK)
		r = crm_check_records(ck, err);
	if (r == CRM_OK)
		r = crm_check_tables(ck, err);
	if (r == CRM_OK)
		r = crm_check_figures(ck, err);
	if (r == CRM_OK)
		r = crm_check_columns(ck, err);
	return r == CRM_OK && !ck->opt->backup ? check_erased(ck, err) : r;
}

static int
page_fault(
    void *ctx, struct crm_str where, struct crm_str what, struct crm_err *err)
{
	struct crm_check *ck = ctx;

	ck->out.faults++;
	return ck->opt->fault != NULL
		   ? ck->opt->fault(ck->opt->ctx, where, what, err)
		   : CRM_OK;
}

/* The pages first: with one of them broken nothing can be read safely, and
 * what else is wrong would follow from that. */
static int
check_pages(struct crm_check *ck, struct crm_err *err)
{
	uint64_t pages;

	crm_check_watch(ck, "pages", 0, 0);
	return crm_store_pages(ck->store, page_fault, ck, &pages, err);
}

int
crm_store_check(struct crm_store *s, const struct crm_check_options *opt,
    struct crm_check_result *out, struct crm_err *err)
{
	struct crm_check *ck = calloc(1, sizeof *ck);
	int r;

	if (ck == NULL)
		return crm_err_nomem(err);
	ck->store = s;
	ck->opt = opt;
	r = check_pages(ck, err);
	if (r == CRM_OK)
		r = crm_store_schema(s, &ck->schema, err);
	if (r == CRM_OK)
		crm_fold_find(&ck->schema->kind[CRM_K_ORDER], &ck->places);
	if (r == CRM_OK)
		r = crm_txn_begin(s, &ck->txn, err);
	if (r == CRM_OK)
		r = check_all(ck, err);
	crm_txn_end(ck->txn);
	if (r == CRM_OK && ck->out.faults > 0)
		r = CRM_NO;
	if (out != NULL)
		*out = ck->out;
	for (unsigned i = 0; i < CRM_K_MAX; i++) {
		free(ck->given[i].w);
		free(ck->here[i].w);
		free(ck->known[i].w);
	}
	free(ck->living.w);
	free(ck->sums);
	crm_buf_release(&ck->keys);
	crm_buf_release(&ck->normal);
	crm_buf_release(&ck->old);
	crm_buf_release(&ck->new);
	crm_buf_release(&ck->text);
	crm_idmap_release(&ck->undone);
	free(ck);
	return r;
}
