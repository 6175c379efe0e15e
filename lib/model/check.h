/*
 * check.h - what the files of the check share; inside the room only.
 */
#ifndef CRM_MODEL_CHECK_H
#define CRM_MODEL_CHECK_H

#include <crm/history.h>
#include <crm/upkeep.h>

#include "bits.h"

__extension__ typedef __int128 crm_i128;

#define CRM_NUMBER_MAX ((uint64_t)9999999999)

/* Keys that a record should have, or has. */
struct crm_keysum {
	uint64_t sum, n;
};

/* Where an order has what it is added up from, looked up by name once
 * (check_fold.c); -1: nowhere. */
enum crm_fold_field {
	CRM_FOLD_PLACED,
	CRM_FOLD_TAX_IN,
	CRM_FOLD_TEST,
	CRM_FOLD_TYPE,
	CRM_FOLD_STATE,
	CRM_FOLD_SELLER,
	CRM_FOLD_RATE,
	CRM_FOLD_RECURRING,
	CRM_FOLD_GUEST,
	CRM_FOLD_REPLACES,
	CRM_FOLD_ITEMS,
	CRM_FOLD_CUSTOMER,
	CRM_FOLD_FIELDS
};
enum crm_fold_cell {
	CRM_FOLD_L_QUANTITY,
	CRM_FOLD_L_AMOUNT,
	CRM_FOLD_L_TAX,
	CRM_FOLD_L_COST,
	CRM_FOLD_L_TYPE,
	CRM_FOLD_L_RETURNED,
	CRM_FOLD_L_CANCELLED,
	CRM_FOLD_L_DISCOUNT,
	CRM_FOLD_A_WHAT,
	CRM_FOLD_A_AMOUNT,
	CRM_FOLD_A_TAX,
	CRM_FOLD_A_LINE,
	CRM_FOLD_T_AT,
	CRM_FOLD_T_WHAT,
	CRM_FOLD_T_LINE,
	CRM_FOLD_T_QUANTITY,
	CRM_FOLD_T_AMOUNT,
	CRM_FOLD_CELLS
};
struct crm_fold_places {
	int field[CRM_FOLD_FIELDS], cell[CRM_FOLD_CELLS];
};
void crm_fold_find(const struct crm_kind *order, struct crm_fold_places *out);

/* A customer's figures and ledger, as the records give them. */
struct crm_check_sum {
	int64_t orders, first, last, revenue, spent, refunded, discounts, cost,
	    returns;
	int64_t tickets, open, touches, last_touch;
	uint64_t ledger; /* sum of its entries' hashes */
	crm_i128 items; /* 12 places */
};
#define CRM_CHECK_CUSTOMERS ((uint64_t)1 << 20)

struct crm_check {
	struct crm_store *store;
	struct crm_txn *txn;
	const struct crm_schema *schema;
	const struct crm_check_options *opt;
	struct crm_check_result out;
	uint64_t revision, log_from;
	struct crm_fold_places places;
	struct crm_bits given[CRM_K_MAX]; /* by the log */
	struct crm_bits here[CRM_K_MAX]; /* a record or tombstone */
	struct crm_bits known[CRM_K_MAX]; /* may be referred to */
	struct crm_bits living; /* customers */
	struct crm_idmap undone; /* changes that are taken back */
	struct crm_log_head head; /* the one read last */
	uint64_t head_at;
	struct crm_keysum ident, index;
	struct crm_buf keys, normal, old, new, text;
	/* the customers from `low` on */
	struct crm_check_sum *sums;
	uint64_t low, high;
	bool ledger_bad;
	uint64_t blocks; /* of columns, that were come to */
	struct crm_check_found *found; /* of a part: faults are kept in it */
};

/* Reports a fault at `where`. */
int crm_check_fault(struct crm_check *ck, struct crm_err *err,
    const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* ... at a record; a field may be named. */
int crm_check_at(struct crm_check *ck, struct crm_err *err,
    const struct crm_kind *k, uint64_t number, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void crm_check_watch(
    struct crm_check *ck, const char *what, uint64_t done, uint64_t total);

/* check_parts.c */
/* Goes through the numbers from..to of a kind.  *at is `to` at the end, or
 * where crm_check_stop said to stop. */
struct crm_check_job;
typedef int crm_check_range_fn(struct crm_check *ck,
    const struct crm_check_job *job, uint64_t from, uint64_t to, uint64_t *at,
    struct crm_err *err);
typedef int crm_check_fn(
    struct crm_check *ck, const struct crm_record *rec, struct crm_err *err);
struct crm_check_job {
	const struct crm_kind *kind;
	crm_check_range_fn *fn;
	crm_check_fn *each; /* for fn */
	uint64_t align; /* ranges begin at multiples of it */
	bool all; /* for fn */
	bool sums; /* it adds to those of customers */
};
/* All numbers of the kind, by several threads where there are processors. */
int crm_check_parts(
    struct crm_check *ck, const struct crm_check_job *job, struct crm_err *err);
bool crm_check_stop(const struct crm_check *ck);
int crm_check_keep(struct crm_check *ck, const char *where, const char *what,
    struct crm_err *err);

/* check_log.c */
int crm_check_log(struct crm_check *ck, struct crm_err *err);
/* The chain of a record's revisions; value is unsealed. */
int crm_check_chain(struct crm_check *ck, const struct crm_kind *k,
    uint64_t number, struct crm_str value, struct crm_err *err);

/* check_keys.c */
/* Adds what the record should have to the sums; exact: looks each up. */
int crm_check_derive(struct crm_check *ck, const struct crm_record *rec,
    bool exact, struct crm_err *err);
int crm_check_expect_key(
    struct crm_check *ck, const struct crm_log_head *h, struct crm_err *err);
int crm_check_tables(struct crm_check *ck, struct crm_err *err);

/* check_records.c */
int crm_check_numbers(struct crm_check *ck, struct crm_err *err);
int crm_check_records(struct crm_check *ck, struct crm_err *err);
/* Every living record of a kind that can be read; faults are passed over. */
int crm_check_each(struct crm_check *ck, const struct crm_kind *k,
    crm_check_fn *fn, struct crm_err *err);

/* check_order.c: compares an order's kept fields (report), and adds it to its
 * customer's sums when they are within those in memory. */
int crm_check_order(struct crm_check *ck, const struct crm_record *rec,
    bool report, struct crm_err *err);

/* check_ticket.c: the same of tickets and touches. */
int crm_check_ticket(struct crm_check *ck, const struct crm_record *rec,
    bool report, struct crm_err *err);
int crm_check_touch(
    struct crm_check *ck, const struct crm_record *rec, struct crm_err *err);

struct crm_ledger_entry;
uint64_t crm_check_entry_hash(const struct crm_ledger_entry *e);

/* check_figures.c */
int crm_check_sums(struct crm_check *ck, uint64_t low, struct crm_err *err);
int crm_check_figures(struct crm_check *ck, struct crm_err *err);
/* Checksums, and lengths of keys (0: any), of a table whose content is looked at
 * by its own reader. */
int crm_check_sealed(struct crm_check *ck, unsigned table, const char *name,
    size_t bytes, struct crm_err *err);

/* check_columns.c: blocks of columns against their records. */
int crm_check_columns(struct crm_check *ck, struct crm_err *err);

#endif
