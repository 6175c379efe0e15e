/*
 * sales_lines.c - the lines of the store's orders as sales.
 *
 * Records are numbered without many gaps, so that what stands for a number is
 * found in an array by it, not in a hash; numbers become places in order once
 * all are known.
 */
#include <stdlib.h>

#include <crm/columns.h>
#include <crm/lines.h>
#include <crm/model.h>
#include <crm/order.h>
#include <crm/os.h>

enum { LINES = 6 }; /* of an order, room for as many is made */

/* The numbers of a kind that occurred: 1, later their places. */
struct seen {
	uint32_t *v;
	size_t n;
};
struct reader {
	struct crm_sales *x;
	const struct crm_schema *s;
	const struct crm_idmap *orders;
	int64_t since;
	struct crm_want want;
	int customer, placed, status, type, test; /* fields of an order */
	int product, quantity, cancelled; /* of a line */
	uint16_t statuses; /* bits of those that count */
	struct seen seen[CRM_SALES_IDS];
	int64_t *room; /* for the columns of a block */
	size_t cap;
};

static bool
has(const struct reader *r, enum crm_sales_column column)
{
	return r->x->has & CRM_SALES_BIT(column);
}

static bool
mark(struct seen *s, uint64_t number)
{
	if (number >= s->n) {
		size_t n = (size_t)number + number / 2 + 1024;
		uint32_t *v;

		if (number >= UINT32_MAX / 2)
			return false;
		v = realloc(s->v, n * sizeof *v);
		if (!v)
			return false;
		memset(v + s->n, 0, (n - s->n) * sizeof *v);
		s->v = v;
		s->n = n;
	}
	s->v[number] = 1;
	return true;
}

static bool
room(struct crm_sales *x, size_t cap)
{
	void *p;

	for (unsigned k = 0; k < CRM_SALES_IDS; k++)
		if (x->has & CRM_SALES_BIT(k)) {
			p = realloc(x->id[k], cap * sizeof *x->id[k]);
			if (!p)
				return false;
			x->id[k] = p;
		}
	for (unsigned k = CRM_SALES_PLACED; k < CRM_SALES_COLUMNS; k++)
		if (x->has & CRM_SALES_BIT(k)) {
			p = realloc(x->num[k], cap * sizeof *x->num[k]);
			if (!p)
				return false;
			x->num[k] = p;
		}
	x->cap = cap;
	return true;
}

static bool
grow(struct crm_sales *x)
{
	return x->n < x->cap || room(x, x->cap + x->cap / 2 + 4096);
}

static struct crm_dec
decimal(const struct crm_value *v)
{
	return v->type == CRM_T_DECIMAL ? (struct crm_dec){v->i, v->scale}
					: (struct crm_dec){0, 0};
}

static int
put_line(struct reader *r, const struct crm_record *rec,
    const struct crm_row *line, struct crm_err *err)
{
	struct crm_sales *x = r->x;
	const struct crm_value *product = &line->v[r->product];
	const struct crm_value *cancelled = &line->v[r->cancelled];
	struct crm_dec left = decimal(&line->v[r->quantity]);

	if (product->type != CRM_T_ID)
		return CRM_OK;
	if (cancelled->type == CRM_T_DECIMAL &&
	    !crm_dec_sub(left, decimal(cancelled), &left))
		return CRM_OK;
	if (left.v <= 0)
		return CRM_OK;
	if (x->baskets) {
		if (!mark(&r->seen[CRM_SALES_PRODUCT], (uint64_t)product->i))
			return crm_err_nomem(err);
		return crm_baskets_add(x->baskets, (uint32_t)product->i, err);
	}
	if (!grow(x))
		return crm_err_nomem(err);
	/* the order's own are marked once, by who calls */
	if (has(r, CRM_SALES_CUSTOMER))
		x->id[CRM_SALES_CUSTOMER][x->n] =
		    (uint32_t)rec->v[r->customer].i;
	if (has(r, CRM_SALES_ORDER))
		x->id[CRM_SALES_ORDER][x->n] = (uint32_t)rec->id;
	if (has(r, CRM_SALES_PRODUCT)) {
		if (!mark(&r->seen[CRM_SALES_PRODUCT], (uint64_t)product->i))
			return crm_err_nomem(err);
		x->id[CRM_SALES_PRODUCT][x->n] = (uint32_t)product->i;
	}
	if (has(r, CRM_SALES_PLACED))
		x->num[CRM_SALES_PLACED][x->n] = rec->v[r->placed].i;
	if (has(r, CRM_SALES_QUANTITY) &&
	    !crm_dec_rescale(left, CRM_SALES_QUANTITY_SCALE,
		&x->num[CRM_SALES_QUANTITY][x->n]))
		return crm_err_set(err, CRM_EDATA,
		    "a quantity of order %llu is too large",
		    (unsigned long long)rec->id);
	x->n++;
	return CRM_OK;
}

static bool
counts(const struct reader *r, const struct crm_record *rec)
{
	int64_t status = rec->v[r->status].i;
	uint64_t seen;

	return rec->v[r->type].i != 2 && rec->v[r->test].i != 1 && status > 0 &&
	       status < 16 && (r->statuses >> status & 1) &&
	       (!r->orders || crm_idmap_get(r->orders, rec->id, &seen));
}

static int
put_order(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct reader *r = ctx;
	const struct crm_rows *lines = &rec->part[0];
	size_t before = r->x->n;
	int code = CRM_OK;

	if (!counts(r, rec))
		return CRM_OK;
	if (rec->v[r->placed].i < r->since) {
		r->x->outside++;
		return CRM_OK;
	}
	if (has(r, CRM_SALES_CUSTOMER) &&
	    rec->v[r->customer].type != CRM_T_ID) {
		r->x->anonymous++;
		return CRM_OK;
	}
	for (size_t i = 0; code == CRM_OK && i < lines->n; i++)
		code = put_line(r, rec, &lines->row[i], err);
	if (code == CRM_OK && r->x->baskets)
		code = crm_baskets_next(r->x->baskets, err);
	if (r->x->n == before)
		return code;
	if ((has(r, CRM_SALES_ORDER) &&
		!mark(&r->seen[CRM_SALES_ORDER], rec->id)) ||
	    (has(r, CRM_SALES_CUSTOMER) &&
		!mark(&r->seen[CRM_SALES_CUSTOMER],
		    (uint64_t)rec->v[r->customer].i)))
		return crm_err_nomem(err);
	return code;
}

/* ---- a block of columns as a whole ---- */

/* Of its records, and of all their rows. */
struct block {
	size_t n, nrows;
	int64_t *status, *type, *test, *placed, *count;
	int64_t *product, *quantity, *cancelled;
	unsigned scale[2]; /* of quantity and cancelled */
	uint64_t number[CRM_COLUMNS_RANGE];
};

static int
take_block(struct reader *r, const struct crm_columns *c, struct block *b,
    struct crm_err *err)
{
	const int field[] = {r->status, r->type, r->test, r->placed};
	int64_t **const out[] = {&b->status, &b->type, &b->test, &b->placed};
	const int cell[] = {-1, r->product, r->quantity, r->cancelled};
	int64_t **const rows[] = {
	    &b->count, &b->product, &b->quantity, &b->cancelled};
	const struct crm_lane *lane[4], *of[4];
	size_t n[4] = {0}, need;
	bool ok = true;

	b->n = crm_columns_records(c);
	for (unsigned i = 0; i < 4; i++) {
		lane[i] = crm_columns_lane(c, field[i]);
		of[i] = crm_columns_cell_lane(c, cell[i], &n[i]);
		ok &= lane[i] && of[i] && n[i] == n[i ? 1 : 0];
	}
	if (!ok || n[0] != b->n)
		return crm_err_set(err, CRM_EBUG, "a block lacks columns");
	b->nrows = n[1];
	need = 5 * b->n + 3 * b->nrows;
	if (need > r->cap) {
		free(r->room);
		r->room = malloc(2 * need * sizeof *r->room);
		r->cap = r->room ? 2 * need : 0;
	}
	if (!r->room)
		return crm_err_nomem(err);
	need = 0;
	for (unsigned i = 0; i < 4; i++) {
		*out[i] = r->room + need;
		*rows[i] = *out[i] + b->n;
		need += b->n + n[i];
		crm_lane_numbers(lane[i], 0, b->n, 0, *out[i]);
		crm_lane_numbers(of[i], 0, n[i], 0, *rows[i]);
	}
	b->scale[0] = of[2]->is.scale;
	b->scale[1] = of[3]->is.scale;
	if (r->orders)
		crm_columns_numbers(c, b->number);
	return CRM_OK;
}

/* What is left of a row when what was cancelled is taken off: anything? */
static bool
left_of(const struct block *b, size_t i)
{
	struct crm_dec left = {b->quantity[i], (uint8_t)b->scale[0]};

	if (b->cancelled[i] != 0 &&
	    !crm_dec_sub(left,
		(struct crm_dec){b->cancelled[i], (uint8_t)b->scale[1]}, &left))
		return false;
	return left.v > 0;
}

/* As counts. */
static bool
counts_in(const struct reader *r, const struct block *b, size_t i)
{
	int64_t status = b->status[i];
	uint64_t seen;

	return b->type[i] != 2 && b->test[i] != 1 && status > 0 &&
	       status < 16 && (r->statuses >> status & 1) &&
	       (!r->orders || crm_idmap_get(r->orders, b->number[i], &seen));
}

static int
put_block(void *ctx, struct crm_columns *c, struct crm_err *err)
{
	struct reader *r = ctx;
	struct crm_baskets *to = r->x->baskets;
	struct seen *seen = &r->seen[CRM_SALES_PRODUCT];
	struct block b;
	size_t end = 0;
	int code = take_block(r, c, &b, err);

	for (size_t i = 0; code == CRM_OK && i < b.n; i++) {
		size_t k = end;

		end += (size_t)b.count[i];
		if (!counts_in(r, &b, i))
			continue;
		if (b.placed[i] < r->since) {
			r->x->outside++;
			continue;
		}
		for (; code == CRM_OK && k < end; k++) {
			uint64_t product = (uint64_t)b.product[k];

			if (product == 0 || !left_of(&b, k))
				continue;
			if (product < seen->n)
				seen->v[product] = 1;
			else if (!mark(seen, product))
				return crm_err_nomem(err);
			code = crm_baskets_add(to, (uint32_t)product, err);
		}
		if (code == CRM_OK)
			code = crm_baskets_next(to, err);
	}
	return code;
}

/* The statuses that count: those of the settings, and what was returned. */
static void
find_statuses(struct reader *r, const struct crm_kind *k)
{
	const char *names = k->fields[r->status].values;
	struct crm_str rest = {0}, one;

	if (r->s->settings)
		rest = r->s->settings->statuses;
	if (rest.n == 0) {
		r->statuses = UINT16_MAX &
			      ~(1u << CRM_ORDER_CART | 1u << CRM_ORDER_PENDING |
				  1u << CRM_ORDER_CANCELLED);
		return;
	}
	r->statuses = 1u << CRM_ORDER_RETURNED;
	while (crm_str_split(&rest, ',', &one))
		r->statuses |=
		    (uint16_t)(1u << (crm_enum_place(names, crm_str_trim(one)) &
				      15));
}

static void
bind(struct reader *r, const struct crm_kind *k)
{
	const struct crm_part *line = &k->parts[0];
	int *const at[] = {
	    &r->customer, &r->placed, &r->status, &r->type, &r->test};
	static const char *const name[] = {
	    "customer_id", "placed", "status", "type", "test"};

	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		*at[i] = crm_kind_field(k, crm_str(name[i]));
		crm_want_field(&r->want, *at[i]);
	}
	r->want.parts = 1;
	r->product = crm_part_field(line, CRM_STR("product_id"));
	r->quantity = crm_part_field(line, CRM_STR("quantity"));
	r->cancelled = crm_part_field(line, CRM_STR("cancelled"));
	find_statuses(r, k);
}

/* Numbers become places, in their order. */
static int
number_ids(struct reader *r, enum crm_sales_column column, unsigned kind,
    struct crm_err *err)
{
	struct seen *s = &r->seen[column];
	struct crm_names *names = &r->x->names[column];
	size_t n = 0;

	if (!has(r, column))
		return CRM_OK;
	names->kind = kind;
	for (size_t i = 0; i < s->n; i++)
		n += s->v[i];
	names->number = malloc((n + 1) * sizeof *names->number);
	if (!names->number)
		return crm_err_nomem(err);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i]) {
			s->v[i] = (uint32_t)names->n;
			names->number[names->n++] = i;
		}
	names->cap = n + 1;
	for (size_t i = 0; i < r->x->n; i++)
		r->x->id[column][i] = s->v[r->x->id[column][i]];
	return CRM_OK;
}

/* A part's rows behind those before it, its marks among theirs. */
static bool
append(struct reader *to, const struct reader *from)
{
	struct crm_sales *x = to->x;
	const struct crm_sales *y = from->x;

	if (x->n + y->n > x->cap && !room(x, x->n + y->n))
		return false;
	for (unsigned k = 0; k < CRM_SALES_COLUMNS; k++) {
		if (!(x->has & CRM_SALES_BIT(k)) || y->n == 0)
			continue;
		if (k < CRM_SALES_IDS)
			memcpy(
			    x->id[k] + x->n, y->id[k], y->n * sizeof *x->id[k]);
		else
			memcpy(x->num[k] + x->n, y->num[k],
			    y->n * sizeof *x->num[k]);
	}
	x->n += y->n;
	x->anonymous += y->anonymous;
	x->outside += y->outside;
	for (unsigned k = 0; k < CRM_SALES_IDS; k++) {
		const struct seen *s = &from->seen[k];

		/* from the highest, so that room is made once */
		for (size_t i = s->n; i-- > 0;)
			if (s->v[i] && !mark(&to->seen[k], i))
				return false;
	}
	return true;
}

/* The parts' baskets behind each other, by the products' places. */
static int
join_baskets(struct reader *r, struct crm_baskets *b, struct crm_err *err)
{
	struct crm_baskets_part part[CRM_SCAN_PARTS] = {{.now = NULL}};
	int code = number_ids(r, CRM_SALES_PRODUCT, CRM_K_PRODUCT, err);

	for (unsigned i = 0; i < CRM_SCAN_PARTS; i++) {
		part[i].b = b[i];
		part[i].now = r->seen[CRM_SALES_PRODUCT].v;
	}
	return code < 0 ? code
			: crm_baskets_join(r->x->baskets, part, CRM_SCAN_PARTS,
			      (uint32_t)r->x->names[CRM_SALES_PRODUCT].n, err);
}

static void
reader_release(struct reader *r)
{
	for (unsigned i = 0; i < CRM_SALES_IDS; i++)
		free(r->seen[i].v);
	free(r->room);
	*r = (struct reader){0};
}

/* For as many lines as a part has in most shops. */
static int
make_room(struct crm_baskets *b, unsigned threads, struct crm_txn *t,
    struct crm_err *err)
{
	unsigned parts = threads < 1 ? 1 : threads;
	uint64_t orders;
	int code = crm_count(t, CRM_TAB_KIND + CRM_K_ORDER, &orders, err);

	for (unsigned i = 0; code == CRM_OK && i < parts && i < CRM_SCAN_PARTS;
	     i++) {
		size_t each = (size_t)(orders / parts) + 2 * CRM_COLUMNS_RANGE;

		if (!crm_baskets_room(&b[i], LINES * each, each))
			code = crm_err_nomem(err);
	}
	return code;
}

static int
scan(struct reader *r, struct crm_txn *t, int64_t until, unsigned threads,
    struct crm_err *err)
{
	const struct crm_kind *k = &r->s->kind[CRM_K_ORDER];
	struct reader part[CRM_SCAN_PARTS];
	struct crm_sales x[CRM_SCAN_PARTS];
	struct crm_baskets b[CRM_SCAN_PARTS] = {{0}}, *out = r->x->baskets;
	struct crm_scan_job job = {.schema = r->s,
	    .kind = k,
	    .want = &r->want,
	    .at = until,
	    .fn = put_order,
	    .block =
		r->x->baskets && !has(r, CRM_SALES_CUSTOMER) ? put_block : NULL,
	    .ctx = {r},
	    .parts = threads};
	int code;

	bind(r, k);
	job.cells = UINT64_C(1) << r->product | UINT64_C(1) << r->quantity |
		    UINT64_C(1) << r->cancelled;
	if (out) {
		r->x->baskets = &b[0];
		code = make_room(b, threads, t, err);
		if (code < 0)
			goto out;
	}
	for (unsigned i = 1; i < CRM_SCAN_PARTS; i++) {
		x[i] = (struct crm_sales){
		    .has = r->x->has, .baskets = out ? &b[i] : NULL};
		part[i] = *r;
		part[i].x = &x[i];
		job.ctx[i] = &part[i];
	}
	code = crm_scan_parts(t, &job, err);
	for (unsigned i = 1; i < CRM_SCAN_PARTS; i++) {
		if (code == CRM_OK && !append(r, &part[i]))
			code = crm_err_nomem(err);
		crm_sales_release(&x[i]);
		reader_release(&part[i]);
	}
out:
	r->x->baskets = out;
	if (code == CRM_OK && out)
		code = join_baskets(r, b, err);
	for (unsigned i = 0; i < CRM_SCAN_PARTS; i++)
		crm_baskets_release(&b[i]);
	return code;
}

int
crm_sales_lines(struct crm_sales *x, struct crm_txn *t,
    const struct crm_schema *s, const struct crm_lines_options *opt,
    struct crm_err *err)
{
	const unsigned can = CRM_SALES(CUSTOMER) | CRM_SALES(ORDER) |
			     CRM_SALES(PRODUCT) | CRM_SALES(PLACED) |
			     CRM_SALES(QUANTITY);
	struct reader r = {
	    .x = x, .s = s, .orders = opt->orders, .since = opt->since};
	int code;

	if (x->want & ~can)
		return crm_err_set(
		    err, CRM_EBUG, "lines of orders have no such column");
	x->has = x->want | (x->may & can);
	code = scan(&r, t, opt->until, opt->threads, err);
	if (code == CRM_OK)
		code = number_ids(&r, CRM_SALES_CUSTOMER, CRM_K_CUSTOMER, err);
	if (code == CRM_OK)
		code = number_ids(&r, CRM_SALES_ORDER, CRM_K_ORDER, err);
	if (code == CRM_OK && !x->baskets)
		code = number_ids(&r, CRM_SALES_PRODUCT, CRM_K_PRODUCT, err);
	reader_release(&r);
	return code;
}
