/*
 * cli_apply.c - crm-store apply: settings put in force, or only looked at.
 *
 * What is shown are the differences, each with what follows from it; of
 * segments, under --dry-run, how many would enter and leave.
 */
#include <stdlib.h>

#include "cli_apply.h"

#define YAML_MAX ((size_t)1 << 20)

static bool force, who;

const struct cli_option cli_store_apply_options[] = {
    {'n', "dry-run", CLI_FLAG, &cli_opt.dry_run, NULL,
	"say what would change, change nothing"},
    {0, "force", CLI_FLAG, &force, NULL,
	"take fields away though they have values"},
    {0, "who", CLI_FLAG, &who, NULL,
	"with --dry-run: who would enter and leave segments"},
    {0, "why", CLI_TEXT, &cli_opt.why, "TEXT", "the reason, for the log"},
    {0, "wait", CLI_TEXT, &cli_opt.wait, "TIME",
	"how long to wait for another writer (default 60s)"},
    {0},
};

static const struct crm_field setting_fields[] = {
    {"setting", CRM_T_TEXT, 0, 0, 0, NULL, "what differs"},
    {"old", CRM_T_TEXT, 0, 0, 0, NULL, "what is applied"},
    {"new", CRM_T_TEXT, 0, 0, 0, NULL, "what the file says"},
    {"follows", CRM_T_TEXT, 0, 0, 0, NULL, "what is done about it"},
};

struct applied {
	struct cli_rows *rows; /* NULL: none are shown */
	struct cli_effects effects; /* of --dry-run */
	struct crm_buf text;
};

static int
applied_put(struct applied *a, struct crm_str what, struct crm_str old,
    struct crm_str now, struct crm_str follows, struct crm_err *err)
{
	const struct crm_value v[4] = {crm_value_text(what),
	    crm_value_text(old), crm_value_text(now), crm_value_text(follows)};

	return a->rows ? cli_rows_put(a->rows, v, err) : CRM_OK;
}

static int
setting_row(void *ctx, const struct crm_setting_row *row, struct crm_err *err)
{
	static const char prefix[] = "segment ";
	struct applied *a = ctx;
	struct crm_str name = row->what;
	const struct cli_effect *e = NULL;

	if (crm_str_starts(name, CRM_STR(prefix))) {
		name.p += sizeof prefix - 1;
		name.n -= sizeof prefix - 1;
		e = cli_effects_of(&a->effects, name);
	}
	if (e == NULL)
		return applied_put(
		    a, row->what, row->old, row->new, row->follows, err);
	crm_buf_clear(&a->text);
	cli_effect_put(e, &a->text);
	return applied_put(
	    a, row->what, row->old, row->new, crm_buf_str(&a->text), err);
}

static bool
differs(const struct crm_settings *a, const struct crm_settings *b,
    struct crm_str segment)
{
	size_t i, j;

	return crm_segment_place(a, segment, &i, NULL) < 0 ||
	       crm_segment_place(b, segment, &j, NULL) < 0 ||
	       !crm_str_eq(a->segment[i].where, b->segment[j].where);
}

/* Segments that are defined as they were, and have others in them. */
static int
follow_rows(struct cli *c, struct applied *a, const struct crm_settings *set,
    struct crm_err *err)
{
	const struct crm_str none = {"", 0};
	int r = CRM_OK;

	for (size_t i = 0; i < a->effects.n && r == CRM_OK; i++) {
		const struct cli_effect *e = &a->effects.v[i];
		struct crm_buf name = {.max = 256};

		crm_buf_clear(&a->text);
		cli_effect_put(e, &a->text);
		crm_buf_puts(&name, "segment ");
		crm_buf_putstr(&name, e->segment);
		if (a->text.n > 0 &&
		    !differs(c->schema->settings, set, e->segment))
			r = applied_put(a, crm_buf_str(&name), none, none,
			    crm_buf_str(&a->text), err);
		crm_buf_release(&name);
	}
	return r;
}

/* The file's name: the operand, CRM_CONFIG, the one beside the data. */
int
cli_config_path(struct cli *c, const char **out, struct crm_err *err)
{
	const char *path =
	    c->noperand > 0 ? c->operand[0] : getenv("CRM_CONFIG");
	struct crm_buf b = {0};
	struct crm_str s;

	if (path == NULL || path[0] == '\0') {
		crm_buf_putf(&b, "%s/crm.yaml", crm_store_path(c->store));
		s = crm_arena_str(&c->arena, crm_buf_str(&b));
		crm_buf_release(&b);
		path = s.p;
	} else if (strcmp(path, "-") == 0)
		path = "/dev/stdin";
	*out = path;
	return path ? CRM_OK : crm_err_nomem(err);
}

int
cli_config_read(struct cli *c, const char *path, struct crm_settings *out,
    struct crm_err *err)
{
	struct crm_buf b = {0};
	struct crm_str text;
	int code = crm_read_file(path, YAML_MAX, &b, err);

	text = crm_arena_str(&c->arena, crm_buf_str(&b));
	crm_buf_release(&b);
	if (code == CRM_OK && text.p == NULL)
		code = crm_err_nomem(err);
	return code < 0 ? code
			: crm_settings_read(text,
			      strcmp(path, "/dev/stdin") == 0 ? "stdin" : path,
			      c->schema->settings, NULL, &c->arena, out, err);
}

/* Rows are made before the settings they are of are gone, and shown when it
 * has been done. */
static int
apply_set(struct cli *c, const struct crm_settings *set, struct crm_err *err)
{
	unsigned flags = (cli_opt.dry_run ? CRM_APPLY_DRY : 0U) |
			 (force ? CRM_APPLY_DROP : 0U);
	struct crm_origin by = cli_origin(c);
	struct crm_watch watch = cli_watch(c);
	struct applied a = {.text = {.max = 256}};
	int code = CRM_OK;

	if (cli_opt.dry_run)
		code = cli_effects_find(c, set, &a.effects, err);
	if (code == CRM_OK && !who)
		code = cli_rows_open(c, setting_fields, 4, NULL, &a.rows, err);
	if (code == CRM_OK)
		code = crm_settings_diff(
		    c->schema->settings, set, setting_row, &a, err);
	if (code == CRM_OK)
		code = follow_rows(c, &a, set, err);
	if (code == CRM_OK || code == CRM_NO)
		code = crm_settings_apply(
		    c->store, set, &by, flags, &watch, NULL, err);
	if (code == CRM_NO && c->tty_err)
		cli_note(c, "nothing differs from what is applied");
	if (code == CRM_NO)
		code = CRM_OK;
	if (code == CRM_OK && who)
		code = cli_effects_print(c, &a.effects, err);
	if (a.rows && code == CRM_OK)
		code = cli_rows_close(a.rows, err);
	else
		cli_rows_abort(a.rows);
	cli_effects_release(&a.effects);
	crm_buf_release(&a.text);
	return code;
}

int
cli_store_apply(struct cli *c, struct crm_err *err)
{
	struct crm_settings set;
	const char *path = "";
	int code = cli_operands(c, 0, 1, err);

	if (code == CRM_OK && who && !cli_opt.dry_run)
		code = crm_err_set(
		    err, CRM_EUSAGE, "--who wants --dry-run beside it");
	if (code == CRM_OK)
		code = cli_config_path(c, &path, err);
	if (code == CRM_OK)
		code = cli_config_read(c, path, &set, err);
	if (code == CRM_OK)
		code = crm_settings_check_segments(&set, err);
	if (code == CRM_OK)
		code = apply_set(c, &set, err);
	if (code == CRM_ECONFIG && err->place[0] == '\0')
		crm_err_place(err, path, 0);
	return code;
}
