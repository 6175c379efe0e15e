/*
 * import_parts.h - the inside of an import, for the room import only.
 *
 * A map is a list of specs; each spec makes records of one kind and may have
 * subs, which make rows of their parts (lines, events).  All specs of a kind
 * share its rank: their items of one key are one record.
 */
#ifndef CRM_MODEL_IMPORT_PARTS_H
#define CRM_MODEL_IMPORT_PARTS_H

#include <crm/config.h>
#include <crm/expr.h>
#include <crm/hash.h>
#include <crm/import.h>
#include <crm/os.h>
#include <crm/utf8.h>

enum {
	CRM_IMP_FORMATS = 8,
	CRM_IMP_KEYS = 8,
	CRM_IMP_SPECS = 16,
	CRM_IMP_SUBS = 16,
	CRM_IMP_ID_MAX = 400 /* bytes of an id in a key of the store */
};

/* ---- the map ---- */

struct crm_imp_table { /* of `values` */
	struct crm_str name;
	struct crm_map map; /* from -> index in to */
	struct crm_str *to;
	size_t n;
	int other; /* index of "*", -1 */
	struct crm_imp_table *next;
};

enum crm_imp_how {
	CRM_IMP_NONE,
	CRM_IMP_COLUMN,
	CRM_IMP_EXPR,
	CRM_IMP_CONST,
	CRM_IMP_RECORD /* the record that the same row names */
};
struct crm_imp_source {
	enum crm_imp_how how;
	struct crm_str text;
	const struct crm_node *node;
	struct crm_str format[CRM_IMP_FORMATS];
	size_t nformat;
	const struct crm_imp_table *table;
	struct crm_str fallback;
	unsigned shift; /* decimal places to move the point left */
	bool round, negate, total, required, last;
	bool lenient; /* what is wrong is no value */
	bool weak; /* fills only what is empty */
	size_t slot; /* its place among the bound ones */
};
struct crm_imp_set {
	const struct crm_field *f;
	int field;
	struct crm_imp_source src;
};
struct crm_imp_cond {
	struct crm_str text; /* p NULL: none */
	const struct crm_node *node;
	size_t slot;
};
struct crm_imp_sub {
	int part;
	const struct crm_part *p;
	struct crm_str as;
	uint32_t stem; /* hash of its name */
	struct crm_imp_cond when;
	struct crm_imp_source id, line;
	bool of_row; /* its line is the one the row made */
	bool per_row; /* else once a record */
	int line_field; /* of the part, -1 none */
	struct crm_imp_set *set;
	size_t nset;
};
enum crm_imp_only {
	CRM_IMP_BOTH,
	CRM_IMP_NEW, /* records that are known are left alone */
	CRM_IMP_KNOWN /* others are an error */
};
struct crm_imp_spec {
	const struct crm_kind *k;
	struct crm_str as;
	unsigned rank;
	struct crm_imp_cond when;
	struct crm_imp_source key[CRM_IMP_KEYS];
	size_t nkey;
	bool occurrence, identity, partial;
	enum crm_imp_only only;
	struct crm_imp_source version;
	struct crm_imp_set *set;
	size_t nset;
	struct crm_imp_sub *sub;
	size_t nsub;
};
struct crm_imp_let {
	struct crm_str name;
	struct crm_imp_cond expr;
	struct crm_imp_let *next;
};
struct crm_imp_names {
	struct crm_str *v;
	size_t n;
};
struct crm_imp_alias {
	struct crm_str name;
	struct crm_imp_names from;
	struct crm_imp_alias *next;
};

struct crm_import_map {
	struct crm_arena arena;
	const char *file, *name, *help;
	const struct crm_schema *schema;
	struct crm_import_dialect dialect;
	struct crm_imp_names names, match, ignore, optional, fill_down, numbers;
	struct crm_imp_alias *alias;
	struct crm_str source, currency;
	bool round;
	struct crm_zone zone;
	struct crm_buf tzif;
	bool has_zone;
	struct crm_imp_table *table;
	struct crm_imp_let *let, *let_last;
	size_t nlet;
	struct crm_imp_cond when;
	struct crm_imp_spec spec[CRM_IMP_SPECS];
	size_t nspec;
	unsigned nrank;
	size_t nsource, ncond; /* slots given out */
};

/* import_map.c, for import_spec.c */
int crm_imp_map_fail(const struct crm_import_map *m, const struct crm_node *n,
    struct crm_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Refuses keys that are not among words (ended by NULL). */
int crm_imp_map_keys(const struct crm_import_map *m, const struct crm_node *map,
    const char *const *words, struct crm_err *err);
int crm_imp_map_bool(const struct crm_import_map *m, const struct crm_node *map,
    const char *key, bool *out, struct crm_err *err);
int crm_imp_map_text(const struct crm_import_map *m, const struct crm_node *map,
    const char *key, struct crm_str *out, struct crm_err *err);
/* A list of texts, or one text. */
int crm_imp_map_names(struct crm_import_map *m, const struct crm_node *map,
    const char *key, struct crm_imp_names *out, struct crm_err *err);
int crm_imp_map_cond(struct crm_import_map *m, const struct crm_node *map,
    const char *key, struct crm_imp_cond *out, struct crm_err *err);
/* import_spec.c */
int crm_imp_map_specs(
    struct crm_import_map *m, const struct crm_node *root, struct crm_err *err);
bool crm_imp_names_have(const struct crm_imp_names *l, struct crm_str s);

/* ---- items, and grouping them (import_group.c) ---- */

/* As it lies in the buffer: this, then key, body, raw. */
struct crm_imp_item {
	uint32_t spec;
	uint32_t rank;
	uint64_t ordinal; /* of the record among those of its rank */
	uint64_t row; /* rows are told apart by it */
	uint64_t line;
	uint32_t nkey, nbody, nraw;
	uint32_t poison; /* the body is an error's code, field and text */
};
struct crm_imp_view {
	struct crm_imp_item h;
	struct crm_str key, body, raw;
};
struct crm_imp_run {
	uint64_t at, end; /* in the spool */
	struct crm_buf win;
	size_t pos; /* in win, of the item that is next */
};
struct crm_imp_place {
	uint32_t rank;
	uint32_t pad;
	uint64_t ordinal;
	uint64_t row;
	size_t at;
};
struct crm_imp_group {
	size_t memory;
	struct crm_buf buf;
	struct crm_imp_place *place;
	size_t n, cap;
	struct crm_spool spool;
	struct crm_imp_run *run;
	size_t nrun, caprun;
	size_t next; /* while reading from memory */
	bool reading;
	/* the items of the current record */
	struct crm_buf cur;
	size_t *off;
	size_t ncur, capoff;
	struct crm_imp_view *view;
	size_t capview;
};
int crm_imp_group_add(
    struct crm_imp_group *g, const struct crm_imp_view *v, struct crm_err *err);
/* All items of the next record; CRM_NOTFOUND at the end. */
int crm_imp_group_next(struct crm_imp_group *g, struct crm_imp_view **v,
    size_t *n, struct crm_err *err);
void crm_imp_group_release(struct crm_imp_group *g);

/* ---- one import ---- */

struct crm_imp_column { /* of a source, bound */
	int column; /* -1: not in the file */
	struct crm_expr *expr;
	int spec; /* of CRM_IMP_RECORD */
};
/* In place of a number: the record was removed here, or it is of somebody who
 * was erased. */
#define CRM_IMP_GONE UINT64_MAX
#define CRM_IMP_ERASED (UINT64_MAX - 1)
struct crm_imp_numbers { /* by ordinal: record's number, 0 none */
	uint64_t *v;
	size_t n, cap;
};
struct crm_imp_stage { /* the items of a row until all of it is right */
	bool on;
	uint64_t ordinal;
	struct crm_buf key, body;
};

/* A customer or product that was refused, for those who refer to it. */
struct crm_imp_refused {
	uint32_t rank;
	uint64_t ordinal;
	struct crm_str why;
	struct crm_imp_refused *next;
};

struct crm_import {
	struct crm_imp_refused *refused;
	struct crm_import_options opt;
	const struct crm_import_map *map;
	const struct crm_schema *schema;
	struct crm_calendar cal;
	struct crm_csv *csv;
	struct crm_arena arena; /* for its life */
	struct crm_arena work; /* until the next row or record */
	/* names: columns of the file, then phantoms, row_number, lets */
	struct crm_field *field;
	size_t nfield, ncolumn, row_field, first_let;
	struct crm_str *head; /* as the file has them */
	bool *used;
	struct crm_value *row;
	struct crm_buf *fill; /* by column; only where fill_down */
	bool *fills, *isnumber;
	struct crm_buf *number_text;
	struct crm_imp_column *bound; /* by slot of a source */
	struct crm_expr **cond; /* by slot of a condition */
	bool drop_last; /* a rejects file: its last column */
	struct crm_str *first; /* of a file without header: a row read */
	size_t nfirst;
	struct crm_str first_raw;
	unsigned long first_line;
	int first_code;
	struct crm_err first_err;
	struct crm_idmap told; /* rows that were rejected */
	struct crm_idmap ordinal; /* hash of (rank, key) -> ordinal + 1 */
	struct crm_idmap times; /* hash of (spec, key) -> occurrences */
	struct crm_imp_numbers numbers[CRM_IMP_SPECS];
	uint64_t next_ordinal[CRM_IMP_SPECS];
	struct crm_idmap content; /* (rank, ordinal, spec) -> last content */
	struct crm_imp_stage stage[CRM_IMP_SPECS];
	struct crm_buf scratch, scratch2;
	bool defer; /* defaults wait for the other rows of the record */
	struct crm_imp_group group;
	struct crm_import_count count;
	uint64_t serial; /* of rows, exploded ones too */
	bool of_erased; /* the record names somebody who was erased */
};

/* import_bind.c */
int crm_imp_bind(struct crm_import *im, const struct crm_str *name, size_t n,
    struct crm_err *err);
void crm_imp_norm_name(struct crm_str name, struct crm_buf *out);

/* import_cell.c: from cells to values */
int crm_imp_cell_text(struct crm_import *im, const struct crm_imp_source *src,
    struct crm_str *out, bool *canonical, struct crm_err *err);
int crm_imp_cell_value(struct crm_import *im, const struct crm_imp_source *src,
    const struct crm_field *f, struct crm_value *out, struct crm_err *err);
/* What `default` says, once no row said anything. */
int crm_imp_cell_default(struct crm_import *im,
    const struct crm_imp_source *src, const struct crm_field *f,
    struct crm_value *out, struct crm_err *err);
bool crm_imp_number_text(
    const struct crm_import_dialect *d, struct crm_str s, struct crm_buf *out);
/* Values in items: CRM_IMP_ORDINAL ids are ordinals of their kind's rank. */
enum { CRM_IMP_ORDINAL = 255 };
void crm_imp_value_put(struct crm_buf *b, const struct crm_value *v);
int crm_imp_value_take(struct crm_str *s, const struct crm_field *f,
    struct crm_value *out, struct crm_err *err);

/* import_row.c */
bool crm_imp_has_orders(const struct crm_import_map *m);
/* fault: why the row cannot be taken, known before; NULL. */
int crm_imp_row(struct crm_import *im, struct crm_str raw, unsigned long line,
    const struct crm_err *fault, struct crm_err *err);

/* import_source.c: what a source said last */
struct crm_imp_said_field {
	uint32_t tag, hash;
};
struct crm_imp_said_row {
	uint32_t part, key, hash, no;
	int64_t total;
	bool now; /* said in this import too */
};
struct crm_imp_said {
	uint64_t number; /* 0: not known */
	struct crm_str version;
	struct crm_imp_said_field *field;
	size_t nfield, capfield;
	struct crm_imp_said_row *row;
	size_t nrow, caprow;
};
int crm_imp_said_key(const struct crm_import_map *m, unsigned kind,
    struct crm_str id, struct crm_buf *out, struct crm_err *err);
/* Not known: CRM_OK, number 0.  Arrays are in the arena. */
int crm_imp_said_read(struct crm_txn *t, struct crm_str key,
    struct crm_arena *a, struct crm_imp_said *out, struct crm_err *err);
void crm_imp_said_encode(const struct crm_imp_said *s, struct crm_buf *out);
/* Sets what was said; hash 0 says nothing.  *old the hash before.  NULL err. */
int crm_imp_said_field(struct crm_imp_said *s, uint32_t tag, uint32_t hash,
    uint32_t *old, struct crm_arena *a);
struct crm_imp_said_row *crm_imp_said_find(
    const struct crm_imp_said *s, unsigned part, uint32_t key);
struct crm_imp_said_row *crm_imp_said_add(
    struct crm_imp_said *s, unsigned part, uint32_t key, struct crm_arena *a);
uint32_t crm_imp_tag(const struct crm_kind *k, int field);
uint32_t crm_imp_hash(const struct crm_value *v);

/* import_merge.c: the items of one record as one */
struct crm_imp_part_row {
	const struct crm_imp_sub *sub;
	struct crm_str id, target;
	bool has_id, has_target;
	const struct crm_imp_view *from;
	struct crm_value *v; /* by the sub's set */
	int line; /* index of the line it belongs to, -1 */
	uint32_t key;
	uint32_t no;
};
struct crm_imp_merged {
	const struct crm_imp_spec *spec; /* the first item's */
	struct crm_value *v; /* by the kind's fields */
	struct crm_value *weak; /* for fields that stay empty */
	const struct crm_imp_source **deflt; /* of `default` */
	const struct crm_imp_source **src; /* where from; NULL: not said */
	struct crm_str version;
	struct crm_imp_part_row *row;
	size_t nrow, caprow;
	bool partial;
	int64_t placed;
};
int crm_imp_merge(struct crm_import *im, struct crm_imp_view *v, size_t n,
    struct crm_imp_merged *out, struct crm_err *err);
/* Money as the record's currency has it. */
int crm_imp_money(const struct crm_field *f, const struct crm_imp_source *src,
    unsigned digits, struct crm_value *v, struct crm_err *err);

/* import_part.c: rows of parts into a record */
int crm_imp_parts_apply(struct crm_import *im, struct crm_change *ch,
    struct crm_imp_merged *mg, struct crm_imp_said *said,
    struct crm_record *rec, bool adopted, bool *changed, struct crm_err *err);
/* True when the source says of them what it said; marks those said. */
bool crm_imp_parts_same(
    const struct crm_imp_merged *mg, struct crm_imp_said *said);

#endif
