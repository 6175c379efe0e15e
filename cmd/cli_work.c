/*
 * cli_work.c - a writing run: take the lock, put records, say what changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_noun.h"

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
	for (i = 0; i < c->noperand; i++) {
		crm_buf_putc(&b, '\0');
		crm_buf_puts(&b, c->operand[i]);
	}
	for (i = 0; i < c->nset; i++) {
		crm_buf_putc(&b, '\1');
		crm_buf_puts(&b, c->set[i].name);
		crm_buf_putc(&b, '=');
		crm_buf_puts(&b, c->set[i].value);
	}
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

/* The same key again prints the same answer: the records that were added. */
static int
answer_again(struct cli *c, uint64_t revision, struct crm_err *err)
{
	struct crm_log_head head;
	struct crm_txn *t;
	struct crm_str key, v;
	uint64_t *number = NULL, i;
	size_t n = 0, cap = 0, k;
	char lk[17];
	int r;

	r = crm_txn_begin(c->store, &t, err);
	if (r < 0)
		return r;
	crm_log_key(revision, 0, 0, lk);
	key = (struct crm_str){lk, sizeof lk};
	r = crm_get(t, CRM_TAB_LOG, key, &v, err);
	if (r == CRM_OK)
		r = crm_unseal(CRM_TAB_LOG, key, &v, err);
	if (r == CRM_OK)
		r = crm_log_decode(v, &head, err);
	for (k = 0; r == CRM_OK && k < head.nrange; k++) {
		if (c->kind == NULL || head.range[k].kind != c->kind->number)
			continue;
		for (i = 0; i < head.range[k].count && r == CRM_OK; i++) {
			if (!crm_grow(&number, &cap, n, sizeof *number))
				r = crm_err_nomem(err);
			else
				number[n++] = head.range[k].first + i;
		}
	}
	crm_txn_end(t);
	cli_note(c,
	    "the key was used before: nothing changed since revision "
	    "%llu",
	    (unsigned long long)revision);
	if (r == CRM_OK && n > 0)
		r = cli_print_records(c, number, n, err);
	free(number);
	return r;
}

int
cli_work_begin(
    struct cli *c, bool many, struct cli_work *w, struct crm_err *err)
{
	struct crm_change_options opt = {.by = cli_origin(c),
	    .now = c->now,
	    .key = crm_str(cli_opt.key),
	    .spill_dir = c->spill_dir,
	    .progress = progress,
	    .progress_ctx = c};
	uint64_t done = 0;
	int r = CRM_OK;

	memset(w, 0, sizeof *w);
	w->c = c;
	w->many = many;
	if (cli_opt.key != NULL && cli_opt.key[0] == '\0')
		return crm_err_set(
		    err, CRM_EUSAGE, "option --key wants a key after it");
	if (cli_stdin(c))
		r = cli_slurp(c, err);
	if (r == CRM_OK && cli_opt.key != NULL)
		r = asked(c, &opt.keyhash, err);
	if (r == CRM_OK)
		r = crm_change_open(&w->change, c->store, &opt, &done, err);
	if (r == CRM_NO) {
		r = answer_again(c, done, err);
		return r == CRM_OK ? CRM_NO : r;
	}
	return r;
}

int
cli_work_touch(struct cli_work *w, uint64_t number, struct crm_err *err)
{
	if (w->many && !cli_opt.print)
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

static int
dry_run(struct cli_work *w, struct crm_err *err)
{
	struct crm_change_count n = {0};
	struct crm_out *out;
	int r;

	r = cli_out(w->c, dry_fields, 4, &out, err);
	if (r < 0)
		return r;
	r = crm_change_each(w->change, dry_row, out, err);
	if (r < 0) {
		crm_out_abort(out);
		return r;
	}
	/* not with the lock in hand: the pipe may be blocked */
	crm_change_release(w->change);
	w->change = NULL;
	r = crm_out_close(out, err);
	(void)n;
	return r;
}

int
cli_work_end(struct cli_work *w, struct crm_err *err)
{
	uint64_t revision;
	int r;

	if (cli_opt.dry_run)
		return dry_run(w, err);
	r = crm_change_commit(w->change, &revision, err);
	crm_change_release(w->change);
	w->change = NULL;
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
