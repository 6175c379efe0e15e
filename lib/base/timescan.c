/*
 * timescan.c - dates and times by a pattern, for the files of other programs.
 *
 * Not strptime: its %b follows the locale of whoever runs the import, it lets
 * 31 February pass, and its %Z guesses.  A pattern must give year, month and
 * day (or %s); %I must come with %p, else half of all times would be wrong in
 * silence.
 */
#include <crm/time.h>

#include <crm/num.h>

struct scan {
	const char *p, *end;
	struct crm_civil c;
	int hour12; /* 0: none */
	int pm; /* -1: none */
	int offset;
	int64_t epoch;
	bool has_time, has_zone, has_epoch;
};

static bool
digit(const struct scan *x)
{
	return x->p < x->end && *x->p >= '0' && *x->p <= '9';
}

static void
blanks(struct scan *x)
{
	while (x->p < x->end && (*x->p == ' ' || *x->p == '\t'))
		x->p++;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* min to max digits. */
static bool
number(struct scan *x, int min, int max, int *out)
{
	int n = 0, v = 0;

	for (; n < max && digit(x); n++)
		v = v * 10 + (*x->p++ - '0');
	*out = v;
	return n >= min;
}

static bool
word(struct scan *x, const char *w)
{
	size_t n = strlen(w), i;

	if ((size_t)(x->end - x->p) < n)
		return false;
	for (i = 0; i < n; i++)
		if (lower(x->p[i]) != w[i])
			return false;
	x->p += n;
	return true;
}

/* An English month, whole or its first three letters. */
static bool
month_name(struct scan *x)
{
	static const char *const names[] = {"january", "february", "march",
	    "april", "may", "june", "july", "august", "september", "october",
	    "november", "december"};
	char abbr[4] = {0};
	int i;

	for (i = 0; i < 12; i++) {
		memcpy(abbr, names[i], 3);
		if (word(x, names[i]) || word(x, abbr)) {
			x->c.month = i + 1;
			return true;
		}
	}
	return false;
}

/* Z, +hh, +hhmm, +hh:mm. */
static bool
zone(struct scan *x)
{
	int h, m = 0;
	bool neg;

	x->has_zone = true;
	x->offset = 0;
	if (word(x, "z"))
		return true;
	if (x->p == x->end || (*x->p != '+' && *x->p != '-'))
		return false;
	neg = *x->p++ == '-';
	if (!number(x, 2, 2, &h))
		return false;
	if (x->p < x->end && *x->p == ':') {
		x->p++;
		if (!digit(x))
			return false;
	}
	if (digit(x) && !number(x, 2, 2, &m))
		return false;
	x->offset = (h * 3600 + m * 60) * (neg ? -1 : 1);
	return h <= 23 && m <= 59;
}

static bool
epoch(struct scan *x)
{
	struct crm_str s = {x->p, 0};

	if (x->p < x->end && (*x->p == '-' || *x->p == '+'))
		x->p++;
	while (digit(x))
		x->p++;
	s.n = (size_t)(x->p - s.p);
	x->has_time = x->has_zone = x->has_epoch = true;
	return crm_int_parse(s, &x->epoch) == CRM_OK;
}

static bool
seconds(struct scan *x, bool dot_follows)
{
	if (!number(x, 1, 2, &x->c.second))
		return false;
	/* Fractions are cut, unless the pattern has something to say. */
	if (!dot_follows && x->end - x->p >= 2 && *x->p == '.' &&
	    x->p[1] >= '0' && x->p[1] <= '9')
		for (x->p++; digit(x);)
			x->p++;
	return true;
}

static bool
field(struct scan *x, char what, char next)
{
	switch (what) {
	case 'Y':
		return number(x, 4, 4, &x->c.year);
	case 'y':
		if (!number(x, 2, 2, &x->c.year))
			return false;
		x->c.year += x->c.year < 69 ? 2000 : 1900;
		return true;
	case 'm':
		return number(x, 1, 2, &x->c.month);
	case 'b':
		return month_name(x);
	case 'e':
		blanks(x);
		return number(x, 1, 2, &x->c.day);
	case 'd':
		return number(x, 1, 2, &x->c.day);
	case 'H':
		x->has_time = true;
		return number(x, 1, 2, &x->c.hour);
	case 'I':
		x->has_time = true;
		return number(x, 1, 2, &x->hour12) && x->hour12 >= 1 &&
		       x->hour12 <= 12;
	case 'M':
		return number(x, 1, 2, &x->c.minute);
	case 'S':
		return seconds(x, next == '.');
	case 'p':
		x->pm = word(x, "am") ? 0 : word(x, "pm") ? 1 : -1;
		return x->pm >= 0;
	case 'z':
		return zone(x);
	case 's':
		return epoch(x);
	case '%':
		return word(x, "%");
	default:
		return false;
	}
}

static bool
scan(struct scan *x, struct crm_str pattern)
{
	size_t i;

	for (i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (c == ' ' || c == '\t') {
			blanks(x);
		} else if (c != '%') {
			if (x->p == x->end || *x->p++ != c)
				return false;
		} else {
			if (++i == pattern.n)
				return false;
			c = i + 1 < pattern.n ? pattern.p[i + 1] : '\0';
			if (!field(x, pattern.p[i], c))
				return false;
		}
	}
	return x->p == x->end;
}

int
crm_time_scan(struct crm_str s, struct crm_str pattern, int64_t *local,
    bool *has_time, bool *has_zone)
{
	struct scan x = {.p = s.p ? s.p : "", .pm = -1};
	int64_t t;

	x.end = x.p + s.n;
	if (!scan(&x, pattern))
		return CRM_EDATA;
	if (x.has_epoch) {
		t = x.epoch;
	} else {
		if (x.hour12 > 0) {
			if (x.pm < 0)
				return CRM_EDATA;
			x.c.hour = x.hour12 % 12 + 12 * x.pm;
		}
		if (!crm_civil_valid(&x.c))
			return CRM_EDATA;
		t = crm_secs_from_civil(&x.c) - x.offset;
	}
	if (t < crm_days_from_civil(1, 1, 1) * CRM_DAY ||
	    t >= crm_days_from_civil(10000, 1, 1) * CRM_DAY)
		return CRM_EDATA;
	*local = t;
	*has_time = x.has_time;
	*has_zone = x.has_zone;
	return CRM_OK;
}
