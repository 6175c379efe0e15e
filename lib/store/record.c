/*
 * record.c - records to bytes.
 *
 * Items lie in rising order of tags, so that decoding (record_take.c) stops at
 * the last one that is wanted.
 *
 * A part's item of wire 0 is the highest row number ever given; it is there
 * only when no row has it, and keeps a dropped row's number from being given
 * again.  An id of one kind that names a row of a part is written like an id
 * of any kind.
 */
#include "store/record_wire.h"

const struct crm_want crm_want_all = {
    .fields = {UINT64_MAX, UINT64_MAX}, .parts = UINT32_MAX};

static bool
stored(const struct crm_field *f, const struct crm_value *v)
{
	return f->tag != 0 && v->type != CRM_T_NONE &&
	       !(f->flags & (CRM_F_FIGURE | CRM_F_VIRTUAL)) &&
	       !((v->type == CRM_T_TEXT || v->type == CRM_T_LIST) &&
		   v->s.n == 0);
}

/* Indexes of the fields with a value, by rising tag; how many. */
static unsigned
order_by_tag(const struct crm_field *f, unsigned from, unsigned n,
    const struct crm_value *v, uint8_t out[CRM_FIELDS_MAX])
{
	unsigned count = 0;

	if (n > CRM_FIELDS_MAX)
		n = CRM_FIELDS_MAX;
	for (unsigned i = from; i < n; i++) {
		unsigned at = count;

		if (v[i].type == CRM_T_NONE || !stored(&f[i], &v[i]))
			continue;
		for (; at > 0 && f[out[at - 1]].tag > f[i].tag; at--)
			out[at] = out[at - 1];
		out[at] = (uint8_t)i;
		count++;
	}
	return count;
}

static unsigned
var_size(uint64_t v)
{
	unsigned n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

static void
put_tag(struct crm_buf *out, unsigned tag, enum wire wire)
{
	crm_buf_putvar(out, (uint64_t)tag << 2 | wire);
}

static void
put_id(
    const struct crm_field *f, const struct crm_value *v, struct crm_buf *out)
{
	unsigned n;

	if (f->ref != 0 && v->sub == 0 && (v->kind == 0 || v->kind == f->ref)) {
		put_tag(out, f->tag, WIRE_NUMBER);
		crm_buf_putzig(out, v->i);
		return;
	}
	n = 1 + var_size((uint64_t)v->i) + (v->sub ? var_size(v->sub) : 0);
	put_tag(out, f->tag, WIRE_BYTES);
	crm_buf_putvar(out, n);
	crm_buf_putc(out, (char)v->kind);
	crm_buf_putvar(out, (uint64_t)v->i);
	if (v->sub)
		crm_buf_putvar(out, v->sub);
}

static void
put_value(
    const struct crm_field *f, const struct crm_value *v, struct crm_buf *out)
{
	bool text = v->type == CRM_T_TEXT || v->type == CRM_T_LIST;

	/* What does not fit its field, or is a reference still to be looked
	 * up, must not get lost in silence. */
	if ((v->type != f->type &&
		!(text && (f->type == CRM_T_TEXT || f->type == CRM_T_LIST))) ||
	    (v->type == CRM_T_ID && v->i <= 0)) {
		out->fail = CRM_EBUG;
		return;
	}
	switch (v->type) {
	case CRM_T_ID:
		put_id(f, v, out);
		break;
	case CRM_T_TEXT:
	case CRM_T_LIST:
		put_tag(out, f->tag, WIRE_BYTES);
		crm_buf_putvar(out, v->s.n);
		crm_buf_putstr(out, v->s);
		break;
	case CRM_T_DECIMAL:
		put_tag(out, f->tag, WIRE_DECIMAL);
		crm_buf_putvar(out, v->scale);
		crm_buf_putzig(out, v->i);
		break;
	default:
		put_tag(out, f->tag, WIRE_NUMBER);
		crm_buf_putzig(out, v->i);
		break;
	}
}

/* The row's length stands before it and is known after. */
static void
put_row(
    const struct crm_part *p, const struct crm_row *row, struct crm_buf *out)
{
	uint8_t by[CRM_FIELDS_MAX];
	unsigned n = order_by_tag(p->fields, 0, p->nfields, row->v, by);
	size_t start, size;
	unsigned head;

	put_tag(out, p->tag, WIRE_BYTES);
	start = out->n;
	crm_buf_putvar(out, row->no);
	for (unsigned i = 0; i < n; i++)
		put_value(&p->fields[by[i]], &row->v[by[i]], out);
	size = out->n - start;
	crm_buf_putvar(out, size); /* makes the room */
	if (out->fail)
		return;
	head = var_size(size);
	memmove(out->p + start + head, out->p + start, size);
	out->n = start;
	crm_buf_putvar(out, size);
	out->n = start + head + size;
}

static void
put_rows(
    const struct crm_part *p, const struct crm_rows *rows, struct crm_buf *out)
{
	uint32_t most = rows->n ? rows->row[rows->n - 1].no : 0;

	if (rows->last > most) {
		put_tag(out, p->tag, WIRE_NUMBER);
		crm_buf_putzig(out, rows->last);
	}
	for (size_t i = 0; i < rows->n; i++)
		put_row(p, &rows->row[i], out);
}

/* Rows and fields are merged by tag. */
static void
put_items(const struct crm_record *r, struct crm_buf *out)
{
	const struct crm_kind *k = r->kind;
	uint8_t by[CRM_FIELDS_MAX];
	unsigned n = order_by_tag(k->fields, 1, k->nfields, r->v, by);
	unsigned at = 0;
	unsigned above = 0; /* tags of parts that are done */

	for (unsigned i = 0; i <= k->nparts; i++) {
		int part = -1;
		unsigned tag = UINT16_MAX + 1U;

		for (int p = 0; p < k->nparts; p++)
			if (k->parts[p].tag > above && k->parts[p].tag < tag) {
				part = p;
				tag = k->parts[p].tag;
			}
		for (; at < n && k->fields[by[at]].tag < tag; at++)
			put_value(&k->fields[by[at]], &r->v[by[at]], out);
		if (part < 0)
			break;
		put_rows(&k->parts[part], &r->part[part], out);
		above = tag;
	}
}

void
crm_record_encode(const struct crm_record *r, struct crm_buf *out)
{
	crm_buf_putvar(out, r->state);
	crm_buf_putvar(out, r->revision);
	if (r->state == CRM_MERGED)
		crm_buf_putvar(out, r->into);
	if (r->state == CRM_LIVE)
		put_items(r, out);
}

struct crm_str
crm_number_key(uint64_t number, char out[8])
{
	for (int i = 7; i >= 0; i--) {
		out[i] = (char)(number & 0xff);
		number >>= 8;
	}
	return (struct crm_str){out, 8};
}
