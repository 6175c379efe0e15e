/*
 * cli_doubles.c - telling whoever adds customers that they look like known
 * ones.
 *
 * It is said, not acted upon: two people may be called alike, and an import
 * that merges on its own is what shops complain of.  --unless-known is for
 * scripts that would rather fail.
 */
#include "cli_dedupe.h"
#include "cli_doubles.h"
#include "cli_noun.h"

const char *cli_unless_known;

static int
take(struct cli *c, struct crm_record *rec, const struct cli_set *set,
    struct crm_err *err)
{
	const struct crm_kind *k = rec->kind;
	struct crm_parse ctx = {.schema = c->schema,
	    .arena = &c->arena,
	    .digits = c->schema->digits,
	    .flags = cli_parse_flags()};
	struct crm_buf b = {.max = 1 << 12};
	int f = crm_kind_field(k, crm_str(set->name)), code;

	if (f < 0)
		return CRM_OK; /* of a part, which is not compared */
	code = crm_value_parse(
	    &k->fields[f], crm_str(set->value), &ctx, &rec->v[f], err);
	if (code == CRM_OK && k->fields[f].flags & CRM_F_IDENT &&
	    rec->v[f].type != CRM_T_NONE) {
		code = crm_ident_normal(
		    c->schema, crm_str(set->name), rec->v[f].s, &b, err);
		if (code == CRM_OK)
			code = crm_buf_keep(&b, &c->arena, &rec->v[f].s, err);
		if (code < 0)
			crm_err_field(err, set->name, strlen(set->name));
	}
	crm_buf_release(&b);
	return code;
}

int
cli_doubles_record(struct cli *c, struct crm_record **out, struct crm_err *err)
{
	const struct crm_kind *k = &c->schema->kind[CRM_K_CUSTOMER];
	int code = CRM_OK;

	*out = crm_record_new(k, &c->arena);
	if (!*out)
		return crm_err_nomem(err);
	for (size_t i = 0; i < c->nset && code == CRM_OK; i++)
		code = take(c, *out, &c->set[i], err);
	return code;
}

/* Who is known and most like a record; *n 0 or 1. */
static int
most_like(struct cli *c, struct crm_txn *t, const struct crm_record *rec,
    double least, struct crm_likely *out, size_t *n, struct crm_err *err)
{
	struct crm_dups d = {0};
	int code =
	    crm_dups_likely(t, c->schema, rec, least, &d, out, 1, n, err);

	crm_dups_release(&d);
	return code;
}

static int
tell(struct cli *c, struct crm_txn *t, const struct crm_likely *x, bool refuse,
    struct crm_err *err)
{
	const struct crm_kind *k = &c->schema->kind[CRM_K_CUSTOMER];
	struct crm_record *rec = crm_record_new(k, &c->arena);
	struct crm_want want = {0};
	struct crm_buf name = {.max = 200};
	const char *text;
	int code;

	if (!rec)
		return crm_err_nomem(err);
	crm_want_field(&want, crm_kind_field(k, CRM_STR("name")));
	code = crm_model_read(t, c->schema, k, x->number, &want, rec, err);
	if (code < 0)
		return code;
	crm_text_show(&name, crm_record_get(rec, "name")->s, 60);
	text = crm_buf_cstr(&name);
	if (refuse) {
		code = crm_err_set(err, CRM_EDATA,
		    "looks like C%llu, %s, with probability %.2f",
		    (unsigned long long)x->number, text ? text : "",
		    x->pair.probability);
		crm_err_hint(err, "crm-dedupe check says why; without "
				  "--unless-known they are added");
	} else {
		cli_note(c,
		    "looks like C%llu, %s, with probability %.2f: crm-dedupe "
		    "scan",
		    (unsigned long long)x->number, text ? text : "",
		    x->pair.probability);
	}
	crm_buf_release(&name);
	return code;
}

int
cli_customer_add(struct cli *c, struct crm_err *err)
{
	struct crm_record *rec;
	struct crm_likely found;
	struct crm_txn *t;
	double least = CLI_DOUBLE_NOTE;
	size_t n = 0;
	int code = CRM_OK;

	if (cli_unless_known)
		code = cli_dedupe_probability(
		    "--unless-known", cli_unless_known, &least, err);
	if (code == CRM_OK && cli_unless_known && cli_stdin(c))
		code = crm_err_set(err, CRM_EUSAGE,
		    "--unless-known is for one customer, not for a stream");
	if (code < 0)
		return code;
	if (c->nset == 0 || cli_stdin(c) || cli_or_get)
		return cli_add(c, err);
	/* What is wrong with the fields is said by add itself. */
	if (cli_doubles_record(c, &rec, NULL) == CRM_OK) {
		code = crm_txn_begin(c->store, &t, err);
		if (code < 0)
			return code;
		code = most_like(c, t, rec, least, &found, &n, err);
		if (code == CRM_OK && n > 0)
			code =
			    tell(c, t, &found, cli_unless_known != NULL, err);
		crm_txn_end(t);
	}
	return code == CRM_OK ? cli_add(c, err) : code;
}

/* ---- imports ---- */

int
cli_doubles_last(struct cli *c, uint64_t *out, struct crm_err *err)
{
	struct crm_cursor *cur;
	struct crm_str key, value;
	struct crm_txn *t;
	int code = crm_txn_begin(c->store, &t, err);

	*out = 0;
	if (code < 0)
		return code;
	code = crm_cursor_open(t, CRM_TAB_KIND + CRM_K_CUSTOMER, &cur, err);
	if (code == CRM_OK) {
		code = crm_cursor_last(cur, &key, &value, err);
		if (code == CRM_OK)
			(void)crm_take_be(&key, 8, out);
		crm_cursor_close(cur);
	}
	crm_txn_end(t);
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

int
cli_doubles_count(
    struct cli *c, uint64_t last, uint64_t most, struct crm_err *err)
{
	const struct crm_kind *k = &c->schema->kind[CRM_K_CUSTOMER];
	uint64_t now = 0, doubles = 0;
	struct crm_txn *t;
	int code;

	code = cli_doubles_last(c, &now, err);
	if (code < 0 || last == 0 || now <= last || now - last > most)
		return code;
	code = crm_txn_begin(c->store, &t, err);
	if (code < 0)
		return code;
	for (uint64_t i = last + 1; i <= now && code == CRM_OK; i++) {
		struct crm_want want = {.parts = 0};
		struct crm_likely found;
		struct crm_arena a = {0};
		struct crm_record *rec = crm_record_new(k, &a);
		size_t n = 0;

		if (!rec) {
			code = crm_err_nomem(err);
			break;
		}
		for (size_t f = 0; f < k->nfields; f++)
			if (!(k->fields[f].flags & CRM_F_FIGURE))
				crm_want_field(&want, (int)f);
		code = crm_model_read(t, c->schema, k, i, &want, rec, err);
		if (code == CRM_OK)
			code = most_like(
			    c, t, rec, CLI_DOUBLE_NOTE, &found, &n, err);
		else if (code == CRM_NOTFOUND)
			code = CRM_OK;
		doubles += n;
		crm_arena_release(&a);
	}
	crm_txn_end(t);
	if (code == CRM_OK && doubles > 0)
		cli_note(c,
		    "%llu of %llu new customers look like others: crm-dedupe "
		    "scan",
		    (unsigned long long)doubles,
		    (unsigned long long)(now - last));
	return code;
}
