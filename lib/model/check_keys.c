/*
 * check_keys.c - identities and indexes, in both directions.
 *
 * Hashes of the keys the records should have are added up, and those of the
 * keys that are there; when the sums agree, which takes no memory and no
 * look-up, so do the keys.  Only when they do not is each looked up, both
 * ways, to say which one is at fault.
 */
#include <stdio.h>
#include <stdlib.h>

#include <crm/hash.h>
#include <crm/utf8.h>

#include "check.h"

/* Multiplied, so that a sum of hashes is no exclusive or of bits. */
static void
count_key(struct crm_keysum *to, struct crm_str key)
{
	to->sum += crm_hash64(key.p, key.n) * 0x9e3779b97f4a7c15U;
	to->n++;
}

/* "identity email:ann@b.c of C42" from a key. */
static void
show_key(struct crm_check *ck, unsigned table, struct crm_str key, char *out,
    size_t size)
{
	const struct crm_kind *k =
	    &ck->schema->kind[(unsigned char)key.p[0] % CRM_K_MAX];
	struct crm_str rest = {key.p + 1, key.n - 1}, scheme, tail;
	uint64_t number = 0, tag = 0;

	tail = (struct crm_str){key.p + key.n - 8, 8};
	crm_take_be(&tail, 8, &number);
	if (table == CRM_TAB_IDENT) {
		scheme = rest;
		scheme.n = strnlen(rest.p, rest.n);
		snprintf(out, size, "identity %.*s:%.*s of %s%llu",
		    (int)scheme.n, scheme.p,
		    (int)(key.n - scheme.n - 11 < 200 ? key.n - scheme.n - 11
						      : 200),
		    scheme.p + scheme.n + 1, k->name ? k->letter : "revision ",
		    (unsigned long long)number);
		return;
	}
	crm_take_be(&rest, 2, &tag);
	if (tag == CRM_TAG_WORDS && k->name != NULL) {
		snprintf(out, size, "index of words %s.%.*s of %s%llu", k->name,
		    (int)(rest.n < 9 ? 0 : rest.n - 9), rest.p, k->letter,
		    (unsigned long long)number);
		return;
	}
	for (unsigned i = 0; k->name != NULL && i < k->nfields; i++)
		if (k->fields[i].tag == tag && tag != 0) {
			snprintf(out, size, "index %s.%s of %s%llu", k->name,
			    k->fields[i].name, k->letter,
			    (unsigned long long)number);
			return;
		}
	snprintf(out, size, "index %u.%llu of %llu",
	    (unsigned)(unsigned char)key.p[0], (unsigned long long)tag,
	    (unsigned long long)number);
}

/* ---- what a record should have ---- */

/* Keys of a record, each after its length as 2 bytes, table first. */
struct derived {
	struct crm_check *ck;
	const struct crm_record *rec;
	size_t n;
	size_t at[512]; /* places in ck->keys */
	bool bad; /* an identity that cannot be one */
	bool again; /* that was said when the records were counted */
};

static struct crm_str
derived_key(const struct derived *d, size_t i, unsigned *table)
{
	const char *p = d->ck->keys.p + d->at[i];
	uint16_t n;

	memcpy(&n, p + 1, sizeof n);
	*table = (unsigned char)p[0];
	return (struct crm_str){p + 3, n};
}

static int
derive_put(struct derived *d, unsigned table, struct crm_str head,
    struct crm_str value, struct crm_err *err)
{
	struct crm_buf *b = &d->ck->keys;
	size_t at = b->n;
	uint16_t n;

	if (d->n == sizeof d->at / sizeof *d->at)
		return crm_check_at(d->ck, err, d->rec->kind, d->rec->id,
		    "it has more identities than the check looks at");
	crm_buf_putc(b, (char)table);
	crm_buf_put(b, "\0", 2);
	crm_buf_putstr(b, head);
	crm_buf_putstr(b, value);
	if (table == CRM_TAB_IDENT)
		crm_buf_putc(b, '\0');
	crm_buf_putbe(b, d->rec->id, 8);
	if (crm_buf_check(b, err) < 0)
		return CRM_ENOMEM;
	n = (uint16_t)(b->n - at - 3);
	memcpy(b->p + at + 1, &n, sizeof n);
	/* a set: the same identity twice is one key */
	for (size_t i = 0; i < d->n; i++) {
		unsigned other;
		struct crm_str key = derived_key(d, i, &other);

		if (other == table && key.n == n &&
		    memcmp(key.p, b->p + at + 3, n) == 0) {
			b->n = at;
			return CRM_OK;
		}
	}
	d->at[d->n++] = at;
	return CRM_OK;
}

static int
derive_ident(struct derived *d, struct crm_str scheme, struct crm_str value,
    struct crm_err *err)
{
	struct crm_check *ck = d->ck;
	char head[80];
	int r;

	crm_buf_clear(&ck->normal);
	r = scheme.n > 63 ? CRM_EDATA
			  : crm_ident_normal(
				ck->schema, scheme, value, &ck->normal, NULL);

	if (r == CRM_ENOMEM)
		return crm_err_nomem(err);
	if (r < 0) {
		d->bad = true;
		if (d->again)
			return CRM_OK;
		return crm_check_at(ck, err, d->rec->kind, d->rec->id,
		    "its identity '%.*s:%.*s' cannot be one",
		    (int)(scheme.n < 63 ? scheme.n : 63), scheme.p,
		    (int)(value.n < 200 ? value.n : 200), value.p);
	}
	if (crm_ident_ignored(ck->schema, scheme, crm_buf_str(&ck->normal)))
		return CRM_OK;
	head[0] = (char)d->rec->kind->number;
	memcpy(head + 1, scheme.p, scheme.n);
	head[scheme.n + 1] = '\0';
	return derive_put(d, CRM_TAB_IDENT,
	    (struct crm_str){head, scheme.n + 2}, crm_buf_str(&ck->normal),
	    err);
}

/* The first words of the names, each once. */
static int
derive_words(struct derived *d, struct crm_err *err)
{
	const struct crm_kind *k = d->rec->kind;
	struct crm_buf words = {0};
	char head[3] = {(char)k->number, (char)(CRM_TAG_WORDS >> 8),
	    (char)(CRM_TAG_WORDS & 0xff)};
	struct crm_str name = {"", 0};
	size_t before = d->n, end;
	int r = CRM_OK;

	for (unsigned i = 1; i < k->nfields && r == CRM_OK; i++)
		if ((k->fields[i].flags & CRM_F_WORDS) &&
		    (words.n == 0 || !crm_text_within(name, d->rec->v[i].s))) {
			if (words.n == 0)
				name = d->rec->v[i].s;
			r = crm_text_words(d->rec->v[i].s, true, &words, err);
		}
	for (size_t at = 0; r == CRM_OK && at < words.n; at = end + 1) {
		if (d->n - before == CRM_WORDS_MAX)
			break;
		end = at + strlen(words.p + at);
		r = derive_put(d, CRM_TAB_INDEX, (struct crm_str){head, 3},
		    (struct crm_str){words.p + at, end - at + 1}, err);
	}
	crm_buf_release(&words);
	return r;
}

static int
derive(struct derived *d, struct crm_check *ck, const struct crm_record *rec,
    struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	int part = crm_kind_part(k, CRM_STR("identity")), r = CRM_OK;
	char head[3] = {(char)k->number};

	d->ck = ck;
	d->rec = rec;
	d->n = 0;
	d->bad = false;
	crm_buf_clear(&ck->keys);
	for (unsigned i = 1; i < k->nfields && r == CRM_OK; i++) {
		const struct crm_field *f = &k->fields[i];

		if (rec->v[i].type == CRM_T_NONE)
			continue;
		if (f->flags & CRM_F_IDENT)
			r = derive_ident(d, crm_str(f->name), rec->v[i].s, err);
		if (r == CRM_OK && (f->flags & (CRM_F_INDEX | CRM_F_UNIQUE))) {
			head[1] = (char)(f->tag >> 8);
			head[2] = (char)(f->tag & 0xff);
			crm_buf_clear(&ck->normal);
			crm_value_key(&ck->normal, &rec->v[i]);
			r = derive_put(d, CRM_TAB_INDEX,
			    (struct crm_str){head, 3}, crm_buf_str(&ck->normal),
			    err);
		}
	}
	if (r == CRM_OK)
		r = derive_words(d, err);
	for (size_t j = 0; part >= 0 && j < rec->part[part].n && r == CRM_OK;
	     j++)
		r = derive_ident(d, rec->part[part].row[j].v[0].s,
		    rec->part[part].row[j].v[1].s, err);
	return r;
}

int
crm_check_derive(struct crm_check *ck, const struct crm_record *rec, bool exact,
    struct crm_err *err)
{
	struct derived *d = malloc(sizeof *d);
	struct crm_str v;
	char where[400];
	unsigned table;
	int r;

	if (d == NULL)
		return crm_err_nomem(err);
	d->again = exact;
	r = derive(d, ck, rec, err);
	for (size_t i = 0; i < d->n && r == CRM_OK; i++) {
		struct crm_str key = derived_key(d, i, &table);

		if (!exact) {
			count_key(
			    table == CRM_TAB_IDENT ? &ck->ident : &ck->index,
			    key);
			continue;
		}
		r = crm_get(ck->txn, table, key, &v, err);
		if (r == CRM_NOTFOUND) {
			show_key(ck, table, key, where, sizeof where);
			r = crm_check_fault(ck, err, where,
			    "the record has it, the table does not");
		}
	}
	free(d);
	return r;
}

/* ---- the keys of changes ---- */

int
crm_check_expect_key(
    struct crm_check *ck, const struct crm_log_head *h, struct crm_err *err)
{
	uint64_t by;

	crm_buf_clear(&ck->keys);
	if (h->key.n == 0 || h->part != 0)
		return CRM_OK;
	/* a change that was taken back has given up its key */
	if (crm_idmap_get(&ck->undone, h->change, &by) && by != 0)
		return CRM_OK;
	crm_buf_put(&ck->keys, "\0key", 5);
	crm_buf_putstr(&ck->keys, h->key);
	crm_buf_putc(&ck->keys, '\0');
	crm_buf_putbe(&ck->keys, h->revision, 8);
	count_key(&ck->ident, crm_buf_str(&ck->keys));
	return crm_buf_check(&ck->keys, err);
}

static int
exact_change_key(struct crm_check *ck, struct crm_str key, uint64_t revision,
    const char *where, struct crm_err *err)
{
	char lk[17];
	struct crm_str at = {lk, sizeof lk}, v;
	struct crm_log_head h;

	crm_log_key(revision, 0, 0, lk);
	if (crm_get(ck->txn, CRM_TAB_LOG, at, &v, NULL) == CRM_OK &&
	    crm_unseal(CRM_TAB_LOG, at, &v, NULL) == CRM_OK &&
	    crm_log_decode(v, &h, NULL) == CRM_OK && h.part == 0 &&
	    key.n == h.key.n + 14 && memcmp(key.p + 5, h.key.p, h.key.n) == 0)
		return CRM_OK;
	return crm_check_fault(
	    ck, err, where, "the table has it, the log does not");
}

/* ---- the tables ---- */

/* Is the key one that its record should have? */
static int
exact_entry(struct crm_check *ck, unsigned table, struct crm_str key,
    struct derived *d, struct crm_err *err)
{
	unsigned kind = (unsigned char)key.p[0], other;
	struct crm_arena arena = {0};
	struct crm_record *rec;
	struct crm_str tail = {key.p + key.n - 8, 8};
	uint64_t number = 0;
	char where[400];
	int r;

	crm_take_be(&tail, 8, &number);
	show_key(ck, table, key, where, sizeof where);
	if (table == CRM_TAB_IDENT && kind == 0)
		return exact_change_key(ck, key, number, where, err);
	if (kind >= CRM_K_MAX || ck->schema->kind[kind].name == NULL)
		return crm_check_fault(
		    ck, err, where, "it is of an unknown kind");
	rec = crm_record_new(&ck->schema->kind[kind], &arena);
	if (rec == NULL)
		return crm_err_nomem(err);
	r = crm_record_read(
	    ck->txn, &ck->schema->kind[kind], number, &crm_want_all, rec, NULL);
	if (r == CRM_ENOMEM) {
		crm_arena_release(&arena);
		return crm_err_nomem(err);
	}
	d->n = 0;
	d->bad = false;
	d->again = true;
	if (r == CRM_OK)
		r = derive(d, ck, rec, err);
	else
		r = r == CRM_NOTFOUND ? CRM_OK : CRM_NO;
	/* what a damaged record has cannot be known */
	if (r == CRM_OK && !d->bad) {
		bool found = false;

		for (size_t i = 0; i < d->n && !found; i++)
			found = crm_str_eq(derived_key(d, i, &other), key) &&
				other == table;
		if (!found)
			r = crm_check_fault(ck, err, where,
			    "the table has it, the record does not");
	}
	crm_arena_release(&arena);
	return r == CRM_NO ? CRM_OK : r;
}

/* Does the record say that others may have the identity of this key? */
static int
is_shared(
    struct crm_check *ck, struct crm_str key, bool *out, struct crm_err *err)
{
	const struct crm_kind *k =
	    &ck->schema->kind[(unsigned char)key.p[0] % CRM_K_MAX];
	int part = k->name ? crm_kind_part(k, CRM_STR("identity")) : -1;
	struct crm_str tail = {key.p + key.n - 8, 8};
	struct crm_arena arena = {0};
	struct crm_record *rec;
	size_t scheme = strnlen(key.p + 1, key.n - 1);
	uint64_t number;

	*out = part < 0;
	if (part < 0)
		return CRM_OK;
	rec = crm_record_new(k, &arena);
	if (rec == NULL)
		return crm_err_nomem(err);
	crm_take_be(&tail, 8, &number);
	if (crm_record_read(ck->txn, k, number, &crm_want_all, rec, NULL) < 0)
		*out = true; /* said elsewhere */
	for (size_t i = 0; i < rec->part[part].n && !*out; i++) {
		const struct crm_value *v = rec->part[part].row[i].v;

		crm_buf_clear(&ck->normal);
		*out =
		    v[2].type == CRM_T_BOOL && v[2].i == 1 &&
		    v[0].s.n == scheme &&
		    memcmp(v[0].s.p, key.p + 1, scheme) == 0 &&
		    crm_ident_normal(ck->schema, v[0].s, v[1].s, &ck->normal,
			NULL) == CRM_OK &&
		    ck->normal.n == key.n - scheme - 11 &&
		    memcmp(ck->normal.p, key.p + scheme + 2, ck->normal.n) == 0;
	}
	crm_arena_release(&arena);
	return CRM_OK;
}

/* May the value of a key belong to one record only? */
static bool
is_unique(struct crm_check *ck, unsigned table, struct crm_str key)
{
	const struct crm_kind *k =
	    &ck->schema->kind[(unsigned char)key.p[0] % CRM_K_MAX];
	struct crm_str scheme = {key.p + 1, 0};
	unsigned tag;

	if (table == CRM_TAB_IDENT) {
		scheme.n = strnlen(key.p + 1, key.n - 1);
		return crm_ident_unique(scheme);
	}
	tag = (unsigned)(unsigned char)key.p[1] << 8 | (unsigned char)key.p[2];
	for (unsigned i = 0; k->name != NULL && i < k->nfields; i++)
		if (k->fields[i].tag == tag)
			return (k->fields[i].flags & CRM_F_UNIQUE) != 0;
	return false;
}

/* ck->old holds the key before, when it may be no other's. */
static int
check_twice(struct crm_check *ck, unsigned table, struct crm_str key,
    struct crm_err *err)
{
	struct crm_str before = crm_buf_str(&ck->old);
	bool same =
	    before.n == key.n && memcmp(before.p, key.p, key.n - 8) == 0;
	bool shared = false;
	char where[400], other[32];
	struct crm_str tail = {before.p + before.n - 8, 8};
	uint64_t number = 0;
	int r = CRM_OK;

	if (same && is_unique(ck, table, key)) {
		if (table == CRM_TAB_IDENT)
			r = is_shared(ck, key, &shared, err);
		if (r == CRM_OK && !shared && table == CRM_TAB_IDENT)
			r = is_shared(ck, before, &shared, err);
		if (r < 0)
			return r;
		crm_take_be(&tail, 8, &number);
		snprintf(
		    other, sizeof other, "%llu", (unsigned long long)number);
		show_key(ck, table, key, where, sizeof where);
		if (!shared)
			r = crm_check_fault(ck, err, where,
			    "number %s of its kind has it too", other);
	}
	crm_buf_clear(&ck->old);
	crm_buf_putstr(&ck->old, key);
	return r == CRM_OK ? crm_buf_check(&ck->old, err) : r;
}

static int
scan(struct crm_check *ck, unsigned table, struct derived *exact,
    struct crm_keysum *sum, struct crm_err *err)
{
	const char *name = table == CRM_TAB_IDENT ? "identities" : "indexes";
	struct crm_cursor *cur = NULL;
	struct crm_str key, v;
	int r;

	crm_buf_clear(&ck->old);
	r = crm_cursor_open(ck->txn, table, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		if (key.n < 12) {
			r = crm_check_fault(
			    ck, err, name, "a key has only %zu bytes", key.n);
		} else if (exact != NULL) {
			r = exact_entry(ck, table, key, exact, err);
		} else {
			char where[400];

			ck->out.entries++;
			count_key(sum, key);
			if (crm_unseal(table, key, &v, NULL) < 0) {
				show_key(ck, table, key, where, sizeof where);
				r = crm_check_fault(
				    ck, err, where, "wrong checksum");
			}
			if (r == CRM_OK)
				r = check_twice(ck, table, key, err);
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
look_up(struct crm_check *ck, const struct crm_record *rec, struct crm_err *err)
{
	return crm_check_derive(ck, rec, true, err);
}

/* The keys the log should have put there. */
static int
look_up_changes(struct crm_check *ck, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_log_head h;
	struct crm_str key, v;
	int r;

	r = crm_cursor_open(ck->txn, CRM_TAB_LOG, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(
		    cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		struct crm_keysum none = ck->ident;
		struct crm_str got;
		char where[64];

		if (key.n == 17 && key.p[8] == 0 && key.p[16] == 0 &&
		    crm_unseal(CRM_TAB_LOG, key, &v, NULL) == CRM_OK &&
		    crm_log_decode(v, &h, NULL) == CRM_OK && h.part == 0 &&
		    h.key.n > 0) {
			r = crm_check_expect_key(ck, &h, err);
			ck->ident = none;
			if (r == CRM_OK && ck->keys.n > 0)
				r = crm_get(ck->txn, CRM_TAB_IDENT,
				    crm_buf_str(&ck->keys), &got, err);
			if (r == CRM_NOTFOUND) {
				snprintf(where, sizeof where, "revision %llu",
				    (unsigned long long)h.revision);
				r = crm_check_fault(ck, err, where,
				    "the key of its change is not in the "
				    "table of identities");
			}
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

int
crm_check_tables(struct crm_check *ck, struct crm_err *err)
{
	struct crm_keysum ident = {0}, index = {0};
	struct derived *d;
	uint64_t faults;
	int r;

	r = scan(ck, CRM_TAB_IDENT, NULL, &ident, err);
	if (r == CRM_OK)
		r = scan(ck, CRM_TAB_INDEX, NULL, &index, err);
	if (r < 0 || (ident.sum == ck->ident.sum && ident.n == ck->ident.n &&
			 index.sum == ck->index.sum && index.n == ck->index.n))
		return r;
	faults = ck->out.faults;
	d = calloc(1, sizeof *d);
	if (d == NULL)
		return crm_err_nomem(err);
	d->ck = ck;
	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++)
		if (ck->schema->kind[i].name != NULL)
			r = crm_check_each(
			    ck, &ck->schema->kind[i], look_up, err);
	if (r == CRM_OK)
		r = look_up_changes(ck, err);
	if (r == CRM_OK)
		r = scan(ck, CRM_TAB_IDENT, d, NULL, err);
	if (r == CRM_OK)
		r = scan(ck, CRM_TAB_INDEX, d, NULL, err);
	free(d);
	/* a damaged record's keys are neither here nor there */
	if (r == CRM_OK && faults == 0 && ck->out.faults == 0)
		r = crm_check_fault(ck, err, "identities",
		    "the sum of the keys is not that of the records");
	return r;
}
