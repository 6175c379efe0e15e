/*
 * cli_from.h - the sales an analysis reads: the store's, or those of --from.
 *
 * A verb has CLI_FROM among its groups, says in a struct crm_sales which
 * columns it wants (want, may), and calls cli_from_read.  Under --from no
 * store is opened; one that is there lends its zone to times without one, and
 * ids are any texts.  Columns of ids that are printed are texts then too:
 * cli_from_fields.
 */
#ifndef CRM_CLI_FROM_H
#define CRM_CLI_FROM_H

#include "cli.h"

/*
 * Fills x.  since and until as crm/sales.h has them; from the store nothing
 * after --at is read.  signs, gone: as there.
 */
struct cli_window {
	int64_t since, until;
	bool signs, gone;
	bool bookings; /* refunds at their own time: crm_sales_bookings */
	unsigned threads; /* that read a file, at most; 0 is 1 */
};
int cli_from_read(struct cli *c, struct crm_sales *x,
    const struct cli_window *w, struct crm_err *err);

/* A copy of a table of columns for rows that are printed: ids are texts under
 * --from.  In the run's arena. */
int cli_from_fields(struct cli *c, const struct crm_field *fields, size_t n,
    const struct crm_field **out, struct crm_err *err);

/*
 * `-` as operand: which of x's customers are in the stream on stdin, as flags
 * in the run's arena; *out NULL when there is no operand.  An id that x does
 * not have is unknown, or has bought nothing: *unknown (may be NULL) counts
 * those the store knows.
 */
int cli_from_chosen(struct cli *c, const struct crm_sales *x, bool **out,
    uint64_t *unknown, struct crm_err *err);

/*
 * When the time ends that is known: --at or CRM_NOW, else of the store now, of
 * --from the end of the day of x's last row.
 */
int64_t cli_from_end(const struct cli *c, const struct crm_sales *x);
/* The field of a kind that an option names, for verbs that group by it. */
int cli_from_column(struct cli *c, unsigned kind, const char *option,
    const char *name, int *out, struct crm_err *err);

/* For other readers of the file: are the options that go with it right; its
 * descriptor (0 is stdin, which is not to be closed). */
int cli_from_check(struct cli *c, struct crm_err *err);
int cli_from_open(int *fd, struct crm_err *err);

#endif
