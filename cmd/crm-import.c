/*
 * crm-import - the files of shops and other systems into the store.
 *
 * The file is read to its end before the writers' lock is taken, so that a
 * slow pipe keeps nobody waiting.  This is the one command that is linked
 * dynamically: iconv loads its tables as shared objects.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_doubles.h"
#include "cli_feed.h"
#include "cli_maps.h"
#include "cli_noun.h"

enum { SHOW_ROWS = 500, SHOW_CHANGES = 20 };

static const char *opt_map, *opt_detect;
static bool opt_list;

static bool doubles;
/* New customers of an import that are compared with the others unasked. */
#define DOUBLES 500

static const struct cli_option options[] = {
    {'m', "map", CLI_TEXT, &opt_map, "NAME|FILE",
	"the map that tells what the columns are"},
    {0, "detect", CLI_TEXT, &opt_detect, "FILE",
	"say which map fits the file, and show its first order"},
    {0, "list", CLI_FLAG, &opt_list, NULL, "list the maps there are"},
    {0, "doubles", CLI_FLAG, &doubles, NULL,
	"say how many new customers look like others, however many are new"},
    {0},
};

/* ---- what an import tells ---- */

struct run {
	struct cli *c;
	struct cli_rejects *rejects;
	const struct crm_import_map *map;
	const char *file;
};

static int
on_reject(void *ctx, struct crm_str raw, struct crm_err *err)
{
	struct run *x = ctx;

	return cli_reject(x->rejects, raw, err);
}

static int
on_header(void *ctx, struct crm_str raw, struct crm_err *err)
{
	struct run *x = ctx;
	struct crm_buf b = {0};
	int r;

	/* The lines are UTF-8 whatever the file was: the mark says so. */
	if (crm_import_map_dialect(x->map)->encoding.n > 0)
		crm_buf_puts(&b, "\xef\xbb\xbf");
	crm_buf_putstr(&b, raw);
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = cli_rejects_header(x->rejects, crm_buf_str(&b), err);
	crm_buf_release(&b);
	return r;
}

static void
on_note(void *ctx, const char *text)
{
	struct run *x = ctx;

	cli_note(x->c, "%s", text);
}

static void
on_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	struct run *x = ctx;

	cli_progress(x->c, what, done, total);
}

static void
on_written(void *ctx, uint64_t done, uint64_t total)
{
	cli_progress(ctx, "written", done, total);
}

/* ---- the summary ---- */

/* What the name has behind it when there are so many. */
static const char *
plural(const char *name, uint64_t n)
{
	size_t len = strlen(name);

	if (n == 1)
		return "";
	return len > 2 && strcmp(name + len - 2, "ch") == 0 ? "es" : "s";
}

static void
put_added(struct crm_buf *b, const struct crm_schema *s,
    const struct crm_change *ch, uint64_t *changed)
{
	struct {
		const char *name;
		uint64_t n;
	} l[CRM_K_MAX];
	size_t n = 0;
	bool one;

	*changed = 0;
	for (unsigned k = 1; k < CRM_K_MAX; k++) {
		struct crm_change_count cc;

		if (!s->kind[k].name || k == CRM_K_EVENT)
			continue;
		cc = crm_change_counted(ch, k);
		*changed += cc.changed;
		if (cc.added == 0)
			continue;
		l[n].name = s->kind[k].name;
		l[n++].n = cc.added;
	}
	for (size_t i = 0; i < n; i++)
		crm_buf_putf(b, "%s%llu %s%s", i ? ", " : " ",
		    (unsigned long long)l[i].n, l[i].name,
		    plural(l[i].name, l[i].n));
	one = n == 1 && l[0].n == 1;
	if (n == 0)
		crm_buf_puts(b, cli_opt.dry_run ? " nothing would be added"
						: " nothing was added");
	else
		crm_buf_puts(b, cli_opt.dry_run ? " would be added"
				: one		? " was added"
						: " were added");
}

static int
summary(struct run *x, const struct crm_change *ch,
    const struct crm_import_count *n, struct crm_buf *b, uint64_t *changed,
    struct crm_err *err)
{

	crm_buf_putf(b, "map %s: %llu row%s:", crm_import_map_name(x->map),
	    (unsigned long long)n->rows, n->rows == 1 ? "" : "s");
	put_added(b, x->c->schema, ch, changed);
	crm_buf_putf(b, "; %llu changed", (unsigned long long)*changed);
	if (n->same > 0)
		crm_buf_putf(
		    b, "; %llu as they were", (unsigned long long)n->same);
	if (n->older > 0)
		crm_buf_putf(b, "; %llu of an older version",
		    (unsigned long long)n->older);
	if (n->gone > 0)
		crm_buf_putf(b, "; %llu removed here, left so",
		    (unsigned long long)n->gone);
	if (n->erased > 0)
		crm_buf_putf(b, "; %llu of erased people, left out",
		    (unsigned long long)n->erased);
	if (n->passed > 0)
		crm_buf_putf(b, "; %llu row%s passed over",
		    (unsigned long long)n->passed, n->passed == 1 ? "" : "s");
	if (n->refused > 0)
		crm_buf_putf(
		    b, "; %llu refused", (unsigned long long)n->refused);
	if (n->cleaned > 0)
		crm_buf_putf(b, "; %llu character%s replaced",
		    (unsigned long long)n->cleaned, n->cleaned == 1 ? "" : "s");
	crm_buf_putf(b, "; %llu rejected", (unsigned long long)n->rejected);
	if (n->rejected > 0 && cli_opt.rejects)
		crm_buf_putf(b, " (in %s)", cli_opt.rejects);
	else if (n->rejected > 0)
		crm_buf_puts(b, " (--rejects FILE keeps them)");
	return crm_buf_check(b, err);
}

static int
print_line(const struct crm_buf *b, struct crm_err *err)
{
	struct crm_str rest = crm_buf_str(b), part;
	struct crm_buf safe = {0};
	int r;

	/* Tabs are what a row of a TSV has. */
	for (bool first = true; crm_str_split(&rest, '\t', &part);
	     first = false) {
		if (!first)
			crm_buf_putc(&safe, '\t');
		crm_text_show(&safe, part, 0);
	}
	crm_buf_putc(&safe, '\n');
	r = crm_buf_check(&safe, err);
	if (r == CRM_OK)
		fwrite(safe.p, 1, safe.n, stdout);
	crm_buf_release(&safe);
	return r;
}

/* ---- what would change ---- */

struct listing {
	struct cli *c;
	uint64_t shown, more;
};

static int
list_change(void *ctx, const struct crm_change_row *row, struct crm_err *err)
{
	struct listing *l = ctx;
	struct crm_buf b = {0};
	int r;

	if (row->op != 'c')
		return CRM_OK;
	if (l->shown == SHOW_CHANGES) {
		l->more++;
		return CRM_OK;
	}
	l->shown++;
	crm_buf_puts(&b, "  ");
	crm_value_put(l->c->schema, &b, &row->id, true);
	crm_buf_putf(&b, " %.*s: '%.*s' -> '%.*s'", (int)row->field.n,
	    row->field.p, (int)row->old.n, row->old.p, (int)row->new.n,
	    row->new.p);
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = print_line(&b, err);
	crm_buf_release(&b);
	return r;
}

static int
tell(struct run *x, struct crm_change **ch, const struct crm_buf *line,
    uint64_t changed, struct crm_err *err)
{
	struct listing l = {.c = x->c};
	int r;

	if (cli_opt.print) {
		cli_note(x->c, "%.*s", (int)line->n, line->p);
		return cli_print_changes(x->c, ch, err);
	}
	r = print_line(line, err);
	if (r < 0 || changed == 0)
		return r;
	r = crm_change_each(*ch, list_change, &l, err);
	if (r == CRM_OK && l.more > 0)
		printf("  and %llu more (--print lists all)\n",
		    (unsigned long long)l.more);
	return r;
}

/* ---- the import ---- */

static int
apply(struct run *x, struct crm_import *im, const struct cli_feed *s,
    struct crm_err *err)
{
	struct crm_change_options opt = {.by = cli_origin(x->c),
	    .now = x->c->now,
	    .key = crm_str(cli_opt.key),
	    .spill_dir = x->c->spill_dir,
	    .allow_erased = cli_opt.allow_erased,
	    .progress = on_written,
	    .progress_ctx = x->c};
	struct crm_change *ch = NULL;
	struct crm_import_count n;
	struct crm_buf line = {0};
	uint64_t done = 0, changed = 0, last = 0;
	int r = CRM_OK;

	if (!cli_opt.dry_run)
		r = cli_doubles_last(x->c, &last, err);
	if (r < 0)
		return r;
	opt.keyhash = crm_hash64(crm_import_map_name(x->map),
			  strlen(crm_import_map_name(x->map))) ^
		      ((uint64_t)s->crc << 32 | (s->size & 0xffffffffu));
	r = crm_change_open(&ch, x->c->store, &opt, &done, err);
	if (r == CRM_NO) {
		cli_note(x->c,
		    "the key was used before: nothing changed since revision "
		    "%llu",
		    (unsigned long long)done);
		return CRM_OK;
	}
	if (r == CRM_OK) {
		cli_held_begin();
		r = crm_import_apply(im, ch, err);
	}
	n = crm_import_counted(im);
	if (r == CRM_OK)
		r = summary(x, ch, &n, &line, &changed, err);
	/* What is listed is what the change holds, before it is written. */
	if (r == CRM_OK && cli_opt.dry_run)
		r = tell(x, &ch, &line, changed, err);
	if (r == CRM_OK && !cli_opt.dry_run) {
		r = crm_change_commit(ch, NULL, err);
		crm_change_release(ch);
		ch = NULL;
		if (r == CRM_OK)
			r = cli_held_end(err);
		if (r == CRM_OK)
			r = print_line(&line, err);
		if (r == CRM_OK && !cli_opt.quiet)
			r = cli_doubles_count(
			    x->c, last, doubles ? UINT64_MAX : DOUBLES, err);
	}
	crm_change_release(ch);
	crm_buf_release(&line);
	return r == CRM_OK && n.rejected + n.refused > 0 ? CRM_PARTLY : r;
}

/* The rejects would be written over the rows that are still to be read. */
static int
not_the_same(const struct cli_feed *s, struct crm_err *err)
{
	struct stat a, b;

	if (!cli_opt.rejects || stat(cli_opt.rejects, &a) != 0 ||
	    fstat(s->fd, &b) != 0 || !S_ISREG(a.st_mode) ||
	    a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return CRM_OK;
	return crm_err_set(err, CRM_EUSAGE,
	    "--rejects: '%s' is the file that is imported", cli_opt.rejects);
}

static int
import_file(struct run *x, struct crm_err *err)
{
	struct crm_import_options opt = {.map = x->map,
	    .schema = x->c->schema,
	    .name = strcmp(x->file, "-") == 0 ? "stdin" : x->file,
	    .read = cli_feed_read,
	    .spill_dir = x->c->spill_dir,
	    .now = x->c->now,
	    .keep_going = cli_opt.keep_going,
	    .keep_raw = cli_opt.keep_going && cli_opt.rejects,
	    .clean = cli_opt.clean,
	    .reject = on_reject,
	    .header = on_header,
	    .note = on_note,
	    .progress = on_progress,
	    .ctx = x};
	struct cli_feed *s = NULL;
	struct crm_import *im = NULL;
	int r, q;

	r = cli_feed_open(x->c, x->file, x->map, &s, err);
	opt.read_ctx = s;
	if (r == CRM_OK)
		r = not_the_same(s, err);
	if (r == CRM_OK)
		r = cli_rejects_open(x->c, &x->rejects, err);
	if (r == CRM_OK) {
		cli_rejects_csv(
		    x->rejects, crm_import_map_dialect(x->map)->sep);
		r = crm_import_open(&im, &opt, err);
	}
	if (r == CRM_OK)
		r = crm_import_read(im, err);
	if (r == CRM_OK)
		r = apply(x, im, s, err);
	if (r == CRM_EDATA && !err->place[0])
		crm_err_place(err, opt.name, 0);
	crm_import_release(im);
	q = cli_rejects_close(x->rejects, r < CRM_PARTLY ? NULL : err);
	cli_feed_close(s);
	return q < 0 && r >= CRM_PARTLY ? q : r;
}

/* ---- --list ---- */

static const struct crm_field list_fields[] = {
    {"map", CRM_T_TEXT, 0, 0, 0, NULL, "its name"},
    {"help", CRM_T_TEXT, 0, 0, 0, NULL, "what it is for"},
    {"file", CRM_T_TEXT, 0, 0, 0, NULL, "where it is"},
};

static int
list_one(void *ctx, const struct crm_import_map *m, const char *file,
    struct crm_err *err)
{
	struct crm_value v[3] = {
	    crm_value_text(crm_str(crm_import_map_name(m))),
	    crm_value_text(crm_str(crm_import_map_help(m))),
	    crm_value_text(crm_str(file))};

	return cli_picked_put(ctx, v, err);
}

static int
list_maps(struct cli *c, struct crm_err *err)
{
	struct cli_picked rows = {0};
	int r = cli_picked_open(c, list_fields, 3, &rows, err);

	if (r == CRM_OK)
		r = cli_map_each(c, list_one, &rows, err);
	return cli_picked_close(&rows, r, err);
}

/* ---- --detect ---- */

/* stdin was taken whole, and is read from its beginning by each map. */
static void
begin_again(const char *file)
{
	if (strcmp(file, "-") == 0)
		(void)lseek(STDIN_FILENO, 0, SEEK_SET);
}

struct detect {
	struct cli *c;
	const char *file;
	size_t best;
	char name[128];
};

/* Reads the header as this map would. */
static int
try_map(void *ctx, const struct crm_import_map *m, const char *file,
    struct crm_err *err)
{
	const struct crm_import_dialect *d = crm_import_map_dialect(m);
	struct detect *x = ctx;
	struct crm_csv_options opt = {.name = x->file,
	    .read = cli_feed_read,
	    .sep = d->sep,
	    .quote = d->quote,
	    .ragged = true,
	    .trim = d->trim,
	    .skip = d->skip};
	struct cli_feed *s = NULL;
	struct crm_csv *csv = NULL;
	struct crm_err why = {0};
	struct crm_str *f;
	size_t n, score;
	int r;

	(void)file;
	if (!d->header)
		return CRM_OK;
	begin_again(x->file);
	r = cli_feed_open(x->c, x->file, m, &s, err);
	if (r < 0)
		return r;
	opt.read_ctx = s;
	r = crm_csv_open(&csv, &opt, err);
	if (r == CRM_OK && crm_csv_next(csv, &f, &n, &why) == CRM_OK) {
		score = crm_import_map_match(m, f, n);
		if (score > x->best) {
			x->best = score;
			snprintf(x->name, sizeof x->name, "%s",
			    crm_import_map_name(m));
		}
	}
	crm_csv_close(csv);
	cli_feed_close(s);
	return r;
}

static int
show_line(const char *before, struct crm_str s, struct crm_err *err)
{
	struct crm_buf b = {0};
	int r;

	while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	crm_buf_puts(&b, before);
	crm_buf_putstr(&b, s);
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = print_line(&b, err);
	crm_buf_release(&b);
	return r;
}

static int
show_row(void *ctx, struct crm_str raw, struct crm_err *err)
{
	(void)ctx;
	return show_line("  | ", raw, err);
}

static int
show_field(
    void *ctx, struct crm_str name, struct crm_str text, struct crm_err *err)
{
	struct crm_buf b = {0};
	int r;

	(void)ctx;
	crm_buf_putf(&b, "  %-24.*s ", (int)name.n, name.p);
	crm_buf_putstr(&b, text);
	r = crm_buf_check(&b, err);
	if (r == CRM_OK)
		r = print_line(&b, err);
	crm_buf_release(&b);
	return r;
}

static int
ignore_header(void *ctx, struct crm_str raw, struct crm_err *err)
{
	(void)ctx;
	return show_line("  | ", raw, err);
}

static int
ignore_reject(void *ctx, struct crm_str raw, struct crm_err *err)
{
	(void)ctx;
	(void)raw;
	*err = (struct crm_err){0};
	return CRM_OK;
}

static int
show_first(struct run *x, struct crm_err *err)
{
	struct crm_import_options opt = {.map = x->map,
	    .schema = x->c->schema,
	    .name = x->file,
	    .read = cli_feed_read,
	    .spill_dir = x->c->spill_dir,
	    .now = x->c->now,
	    .limit = SHOW_ROWS,
	    .keep_going = true,
	    .keep_raw = true,
	    .reject = ignore_reject,
	    .header = ignore_header,
	    .note = on_note,
	    .ctx = x};
	struct crm_import_shown shown = {
	    .ctx = x, .row = show_row, .field = show_field};
	struct crm_import *im = NULL;
	struct cli_feed *s = NULL;
	int r;

	begin_again(x->file);
	r = cli_feed_open(x->c, x->file, x->map, &s, err);

	opt.read_ctx = s;
	if (r == CRM_OK)
		r = crm_import_open(&im, &opt, err);
	if (r == CRM_OK)
		r = crm_import_read(im, err);
	if (r == CRM_OK)
		r = crm_import_show(im, &shown, err);
	crm_import_release(im);
	cli_feed_close(s);
	return r;
}

static int
detect(struct cli *c, struct crm_err *err)
{
	struct detect d = {.c = c, .file = opt_detect};
	struct crm_import_map *m = NULL;
	struct run x = {.c = c, .file = opt_detect};
	int r;

	r = cli_store_maybe(c, err);
	if (r == CRM_OK && strcmp(opt_detect, "-") == 0)
		r = cli_slurp(c, err);
	if (r == CRM_OK)
		r = cli_map_each(c, try_map, &d, err);
	if (r < 0)
		return r;
	if (d.best == 0) {
		crm_err_set(err, CRM_NO, "no map fits '%s'", opt_detect);
		crm_err_hint(err, "crm-map(5) says how to write one");
		return CRM_NO;
	}
	printf("map %s\n", d.name);
	r = cli_map_load(c, d.name, c->schema, &m, err);
	x.map = m;
	if (r == CRM_OK)
		r = show_first(&x, err);
	crm_import_map_release(m);
	return r;
}

/* ---- the verb ---- */

static int
import(struct cli *c, struct crm_err *err)
{
	struct crm_import_map *m = NULL;
	struct run x = {.c = c};
	int r;

	if (opt_list || opt_detect) {
		r = cli_operands(c, 0, 0, err);
		if (c->noperand > 0)
			return crm_err_set(err, CRM_EUSAGE,
			    "no file is read beside %s",
			    opt_list ? "--list" : "--detect FILE");
		if (r < 0)
			return r;
		return opt_list ? list_maps(c, err) : detect(c, err);
	}
	r = cli_operands(c, 1, 1, err);
	if (r < 0)
		return r;
	if (!opt_map) {
		crm_err_set(err, CRM_EUSAGE, "--map NAME is wanted");
		crm_err_hint(err, "--detect %s says which one fits",
		    strcmp(c->operand[0], "-") == 0 ? "FILE" : c->operand[0]);
		return CRM_EUSAGE;
	}
	if (cli_opt.print && !cli_opt.dry_run)
		return crm_err_set(
		    err, CRM_EUSAGE, "--print goes with --dry-run");
	if (cli_opt.empty)
		return crm_err_set(err, CRM_EUSAGE,
		    "--empty: what an empty cell means is said by the map");
	if (cli_opt.key && !cli_opt.key[0])
		return crm_err_set(
		    err, CRM_EUSAGE, "option --key wants a key after it");
	/* A dry run counts what would be rejected. */
	cli_opt.keep_going |= cli_opt.dry_run;
	x.file = c->operand[0];
	r = cli_store_write(c, err);
	if (r == CRM_OK)
		r = cli_map_load(c, opt_map, c->schema, &m, err);
	x.map = m;
	if (r == CRM_OK)
		r = import_file(&x, err);
	crm_import_map_release(m);
	return r;
}

static const struct cli_verb verbs[] = {
    {"", import, CLI_NONE, CLI_CHANGE | CLI_BULK | CLI_OUT, options, "FILE | -",
	"import a file by a map"},
    {0},
};

static const struct cli_command command = {
    "crm-import", "files of other systems into the store", NULL, 0, verbs};

int
main(int argc, char **argv)
{
	return crm_main(&command, argc, argv);
}
