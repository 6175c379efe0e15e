/*
 * dups.h - the inside of struct crm_dups, for the files of this room.
 */
#ifndef MATCH_DUPS_H
#define MATCH_DUPS_H

#include <crm/dedupe.h>
#include <crm/err.h>

/* A distinct value of a column.  Number 0 is the missing one. */
struct dup_value {
	const uint32_t *p; /* folded code points */
	uint32_t n;
	uint32_t count; /* records that have it */
	uint64_t sound, head; /* coarse keys; 0: none, or not viewed */
	uint32_t year, day; /* of dates: yyyy, mmdd; 0: none */
};

struct crm_dup_column {
	char name[64];
	int type;
	bool home; /* people who live together have it in common */
	struct crm_map ids; /* folded bytes -> number of the value */
	struct dup_value *value;
	size_t values, value_cap;
	size_t viewed; /* of the values, those with keys */
	struct crm_arena text;
	size_t known; /* records that have a value */
};

/* What a key is made of: a coarse view of one column. */
enum dup_half {
	HALF_NONE,
	HALF_VALUE,
	HALF_SOUND,
	HALF_HEAD,
	HALF_YEAR,
	HALF_DAY
};

/* One way of finding candidates: records with the same key. */
struct crm_dup_rule {
	uint8_t column[2], half[2]; /* HALF_NONE when it has one half only */
	bool either; /* which half comes first does not matter */
	uint32_t *order; /* the records that have a key, sorted by it */
	size_t n;
};

/* Where a record stands in a rule's order.  Blocks are numbered from 1, 0 has
 * no key.  A record's places lie together: what was found before is asked for
 * each pair. */
struct crm_dup_place {
	uint32_t block, at;
};
#define DUP_LARGE ((uint32_t)1 << 31) /* bit of block */

/* Blocks up to this size are compared whole; in larger ones each record with
 * this many after it, in the order of names. */
#define DUP_BLOCK 64
#define DUP_WINDOW 16
/* Records that may share a telephone or e-mail and still be one person. */
#define DUP_MANY 5

static inline const struct dup_value *
dup_value(const struct crm_dups *d, size_t column, uint32_t record)
{
	return &d->column[column].value[d->of[record * d->columns + column]];
}

/* Given and family name of a record as one number, 0 when one is missing. */
static inline uint64_t
crm_dup_names(const struct crm_dups *d, uint32_t record)
{
	const uint32_t *of = &d->of[record * d->columns];
	uint64_t given = of[d->model.given], family = of[d->model.family];

	return given == 0 || family == 0 ? 0 : given << 32 | family;
}

/* Postcode, town and region tell the same thing: of those that speak for a
 * match the strongest counts, and of those against it. */
static inline bool
crm_dup_area(int type)
{
	return type == CRM_DUP_POSTCODE || type == CRM_DUP_PLACE;
}

/* Does the column tell the people of one home apart? */
static inline bool
crm_dup_own(const struct crm_dup_column *c)
{
	return !c->home && c->type != CRM_DUP_TEXT;
}

/* Of a telephone or mail address that two people of one home could share, how
 * often they do, against one person who gives it twice. */
static inline double
crm_dup_shared(int type, int level)
{
	if (level < CRM_DUP_CLOSE)
		return 1;
	return type == CRM_DUP_PHONE ? 0.5 : type == CRM_DUP_EMAIL ? 0.2 : 1;
}

/* Fathers and sons of one name, twins: where that can be. */
static inline bool
crm_dup_twin(int type)
{
	return type == CRM_DUP_GIVEN || type == CRM_DUP_DATE;
}

/* The level to which two values agree. */
int crm_dup_level(
    int type, const struct dup_value *a, const struct dup_value *b);
/* Levels of all columns. */
void crm_dup_levels(const struct crm_dups *d, uint32_t a, uint32_t b,
    uint8_t level[CRM_DUP_COLUMNS]);

/* Makes the coarse keys of all values. */
int crm_dup_view(struct crm_dups *d, struct crm_err *err);
/* Makes the rules and sorts the records by their keys. */
int crm_dup_block(struct crm_dups *d, struct crm_err *err);
/* Calls fn for each candidate pair of a rule, every stride-th of them by a hash
 * (1: all). */
int crm_dup_pairs(const struct crm_dups *d, size_t rule, uint64_t stride,
    int (*fn)(void *ctx, uint32_t a, uint32_t b), void *ctx);
/* That no earlier rule finds the pair too. */
bool crm_dup_first(
    const struct crm_dups *d, size_t rule, uint32_t a, uint32_t b);
/* How many pairs a rule looks at, those of earlier rules included. */
double crm_dup_count(const struct crm_dups *d, size_t rule);

#endif
