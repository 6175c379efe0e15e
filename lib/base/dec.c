/*
 * dec.c - decimals: an int64 and a scale.
 *
 * Results are canonical, so equal values are equal structs and print the same
 * bytes.  Alignment and products are done in 128 bits; only a result that does
 * not fit 64 is an overflow, never a step on the way.  The parser has a fast
 * path for what nearly every cell holds (18 digits, no exponent) and a slow one
 * that decides on the digits themselves, so that rounding looks at the text and
 * not at something rounded before.
 */
#include <crm/num.h>

#include <math.h>

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

/* The parts of a decimal as text. */
struct lexed {
	const char *ints, *fracs;
	size_t nint, nfrac;
	int64_t exp;
	bool neg;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exponents past this have only 0 and overflow as values. */
#define EXP_MAX 1000000000000000

static bool
lex_exp(const char *p, const char *end, int64_t *out)
{
	bool neg = false;
	int64_t e = 0;

	if (p < end && (*p == '-' || *p == '+'))
		neg = *p++ == '-';
	if (p == end)
		return false;
	for (; p < end; p++) {
		if (!is_digit(*p))
			return false;
		if (e < EXP_MAX)
			e = e * 10 + (*p - '0');
	}
	*out = neg ? -e : e;
	return true;
}

static bool
lex(struct crm_str s, struct lexed *x)
{
	const char *p = s.p, *end = p + s.n;

	*x = (struct lexed){0};
	if (s.n == 0)
		return false;
	if (*p == '-' || *p == '+')
		x->neg = *p++ == '-';
	x->ints = p;
	while (p < end && is_digit(*p))
		p++;
	x->nint = (size_t)(p - x->ints);
	if (x->nint == 0)
		return false;
	if (p < end && *p == '.') {
		x->fracs = ++p;
		while (p < end && is_digit(*p))
			p++;
		x->nfrac = (size_t)(p - x->fracs);
		if (x->nfrac == 0)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
		return lex_exp(p + 1, end, &x->exp);
	return p == end;
}

/* m * 10^-scale, rounded to 64 bits only by dropping zeros; false else. */
static bool
fit(i128 v, unsigned scale, struct crm_dec *out)
{
	while (scale > 0 && (v > INT64_MAX || v < INT64_MIN)) {
		if (v % 10 != 0)
			return false;
		v /= 10;
		scale--;
	}
	if (v > INT64_MAX || v < INT64_MIN)
		return false;
	*out = crm_dec_canon((struct crm_dec){(int64_t)v, (uint8_t)scale});
	return true;
}

/* v / 10^n, half away from zero, n <= 18. */
static i128
cut(i128 v, unsigned n)
{
	i128 d = crm_pow10(n), q = v / d, r = v % d;

	if (r * 2 >= d)
		return q + 1;
	if (r * 2 <= -d)
		return q - 1;
	return q;
}

/* Significant digits: the first is not 0; value 0.d0d1d2... * 10^point. */
#define SIG_MAX 24
struct digits {
	char d[SIG_MAX];
	int64_t n; /* up to the last that is not 0; may be past SIG_MAX */
	int64_t point;
};

static void
collect(const struct lexed *x, struct digits *g)
{
	size_t i, all = x->nint + x->nfrac;
	int64_t seen = 0, lead = 0;

	g->n = 0;
	for (i = 0; i < all; i++) {
		char c = i < x->nint ? x->ints[i] : x->fracs[i - x->nint];

		if (seen == 0 && c == '0') {
			lead++;
			continue;
		}
		if (seen < SIG_MAX)
			g->d[seen] = c;
		seen++;
		if (c != '0')
			g->n = seen;
	}
	g->point = (int64_t)x->nint - lead + x->exp;
}

/* The number at `places` or fewer places; false when it does not fit. */
static bool
assemble(const struct digits *g, int64_t places, bool neg, struct crm_dec *out)
{
	int64_t scale = g->n > g->point ? g->n - g->point : 0, k = g->n, i;
	bool up = false;
	i128 v = 0;

	if (g->point > 19)
		return false;
	if (scale > places) {
		scale = places;
		k = g->point + places;
		up = k >= 0 && g->d[k < SIG_MAX ? k : 0] >= '5';
		if (k < 0)
			k = 0;
	}
	if (k > 20)
		return false;
	for (i = 0; i < k; i++)
		v = v * 10 + (g->d[i] - '0');
	for (i = g->n; i < g->point; i++)
		v *= 10;
	if (up)
		v++;
	return fit(neg ? -v : v, (unsigned)scale, out);
}

static int
parse_slow(const struct lexed *x, bool round, struct crm_dec *out)
{
	struct digits g;
	int64_t places;

	collect(x, &g);
	if (g.n == 0) {
		*out = (struct crm_dec){0, 0};
		return CRM_OK;
	}
	if (!round && g.n > g.point && g.n - g.point > CRM_SCALE_MAX)
		return CRM_EDATA;
	for (places = CRM_SCALE_MAX; places >= 0; places--) {
		if (assemble(&g, places, x->neg, out))
			return CRM_OK;
		if (!round)
			break;
	}
	return CRM_EDATA;
}

static int
parse(struct crm_str s, bool round, struct crm_dec *out)
{
	struct lexed x;
	unsigned scale;
	int64_t v = 0;
	size_t i;

	if (!lex(s, &x))
		return CRM_EDATA;
	if (x.exp != 0 || x.nint > 18 || x.nfrac > 18 - x.nint)
		return parse_slow(&x, round, out);
	for (i = 0; i < x.nint; i++)
		v = v * 10 + (x.ints[i] - '0');
	for (i = 0; i < x.nfrac; i++)
		v = v * 10 + (x.fracs[i] - '0');
	for (scale = (unsigned)x.nfrac; scale > 0 && v % 10 == 0; scale--)
		v /= 10;
	if (scale > CRM_SCALE_MAX) {
		if (!round)
			return CRM_EDATA;
		v = (int64_t)cut(v, scale - CRM_SCALE_MAX);
		scale = CRM_SCALE_MAX;
	}
	*out = crm_dec_canon((struct crm_dec){x.neg ? -v : v, (uint8_t)scale});
	return CRM_OK;
}

int
crm_dec_parse(struct crm_str s, struct crm_dec *out)
{
	return parse(s, false, out);
}

int
crm_dec_parse_round(struct crm_str s, struct crm_dec *out)
{
	return parse(s, true, out);
}

struct crm_dec
crm_dec_canon(struct crm_dec d)
{
	if (d.v == 0)
		d.scale = 0;
	while (d.scale > 0 && d.v % 10 == 0) {
		d.v /= 10;
		d.scale--;
	}
	return d;
}

void
crm_dec_put(struct crm_buf *b, struct crm_dec d)
{
	/* Room for any scale a damaged record may hold. */
	char own[UINT8_MAX + 24], *at = crm_buf_at(b, own, sizeof own), *p = at;
	uint64_t m, one;

	d = crm_dec_canon(d);
	m = d.v < 0 ? 0 - (uint64_t)d.v : (uint64_t)d.v;
	if (d.v < 0)
		*p++ = '-';
	/* of more places nothing is before the point */
	one = d.scale <= 18 ? (uint64_t)crm_pow10(d.scale) : UINT64_MAX;
	p = crm_digits_at(p, m / one, 1);
	if (d.scale > 0) {
		*p++ = '.';
		p = crm_digits_at(p, m % one, d.scale);
	}
	crm_buf_upto(b, at, own, p);
}

/* Both at the larger scale.  Scales of a valid decimal are at most 12. */
static unsigned
align(struct crm_dec a, struct crm_dec b, i128 *va, i128 *vb)
{
	unsigned diff = a.scale > b.scale ? (unsigned)a.scale - b.scale
					  : (unsigned)b.scale - a.scale;
	i128 f = crm_pow10(diff <= 18 ? diff : 18);

	*va = a.v;
	*vb = b.v;
	if (a.scale < b.scale)
		*va *= f;
	else
		*vb *= f;
	return a.scale > b.scale ? a.scale : b.scale;
}

int
crm_dec_cmp(struct crm_dec a, struct crm_dec b)
{
	i128 va, vb;

	if (a.scale == b.scale)
		return a.v < b.v ? -1 : a.v > b.v;
	align(a, b, &va, &vb);
	return va < vb ? -1 : va > vb;
}

bool
crm_dec_add(struct crm_dec a, struct crm_dec b, struct crm_dec *out)
{
	i128 va, vb;
	unsigned scale;

	/* whole units, most of the time */
	if ((a.scale | b.scale) == 0 && crm_add64(a.v, b.v, &out->v)) {
		out->scale = 0;
		return true;
	}
	scale = align(a, b, &va, &vb);
	return fit(va + vb, scale, out);
}

bool
crm_dec_sub(struct crm_dec a, struct crm_dec b, struct crm_dec *out)
{
	i128 va, vb;
	unsigned scale;

	/* whole units, most of the time */
	if ((a.scale | b.scale) == 0 && crm_sub64(a.v, b.v, &out->v)) {
		out->scale = 0;
		return true;
	}
	scale = align(a, b, &va, &vb);
	return fit(va - vb, scale, out);
}

bool
crm_dec_mul(struct crm_dec a, struct crm_dec b, struct crm_dec *out)
{
	i128 p = (i128)a.v * b.v;
	unsigned scale = (unsigned)a.scale + b.scale;

	while (scale > CRM_SCALE_MAX && p % 10 == 0) {
		p /= 10;
		scale--;
	}
	while (scale > CRM_SCALE_MAX + 18) {
		p /= 10;
		scale--;
	}
	if (scale > CRM_SCALE_MAX) {
		p = cut(p, scale - CRM_SCALE_MAX);
		scale = CRM_SCALE_MAX;
	}
	return fit(p, scale, out);
}

/*
 * Long division, one digit a step, as far as 64 bits hold: |a| / |b| and then
 * CRM_SCALE_MAX + b.scale - a.scale digits more.
 */
bool
crm_dec_div(struct crm_dec a, struct crm_dec b, struct crm_dec *out)
{
	u128 num = a.v < 0 ? 0 - (u128)a.v : (u128)a.v;
	u128 den = b.v < 0 ? 0 - (u128)b.v : (u128)b.v;
	u128 q, r;
	int want, t, scale;

	if (den == 0)
		return false;
	if (a.scale > CRM_SCALE_MAX || b.scale > CRM_SCALE_MAX)
		return false;
	want = CRM_SCALE_MAX + b.scale - a.scale;
	q = num / den;
	r = num % den;
	for (t = 0; t < want && q <= (INT64_MAX - 9) / 10; t++) {
		r *= 10;
		q = q * 10 + r / den;
		r %= den;
	}
	scale = t - b.scale + a.scale;
	if (scale < 0)
		return false;
	if (r * 2 >= den)
		q++;
	return fit(
	    (a.v < 0) != (b.v < 0) ? -(i128)q : (i128)q, (unsigned)scale, out);
}

bool
crm_dec_rescale(struct crm_dec d, unsigned scale, int64_t *out)
{
	d = crm_dec_canon(d);
	if (d.v == 0) {
		*out = 0;
		return true;
	}
	if (scale < d.scale) {
		unsigned n = d.scale - scale;

		*out = n <= 18 ? (int64_t)cut(d.v, n) : 0;
		return true;
	}
	if (scale - d.scale > 18)
		return false;
	return crm_mul64(d.v, crm_pow10(scale - d.scale), out);
}

/*
 * Exact: a double is a 53-bit integer times a power of two, its product with
 * 10^scale fits 128 bits, and the rounding is one shift.  x * 1e2 in floating
 * point would round twice.
 */
bool
crm_dec_from_double(double x, unsigned scale, struct crm_dec *out)
{
	uint64_t bits;
	int e;
	u128 p;

	if (!isfinite(x) || scale > CRM_SCALE_MAX)
		return false;
	/* Its parts as IEEE 754 lays them out: a subnormal is next to 0. */
	memcpy(&bits, &x, sizeof bits);
	e = (int)(bits >> 52 & 0x7ff) - 1075;
	p = (u128)(bits & (((uint64_t)1 << 52) - 1)) | (u128)1 << 52;
	p *= (uint64_t)crm_pow10(scale);
	if (e < -120) {
		p = 0;
	} else if (e < 0) {
		p = (p + ((u128)1 << (-e - 1))) >> -e;
	} else {
		if (e > 63 || p > (u128)INT64_MAX >> e)
			return false;
		p <<= e;
	}
	if (p > INT64_MAX)
		return false;
	*out = crm_dec_canon(
	    (struct crm_dec){x < 0 ? -(int64_t)p : (int64_t)p, (uint8_t)scale});
	return true;
}

double
crm_dec_double(struct crm_dec d)
{
	double x = (double)d.v;
	unsigned n = d.scale;

	for (; n > 18; n -= 18)
		x /= (double)crm_pow10(18);
	return x / (double)crm_pow10(n);
}
