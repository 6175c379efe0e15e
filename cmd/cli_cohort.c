/*
 * cli_cohort.c - groups of customers by a column of their records.
 *
 * Values are printed texts: groups are for output only, and two values that
 * look alike are one.
 */
#include <stdlib.h>

#include "cli_cohort.h"

struct word {
	struct crm_str text;
	uint32_t was;
};

static int
cmp_word(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return crm_str_cmp(x->text, y->text);
}

/* Numbers in the order of texts. */
static int
sort_words(struct cli_cohort_words *w, size_t ngroup, struct crm_err *err)
{
	size_t n = w->map.n, pos = 0;
	struct word *v = malloc((n + 1) * sizeof *v);
	uint32_t *now = malloc((n + 1) * sizeof *now);
	struct crm_str key;
	uint64_t at;

	w->text = malloc((n + 1) * sizeof *w->text);
	if (!v || !now || !w->text) {
		free(v);
		free(now);
		return crm_err_nomem(err);
	}
	while (crm_map_next(&w->map, &pos, &key, &at))
		v[at] = (struct word){key, (uint32_t)at};
	if (n > 1)
		qsort(v, n, sizeof *v, cmp_word);
	for (size_t i = 0; i < n; i++) {
		w->text[i] = v[i].text;
		now[v[i].was] = (uint32_t)i;
	}
	for (size_t i = 0; i < ngroup; i++)
		w->group[i] = now[w->group[i]];
	w->n = n;
	free(v);
	free(now);
	return CRM_OK;
}

static int
word_of(struct cli_cohort_words *w, struct crm_str text, uint32_t *out,
    struct crm_err *err)
{
	uint64_t at = w->map.n;

	if (!crm_map_get(&w->map, text, &at) &&
	    crm_map_put(&w->map, text, at, NULL) == CRM_ENOMEM)
		return crm_err_nomem(err);
	*out = (uint32_t)at;
	return CRM_OK;
}

static int
read_words(struct cli *c, const struct crm_names *names, int field,
    struct crm_scan *scan, struct cli_cohort_words *w, struct crm_err *err)
{
	struct crm_record *rec;
	struct crm_buf text = {0};
	uint32_t none;
	size_t at;
	int code = word_of(w, (struct crm_str){"", 0}, &none, err);

	for (size_t i = 0; i < names->n; i++)
		w->group[i] = none;
	while (code == CRM_OK &&
	       (code = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		if (!crm_names_number(names, rec->id, &at))
			continue;
		crm_buf_clear(&text);
		crm_value_put(c->schema, &text, &rec->v[field], false);
		code = crm_buf_check(&text, err);
		if (code == CRM_OK)
			code =
			    word_of(w, crm_buf_str(&text), &w->group[at], err);
	}
	crm_buf_release(&text);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

int
cli_cohort_words(struct cli *c, const struct crm_names *names, int field,
    struct cli_cohort_words *out, struct crm_err *err)
{
	const struct crm_kind *k = &c->schema->kind[CRM_K_CUSTOMER];
	struct crm_want want = {0};
	struct crm_scan *scan = NULL;
	struct crm_txn *t = NULL;
	int code;

	out->group = malloc((names->n + 1) * sizeof *out->group);
	if (!out->group)
		return crm_err_nomem(err);
	crm_want_field(&want, field);
	code = crm_txn_begin(c->store, &t, err);
	if (code == CRM_OK)
		code = crm_scan_open(t, c->schema, k, &want, c->at, &scan, err);
	if (code == CRM_OK)
		code = read_words(c, names, field, scan, out, err);
	crm_scan_close(scan);
	if (t)
		crm_txn_end(t);
	if (code == CRM_OK)
		code = sort_words(out, names->n, err);
	return code;
}

void
cli_cohort_words_release(struct cli_cohort_words *w)
{
	free(w->group);
	free(w->text);
	crm_map_release(&w->map);
	*w = (struct cli_cohort_words){0};
}
