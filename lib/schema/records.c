/*
 * records.c - a record in memory: values by its kind's table, rows of parts.
 *
 * Rows lie in the order of their numbers, which is nearly always the order they
 * come in.  A pointer to a row is valid until a row is added to its part or
 * dropped from it; its values stay where they are.  Past the last row the
 * array holds rows with values of their own or none: decoding uses them again.
 */
#include <crm/schema.h>

struct crm_record *
crm_record_new(const struct crm_kind *k, struct crm_arena *a)
{
	struct crm_record *r = crm_arena_zalloc(a, sizeof *r);

	if (!r)
		return NULL;
	r->kind = k;
	r->arena = a;
	r->v = crm_arena_zalloc(a, (k->nfields + (size_t)1) * sizeof *r->v);
	return r->v ? r : NULL;
}

static bool
copy_rows(const struct crm_rows *from, size_t nfields, struct crm_arena *a,
    struct crm_rows *to)
{
	struct crm_value *v;

	*to = (struct crm_rows){.last = from->last};
	if (from->n == 0)
		return true;
	to->row = crm_arena_alloc(a, from->n * sizeof *to->row);
	v = crm_arena_alloc(a, (from->n * nfields + 1) * sizeof *v);
	if (!to->row || !v)
		return false;
	for (size_t i = 0; i < from->n; i++, v += nfields) {
		memcpy(v, from->row[i].v, nfields * sizeof *v);
		to->row[i] = (struct crm_row){from->row[i].no, v};
	}
	to->n = from->n;
	to->cap = from->n;
	return true;
}

struct crm_record *
crm_record_copy(const struct crm_record *r, struct crm_arena *a)
{
	struct crm_record *c = crm_record_new(r->kind, a);
	struct crm_value *v;

	if (!c)
		return NULL;
	v = c->v;
	*c = *r;
	c->arena = a;
	c->v = v;
	memcpy(v, r->v, r->kind->nfields * sizeof *v);
	for (int i = 0; i < r->kind->nparts; i++)
		if (!copy_rows(
			&r->part[i], r->kind->parts[i].nfields, a, &c->part[i]))
			return NULL;
	return c;
}

struct crm_value *
crm_record_at(struct crm_record *r, const char *field)
{
	int i = crm_kind_field(r->kind, crm_str(field));

	return i < 0 ? NULL : &r->v[i];
}

const struct crm_value *
crm_record_get(const struct crm_record *r, const char *field)
{
	static const struct crm_value none;
	int i = crm_kind_field(r->kind, crm_str(field));

	return i < 0 ? &none : &r->v[i];
}

/* Index of the first row whose number is not below no. */
static size_t
place_of(const struct crm_rows *rows, uint32_t no)
{
	size_t low = 0, high = rows->n;

	if (high == 0 || rows->row[high - 1].no < no)
		return high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (rows->row[mid].no < no)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
make_room(struct crm_rows *rows, struct crm_arena *a)
{
	size_t cap = rows->cap ? rows->cap * 2 : 4;
	struct crm_row *row;

	if (rows->n < rows->cap)
		return true;
	row = crm_arena_zalloc(a, cap * sizeof *row);
	if (!row)
		return false;
	if (rows->n > 0)
		memcpy(row, rows->row, rows->n * sizeof *row);
	rows->row = row;
	rows->cap = cap;
	return true;
}

struct crm_row *
crm_record_add(struct crm_record *r, int part, uint32_t no)
{
	struct crm_rows *rows = &r->part[part];
	size_t nfields = r->kind->parts[part].nfields, at;
	struct crm_value *v;

	if (no == 0) {
		if (rows->last == UINT32_MAX)
			return NULL;
		no = rows->last + 1;
	}
	at = place_of(rows, no);
	if (at < rows->n && rows->row[at].no == no)
		return &rows->row[at];
	v = crm_arena_zalloc(r->arena, (nfields + 1) * sizeof *v);
	if (!v || !make_room(rows, r->arena))
		return NULL;
	if (at < rows->n)
		memmove(&rows->row[at + 1], &rows->row[at],
		    (rows->n - at) * sizeof *rows->row);
	rows->row[at] = (struct crm_row){no, v};
	rows->n++;
	if (no > rows->last)
		rows->last = no;
	return &rows->row[at];
}

struct crm_row *
crm_record_row(struct crm_record *r, int part, uint32_t no)
{
	struct crm_rows *rows = &r->part[part];
	size_t at = place_of(rows, no);

	return at < rows->n && rows->row[at].no == no ? &rows->row[at] : NULL;
}

bool
crm_record_drop(struct crm_record *r, int part, uint32_t no)
{
	struct crm_rows *rows = &r->part[part];
	size_t at = place_of(rows, no);
	struct crm_row row;

	if (at >= rows->n || rows->row[at].no != no)
		return false;
	row = rows->row[at];
	rows->n--;
	memmove(&rows->row[at], &rows->row[at + 1],
	    (rows->n - at) * sizeof *rows->row);
	rows->row[rows->n] = row;
	return true;
}
