/*
 * cli_join.c - the common verb get on a stream: the join.
 *
 * Under `-` every row of the stream passes, in order, with columns added.
 * Rows are taken in batches: the ids of a batch are looked up in their
 * order in the store, which is several times quicker than in the stream's.
 * So an id is not asked for before that, and one that is not found may still
 * be merged into another.  What was found stays good for the batches that
 * follow while the store is as it was.
 */
#include <stdlib.h>

#include "cli_noun.h"

#define BATCH_BITS 17
#define BATCH (1 << BATCH_BITS)
#define AHEAD 8 /* lines whose text is asked for in advance */
#define KEPT (2 * BATCH) /* records, or references, kept for the next batch */
#define KEPT_BYTES ((size_t)24 << 20) /* of what they add */

struct line {
	uint64_t number; /* 0: no id */
	unsigned long at; /* its place in the stream */
	size_t cells; /* its first cell's index in the texts, or its bytes' */
	uint32_t before, after, n; /* its bytes: up to its id, behind it, all */
	struct crm_str ref; /* what is no id, but stands in its place */
	bool drop;
	bool look; /* its reference is to be looked up by itself */
	bool whole; /* the id is of a record, not of a row of its parts */
};

/* What is added to lines, as text: the record's id, then a TAB and a cell for
 * each column. */
struct made {
	size_t at; /* in madebytes */
	uint32_t id, n; /* bytes of the id, of all */
};

struct join {
	struct cli *c;
	struct crm_stream *s;
	size_t id, ncol, nadd;
	int *pick; /* fields added */
	struct crm_want want;
	struct crm_lookup *lookup;
	struct crm_arena arena; /* of the batch */
	struct line *line;
	int64_t *order; /* number, then index in line */
	size_t n;
	/* Rows that become lines of TSV are texts all the time: of records
	 * that come again and again the text is made once a batch. */
	bool plain;
	struct crm_buf bytes, madebytes;
	struct made *made; /* one for each record */
	size_t nmade;
	uint32_t *of; /* which of them is a line's, from 1; 0: none */
	/* Of this batch and those before it, all of one state of the store. */
	uint64_t state[2];
	struct crm_idmap have; /* numbers of records, which are made */
	struct crm_map named; /* references that are no ids: number, whole */
	bool more; /* another batch follows */
	struct crm_buf none; /* what is added where there is no record */
	/* Others are values. */
	struct crm_str *text;
	struct crm_value **added; /* to each line */
	struct crm_value *row;
	struct crm_out *out;
	bool keep, drop;
};

static int
join_columns(struct join *j, struct crm_field **out, struct crm_err *err)
{
	struct cli *c = j->c;
	const struct crm_kind *k = c->kind;
	struct crm_str on = crm_stream_name(j->s, j->id);
	struct crm_buf name = {0};
	struct crm_field *f;
	size_t i, npick, stem;
	int *pick, r;

	r = cli_pick(c, k->fields, k->nfields, &pick, &npick, err);
	if (r < 0)
		return r;
	j->pick = crm_arena_alloc(&c->arena, (npick + 1) * sizeof *pick);
	f = crm_arena_zalloc(&c->arena, (j->ncol + npick + 1) * sizeof *f);
	if (f == NULL || j->pick == NULL)
		return crm_err_nomem(err);
	for (i = 0; i < j->ncol; i++) {
		f[i].name =
		    crm_arena_str(&c->arena, crm_stream_name(j->s, i)).p;
		if (f[i].name == NULL)
			return crm_err_nomem(err);
		f[i].type = CRM_T_TEXT;
	}
	/* of another record than column 1's: seller_id adds seller_name */
	stem = on.n > 3 && memcmp(on.p + on.n - 3, "_id", 3) == 0 ? on.n - 3
								  : on.n;
	for (i = 0; i < npick; i++) {
		if (pick[i] == 0)
			continue; /* the id is there already */
		crm_buf_clear(&name);
		if (j->id != 0) {
			crm_buf_put(&name, on.p, stem);
			crm_buf_putc(&name, '_');
		}
		crm_buf_puts(&name, k->fields[pick[i]].name);
		if ((r = crm_buf_check(&name, err)) < 0) {
			crm_buf_release(&name);
			return r;
		}
		if (crm_stream_find(j->s, crm_buf_str(&name)) >= 0) {
			crm_err_set(err, CRM_EDATA,
			    "the stream has a column '%.*s' already",
			    (int)name.n, name.p);
			crm_err_hint(err, "-f NAMES chooses what get adds");
			crm_buf_release(&name);
			return CRM_EDATA;
		}
		f[j->ncol + j->nadd] = k->fields[pick[i]];
		f[j->ncol + j->nadd].name =
		    crm_arena_str(&c->arena, crm_buf_str(&name)).p;
		if (f[j->ncol + j->nadd].name == NULL) {
			crm_buf_release(&name);
			return crm_err_nomem(err);
		}
		crm_want_field(&j->want, pick[i]);
		j->pick[j->nadd++] = pick[i];
	}
	crm_buf_release(&name);
	*out = f;
	return CRM_OK;
}

/* What says which record is meant.  Nothing in an id is escaped. */
static struct crm_str
join_ref(const struct join *j, const struct line *line)
{
	if (line->ref.p != NULL)
		return line->ref;
	return j->plain
		   ? (struct crm_str){j->bytes.p + line->cells + line->before,
			 line->after - line->before}
		   : j->text[line->cells + j->id];
}

/* A reference by itself: its record, or what --missing says. */
static int
join_id(
    struct join *j, struct crm_txn *t, struct line *line, struct crm_err *err)
{
	struct crm_str ref = join_ref(j, line);
	struct crm_value id;
	uint64_t known;
	int r;

	line->number = 0;
	line->look = line->whole = false;
	if (line->ref.p && crm_map_get(&j->named, line->ref, &known)) {
		line->number = known >> 1;
		line->whole = known & 1;
		return CRM_OK;
	}
	r = crm_ref_find(
	    t, NULL, j->c->kind->number, j->c->schema, ref, &id, err);
	if (r == CRM_OK) {
		line->number = (uint64_t)id.i;
		line->whole = id.sub == 0;
		if (line->ref.p &&
		    crm_map_put(&j->named, ref, line->number << 1 | line->whole,
			NULL) < 0)
			return crm_err_nomem(err);
	}
	line->drop = r == CRM_NOTFOUND && j->drop;
	if (r == CRM_NOTFOUND &&
	    (j->keep || j->drop || cli_is_erased(j->c, t, j->c->kind, ref)))
		r = CRM_OK;
	if (r == CRM_NOTFOUND || r == CRM_EDATA) {
		r = CRM_EDATA;
		if (err != NULL) {
			err->code = r;
			if (err->place[0] == '\0')
				crm_err_place(
				    err, crm_stream_file(j->s), line->at);
		}
	}
	return r;
}

/* Keeps the row as values. */
static int
keep_cells(struct join *j, struct line *line, struct crm_err *err)
{
	line->cells = j->n * j->ncol;
	j->added[j->n] = NULL;
	for (size_t i = 0; i < j->ncol; i++) {
		struct crm_str *to = &j->text[line->cells + i];

		*to = crm_arena_str(&j->arena, crm_stream_field(j->s, i));
		if (to->p == NULL)
			return crm_err_nomem(err);
	}
	return CRM_OK;
}

/* Keeps the row as it will be written. */
static int
keep_bytes(struct join *j, struct line *line, struct crm_err *err)
{
	struct crm_str raw = crm_stream_raw(j->s);
	struct crm_str id = crm_stream_field(j->s, j->id);
	struct crm_buf *b = &j->bytes;

	line->cells = b->n;
	if (crm_stream_plain(j->s)) {
		line->before = (uint32_t)(id.p - raw.p);
		line->after = line->before + (uint32_t)id.n;
		line->n = (uint32_t)raw.n;
		crm_buf_putstr(b, raw);
		return b->fail ? crm_buf_check(b, err) : CRM_OK;
	}
	for (size_t i = 0; i < j->ncol; i++) {
		if (i > 0)
			crm_buf_putc(b, '\t');
		if (i == j->id)
			line->before = (uint32_t)(b->n - line->cells);
		crm_escape_put(b, crm_stream_field(j->s, i));
		if (i == j->id)
			line->after = (uint32_t)(b->n - line->cells);
	}
	line->n = (uint32_t)(b->n - line->cells);
	return crm_buf_check(b, err);
}

static int
join_read(struct join *j, struct crm_err *err)
{
	struct crm_str ref;
	struct line *line;
	struct crm_id id;
	int r;

	j->n = 0;
	crm_arena_reset(&j->arena);
	crm_buf_clear(&j->bytes);
	while (j->n < BATCH) {
		r = crm_stream_next(j->s, err);
		if (r < 0)
			return r;
		line = &j->line[j->n];
		*line = (struct line){.at = crm_stream_line(j->s)};
		r = j->plain ? keep_bytes(j, line, err)
			     : keep_cells(j, line, err);
		if (r < 0)
			return r;
		ref = crm_stream_field(j->s, j->id);
		if (crm_id_parse(j->c->schema, ref, &id) == CRM_OK &&
		    id.kind == j->c->kind->number) {
			line->number = id.number;
			line->whole = id.sub == 0;
		} else if (ref.n > 0) {
			line->look = true;
			line->ref = crm_arena_str(&j->arena, ref);
			if (line->ref.p == NULL)
				return crm_err_nomem(err);
		}
		j->n++;
	}
	return CRM_OK;
}

/* Makes text what is added to the lines of a record. */
static int
join_make(struct join *j, const struct crm_record *rec, struct crm_err *err)
{
	struct made *m = &j->made[j->nmade++];
	struct crm_buf *b = &j->madebytes;
	struct crm_value id = crm_value_id(j->c->kind->number, rec->id);

	m->at = b->n;
	crm_out_cell(j->out, b, &id);
	m->id = (uint32_t)(b->n - m->at);
	for (size_t f = 0; f < j->nadd; f++) {
		crm_buf_putc(b, '\t');
		crm_out_cell(j->out, b, &rec->v[j->pick[f]]);
	}
	m->n = (uint32_t)(b->n - m->at);
	if (j->more && crm_idmap_put(&j->have, rec->id, j->nmade) < 0)
		return crm_err_nomem(err);
	return b->fail ? crm_buf_check(b, err) : CRM_OK;
}

/* What is added to line i, whose record is known.  Lines are not looked at: in
 * the order of numbers each of them would be far away. */
static int
join_add(struct join *j, struct crm_txn *t, struct crm_record *rec, size_t i,
    uint64_t number, struct crm_err *err)
{
	int r = crm_lookup_read(j->lookup, t, number, rec, err);
	struct crm_value *v;

	if (r < 0)
		return r;
	if (j->plain) {
		r = join_make(j, rec, err);
		j->of[i] = (uint32_t)j->nmade;
		return r;
	}
	v = crm_arena_alloc(&j->arena, (j->nadd + 1) * sizeof *v);
	if (v == NULL)
		return crm_err_nomem(err);
	for (size_t f = 0; f < j->nadd; f++)
		v[f] = rec->v[j->pick[f]];
	j->added[i] = v;
	return CRM_OK;
}

/* Was the record of line i made for a batch before? */
static bool
join_had(struct join *j, size_t i)
{
	uint64_t made;

	if (!crm_idmap_get(&j->have, j->line[i].number, &made))
		return false;
	j->of[i] = (uint32_t)made;
	return true;
}

/* Looks up the batch in the order of numbers; ids that are not there are left
 * to be looked up by themselves. */
static int
join_sorted(struct join *j, struct crm_txn *t, struct crm_record *rec,
    struct crm_err *err)
{
	uint64_t number = 0, next;
	size_t n = 0, last = 0;
	bool there = false;
	int r;

	for (size_t i = 0; i < j->n; i++)
		if (j->line[i].number != 0 && !join_had(j, i))
			j->order[n++] =
			    (int64_t)(j->line[i].number << BATCH_BITS | i);
	r = crm_sort_int(j->order, n, err);
	for (size_t k = 0; k < n && r == CRM_OK; k++) {
		size_t i = (size_t)j->order[k] & (BATCH - 1);

		next = (uint64_t)j->order[k] >> BATCH_BITS;
		if (next != number) {
			r = join_add(j, t, rec, i, next, err);
			there = r != CRM_NOTFOUND;
			number = next;
			last = i;
		} else if (j->plain)
			j->of[i] = j->of[last];
		else
			j->added[i] = j->added[last];
		if (!there) {
			j->line[i].look = true;
			r = CRM_OK;
		}
	}
	return r;
}

/* Forgets what was found, if the store has changed since, or it is much. */
static void
join_forget(struct join *j, struct crm_txn *t)
{
	uint64_t state[2];

	crm_txn_state(t, state);
	if (memcmp(state, j->state, sizeof state) != 0 || j->named.n > KEPT)
		crm_map_release(&j->named);
	if (memcmp(state, j->state, sizeof state) != 0 || j->nmade > KEPT ||
	    j->madebytes.n > KEPT_BYTES) {
		crm_idmap_release(&j->have);
		crm_buf_clear(&j->madebytes);
		j->nmade = 0;
	}
	memcpy(j->state, state, sizeof state);
}

static int
join_look(struct join *j, struct crm_txn *t, struct crm_err *err)
{
	struct crm_record *rec = crm_record_new(j->c->kind, &j->arena);
	int r = rec ? CRM_OK : crm_err_nomem(err);

	join_forget(j, t);
	memset(j->of, 0, j->n * sizeof *j->of);
	for (size_t i = 0; i < j->n && r == CRM_OK; i++)
		if (j->line[i].look)
			r = join_id(j, t, &j->line[i], err);
	if (r == CRM_OK)
		r = join_sorted(j, t, rec, err);
	for (size_t i = 0; i < j->n && r == CRM_OK; i++) {
		struct line *line = &j->line[i];

		if (!line->look)
			continue;
		r = join_id(j, t, line, err);
		if (r == CRM_OK && line->number != 0)
			r = join_add(j, t, rec, i, line->number, err);
	}
	return r;
}

/* A line, put together of its parts. */
static int
join_line(struct join *j, const struct line *line, const struct made *m,
    struct crm_err *err)
{
	const char *p = j->bytes.p + line->cells;
	const char *made = m ? j->madebytes.p + m->at : NULL;
	/* Output carries ids, whatever reference came in. */
	bool whole = line->whole && m;
	struct crm_str part[4] = {
	    {p, line->before},
	    {p + line->before, line->after - line->before},
	    {p + line->after, line->n - line->after},
	    crm_buf_str(&j->none),
	};

	if (whole && line->before == 0 && line->after == line->n)
		return crm_out_line(
		    j->out, &(struct crm_str){made, m->n}, 1, err);
	if (whole)
		part[1] = (struct crm_str){made, m->id};
	if (m)
		part[3] = (struct crm_str){made + m->id, m->n - m->id};
	return crm_out_line(j->out, part, 4, err);
}

static int
join_lines(struct join *j, struct crm_err *err)
{
	int r = CRM_OK;

	for (size_t i = 0; i < j->n && r == CRM_OK; i++) {
		/* Texts lie in the order of numbers, and so does what says
		 * where they are. */
		size_t far = i + AHEAD < j->n ? j->of[i + AHEAD] : 0;
		size_t next = i + 2 * AHEAD < j->n ? j->of[i + 2 * AHEAD] : 0;

		if (next)
			__builtin_prefetch(&j->made[next - 1]);
		if (far)
			__builtin_prefetch(
			    j->madebytes.p + j->made[far - 1].at);
		if (!j->line[i].drop)
			r = join_line(j, &j->line[i],
			    j->of[i] ? &j->made[j->of[i] - 1] : NULL, err);
	}
	return r;
}

static int
join_write(struct join *j, struct crm_err *err)
{
	struct crm_value none = {.type = CRM_T_NONE};
	size_t i, f;
	int r = CRM_OK;

	for (i = 0; i < j->n && r == CRM_OK; i++) {
		const struct line *line = &j->line[i];

		if (line->drop)
			continue;
		for (f = 0; f < j->ncol; f++)
			j->row[f] = crm_value_text(j->text[line->cells + f]);
		if (line->whole)
			j->row[j->id] =
			    crm_value_id(j->c->kind->number, line->number);
		for (f = 0; f < j->nadd; f++)
			j->row[j->ncol + f] =
			    j->added[i] ? j->added[i][f] : none;
		r = crm_out_row(j->out, j->row, err);
	}
	return r;
}

static int
join_missing(struct join *j, struct crm_err *err)
{
	const char *m = cli_opt.missing;

	if (m == NULL)
		return CRM_OK;
	j->keep = strcmp(m, "keep") == 0;
	j->drop = strcmp(m, "drop") == 0;
	if (j->keep || j->drop)
		return CRM_OK;
	crm_err_set(err, CRM_EUSAGE, "'%s' is not keep or drop", m);
	crm_err_field(err, "--missing", 9);
	return CRM_EUSAGE;
}

static int
join_run(struct join *j, struct crm_err *err)
{
	struct crm_txn *t;
	int r, end = CRM_OK;

	while (end == CRM_OK) {
		end = join_read(j, err);
		if (end < 0 && end != CRM_NOTFOUND)
			return end;
		j->more = end == CRM_OK;
		/* no transaction is open while stdin may make us wait */
		r = crm_txn_begin(j->c->store, &t, err);
		if (r < 0)
			return r;
		r = join_look(j, t, err);
		/* texts are written when it has ended, and may block; values
		 * are borrowed from it */
		if (r == CRM_OK && !j->plain)
			r = crm_out_hold(j->out, err);
		if (r == CRM_OK && !j->plain)
			r = join_write(j, err);
		crm_txn_end(t);
		if (r == CRM_OK)
			r = j->plain ? join_lines(j, err)
				     : crm_out_drain(j->out, err);
		if (r < 0)
			return r;
	}
	return CRM_OK;
}

/* How the rows are kept on their way. */
static int
join_form(struct join *j, struct crm_err *err)
{
	struct crm_arena *a = &j->c->arena;

	/* Not cleared: few streams are as long as a batch. */
	j->line = crm_arena_alloc(a, BATCH * sizeof *j->line);
	j->order = crm_arena_alloc(a, BATCH * sizeof *j->order);
	j->made = crm_arena_alloc(a, (KEPT + BATCH) * sizeof *j->made);
	j->of = crm_arena_alloc(a, BATCH * sizeof *j->of);
	if (!j->line || !j->order || !j->made || !j->of)
		return crm_err_nomem(err);
	j->plain = crm_out_plain(j->out);
	if (j->plain) {
		for (size_t f = 0; f < j->nadd; f++)
			crm_buf_putc(&j->none, '\t');
		return crm_buf_check(&j->none, err);
	}
	j->text = crm_arena_alloc(a, BATCH * j->ncol * sizeof *j->text);
	j->row = crm_arena_alloc(a, (j->ncol + j->nadd + 1) * sizeof *j->row);
	j->added = crm_arena_alloc(a, BATCH * sizeof(*j->added));
	return j->text && j->added && j->row ? CRM_OK : crm_err_nomem(err);
}

int
cli_join(struct cli *c, struct crm_err *err)
{
	struct crm_field *fields = NULL;
	struct join *j;
	int r;

	j = crm_arena_zalloc(&c->arena, sizeof *j);
	if (j == NULL)
		return crm_err_nomem(err);
	j->c = c;
	r = join_missing(j, err);
	if (r == CRM_OK)
		r = cli_slurp(c, err);
	if (r == CRM_OK)
		r = cli_stream(c, false, &j->s, err);
	/* Zero bytes are a stream of no records. */
	if (r == CRM_OK && crm_stream_columns(j->s) == 0) {
		r = cli_out(c, NULL, 0, &j->out, err);
		if (r == CRM_OK)
			r = crm_out_close(j->out, err);
		goto out;
	}
	if (r < 0)
		goto out;
	j->ncol = crm_stream_columns(j->s);
	r = cli_id_column(c, j->s, c->kind, &j->id, err);
	if (r == CRM_OK)
		r = join_columns(j, &fields, err);
	if (r < 0)
		goto out;
	r = crm_lookup_open(
	    c->store, c->schema, c->kind, &j->want, c->at, &j->lookup, err);
	if (r == CRM_OK)
		r = cli_out(c, fields, j->ncol + j->nadd, &j->out, err);
	if (r == CRM_OK)
		r = join_form(j, err);
	if (r == CRM_OK)
		r = join_run(j, err);
	if (r == CRM_OK)
		r = crm_out_close(j->out, err);
	else if (j->out != NULL)
		crm_out_abort(j->out);
out:
	crm_stream_close(j->s);
	crm_lookup_close(j->lookup);
	crm_buf_release(&j->bytes);
	crm_buf_release(&j->madebytes);
	crm_idmap_release(&j->have);
	crm_map_release(&j->named);
	crm_buf_release(&j->none);
	crm_arena_release(&j->arena);
	return r;
}
