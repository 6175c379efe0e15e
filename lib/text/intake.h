/*
 * intake.h - bytes from a descriptor or a function, a line at a time.
 *
 * One buffer holds what was read and not yet taken; a line is a view of it,
 * so nothing is copied but the part of a line that a read cut in two.
 */
#ifndef TEXT_INTAKE_H
#define TEXT_INTAKE_H

#include <crm/stream.h>

/* Bytes that may be read, though not used, behind the last one. */
#define CRM_INPUT_SLACK 8

struct crm_intake {
	char *name; /* as messages show it */
	crm_read_fn *read;
	void *ctx;
	int fd;
	char *p;
	size_t at, end, cap; /* unread are p[at] .. p[end - 1] */
	size_t seen; /* of those, known to hold no LF */
	bool begun, eof;
	uint64_t total; /* bytes that came in */
};

/* read NULL reads fd.  Release with crm_intake_release. */
int crm_intake_open(struct crm_intake *in, const char *name, int fd,
    crm_read_fn *read, void *ctx, struct crm_err *err);
void crm_intake_release(struct crm_intake *in);
/* Gets more bytes behind the unread ones, which may move.  CRM_NOTFOUND at
 * the end of input; CRM_EDATA when the unread ones are CRM_LINE_MAX already.
 */
int crm_intake_more(struct crm_intake *in, struct crm_err *err);
/*
 * Looks at the next line, without its LF (*ended says there is one), and
 * takes nothing; crm_intake_take does.  A leading byte-order mark is dropped.
 * CRM_NOTFOUND at the end; CRM_EDATA for a line past CRM_LINE_MAX, which has
 * then been dropped whole.
 */
int crm_intake_line(struct crm_intake *in, struct crm_str *line, bool *ended,
    struct crm_err *err);
void crm_intake_take(struct crm_intake *in, size_t n);
static inline uint64_t
crm_intake_taken(const struct crm_intake *in)
{
	return in->total - (in->end - in->at);
}
/* Places an error in this input. */
int crm_intake_fault(const struct crm_intake *in, int code, unsigned long line,
    struct crm_err *e);

#endif
