/*
 * cli_work.c - a writing run: take the lock, put records, say what changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_noun.h"

#define KEY_MAX 400 /* bytes of --key */
#define TOGETHER 256 /* records of --each in one transaction */

int
cli_slurp(struct cli *c, struct crm_err *err)
{
	char block[65536];
	struct stat st;
	ssize_t n;
	int fd, r = CRM_OK;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		return CRM_OK;
	fd = crm_temp_file(c->spill_dir, err);
	if (fd < 0)
		return fd;
	for (;;) {
		n = read(STDIN_FILENO, block, sizeof block);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = crm_err_sys(err, CRM_EIO, errno, "read stdin");
		if (n <= 0)
			break;
		r = crm_write_all(fd, block, (size_t)n, "spool", err);
		if (r < 0)
			break;
	}
	if (r == CRM_OK &&
	    (lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0))
		r = crm_err_sys(err, CRM_EIO, errno, "read the spool again");
	close(fd);
	return r;
}

/* The options a verb has of its own (--revoke is not --grant), and those that
 * say how the stream is to be understood. */
static void
asked_options(const struct cli_verb *verb, struct crm_buf *b)
{
	const char *const text[] = {cli_opt.empty, cli_opt.on, cli_opt.header,
	    cli_opt.keep_going ? "keep-going" : NULL,
	    cli_opt.clean ? "clean" : NULL, cli_opt.bare ? "bare" : NULL};
	const struct cli_option *o = verb->options;
	size_t n;

	for (n = 0; n < sizeof text / sizeof *text; n++) {
		crm_buf_putc(b, '\3');
		crm_buf_putstr(b, crm_str(text[n]));
	}
	for (; o != NULL && o->name != NULL; o++) {
		crm_buf_putc(b, '\2');
		if (o->type == CLI_FLAG)
			crm_buf_putc(b, *(const bool *)o->to ? 'y' : 'n');
		else if (o->type == CLI_TEXT)
			crm_buf_putstr(b, crm_str(*(const char **)o->to));
		else if (o->type == CLI_INT)
			crm_buf_puti(b, *(const int64_t *)o->to);
		else if (o->type == CLI_TEXTS) {
			const struct cli_texts *t = o->to;
			size_t i;

			for (i = 0; i < t->n; i++) {
				crm_buf_puts(b, t->v[i]);
				crm_buf_putc(b, '\0');
			}
		}
	}
}

/* What was asked for, as a number: the same key must mean the same. */
static int
asked(struct cli *c, uint64_t *out, struct crm_err *err)
{
	struct crm_buf b = {0};
	char block[65536];
	ssize_t n;
	size_t i;
	int r;

	crm_buf_puts(&b, c->program);
	for (i = 0; i < c->ngiven; i++) {
		crm_buf_putc(&b, '\0');
		crm_buf_puts(&b, c->operand[i]);
	}
	for (i = 0; i < c->nset; i++) {
		crm_buf_putc(&b, '\1');
		crm_buf_puts(&b, c->set[i].name);
		crm_buf_putc(&b, '=');
		crm_buf_puts(&b, c->set[i].value);
	}
	asked_options(c->verb, &b);
	if (cli_stdin(c)) {
		uint64_t h = 0;
		off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);

		while ((n = read(STDIN_FILENO, block, sizeof block)) > 0)
			h = h * 31 + crm_hash64(block, (size_t)n);
		if (n < 0 || lseek(STDIN_FILENO, at, SEEK_SET) < 0) {
			crm_buf_release(&b);
			return crm_err_sys(err, CRM_EIO, errno, "read stdin");
		}
		crm_buf_putbe(&b, h, 8);
	}
	*out = crm_hash64(b.p, b.n);
	r = crm_buf_check(&b, err);
	crm_buf_release(&b);
	return r;
}

static void
progress(void *ctx, uint64_t done, uint64_t total)
{
	cli_progress(ctx, "written", done, total);
}

struct numbers {
	uint64_t *v;
	size_t n, cap;
};

static int
number_add(struct numbers *x, uint64_t number, struct crm_err *err)
{
	if (!crm_grow(&x->v, &x->cap, x->n, sizeof *x->v))
		return crm_err_nomem(err);
	x->v[x->n++] = number;
	return CRM_OK;
}

/* Records of the command's kind that a revision added, then those changed. */
static int
revision_records(struct crm_txn *t, unsigned kind, uint64_t revision,
    struct numbers *x, struct crm_err *err)
{
	struct crm_cursor *cur = NULL;
	struct crm_log_head head;
	struct crm_str key, k, v;
	uint64_t i, number;
	char lk[17];
	size_t n;
	int r;

	crm_log_key(revision, 0, 0, lk);
	key = (struct crm_str){lk, sizeof lk};
	r = crm_get(t, CRM_TAB_LOG, key, &v, err);
	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_LOG, key, &v, err);
	if (r == CRM_OK)
		r = crm_log_decode(v, &head, err);
	for (n = 0; r == CRM_OK && n < head.nrange; n++)
		for (i = 0; head.range[n].kind == kind && r == CRM_OK &&
			    i < head.range[n].count;
		     i++)
			r = number_add(x, head.range[n].first + i, err);
	if (r == CRM_OK)
		r = crm_cursor_open(t, CRM_TAB_LOG, &cur, err);
	if (r < 0)
		return r;
	crm_log_key(revision, kind, 0, lk);
	for (r = crm_cursor_seek(cur, key, &k, &v, err);
	     r == CRM_OK && k.n == 17 && memcmp(k.p, lk, 9) == 0;
	     r = crm_cursor_next(cur, &k, &v, err)) {
		k = (struct crm_str){k.p + 9, 8};
		crm_take_be(&k, 8, &number);
		r = number_add(x, number, err);
		if (r < 0)
			break;
	}
	crm_cursor_close(cur);
	return r == CRM_NOTFOUND ? CRM_OK : r;
}

/* The same key again prints the same answer. */
static int
answer_again(struct cli *c, bool many, uint64_t revision, struct crm_err *err)
{
	struct numbers x = {0};
	struct crm_txn *t;
	int r = CRM_OK;

	cli_note(c,
	    "the key was used before: nothing changed since revision %llu",
	    (unsigned long long)revision);
	if (c->kind == NULL || (many && !cli_opt.print))
		return CRM_OK;
	r = crm_txn_begin(c->store, &t, err);
	if (r < 0)
		return r;
	r = revision_records(t, c->kind->number, revision, &x, err);
	crm_txn_end(t);
	if (r == CRM_OK && x.n > 0)
		r = cli_print_records(c, x.v, x.n, err);
	free(x.v);
	return r;
}

/* What the log and the events take from the command line is text as any
 * other. */
static int
enter(struct cli *c, const char *option, const char **text, struct crm_err *err)
{
	struct crm_buf b = {.max = 1 << 16};
	int r;

	if (*text == NULL)
		return CRM_OK;
	r = crm_text_enter(crm_str(*text), 0, NULL, &b, err);
	if (r == CRM_OK)
		r = crm_buf_check(&b, err);
	if (r < 0) {
		crm_err_field(err, option, strlen(option));
		if (r == CRM_EDATA) {
			if (err != NULL)
				err->code = CRM_EUSAGE;
			r = CRM_EUSAGE;
		}
	} else {
		*text = crm_arena_str(&c->arena, crm_buf_str(&b)).p;
		if (*text == NULL)
			r = crm_err_nomem(err);
	}
	crm_buf_release(&b);
	return r;
}

/* What cannot be printed must be known before it is committed. */
static int
printable(struct cli *c, struct crm_err *err)
{
	size_t n;
	int *pick;

	return c->kind == NULL ? CRM_OK
			       : cli_pick(c, c->kind->fields, c->kind->nfields,
				     &pick, &n, err);
}

/* What is not about one record at a time does not go with --each. */
static int
each_fits(struct cli *c, struct crm_err *err)
{
	const char *with = cli_opt.dry_run ? "--dry-run"
			   : cli_opt.key   ? "--key"
					   : NULL;

	if (!cli_opt.each)
		return CRM_OK;
	if (!cli_stdin(c)) {
		crm_err_set(err, CRM_EUSAGE, "is about a stream on stdin");
		crm_err_hint(err, "stdin is read when - is an operand");
	} else if (with != NULL) {
		crm_err_set(err, CRM_EUSAGE, "does not go with %s", with);
	} else {
		return CRM_OK;
	}
	crm_err_field(err, "--each", 6);
	return CRM_EUSAGE;
}

static int
each_begin(struct cli_work *w, struct crm_err *err)
{
	w->to = crm_arena_zalloc(&w->c->arena, sizeof *w->to);
	return w->to ? cli_printer_open(w->c, w->to, err) : crm_err_nomem(err);
}

int
cli_work_begin(
    struct cli *c, bool many, struct cli_work *w, struct crm_err *err)
{
	struct crm_change_options *opt = &w->opt;
	uint64_t done = 0;
	int r = CRM_OK;

	memset(w, 0, sizeof *w);
	*opt = (struct crm_change_options){.now = c->now,
	    .spill_dir = c->spill_dir,
	    .allow_erased = cli_opt.allow_erased,
	    .parse_flags = cli_parse_flags(),
	    .progress = cli_opt.each ? NULL : progress,
	    .progress_ctx = c};
	w->c = c;
	w->many = many;
	r = each_fits(c, err);
	if (r == CRM_OK)
		r = printable(c, err);
	if (r < 0)
		return r;
	if (cli_opt.key != NULL && cli_opt.key[0] == '\0')
		return crm_err_set(
		    err, CRM_EUSAGE, "option --key wants a key after it");
	r = enter(c, "--why", &cli_opt.why, err);
	if (r == CRM_OK)
		r = enter(c, "--key", &cli_opt.key, err);
	opt->by = cli_origin(c);
	opt->key = crm_str(cli_opt.key);
	if (r == CRM_OK && opt->key.n > KEY_MAX)
		r = crm_err_set(err, CRM_EUSAGE,
		    "--key: at most %d bytes, this one has %zu", KEY_MAX,
		    opt->key.n);
	if (r == CRM_OK && cli_opt.each)
		return each_begin(w, err);
	if (r == CRM_OK && cli_stdin(c))
		r = cli_slurp(c, err);
	if (r == CRM_OK && cli_opt.key != NULL)
		r = asked(c, &opt->keyhash, err);
	if (r == CRM_OK)
		r = crm_change_open(&w->change, c->store, opt, &done, err);
	if (r == CRM_NO) {
		r = answer_again(c, many, done, err);
		return r == CRM_OK ? CRM_NO : r;
	}
	if (r == CRM_OK)
		cli_held_begin();
	return r;
}

int
cli_work_next(struct cli_work *w, struct crm_err *err)
{
	int r;

	if (w->to == NULL || w->change != NULL)
		return CRM_OK;
	r = cli_env_tick(w->c, err);
	w->opt.now = w->c->now;
	w->opt.by.now = w->c->real_now;
	return r < 0 ? r
		     : crm_change_open(
			   &w->change, w->c->store, &w->opt, NULL, err);
}

/* Commits what waits for it and prints that, so that it is seen. */
static int
settle(struct cli_work *w, struct crm_err *err)
{
	int r = CRM_OK;

	if (w->to == NULL || w->change == NULL)
		return CRM_OK;
	w->cleaned += *crm_change_cleaned(w->change);
	if (w->waiting > 0)
		r = crm_change_commit(w->change, NULL, err);
	crm_change_release(w->change);
	w->change = NULL;
	if (r == CRM_OK && w->n > 0)
		r = cli_printer_put(w->to, w->touched, w->n, err);
	if (r == CRM_OK && w->n > 0)
		r = crm_out_flush(w->to->out, err);
	w->n = w->waiting = 0;
	return r;
}

int
cli_work_done(struct cli_work *w, int r, struct crm_err *err)
{
	struct crm_err other = {0};
	int end;

	crm_change_reset(w->change);
	if (w->to == NULL || w->change == NULL)
		return r;
	if (r == CRM_OK)
		r = crm_change_mark(w->change, err);
	w->waiting += r == CRM_OK;
	if (r == CRM_OK && w->together && w->waiting < TOGETHER)
		return r;
	/* what came before a record that is wrong is none the worse */
	end = settle(w, r == CRM_OK ? err : &other);
	if (end < 0 && r < 0)
		*err = other;
	return end < 0 ? end : r;
}

int
cli_work_wait(
    struct cli_work *w, const struct crm_stream *s, struct crm_err *err)
{
	if (w->to == NULL || (w->together && crm_stream_ready(s)))
		return CRM_OK;
	return settle(w, err);
}

int
cli_work_touch(struct cli_work *w, uint64_t number, struct crm_err *err)
{
	if (w->many && !cli_opt.print && w->to == NULL)
		return CRM_OK;
	if (w->n > 0 && w->touched[w->n - 1] == number)
		return CRM_OK;
	if (!crm_grow(&w->touched, &w->cap, w->n, sizeof *w->touched))
		return crm_err_nomem(err);
	w->touched[w->n++] = number;
	return CRM_OK;
}

int
cli_work_put(struct cli_work *w, struct crm_record *rec, struct crm_err *err)
{
	int r = crm_change_put(w->change, rec, err);

	if (r < 0 && r != CRM_NO)
		return r;
	return cli_work_touch(w, rec->id, err);
}

/* ---- --dry-run: id field old new ---- */

static const struct crm_field dry_fields[] = {
    {"id", CRM_T_ID, 0, 0, 0, NULL, "the record"},
    {"field", CRM_T_TEXT, 0, 0, 0, NULL, "what changes"},
    {"old", CRM_T_TEXT, 0, 0, 0, NULL, "its value"},
    {"new", CRM_T_TEXT, 0, 0, 0, NULL, "what it would be"},
};

static int
dry_row(void *ctx, const struct crm_change_row *row, struct crm_err *err)
{
	struct crm_value v[4];

	v[0] = row->id;
	v[1] = crm_value_text(row->field);
	v[2] = crm_value_text(row->old);
	v[3] = crm_value_text(row->new);
	return crm_out_row(ctx, v, err);
}

int
cli_print_changes(
    struct cli *c, struct crm_change **change, struct crm_err *err)
{
	struct crm_out *out;
	int r;

	r = cli_out(c, dry_fields, 4, &out, err);
	if (r < 0)
		return r;
	r = crm_out_hold(out, err);
	if (r == CRM_OK)
		r = crm_change_each(*change, dry_row, out, err);
	/* not with the lock in hand: the pipe may be blocked by who waits
	 * for it */
	crm_change_release(*change);
	*change = NULL;
	if (r == CRM_OK)
		r = cli_held_end(err);
	if (r == CRM_OK)
		r = crm_out_drain(out, err);
	if (r == CRM_OK)
		return crm_out_close(out, err);
	crm_out_abort(out);
	return r;
}

int
cli_work_end(struct cli_work *w, struct crm_err *err)
{
	uint64_t revision;
	int r;

	if (w->change != NULL)
		w->cleaned += *crm_change_cleaned(w->change);
	if (w->cleaned > 0)
		cli_note(w->c, "%zu character%s replaced by U+FFFD", w->cleaned,
		    w->cleaned == 1 ? " was" : "s were");
	if (w->to != NULL)
		return settle(w, err);
	if (cli_opt.dry_run)
		return cli_print_changes(w->c, &w->change, err);
	r = crm_change_commit(w->change, &revision, err);
	crm_change_release(w->change);
	w->change = NULL;
	if (r == CRM_OK)
		r = cli_held_end(err);
	if (r < 0 || w->n == 0)
		return r;
	r = cli_print_records(w->c, w->touched, w->n, err);
	if (r < 0 && revision > 0 && err != NULL && err->hint[0] == '\0')
		crm_err_hint(err, "committed as revision %llu",
		    (unsigned long long)revision);
	return r;
}

void
cli_work_release(struct cli_work *w)
{
	crm_change_release(w->change);
	free(w->touched);
	memset(w, 0, sizeof *w);
}

int
cli_work_finish(struct cli_work *w, int r, struct crm_err *err)
{
	int end;

	if (r == CRM_OK || r == CRM_PARTLY) {
		end = cli_work_end(w, err);
		if (end < 0)
			r = end;
	}
	if (w->to != NULL) {
		end =
		    cli_printer_close(w->to, r == CRM_PARTLY ? CRM_OK : r, err);
		if (end < 0)
			r = end;
	}
	cli_work_release(w);
	return r == CRM_NO ? CRM_OK : r;
}
