/*
 * dups_level.c - to which of four levels two values agree.
 *
 * What a level is worth is learned, so the borders between them need not be
 * tuned to a shop: they only have to part what matches do often from what
 * strangers do often.
 */
#include <string.h>

#include "dups.h"

static struct crm_word
word(const struct dup_value *v)
{
	return (struct crm_word){v->p, v->n};
}

static bool
same(struct crm_word a, struct crm_word b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n * sizeof *a.p) == 0;
}

/* "j" for "john", in either. */
static bool
initial(struct crm_word a, struct crm_word b)
{
	return (a.n == 1 || b.n == 1) && a.p[0] == b.p[0];
}

static int
level_word(struct crm_word a, struct crm_word b, double close)
{
	double jaro = crm_word_jaro(a, b);

	if (jaro >= close)
		return CRM_DUP_CLOSE;
	if (jaro >= 0.8 || initial(a, b))
		return CRM_DUP_PARTLY;
	return CRM_DUP_DIFFER;
}

/* The first word of the text, taken from it. */
static struct crm_word
take_word(struct crm_word *w)
{
	struct crm_word out = {w->p, 0};

	while (out.n < w->n && out.p[out.n] != ' ')
		out.n++;
	w->p += out.n;
	w->n -= out.n;
	if (w->n > 0) {
		w->p++;
		w->n--;
	}
	return out;
}

/* The text without its spaces. */
static struct crm_word
joined(struct crm_word w, uint32_t out[CRM_ALIKE_MAX])
{
	struct crm_word j = {out, 0};

	for (size_t i = 0; i < w.n && j.n < CRM_ALIKE_MAX; i++)
		if (w.p[i] != ' ')
			out[j.n++] = w.p[i];
	return j;
}

/* How many of a's words b has, and how many there are. */
static size_t
words_in(struct crm_word a, struct crm_word b, size_t *of)
{
	size_t n = 0;

	for (*of = 0; a.n > 0; (*of)++) {
		struct crm_word w = take_word(&a), rest = b;

		while (rest.n > 0)
			if (same(w, take_word(&rest))) {
				n++;
				break;
			}
	}
	return n;
}

/* Several words: in another order, some left out, parted otherwise. */
static int
level_words(struct crm_word a, struct crm_word b)
{
	uint32_t one[CRM_ALIKE_MAX], two[CRM_ALIKE_MAX];
	struct crm_word x = joined(a, one), y = joined(b, two);
	size_t na, nb, common;
	int level;

	if (same(x, y))
		return CRM_DUP_CLOSE;
	level = crm_word_apart(x, y, 2) <= (x.n > 5 && y.n > 5 ? 2u : 1u)
		    ? CRM_DUP_CLOSE
		    : level_word(x, y, 0.93);
	if (level == CRM_DUP_CLOSE)
		return level;
	common = words_in(a, b, &na);
	(void)words_in(b, a, &nb);
	if (common >= 2 && common == (na < nb ? na : nb))
		return CRM_DUP_CLOSE;
	if (common > 0 && 2 * common >= (na < nb ? na : nb))
		return CRM_DUP_PARTLY;
	return level;
}

static int
level_digits(struct crm_word a, struct crm_word b)
{
	size_t longer = a.n > b.n ? a.n : b.n;
	size_t apart = crm_word_apart(a, b, 2);

	if (apart == 1 && longer >= 3)
		return CRM_DUP_CLOSE;
	if (apart == 2 && longer >= 5)
		return CRM_DUP_PARTLY;
	return CRM_DUP_DIFFER;
}

static int
level_date(const struct dup_value *a, const struct dup_value *b)
{
	int parts = (a->year == b->year) + (a->day / 100 == b->day / 100) +
		    (a->day % 100 == b->day % 100);

	/* One part of the three was heard or typed wrong. */
	if (a->day == 0 || b->day == 0)
		; /* no date: a digit too many or too few */
	else if (parts == 2 ||
		 (a->year == b->year && a->day / 100 == b->day % 100 &&
		     a->day % 100 == b->day / 100))
		return CRM_DUP_CLOSE;
	switch (crm_word_apart(word(a), word(b), 2)) {
	case 1:
		return CRM_DUP_CLOSE;
	case 2:
		return CRM_DUP_PARTLY;
	default:
		return CRM_DUP_DIFFER;
	}
}

/* Numbers written with and without country and trunk code end alike. */
static int
level_phone(struct crm_word a, struct crm_word b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	if (n > 8)
		n = 8;
	if (n >= 6 && same((struct crm_word){a.p + a.n - n, n},
			  (struct crm_word){b.p + b.n - n, n}))
		return CRM_DUP_CLOSE;
	return crm_word_apart(a, b, 1) <= 1 ? CRM_DUP_PARTLY : CRM_DUP_DIFFER;
}

static size_t
before_at(struct crm_word w)
{
	size_t i = 0;

	while (i < w.n && w.p[i] != '@')
		i++;
	return i;
}

/* Are the digits of both the same, in the same order?  ann1 and ann2 are two
 * people of one name. */
static bool
same_digits(struct crm_word a, struct crm_word b)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < a.n && (a.p[i] < '0' || a.p[i] > '9'))
			i++;
		while (k < b.n && (b.p[k] < '0' || b.p[k] > '9'))
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (a.p[i++] != b.p[k++])
			return false;
	}
}

static int
level_email(struct crm_word a, struct crm_word b)
{
	struct crm_word x = {a.p, before_at(a)}, y = {b.p, before_at(b)};

	if (!same_digits(x, y))
		return CRM_DUP_DIFFER;
	if (crm_word_apart(a, b, 1) <= 1)
		return CRM_DUP_CLOSE;
	return x.n >= 5 && same(x, y) ? CRM_DUP_PARTLY : CRM_DUP_DIFFER;
}

int
crm_dup_level(int type, const struct dup_value *a, const struct dup_value *b)
{
	struct crm_word x = word(a), y = word(b);

	if (x.n == 0 || y.n == 0)
		return CRM_DUP_MISSING;
	if (a == b || same(x, y))
		return CRM_DUP_EXACT;
	switch (type) {
	case CRM_DUP_GIVEN:
	case CRM_DUP_FAMILY:
		return crm_word_apart(x, y, 1) <= 1 && x.n > 2 && y.n > 2
			   ? CRM_DUP_CLOSE
			   : level_word(x, y, 0.92);
	case CRM_DUP_DATE:
		return level_date(a, b);
	case CRM_DUP_CODE:
	case CRM_DUP_POSTCODE:
		return level_digits(x, y);
	case CRM_DUP_PHONE:
		return level_phone(x, y);
	case CRM_DUP_EMAIL:
		return level_email(x, y);
	default:
		return level_words(x, y);
	}
}

/* One level less than exact, for names in each other's place. */
static uint8_t
lower(int level)
{
	return (uint8_t)(level == CRM_DUP_EXACT ? CRM_DUP_CLOSE : level);
}

/* Given and family name may have been exchanged: what they agree to then, one
 * level lower, when that is more.  Beside a name that is the same, an initial
 * is enough. */
static void
try_swapped(const struct crm_dups *d, size_t given, size_t family, uint32_t a,
    uint32_t b, uint8_t level[CRM_DUP_COLUMNS])
{
	int one = crm_dup_level(
	    CRM_DUP_GIVEN, dup_value(d, given, a), dup_value(d, family, b));
	int two = crm_dup_level(
	    CRM_DUP_FAMILY, dup_value(d, family, a), dup_value(d, given, b));
	int less = one < two ? one : two;

	if (less < CRM_DUP_PARTLY ||
	    (less == CRM_DUP_PARTLY && one != CRM_DUP_EXACT &&
		two != CRM_DUP_EXACT) ||
	    (one == CRM_DUP_MISSING && two == CRM_DUP_MISSING))
		return;
	if (one != CRM_DUP_MISSING)
		level[given] = lower(one);
	if (two != CRM_DUP_MISSING)
		level[family] = lower(two);
}

/* An address or telephone that many have (the till's, a hotel's) is nobody's.
 */
static bool
nobodys(int type, const struct dup_value *v)
{
	return (type == CRM_DUP_PHONE || type == CRM_DUP_EMAIL) &&
	       v->count > DUP_MANY;
}

void
crm_dup_levels(const struct crm_dups *d, uint32_t a, uint32_t b,
    uint8_t level[CRM_DUP_COLUMNS])
{
	size_t given = CRM_DUP_COLUMNS, family = CRM_DUP_COLUMNS;

	for (size_t i = 0; i < d->columns; i++) {
		const struct dup_value *x = dup_value(d, i, a);
		const struct dup_value *y = dup_value(d, i, b);

		level[i] = (uint8_t)crm_dup_level(d->column[i].type, x, y);
		if (x == y && nobodys(d->column[i].type, x))
			level[i] = CRM_DUP_MISSING;
		if (d->column[i].type == CRM_DUP_GIVEN && given > i)
			given = i;
		if (d->column[i].type == CRM_DUP_FAMILY && family > i)
			family = i;
	}
	if (given < CRM_DUP_COLUMNS && family < CRM_DUP_COLUMNS &&
	    (level[given] < CRM_DUP_PARTLY ||
		level[given] == CRM_DUP_MISSING) &&
	    (level[family] < CRM_DUP_PARTLY ||
		level[family] == CRM_DUP_MISSING))
		try_swapped(d, given, family, a, b, level);
}
