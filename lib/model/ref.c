/*
 * ref.c - from an id or reference to a record's number.
 *
 * Wherever an id is taken a reference may stand.  An ambiguous one is an
 * error that lists the candidates; nothing is ever guessed.
 */
#include <stdio.h>

#include "change.h"

#define CANDIDATES 5

struct reference {
	unsigned kind;
	struct crm_str scheme, value, text;
};

static int
clip(size_t n)
{
	return (int)(n < 120 ? n : 120);
}

/* #10296, as shops and their customers write the number of an order. */
static bool
order_number(unsigned kind, struct crm_str text, struct reference *out)
{
	*out = (struct reference){CRM_K_ORDER, CRM_STR("number"), text, text};
	return text.n > 1 && text.p[0] == '#' &&
	       memchr(text.p, ':', text.n) == NULL &&
	       (kind == 0 || kind == CRM_K_ORDER);
}

/* Takes "kind/" off the front; scheme and value apart. */
static int
reference_parse(const struct crm_schema *s, unsigned kind, struct crm_str text,
    struct reference *out, struct crm_err *err)
{
	const char *colon, *slash, *wanted = crm_letter_of(kind)->name;
	const struct crm_kind *k;

	out->kind = kind;
	out->text = text;
	colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	if (slash != NULL && (colon == NULL || slash < colon)) {
		struct crm_str name = {text.p, (size_t)(slash - text.p)};

		k = crm_schema_kind(s, name);
		if (k == NULL)
			return crm_err_set(err, CRM_EDATA,
			    "'%.*s' names no kind of record: '%.*s'",
			    clip(text.n), text.p, clip(name.n), name.p);
		if (kind != 0 && k->number != kind)
			return crm_err_set(err, CRM_EDATA,
			    "'%.*s' is %s %s, %s %s was wanted", clip(text.n),
			    text.p, crm_article(k->name), k->name,
			    crm_article(wanted), wanted);
		out->kind = k->number;
		text.n -= name.n + 1;
		text.p = slash + 1;
		colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	}
	if (colon == NULL || colon == text.p)
		return crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not an id (%s42) or reference (scheme:value)",
		    clip(text.n), text.p,
		    out->kind && s->kind[out->kind].letter
			? s->kind[out->kind].letter
			: "C");
	out->scheme = (struct crm_str){text.p, (size_t)(colon - text.p)};
	out->value = (struct crm_str){colon + 1, text.n - out->scheme.n - 1};
	if (out->kind == 0) {
		crm_err_set(err, CRM_EDATA, "'%.*s' could be of any kind",
		    clip(text.n), text.p);
		crm_err_hint(err, "put the kind before it: customer/%.*s",
		    clip(text.n), text.p);
		return CRM_EDATA;
	}
	return CRM_OK;
}

/* What follows the "customer/" of customer/C42; *kind 0: there is none. */
static struct crm_str
after_kind(const struct crm_schema *s, struct crm_str ref, unsigned *kind)
{
	const char *slash = ref.n ? memchr(ref.p, '/', ref.n) : NULL;
	const struct crm_kind *k = NULL;
	size_t n = slash ? (size_t)(slash - ref.p) : 0;

	if (slash)
		k = crm_schema_kind(s, (struct crm_str){ref.p, n});
	*kind = k ? k->number : 0;
	return k ? (struct crm_str){slash + 1, ref.n - n - 1} : ref;
}

/* Follows merges to the record that lives. */
int
crm_ref_live(struct crm_txn *t, struct crm_change *ch,
    const struct crm_schema *s, unsigned kind, uint64_t *number,
    struct crm_err *err)
{
	char kb[8];
	struct crm_str bytes, key;
	uint64_t state, revision, into;
	unsigned hops;
	int r;

	/* no record is of a kind that a later version will have */
	if (s->kind[kind].name == NULL)
		return CRM_NOTFOUND;
	for (hops = 0; hops < 64; hops++) {
		if (ch != NULL && crm_change_pending(ch, kind, *number, &state))
			return state == CRM_LIVE ? CRM_OK : CRM_NOTFOUND;
		key = crm_number_key(*number, kb);
		r = crm_get(t, CRM_TAB_KIND + kind, key, &bytes, err);
		if (r == CRM_OK)
			r = crm_unseal(CRM_TAB_KIND + kind, key, &bytes, err);
		if (r < 0)
			return r;
		if (!crm_take_var(&bytes, &state) ||
		    !crm_take_var(&bytes, &revision))
			return crm_err_set(err, CRM_EDAMAGE,
			    "the record of %s %llu cannot be read",
			    s->kind[kind].name, (unsigned long long)*number);
		if (state != CRM_MERGED)
			return state == CRM_LIVE ? CRM_OK : CRM_NOTFOUND;
		if (!crm_take_var(&bytes, &into))
			break;
		*number = into;
	}
	return crm_err_set(err, CRM_EDAMAGE, "%s %llu is merged in a circle",
	    s->kind[kind].name, (unsigned long long)*number);
}

static int
find_id(struct crm_txn *t, struct crm_change *ch, const struct crm_schema *s,
    unsigned kind, const struct crm_id *id, struct crm_str text,
    struct crm_value *out, struct crm_err *err)
{
	const char *is = crm_letter_of(id->kind)->name;
	const char *wanted = crm_letter_of(kind)->name;
	uint64_t number = id->number;
	int r;

	if (kind != 0 && id->kind != kind)
		return crm_err_set(err, CRM_EDATA,
		    "'%.*s' is the id of %s %s, one of %s %s was wanted",
		    clip(text.n), text.p, crm_article(is), is,
		    crm_article(wanted), wanted);
	r = crm_ref_live(t, ch, s, id->kind, &number, err);
	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_NOTFOUND, "there is no %s %.*s", is,
		    clip(text.n), text.p);
	if (r < 0)
		return r;
	*out = crm_value_id(id->kind, number);
	if (number == id->number) {
		out->sub = id->sub;
		out->part = id->part;
	}
	return CRM_OK;
}

/* The numbers behind an identity, the pending ones counted. */
static int
candidates(struct crm_txn *t, struct crm_change *ch,
    const struct reference *ref, struct crm_str normal, uint64_t *found,
    size_t *n, struct crm_err *err)
{
	struct crm_prefix p = crm_prefix_of(t, CRM_TAB_IDENT);
	uint64_t number;
	bool shared;
	int r;

	*n = 0;
	if (ch != NULL)
		return crm_change_holders(ch, ref->kind, ref->scheme, normal, 0,
		    found, CANDIDATES + 1, n, &shared, err);
	crm_ident_key(&p.key, ref->kind, ref->scheme, normal, 0);
	while ((r = crm_prefix_next(&p, &number, err)) == CRM_OK) {
		found[(*n)++] = number;
		if (*n > CANDIDATES)
			break; /* more than are named */
	}
	crm_prefix_close(&p);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
known_by(struct crm_txn *t, struct crm_change *ch, const struct crm_schema *s,
    const struct reference *ref, uint64_t *found, size_t *n,
    struct crm_err *err)
{
	struct crm_buf normal = {.max = 2048};
	int r = crm_ident_normal(s, ref->scheme, ref->value, &normal, err);

	if (r == CRM_OK)
		r = candidates(t, ch, ref, crm_buf_str(&normal), found, n, err);
	crm_buf_release(&normal);
	return r;
}

static int
ambiguous(const struct crm_schema *s, const struct reference *ref,
    const uint64_t *found, size_t n, struct crm_err *err)
{
	struct crm_buf list = {.max = 512};
	size_t i;

	for (i = 0; i < n && i < CANDIDATES; i++) {
		struct crm_id id = {
		    .kind = (uint8_t)ref->kind, .number = found[i]};

		if (i > 0)
			crm_buf_puts(&list, ", ");
		crm_id_put(s, &list, &id, true);
	}
	if (n > CANDIDATES)
		crm_buf_puts(&list, ", ...");
	crm_err_set(err, CRM_EDATA, "'%.*s' is ambiguous: %.*s",
	    clip(ref->text.n), ref->text.p, (int)list.n, list.p ? list.p : "");
	crm_buf_release(&list);
	return CRM_EDATA;
}

/* A custom field that is unique names a record as well: vat_id:DE129273398. */
static int
find_unique(struct crm_txn *t, struct crm_change *ch,
    const struct crm_schema *s, const struct reference *ref, uint64_t *out,
    struct crm_err *err)
{
	const struct crm_kind *k = &s->kind[ref->kind];
	struct crm_buf key = {.max = CRM_KEY_MAX};
	struct crm_arena a = {0};
	struct crm_parse ctx = {.schema = s, .arena = &a, .digits = s->digits};
	struct crm_value v = {0};
	int f = crm_kind_field(k, ref->scheme), r;

	*out = 0;
	if (f < 0 || !(k->fields[f].flags & CRM_F_UNIQUE))
		return CRM_OK;
	r = crm_value_parse(&k->fields[f], ref->value, &ctx, &v, err);
	if (r == CRM_OK && v.type != CRM_T_NONE) {
		crm_index_key(&key, k->number, k->fields[f].tag, &v, 0);
		r = crm_buf_check(&key, err);
		if (r == CRM_OK)
			r = crm_change_holder(
			    t, ch, crm_buf_str(&key), 0, out, err);
	}
	crm_buf_release(&key);
	crm_arena_release(&a);
	return r;
}

int
crm_ref_find(struct crm_txn *t, struct crm_change *change, unsigned kind,
    const struct crm_schema *s, struct crm_str ref, struct crm_value *out,
    struct crm_err *err)
{
	uint64_t found[CANDIDATES + 1];
	struct reference parsed;
	struct crm_id id;
	unsigned named;
	bool hash;
	size_t n;
	int r;

	ref = crm_str_trim(ref);
	if (crm_id_parse(s, after_kind(s, ref, &named), &id) == CRM_OK &&
	    (!named || named == id.kind))
		return find_id(t, change, s, kind, &id, ref, out, err);
	hash = order_number(kind, ref, &parsed);
	r = hash ? CRM_OK : reference_parse(s, kind, ref, &parsed, err);
	if (r < 0)
		return r;
	r = known_by(t, change, s, &parsed, found, &n, err);
	if (r == CRM_OK && n == 0 && hash) {
		/* the shop may keep its numbers without the sign */
		parsed.value.p++;
		parsed.value.n--;
		r = known_by(t, change, s, &parsed, found, &n, err);
	}
	if (r < 0)
		return r;
	if (n == 0) {
		r = find_unique(t, change, s, &parsed, &found[0], err);
		if (r < 0)
			return r;
		n = found[0] != 0;
	}
	if (n == 0)
		return crm_err_set(err, CRM_NOTFOUND, "no %s has '%.*s'",
		    s->kind[parsed.kind].name, clip(ref.n), ref.p);
	if (n > 1)
		return ambiguous(s, &parsed, found, n, err);
	*out = crm_value_id(parsed.kind, found[0]);
	return CRM_OK;
}
