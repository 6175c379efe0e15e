/*
 * merge.c - customers that are the same, made one.
 *
 * What names a merged customer is found by one scan over the columns of
 * customers of every kind, however many are merged: the tables of fields say
 * which these are, so a new kind needs no line here.  Records are then changed
 * one by one like any others; indexes, figures, the ledger and the log follow
 * of themselves.
 */
#include <stdlib.h>
#include <string.h>

#include <crm/err.h>
#include <crm/merge.h>

static int
bad(struct crm_err *err, uint64_t a, uint64_t b, const char *what)
{
	return crm_err_set(err, CRM_EDATA, "C%llu and C%llu %s",
	    (unsigned long long)a, (unsigned long long)b, what);
}

uint64_t
crm_merge_survivor(const struct crm_merge *m, uint64_t number)
{
	uint64_t next;

	while (crm_idmap_get(&m->into, number, &next))
		number = next;
	return number;
}

int
crm_merge_want(
    struct crm_merge *m, uint64_t from, uint64_t into, struct crm_err *err)
{
	from = crm_merge_survivor(m, from);
	into = crm_merge_survivor(m, into);
	if (from == into)
		return CRM_NO;
	if (!crm_grow(&m->from, &m->cap, m->n, sizeof *m->from) ||
	    crm_idmap_put(&m->into, from, into) == CRM_ENOMEM)
		return crm_err_nomem(err);
	m->from[m->n++] = from;
	return CRM_OK;
}

void
crm_merge_release(struct crm_merge *m)
{
	crm_idmap_release(&m->into);
	free(m->from);
	*m = (struct crm_merge){0};
}

/* ---- two records ---- */

/* The items of both lists. */
static int
unite(struct crm_value *to, const struct crm_value *from, struct crm_arena *a,
    struct crm_err *err)
{
	struct crm_buf b = {.max = 1 << 20};
	struct crm_str rest = from->s, item, have, one;
	bool there;
	int code;

	crm_buf_putstr(&b, to->s);
	while (crm_str_split(&rest, ',', &item)) {
		there = item.n == 0;
		for (have = to->s; !there && crm_str_split(&have, ',', &one);)
			there = crm_str_eq(one, item);
		if (there)
			continue;
		if (b.n > 0)
			crm_buf_putc(&b, ',');
		crm_buf_putstr(&b, item);
	}
	to->type = CRM_T_LIST;
	code = crm_buf_keep(&b, a, &to->s, err);
	crm_buf_release(&b);
	return code;
}

static bool
takes(const struct crm_merge *m, const struct crm_record *to,
    const struct crm_value *x, const struct crm_record *from,
    const struct crm_value *y)
{
	if (y->type == CRM_T_NONE)
		return false;
	if (x->type == CRM_T_NONE)
		return true;
	if (m->keep == CRM_KEEP_NEWEST)
		return from->revision > to->revision;
	return m->keep == CRM_KEEP_LONGEST && y->s.n > x->s.n;
}

/* An identity of its own for an address that is not the primary one. */
static int
add_identity(struct crm_record *to, const char *scheme, struct crm_str value,
    const struct crm_value *shared, struct crm_err *err)
{
	const struct crm_kind *k = to->kind;
	int part = crm_kind_part(k, CRM_STR("identity"));
	const struct crm_part *p = &k->parts[part];
	size_t s = (size_t)crm_part_field(p, CRM_STR("scheme"));
	size_t v = (size_t)crm_part_field(p, CRM_STR("value"));
	size_t sh = (size_t)crm_part_field(p, CRM_STR("shared"));
	const struct crm_value *primary = crm_record_get(to, scheme);
	struct crm_row *row;

	if (value.n == 0 || crm_str_eq(primary->s, value))
		return CRM_OK;
	for (size_t i = 0; i < to->part[part].n; i++) {
		row = &to->part[part].row[i];
		if (crm_str_is(row->v[s].s, scheme) &&
		    crm_str_eq(row->v[v].s, value))
			return CRM_OK;
	}
	row = crm_record_add(to, part, 0);
	if (!row)
		return crm_err_nomem(err);
	row->v[s] = crm_value_text(crm_arena_str(to->arena, crm_str(scheme)));
	row->v[v] = crm_value_text(value);
	if (shared)
		row->v[sh] = *shared;
	return CRM_OK;
}

static int
unite_identities(struct crm_record *to, const struct crm_record *from,
    const struct crm_value *email, const struct crm_value *phone,
    struct crm_err *err)
{
	const struct crm_kind *k = to->kind;
	int part = crm_kind_part(k, CRM_STR("identity")), code;
	const struct crm_part *p = &k->parts[part];
	size_t s = (size_t)crm_part_field(p, CRM_STR("scheme"));
	size_t v = (size_t)crm_part_field(p, CRM_STR("value"));
	size_t sh = (size_t)crm_part_field(p, CRM_STR("shared"));

	/* Both primary ones: the one that did not stay is kept beside it. */
	code = add_identity(to, "email", email[0].s, NULL, err);
	if (code == CRM_OK)
		code = add_identity(to, "email", email[1].s, NULL, err);
	if (code == CRM_OK)
		code = add_identity(to, "phone", phone[0].s, NULL, err);
	if (code == CRM_OK)
		code = add_identity(to, "phone", phone[1].s, NULL, err);
	for (size_t i = 0; i < from->part[part].n && code == CRM_OK; i++) {
		const struct crm_value *w = from->part[part].row[i].v;
		struct crm_buf b = {.max = 1 << 10};

		crm_buf_putstr(&b, w[s].s);
		crm_buf_putc(&b, '\0');
		code = crm_buf_check(&b, err);
		if (code == CRM_OK)
			code = add_identity(to, b.p, w[v].s, &w[sh], err);
		crm_buf_release(&b);
	}
	return code;
}

/* Roles only the other has, with their stages. */
static int
unite_roles(
    struct crm_record *to, const struct crm_record *from, struct crm_err *err)
{
	int part = crm_kind_part(to->kind, CRM_STR("role"));
	const struct crm_part *p = &to->kind->parts[part];
	size_t role = (size_t)crm_part_field(p, CRM_STR("role"));

	for (size_t i = 0; i < from->part[part].n; i++) {
		const struct crm_value *w = from->part[part].row[i].v;
		struct crm_row *row = NULL;

		for (size_t k = 0; k < to->part[part].n && !row; k++)
			if (crm_str_eq(
				to->part[part].row[k].v[role].s, w[role].s))
				row = &to->part[part].row[k];
		if (row) {
			for (size_t f = 0; f < p->nfields; f++)
				if (row->v[f].type == CRM_T_NONE)
					row->v[f] = w[f];
			continue;
		}
		row = crm_record_add(to, part, 0);
		if (!row)
			return crm_err_nomem(err);
		memcpy(row->v, w, p->nfields * sizeof *w);
	}
	return unite(crm_record_at(to, "roles"), crm_record_get(from, "roles"),
	    to->arena, err);
}

static int
unite_records(const struct crm_merge *m, struct crm_record *to,
    const struct crm_record *from, struct crm_err *err)
{
	const struct crm_kind *k = to->kind;
	struct crm_value email[2] = {
	    *crm_record_get(to, "email"), *crm_record_get(from, "email")};
	struct crm_value phone[2] = {
	    *crm_record_get(to, "phone"), *crm_record_get(from, "phone")};
	int code = CRM_OK;

	for (size_t i = 1; i < k->nfields && code == CRM_OK; i++) {
		unsigned flags = k->fields[i].flags;
		struct crm_value *x = &to->v[i];
		const struct crm_value *y = &from->v[i];

		if (flags & (CRM_F_READONLY | CRM_F_VIRTUAL | CRM_F_FIGURE |
				CRM_F_FIXED))
			continue;
		if (k->fields[i].type == CRM_T_LIST && x->type != CRM_T_NONE &&
		    y->type != CRM_T_NONE)
			code = unite(x, y, to->arena, err);
		else if (takes(m, to, x, from, y))
			*x = *y;
		/* nobody belongs to himself */
		if (x->type == CRM_T_ID && x->kind == CRM_K_CUSTOMER &&
		    ((uint64_t)x->i == to->id || (uint64_t)x->i == from->id))
			*x = (struct crm_value){.type = CRM_T_NONE};
	}
	if (code == CRM_OK)
		code = unite_identities(to, from, email, phone, err);
	return code == CRM_OK ? unite_roles(to, from, err) : code;
}

static int
merge_one(struct crm_merge *m, struct crm_change *ch, uint64_t from,
    struct crm_err *err)
{
	const struct crm_kind *k = &crm_change_schema(ch)->kind[CRM_K_CUSTOMER];
	uint64_t into = crm_merge_survivor(m, from);
	struct crm_record *old, *to;
	int code = crm_change_get(ch, k, from, &old, err);

	if (code == CRM_OK)
		code = crm_change_get(ch, k, into, &to, err);
	if (code == CRM_OK)
		code = crm_change_merge(ch, k, from, into, err);
	if (code == CRM_OK)
		code = unite_records(m, to, old, err);
	if (code == CRM_OK)
		code = crm_change_put(ch, to, err);
	return code == CRM_NO ? CRM_OK : code;
}

/* ---- what names them ---- */

/* The fields and parts of a kind that may name a customer. */
static bool
columns_of(const struct crm_kind *k, struct crm_want *want)
{
	bool any = false;

	*want = (struct crm_want){0};
	for (size_t i = 1; i < k->nfields; i++)
		if (k->fields[i].type == CRM_T_ID &&
		    (k->fields[i].ref == CRM_K_CUSTOMER ||
			k->fields[i].ref == 0) &&
		    !(k->fields[i].flags & CRM_F_VIRTUAL)) {
			crm_want_field(want, (int)i);
			any = true;
		}
	for (size_t p = 0; p < k->nparts; p++)
		for (size_t i = 0; i < k->parts[p].nfields; i++)
			if (k->parts[p].fields[i].type == CRM_T_ID &&
			    (k->parts[p].fields[i].ref == CRM_K_CUSTOMER ||
				k->parts[p].fields[i].ref == 0)) {
				want->parts |= 1u << p;
				any = true;
			}
	return any;
}

static bool
is_merged(const struct crm_merge *m, const struct crm_value *v)
{
	uint64_t into;

	return v->type == CRM_T_ID && v->kind == CRM_K_CUSTOMER &&
	       crm_idmap_get(&m->into, (uint64_t)v->i, &into);
}

static bool
names_one(const struct crm_merge *m, const struct crm_record *rec)
{
	const struct crm_kind *k = rec->kind;

	for (size_t i = 1; i < k->nfields; i++)
		if (is_merged(m, &rec->v[i]))
			return true;
	for (size_t p = 0; p < k->nparts; p++)
		for (size_t r = 0; r < rec->part[p].n; r++)
			for (size_t i = 0; i < k->parts[p].nfields; i++)
				if (is_merged(m, &rec->part[p].row[r].v[i]))
					return true;
	return false;
}

struct list {
	uint64_t *number;
	size_t n, cap;
};

static int
find(const struct crm_merge *m, struct crm_change *ch, const struct crm_kind *k,
    const struct crm_want *want, struct list *out, struct crm_err *err)
{
	struct crm_record *rec;
	struct crm_scan *sc;
	uint64_t into;
	int code = crm_scan_open(crm_change_txn(ch), crm_change_schema(ch), k,
	    want, INT64_MAX, &sc, err);

	if (code < 0)
		return code;
	while (
	    code == CRM_OK && (code = crm_scan_next(sc, &rec, err)) == CRM_OK) {
		if (!names_one(m, rec) ||
		    (k->number == CRM_K_CUSTOMER &&
			crm_idmap_get(&m->into, rec->id, &into)))
			continue;
		if (!crm_grow(
			&out->number, &out->cap, out->n, sizeof *out->number))
			code = crm_err_nomem(err);
		else
			out->number[out->n++] = rec->id;
	}
	crm_scan_close(sc);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static void
redirect(const struct crm_merge *m, struct crm_value *v)
{
	if (is_merged(m, v))
		v->i = (int64_t)crm_merge_survivor(m, (uint64_t)v->i);
}

/* A relation of two that are one now says nothing, or that this is wrong. */
static int
relation(const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *a = crm_record_get(rec, "from_id");
	const struct crm_value *b = crm_record_get(rec, "to_id");

	if (crm_str_is(crm_record_get(rec, "relation")->s, "not_same"))
		return bad(err, (uint64_t)a->i, (uint64_t)b->i,
		    "were said not to be the same");
	return CRM_NO;
}

static int
move(const struct crm_merge *m, struct crm_change *ch, const struct crm_kind *k,
    uint64_t number, struct crm_err *err)
{
	struct crm_record *rec, *before;
	int code = crm_change_get(ch, k, number, &rec, err);

	if (code < 0)
		return code;
	before = crm_record_copy(rec, rec->arena);
	if (!before)
		return crm_err_nomem(err);
	for (size_t i = 1; i < k->nfields; i++) {
		redirect(m, &rec->v[i]);
		if (k->number == CRM_K_CUSTOMER && rec->v[i].type == CRM_T_ID &&
		    (uint64_t)rec->v[i].i == number)
			rec->v[i] = (struct crm_value){.type = CRM_T_NONE};
	}
	for (size_t p = 0; p < k->nparts; p++)
		for (size_t r = 0; r < rec->part[p].n; r++)
			for (size_t i = 0; i < k->parts[p].nfields; i++)
				redirect(m, &rec->part[p].row[r].v[i]);
	if (k->number == CRM_K_RELATION &&
	    crm_record_get(rec, "from_id")->i ==
		crm_record_get(rec, "to_id")->i) {
		code = relation(before, err);
		return code == CRM_NO ? crm_change_remove(ch, k, number, err)
				      : code;
	}
	code = crm_change_put(ch, rec, err);
	return code == CRM_NO ? CRM_OK : code;
}

static int
move_all(struct crm_merge *m, struct crm_change *ch, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	struct list list = {0};
	int code = CRM_OK;

	for (unsigned kind = 1; kind < CRM_K_MAX && code == CRM_OK; kind++) {
		const struct crm_kind *k = &s->kind[kind];
		struct crm_want want;

		if (!k->name || !columns_of(k, &want))
			continue;
		list.n = 0;
		code = find(m, ch, k, &want, &list, err);
		for (size_t i = 0; i < list.n && code == CRM_OK; i++) {
			code = move(m, ch, k, list.number[i], err);
			crm_change_reset(ch);
		}
		m->moved += list.n;
	}
	free(list.number);
	return code;
}

int
crm_merge_put(struct crm_merge *m, struct crm_change *ch, struct crm_err *err)
{
	int code = CRM_OK;

	for (size_t i = 0; i < m->n && code == CRM_OK; i++) {
		code = merge_one(m, ch, m->from[i], err);
		crm_change_reset(ch);
	}
	return code == CRM_OK && m->n > 0 ? move_all(m, ch, err) : code;
}
