/*
 * dump.c - a store as one text.
 *
 * Records go out in sections of some thousand, each followed by the sections
 * of its parts, so that whoever reads the text needs no more memory than that
 * however large the store is.  Only what is stored is written: figures,
 * identities and indexes follow from it.  Byte strings (the log's differences,
 * the zone's rules, what imports remember) are hexadecimal.
 */
#include <stdio.h>

#include <crm/erased.h>

#include "archive.h"

struct dump {
	struct crm_store *store;
	struct crm_txn *txn;
	const struct crm_schema *schema;
	struct crm_out *out;
	const struct crm_watch *watch;
	uint64_t done, total;
	struct crm_buf a, b;
	struct crm_arena arena;
	struct crm_record **rec;
	size_t nrec;
};

static int
section(struct dump *d, const char *name, const struct crm_column *col,
    size_t n, struct crm_err *err)
{
	char line[96];
	int len = snprintf(
	    line, sizeof line, "\\:%s\t%d\n", name, CRM_ARCHIVE_VERSION);
	int r;

	r = crm_out_bytes(d->out, (struct crm_str){line, (size_t)len}, err);
	return r < 0 ? r : crm_out_section(d->out, col, n, err);
}

/* A section of plain texts. */
static int
section_text(struct dump *d, const char *name, const char *const *column,
    size_t n, struct crm_err *err)
{
	struct crm_column col[16];

	for (size_t i = 0; i < n; i++)
		col[i] = (struct crm_column){crm_str(column[i]), CRM_T_TEXT};
	return section(d, name, col, n, err);
}

static void
put_hex(struct crm_buf *b, struct crm_str s)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		crm_buf_putc(b, digit[(unsigned char)s.p[i] >> 4]);
		crm_buf_putc(b, digit[(unsigned char)s.p[i] & 15]);
	}
}

/* What went into the buffers is all there. */
static int
put_row(struct dump *d, const struct crm_value *row, struct crm_err *err)
{
	int r = crm_buf_check(&d->a, err);

	if (r == CRM_OK)
		r = crm_buf_check(&d->b, err);
	return r < 0 ? r : crm_out_row(d->out, row, err);
}

static int
put_texts(struct dump *d, const struct crm_str *cell, struct crm_err *err)
{
	int r = crm_buf_check(&d->a, err);

	if (r == CRM_OK)
		r = crm_buf_check(&d->b, err);
	return r < 0 ? r : crm_out_texts(d->out, cell, err);
}

static int
pair(
    struct dump *d, const char *name, struct crm_str value, struct crm_err *err)
{
	struct crm_str cell[2] = {crm_str(name), value};

	return put_texts(d, cell, err);
}

static int
pair_num(struct dump *d, const char *name, uint64_t v, struct crm_err *err)
{
	crm_buf_clear(&d->a);
	crm_buf_putu(&d->a, v);
	return pair(d, name, crm_buf_str(&d->a), err);
}

static const char *const pair_columns[] = {"name", "value"};

static int
dump_store(struct dump *d, bool log, struct crm_err *err)
{
	struct crm_str v;
	uint64_t n = 0, from = 0;
	int r;

	r = section_text(d, "store", pair_columns, 2, err);
	if (r < 0)
		return r;
	r = crm_get(d->txn, CRM_TAB_META, crm_meta_key("uuid"), &v, err);
	if (r == CRM_OK) {
		crm_buf_clear(&d->a);
		put_hex(&d->a, v);
		r = pair(d, "uuid", crm_buf_str(&d->a), err);
	}
	if (r < 0 && r != CRM_NOTFOUND)
		return r;
	r = crm_get(d->txn, CRM_TAB_META, crm_meta_key("created"), &v, err);
	if (r == CRM_OK && crm_take_be(&v, 8, &n)) {
		crm_buf_clear(&d->a);
		crm_time_put(&d->a, (int64_t)n);
		r = pair(d, "created", crm_buf_str(&d->a), err);
	}
	if (r < 0 && r != CRM_NOTFOUND)
		return r;
	r = crm_txn_last(d->txn, &n, err);
	if (r == CRM_OK)
		r = pair_num(d, "revision", n, err);
	if (r < 0 || !log)
		return r;
	r = crm_get(
	    d->txn, CRM_TAB_META, crm_meta_key(CRM_META_LOG_FROM), &v, err);
	if (r == CRM_OK && crm_take_be(&v, 8, &from))
		r = pair_num(d, "log_from", from, err);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
dump_fields(struct dump *d, const struct crm_settings *set, struct crm_err *err)
{
	static const char *const columns[] = {
	    "kind", "name", "type", "values", "help", "tag", "flags"};
	int r = section_text(d, "field", columns, 7, err);

	for (size_t i = 0; i < set->ncustom && r == CRM_OK; i++) {
		const struct crm_custom *c = &set->custom[i];
		struct crm_str cell[7] = {
		    c->kind, c->name, c->type, c->values, c->help};

		crm_buf_clear(&d->a);
		crm_buf_clear(&d->b);
		crm_buf_putu(&d->a, c->tag);
		crm_buf_putu(&d->b, c->flags);
		cell[5] = crm_buf_str(&d->a);
		cell[6] = crm_buf_str(&d->b);
		r = put_texts(d, cell, err);
	}
	return r;
}

static int
dump_settings(struct dump *d, struct crm_err *err)
{
	static const char *const columns[] = {"name", "where", "help"};
	const struct crm_settings *set = d->schema->settings;
	int r;

	r = section_text(d, "settings", pair_columns, 2, err);
	if (r == CRM_OK)
		r = pair(d, "currency", set->currency, err);
	if (r == CRM_OK)
		r = pair(d, "timezone", set->timezone, err);
	if (r == CRM_OK)
		r = pair(d, "country", set->country, err);
	if (r == CRM_OK)
		r = pair_num(d, "day_start", (uint64_t)set->day_start, err);
	if (r == CRM_OK)
		r = pair(d, "statuses", set->statuses, err);
	if (r == CRM_OK)
		r = pair(d, "ignore", set->ignore, err);
	if (r == CRM_OK && set->costs.n > 0)
		r = pair(d, "costs", set->costs, err);
	if (r == CRM_OK && set->quality.n > 0)
		r = pair(d, "quality", set->quality, err);
	if (r == CRM_OK)
		r = pair_num(d, "next_tag", set->next_tag, err);
	crm_buf_clear(&d->a);
	put_hex(&d->a, set->tzif);
	if (r == CRM_OK)
		r = pair(d, "tzif", crm_buf_str(&d->a), err);
	if (r == CRM_OK)
		r = dump_fields(d, set, err);
	if (r == CRM_OK)
		r = section_text(d, "segment", columns, 3, err);
	for (size_t i = 0; i < set->nsegment && r == CRM_OK; i++) {
		struct crm_str cell[3] = {set->segment[i].name,
		    set->segment[i].where, set->segment[i].help};

		r = put_texts(d, cell, err);
	}
	return r;
}

/* ---- records ---- */

static int
chunk_live(struct dump *d, const struct crm_kind *k, struct crm_err *err)
{
	struct crm_column col[CRM_FIELDS_MAX + 1];
	struct crm_value row[CRM_FIELDS_MAX + 1];
	size_t n = 0;
	int r;

	for (unsigned f = 0; f < k->nfields; f++)
		if (f == 0 || crm_archive_field(&k->fields[f]))
			col[n++] =
			    (struct crm_column){crm_str(k->fields[f].name),
				(enum crm_type)k->fields[f].type};
	col[n++] = (struct crm_column){CRM_STR("revision"), CRM_T_INT};
	r = section(d, k->name, col, n, err);
	for (size_t i = 0; i < d->nrec && r == CRM_OK; i++) {
		const struct crm_record *rec = d->rec[i];

		if (rec->state != CRM_LIVE)
			continue;
		n = 0;
		for (unsigned f = 0; f < k->nfields; f++)
			if (f == 0 || crm_archive_field(&k->fields[f]))
				row[n++] = rec->v[f];
		row[n] = crm_value_num(CRM_T_INT, (int64_t)rec->revision, 0);
		r = put_row(d, row, err);
	}
	return r;
}

static int
chunk_part(struct dump *d, const struct crm_kind *k, unsigned part,
    struct crm_err *err)
{
	const struct crm_part *p = &k->parts[part];
	struct crm_column col[CRM_FIELDS_MAX + 1];
	struct crm_value row[CRM_FIELDS_MAX + 1];
	char name[80];
	bool any = false;
	int r;

	for (size_t i = 0; i < d->nrec && !any; i++)
		any = d->rec[i]->part[part].n > 0;
	if (!any)
		return CRM_OK;
	snprintf(name, sizeof name, "%s_id", p->name);
	col[0] = (struct crm_column){crm_str(name), CRM_T_ID};
	for (unsigned f = 0; f < p->nfields; f++)
		col[f + 1] = (struct crm_column){crm_str(p->fields[f].name),
		    (enum crm_type)p->fields[f].type};
	r = section(d, p->name, col, p->nfields + (size_t)1, err);
	for (size_t i = 0; i < d->nrec; i++) {
		const struct crm_rows *rows = &d->rec[i]->part[part];

		for (size_t j = 0; j < rows->n && r == CRM_OK; j++) {
			row[0] = crm_value_id(k->number, d->rec[i]->id);
			row[0].part = (uint8_t)(part + 1);
			row[0].sub = rows->row[j].no;
			memcpy(
			    row + 1, rows->row[j].v, p->nfields * sizeof *row);
			r = put_row(d, row, err);
		}
	}
	return r;
}

/* Numbers of rows that were given and dropped: they are not given again. */
static int
chunk_given(struct dump *d, const struct crm_kind *k, struct crm_err *err)
{
	char name[80];
	struct crm_column col[3] = {{{NULL, 0}, CRM_T_ID},
	    {CRM_STR("part"), CRM_T_TEXT}, {CRM_STR("last"), CRM_T_INT}};
	struct crm_value row[3];
	bool begun = false;
	int r = CRM_OK;

	snprintf(name, sizeof name, "%s_id", k->name);
	col[0].name = crm_str(name);
	for (size_t i = 0; i < d->nrec; i++)
		for (unsigned p = 0; p < k->nparts && r == CRM_OK; p++) {
			const struct crm_rows *rows = &d->rec[i]->part[p];

			if (rows->last == 0 ||
			    (rows->n > 0 &&
				rows->row[rows->n - 1].no >= rows->last))
				continue;
			if (!begun)
				r = section(d, "given", col, 3, err);
			begun = true;
			row[0] = crm_value_id(k->number, d->rec[i]->id);
			row[1] = crm_value_text(crm_str(k->parts[p].name));
			row[2] = crm_value_num(CRM_T_INT, rows->last, 0);
			if (r == CRM_OK)
				r = put_row(d, row, err);
		}
	return r;
}

static int
chunk_gone(struct dump *d, const struct crm_kind *k, struct crm_err *err)
{
	char name[80];
	struct crm_column col[4] = {{{NULL, 0}, CRM_T_ID},
	    {CRM_STR("state"), CRM_T_TEXT}, {CRM_STR("into"), CRM_T_ID},
	    {CRM_STR("revision"), CRM_T_INT}};
	struct crm_value row[4];
	bool begun = false;
	int r = CRM_OK;

	snprintf(name, sizeof name, "%s_id", k->name);
	col[0].name = crm_str(name);
	for (size_t i = 0; i < d->nrec && r == CRM_OK; i++) {
		const struct crm_record *rec = d->rec[i];

		if (rec->state == CRM_LIVE)
			continue;
		if (!begun)
			r = section(d, "gone", col, 4, err);
		begun = true;
		row[0] = crm_value_id(k->number, rec->id);
		row[1] =
		    crm_value_text(crm_str(crm_archive_states[rec->state]));
		row[2] = crm_value_id(
		    k->number, rec->state == CRM_MERGED ? rec->into : 0);
		row[3] = crm_value_num(CRM_T_INT, (int64_t)rec->revision, 0);
		if (r == CRM_OK)
			r = put_row(d, row, err);
	}
	return r;
}

static int
chunk(struct dump *d, const struct crm_kind *k, struct crm_err *err)
{
	int r = chunk_live(d, k, err);

	for (unsigned p = 0; p < k->nparts && r == CRM_OK; p++)
		r = chunk_part(d, k, p, err);
	if (r == CRM_OK)
		r = chunk_given(d, k, err);
	if (r == CRM_OK)
		r = chunk_gone(d, k, err);
	d->done += d->nrec;
	d->nrec = 0;
	crm_arena_reset(&d->arena);
	if (d->watch != NULL && d->watch->fn != NULL)
		d->watch->fn(d->watch->ctx, "records", d->done, d->total);
	return r;
}

static int
dump_kind(struct dump *d, const struct crm_kind *k, struct crm_err *err)
{
	unsigned table = CRM_TAB_KIND + k->number;
	struct crm_cursor *cur = NULL;
	struct crm_str key, v, tail;
	struct crm_record *rec;
	uint64_t number;
	int r;

	r = crm_cursor_open(d->txn, table, &cur, err);
	if (r < 0)
		return r;
	r = crm_cursor_seek(cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		tail = key;
		r = crm_unseal(table, key, &v, err);
		if (r == CRM_OK && !crm_take_be(&tail, 8, &number))
			r = crm_err_set(err, CRM_EDAMAGE,
			    "a key of the %ss is not a number", k->name);
		if (r < 0)
			break;
		rec = crm_record_new(k, &d->arena);
		if (rec == NULL) {
			r = crm_err_nomem(err);
			break;
		}
		rec->id = number;
		r = crm_record_decode(d->schema, v, &crm_want_all, rec, err);
		d->rec[d->nrec++] = rec;
		if (r == CRM_OK && d->nrec == CRM_ARCHIVE_CHUNK)
			r = chunk(d, k, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	if (r == CRM_NOTFOUND)
		r = d->nrec > 0 ? chunk(d, k, err) : CRM_OK;
	crm_cursor_close(cur);
	return r;
}

int
crm_dump_records(struct crm_txn *t, const struct crm_schema *s,
    struct crm_out *out, const struct crm_kind *k, const uint64_t *number,
    size_t n, struct crm_err *err)
{
	struct crm_record *rec[CRM_ARCHIVE_CHUNK];
	struct dump d = {.txn = t, .schema = s, .out = out, .rec = rec};
	int r = CRM_OK;

	for (size_t i = 0; i < n && r == CRM_OK; i++) {
		struct crm_record *one = crm_record_new(k, &d.arena);

		if (one == NULL) {
			r = crm_err_nomem(err);
			break;
		}
		r = crm_record_read(t, k, number[i], &crm_want_all, one, err);
		if (r == CRM_NOTFOUND && one->state != CRM_LIVE)
			r = CRM_OK; /* a tombstone */
		else if (r == CRM_NOTFOUND)
			crm_err_set(err, r, "there is no %s %s%llu", k->name,
			    k->letter, (unsigned long long)number[i]);
		d.rec[d.nrec++] = one;
		if (r == CRM_OK && (d.nrec == CRM_ARCHIVE_CHUNK || i + 1 == n))
			r = chunk(&d, k, err);
	}
	crm_arena_release(&d.arena);
	return r;
}

/* ---- what imports remember, and the log ---- */

static int
dump_source(struct dump *d, struct crm_err *err)
{
	static const char *const columns[] = {"key", "value"};
	struct crm_cursor *cur = NULL;
	struct crm_str key, v;
	bool begun = false;
	int r;

	r = crm_cursor_open(d->txn, CRM_TAB_SOURCE, &cur, err);
	if (r < 0)
		return r;
	r = crm_cursor_seek(cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		struct crm_str cell[2];

		if (!begun)
			r = section_text(d, "source", columns, 2, err);
		begun = true;
		if (r == CRM_OK)
			r = crm_unseal(CRM_TAB_SOURCE, key, &v, err);
		if (r < 0)
			break;
		crm_buf_clear(&d->a);
		crm_buf_clear(&d->b);
		put_hex(&d->a, key);
		put_hex(&d->b, v);
		cell[0] = crm_buf_str(&d->a);
		cell[1] = crm_buf_str(&d->b);
		r = put_texts(d, cell, err);
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static int
head_row(struct dump *d, struct crm_str v, struct crm_err *err)
{
	struct crm_log_head h;
	struct crm_value row[13];
	int r = crm_log_decode(v, &h, err);

	if (r < 0)
		return r;
	crm_buf_clear(&d->a);
	for (size_t i = 0; i < h.nrange; i++)
		crm_buf_putf(&d->a, "%s%u:%llu:%llu", i ? " " : "",
		    h.range[i].kind, (unsigned long long)h.range[i].first,
		    (unsigned long long)h.range[i].count);
	crm_buf_clear(&d->b);
	crm_buf_putf(&d->b, "%016llx", (unsigned long long)h.keyhash);
	row[0] = crm_value_num(CRM_T_INT, (int64_t)h.revision, 0);
	row[1] = crm_value_num(CRM_T_INT, (int64_t)h.change, 0);
	row[2] = crm_value_num(CRM_T_INT, (int64_t)h.part, 0);
	row[3] = crm_value_num(CRM_T_BOOL, h.last, 0);
	row[4] = crm_value_num(CRM_T_TIME, h.time, 0);
	row[5] = crm_value_text(h.actor);
	row[6] = crm_value_text(h.program);
	row[7] = crm_value_text(h.why);
	row[8] = crm_value_text(h.key);
	row[9] = crm_value_text(crm_buf_str(&d->b));
	row[10] = crm_value_num(CRM_T_INT, (int64_t)h.updated, 0);
	row[11] = crm_value_num(CRM_T_INT, (int64_t)h.removed, 0);
	row[12] = crm_value_text(crm_buf_str(&d->a));
	return put_row(d, row, err);
}

static int
entry_row(
    struct dump *d, struct crm_str key, struct crm_str v, struct crm_err *err)
{
	uint64_t revision = 0, kind = 0, number = 0;
	int r = CRM_OK;

	crm_take_be(&key, 8, &revision);
	crm_take_be(&key, 1, &kind);
	crm_take_be(&key, 8, &number);
	do {
		struct crm_str piece = {v.p, v.n};
		struct crm_value row[4];

		if (piece.n > CRM_ARCHIVE_ENTRY)
			piece.n = CRM_ARCHIVE_ENTRY;
		v.p += piece.n;
		v.n -= piece.n;
		crm_buf_clear(&d->a);
		put_hex(&d->a, piece);
		row[0] = crm_value_num(CRM_T_INT, (int64_t)revision, 0);
		row[1] = crm_value_num(CRM_T_INT, (int64_t)kind, 0);
		row[2] = crm_value_num(CRM_T_INT, (int64_t)number, 0);
		row[3] = crm_value_text(crm_buf_str(&d->a));
		r = put_row(d, row, err);
	} while (r == CRM_OK && v.n > 0);
	return r;
}

/* Twice over the log: first the headers, then the entries. */
static int
dump_log(struct dump *d, bool heads, struct crm_err *err)
{
	static const char *const head_columns[] = {"revision", "change", "part",
	    "last", "time", "actor", "program", "why", "key", "keyhash",
	    "updated", "removed", "numbers"};
	static const char *const entry_columns[] = {
	    "revision", "kind", "number", "bytes"};
	static const char none[9];
	struct crm_cursor *cur = NULL;
	struct crm_str key, v;
	int r;

	r = heads ? section_text(d, "log", head_columns, 13, err)
		  : section_text(d, "entry", entry_columns, 4, err);
	if (r == CRM_OK)
		r = crm_cursor_open(d->txn, CRM_TAB_LOG, &cur, err);
	if (r < 0)
		return r;
	r = crm_cursor_seek(cur, (struct crm_str){"", 0}, &key, &v, err);
	while (r == CRM_OK) {
		bool head = key.n == 17 && memcmp(key.p + 8, none, 9) == 0;

		if (head == heads) {
			r = crm_unseal(CRM_TAB_LOG, key, &v, err);
			if (r == CRM_OK)
				r = heads ? head_row(d, v, err)
					  : entry_row(d, key, v, err);
		}
		if (r == CRM_OK)
			r = crm_cursor_next(cur, &key, &v, err);
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The list of who was erased, a row for each of its lines. */
static int
dump_erased(struct dump *d, struct crm_err *err)
{
	static const char *const columns[] = {"line"};
	struct crm_erased list;
	struct crm_str rest, line;
	int r = crm_erased_read(crm_store_path(d->store), &list, err);

	if (r < 0 || list.n == 0)
		return r;
	list.pending = false; /* a text never is */
	crm_buf_clear(&d->a);
	crm_erased_put(&list, &d->a);
	crm_erased_release(&list);
	r = crm_buf_check(&d->a, err);
	if (r == CRM_OK)
		r = section_text(d, "erased", columns, 1, err);
	rest = crm_buf_str(&d->a);
	while (r == CRM_OK && crm_str_split(&rest, '\n', &line))
		if (line.n > 0)
			r = crm_out_texts(d->out, &line, err);
	return r;
}

static int
dump_all(struct dump *d, bool log, struct crm_err *err)
{
	uint64_t n;
	int r;

	for (unsigned i = 1; i < CRM_K_MAX; i++)
		if (d->schema->kind[i].name != NULL &&
		    crm_count(d->txn, CRM_TAB_KIND + i, &n, NULL) == CRM_OK)
			d->total += n;
	r = dump_store(d, log, err);
	if (r == CRM_OK)
		r = dump_settings(d, err);
	for (unsigned i = 1; i < CRM_K_MAX && r == CRM_OK; i++)
		if (d->schema->kind[i].name != NULL)
			r = dump_kind(d, &d->schema->kind[i], err);
	if (r == CRM_OK)
		r = dump_source(d, err);
	if (r == CRM_OK)
		r = dump_erased(d, err);
	if (r == CRM_OK && log)
		r = dump_log(d, true, err);
	if (r == CRM_OK && log)
		r = dump_log(d, false, err);
	return r;
}

int
crm_store_dump(struct crm_store *s, struct crm_out *out, bool log,
    const struct crm_watch *watch, struct crm_err *err)
{
	struct crm_record *rec[CRM_ARCHIVE_CHUNK];
	struct dump d = {.store = s, .out = out, .watch = watch, .rec = rec};
	int r;

	r = crm_store_schema(s, &d.schema, err);
	if (r == CRM_OK)
		r = crm_txn_begin(s, &d.txn, err);
	if (r == CRM_OK)
		r = crm_out_hold(out, err);
	if (r == CRM_OK)
		r = dump_all(&d, log, err);
	crm_txn_end(d.txn);
	if (r == CRM_OK)
		r = crm_out_drain(out, err);
	crm_buf_release(&d.a);
	crm_buf_release(&d.b);
	crm_arena_release(&d.arena);
	return r;
}
