/*
 * ident.c - the forms identities are kept in, and their keys.
 *
 * What the outside calls a record is looked up in one table for all kinds
 * and schemes.  The questionable decision: the whole of an e-mail address is
 * folded, not only its domain.  RFC 5321 lets the local part be case
 * sensitive; no mail provider that a shop's customers use makes it so, and
 * two records for Ann@ and ann@ are the commoner harm.
 */
#include <crm/model.h>
#include <crm/utf8.h>

#include "phone.h"

#define VALUE_MAX 320

/* A scheme has the form of a column name. */
static bool
scheme_valid(struct crm_str s)
{
	size_t i;

	if (s.n == 0 || s.n > 63 || s.p[0] < 'a' || s.p[0] > 'z')
		return false;
	for (i = 1; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
			return false;
	return true;
}

static bool
email_valid(struct crm_str s)
{
	const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
	size_t i, local;

	if (at == NULL)
		return false;
	local = (size_t)(at - s.p);
	if (local == 0 || local + 1 >= s.n ||
	    memchr(at + 1, '@', s.n - local - 1) != NULL)
		return false;
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == ',' ||
		    s.p[i] == '<' || s.p[i] == '>')
			return false;
	return s.p[local + 1] != '.' && s.p[s.n - 1] != '.';
}

static int
email_normal(struct crm_str value, struct crm_buf *out, struct crm_err *err)
{
	struct crm_buf text = {.max = 1 << 20};
	int r;

	if (!email_valid(value))
		return crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not an e-mail address",
		    (int)(value.n < 200 ? value.n : 200), value.p);
	r = crm_text_enter(value, 0, NULL, &text, err);
	if (r == CRM_OK)
		r = crm_buf_check(&text, err);
	if (r == CRM_OK)
		r = crm_text_fold(crm_buf_str(&text), out, err);
	crm_buf_release(&text);
	return r;
}

int
crm_ident_normal(const struct crm_schema *s, struct crm_str scheme,
    struct crm_str value, struct crm_buf *out, struct crm_err *err)
{
	size_t before = out->n;
	int r;

	value = crm_str_trim(value);
	if (!scheme_valid(scheme))
		return crm_err_set(err, CRM_EDATA,
		    "'%.*s' is not the name of a scheme (a-z, 0-9, _)",
		    (int)(scheme.n < 80 ? scheme.n : 80), scheme.p);
	if (value.n == 0)
		return crm_err_set(err, CRM_EDATA,
		    "an identity of the scheme '%.*s' needs a value",
		    (int)scheme.n, scheme.p);
	if (crm_str_is(scheme, "email"))
		r = email_normal(value, out, err);
	else if (crm_str_is(scheme, "phone"))
		r = crm_phone_normal(s, value, out, err);
	else if (crm_text_plain(value)) {
		crm_buf_putstr(out, value);
		r = CRM_OK;
	} else
		r = crm_text_enter(value, 0, NULL, out, err);
	if (r < 0)
		return r;
	if (out->n - before > VALUE_MAX)
		return crm_err_set(err, CRM_EDATA,
		    "an identity has at most %d bytes, this one %zu", VALUE_MAX,
		    out->n - before);
	return crm_buf_check(out, err);
}

bool
crm_ident_unique(struct crm_str scheme)
{
	return !crm_str_is(scheme, "phone");
}

bool
crm_ident_ignored(
    const struct crm_schema *s, struct crm_str scheme, struct crm_str normal)
{
	struct crm_str rest, item, name, value;
	const char *colon;

	if (s->settings == NULL || s->settings->ignore.n == 0)
		return false;
	rest = s->settings->ignore;
	while (crm_str_split(&rest, ',', &item)) {
		colon = item.n ? memchr(item.p, ':', item.n) : NULL;
		if (colon == NULL)
			continue;
		name = (struct crm_str){item.p, (size_t)(colon - item.p)};
		value = (struct crm_str){colon + 1, item.n - name.n - 1};
		if (!crm_str_eq(name, scheme))
			continue;
		/* "noemail@*" stands for every address that begins so, and
		 * "*@relay.example" for every one that ends so */
		if (value.n > 0 && value.p[value.n - 1] == '*' &&
		    crm_str_starts(
			normal, (struct crm_str){value.p, value.n - 1}))
			return true;
		if (value.n > 1 && value.p[0] == '*' &&
		    normal.n >= value.n - 1 &&
		    memcmp(normal.p + normal.n - (value.n - 1), value.p + 1,
			value.n - 1) == 0)
			return true;
		if (crm_str_eq(value, normal))
			return true;
	}
	return false;
}

void
crm_ident_key(struct crm_buf *b, unsigned kind, struct crm_str scheme,
    struct crm_str normal, uint64_t number)
{
	crm_buf_putc(b, (char)kind);
	crm_buf_putstr(b, scheme);
	crm_buf_putc(b, '\0');
	crm_buf_putstr(b, normal);
	crm_buf_putc(b, '\0');
	if (number != 0)
		crm_buf_putbe(b, number, 8);
}

void
crm_word_key(
    struct crm_buf *b, unsigned kind, struct crm_str word, uint64_t number)
{
	crm_buf_putc(b, (char)kind);
	crm_buf_putbe(b, CRM_TAG_WORDS, 2);
	crm_buf_putstr(b, word);
	crm_buf_putc(b, '\0');
	if (number != 0)
		crm_buf_putbe(b, number, 8);
}

void
crm_index_key(struct crm_buf *b, unsigned kind, unsigned tag,
    const struct crm_value *v, uint64_t number)
{
	crm_buf_putc(b, (char)kind);
	crm_buf_putbe(b, tag, 2);
	crm_value_key(b, v);
	if (number != 0)
		crm_buf_putbe(b, number, 8);
}
