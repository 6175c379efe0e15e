/*
 * find.c - who is meant by an id, an address, a number somebody gave.
 *
 * What people paste is stripped of what programs put around it (mailto:,
 * angle brackets, [#T7]), then tried as everything it can be.  Telephone and
 * order numbers may look the same, so one does not shut out the other.  A
 * record that is not a customer's own stands for the customer it names:
 * whatever kind has a field customer_id is looked through, so a new noun
 * needs no line here.
 */
#include <crm/ledger.h>
#include <crm/utf8.h>

#include "finding.h"

enum { TEXT_MAX = 1000, DIGITS_MIN = 6 };

static const struct crm_str none = {"", 0};

/* ---- putting together what was found ---- */

static int
add(struct crm_finding *f, uint64_t number, enum crm_how how,
    const struct crm_value *via, struct crm_err *err)
{
	struct crm_tally y;
	int r;

	for (size_t i = 0; i < f->n; i++)
		if (f->out[i].number == number)
			return CRM_OK;
	if (f->n == f->opt->limit) {
		f->more = true;
		return CRM_OK;
	}
	r = crm_tally_read(f->txn, number, &y, err);
	if (r == CRM_OK)
		f->out[f->n++] = (struct crm_found){.number = number,
		    .how = how,
		    .score = 100,
		    .last = y.last,
		    .via = via ? *via : (struct crm_value){0}};
	return r;
}

/* The field of a kind that says whose a record is, -1 none. */
static int
owner_field(const struct crm_kind *k)
{
	int i = k->name ? crm_kind_field(k, CRM_STR("customer_id")) : -1;

	return i > 0 && k->fields[i].type == CRM_T_ID ? i : -1;
}

/* A record by number: the customer, or whose it is. */
static int
add_record(struct crm_finding *f, const struct crm_kind *k, uint64_t number,
    enum crm_how how, struct crm_err *err)
{
	struct crm_value via = crm_value_id(k->number, number);
	int owner = owner_field(k), r;
	struct crm_want want = {{0}, 0};
	struct crm_arena arena = {0};
	struct crm_record *rec;

	if (k->number == CRM_K_CUSTOMER)
		return add(f, number, how, NULL, err);
	if (owner < 0)
		return CRM_OK;
	rec = crm_record_new(k, &arena);
	if (rec == NULL)
		return crm_err_nomem(err);
	crm_want_field(&want, owner);
	r = crm_record_read(f->txn, k, number, &want, rec, err);
	if (r == CRM_OK && rec->v[owner].type == CRM_T_ID &&
	    !crm_ref_erased(f->txn, CRM_K_CUSTOMER, (uint64_t)rec->v[owner].i))
		r = add(
		    f, (uint64_t)rec->v[owner].i, CRM_HOW_RECORD, &via, err);
	crm_arena_release(&arena);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* All records of a kind with an identity; what cannot be one has none. */
static int
add_ident(struct crm_finding *f, const struct crm_kind *k,
    struct crm_str scheme, struct crm_str value, enum crm_how how,
    struct crm_err *err)
{
	struct crm_buf normal = {.max = 2048}, key = {.max = CRM_KEY_MAX};
	struct crm_cursor *cur = NULL;
	struct crm_str at, v, tail;
	uint64_t number;
	int r;

	r = crm_ident_normal(f->schema, scheme, value, &normal, err);
	if (r == CRM_EDATA) {
		crm_buf_release(&normal);
		return CRM_OK;
	}
	crm_ident_key(&key, k->number, scheme, crm_buf_str(&normal), 0);
	if (r == CRM_OK)
		r = crm_buf_check(&key, err);
	if (r == CRM_OK)
		r = crm_cursor_open(f->txn, CRM_TAB_IDENT, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, crm_buf_str(&key), &at, &v, err);
	while (r == CRM_OK && at.n == key.n + 8 &&
	       crm_str_starts(at, crm_buf_str(&key))) {
		tail = (struct crm_str){at.p + key.n, 8};
		crm_take_be(&tail, 8, &number);
		r = crm_unseal(CRM_TAB_IDENT, at, &v, err);
		if (r == CRM_OK)
			r = add_record(f, k, number, how, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &at, &v, err);
	}
	crm_cursor_close(cur);
	crm_buf_release(&key);
	crm_buf_release(&normal);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* ---- what a text can be ---- */

/* Takes off quotes, brackets and the like around it. */
static struct crm_str
bare(struct crm_str s)
{
	static const char open[] = "<[(\"'#", close[] = ">])\"',;.";
	static const char *const head[] = {
	    "mailto:", "tel:", "sip:", "callto:", "sms:"};

	s = crm_str_trim(s);
	while (s.n > 1 && strchr(open, s.p[0]) != NULL) {
		s.p++;
		s.n--;
	}
	while (s.n > 1 && strchr(close, s.p[s.n - 1]) != NULL)
		s.n--;
	for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
		size_t n = strlen(head[i]), j;

		for (j = 0; j < n && j < s.n; j++)
			if ((s.p[j] | 0x20) != head[i][j] &&
			    s.p[j] != head[i][j])
				break;
		if (j == n)
			s = (struct crm_str){s.p + n, s.n - n};
	}
	return crm_str_trim(s);
}

/* An address in a text, "Ann <Ann@example.org>"; n 0: there is none.  *before
 * is what stands before it.  Blanks around the sign are taken out. */
static struct crm_str
address(struct crm_str s, struct crm_buf *b, struct crm_str *before)
{
	const char *at = s.n ? memchr(s.p, '@', s.n) : NULL, *p;
	const char *open = s.n ? memchr(s.p, '<', s.n) : NULL;
	struct crm_str a = s;

	*before = none;
	if (at == NULL)
		return none;
	if (open != NULL && open < at) {
		const char *close =
		    memchr(open, '>', s.n - (size_t)(open - s.p));

		*before = (struct crm_str){s.p, (size_t)(open - s.p)};
		a.p = open + 1;
		a.n = close != NULL ? (size_t)(close - a.p)
				    : s.n - (size_t)(a.p - s.p);
	}
	a = bare(a);
	p = a.n ? memchr(a.p, '?', a.n) : NULL;
	if (p != NULL) /* mailto:ann@example.org?subject=... */
		a.n = (size_t)(p - a.p);
	crm_buf_clear(b);
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != ' ' && a.p[i] != '\t')
			crm_buf_putc(b, a.p[i]);
	return crm_buf_str(b);
}

static int
by_id(struct crm_finding *f, struct crm_str s, struct crm_err *err)
{
	char upper[40];
	struct crm_value v;
	struct crm_id id;
	int r;

	if (s.n == 0 || s.n > sizeof upper)
		return CRM_OK;
	for (size_t i = 0; i < s.n; i++)
		upper[i] = (char)(s.p[i] >= 'a' && s.p[i] <= 'z' ? s.p[i] - 32
								 : s.p[i]);
	s.p = upper;
	if (crm_id_parse(f->schema, s, &id) < 0 || id.kind >= CRM_K_MAX)
		return CRM_OK;
	/* follows merges */
	r = crm_ref_find(f->txn, NULL, id.kind, f->schema, s, &v, err);
	if (r == CRM_OK)
		r = add_record(f, &f->schema->kind[id.kind], (uint64_t)v.i,
		    CRM_HOW_ID, err);
	return r == CRM_NOTFOUND || r == CRM_EDATA ? CRM_OK : r;
}

/* scheme:value, of customers and of what is theirs; kind/scheme:value. */
static int
by_reference(struct crm_finding *f, struct crm_str s, struct crm_err *err)
{
	const char *colon = s.n ? memchr(s.p, ':', s.n) : NULL;
	const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
	struct crm_str scheme, value;
	unsigned only = 0;
	struct crm_value v;
	int r = CRM_OK;

	if (colon == NULL)
		return CRM_OK;
	value = (struct crm_str){colon + 1, s.n - (size_t)(colon + 1 - s.p)};
	if (slash != NULL && slash < colon) {
		const struct crm_kind *k = crm_schema_kind(
		    f->schema, (struct crm_str){s.p, (size_t)(slash - s.p)});

		if (k == NULL)
			return CRM_OK;
		only = k->number;
		s.n -= (size_t)(slash + 1 - s.p);
		s.p = slash + 1;
	}
	scheme = (struct crm_str){s.p, (size_t)(colon - s.p)};
	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++) {
		const struct crm_kind *k = &f->schema->kind[i];

		if ((only != 0 && i != only) ||
		    (i != CRM_K_CUSTOMER && owner_field(k) < 0))
			continue;
		r = add_ident(f, k, scheme, value, CRM_HOW_REFERENCE, err);
		/* a field of the settings may be unique: vat_id:DE12 */
		if (r < 0 || f->n > 0 || crm_kind_field(k, scheme) < 0)
			continue;
		r = crm_ref_find(f->txn, NULL, i, f->schema, s, &v, err);
		if (r == CRM_OK)
			r = add_record(
			    f, k, (uint64_t)v.i, CRM_HOW_REFERENCE, err);
		if (r == CRM_NOTFOUND || r == CRM_EDATA)
			r = CRM_OK;
	}
	return r;
}

static bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* The first that can be dialled of a text, "Tel. 030/1234567 ext. 12": digits
 * enough and what stands between them; n 0: there is none. */
static struct crm_str
dialled(struct crm_str s)
{
	static const char sign[] = " -./)\t+(0123456789", *first = sign + 6;

	for (size_t i = 0, end; i < s.n; i = end) {
		size_t digits = 0;

		end = i + 1;
		if (s.p[i] == '\0' || !strchr(first, s.p[i]) ||
		    (i > 0 && is_word(s.p[i - 1])))
			continue;
		for (end = i; end < s.n && s.p[end] && strchr(sign, s.p[end]);
		     end++)
			digits += s.p[end] >= '0' && s.p[end] <= '9';
		if (digits >= DIGITS_MIN)
			return (struct crm_str){s.p + i, end - i};
	}
	return none;
}

/* A number by the store's country; else as many exchanges show it, with the
 * country's code and no +. */
static int
by_phone(struct crm_finding *f, const struct crm_kind *k, struct crm_str s,
    struct crm_err *err)
{
	struct crm_buf b = {.max = TEXT_MAX + 1};
	int r = add_ident(f, k, CRM_STR("phone"), s, CRM_HOW_PHONE, err);

	if (r == CRM_OK && f->n == 0) {
		crm_buf_putc(&b, '+');
		crm_buf_putstr(&b, s);
		r = crm_buf_check(&b, err);
		if (r == CRM_OK)
			r = add_ident(f, k, CRM_STR("phone"), crm_buf_str(&b),
			    CRM_HOW_PHONE, err);
	}
	crm_buf_release(&b);
	return r;
}

/* How many bytes stand before the first of some. */
static size_t
str_span(struct crm_str s, const char *stop)
{
	size_t n = 0;

	while (n < s.n && strchr(stop, s.p[n]) == NULL)
		n++;
	return n;
}

/* The numbers of orders and the like: a word of the query with and without
 * its #, the way shops write them. */
static int
by_number(struct crm_finding *f, struct crm_str s, struct crm_err *err)
{
	const char *hash = s.n ? memrchr(s.p, '#', s.n) : NULL;
	struct crm_buf b = {.max = TEXT_MAX + 1};
	int r = CRM_OK;

	if (hash != NULL && hash > s.p) { /* Re: [#T7] your order */
		s = (struct crm_str){hash, s.n - (size_t)(hash - s.p)};
		s.n = str_span(s, " \t])>,;");
	}
	s = bare(s);
	crm_buf_putc(&b, '#');
	crm_buf_putstr(&b, s);
	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++) {
		const struct crm_kind *k = &f->schema->kind[i];

		if (owner_field(k) < 0)
			continue;
		for (size_t j = 1; j < k->nfields && r == CRM_OK; j++) {
			struct crm_str scheme = crm_str(k->fields[j].name);

			if (!(k->fields[j].flags & CRM_F_IDENT))
				continue;
			r = add_ident(f, k, scheme, s, CRM_HOW_RECORD, err);
			if (r == CRM_OK)
				r = add_ident(f, k, scheme, crm_buf_str(&b),
				    CRM_HOW_RECORD, err);
		}
	}
	if (r == CRM_OK && hash != NULL)
		r = by_id(f, s, err); /* Re: [#T7] */
	crm_buf_release(&b);
	return r;
}

static int
by_what_it_is(struct crm_finding *f, struct crm_str s, struct crm_str mail,
    struct crm_err *err)
{
	const struct crm_kind *k = &f->schema->kind[CRM_K_CUSTOMER];
	int r = by_id(f, bare(s), err);

	if (r == CRM_OK && mail.n > 0)
		r = add_ident(f, k, CRM_STR("email"), mail, CRM_HOW_EMAIL, err);
	if (r == CRM_OK && f->n == 0)
		r = by_reference(f, s, err);
	if (r == CRM_OK && f->n == 0 && dialled(s).n > 0)
		r = by_phone(f, k, dialled(s), err);
	if (r == CRM_OK && mail.n == 0)
		r = by_number(f, s, err);
	return r;
}

int
crm_find(struct crm_txn *t, const struct crm_schema *s, struct crm_str query,
    const struct crm_find_options *opt, struct crm_found *out, size_t *n,
    bool *more, struct crm_err *err)
{
	struct crm_finding f = {.txn = t, .schema = s, .opt = opt, .out = out};
	struct crm_buf entered = {.max = TEXT_MAX}, mail = {.max = TEXT_MAX};
	struct crm_str text, before, at;
	int r;

	*n = 0;
	*more = false;
	r = crm_text_enter(query, 0, NULL, &entered, err);
	if (r < 0)
		goto out;
	text = crm_str_trim(crm_buf_str(&entered));
	at = address(text, &mail, &before);
	r = by_what_it_is(&f, text, at, err);
	if (r == CRM_OK && f.n == 0)
		r = crm_find_names(&f, at.n > 0 ? before : text, err);
	*n = f.n;
	*more = f.more;
out:
	crm_buf_release(&entered);
	crm_buf_release(&mail);
	return r;
}

/* ---- what is open ---- */

int
crm_find_ticket(struct crm_txn *t, const struct crm_schema *s,
    uint64_t customer, struct crm_value *out, struct crm_err *err)
{
	const struct crm_kind *k = &s->kind[CRM_K_TICKET];
	struct crm_value of = crm_value_id(CRM_K_CUSTOMER, customer);
	int f = k->name ? owner_field(k) : -1;
	struct crm_buf key = {.max = CRM_KEY_MAX};
	struct crm_cursor *cur = NULL;
	struct crm_arena arena = {0};
	struct crm_want want = {{0}, 0};
	struct crm_record *rec;
	struct crm_str at, v, tail;
	uint64_t number;
	int r;

	*out = (struct crm_value){0};
	if (f < 0)
		return CRM_OK;
	crm_want_field(&want, crm_kind_field(k, CRM_STR("state")));
	rec = crm_record_new(k, &arena);
	if (rec == NULL)
		return crm_err_nomem(err);
	crm_index_key(&key, k->number, k->fields[f].tag, &of, 0);
	r = crm_buf_check(&key, err);
	if (r == CRM_OK)
		r = crm_cursor_open(t, CRM_TAB_INDEX, &cur, err);
	if (r == CRM_OK)
		r = crm_cursor_seek(cur, crm_buf_str(&key), &at, &v, err);
	while (r == CRM_OK && at.n == key.n + 8 &&
	       crm_str_starts(at, crm_buf_str(&key))) {
		tail = (struct crm_str){at.p + key.n, 8};
		crm_take_be(&tail, 8, &number);
		r = crm_record_read(t, k, number, &want, rec, err);
		if (r == CRM_OK &&
		    !crm_str_is(crm_record_get(rec, "state")->s, "closed"))
			*out = crm_value_id(k->number, number);
		if (r == CRM_OK || r == CRM_NOTFOUND)
			r = crm_cursor_next(cur, &at, &v, err);
	}
	crm_cursor_close(cur);
	crm_buf_release(&key);
	crm_arena_release(&arena);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}
