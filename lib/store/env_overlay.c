/*
 * env_overlay.c - transactions that see other entries than those stored.
 *
 * This lies at the tables, below all that reads, so that nothing above has
 * two ways of reading.  What a reader of the present pays is one test of a
 * pointer.  A value that the overlay made up is kept until the transaction ends
 * when it was looked up, as one that is stored would be, but only until the
 * cursor's next move when it was come to by a cursor: a scan would else keep
 * all of them.
 */
#include <stdlib.h>

#include "store/env_internal.h"

/* ---- entries ---- */

struct crm_entry_place {
	size_t off;
	uint32_t key, value; /* their lengths */
};

int
crm_entries_add(struct crm_entries *e, struct crm_str key, struct crm_str value,
    struct crm_err *err)
{
	if (!crm_grow(&e->at, &e->cap, e->n, sizeof *e->at))
		return crm_err_nomem(err);
	e->at[e->n++] = (struct crm_entry_place){
	    e->bytes.n, (uint32_t)key.n, (uint32_t)value.n};
	crm_buf_putstr(&e->bytes, key);
	crm_buf_putstr(&e->bytes, value);
	return crm_buf_check(&e->bytes, err);
}

struct crm_str
crm_entries_key(const struct crm_entries *e, size_t i)
{
	return (struct crm_str){e->bytes.p + e->at[i].off, e->at[i].key};
}

struct crm_str
crm_entries_value(const struct crm_entries *e, size_t i)
{
	return (struct crm_str){
	    e->bytes.p + e->at[i].off + e->at[i].key, e->at[i].value};
}

static int
place_cmp(const void *a, const void *b, void *ctx)
{
	const struct crm_entry_place *x = a, *y = b;
	const char *p = ctx;

	return crm_str_cmp((struct crm_str){p + x->off, x->key},
	    (struct crm_str){p + y->off, y->key});
}

void
crm_entries_sort(struct crm_entries *e)
{
	size_t n = 0;

	if (e->n == 0)
		return;
	qsort_r(e->at, e->n, sizeof *e->at, place_cmp, e->bytes.p);
	for (size_t i = 0; i < e->n; i++)
		if (n == 0 || place_cmp(&e->at[n - 1], &e->at[i], e->bytes.p))
			e->at[n++] = e->at[i];
	e->n = n;
}

size_t
crm_entries_seek(const struct crm_entries *e, struct crm_str key)
{
	size_t lo = 0, hi = e->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (crm_str_cmp(crm_entries_key(e, mid), key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
crm_entries_release(struct crm_entries *e)
{
	crm_buf_release(&e->bytes);
	free(e->at);
	*e = (struct crm_entries){0};
}

/* ---- laying and lifting ---- */

void
crm_store_overlay(struct crm_store *s, struct crm_overlay *o)
{
	s->over = o;
}

struct crm_overlay *
crm_txn_overlay(const struct crm_txn *t)
{
	return t->over;
}

void
crm_txn_lift(struct crm_txn *t)
{
	t->lifted = t->over;
	t->over = NULL;
}

void
crm_txn_lay(struct crm_txn *t)
{
	t->over = t->lifted;
	t->lifted = NULL;
}

/* ---- look-ups ---- */

static int
get_beside(struct crm_overlay *o, struct crm_txn *t, unsigned table,
    struct crm_str key, struct crm_str *value, struct crm_err *err)
{
	const struct crm_entries *side = NULL;
	size_t i;
	int code = CRM_OK;

	if (o->beside)
		code = o->beside(o, t, table, &side, err);
	if (code < 0)
		return code;
	i = side ? crm_entries_seek(side, key) : 0;
	if (!side || i == side->n || !crm_str_eq(crm_entries_key(side, i), key))
		return CRM_NOTFOUND;
	*value = crm_entries_value(side, i);
	return CRM_OK;
}

int
crm_over_get(struct crm_txn *t, unsigned table, struct crm_str key,
    struct crm_str *value, struct crm_err *err)
{
	struct crm_overlay *o = t->over;
	struct crm_buf room = {0};
	int code;

	crm_txn_lift(t);
	code = crm_get(t, table, key, value, err);
	if (code == CRM_OK)
		code = o->entry(o, t, table, key, value, &room, err);
	if (code == CRM_OK && room.n > 0) {
		*value = crm_arena_str(&t->values, crm_buf_str(&room));
		if (!value->p)
			code = crm_err_nomem(err);
	}
	if (code == CRM_NOTFOUND || code == CRM_NO)
		code = get_beside(o, t, table, key, value, err);
	crm_txn_lay(t);
	crm_buf_release(&room);
	return code;
}

/* ---- cursors ---- */

struct crm_over {
	struct crm_overlay *o;
	const struct crm_entries *side;
	size_t i; /* of the next one beside */
	struct crm_buf room;
	struct crm_str key, value; /* of the store's, when there */
	bool there;
	bool beside; /* what was given last lay beside */
};

int
crm_over_open(struct crm_cursor *c, struct crm_err *err)
{
	struct crm_txn *t = c->txn;
	struct crm_over *x = calloc(1, sizeof *x);
	int code = CRM_OK;

	if (!x)
		return crm_err_nomem(err);
	c->over = x;
	x->o = t->over;
	if (x->o->beside) {
		crm_txn_lift(t);
		code = x->o->beside(x->o, t, c->table, &x->side, err);
		crm_txn_lay(t);
	}
	return code;
}

void
crm_over_close(struct crm_over *o)
{
	if (!o)
		return;
	crm_buf_release(&o->room);
	free(o);
}

/* Moves to the store's next entry that is seen; key NULL: the one after. */
static int
move(struct crm_cursor *c, const struct crm_str *key, struct crm_err *err)
{
	struct crm_over *x = c->over;
	struct crm_txn *t = c->txn;
	bool laid = t->over != NULL;
	int code;

	c->over = NULL;
	if (laid)
		crm_txn_lift(t);
	code = key ? crm_cursor_seek(c, *key, &x->key, &x->value, err)
		   : crm_cursor_next(c, &x->key, &x->value, err);
	while (code == CRM_OK) {
		crm_buf_clear(&x->room);
		code = x->o->entry(
		    x->o, t, c->table, x->key, &x->value, &x->room, err);
		if (code != CRM_NO)
			break;
		code = crm_cursor_next(c, &x->key, &x->value, err);
	}
	if (laid)
		crm_txn_lay(t);
	c->over = x;
	x->there = code == CRM_OK;
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static int
give(struct crm_over *x, struct crm_str *k, struct crm_str *v)
{
	bool side = x->side && x->i < x->side->n;

	if (!x->there && !side)
		return CRM_NOTFOUND;
	x->beside =
	    side && (!x->there || crm_str_cmp(crm_entries_key(x->side, x->i),
				      x->key) < 0);
	*k = x->beside ? crm_entries_key(x->side, x->i) : x->key;
	*v = x->beside ? crm_entries_value(x->side, x->i) : x->value;
	return CRM_OK;
}

int
crm_over_seek(struct crm_cursor *c, struct crm_str key, struct crm_str *k,
    struct crm_str *v, struct crm_err *err)
{
	struct crm_over *x = c->over;
	int code = move(c, &key, err);

	if (code < 0)
		return code;
	x->i = x->side ? crm_entries_seek(x->side, key) : 0;
	return give(x, k, v);
}

int
crm_over_next(struct crm_cursor *c, struct crm_str *k, struct crm_str *v,
    struct crm_err *err)
{
	struct crm_over *x = c->over;
	int code = CRM_OK;

	if (x->beside)
		x->i++;
	else if (x->there)
		code = move(c, NULL, err);
	return code < 0 ? code : give(x, k, v);
}

int
crm_over_backwards(const struct crm_cursor *c, struct crm_err *err)
{
	return crm_err_set(
	    err, CRM_EBUG, "table %u is overlaid: forwards only", c->table);
}
