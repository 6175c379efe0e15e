/*
 * segment_parts.h - what segment.c and why.c share; inside the room only.
 */
#ifndef CRM_SEGMENT_PARTS_H
#define CRM_SEGMENT_PARTS_H

#include <crm/consents.h>
#include <crm/segment.h>

/* Of the customer under way. */
enum { CRM_SEG_UNKNOWN, CRM_SEG_NO, CRM_SEG_YES, CRM_SEG_TRYING };

struct crm_seg {
	const struct crm_segment *def;
	struct crm_expr *e;
	bool *uses; /* the segments it names */
	bool parties; /* it names roles: whom it looks at is its own matter */
	bool consents;
	bool needed;
};

struct crm_segments {
	const struct crm_schema *schema;
	const struct crm_kind *kind;
	struct crm_seg *seg;
	size_t n;
	bool *uses; /* of all */
	int64_t now, at;
	int roles; /* field */
	int part; /* the part `role`, */
	int role; /* its field of that name */
	int64_t customer; /* and the place of customer in it */
	bool need_consents, few;
	struct crm_txn *txn;
	struct crm_consents consents;
	/* the customer under way */
	const struct crm_record *rec;
	bool counts; /* as a customer */
	uint8_t *state;
};

/* Whether the condition is met, whatever the party is. */
int crm_seg_test(
    struct crm_segments *sg, size_t place, bool *yes, struct crm_err *err);

#endif
