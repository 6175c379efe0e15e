/*
 * dedupe.h - which records are about the same person.
 *
 * Fellegi and Sunter 1969: each column of two records agrees to one of four
 * levels; a level speaks for or against a match by the log (base 2, so: in
 * bits) of how much more often it is seen among matches (m) than among any
 * two records (u).  The sum, added to the prior log-odds of any two records
 * being the same, is the log-odds that these two are.  u is counted; m has no
 * truth to be counted from and is estimated by expectation-maximisation
 * (Dempster, Laird and Rubin 1977; Winkler 1988), for each way of finding
 * candidates over the columns that this way did not look at.  That two share
 * a rare value says more than that they share a frequent one (Newcombe 1959):
 * for an exact agreement u is the value's own frequency.
 *
 * Not all pairs are compared: those that share one of several keys are
 * (blocking); a key that very many share is looked at in a window of its
 * sorted records.  The same records in the same order give the same result
 * everywhere.
 *
 * People who live together share what an address says, and often the family
 * name and the telephone: columns that agree beyond chance with nobody there
 * twice.  So two records that are not one person are taken for a mixture of
 * strangers and of a household, which agrees like a match in the columns that
 * homes have in common and like strangers in the others.
 *
 *	struct crm_dups d = {0};
 *	crm_dups_column(&d, CRM_STR("given"), CRM_DUP_GIVEN, err);
 *	crm_dups_add(&d, values, err);		for each record
 *	crm_dups_fit(&d, err);
 *	crm_dups_scan(&d, 0.9, show, ctx);
 *	crm_dups_release(&d);
 */
#ifndef CRM_DEDUPE_H
#define CRM_DEDUPE_H

#include <crm/hash.h>
#include <crm/model.h>

/* How the values of a column are compared. */
enum crm_dup_type {
	CRM_DUP_GIVEN, /* swapped with the family name counts as close */
	CRM_DUP_FAMILY,
	CRM_DUP_NAME, /* a whole name, of words */
	CRM_DUP_TEXT,
	CRM_DUP_STREET,
	CRM_DUP_PLACE, /* says little once the postcode agrees */
	CRM_DUP_POSTCODE,
	CRM_DUP_DATE, /* 1970-02-11, 11.2.1970, 2/11/1970, 19700211 */
	CRM_DUP_CODE, /* numbers and names of systems */
	CRM_DUP_PHONE,
	CRM_DUP_EMAIL,
	CRM_DUP_TYPES
};
#define CRM_DUP_COLUMNS 16

enum crm_dup_level {
	CRM_DUP_DIFFER,
	CRM_DUP_PARTLY,
	CRM_DUP_CLOSE,
	CRM_DUP_EXACT,
	CRM_DUP_LEVELS,
	CRM_DUP_MISSING = CRM_DUP_LEVELS /* in one or both: says nothing */
};

/* What was estimated: enough to weigh two records that are not there yet. */
struct crm_dup_model {
	size_t columns;
	double m[CRM_DUP_COLUMNS][CRM_DUP_LEVELS]; /* sum to 1 */
	double u[CRM_DUP_COLUMNS][CRM_DUP_LEVELS];
	size_t given, family; /* columns, CRM_DUP_COLUMNS: not both there */
	double both; /* u of both names agreeing in full */
	double prior; /* bits, negative */
	double matches; /* expected number of pairs that match */
	double homes; /* and of pairs who live together; 0: not looked at */
	double home; /* the prior of these, as bits */
	double alike[CRM_DUP_COLUMNS]; /* how many of these are namesakes, or
					* have one birthday */
	uint64_t records, candidates;
};

/* Where the columns' values are in a customer's record; -1: no field. */
struct crm_dup_fields {
	const struct crm_kind *kind; /* NULL: not looked up yet */
	size_t columns;
	int name, type, given, family, company, column[CRM_DUP_COLUMNS];
};

struct crm_dups {
	struct crm_dup_column *column; /* CRM_DUP_COLUMNS of them */
	size_t columns;
	size_t n, cap; /* records */
	uint32_t *of; /* of each record and column: number of its value */
	struct crm_dup_model model;
	struct crm_dup_rule *rule;
	size_t rules;
	struct crm_dup_place *place; /* of each record and rule */
	struct crm_idmap names; /* both names -> records that have them */
	struct crm_dup_fields fields;
};

/* The name of a type, "given"; NULL past the last. */
const char *crm_dup_type_name(int type);
/* The type that a column's name suggests ("surname" is a family name), -1
 * when none is. */
int crm_dup_type_guess(struct crm_str name);

/* Is it the year, month or day of a date of birth in three columns: 'y', 'm',
 * 'd', else 0. */
char crm_dup_date_part(struct crm_str name);

/* Before the first record.  Copies the name.  CRM_EDATA past
 * CRM_DUP_COLUMNS. */
int crm_dups_column(
    struct crm_dups *d, struct crm_str name, int type, struct crm_err *err);
/* Of a column: its name, terminated, and type. */
const char *crm_dups_name(const struct crm_dups *d, size_t column);
int crm_dups_type(const struct crm_dups *d, size_t column);
/* A record: a value for each column, empty when unknown.  Copies.  Its index
 * is the number of those before it. */
int crm_dups_add(
    struct crm_dups *d, const struct crm_str *values, struct crm_err *err);
/* The folded value of a record, as it is compared; appends. */
void crm_dups_text(const struct crm_dups *d, size_t column, uint32_t record,
    struct crm_buf *out);
/* Blocks, counts, estimates.  Of fewer than two records nothing is estimated:
 * the model is that of the prior. */
int crm_dups_fit(struct crm_dups *d, struct crm_err *err);
/* Estimates nothing: what is usual among so many records, for weighing a few of
 * them. */
void crm_dups_assume(struct crm_dups *d, double records);
/* Takes the model of another time, of the same columns. */
void crm_dups_use(struct crm_dups *d, const struct crm_dup_model *model);

struct crm_dup_pair {
	uint32_t a, b; /* a < b */
	double bits; /* the log-odds that they are the same, base 2 */
	double probability; /* the same as a probability */
	uint8_t level[CRM_DUP_COLUMNS];
	double part[CRM_DUP_COLUMNS]; /* each column's bits */
	double household; /* bits that being of one home takes away */
};
/* Weighs two records; fit or use comes before. */
void crm_dups_weigh(
    const struct crm_dups *d, uint32_t a, uint32_t b, struct crm_dup_pair *out);
/*
 * Calls fn for every candidate pair of at least this probability (between 0 and
 * 1); the order is fixed, but not by probability.  A negative code of fn ends the scan and is
 * returned.
 */
int crm_dups_scan(struct crm_dups *d, double probability,
    int (*fn)(void *ctx, const struct crm_dup_pair *p), void *ctx);
void crm_dups_release(struct crm_dups *d);

/* ---- customers ---- */

/* A column so named is the first identity of that scheme. */
#define CRM_DUP_SCHEME "identity:"
/* The columns that are compared of customers; what of a record they are made
 * of; and the values of one, borrowed from it and the arena. */
int crm_dups_people(struct crm_dups *d, struct crm_err *err);
void crm_dups_want(
    struct crm_dups *d, const struct crm_kind *k, struct crm_want *want);
int crm_dups_person(struct crm_dups *d, const struct crm_schema *s,
    const struct crm_record *rec, struct crm_arena *a, struct crm_str *out,
    struct crm_err *err);

/*
 * Customers of at least this probability to be the one of the record (which
 * need not be stored; its own number is left out), the surest first, *n of
 * them, at most max.  d is filled and can be asked for names of columns;
 * release it.  Costs a few look-ups, whatever the size of the shop: weights
 * are those that are usual (crm_dups_assume).
 */
struct crm_likely {
	uint64_t number;
	struct crm_dup_pair pair;
};
int crm_dups_likely(struct crm_txn *t, const struct crm_schema *s,
    const struct crm_record *rec, double probability, struct crm_dups *d,
    struct crm_likely *out, size_t max, size_t *n, struct crm_err *err);

/* ---- how alike two texts are ---- */

/* Texts as code points, folded (crm_text_search). */
struct crm_word {
	const uint32_t *p;
	size_t n;
};
/*
 * 0 to 1 (Jaro 1989; Winkler 1990: 0.1 for each of up to four leading letters
 * in common, where Jaro is above 0.7).  Texts past CRM_ALIKE_MAX are cut.
 */
#define CRM_ALIKE_MAX 256
double crm_word_jaro(struct crm_word a, struct crm_word b);
/* Insertions, deletions, changes and exchanges of neighbours that make a of b
 * (optimal string alignment), counted up to max; max + 1 when there are more.
 */
size_t crm_word_apart(struct crm_word a, struct crm_word b, size_t max);
/*
 * Koelner Phonetik (Postel 1969): the sound of a name as digits, appended to
 * out; letters of other scripts stand for themselves.  Made for German and
 * good enough to bring English names together.
 */
void crm_word_sound(struct crm_word w, struct crm_buf *out);

#endif
