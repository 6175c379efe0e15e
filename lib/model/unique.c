/*
 * unique.c - identities and unique fields: who has a value already?
 *
 * The answer counts what the change itself has taken and given up, so that
 * two records of one stream cannot both take an address, and one may take
 * what another gives up.
 */
#include "change.h"

static int
taken(struct crm_change *ch, const struct crm_record *rec, const char *field,
    struct crm_str value, uint64_t by, struct crm_err *err)
{
	struct crm_buf id = {.max = 64};
	struct crm_id who = {.kind = rec->kind->number, .number = by};

	crm_id_put(ch->schema, &id, &who, true);
	crm_err_set(err, CRM_EDATA, "'%.*s' is already %.*s's",
	    (int)(value.n < 160 ? value.n : 160), value.p, (int)id.n,
	    id.p ? id.p : "");
	crm_err_field(err, field, strlen(field));
	if (strcmp(field, "email") == 0)
		crm_err_hint(err,
		    "an address of several people is given by `crm-%s identify "
		    "REF email:... --shared`",
		    rec->kind->name);
	crm_buf_release(&id);
	return CRM_EDATA;
}

/* Does the other holder say that the value is shared? */
struct shared_ctx {
	struct crm_str scheme, normal;
	bool shared;
};

static int
shared_one(void *ctx, struct crm_str scheme, struct crm_str normal, bool shared,
    const char *field, struct crm_err *err)
{
	struct shared_ctx *c = ctx;

	(void)field;
	(void)err;
	if (shared && crm_str_eq(scheme, c->scheme) &&
	    crm_str_eq(normal, c->normal))
		c->shared = true;
	return CRM_OK;
}

static int
is_shared(struct crm_change *ch, const struct crm_kind *k, uint64_t number,
    struct crm_str scheme, struct crm_str normal, bool *out,
    struct crm_err *err)
{
	struct shared_ctx c = {scheme, normal, false};
	struct crm_record *other;
	int r;

	r = crm_change_get(ch, k, number, &other, err);
	if (r == CRM_OK)
		r = crm_ident_each(ch->schema, other, shared_one, &c, err);
	*out = c.shared;
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Another record in the store with this key prefix: its number, else 0. */
static int
holder(struct crm_change *ch, unsigned table, struct crm_str prefix,
    uint64_t self, uint64_t *out, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_str k, v, tail;
	uint64_t number, state;
	int r;

	*out = 0;
	if (crm_map_get(&ch->idents, prefix, &number)) {
		if (number != self)
			*out = number;
		return CRM_OK;
	}
	r = crm_cursor_open(ch->txn, table, &cur, err);
	if (r < 0)
		return r;
	for (r = crm_cursor_seek(cur, prefix, &k, &v, err);
	     r == CRM_OK && *out == 0; r = crm_cursor_next(cur, &k, &v, err)) {
		if (k.n != prefix.n + 8 || !crm_str_starts(k, prefix))
			break;
		tail = (struct crm_str){k.p + prefix.n, 8};
		crm_take_be(&tail, 8, &number);
		if (number != self &&
		    !(crm_change_pending(
			  ch, (unsigned char)prefix.p[0], number, &state) &&
			state != CRM_LIVE))
			*out = number;
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

struct unique_ctx {
	struct crm_change *ch;
	const struct crm_record *rec;
	struct crm_buf key;
	int sign; /* -1: give up the old ones, 0: check, 1: take */
};

static int
unique_ident(void *ctx, struct crm_str scheme, struct crm_str normal,
    bool shared, const char *field, struct crm_err *err)
{
	struct unique_ctx *c = ctx;
	uint64_t by, now;
	int r;

	if (!crm_ident_unique(scheme))
		return CRM_OK;
	crm_buf_clear(&c->key);
	crm_ident_key(&c->key, c->rec->kind->number, scheme, normal, 0);
	r = crm_buf_check(&c->key, err);
	if (r < 0)
		return r;
	if (c->sign == 0) {
		r = holder(c->ch, CRM_TAB_IDENT, crm_buf_str(&c->key),
		    c->rec->id, &by, err);
		if (r == CRM_OK && by != 0 && !shared)
			r = is_shared(c->ch, c->rec->kind, by, scheme, normal,
			    &shared, err);
		if (r == CRM_OK && by != 0 && !shared)
			r = taken(c->ch, c->rec, field, normal, by, err);
		return r;
	}
	if (c->sign < 0 &&
	    crm_map_get(&c->ch->idents, crm_buf_str(&c->key), &now) &&
	    now != c->rec->id)
		return CRM_OK;
	if (crm_map_put(&c->ch->idents, crm_buf_str(&c->key),
		c->sign < 0 ? 0 : c->rec->id, NULL) == CRM_ENOMEM)
		return crm_err_nomem(err);
	return CRM_OK;
}

static int
unique_indexes(struct unique_ctx *c, struct crm_err *err)
{
	const struct crm_kind *k = c->rec->kind;
	struct crm_buf text = {.max = 1024};
	uint64_t by;
	size_t i;
	int r = CRM_OK;

	for (i = 1; i < k->nfields && r == CRM_OK; i++) {
		if (!(k->fields[i].flags & CRM_F_UNIQUE) ||
		    c->rec->v[i].type == CRM_T_NONE)
			continue;
		crm_buf_clear(&c->key);
		crm_index_key(
		    &c->key, k->number, k->fields[i].tag, &c->rec->v[i], 0);
		if (c->sign == 0) {
			r = holder(c->ch, CRM_TAB_INDEX, crm_buf_str(&c->key),
			    c->rec->id, &by, err);
			if (r == CRM_OK && by != 0) {
				crm_value_put(
				    c->ch->schema, &text, &c->rec->v[i], true);
				r = taken(c->ch, c->rec, k->fields[i].name,
				    crm_buf_str(&text), by, err);
			}
		} else if (crm_map_put(&c->ch->idents, crm_buf_str(&c->key),
			       c->sign < 0 ? 0 : c->rec->id,
			       NULL) == CRM_ENOMEM)
			r = crm_err_nomem(err);
	}
	crm_buf_release(&text);
	return r;
}

int
crm_change_unique(struct crm_change *ch, const struct crm_record *rec, int sign,
    struct crm_err *err)
{
	struct unique_ctx c = {ch, rec, {.max = CRM_KEY_MAX}, sign};
	int r;

	r = crm_ident_each(ch->schema, rec, unique_ident, &c, err);
	if (r == CRM_OK)
		r = unique_indexes(&c, err);
	crm_buf_release(&c.key);
	return r;
}
