/*
 * id.c - the text of ids.
 *
 * The long form has ten digits, so that ids sort as bytes and look like no
 * number; past ten digits it grows, which sorts wrongly only in a shop with more
 * than ten thousand million of a kind.  Letters of later kinds are known
 * already: what they name can be told apart from a mistyped word.
 */
#include <string.h>

#include <crm/schema.h>

#include "base/word.h"

#define DIGITS 10

/* The text that is left to read. */
struct rest {
	const char *p, *end;
};

/* Takes a number, 1 .. max (at most INT64_MAX), off the front. */
static inline bool
take_number(struct rest *t, uint64_t max, uint64_t *out)
{
	const char *p = t->p;
	uint64_t v = 0;

	if (t->end - p >= 8 && crm_word_digits(crm_word(p) ^ CRM_ZEROS, &v))
		p += 8;
	for (; p < t->end && *p >= '0' && *p <= '9'; p++) {
		unsigned d = (unsigned)(*p - '0');

		/* eighteen digits fit whatever they are */
		if (p - t->p >= 18 && v > ((uint64_t)INT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	t->p = p;
	*out = v;
	return v > 0 && v <= max;
}

/* Takes letters off the front. */
static inline struct crm_str
take_letters(struct rest *t, char first, char last)
{
	struct crm_str word = {t->p, 0};

	while (t->p < t->end && *t->p >= first && *t->p <= last)
		t->p++;
	word.n = (size_t)(t->p - word.p);
	return word;
}

/* Letters are one or two: less than a call of strcmp takes. */
static inline bool
spelled(struct crm_str word, const char *letters)
{
	for (size_t i = 0; i < word.n; i++)
		if (letters[i] != word.p[i])
			return false;
	return letters[word.n] == '\0';
}

/* The kind of some letters, 0 none. */
static inline uint8_t
kind_of(struct crm_str word)
{
	const struct crm_letter *l = crm_letters;

	while (l->kind && !spelled(word, l->letter))
		l++;
	return l->kind;
}

/* The part of some letters, 1 + its index, 0 none. */
static inline uint8_t
part_of(const struct crm_kind *k, struct crm_str word)
{
	for (uint8_t i = 0; i < k->nparts; i++)
		if (spelled(word, k->parts[i].letter))
			return (uint8_t)(i + 1);
	return 0;
}

int
crm_id_parse(
    const struct crm_schema *s, struct crm_str text, struct crm_id *out)
{
	struct rest t = {text.p, text.p + text.n};
	struct crm_str word;
	uint64_t sub;

	*out = (struct crm_id){0};
	if (text.n < 2)
		return CRM_EDATA;
	out->kind = kind_of(take_letters(&t, 'A', 'Z'));
	if (!out->kind || !take_number(&t, INT64_MAX, &out->number))
		return CRM_EDATA;
	if (t.p == t.end)
		return CRM_OK;
	if (*t.p++ != '-')
		return CRM_EDATA;
	word = take_letters(&t, 'a', 'z');
	if (!take_number(&t, UINT32_MAX, &sub) || t.p < t.end)
		return CRM_EDATA;
	out->part = part_of(&s->kind[out->kind], word);
	out->sub = out->part ? (uint32_t)sub : 0;
	return out->part ? CRM_OK : CRM_EDATA;
}

const struct crm_letter *
crm_letter_of(unsigned kind)
{
	static const struct crm_letter none = {0, "record", "?"};
	const struct crm_letter *l = crm_letters;

	while (l->kind && l->kind != kind)
		l++;
	return l->kind ? l : &none;
}

const char *
crm_article(const char *name)
{
	return name[0] && strchr("aeiou", name[0]) ? "an" : "a";
}

/* The letter of a part; lines have none. */
static const char *
part_letter(const struct crm_schema *s, const struct crm_id *id)
{
	const struct crm_kind *k = &s->kind[id->kind % CRM_K_MAX];

	if (id->part > 0 && id->part <= k->nparts)
		return k->parts[id->part - 1].letter;
	return "";
}

void
crm_id_put(const struct crm_schema *s, struct crm_buf *b,
    const struct crm_id *id, bool brief)
{
	char own[32], *at = crm_buf_at(b, own, sizeof own), *p = at;
	const char *letter = crm_letter_of(id->kind)->letter;

	/* Letters are one or two. */
	while (*letter)
		*p++ = *letter++;
	p = crm_digits_at(p, id->number, brief ? 1 : DIGITS);
	crm_buf_upto(b, at, own, p);
	if (id->sub > 0) {
		crm_buf_putc(b, '-');
		crm_buf_puts(b, part_letter(s, id));
		crm_buf_putu(b, id->sub);
	}
}
