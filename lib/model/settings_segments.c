/*
 * settings_segments.c - whether segments may be put in force: each condition
 * compiles, names segments that are there, and none comes back to itself.
 *
 * Only constants may stand in in(...): what a segment depends on is known
 * when it is applied, and a circle is refused then and not met by a customer.
 */
#include <stdio.h>
#include <stdlib.h>

#include <crm/config.h>
#include <crm/expr.h>

#include "archive.h"

/* A condition may lead through as many, one in another. */
#define SEGMENTS_MAX 1000

struct graph {
	const struct crm_settings *s;
	bool *uses; /* n x n: does the one name the other in in()? */
	size_t n;
	size_t at; /* the segment that is looked at */
	size_t *path; /* of the walk, npath long */
	size_t npath;
	char *seen; /* 0 not yet, 1 on the path, 2 done */
};

/* What conditions may call; here only their types matter. */
static int
never(void *ctx, const struct crm_value *row, const struct crm_value *arg,
    size_t n, struct crm_value *out, struct crm_arena *a, struct crm_err *err)
{
	(void)ctx;
	(void)row;
	(void)arg;
	(void)n;
	(void)a;
	(void)err;
	*out = crm_value_num(CRM_T_BOOL, 0, 0);
	return CRM_OK;
}

static const struct crm_expr_fn segment_fns[] = {
    {"in", "t", CRM_T_BOOL, never},
    {"consent", "tt", CRM_T_BOOL, never},
};

int
crm_segment_place(const struct crm_settings *s, struct crm_str name,
    size_t *out, struct crm_err *err)
{
	const char **words;
	const char *near = NULL;
	struct crm_arena a = {0};
	size_t i;

	for (i = 0; i < s->nsegment; i++)
		if (crm_str_eq(s->segment[i].name, name)) {
			*out = i;
			return CRM_OK;
		}
	crm_err_set(err, CRM_EUSAGE, "there is no segment '%.*s'",
	    (int)(name.n > 60 ? 60 : name.n), name.p);
	words = crm_arena_zalloc(&a, (s->nsegment + 1) * sizeof *words);
	for (i = 0; words != NULL && i < s->nsegment; i++)
		words[i] = crm_arena_str(&a, s->segment[i].name).p;
	if (words != NULL && (i == 0 || words[i - 1] != NULL))
		near = crm_nearest(name, words, s->nsegment);
	if (near != NULL)
		crm_err_hint(err, "did you mean '%s'?", near);
	else if (s->nsegment == 0)
		crm_err_hint(err,
		    "segments are named in crm.yaml and put in force by "
		    "crm-store apply");
	else
		crm_err_hint(err, "crm-segment list has them");
	crm_arena_release(&a);
	return CRM_EUSAGE;
}

static int
note_use(void *ctx, struct crm_value *arg, size_t n, struct crm_err *err)
{
	struct graph *g = ctx;
	size_t to;
	int r;

	if (n != 1 || arg[0].type != CRM_T_TEXT)
		return crm_err_set(err, CRM_EUSAGE,
		    "in(...) wants the name of a segment, and not what is "
		    "computed");
	r = crm_segment_place(g->s, arg[0].s, &to, err);
	if (r == CRM_OK) {
		g->uses[g->at * g->n + to] = true;
		arg[0].i = (int64_t)to;
	}
	return r;
}

static int
note_consent(void *ctx, struct crm_value *arg, size_t n, struct crm_err *err)
{
	(void)ctx;
	if (n > 0 && arg[0].type == CRM_T_TEXT &&
	    memchr(arg[0].s.p, '/', arg[0].s.n) != NULL)
		return crm_err_set(err, CRM_EUSAGE,
		    "no channel has '/' in its name: write "
		    "consent(\"email\", \"offers\")");
	return CRM_OK;
}

int
crm_segment_calls(const struct crm_settings *s, struct crm_expr *e, bool *uses,
    struct crm_err *err)
{
	struct graph g = {.s = s, .uses = uses, .n = s->nsegment};
	int r = crm_expr_calls(e, "in", note_use, &g, err);

	return r < 0 ? r : crm_expr_calls(e, "consent", note_consent, &g, err);
}

static int
compile(struct graph *g, const struct crm_expr_env *env, struct crm_err *err)
{
	const struct crm_segment *s = &g->s->segment[g->at];
	struct crm_expr *e = NULL;
	int r = crm_expr_compile(&e, s->where, env, err);

	if (r == CRM_OK && crm_expr_type(e) != CRM_T_BOOL)
		r = crm_err_set(err, CRM_ECONFIG,
		    "the condition is not a question (wanted yes or no)");
	if (r == CRM_OK)
		r = crm_segment_calls(g->s, e, &g->uses[g->at * g->n], err);
	crm_expr_release(e);
	return r;
}

/* The circle, from the segment it comes back to. */
static int
circle(const struct graph *g, size_t to, struct crm_err *err)
{
	struct crm_buf b = {.max = CRM_ERR_TEXT};
	size_t i = 0;

	while (g->path[i] != to)
		i++;
	for (; i < g->npath; i++) {
		crm_buf_putstr(&b, g->s->segment[g->path[i]].name);
		crm_buf_puts(&b, " -> ");
	}
	crm_buf_putstr(&b, g->s->segment[to].name);
	crm_err_set(err, CRM_ECONFIG, "a segment depends on itself: %.*s",
	    (int)b.n, b.p ? b.p : "");
	crm_buf_release(&b);
	return CRM_ECONFIG;
}

/* Depth first, without recursion: a chain may be as long as there are
 * segments. */
static int
walk(struct graph *g, size_t from, struct crm_err *err)
{
	size_t *next = calloc(g->n, sizeof *next);
	int r = next ? CRM_OK : crm_err_nomem(err);

	g->npath = 0;
	if (r == CRM_OK && g->seen[from] == 0) {
		g->path[g->npath++] = from;
		g->seen[from] = 1;
	}
	while (r == CRM_OK && g->npath > 0) {
		size_t at = g->path[g->npath - 1], to = next[at];

		while (to < g->n && !g->uses[at * g->n + to])
			to++;
		next[at] = to + 1;
		if (to >= g->n) {
			g->seen[at] = 2;
			g->npath--;
		} else if (g->seen[to] == 1) {
			g->at = at;
			r = circle(g, to, err);
		} else if (g->seen[to] == 0) {
			g->seen[to] = 1;
			g->path[g->npath++] = to;
		}
	}
	free(next);
	return r;
}

static int
check_all(struct graph *g, const struct crm_expr_env *env, struct crm_err *err)
{
	int r = CRM_OK;

	for (g->at = 0; g->at < g->n && r == CRM_OK; g->at++) {
		r = compile(g, env, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < g->n && r == CRM_OK; i++)
		r = walk(g, i, err);
	return r;
}

int
crm_settings_check_segments(const struct crm_settings *s, struct crm_err *err)
{
	struct crm_schema schema = {0};
	struct crm_expr_env env = {.schema = &schema,
	    .fn = segment_fns,
	    .nfn = sizeof segment_fns / sizeof *segment_fns};
	struct graph g = {.s = s, .n = s->nsegment};
	int r;

	if (g.n == 0)
		return CRM_OK;
	if (g.n > SEGMENTS_MAX)
		return crm_err_set(
		    err, CRM_ECONFIG, "more than %d segments", SEGMENTS_MAX);
	r = crm_schema_init(&schema, s, err);
	env.fields = schema.kind[CRM_K_CUSTOMER].fields;
	env.nfields = schema.kind[CRM_K_CUSTOMER].nfields;
	g.uses = calloc(g.n * g.n, sizeof *g.uses);
	g.path = calloc(g.n, sizeof *g.path);
	g.seen = calloc(g.n, sizeof *g.seen);
	if (r == CRM_OK && (!g.uses || !g.path || !g.seen))
		r = crm_err_nomem(err);
	if (r == CRM_OK)
		r = check_all(&g, &env, err);
	if (r == CRM_EUSAGE || r == CRM_ECONFIG) {
		char name[72];

		snprintf(name, sizeof name, "segments.%.*s",
		    (int)s->segment[g.at].name.n, s->segment[g.at].name.p);
		crm_err_field(err, name, strlen(name));
		if (err != NULL)
			err->code = CRM_ECONFIG;
		r = CRM_ECONFIG;
	}
	free(g.uses);
	free(g.path);
	free(g.seen);
	crm_schema_release(&schema);
	return r;
}
