/*
 * rfm_lines.c - scores as lines of text.
 *
 * A row for each customer of a shop is forty bytes of digits, and making them
 * value by value takes longer than finding out what they are.  So numbers of
 * customers are counted on in their text, scores are looked up with all that
 * stands between them, and several threads make pieces that are handed over in
 * their order.
 */
#include <pthread.h>
#include <stdlib.h>

#include <crm/rfm.h>

enum {
	PIECE = 2048, /* rows */
	ROW = 160, /* bytes at most */
	ID = 20,
	SCORES = 2048, /* combinations that are looked up */
	TAIL = 20, /* bytes of one */
	THREADS = 8
};

struct lines {
	const struct crm_rfm *x;
	unsigned digits, ntail;
	char tail[SCORES][TAIL]; /* of r, f, m; the length comes last */
	crm_rfm_lines_fn *fn;
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	size_t next, due; /* pieces: to be made, to be handed over */
	int code;
	struct crm_err err;
};

static char *
put_number(char *p, int64_t v)
{
	uint64_t u = (uint64_t)v;

	if (v < 0) {
		*p++ = '-';
		u = 0 - u;
	}
	return crm_digits_at(p, u, 1);
}

static char *
put_money(char *p, int64_t v, unsigned digits)
{
	uint64_t u = (uint64_t)v, unit = (uint64_t)crm_pow10(digits);

	if (v < 0) {
		*p++ = '-';
		u = 0 - u;
	}
	if (digits == 0)
		return crm_digits_at(p, u, 1);
	p = crm_digits_at(p, u / unit, 1);
	*p++ = '.';
	return crm_digits_at(p, u % unit, digits);
}

/* From a tab to the end of the line. */
static char *
put_scores(const struct crm_rfm *x, char *p, const unsigned score[])
{
	for (int k = 0; k < CRM_RFM_FIGURES; k++) {
		*p++ = '\t';
		p = crm_digits_at(p, score[k], 1);
	}
	*p++ = '\t';
	p = crm_digits_at(
	    p, (uint64_t)crm_rfm_side(x, score[0], score[1], score[2]), 1);
	*p++ = '\n';
	return p;
}

static unsigned
combination(const struct crm_rfm *x, const unsigned score[])
{
	unsigned at = 0;

	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		at = at * x->bins[k] + score[k] - 1;
	return at;
}

/* Texts of all combinations of scores, unless there are too many. */
static void
make_tails(struct lines *l)
{
	const unsigned *bins = l->x->bins;
	unsigned score[CRM_RFM_FIGURES];
	unsigned n = bins[0] * bins[1] * bins[2];

	if (n > SCORES || bins[0] > 9 || bins[1] > 9 || bins[2] > 9)
		return;
	for (score[0] = 1; score[0] <= bins[0]; score[0]++)
		for (score[1] = 1; score[1] <= bins[1]; score[1]++)
			for (score[2] = 1; score[2] <= bins[2]; score[2]++) {
				char *tail = l->tail[combination(l->x, score)];
				char *end = put_scores(l->x, tail, score);

				tail[TAIL - 1] = (char)(end - tail);
			}
	l->ntail = n;
}

/* The text of the number after the one it is of. */
static void
count_on(char *end)
{
	while (*--end == '9')
		*end = '0';
	++*end;
}

static char *
put_row(const struct lines *l, size_t i, char *p)
{
	const struct crm_rfm *x = l->x;
	unsigned score[CRM_RFM_FIGURES];

	*p++ = '\t';
	p = put_number(p, x->figure[CRM_RFM_R][i]);
	*p++ = '\t';
	p = put_number(p, x->figure[CRM_RFM_F][i]);
	*p++ = '\t';
	p = put_money(p, x->figure[CRM_RFM_M][i], l->digits);
	for (int k = 0; k < CRM_RFM_FIGURES; k++)
		score[k] = crm_rfm_score(x, k, x->figure[k][i]);
	if (l->ntail) {
		const char *tail = l->tail[combination(x, score)];

		memcpy(p, tail, TAIL);
		return p + tail[TAIL - 1];
	}
	return put_scores(x, p, score);
}

static size_t
put_piece(const struct lines *l, size_t from, size_t to, char *out)
{
	char id[ID + 1] = "C", *p = out;
	uint64_t was = 0;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		uint64_t customer = l->x->customer[i];

		/* as many digits, but where all are nines */
		if (n > 0 && customer == was + 1 && id[n - 1] != '9')
			id[n - 1]++;
		else if (n == 11 && customer == was + 1 && was < 9999999999U)
			count_on(id + n);
		else
			n = (size_t)(crm_digits_at(id + 1, customer, 10) - id);
		was = customer;
		memcpy(p, id, ID);
		p = put_row(l, i, p + n);
	}
	return (size_t)(p - out);
}

static void
hand_over(
    struct lines *l, size_t piece, const char *text, size_t n, uint64_t rows)
{
	pthread_mutex_lock(&l->lock);
	while (l->due != piece)
		pthread_cond_wait(&l->turn, &l->lock);
	if (l->code == CRM_OK)
		l->code =
		    l->fn(l->ctx, (struct crm_str){text, n}, rows, &l->err);
	l->due++;
	pthread_cond_broadcast(&l->turn);
	pthread_mutex_unlock(&l->lock);
}

static void *
work(void *ctx)
{
	struct lines *l = ctx;
	size_t pieces = (l->x->n + PIECE - 1) / PIECE, piece;
	char *text = malloc(PIECE * ROW);
	bool stop = false;

	while (!stop) {
		size_t n = 0, from, to;

		pthread_mutex_lock(&l->lock);
		stop = !text || l->code < 0 || l->next == pieces;
		piece = l->next;
		l->next += !stop;
		if (!text)
			l->code = crm_err_nomem(&l->err);
		pthread_mutex_unlock(&l->lock);
		if (stop)
			break;
		from = piece * PIECE;
		to = l->x->n - from < PIECE ? l->x->n : from + PIECE;
		n = put_piece(l, from, to, text);
		hand_over(l, piece, text, n, to - from);
	}
	free(text);
	return NULL;
}

int
crm_rfm_lines(const struct crm_rfm *x, unsigned digits, unsigned threads,
    crm_rfm_lines_fn *fn, void *ctx, struct crm_err *err)
{
	struct lines *l = calloc(1, sizeof *l);
	pthread_t thread[THREADS];
	unsigned n = threads < THREADS ? threads : THREADS, runs = 0;
	int code;

	if (!l)
		return crm_err_nomem(err);
	l->x = x;
	l->digits = digits;
	l->fn = fn;
	l->ctx = ctx;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->turn, NULL);
	make_tails(l);
	/* a thread is not worth its start for a few pieces */
	while (runs + 1 < n && x->n >= (size_t)4 * PIECE &&
	       pthread_create(&thread[runs], NULL, work, l) == 0)
		runs++;
	work(l);
	while (runs > 0)
		pthread_join(thread[--runs], NULL);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->turn);
	code = l->code;
	if (code < 0 && err)
		*err = l->err;
	free(l);
	return code;
}
