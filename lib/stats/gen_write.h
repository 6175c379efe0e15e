/*
 * gen_write.h - texts on their way out of gen_*.c; inside the room only.
 */
#ifndef CRM_STATS_GEN_WRITE_H
#define CRM_STATS_GEN_WRITE_H

#include "gen_parts.h"

struct gen_text {
	struct crm_gen *g;
	struct crm_buf b;
	crm_gen_write *write;
	void *ctx;
};
/* Makes the separator behind the last cell the line's end. */
void crm_gen_end(struct gen_text *x);
void crm_gen_money(struct gen_text *x, int64_t v);
/* Gives on what was written when it is a block or the last. */
int crm_gen_flush(struct gen_text *x, bool last, struct crm_err *err);
/* A walk through all orders. */
int crm_gen_orders(struct gen_text *x,
    void (*one)(struct gen_text *x, const struct gen_order *o),
    struct crm_err *err);

#endif
