/*
 * match.h - who is meant: customers by what somebody says, writes or dials.
 *
 * A query is one text: an id, an address, a telephone number as people write
 * it, the number of an order or ticket, scheme:value, or words of a name.
 * What names one thing exactly goes first, and only when it names nothing the
 * query is taken for words; so the answer to a known number never depends on
 * who is called alike.
 *
 *	struct crm_find_options opt = {.limit = 20};
 *	crm_find(t, schema, CRM_STR("0171 / 555 12-34"), &opt, found, &n,
 *	    &more, err);
 */
#ifndef CRM_MATCH_H
#define CRM_MATCH_H

#include <crm/model.h>

/* How it was found; what comes first is surer. */
enum crm_how {
	CRM_HOW_ID = 1,
	CRM_HOW_EMAIL,
	CRM_HOW_PHONE,
	CRM_HOW_REFERENCE, /* scheme:value */
	CRM_HOW_RECORD, /* an order, a ticket of theirs */
	CRM_HOW_NAME, /* every word is a word of the name */
	CRM_HOW_BEGINNING, /* some words are beginnings of words */
	CRM_HOW_TYPO, /* some have one letter too many, too few, wrong or
			 swapped */
	CRM_HOW_PART /* all words but one */
};
#define CRM_HOW_NAMES "id,email,phone,reference,record,name,beginning,typo,part"

struct crm_found {
	uint64_t number; /* of the customer */
	struct crm_value via; /* id of the order or ticket, else none */
	int64_t last; /* time of the last order, INT64_MIN none */
	unsigned score; /* 100: just that */
	enum crm_how how;
};
struct crm_find_options {
	size_t limit; /* at most so many, at least 1 */
	bool near; /* names with a letter wrong too, when there are better */
};
/*
 * The customers who are meant, best first, *n of them, 0 when nobody is: by
 * how, score, and whose last order is the latest.  out has room for limit.
 * *more: there are others.
 */
int crm_find(struct crm_txn *t, const struct crm_schema *s,
    struct crm_str query, const struct crm_find_options *opt,
    struct crm_found *out, size_t *n, bool *more, struct crm_err *err);

/* A customer's latest ticket that is not closed; none in *out when there is
 * none. */
int crm_find_ticket(struct crm_txn *t, const struct crm_schema *s,
    uint64_t customer, struct crm_value *out, struct crm_err *err);

/* ---- words with a letter wrong ---- */

/*
 * The words that are at most one letter (too many, too few, another, or two
 * neighbours swapped) away from a given one: where its letters begin.
 */
#define CRM_NEAR_MAX 32
struct crm_near {
	size_t n; /* letters; 0: none may be wrong */
	uint8_t at[CRM_NEAR_MAX + 1]; /* of each, and the end */
};
/* False for words of less than 3 letters, in which one is too much, or of more
 * than CRM_NEAR_MAX. */
bool crm_near_init(struct crm_near *a, struct crm_str word);
/* How good a match a word is: 3 the same, 2 it begins so, 1 with a letter
 * wrong (of 5 letters and more also its beginning), 0 none. */
unsigned crm_near_match(
    const struct crm_near *a, struct crm_str query, struct crm_str word);

/* Calls fn for every customer with a word that matches, by the index, for some
 * at once; those of one word after each other, by number.  A code of fn ends
 * it. */
enum { CRM_NEAR_WRONG = 1 }; /* not those of quality 2 and 3 */
typedef int crm_near_fn(void *ctx, const uint64_t *number, size_t n,
    unsigned quality, struct crm_err *err);
int crm_near_walk(struct crm_txn *t, const struct crm_near *a,
    struct crm_str query, unsigned flags, crm_near_fn *fn, void *ctx,
    struct crm_err *err);

#endif
