/*
 * import_show.c - the first order of a file beside its rows.
 *
 * What --detect prints, so that somebody who has never seen a map can tell
 * in a moment whether it is the right one.  Records are shown by what their
 * source calls them, as none has a number yet.
 */
#include <stdlib.h>

#include "import_parts.h"

struct shown_key {
	unsigned kind;
	uint64_t ordinal;
	struct crm_str key;
	struct shown_key *next;
};

static int
remember(struct crm_import *im, const struct crm_imp_view *v,
    struct shown_key **list, struct crm_err *err)
{
	struct crm_imp_numbers *l = &im->numbers[v->h.rank];
	struct shown_key *k = crm_arena_alloc(&im->arena, sizeof *k);

	if (!k)
		return crm_err_nomem(err);
	k->kind = im->map->spec[v->h.spec].k->number;
	k->ordinal = v->h.ordinal;
	k->key = crm_arena_str(&im->arena, v->key);
	k->next = *list;
	*list = k;
	while (l->n <= v->h.ordinal) {
		if (!crm_grow(&l->v, &l->cap, l->n, sizeof *l->v))
			return crm_err_nomem(err);
		l->v[l->n++] = 0;
	}
	l->v[v->h.ordinal] = v->h.ordinal;
	return k->key.p ? CRM_OK : crm_err_nomem(err);
}

static int
one_field(struct crm_import *im, const struct crm_import_shown *to,
    const struct shown_key *keys, struct crm_str prefix, const char *name,
    const struct crm_value *v, struct crm_err *err)
{
	struct crm_buf *n = &im->scratch, *t = &im->scratch2;
	int r;

	if (v->type == CRM_T_NONE)
		return CRM_OK;
	crm_buf_clear(n);
	crm_buf_clear(t);
	crm_buf_putstr(n, prefix);
	crm_buf_puts(n, name);
	for (; keys && v->type == CRM_T_ID && v->i; keys = keys->next)
		if (keys->kind == v->kind && keys->ordinal == (uint64_t)v->i) {
			crm_buf_putstr(t, im->map->source);
			crm_buf_putc(t, ':');
			crm_buf_putstr(t, keys->key);
		}
	if (t->n == 0)
		crm_value_put(im->schema, t, v, true);
	r = crm_buf_check(n, err);
	if (r == CRM_OK)
		r = crm_buf_check(t, err);
	return r < 0 ? r
		     : to->field(to->ctx, crm_buf_str(n), crm_buf_str(t), err);
}

static int
show_merged(struct crm_import *im, const struct crm_imp_merged *mg,
    const struct shown_key *keys, const struct crm_import_shown *to,
    struct crm_err *err)
{
	const struct crm_kind *k = mg->spec->k;
	size_t count[CRM_PARTS_MAX] = {0};
	int r = CRM_OK;

	for (size_t i = 1; r == CRM_OK && i < k->nfields; i++)
		r = one_field(im, to, keys, (struct crm_str){"", 0},
		    k->fields[i].name, mg->v[i].type ? &mg->v[i] : &mg->weak[i],
		    err);
	for (size_t i = 0; r == CRM_OK && i < mg->nrow; i++) {
		const struct crm_imp_part_row *row = &mg->row[i];
		struct crm_buf p = {0};

		crm_buf_putf(
		    &p, "%s %zu ", row->sub->p->name, ++count[row->sub->part]);
		r = crm_buf_check(&p, err);
		for (size_t j = 0; r == CRM_OK && j < row->sub->nset; j++)
			r = one_field(im, to, keys, crm_buf_str(&p),
			    row->sub->set[j].f->name, &row->v[j], err);
		crm_buf_release(&p);
	}
	return r;
}

static int
show_group(struct crm_import *im, struct crm_imp_view *v, size_t n,
    const struct shown_key *keys, const struct crm_import_shown *to,
    struct crm_err *err)
{
	struct crm_imp_merged mg;
	int r = CRM_OK;

	for (size_t i = 0; r == CRM_OK && i < n; i++)
		if (v[i].raw.n > 0 &&
		    (i == 0 || v[i].h.line != v[i - 1].h.line))
			r = to->row(to->ctx, v[i].raw, err);
	for (size_t i = 0; i < n; i++)
		if (v[i].h.poison)
			return CRM_OK;
	if (r == CRM_OK)
		r = crm_imp_merge(im, v, n, &mg, err);
	return r < 0 ? r : show_merged(im, &mg, keys, to, err);
}

int
crm_import_show(struct crm_import *im, const struct crm_import_shown *to,
    struct crm_err *err)
{
	const struct crm_import_map *m = im->map;
	unsigned last = m->spec[m->nspec - 1].rank;
	struct shown_key *keys = NULL;
	struct crm_imp_view *v;
	size_t n;
	int r;

	for (;;) {
		crm_arena_reset(&im->work);
		r = crm_imp_group_next(&im->group, &v, &n, err);
		if (r == CRM_NOTFOUND)
			return CRM_OK;
		if (r < 0)
			return r;
		if (v[0].h.rank == last)
			return show_group(im, v, n, keys, to, err);
		r = remember(im, &v[0], &keys, err);
		if (r < 0)
			return r;
	}
}
