/*
 * key.c - values as bytes whose memcmp order is the values' order.
 *
 * Index keys are (value, number), so no key may be the beginning of another
 * of its field: numbers have a fixed width, text ends in a byte that it does not
 * hold.  That byte is 0; NUL and 1, which no text that was entered has, are
 * written as two bytes.  No value has no bytes: it is in no index.
 */
#include <crm/schema.h>

__extension__ typedef unsigned __int128 u128;

enum { KEY_MAX = 200 };

static void
put_int(struct crm_buf *b, int64_t i)
{
	crm_buf_putbe(b, (uint64_t)i ^ ((uint64_t)1 << 63), 8);
}

/* At CRM_SCALE_MAX in 128 bits every decimal is exact. */
static void
put_decimal(struct crm_buf *b, int64_t i, unsigned scale)
{
	uint64_t up = (uint64_t)crm_pow10(
	    scale < CRM_SCALE_MAX ? CRM_SCALE_MAX - scale : 0);
	uint64_t m = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
	u128 v = (u128)m * up;

	if (i < 0)
		v = 0 - v;
	crm_buf_putbe(b, (uint64_t)(v >> 64) ^ ((uint64_t)1 << 63), 8);
	crm_buf_putbe(b, (uint64_t)v, 8);
}

/* At most max bytes with the end. */
static void
put_text(struct crm_buf *b, struct crm_str s, size_t max)
{
	size_t n = s.n < max ? s.n : max - 1;
	size_t plain = 0, used = 0;

	while (plain < n && (unsigned char)s.p[plain] > 1)
		plain++;
	crm_buf_put(b, s.p, plain);
	used = plain;
	for (size_t i = plain; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		size_t need = c > 1 ? 1 : 2;

		if (used + need > max - 1)
			break;
		crm_buf_putc(b, c > 1 ? (char)c : '\1');
		if (need == 2)
			crm_buf_putc(b, (char)(c + 1));
		used += need;
	}
	crm_buf_putc(b, '\0');
}

/* A row follows its record: the lowest bit says that its number follows.  A
 * reference, which has no number, is before all ids. */
static void
put_id(struct crm_buf *b, const struct crm_value *v)
{
	uint64_t number = (uint64_t)v->i << 1 | (v->sub > 0);

	crm_buf_putc(b, (char)v->kind);
	crm_buf_putbe(b, number, 8);
	if (v->sub > 0) {
		crm_buf_putc(b, (char)v->part);
		crm_buf_putbe(b, v->sub, 4);
	} else if (v->i == 0) {
		put_text(b, v->s, KEY_MAX - 9);
	}
}

void
crm_value_key(struct crm_buf *b, const struct crm_value *v)
{
	switch ((enum crm_type)v->type) {
	case CRM_T_NONE:
	case CRM_TYPES:
		break;
	case CRM_T_ID:
		put_id(b, v);
		break;
	case CRM_T_INT:
	case CRM_T_TIME:
	case CRM_T_DATE:
		put_int(b, v->i);
		break;
	case CRM_T_SPAN:
		put_int(b, v->i);
		crm_buf_putbe(b, v->sub, 4);
		break;
	case CRM_T_DECIMAL:
	case CRM_T_MONEY:
		put_decimal(b, v->i, v->scale);
		break;
	case CRM_T_BOOL:
		crm_buf_putbe(b, (uint64_t)v->i, 1);
		break;
	case CRM_T_ENUM:
		crm_buf_putbe(b, (uint64_t)v->i, 2);
		break;
	case CRM_T_LIST:
	case CRM_T_TEXT:
		put_text(b, v->s, KEY_MAX);
		break;
	}
}
