/*
 * finding.h - what the files that find somebody share; inside the room only.
 */
#ifndef CRM_MATCH_FINDING_H
#define CRM_MATCH_FINDING_H

#include <crm/match.h>

/* The customers found so far; out has room for the limit of the options. */
struct crm_finding {
	struct crm_txn *txn;
	const struct crm_schema *schema;
	const struct crm_find_options *opt;
	struct crm_found *out;
	size_t n;
	bool more;
};

/* find_names.c: by words of names. */
int crm_find_names(
    struct crm_finding *f, struct crm_str text, struct crm_err *err);

/*
 * The customers whose names are most like a text, for comparing them: no
 * record and no figure is read.  Names with a letter wrong are looked for
 * when there are less than `enough` without.  *n of them, at most max.
 */
int crm_find_namesakes(struct crm_txn *t, const struct crm_schema *s,
    struct crm_str text, size_t enough, uint64_t *out, size_t max, size_t *n,
    struct crm_err *err);

/* ---- find_lists.c: who has which word ---- */

enum {
	CRM_NAMING_WORDS = 8, /* of a query; those behind are not looked for */
	CRM_NAMING_HITS = 4096 /* whose figures are read */
};

/* The customers with a word, each as number << 2 | 3 - quality, so that one
 * comparison puts the better of two matches first. */
struct crm_naming_list {
	uint64_t *v;
	size_t n, cap;
	bool begun; /* has those who have the word or one that begins so */
	bool neared; /* and those who have it with a letter wrong */
	size_t least; /* of all these there are at least so many */
	bool settled; /* in the order of numbers, each once */
};

struct crm_hit {
	uint64_t number;
	uint8_t quality; /* the sum of all words' */
	uint8_t least, words;
};

/* Customers by words; words is borrowed, the rest is freed by _release. */
struct crm_naming {
	struct crm_txn *txn;
	struct crm_str word[CRM_NAMING_WORDS];
	/* n 0: no letter may be wrong */
	struct crm_near near[CRM_NAMING_WORDS];
	struct crm_naming_list list[CRM_NAMING_WORDS];
	size_t n;
	struct crm_hit *hit; /* in the order of numbers */
	size_t nhit, caphit;
	uint8_t best; /* quality of a hit */
	bool many; /* there were more than CRM_NAMING_HITS */
	bool cut; /* a list was too long to be read to its end */
};

/* Reads the list of a word, unless it has been: near, also with a letter
 * wrong.  CRM_NO when there are max or more: it is empty then, or as before. */
int crm_naming_read(
    struct crm_naming *q, size_t i, bool near, size_t max, struct crm_err *err);
/* Puts a list in order. */
int crm_naming_settle(struct crm_naming_list *l, struct crm_err *err);
/* Forgets the hits. */
void crm_naming_none(struct crm_naming *q);
/* Adds a hit; their numbers rise. */
int crm_naming_hit(
    struct crm_naming *q, const struct crm_hit *h, struct crm_err *err);
/* Of too many, those who match no worse than others, and of these the last. */
void crm_naming_thin(struct crm_naming *q);
/* The hits are those in all lists. */
int crm_naming_meet(struct crm_naming *q, struct crm_err *err);
/* The hits are those in at least `words` of the lists. */
int crm_naming_join(struct crm_naming *q, size_t words, struct crm_err *err);
void crm_naming_release(struct crm_naming *q);

#endif
