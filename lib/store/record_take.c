/*
 * record_take.c - bytes to records, the wanted fields only.
 *
 * This runs once for every record that is listed: what follows from the kind and
 * from what is wanted is in a plan (record_plan.c), what is not wanted is
 * stepped over, and nothing is looked at behind the last that is.  The digits
 * of money come from the record's currency, which is looked for when the first
 * amount is met, whether it is wanted or not.
 */
#include <limits.h>

#include "store/record_wire.h"

struct decode {
	const unsigned char *p, *end;
	const unsigned char *items; /* the first */
	struct crm_plan *plan;
	const struct crm_schema *schema;
	struct crm_record *r;
	int digits; /* -1: not looked up */
	const unsigned char *currency; /* its item, when it was met */
};

#define LAST_BYTES 0x8080808080808080U /* of numbers have this bit clear */

static inline uint64_t
load(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* Eight bytes at once: times and numbers of records have four or five. */
static const unsigned char *
var_long(const unsigned char *p, const unsigned char *end, uint64_t *out)
{
	uint64_t v = 0;

	if (end - p >= 8) {
		uint64_t ends;

		v = load(p);
		ends = ~v & LAST_BYTES;
		if (ends) {
			/* Keeps the bytes up to the one that ends it. */
			v &= ends ^ (ends - 1);
			v &= 0x7f7f7f7f7f7f7f7fU;
			v = (v & 0x007f007f007f007fU) |
			    (v & 0x7f007f007f007f00U) >> 1;
			v = (v & 0x00003fff00003fffU) |
			    (v & 0x3fff00003fff0000U) >> 2;
			*out = (v & 0x000000000fffffffU) |
			       (v & 0x0fffffff00000000U) >> 4;
			return p + (__builtin_ctzll(ends) + 1) / 8;
		}
		v = 0;
	}
	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		unsigned c = *p++;

		if (shift == 63 && c > 1)
			return NULL;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*out = v;
			return p;
		}
	}
	return NULL;
}

/* The place after the number, NULL when there is none. */
static inline const unsigned char *
var_at(const unsigned char *p, const unsigned char *end, uint64_t *out)
{
	if (p < end && *p < 0x80) {
		*out = *p;
		return p + 1;
	}
	if (end - p > 1 && p[1] < 0x80) {
		*out = (p[0] & 0x7fU) | (unsigned)p[1] << 7;
		return p + 2;
	}
	return var_long(p, end, out);
}

static inline int64_t
unzig(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

/* Past a number: ten bytes at most, as of one that is read. */
static inline const unsigned char *
skip_var(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *most = end - p > 10 ? p + 10 : end;

	if (end - p >= 8) {
		uint64_t ends = ~load(p) & LAST_BYTES;

		if (ends)
			return p + __builtin_ctzll(ends) / 8 + 1;
		p += 8;
	}
	while (p < most && *p >= 0x80)
		p++;
	return p < most ? p + 1 : NULL;
}

static inline const unsigned char *
skip_item(const unsigned char *p, const unsigned char *end, unsigned wire)
{
	uint64_t v;

	if (wire == WIRE_NUMBER)
		return skip_var(p, end);
	p = var_at(p, end, &v);
	if (!p)
		return NULL;
	if (wire == WIRE_BYTES)
		return v <= (uint64_t)(end - p) ? p + v : NULL;
	return wire == WIRE_DECIMAL ? skip_var(p, end) : NULL;
}

/*
 * Steps over items that are not wanted while that is easy - scales and lengths
 * of one byte, tags in order - and stops at the first that is not, or may be
 * wanted: that is looked at closely.  Of tags past the bits of stop those are
 * not wanted that lie between far and parts.  room: the end of what may be
 * read.
 */
static inline const unsigned char *
skip_easy(const unsigned char *p, const unsigned char *end,
    const unsigned char *room, const struct crm_plan_easy *e, uint64_t *above)
{
	while (end - p > 0 && room - p >= 16) {
		unsigned key = *p, n = 1, tag, wire;
		uint64_t ends;

		if (key >= 0x80) {
			if (p[1] >= 0x80)
				break;
			key = (key & 0x7f) | (unsigned)p[n++] << 7;
		}
		tag = key >> 2;
		wire = key & 3;
		if (tag <= *above ||
		    (tag < EASY ? e->stop >> tag & 1
				: tag <= e->far || tag >= e->parts))
			break;
		if (wire == WIRE_BYTES) {
			if (p[n] >= 0x80)
				break;
			n += 1U + p[n];
		} else {
			if (wire == WIRE_DECIMAL && p[n++] >= 0x80)
				break;
			ends = ~load(p + n) & LAST_BYTES;
			if (ends == 0 || wire > WIRE_DECIMAL)
				break;
			n += (unsigned)__builtin_ctzll(ends) / 8 + 1;
		}
		if (n > end - p)
			break;
		p += n;
		*above = tag;
	}
	return p;
}

/* Index of the field of a tag past those of the table, -1: not wanted or not
 * known. */
static int
find_custom(const struct crm_plan *p, uint64_t tag)
{
	const struct crm_kind *k = p->kind;

	/* They are the last. */
	for (int i = k->nfields - 1; i >= 0; i--)
		if (k->fields[i].tag == tag)
			return crm_wants(&p->want, i) ? i : -1;
	return -1;
}

/* The same in a part; mostly a field's tag is its place from 1. */
static inline int
find_part_field(const struct crm_part *p, uint64_t tag)
{
	if (tag >= 1 && tag <= p->nfields && p->fields[tag - 1].tag == tag)
		return (int)tag - 1;
	for (int i = 0; i < p->nfields; i++)
		if (p->fields[i].tag == tag)
			return i;
	return -1;
}

int
crm_coin_digits(const struct crm_schema *s, struct crm_str currency)
{
	int digits;

	if (s->settings && crm_str_eq(currency, s->settings->currency))
		return s->digits;
	digits = crm_currency_digits(currency);
	return digits < 0 ? s->digits : digits;
}

int
crm_money_digits(const struct crm_schema *s, const struct crm_record *r)
{
	static const struct crm_value none;
	unsigned kind = r->kind->number;
	const struct crm_value *v;

	/* asked for each row of an order: not by name where that is spared */
	if (s->settings && kind < CRM_K_TAGGED &&
	    s->kind[kind].fields == r->kind->fields)
		v = s->currency[kind] ? &r->v[s->currency[kind]] : &none;
	else
		v = crm_record_get(r, "currency");
	return v->type == CRM_T_TEXT ? crm_coin_digits(s, v->s) : s->digits;
}

/* The digits of the record's currency, whether that is wanted or not. */
static int
find_digits(struct decode *d)
{
	const unsigned char *p = d->items;
	unsigned coin = d->plan->coin;
	struct crm_str text = {NULL, 0};
	uint64_t key;

	if (d->currency) {
		p = var_at(d->currency, d->end, &key);
		if (p && key <= (uint64_t)(d->end - p))
			text = (struct crm_str){(const char *)p, (size_t)key};
		p = NULL;
	}
	while (coin > 0 && p && p < d->end) {
		uint64_t n;
		const unsigned char *q = var_at(p, d->end, &key);

		if (!q || key >> 2 > coin)
			break;
		p = skip_item(q, d->end, (unsigned)key & 3);
		if (key != ((uint64_t)coin << 2 | WIRE_BYTES) || !p)
			continue;
		q = var_at(q, d->end, &n);
		text = (struct crm_str){(const char *)q, (size_t)(p - q)};
	}
	return text.p ? crm_coin_digits(d->schema, text) : d->schema->digits;
}

static bool
take_id(struct crm_str s, struct crm_value *out)
{
	uint64_t kind, number, sub = 0;

	if (!crm_take_be(&s, 1, &kind) || !crm_take_var(&s, &number) ||
	    (s.n > 0 && !crm_take_var(&s, &sub)) || s.n > 0 ||
	    kind >= CRM_K_MAX || number == 0 || number > INT64_MAX ||
	    sub > UINT32_MAX)
		return false;
	out->kind = (uint8_t)kind;
	out->i = (int64_t)number;
	out->sub = (uint32_t)sub;
	return true;
}

/* The same words come again and again. */
static bool
take_word(struct crm_plan *p, const struct crm_field *f, int64_t i,
    struct crm_value *out)
{
	size_t at = (f->tag + 5 * (uint64_t)i) % CRM_PLAN_WORDS;

	if (i < 1 || i > UINT16_MAX)
		return false;
	if (p->word[at].i != i || p->word[at].values != f->values) {
		p->word[at].values = f->values;
		p->word[at].i = i;
		p->word[at].s = crm_enum_name(f->values, (unsigned)i);
	}
	out->s = p->word[at].s;
	return out->s.n > 0;
}

/* A number's meaning and limits. */
static inline bool
take_number(struct decode *d, const struct crm_field *f, int64_t i,
    struct crm_value *out)
{
	out->i = i;
	switch (f->type) {
	case CRM_T_INT:
	case CRM_T_TIME:
	case CRM_T_DATE:
		return true;
	case CRM_T_MONEY:
		if (f->flags & CRM_F_BASE) {
			out->scale = (uint8_t)d->schema->digits;
			return true;
		}
		if (d->digits < 0)
			d->digits = find_digits(d);
		out->scale = (uint8_t)d->digits;
		return true;
	case CRM_T_BOOL:
		return i == 0 || i == 1;
	case CRM_T_ENUM:
		return take_word(d->plan, f, i, out);
	case CRM_T_ID:
		out->kind = f->ref;
		return f->ref != 0 && i > 0;
	default:
		return false;
	}
}

/* Takes the value of an item into one that is cleared; the place after it,
 * NULL when it is bad. */
static inline const unsigned char *
take_value(struct decode *d, const unsigned char *p, const unsigned char *end,
    unsigned wire, const struct crm_field *f, struct crm_value *out)
{
	uint64_t v, scale;

	out->type = f->type;
	switch (wire) {
	case WIRE_NUMBER:
		p = var_at(p, end, &v);
		return p && take_number(d, f, unzig(v), out) ? p : NULL;
	case WIRE_BYTES:
		p = var_at(p, end, &v);
		if (!p || v > (uint64_t)(end - p))
			return NULL;
		out->s = (struct crm_str){(const char *)p, (size_t)v};
		p += v;
		if (f->type == CRM_T_TEXT || f->type == CRM_T_LIST)
			return p;
		if (f->type == CRM_T_ID && take_id(out->s, out)) {
			out->s = (struct crm_str){NULL, 0};
			return p;
		}
		return NULL;
	case WIRE_DECIMAL:
		p = var_at(p, end, &scale);
		p = p ? var_at(p, end, &v) : NULL;
		if (!p || f->type != CRM_T_DECIMAL || scale > CRM_SCALE_MAX)
			return NULL;
		out->scale = (uint8_t)scale;
		out->i = unzig(v);
		return p;
	default:
		return NULL;
	}
}

/* A row to fill: one that an earlier record left, or new memory.  Entries of
 * the array past n have values of their own or none. */
static struct crm_row *
next_row(struct crm_record *r, int part, uint64_t cells)
{
	struct crm_rows *rows = &r->part[part];
	size_t nfields = r->kind->parts[part].nfields;
	struct crm_row *row;

	if (rows->n == rows->cap) {
		size_t cap = rows->cap ? rows->cap * 2 : 4;

		row = crm_arena_zalloc(r->arena, cap * sizeof(*row));
		if (!row)
			return NULL;
		if (rows->n)
			memcpy(row, rows->row, rows->n * sizeof(*row));
		rows->row = row;
		rows->cap = cap;
	}
	row = &rows->row[rows->n];
	if (row->v && cells)
		for (; cells; cells &= cells - 1)
			row->v[__builtin_ctzll(cells)] = (struct crm_value){0};
	else if (row->v)
		memset(row->v, 0, nfields * sizeof(*row->v));
	else
		row->v =
		    crm_arena_zalloc(r->arena, (nfields + 1) * sizeof(*row->v));
	if (!row->v)
		return NULL;
	rows->n++;
	return row;
}

/* The cells that are wanted, by the plan; nothing is looked at behind them. */
static int
take_cells(struct decode *d, const struct crm_part *k, const unsigned char *p,
    const unsigned char *end, struct crm_row *row)
{
	const struct crm_plan *plan = d->plan;
	uint64_t above = 0;

	while (p && p < end) {
		unsigned key, tag, i;

		key = *p++;
		tag = key >> 2;
		if (key >= 4 * EASY || tag > plan->cell_last)
			return CRM_OK;
		if (tag <= above)
			return CRM_EDAMAGE;
		above = tag;
		i = plan->cell[tag];
		if (i > 0) {
			p = take_value(d, p, end, key & 3, &k->fields[i - 1],
			    &row->v[i - 1]);
			continue;
		}
		p = skip_item(p, end, key & 3);
		if (p)
			p = skip_easy(p, end, d->end, &plan->cell_easy, &above);
	}
	return p ? CRM_OK : CRM_EDAMAGE;
}

/* CRM_OK, CRM_ENOMEM, CRM_EDAMAGE. */
static int
take_row(struct decode *d, int part, const unsigned char *p,
    const unsigned char *end)
{
	const struct crm_part *k = &d->r->kind->parts[part];
	struct crm_rows *rows = &d->r->part[part];
	uint64_t no, key, above = 0, cells = d->plan->cells;
	struct crm_row *row;

	p = var_at(p, end, &no);
	if (!p || no == 0 || no > UINT32_MAX ||
	    (rows->n && rows->row[rows->n - 1].no >= no))
		return CRM_EDAMAGE;
	row = next_row(d->r, part, cells);
	if (!row)
		return CRM_ENOMEM;
	row->no = (uint32_t)no;
	if (no > rows->last)
		rows->last = (uint32_t)no;
	if (d->plan->cell_last)
		return take_cells(d, k, p, end, row);
	while (p < end) {
		int i;

		p = var_at(p, end, &key);
		if (!p || key >> 2 <= above)
			return CRM_EDAMAGE;
		above = key >> 2;
		i = find_part_field(k, above);
		if (cells && (i >= 64 || !(cells >> (i & 63) & 1)))
			i = -1;
		p = i < 0 ? skip_item(p, end, (unsigned)key & 3)
			  : take_value(d, p, end, (unsigned)key & 3,
				&k->fields[i], &row->v[i]);
		if (!p)
			return CRM_EDAMAGE;
	}
	return CRM_OK;
}

/* An item of a part: d->p stands behind its tag. */
static int
take_part(struct decode *d, int part, unsigned wire)
{
	struct crm_rows *rows = &d->r->part[part];
	const unsigned char *p = d->p;
	uint64_t v;

	if (!(d->plan->want.parts >> part & 1)) {
		d->p = skip_item(p, d->end, wire);
		return d->p ? CRM_OK : CRM_EDAMAGE;
	}
	p = var_at(p, d->end, &v);
	if (p && wire == WIRE_NUMBER && v >> 1 <= UINT32_MAX && !(v & 1)) {
		d->p = p;
		rows->last = (uint32_t)(v >> 1);
		return CRM_OK;
	}
	if (!p || wire != WIRE_BYTES || v > (uint64_t)(d->end - p))
		return CRM_EDAMAGE;
	d->p = p + v;
	return take_row(d, part, p, d->p);
}

static int
part_of(const struct crm_kind *k, uint64_t tag)
{
	for (int i = 0; i < k->nparts; i++)
		if (k->parts[i].tag == tag)
			return i;
	return -1;
}

/* A tag's item is of a part, not known to the table, or out of order. */
static int
take_other(struct decode *d, uint64_t tag, unsigned wire)
{
	const struct crm_plan *p = d->plan;
	int i = tag < p->parts ? -1 : part_of(d->r->kind, tag);

	if (i >= 0)
		return take_part(d, i, wire);
	i = tag < CRM_TAGS ? p->place[tag] - 1 : find_custom(p, tag);
	d->p = i < 0 ? skip_item(d->p, d->end, wire)
		     : take_value(d, d->p, d->end, wire, &d->r->kind->fields[i],
			   &d->r->v[i]);
	return d->p ? CRM_OK : CRM_EDAMAGE;
}

static int
take_items(struct decode *d)
{
	const struct crm_plan *plan = d->plan;
	const struct crm_field *fields = d->r->kind->fields;
	const unsigned char *p = d->p, *end = d->end;
	uint64_t key, tag, above = 0;

	while (p < end) {
		unsigned wire, i;
		int code;

		p = var_at(p, end, &key);
		if (!p)
			return CRM_EDAMAGE;
		tag = key >> 2;
		wire = (unsigned)key & 3;
		if (tag > plan->last)
			break;
		/* Only a part's rows share a tag. */
		if (tag <= above && (tag < above || tag < plan->parts ||
					part_of(d->r->kind, tag) < 0))
			return CRM_EDAMAGE;
		above = tag;
		if (tag >= plan->others) {
			d->p = p;
			code = take_other(d, tag, wire);
			if (code < 0)
				return code;
			p = d->p;
			continue;
		}
		if (tag == plan->coin && wire == WIRE_BYTES)
			d->currency = p;
		i = plan->place[tag];
		if (i > 0)
			p = take_value(
			    d, p, end, wire, &fields[i - 1], &d->r->v[i - 1]);
		else if ((p = skip_item(p, end, wire)) != NULL)
			p = skip_easy(p, end, end, &plan->easy, &above);
		if (!p)
			return CRM_EDAMAGE;
	}
	return CRM_OK;
}

static bool
take_head(struct decode *d)
{
	struct crm_record *r = d->r;
	uint64_t state;

	d->p = var_at(d->p, d->end, &state);
	if (!d->p || state > CRM_ERASED)
		return false;
	r->state = (enum crm_state)state;
	d->p = var_at(d->p, d->end, &r->revision);
	if (d->p && state == CRM_MERGED)
		d->p = var_at(d->p, d->end, &r->into);
	d->items = d->p;
	return d->p != NULL;
}

static void
clear(struct crm_record *r)
{
	memset(r->v, 0, r->kind->nfields * sizeof(*r->v));
	r->v[0] = crm_value_id(r->kind->number, r->id);
	r->revision = 0;
	r->into = 0;
	r->state = CRM_LIVE;
	for (int i = 0; i < r->kind->nparts; i++) {
		r->part[i].n = 0;
		r->part[i].last = 0;
	}
}

int
crm_plan_decode(struct crm_plan *plan, struct crm_str bytes,
    struct crm_record *r, struct crm_err *err)
{
	struct decode d;
	int code = CRM_EDAMAGE;

	d.p = (const unsigned char *)bytes.p;
	d.end = d.p + bytes.n;
	d.plan = plan;
	d.schema = plan->schema;
	d.r = r;
	d.digits = -1;
	d.currency = NULL;
	clear(r);
	if (bytes.n > 0 && take_head(&d))
		code = r->state == CRM_LIVE ? take_items(&d)
		       : d.p == d.end	    ? CRM_OK
					    : CRM_EDAMAGE;
	if (code == CRM_ENOMEM)
		return crm_err_nomem(err);
	if (code < 0)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: %s %llu cannot be read",
		    r->kind->name, (unsigned long long)r->id);
	return CRM_OK;
}

int
crm_record_decode(const struct crm_schema *s, struct crm_str bytes,
    const struct crm_want *want, struct crm_record *r, struct crm_err *err)
{
	struct crm_plan plan;

	crm_plan_make(&plan, s, r->kind, want);
	return crm_plan_decode(&plan, bytes, r, err);
}

/* ---- in the store ---- */

int
crm_plan_read(struct crm_plan *p, struct crm_txn *t, uint64_t number,
    struct crm_record *r, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + p->kind->number;
	char bytes[8];
	struct crm_str key = crm_number_key(number, bytes);
	struct crm_str v;
	int code;

	r->id = number;
	code = crm_get(t, table, key, &v, err);
	if (code < 0) {
		clear(r);
		return code;
	}
	code = crm_unseal(table, key, &v, err);
	if (code == CRM_OK)
		code = crm_plan_decode(p, v, r, err);
	return code == CRM_OK && r->state != CRM_LIVE ? CRM_NOTFOUND : code;
}

int
crm_record_read(struct crm_txn *t, const struct crm_kind *k, uint64_t number,
    const struct crm_want *want, struct crm_record *r, struct crm_err *err)
{
	const struct crm_schema *s;
	struct crm_plan plan;
	int code = crm_store_schema(crm_txn_store(t), &s, err);

	if (code < 0)
		return code;
	crm_plan_make(&plan, s, k, want);
	return crm_plan_read(&plan, t, number, r, err);
}
