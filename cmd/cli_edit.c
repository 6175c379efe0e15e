/*
 * cli_edit.c - the common verb edit: records in the user's editor.
 *
 * The editor runs with no lock held.  What was changed in its text is
 * applied to the records as they are then: a record that somebody else has
 * changed meanwhile is refused, since its revision stands in the text.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_noun.h"

extern char **environ;

#define EDIT_MAX ((size_t)64 << 20)

static bool
editable(const struct crm_field *f)
{
	return !(f->flags & (CRM_F_READONLY | CRM_F_FIGURE | CRM_F_FIXED));
}

static void
write_record(struct cli *c, const struct crm_record *rec, struct crm_buf *out)
{
	const struct crm_kind *k = rec->kind;
	struct crm_buf text = {0};
	size_t i;

	if (out->n > 0)
		crm_buf_putc(out, '\n');
	crm_buf_putf(out, "%s: ", k->fields[0].name);
	crm_value_put(c->schema, out, &rec->v[0], false);
	crm_buf_putf(
	    out, "\nrevision: %llu\n", (unsigned long long)rec->revision);
	for (i = 1; i < k->nfields; i++) {
		const struct crm_field *f = &k->fields[i];

		if (!editable(f) ||
		    ((f->flags & CRM_F_WIDE) && rec->v[i].type == CRM_T_NONE))
			continue;
		crm_buf_clear(&text);
		crm_value_put(c->schema, &text, &rec->v[i], false);
		crm_buf_putf(out, "%s: ", f->name);
		crm_escape_put(out, crm_buf_str(&text));
		crm_buf_putc(out, '\n');
	}
	if (text.fail)
		out->fail = text.fail;
	crm_buf_release(&text);
}

struct choose {
	struct cli *c;
	struct crm_txn *t;
	struct crm_buf *out;
	size_t n;
};

static int
choose_operands(struct choose *x, struct crm_err *err)
{
	struct cli *c = x->c;
	struct crm_record *rec;
	struct crm_value id;
	size_t i;
	int r = CRM_OK;

	for (i = 0; i < c->noperand && r == CRM_OK; i++) {
		r = crm_ref_find(x->t, NULL, c->kind->number, c->schema,
		    crm_str(c->operand[i]), &id, err);
		if (r < 0)
			return r;
		rec = crm_record_new(c->kind, &c->arena);
		if (rec == NULL)
			return crm_err_nomem(err);
		r = crm_model_read(x->t, c->schema, c->kind, (uint64_t)id.i,
		    &crm_want_all, rec, err);
		if (r < 0)
			return r;
		rec->v[0] = id;
		write_record(c, rec, x->out);
		x->n++;
	}
	return r;
}

static int
choose_where(struct choose *x, struct crm_expr *where, struct crm_err *err)
{
	struct crm_scan *scan;
	struct crm_record *rec;
	bool yes;
	int r;

	r = crm_scan_open(x->t, x->c->schema, x->c->kind, &crm_want_all,
	    INT64_MAX, &scan, err);
	if (r < 0)
		return r;
	while ((r = crm_scan_next(scan, &rec, err)) == CRM_OK) {
		r = crm_expr_test(where, rec->v, &yes, err);
		if (r < 0)
			break;
		if (yes) {
			write_record(x->c, rec, x->out);
			x->n++;
		}
	}
	crm_scan_close(scan);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

static char *
next_word(char **at)
{
	char *begin = *at + strspn(*at, " \t");
	char *end = begin + strcspn(begin, " \t");

	if (*begin == '\0')
		return NULL;
	*at = end;
	if (*end != '\0') {
		*end = '\0';
		*at = end + 1;
	}
	return begin;
}

/* Words of $EDITOR, by blanks; no shell sees them. */
static int
run_editor(const char *path, struct crm_err *err)
{
	const char *editor = getenv("VISUAL");
	struct crm_buf b = {0};
	char *argv[16], *word, *line;
	size_t n = 0;
	pid_t pid;
	int status, e;

	if (editor == NULL || editor[0] == '\0')
		editor = getenv("EDITOR");
	if (editor == NULL || editor[0] == '\0')
		editor = "vi";
	crm_buf_puts(&b, editor);
	if (crm_buf_cstr(&b) == NULL)
		return crm_err_nomem(err);
	line = b.p;
	while (n < 14 && (word = next_word(&line)) != NULL)
		argv[n++] = word;
	argv[n] = (char *)(uintptr_t)path;
	argv[n + 1] = NULL;
	e = n == 0 ? ENOENT
		   : posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (e != 0) {
		crm_buf_release(&b);
		return crm_err_sys(
		    err, CRM_EHELPER, e, "run the editor '%s'", editor);
	}
	crm_buf_release(&b);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return crm_err_sys(
			    err, CRM_EHELPER, errno, "wait for the editor");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return crm_err_set(err, CRM_EHELPER,
		    "the editor '%s' failed: nothing was changed", editor);
	return CRM_OK;
}

/* The text through the editor and back.  The file stays, at *path (zeroed):
 * what was typed is not thrown away because a line of it is wrong. */
static int
edit_text(struct crm_buf *text, struct crm_buf *path, struct crm_err *err)
{
	const char *tmp = getenv("TMPDIR");
	int fd, r;

	crm_buf_putf(path, "%s/crm-edit.XXXXXX",
	    tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
	if (crm_buf_cstr(path) == NULL)
		return crm_err_nomem(err);
	fd = mkstemp(path->p);
	if (fd < 0) {
		crm_err_sys(err, CRM_ECREATE, errno, "make '%s' for the editor",
		    path->p);
		crm_buf_clear(path);
		return CRM_ECREATE;
	}
	r = crm_write_all(fd, text->p, text->n, path->p, err);
	close(fd);
	if (r == CRM_OK)
		r = run_editor(path->p, err);
	crm_buf_clear(text);
	if (r == CRM_OK)
		r = crm_read_file(path->p, EDIT_MAX, text, err);
	return r;
}

/* Removes the file, but for a text that was refused. */
static void
edit_done(struct crm_buf *path, bool keep, struct crm_err *err)
{
	char hint[CRM_ERR_TEXT];

	if (path->n > 0 && keep && err != NULL) {
		memcpy(hint, err->hint, sizeof hint);
		crm_err_hint(err, "%s%sthe text is kept in '%s'", hint,
		    hint[0] ? " " : "", path->p);
	} else if (path->n > 0)
		unlink(path->p);
	crm_buf_release(path);
}

/* ---- back into records ---- */

struct back {
	struct cli_work *w;
	struct crm_record *rec;
	struct crm_buf value;
	unsigned long line;
};

static int
back_line(struct back *b, struct crm_str line, struct crm_err *err)
{
	const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	struct crm_str name, value;
	size_t bad;
	int i, r;

	if (colon == NULL)
		return crm_err_set(err, CRM_EDATA, "'%.*s' is not NAME: VALUE",
		    (int)(line.n < 120 ? line.n : 120), line.p);
	name = (struct crm_str){line.p, (size_t)(colon - line.p)};
	value = (struct crm_str){colon + 1, line.n - name.n - 1};
	if (value.n > 0 && value.p[0] == ' ') {
		value.p++;
		value.n--;
	}
	if (crm_str_is(name, b->w->c->kind->fields[0].name))
		return cli_record(b->w, value, &b->rec, err);
	if (b->rec == NULL)
		return crm_err_set(err, CRM_EDATA,
		    "'%.*s' stands before any %s", (int)name.n, name.p,
		    b->w->c->kind->fields[0].name);
	if (crm_str_is(name, "revision")) {
		int64_t n;

		if (crm_int_parse(value, &n) == CRM_OK && n >= 0 &&
		    (uint64_t)n == b->rec->revision)
			return CRM_OK;
		return crm_err_set(err, CRM_EDATA,
		    "the record was changed meanwhile, it is at revision %llu",
		    (unsigned long long)b->rec->revision);
	}
	crm_buf_clear(&b->value);
	if (crm_unescape(value, &b->value, &bad) < 0)
		return crm_err_set(
		    err, CRM_EDATA, "the escape at byte %zu is unknown", bad);
	i = crm_kind_field(b->rec->kind, name);
	if (i > 0 && crm_buf_str(&b->value).n == 0 &&
	    b->rec->v[i].type == CRM_T_NONE)
		return CRM_OK;
	r = crm_buf_keep(
	    &b->value, crm_change_arena(b->w->change), &value, err);
	return r < 0 ? r
		     : crm_input_set(b->w->change, b->rec, name, value, err);
}

static int
back_end(struct back *b, struct crm_err *err)
{
	int r = CRM_OK;

	if (b->rec != NULL) {
		r = crm_change_put(b->w->change, b->rec, err);
		if (r == CRM_OK)
			r = cli_work_touch(b->w, b->rec->id, err);
		if (r == CRM_NO)
			r = CRM_OK;
	}
	b->rec = NULL;
	crm_change_reset(b->w->change);
	return r;
}

static int
apply(struct cli_work *w, struct crm_str text, struct crm_err *err)
{
	struct back b = {.w = w};
	struct crm_str line;
	int r = CRM_OK;

	while (r == CRM_OK && crm_str_split(&text, '\n', &line)) {
		b.line++;
		if (line.n > 0 && line.p[0] == '#')
			continue;
		if (line.n == 0)
			r = back_end(&b, err);
		else
			r = back_line(&b, line, err);
	}
	if (r == CRM_OK)
		r = back_end(&b, err);
	if (r < 0)
		crm_err_place(err, "edited text", b.line);
	crm_buf_release(&b.value);
	return r;
}

static int
collect(struct cli *c, struct crm_buf *text, size_t *n, struct crm_err *err)
{
	const struct crm_kind *k = c->kind;
	struct crm_expr *where = NULL;
	struct choose x = {.c = c, .out = text};
	int r;

	if (c->noperand == 0 && cli_opt.where == NULL) {
		crm_err_set(err, CRM_EUSAGE, "which records is not said");
		crm_err_hint(err, "give references, or -w EXPR");
		return CRM_EUSAGE;
	}
	r = cli_where(c, k->fields, k->nfields, &where, err);
	if (r == CRM_OK)
		r = crm_txn_begin(c->store, &x.t, err);
	if (r == CRM_OK && c->noperand > 0)
		r = choose_operands(&x, err);
	else if (r == CRM_OK)
		r = choose_where(&x, where, err);
	if (x.t != NULL)
		crm_txn_end(x.t);
	crm_expr_release(where);
	*n = x.n;
	return r == CRM_OK ? crm_buf_check(text, err) : r;
}

int
cli_edit(struct cli *c, struct crm_err *err)
{
	struct crm_buf text = {.max = EDIT_MAX}, before = {0}, path = {0};
	struct cli_work w = {0};
	bool refused = false;
	size_t n;
	int r;

	r = collect(c, &text, &n, err);
	if (r < 0 || n == 0)
		goto out;
	crm_buf_putstr(&before, crm_buf_str(&text));
	r = edit_text(&text, &path, err);
	if (r < 0 || crm_str_eq(crm_buf_str(&before), crm_buf_str(&text)))
		goto out;
	r = cli_work_begin(c, n > 1, &w, err);
	if (r == CRM_NO) {
		r = CRM_OK;
		goto out;
	}
	if (r == CRM_OK)
		r = apply(&w, crm_buf_str(&text), err);
	refused = r < 0;
	if (r == CRM_OK)
		r = cli_work_end(&w, err);
	cli_work_release(&w);
out:
	edit_done(&path, refused, err);
	crm_buf_release(&text);
	crm_buf_release(&before);
	return r;
}
