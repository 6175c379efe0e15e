/*
 * sales_file.c - sales from a file, by several threads.
 *
 * Nearly all of the time goes into splitting lines and numbering ids, so the
 * file is cut at ends of lines and each thread reads a part as if it were
 * alone.  The parts are then joined in their order: an id that was first seen
 * in a later part gets its number after all those before, which is the one it
 * would have had from one reader.  Whatever is unusual (a fault, money, whose
 * places depend on the rows before, line ends of two sorts) is left to one
 * reader from the beginning, so that there is one place only where a message
 * or a rule can come from.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crm/os.h>

#include "stats/names.h"

enum {
	PARTS = 8,
	CHUNK = 1 << 17,
	LEAST = 1 << 18, /* bytes that are worth a thread */
	LINE = 1 << 16 /* where a line has to end to be cut at */
};

struct part {
	struct crm_sales x;
	struct crm_pieces
	    pieces; /* in place of rows, where baskets are wanted */
	int fd;
	off_t at, end;
	struct crm_str header;
	const struct crm_stream_options *from;
	const struct crm_sales_options *opt;
	int code;
};

static long
read_part(void *ctx, void *p, size_t n, struct crm_err *err)
{
	struct part *part = ctx;
	ssize_t got;

	if ((off_t)n > part->end - part->at)
		n = (size_t)(part->end - part->at);
	got = pread(part->fd, p, n, part->at);
	if (got < 0)
		return crm_err_set(err, CRM_EIO, "cannot be read");
	part->at += got;
	return (long)got;
}

/* Do the columns, and no others, go into baskets? */
static bool
in_baskets(const struct crm_sales *x)
{
	return x->baskets &&
	       (x->want | x->may) == (CRM_SALES(ORDER) | CRM_SALES(PRODUCT));
}

/* Lines of nothing but order and product, from p->at on. */
static int
read_plain(struct part *p, bool swapped, struct crm_err *err)
{
	size_t bytes = (size_t)(p->end - p->at), n = 0, used;
	char *room = malloc(CHUNK);
	int code = room ? CRM_OK : CRM_NO;
	long got = 1;

	while (code == CRM_OK && got > 0) {
		got = n < CHUNK ? read_part(p, room + n, CHUNK - n, err) : -1;
		if (got < 0)
			code = CRM_NO;
		if (got <= 0)
			break;
		n += (size_t)got;
		code = crm_pieces_plain(
		    &p->pieces, room, n, swapped, bytes, &used, err);
		if (code < 0)
			break;
		n -= used;
		memmove(room, room + used, n);
	}
	free(room);
	if (code == CRM_OK)
		code = crm_baskets_next(&p->pieces.b, err);
	/* the last line has no end */
	return code == CRM_OK && n > 0 ? CRM_NO : code;
}

static int
read_pieces(
    struct part *p, struct crm_stream *s, off_t begin, struct crm_err *err)
{
	int at[CRM_SALES_COLUMNS];
	size_t columns = crm_stream_columns(s), order, product;
	int code = crm_sales_columns(&p->x, s, p->opt, at, err);

	if (code < 0 || columns == 0)
		return CRM_NO;
	order = (size_t)at[CRM_SALES_ORDER];
	product = (size_t)at[CRM_SALES_PRODUCT];
	if (columns != 2 || order == product)
		return crm_pieces_read(&p->pieces, s, order, product,
		    (size_t)(p->end - begin), err);
	p->at = begin + (off_t)crm_stream_bytes(s);
	return read_plain(p, product < order, err);
}

static void
work(void *arg)
{
	struct part *p = arg;
	struct crm_stream_options opt = *p->from;
	struct crm_stream *s = NULL;
	struct crm_err err = {0};
	off_t begin = p->at;

	opt.header = p->header;
	opt.read = read_part;
	opt.read_ctx = p;
	p->code = crm_stream_open(&s, -1, &opt, &err);
	if (p->code == CRM_OK)
		p->code = in_baskets(&p->x)
			      ? read_pieces(p, s, begin, &err)
			      : crm_sales_rows(&p->x, s, p->opt, &err);
	crm_stream_close(s);
}

/* Where the line begins that is the first one from `at` on. */
static bool
line_from(int fd, off_t at, char *room, off_t *out)
{
	ssize_t got = pread(fd, room, LINE, at);
	const char *lf = got > 0 ? memchr(room, '\n', (size_t)got) : NULL;
	const char *next = NULL;

	if (lf)
		next =
		    memchr(lf + 1, '\n', (size_t)got - (size_t)(lf + 1 - room));
	if (!next || next[-1] == '\r' || lf[1] == '\xef')
		return false;
	*out = at + (lf + 1 - room);
	return true;
}

/* The header of the parts behind the first, as --header would give it. */
static bool
take_header(int fd, struct part *first, char *room, struct crm_buf *header)
{
	ssize_t got = pread(fd, room, LINE, 0);
	const char *lf = got > 0 ? memchr(room, '\n', (size_t)got) : NULL;

	if (!lf || lf == room || lf[-1] == '\r' || *room == '\xef')
		return false;
	if (first->from->header.p) {
		crm_buf_put(
		    header, first->from->header.p, first->from->header.n);
		return !header->fail;
	}
	for (const char *p = room; p < lf; p++) {
		if (*p == ',')
			return false;
		crm_buf_putc(header, *p == '\t' ? ',' : *p);
	}
	return !header->fail;
}

/* How many parts; 0: the file is not to be cut. */
static unsigned
cut(struct part *part, unsigned threads, struct crm_buf *header)
{
	int fd = part[0].fd;
	unsigned n = threads < PARTS ? threads : PARTS, made = 1;
	struct stat st;
	char *room;
	bool ok;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    lseek(fd, 0, SEEK_CUR) != 0)
		return 0;
	if ((off_t)n > st.st_size / LEAST)
		n = (unsigned)(st.st_size / LEAST);
	part[0].end = st.st_size;
	if (n < 2)
		return in_baskets(&part[0].x);
	room = malloc(LINE);
	if (!room)
		return 0;
	ok = take_header(fd, part, room, header);
	for (; ok && made < n; made++) {
		off_t at = st.st_size / (off_t)n * (off_t)made;

		ok = line_from(fd, at, room, &part[made].at);
		part[made - 1].end = part[made].at;
		part[made].header = crm_buf_str(header);
	}
	part[n - 1].end = st.st_size;
	free(room);
	return ok ? n : 0;
}

/* A part's rows behind those before it. */
static bool
join(struct crm_sales *x, struct crm_sales *y)
{
	bool ok = crm_sales_room(x, x->n + y->n);

	for (unsigned k = 0; ok && k < CRM_SALES_COLUMNS; k++) {
		uint32_t *now = NULL;

		if (!(x->has & CRM_SALES_BIT(k)) || y->n == 0)
			continue;
		if (k >= CRM_SALES_IDS) {
			memcpy(x->num[k] + x->n, y->num[k],
			    y->n * sizeof *x->num[k]);
			continue;
		}
		now = malloc((y->names[k].n + 1) * sizeof *now);
		ok = now && crm_names_join(&x->names[k], &y->names[k], now);
		for (size_t i = 0; ok && i < y->n; i++)
			x->id[k][x->n + i] = now[y->id[k][i]];
		free(now);
	}
	x->n += ok ? y->n : 0;
	x->anonymous += y->anonymous;
	x->outside += y->outside;
	crm_sales_release(y);
	return ok;
}

/* CRM_NO: baskets cannot be had so. */
static int
join_parts(
    struct crm_sales *x, struct part *part, unsigned n, struct crm_err *err)
{
	if (in_baskets(x)) {
		struct crm_pieces pieces[PARTS];
		int code;

		for (unsigned i = 0; i < n; i++)
			pieces[i] = part[i].pieces;
		x->has = part[0].x.has;
		code = crm_pieces_join(x, pieces, n, err);
		for (unsigned i = 0; i < n; i++)
			part[i].pieces = pieces[i];
		return code;
	}
	for (unsigned i = 1; i < n; i++)
		if (!join(&part[0].x, &part[i].x))
			return crm_err_nomem(err);
	*x = part[0].x;
	part[0].x = (struct crm_sales){0};
	return crm_sales_done(x, err);
}

/* CRM_NO: one reader has to. */
static int
read_parts(struct crm_sales *x, int fd, const struct crm_stream_options *from,
    const struct crm_sales_options *opt, unsigned threads, struct crm_err *err)
{
	struct part part[PARTS];
	struct crm_buf header = {0};
	int code = CRM_OK;
	unsigned n;

	for (unsigned i = 0; i < PARTS; i++)
		part[i] = (struct part){.x = {.want = x->want,
					    .may = x->may,
					    .baskets = x->baskets},
		    .fd = fd,
		    .header = from->header,
		    .from = from,
		    .opt = opt};
	n = cut(part, threads, &header);
	crm_threads(work, part, sizeof *part, n);
	for (unsigned i = 0; i < n; i++)
		if (part[i].code < 0)
			code = CRM_NO;
	if (n == 0)
		code = CRM_NO;
	if (code == CRM_OK)
		code = join_parts(x, part, n, err);
	if (code == CRM_OK)
		lseek(fd, part[n - 1].end, SEEK_SET);
	for (unsigned i = 0; i < n; i++) {
		crm_pieces_release(&part[i].pieces);
		crm_sales_release(&part[i].x);
	}
	crm_buf_release(&header);
	return code;
}

/* Rows become baskets. */
static int
gather(struct crm_sales *x, struct crm_err *err)
{
	int code = crm_baskets_gather(x->baskets, x->id[CRM_SALES_ORDER],
	    x->id[CRM_SALES_PRODUCT], x->n, x->names[CRM_SALES_ORDER].n, NULL,
	    err);

	for (unsigned k = 0; k < CRM_SALES_IDS; k++) {
		free(x->id[k]);
		x->id[k] = NULL;
	}
	for (unsigned k = CRM_SALES_PLACED; k < CRM_SALES_COLUMNS; k++) {
		free(x->num[k]);
		x->num[k] = NULL;
	}
	x->n = x->cap = 0;
	return code;
}

int
crm_sales_file(struct crm_sales *x, int fd,
    const struct crm_stream_options *from, const struct crm_sales_options *opt,
    unsigned threads, struct crm_err *err)
{
	const unsigned money = CRM_SALES(TOTAL) | CRM_SALES(COST);
	struct crm_stream *s = NULL;
	int code = CRM_NO;

	if (!((x->want | x->may) & money))
		code = read_parts(x, fd, from, opt, threads, err);
	if (code == CRM_NO) {
		code = crm_stream_open(&s, fd, from, err);
		if (code == CRM_OK)
			code = crm_sales_stream(x, s, opt, err);
		crm_stream_close(s);
	}
	if (code == CRM_OK && x->baskets && x->baskets->n == 0)
		code = gather(x, err);
	return code;
}
