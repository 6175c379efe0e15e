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
	    {"forename", CRM_DUP_GIVEN},
	    {"vorname", CRM_DUP_GIVEN},
	    {"family", CRM_DUP_FAMILY},
	    {"surname", CRM_DUP_FAMILY},
	    {"last_name", CRM_DUP_FAMILY},
	    {"lastname", CRM_DUP_FAMILY},
	    {"lname", CRM_DUP_FAMILY},
	    {"nachname", CRM_DUP_FAMILY},
	    {"familienname", CRM_DUP_FAMILY},
	    {"mail", CRM_DUP_EMAIL},
	    {"phone", CRM_DUP_PHONE},
	    {"fax", CRM_DUP_PHONE},
	    {"mobil", CRM_DUP_PHONE},
	    {"telefon", CRM_DUP_PHONE},
	    {"handy", CRM_DUP_PHONE},
	    {"birth", CRM_DUP_DATE},
	    {"date", CRM_DUP_DATE},
	    {"dob", CRM_DUP_DATE},
	    {"geburtsdatum", CRM_DUP_DATE},
	    {"geburtstag", CRM_DUP_DATE},
	    {"geboren", CRM_DUP_DATE},
	    {"postcode", CRM_DUP_POSTCODE},
	    {"zip", CRM_DUP_POSTCODE},
	    {"postal", CRM_DUP_POSTCODE},
	    {"plz", CRM_DUP_POSTCODE},
	    {"postleitzahl", CRM_DUP_POSTCODE},
	    {"number", CRM_DUP_CODE},
	    {"nummer", CRM_DUP_CODE},
	    {"street", CRM_DUP_STREET},
	    {"address", CRM_DUP_STREET},
	    {"strasse", CRM_DUP_STREET},
	    {"adresse", CRM_DUP_STREET},
	    {"city", CRM_DUP_PLACE},
	    {"town", CRM_DUP_PLACE},
	    {"suburb", CRM_DUP_PLACE},
	    {"state", CRM_DUP_PLACE},
	    {"region", CRM_DUP_PLACE},
	    {"wohnort", CRM_DUP_PLACE},
	    {"stadt", CRM_DUP_PLACE},
	    {"name", CRM_DUP_NAME},
	    {"company", CRM_DUP_NAME},
	    {"firma", CRM_DUP_NAME},
	    {"_id", CRM_DUP_CODE},
	    {"sec", CRM_DUP_CODE},
	    {"ssn", CRM_DUP_CODE},
	    {"vat", CRM_DUP_CODE},
	};

	/* Too short to be looked for within others. */
	if (crm_str_is(name, "ort"))
		return CRM_DUP_PLACE;
	if (crm_str_is(name, "tel"))
		return CRM_DUP_PHONE;
	for (size_t i = 0; i < sizeof guess / sizeof *guess; i++)
		if (memmem(
			name.p, name.n, guess[i].part, strlen(guess[i].part)))
			return guess[i].type;
	return -1;
}

/* Do people who live together have such a column in common?  The company is
 * one for those who work together; a number is, when it is a house's. */
static bool
of_home(int type, struct crm_str name)
{
	switch (type) {
	case CRM_DUP_FAMILY:
	case CRM_DUP_STREET:
	case CRM_DUP_PLACE:
	case CRM_DUP_POSTCODE:
	case CRM_DUP_PHONE:
	case CRM_DUP_EMAIL:
		return true;
	case CRM_DUP_NAME:
		return crm_str_is(name, "company");
	case CRM_DUP_CODE:
		return memmem(name.p, name.n, "street", 6) ||
		       memmem(name.p, name.n, "addr", 4) ||
		       memmem(name.p, name.n, "hous", 4) ||
		       memmem(name.p, name.n, "haus", 4);
	default:
		return false;
	}
}

char
crm_dup_date_part(struct crm_str name)
{
	static const struct {
		const char *name;
		char part;
	} parts[] = {{"by", 'y'}, {"bm", 'm'}, {"bd", 'd'}};
	static const char *const words[] = {"year", "month", "day"};

	for (size_t i = 0; i < 3; i++)
		if (crm_str_is(name, parts[i].name))
			return parts[i].part;
	if (!memmem(name.p, name.n, "birth", 5) &&
	    !memmem(name.p, name.n, "dob", 3))
		return 0;
	for (size_t i = 0; i < 3; i++)
		if (memmem(name.p, name.n, words[i], strlen(words[i])))
			return words[i][0];
	return 0;
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
	c->home = of_home(type, name);
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
	return type == CRM_DUP_CODE || type == CRM_DUP_PHONE ||
	       type == CRM_DUP_POSTCODE;
}

static bool
keep(int type, int32_t cp)
{
	unsigned class = crm_utf8_class(cp);

	if (type == CRM_DUP_PHONE)
		return class & CRM_CP_DIGIT;
	if (bare(type))
		return class & (CRM_CP_DIGIT | CRM_CP_ALPHA);
	return !(class & CRM_CP_PUNCT) || type == CRM_DUP_EMAIL;
}

/* Kept whatever else there is: most of all characters. */
static bool
plain(int type, int32_t cp)
{
	return (cp >= '0' && cp <= '9') ||
	       (cp >= 'a' && cp <= 'z' && type != CRM_DUP_DATE &&
		   type != CRM_DUP_PHONE);
}

/* Appends a folded letter, if it counts.  gap: a space is due before the
 * next. */
static void
fold_letter(int type, int32_t cp, bool *gap, struct crm_buf *out)
{
	if (!*gap && plain(type, cp)) {
		crm_buf_putc(out, (char)cp);
		return;
	}
	if (!keep(type, cp)) {
		/* An apostrophe does not part words. */
		*gap |= cp == '-' || cp == '.' || cp == ',' || cp == '/';
		return;
	}
	if (crm_utf8_class(cp) & CRM_CP_SPACE) {
		*gap = true;
		return;
	}
	if (*gap && out->n > 0 && !bare(type))
		crm_buf_putc(out, ' ');
	*gap = false;
	crm_utf8_put(out, cp);
}

/* What is all ASCII needs no tables of Unicode. */
static bool
fold_ascii(int type, struct crm_str s, struct crm_buf *out)
{
	unsigned all = 0;
	bool gap = false;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	if (all >= 0x80)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int32_t c = (unsigned char)s.p[i];

		fold_letter(
		    type, c >= 'A' && c <= 'Z' ? c | 0x20 : c, &gap, out);
	}
	return true;
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
	if (fold_ascii(type, s, out))
		return crm_buf_check(out, err);
	while (s.n > 0 && !crm_utf8_valid(s, NULL))
		s.n--;
	code = crm_text_search(s, &b, err);
	for (rest = crm_buf_str(&b);
	     code == CRM_OK && (n = crm_utf8_next(rest, &cp)) > 0;
	     rest.p += n, rest.n -= n)
		fold_letter(type, cp, &gap, out);
	crm_buf_release(&b);
	return code < 0 ? code : crm_buf_check(out, err);
}

/* Two or three numbers that end up as year, month and day, in the order in
 * which they are written: the year where there are four digits, the day first
 * unless it cannot be one. */
static bool
order_date(const unsigned v[3], const size_t digits[3], unsigned out[3])
{
	size_t y = digits[0] == 4 ? 0 : 2, a = y == 0 ? 1 : 0;
	bool day_first = y != 0 && v[1] <= 12;

	if (digits[y] != 4 && digits[y] != 2)
		return false;
	if (digits[1] > 2 || digits[2 - y] > 2)
		return false;
	out[0] = v[y];
	if (digits[y] == 2)
		out[0] += v[y] > 30 ? 1900 : 2000;
	out[1] = v[day_first ? 1 : a];
	out[2] = v[day_first ? 0 : a + 1];
	return true;
}

static void
put_date(struct crm_buf *out, const unsigned d[3])
{
	unsigned v = (d[0] * 100 + d[1]) * 100 + d[2];

	for (unsigned at = 10000000; at > 0; at /= 10)
		crm_buf_putc(out, (char)('0' + v / at % 10));
}

/*
 * A date as eight digits, year first; what is no date, but nearly one, as its
 * digits.  A time of the day is left out.
 */
static int
fold_date(struct crm_str s, struct crm_buf *out, struct crm_err *err)
{
	unsigned v[3] = {0}, d[3];
	size_t digits[3] = {0}, n = 0, all = 0;
	bool in = false;

	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';

		if (digit && !in && n == 3)
			break;
		n += digit && !in;
		in = digit;
		if (!digit)
			continue;
		all++;
		if (digits[n - 1]++ < 8)
			v[n - 1] = v[n - 1] * 10 + (unsigned)(s.p[i] - '0');
	}
	if (n == 3 && order_date(v, digits, d))
		put_date(out, d);
	else if (all >= 7 && all <= 9)
		for (size_t i = 0; i < s.n; i++)
			if (s.p[i] >= '0' && s.p[i] <= '9')
				crm_buf_putc(out, s.p[i]);
	return crm_buf_check(out, err);
}

static uint32_t
number(const uint32_t *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (p[i] - '0');
	return v;
}

/* The keys of a value; of its letters, only rules ask for those. */
static int
view(struct dup_value *v, struct crm_err *err)
{
	struct crm_buf sound = {.max = CRM_ALIKE_MAX * 12};
	struct crm_word w = {v->p, v->n}, head;
	size_t longest = 0, from = 0;
	int code;

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

int
crm_dup_view(struct crm_dups *d, struct crm_err *err)
{
	int code = CRM_OK;

	for (size_t i = 0; i < d->columns; i++) {
		struct crm_dup_column *c = &d->column[i];

		for (; c->viewed < c->values && code == CRM_OK; c->viewed++)
			code = view(&c->value[c->viewed], err);
	}
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
	for (; s.n > 0 && (unsigned char)*s.p < 0x80; s.p++, s.n--)
		p[v->n++] = (unsigned char)*s.p;
	for (size_t n; (n = crm_utf8_next(s, &cp)) > 0; s.p += n, s.n -= n)
		p[v->n++] = (uint32_t)cp;
	if (c->type == CRM_DUP_DATE && v->n == 8) {
		v->year = number(v->p, 4);
		v->day = number(v->p + 4, 4);
	}
	c->values++;
	return CRM_OK;
}

static int
put(struct crm_dup_column *c, struct crm_str s, struct crm_buf *b, uint32_t *of,
    struct crm_err *err)
{
	uint64_t id = 0;
	int code;

	crm_buf_clear(b);
	code = c->type == CRM_DUP_DATE ? fold_date(s, b, err)
				       : fold(c->type, s, b, err);
	if (code < 0)
		return code;
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
