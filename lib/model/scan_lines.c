/*
 * scan_lines.c - all records of a kind as lines, by several threads.
 *
 * The numbers are cut into stretches, of which each thread takes the next one
 * that nobody has, makes it text, and waits until those before it have been
 * put.  So what is read, tested and written is shared by all, and the order and
 * the first failure are those of one thread.  What a scan of one piece notices
 * at its end, that entries are missing, is noticed by their sum.
 */
#include <pthread.h>
#include <stdlib.h>

#include <crm/columns.h>
#include <crm/expr.h>
#include <crm/model.h>
#include <crm/out.h>
#include <crm/overlay.h>

#include "hooks.h"

/* A stretch's text is to stay in a processor's own memory until it is put. */
enum {
	STRETCH = 2 * CRM_COLUMNS_RANGE,
	PUT_AT = 1 << 20, /* bytes of records without blocks */
	WORDS = CRM_LANE_MOST / 64
};

struct turns {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	uint64_t next, now, end; /* stretches: to be taken, to be put, all */
	bool stop;
	int code; /* of what failed, and its error */
	struct crm_err err;
};

struct lister {
	const struct crm_lines_job *job;
	struct turns *turns;
	struct crm_txn *txn;
	struct crm_scan *scan;
	struct crm_sheet *sheet;
	struct crm_buf text;
	uint64_t rows; /* in it */
	uint64_t stretch;
	const struct crm_lane **lane; /* by field, then of what is shown */
	struct crm_value *value; /* the same */
	uint64_t number[CRM_LANE_MOST];
	bool runs;
	pthread_t thread;
};

/* ---- what is listed ---- */

static bool
in_time(const struct crm_lines_job *j, int64_t t)
{
	return !(j->has_since && t < j->since) &&
	       !(j->has_until && t >= j->until);
}

/* Is the record, by its values, to be listed? */
static int
wanted(struct lister *l, const struct crm_value *v, struct crm_err *err)
{
	const struct crm_lines_job *j = l->job;
	bool yes = true;
	int code = CRM_OK;

	if (j->unless >= 0 && v[j->unless].i == 1)
		return CRM_NO;
	if (j->time >= 0 &&
	    (v[j->time].type != CRM_T_TIME || !in_time(j, v[j->time].i)))
		return CRM_NO;
	if (j->where)
		code = crm_expr_test(j->where, v, &yes, err);
	if (code == CRM_OK && yes && j->also)
		code = crm_expr_test(j->also, v, &yes, err);
	return code < 0 ? code : yes ? CRM_OK : CRM_NO;
}

static void
keep(uint64_t *bits, const uint64_t *those, bool not )
{
	for (size_t i = 0; i < WORDS; i++)
		bits[i] &= not ? ~those[i] : those[i];
}

static bool
any(const uint64_t *bits)
{
	uint64_t b = 0;

	for (size_t i = 0; i < WORDS; i++)
		b |= bits[i];
	return b != 0;
}

/* What can be told of a block at once; false: not all can. */
static bool
sift(struct lister *l, size_t n, uint64_t *bits)
{
	const struct crm_lines_job *j = l->job;
	const struct crm_lane **lane = l->lane;
	size_t nfields = j->kind->nfields;
	uint64_t some[WORDS] = {0};
	bool told = true;

	if (j->unless >= 0) {
		crm_lane_between(lane[j->unless], n, 1, 1, some);
		keep(bits, some, true);
	}
	if (j->time >= 0) {
		crm_lane_between(lane[j->time], n,
		    j->has_since ? j->since : INT64_MIN,
		    j->has_until ? j->until : INT64_MAX, some);
		keep(bits, some, false);
		/* the last moment is not in it */
		if (j->has_until)
			crm_lane_between(
			    lane[j->time], n, j->until, j->until, some);
		if (j->has_until)
			keep(bits, some, true);
	}
	if (j->where)
		told = crm_expr_sift(j->where, lane, nfields, n, bits);
	if (j->also)
		told &= crm_expr_sift(j->also, lane, nfields, n, bits);
	return told;
}

/* One by one, where a block is not of the form that can be sifted. */
static int
test(struct lister *l, size_t n, uint64_t *bits, struct crm_err *err)
{
	const struct crm_kind *k = l->job->kind;

	for (size_t i = 0; i < n; i++) {
		int code;

		if (!(bits[i / 64] >> i % 64 & 1))
			continue;
		l->value[0] = crm_value_id(k->number, l->number[i]);
		for (size_t f = 1; f < k->nfields; f++)
			if (l->lane[f])
				crm_lane_value(l->lane[f], i, &l->value[f]);
		code = wanted(l, l->value, err);
		if (code == CRM_NO)
			bits[i / 64] &= ~((uint64_t)1 << i % 64);
		else if (code < 0)
			return code;
	}
	return CRM_OK;
}

static int
put_block(struct lister *l, struct crm_columns *c, struct crm_err *err)
{
	const struct crm_lines_job *j = l->job;
	const struct crm_lane **shown = l->lane + j->kind->nfields;
	size_t n = crm_columns_records(c);
	uint64_t bits[WORDS] = {0};
	int code = CRM_OK;
	bool told;

	for (int f = 1; f < j->kind->nfields; f++)
		if (crm_wants(j->want, f))
			l->lane[f] = crm_columns_lane(c, f);
	for (size_t i = 0; i < j->npick; i++)
		shown[i] = l->lane[j->pick[i]];
	crm_lane_all(n, bits);
	told = sift(l, n, bits);
	if (!any(bits))
		return CRM_OK;
	crm_columns_numbers(c, l->number);
	if (!told)
		code = test(l, n, bits, err);
	if (code == CRM_OK)
		l->rows += crm_sheet_put(l->sheet, shown, j->kind->number,
		    l->number, n, bits, &l->text);
	return code;
}

static int
put_record(struct lister *l, const struct crm_record *rec, struct crm_err *err)
{
	const struct crm_lines_job *j = l->job;
	struct crm_value *shown = l->value + j->kind->nfields;
	int code = wanted(l, rec->v, err);

	if (code != CRM_OK)
		return code == CRM_NO ? CRM_OK : code;
	for (size_t i = 0; i < j->npick; i++)
		shown[i] = rec->v[j->pick[i]];
	crm_sheet_row(l->sheet, shown, &l->text);
	l->rows++;
	return CRM_OK;
}

/* ---- turns ---- */

/* Waits until what is before this stretch was put; false: no more is wanted. */
static bool
wait_turn(struct lister *l)
{
	struct turns *t = l->turns;
	bool go;

	pthread_mutex_lock(&t->lock);
	while (!t->stop && t->now != l->stretch)
		pthread_cond_wait(&t->turn, &t->lock);
	go = !t->stop;
	pthread_mutex_unlock(&t->lock);
	return go;
}

static int
put_text(struct lister *l, struct crm_err *err)
{
	int code = crm_buf_check(&l->text, err);

	if (code == CRM_OK && l->rows > 0)
		code = l->job->put(
		    l->job->ctx, crm_buf_str(&l->text), l->rows, err);
	crm_buf_clear(&l->text);
	l->rows = 0;
	return code;
}

/* The next stretch; false: there is none. */
static bool
take(struct lister *l)
{
	struct turns *t = l->turns;
	bool go;

	pthread_mutex_lock(&t->lock);
	go = !t->stop && t->next < t->end;
	if (go)
		l->stretch = t->next++;
	pthread_mutex_unlock(&t->lock);
	return go;
}

/* The turn is over, and well, or not. */
static void
pass(struct lister *l, int code, const struct crm_err *err)
{
	struct turns *t = l->turns;

	pthread_mutex_lock(&t->lock);
	t->now++;
	if (code < 0) {
		t->stop = true;
		t->code = code;
		t->err = *err;
	}
	pthread_cond_broadcast(&t->turn);
	pthread_mutex_unlock(&t->lock);
}

/* ---- a stretch ---- */

/* Of the last one it is not known where it ends. */
static int
read_stretch(struct lister *l, struct crm_err *err)
{
	uint64_t from = l->stretch * STRETCH;
	struct crm_record *rec;
	struct crm_columns *block;
	int code;

	crm_scan_range(
	    l->scan, from, l->stretch + 1 < l->turns->end ? from + STRETCH : 0);
	while ((code = crm_scan_step(l->scan, &block, &rec, err)) == CRM_OK) {
		code =
		    block ? put_block(l, block, err) : put_record(l, rec, err);
		if (code == CRM_OK && !block && l->text.n >= PUT_AT) {
			if (!wait_turn(l))
				return CRM_NO;
			code = put_text(l, err);
		}
		if (code < 0)
			return code;
	}
	return code == CRM_NOTFOUND ? CRM_OK : code;
}

static void *
work(void *arg)
{
	struct lister *l = arg;
	struct crm_err err = {0};

	while (take(l)) {
		int code = read_stretch(l, &err);

		if (code == CRM_NO || !wait_turn(l))
			break;
		if (code == CRM_OK)
			code = put_text(l, &err);
		pass(l, code, &err);
	}
	return NULL;
}

/* ---- all ---- */

static void
release(struct lister *l, size_t i)
{
	crm_scan_close(l->scan);
	crm_sheet_close(l->sheet);
	crm_buf_release(&l->text);
	free(l->lane);
	free(l->value);
	if (i > 0)
		crm_txn_end(l->txn);
}

/* Fills the next one: CRM_NO there can be no more. */
static int
make(struct lister *l, struct crm_txn *t, const struct crm_lines_job *j,
    struct turns *turns, size_t i, struct crm_err *err)
{
	size_t n = j->kind->nfields + j->npick;
	int code = CRM_OK;

	*l = (struct lister){.job = j, .turns = turns, .txn = t};
	if (i > 0)
		code = crm_txn_twin(t, &l->txn, err);
	if (code != CRM_OK)
		return code;
	code = crm_scan_open(
	    l->txn, j->schema, j->kind, j->want, INT64_MAX, &l->scan, err);
	if (code == CRM_OK)
		code = crm_sheet_open(&l->sheet, j->schema, j->npick, err);
	l->lane = calloc(n, sizeof *l->lane);
	l->value = calloc(n, sizeof *l->value);
	if (code == CRM_OK && (!l->lane || !l->value))
		code = crm_err_nomem(err);
	if (code < 0)
		release(l, i);
	return code;
}

/* Can all be told from blocks, where there are? */
static int
is_of_columns(
    struct crm_txn *t, const struct crm_lines_job *j, struct crm_err *err)
{
	struct crm_columns *c;
	int code = crm_columns_open(t, j->schema, j->kind, j->want, 0, &c, err);

	if (code != CRM_OK)
		return code;
	crm_columns_close(c);
	if ((j->time >= 0 && j->kind->fields[j->time].type != CRM_T_TIME) ||
	    (j->unless >= 0 && j->kind->fields[j->unless].type != CRM_T_BOOL) ||
	    (j->where && !crm_expr_plain(j->where)) ||
	    (j->also && !crm_expr_plain(j->also)))
		return CRM_NO;
	return CRM_OK;
}

static int
run(struct lister *l, size_t n, struct crm_txn *t, struct crm_err *err)
{
	struct turns *turns = l[0].turns;
	uint64_t entries = 0;

	for (size_t i = 1; i < n; i++)
		l[i].runs =
		    pthread_create(&l[i].thread, NULL, work, &l[i]) == 0;
	(void)work(&l[0]);
	for (size_t i = 0; i < n; i++) {
		if (l[i].runs)
			pthread_join(l[i].thread, NULL);
		entries += crm_scan_entries(l[i].scan);
	}
	if (turns->code < 0 && err)
		*err = turns->err;
	return turns->code < 0
		   ? turns->code
		   : crm_parts_count(t, l[0].job->kind, entries, err);
}

int
crm_scan_lines(
    struct crm_txn *t, const struct crm_lines_job *j, struct crm_err *err)
{
	struct turns turns = {.stop = false};
	size_t most = j->threads < CRM_SCAN_PARTS ? j->threads : CRM_SCAN_PARTS;
	struct lister *l;
	size_t n = 0;
	uint64_t last, all = 0;
	int code = is_of_columns(t, j, err);

	if (code == CRM_OK)
		code = crm_parts_last(
		    t, CRM_TAB_KIND + j->kind->number, &last, err);
	if (code == CRM_OK)
		code = crm_count(t, CRM_TAB_KIND + j->kind->number, &all, err);
	/* nor by stretches where most would be empty */
	if (code != CRM_OK || last < STRETCH || last / 4 > all)
		return code < 0 ? code : CRM_NO;
	turns.end = last / STRETCH + 1;
	l = calloc(CRM_SCAN_PARTS, sizeof *l);
	if (!l)
		return crm_err_nomem(err);
	pthread_mutex_init(&turns.lock, NULL);
	pthread_cond_init(&turns.turn, NULL);
	do
		code = make(&l[n], t, j, &turns, n, err);
	while (code == CRM_OK && ++n < most);
	/* one can do it all */
	if (code == CRM_OK || (code == CRM_NO && n > 0))
		code = run(l, n, t, err);
	while (n-- > 0)
		release(&l[n], n);
	pthread_cond_destroy(&turns.turn);
	pthread_mutex_destroy(&turns.lock);
	free(l);
	return code;
}
