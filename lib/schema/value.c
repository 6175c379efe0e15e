/*
 * value.c - text to a value and back, comparing.
 *
 * This is the door by which all data enters: what it lets in is canonical, so
 * that nothing behind it asks again.  What nearly every cell holds is taken by
 * a reader of its type, which knows one form and says nothing; all else goes
 * the long way, where there is a message for each fault.  Money whose currency is not known yet keeps the places it was
 * written with, and is not made to fit a guess.
 */
#include <crm/schema.h>
#include <crm/utf8.h>

#include "base/word.h"
#include "value.h"

enum { QUOTED = 80 };

int
crm_value_refuse(const struct crm_field *f, struct crm_err *err,
    struct crm_str text, const char *what)
{
	crm_err_set(err, CRM_EDATA, "'%.*s%s' %s",
	    (int)(text.n > QUOTED ? QUOTED : text.n), text.p,
	    text.n > QUOTED ? "..." : "", what);
	crm_err_field(err, f->name, strlen(f->name));
	return CRM_EDATA;
}

/* ---- text ---- */

static bool
is_ascii(struct crm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Takes what a buffer holds into the arena, or `text` when it is the same. */
static int
keep(struct crm_arena *a, struct crm_str text, const struct crm_buf *b,
    struct crm_str *out, struct crm_err *err)
{
	int r = crm_buf_check(b, err);

	if (r < 0)
		return r;
	*out = text;
	if (!crm_str_eq(text, crm_buf_str(b)))
		*out = crm_arena_str(a, crm_buf_str(b));
	return out->p ? CRM_OK : crm_err_nomem(err);
}

static int
fold(struct crm_parse *ctx, struct crm_str *s, struct crm_err *err)
{
	struct crm_buf b = {0};
	size_t i = 0;
	char *p;
	int r;

	if (!is_ascii(*s)) {
		r = crm_text_fold(*s, &b, err);
		if (r == CRM_OK)
			r = keep(ctx->arena, *s, &b, s, err);
		crm_buf_release(&b);
		return r;
	}
	while (i < s->n && !(s->p[i] >= 'A' && s->p[i] <= 'Z'))
		i++;
	if (i == s->n)
		return CRM_OK;
	p = crm_arena_alloc(ctx->arena, s->n);
	if (!p)
		return crm_err_nomem(err);
	memcpy(p, s->p, s->n);
	for (; i < s->n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	s->p = p;
	return CRM_OK;
}

int
crm_value_enter(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_str *out, struct crm_err *err)
{
	struct crm_buf b = {0};
	size_t cleaned = 0;
	int r = CRM_OK;

	*out = text;
	if (!(ctx->flags & CRM_PARSE_PLAIN) && !crm_text_plain(text)) {
		r = crm_text_enter(text,
		    ctx->flags & CRM_PARSE_CLEAN ? CRM_TEXT_CLEAN : 0, &cleaned,
		    &b, err);
		ctx->cleaned += cleaned;
		if (r == CRM_OK)
			r = keep(ctx->arena, text, &b, out, err);
		crm_buf_release(&b);
	}
	if (r == CRM_OK && (f->flags & CRM_F_FOLD))
		r = fold(ctx, out, err);
	if (r < 0)
		crm_err_field(err, f->name, strlen(f->name));
	return r;
}

/* ---- the other types ---- */

static int
parse_enum(const struct crm_field *f, struct crm_str text,
    struct crm_value *out, struct crm_err *err)
{
	unsigned place = crm_enum_find(f->values, text, &out->s);
	struct crm_buf b = {.max = 500};

	if (place > 0) {
		out->i = place;
		return CRM_OK;
	}
	for (const char *p = f->values ? f->values : ""; *p; p++) {
		crm_buf_putc(&b, *p);
		if (*p == ',')
			crm_buf_putc(&b, ' ');
	}
	crm_err_set(err, CRM_EDATA, "'%.*s' is not one of %.*s",
	    (int)(text.n > QUOTED ? QUOTED : text.n), text.p, (int)b.n,
	    b.p ? b.p : "");
	crm_err_field(err, f->name, strlen(f->name));
	crm_buf_release(&b);
	return CRM_EDATA;
}

static unsigned
places(struct crm_str s)
{
	const char *dot = memchr(s.p, '.', s.n);
	size_t n = dot ? s.n - (size_t)(dot + 1 - s.p) : 0;

	return n < CRM_SCALE_MAX ? (unsigned)n : CRM_SCALE_MAX;
}

/* Those of the currency, -1 when it is not known. */
static int
known_digits(const struct crm_field *f, const struct crm_parse *ctx)
{
	return f->flags & CRM_F_BASE ? ctx->schema->digits : ctx->digits;
}

static int
parse_money(const struct crm_field *f, struct crm_str text,
    const struct crm_parse *ctx, struct crm_value *out, struct crm_err *err)
{
	int known = known_digits(f, ctx);
	unsigned digits = known < 0 ? places(text) : (unsigned)known;
	struct crm_dec d;

	if (crm_money_parse(text, digits, &out->i) == CRM_OK) {
		out->scale = (uint8_t)digits;
		return CRM_OK;
	}
	if (crm_dec_parse(text, &d) < 0)
		return crm_value_refuse(f, err, text, "is not a money amount");
	if (d.scale <= digits)
		return crm_value_refuse(f, err, text, "is too large an amount");
	crm_value_refuse(
	    f, err, text, "has more decimal places than its currency");
	crm_err_hint(err, "the currency has %u", digits);
	return CRM_EDATA;
}

static int
parse_decimal(const struct crm_field *f, struct crm_str text,
    struct crm_value *out, struct crm_err *err)
{
	struct crm_dec d;

	if (crm_dec_parse(text, &d) < 0)
		return crm_value_refuse(
		    f, err, text, "is not a decimal number");
	out->i = d.v;
	out->scale = d.scale;
	return CRM_OK;
}

static int
parse_bool(const struct crm_field *f, struct crm_str text,
    struct crm_value *out, struct crm_err *err)
{
	static const char *const word[] = {
	    "no", "yes", "false", "true", "0", "1"};

	for (size_t i = 0; i < sizeof word / sizeof *word; i++)
		if (crm_str_is(text, word[i])) {
			out->i = i & 1;
			return CRM_OK;
		}
	return crm_value_refuse(f, err, text, "is not yes or no");
}

static int
parse_type(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out, struct crm_err *err)
{
	switch ((enum crm_type)f->type) {
	case CRM_T_TEXT:
		return crm_value_enter(f, text, ctx, &out->s, err);
	case CRM_T_ID:
		return crm_value_parse_id(f, text, ctx, out, err);
	case CRM_T_INT:
		if (crm_int_parse(text, &out->i) < 0)
			return crm_value_refuse(
			    f, err, text, "is not a whole number");
		return CRM_OK;
	case CRM_T_DECIMAL:
		return parse_decimal(f, text, out, err);
	case CRM_T_MONEY:
		return parse_money(f, text, ctx, out, err);
	case CRM_T_TIME:
		if (crm_time_parse(text, &ctx->schema->calendar, &out->i) < 0)
			return crm_value_refuse(f, err, text,
			    "is not a time like 2024-05-01T09:58:12Z");
		return CRM_OK;
	case CRM_T_DATE:
		if (crm_date_parse(text, &out->i) < 0)
			return crm_value_refuse(
			    f, err, text, "is not a date like 2024-05-01");
		return CRM_OK;
	case CRM_T_BOOL:
		return parse_bool(f, text, out, err);
	case CRM_T_ENUM:
		return parse_enum(f, text, out, err);
	case CRM_T_LIST:
		return crm_value_parse_list(f, text, ctx, out, err);
	case CRM_T_NONE:
	case CRM_T_SPAN:
	case CRM_TYPES:
		break;
	}
	return crm_err_set(err, CRM_EBUG, "field '%s' has no type", f->name);
}

/* In an archive a value is written in one way only. */
static int
check_canonical(const struct crm_field *f, struct crm_str text,
    const struct crm_parse *ctx, const struct crm_value *v, struct crm_err *err)
{
	char room[128];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};

	if (v->type == CRM_T_ID && v->i == 0)
		return crm_value_refuse(f, err, text, "is not an id");
	if (v->type >= CRM_T_ENUM) {
		if (crm_str_eq(text, v->s))
			return CRM_OK;
	} else {
		crm_value_put(ctx->schema, &b, v, false);
		if (!b.fail && crm_str_eq(text, crm_buf_str(&b)))
			return CRM_OK;
	}
	return crm_value_refuse(
	    f, err, text, "is not written the way it is kept");
}

/* ---- readers ---- */

static int
read_none(const struct crm_field *f, struct crm_str text, struct crm_parse *ctx,
    struct crm_value *out)
{
	(void)f;
	(void)text;
	(void)ctx;
	(void)out;
	return CRM_EDATA;
}

static int
read_text(const struct crm_field *f, struct crm_str text, struct crm_parse *ctx,
    struct crm_value *out)
{
	if (f->flags & CRM_F_FOLD)
		return CRM_EDATA;
	*out = (struct crm_value){.type = CRM_T_TEXT, .s = text};
	if (ctx->flags & CRM_PARSE_PLAIN)
		return CRM_OK;
	return crm_text_plain(text) ? CRM_OK : CRM_EDATA;
}

static int
read_int(const struct crm_field *f, struct crm_str text, struct crm_parse *ctx,
    struct crm_value *out)
{
	uint64_t v;
	unsigned places;

	(void)f;
	(void)ctx;
	if (!crm_word_number(text.p, text.n, &v, &places) || places > 0)
		return CRM_EDATA;
	*out = crm_value_num(CRM_T_INT, (int64_t)v, 0);
	return CRM_OK;
}

static int
read_decimal(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out)
{
	uint64_t v;
	unsigned places;

	(void)f;
	(void)ctx;
	if (!crm_word_number(text.p, text.n, &v, &places))
		return CRM_EDATA;
	for (; places > 0 && v % 10 == 0; places--)
		v /= 10;
	*out = crm_value_num(CRM_T_DECIMAL, (int64_t)v, places);
	return CRM_OK;
}

/* With all the places of its currency. */
static int
read_money(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out)
{
	uint64_t v;
	unsigned places;

	if (!crm_word_number(text.p, text.n, &v, &places) ||
	    (int)places != known_digits(f, ctx))
		return CRM_EDATA;
	*out = crm_value_num(CRM_T_MONEY, (int64_t)v, places);
	return CRM_OK;
}

static int
read_time(const struct crm_field *f, struct crm_str text, struct crm_parse *ctx,
    struct crm_value *out)
{
	(void)f;
	*out = (struct crm_value){.type = CRM_T_TIME};
	return crm_time_parse(text, &ctx->schema->calendar, &out->i);
}

static int
read_date(const struct crm_field *f, struct crm_str text, struct crm_parse *ctx,
    struct crm_value *out)
{
	(void)f;
	(void)ctx;
	*out = (struct crm_value){.type = CRM_T_DATE};
	return crm_date_parse(text, &out->i);
}

static int
read_enum(const struct crm_field *f, struct crm_str text, struct crm_parse *ctx,
    struct crm_value *out)
{
	(void)ctx;
	*out = (struct crm_value){.type = CRM_T_ENUM};
	out->i = crm_enum_find(f->values, text, &out->s);
	return out->i > 0 ? CRM_OK : CRM_EDATA;
}

crm_value_fn *
crm_value_reader(const struct crm_field *f)
{
	static crm_value_fn *const reader[CRM_TYPES] = {
	    [CRM_T_ID] = crm_value_read_id,
	    [CRM_T_INT] = read_int,
	    [CRM_T_DECIMAL] = read_decimal,
	    [CRM_T_MONEY] = read_money,
	    [CRM_T_TIME] = read_time,
	    [CRM_T_DATE] = read_date,
	    [CRM_T_ENUM] = read_enum,
	    [CRM_T_TEXT] = read_text,
	};

	return f->type < CRM_TYPES && reader[f->type] ? reader[f->type]
						      : read_none;
}

int
crm_value_parse(const struct crm_field *f, struct crm_str text,
    struct crm_parse *ctx, struct crm_value *out, struct crm_err *err)
{
	int r;

	*out = (struct crm_value){0};
	if (text.n == 0)
		return CRM_OK;
	if (!(ctx->flags & CRM_PARSE_STRICT) &&
	    crm_value_reader(f)(f, text, ctx, out) == CRM_OK)
		return CRM_OK;
	*out = (struct crm_value){.type = f->type};
	r = parse_type(f, text, ctx, out, err);
	if (r == CRM_OK && (ctx->flags & CRM_PARSE_STRICT))
		r = check_canonical(f, text, ctx, out, err);
	if (r < 0)
		*out = (struct crm_value){0};
	return r;
}

void
crm_value_put(const struct crm_schema *s, struct crm_buf *b,
    const struct crm_value *v, bool brief)
{
	struct crm_id id;

	switch ((enum crm_type)v->type) {
	case CRM_T_ID:
		if (v->i == 0) {
			crm_buf_putstr(b, v->s);
			break;
		}
		id = (struct crm_id){.kind = v->kind,
		    .part = v->part,
		    .sub = v->sub,
		    .number = (uint64_t)v->i};
		crm_id_put(s, b, &id, brief);
		break;
	case CRM_T_INT:
		crm_buf_puti(b, v->i);
		break;
	case CRM_T_DECIMAL:
		crm_dec_put(b, (struct crm_dec){v->i, v->scale});
		break;
	case CRM_T_MONEY:
		crm_money_put(b, v->i, v->scale);
		break;
	case CRM_T_TIME:
		crm_time_put(b, v->i);
		break;
	case CRM_T_DATE:
		crm_date_put(b, v->i);
		break;
	case CRM_T_BOOL:
		crm_buf_puts(b, v->i ? "yes" : "no");
		break;
	case CRM_T_ENUM:
	case CRM_T_LIST:
	case CRM_T_TEXT:
		crm_buf_putstr(b, v->s);
		break;
	case CRM_T_NONE:
	case CRM_T_SPAN:
	case CRM_TYPES:
		break;
	}
}

/* ---- comparing ---- */

/* Types whose values compare with each other are one class. */
static unsigned
class_of(const struct crm_value *v)
{
	switch (v->type) {
	case CRM_T_DECIMAL:
	case CRM_T_MONEY:
		return CRM_T_INT;
	case CRM_T_LIST:
		return CRM_T_TEXT;
	default:
		return v->type;
	}
}

static int
cmp64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
cmp_id(const struct crm_value *a, const struct crm_value *b)
{
	int c = cmp64(a->kind, b->kind);

	if (c == 0)
		c = cmp64(a->i, b->i);
	if (c == 0 && a->i == 0)
		return crm_str_cmp(a->s, b->s);
	/* Without a row there is no part. */
	if (c == 0 && a->sub > 0 && b->sub > 0)
		c = cmp64(a->part, b->part);
	return c ? c : cmp64(a->sub, b->sub);
}

int
crm_value_cmp(const struct crm_value *a, const struct crm_value *b)
{
	unsigned ca = class_of(a), cb = class_of(b);

	if (ca != cb)
		return (ca > cb) - (ca < cb);
	switch (ca) {
	case CRM_T_NONE:
		return 0;
	case CRM_T_ID:
		return cmp_id(a, b);
	case CRM_T_INT:
		if (a->scale == b->scale)
			return cmp64(a->i, b->i);
		return crm_dec_cmp((struct crm_dec){a->i, a->scale},
		    (struct crm_dec){b->i, b->scale});
	case CRM_T_TEXT:
		return crm_str_cmp(a->s, b->s);
	case CRM_T_SPAN:
		if (a->i == b->i)
			return cmp64(a->sub, b->sub);
		break;
	default:
		break;
	}
	return cmp64(a->i, b->i);
}

bool
crm_value_eq(const struct crm_value *a, const struct crm_value *b)
{
	return crm_value_cmp(a, b) == 0;
}
