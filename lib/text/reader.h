/*
 * reader.h - the inside of a struct crm_stream, for stream.c and archive.c.
 */
#ifndef TEXT_READER_H
#define TEXT_READER_H

#include "text/intake.h"

struct crm_stream {
	struct crm_intake in;
	struct crm_arena names; /* header, names and kind of this section */
	struct crm_str header; /* the header line, as it would come again */
	struct crm_str *name;
	struct crm_str *field;
	size_t n;
	struct crm_buf text; /* unescaped fields of the current record */
	struct crm_str raw;
	bool plain; /* the record's bytes are what a writer would write */
	unsigned long line;
	bool whole; /* a last line without LF is refused */
	bool any; /* bad UTF-8 passes */
	bool archive; /* section lines end the records */
	bool crlf; /* the first line ended so */
	bool repeated; /* column 1 is an id: the header may come again */
};

/* Takes the next line, without its end.  CRM_NOTFOUND at the end, and in an
 * archive at a section line unless `section`. */
int crm_stream_take(struct crm_stream *s, struct crm_str *line, bool section,
    struct crm_err *err);
/* Reads a header line and makes the columns; none at the end. */
int crm_stream_header(struct crm_stream *s, struct crm_err *err);
/* A stream of no columns that has read nothing. */
int crm_stream_new(struct crm_stream **out, int fd,
    const struct crm_stream_options *opt, struct crm_err *err);

#endif
