/*
 * settings_write.c - a crm.yaml of settings, for people to go on with.
 *
 * Each part says in a comment what it is for, with an example where the
 * settings have nothing: the file a store is made with is its own manual.
 * What is written reads back as the same settings.
 */
#include <crm/config.h>
#include <crm/utf8.h>

/* Words that need no quotes, whoever reads them. */
static bool
is_plain(struct crm_str s)
{
	bool letter = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     c == '_';
		bool inner = (c >= '0' && c <= '9') || c == '/' || c == '-' ||
			     c == '+' || c == '.';

		if (!alpha && (i == 0 || !inner))
			return false;
		letter = true;
	}
	return letter && !crm_str_is(s, "null") && !crm_str_is(s, "Null") &&
	       !crm_str_is(s, "NULL");
}

/* What YAML has no room for or takes for the end of a line. */
static bool
must_escape(int32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 ||
	       cp == 0x2029 || cp == 0xfeff || cp == 0xfffe || cp == 0xffff;
}

/* Takes a character; a bad byte is U+FFFD. */
static size_t
take_char(struct crm_str s, size_t at, int32_t *cp)
{
	struct crm_str rest = {s.p + at, s.n - at};
	size_t len = crm_utf8_next(rest, cp);

	if (len == 0)
		*cp = 0xfffd;
	return len > 0 ? len : 1;
}

static bool
needs_escape(struct crm_str s)
{
	int32_t cp;

	for (size_t i = 0; i < s.n;) {
		i += take_char(s, i, &cp);
		if (must_escape(cp))
			return true;
	}
	return false;
}

static void
put_double(struct crm_buf *b, struct crm_str s)
{
	int32_t cp;

	crm_buf_putc(b, '"');
	for (size_t i = 0; i < s.n;) {
		i += take_char(s, i, &cp);
		if (cp == '\n')
			crm_buf_puts(b, "\\n");
		else if (must_escape(cp))
			crm_buf_putf(b, "\\u%04x", (unsigned)cp);
		else {
			if (cp == '"' || cp == '\\')
				crm_buf_putc(b, '\\');
			crm_utf8_put(b, cp);
		}
	}
	crm_buf_putc(b, '"');
}

static void
put_scalar(struct crm_buf *b, struct crm_str s)
{
	if (is_plain(s)) {
		crm_buf_putstr(b, s);
		return;
	}
	if (needs_escape(s)) {
		put_double(b, s);
		return;
	}
	crm_buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			crm_buf_putc(b, '\'');
		crm_buf_putc(b, s.p[i]);
	}
	crm_buf_putc(b, '\'');
}

/* [a, b] of "a,b". */
static void
put_words(struct crm_buf *b, struct crm_str words)
{
	struct crm_str w;
	bool first = true;

	crm_buf_putc(b, '[');
	while (words.n > 0 && crm_str_split(&words, ',', &w)) {
		if (!first)
			crm_buf_puts(b, ", ");
		first = false;
		put_scalar(b, w);
	}
	crm_buf_puts(b, "]");
}

static void
put_key(struct crm_buf *b, const char *key, struct crm_str s)
{
	if (s.n == 0)
		return;
	crm_buf_puts(b, key);
	crm_buf_puts(b, ": ");
	put_scalar(b, s);
	crm_buf_putc(b, '\n');
}

static void
write_shop(const struct crm_settings *s, struct crm_buf *b)
{
	crm_buf_puts(b,
	    "# crm.yaml - what shapes the figures of this store; see "
	    "crm.yaml(5).\n"
	    "# Nothing here is in force before `crm-store apply`.\n\n"
	    "# The base currency, fixed when the store was made.\n");
	put_key(b, "currency", s->currency);
	crm_buf_puts(b, "\n# The shop's days are those of this zone.\n");
	put_key(b, "timezone", s->timezone);
	crm_buf_puts(b, "# When a day begins: 04:00 books the night to the "
			"evening before it.\n");
	if (s->day_start > 0)
		crm_buf_putf(b, "day_start: '%02u:%02u'\n",
		    (unsigned)(s->day_start / 3600),
		    (unsigned)(s->day_start / 60 % 60));
	else
		crm_buf_puts(b, "# day_start: '04:00'\n");
	crm_buf_puts(b, "\n# Where the shop is: how numbers of phones are "
			"read.\n");
	if (s->country.n > 0)
		put_key(b, "country", s->country);
	else
		crm_buf_puts(b, "# country: DE\n");
	crm_buf_puts(b, "\n# The orders that count, by their status.\n");
	if (s->statuses.n > 0) {
		crm_buf_puts(b, "revenue:\n  statuses: ");
		put_words(b, s->statuses);
		crm_buf_putc(b, '\n');
	} else
		crm_buf_puts(b, "# revenue:\n"
				"#   statuses: [paid, shipped, delivered]\n");
	crm_buf_puts(b, "\n# What people type where they have no address: it "
			"names nobody.\n");
	if (s->ignore.n > 0) {
		crm_buf_puts(b, "ignore: ");
		put_words(b, s->ignore);
		crm_buf_putc(b, '\n');
	} else
		crm_buf_puts(b, "# ignore: ['email:none@example.com']\n");
	if (s->quality.n > 0) {
		crm_buf_puts(b, "\n# How good the data is to be: "
				"crm-quality check.\nquality: ");
		put_words(b, s->quality);
		crm_buf_putc(b, '\n');
	}
}

static void
write_field(const struct crm_custom *c, struct crm_buf *b)
{
	crm_buf_puts(b, "    - name: ");
	put_scalar(b, c->name);
	crm_buf_puts(b, "\n      type: ");
	put_scalar(b, c->type);
	crm_buf_putc(b, '\n');
	if (c->values.n > 0) {
		crm_buf_puts(b, "      values: ");
		put_words(b, c->values);
		crm_buf_putc(b, '\n');
	}
	if (c->flags & CRM_F_INDEX)
		crm_buf_puts(b, c->flags & CRM_F_UNIQUE
				    ? "      index: unique\n"
				    : "      index: yes\n");
	if (c->flags & CRM_F_PERSONAL)
		crm_buf_puts(b, "      personal: yes\n");
	put_key(b, "      help", c->help);
}

/* By kinds, each once, in the order of their first fields. */
static void
write_fields(const struct crm_settings *s, struct crm_buf *b)
{
	crm_buf_puts(b, "\n# Columns of your own: type is int, decimal, money, "
			"time, date, bool, enum,\n# list or text.\n");
	if (s->ncustom == 0) {
		crm_buf_puts(b,
		    "# fields:\n"
		    "#   customer:\n"
		    "#     - { name: vat_id, type: text, index: unique }\n"
		    "#     - { name: size, type: enum, values: [s, m, l] }\n");
		return;
	}
	crm_buf_puts(b, "fields:\n");
	for (size_t i = 0; i < s->ncustom; i++) {
		struct crm_str kind = s->custom[i].kind;
		size_t j = 0;

		while (!crm_str_eq(s->custom[j].kind, kind))
			j++;
		if (j < i)
			continue;
		crm_buf_puts(b, "  ");
		put_scalar(b, kind);
		crm_buf_puts(b, ":\n");
		for (j = i; j < s->ncustom; j++)
			if (crm_str_eq(s->custom[j].kind, kind))
				write_field(&s->custom[j], b);
	}
}

/* "touch.phone=3.00,touch.mail=.." are one map. */
static void
write_costs(const struct crm_settings *s, struct crm_buf *b)
{
	struct crm_str rest = s->costs, one, key, group, last = {"", 0};

	crm_buf_puts(b, "\n# What things cost: crm-profit(1) takes it off.\n");
	if (rest.n == 0) {
		crm_buf_puts(b, "# costs:\n"
				"#   delivery: 4.50\n"
				"#   touch: { phone: 2.00, mail: 0.50 }\n");
		return;
	}
	crm_buf_puts(b, "costs:\n");
	while (rest.n > 0 && crm_str_split(&rest, ',', &one)) {
		crm_str_split(&one, '=', &key);
		group = key;
		if (memchr(key.p, '.', key.n))
			crm_str_split(&key, '.', &group);
		if (group.n < key.n || group.p != key.p) {
			if (!crm_str_eq(group, last)) {
				crm_buf_puts(b, "  ");
				crm_buf_putstr(b, group);
				crm_buf_puts(b, ":\n");
			}
			last = group;
			crm_buf_puts(b, "  ");
		}
		crm_buf_puts(b, "  ");
		put_scalar(b, key);
		crm_buf_puts(b, ": ");
		crm_buf_putstr(b, one);
		crm_buf_putc(b, '\n');
	}
}

void
crm_settings_write(const struct crm_settings *s, struct crm_buf *out)
{
	write_shop(s, out);
	write_fields(s, out);
	crm_buf_puts(out, "\n# Groups of customers, by a condition "
			  "(crm-expr(7)).\n");
	if (s->nsegment == 0)
		crm_buf_puts(out, "# segments:\n"
				  "#   vip: { where: 'revenue >= 1000' }\n");
	else
		crm_buf_puts(out, "segments:\n");
	for (size_t i = 0; i < s->nsegment; i++) {
		crm_buf_puts(out, "  ");
		put_scalar(out, s->segment[i].name);
		crm_buf_puts(out, ":\n");
		put_key(out, "    where", s->segment[i].where);
		put_key(out, "    help", s->segment[i].help);
	}
	write_costs(s, out);
}
