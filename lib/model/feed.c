/*
 * feed.c - what happened, in order, for mirrors and hooks.
 *
 * A row is a record as the revision left it, not as it is now: who reads the
 * feed from the beginning sees every state there was, and a mirror that stops
 * after any revision is the store of that moment.
 */
#include "archive.h"
#include "history_parts.h"

#define FEED_RECORDS 500 /* of a section, held in memory */
#define FEED_MOST 2000 /* after so many a transaction ends */

struct feed {
	struct crm_txn *txn;
	const struct crm_schema *schema;
	struct crm_out *out;
	unsigned only;
	uint64_t until;
	struct crm_walk walk;
	struct crm_arena arena;
	struct crm_log_head head;
	unsigned kind; /* of those waiting */
	struct crm_record *rec[FEED_RECORDS];
	uint64_t number[FEED_RECORDS];
	char op[FEED_RECORDS];
	size_t n;
	uint64_t given;
	char section[64]; /* the one that is open */
};

static const struct crm_field row_fields[] = {
    {"op", CRM_T_ENUM, 0, 0, 0, CRM_OP_NAMES, "what was done to it"},
    {"revision", CRM_T_INT, 0, 0, 0, NULL, "by which revision"},
};

static struct crm_value
op_value(char op)
{
	return crm_value_enum(CRM_OP_NAMES, crm_op_place(op));
}

int
crm_feed_fields(const struct crm_kind *k, struct crm_arena *a,
    struct crm_field **out, size_t *n, struct crm_err *err)
{
	struct crm_field *f =
	    crm_arena_alloc(a, (k->nfields + (size_t)2) * sizeof *f);

	*n = 0;
	*out = f;
	if (f == NULL)
		return crm_err_nomem(err);
	f[(*n)++] = k->fields[0];
	f[(*n)++] = row_fields[0];
	f[(*n)++] = row_fields[1];
	for (unsigned i = 1; i < k->nfields; i++)
		if (crm_archive_field(&k->fields[i]))
			f[(*n)++] = k->fields[i];
	return CRM_OK;
}

/* Begins a section unless it is the one that is open. */
static int
section(struct feed *f, const char *name, const struct crm_column *col,
    size_t n, struct crm_err *err)
{
	struct crm_buf line = {0};
	size_t len = strlen(name);
	int r;

	if (f->only != 0 || strcmp(f->section, name) == 0)
		return CRM_OK;
	crm_buf_putf(&line, "\\:%s\t%d\n", name, CRM_ARCHIVE_VERSION);
	r = crm_buf_check(&line, err);
	if (r == CRM_OK)
		r = crm_out_bytes(f->out, crm_buf_str(&line), err);
	if (r == CRM_OK)
		r = crm_out_section(f->out, col, n, err);
	crm_buf_release(&line);
	f->section[0] = '\0';
	if (len < sizeof f->section)
		memcpy(f->section, name, len + 1);
	return r;
}

static int
head_row(struct feed *f, struct crm_err *err)
{
	static const struct {
		const char *name;
		enum crm_type type;
	} columns[] = {{"revision", CRM_T_INT}, {"change", CRM_T_INT},
	    {"part", CRM_T_INT}, {"last", CRM_T_BOOL}, {"time", CRM_T_TIME},
	    {"actor", CRM_T_TEXT}, {"command", CRM_T_TEXT}, {"why", CRM_T_TEXT},
	    {"added", CRM_T_INT}, {"changed", CRM_T_INT},
	    {"removed", CRM_T_INT}};
	enum { N = sizeof columns / sizeof *columns };
	const struct crm_log_head *h = &f->head;
	struct crm_column col[N];
	struct crm_value v[N];
	int r;

	for (size_t i = 0; i < N; i++)
		col[i] = (struct crm_column){
		    crm_str(columns[i].name), columns[i].type};
	r = section(f, "revision", col, N, err);
	v[0] = crm_value_num(CRM_T_INT, (int64_t)h->revision, 0);
	v[1] = crm_value_num(CRM_T_INT, (int64_t)h->change, 0);
	v[2] = crm_value_num(CRM_T_INT, (int64_t)h->part, 0);
	v[3] = crm_value_num(CRM_T_BOOL, h->last, 0);
	v[4] = crm_value_num(CRM_T_TIME, h->time, 0);
	v[5] = crm_value_text(h->actor);
	v[6] = crm_value_text(h->program);
	v[7] = crm_value_text(h->why);
	v[8] = crm_value_num(CRM_T_INT, (int64_t)crm_log_added(h), 0);
	v[9] = crm_value_num(CRM_T_INT, (int64_t)h->updated, 0);
	v[10] = crm_value_num(CRM_T_INT, (int64_t)h->removed, 0);
	return r == CRM_OK ? crm_out_row(f->out, v, err) : r;
}

static int
flush_records(struct feed *f, const struct crm_kind *k, struct crm_err *err)
{
	struct crm_column col[CRM_FIELDS_MAX + 2];
	struct crm_value v[CRM_FIELDS_MAX + 2];
	struct crm_field *fields;
	size_t n, at;
	int r;

	r = crm_feed_fields(k, &f->arena, &fields, &n, err);
	for (size_t i = 0; r == CRM_OK && i < n; i++)
		col[i] = (struct crm_column){
		    crm_str(fields[i].name), (enum crm_type)fields[i].type};
	if (r == CRM_OK)
		r = section(f, k->name, col, n, err);
	for (size_t i = 0; i < f->n && r == CRM_OK; i++) {
		memset(v, 0, sizeof v);
		v[0] = crm_value_id(k->number, f->number[i]);
		v[1] = op_value(f->op[i]);
		v[2] = crm_value_num(CRM_T_INT, (int64_t)f->head.revision, 0);
		at = 3;
		for (unsigned j = 1; f->rec[i] != NULL && j < k->nfields; j++)
			if (crm_archive_field(&k->fields[j]))
				v[at++] = f->rec[i]->v[j];
		r = crm_out_row(f->out, v, err);
	}
	return r;
}

static int
flush_part(struct feed *f, const struct crm_kind *k, unsigned part,
    struct crm_err *err)
{
	const struct crm_part *p = &k->parts[part];
	struct crm_column col[CRM_FIELDS_MAX + 3];
	struct crm_value v[CRM_FIELDS_MAX + 3];
	struct crm_buf name = {0};
	bool begun = false;
	int r = CRM_OK;

	crm_buf_putf(&name, "%s_id", p->name);
	col[0] = (struct crm_column){crm_buf_str(&name), CRM_T_ID};
	for (unsigned i = 0; i < 2; i++)
		col[i + 1] = (struct crm_column){crm_str(row_fields[i].name),
		    (enum crm_type)row_fields[i].type};
	for (unsigned i = 0; i < p->nfields; i++)
		col[i + 3] = (struct crm_column){crm_str(p->fields[i].name),
		    (enum crm_type)p->fields[i].type};
	for (size_t i = 0; i < f->n; i++) {
		const struct crm_record *rec = f->rec[i];

		for (size_t j = 0;
		     rec != NULL && j < rec->part[part].n && r == CRM_OK; j++) {
			const struct crm_row *row = &rec->part[part].row[j];

			if (!begun)
				r = section(f, p->name, col,
				    p->nfields + (size_t)3, err);
			begun = true;
			v[0] = crm_value_id(k->number, f->number[i]);
			v[0].part = (uint8_t)(part + 1);
			v[0].sub = row->no;
			v[1] = op_value(f->op[i]);
			v[2] = crm_value_num(
			    CRM_T_INT, (int64_t)f->head.revision, 0);
			memcpy(v + 3, row->v, p->nfields * sizeof *v);
			if (r == CRM_OK)
				r = crm_out_row(f->out, v, err);
		}
	}
	crm_buf_release(&name);
	return r;
}

static int
flush(struct feed *f, struct crm_err *err)
{
	const struct crm_kind *k = &f->schema->kind[f->kind];
	int r;

	if (f->n == 0)
		return CRM_OK;
	r = flush_records(f, k, err);
	for (unsigned p = 0; f->only == 0 && p < k->nparts && r == CRM_OK; p++)
		r = flush_part(f, k, p, err);
	f->given += f->n;
	f->n = 0;
	crm_arena_reset(&f->arena);
	return r;
}

static int
feed_entry(void *ctx, const struct crm_log_entry *e, struct crm_err *err)
{
	struct feed *f = ctx;
	int r = CRM_OK;

	if (f->only != 0 && e->kind != f->only)
		return CRM_OK;
	if (f->n == FEED_RECORDS || (f->n > 0 && f->kind != e->kind))
		r = flush(f, err);
	f->kind = e->kind;
	if (r == CRM_OK)
		r = crm_walk_open(&f->walk, f->txn, e->kind, e->number, err);
	if (r == CRM_OK)
		r = crm_walk_to(&f->walk, e->revision, err);
	if (r == CRM_NOTFOUND)
		return crm_err_set(err, CRM_EDAMAGE,
		    "the store is damaged: revision %llu does not lead to "
		    "record %llu",
		    (unsigned long long)e->revision,
		    (unsigned long long)e->number);
	if (r == CRM_OK)
		r = crm_walk_record(&f->walk, f->schema,
		    crm_buf_str(&f->walk.now), &f->arena, &f->rec[f->n], err);
	if (r < 0)
		return r;
	f->number[f->n] = e->number;
	/* of one that was erased all revisions say so */
	f->op[f->n++] = f->walk.state == CRM_ERASED ? 'e' : e->op;
	return CRM_OK;
}

/* Revisions until enough was given; CRM_NOTFOUND when there are no more. */
static int
some(struct feed *f, uint64_t *next, struct crm_err *err)
{
	int r = CRM_OK;

	f->given = 0;
	while (r == CRM_OK && f->given < FEED_MOST) {
		r = crm_log_next(f->txn, *next, &f->head, err);
		if (r == CRM_OK && f->until > 0 && f->head.revision > f->until)
			r = CRM_NOTFOUND;
		if (r < 0)
			break;
		if (f->only == 0)
			r = head_row(f, err);
		if (r == CRM_OK)
			r = crm_log_entries(
			    f->txn, f->head.revision, feed_entry, f, err);
		if (r == CRM_OK)
			r = flush(f, err);
		f->given++;
		if (r == CRM_OK)
			*next = f->head.revision + 1;
	}
	return r;
}

int
crm_feed_write(struct crm_store *store, const struct crm_feed_options *opt,
    struct crm_out *out, uint64_t *next, struct crm_err *err)
{
	struct feed f = {.out = out, .only = opt->kind, .until = opt->until};
	int r, end;

	*next = opt->since > 0 ? opt->since : 1;
	r = crm_store_schema(store, &f.schema, err);
	while (r == CRM_OK) {
		r = crm_txn_begin(store, &f.txn, err);
		if (r < 0)
			break;
		r = crm_out_hold(out, err);
		if (r == CRM_OK)
			r = some(&f, next, err);
		crm_txn_end(f.txn);
		if (r == CRM_OK || r == CRM_NOTFOUND) {
			end = crm_out_drain(out, err);
			r = end < 0 ? end : r;
		}
	}
	crm_walk_close(&f.walk);
	crm_arena_release(&f.arena);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}
