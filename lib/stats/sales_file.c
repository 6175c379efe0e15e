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
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stats/names.h"

enum {
	PARTS = 8,
	LEAST = 1 << 18, /* bytes that are worth a thread */
	LINE = 1 << 16 /* where a line has to end to be cut at */
};

struct part {
	struct crm_sales x;
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

static void *
work(void *arg)
{
	struct part *p = arg;
	struct crm_stream_options opt = *p->from;
	struct crm_stream *s = NULL;
	struct crm_err err = {0};

	opt.header = p->header;
	opt.read = read_part;
	opt.read_ctx = p;
	p->code = crm_stream_open(&s, -1, &opt, &err);
	if (p->code == CRM_OK)
		p->code = crm_sales_rows(&p->x, s, p->opt, &err);
	crm_stream_close(s);
	return NULL;
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

	if (n < 2 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    lseek(fd, 0, SEEK_CUR) != 0)
		return 0;
	if ((off_t)n > st.st_size / LEAST)
		n = (unsigned)(st.st_size / LEAST);
	room = n > 1 ? malloc(LINE) : NULL;
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

/* CRM_NO: one reader has to. */
static int
read_parts(struct crm_sales *x, int fd, const struct crm_stream_options *from,
    const struct crm_sales_options *opt, unsigned threads, struct crm_err *err)
{
	struct part part[PARTS] = {{.x = {0}}};
	pthread_t thread[PARTS];
	bool runs[PARTS] = {false};
	struct crm_buf header = {0};
	int code = CRM_OK;
	unsigned n;

	for (unsigned i = 0; i < PARTS; i++)
		part[i] = (struct part){.x = {.want = x->want, .may = x->may},
		    .fd = fd,
		    .header = from->header,
		    .from = from,
		    .opt = opt};
	n = cut(part, threads, &header);
	for (unsigned i = 1; i < n; i++)
		runs[i] = pthread_create(&thread[i], NULL, work, &part[i]) == 0;
	for (unsigned i = 0; i < n; i++) {
		if (runs[i])
			pthread_join(thread[i], NULL);
		else
			work(&part[i]);
		if (part[i].code < 0)
			code = CRM_NO;
	}
	for (unsigned i = 1; code == CRM_OK && i < n; i++)
		if (!join(&part[0].x, &part[i].x))
			code = crm_err_nomem(err);
	if (n > 0 && code == CRM_OK) {
		*x = part[0].x;
		lseek(fd, part[n - 1].end, SEEK_SET);
	}
	for (unsigned i = n > 0 && code == CRM_OK; i < n; i++)
		crm_sales_release(&part[i].x);
	crm_buf_release(&header);
	return n > 0 ? code : CRM_NO;
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
	if (code == CRM_OK)
		return crm_sales_done(x, err);
	if (code != CRM_NO)
		return code;
	code = crm_stream_open(&s, fd, from, err);
	if (code == CRM_OK)
		code = crm_sales_stream(x, s, opt, err);
	crm_stream_close(s);
	return code;
}
