/*
 * cli_dedupe_merge.c - the verbs of crm-dedupe that change something.
 *
 * A merge is never decided here: operands say it, or a row of the stream does
 * (`same` in the column decision), or a probability that was asked for with
 * --least.  Undoing is the log's: nothing about a merge is special to it.
 */
#include <stdlib.h>

#include "cli_dedupe.h"
#include "cli_noun.h"

static const char *least_text, *survivor_text, *keep_text;
static bool not_same;

const struct cli_option cli_dedupe_merge_options[] = {
    {0, "least", CLI_TEXT, &least_text, "P",
	"also merge rows without a decision of at least this probability"},
    {0, "survivor", CLI_TEXT, &survivor_text, "WHICH",
	"who stays: orders (who has more), oldest, newest or first"},
    {0, "keep", CLI_TEXT, &keep_text, "WHOSE",
	"where both have a value: survivor, newest or longest"},
    {0, "not-same", CLI_FLAG, &not_same, NULL,
	"they are not the same: remember that, and merge nothing"},
    {0},
};

enum survivor { BY_ORDERS, BY_OLDEST, BY_NEWEST, BY_FIRST };

struct pair {
	uint64_t a, b;
};
struct merging {
	struct cli *c;
	enum survivor survivor;
	struct crm_merge m;
	struct crm_dec least;
	bool has_least;
	struct pair *same, *other;
	size_t nsame, same_cap, nother, other_cap;
	uint64_t open; /* rows without a decision */
};

/* One of the words of a list; -1. */
static int
choice(const char *option, const char *text, const char *words,
    struct crm_err *err)
{
	struct crm_str rest = crm_str(words), word;

	if (!text)
		return 0;
	for (int i = 0; crm_str_split(&rest, ',', &word); i++)
		if (crm_str_is(word, text))
			return i;
	crm_err_set(err, CRM_EUSAGE, "'%s' is none of %s", text, words);
	crm_err_field(err, option, strlen(option));
	return -1;
}

static int
take_options(struct merging *x, struct crm_err *err)
{
	struct crm_share least;
	int survivor = choice(
	    "--survivor", survivor_text, "orders,oldest,newest,first", err);
	int keep = choice("--keep", keep_text, "survivor,newest,longest", err);

	if (survivor < 0 || keep < 0)
		return CRM_EUSAGE;
	x->survivor = (enum survivor)survivor;
	x->m.keep = (enum crm_keep)keep;
	if (!least_text)
		return CRM_OK;
	x->has_least = true;
	if (crm_share_parse(crm_str(least_text), false, &least, NULL) ==
	    CRM_OK) {
		x->least = least.v;
		return CRM_OK;
	}
	crm_err_set(err, CRM_EUSAGE,
	    "'%s' is not a probability above 0 and up to 1", least_text);
	crm_err_field(err, "--least", 7);
	return CRM_EUSAGE;
}

static int
note(struct pair **list, size_t *n, size_t *cap, uint64_t a, uint64_t b,
    struct crm_err *err)
{
	if (!crm_grow(list, cap, *n, sizeof **list))
		return crm_err_nomem(err);
	(*list)[(*n)++] = (struct pair){a, b};
	return CRM_OK;
}

static int
find(struct merging *x, struct crm_txn *t, struct crm_str ref, uint64_t *out,
    struct crm_err *err)
{
	struct crm_value id;
	int code =
	    crm_ref_find(t, NULL, CRM_K_CUSTOMER, x->c->schema, ref, &id, err);

	if (code == CRM_OK)
		*out = (uint64_t)id.i;
	return code;
}

static int
take_operands(struct merging *x, struct crm_txn *t, struct crm_err *err)
{
	uint64_t first = 0, number;
	int code = CRM_OK;

	for (size_t i = 0; i < x->c->noperand && code == CRM_OK; i++) {
		code = find(x, t, crm_str(x->c->operand[i]), &number, err);
		if (code < 0)
			break;
		if (i == 0)
			first = number;
		else if (number == first)
			code = crm_err_set(err, CRM_EDATA,
			    "'%s' and '%s' are one already", x->c->operand[0],
			    x->c->operand[i]);
		else
			code = not_same ? note(&x->other, &x->nother,
					      &x->other_cap, first, number, err)
					: note(&x->same, &x->nsame,
					      &x->same_cap, first, number, err);
	}
	return code;
}

struct columns {
	int a, b, decision, probability;
};

static int
take_row(struct merging *x, struct crm_txn *t, struct crm_stream *s,
    const struct columns *at, struct crm_err *err)
{
	struct crm_str word = {"", 0}, p;
	struct crm_dec d;
	uint64_t a = 0, b = 0;
	bool same = false, other = not_same;
	int code;

	if (at->decision >= 0)
		word = crm_str_trim(crm_stream_field(s, (size_t)at->decision));
	if (crm_str_is(word, "same")) {
		same = !not_same;
	} else if (crm_str_is(word, "not")) {
		other = true;
	} else if (word.n > 0) {
		crm_err_set(err, CRM_EDATA,
		    "'%.*s' is neither same nor not, nor empty",
		    (int)(word.n < 80 ? word.n : 80), word.p);
		crm_err_field(err, "decision", 8);
		return CRM_EDATA;
	} else if (x->has_least && !not_same) {
		if (at->probability < 0)
			return crm_err_set(err, CRM_EDATA,
			    "--least wants the column 'probability'");
		p = crm_stream_field(s, (size_t)at->probability);
		if (crm_dec_parse(p, &d) < 0) {
			crm_err_set(err, CRM_EDATA,
			    "'%.*s' is not a probability",
			    (int)(p.n < 80 ? p.n : 80), p.p);
			crm_err_field(err, "probability", 11);
			return CRM_EDATA;
		}
		same = crm_dec_cmp(d, x->least) >= 0;
	}
	if (!same && !other) {
		x->open++;
		return CRM_OK;
	}
	code = find(x, t, crm_stream_field(s, (size_t)at->a), &a, err);
	if (code == CRM_OK)
		code = find(x, t, crm_stream_field(s, (size_t)at->b), &b, err);
	if (code == CRM_NOTFOUND)
		code = CRM_EDATA;
	if (code < 0 || a == b)
		return code;
	return same ? note(&x->same, &x->nsame, &x->same_cap, a, b, err)
		    : note(&x->other, &x->nother, &x->other_cap, a, b, err);
}

static int
take_stream(struct merging *x, struct crm_txn *t, struct crm_err *err)
{
	struct columns at = {-1, -1, -1, -1};
	struct crm_stream *s = NULL;
	int code = cli_stream(x->c, true, &s, err);

	if (code < 0 || crm_stream_columns(s) == 0)
		goto out;
	at.a = crm_stream_find(s, CRM_STR("customer_id"));
	at.b = crm_stream_find(s, CRM_STR("other_id"));
	at.decision = crm_stream_find(s, CRM_STR("decision"));
	at.probability = crm_stream_find(s, CRM_STR("probability"));
	if (at.a < 0 || at.b < 0) {
		code = crm_err_set(err, CRM_EDATA, "there is no column '%s'",
		    at.a < 0 ? "customer_id" : "other_id");
		crm_err_place(err, crm_stream_file(s), 1);
		crm_err_hint(err, "merge reads pairs as crm-dedupe scan prints "
				  "them");
		goto out;
	}
	while ((code = crm_stream_next(s, err)) == CRM_OK) {
		code = take_row(x, t, s, &at, err);
		if (code < 0) {
			cli_place(err, s);
			break;
		}
	}
	if (code == CRM_NOTFOUND)
		code = CRM_OK;
	if (code == CRM_OK && x->nsame + x->nother == 0 && x->open > 0 &&
	    !x->has_least) {
		code = crm_err_set(err, CRM_EDATA, "no row is decided");
		crm_err_hint(err, "write same or not into the column decision, "
				  "or give --least P");
	}
out:
	crm_stream_close(s);
	return code;
}

/* Who of two stays: above 0 for a. */
static int
better(struct merging *x, struct crm_txn *t, uint64_t a, uint64_t b, int *out,
    struct crm_err *err)
{
	const struct crm_kind *k = &x->c->schema->kind[CRM_K_CUSTOMER];
	int f = crm_kind_field(k, CRM_STR("orders"));
	struct crm_want want = {0};
	struct crm_record *one, *two;
	int64_t d;
	int code;

	*out = a < b ? 1 : -1;
	if (x->survivor == BY_NEWEST)
		*out = -*out;
	if (x->survivor == BY_FIRST)
		*out = 1;
	if (x->survivor != BY_ORDERS)
		return CRM_OK;
	crm_want_field(&want, f);
	one = crm_record_new(k, &x->c->arena);
	two = crm_record_new(k, &x->c->arena);
	if (!one || !two)
		return crm_err_nomem(err);
	code = crm_model_read(t, x->c->schema, k, a, &want, one, err);
	if (code == CRM_OK)
		code = crm_model_read(t, x->c->schema, k, b, &want, two, err);
	d = one->v[f].i - two->v[f].i;
	if (d != 0)
		*out = d > 0 ? 1 : -1;
	return code;
}

static int
decide(struct merging *x, struct crm_txn *t, struct crm_err *err)
{
	int code = CRM_OK, which;

	for (size_t i = 0; i < x->nsame && code == CRM_OK; i++) {
		uint64_t a = crm_merge_survivor(&x->m, x->same[i].a);
		uint64_t b = crm_merge_survivor(&x->m, x->same[i].b);

		if (a == b)
			continue;
		code = better(x, t, a, b, &which, err);
		if (code == CRM_OK)
			code = crm_merge_want(
			    &x->m, which > 0 ? b : a, which > 0 ? a : b, err);
	}
	return code;
}

/* Remembers that two are not the same, unless it is known. */
static int
put_apart(struct merging *x, struct cli_work *w, struct crm_err *err)
{
	const struct crm_kind *k = &x->c->schema->kind[CRM_K_RELATION];
	struct cli_dedupe known = {.c = x->c};
	const char *values =
	    k->fields[crm_kind_field(k, CRM_STR("relation"))].values;
	int code =
	    cli_dedupe_read_apart(&known, crm_change_txn(w->change), err);

	for (size_t i = 0; i < x->nother && code == CRM_OK; i++) {
		uint64_t a = x->other[i].a, b = x->other[i].b;
		struct crm_record *rec;

		if (cli_dedupe_known(&known, a, b))
			continue;
		code = cli_dedupe_know(&known, a, b, err);
		if (code == CRM_OK)
			code = crm_change_new(w->change, k, &rec, err);
		if (code < 0)
			break;
		*crm_record_at(rec, "from_id") =
		    crm_value_id(CRM_K_CUSTOMER, a < b ? a : b);
		*crm_record_at(rec, "to_id") =
		    crm_value_id(CRM_K_CUSTOMER, a < b ? b : a);
		*crm_record_at(rec, "relation") = crm_value_enum(
		    values, crm_enum_place(values, CRM_STR("not_same")));
		code = crm_change_put(w->change, rec, err);
		crm_change_reset(w->change);
	}
	cli_dedupe_release(&known);
	return code;
}

static int
apply(struct merging *x, struct cli_work *w, struct crm_err *err)
{
	struct crm_idmap seen = {0};
	int code = put_apart(x, w, err);

	if (code == CRM_OK)
		code = decide(x, crm_change_txn(w->change), err);
	if (code == CRM_OK)
		code = crm_merge_put(&x->m, w->change, err);
	/* each survivor once */
	for (size_t i = 0; i < x->m.n && code == CRM_OK; i++) {
		uint64_t v, to = crm_merge_survivor(&x->m, x->m.from[i]);

		if (crm_idmap_get(&seen, to, &v))
			continue;
		code = cli_work_touch(w, to, err);
		if (code == CRM_OK && crm_idmap_put(&seen, to, 1) == CRM_ENOMEM)
			code = crm_err_nomem(err);
	}
	crm_idmap_release(&seen);
	return code;
}

static int
run(struct merging *x, struct crm_err *err)
{
	struct cli *c = x->c;
	struct cli_work w = {0};
	int code = cli_operands(c, cli_stdin(c) ? 1 : 2, 0, err);

	if (code == CRM_OK)
		code = take_options(x, err);
	if (code == CRM_OK && cli_stdin(c))
		code = cli_slurp(c, err);
	if (code < 0)
		return code;
	code = cli_work_begin(c, false, &w, err);
	if (code == CRM_OK)
		code = cli_stdin(c)
			   ? take_stream(x, crm_change_txn(w.change), err)
			   : take_operands(x, crm_change_txn(w.change), err);
	if (code == CRM_OK)
		code = apply(x, &w, err);
	if (code == CRM_OK && !cli_opt.dry_run)
		cli_note(c,
		    "%zu merged, %llu records moved, %zu said not to be "
		    "the same%s",
		    x->m.n, (unsigned long long)x->m.moved, x->nother,
		    x->open ? "; rows without a decision are left" : "");
	return cli_work_finish(&w, code, err);
}

int
cli_dedupe_merge(struct cli *c, struct crm_err *err)
{
	struct merging x = {.c = c, .survivor = BY_ORDERS};
	int code = run(&x, err);

	crm_merge_release(&x.m);
	free(x.same);
	free(x.other);
	return code;
}

/* ---- unmerge ---- */

struct found {
	uint64_t number, revision;
};

static int
see(void *ctx, const struct crm_log_head *head,
    const struct crm_change_row *row, struct crm_err *err)
{
	struct found *f = ctx;

	(void)err;
	if (row->op == 'm')
		f->revision = head->revision;
	return CRM_OK;
}

int
cli_dedupe_unmerge(struct cli *c, struct crm_err *err)
{
	struct crm_undone done = {0};
	struct cli_work w = {0};
	struct found f = {0};
	struct crm_id id;
	int code = cli_operands(c, 1, 1, err);

	if (code < 0)
		return code;
	if (crm_id_parse(c->schema, crm_str(c->operand[0]), &id) < 0 ||
	    id.kind != CRM_K_CUSTOMER || id.part != 0)
		return crm_err_set(err, CRM_EUSAGE,
		    "'%s' is not the number of a customer who was merged",
		    c->operand[0]);
	f.number = id.number;
	code = cli_work_begin(c, false, &w, err);
	if (code == CRM_OK)
		code = crm_history_record(crm_change_txn(w.change), c->schema,
		    CRM_K_CUSTOMER, f.number, see, &f, err);
	if (code == CRM_OK && f.revision == 0)
		code = crm_err_set(
		    err, CRM_NOTFOUND, "'%s' was not merged", c->operand[0]);
	if (code == CRM_OK)
		code = crm_undo_put(w.change, f.revision, &done, err);
	if (code == CRM_EDATA && f.revision)
		crm_err_hint(err, "crm-log history and crm-log undo take back "
				  "what came after the merge first");
	if (code == CRM_OK)
		code = cli_work_touch(&w, f.number, err);
	return cli_work_finish(&w, code, err);
}
