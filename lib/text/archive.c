/*
 * archive.c - several kinds in one text: sections, each a stream.
 *
 * A section line begins with "\:", which no line of a stream can.  Whoever does
 * not want the rest of a section asks for the next one: the records between
 * are passed over unread.
 */
#include "text/reader.h"

int
crm_archive_open(struct crm_stream **out, int fd,
    const struct crm_stream_options *opt, struct crm_err *err)
{
	int code = crm_stream_new(out, fd, opt, err);

	if (code == CRM_OK)
		(*out)->archive = true;
	return code;
}

static int
bad_section(struct crm_stream *s, struct crm_str line, struct crm_err *err)
{
	crm_err_set(err, CRM_EDATA,
	    "'%.*s' is not a section line (wanted: '\\:', a kind, TAB and a "
	    "version)",
	    line.n > 80 ? 80 : (int)line.n, line.p);
	crm_err_place(err, s->in.name, s->line);
	return CRM_EDATA;
}

static int
read_section_line(struct crm_stream *s, struct crm_str line,
    struct crm_str *kind, unsigned *version, struct crm_err *err)
{
	struct crm_str rest = {line.p + 2, line.n - 2}, name, number;
	int64_t v = 0;

	if (!crm_str_split(&rest, '\t', &name) ||
	    !crm_str_split(&rest, '\t', &number) || rest.p ||
	    !crm_column_valid(name) || number.n == 0 || number.n > 5)
		return bad_section(s, line, err);
	for (size_t i = 0; i < number.n; i++) {
		if (number.p[i] < '0' || number.p[i] > '9')
			return bad_section(s, line, err);
		v = v * 10 + (number.p[i] - '0');
	}
	if (v < 1 || number.p[0] == '0')
		return bad_section(s, line, err);
	crm_arena_reset(&s->names);
	*kind = crm_arena_str(&s->names, name);
	*version = (unsigned)v;
	return kind->p ? CRM_OK : crm_err_nomem(err);
}

int
crm_archive_section(struct crm_stream *s, struct crm_str *kind,
    unsigned *version, struct crm_err *err)
{
	/* Before the first section there may be nothing. */
	bool first = s->line == 0;
	struct crm_str line;
	int code;

	do {
		code = crm_stream_take(s, &line, true, err);
		if (code < 0)
			return code;
		if (line.n >= 2 && line.p[0] == '\\' && line.p[1] == ':')
			break;
		if (first)
			return bad_section(s, line, err);
	} while (true);
	s->n = 0;
	code = read_section_line(s, line, kind, version, err);
	return code < 0 ? code : crm_stream_header(s, err);
}
