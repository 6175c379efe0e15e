/*
 * import_source.c - what a source said last of a record.
 *
 * An entry of CRM_TAB_SOURCE, by (source, kind, the source's id): the
 * record's number, the version, a 32-bit hash of each field, and for each row
 * of a part its number and one hash.  Hashes, not values: they tell whether
 * the source changed its mind, which is all that is asked, in 6 bytes a
 * field.  That a change is missed needs both values to have one CRC, one in
 * four thousand million; the next change of the field mends it.
 */
#include "import_parts.h"

int
crm_imp_said_key(const struct crm_import_map *m, unsigned kind,
    struct crm_str id, struct crm_buf *out, struct crm_err *err)
{
	crm_buf_clear(out);
	crm_buf_putstr(out, m->source);
	crm_buf_putc(out, '\0');
	crm_buf_putc(out, (char)kind);
	if (id.n <= CRM_IMP_ID_MAX) {
		crm_buf_putstr(out, id);
	} else {
		/* Keys are short; no id ends like this by chance. */
		crm_buf_put(out, id.p, CRM_IMP_ID_MAX - 9);
		crm_buf_putc(out, '\0');
		crm_buf_putbe(out, crm_hash64(id.p, id.n), 8);
	}
	return crm_buf_check(out, err);
}

uint32_t
crm_imp_tag(const struct crm_kind *k, int field)
{
	uint32_t tag = k->fields[field].tag;

	/* Virtual fields have no tag; built-in ones keep their place. */
	return tag ? tag : 30000 + (uint32_t)field;
}

uint32_t
crm_imp_hash(const struct crm_value *v)
{
	char room[32];
	struct crm_buf b = {.p = room, .cap = sizeof room, .max = sizeof room};
	uint32_t h;

	if (v->type == CRM_T_NONE)
		return 0;
	crm_buf_putc(&b, (char)v->type);
	crm_buf_putc(&b, (char)v->kind);
	crm_buf_putc(&b, (char)v->scale);
	crm_buf_putzig(&b, v->i);
	h = crm_crc32c(0, b.p, b.n);
	if (v->s.n > 0)
		h = crm_crc32c(h, v->s.p, v->s.n);
	return h ? h : 1;
}

static int
damaged(struct crm_err *err)
{
	return crm_err_set(
	    err, CRM_EDAMAGE, "what a source said of a record cannot be read");
}

static int
take_rows(struct crm_str *s, struct crm_arena *a, struct crm_imp_said *out,
    struct crm_err *err)
{
	uint64_t n, part, key, hash, no;

	if (!crm_take_var(s, &n) || n > s->n / 10)
		return damaged(err);
	out->caprow = (size_t)n + 4;
	out->row = crm_arena_alloc(a, out->caprow * sizeof *out->row);
	if (!out->row)
		return crm_err_nomem(err);
	for (; out->nrow < n; out->nrow++) {
		struct crm_imp_said_row *w = &out->row[out->nrow];

		*w = (struct crm_imp_said_row){0};
		if (!crm_take_be(s, 1, &part) || !crm_take_be(s, 4, &key) ||
		    !crm_take_be(s, 4, &hash) || !crm_take_var(s, &no) ||
		    !crm_take_zig(s, &w->total))
			return damaged(err);
		w->part = (uint32_t)part;
		w->key = (uint32_t)key;
		w->hash = (uint32_t)hash;
		w->no = (uint32_t)no;
	}
	return CRM_OK;
}

int
crm_imp_said_read(struct crm_txn *t, struct crm_str key, struct crm_arena *a,
    struct crm_imp_said *out, struct crm_err *err)
{
	struct crm_str s;
	uint64_t n, tag, hash;
	int r = crm_get(t, CRM_TAB_SOURCE, key, &s, err);

	*out = (struct crm_imp_said){0};
	if (r == CRM_NOTFOUND)
		return CRM_OK;
	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_SOURCE, key, &s, err);
	if (r < 0)
		return r;
	if (!crm_take_var(&s, &out->number) || !crm_take_var(&s, &n) ||
	    !crm_take_bytes(&s, (size_t)n, &out->version) ||
	    !crm_take_var(&s, &n) || n > s.n / 5)
		return damaged(err);
	/* The change may outlive the page it was read from. */
	out->version = crm_arena_str(a, out->version);
	out->capfield = (size_t)n + 4;
	out->field = crm_arena_alloc(a, out->capfield * sizeof *out->field);
	if (!out->field || !out->version.p)
		return crm_err_nomem(err);
	for (; out->nfield < n; out->nfield++) {
		if (!crm_take_var(&s, &tag) || !crm_take_be(&s, 4, &hash))
			return damaged(err);
		out->field[out->nfield] =
		    (struct crm_imp_said_field){(uint32_t)tag, (uint32_t)hash};
	}
	return take_rows(&s, a, out, err);
}

void
crm_imp_said_encode(const struct crm_imp_said *s, struct crm_buf *out)
{
	size_t n = 0;

	crm_buf_putvar(out, s->number);
	crm_buf_putvar(out, s->version.n);
	crm_buf_putstr(out, s->version);
	for (size_t i = 0; i < s->nfield; i++)
		n += s->field[i].hash != 0;
	crm_buf_putvar(out, n);
	for (size_t i = 0; i < s->nfield; i++) {
		if (s->field[i].hash == 0)
			continue;
		crm_buf_putvar(out, s->field[i].tag);
		crm_buf_putbe(out, s->field[i].hash, 4);
	}
	n = 0;
	for (size_t i = 0; i < s->nrow; i++)
		n += s->row[i].no != 0;
	crm_buf_putvar(out, n);
	for (size_t i = 0; i < s->nrow; i++) {
		const struct crm_imp_said_row *w = &s->row[i];

		if (w->no == 0)
			continue;
		crm_buf_putbe(out, w->part, 1);
		crm_buf_putbe(out, w->key, 4);
		crm_buf_putbe(out, w->hash, 4);
		crm_buf_putvar(out, w->no);
		crm_buf_putzig(out, w->total);
	}
}

/* The arrays grow in the arena: a record's worth at a time, soon reset. */
static bool
room(void *pp, size_t *cap, size_t n, size_t size, struct crm_arena *a)
{
	void *old, *new;

	memcpy(&old, pp, sizeof old);
	if (n < *cap)
		return true;
	*cap = *cap ? *cap * 2 : 8;
	new = crm_arena_alloc(a, *cap * size);
	if (!new)
		return false;
	if (n > 0)
		memcpy(new, old, n * size);
	memcpy(pp, &new, sizeof new);
	return true;
}

int
crm_imp_said_field(struct crm_imp_said *s, uint32_t tag, uint32_t hash,
    uint32_t *old, struct crm_arena *a)
{
	*old = 0;
	for (size_t i = 0; i < s->nfield; i++)
		if (s->field[i].tag == tag) {
			*old = s->field[i].hash;
			s->field[i].hash = hash;
			return CRM_OK;
		}
	if (hash == 0)
		return CRM_OK;
	if (!room(&s->field, &s->capfield, s->nfield, sizeof *s->field, a))
		return CRM_ENOMEM;
	s->field[s->nfield++] = (struct crm_imp_said_field){tag, hash};
	return CRM_OK;
}

struct crm_imp_said_row *
crm_imp_said_find(const struct crm_imp_said *s, unsigned part, uint32_t key)
{
	for (size_t i = 0; i < s->nrow; i++)
		if (s->row[i].part == part && s->row[i].key == key &&
		    s->row[i].no != 0)
			return &s->row[i];
	return NULL;
}

struct crm_imp_said_row *
crm_imp_said_add(
    struct crm_imp_said *s, unsigned part, uint32_t key, struct crm_arena *a)
{
	if (!room(&s->row, &s->caprow, s->nrow, sizeof *s->row, a))
		return NULL;
	s->row[s->nrow] = (struct crm_imp_said_row){.part = part, .key = key};
	return &s->row[s->nrow++];
}
