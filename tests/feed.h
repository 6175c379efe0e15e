/*
 * feed.h - bytes in memory as the input of a reader, in pieces of a size.
 */
#ifndef FEED_H
#define FEED_H

#include <crm/stream.h>

struct feed {
	struct crm_str s;
	size_t step; /* 0: all at once */
};

static inline long
feed_read(void *ctx, void *p, size_t n, struct crm_err *err)
{
	struct feed *f = (struct feed *)ctx;

	(void)err;
	if (f->step > 0 && n > f->step)
		n = f->step;
	if (n > f->s.n)
		n = f->s.n;
	if (n > 0)
		memcpy(p, f->s.p, n);
	f->s.p += n;
	f->s.n -= n;
	return (long)n;
}

/* An error as a command shows it, without the hint. */
static inline void
feed_put_error(struct crm_buf *b, const struct crm_err *err)
{
	crm_buf_putc(b, '!');
	if (err->place[0])
		crm_buf_putf(b, "%s: ", err->place);
	if (err->field[0])
		crm_buf_putf(b, "%s: ", err->field);
	crm_buf_puts(b, err->text);
	crm_buf_putc(b, '\n');
}

#endif
