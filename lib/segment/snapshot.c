/*
 * snapshot.c - who came into segments and who went, recorded.
 *
 * A record has only what changed since the one before: who was in a segment
 * is what all its records add up to.  So there is one truth, in the log as any
 * other, and a snapshot that was cut short is completed by the next - what it
 * has written counts, what it has not is found to differ again.  Many years of
 * days are some thousand short records; they are read in milliseconds.
 */
#include <stdlib.h>

#include <crm/segment.h>

/* Bytes of text in one record, about. */
#define TEXT_MOST ((size_t)48 << 10)

struct columns {
	int segment, at, members, entered, left, definition, came, went;
};

static struct columns
columns_of(const struct crm_kind *k)
{
	return (struct columns){crm_kind_field(k, CRM_STR("segment")),
	    crm_kind_field(k, CRM_STR("at")),
	    crm_kind_field(k, CRM_STR("members")),
	    crm_kind_field(k, CRM_STR("entered")),
	    crm_kind_field(k, CRM_STR("left")),
	    crm_kind_field(k, CRM_STR("definition")),
	    crm_kind_field(k, CRM_STR("came")),
	    crm_kind_field(k, CRM_STR("went"))};
}

static int
scan_open(struct crm_txn *t, const struct crm_schema *s,
    const struct columns *f, struct crm_scan **out, struct crm_err *err)
{
	struct crm_want want = {{0}, 0};

	crm_want_field(&want, f->segment);
	crm_want_field(&want, f->at);
	crm_want_field(&want, f->came);
	crm_want_field(&want, f->went);
	return crm_scan_open(
	    t, s, &s->kind[CRM_K_SNAPSHOT], &want, INT64_MAX, out, err);
}

/* ---- taking one ---- */

/* The members of all segments as the snapshots left them. */
static int
fold(struct crm_txn *t, const struct crm_schema *s, struct crm_members *was,
    struct crm_err *err)
{
	struct columns f = columns_of(&s->kind[CRM_K_SNAPSHOT]);
	struct crm_scan *scan = NULL;
	struct crm_record *rec;
	size_t place;
	int r = scan_open(t, s, &f, &scan, err);

	while (r == CRM_OK && (r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		struct crm_err gone;

		/* of a segment that was taken out of the settings */
		if (crm_segment_place(
			s->settings, rec->v[f.segment].s, &place, &gone) < 0)
			continue;
		r = crm_members_take(&was[place], rec->v[f.went].s, false, err);
		if (r == CRM_OK)
			r = crm_members_take(
			    &was[place], rec->v[f.came].s, true, err);
	}
	crm_scan_close(scan);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* One record with as much of both sets as goes into it. */
static int
put_record(struct crm_change *ch, const struct crm_segment *def, int64_t at,
    uint64_t members, const struct crm_members *came,
    const struct crm_members *went, uint64_t from[2], struct crm_err *err)
{
	const struct crm_kind *k = &crm_change_schema(ch)->kind[CRM_K_SNAPSHOT];
	struct columns f = columns_of(k);
	struct crm_buf in = {0}, out = {0};
	struct crm_record *rec;
	uint64_t n[2] = {0, 0};
	int r;

	if (from[0] != UINT64_MAX)
		from[0] =
		    crm_members_text(came, from[0], TEXT_MOST, &in, &n[0]);
	if (from[1] != UINT64_MAX && in.n < TEXT_MOST)
		from[1] = crm_members_text(
		    went, from[1], TEXT_MOST - in.n, &out, &n[1]);
	r = crm_buf_check(&in, err);
	if (r == CRM_OK)
		r = crm_buf_check(&out, err);
	if (r == CRM_OK)
		r = crm_change_new(ch, k, &rec, err);
	if (r == CRM_OK) {
		rec->v[f.segment] = crm_value_text(def->name);
		rec->v[f.at] = crm_value_num(CRM_T_TIME, at, 0);
		rec->v[f.members] =
		    crm_value_num(CRM_T_INT, (int64_t)members, 0);
		rec->v[f.entered] = crm_value_num(CRM_T_INT, (int64_t)n[0], 0);
		rec->v[f.left] = crm_value_num(CRM_T_INT, (int64_t)n[1], 0);
		rec->v[f.definition] = crm_value_text(def->where);
		rec->v[f.came] = crm_value_text(crm_buf_str(&in));
		rec->v[f.went] = crm_value_text(crm_buf_str(&out));
		r = crm_change_put(ch, rec, err);
	}
	crm_change_reset(ch);
	crm_buf_release(&in);
	crm_buf_release(&out);
	return r;
}

static int
compare(struct crm_change *ch, const struct crm_segment *def, int64_t at,
    const struct crm_members *was, const struct crm_members *is,
    struct crm_snapshot *out, struct crm_err *err)
{
	struct crm_members came = {0}, went = {0};
	uint64_t from[2];
	int r = crm_members_less(is, was, &came, &out->entered, err);

	if (r == CRM_OK)
		r = crm_members_less(was, is, &went, &out->left, err);
	out->segment = def->name;
	out->members = is->count;
	from[0] = crm_members_next(&came, 0);
	from[1] = crm_members_next(&went, 0);
	while (r == CRM_OK && (from[0] != UINT64_MAX || from[1] != UINT64_MAX))
		r = put_record(ch, def, at, is->count, &came, &went, from, err);
	crm_members_release(&came);
	crm_members_release(&went);
	return r;
}

int
crm_snapshot_take(struct crm_change *ch, int64_t at, crm_snapshot_fn *fn,
    void *ctx, struct crm_err *err)
{
	const struct crm_schema *s = crm_change_schema(ch);
	struct crm_txn *t = crm_change_txn(ch);
	struct crm_members *was = NULL, *is = NULL;
	struct crm_segments *sg = NULL;
	struct crm_snapshot done;
	size_t n = 0;
	int r = crm_segments_open(&sg, s, crm_change_now(ch), at, err);

	if (r == CRM_OK) {
		n = crm_segments_count(sg);
		crm_segments_need_all(sg);
		was = calloc(n + 1, sizeof *was);
		r = was ? fold(t, s, was, err) : crm_err_nomem(err);
	}
	if (r == CRM_OK)
		r = crm_segments_sets(sg, t, &is, err);
	for (size_t i = 0; i < n && r == CRM_OK; i++) {
		r = compare(ch, crm_segments_def(sg, i), crm_change_now(ch),
		    &was[i], &is[i], &done, err);
		if (r == CRM_OK)
			r = fn(ctx, &done, err);
	}
	crm_sets_release(was, n);
	crm_sets_release(is, n);
	crm_segments_close(sg);
	return r;
}

/* ---- what moved ---- */

static int
add_moves(struct crm_moves *m, struct crm_str text, struct crm_moved one,
    struct crm_err *err)
{
	struct crm_members set = {0};
	int r = crm_members_take(&set, text, true, err);

	for (one.customer = crm_members_next(&set, 0);
	     r == CRM_OK && one.customer != UINT64_MAX;
	     one.customer = crm_members_next(&set, one.customer + 1)) {
		if (!crm_grow(&m->v, &m->cap, m->n, sizeof *m->v))
			r = crm_err_nomem(err);
		else
			m->v[m->n++] = one;
	}
	crm_members_release(&set);
	return r;
}

/* By customer, and for one the latest record first. */
static int
by_customer(const void *a, const void *b)
{
	const struct crm_moved *x = a, *y = b;

	if (x->customer != y->customer)
		return x->customer < y->customer ? -1 : 1;
	if (x->revision != y->revision)
		return x->revision > y->revision ? -1 : 1;
	return (int)y->entered - (int)x->entered;
}

static void
keep_last(struct crm_moves *m)
{
	size_t n = 0;

	if (m->n > 1)
		qsort(m->v, m->n, sizeof *m->v, by_customer);
	for (size_t i = 0; i < m->n; i++)
		if (n == 0 || m->v[n - 1].customer != m->v[i].customer)
			m->v[n++] = m->v[i];
	m->n = n;
}

int
crm_snapshot_moves(struct crm_txn *t, const struct crm_schema *s,
    struct crm_str segment, int64_t since, uint64_t revision,
    struct crm_moves *out, struct crm_err *err)
{
	struct columns f = columns_of(&s->kind[CRM_K_SNAPSHOT]);
	struct crm_scan *scan = NULL;
	struct crm_record *rec;
	bool any = false;
	int r = scan_open(t, s, &f, &scan, err);

	while (r == CRM_OK && (r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		struct crm_moved one = {
		    .revision = rec->revision, .at = rec->v[f.at].i};

		if (!crm_str_eq(rec->v[f.segment].s, segment))
			continue;
		any = true;
		if (one.at < since || one.revision < revision)
			continue;
		r = add_moves(out, rec->v[f.went].s, one, err);
		one.entered = true;
		if (r == CRM_OK)
			r = add_moves(out, rec->v[f.came].s, one, err);
	}
	crm_scan_close(scan);
	if (r != CRM_NOTFOUND)
		return r;
	keep_last(out);
	return any ? CRM_OK : CRM_NOTFOUND;
}
