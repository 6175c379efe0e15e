/*
 * segment.c - compiling segments, and trying customers.
 *
 * What a segment said of a customer is kept until the next one, so that what
 * is named by many is computed once.  Those that are not needed are compiled
 * all the same: it costs microseconds, and one that is wrong is told.
 */
#include <stdio.h>
#include <stdlib.h>

#include "segment_parts.h"

/* ---- what conditions may call ---- */

static int
fn_in(void *ctx, const struct crm_value *row, const struct crm_value *arg,
    size_t n, struct crm_value *out, struct crm_arena *a, struct crm_err *err)
{
	struct crm_segments *sg = ctx;
	bool yes;
	int r;

	(void)row;
	(void)n;
	(void)a;
	/* its place was put there when it was compiled */
	r = crm_segments_has(sg, (size_t)arg[0].i, &yes, err);
	*out = crm_value_num(CRM_T_BOOL, yes, 0);
	return r;
}

static int
fn_consent(void *ctx, const struct crm_value *row, const struct crm_value *arg,
    size_t n, struct crm_value *out, struct crm_arena *a, struct crm_err *err)
{
	struct crm_segments *sg = ctx;
	bool yes;
	int r;

	(void)row;
	(void)n;
	(void)a;
	r = crm_segments_consent(
	    sg, sg->rec->id, arg[0].s, arg[1].s, &yes, err);
	*out = crm_value_num(CRM_T_BOOL, yes, 0);
	return r;
}

static const struct crm_expr_fn functions[] = {
    {"in", "t", CRM_T_BOOL, fn_in},
    {"consent", "tt", CRM_T_BOOL, fn_consent},
};

/* ---- compiling ---- */

static int
note_call(void *ctx, struct crm_value *arg, size_t n, struct crm_err *err)
{
	(void)arg;
	(void)n;
	(void)err;
	*(bool *)ctx = true;
	return CRM_OK;
}

static void
name_segment(const struct crm_segment *def, struct crm_err *err)
{
	char name[72];

	snprintf(
	    name, sizeof name, "segments.%.*s", (int)def->name.n, def->name.p);
	crm_err_field(err, name, strlen(name));
}

static int
compile(struct crm_segments *sg, struct crm_seg *g,
    const struct crm_expr_env *env, struct crm_err *err)
{
	uint64_t bits[2];
	int r = crm_expr_compile(&g->e, g->def->where, env, err);

	if (r == CRM_OK && crm_expr_type(g->e) != CRM_T_BOOL)
		r = crm_err_set(err, CRM_ECONFIG,
		    "the condition is not a question (wanted yes or no)");
	if (r == CRM_OK)
		r = crm_segment_calls(sg->schema->settings, g->e, g->uses, err);
	if (r == CRM_OK)
		r = crm_expr_calls(
		    g->e, "consent", note_call, &g->consents, err);
	if (r == CRM_OK) {
		crm_expr_fields(g->e, bits);
		g->parties = bits[sg->roles / 64] >> (sg->roles % 64) & 1;
		return r;
	}
	name_segment(g->def, err);
	if (r == CRM_EUSAGE) {
		r = CRM_ECONFIG;
		if (err)
			err->code = r;
	}
	return r;
}

static int
compile_all(struct crm_segments *sg, int64_t now, struct crm_err *err)
{
	const struct crm_settings *set = sg->schema->settings;
	const struct crm_expr_env env = {.schema = sg->schema,
	    .fields = sg->kind->fields,
	    .nfields = sg->kind->nfields,
	    .now = now,
	    .fn = functions,
	    .nfn = sizeof functions / sizeof *functions,
	    .fn_ctx = sg};
	int r = CRM_OK;

	for (size_t i = 0; i < sg->n && r == CRM_OK; i++) {
		sg->seg[i].def = &set->segment[i];
		sg->seg[i].uses = &sg->uses[i * sg->n];
		r = compile(sg, &sg->seg[i], &env, err);
	}
	return r;
}

int
crm_segments_open(struct crm_segments **out, const struct crm_schema *s,
    int64_t now, int64_t at, struct crm_err *err)
{
	const struct crm_kind *k = &s->kind[CRM_K_CUSTOMER];
	struct crm_segments *sg = calloc(1, sizeof *sg);
	const struct crm_part *part;
	size_t n = s->settings ? s->settings->nsegment : 0;
	int r = CRM_OK;

	*out = NULL;
	if (!sg)
		return crm_err_nomem(err);
	sg->schema = s;
	sg->kind = k;
	sg->n = n;
	sg->now = now;
	sg->at = at;
	sg->roles = crm_kind_field(k, CRM_STR("roles"));
	sg->part = crm_kind_part(k, CRM_STR("role"));
	part = &k->parts[sg->part];
	sg->role = crm_part_field(part, CRM_STR("role"));
	sg->customer =
	    crm_enum_place(part->fields[sg->role].values, CRM_STR("customer"));
	sg->seg = calloc(n + 1, sizeof *sg->seg);
	sg->state = calloc(n + 1, sizeof *sg->state);
	sg->uses = calloc(n * n + 1, sizeof *sg->uses);
	if (!sg->seg || !sg->state || !sg->uses)
		r = crm_err_nomem(err);
	if (r == CRM_OK)
		r = compile_all(sg, now, err);
	if (r < 0)
		crm_segments_close(sg);
	else
		*out = sg;
	return r;
}

void
crm_segments_close(struct crm_segments *sg)
{
	if (!sg)
		return;
	for (size_t i = 0; sg->seg && i < sg->n; i++)
		crm_expr_release(sg->seg[i].e);
	crm_consents_release(&sg->consents);
	free(sg->seg);
	free(sg->state);
	free(sg->uses);
	free(sg);
}

size_t
crm_segments_count(const struct crm_segments *sg)
{
	return sg->n;
}

const struct crm_segment *
crm_segments_def(const struct crm_segments *sg, size_t place)
{
	return sg->seg[place].def;
}

/* ---- which are needed ---- */

void
crm_segments_need(struct crm_segments *sg, size_t place)
{
	bool more = true;

	sg->seg[place].needed = true;
	/* as often as the longest chain is long */
	while (more) {
		more = false;
		for (size_t i = 0; i < sg->n; i++)
			for (size_t j = 0; sg->seg[i].needed && j < sg->n; j++)
				if (sg->seg[i].uses[j] && !sg->seg[j].needed)
					sg->seg[j].needed = more = true;
	}
	for (size_t i = 0; i < sg->n; i++)
		if (sg->seg[i].needed && sg->seg[i].consents)
			sg->need_consents = true;
}

void
crm_segments_need_all(struct crm_segments *sg)
{
	for (size_t i = 0; i < sg->n; i++)
		crm_segments_need(sg, i);
}

void
crm_segments_need_consents(struct crm_segments *sg)
{
	sg->need_consents = true;
}

void
crm_segments_want(const struct crm_segments *sg, struct crm_want *want)
{
	uint64_t bits[2];

	want->parts |= 1U << sg->part;
	for (size_t i = 0; i < sg->n; i++) {
		if (!sg->seg[i].needed)
			continue;
		crm_expr_fields(sg->seg[i].e, bits);
		want->fields[0] |= bits[0];
		want->fields[1] |= bits[1];
	}
}

/* ---- trying ---- */

int
crm_segments_begin(
    struct crm_segments *sg, struct crm_txn *t, bool few, struct crm_err *err)
{
	sg->txn = t;
	sg->few = few;
	if (!sg->need_consents || few)
		return CRM_OK;
	return crm_consents_load(&sg->consents, t, sg->schema, sg->at, err);
}

int
crm_segments_consent(struct crm_segments *sg, uint64_t customer,
    struct crm_str channel, struct crm_str purpose, bool *yes,
    struct crm_err *err)
{
	if (sg->few)
		return crm_consent_get(sg->txn, sg->schema, customer, channel,
		    purpose, sg->at, yes, err);
	return crm_consents_has(
	    &sg->consents, customer, channel, purpose, yes, err);
}

void
crm_segments_row(struct crm_segments *sg, const struct crm_record *rec)
{
	const struct crm_rows *roles = &rec->part[sg->part];

	sg->rec = rec;
	memset(sg->state, CRM_SEG_UNKNOWN, sg->n);
	sg->counts = roles->n == 0;
	for (size_t i = 0; !sg->counts && i < roles->n; i++)
		sg->counts = roles->row[i].v[sg->role].i == sg->customer;
}

/* A condition that cannot be tried says of whom. */
static int
untried(struct crm_segments *sg, struct crm_seg *g, int r, struct crm_err *err)
{
	char name[24];

	if (r == CRM_EDATA && err && err->place[0] == '\0') {
		snprintf(name, sizeof name, "C%llu",
		    (unsigned long long)sg->rec->id);
		name_segment(g->def, err);
		crm_err_place(err, name, 0);
	}
	return r;
}

int
crm_seg_test(
    struct crm_segments *sg, size_t place, bool *yes, struct crm_err *err)
{
	uint8_t *state = &sg->state[place];
	struct crm_seg *g = &sg->seg[place];
	int r;

	*yes = *state == CRM_SEG_YES;
	if (*state == CRM_SEG_TRYING) {
		crm_err_set(err, CRM_ECONFIG, "a segment depends on itself");
		name_segment(g->def, err);
		return CRM_ECONFIG;
	}
	if (*state != CRM_SEG_UNKNOWN)
		return CRM_OK;
	*state = CRM_SEG_TRYING;
	r = crm_expr_test(g->e, sg->rec->v, yes, err);
	if (r < 0) {
		*state = CRM_SEG_UNKNOWN;
		return untried(sg, g, r, err);
	}
	*state = *yes ? CRM_SEG_YES : CRM_SEG_NO;
	return CRM_OK;
}

int
crm_segments_has(
    struct crm_segments *sg, size_t place, bool *yes, struct crm_err *err)
{
	*yes = false;
	if (!sg->counts && !sg->seg[place].parties)
		return CRM_OK;
	return crm_seg_test(sg, place, yes, err);
}

/* ---- the whole shop ---- */

int
crm_segments_each(struct crm_segments *sg, struct crm_txn *t,
    const struct crm_want *beside, crm_segments_fn *fn, void *ctx,
    struct crm_err *err)
{
	struct crm_want want = beside ? *beside : (struct crm_want){{0}, 0};
	struct crm_scan *scan = NULL;
	struct crm_record *rec;
	int r = crm_segments_begin(sg, t, false, err);

	crm_segments_want(sg, &want);
	if (r == CRM_OK)
		r = crm_scan_open(
		    t, sg->schema, sg->kind, &want, sg->at, &scan, err);
	while (r == CRM_OK && (r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		crm_segments_row(sg, rec);
		r = fn(ctx, rec, err);
	}
	crm_scan_close(scan);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

struct seg_part {
	struct crm_segments *sg;
	crm_segments_part_fn *fn;
	void *ctx;
};

static int
try_part(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct seg_part *p = ctx;

	crm_segments_row(p->sg, rec);
	return p->fn(p->ctx, p->sg, rec, err);
}

/* The same segments once more. */
static int
copy(const struct crm_segments *sg, struct crm_txn *t,
    struct crm_segments **out, struct crm_err *err)
{
	int r = crm_segments_open(out, sg->schema, sg->now, sg->at, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sg->n; i++)
		(*out)->seg[i].needed = sg->seg[i].needed;
	return crm_segments_begin(*out, t, false, err);
}

int
crm_segments_parts(struct crm_segments *sg, struct crm_txn *t,
    const struct crm_want *beside, crm_segments_part_fn *fn, void *const *ctx,
    unsigned parts, struct crm_err *err)
{
	struct crm_want want = beside ? *beside : (struct crm_want){{0}, 0};
	struct seg_part part[CRM_SCAN_PARTS] = {{sg, fn, ctx[0]}};
	struct crm_scan_job job = {.schema = sg->schema,
	    .kind = sg->kind,
	    .want = &want,
	    .at = sg->at,
	    .fn = try_part,
	    .ctx = {&part[0]},
	    .parts = parts < CRM_SCAN_PARTS ? parts : CRM_SCAN_PARTS};
	int r = crm_segments_begin(sg, t, false, err);

	crm_segments_want(sg, &want);
	if (sg->need_consents)
		job.parts = 1;
	for (unsigned i = 1; i < job.parts && r == CRM_OK; i++) {
		part[i] = (struct seg_part){NULL, fn, ctx[i]};
		job.ctx[i] = &part[i];
		r = copy(sg, t, &part[i].sg, err);
	}
	if (r == CRM_OK)
		r = crm_scan_parts(t, &job, err);
	for (unsigned i = 1; i < job.parts; i++)
		crm_segments_close(part[i].sg);
	return r;
}

struct sets {
	struct crm_segments *sg;
	struct crm_members *set;
};

static int
add_sets(void *ctx, struct crm_record *rec, struct crm_err *err)
{
	struct sets *s = ctx;
	int r = CRM_OK;

	for (size_t i = 0; i < s->sg->n && r == CRM_OK; i++) {
		bool yes = false;

		if (s->sg->seg[i].needed)
			r = crm_segments_has(s->sg, i, &yes, err);
		if (r == CRM_OK && yes)
			r = crm_members_put(&s->set[i], rec->id, err);
	}
	return r;
}

int
crm_segments_sets(struct crm_segments *sg, struct crm_txn *t,
    struct crm_members **out, struct crm_err *err)
{
	struct sets s = {sg, calloc(sg->n + 1, sizeof *s.set)};
	int r = s.set ? CRM_OK : crm_err_nomem(err);

	if (r == CRM_OK)
		r = crm_segments_each(sg, t, NULL, add_sets, &s, err);
	if (r < 0) {
		crm_sets_release(s.set, sg->n);
		s.set = NULL;
	}
	*out = s.set;
	return r;
}
