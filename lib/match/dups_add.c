/*
 * dups_add.c - columns and records on their way in.
 *
 * Every distinct value is kept once, folded, with what is asked of it again
 * and again (its code points, its sound, how many have it): two records are
 * then compared by numbers, and by letters only where these differ.
 */
#include <stdlib.h>
#include <string.h>

#include <crm/utf8.h>

#include "dups.h"

static const char *const type_names[CRM_DUP_TYPES] = {"given", "family", "name",
    "text", "street", "place", "postcode", "date", "code", "phone", "email"};

const char *
crm_dup_type_name(int type)
{
	return type >= 0 && type < CRM_DUP_TYPES ? type_names[type] : NULL;
}

int
crm_dup_type_guess(struct crm_str name)
{
	/* A part of the name, in the order in which they are tried. */
	static const struct {
		const char *part;
		int type;
	} guess[] = {
	    {"given", CRM_DUP_GIVEN},
	    {"first", CRM_DUP_GIVEN},
	    {"fname", CRM_DUP_GIVEN},
	    {"family", CRM_DUP_FAMILY},
	    {"surname", CRM_DUP_FAMILY},
	    {"last_name", CRM_DUP_FAMILY},
	    {"lastname", CRM_DUP_FAMILY},
	    {"lname", CRM_DUP_FAMILY},
	    {"mail", CRM_DUP_EMAIL},
	    {"phone", CRM_DUP_PHONE},
	    {"fax", CRM_DUP_PHONE},
	    {"mobile", CRM_DUP_PHONE},
	    {"birth", CRM_DUP_DATE},
	    {"date", CRM_DUP_DATE},
	    {"dob", CRM_DUP_DATE},
	    {"postcode", CRM_DUP_POSTCODE},
	    {"zip", CRM_DUP_POSTCODE},
	    {"postal", CRM_DUP_POSTCODE},
	    {"number", CRM_DUP_CODE},
	    {"street", CRM_DUP_STREET},
	    {"address", CRM_DUP_STREET},
	    {"city", CRM_DUP_PLACE},
	    {"town", CRM_DUP_PLACE},
	    {"suburb", CRM_DUP_PLACE},
	    {"state", CRM_DUP_PLACE},
	    {"region", CRM_DUP_PLACE},
	    {"country", CRM_DUP_PLACE},
	    {"name", CRM_DUP_NAME},
	    {"company", CRM_DUP_NAME},
	    {"_id", CRM_DUP_CODE},
	    {"sec", CRM_DUP_CODE},
	    {"vat", CRM_DUP_CODE},
	};

	for (size_t i = 0; i < sizeof guess / sizeof *guess; i++)
		if (memmem(
			name.p, name.n, guess[i].part, strlen(guess[i].part)))
			return guess[i].type;
	return -1;
}

int
crm_dups_column(
    struct crm_dups *d, struct crm_str name, int type, struct crm_err *err)
{
	struct crm_dup_column *c;

	if (d->columns == CRM_DUP_COLUMNS) {
		crm_err_set(err, CRM_EDATA, "more than %d columns to compare",
		    CRM_DUP_COLUMNS);
		return CRM_EDATA;
	}
	if (!d->column)
		d->column = calloc(CRM_DUP_COLUMNS, sizeof *d->column);
	if (!d->column)
		return crm_err_nomem(err);
	c = &d->column[d->columns];
	if (!crm_grow(&c->value, &c->value_cap, 1, sizeof *c->value))
		return crm_err_nomem(err);
	c->value[0] = (struct dup_value){0};
	c->values = 1;
	c->type = type;
	if (name.n >= sizeof c->name)
		name.n = sizeof c->name - 1;
	memcpy(c->name, name.p, name.n);
	d->columns++;
	return CRM_OK;
}

const char *
crm_dups_name(const struct crm_dups *d, size_t column)
{
	return d->column[column].name;
}

int
crm_dups_type(const struct crm_dups *d, size_t column)
{
	return d->column[column].type;
}

void
crm_dups_text(const struct crm_dups *d, size_t column, uint32_t record,
    struct crm_buf *out)
{
	const struct dup_value *v = dup_value(d, column, record);

	for (uint32_t i = 0; i < v->n; i++)
		crm_utf8_put(out, (int32_t)v->p[i]);
}

/* Digits and letters only, which is what a code is, whatever is put between
 * them. */
static bool
bare(int type)
{
	return type == CRM_DUP_DATE || type == CRM_DUP_CODE ||
	       type == CRM_DUP_PHONE || type == CRM_DUP_POSTCODE;
}

static bool
keep(int type, int32_t cp)
{
	unsigned class = crm_utf8_class(cp);

	if (type == CRM_DUP_DATE || type == CRM_DUP_PHONE)
		return class & CRM_CP_DIGIT;
	if (bare(type))
		return class & (CRM_CP_DIGIT | CRM_CP_ALPHA);
	return !(class & CRM_CP_PUNCT) || type == CRM_DUP_EMAIL;
}

/* s folded, one space between words, as bytes. */
static int
fold(int type, struct crm_str s, struct crm_buf *out, struct crm_err *err)
{
	struct crm_buf b = {.max = CRM_ALIKE_MAX * 8};
	struct crm_str rest;
	int32_t cp;
	bool gap = false;
	size_t n;
	int code;

	if (s.n > CRM_ALIKE_MAX)
		s.n = CRM_ALIKE_MAX;
	while (s.n > 0 && !crm_utf8_valid(s, NULL))
		s.n--;
	code = crm_text_search(s, &b, err);
	for (rest = crm_buf_str(&b);
	     code == CRM_OK && (n = crm_utf8_next(rest, &cp)) > 0;
	     rest.p += n, rest.n -= n) {
		if (!keep(type, cp)) {
			/* An apostrophe does not part words. */
			gap |= cp == '-' || cp == '.' || cp == ',' || cp == '/';
			continue;
		}
		if (crm_utf8_class(cp) & CRM_CP_SPACE) {
			gap = true;
			continue;
		}
		if (gap && out->n > 0 && !bare(type))
			crm_buf_putc(out, ' ');
		gap = false;
		crm_utf8_put(out, cp);
	}
	crm_buf_release(&b);
	return code < 0 ? code : crm_buf_check(out, err);
}

static uint32_t
number(const uint32_t *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (p[i] - '0');
	return v;
}

/* The keys of a value. */
static int
view(int type, struct dup_value *v, struct crm_err *err)
{
	struct crm_buf sound = {.max = CRM_ALIKE_MAX * 12};
	struct crm_word w = {v->p, v->n}, head;
	size_t longest = 0, from = 0;
	int code;

	if (type == CRM_DUP_DATE && w.n == 8) {
		v->year = number(w.p, 4);
		v->day = number(w.p + 4, 4);
	}
	/* Of several words the longest is the one that says most. */
	for (size_t i = 0; i <= w.n; i++)
		if (i == w.n || w.p[i] == ' ') {
			if (i - from > longest) {
				longest = i - from;
				head = (struct crm_word){w.p + from, longest};
			}
			from = i + 1;
		}
	if (longest == 0)
		return CRM_OK;
	crm_word_sound(head, &sound);
	code = crm_buf_check(&sound, err);
	if (code == CRM_OK) {
		v->sound = crm_hash64(sound.p, sound.n) | 1;
		if (head.n > 4)
			head.n = 4;
		v->head = crm_hash64(head.p, head.n * sizeof *head.p) | 1;
	}
	crm_buf_release(&sound);
	return code;
}

/* A new value of the column. */
static int
enter(struct crm_dup_column *c, struct crm_str s, struct crm_err *err)
{
	struct dup_value *v;
	uint32_t *p;
	int32_t cp;

	if (!crm_grow(
		&c->value, &c->value_cap, c->values + 1, sizeof *c->value))
		return crm_err_nomem(err);
	p = crm_arena_alloc(&c->text, s.n * sizeof *p);
	if (!p)
		return crm_err_nomem(err);
	v = &c->value[c->values];
	*v = (struct dup_value){.p = p};
	for (size_t n; (n = crm_utf8_next(s, &cp)) > 0; s.p += n, s.n -= n)
		p[v->n++] = (uint32_t)cp;
	c->values++;
	return view(c->type, v, err);
}

static int
put(struct crm_dup_column *c, struct crm_str s, struct crm_buf *b, uint32_t *of,
    struct crm_err *err)
{
	uint64_t id = 0;
	int code;

	crm_buf_clear(b);
	code = fold(c->type, s, b, err);
	if (code < 0)
		return code;
	if (c->type == CRM_DUP_DATE && b->n != 8)
		crm_buf_clear(b);
	if (b->n > 0 && !crm_map_get(&c->ids, crm_buf_str(b), &id)) {
		id = c->values;
		code = enter(c, crm_buf_str(b), err);
		if (code == CRM_OK &&
		    crm_map_put(&c->ids, crm_buf_str(b), id, NULL) < 0)
			code = crm_err_nomem(err);
		if (code < 0)
			return code;
	}
	*of = (uint32_t)id;
	c->value[id].count++;
	c->known += id > 0;
	return CRM_OK;
}

int
crm_dups_add(
    struct crm_dups *d, const struct crm_str *values, struct crm_err *err)
{
	struct crm_buf b = {.max = CRM_ALIKE_MAX * 8};
	int code = CRM_OK;

	if (d->n == UINT32_MAX) {
		crm_err_set(err, CRM_EDATA, "more than 2^32 records");
		return CRM_EDATA;
	}
	if (!crm_grow(&d->of, &d->cap, (d->n + 1) * d->columns, sizeof *d->of))
		return crm_err_nomem(err);
	for (size_t i = 0; code == CRM_OK && i < d->columns; i++)
		code = put(&d->column[i], values[i], &b,
		    &d->of[d->n * d->columns + i], err);
	d->n += code == CRM_OK;
	crm_buf_release(&b);
	return code;
}

void
crm_dups_release(struct crm_dups *d)
{
	for (size_t i = 0; d->column && i < d->columns; i++) {
		struct crm_dup_column *c = &d->column[i];

		crm_map_release(&c->ids);
		crm_arena_release(&c->text);
		free(c->value);
	}
	free(d->column);
	for (size_t i = 0; i < d->rules; i++)
		free(d->rule[i].order);
	free(d->rule);
	free(d->place);
	crm_idmap_release(&d->names);
	free(d->of);
	*d = (struct crm_dups){0};
}
