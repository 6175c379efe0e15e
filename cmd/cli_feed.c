/*
 * cli_feed.c - a file as bytes of UTF-8, whatever it is written in.
 *
 * This is the one file that calls iconv, which loads its tables as shared
 * objects: a command that uses it is linked dynamically.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli_feed.h"

static int
fill(struct cli_feed *s, struct crm_err *err)
{
	ssize_t got;

	if (s->at > 0 && s->end > s->at)
		memmove(s->raw, s->raw + s->at, s->end - s->at);
	s->end -= s->at;
	s->at = 0;
	do
		got = read(s->fd, s->raw + s->end, sizeof s->raw - s->end);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return crm_err_sys(err, CRM_EIO, errno, "read");
	s->ended = got == 0;
	s->crc = crm_crc32c(s->crc, s->raw + s->end, (size_t)got);
	s->size += (uint64_t)got;
	s->end += (size_t)got;
	return CRM_OK;
}

/* A byte-order mark says more than the map does; so a rejects file, which is
 * UTF-8, can be read by the map of another encoding. */
static int
start(struct cli_feed *s, struct crm_err *err)
{
	const char *from = s->encoding;
	int r = CRM_OK;

	s->started = true;
	while (r == CRM_OK && !s->ended && s->end < 3)
		r = fill(s, err);
	if (r < 0)
		return r;
	if (s->end >= 3 && memcmp(s->raw, "\xef\xbb\xbf", 3) == 0) {
		s->at = 3;
		return CRM_OK;
	}
	if (s->end >= 2 && (memcmp(s->raw, "\xff\xfe", 2) == 0 ||
			       memcmp(s->raw, "\xfe\xff", 2) == 0))
		from = "UTF-16";
	if (!from)
		return CRM_OK;
	s->cd = iconv_open("UTF-8", from);
	if (s->cd == (iconv_t)-1)
		return crm_err_set(err, CRM_ECONFIG,
		    "the encoding '%s' is not known to this system", from);
	s->converts = true;
	return CRM_OK;
}

static long
convert(struct cli_feed *s, char *p, size_t n, struct crm_err *err)
{
	char *in = s->raw + s->at, *out = p;
	size_t nin = s->end - s->at, nout = n, was = nin;
	size_t got = iconv(s->cd, &in, &nin, &out, &nout);
	uint64_t at;

	s->at += was - nin;
	at = s->size - (s->end - s->at) + 1;
	if (got == (size_t)-1 && n == nout &&
	    (errno == EILSEQ || (errno == EINVAL && s->ended)))
		return crm_err_set(err, CRM_EDATA,
		    "byte %llu is not of the encoding '%s'",
		    (unsigned long long)at,
		    s->encoding ? s->encoding : "UTF-16");
	return (long)(n - nout);
}

long
cli_feed_read(void *ctx, void *p, size_t n, struct crm_err *err)
{
	struct cli_feed *s = ctx;
	long got = 0;
	int r = CRM_OK;

	if (!s->started)
		r = start(s, err);
	while (r == CRM_OK && got == 0) {
		if (s->at == s->end) {
			if (s->ended)
				return 0;
			r = fill(s, err);
			if (r < 0 || s->end == 0)
				continue;
		}
		if (!s->converts) {
			size_t have = s->end - s->at;

			got = (long)(have < n ? have : n);
			memcpy(p, s->raw + s->at, (size_t)got);
			s->at += (size_t)got;
			continue;
		}
		got = convert(s, p, n, err);
		if (got == 0 && s->ended)
			return 0;
		/* Part of a character is left: more is needed. */
		if (got == 0)
			r = fill(s, err);
	}
	return r < 0 ? r : got;
}

int
cli_feed_open(struct cli *c, const char *file, const struct crm_import_map *m,
    struct cli_feed **out, struct crm_err *err)
{
	struct crm_str encoding = crm_import_map_dialect(m)->encoding;
	struct cli_feed *s = crm_arena_zalloc(&c->arena, sizeof *s);

	if (!s)
		return crm_err_nomem(err);
	if (encoding.n > 0 && !crm_str_is(encoding, "UTF-8")) {
		struct crm_str e = crm_arena_str(&c->arena, encoding);

		s->encoding = e.p;
	}
	s->fd = STDIN_FILENO;
	if (strcmp(file, "-") != 0) {
		s->fd = open(file, O_RDONLY | O_CLOEXEC);
		s->close = true;
	}
	if (s->fd < 0)
		return crm_err_sys(err,
		    errno == EACCES ? CRM_EPERM : CRM_ENOINPUT, errno,
		    "open '%s'", file);
	*out = s;
	return CRM_OK;
}

void
cli_feed_close(struct cli_feed *s)
{
	if (!s)
		return;
	if (s->converts)
		iconv_close(s->cd);
	if (s->close)
		close(s->fd);
}
