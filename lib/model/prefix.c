/*
 * prefix.c - walking the entries of one identity or one indexed value.
 *
 * An entry is its prefix and 8 bytes of a number.  Prefixes end where no
 * value can go on (a NUL, or a fixed width), so the first key that does not
 * fit is the end and never another value's.
 */
#include "prefix.h"

struct crm_prefix
crm_prefix_index(struct crm_txn *t, const struct crm_kind *k, const char *field,
    const struct crm_value *v)
{
	struct crm_prefix p = crm_prefix_of(t, CRM_TAB_INDEX);

	crm_index_key(&p.key, k->number,
	    k->fields[crm_kind_field(k, crm_str(field))].tag, v, 0);
	return p;
}

struct crm_prefix
crm_prefix_events(struct crm_txn *t, const struct crm_schema *s, unsigned kind,
    uint64_t number)
{
	struct crm_value v = crm_value_id(kind, number);

	return crm_prefix_index(t, &s->kind[CRM_K_EVENT], "about", &v);
}

static int
begin(struct crm_prefix *p, struct crm_str *k, struct crm_str *v,
    struct crm_err *err)
{
	size_t n = p->key.n;
	int r;

	if (p->back)
		crm_buf_putbe(&p->key, UINT64_MAX, 8);
	r = crm_buf_check(&p->key, err);
	if (r == CRM_OK)
		r = crm_cursor_open(p->txn, p->table, &p->cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(p->cur, crm_buf_str(&p->key), k, v, err);
	p->key.n = n;
	if (!p->back)
		return r;
	if (r == CRM_OK)
		return crm_cursor_prev(p->cur, k, v, err);
	return r == CRM_NOTFOUND ? crm_cursor_last(p->cur, k, v, err) : r;
}

int
crm_prefix_next(struct crm_prefix *p, uint64_t *number, struct crm_err *err)
{
	struct crm_str k, v, tail;
	int r;

	if (p->cur == NULL)
		r = begin(p, &k, &v, err);
	else if (p->back)
		r = crm_cursor_prev(p->cur, &k, &v, err);
	else
		r = crm_cursor_next(p->cur, &k, &v, err);
	if (r < 0)
		return r;
	if (k.n != p->key.n + 8 || !crm_str_starts(k, crm_buf_str(&p->key)))
		return CRM_NOTFOUND;
	r = crm_unseal(p->table, k, &v, err);
	tail = (struct crm_str){k.p + p->key.n, 8};
	crm_take_be(&tail, 8, number);
	return r;
}

int
crm_prefix_record(struct crm_prefix *p, const struct crm_kind *k,
    struct crm_arena *a, struct crm_record **out, struct crm_err *err)
{
	uint64_t number;
	int r;

	r = crm_prefix_next(p, &number, err);
	if (r < 0)
		return r;
	*out = crm_record_new(k, a);
	if (*out == NULL)
		return crm_err_nomem(err);
	r = crm_record_read(p->txn, k, number, &crm_want_all, *out, err);
	if (r != CRM_NOTFOUND)
		return r;
	crm_err_set(err, CRM_EDAMAGE, "the index has %s %s%llu, which is gone",
	    k->name, k->letter, (unsigned long long)number);
	crm_err_hint(err, "crm-store rebuild makes it anew from the records");
	return CRM_EDAMAGE;
}

void
crm_prefix_close(struct crm_prefix *p)
{
	crm_cursor_close(p->cur);
	p->cur = NULL;
	crm_buf_release(&p->key);
}
