/*
 * erase_refuse.c - people who were erased do not come in again.
 *
 * Every record that is added or changed passes here, whoever brings it: the
 * identities it did not have before are looked for on the list, and so are a
 * name and date of birth together.  A list is read once for a change, and only
 * where there is one; a look-up costs a hash, some microseconds.
 */
#include <stdio.h>

#include <crm/utf8.h>

#include "erase.h"

/* ---- what is hashed ---- */

void
crm_erased_ident(struct crm_buf *b, unsigned kind, struct crm_str scheme,
    struct crm_str normal)
{
	crm_buf_clear(b);
	crm_buf_puts(b, "ident");
	crm_buf_putc(b, '\0');
	crm_ident_key(b, kind, scheme, normal, 0);
}

int
crm_erased_birth(
    struct crm_buf *b, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_value *name = crm_record_get(rec, "name");
	const struct crm_value *birth = crm_record_get(rec, "birth_date");
	int r;

	if (name->type != CRM_T_TEXT || birth->type != CRM_T_DATE)
		return CRM_NO;
	crm_buf_clear(b);
	crm_buf_puts(b, "birth");
	crm_buf_putc(b, '\0');
	crm_buf_puti(b, birth->i);
	crm_buf_putc(b, '\0');
	r = crm_text_fold(crm_str_trim(name->s), b, err);
	return r < 0 ? r : crm_buf_check(b, err);
}

void
crm_erased_source(struct crm_buf *b, struct crm_str key)
{
	crm_buf_clear(b);
	crm_buf_puts(b, "source");
	crm_buf_putc(b, '\0');
	crm_buf_putstr(b, key);
}

/* ---- the list of a change ---- */

static int
list_of(
    struct crm_change *ch, const struct crm_erased **out, struct crm_err *err)
{
	int r = CRM_OK;

	if (!ch->erased_read) {
		r = crm_erased_read(
		    crm_store_path(ch->store), &ch->erased, err);
		ch->erased_read = r == CRM_OK;
	}
	*out = ch->erased.n > 0 && !ch->opt.allow_erased ? &ch->erased : NULL;
	return r;
}

static int
refuse(struct crm_change *ch, const char *field, struct crm_err *err)
{
	ch->refused_erased++;
	crm_err_set(err, CRM_EDATA, "this is of somebody who was erased");
	crm_err_field(err, field, strlen(field));
	crm_err_hint(err, "--allow-erased lets it in all the same");
	return CRM_EDATA;
}

struct look {
	struct crm_change *ch;
	const struct crm_erased *list;
	const struct crm_record *prev;
	unsigned kind;
	struct crm_str scheme, normal; /* while looking at prev */
	bool had;
	struct crm_buf b;
};

static int
had_one(void *ctx, struct crm_str scheme, struct crm_str normal, bool shared,
    const char *field, struct crm_err *err)
{
	struct look *l = ctx;

	(void)shared;
	(void)field;
	(void)err;
	l->had |=
	    crm_str_eq(scheme, l->scheme) && crm_str_eq(normal, l->normal);
	return CRM_OK;
}

static int
look_one(void *ctx, struct crm_str scheme, struct crm_str normal, bool shared,
    const char *field, struct crm_err *err)
{
	struct look *l = ctx;
	int r = CRM_OK;

	(void)shared;
	crm_erased_ident(&l->b, l->kind, scheme, normal);
	if (!crm_erased_has(l->list, crm_buf_str(&l->b)))
		return crm_buf_check(&l->b, err);
	l->had = false;
	l->scheme = scheme;
	l->normal = normal;
	if (l->prev != NULL)
		r = crm_ident_each(l->ch->schema, l->prev, had_one, l, err);
	return r < 0 || l->had ? r : refuse(l->ch, field, err);
}

static int
look_birth(struct look *l, const struct crm_record *rec, struct crm_err *err)
{
	int f = crm_kind_field(rec->kind, CRM_STR("birth_date"));
	int n = crm_kind_field(rec->kind, CRM_STR("name"));
	int r;

	if (f < 0 || n < 0 ||
	    (l->prev != NULL && crm_value_eq(&l->prev->v[f], &rec->v[f]) &&
		crm_value_eq(&l->prev->v[n], &rec->v[n])))
		return CRM_OK;
	r = crm_erased_birth(&l->b, rec, err);
	if (r < 0)
		return r == CRM_NO ? CRM_OK : r;
	return crm_erased_has(l->list, crm_buf_str(&l->b))
		   ? refuse(l->ch, "birth_date", err)
		   : CRM_OK;
}

/* What is personal in an order, or what else is counted as theirs, of somebody
 * who was erased stays out. */
static int
look_counted(struct look *l, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	const struct crm_value *id = crm_record_get(rec, "customer_id");

	if (id->type != CRM_T_ID ||
	    !crm_ref_erased(l->ch->txn, id->kind, (uint64_t)id->i))
		return CRM_OK;
	for (unsigned i = 1; i < k->nfields; i++)
		if ((k->fields[i].flags & CRM_F_PERSONAL) &&
		    rec->v[i].type != CRM_T_NONE)
			return refuse(l->ch, k->fields[i].name, err);
	for (unsigned p = 0; p < k->nparts; p++)
		for (size_t j = 0; j < rec->part[p].n; j++)
			for (unsigned i = 0; i < k->parts[p].nfields; i++) {
				const struct crm_field *f =
				    &k->parts[p].fields[i];

				if ((f->flags & CRM_F_PERSONAL) &&
				    rec->part[p].row[j].v[i].type != CRM_T_NONE)
					return refuse(l->ch, f->name, err);
			}
	return CRM_OK;
}

int
crm_change_erased(struct crm_change *ch, const struct crm_record *prev,
    const struct crm_record *rec, struct crm_err *err)
{
	struct look l = {.ch = ch, .prev = prev, .kind = rec->kind->number};
	int r = list_of(ch, &l.list, err);

	if (r < 0 || l.list == NULL)
		return r;
	r = crm_ident_each(ch->schema, rec, look_one, &l, err);
	if (r == CRM_OK && l.kind == CRM_K_CUSTOMER)
		r = look_birth(&l, rec, err);
	if (r == CRM_OK &&
	    crm_kind_field(rec->kind, CRM_STR("customer_id")) > 0)
		r = look_counted(&l, rec, err);
	crm_buf_release(&l.b);
	return r;
}

int
crm_change_erased_source(
    struct crm_change *ch, struct crm_str key, bool *yes, struct crm_err *err)
{
	const struct crm_erased *list;
	struct crm_buf b = {0};
	int r = list_of(ch, &list, err);

	*yes = false;
	if (r < 0 || list == NULL)
		return r;
	crm_erased_source(&b, key);
	r = crm_buf_check(&b, err);
	*yes = r == CRM_OK && crm_erased_has(list, crm_buf_str(&b));
	crm_buf_release(&b);
	ch->refused_erased += *yes;
	return r;
}

int
crm_change_erased_ref(struct crm_change *ch, unsigned kind, struct crm_str ref,
    struct crm_err *err)
{
	const struct crm_erased *list;
	struct crm_buf normal = {0}, b = {0};
	struct crm_err none = {0};
	struct crm_str scheme;
	int r = list_of(ch, &list, err);

	if (r < 0 || list == NULL || !crm_str_split(&ref, ':', &scheme) ||
	    ref.p == NULL ||
	    crm_ident_normal(ch->schema, scheme, ref, &normal, &none) < 0)
		goto out;
	crm_erased_ident(&b, kind, scheme, crm_buf_str(&normal));
	if (crm_erased_has(list, crm_buf_str(&b)))
		r = refuse(ch, "", err);
out:
	crm_buf_release(&normal);
	crm_buf_release(&b);
	return r;
}

bool
crm_ref_erased(struct crm_txn *t, unsigned kind, uint64_t number)
{
	unsigned table = CRM_TAB_KIND + kind;
	struct crm_str key, v;
	uint64_t state;
	char kb[8];

	key = crm_number_key(number, kb);
	return crm_get(t, table, key, &v, NULL) == CRM_OK &&
	       crm_unseal(table, key, &v, NULL) == CRM_OK &&
	       crm_take_var(&v, &state) && state == CRM_ERASED;
}

/* ---- check ---- */

int
crm_erased_back(struct crm_txn *t, const struct crm_erased *list,
    const uint8_t uuid[16], crm_erased_back_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct crm_walk w = {0};
	int r = CRM_OK;

	for (size_t i = 0; i < list->n && r == CRM_OK; i++) {
		const struct crm_erased_block *b = &list->block[i];

		for (size_t j = 0; j < b->nid && r == CRM_OK; j++) {
			const struct crm_erased_id *id = &b->id[j];

			if (memcmp(b->uuid, uuid, 16) != 0)
				break;
			r = crm_walk_open(&w, t, id->kind, id->number, err);
			if (r == CRM_NOTFOUND) {
				r = CRM_OK; /* not given yet, there */
				continue;
			}
			if (r < 0)
				break;
			if (w.state == CRM_ERASED)
				continue;
			/* the same number may have been given again */
			while (r == CRM_OK && w.revision > id->revision)
				r = crm_walk_back(&w, err);
			if (r < 0 && r != CRM_NOTFOUND && r != CRM_NO)
				break;
			if (w.revision == id->revision)
				r = fn(ctx, id, err);
			else
				r = CRM_OK;
		}
	}
	crm_walk_close(&w);
	return r;
}
