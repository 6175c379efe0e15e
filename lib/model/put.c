/*
 * put.c - taking a record into a change: everything a record must pass.
 *
 * The order of the checks is fixed: references become numbers, identities
 * get their normal form, the kind's own rules fill and compute, and only
 * then is asked what is missing, fixed or taken by another record.
 */
#include "change.h"

/* Numbers past it are looked up each time: a bit for each is kept. */
#define KNOWN_MAX ((int64_t)1 << 26)

static int
number_new(struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	unsigned kind = rec->kind->number;
	int r;

	if (ch->next[kind] == 0) {
		r = crm_txn_next(ch->txn, kind, &ch->next[kind], err);
		if (r < 0)
			return r;
	}
	rec->id = ch->next[kind]++;
	rec->v[0] = crm_value_id(kind, rec->id);
	return CRM_OK;
}

/*
 * A record that was refused gives its number back, so that rows passed over
 * under --keep-going leave no holes in the ranges of the log.
 */
static void
number_back(struct crm_change *ch, struct crm_record *rec)
{
	unsigned kind = rec->kind->number;
	uint64_t off;

	if (ch->next[kind] != rec->id + 1 ||
	    crm_latest_get(ch, kind, rec->id, &off))
		return;
	ch->next[kind]--;
	rec->id = 0;
	rec->v[0] = crm_value_id(kind, 0);
}

static int
resolve_value(struct crm_change *ch, const struct crm_field *f,
    struct crm_value *v, struct crm_err *err)
{
	uint64_t number;
	struct crm_value found;
	int r;

	if (v->type != CRM_T_ID)
		return CRM_OK;
	if (v->i == 0) {
		r = crm_ref_find(ch->txn, ch, f->ref ? f->ref : v->kind,
		    ch->schema, v->s, &found, err);
		if (r == CRM_OK)
			*v = found;
		else if (r == CRM_NOTFOUND &&
			 crm_change_erased_ref(ch, f->ref ? f->ref : v->kind,
			     v->s, err) == CRM_EDATA)
			r = CRM_EDATA;
	} else {
		if (v->kind < CRM_K_MAX &&
		    crm_bits_get(&ch->known[v->kind], (uint64_t)v->i))
			return CRM_OK;
		number = (uint64_t)v->i;
		r = crm_ref_live(
		    ch->txn, ch, ch->schema, v->kind, &number, err);
		if (r == CRM_OK) {
			/* a merged one is to be followed each time */
			if ((uint64_t)v->i == number && v->i < KNOWN_MAX &&
			    v->kind < CRM_K_MAX)
				(void)crm_bits_set(&ch->known[v->kind], number);
			v->i = (int64_t)number;
		} else if (r == CRM_NOTFOUND)
			crm_err_set(err, CRM_NOTFOUND, "there is no %s %s%lld",
			    crm_letter_of(v->kind)->name,
			    crm_letter_of(v->kind)->letter, (long long)v->i);
	}
	if (r == CRM_NOTFOUND || r == CRM_EDATA) {
		crm_err_field(err, f->name, strlen(f->name));
		/* inside data an unknown reference is bad data */
		if (err != NULL)
			err->code = CRM_EDATA;
		r = CRM_EDATA;
	}
	return r;
}

/* References of the record and its parts to numbers.  An order keeps who was
 * erased as its customer. */
static int
resolve(struct crm_change *ch, const struct crm_record *prev,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	struct crm_field_set special = crm_kind_special(ch->schema, k);
	size_t p, row, f;
	unsigned i;
	int r;

	while (crm_field_take(&special, &i)) {
		if (k->fields[i].type != CRM_T_ID ||
		    (prev != NULL && rec->v[i].i > 0 &&
			crm_value_eq(&prev->v[i], &rec->v[i]) &&
			crm_ref_erased(
			    ch->txn, rec->v[i].kind, (uint64_t)rec->v[i].i)))
			continue;
		r = resolve_value(ch, &k->fields[i], &rec->v[i], err);
		if (r < 0)
			return r;
	}
	for (p = 0; p < k->nparts; p++) {
		const struct crm_part *part = &k->parts[p];

		for (f = 0; f < part->nfields; f++) {
			if (part->fields[f].type != CRM_T_ID)
				continue;
			for (row = 0; row < rec->part[p].n; row++) {
				r = resolve_value(ch, &part->fields[f],
				    &rec->part[p].row[row].v[f], err);
				if (r < 0)
					return r;
			}
		}
	}
	return CRM_OK;
}

static bool
has_row(
    const struct crm_rows *rows, struct crm_str scheme, struct crm_str normal)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		if (crm_str_eq(rows->row[i].v[0].s, scheme) &&
		    crm_str_eq(rows->row[i].v[1].s, normal))
			return true;
	return false;
}

/* "set --email moves the primary one, nothing is dropped unless asked". */
static int
keep_identities(struct crm_change *ch, const struct crm_record *old,
    struct crm_record *rec, struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	int part = crm_kind_part(k, CRM_STR("identity"));
	struct crm_field_set special = crm_kind_special(ch->schema, k);
	struct crm_buf was = {0}, is = {0};
	struct crm_str kept;
	unsigned i;
	size_t j;
	int r = CRM_OK;

	if (part < 0)
		return CRM_OK;
	while (r == CRM_OK && crm_field_take(&special, &i)) {
		struct crm_str scheme;
		struct crm_row *row;
		bool shared = false;

		if (!(k->fields[i].flags & CRM_F_IDENT) ||
		    rec->v[i].type == CRM_T_NONE)
			continue;
		scheme = crm_str(k->fields[i].name);
		crm_buf_clear(&was);
		crm_buf_clear(&is);
		r = crm_ident_normal(ch->schema, scheme, rec->v[i].s, &is, err);
		if (r < 0) {
			crm_err_field(err, scheme.p, scheme.n);
			break;
		}
		if (crm_str_is(scheme, "phone"))
			r = crm_buf_keep(&is, &ch->work, &rec->v[i].s, err);
		/* what is primary now is not also among the others */
		for (j = 0; j < rec->part[part].n; j++) {
			row = &rec->part[part].row[j];
			if (!crm_str_eq(row->v[0].s, scheme) ||
			    !crm_str_eq(row->v[1].s, crm_buf_str(&is)))
				continue;
			shared = row->v[2].i == 1;
			if (!shared) {
				crm_record_drop(rec, part, row->no);
				j--;
			}
		}
		if (r < 0 || old == NULL || old->v[i].type == CRM_T_NONE)
			continue;
		r = crm_ident_normal(
		    ch->schema, scheme, old->v[i].s, &was, err);
		if (r < 0 || crm_str_eq(crm_buf_str(&was), crm_buf_str(&is)) ||
		    has_row(&rec->part[part], scheme, crm_buf_str(&was)))
			continue;
		row = crm_record_add(rec, part, 0);
		if (row == NULL) {
			r = crm_err_nomem(err);
			break;
		}
		r = crm_buf_keep(&was, &ch->work, &kept, err);
		row->v[0] = crm_value_text(scheme);
		row->v[1] = crm_value_text(kept);
	}
	crm_buf_release(&was);
	crm_buf_release(&is);
	return r;
}

/* Identity rows hold the normal form. */
static int
normal_rows(struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	int part = crm_kind_part(rec->kind, CRM_STR("identity"));
	struct crm_buf b = {0};
	size_t i;
	int r = CRM_OK;

	if (part < 0)
		return CRM_OK;
	for (i = 0; i < rec->part[part].n && r == CRM_OK; i++) {
		struct crm_value *v = rec->part[part].row[i].v;

		if (v[0].type == CRM_T_NONE || v[1].type == CRM_T_NONE)
			continue; /* `required` says so */
		crm_buf_clear(&b);
		r = crm_ident_normal(ch->schema, v[0].s, v[1].s, &b, err);
		if (r < 0)
			crm_err_field(err, "identity", 8);
		else if (!crm_str_eq(v[1].s, crm_buf_str(&b)))
			r = crm_buf_keep(&b, &ch->work, &v[1].s, err);
	}
	crm_buf_release(&b);
	return r;
}

static int
missing(const struct crm_field *f, struct crm_err *err)
{
	struct crm_buf words = {.max = 400};

	crm_err_set(err, CRM_EDATA, "a value is needed");
	crm_err_field(err, f->name, strlen(f->name));
	for (unsigned i = 1;
	     f->type == CRM_T_ENUM && i <= crm_enum_count(f->values); i++) {
		crm_buf_puts(&words, i > 1 ? ", " : "");
		crm_buf_putstr(&words, crm_enum_name(f->values, i));
	}
	if (words.n > 0)
		crm_err_hint(err, "one of %.*s", (int)words.n, words.p);
	crm_buf_release(&words);
	return CRM_EDATA;
}

static int
required(const struct crm_schema *s, const struct crm_record *rec,
    struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	struct crm_field_set special = crm_kind_special(s, k);
	size_t p, row;
	unsigned i;

	while (crm_field_take(&special, &i))
		if ((k->fields[i].flags & CRM_F_REQUIRED) &&
		    rec->v[i].type == CRM_T_NONE)
			return missing(&k->fields[i], err);
	for (p = 0; p < k->nparts; p++) {
		const struct crm_part *part = &k->parts[p];

		for (row = 0; row < rec->part[p].n; row++)
			for (i = 0; i < part->nfields; i++)
				if ((part->fields[i].flags & CRM_F_REQUIRED) &&
				    rec->part[p].row[row].v[i].type ==
					CRM_T_NONE)
					return missing(&part->fields[i], err);
	}
	return CRM_OK;
}

static int
fixed(const struct crm_record *old, const struct crm_record *rec,
    struct crm_err *err)
{
	size_t i;

	for (i = 1; old != NULL && i < rec->kind->nfields; i++) {
		const struct crm_field *f = &rec->kind->fields[i];

		if (!(f->flags & CRM_F_FIXED) ||
		    crm_value_eq(&old->v[i], &rec->v[i]))
			continue;
		crm_err_set(err, CRM_EDATA,
		    "is given when the %s is added and cannot be changed",
		    rec->kind->name);
		crm_err_field(err, f->name, strlen(f->name));
		return CRM_EDATA;
	}
	return CRM_OK;
}

/* ---- spooling ---- */

int
crm_change_spool(struct crm_change *ch, struct crm_op *op, struct crm_str image,
    struct crm_str keys, struct crm_str effects, struct crm_err *err)
{
	uint64_t off = ch->spool.size;
	int r;

	if (op->kind == CRM_K_PRODUCT && ch->nfacts > 0)
		crm_change_forget(ch);
	if (image.n > UINT32_MAX || keys.n > UINT32_MAX ||
	    effects.n > UINT32_MAX)
		return crm_err_set(err, CRM_EDATA, "the record is too large");
	op->image = (uint32_t)image.n;
	op->keys = (uint32_t)keys.n;
	op->effects = (uint32_t)effects.n;
	r = crm_spool_write(&ch->spool, op, sizeof *op, err);
	if (r == CRM_OK && image.n > 0)
		r = crm_spool_write(&ch->spool, image.p, image.n, err);
	if (r == CRM_OK && keys.n > 0)
		r = crm_spool_write(&ch->spool, keys.p, keys.n, err);
	if (r == CRM_OK && effects.n > 0)
		r = crm_spool_write(&ch->spool, effects.p, effects.n, err);
	if (r == CRM_OK && ch->along != NULL)
		r = crm_along_take(ch, op, image, keys, effects, err);
	if (r < 0)
		return r;
	ch->ops++;
	return op->what == 'x'
		   ? CRM_OK
		   : crm_latest_put(ch, op->kind, op->number, off, err);
}

/* Derived entries and effects of the old and the new record. */
int
crm_change_derive(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, struct crm_buf *keys, struct crm_buf *effects,
    struct crm_err *err)
{
	const struct crm_hooks *h = &crm_hooks[(rec ? rec : old)->kind->number];
	int r = CRM_OK;

	if (old != NULL)
		r = crm_derive_keys(ch->schema, old, -1, keys, err);
	if (r == CRM_OK && rec != NULL)
		r = crm_derive_keys(ch->schema, rec, 1, keys, err);
	/* a customer's only effect is to be there */
	if (old != NULL && rec != NULL && rec->kind->number == CRM_K_CUSTOMER)
		return r;
	if (r == CRM_OK && h->effects != NULL && old != NULL)
		r = h->effects(ch->schema, old, -1, effects, err);
	if (r == CRM_OK && h->effects != NULL && rec != NULL)
		r = h->effects(ch->schema, rec, 1, effects, err);
	return r;
}

static int
take(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *rec, bool again, struct crm_err *err)
{
	struct crm_buf *image = &ch->image, *keys = &ch->keys;
	struct crm_buf *effects = &ch->effects, before = {0};
	struct crm_op op = {.kind = rec->kind->number,
	    .what = old ? 'c' : 'a',
	    .number = rec->id,
	    .base = old ? old->revision : 0};
	struct crm_record flat = *rec;
	int r;

	crm_buf_clear(image);
	crm_buf_clear(keys);
	crm_buf_clear(effects);
	flat.revision = 0;
	crm_record_encode(&flat, image);
	r = crm_buf_check(image, err);
	if (r == CRM_OK && old != NULL && !again) {
		struct crm_record was = *old;

		was.revision = 0;
		crm_record_encode(&was, &before);
		r = crm_buf_check(&before, err);
		if (r == CRM_OK &&
		    crm_str_eq(crm_buf_str(&before), crm_buf_str(image)))
			r = CRM_NO;
	}
	if (r == CRM_OK)
		r = crm_change_derive(ch, old, rec, keys, effects, err);
	if (r == CRM_OK)
		r = crm_change_spool(ch, &op, crm_buf_str(image),
		    crm_buf_str(keys), crm_buf_str(effects), err);
	if (r == CRM_OK && !again) {
		if (old != NULL)
			ch->count[op.kind].changed++;
		else
			ch->count[op.kind].added++;
	}
	crm_buf_release(&before);
	return r;
}

/* All a record must pass before it is taken. */
static int
check(struct crm_change *ch, const struct crm_record *old,
    const struct crm_record *prev, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_hooks *h = &crm_hooks[rec->kind->number];
	int r;

	r = resolve(ch, prev, rec, err);
	if (r == CRM_OK)
		r = normal_rows(ch, rec, err);
	if (r == CRM_OK)
		r = keep_identities(ch, prev, rec, err);
	if (r == CRM_OK && h->prepare != NULL)
		r = h->prepare(ch, prev, rec, err);
	if (r == CRM_OK)
		r = required(ch->schema, rec, err);
	if (r == CRM_OK)
		r = fixed(old, rec, err);
	if (r == CRM_OK)
		r = crm_change_unique(ch, rec, 0, err);
	if (r == CRM_OK)
		r = crm_change_erased(ch, prev, rec, err);
	return r;
}

int
crm_change_put(
    struct crm_change *ch, struct crm_record *rec, struct crm_err *err)
{
	const struct crm_hooks *h = &crm_hooks[rec->kind->number];
	/* as it is stored, and as this change has it by now */
	struct crm_record *old = NULL, *prev = NULL;
	bool again = false, new = rec->id == 0;
	uint64_t off;
	int r;

	if (new)
		r = number_new(ch, rec, err);
	else {
		again = crm_latest_get(ch, rec->kind->number, rec->id, &off);
		r = crm_change_get(ch, rec->kind, rec->id, &prev, err);
		if (r == CRM_OK && again)
			r = crm_change_stored(
			    ch, rec->kind, rec->id, &old, err);
		else
			old = prev;
		if (r == CRM_NOTFOUND && again && prev != NULL) {
			old = NULL; /* added by this change */
			r = CRM_OK;
		}
	}
	if (r < 0)
		return r;
	ch->depth++;
	r = check(ch, old, prev, rec, err);
	if (r == CRM_OK)
		r = take(ch, old, rec, again, err);
	if (r == CRM_OK && prev != NULL)
		r = crm_change_unique(ch, prev, -1, err);
	if (r == CRM_OK)
		r = crm_change_unique(ch, rec, 1, err);
	if (r == CRM_OK && h->after != NULL)
		r = h->after(ch, prev, rec, err);
	ch->depth--;
	if (r < 0 && new)
		number_back(ch, rec);
	return r;
}

int
crm_change_attach(struct crm_change *ch, unsigned table, struct crm_str key,
    struct crm_str value, struct crm_err *err)
{
	struct crm_op op = {.what = 'x'};
	struct crm_buf keys = {0};
	int r;

	crm_derive_put(&keys, value.n ? 1 : -1, table, key, value);
	r = crm_buf_check(&keys, err);
	if (r == CRM_OK)
		r = crm_change_spool(ch, &op, (struct crm_str){"", 0},
		    crm_buf_str(&keys), (struct crm_str){"", 0}, err);
	crm_buf_release(&keys);
	return r;
}
