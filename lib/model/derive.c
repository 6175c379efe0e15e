/*
 * derive.c - the entries of other tables that follow from a record.
 *
 * Only the records are the truth; identities and indexes are made from them
 * here and nowhere else, for a change and for a rebuild alike.
 */
#include <crm/utf8.h>

#include "change.h"

void
crm_derive_put(struct crm_buf *b, int sign, unsigned table, struct crm_str key,
    struct crm_str value)
{
	crm_buf_putc(b, (char)sign);
	crm_buf_putc(b, (char)table);
	crm_buf_putvar(b, key.n);
	crm_buf_putstr(b, key);
	crm_buf_putvar(b, value.n);
	crm_buf_putstr(b, value);
}

int
crm_derive_next(
    struct crm_str *rest, struct crm_derived *out, struct crm_err *err)
{
	uint64_t n;

	if (rest->n == 0)
		return CRM_NOTFOUND;
	if (rest->n > 2) {
		out->put = rest->p[0] == 1;
		out->table = (unsigned char)rest->p[1];
		rest->p += 2;
		rest->n -= 2;
		if (crm_take_var(rest, &n) &&
		    crm_take_bytes(rest, (size_t)n, &out->key) &&
		    crm_take_var(rest, &n) &&
		    crm_take_bytes(rest, (size_t)n, &out->value))
			return CRM_OK;
	}
	return crm_err_set(err, CRM_EBUG, "a derived entry is cut");
}

static int
ident_one(const struct crm_schema *s, struct crm_str scheme,
    struct crm_str value, bool shared, const char *field, crm_ident_fn *fn,
    void *ctx, struct crm_err *err)
{
	/* Once or more for each record that is put: no memory is asked for. */
	char room[4096];
	struct crm_buf normal = {
	    .p = room, .cap = sizeof room, .max = sizeof room};
	int r;

	r = crm_ident_normal(s, scheme, value, &normal, err);
	if (r < 0)
		crm_err_field(err, field, strlen(field));
	else if (!crm_ident_ignored(s, scheme, crm_buf_str(&normal)))
		r = fn(ctx, scheme, crm_buf_str(&normal), shared, field, err);
	return r;
}

int
crm_ident_each(const struct crm_schema *s, const struct crm_record *rec,
    crm_ident_fn *fn, void *ctx, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	struct crm_field_set special = crm_kind_special(s, k);
	const struct crm_rows *rows;
	unsigned i;
	int part, r;

	while (crm_field_take(&special, &i)) {
		if (!(k->fields[i].flags & CRM_F_IDENT) ||
		    rec->v[i].type == CRM_T_NONE)
			continue;
		r = ident_one(s, crm_str(k->fields[i].name), rec->v[i].s, false,
		    k->fields[i].name, fn, ctx, err);
		if (r < 0)
			return r;
	}
	part = crm_kind_part(k, CRM_STR("identity"));
	if (part < 0)
		return CRM_OK;
	rows = &rec->part[part];
	for (size_t j = 0; j < rows->n; j++) {
		const struct crm_value *v = rows->row[j].v;

		r = ident_one(s, v[0].s, v[1].s,
		    v[2].type == CRM_T_BOOL && v[2].i == 1, "identity", fn, ctx,
		    err);
		if (r < 0)
			return r;
	}
	return CRM_OK;
}

struct key_ctx {
	const struct crm_record *rec;
	struct crm_buf *out, *key;
	int sign;
};

static int
ident_key(void *ctx, struct crm_str scheme, struct crm_str normal, bool shared,
    const char *field, struct crm_err *err)
{
	struct key_ctx *c = ctx;

	(void)shared;
	(void)field;
	crm_buf_clear(c->key);
	crm_ident_key(c->key, c->rec->kind->number, scheme, normal, c->rec->id);
	crm_derive_put(c->out, c->sign, CRM_TAB_IDENT, crm_buf_str(c->key),
	    (struct crm_str){"", 0});
	return crm_buf_check(c->key, err);
}

/* The words of its names, in the order of the fields, each once. */
static int
word_keys(struct key_ctx *c, struct crm_err *err)
{
	static const struct crm_str empty = {"", 0};
	const struct crm_kind *k = c->rec->kind;
	struct crm_str seen[CRM_WORDS_MAX], first = empty, rest, word;
	struct crm_buf words = {0};
	size_t i, n = 0;
	int r = CRM_OK;

	for (i = 0; r == CRM_OK && i < k->nfields; i++) {
		if (!(k->fields[i].flags & CRM_F_WORDS) ||
		    c->rec->v[i].type != CRM_T_TEXT)
			continue;
		if (first.n == 0)
			first = c->rec->v[i].s;
		else if (crm_text_within(first, c->rec->v[i].s))
			continue;
		r = crm_text_words(c->rec->v[i].s, true, &words, err);
	}
	rest = crm_buf_str(&words);
	while (r == CRM_OK && n < CRM_WORDS_MAX && rest.n > 0) {
		crm_str_split(&rest, '\0', &word);
		for (i = 0; i < n && !crm_str_eq(seen[i], word); i++)
			;
		if (i < n)
			continue;
		seen[n++] = word;
		crm_buf_clear(c->key);
		crm_word_key(c->key, k->number, word, c->rec->id);
		crm_derive_put(
		    c->out, c->sign, CRM_TAB_INDEX, crm_buf_str(c->key), empty);
		r = crm_buf_check(c->key, err);
	}
	crm_buf_release(&words);
	return r;
}

int
crm_derive_keys(const struct crm_schema *s, const struct crm_record *rec,
    int sign, struct crm_buf *b, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	char room[CRM_KEY_MAX];
	struct crm_buf key = {
	    .p = room, .cap = sizeof room, .max = sizeof room};
	struct key_ctx c = {rec, b, &key, sign};
	struct crm_field_set special = crm_kind_special(s, k);
	bool words = false;
	unsigned i;
	int r;

	r = crm_ident_each(s, rec, ident_key, &c, err);
	while (r == CRM_OK && crm_field_take(&special, &i)) {
		words |= (k->fields[i].flags & CRM_F_WORDS) != 0;
		if (!(k->fields[i].flags & (CRM_F_INDEX | CRM_F_UNIQUE)) ||
		    rec->v[i].type == CRM_T_NONE)
			continue;
		crm_buf_clear(&key);
		crm_index_key(
		    &key, k->number, k->fields[i].tag, &rec->v[i], rec->id);
		crm_derive_put(b, sign, CRM_TAB_INDEX, crm_buf_str(&key),
		    (struct crm_str){"", 0});
		r = crm_buf_check(&key, err);
	}
	if (r == CRM_OK && words)
		r = word_keys(&c, err);
	if (r == CRM_OK)
		r = crm_buf_check(b, err);
	return r;
}
