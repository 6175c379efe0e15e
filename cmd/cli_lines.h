/*
 * cli_lines.h - what was in each order: of the store, or of --from.
 */
#ifndef CRM_CLI_LINES_H
#define CRM_CLI_LINES_H

#include "cli_from.h"

/*
 * Fills x by its columns (want, may) from the store's lines, or from --from.
 * orders (may be NULL): of the store only these.  threads: that read it, at
 * most; 0: as many as there are processors.
 */
int cli_lines_read(struct cli *c, struct crm_sales *x,
    const struct cli_window *w, const struct crm_idmap *orders,
    unsigned threads, struct crm_err *err);
/* --from of a basket a line: the columns ORDER (the lines' numbers) and
 * PRODUCT.  sep: between items. */
int cli_lines_baskets(
    struct cli *c, struct crm_sales *x, char sep, struct crm_err *err);
/* What a product is replaced by: the text of this field of its record.  The
 * lines of those that have none are dropped; *without counts these products.
 */
int cli_lines_by(struct cli *c, struct crm_sales *x, const char *field,
    size_t *without, struct crm_err *err);

#endif
