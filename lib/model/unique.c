/*
 * unique.c - identities and unique fields: who has a value already?
 *
 * The answer counts what the change itself has taken and given up, so that
 * two records of one stream cannot both take an address, and one may take
 * what another gives up.
 */
#include "change.h"

/* Of those that have an address, so many are asked whether it is shared. */
#define HOLDERS 64
/* Bytes of a text that is the whole of its index key. */
#define UNIQUE_MAX 180

static int
taken(struct crm_change *ch, const struct crm_record *rec, const char *field,
    struct crm_str scheme, struct crm_str value, uint64_t by,
    struct crm_err *err)
{
	bool shown = scheme.n > 0 && !crm_str_is(scheme, field);
	struct crm_buf id = {.max = 64};
	struct crm_id who = {.kind = rec->kind->number, .number = by};

	crm_id_put(ch->schema, &id, &who, true);
	crm_err_set(err, CRM_EDATA, "'%.*s%s%.*s' is already %.*s's",
	    shown ? (int)scheme.n : 0, shown ? scheme.p : "", shown ? ":" : "",
	    (int)(value.n < 160 ? value.n : 160), value.p, (int)id.n,
	    id.p ? id.p : "");
	crm_err_field(err, field, strlen(field));
	if (strcmp(field, "email") == 0 || crm_str_is(scheme, "email"))
		crm_err_hint(err,
		    "an address of several people is given by `crm-%s identify "
		    "REF email:... --shared`",
		    rec->kind->name);
	crm_buf_release(&id);
	return CRM_EDATA;
}

/* Has a record the identity, and does it say that it is shared? */
struct has_ctx {
	struct crm_str scheme, normal;
	bool has, shared;
};

static int
has_one(void *ctx, struct crm_str scheme, struct crm_str normal, bool shared,
    const char *field, struct crm_err *err)
{
	struct has_ctx *c = ctx;

	(void)field;
	(void)err;
	if (crm_str_eq(scheme, c->scheme) && crm_str_eq(normal, c->normal)) {
		c->has = true;
		c->shared |= shared;
	}
	return CRM_OK;
}

int
crm_change_has(struct crm_change *ch, const struct crm_record *rec,
    struct crm_str scheme, struct crm_str normal, bool *has, bool *shared,
    struct crm_err *err)
{
	struct has_ctx c = {scheme, normal, false, false};
	int r = crm_ident_each(ch->schema, rec, has_one, &c, err);

	*has = c.has;
	*shared = c.shared;
	return r;
}

/* As crm_change_has, of the record as it will be. */
static int
has(struct crm_change *ch, const struct crm_kind *k, uint64_t number,
    struct crm_str scheme, struct crm_str normal, bool *out, bool *shared,
    struct crm_err *err)
{
	struct crm_record *other;
	int r;

	*out = *shared = false;
	r = crm_change_get(ch, k, number, &other, err);
	if (r == CRM_OK)
		r = crm_change_has(ch, other, scheme, normal, out, shared, err);
	if (r == CRM_NOTFOUND && err != NULL)
		memset(err, 0, sizeof *err);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Is there no identity of a kind in the store as it was?  Asked once. */
static bool
none_stored(struct crm_change *ch, unsigned kind)
{
	struct crm_cursor *cur;
	struct crm_str k, v;
	char key = (char)kind;

	if (ch->stored[kind] != IDENTS_UNKNOWN)
		return ch->stored[kind] == IDENTS_NONE;
	ch->stored[kind] = IDENTS_SOME; /* whoever looks tells what is wrong */
	if (crm_cursor_open(ch->txn, CRM_TAB_IDENT, &cur, NULL) < 0)
		return false;
	switch (crm_cursor_seek(cur, (struct crm_str){&key, 1}, &k, &v, NULL)) {
	case CRM_NOTFOUND:
		ch->stored[kind] = IDENTS_NONE;
		break;
	case CRM_OK:
		if (k.n == 0 || (unsigned char)k.p[0] != kind)
			ch->stored[kind] = IDENTS_NONE;
		break;
	default:
		break;
	}
	crm_cursor_close(cur);
	return ch->stored[kind] == IDENTS_NONE;
}

/*
 * The records but for `self` that have an identity: those in the store that
 * this change has left it, and the one that took it last in this change.
 * Stops when max are found; *shared: one of all says that it is shared.
 */
int
crm_change_holders(struct crm_change *ch, unsigned kind, struct crm_str scheme,
    struct crm_str normal, uint64_t self, uint64_t *found, size_t max,
    size_t *n, bool *shared, struct crm_err *err)
{
	const struct crm_kind *k = &ch->schema->kind[kind];
	struct crm_prefix p = crm_prefix_of(ch->txn, CRM_TAB_IDENT);
	uint64_t number, took = 0;
	bool there, says;
	int r = CRM_OK;

	*n = 0;
	*shared = false;
	crm_ident_key(&p.key, kind, scheme, normal, 0);
	if (crm_map_get(&ch->idents, crm_buf_str(&p.key), &took) && took != 0 &&
	    took != self && max > 0) {
		r = has(ch, k, took, scheme, normal, &there, &says, err);
		if (r == CRM_OK && there)
			found[(*n)++] = took;
		*shared |= r == CRM_OK && says;
	}
	while (r == CRM_OK && *n < max && !none_stored(ch, kind)) {
		r = crm_prefix_next(&p, &number, err);
		if (r < 0 || number == self || number == took)
			continue;
		r = has(ch, k, number, scheme, normal, &there, &says, err);
		if (r == CRM_OK && there)
			found[(*n)++] = number;
		*shared |= r == CRM_OK && says;
	}
	crm_prefix_close(&p);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* Another record with this value of a unique index: its number, else 0. */
int
crm_change_holder(struct crm_txn *t, struct crm_change *ch,
    struct crm_str prefix, uint64_t self, uint64_t *out, struct crm_err *err)
{
	struct crm_prefix p = crm_prefix_of(t, CRM_TAB_INDEX);
	uint64_t number, state;
	int r = CRM_OK;

	*out = 0;
	if (ch != NULL && crm_map_get(&ch->idents, prefix, &number)) {
		if (number != self)
			*out = number;
		return CRM_OK;
	}
	crm_buf_putstr(&p.key, prefix);
	while (*out == 0 && (r = crm_prefix_next(&p, &number, err)) == CRM_OK)
		if (number != self &&
		    !(ch != NULL &&
			crm_change_pending(
			    ch, (unsigned char)prefix.p[0], number, &state) &&
			state != CRM_LIVE))
			*out = number;
	crm_prefix_close(&p);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

struct unique_ctx {
	struct crm_change *ch;
	const struct crm_record *rec;
	struct crm_buf key;
	int sign; /* -1: give up the old ones, 0: check, 1: take */
};

static int
ident_free(struct unique_ctx *c, struct crm_str scheme, struct crm_str normal,
    bool shared, const char *field, struct crm_err *err)
{
	uint64_t by[HOLDERS];
	bool own, any;
	size_t n;
	int r;

	r = crm_change_holders(c->ch, c->rec->kind->number, scheme, normal,
	    c->rec->id, by, HOLDERS, &n, &any, err);
	if (r < 0 || n == 0 || any || shared)
		return r;
	/* a primary address may stand among the shared ones as well */
	r = crm_change_has(c->ch, c->rec, scheme, normal, &own, &shared, err);
	if (r == CRM_OK && !shared)
		r = taken(c->ch, c->rec, field, scheme, normal, by[0], err);
	return r;
}

static int
index_free(struct unique_ctx *c, size_t field, struct crm_err *err)
{
	const struct crm_field *f = &c->rec->kind->fields[field];
	const struct crm_value *v = &c->rec->v[field];
	struct crm_buf text = {.max = 1024};
	uint64_t by;
	int r;

	/* keys are cut: two long texts would be taken for one */
	if (v->s.n > UNIQUE_MAX) {
		crm_err_set(err, CRM_EDATA,
		    "what occurs once has at most %d bytes, this has %zu",
		    UNIQUE_MAX, v->s.n);
		crm_err_field(err, f->name, strlen(f->name));
		return CRM_EDATA;
	}
	r = crm_change_holder(
	    c->ch->txn, c->ch, crm_buf_str(&c->key), c->rec->id, &by, err);
	if (r == CRM_OK && by != 0) {
		crm_value_put(c->ch->schema, &text, v, true);
		r = taken(c->ch, c->rec, f->name, (struct crm_str){0},
		    crm_buf_str(&text), by, err);
	}
	crm_buf_release(&text);
	return r;
}

/* Notes who has the value of c->key by now. */
static int
note(struct unique_ctx *c, struct crm_err *err)
{
	uint64_t now;

	if (c->sign < 0 &&
	    crm_map_get(&c->ch->idents, crm_buf_str(&c->key), &now) &&
	    now != c->rec->id)
		return CRM_OK; /* another has taken it since */
	if (crm_map_put(&c->ch->idents, crm_buf_str(&c->key),
		c->sign < 0 ? 0 : c->rec->id, NULL) == CRM_ENOMEM)
		return crm_err_nomem(err);
	return CRM_OK;
}

static int
unique_ident(void *ctx, struct crm_str scheme, struct crm_str normal,
    bool shared, const char *field, struct crm_err *err)
{
	struct unique_ctx *c = ctx;
	int r;

	if (c->sign == 0)
		return crm_ident_unique(scheme)
			   ? ident_free(c, scheme, normal, shared, field, err)
			   : CRM_OK;
	crm_buf_clear(&c->key);
	crm_ident_key(&c->key, c->rec->kind->number, scheme, normal, 0);
	r = crm_buf_check(&c->key, err);
	return r == CRM_OK ? note(c, err) : r;
}

static int
unique_indexes(struct unique_ctx *c, struct crm_err *err)
{
	const struct crm_kind *k = c->rec->kind;
	struct crm_field_set special = crm_kind_special(c->ch->schema, k);
	unsigned i;
	int r = CRM_OK;

	while (r == CRM_OK && crm_field_take(&special, &i)) {
		if (!(k->fields[i].flags & CRM_F_UNIQUE) ||
		    c->rec->v[i].type == CRM_T_NONE)
			continue;
		crm_buf_clear(&c->key);
		crm_index_key(
		    &c->key, k->number, k->fields[i].tag, &c->rec->v[i], 0);
		r = crm_buf_check(&c->key, err);
		if (r == CRM_OK)
			r = c->sign == 0 ? index_free(c, i, err) : note(c, err);
	}
	return r;
}

int
crm_change_unique(struct crm_change *ch, const struct crm_record *rec, int sign,
    struct crm_err *err)
{
	char room[CRM_KEY_MAX];
	struct unique_ctx c = {
	    ch, rec, {.p = room, .cap = sizeof room, .max = sizeof room}, sign};
	int r;

	r = crm_ident_each(ch->schema, rec, unique_ident, &c, err);
	if (r == CRM_OK)
		r = unique_indexes(&c, err);
	return r;
}
