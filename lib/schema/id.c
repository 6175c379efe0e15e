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

#define DIGITS 10

/* The number that eight digits are, all at once (Lemire 2018). */
static bool
eight_digits(const char *p, uint64_t *out)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t w;

	memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	if ((w & ones * 0xf0) != ones * 0x30 ||
	    ((w + ones * 6) & ones * 0xf0) != ones * 0x30)
		return false;
	w -= ones * 0x30;
	w = w * 10 + (w >> 8);
	*out = (uint32_t)(((w & 0x000000ff000000ff) * 0x000f424000000064 +
			      (w >> 16 & 0x000000ff000000ff) *
				  0x0000271000000001) >>
			  32);
	return true;
}

/* Takes a number, 1 .. max (at most INT64_MAX), off the front. */
static bool
take_number(struct crm_str *t, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	if (t->n >= 8 && eight_digits(t->p, &v))
		i = 8;
	for (; i < t->n && t->p[i] >= '0' && t->p[i] <= '9'; i++) {
		unsigned d = (unsigned)(t->p[i] - '0');

		/* eighteen digits fit whatever they are */
		if (i >= 18 && v > ((uint64_t)INT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (v > max)
		return false;
	t->p += i;
	t->n -= i;
	*out = v;
	return v > 0;
}

static size_t
count_letters(struct crm_str t, char first, char last)
{
	size_t n = 0;

	while (n < t.n && t.p[n] >= first && t.p[n] <= last)
		n++;
	return n;
}

/* Takes the letters of the kind off the front; 0 when there are none. */
static uint8_t
take_kind(struct crm_str *t)
{
	size_t n = count_letters(*t, 'A', 'Z');
	struct crm_str word = {t->p, n};

	t->p += n;
	t->n -= n;
	if (n == 0)
		return 0;
	for (const struct crm_letter *l = crm_letters; l->kind; l++)
		if (l->letter[0] == word.p[0] && crm_str_is(word, l->letter))
			return l->kind;
	return 0;
}

static int
parse_part(const struct crm_kind *k, struct crm_str t, struct crm_id *out)
{
	size_t n = count_letters(t, 'a', 'z');
	struct crm_str letter = {t.p, n};
	uint64_t sub;

	t.p += n;
	t.n -= n;
	if (!take_number(&t, UINT32_MAX, &sub) || t.n > 0)
		return CRM_EDATA;
	for (uint8_t i = 0; i < k->nparts; i++)
		if (crm_str_is(letter, k->parts[i].letter)) {
			out->part = (uint8_t)(i + 1);
			out->sub = (uint32_t)sub;
			return CRM_OK;
		}
	return CRM_EDATA;
}

int
crm_id_parse(
    const struct crm_schema *s, struct crm_str text, struct crm_id *out)
{
	*out = (struct crm_id){0};
	if (text.n < 2)
		return CRM_EDATA;
	out->kind = take_kind(&text);
	if (!out->kind || !take_number(&text, INT64_MAX, &out->number))
		return CRM_EDATA;
	if (text.n == 0)
		return CRM_OK;
	if (text.p[0] != '-')
		return CRM_EDATA;
	text.p++;
	text.n--;
	return parse_part(&s->kind[out->kind], text, out);
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
