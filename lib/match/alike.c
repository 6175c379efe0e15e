/*
 * alike.c - how alike two words are: Jaro-Winkler, edits apart, their sound.
 *
 * On code points, so that a letter is one thing in every script; all memory
 * is on the stack, as these run millions of times.
 */
#include <string.h>

#include <crm/dedupe.h>

static size_t
at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

/* Marks what of a and b are the same letters, not farther apart than reach;
 * the number of them. */
static size_t
pair_letters(
    struct crm_word a, struct crm_word b, size_t reach, bool *in_a, bool *in_b)
{
	size_t found = 0;

	for (size_t i = 0; i < a.n; i++) {
		size_t from = i > reach ? i - reach : 0;
		size_t end = at_most(i + reach + 1, b.n);

		for (size_t k = from; k < end; k++)
			if (!in_b[k] && a.p[i] == b.p[k]) {
				in_a[i] = in_b[k] = true;
				found++;
				break;
			}
	}
	return found;
}

double
crm_word_jaro(struct crm_word a, struct crm_word b)
{
	bool in_a[CRM_ALIKE_MAX] = {0}, in_b[CRM_ALIKE_MAX] = {0};
	size_t longer, same, moved = 0, k = 0, head = 0;
	double m, jaro;

	a.n = at_most(a.n, CRM_ALIKE_MAX);
	b.n = at_most(b.n, CRM_ALIKE_MAX);
	if (a.n == 0 || b.n == 0)
		return a.n == b.n ? 1 : 0;
	longer = a.n > b.n ? a.n : b.n;
	same =
	    pair_letters(a, b, longer / 2 > 0 ? longer / 2 - 1 : 0, in_a, in_b);
	if (same == 0)
		return 0;
	for (size_t i = 0; i < a.n; i++) {
		if (!in_a[i])
			continue;
		while (!in_b[k])
			k++;
		moved += a.p[i] != b.p[k++];
	}
	m = (double)same;
	moved /= 2; /* two characters change places once */
	jaro =
	    (m / (double)a.n + m / (double)b.n + (m - (double)moved) / m) / 3;
	if (jaro <= 0.7)
		return jaro;
	while (head < 4 && head < a.n && head < b.n && a.p[head] == b.p[head])
		head++;
	return jaro + 0.1 * (double)head * (1 - jaro);
}

size_t
crm_word_apart(struct crm_word a, struct crm_word b, size_t max)
{
	size_t row[3][CRM_ALIKE_MAX + 1];
	size_t *before = row[0], *last = row[1], *now = row[2], *t, least;

	/* What they begin and end with alike needs no table. */
	for (; a.n > 0 && b.n > 0 && *a.p == *b.p; a.n--, b.n--) {
		a.p++;
		b.p++;
	}
	while (a.n > 0 && b.n > 0 && a.p[a.n - 1] == b.p[b.n - 1]) {
		a.n--;
		b.n--;
	}
	a.n = at_most(a.n, CRM_ALIKE_MAX);
	b.n = at_most(b.n, CRM_ALIKE_MAX);
	if ((a.n > b.n ? a.n - b.n : b.n - a.n) > max)
		return max + 1;
	for (size_t k = 0; k <= b.n; k++)
		last[k] = k;
	for (size_t i = 1; i <= a.n; i++) {
		now[0] = least = i;
		for (size_t k = 1; k <= b.n; k++) {
			size_t d = last[k - 1] + (a.p[i - 1] != b.p[k - 1]);

			d = at_most(d, last[k] + 1);
			d = at_most(d, now[k - 1] + 1);
			if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] &&
			    a.p[i - 2] == b.p[k - 1])
				d = at_most(d, before[k - 2] + 1);
			now[k] = d;
			least = at_most(least, d);
		}
		if (least > max)
			return max + 1;
		t = before;
		before = last;
		last = now;
		now = t;
	}
	return at_most(last[b.n], max + 1);
}

static bool
one_of(uint32_t c, const char *set)
{
	return c != 0 && c < 128 && strchr(set, (int)c) != NULL;
}

/* The digits of the letter at i: none, one, or two (X). */
static const char *
sound_of(struct crm_word w, size_t i)
{
	uint32_t c = w.p[i];
	uint32_t before = i > 0 ? w.p[i - 1] : 0;
	uint32_t after = i + 1 < w.n ? w.p[i + 1] : 0;

	if (one_of(c, "aeijouy"))
		return "0";
	if (c == 'b' || (c == 'p' && after != 'h'))
		return "1";
	if (one_of(c, "dt"))
		return one_of(after, "csz") ? "8" : "2";
	if (one_of(c, "fvwp"))
		return "3";
	if (one_of(c, "gkq"))
		return "4";
	if (c == 'x')
		return one_of(before, "ckq") ? "8" : "48";
	if (c == 'l')
		return "5";
	if (one_of(c, "mn"))
		return "6";
	if (c == 'r')
		return "7";
	if (one_of(c, "sz"))
		return "8";
	if (c != 'c')
		return "";
	if (i == 0)
		return one_of(after, "ahkloqrux") ? "4" : "8";
	if (one_of(before, "sz"))
		return "8";
	return one_of(after, "ahkoqux") ? "4" : "8";
}

void
crm_word_sound(struct crm_word w, struct crm_buf *out)
{
	char last = 0;
	bool begun = false;

	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] >= 128) {
			crm_buf_putu(out, w.p[i]);
			last = 0;
			begun = true;
			continue;
		}
		for (const char *s = sound_of(w, i); *s; s++) {
			/* Equal neighbours are one; vowels count at the
			 * beginning only, but keep neighbours apart. */
			if (*s != last && (*s != '0' || !begun))
				crm_buf_putc(out, *s);
			begun = true;
			last = *s;
		}
	}
}
